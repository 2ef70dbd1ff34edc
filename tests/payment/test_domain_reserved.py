"""What is reserved is never below what may be approved, and an approval leaves the others' part where it is."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.province_year import province_year
from services.payment.domain.claim import Claim, Claimant, Deadlines, Entry, Undertaking
from services.payment.domain.claimed_part import part_of
from services.payment.domain.need import Claimed, needed
from services.payment.domain.order import OrderEntry, PaymentOrder
from services.payment.domain.planned import Expected, expected_of, planned_by, planned_of
from services.payment.domain.rates import Rate
from services.payment.domain.release import Held
from services.payment.domain.subsidy import Assessment, Line
from shared.contracts.enrollment import ClassOpened, ReservationRequest, ReservedTrainee
from shared.policy.terms.benefit import BenefitPayee, PayeeKind
from tests.payment.scene import HULUDAO, LINSHU, QUANJIAO, Scene, alike, book_of, rate, table
from tests.payment.test_domain_situations import judged

OWN = "employment_subsidy_fund"
INSURANCE = "unemployment_insurance_fund"


def asked(opened: ClassOpened, **changes: Any) -> ReservationRequest:
    """Give the request that a class made before it opened."""
    request = ReservationRequest(
        programme=opened.programme,
        region=opened.region,
        rulebook_id=opened.rulebook_id,
        occupation=opened.occupation.code,
        level=opened.level,
        certificate_kinds=("level", "completion"),
        opening_date=opened.opening_date,
        funding_source=OWN,
        trainees=tuple(ReservedTrainee(person_id=each.person_id, groups=each.groups) for each in opened.trainees),
        kind=opened.kind,
        closing_date=opened.closing_date,
        attributes=opened.attributes,
    )
    return replace(request, **changes)


def reserved(scene: Scene, *rows: Rate, **changes: Any) -> Mapping[str, int]:
    """Give what a class has reserved by source before anything of it is claimed."""
    request = asked(scene.opened, **changes)
    expected = expected_of(
        planned_by(request), request.trainees, book_of(scene.region), table(scene.region, *rows), holding=scene.groups
    )
    assert expected.missing == ()
    return needed(OWN, expected, (), advanced={}, payees={})


@pytest.mark.parametrize(("months", "years"), [("12", 1), ("13", 2), ("23", 2), ("24", 2), ("36", 3)])
def test_an_apprenticeship_reserves_every_year_agreed(months: str, years: int) -> None:
    """HL-CLM-05: 5,000 a year for an intermediate worker; the part of a year may be granted, too."""
    scene = Scene(
        region=HULUDAO,
        programme="apprenticeship",
        kind="apprenticeship",
        groups=alike(2, "employee"),
        attributes={"agreed_months": months},
    )
    assert reserved(scene) == {OWN: 2 * years * 5_000_00}


def test_a_daily_allowance_without_a_limit_reserves_every_day_of_the_class() -> None:
    """QJ-CLM-10: fifty a day, from the opening to the last day, beside the training itself."""
    scene = Scene(region=QUANJIAO, programme="free_group_training", groups=alike(1, "school_leaver"))
    days = (scene.opened.closing_date - scene.opens).days + 1
    assert days > 1
    assert reserved(scene, rate(QUANJIAO, "free_group_training", 800)) == {OWN: 800_00 + days * 50_00}


def test_a_daily_allowance_with_a_limit_reserves_no_more_days_than_that() -> None:
    """LS-CLM-03: thirty days at most, by a standard of the month."""
    scene = Scene(region=LINSHU, programme="training", kind="project", groups=alike(1, "poor_worker"))
    rows = rate(LINSHU, "training", 1500), rate(LINSHU, "living_allowance", 600, unit="month", number=2)
    short = reserved(scene, *rows)
    long = reserved(scene, *rows, closing_date=date(2020, 12, 31))
    days = (scene.opened.closing_date - scene.opens).days + 1
    assert (short, long) == ({OWN: 1500_00 + days * 20_00}, {OWN: 1500_00 + 600_00})


def test_who_belongs_to_no_group_of_an_allowance_reserves_none() -> None:
    """LS-CLM-03: the poor alone are paid for their living."""
    scene = Scene(region=LINSHU, programme="training", kind="project", groups={"p1": "poor_worker", "p2": "employee"})
    rows = rate(LINSHU, "training", 1500), rate(LINSHU, "living_allowance", 600, unit="month", number=2)
    assert reserved(scene, *rows, closing_date=date(2020, 12, 31)) == {OWN: 2 * 1500_00 + 600_00}


def test_job_change_reserves_what_the_first_source_left_of_its_cost() -> None:
    """HL-ENR-03, HL-FND-05: cost 80,000, education money 55,000, however many share the rest."""
    costs = {"eligible_cost_yuan": "80000", "education_fund_yuan": "55000"}
    for heads in (1, 7):
        scene = Scene(region=HULUDAO, programme="job_change", groups=alike(heads, "employee"), attributes=costs)
        assert reserved(scene) == {OWN: 25_000_00}


def test_a_benefit_that_one_fund_alone_pays_is_reserved_in_that_fund() -> None:
    """HL-CLM-11; what QJ-CLM-05 pays beside the enterprise's own is reserved when its learner claims it."""
    here = Scene(region=HULUDAO, programme="insurance_skill", groups=alike(2, "employee"))
    surplus = "unemployment_insurance_surplus"
    assert reserved(here, rate(HULUDAO, "insurance_skill", 1500)) == {surplus: 2 * 1500_00}
    there = Scene(region=QUANJIAO, programme="upskilling", groups=alike(2, "employee"))
    assert reserved(there, rate(QUANJIAO, "insurance_skill", 1000)) == {OWN: 2 * 1500_00}


