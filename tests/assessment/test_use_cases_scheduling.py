"""Exams moved, withdrawn and decided on, windows and exceptions: what is stored, published and carried on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, delete, update
from sqlalchemy.exc import DatabaseError

from services.assessment.application.change_exam import MoveExam, admit_exam, move_exam, withdraw_exam
from services.assessment.application.rule_for_region import record_exception, revoke_exception, set_exam_window
from services.assessment.domain.assessment import Admission, Assessment
from services.assessment.domain.ruling import ExamWindow, Revocation, TransitionalException
from services.assessment.storage.tables import ADMISSION, ASSESSMENT, EXAM_WINDOW, MOVE, TRANSITIONAL_EXCEPTION
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    AssessmentWithdrawn,
    CertificateIssued,
)
from shared.domain.actor import Actor
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.assessment.office import APPROVER, BUREAU_ASSESSOR, FAIL, PASS, SCHOOL, Office
from tests.assessment.sample import APPLIED, CLASS, EXAM_DAY, REGION, TODAY, WELDER, at
from tests.assessment.test_domain_ruling import EXCEPTION

LATER = date(2021, 7, 9)


def window(opens: date, closes: date) -> ExamWindow:
    return ExamWindow(region=REGION, opens=opens, closes=closes, source="示例")


async def moved(
    office: Office, exam: Assessment, *, to: date = LATER, body_id: str | None = None, by: Actor = SCHOOL
) -> Assessment:
    command = MoveExam(exam_on=to, body_id=body_id, reason="示例")
    key = exam.assessment_id
    done = await office.act(lambda uow: move_exam(uow, assessment_id=key, command=command), actor=by, now=at(APPLIED))
    return done[0]


async def withdrawn(office: Office, exam: Assessment, *, by: Actor = SCHOOL) -> Assessment:
    key = exam.assessment_id
    return await office.act(lambda uow: withdraw_exam(uow, assessment_id=key, reason="示例"), actor=by)


async def decided(office: Office, exam: Assessment, decision: str, *, by: Actor = APPROVER) -> Assessment:
    admission = Admission(
        decision=decision,  # type: ignore[arg-type]
        reason="示例",
        decided_by=by.subject,
        decided_at=at(APPLIED),
    )
    key = exam.assessment_id
    return await office.act(lambda uow: admit_exam(uow, assessment_id=key, admission=admission), actor=by)


async def recorded(office: Office, exception: TransitionalException = EXCEPTION) -> None:
    await office.act(lambda uow: record_exception(uow, exception), actor=APPROVER)


async def test_a_moved_exam_comes_back_as_it_was_moved_and_is_announced_again(office: Office) -> None:
    """JY-ASM-02"""
    await office.prepare()
    exam = await moved(office, await office.schedule())
    twice = await moved(office, exam, to=LATER + timedelta(days=1), by=APPROVER)

    (stored,) = (await office.case()).exams
    assert stored == twice
    assert [(one.from_exam_on, one.exam_on, one.moved_by) for one in stored.moves] == [
        (EXAM_DAY, LATER, "school-1"),
        (LATER, LATER + timedelta(days=1), "approver-1"),
    ]
    assert [(event.revision, event.exam_on) for event in await office.events(AssessmentScheduled)] == [
        (1, EXAM_DAY),
        (2, LATER),
        (3, LATER + timedelta(days=1)),
    ]


async def test_a_move_obeys_the_rules_of_an_application(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()

    with pytest.raises(ExceptionGroup) as early:
        await moved(office, exam, to=APPLIED + timedelta(days=2))
    assert {refusal.code for refusal in early.value.exceptions} == {"TOO_LATE", "EXAM_BEFORE_COURSE_END"}
    with pytest.raises(Refused, match="BODY_NOT_QUALIFIED"):
        await moved(office, exam, body_id="bureau-body")
    with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
        await moved(office, exam, by=replace(SCHOOL, organisation="institution-2"))


async def test_a_withdrawn_exam_is_told_and_frees_its_people(office: Office) -> None:
    await office.prepare()
    exam = await withdrawn(office, await office.schedule())

    assert (await office.case()).exams == (exam,)
    assert exam.state == "withdrawn"
    assert [event.assessment_id for event in await office.events(AssessmentWithdrawn)] == [exam.assessment_id]
    assert (await office.schedule()).number == 2
    with pytest.raises(Refused, match="EXAM_WITHDRAWN"):
        await office.score(exam, {"p01": PASS})


async def test_withdrawing_a_resit_leaves_the_completion_as_it_was(office: Office) -> None:
    await office.prepare()
    first = await office.schedule()
    await office.finalise(first, {"p01": FAIL})
    second = await office.schedule(persons=("p01",), on=TODAY, exam_on=TODAY + timedelta(days=5))
    assert [event.revision for event in await office.events(AssessmentCompleted)] == [1]
    await withdrawn(office, second)

    assert [event.revision for event in await office.events(AssessmentCompleted)] == [1]


async def test_an_exam_withdrawn_before_anything_else_was_final_leaves_the_rest_complete(office: Office) -> None:
    await office.prepare()
    other = await office.schedule("qualification", persons=("p01",), exam_on=TODAY)
    await office.finalise(await office.schedule(), {"p02": FAIL})
    assert await office.events(AssessmentCompleted) == []

    await withdrawn(office, other)

    assert [(event.revision, event.examined) for event in await office.events(AssessmentCompleted)] == [(1, 1)]


async def test_the_exam_of_an_online_class_without_a_window_waits_for_a_recorded_decision(office: Office) -> None:
    """JY-ASM-03"""
    await office.prepare(delivery="online")
    exam = await office.schedule()
    assert (exam.state, await office.events(AssessmentScheduled)) == ("awaiting", [])
    with pytest.raises(Refused, match="EXAM_AWAITED"):
        await office.score(exam, {"p01": PASS})
    with pytest.raises(NotFound):
        await decided(office, exam, "admit", by=replace(APPROVER, region="410100"))

    admitted = await decided(office, exam, "admit")

    assert (await office.case()).exams == (admitted,)
    assert admitted.admission is not None
    assert (admitted.state, admitted.admission.decided_by) == ("scheduled", "approver-1")
    assert [event.revision for event in await office.events(AssessmentScheduled)] == [1]
    with pytest.raises(Conflict, match="NOT_AWAITED"):
        await decided(office, exam, "refuse")


async def test_a_refused_application_frees_its_people(office: Office) -> None:
    """JY-ASM-03"""
    await office.prepare(delivery="online")
    refused = await decided(office, await office.schedule(), "refuse")

    assert refused.state == "refused"
    assert await office.events() == []
    assert (await office.schedule()).state == "awaiting"


@pytest.mark.parametrize(("on", "refused"), [(date(2021, 6, 20), False), (date(2021, 6, 21), True)])
async def test_a_window_of_the_region_decides_without_a_person(office: Office, on: date, refused: bool) -> None:
    """JY-ASM-03"""
    await office.prepare(delivery="online")
    days = window(date(2021, 6, 10), date(2021, 6, 20))
    await office.act(lambda uow: set_exam_window(uow, days), actor=APPROVER)

    if refused:
        with pytest.raises(Refused, match="OUTSIDE_WINDOW"):
            await office.schedule(on=on)
    else:
        assert (await office.schedule(on=on)).state == "scheduled"


async def test_windows_and_exceptions_are_set_within_ones_own_region(office: Office) -> None:
    days = window(date(2021, 6, 10), date(2021, 6, 20))
    elsewhere = replace(APPROVER, region="130000")
    for work in (
        lambda uow: set_exam_window(uow, days),
        lambda uow: record_exception(uow, EXCEPTION),
    ):
        with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
            await office.act(work, actor=elsewhere)
    await office.act(lambda uow: set_exam_window(uow, days), actor=APPROVER)
    with pytest.raises(Conflict, match="WINDOW_EXISTS"):
        await office.act(lambda uow: set_exam_window(uow, days), actor=APPROVER)
    await recorded(office)
    ended = Revocation(on=TODAY, by="approver-1", reason="示例")
    with pytest.raises(NotFound, match="EXCEPTION_UNKNOWN"):
        await office.act(
            lambda uow: revoke_exception(uow, exception_id="exception-1", revocation=ended), actor=elsewhere
        )


@pytest.mark.parametrize(("ends_on", "kinds"), [(EXAM_DAY, ("level",)), (EXAM_DAY - timedelta(days=1), ())])
async def test_a_certificate_tells_which_exception_held_on_its_exam_day(
    office: Office, ends_on: date, kinds: tuple[str, ...]
) -> None:
    """JY-ASM-06"""
    await office.prepare()
    await recorded(office, replace(EXCEPTION, ends_on=ends_on))
    await recorded(office, replace(EXCEPTION, exception_id="other", occupation="6-31-01-03", kind="special_ability"))
    exam = await office.schedule("completion", body_id="bureau-body")
    await office.finalise(exam, {"p01": PASS}, actor=BUREAU_ASSESSOR)
    await office.issue(exam, {"p01": "PX-0001"}, actor=BUREAU_ASSESSOR)

    (event,) = await office.events(CertificateIssued)
    assert (event.excepted_kinds, event.attempted_kinds, event.attempt) == (kinds, (), 1)


async def test_a_certificate_tells_which_better_kinds_were_tried_before(office: Office) -> None:
    """JY-ASM-05: only whoever sat the better exam did not go straight to this one."""
    await office.prepare()
    first = await office.schedule()
    await office.finalise(first, {"p01": FAIL})
    later = TODAY + timedelta(days=10)
    second = await office.schedule("completion", body_id="bureau-body", on=TODAY, exam_on=later, persons=("p01", "p02"))
    await office.finalise(second, {"p01": PASS, "p02": PASS}, actor=BUREAU_ASSESSOR, on=later)
    await office.issue(second, {"p01": "PX-0001", "p02": "PX-0002"}, actor=BUREAU_ASSESSOR, on=later)

    events = await office.events(CertificateIssued)
    assert [(event.person_id, event.attempt, event.attempted_kinds) for event in events] == [
        ("p01", 2, ("level",)),
        ("p02", 1, ()),
    ]


FORBIDDEN: list[Callable[[], Executable]] = [
    lambda: update(MOVE).values(reason=""),
    lambda: delete(MOVE),
    lambda: update(ADMISSION).values(decision="refuse"),
    lambda: delete(ADMISSION),
    lambda: update(ASSESSMENT).values(withdrawn_on=EXAM_DAY),
    lambda: update(ASSESSMENT).values(withdrawn_on=None, withdrawn_by=None, withdrawal_reason=None),
    lambda: update(EXAM_WINDOW).values(closes=TODAY),
    lambda: delete(EXAM_WINDOW),
    lambda: update(TRANSITIONAL_EXCEPTION).values(ends_on=date(2022, 1, 1)),
    lambda: delete(TRANSITIONAL_EXCEPTION),
]


async def test_the_database_keeps_moves_decisions_and_rulings(office: Office) -> None:
    await office.prepare(delivery="online")
    exam = await decided(office, await moved(office, await office.schedule()), "admit")
    await withdrawn(office, exam)
    await office.act(lambda uow: set_exam_window(uow, window(date(2021, 6, 10), date(2021, 6, 20))), actor=APPROVER)
    await recorded(office)
    for statement in FORBIDDEN:
        with pytest.raises(DatabaseError, match="results only grow"):
            await office.act(lambda uow, it=statement: uow.connection.execute(it()))  # type: ignore[misc]
    ended = Revocation(on=TODAY, by="approver-1", reason="示例")
    revoked: Any = await office.act(
        lambda uow: revoke_exception(uow, exception_id="exception-1", revocation=ended), actor=APPROVER
    )
    async with office.unit() as uow:
        assert await uow.rulings.exceptions([REGION], occupation=WELDER) == [revoked]
        assert (await uow.classes.get(CLASS)) is not None
