"""What a class needs of its budgets: what stands ordered, what is decided, and the most that is still open may bring.

An approval closes the parts that it decided, and frees what they did not take. Everything else stays reserved until its
own decision: parts of other payees, what is held back or awaited, later months of work.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.payment.domain.benefit import EMPLOYMENT_AWAITED
from services.payment.domain.claim import Claim, minus
from services.payment.domain.claimed_part import PAYEE_IS_ANOTHER
from services.payment.domain.clawback import clawed_back
from services.payment.domain.order import PaymentOrder, ordered_by_line
from services.payment.domain.payee import PAYOUT_UNPROVEN
from services.payment.domain.planned import Expected, Part
from services.payment.domain.pricing import PAID_OUT_SHORT
from services.payment.domain.subsidy import Line

_AWAITED: Final = frozenset({EMPLOYMENT_AWAITED, PAYOUT_UNPROVEN})
"""Why a line is not paid yet although nobody decided against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claim of the class with its orders; a class that was `cancelled` is paid nothing more."""

    claim: Claim
    orders: Sequence[PaymentOrder] = ()
    cancelled: bool = False

    @property
    def hoped(self) -> Mapping[int, int]:
        """Give what lines come to if every objection were dismissed, every return answered, and nothing held back."""
        claim = self.claim
        return {} if self.cancelled else replace(claim, assessment=replace(claim.assessment, held=None)).possible


def needed(
    own: str,
    expected: Expected,
    claims: Iterable[Claimed],
    *,
    advanced: Mapping[str, int],
    payees: Mapping[Part, str],
) -> Mapping[str, int]:
    """Give what a class needs by source, in fen; what no fund alone pays is of its `own`.

    `advanced` is what was paid before the claim and not set off, by the source that paid: it is a part of what is open.
    `payees` tells as whom each part is paid, where claims are of payees.
    """
    wanted, pool = Counter[str](), Counter[str]()
    closed, hoped, decided = set[Part](), Counter[Part](), Counter[Part]()
    for claimed in claims:
        claim, most, settled = claimed.claim, claimed.hoped, claimed.claim.decided
        if claim.entries:
            wanted.update(_ordered(claimed))
            (wanted if claim.stands_apart else pool).update(_rest(claimed, own, expected))
        for line, part in _parts(claim):
            fen = max(most.get(line.line_no, 0), settled.get(line.line_no, 0))
            if not claim.entries:
                hoped[part] += fen
            elif not _is_of_another(line, claim, payees.get(part)):
                closed.add(part)
                decided[part] += fen
                if not claimed.cancelled and _may_grow(line, claim, expected):
                    pool[expected.source(part, own)] += max(expected.parts.get(part, 0) - fen, 0)
    for part in {**expected.parts, **hoped}:
        most_fen = 0 if part in closed else expected.parts.get(part, 0)
        pool[expected.source(part, own)] += max(most_fen, hoped[part])
    for programme, whole_fen in expected.wholes.items():
        of_class = [part for part in expected.parts if part[1] == programme]
        known_fen = sum(decided[part] + hoped[part] for part in of_class)
        if not closed.issuperset(of_class):
            pool[expected.funds.get(programme, own)] += max(whole_fen - known_fen, 0)
    pool[own] = max(pool[own] - sum(advanced.values()), 0)
    for more in (pool, advanced):
        wanted.update(more)
    return +wanted


def _parts(claim: Claim) -> Iterator[tuple[Line, Part]]:
    people = claim.people
    for line in claim.assessment.lines:
        if line.line_no in people:
            yield line, (people[line.line_no], line.programme)


def _ordered(claimed: Claimed) -> Counter[str]:
    """Give the standing orders by source, less what came back: that may be promised again, and not before."""
    found = Counter[str]()
    for order in claimed.orders:
        found[order.funding_source] += order.amount_fen if order.counts else 0
    for clawback in claimed.claim.clawbacks:
        for repayment in clawback.repayments:
            found[repayment.funding_source] -= repayment.amount_fen
    return found


def _rest(claimed: Claimed, own: str, expected: Expected) -> Counter[str]:
    """Give what an approved claim may still come to beyond its orders, by the source that pays the lines."""
    claim, hoped = claimed.claim, claimed.hoped
    if claimed.cancelled:  # what was decided and not ordered will never be
        return Counter()
    decided, standing = claim.decided, minus(ordered_by_line(claimed.orders), clawed_back(claim.clawbacks))
    sums: dict[str, list[int]] = {}
    for line_no in {*hoped, *decided, *standing}:
        of_source = sums.setdefault(expected.funds.get(claim.line(line_no).programme, own), [0, 0, 0])
        for place, fen in enumerate((hoped, decided, standing)):
            of_source[place] += fen.get(line_no, 0)
    rest = {source: max(most, settled) - ordered for source, (most, settled, ordered) in sums.items()}
    return Counter({source: fen for source, fen in rest.items() if fen > 0})


def _is_of_another(line: Line, claim: Claim, payee: str | None) -> bool:
    """Say whether a part is paid to somebody else than the claim's payee, who may still claim it."""
    if any(finding.code == PAYEE_IS_ANOTHER for finding in line.findings):
        return True
    return bool(claim.payee) and payee is not None and payee != claim.payee


def _may_grow(line: Line, claim: Claim, expected: Expected) -> bool:
    """Say whether a decided line may come to more without anything being decided anew."""
    if any(finding.code in _AWAITED for finding in line.findings) or line.programme in expected.by_month:
        return True
    return line.programme in expected.paid_out and any(flag.code == PAID_OUT_SHORT for flag in claim.assessment.flags)
