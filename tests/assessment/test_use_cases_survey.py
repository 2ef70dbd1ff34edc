"""A class is surveyed from its closing on: invitations, answers that name nobody, what they come to, corrections."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from services.assessment.application.queries import read_survey
from services.assessment.application.survey_class import decide_survey
from services.assessment.domain.survey import SurveyDecision
from services.assessment.storage.tables import SURVEY_DECISION, SURVEY_INVITATION, SURVEY_TALLY
from shared.audit.tables import AUDIT_ENTRY
from shared.clock import end_of_day
from shared.contracts.assessment import SatisfactionMeasured
from shared.contracts.enrollment import TraineeWithdrawn
from shared.domain.errors import Conflict, NotFound, Refused
from shared.policy.rulebook import Rulebook
from tests.assessment.office import APPROVER, SCHOOL, Office
from tests.assessment.sample import CLASS, CLOSED, at, class_closed, jiyuan, people

TERM = jiyuan().assessment.satisfaction_survey
assert TERM is not None
LAST_DAY = CLOSED + timedelta(days=TERM.window_calendar_days)
TIMER_KEY = ("survey_end", CLASS)


def decision(kind: str, closes_on: date) -> SurveyDecision:
    return SurveyDecision(
        decision=kind,  # type: ignore[arg-type]
        closes_on=closes_on,
        reason="示例",
        decided_by="approver-1",
        decided_at=at(LAST_DAY),
    )


async def test_forty_learners_of_a_closed_class_make_forty_invitations(office: Office) -> None:
    """JY-ASM-10, JY-QUA-01"""
    await office.prepare(trainees=people(41))
    await office.take(TraineeWithdrawn(class_id=CLASS, person_id="p41", on=date(2021, 6, 10), reason="示例"))
    await office.take(class_closed(), class_closed())

    codes = await office.codes()

    assert tuple(codes) == people(40)
    assert len(set(codes.values())) == 40
    assert await office.codes() == codes, "handed out again they are the same"
    assert await office.timers() == {TIMER_KEY: end_of_day(LAST_DAY)}


@pytest.mark.parametrize("reason", ["cancelled", "withdrawn", "not_opened"])
async def test_a_class_that_was_not_completed_is_not_surveyed(office: Office, reason: str) -> None:
    await office.prepare()
    await office.take(class_closed(reason))

    with pytest.raises((NotFound, Refused)):
        await office.codes()
    assert await office.timers() == {}


async def test_when_everybody_answered_it_is_measured_at_once(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    codes = await office.codes()
    for person, answer in zip(people(4), ("satisfied", "very_satisfied", "neutral", "satisfied"), strict=True):
        assert await office.events(SatisfactionMeasured) == []
        await office.answer(codes[person].lower().replace("-", " "), answer)

    assert await office.events() == [
        SatisfactionMeasured(class_id=CLASS, satisfied=3, valid_responses=4, invited=4, revision=1)
    ]
    assert await office.timers() == {}
    with pytest.raises(Refused, match="SURVEY_CLOSED"):
        await office.codes()


async def test_at_the_end_of_the_window_what_is_there_is_measured_once(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    codes = await office.codes()
    await office.answer(codes["p01"], on=LAST_DAY)
    for _ in range(2):
        await office.fire_survey_end(on=LAST_DAY)

    assert await office.events() == [
        SatisfactionMeasured(class_id=CLASS, satisfied=1, valid_responses=1, invited=4, revision=1)
    ]
    with pytest.raises(Refused, match="SURVEY_CLOSED"):
        await office.answer(codes["p02"], on=LAST_DAY)


async def test_a_code_is_good_for_one_answer_and_no_other_code_for_any(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    code = (await office.codes())["p01"]
    with pytest.raises(Refused, match="ANSWER_UNKNOWN"):
        await office.answer(code, "perfect")
    await office.answer(code)

    with pytest.raises(Conflict, match="CODE_USED"):
        await office.answer(code, "dissatisfied")
    with pytest.raises(NotFound, match="CODE_UNKNOWN"):
        await office.answer("AAAA-BBBB-CCCC-DDDD")
    reading = await office.act(lambda uow: read_survey(uow, CLASS), actor=APPROVER)
    assert reading.survey.tally == {"satisfied": 1}


async def test_nothing_stored_ties_an_answer_to_a_person_or_holds_a_code(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    code = (await office.codes())["p02"]
    await office.answer(code)

    async with office.database.connect(write=False) as connection:
        tally = (await connection.execute(select(SURVEY_TALLY))).mappings().all()
        invitations = (await connection.execute(select(SURVEY_INVITATION))).mappings().all()
        audits = (await connection.execute(select(AUDIT_ENTRY))).mappings().all()
    assert [dict(row) for row in tally] == [{"class_id": CLASS, "round": 1, "answer": "satisfied", "responses": 1}]
    assert {name for row in invitations for name in row} == {"class_id", "round", "person_id", "code_hash", "used"}
    answered = [row for row in audits if row["action"] == "survey.answered"]
    assert [(row["actor"], row["subject"], row["details"]) for row in answered] == [("public", CLASS, {})]
    stored = json.dumps([dict(row) for row in (*invitations, *audits)], default=str)
    assert code not in stored
    assert code.replace("-", "") not in stored


async def test_an_extension_measures_again_under_the_next_revision(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    codes = await office.codes()
    await office.answer(codes["p01"])
    await office.fire_survey_end(on=LAST_DAY)
    later = LAST_DAY + timedelta(days=7)
    change = decision("extend", later)
    await office.act(
        lambda uow: decide_survey(uow, class_id=CLASS, decision=change), actor=APPROVER, now=at(LAST_DAY, 20)
    )
    assert await office.timers() == {TIMER_KEY: end_of_day(later)}
    await office.answer(codes["p02"], "dissatisfied", on=later)
    await office.fire_survey_end(on=later)

    assert [(event.revision, event.satisfied, event.valid_responses) for event in await office.events()] == [
        (1, 1, 1),
        (2, 1, 2),
    ]


async def test_a_repetition_has_new_codes_and_counts_its_own_answers_alone(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    old = await office.codes()
    for person in people(4):
        await office.answer(old[person])
    change = decision("repeat", LAST_DAY)
    await office.act(lambda uow: decide_survey(uow, class_id=CLASS, decision=change), actor=APPROVER, now=at(CLOSED))
    new = await office.codes()

    assert set(new) == set(old)
    assert not set(new.values()).intersection(old.values())
    with pytest.raises(NotFound, match="CODE_UNKNOWN"):
        await office.answer(old["p01"])
    await office.answer(new["p01"], "very_dissatisfied")
    await office.fire_survey_end(on=LAST_DAY)
    assert [(event.revision, event.satisfied, event.valid_responses) for event in await office.events()] == [
        (1, 4, 4),
        (2, 0, 1),
    ]
    reading = await office.act(lambda uow: read_survey(uow, CLASS), actor=APPROVER)
    assert [(one.decision, one.reason) for one in reading.decisions] == [("repeat", "示例")]


async def test_the_survey_of_a_class_cancelled_later_ends_without_a_result(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    codes = await office.codes()
    await office.take(class_closed("cancelled"))

    with pytest.raises(Refused, match="CLASS_ENDED"):
        await office.answer(codes["p01"])
    await office.fire_survey_end(on=LAST_DAY)
    assert await office.events() == []


async def test_the_institution_sees_how_people_answered_only_when_enough_did_and_it_is_over(office: Office) -> None:
    """JY-QUA-01: no answer betrays its giver."""
    await office.prepare(trainees=people(6))
    await office.take(class_closed())
    codes = await office.codes()

    async def shown(actor: object) -> bool:
        return (await office.act(lambda uow: read_survey(uow, CLASS), actor=actor)).shows_tally  # type: ignore[arg-type]

    for person in people(5):
        await office.answer(codes[person])
    assert (await shown(SCHOOL), await shown(APPROVER)) == (False, True)
    await office.fire_survey_end(on=LAST_DAY)
    assert await shown(SCHOOL)


async def test_the_database_keeps_used_invitations_counts_and_decisions(office: Office) -> None:
    await office.prepare()
    await office.take(class_closed())
    await office.answer((await office.codes())["p01"])
    change = decision("extend", LAST_DAY + timedelta(days=1))
    await office.act(lambda uow: decide_survey(uow, class_id=CLASS, decision=change), actor=APPROVER, now=at(CLOSED))

    for statement in (
        update(SURVEY_INVITATION).values(used=False),
        delete(SURVEY_INVITATION),
        update(SURVEY_TALLY).values(responses=0),
        delete(SURVEY_TALLY),
        update(SURVEY_DECISION).values(reason=""),
        delete(SURVEY_DECISION),
    ):
        with pytest.raises(DatabaseError):
            await office.act(lambda uow, statement=statement: uow.connection.execute(statement))  # type: ignore[misc]


async def test_a_rulebook_without_a_scale_asks_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that says only that there is a survey must stay readable for ever."""
    assert TERM is not None
    silent = replace(TERM, answers=())
    book = replace(jiyuan(), assessment=replace(jiyuan().assessment, satisfaction_survey=silent))

    class OneBook:
        def by_id(self, _: str) -> Rulebook:
            return book

    await office.prepare()
    monkeypatch.setattr("tests.assessment.office.shelf", OneBook)
    await office.take(class_closed())

    with pytest.raises(NotFound, match="SURVEY_UNKNOWN"):
        await office.codes()
    assert await office.timers() == {}
