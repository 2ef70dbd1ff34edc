"""What people of a class were handed of an allowance before it is claimed (LS-CLM-04), as it is stated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.payment.domain.facts import Payout
from services.payment.domain.statement import Given, Statement, standing_by_key
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Conflict, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPayout(Given):
    """What a person was handed on a day, in fen; `source` names the signed list or the bank's receipt."""

    amount_fen: int
    paid_on: date

    @property
    def key(self) -> tuple[str, date]:
        """Give who was paid, and when: what is handed to a person on a day is stated once, as one sum."""
        return self.person_id, self.paid_on

    def fact(self) -> Payout:
        """Give what a benefit reads of it."""
        return Payout(person_id=self.person_id, amount_fen=self.amount_fen)


PayoutEntry = Statement[GivenPayout]


def payout_objections(
    given: Sequence[GivenPayout], entries: Iterable[PayoutEntry], opened: ClassOpened, *, today: date
) -> Iterator[Refused]:
    """Give every reason against a statement."""
    known = standing_by_key(entries)
    roster = {trainee.person_id for trainee in opened.trainees}
    for each in given:
        if each.person_id not in roster:
            yield _refused("PERSON_NOT_IN_CLASS", "所列人员不在该班级的花名册中。", "请核对学员编号。")
        if each.paid_on > today:
            yield _refused("DATE_IN_FUTURE", "发放日期晚于今日。", "请在发放之后登记实际发放日期。")
        if each.paid_on < opened.opening_date:
            yield _refused("PAYOUT_BEFORE_OPENING", "发放日期早于开班日期。", "请核对发放日期。")
        other = known.get(each.key)
        if other is not None and other.given != each:
            yield Conflict(
                code="PAYOUT_STANDS",
                message=f"该人员 {each.paid_on.isoformat()} 的发放已登记（第 {other.number} 号），内容不同。",
                advice="登记有误的，请由他人不予确认；已确认的，请提出冲销后重新登记。",
                field="payouts",
            )
    if len({each.key for each in given}) < len(given):
        yield _refused("PAYOUT_TWICE", "同一人员同一天的发放在本次登记中出现多次。", "请每人每天只登记一个合计数。")


def require_unclaimed(entry: PayoutEntry, paid: frozenset[str]) -> None:
    """Raise Conflict PAYOUT_CLAIMED for somebody who was granted the allowance on their own claim (LS-PAY-04)."""
    if entry.reverses is None and entry.given.person_id in paid:
        raise Conflict(
            code="PAYOUT_CLAIMED",
            message=f"第 {entry.number} 号登记的学员已凭本人申领获批该项补贴，不能再确认为机构垫付。",
            advice="请核对发放凭证与学员本人的申领；确属重复的，先追回后再确认。",
            field="numbers",
        )


def _refused(code: str, message: str, advice: str) -> Refused:
    return Refused(code=code, message=message, advice=advice, field="payouts")
