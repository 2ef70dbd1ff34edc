"""Ask the trainees of a class how satisfied they are, from its closing until everybody answered or the time is up."""

from collections.abc import Iterable
from typing import Final

from services.assessment.application.access import bureau_class, own_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.survey import (
    Survey,
    SurveyDecision,
    answer_survey,
    code_unknown,
    code_used,
    decide,
    measure,
    open_survey,
)
from shared.clock import end_of_day
from shared.contracts.enrollment import ClassClosed
from shared.domain.errors import NotFound
from shared.policy.terms.assessment import SatisfactionSurvey

SURVEY_END: Final = "survey_end"
"""The timer that ends a survey; its key is the class."""


async def begin_survey(uow: AssessmentUnit, examined: ExaminedClass, fact: ClassClosed) -> None:
    """Invite everybody who was in the class to its end (JY-ASM-10); nothing where no survey is asked for."""
    term = uow.shelf.by_id(examined.rulebook_id).assessment.satisfaction_survey
    if term is None or not term.answers or await uow.surveys.get(examined.class_id) is not None:
        return
    persons = examined.roster_on(fact.on)
    survey = open_survey(examined.class_id, invited=len(persons), on=fact.on, term=term)
    await uow.surveys.add(survey)
    await _invite(uow, survey, persons)
    await uow.audit(action="survey.opened", subject=examined.class_id, details={"invited": survey.invited})
    await _end_if_over(uow, survey, term)


async def read_codes(uow: AssessmentUnit, class_id: str) -> tuple[Survey, SatisfactionSurvey, dict[str, str]]:
    """Give the institution the codes it hands out, by person; who had them and when stands in the audit.

    Raise NotFound CLASS_UNKNOWN or SURVEY_UNKNOWN, Refused SURVEY_CLOSED when nobody may answer any more.
    """
    examined = (await own_class(uow, class_id)).examined
    examined.require_running()
    survey = await standing_survey(uow, class_id)
    survey.require_open(uow.today)
    codes = dict(await uow.surveys.codes(survey))
    await uow.audit(action="survey.codes_read", subject=class_id, details={"codes": len(codes), "round": survey.round})
    return survey, term_of(uow, examined), codes


async def give_answer(uow: AssessmentUnit, *, code: str, answer: str) -> None:
    """Count an answer and use up its invitation; nothing ties the two afterwards.

    Raise NotFound CODE_UNKNOWN, Conflict CODE_USED, Refused SURVEY_CLOSED, ANSWER_UNKNOWN or CLASS_ENDED.
    """
    class_id = await uow.surveys.class_invited_by(code)
    examined = None if class_id is None else await uow.classes.get(class_id, lock=True)
    if examined is None:
        raise code_unknown()
    examined.require_running()
    survey = await standing_survey(uow, examined.class_id)
    term = term_of(uow, examined)
    answered = answer_survey(survey, answer, today=uow.today, term=term)
    good = await uow.surveys.use(survey, code)
    if not good:
        raise code_unknown() if good is None else code_used()
    answered = await uow.surveys.save(answered)
    await uow.audit(action="survey.answered", subject=examined.class_id)
    await _end_if_over(uow, answered, term)


async def end_survey(uow: AssessmentUnit, class_id: str) -> None:
    """End a survey whose last day has passed; one that ended already, or whose class was cancelled, needs nothing."""
    examined = await uow.classes.get(class_id, lock=True)
    survey = await uow.surveys.get(class_id)
    if examined is not None and survey is not None and examined.ending is None:
        await _end_if_over(uow, survey, term_of(uow, examined))


async def decide_survey(uow: AssessmentUnit, *, class_id: str, decision: SurveyDecision) -> Survey:
    """Extend or repeat the survey of a class within the approver's region and give it; what it comes to is published
    again under the next revision.

    Raise NotFound CLASS_UNKNOWN or SURVEY_UNKNOWN, Refused SURVEY_DATE or CLASS_ENDED, Conflict SURVEY_COMPLETE.
    """
    examined = (await bureau_class(uow, class_id)).examined
    examined.require_running()
    standing = await standing_survey(uow, class_id)
    survey = decide(standing, decision, today=uow.today)
    await uow.surveys.add_decision(survey, decision)
    if survey.round > standing.round:
        await _invite(uow, survey, [person for person, _ in await uow.surveys.codes(standing)])
    survey = await uow.surveys.save(survey)
    await uow.schedule(due=end_of_day(survey.closes_on), kind=SURVEY_END, key=class_id)
    await uow.audit(
        action=f"survey.{decision.decision}",
        subject=class_id,
        details={"closes_on": survey.closes_on.isoformat(), "round": survey.round},
    )
    return survey


async def standing_survey(uow: AssessmentUnit, class_id: str) -> Survey:
    """Give the survey of a class, or raise NotFound SURVEY_UNKNOWN while there is none."""
    survey = await uow.surveys.get(class_id)
    if survey is None:
        raise NotFound(
            code="SURVEY_UNKNOWN",
            message="该班级尚无满意度调查。",
            advice="班级结业后自动开始满意度调查，请待结业后再查询。",
            field="class_id",
        )
    return survey


def term_of(uow: AssessmentUnit, examined: ExaminedClass) -> SatisfactionSurvey:
    """Give the term under which the class's survey was opened."""
    term = uow.shelf.by_id(examined.rulebook_id).assessment.satisfaction_survey
    if term is None:
        raise LookupError(f"{examined.rulebook_id} asks for no survey, yet {examined.class_id} has one")
    return term


async def _invite(uow: AssessmentUnit, survey: Survey, persons: Iterable[str]) -> None:
    await uow.surveys.invite(survey, persons)
    await uow.schedule(due=end_of_day(survey.closes_on), kind=SURVEY_END, key=survey.class_id)


async def _end_if_over(uow: AssessmentUnit, survey: Survey, term: SatisfactionSurvey) -> None:
    if not survey.is_over(uow.today):
        return
    measured, event = measure(survey, term=term)
    await uow.surveys.save(measured)
    await uow.unschedule(kind=SURVEY_END, key=survey.class_id)
    await uow.publish(event)
    await uow.audit(
        action="survey.measured",
        subject=survey.class_id,
        details={
            "revision": event.revision,
            "invited": event.invited,
            "valid_responses": event.valid_responses,
            "satisfied": event.satisfied,
        },
    )
