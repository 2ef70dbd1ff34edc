"""JY-ENR-06: sign-ins that name a class which never appears are kept, and the bureau is told after some days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.application.note_unknown_class import close_unknown_class, flag_unknown_class
from services.supervision.application.queries import list_tasks
from shared.contracts.enrollment import ClassClosed
from shared.domain.actor import Role
from shared.domain.errors import Conflict, NotFound
from tests.supervision.office import INSPECTOR, Office, sign_ins
from tests.supervision.sample import OPENING, at, class_opened, device, people

NINE = at(OPENING, 9)
RECEIVED = at(OPENING, 18)
FLAGGED = RECEIVED + timedelta(days=7)
FLAG = "flag_unknown_class"


async def push_unknown(office: Office, number: int = 3, *, first: int = 1, device_id: str = "device-1") -> None:
    rows = sign_ins(people(number), NINE, first=first, class_id="clas-1")
    actor = replace(INSPECTOR, subject=device_id, organisation="institution-1", roles=frozenset({Role.DEVICE}))
    await office.push(rows, now=RECEIVED, device_id=device_id, actor=actor)


async def tasks(office: Office) -> list[tuple[str, str | None, object]]:
    found, _ = await office.act(lambda uow: list_tasks(uow, own=True, cursor=None), actor=INSPECTOR, now=FLAGGED)
    return [(task.kind, task.owner, task.due_on) for task in found]


async def flagged_case(office: Office) -> str:
    await office.register()
    await push_unknown(office)
    await office.close_until(FLAGGED)
    (case,) = await office.act(lambda uow: uow.unknown_classes.open_of("clas-1"))
    return case.case_id


async def test_after_the_rulebooks_days_the_bureau_is_told_and_the_sign_ins_are_still_there(office: Office) -> None:
    """JY-ENR-06: nothing is lost, nothing counts."""
    await office.register()
    await push_unknown(office)
    await push_unknown(office, 5)  # comes again with two more: one case, one timer, the first moment
    assert list((await office.timers(FLAG)).values()) == [FLAGGED]
    assert await office.close_until(FLAGGED - timedelta(seconds=1)) == 0
    assert await tasks(office) == []

    assert await office.close_until(FLAGGED) == 1

    assert await tasks(office) == [("unknown_class", "inspector", FLAGGED.date() + timedelta(days=7))]
    async with office.unit() as uow:
        (case,) = await uow.unknown_classes.open_of("clas-1")
        assert (case.sign_ins, case.flagged_at, case.rule) == (5, FLAGGED, "JY-ENR-06")
        assert len(await uow.sign_ins.waiting("clas-1")) == 5


async def test_each_device_that_names_the_class_is_a_case_of_its_own(office: Office) -> None:
    await office.register(device("device-1"), device("device-2"))
    await push_unknown(office)
    await push_unknown(office, device_id="device-2")
    await office.close_until(FLAGGED)

    assert len(await tasks(office)) == 2


@pytest.mark.parametrize("flagged", [False, True])
async def test_a_class_that_opens_after_all_ends_the_watch_and_its_sign_ins_are_judged(
    office: Office, flagged: bool
) -> None:
    await office.register()
    await push_unknown(office)
    if flagged:
        await office.close_until(FLAGGED)

    await office.open(class_opened(class_id="clas-1"))

    assert (await office.timers(FLAG), await tasks(office)) == ({}, [])
    async with office.unit() as uow:
        assert len((await uow.sign_ins.counted("clas-1", ["s1-am"]))["s1-am"]) == 3


async def test_a_class_that_will_never_open_ends_the_watch(office: Office) -> None:
    await office.register()
    await push_unknown(office)

    await office.take(ClassClosed(class_id="clas-1", reason="not_opened", on=OPENING), occurred_at=RECEIVED)

    assert await office.timers(FLAG) == {}


async def test_a_person_closes_the_case_once_and_later_sign_ins_make_another(office: Office) -> None:
    case_id = await flagged_case(office)

    async def close() -> None:
        await office.act(lambda uow: close_unknown_class(uow, case_id=case_id, reason="班级编号误设"), actor=INSPECTOR)

    await close()

    with pytest.raises(Conflict, match="FINDING_CLOSED"):
        await close()
    assert await tasks(office) == []
    await push_unknown(office, first=100)
    assert len(await office.timers(FLAG)) == 1
    async with office.unit() as uow:
        assert len(await uow.sign_ins.waiting("clas-1")) == 6


async def test_a_case_not_yet_flagged_or_of_another_region_is_unknown(office: Office) -> None:
    await office.register()
    await push_unknown(office)
    (watched,) = await office.act(lambda uow: uow.unknown_classes.open_of("clas-1"))
    for actor in (INSPECTOR, replace(INSPECTOR, region="341124")):
        with pytest.raises(NotFound, match="FINDING_UNKNOWN"):
            await office.act(
                lambda uow: close_unknown_class(uow, case_id=watched.case_id, reason="x"),
                actor=actor,
            )
        await office.close_until(FLAGGED)


async def test_a_timer_that_fires_for_a_case_closed_meanwhile_does_nothing(office: Office) -> None:
    case_id = await flagged_case(office)
    await office.act(lambda uow: close_unknown_class(uow, case_id=case_id, reason="误设"), actor=INSPECTOR)

    await office.act(lambda uow: flag_unknown_class(uow, case_id))

    assert await tasks(office) == []
