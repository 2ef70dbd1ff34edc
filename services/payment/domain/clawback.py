"""Money already paid and asked back: proposed by a reviewer, decided by another person, open until it came in.

Nothing is edited: the decision adds the opposite entry, what was paid stands, and every repayment is an entry of its
own. No interest is computed; what a breach costs beyond the money lies outside the documents (JY-CLM-11).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.payment.domain.duty import Duty
from services.payment.domain.order import PaymentOrder, Share
from shared.domain.errors import Conflict, Refused
from shared.domain.money import yuan_text


class ClawbackState(StrEnum):
    """Waiting for the second person, decided against, asked back, or repaid in full."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    ORDERED = "ordered"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The rule for which money is asked back, with its place."""

    rule: str
    clause: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Money that came in: by bank, or set off against an order that then never goes to the bank."""

    number: int
    kind: Literal["bank", "offset"]
    funding_source: str
    amount_fen: int
    on: date
    recorded_by: str
    reference: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clawback:
    """One claw-back. `amounts` is the opposite entry by line; `asked` what was ordered of each line beyond it.

    `sources` says which money it was; `entry` is the number of the opposite entry once it is decided.
    """

    clawback_id: str
    claim_id: str
    amounts: Mapping[int, int]
    asked: Mapping[int, int]
    sources: tuple[Share, ...]
    cause: str
    ground: Ground
    reason: str
    proposed_by: str
    duty: Duty
    proposed_on: date
    state: ClawbackState = ClawbackState.PROPOSED
    entry: int | None = None
    decided_by: str | None = None
    decided_on: date | None = None
    decision_reason: str | None = None
    repayments: tuple[Repayment, ...] = ()

    @property
    def amount_fen(self) -> int:
        """Give what is asked back, in fen, positive."""
        return sum(self.asked.values())

    @property
    def is_ordered(self) -> bool:
        """Say whether the decision asked the money back."""
        return self.state in (ClawbackState.ORDERED, ClawbackState.SETTLED)

    @property
    def outstanding_fen(self) -> int:
        """Give what has not come in yet."""
        return self.amount_fen - sum(repayment.amount_fen for repayment in self.repayments) if self.is_ordered else 0

    def outstanding_of(self, funding_source: str) -> int:
        """Give what has not come in yet of one source's money."""
        asked = sum(share.amount_fen for share in self.sources if share.funding_source == funding_source)
        back = sum(each.amount_fen for each in self.repayments if each.funding_source == funding_source)
        return asked - back if self.is_ordered else 0


def clawed_back(clawbacks: Iterable[Clawback]) -> dict[int, int]:
    """Give what was asked back by line, repaid or not."""
    total: Counter[int] = Counter()
    for clawback in clawbacks:
        if clawback.is_ordered:
            total.update(clawback.asked)
    return {line_no: fen for line_no, fen in total.items() if fen}


def opposite(difference: Mapping[int, int], people: Mapping[int, str]) -> dict[int, int]:
    """Give the opposite entry: what people's lines lost, and the class-level line as it is now.

    What others gained meanwhile is no part of it: that is a supplement through reviews and notice.
    """
    return {line_no: fen for line_no, fen in difference.items() if fen < 0 or line_no not in people}


def asked_of(entry: Mapping[int, int], *, decided: Mapping[int, int], ordered: Mapping[int, int]) -> dict[int, int]:
    """Give what was ordered of the entry's lines beyond what stays decided of them.

    `ordered` is net of what was asked back before.
    """
    beyond = {line_no: ordered.get(line_no, 0) - decided.get(line_no, 0) - fen for line_no, fen in entry.items()}
    return {line_no: fen for line_no, fen in beyond.items() if fen}


def sources_of(
    amount_fen: int, given: Sequence[Share], orders: Iterable[PaymentOrder], earlier: Iterable[Clawback]
) -> tuple[Share, ...]:
    """Give whose money is asked back: the only source that paid, or the shares a person named.

    Raise Refused SPLIT_SUM when the shares do not add up or a source is asked for more than it paid.
    """
    paid: Counter[str] = Counter()
    for order in orders:
        paid[order.funding_source] += order.amount_fen
    for clawback in earlier:
        if clawback.is_ordered:
            paid.subtract({share.funding_source: share.amount_fen for share in clawback.sources})
    wanted = tuple(given)
    payers = [source for source, fen in paid.items() if fen > 0]
    if not wanted and len(payers) == 1:
        wanted = (Share(funding_source=payers[0], amount_fen=amount_fen),)
    distinct = len({share.funding_source for share in wanted}) == len(wanted)
    within = all(0 < share.amount_fen <= paid[share.funding_source] for share in wanted)
    if not wanted or not distinct or not within or sum(share.amount_fen for share in wanted) != amount_fen:
        raise Refused(
            code="SPLIT_SUM",
            message=f"追回的 {yuan_text(amount_fen)} 元须按原拨付来源列明，且不超过各来源实际拨付的金额。",
            advice="请逐一列明各资金来源应追回的金额，合计等于应追回金额。",
            field="sources",
        )
    return wanted


def require_decidable(clawback: Clawback) -> None:
    """Raise Conflict CLAWBACK_DECIDED unless the proposal still waits for the second person."""
    if clawback.state is not ClawbackState.PROPOSED:
        raise Conflict(
            code="CLAWBACK_DECIDED",
            message="该追回事项已经作出决定，不能重复办理。",
            advice="请查询申领中的追回记录。",
        )


def repaid(clawback: Clawback, repayment: Repayment) -> Clawback:
    """Give the claw-back with money that came in; raise Refused REPAYMENT_TOO_LARGE beyond what is outstanding.

    Raise Conflict CLAWBACK_NOT_OPEN when nothing is outstanding.
    """
    if clawback.state is not ClawbackState.ORDERED:
        raise Conflict(
            code="CLAWBACK_NOT_OPEN",
            message="该追回事项没有待收回的金额。",
            advice="请核对追回记录；尚未决定的，请先由审批人员作出决定。",
        )
    left = clawback.outstanding_of(repayment.funding_source)
    if repayment.amount_fen > left:
        raise Refused(
            code="REPAYMENT_TOO_LARGE",
            message=f"资金来源 {repayment.funding_source} 待收回 {yuan_text(left)} 元，少于所登记的金额。",
            advice="请核对金额与资金来源；多收的款项不在本系统内登记，应予退还。",
            field="amount_fen",
        )
    after = replace(clawback, repayments=(*clawback.repayments, repayment))
    return replace(after, state=ClawbackState.ORDERED if after.outstanding_fen else ClawbackState.SETTLED)
