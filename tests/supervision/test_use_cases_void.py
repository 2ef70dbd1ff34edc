"""Records that turned out wrong: void by another person's word, and everything that rested on them drawn again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.application.provincial_record import PROVINCIAL_RECORD, provincial_lines
from services.supervision.application.record_check import RecordCheck, record_check
from services.supervision.application.report_videos import report_videos
from services.supervision.application.void_record import void_check, void_video
from shared.contracts.supervision import FindingClosed, FindingRaised, SpotCheckVoided, TrainingCompleted
from shared.domain.errors import Conflict, Forbidden, NotFound
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, clip, people

NINE = at(OPENING, 9)
DAY_TWO = at(OPENING + timedelta(days=1), 9, 30)
JUDGED = at(OPENING + timedelta(days=1), 18)
END = at(OPENING + timedelta(days=5), 9)


async def ready(office: Office, present: int = 50) -> None:
    await office.register()
    await office.open()
    for number, session in enumerate((await office.file()).sessions):
        batch = sign_ins(people(present), session.starts_at, first=1000 * number)
        await office.push(batch, now=session.ends_at)
        clips = [clip(session.session_id, session.starts_at, session.ends_at)]
        await office.act(
            lambda uow, clips=clips: report_videos(uow, class_id=CLASS, clips=clips),  # type: ignore[misc]
            actor=SCHOOL,
            now=session.ends_at,
        )


async def inspect(office: Office, headcount: int, *, opening: bool = False) -> str:
    command = RecordCheck(
        kind="opening" if opening else "spot",
        held_at=NINE if opening else DAY_TWO,
        place="实训楼",
        headcount=headcount,
        sign_in_in_order=True,
        records_retained=True,
        teachers_seen=(),
        companions=("inspector-2",),
        note="",
    )
    made, _ = await office.act(
        lambda uow: record_check(uow, class_id=CLASS, command=command), actor=INSPECTOR, now=max(DAY_TWO, NINE)
    )
    return made.check_id


async def void(office: Office, check_id: str, *, by: str = "approver-1") -> None:
    await office.act(
        lambda uow: void_check(uow, class_id=CLASS, check_id=check_id, reason="人数误录"),
        actor=replace(APPROVER, subject=by),
        now=END,
    )


async def test_a_mistyped_headcount_does_not_lower_the_average_for_good(office: Office) -> None:
    """JY-SUP-05: TrainingCompleted is published again without the void record."""
    await ready(office)
    wrong = await inspect(office, 5)
    await inspect(office, 50)
    await office.close_until(END)

    await void(office, wrong)

    totals = await office.events(TrainingCompleted)
    assert [(each.revision, sorted(each.spot_headcounts)) for each in totals] == [(1, [5, 50]), (2, [50])]
    assert [each.check_id for each in await office.events(SpotCheckVoided)] == [wrong]
    stored = (await office.file()).inspection(wrong)
    assert stored.voided is not None
    assert (stored.voided.by, stored.voided.at, stored.voided.reason) == ("approver-1", END, "人数误录")


async def test_a_void_opening_count_lifts_the_hold_it_brought(office: Office) -> None:
    """JY-SUP-04: forty-four were counted by mistake, fifty had signed in."""
    await ready(office)
    wrong = await inspect(office, 44, opening=True)
    await office.close_until(JUDGED)
    assert (await office.file()).training_class.state == "held"

    await void(office, wrong)

    assert (await office.file()).training_class.state == "open"
    lifted = {each.finding_id for each in await office.events(FindingClosed)}
    raised = {each.check: each.finding_id for each in await office.events(FindingRaised)}
    assert {raised["opening_attendance"], raised["headcount_contradiction"]} <= lifted
    assert raised["opening_check_missing"] not in lifted  # the one check there was is void


async def test_the_province_keeps_the_line_of_a_void_record_and_learns_that_it_is_void(office: Office) -> None:
    """JY-INT-01: what was entered there is not left standing as if it were true."""
    await ready(office)
    check_id = await inspect(office, 5)

    await void(office, check_id)

    async with office.unit() as uow:
        (line,) = await provincial_lines(uow, CLASS)
    assert (line.line, line.content["voided_on"]) == (f"inspection:{check_id}", END.date().isoformat())
    assert SpotCheckVoided in PROVINCIAL_RECORD.triggers


async def test_who_signed_a_record_cannot_void_it_and_nobody_voids_it_twice(office: Office) -> None:
    await ready(office)
    check_id = await inspect(office, 50)
    for signer in ("inspector-1", "inspector-2"):
        with pytest.raises(Forbidden, match="SAME_AUTHOR"):
            await void(office, check_id, by=signer)

    await void(office, check_id)

    with pytest.raises(Conflict, match="RECORD_VOID"):
        await void(office, check_id, by="approver-2")
    with pytest.raises(NotFound, match="CHECK_UNKNOWN"):
        await void(office, "none")


async def test_a_void_video_leaves_its_session_unfilmed_and_its_number_is_used_up(office: Office) -> None:
    """JY-SUP-02: what was filmed elsewhere proves nothing here."""
    await ready(office)
    await office.close_until(END)
    session = (await office.file()).sessions[0]
    wrong = clip(session.session_id, session.starts_at, session.ends_at)
    with pytest.raises(NotFound, match="VIDEO_UNKNOWN"):
        await office.act(lambda uow: void_video(uow, class_id=CLASS, video_id="none", reason="x"), actor=APPROVER)
    with pytest.raises(Forbidden, match="SAME_AUTHOR"):
        await office.act(
            lambda uow: void_video(uow, class_id=CLASS, video_id=wrong.video_id, reason="x"),
            actor=replace(APPROVER, subject="school-1"),
        )

    await office.act(
        lambda uow: void_video(uow, class_id=CLASS, video_id=wrong.video_id, reason="误传他班录像"), actor=APPROVER
    )

    raised = await office.events(FindingRaised)
    assert [(each.check, each.rule) for each in raised][-1] == ("video_incomplete", "JY-SUP-02")
    again = replace(wrong, video_id="v-new")
    verdicts = await office.act(
        lambda uow: report_videos(uow, class_id=CLASS, clips=[wrong, again]), actor=SCHOOL, now=END
    )
    assert [(each.outcome, each.code) for each in verdicts] == [("refused", "VIDEO_VOID"), ("accepted", None)]
    assert (await office.events(FindingClosed))[-1].finding_id == raised[-1].finding_id
