"""Whether a class can open, and what its opening tells every later service."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from services.enrollment.domain.institution import Institution
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.reservation import refused_budget
from services.enrollment.domain.training_class import UNDER_REVIEW, Blocker, TrainingClass
from shared.contracts.enrollment import (
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
    PlannedSession,
)
from shared.domain.actor import Role
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term


def what_blocks(
    training_class: TrainingClass,
    *,
    on_roster: int,
    suspended: bool,
    book: Rulebook | None,
    uncommitted: Blocker | None = None,
) -> Blocker | None:
    """Say why the class cannot open now, in the name of the rulebook of its opening date, or None when it can.

    `uncommitted` says what keeps a class shut that is held under commitment: a lost right, or whose word is missing.
    """
    answer = training_class.answer
    if training_class.state in UNDER_REVIEW:
        return _blocked(
            "NOT_APPROVED",
            "审批尚未完成，不得开班。",
            book.enrollment.start_after_approval if book else None,
            advice="请当前审核环节的办理人员在开班日期之前办结。",
        )
    if answer is None:
        return Blocker(code="RESERVATION_UNANSWERED", message="补贴名额与预算的预留结果尚未返回。")
    if refused := refused_budget(answer.budget):
        return refused
    if on_roster == 0:
        advice = "请申请变更补入学员，或撤回班级。"
        message = "花名册上没有可培训的学员。"
        return Blocker(code="NO_TRAINEES", message=message, advice=advice, held_by=Role.INSTITUTION)
    if suspended:
        return _blocked(
            "INSTITUTION_SUSPENDED",
            "开班日期在该机构暂停开班期间。",
            book.enrollment.suspensions if book else None,
            advice="请按要求整改并提交整改报告，恢复开班后再办理。",
            held_by=Role.INSTITUTION,
        )
    return uncommitted


def _blocked(code: str, message: str, term: Term | None, *, advice: str, held_by: Role | None = None) -> Blocker:
    rule, clause = (term.rule, term.clause) if term else (None, None)
    return Blocker(code=code, message=message, rule=rule, clause=clause, advice=advice, held_by=held_by)


def open_class(
    training_class: TrainingClass,
    *,
    rulebook_id: str,
    institution: Institution,
    occupation: Occupation,
    trainees: Sequence[OpenedTrainee],
    refused: int,
    attributes: Mapping[str, str],
    exempt_by_decision: tuple[str, ...] = (),
) -> tuple[TrainingClass, ClassOpened]:
    """Open the class and pin its rulebook; the event carries all that later services will ever need.

    `attributes` are those of the class that the rulebook lets travel, `exempt_by_decision` the rules whose objection
    to the plan a recorded decision overruled.
    """
    training_class.require("reserved", act="开班")
    opened = replace(training_class, state="opened", rulebook_id=rulebook_id)
    plan = opened.plan
    return opened, ClassOpened(
        class_id=opened.class_id,
        kind=plan.kind,
        programme=opened.programme,
        training_type=plan.training_type,
        region=opened.region,
        rulebook_id=rulebook_id,
        institution=InstitutionReference(
            institution_id=institution.institution_id,
            name=institution.name,
            credit_code=institution.credit_code,
            kind=institution.kind,
        ),
        occupation=OccupationReference(
            code=occupation.code,
            name=occupation.name,
            certifiable=tuple(occupation.certifiable),
            new_since=occupation.new_since,
            new_until=occupation.new_until,
        ),
        level=plan.level,
        delivery=plan.delivery,
        planned=plan.planned,
        refused=refused,
        opening_date=plan.opening_date,
        closing_date=plan.closing_date,
        funding_source=plan.funding_source,
        sessions=tuple(
            PlannedSession(**asdict(session)) for session in sorted(plan.sessions, key=lambda one: one.starts_at)
        ),
        teachers=tuple(dict.fromkeys(session.teacher_id for session in plan.sessions)),
        trainees=tuple(trainees),
        reviews=tuple(row.record() for row in opened.round_reviews),
        attributes=dict(attributes),
        exempt_by_decision=exempt_by_decision,
        applicant_sealed=plan.form.sealed,
        batch=plan.form.batch,
    )
