"""Batches of sign-ins: each row judged, kept once, answered, and counted in the newest revision."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from services.supervision.application.approve_sign_ins import approve_sign_ins
from services.supervision.application.end_class import end_class
from services.supervision.application.receive_sign_ins import BatchAnswer
from services.supervision.storage.tables import REUSED_SEQUENCE, SIGN_IN
from shared.audit.tables import AUDIT_ENTRY
from shared.contracts.enrollment import ClassClosed
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassSignIns,
    FindingRaised,
    SignInsReceived,
    TrainingCompleted,
)
from shared.domain.errors import NotFound
from tests.supervision.office import DEVICE, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, device, people

NINE = at(OPENING, 9)
DAY_AFTER_CLOSING = at(OPENING + timedelta(days=1), 18)
END = at(OPENING + timedelta(days=5), 9)


def outcomes(answer: BatchAnswer) -> list[str]:
    return [row.outcome for row in answer.rows]


def codes(answer: BatchAnswer) -> list[str | None]:
    return [row.explanation.code if row.explanation else None for row in answer.rows]


async def ready(office: Office) -> None:
    await office.register()
    await office.open()


async def test_the_same_batch_again_is_all_duplicates_and_changes_nothing(office: Office) -> None:
    await ready(office)
    batch = sign_ins((*people(45), "stranger"), NINE)

    first = await office.push(batch)
    again = await office.push(batch)

    assert first.counts == {"accepted": 45, "refused": 1}
    assert again.counts == {"duplicate": 46}
    assert codes(again)[-1] == "NOT_ON_ROSTER"
    received = await office.events(SignInsReceived)
    assert [(e.accepted, e.late, e.pending, e.refused, e.classes) for e in received] == [(45, 0, 0, 1, (CLASS,))]
    assert received[0].by_class == (ClassSignIns(class_id=CLASS, accepted=45, late=0, refused=1),)


async def test_every_batch_leaves_one_audit_row_with_counts_only(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(people(3), NINE))
    await office.push(sign_ins(people(3), NINE))

    async with office.database.connect(write=False) as connection:
        query = select(AUDIT_ENTRY.c.details).where(AUDIT_ENTRY.c.action == "sign_ins.received")
        details = (await connection.execute(query.order_by(AUDIT_ENTRY.c.seq))).scalars().all()

    assert details == [{"accepted": 3, "reused": 0, "unreadable": 0}, {"duplicate": 3, "reused": 0, "unreadable": 0}]


async def test_a_sequence_that_says_something_else_is_refused_and_kept_as_evidence(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(("p01",), NINE))

    for _ in range(2):
        answer = await office.push(sign_ins(("p02",), NINE))

    assert (outcomes(answer), codes(answer)) == (["refused"], ["SEQUENCE_REUSED"])
    async with office.database.connect(write=False) as connection:
        kept = (await connection.execute(select(REUSED_SEQUENCE.c.person_id))).scalars().all()
        stored = (await connection.execute(select(SIGN_IN.c.person_id))).scalars().all()
    assert (kept, stored) == (["p02"], ["p01"])


async def test_a_device_that_begins_anew_at_used_numbers_is_answered_however_large_its_backlog(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(("p01",) * 5000, NINE))

    answer = await office.push(sign_ins(("p02",) * 5000, NINE))

    assert answer.counts == {"refused": 5000}
    async with office.database.connect(write=False) as connection:
        kept = (await connection.execute(select(func.count()).select_from(REUSED_SEQUENCE))).scalar_one()
    assert kept == 5000


async def test_a_sequence_twice_in_one_batch_counts_once(office: Office) -> None:
    await ready(office)
    row, other = sign_ins(("p01",), NINE)[0], sign_ins(("p02",), NINE)[0]

    answer = await office.push([row, {**row, "score": None}, other])

    assert outcomes(answer) == ["accepted", "duplicate", "refused"]
    assert codes(answer) == [None, None, "SEQUENCE_REUSED"]


async def test_an_explanation_names_rule_clause_and_what_to_do(office: Office) -> None:
    await ready(office)

    answer = await office.push(sign_ins(("p01",), NINE, method="manual"))

    explanation = answer.rows[0].explanation
    assert explanation is not None
    assert (explanation.code, explanation.rule, explanation.clause) == ("APPROVAL_REQUIRED", "JY-SUP-01", "二(三)2")
    assert explanation.message
    assert explanation.advice


async def test_sign_ins_of_a_class_not_yet_known_wait_and_count_once_it_opens(office: Office) -> None:
    await office.register()
    early = sign_ins(people(12), NINE - timedelta(days=1))
    pushed = await office.push([*early, *sign_ins(people(40), NINE, first=13)])
    assert pushed.counts == {"pending": 52}

    await office.open()
    again = await office.push(early)

    assert codes(again) == ["BEFORE_APPROVAL"] * 12
    await office.close_until(DAY_AFTER_CLOSING)
    checked = await office.events(AttendanceChecked)
    assert [(each.session_id, each.revision, len(each.present)) for each in checked] == [
        ("s1-am", 1, 40),
        ("s1-pm", 1, 0),
    ]


async def test_sign_ins_of_a_class_that_never_opens_are_refused_in_the_end(office: Office) -> None:
    await office.register()
    batch = sign_ins(people(2), NINE)
    await office.push(batch)

    await office.act(lambda uow: end_class(uow, ClassClosed(class_id=CLASS, reason="not_opened", on=OPENING)))

    assert codes(await office.push(batch)) == ["CLASS_NOT_OPENED"] * 2


@pytest.mark.parametrize("reason", ["not_opened", "withdrawn"])
async def test_a_sign_in_that_comes_after_the_end_of_a_class_that_never_opened_does_not_wait(
    office: Office, reason: Any
) -> None:
    await office.register()
    await office.act(lambda uow: end_class(uow, ClassClosed(class_id=CLASS, reason=reason, on=OPENING)))

    answer = await office.push(
        [*sign_ins(("p01",), NINE), *sign_ins(("p01",), NINE, first=2, class_id="class-2")],
    )

    assert outcomes(answer) == ["refused", "pending"]
    assert codes(answer) == ["CLASS_NOT_OPENED", "CLASS_NOT_OPEN_YET"]


async def test_the_event_of_a_batch_names_only_classes_that_took_something_from_it(office: Office) -> None:
    await ready(office)
    await office.open(class_opened(class_id="class-2", institution_id="institution-2"))
    await office.push(sign_ins(("p01",), NINE))

    await office.push(
        [
            *sign_ins(("p01", "stranger"), NINE),
            *sign_ins(("p02",), NINE, first=3, class_id="class-2"),
            *sign_ins(("p03",), NINE, first=4, class_id="whatever the device says"),
        ]
    )

    received = (await office.events(SignInsReceived))[-1]
    assert (received.accepted, received.pending, received.refused, received.classes) == (0, 1, 2, ())


async def test_a_late_batch_makes_one_revision_per_session_it_changes(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(people(46), NINE))
    await office.close_until(DAY_AFTER_CLOSING)

    late = [
        *sign_ins(("p47", "p48", "p01"), NINE, first=100),
        *sign_ins(("p01", "p02"), at(OPENING, 14), first=200),
        *sign_ins(("p03",), at(OPENING + timedelta(days=1), 9), first=300),
    ]
    answer = await office.push(late, now=DAY_AFTER_CLOSING + timedelta(hours=1))

    assert answer.counts == {"late": 5, "accepted": 1}
    checked = await office.events(AttendanceChecked)
    assert [(each.session_id, each.revision, len(each.present)) for each in checked[2:]] == [
        ("s1-am", 2, 48),
        ("s1-pm", 2, 2),
    ]


async def test_a_late_sign_in_that_says_nothing_new_makes_no_revision(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(people(46), NINE))
    await office.close_until(DAY_AFTER_CLOSING)
    before = await office.events()

    answer = await office.push(sign_ins(("p01",), NINE, first=100), now=DAY_AFTER_CLOSING)

    assert answer.counts == {"late": 1}
    assert [type(event) for event in await office.events()] == [*map(type, before), SignInsReceived]


async def test_a_late_sign_in_after_completion_republishes_the_totals(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(people(46), NINE))
    await office.close_until(END)

    await office.push(sign_ins(("p47",), NINE, first=100), now=END)

    totals = await office.events(TrainingCompleted)
    assert [(each.revision, each.opening_headcount) for each in totals] == [(1, 46), (2, 47)]


async def test_a_sign_in_from_the_future_is_kept_and_flagged_but_not_counted(office: Office) -> None:
    await ready(office)
    tomorrow = NINE + timedelta(days=1)

    answer = await office.push(sign_ins(people(2), tomorrow))
    await office.push(sign_ins(people(2), tomorrow, first=10))

    assert codes(answer) == ["SIGNED_IN_FUTURE"] * 2
    raised = await office.events(FindingRaised)
    assert [(each.check, each.blocking) for each in raised] == [("device_clock", False)]
    assert await office.events(SignInsReceived) == []


async def test_a_future_sign_in_of_a_waiting_class_is_flagged_when_it_opens(office: Office) -> None:
    await office.register()
    await office.push(sign_ins(("p01",), NINE), now=NINE - timedelta(days=1))

    await office.open()

    assert [each.check for each in await office.events(FindingRaised)] == ["device_clock"]


async def test_an_approved_manual_sign_in_counts_even_after_closing(office: Office) -> None:
    await ready(office)
    await office.push([*sign_ins(people(45), NINE), *sign_ins(("p46", "p47"), NINE, first=100, method="manual")])
    await office.close_until(DAY_AFTER_CLOSING)

    approval = await office.act(
        lambda uow: approve_sign_ins(
            uow, class_id=CLASS, device_id="device-1", sequences=[100, 1, 999], reason="指纹破损"
        ),
        actor=INSPECTOR,
        now=END,
    )

    assert (approval.approved, approval.unknown) == ((100,), (1, 999))
    last = (await office.events(AttendanceChecked))[-1]
    assert (last.revision, len(last.present), last.present[-1].methods) == (2, 46, ("manual",))
    again = await office.act(
        lambda uow: approve_sign_ins(uow, class_id=CLASS, device_id="device-1", sequences=[100], reason="指纹破损"),
        actor=INSPECTOR,
        now=END,
    )
    assert again.unknown == (100,)


@pytest.mark.parametrize("caller", ["other device", "other institution", "unknown"])
async def test_a_device_that_is_not_the_callers_does_not_exist(office: Office, caller: str) -> None:
    await office.register(device("device-1"), device("device-2"), device("device-3", institution_id="institution-2"))
    device_id = {"other device": "device-2", "other institution": "device-3", "unknown": "device-4"}[caller]

    with pytest.raises(NotFound, match="DEVICE_UNKNOWN"):
        await office.push(
            sign_ins(("p01",), NINE), device_id=device_id, actor=DEVICE if caller == "other device" else SCHOOL
        )


async def test_a_batch_of_several_classes_is_judged_row_by_row(office: Office) -> None:
    await ready(office)

    answer = await office.push([*sign_ins(("p01",), NINE), *sign_ins(("p01",), NINE, first=2, class_id="class-2")])

    assert outcomes(answer) == ["accepted", "pending"]


@pytest.mark.parametrize("known", [True, False])
async def test_sign_ins_before_the_approval_are_kept_and_count_nothing(office: Office, known: bool) -> None:
    """JY-ENR-06: twelve on the eve of the approval are kept and count 0, forty after it count, known class or not."""
    await office.register()
    opened = class_opened(approved_at=at(OPENING, 10))
    batch = [*sign_ins(people(12), NINE), *sign_ins(people(40), at(OPENING, 10), first=100)]
    if known:
        await office.open(opened)
    await office.push(batch)
    if not known:
        await office.open(opened)

    async with office.database.connect(write=False) as connection:
        stored = await connection.execute(select(SIGN_IN.c.code, func.count().label("number")).group_by(SIGN_IN.c.code))
        assert {row.code: row.number for row in stored} == {"BEFORE_APPROVAL": 12, None: 40}
    async with office.unit() as uow:
        assert len((await uow.sign_ins.counted(CLASS, ["s1-am"]))["s1-am"]) == 40
