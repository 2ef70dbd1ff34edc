"""Teachers and venues are in one place at a time, whoever asks and however many at once, on both databases."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.submit_class import submit_class
from services.enrollment.domain.institution import DirectoryEntry
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.timetable import Venue
from shared.domain.actor import Actor
from shared.domain.errors import Refused
from tests.enrollment.desk import APPROVER, SCHOOL, Desk, rows
from tests.enrollment.sample import WELDER, institution
from tests.enrollment.test_use_cases_application import every_code


async def college(desk: Desk, name: str, number: int) -> Actor:
    """Register a college, which need not file its teachers and names them as it likes."""
    listed = institution("vocational_college", institution_id=name, credit_code=f"9200000000000000{number:02d}")
    await desk.act(register_institution, listed, doubtful_code=False, by=APPROVER)
    entry = DirectoryEntry(valid_from=date(2021, 1, 1), valid_to=None, occupations=(WELDER,))
    await desk.act(list_institution, institution_id=name, entry=entry, by=APPROVER)
    by = replace(SCHOOL, subject=f"clerk of {name}", organisation=name)
    room = Venue(venue_id=desk.venue_of(name), name="实训室", stations={WELDER: 10})
    await desk.act(register_venue, institution_id=name, venue=room, address="示例路2号", by=by)
    return by


def taught_by(teacher: str, plan: ClassPlan) -> ClassPlan:
    return replace(plan, sessions=tuple(replace(one, teacher_id=teacher) for one in plan.sessions))


async def test_of_two_applications_at_once_for_one_teacher_and_room_one_is_double_booked(desk: Desk) -> None:
    drafts = []
    for skip in (0, 3):
        class_id = await desk.draft()
        await desk.send(class_id, rows(3, skip=skip))
        drafts.append(class_id)
    async with desk.unit(SCHOOL) as uow:
        await submit_class(uow, class_id=drafts[0])
        rival = asyncio.create_task(desk.act(submit_class, class_id=drafts[1], by=SCHOOL))
        done, _ = await asyncio.wait({rival}, timeout=0.5)
        assert not done, "the rival did not wait"
        await uow.commit()
    with pytest.raises(ExceptionGroup) as refusal:
        await rival
    assert every_code(refusal.value) == {"TEACHER_DOUBLE_BOOKED", "VENUE_DOUBLE_BOOKED"}


async def test_two_colleges_may_call_different_teachers_by_one_number(desk: Desk) -> None:
    for number, name in enumerate(("college-a", "college-b"), start=10):
        by = await college(desk, name, number)
        await desk.applied(taught_by("T1", desk.plan(school=name)), rows(3, skip=number * 3), by=by)
        with pytest.raises(ExceptionGroup) as again:
            await desk.draft(taught_by("T1", desk.plan(school=name)), by=by)
        assert every_code(again.value) == {"TEACHER_DOUBLE_BOOKED", "VENUE_DOUBLE_BOOKED"}


async def test_nobody_books_or_looks_up_the_teachers_and_rooms_of_another_institution(desk: Desk) -> None:
    by = await college(desk, "college", 10)
    theirs = desk.teacher_ids[0]
    squatting = taught_by(theirs, desk.plan(school="college"))
    await desk.applied(squatting, rows(3, skip=10), by=by)
    await desk.applied()  # the school's own teachers and room are free
    in_their_room = taught_by("T2", desk.plan(school="school"))
    with pytest.raises(Refused) as refusal:
        await desk.draft(in_their_room, by=by)
    assert refusal.value.code == "VENUE_UNKNOWN"
