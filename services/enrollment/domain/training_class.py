"""A class (班级) from draft to close: its states, and the operations that move it and say so in events.

draft -> applied -> first_review -> second_review -> approved -> reserved -> opened -> completed | cancelled
applied and the reviews also lead to returned (and on to applied again) or refused; everything before the opening
to withdrawn; applied to reserved to not_opened when the opening date passes. An approved change of opening or people
leads from reserved back to approved, and a completed class can still become cancelled.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, cast, get_args

from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.review import Decision, Review
from services.enrollment.domain.roster import Counts, RosterEntry
from shared.clock import legal_day
from shared.contracts.enrollment import ClassApplied, ClassClosed, TraineeWithdrawn
from shared.contracts.payment import BudgetAnswer, RefusedReservation
from shared.domain.actor import Role
from shared.domain.errors import Conflict, NotFound
from shared.policy.decision import Finding
from shared.policy.terms.term import Step, Steps

State = Literal[
    "draft",
    "returned",
    "applied",
    "first_review",
    "second_review",
    "approved",
    "reserved",
    "opened",
    "completed",
    "cancelled",
    "withdrawn",
    "not_opened",
    "refused",
]
STATES: Final[tuple[State, ...]] = get_args(State)
NAMES: Final[dict[State, str]] = {
    "draft": "草稿",
    "returned": "已退回",
    "applied": "已申请",
    "first_review": "已初审",
    "second_review": "已复核",
    "approved": "已批准",
    "reserved": "已预留",
    "opened": "已开班",
    "completed": "已结业",
    "cancelled": "已取消",
    "withdrawn": "已撤回",
    "not_opened": "未开班",
    "refused": "不予批准",
}

EDITABLE: Final[frozenset[State]] = frozenset({"draft", "returned"})
UNDER_REVIEW: Final[frozenset[State]] = frozenset({"applied", "first_review", "second_review"})
AWAITING_OPENING: Final[frozenset[State]] = frozenset({"approved", "reserved"})
LIVE: Final[frozenset[State]] = UNDER_REVIEW | AWAITING_OPENING | {"opened"}
"""States in which a class has its teachers, venues and trainees; a completed one keeps its trainees' year."""
RELEASED: Final[frozenset[State]] = frozenset({"cancelled", "withdrawn", "not_opened"})

