"""What an approved class asks of payment, and what payment's answer does to it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Literal

from services.enrollment.domain.change import Kind
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.training_class import AWAITING_OPENING, Blocker, ReservationAnswer, State, TrainingClass
from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import (
    ClassApproved,
    ClassChanged,
    PlannedSession,
    ReliedRelease,
    ReservationRequest,
    ReservedTrainee,
)
from shared.contracts.payment import BudgetAnswer
from shared.domain.actor import Role


def reservation_of(
    training_class: TrainingClass,
    entries: Iterable[RosterEntry],
    *,
    kinds: tuple[CertificateKind, ...],
    attributes: Mapping[str, str],
) -> ReservationRequest:
    """Give what payment is asked to reserve for everybody on the roster, with the releases it relied on.

    `attributes` are those of the class that the rulebook lets travel.
    """
    plan = training_class.plan
    on_roster = [entry for entry in entries if entry.is_on_roster]
    return ReservationRequest(
        programme=training_class.programme,
        region=training_class.region,
        rulebook_id=training_class.rulebook_id,
        occupation=plan.occupation,
        level=plan.level,
        certificate_kinds=kinds,
        opening_date=plan.opening_date,
        funding_source=plan.funding_source,
        trainees=tuple(
            ReservedTrainee(person_id=entry.person_id, groups=(entry.row.group,), repeat_by_decision=_repeats(entry))
            for entry in on_roster
        ),
        relies_on=tuple(
            ReliedRelease(class_id=class_id, person_id=entry.person_id)
            for entry in on_roster
            for class_id in entry.judgement.relies_on
        ),
        kind=plan.kind,
        closing_date=plan.closing_date,
        attributes=dict(attributes),
    )


def approved_event(training_class: TrainingClass, reservation: ReservationRequest) -> ClassApproved:
    """Give the event of the last approval; payment answers its reservation."""
    return ClassApproved(
        class_id=training_class.class_id,
        kind=training_class.plan.kind,
        institution_id=training_class.institution_id,
        planned=training_class.plan.planned,
        closing_date=training_class.plan.closing_date,
        reviews=tuple(row.record() for row in training_class.round_reviews),
        reservation=reservation,
    )


def _repeats(entry: RosterEntry) -> bool:
    """Say whether somebody is on the roster by a decision although they had their training (JY-ENR-05)."""
    return any(finding.code == "REPEAT_IN_YEAR" for finding in entry.judgement.findings)


def ask_again(training_class: TrainingClass) -> TrainingClass:
    """Give an approved class whose opening or people have changed: it waits for the answer to a new reservation."""
    training_class.require(*AWAITING_OPENING, act="变更开班日期或学员")
    return replace(training_class, state="approved", answer=None, blocker=None)


def changed_event(
    training_class: TrainingClass,
    change: Kind | Literal["trainees_refused"],
    *,
    removed: Iterable[str],
    added: Iterable[str] = (),
    reservation: ReservationRequest | None = None,
    timetable: bool = False,
    exempt_by_decision: tuple[str, ...] | None = None,
) -> ClassChanged:
    """Give the event of a change after approval; with a reservation payment has to answer again.

    With `timetable` it carries the whole timetable and everybody who teaches, as they stand from now on.
    """
    sessions = sorted(training_class.plan.sessions, key=lambda one: one.starts_at)
    return ClassChanged(
        class_id=training_class.class_id,
        change=change,
        opening_date=training_class.plan.opening_date,
        closing_date=training_class.plan.closing_date,
        removed=tuple(removed),
        added=tuple(added),
        reservation=reservation,
        sessions=tuple(PlannedSession(**asdict(session)) for session in sessions) if timetable else None,
        teachers=tuple(dict.fromkeys(session.teacher_id for session in sessions)) if timetable else None,
        exempt_by_decision=exempt_by_decision,
    )


def apply_answer(training_class: TrainingClass, answer: ReservationAnswer) -> TrainingClass:
    """Record payment's answer to the newest reservation.

    A refused budget leaves the class `approved` and says at once who holds it: on the opening day it would be too late.
    Payment may answer the same reservation again.
    """
    training_class.require("approved", act="接收预留结果")
    state: State = "reserved" if answer.budget.granted else "approved"
    return replace(training_class, state=state, answer=answer, blocker=refused_budget(answer.budget))


def refused_budget(budget: BudgetAnswer) -> Blocker | None:
    """Give what a refused budget or a missing rate means for the class, which finance holds; None for a granted one."""
    if budget.granted:
        return None
    remedy = "录入适用的补贴标准" if budget.code == "RATE_MISSING" else "追加或调整该资金来源的预算指标"
    return Blocker(
        code=budget.code or "BUDGET_REFUSED",
        message=budget.message or "预算未能预留。",
        advice=f"请财务人员{remedy}，办结后系统自动重新预留；开班日期前来不及的，由机构申请变更开班日期，过后按未开班办结。",
        held_by=Role.FINANCE,
    )
