"""Whoever comes at the same moment: nothing is counted twice, nothing is lost, revisions only rise."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from services.supervision.application.close_finding import close_finding
from services.supervision.application.close_session import close_session
from services.supervision.application.record_check import RecordCheck, record_check
from services.supervision.application.void_record import void_check
from shared.contracts.enrollment import ClassChanged
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassCancelled,
    FindingRaised,
    SignInsReceived,
    SpotCheckVoided,
    TrainingCompleted,
)
from shared.domain.errors import Conflict
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, device, people, planned_session

NINE = at(OPENING, 9)
END = at(OPENING + timedelta(days=5), 9)
ONE_SESSION = (planned_session("s1-am", NINE),)


async def test_fifty_posts_of_the_same_batch_at_once_have_one_effect(office: Office) -> None:
    await office.register()
    await office.open()
    batch = sign_ins(people(50), NINE)

    answers = await asyncio.gather(*(office.push(batch) for _ in range(50)))

    total = sum((Counter(answer.counts) for answer in answers), Counter())
    assert total == {"accepted": 50, "duplicate": 49 * 50}
    assert len(await office.events(SignInsReceived)) == 1


async def test_two_batches_and_the_closing_timer_race_and_every_sign_in_is_counted(office: Office) -> None:
    await office.register(device("device-1"), device("device-2"))
    for number in range(8):
        class_id = f"class-{number}"
        await office.open(class_opened(class_id=class_id, sessions=ONE_SESSION))
        batches = [
            sign_ins(people(50)[start : start + 24], NINE, first=1 + 100 * number, class_id=class_id)
            for start in (0, 24)
        ]
        actors = [office.push(batches[0]), office.push(batches[1], device_id="device-2", actor=SCHOOL)]
        closing = office.act(lambda uow, key=f"{class_id}/s1-am": close_session(uow, key), now=END)  # type: ignore[misc]
        racers = [*actors, closing]
        await asyncio.gather(*(racers[(place + number) % 3] for place in range(3)))

        checked = [event for event in await office.events(AttendanceChecked) if event.class_id == class_id]
        assert [event.revision for event in checked] == list(range(1, len(checked) + 1))
        assert [presence.person_id for presence in checked[-1].present] == list(people(48))
        totals = [event for event in await office.events(TrainingCompleted) if event.class_id == class_id]
        assert [event.revision for event in totals] == list(range(1, len(totals) + 1))
        assert totals[-1].opening_headcount == 48


async def test_a_batch_races_with_the_opening_and_no_sign_in_waits_for_ever(office: Office) -> None:
    await office.register()
    for number in range(6):
        class_id = f"class-{number}"
        batch = sign_ins(people(20), NINE, first=1 + 100 * number, class_id=class_id)
        opening = office.open(class_opened(class_id=class_id))
        racers = [office.push(batch), opening]
        await asyncio.gather(*(racers if number % 2 else reversed(racers)))

        async with office.unit() as uow:
            assert await uow.sign_ins.waiting(class_id) == []
            assert len((await uow.sign_ins.counted(class_id, ["s1-am"]))["s1-am"]) == 20


async def test_one_flush_of_backlog_by_many_requests_revises_step_by_step(office: Office) -> None:
    await office.register()
    await office.open(class_opened(sessions=ONE_SESSION))
    await office.push(sign_ins(people(45), NINE))
    await office.close_until(END)

    await asyncio.gather(
        *(
            office.push(sign_ins((person,), NINE, first=100 + place), now=END)
            for place, person in enumerate(people(50)[45:])
        )
    )

    checked = await office.events(AttendanceChecked)
    assert [(event.revision, len(event.present)) for event in checked] == [(n, 44 + n) for n in range(1, 7)]
    assert sorted(event.check for event in await office.events(FindingRaised)) == [
        "opening_check_missing",
        "practice_share",
        "spot_checks_few",
        "video_incomplete",
    ]
    assert (await office.file(CLASS)).training_class.completion.opening_headcount == 50  # type: ignore[union-attr]


async def test_the_confirmation_races_with_the_late_upload_that_refutes_it_and_one_of_them_wins(office: Office) -> None:
    await office.register()
    for number in range(6):
        class_id = f"class-{number}"
        await office.open(class_opened(class_id=class_id, sessions=ONE_SESSION))
        await office.push(sign_ins(people(44), NINE, first=1 + 100 * number, class_id=class_id))
        await office.close_until(END)
        held = await office.file(class_id)
        finding_id = next(each.finding_id for each in held.findings if each.check == "opening_attendance")
        late = sign_ins(("p45",), NINE, first=90 + 100 * number, class_id=class_id)
        racers = [
            office.push(late, now=END),
            office.act(
                lambda uow, found=finding_id: close_finding(  # type: ignore[misc]
                    uow, finding_id=found, conclusion="confirmed", reason="已核实"
                ),
                actor=APPROVER,
                now=END,
            ),
        ]

        results = await asyncio.gather(*(racers if number % 2 else reversed(racers)), return_exceptions=True)

        state = (await office.file(class_id)).training_class.state
        cancelled = [event for event in await office.events(ClassCancelled) if event.class_id == class_id]
        conflicts = [result for result in results if isinstance(result, Conflict)]
        assert (state, len(cancelled), len(conflicts)) in {("cancelled", 1, 0), ("completed", 0, 1)}
        assert all(isinstance(result, Conflict) or not isinstance(result, BaseException) for result in results)


async def test_a_change_of_the_timetable_races_with_sign_ins_and_closing_and_nothing_is_lost(office: Office) -> None:
    """JY-ENR-06: whoever comes first, the evening to which the session was moved is what counts."""
    await office.register()
    evening = replace(ONE_SESSION[0], starts_at=at(OPENING, 18), ends_at=at(OPENING, 20, 40))
    for number in range(6):
        class_id = f"class-{number}"
        await office.open(class_opened(class_id=class_id, sessions=ONE_SESSION))
        change = ClassChanged(
            class_id=class_id, change="timetable", opening_date=OPENING, closing_date=OPENING, sessions=(evening,)
        )
        batch = [
            *sign_ins(people(50), NINE, first=1 + 1000 * number, class_id=class_id),
            *sign_ins(people(47), evening.starts_at, first=500 + 1000 * number, class_id=class_id),
        ]
        racers = [
            office.push(batch, now=END),
            office.take(change, occurred_at=at(OPENING, 8)),
            office.act(lambda uow, key=f"{class_id}/s1-am": close_session(uow, key), now=END),  # type: ignore[misc]
        ]
        await asyncio.gather(*(racers[(place + number) % 3] for place in range(3)))
        await office.close_until(END)

        checked = [event for event in await office.events(AttendanceChecked) if event.class_id == class_id]
        assert [event.revision for event in checked] == list(range(1, len(checked) + 1))
        assert [presence.person_id for presence in checked[-1].present] == list(people(47))


async def test_two_people_void_one_record_at_the_same_moment_and_one_of_them_is_told(office: Office) -> None:
    await office.open(class_opened(sessions=ONE_SESSION))
    command = RecordCheck(
        kind="opening",
        held_at=NINE,
        place="实训楼",
        headcount=5,
        sign_in_in_order=True,
        records_retained=True,
        teachers_seen=(),
        companions=(),
        note="",
    )
    made, _ = await office.act(lambda uow: record_check(uow, class_id=CLASS, command=command), actor=INSPECTOR)

    results = await asyncio.gather(
        *(
            office.act(
                lambda uow: void_check(uow, class_id=CLASS, check_id=made.check_id, reason="误录"),
                actor=replace(APPROVER, subject=f"approver-{number}"),
            )
            for number in range(4)
        ),
        return_exceptions=True,
    )

    assert Counter(type(result) for result in results) == {tuple: 1, Conflict: 3}
    assert len(await office.events(SpotCheckVoided)) == 1
