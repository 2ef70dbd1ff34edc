"""Who may see and touch which case: an institution its own classes, a body its own exams, a bureau its region's.

Anything else does not exist for them.
"""

from dataclasses import dataclass, replace
from typing import Final

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.examined_class import ExaminedClass
from shared.domain.actor import Actor, Role
from shared.domain.errors import MissingFact, NotFound
from shared.domain.jurisdiction import is_within

BUREAU: Final = (
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.EXAM_PATROL,
    Role.FINANCE,
    Role.AUDITOR,
    Role.PROVINCE,
)

READERS: Final = (Role.INSTITUTION, Role.ASSESSOR, *BUREAU)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCase:
    """A class with all its exams in the order of their applications."""

    examined: ExaminedClass
    exams: tuple[Assessment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamCase(ClassCase):
    """One exam with its class and all the class's exams."""

    exam: Assessment


async def visible_class(uow: AssessmentUnit, class_id: str) -> ClassCase:
    """Give a class that the actor may read, an assessor's with the exams of their own body alone.

    Raise NotFound CLASS_UNKNOWN for anybody else.
    """
    case = await _class_case(uow, class_id, lock=False)
    actor, examined = uow.actor, case.examined
    if is_own(actor, examined) or is_bureau_of(actor, examined, *BUREAU):
        return case
    if own := tuple(exam for exam in case.exams if _examines(actor, exam)):
        return replace(case, exams=own)
    raise _no_class(class_id)


async def class_to_examine(uow: AssessmentUnit, class_id: str) -> ClassCase:
    """Give, locked, a class whose exam the actor may apply for or register, or raise NotFound CLASS_UNKNOWN."""
    case = await _class_case(uow, class_id, lock=True)
    if is_own(uow.actor, case.examined) or is_bureau_of(uow.actor, case.examined, Role.APPROVER):
        return case
    raise _no_class(class_id)


async def own_class(uow: AssessmentUnit, class_id: str) -> ClassCase:
    """Give, locked, a class of the actor's institution, or raise NotFound CLASS_UNKNOWN."""
    case = await _class_case(uow, class_id, lock=True)
    if is_own(uow.actor, case.examined):
        return case
    raise _no_class(class_id)


async def bureau_class(uow: AssessmentUnit, class_id: str) -> ClassCase:
    """Give, locked, a class within the approver's region, or raise NotFound CLASS_UNKNOWN."""
    case = await _class_case(uow, class_id, lock=True)
    if is_bureau_of(uow.actor, case.examined, Role.APPROVER):
        return case
    raise _no_class(class_id)


async def visible_exam(uow: AssessmentUnit, assessment_id: str, *, lock: bool = False) -> ExamCase:
    """Give an exam that the actor may read, or raise NotFound ASSESSMENT_UNKNOWN; with `lock` its class is locked."""
    case = await _exam_case(uow, assessment_id, lock=lock)
    actor, examined = uow.actor, case.examined
    if is_own(actor, examined) or is_bureau_of(actor, examined, *BUREAU) or _examines(actor, case.exam):
        return case
    raise _no_exam(assessment_id)


async def exam_of_body(uow: AssessmentUnit, assessment_id: str) -> ExamCase:
    """Give, its class locked, an exam of the assessor's own body, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await _exam_case(uow, assessment_id, lock=True)
    if _examines(uow.actor, case.exam):
        return case
    raise _no_exam(assessment_id)


async def exam_to_change(uow: AssessmentUnit, assessment_id: str) -> ExamCase:
    """Give, its class locked, an exam that the actor may move or withdraw, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await _exam_case(uow, assessment_id, lock=True)
    if is_own(uow.actor, case.examined) or is_bureau_of(uow.actor, case.examined, Role.APPROVER):
        return case
    raise _no_exam(assessment_id)


async def exam_of_approver(uow: AssessmentUnit, assessment_id: str) -> ExamCase:
    """Give, its class locked, an exam within the approver's region, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await _exam_case(uow, assessment_id, lock=True)
    if is_bureau_of(uow.actor, case.examined, Role.APPROVER):
        return case
    raise _no_exam(assessment_id)


async def exam_of_region(uow: AssessmentUnit, assessment_id: str) -> ExamCase:
    """Give, its class locked, an exam within the patrol's region, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await _exam_case(uow, assessment_id, lock=True)
    if is_bureau_of(uow.actor, case.examined, Role.EXAM_PATROL):
        return case
    raise _no_exam(assessment_id)


async def certificate_of_region(uow: AssessmentUnit, certificate_id: str) -> tuple[Certificate, ExamCase]:
    """Give, its class locked, a certificate within the approver's region, or raise NotFound CERTIFICATE_UNKNOWN."""
    found = await uow.certificates.get(certificate_id)
    if found is not None:
        case = await _exam_case(uow, found.assessment_id, lock=True)
        found = await uow.certificates.get(certificate_id)  # again: the class is locked only now
        if found is not None and is_bureau_of(uow.actor, case.examined, Role.APPROVER):
            return found, case
    raise NotFound(
        code="CERTIFICATE_UNKNOWN",
        message="没有此证书。",
        advice="请核对证书登记编号（certificate_id，不是证书编号）。",
        field="certificate_id",
        value=certificate_id,
    )


async def opened_class(uow: AssessmentUnit, class_id: str) -> ExaminedClass:
    """Give, locked, the class of an event, or raise MissingFact CLASS_NOT_OPENED, which holds the event."""
    examined = await uow.classes.get(class_id, lock=True)
    if examined is None:
        raise MissingFact(
            code="CLASS_NOT_OPENED",
            message="尚未收到该班级的开班事件。",
            advice="收到开班事件后自动处理，无需操作。",
            field="class_id",
            value=class_id,
        )
    return examined


def is_bureau_of(actor: Actor, examined: ExaminedClass, *roles: Role) -> bool:
    """Say whether the actor acts in one of these roles for the bureau of the class's region."""
    return actor.has(*roles) and is_within(examined.region, actor.region)


def is_own(actor: Actor, examined: ExaminedClass) -> bool:
    """Say whether the class is the actor's institution's."""
    return actor.has(Role.INSTITUTION) and actor.organisation == examined.institution_id


def _examines(actor: Actor, exam: Assessment) -> bool:
    return actor.has(Role.ASSESSOR) and actor.organisation == exam.body_id


async def _class_case(uow: AssessmentUnit, class_id: str, *, lock: bool) -> ClassCase:
    examined = await uow.classes.get(class_id, lock=lock)
    if examined is None:
        raise _no_class(class_id)
    return ClassCase(examined=examined, exams=await uow.assessments.of_class(class_id))


async def _exam_case(uow: AssessmentUnit, assessment_id: str, *, lock: bool) -> ExamCase:
    class_id = await uow.assessments.class_of(assessment_id)
    if class_id is None:
        raise _no_exam(assessment_id)
    case = await _class_case(uow, class_id, lock=lock)
    exam = next(exam for exam in case.exams if exam.assessment_id == assessment_id)
    return ExamCase(examined=case.examined, exams=case.exams, exam=exam)


def _no_class(class_id: str) -> NotFound:
    return NotFound(
        code="CLASS_UNKNOWN",
        message="没有此班级，或班级尚未开班。",
        advice="请核对班级编号；班级开班后才能申请考核，开班后即来不及的，请先向人社部门递交纸质申请，开班后由其登记。",
        field="class_id",
        value=class_id,
    )


def _no_exam(assessment_id: str) -> NotFound:
    return NotFound(
        code="ASSESSMENT_UNKNOWN",
        message="没有此考核。",
        advice="请核对考核编号。",
        field="assessment_id",
        value=assessment_id,
    )
