"""An institution applies for the exam of its class; the bureau registers what came on paper (JY-ASM-02)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.assessment.application.access import ClassCase, class_to_examine, is_bureau_of
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.application import Channel, ExamApplication, judge, needs_admission
from services.assessment.domain.assessment import Assessment, not_passed
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.ruling import excepted_kinds, windows_of_year
from services.assessment.domain.scheduling import schedule
from shared.clock import new_id
from shared.contracts.assessment import CertificateKind
from shared.domain.actor import Role
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import ancestors
from shared.policy.decision import Finding
from shared.policy.judging import refuse_stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAssessment:
    """What is applied for; without `persons` the whole roster is to be examined."""

    body_id: str
    kind: CertificateKind
    mode: Literal["offline", "online"]
    exam_on: date
    channel: Channel
    paper_received_on: date | None
    persons: tuple[str, ...] | None
    fee_fen: int = 0
    examiners: tuple[str, ...] = ()


async def schedule_assessment(
    uow: AssessmentUnit, *, class_id: str, command: ScheduleAssessment
) -> tuple[Assessment, tuple[Finding, ...]]:
    """Schedule the exam and give it with what the rules ask or warn of; raise what they refuse, all at once.

    The exam of an online class for which nobody set the days awaits the bureau's decision (JY-ASM-03).
    """
    case = await class_to_examine(uow, class_id)
    case.examined.require_running()
    body = await body_of(uow, command.body_id)
    application = await _application(uow, case, command)
    rulebook = uow.shelf.by_id(case.examined.rulebook_id)
    findings = judge(application, case.examined, body, rulebook, regions=ancestors(case.examined.region))
    refuse_stopped(findings)
    assessment, event = schedule(
        application,
        case.examined,
        body,
        case.exams,
        assessment_id=new_id(),
        applied_by=uow.actor.subject,
        needs_admission=needs_admission(application, case.examined, rulebook),
    )
    await uow.assessments.add(assessment)
    await uow.classes.save(case.examined)
    if event is not None:
        await uow.publish(event)
    await uow.audit(
        action="assessment.scheduled",
        subject=assessment.assessment_id,
        details={
            "class_id": class_id,
            "certificate_kind": assessment.kind,
            "persons": len(assessment.persons),
            "channel": assessment.channel,
            "state": assessment.state,
            "resit": application.resit,
            "excepted": ",".join(sorted(application.excepted)),
        },
    )
    return assessment, tuple(findings)


async def body_of(uow: AssessmentUnit, body_id: str) -> AssessmentBody:
    """Give the body an exam names, or raise NotFound BODY_UNKNOWN."""
    body = await uow.bodies.get(body_id)
    if body is None:
        raise NotFound(code="BODY_UNKNOWN", message="没有此评价机构。", advice="请核对评价机构编号。", field="body_id")
    return body


async def _application(uow: AssessmentUnit, case: ClassCase, command: ScheduleAssessment) -> ExamApplication:
    asked = case.examined.roster_on(command.exam_on) if command.persons is None else command.persons
    persons = tuple(sorted(set(asked)))
    lineage = ancestors(case.examined.region)
    exceptions = await uow.rulings.exceptions(lineage, occupation=case.examined.occupation)
    asked_on = min(uow.today, command.paper_received_on or uow.today)
    return ExamApplication(
        kind=command.kind,
        mode=command.mode,
        exam_on=command.exam_on,
        applied_on=uow.today,
        channel=command.channel,
        paper_received_on=command.paper_received_on,
        persons=persons,
        by_bureau=is_bureau_of(uow.actor, case.examined, Role.APPROVER),
        resit=not_passed(case.exams).issuperset(persons),
        windows=windows_of_year(await uow.rulings.windows(lineage), on=asked_on, regions=lineage),
        excepted=excepted_kinds(exceptions, on=command.exam_on, regions=lineage),
        fee_fen=command.fee_fen,
        examined_before=await uow.assessments.examined_before(persons) if command.fee_fen else frozenset(),
        examiners=command.examiners,
        record=await uow.bodies.record(command.body_id),
    )
