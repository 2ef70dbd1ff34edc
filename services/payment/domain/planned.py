"""What a class may bring at most (预计补贴), by person and programme, before it is known what it does bring.

Budgets are reserved by it and advances are measured by it: it is never below what a claim may come to as planned.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.payment.domain.benefit import AGREED_MONTHS, benefits_of, first_by_word
from services.payment.domain.pricing import Worth, days_of_standard, without_rates
from services.payment.domain.rates import RateTable, Wanted
from services.payment.domain.shortfall import shortfall_fen
from shared.contracts.enrollment import ClassOpened, OpenedTrainee, ReservationRequest, ReservedTrainee
from shared.domain.money import fen_from_yuan, floor_share
from shared.domain.months import MONTHS_OF_A_YEAR
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit

Part = tuple[str, str]
"""A person and the word under which something is paid for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A class as far as its money depends on it, asked for or opened; `kind` and `closing_date` None are not told."""

    programme: str
    kind: str | None
    occupation: str
    level: str | None
    certificate_kinds: tuple[str, ...]
    opening_date: date
    closing_date: date | None
    attributes: Mapping[str, str]


def planned_by(request: ReservationRequest) -> Planned:
    """Give the class as its reservation is asked for."""
    return Planned(
        programme=request.programme,
        kind=request.kind,
        occupation=request.occupation,
        level=request.level,
        certificate_kinds=request.certificate_kinds,
        opening_date=request.opening_date,
        closing_date=request.closing_date,
        attributes=request.attributes,
    )


def planned_of(opened: ClassOpened, kinds: tuple[str, ...] = ()) -> Planned:
    """Give the class as it opened; `kinds` are the certificates that it was planned for."""
    return Planned(
        programme=opened.programme,
        kind=opened.kind,
        occupation=opened.occupation.code,
        level=opened.level,
        certificate_kinds=kinds or opened.occupation.certifiable,
        opening_date=opened.opening_date,
        closing_date=opened.closing_date,
        attributes=opened.attributes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The most that each part of a class may bring in fen, and the source that alone pays what stands under a word.

    `wholes` are what the class brings as one, however many of its people share it; `by_month` and `paid_out` the words
    under which work is paid month by month, and what was handed out before; `missing` rates leave parts at zero.
    """

    parts: Mapping[Part, int] = field(default_factory=dict)
    wholes: Mapping[str, int] = field(default_factory=dict)
    funds: Mapping[str, str] = field(default_factory=dict)
    by_month: frozenset[str] = frozenset()
    paid_out: frozenset[str] = frozenset()
    missing: tuple[Finding, ...] = ()

    def source(self, part: Part, own: str) -> str:
        """Give the source of a part: its fund, or the class's `own`."""
        return self.funds.get(part[1], own)


def expected_of(
    planned: Planned,
    people: Sequence[ReservedTrainee] | Sequence[OpenedTrainee],
    rulebook: Rulebook,
    rates: RateTable | None,
    *,
    holding: Iterable[str],
    only: Collection[str] = (),
    lowest: bool = False,
) -> Expected:
    """Give what the people of a class who hold a place (`holding`) may bring at most, `only` under these words.

    A rate that is missing for anybody is told, whoever holds a place. With `lowest` it is the least that somebody
    brings who is certified. What is paid beside the class's own is not expected: its learner claims it alone.
    """
    benefits = [
        each
        for each in benefits_of(planned, rulebook)
        if _has_level(each, planned.level) and (not only or each.paid_as(planned.programme) in only)
    ]
    worths = [of_head(each, planned, rulebook, rates, lowest=lowest) for each in benefits]
    places, parts, wholes = frozenset(holding), dict[Part, int](), dict[str, int]()
    missing: list[Finding] = []
    first: dict[tuple[str, ...], dict[str, tuple[Benefit, Worth]]] = {}
    for trainee in people:
        if trainee.groups not in first:
            places_of = first_by_word(benefits, planned.programme, trainee)
            found = first[trainee.groups] = {word: (benefits[at], worths[at]) for word, at in places_of.items()}
            missing += [finding for _, worth in found.values() for finding in worth.missing]
        for programme, (benefit, worth) in first[trainee.groups].items():
            if trainee.person_id in places:
                parts[trainee.person_id, programme] = worth.amount_fen
                if benefit.basis == "cost" and (term := rulebook.payment.funding_order) is not None:
                    wholes[programme] = shortfall_fen(term, planned)
    paid = (*benefits, *benefits_of(planned, rulebook, beside=True))
    return Expected(
        parts=parts,
        wholes=wholes,
        funds={each.paid_as(planned.programme): each.fund.source for each in paid if each.fund is not None},
        by_month=frozenset(each.paid_as(planned.programme) for each in benefits if each.basis == "month"),
        paid_out=frozenset(each.paid_as(planned.programme) for each in benefits if each.paid_out_first is not None),
        missing=tuple(dict.fromkeys(missing)),
    )


