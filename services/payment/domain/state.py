"""The states of a claim and the only transitions between them (JY-CLM-07); no state may be skipped.

    submitted -> first_review -> second_review -> notice -> notice_clear -> approved -> ordered -> paid
                                      `- a supplement whose lines were public before needs no second notice -^

A state names the last step done.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.domain.errors import Conflict
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


class State(StrEnum):
    """The last step done; `returned` waits for the claimant."""

    SUBMITTED = "submitted"
    FIRST_REVIEW = "first_review"
    SECOND_REVIEW = "second_review"
    NOTICE = "notice"
    NOTICE_CLEAR = "notice_clear"
    APPROVED = "approved"
    ORDERED = "ordered"
    PAID = "paid"
    RETURNED = "returned"


class Act(StrEnum):
    """What moves a claim from one state to the next."""

    FIRST_REVIEW = "first_review"
    SECOND_REVIEW = "second_review"
    PUBLISH = "notice"
    COVER = "notice_covered"
    END_NOTICE = "notice_end"
    APPROVE = "bureau_opinion"
    ORDER = "payment"
    SETTLE = "settlement"


_NEXT: Final[Mapping[tuple[State, Act], State]] = {
    (State.SUBMITTED, Act.FIRST_REVIEW): State.FIRST_REVIEW,
    (State.FIRST_REVIEW, Act.SECOND_REVIEW): State.SECOND_REVIEW,
    (State.SECOND_REVIEW, Act.PUBLISH): State.NOTICE,
    (State.SECOND_REVIEW, Act.COVER): State.NOTICE_CLEAR,
    (State.NOTICE, Act.END_NOTICE): State.NOTICE_CLEAR,
    (State.NOTICE_CLEAR, Act.APPROVE): State.APPROVED,
    (State.APPROVED, Act.ORDER): State.ORDERED,
    (State.ORDERED, Act.SETTLE): State.PAID,
}
IN_REVIEW: Final = frozenset(
    {State.SUBMITTED, State.FIRST_REVIEW, State.SECOND_REVIEW, State.NOTICE, State.NOTICE_CLEAR}
)
LINES_WAIT: Final = IN_REVIEW - {State.SUBMITTED}
"""Where a returned line is handed in again only when the round is done: its first review is past."""

_STATES: Final = {
    State.SUBMITTED: "已受理待初审",
    State.FIRST_REVIEW: "初审完成待复核",
    State.SECOND_REVIEW: "复核完成待公示",
    State.NOTICE: "公示中",
    State.NOTICE_CLEAR: "公示期满待审核意见",
    State.APPROVED: "审核通过待拨付",
    State.ORDERED: "已开具拨付单",
    State.PAID: "已全部拨付",
    State.RETURNED: "已退回申领人",
}
_ACTS: Final = {
    Act.FIRST_REVIEW: "初审",
    Act.SECOND_REVIEW: "复核",
    Act.PUBLISH: "公示",
    Act.COVER: "沿用前次公示",
    Act.END_NOTICE: "等待公示期满",
    Act.APPROVE: "审核意见",
    Act.ORDER: "开具拨付单",
    Act.SETTLE: "等待银行回执",
}


def following(state: State, act: Act, *, rulebook: Rulebook) -> State:
    """Give the state after an act, or raise Conflict naming the present state and what is possible in it."""
    after = _NEXT.get((state, act))
    if after is not None:
        return after
    possible = "、".join(_ACTS[other] for present, other in _NEXT if present is state)
    steps = rulebook.payment.steps
    raise Conflict(
        code="HR_OPINION_MISSING" if act is Act.ORDER and state in IN_REVIEW else "STEP_OUT_OF_ORDER",
        message=f"申领处于“{_STATES[state]}”，不能{_ACTS[act]}。",
        advice=f"现在可以办理：{possible}。" if possible else "本申领现在没有可办理的环节。",
        value=state,
        **quote(steps),
    )
