"""What other documents than Jiyuan's ask of supervision, and what they leave unasked."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.supervision.application.close_finding import close_finding
from services.supervision.application.compare_attendance import compare_attendance
from services.supervision.application.state_opinion import state_opinion
from services.supervision.application.view_session import Mode, view_session
from services.supervision.domain.class_file import ClassFile, settle
from services.supervision.domain.comparison import Elsewhere
from services.supervision.domain.inspection import record_inspection
from shared.audit.tables import AUDIT_ENTRY
from shared.contracts.supervision import FindingRaised, TrainingCompleted
from shared.domain.actor import Actor, Role
from shared.domain.errors import Forbidden, Refused
from shared.policy.rulebook import Rulebook
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, Ids, at, class_file, class_opened, clip, inspection, people, shelf

PLACES = {
    "HL": ("211400", date(2020, 7, 1)),
    "HB": ("130000", date(2024, 5, 1)),
    "QJ": ("341124", date(2020, 7, 1)),
    "LS": ("371329", date(2020, 9, 1)),
}
END = at(OPENING + timedelta(days=5), 9)


def book(place: str) -> Rulebook:
    return shelf().in_force(*PLACES[place])


def finished(rules: Rulebook, *, present: int = 50, filmed: bool = False) -> tuple[ClassFile, list[object]]:
    """Give a class of fifty of which so many came to every session, with what was concluded under these rules."""
    file = class_file()
    if filmed:
        clips = tuple(clip(session.session_id, session.starts_at, session.ends_at) for session in file.sessions)
        file = replace(file, clips=clips)
    sheets = {session.session_id: {person: ["face"] for person in people(present)} for session in file.sessions}
    settled, events = settle(file, rules, signed_in=sheets, now=END, make_id=Ids())
    return settled, list(events)


@pytest.mark.parametrize("place", ["HL", "HB", "QJ", "LS"])
def test_no_neighbours_share_of_attendance_video_or_checks_leaks_in(place: str) -> None:
    """HL-QUA-04, HB-QUA-04, LS-PAY-03, QJ-SUP-01: thirty of fifty, never filmed, never checked, and no doubt arises."""
    file, events = finished(book(place), present=30)
    assert file.findings == ()
    assert file.training_class.state == "completed"
    assert isinstance(events[-1], TrainingCompleted)
    terms = book(place).supervision
    assert (terms.opening_attendance, terms.theory_video, terms.practice_video, terms.opening_check) == (None,) * 4
    assert (terms.custody_attendance, terms.unknown_class, terms.casework, terms.venue_seen) == (None,) * 4


@pytest.mark.parametrize(("counted", "contradicted"), [(28, True), (34, True), (35, False)])
def test_hl_sup_01_fewer_heads_on_site_than_in_the_attendance_log_are_flagged(counted: int, contradicted: bool) -> None:
    file, _ = finished(book("HL"), present=35)
    seen = replace(file, inspections=(inspection(headcount=counted),))
    again, _ = settle(seen, book("HL"), signed_in={}, now=END, make_id=Ids("other"))
    found = [finding for finding in again.findings if finding.check == "headcount_contradiction"]
    assert [finding.rule for finding in found] == (["HL-SUP-01"] if contradicted else [])
    if counted == 28:
        assert "相差 7 人" in found[0].seen


def test_hl_sup_01_a_record_has_time_place_count_and_photographs() -> None:
    file = class_file()
    check = replace(inspection(), photos=("0" * 64,))
    told = record_inspection(check, file.training_class, file.sessions, book("HL"))
    assert (told.headcount, told.held_on) == (50, OPENING)
    with pytest.raises(Refused) as error:
        record_inspection(inspection(), file.training_class, file.sessions, book("HL"))
    assert (error.value.code, error.value.rule) == ("PHOTOS_MISSING", "HL-SUP-01")
    for other in ("HB", "QJ", "LS"):
        record_inspection(inspection(), file.training_class, file.sessions, book(other))


def test_qj_sup_01_cameras_count_for_nothing_until_the_departments_switch_them_on() -> None:
    rules = book("QJ")
    cameras = rules.supervision.cameras
    assert cameras is not None
    switched_on = replace(rules, supervision=replace(rules.supervision, cameras=replace(cameras, required=True)))

    assert finished(rules)[0].findings == ()
    blocked, events = finished(switched_on)
    assert {(one.check, one.rule, one.blocking) for one in blocked.findings} == {("camera_missing", "QJ-SUP-01", True)}
    assert len([event for event in events if isinstance(event, FindingRaised) and event.blocking]) == 4
    assert finished(switched_on, filmed=True)[0].findings == ()


async def opened(office: Office, place: str) -> None:
    """Open the class of fifty under a document and let everybody sign in to every session."""
    await office.register()
    await office.open(replace(class_opened(), rulebook_id=book(place).id))
    for number, session in enumerate((await office.file()).sessions):
        await office.push(
            sign_ins(people(50), session.starts_at, first=1000 * number, method="face"), now=session.ends_at
        )
    await office.close_until(END)


async def test_hb_sup_02_three_people_abroad_on_two_training_days_are_six_doubts(office: Office) -> None:
    await opened(office, "HB")
    days = [OPENING, OPENING + timedelta(days=1)]
    hits = [Elsewhere(person_id=person, day=day) for person in people(3) for day in days]
    hits.append(Elsewhere(person_id="p01", day=OPENING + timedelta(days=2)))  # there was no lesson

    async def compared(source: str) -> int:
        return (
            await office.act(
                lambda uow: compare_attendance(uow, class_id=CLASS, source=source, hits=hits), actor=INSPECTOR, now=END
            )
        )[1]

    assert await compared("travel") == 6
    raised = await office.events(FindingRaised)
    assert [(each.check, each.rule, each.blocking) for each in raised] == [("present_elsewhere", "HB-SUP-02", True)] * 6
    assert await compared("travel") == 6
    assert len(await office.events(FindingRaised)) == 6, "the same hit again is the same doubt"
    finding = (await office.file()).findings[0]
    await office.act(
        lambda uow: close_finding(uow, finding_id=finding.finding_id, conclusion="unfounded", reason="系统时差"),
        actor=APPROVER,
        now=END,
    )
    assert sum(each.is_open for each in (await office.file()).findings) == 5
    with pytest.raises(Refused, match="没有列出此比对来源"):
        await compared("horoscope")


async def test_no_other_document_compares(office: Office) -> None:
    await opened(office, "LS")
    hits = [Elsewhere(person_id="p01", day=OPENING)]
    with pytest.raises(Refused) as error:
        await office.act(
            lambda uow: compare_attendance(uow, class_id=CLASS, source="travel", hits=hits), actor=INSPECTOR, now=END
        )
    assert error.value.code == "COMPARISON_SOURCE"


@pytest.mark.parametrize(
    ("verified", "sampled", "remark", "code"),
    [
        (50, False, "", None),
        (49, False, "", "VERIFICATION_INCOMPLETE"),
        (None, False, "", "VERIFICATION_INCOMPLETE"),
        (5, True, "随机抽查一成，无误", None),
        (5, True, " ", "SAMPLING_REASON"),
        (None, True, "随机抽查", "SAMPLING_REASON"),
    ],
)
async def test_hb_sup_05_an_opinion_passes_a_class_once_everybody_or_a_sample_was_verified(
    office: Office, verified: int | None, sampled: bool, remark: str, code: str | None
) -> None:
    await opened(office, "HB")

    async def state(passed: bool) -> None:
        await office.act(
            lambda uow: state_opinion(
                uow, class_id=CLASS, passed=passed, remark=remark, verified=verified, sampled=sampled
            ),
            actor=APPROVER,
            now=END,
        )

    if code is None:
        await state(True)
        opinion = (await office.events(TrainingCompleted))[-1].opinion
        assert (opinion.passed, opinion.verified, opinion.sampled, opinion.remark) == (True, verified, sampled, "")
    else:
        with pytest.raises(Refused) as error:
            await state(True)
        assert (error.value.code, error.value.rule) == (code, "HB-SUP-05")
        await state(False)


async def test_nobody_is_verified_where_the_document_does_not_ask(office: Office) -> None:
    await opened(office, "LS")
    await office.act(lambda uow: state_opinion(uow, class_id=CLASS, passed=True, remark=""), actor=APPROVER, now=END)


@pytest.mark.parametrize(
    ("mode", "now", "allowed"),
    [
        ("live", at(OPENING, 9), True),
        ("live", at(OPENING, 11, 40), True),
        ("live", at(OPENING, 11, 41), False),
        ("live", at(OPENING, 8, 59), False),
        ("replay", at(OPENING, 8, 59), False),
        ("replay", at(OPENING, 9), True),
        ("replay", END, True),
    ],
)
async def test_qj_sup_02_who_looks_at_a_lesson_live_or_by_replay_stands_in_the_log(
    office: Office, mode: Mode, now: datetime, allowed: bool
) -> None:
    await office.open(replace(class_opened(), rulebook_id=book("QJ").id))

    async def look(actor: Actor) -> None:
        await office.act(
            lambda uow: view_session(uow, class_id=CLASS, session_id="s1-am", mode=mode), actor=actor, now=now
        )

    if not allowed:
        with pytest.raises(Refused, match="不在上课时间"):
            await look(INSPECTOR)
        return
    await look(INSPECTOR)
    with pytest.raises(Forbidden):
        await look(SCHOOL)
    with pytest.raises(Forbidden):
        await look(replace(INSPECTOR, roles=frozenset({Role.FINANCE})))
    async with office.database.connect(write=False) as connection:
        rows = await connection.execute(
            select(AUDIT_ENTRY.c.actor, AUDIT_ENTRY.c.subject).where(AUDIT_ENTRY.c.action == "session.viewed")
        )
        assert [tuple(row) for row in rows] == [("inspector-1", "s1-am")]
