"""What people read about exams, within their scope."""

from dataclasses import dataclass

from services.assessment.application.access import ClassCase, ExamCase, visible_class, visible_exam
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReading:
    """A class with the exams that the actor may read and how many of their certificates stand."""

    case: ClassCase
    certificates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamReading:
    """An exam with the certificates issued on it, voided ones included."""

    case: ExamCase
    certificates: tuple[Certificate, ...]


async def read_class(uow: AssessmentUnit, class_id: str) -> ClassReading:
    """Give what is known of a class, or raise NotFound CLASS_UNKNOWN."""
    case = await visible_class(uow, class_id)
    exams = {exam.assessment_id for exam in case.exams}
    certificates = await uow.certificates.of_class(class_id)
    return ClassReading(case=case, certificates=sum(one.stands and one.assessment_id in exams for one in certificates))


async def read_assessment(uow: AssessmentUnit, assessment_id: str) -> ExamReading:
    """Give what is known of an exam, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await visible_exam(uow, assessment_id)
    certificates = await uow.certificates.of_class(case.examined.class_id)
    return ExamReading(case=case, certificates=tuple(one for one in certificates if one.assessment_id == assessment_id))
