"""JY-ENR-16: people in custody may be on the custodian's register, by a recorded decision and never without one."""

import pytest

from services.supervision.application.decide_register import decide_register
from shared.contracts.enrollment import ClassChanged, OpenedTrainee
from shared.contracts.supervision import AttendanceChecked
from shared.domain.errors import Refused
from tests.supervision.office import APPROVER, DAY_ONE, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, device, people

NINE = at(OPENING, 9)
END = at(OPENING, 23)
INMATES = people(30)


async def ready(office: Office, group: str = "prisoner") -> None:
    await office.register(device(methods=("roll_call", "manual", "face")))
    await office.open(class_opened(trainees=INMATES, planned=30, group=group))


async def decide(office: Office, *, allowed: bool = True) -> None:
    await office.act(
        lambda uow: decide_register(uow, class_id=CLASS, allowed=allowed, reason="监区不得使用考勤设备"),
        actor=APPROVER,
    )


async def present(office: Office) -> int:
    async with office.unit() as uow:
        return len((await uow.sign_ins.counted(CLASS, ["s1-am"]))["s1-am"])


async def test_without_a_decision_the_register_waits_for_approval_like_any_roll_call(office: Office) -> None:
    await ready(office)

    answer = await office.push(sign_ins(INMATES, NINE, method="roll_call"))

    assert {row.explanation.code for row in answer.rows if row.explanation} == {"APPROVAL_REQUIRED"}
    assert await present(office) == 0


@pytest.mark.parametrize("group", ["prisoner", "rehabilitation"])
@pytest.mark.parametrize("decided_first", [True, False])
async def test_by_decision_the_register_is_attendance_whichever_came_first(
    office: Office, group: str, decided_first: bool
) -> None:
    """JY-ENR-16."""
    await ready(office, group)
    if decided_first:
        await decide(office)
    await office.push(sign_ins(INMATES, NINE, method="roll_call"))
    if not decided_first:
        await decide(office)

    assert await present(office) == 30


async def test_only_the_registers_methods_and_only_people_in_custody_are_exempt(office: Office) -> None:
    await ready(office)
    await decide(office)
    guard = OpenedTrainee(
        person_id="guard", groups=("employee",), masked_name="王*", payee_check="0", payee_check_key="k"
    )
    inmate = OpenedTrainee(
        person_id="late", groups=("prisoner",), masked_name="赵*", payee_check="0", payee_check_key="k"
    )
    change = ClassChanged(
        class_id=CLASS,
        change="trainees_added",
        opening_date=OPENING,
        closing_date=OPENING,
        added=("guard", "late"),
        joined=(guard, inmate),
    )
    await office.take(change, occurred_at=at(OPENING, 8))

    rows = [*sign_ins(("p01",), NINE, method="manual"), *sign_ins(("guard", "late"), NINE, first=2, method="roll_call")]
    answer = await office.push(rows)

    assert [row.outcome for row in answer.rows] == ["refused", "refused", "accepted"]


async def test_a_decision_taken_back_revises_what_was_published(office: Office) -> None:
    await ready(office)
    await decide(office)
    await office.push(sign_ins(INMATES, NINE, method="roll_call"))
    await office.close_until(at(OPENING.replace(day=OPENING.day + 1), 12))

    await decide(office, allowed=False)

    checked = await office.events(AttendanceChecked)
    assert [(each.revision, len(each.present)) for each in checked] == [(1, 30), (2, 0)]
    decisions = (await office.file()).training_class.register_decisions
    assert [(each.allowed, each.decided_by, each.decided_at) for each in decisions] == [
        (True, "approver-1", DAY_ONE),
        (False, "approver-1", DAY_ONE),
    ]


async def test_a_class_without_people_in_custody_is_refused_the_decision(office: Office) -> None:
    await ready(office, "employee")

    with pytest.raises(Refused, match="NOBODY_IN_CUSTODY") as refused:
        await decide(office)

    assert (refused.value.rule, refused.value.clause) == ("JY-ENR-16", "二(一)2")