def of_head(
    benefit: Benefit, planned: Planned, rulebook: Rulebook, rates: RateTable | None, *, lowest: bool = False
) -> Worth:
    """Give the most that one person may bring by a benefit: by the highest (or `lowest`) of the rates that are there.

    Of work it counts the months that are paid at most, of presence the days that the class lasts, of an apprenticeship
    the years agreed. What a class costs is of nobody alone.
    """
    if benefit.basis == "cost":
        return Worth()
    units, level, choose = _units(benefit, planned), planned.level, min if lowest else max
    if benefit.rates:
        stated = (
            fen_from_yuan(rate.amount_yuan)
            for rate in benefit.rates
            if None in (level, rate.level) or rate.level == level
        )
        return Worth(amount_fen=choose(stated, default=0) * units)
    if rates is None:
        return Worth(missing=(without_rates(rulebook),))
    wanted = [
        Wanted(
            programme=benefit.paid_as(planned.programme),
            occupation=planned.occupation,
            level=each,
            certificate_kind=kind,
            on=planned.opening_date,
        )
        for each in _levels(benefit, planned, rates)
        for kind in _kinds(benefit, planned)
    ]
    found = [rate for rate in map(rates.rate, wanted) if rate is not None]
    if not found:
        return Worth(missing=(rates.missing(wanted[0], benefit),))
    rate = choose(found, key=lambda rate: rate.amount_fen)
    return Worth(amount_fen=floor_share(rate.amount_fen, units, days_of_standard(benefit, rate)))


def _units(benefit: Benefit, planned: Planned) -> int:
    """Give how many days, months or years are paid at most, one where nothing tells it."""
    if benefit.agreed_years:
        months = int(planned.attributes.get(AGREED_MONTHS) or 0)
        if benefit.part_years:  # a person may grant the part of a year, too
            months += MONTHS_OF_A_YEAR - 1
        return max(months // MONTHS_OF_A_YEAR, 1)
    first, last = planned.opening_date, planned.closing_date
    match benefit.basis:
        case "day" if last is not None:
            lasting = (last - first).days + 1
            return min(lasting, benefit.units_max or lasting)
        case "month" if last is not None and benefit.units_max is None:
            return (last.year - first.year) * MONTHS_OF_A_YEAR + last.month - first.month + 1
        case _:
            return benefit.units_max or 1


def _kinds(benefit: Benefit, planned: Planned) -> tuple[str | None, ...]:
    """Give the certificates that may be paid for, nothing of them where the benefit asks for none."""
    if benefit.basis not in ("person", "certificate"):
        return (None,)
    return tuple(dict.fromkeys((*planned.certificate_kinds, *benefit.certificate_kinds))) or (None,)


def _levels(benefit: Benefit, planned: Planned, rates: RateTable) -> tuple[str | None, ...]:
    """Give the class's level; where it is given for none, every one that a certificate may be paid at."""
    if planned.level is not None or benefit.basis != "certificate":
        return (planned.level,)
    return (None, *(benefit.levels or sorted({row.level for row in rates.rows if row.level is not None})))


def _has_level(benefit: Benefit, level: str | None) -> bool:
    return not benefit.levels or level is None or level in benefit.levels