def test_a_class_for_no_level_reserves_the_highest_that_a_certificate_may_bring() -> None:
    """QJ-CLM-06, HL-CLM-03: by the table, and by what the document states."""
    scene = Scene(region=QUANJIAO, programme="self_paid_technician", groups=alike(1, "employee"), level=None)
    rows = (rate(QUANJIAO, "self_paid_technician", yuan, number=no, level=level) for no, level, yuan in LEVELS)
    assert reserved(scene, *rows) == {OWN: 4000_00}  # the document pays nothing for the third level
    stated = Scene(region=HULUDAO, programme="upskilling", groups=alike(1, "employee"), level=None)
    assert reserved(stated) == {OWN: 5000_00}


LEVELS = ((1, "3", 9000), (2, "2", 3000), (3, "1", 4000))


@cache
def year() -> list[Any]:
    return [each for each in province_year(400, seed=11) if not each.case.facts.cancelled]


@given(st.data())
def test_nobody_is_ever_worth_more_than_was_expected(data: st.DataObject) -> None:
    """All documents: a class of a whole year's, each part of it, whatever became of it."""
    claimed = data.draw(st.sampled_from(year()))
    opened, rulebook = claimed.case.opened.fact, claimed.case.rulebook
    expected = expected_of(
        planned_of(opened, opened.occupation.certifiable),
        opened.trainees,
        rulebook,
        claimed.rates,
        holding=[each.person_id for each in opened.trainees],
    )
    found = judged(claimed)
    for line in found.lines:
        if line.person_id is not None and line.programme not in expected.wholes:
            assert line.amount_fen <= expected.parts.get((line.person_id, line.programme), 0), line.programme
    for programme, whole_fen in expected.wholes.items():
        assert sum(line.amount_fen for line in found.lines if line.programme == programme) <= whole_fen


MOST = {"training": 1500, "living_allowance": 600, "insurance_skill": 900}
ROWS: dict[PayeeKind, BenefitPayee] = {
    payee: BenefitPayee(rule="LS-PAY-04", clause="二(三)", document="", payee=payee)
    for payee in ("institution", "learner")
}
PAYEES: dict[str, PayeeKind] = {"training": "institution", "living_allowance": "learner", "insurance_skill": "learner"}


