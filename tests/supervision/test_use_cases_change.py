"""A running class changes by an approved ClassChanged (JY-ENR-06); it does not matter what came first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.application.approve_sign_ins import approve_sign_ins
from services.supervision.application.report_videos import report_videos
from shared.contracts.enrollment import ClassChanged, ClassClosed, OpenedTrainee, PlannedSession
from shared.contracts.supervision import AttendanceChecked, FindingClosed, TrainingCompleted
from tests.supervision.office import INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, clip, people, timetable

DAY_TWO = OPENING + timedelta(days=1)
NINE, SIX = at(OPENING, 9), at(OPENING, 18)
END = at(OPENING + timedelta(days=9), 9)
AM1, PM1, AM2, PM2 = timetable()
EVENING = replace(PM2, starts_at=at(DAY_TWO, 18), ends_at=at(DAY_TWO, 20, 40), teacher_id="teacher-2")


def changed(sessions: tuple[PlannedSession, ...] | None, **others: object) -> ClassChanged:
    fact = ClassChanged(
        class_id=CLASS,
        change="timetable",
        opening_date=OPENING,
        closing_date=OPENING + timedelta(days=30),
        sessions=sessions,
    )
    return replace(fact, **others)  # type: ignore[arg-type]


async def ready(office: Office) -> None:
    await office.register()
    await office.open()


async def film(office: Office) -> None:
    sessions = (await office.file()).sessions
    clips = [clip(each.session_id, each.starts_at, each.ends_at) for each in sessions]
    await office.act(lambda uow: report_videos(uow, class_id=CLASS, clips=clips), actor=SCHOOL, now=END)


async def test_timers_follow_the_timetable(office: Office) -> None:
    await ready(office)
    extra = replace(AM2, session_id="s3-am", starts_at=at(DAY_TWO, 7), ends_at=at(DAY_TWO, 8, 40))

    await office.take(changed((AM1, PM1, EVENING, extra)), occurred_at=SIX)

    day = timedelta(hours=24)
    assert await office.timers() == {
        f"{CLASS}/s1-am": AM1.ends_at + day,
        f"{CLASS}/s1-pm": PM1.ends_at + day,
        f"{CLASS}/s2-pm": EVENING.ends_at + day,
        f"{CLASS}/s3-am": extra.ends_at + day,
    }
    file = await office.file()
    assert [each.session_id for each in file.sessions] == ["s1-am", "s1-pm", "s3-am", "s2-pm"]
    assert [each.session_id for each in file.dropped] == ["s2-am"]


@pytest.mark.parametrize("first", ["change", "sign-ins", "closing"])
async def test_sign_ins_count_by_the_changed_timetable_whichever_came_first(office: Office, first: str) -> None:
    await ready(office)
    change = changed((AM1, PM1, EVENING))
    batch = [*sign_ins(people(46), NINE), *sign_ins(people(46), PM1.starts_at, first=100)]
    batch += sign_ins(people(10), AM2.starts_at, first=200)  # nobody taught then
    batch += sign_ins(people(47), EVENING.starts_at, first=300)
    if first == "change":
        await office.take(change, occurred_at=SIX)
    await office.push(batch, now=at(DAY_TWO, 21))
    if first == "closing":
        await office.close_until(END)
    if first != "change":
        await office.take(change, occurred_at=SIX)
    await office.close_until(END)
    await film(office)

    file = await office.file()
    attended = {each.session_id: len(each.present) for each in file.sessions}
    assert attended == {"s1-am": 46, "s1-pm": 46, "s2-pm": 47}
    assert [(each.session_id, each.present) for each in file.dropped] == [("s2-am", ())]
    last = (await office.events(TrainingCompleted))[-1]
    assert (last.sessions, last.theory_class_hours, last.practice_class_hours) == (3, 2, 8)
    assert {each.check for each in file.findings if each.is_open} == {"opening_check_missing", "spot_checks_few"}
    newest = {each.session_id: each for each in await office.events(AttendanceChecked)}
    assert {name: len(each.present) for name, each in newest.items()} == attended | (
        {"s2-am": 0} if first == "closing" else {}
    )
    for name in newest:
        revisions = [each.revision for each in await office.events(AttendanceChecked) if each.session_id == name]
        assert revisions == list(range(1, len(revisions) + 1))


async def test_what_a_reviewer_approved_stays_approved_under_another_timetable(office: Office) -> None:
    await ready(office)
    await office.push(sign_ins(("p01",), EVENING.starts_at, method="manual"), now=at(DAY_TWO, 21))
    await office.take(changed((AM1, PM1, AM2, EVENING)), occurred_at=SIX)
    await office.act(
        lambda uow: approve_sign_ins(uow, class_id=CLASS, device_id="device-1", sequences=[1], reason="指纹破损"),
        actor=INSPECTOR,
        now=END,
    )

    await office.take(changed((AM1, PM1, AM2, replace(EVENING, class_hours=3))), occurred_at=at(DAY_TWO, 17))

    async with office.unit() as uow:
        assert await uow.sign_ins.counted(CLASS, ["s2-pm"]) == {"s2-pm": {"p01": {"manual"}}}


@pytest.mark.parametrize(
    ("exempt", "expected"), [((), ["practice_share"]), (None, ["practice_share"]), (("JY-ENR-09",), [])]
)
async def test_an_exemption_that_comes_with_a_change_holds_from_then_on(
    office: Office, exempt: tuple[str, ...] | None, expected: list[str]
) -> None:
    """JY-ENR-09: decided with the changed timetable, in which theory prevails."""
    await ready(office)
    theory = replace(PM1, kind="theory")
    await office.take(changed((AM1, theory, AM2), exempt_by_decision=exempt), occurred_at=at(OPENING, 7))
    batch = [*sign_ins(people(50), NINE), *sign_ins(people(50), theory.starts_at, first=100)]
    await office.push([*batch, *sign_ins(people(50), AM2.starts_at, first=200)], now=at(DAY_TWO, 21))
    await office.close_until(END)
    found = [each.check for each in (await office.file()).findings]
    assert [check for check in found if check == "practice_share"] == expected


@pytest.mark.parametrize("sign_in_first", [False, True])
async def test_who_joins_counts_from_the_moment_of_approval_and_is_expected_from_then(
    office: Office, sign_in_first: bool
) -> None:
    await ready(office)
    joined = OpenedTrainee(
        person_id="p51", groups=("employee",), masked_name="李*", payee_check="00", payee_check_key="k"
    )
    change = changed(None, change="trainees_added", added=("p51",), joined=(joined,))
    batch = [
        *sign_ins(("p51",), NINE),
        *sign_ins(("p51",), at(OPENING, 16), first=2),
        *sign_ins(("p51",), AM2.starts_at, first=3),
    ]
    if sign_in_first:
        await office.push(batch, now=END)
    await office.take(change, occurred_at=at(OPENING, 15))
    if not sign_in_first:
        await office.push(batch, now=END)

    await office.close_until(END)

    opening = (await office.file()).opening
    assert opening is not None
    assert (opening.attended, opening.planned) == (1, 50)
    marks = [
        (each.session_id, "p51" in {one.person_id for one in each.present}, "p51" in each.absent)
        for each in (await office.file()).sessions
    ]
    assert marks == [
        ("s1-am", False, False),  # came before the approval: kept, never counted
        ("s1-pm", True, False),  # approved while it ran: there, but never absent
        ("s2-am", True, False),
        ("s2-pm", False, True),
    ]


async def test_a_finding_about_a_dropped_session_falls_with_it(office: Office) -> None:
    await ready(office)
    for number, session in enumerate((await office.file()).sessions):
        await office.push(sign_ins(people(46), session.starts_at, first=100 * number), now=session.ends_at)
    await office.close_until(END)

    await office.take(changed((AM1, PM1, AM2)), occurred_at=SIX)

    file = await office.file()
    case = next(each for each in file.findings if (each.check, each.about) == ("video_incomplete", "s2-pm"))
    assert case.conclusion == "unfounded"
    assert case.finding_id in {each.finding_id for each in await office.events(FindingClosed)}


async def test_a_class_that_ended_or_is_not_open_here_takes_no_change(office: Office) -> None:
    await office.take(changed((AM1,)), occurred_at=SIX)
    await ready(office)
    await office.take(ClassClosed(class_id=CLASS, reason="withdrawn", on=OPENING), occurred_at=NINE)
    before = await office.file()

    await office.take(changed((AM1,)), occurred_at=SIX)

    assert (await office.events(), await office.timers(), await office.file()) == ([], {}, before)


async def test_a_change_told_again_changes_nothing(office: Office) -> None:
    await ready(office)
    await office.take(changed((AM1, PM1, EVENING)), occurred_at=SIX)
    before = await office.file()

    await office.take(changed((AM1, PM1, EVENING)), occurred_at=SIX)

    assert await office.file() == before
