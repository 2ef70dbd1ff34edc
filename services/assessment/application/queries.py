"""What people read about exams, within their scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.assessment.application.access import ClassCase, ExamCase, is_own, visible_class, visible_exam
from services.assessment.application.marking import marks_of
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.survey_class import standing_survey, term_of
from services.assessment.domain.assessment import Score
from services.assessment.domain.body_record import to_reassign
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.exam_day import judge_exam_day
from services.assessment.domain.results import judge_marks
from services.assessment.domain.survey import Survey, SurveyDecision, judge_survey
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import ancestors
from shared.policy.decision import Finding
from shared.policy.terms.assessment import SatisfactionSurvey


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReading:
    """A class with the exams that the actor may read and how many of their certificates stand."""

    case: ClassCase
    certificates: int
    survey: Survey | None
    exam_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamReading:
    """An exam with the certificates issued on it, voided ones included, and what to look at again."""

    case: ExamCase
    certificates: tuple[Certificate, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyReading:
    """A survey with its term, what it calls for and was decided; `shows_tally` says whether the reader may see it."""

    survey: Survey
    term: SatisfactionSurvey
    findings: Sequence[Finding]
    decisions: Sequence[SurveyDecision]
    shows_tally: bool


async def read_class(uow: AssessmentUnit, class_id: str) -> ClassReading:
    """Give what is known of a class, or raise NotFound CLASS_UNKNOWN."""
    case = await visible_class(uow, class_id)
    exams = {exam.assessment_id for exam in case.exams}
    certificates = await uow.certificates.of_class(class_id)
    limit = uow.shelf.by_id(case.examined.rulebook_id).assessment.exam_limit
    return ClassReading(
        case=case,
        certificates=sum(one.stands and one.assessment_id in exams for one in certificates),
        survey=await uow.surveys.get(class_id),
        exam_due_on=limit.due(case.examined.closing_date) if limit else None,
    )


async def read_assessment(uow: AssessmentUnit, assessment_id: str) -> ExamReading:
    """Give what is known of an exam, or raise NotFound ASSESSMENT_UNKNOWN."""
    case = await visible_exam(uow, assessment_id)
    certificates = await uow.certificates.of_class(case.examined.class_id)
    rulebook, exam = uow.shelf.by_id(case.examined.rulebook_id), case.exam
    record = await uow.bodies.record(exam.body_id)
    return ExamReading(
        case=case,
        certificates=tuple(one for one in certificates if one.assessment_id == assessment_id),
        findings=(
            *judge_marks(exam, await marks_of(uow, case), rulebook),
            *(judge_exam_day(exam.exam_on, case.examined.closing_date, rulebook) if exam.counts else ()),
            *(to_reassign(record, ancestors(case.examined.region), uow.today, rulebook) if exam.is_pending else ()),
        ),
    )


async def read_scores(uow: AssessmentUnit, assessment_id: str) -> Sequence[Score]:
    """Give every version of every score of an exam that the actor may read, or raise NotFound ASSESSMENT_UNKNOWN."""
    await visible_exam(uow, assessment_id)
    return await uow.assessments.score_history(assessment_id)


async def read_survey(uow: AssessmentUnit, class_id: str) -> SurveyReading:
    """Give the survey of a class that the actor may read, or raise NotFound CLASS_UNKNOWN or SURVEY_UNKNOWN.

    Its institution learns how people answered only from a measured survey with enough answers: nobody's betrays them.
    """
    examined = (await visible_class(uow, class_id)).examined
    survey = await standing_survey(uow, class_id)
    term = term_of(uow, examined)
    own = is_own(uow.actor, examined)
    return SurveyReading(
        survey=survey,
        term=term,
        findings=tuple(judge_survey(survey, uow.shelf.by_id(examined.rulebook_id))),
        decisions=await uow.surveys.decisions(class_id),
        shows_tally=not own or (survey.measured and survey.responses >= term.tally_shown_from),
    )


async def read_survey_question(uow: AssessmentUnit, class_id: str) -> tuple[Survey, SatisfactionSurvey]:
    """Give anybody the survey of a class and the term with its question, or raise NotFound SURVEY_UNKNOWN."""
    examined, survey = await uow.classes.get(class_id), await standing_survey(uow, class_id)
    if examined is None:
        raise NotFound(code="SURVEY_UNKNOWN", message="没有此满意度调查。", advice="请核对班级编号。", field="class_id")
    return survey, term_of(uow, examined)
