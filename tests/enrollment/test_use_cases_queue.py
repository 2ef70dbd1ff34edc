"""The review desk's queue: one's own step, one's own region, oldest first, with the last day in time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.enrollment.application import list_queue as module
from services.enrollment.application.list_queue import list_queue
from services.enrollment.domain.queue import Task
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from tests.enrollment.desk import APPLYING, APPROVER, EVERYTHING, FIRST, SECOND, Desk, rows
from tests.enrollment.sample import OPENING, moment


async def queue(desk: Desk, actor: Actor, *, at: object = APPLYING) -> list[Task]:
    async with desk.unit(actor, at) as uow:  # type: ignore[arg-type]
        return (await list_queue(uow, cursor=None))[0]


async def test_a_case_moves_from_desk_to_desk_with_its_deadline(desk: Desk) -> None:
    """JY-ENR-25, JY-ENR-06: each reviewer sees their own step, which must be taken before the class opens."""
    class_id = await desk.applied(sent=rows(3, group="other"))
    (task,) = await queue(desk, FIRST)
    assert (task.waiting.class_id, task.step.code, task.waiting.asking_rows) == (class_id, "first_review", 3)
    assert (task.waiting.due_on, task.overdue) == (date(2021, 5, 16), False)
    assert await queue(desk, SECOND) == []
    await desk.decide(class_id, "GROUP_DECISION", 1, 2, 3)
    await desk.review(class_id, "first_review", FIRST)
    assert await queue(desk, FIRST) == []
    (task,) = await queue(desk, SECOND, at=moment(OPENING, 8))
    assert (task.waiting.since, task.overdue, task.waiting.asking_rows) == (APPLYING, True, 0)


async def test_applications_of_one_day_wait_in_the_order_in_which_they_were_submitted(desk: Desk) -> None:
    """Who came first is first, whatever its id and however soon it is due."""
    made = []
    for number in range(4):
        opening = date(2021, 9, 6) - timedelta(days=28 * number)
        at = moment(date(2021, 5, 12), 8 + number)
        made.append(await desk.applied(desk.plan(opening), rows(3, skip=number * 10), at=at))
    assert [task.waiting.class_id for task in await queue(desk, FIRST)] == made
    assert [task.waiting.since for task in await queue(desk, FIRST)][1] == moment(date(2021, 5, 12), 9)


async def test_a_person_with_another_part_in_the_case_does_not_find_it_in_their_queue(desk: Desk) -> None:
    """JY-REP-07"""
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", EVERYTHING)
    assert await queue(desk, EVERYTHING) == []
    assert [task.step.code for task in await queue(desk, SECOND)] == ["second_review"]


async def test_the_queue_ends_at_the_region_and_at_the_role(desk: Desk) -> None:
    await desk.applied()
    assert await queue(desk, replace(FIRST, region="110000")) == []
    assert len(await queue(desk, replace(FIRST, region="410000"))) == 1
    assert await queue(desk, replace(FIRST, roles=frozenset({Role.AUDITOR}))) == []


async def test_who_acts_for_an_institution_finds_no_queue_whatever_other_role(desk: Desk) -> None:
    await desk.applied()
    assert await queue(desk, replace(FIRST, roles=frozenset({Role.FIRST_REVIEWER, Role.INSTITUTION}))) == []


async def test_proposed_changes_wait_beside_applications_oldest_first_page_by_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing = await desk.reserved()
    await desk.propose(changing, closing_date=date(2021, 5, 31), at=moment(date(2021, 5, 12), 8))
    fresh = await desk.applied(desk.plan(date(2021, 9, 6)), rows(3, skip=10), at=moment(date(2021, 5, 13), 9))
    monkeypatch.setattr(module, "PAGE", 1)
    async with desk.unit(FIRST) as uow:
        (first,), more = await list_queue(uow, cursor=None)
        (second,), end = await list_queue(uow, cursor=more)
        with pytest.raises(Refused):
            await list_queue(uow, cursor="rubbish")
    assert [(one.waiting.class_id, one.waiting.case) for one in (first, second)] == [(changing, 1), (fresh, 0)]
    assert (first.waiting.due_on, end) == (date(2021, 5, 16), None)
    await desk.review_change(changing, 1)
    assert [task.waiting.class_id for task in await queue(desk, FIRST)] == [fresh]


async def test_a_change_of_an_open_class_is_due_before_the_first_session_it_could_touch(desk: Desk) -> None:
    class_id = await desk.opened()
    sessions = (await desk.found(class_id)).plan.sessions
    changed = (*sessions[:-1], replace(sessions[-1], teacher_id=desk.teacher_ids[0]))
    during = moment(date(2021, 5, 20), 18)
    kept = [one.session_id for one in changed]
    await desk.propose(class_id, sessions=changed, kept_sessions=kept, at=during)
    (task,) = await queue(desk, FIRST, at=during)
    assert (task.waiting.due_on, task.overdue) == (date(2021, 5, 20), False)
    assert await queue(desk, APPROVER, at=during) == []
