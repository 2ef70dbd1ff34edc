"""A class under supervision from its opening to its end, with everything that may come between."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.supervision.application.close_finding import close_finding
from services.supervision.application.queries import read_class
from services.supervision.application.record_check import RecordCheck, record_check
from services.supervision.application.register_device import RegisterDevice, register_device
from services.supervision.application.report_videos import report_videos
from services.supervision.application.state_opinion import state_opinion
from services.supervision.application.void_record import void_check
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassChanged, ClassClosed, TraineeWithdrawn
from shared.contracts.supervision import (
    AttendanceChecked,
    CheckKind,
    ClassCancelled,
    FindingClosed,
    FindingRaised,
    SpotCheckRecorded,
    TrainingCompleted,
)
from shared.domain.actor import Actor, Role
from shared.domain.errors import Forbidden, MissingFact, NotFound, Refused
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, clip, people

NINE = at(OPENING, 9)
TWO = at(OPENING, 14)
OPENING_JUDGED = at(OPENING + timedelta(days=1), 18)
END = at(OPENING + timedelta(days=5), 9)


async def ready(office: Office, present: int = 50) -> None:
    """Open the class and let so many people sign in to every session."""
    await office.register()
    await office.open()
    for number, session in enumerate((await office.file()).sessions):
        batch = sign_ins(people(present), session.starts_at, first=1000 * number)
        await office.push(batch, now=session.ends_at)


async def film(office: Office, *, actor: Any = SCHOOL) -> list[Any]:
    sessions = (await office.file()).sessions
    clips = [clip(session.session_id, session.starts_at, session.ends_at) for session in sessions]
    return await office.act(lambda uow: report_videos(uow, class_id=CLASS, clips=clips), actor=actor, now=END)


def check(headcount: int, *, kind: CheckKind = "opening", held_at: datetime = NINE) -> RecordCheck:
    return RecordCheck(
        kind=kind,
        held_at=held_at,
        place="实训楼一层",
        headcount=headcount,
        sign_in_in_order=True,
        records_retained=True,
        teachers_seen=("teacher-1",),
        companions=("inspector-2", "inspector-1"),
        note="",
    )


async def conclude(office: Office, conclusion: Any, *, check: str = "opening_attendance", by: Actor = APPROVER) -> None:
    finding = next(finding for finding in (await office.file()).findings if finding.check == check)
    await office.act(
        lambda uow: close_finding(uow, finding_id=finding.finding_id, conclusion=conclusion, reason="已核实"),
        actor=by,
        now=OPENING_JUDGED,
    )


async def take(office: Office, fact: Contract, *, occurred_at: datetime = OPENING_JUDGED) -> None:
    await office.take(fact, occurred_at=occurred_at)


async def timers(office: Office) -> int:
    return len(await office.timers())


async def test_every_session_is_closed_a_day_after_it_ends_exactly_once(office: Office) -> None:
    await ready(office)
    assert await timers(office) == 4

    assert await office.close_until(at(OPENING + timedelta(days=1), 11, 39)) == 0
    assert await office.close_until(at(OPENING + timedelta(days=1), 11, 40)) == 1
    assert await office.close_until(END) == 3
    assert await office.close_until(END) == 0

    checked = await office.events(AttendanceChecked)
    assert [(each.session_id, each.revision, len(each.present)) for each in checked] == [
        (session, 1, 50) for session in ("s1-am", "s1-pm", "s2-am", "s2-pm")
    ]


async def test_forty_four_of_fifty_hold_the_class_and_the_confirmation_cancels_it_for_good(office: Office) -> None:
    await ready(office, present=44)
    await office.close_until(OPENING_JUDGED)
    assert (await office.file()).training_class.state == "held"

    await conclude(office, "confirmed")

    assert [type(event) for event in (await office.events())[-2:]] == [FindingClosed, ClassCancelled]
    cancelled = (await office.events(ClassCancelled))[0]
    assert (cancelled.attended, cancelled.planned, cancelled.confirmed_by) == (44, 50, "approver-1")
    assert await timers(office) == 0
    before = await office.events()
    late = await office.push(sign_ins(people(50), NINE, first=9000), now=END)
    assert late.counts == {"refused": 50}
    assert await office.events() == before
    with pytest.raises(Refused, match="CLASS_ENDED"):
        await office.act(lambda uow: record_check(uow, class_id=CLASS, command=check(50)), actor=INSPECTOR, now=END)


async def test_forty_five_of_fifty_go_on_to_the_end(office: Office) -> None:
    await ready(office, present=45)
    await film(office)
    await office.close_until(END)

    file = await office.file()
    assert file.training_class.state == "completed"
    assert {finding.check for finding in file.findings} == {"opening_check_missing", "spot_checks_few"}
    totals = (await office.events(TrainingCompleted))[0]
    assert (totals.revision, totals.opening_headcount, totals.sessions) == (1, 45, 4)
    assert totals.completed_on == OPENING + timedelta(days=2)


async def test_an_unfounded_finding_lets_the_class_go_on(office: Office) -> None:
    await ready(office, present=44)
    await office.close_until(OPENING_JUDGED)

    await conclude(office, "unfounded")

    assert (await office.file()).training_class.state == "open"
    assert await timers(office) == 2


@pytest.mark.parametrize("conclusion", ["confirmed", "unfounded"])
async def test_only_the_owner_concludes_on_the_opening_day_and_never_who_counted_it(
    office: Office, conclusion: Any
) -> None:
    """JY-SUP-04 and JY-REP-07: the inspector who counted neither cancels the class alone nor lets it go on."""
    await ready(office)
    await office.act(lambda uow: record_check(uow, class_id=CLASS, command=check(44)), actor=INSPECTOR, now=TWO)
    await office.close_until(OPENING_JUDGED)
    counted_too = replace(APPROVER, subject="inspector-2")

    for by, code in (
        (INSPECTOR, "ROLE_MISSING"),
        (replace(INSPECTOR, subject="inspector-9"), "ROLE_MISSING"),
        (replace(APPROVER, roles=frozenset({Role.SECOND_REVIEWER})), "ROLE_MISSING"),
        (counted_too, "SAME_AUTHOR"),
    ):
        with pytest.raises(Forbidden, match=code):
            await conclude(office, conclusion, by=by)
    assert (await office.file()).training_class.state == "held"

    await conclude(office, conclusion)

    assert (await office.file()).training_class.state == ("cancelled" if conclusion == "confirmed" else "open")


async def test_who_declared_an_opening_count_void_does_not_conclude_on_what_is_left(office: Office) -> None:
    """JY-REP-07: the remaining count holds the class; another approver decides."""
    await ready(office)
    made = [
        await office.act(
            lambda uow, heads=heads: record_check(uow, class_id=CLASS, command=check(heads)),  # type: ignore[misc]
            actor=INSPECTOR,
            now=TWO,
        )
        for heads in (43, 44)
    ]
    await office.close_until(OPENING_JUDGED)
    await office.act(
        lambda uow: void_check(uow, class_id=CLASS, check_id=made[0][0].check_id, reason="误录"), actor=APPROVER
    )

    with pytest.raises(Forbidden, match="SAME_AUTHOR"):
        await conclude(office, "confirmed")
    await conclude(office, "confirmed", by=replace(APPROVER, subject="approver-2"))


async def test_a_contradicted_count_is_concluded_by_another_inspector_or_their_superior(office: Office) -> None:
    """JY-REP-07: the rulebook names the inspector as owner and the approver above them."""
    await ready(office)
    for heads in (49, 48):
        await office.act(
            lambda uow, heads=heads: record_check(uow, class_id=CLASS, command=check(heads)),  # type: ignore[misc]
            actor=INSPECTOR,
            now=TWO,
        )
    await office.close_until(OPENING_JUDGED)
    found = [each for each in (await office.file()).findings if each.check == "headcount_contradiction"]
    assert len(found) == 2

    async def close(place: int, by: Actor) -> None:
        await office.act(
            lambda uow: close_finding(
                uow, finding_id=found[place].finding_id, conclusion="confirmed", reason="两人代签"
            ),
            actor=by,
        )

    with pytest.raises(Forbidden, match="SAME_AUTHOR"):
        await close(0, INSPECTOR)
    with pytest.raises(Forbidden, match="ROLE_MISSING"):
        await close(0, replace(APPROVER, roles=frozenset({Role.SECOND_REVIEWER})))
    await close(0, replace(INSPECTOR, subject="inspector-9"))
    await close(1, APPROVER)


async def test_a_late_upload_lifts_the_hold(office: Office) -> None:
    await ready(office, present=44)
    await office.close_until(OPENING_JUDGED)

    await office.push(sign_ins(("p45",), NINE, first=9000), now=OPENING_JUDGED)

    assert (await office.file()).training_class.state == "open"
    assert [each.conclusion for each in await office.events(FindingClosed)] == ["unfounded"]


async def test_an_opening_check_with_fewer_heads_holds_the_class(office: Office) -> None:
    await ready(office, present=46)
    inspection, _ = await office.act(
        lambda uow: record_check(uow, class_id=CLASS, command=check(44)), actor=INSPECTOR, now=TWO
    )
    await office.close_until(OPENING_JUDGED)

    recorded = (await office.events(SpotCheckRecorded))[0]
    assert (recorded.check_id, recorded.kind, recorded.headcount) == (inspection.check_id, "opening", 44)
    assert recorded.inspectors == ("inspector-1", "inspector-2")
    assert {each.check for each in await office.events(FindingRaised)} == {
        "opening_attendance",
        "headcount_contradiction",
    }


async def test_missing_video_blocks_until_it_is_reported_or_waived(office: Office) -> None:
    await ready(office)
    await office.close_until(END)
    raised = await office.events(FindingRaised)
    assert [each.check for each in raised if each.blocking] == ["video_incomplete"] * 4
    await conclude(office, "waived", check="video_incomplete")

    verdicts = await film(office)

    assert [verdict.outcome for verdict in verdicts] == ["accepted"] * 4
    closed = await office.events(FindingClosed)
    assert [each.conclusion for each in closed] == ["waived", "unfounded", "unfounded", "unfounded"]
    assert [verdict.outcome for verdict in await film(office)] == ["duplicate"] * 4


async def test_video_metadata_is_judged_clip_by_clip(office: Office) -> None:
    await ready(office)
    whole = clip("s1-am", NINE, at(OPENING, 11, 40), video_id="v1")
    clips = [
        whole,
        replace(whole, ends_at=at(OPENING, 11)),
        replace(whole, video_id="v2", session_id="s9"),
        replace(whole, video_id="v3", ends_at=NINE),
        replace(whole, video_id="v4", session_id="s1-pm"),
        clip("s2-pm", at(OPENING + timedelta(days=1), 14), at(OPENING + timedelta(days=1), 15), video_id="v5"),
    ]

    verdicts = await office.act(lambda uow: report_videos(uow, class_id=CLASS, clips=clips), actor=SCHOOL, now=TWO)

    assert [verdict.code for verdict in verdicts] == [
        None,
        "VIDEO_ID_REUSED",
        "SESSION_UNKNOWN",
        "CLIP_EMPTY",
        "CLIP_OUTSIDE_SESSION",
        "CLIP_IN_FUTURE",
    ]
    assert (await office.file()).clips == (whole,)


async def test_the_opinion_and_later_checks_republish_the_totals(office: Office) -> None:
    await ready(office)
    await film(office)
    await office.close_until(END)

    await office.act(
        lambda uow: state_opinion(uow, class_id=CLASS, passed=True, remark="合格"), actor=APPROVER, now=END
    )
    spot = check(50, kind="spot", held_at=at(OPENING + timedelta(days=1), 10))
    await office.act(lambda uow: record_check(uow, class_id=CLASS, command=spot), actor=INSPECTOR, now=END)

    totals = await office.events(TrainingCompleted)
    assert [(each.revision, each.opinion is not None, each.spot_headcounts) for each in totals] == [
        (1, False, ()),
        (2, True, ()),
        (3, True, (50,)),
    ]


async def test_who_withdraws_late_leaves_the_sessions_already_closed(office: Office) -> None:
    await ready(office)
    await office.close_until(END)
    withdrawn = TraineeWithdrawn(class_id=CLASS, person_id="p01", on=OPENING, reason="个人原因")

    await take(office, withdrawn)
    await take(office, replace(withdrawn, person_id="stranger"))
    await take(office, replace(withdrawn, class_id="class-2"))

    checked = (await office.events(AttendanceChecked))[4:]
    assert [(each.session_id, each.revision, len(each.present)) for each in checked] == [
        ("s2-am", 2, 49),
        ("s2-pm", 2, 49),
    ]
    assert [each.trainees[0].sessions_present for each in await office.events(TrainingCompleted)] == [4, 2]


async def test_a_change_of_a_running_class_counts_from_the_day_it_was_made(office: Office) -> None:
    await ready(office)
    change = ClassChanged(
        class_id=CLASS,
        change="trainees_refused",
        opening_date=OPENING,
        closing_date=OPENING + timedelta(days=40),
        removed=("p50", "stranger"),
        added=("p51", "p01"),
    )

    await take(office, change, occurred_at=OPENING_JUDGED)
    await take(office, replace(change, class_id="class-2"))

    training_class = (await office.file()).training_class
    assert training_class.closing_date == OPENING + timedelta(days=40)
    first, *_, last = (await office.file()).sessions
    assert len(training_class.expected_at(first)) == 50
    assert {"p50", "p51"}.isdisjoint(training_class.expected_at(last))


async def test_a_withdrawn_class_stops_and_echoes_of_our_own_events_do_nothing(office: Office) -> None:
    await ready(office)
    closed = ClassClosed(class_id=CLASS, reason="completed", on=OPENING)
    await take(office, closed)
    assert (await office.file()).training_class.state == "open"

    await take(office, replace(closed, reason="withdrawn"))
    await take(office, replace(closed, reason="withdrawn"))

    assert (await office.file()).training_class.state == "withdrawn"
    assert await timers(office) == 0


async def test_a_class_under_an_unknown_rulebook_waits_for_it(office: Office) -> None:
    with pytest.raises(MissingFact, match="RULEBOOK_UNKNOWN"):
        await take(office, replace(class_opened(), rulebook_id="jiyuan/2021-01-01@000000000000"))


@pytest.mark.parametrize(
    "actor",
    [
        replace(SCHOOL, organisation="institution-2"),
        replace(INSPECTOR, region="410200"),
    ],
)
async def test_who_is_not_concerned_finds_no_class(office: Office, actor: Any) -> None:
    await office.register()
    await office.open()

    with pytest.raises(NotFound, match="CLASS_UNKNOWN"):
        await office.act(lambda uow: read_class(uow, CLASS), actor=actor)


async def test_a_superior_bureau_sees_the_class(office: Office) -> None:
    await office.open()

    reading = await office.act(lambda uow: read_class(uow, CLASS), actor=replace(INSPECTOR, region="410000"))

    assert reading.file.training_class.class_id == CLASS


async def test_a_device_is_registered_only_within_the_officers_region(office: Office) -> None:
    command = RegisterDevice(institution_id="i", serial="s", name="n", region="410000", methods=("face",))

    with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
        await office.act(lambda uow: register_device(uow, command), actor=APPROVER)


async def test_a_case_that_comes_back_is_stored_beside_the_one_that_was_closed(office: Office) -> None:
    await ready(office, present=44)
    await office.close_until(OPENING_JUDGED)
    await office.push(sign_ins(("p45",), NINE, first=9000), now=OPENING_JUDGED)

    await office.act(lambda uow: record_check(uow, class_id=CLASS, command=check(44)), actor=INSPECTOR, now=END)

    file = await office.file()
    assert file.training_class.state == "held"
    cases = [finding for finding in file.findings if finding.check == "opening_attendance"]
    assert sorted((finding.state, finding.conclusion) for finding in cases) == [
        ("closed", "unfounded"),
        ("open", None),
    ]


async def test_an_unknown_finding_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound, match="FINDING_UNKNOWN"):
        await office.act(
            lambda uow: close_finding(uow, finding_id="none", conclusion="waived", reason=""), actor=APPROVER
        )