ClosingReason = Literal["completed", "cancelled", "withdrawn", "not_opened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAnswer:
    """What payment answered to the newest reservation: how many are granted, who is refused, and the budget."""

    answers_version: int
    granted: int
    refused: tuple[RefusedReservation, ...]
    budget: BudgetAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Why a class does not open: code, Chinese sentence, what to do, and the role that holds it.

    Rule and clause stand where a document says so; `held_by` is None for what a step or a service is still to answer.
    """

    code: str
    message: str
    rule: str | None = None
    clause: str | None = None
    advice: str = ""
    held_by: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedClaim:
    """One approval of a claim for the class, as payment reported it: for viewing, and for the annual plan's count."""

    claim_id: str
    entry: int
    amount_fen: int
    approved_on: date
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingClass:
    """A class of one institution.

    `rulebook_id` is provisional until the opening pins it; `findings` are what its rulebook warns of or asks about the
    plan, which an approval answers. `reservation_version` is the version of the last event that
    asked payment for a reservation; `answer` is payment's answer to that one, None while it is awaited.
    `closing_reason` is what the institution said when it withdrew the class, besides the standard reason.
    """

    class_id: str
    institution_id: str
    region: str
    state: State
    version: int
    round: int
    plan: ClassPlan
    programme: str
    rulebook_id: str
    findings: tuple[Finding, ...] = ()
    applied_on: date | None = None
    applied_at: datetime | None = None
    reviews: tuple[Review, ...] = ()
    reservation_version: int | None = None
    answer: ReservationAnswer | None = None
    blocker: Blocker | None = None
    claims: tuple[ApprovedClaim, ...] = ()
    closing_reason: str | None = field(default=None, repr=False)

    @property
    def round_reviews(self) -> tuple[Review, ...]:
        """Give the reviews since the last submission, in order; those of later changes are not among them."""
        return self.reviews_of(0)

    def reviews_of(self, change: int) -> tuple[Review, ...]:
        """Give the reviews of the last submission (0) or of a change after it, in order."""
        return tuple(review for review in self.reviews if (review.round, review.change) == (self.round, change))

    @property
    def is_approved(self) -> bool:
        """Say whether every approval step was taken; then rows that asked count as accepted."""
        return self.reservation_version is not None

    def require(self, *states: State, act: str) -> None:
        """Raise Conflict CLASS_STATE unless the class is in one of the states; `act` says in Chinese what was tried."""
        if self.state in states:
            return
        possible = "、".join(NAMES[state] for state in STATES if state in states)
        raise Conflict(
            code="CLASS_STATE",
            message=f"班级当前状态为“{NAMES[self.state]}”，不能{act}；仅在“{possible}”时可以。",
            advice="请刷新班级信息，按当前状态办理。",
            field="state",
            value=self.state,
        )


def submit(training_class: TrainingClass, counts: Counts, *, now: datetime) -> tuple[TrainingClass, ClassApplied]:
    """Put the application into review; rules have been judged before."""
    training_class.require(*EDITABLE, act="提交开班申请")
    plan, today = training_class.plan, legal_day(now)
    submitted = replace(
        training_class,
        state="applied",
        round=training_class.round + 1,
        applied_on=today,
        applied_at=now,
        blocker=None,
    )
    return submitted, ClassApplied(
        class_id=submitted.class_id,
        kind=plan.kind,
        programme=submitted.programme,
        training_type=plan.training_type,
        region=submitted.region,
        rulebook_id=submitted.rulebook_id,
        institution_id=submitted.institution_id,
        occupation=plan.occupation,
        level=plan.level,
        planned=plan.planned,
        roster_accepted=counts.accepted,
        roster_refused=counts.refused,
        opening_date=plan.opening_date,
        closing_date=plan.closing_date,
        funding_source=plan.funding_source,
        applied_on=today,
    )


def review(
    training_class: TrainingClass,
    *,
    step: Step,
    decision: Decision,
    actor: str,
    opinion: str,
    now: datetime,
    steps: Steps,
) -> TrainingClass:
    """Record one approval step; the last approval makes the class `approved` and freezes its planned headcount."""
    training_class.require(*UNDER_REVIEW, act="办理审批")
    row = Review(
        round=training_class.round, step=step.code, actor=actor, decision=decision, opinion=opinion, decided_at=now
    )
    if decision == "return":
        state: State = "returned"
    elif decision == "refuse":
        state = "refused"
    else:
        is_last = steps.steps[-1].code == step.code
        state = "approved" if is_last else cast(State, step.code)
    blocker = training_class.blocker if state in UNDER_REVIEW else None
    return replace(training_class, state=state, reviews=(*training_class.reviews, row), blocker=blocker)


def close(
    training_class: TrainingClass, reason: ClosingReason, *, today: date, blocker: Blocker | None = None
) -> tuple[TrainingClass, ClassClosed]:
    """Close the class for the reason, from the states in which that can happen."""
    before: dict[ClosingReason, tuple[frozenset[State], str]] = {
        "completed": (frozenset({"opened"}), "结业"),
        # A late opening check can cancel a class that had completed: the hold is lifted or confirmed at any time.
        "cancelled": (frozenset({"opened", "completed"}), "取消"),
        "withdrawn": (EDITABLE | UNDER_REVIEW | AWAITING_OPENING, "撤回"),
        "not_opened": (UNDER_REVIEW | AWAITING_OPENING, "按未开班办结"),
    }
    states, act = before[reason]
    training_class.require(*states, act=act)
    closed = replace(training_class, state=reason, blocker=blocker)
    return closed, ClassClosed(class_id=closed.class_id, reason=reason, on=today)


def withdraw_trainee(
    training_class: TrainingClass, entry: RosterEntry | None, *, on: date, code: str, reason: str | None
) -> tuple[RosterEntry, TraineeWithdrawn]:
    """Take a person off the roster of an approved or open class; raise NotFound when they are not on it.

    `code` is the standard reason; `reason`, what is said besides, stays here.
    """
    training_class.require(*AWAITING_OPENING, "opened", act="办理学员退班")
    if entry is None or not entry.is_on_roster:
        raise NotFound(
            code="TRAINEE_NOT_FOUND",
            message="本班花名册上没有该学员。",
            advice="请从花名册中查询学员编号 person_id 后重试。",
            field="person_id",
        )
    # An event lasts for ever and goes everywhere, and no rule recognises a name in somebody's words: they stay here.
    fact = TraineeWithdrawn(class_id=training_class.class_id, person_id=entry.person_id, on=on, reason=code)
    return replace(entry, withdrawn_on=on, withdrawal_code=code, withdrawal_reason=reason), fact
