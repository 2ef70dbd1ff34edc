"""The satisfaction survey: who is asked, what counts, and what it calls for (JY-QUA-01, JY-QUA-02)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.assessment.domain.survey import (
    Survey,
    SurveyDecision,
    answer_survey,
    decide,
    judge_survey,
    measure,
    open_survey,
)
from shared.domain.errors import Conflict, Refused
from shared.policy.terms.assessment import SatisfactionSurvey
from tests.assessment.sample import CLASS, CLOSED, at, jiyuan, without_term


def term() -> SatisfactionSurvey:
    found = jiyuan().assessment.satisfaction_survey
    assert found is not None
    return found


LAST_DAY = CLOSED + timedelta(days=term().window_calendar_days)


def survey(satisfied: int = 0, dissatisfied: int = 0, *, invited: int = 40) -> Survey:
    tally = {"satisfied": satisfied, "dissatisfied": dissatisfied}
    opened = open_survey(CLASS, invited=invited, on=CLOSED, term=term())
    return replace(opened, tally={answer: number for answer, number in tally.items() if number})


def decision(kind: str, closes_on: date) -> SurveyDecision:
    return SurveyDecision(
        decision=kind,  # type: ignore[arg-type]
        closes_on=closes_on,
        reason="示例",
        decided_by="approver-1",
        decided_at=at(LAST_DAY),
    )


@pytest.mark.parametrize("day", [CLOSED, LAST_DAY])
def test_an_answer_counts_from_the_closing_to_the_last_day_of_the_window(day: date) -> None:
    """JY-QUA-01"""
    answered = answer_survey(survey(), "very_satisfied", today=day, term=term())

    assert (answered.responses, answered.satisfied(term())) == (1, 1)


def test_no_answer_counts_after_the_window_or_once_it_is_measured() -> None:
    for asked, day in ((survey(), LAST_DAY + timedelta(days=1)), (measure(survey(), term=term())[0], CLOSED)):
        with pytest.raises(Refused, match="SURVEY_CLOSED"):
            answer_survey(asked, "satisfied", today=day, term=term())


def test_an_answer_outside_the_scale_is_refused_with_the_scale() -> None:
    with pytest.raises(Refused, match="ANSWER_UNKNOWN") as caught:
        answer_survey(survey(), "perfect", today=CLOSED, term=term())

    assert caught.value.rule == "JY-QUA-01"
    assert "very_satisfied（非常满意）" in caught.value.advice


def test_only_the_answers_that_the_rulebook_calls_satisfied_are() -> None:
    asked = survey(invited=5)
    for answer in term().answers:
        asked = answer_survey(asked, answer.code, today=CLOSED, term=term())

    _, event = measure(asked, term=term())

    assert (event.satisfied, event.valid_responses, event.invited, event.revision) == (2, 5, 5, 1)


def test_it_is_over_when_everybody_answered_or_the_last_day_has_passed() -> None:
    assert not survey(39).is_over(LAST_DAY)
    assert survey(40).is_over(CLOSED)
    assert survey(0).is_over(LAST_DAY + timedelta(days=1))
    assert not measure(survey(40), term=term())[0].is_over(LAST_DAY)


def test_thirty_four_satisfied_of_forty_call_for_nothing_and_thirty_three_for_a_person() -> None:
    """JY-QUA-02"""
    assert list(judge_survey(measure(survey(34, 6), term=term())[0], jiyuan())) == []

    (found,) = judge_survey(measure(survey(33, 7), term=term())[0], jiyuan())

    assert (found.code, found.rule, found.severity) == ("SATISFACTION_LOW", "JY-QUA-02", "ask")
    assert list(judge_survey(survey(33, 7), jiyuan())) == []
    assert list(judge_survey(measure(survey(33, 7), term=term())[0], without_term("satisfaction"))) == []


def test_a_survey_that_nobody_answered_warns_instead_of_passing() -> None:
    """JY-QUA-01"""
    (found,) = judge_survey(measure(survey(), term=term())[0], jiyuan())

    assert (found.code, found.rule, found.severity) == ("SURVEY_MISSING", "JY-QUA-01", "warn")


def test_an_extension_keeps_the_answers_and_a_repetition_counts_anew() -> None:
    measured, _ = measure(survey(10, 1), term=term())
    later = LAST_DAY + timedelta(days=10)

    longer = decide(measured, decision("extend", later), today=LAST_DAY)
    again = decide(measured, decision("repeat", later), today=LAST_DAY)

    assert (longer.measured, longer.responses, longer.round, longer.closes_on) == (False, 11, 1, later)
    assert (again.measured, again.responses, again.round, again.opened_on) == (False, 0, 2, LAST_DAY)
    assert [measure(one, term=term())[1].revision for one in (longer, again)] == [2, 2]


def test_a_decision_needs_a_later_day_and_something_to_wait_for() -> None:
    for kind, day in (("extend", LAST_DAY), ("repeat", CLOSED), ("extend", CLOSED)):
        with pytest.raises(Refused, match="SURVEY_DATE"):
            decide(survey(1), decision(kind, day), today=CLOSED)
    with pytest.raises(Conflict, match="SURVEY_COMPLETE"):
        decide(survey(40), decision("extend", LAST_DAY + timedelta(days=1)), today=CLOSED)