@dataclass(frozen=True, kw_only=True)
class Town:
    """A class of some people with three benefits: two payees, one fund, and a part that may be held back."""

    amounts: Mapping[tuple[str, str], int]
    held: Held | None

    @property
    def people(self) -> list[str]:
        return sorted({person for person, _ in self.amounts})

    @property
    def expected(self) -> Expected:
        parts = {(person, programme): MOST[programme] for person, programme in self.amounts}
        return Expected(parts=parts, funds={"insurance_skill": INSURANCE})

    @property
    def whole(self) -> Assessment:
        lines = [
            Line(
                line_no=number,
                programme=programme,
                amount_fen=fen,
                recognised=fen > 0,
                person_id=person,
                paid_to=ROWS[PAYEES[programme]],
            )
            for number, ((person, programme), fen) in enumerate(sorted(self.amounts.items()), start=1)
        ]
        heads = sum(line.recognised for line in lines)
        return Assessment(lines=tuple(lines), base=heads, recognised=heads, held=self.held)

    def claim(self, claimant: Claimant, person: str | None = None) -> Claim:
        claim = Claim(
            claim_id=f"{claimant}-{person}",
            class_id="class-1",
            institution_id="school",
            region=LINSHU,
            rulebook_id=book_of(LINSHU).id,
            claimant=claimant,
            undertaking=Undertaking(text_version="", signer="样*", signed_on=date(2020, 10, 1)),
            received_on=date(2020, 10, 1),
            deadlines=Deadlines(),
            assessment=Assessment(),
            persons=frozenset({person}) if person else None,
            owner=person or "school",
            payee="learner" if person else "institution",
        )
        return replace(claim, assessment=part_of(claim, self.whole, book_of(LINSHU)))


def approved(claim: Claim) -> Claim:
    entry = Entry(
        number=1,
        round=1,
        amounts=claim.difference,
        approved_on=date(2020, 10, 9),
        first_reviewer="first",
        second_reviewer="second",
        approver="approver",
        rates_until=1,
    )
    return replace(claim, entries=(entry,))


@st.composite
def towns(draw: st.DrawFn) -> Town:
    people = [f"p{number}" for number in range(1, draw(st.integers(1, 4)) + 1)]
    amounts = {
        (person, programme): draw(st.sampled_from((0, MOST[programme] // 2, MOST[programme])))
        for person in people
        for programme in draw(st.sets(st.sampled_from(sorted(MOST)), min_size=1))
    }
    held = draw(st.sampled_from((None, Held(percent=60, programmes=("training",)))))
    return Town(amounts=amounts, held=held)


@given(towns(), st.randoms(use_true_random=False))
def test_no_approval_frees_what_another_part_may_still_be_approved_for(town: Town, draw: Any) -> None:
    """HL-CLM-04, LS-PAY-04, LS-CLM-05, QJ-FND-01: whoever claims and is approved first, and in whatever order."""
    waiting = [town.claim("institution"), *(town.claim("individual", person) for person in town.people)]
    acts = [number for number in range(len(waiting)) for _ in ("submitted", "approved", "ordered")]
    draw.shuffle(acts)
    known: dict[int, Claimed] = {}
    before: Mapping[str, int] = Counter(needed(OWN, town.expected, (), advanced={}, payees={}))
    for number in acts:
        done = known.get(number)
        if done is None:
            known[number] = Claimed(claim=waiting[number])
        elif not done.claim.entries:
            known[number] = replace(done, claim=approved(done.claim))
        else:
            known[number] = replace(done, orders=tuple(orders_of(done.claim)))
        payees = {part: PAYEES[part[1]] for part in town.amounts}
        now = Counter(needed(OWN, town.expected, known.values(), advanced={}, payees=payees))
        assert now <= before, "no act of a claim as it was planned asks for more"
        closed = {
            (line.person_id, line.programme): line.amount_fen
            for claimed in known.values()
            for line in claimed.claim.assessment.lines
            if claimed.claim.entries and PAYEES[line.programme] == claimed.claim.payee
        }
        least: Counter[str] = Counter()
        for part, fen in town.amounts.items():
            least[INSURANCE if part[1] == "insurance_skill" else OWN] += fen if part in closed else MOST[part[1]]
        assert now == +least
        before = now


def orders_of(claim: Claim) -> Iterator[PaymentOrder]:
    """Give the orders of what was approved, one for each source."""
    for source in (OWN, INSURANCE):
        lines = {
            line_no: fen
            for line_no, fen in claim.decided.items()
            if (claim.line(line_no).programme == "insurance_skill") is (source == INSURANCE)
        }
        if sum(lines.values()) > 0:
            yield PaymentOrder(
                order_id=f"{claim.claim_id}-{source}",
                claim_id=claim.claim_id,
                class_id="class-1",
                funding_source=source,
                amount_fen=sum(lines.values()),
                entries=tuple(OrderEntry(line_no=each, entry_no=1, amount_fen=fen) for each, fen in lines.items()),
            )
