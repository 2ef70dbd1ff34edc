"""What the checks see at the end of a training: practice share, inspections that were not made, owners, deadlines."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.supervision.domain.class_file import ClassFile, conclude, settle
from services.supervision.domain.finding import CaseFinding
from services.supervision.domain.inspection import void_inspection
from services.supervision.domain.voiding import Voiding
from shared.contracts.supervision import (
    ClassCancelled,
    FindingRaised,
    InspectionOpinion,
    SpotCheckVoided,
    TrainingCompleted,
)
from shared.domain.errors import Conflict, Forbidden
from tests.supervision.sample import (
    OPENING,
    Ids,
    at,
    class_file,
    class_opened,
    inspection,
    jiyuan,
    people,
    planned_session,
)

BOOK = jiyuan()
NOW = at(OPENING + timedelta(days=20), 12)
DAY_TWO = OPENING + timedelta(days=1)


def hours_of(theory: int, practice: int, *, exempt: tuple[str, ...] = ()) -> ClassFile:
    """Give a class of so many class hours, theory in the morning and practice in the afternoon of two days."""
    sessions = (
        planned_session("theory", at(OPENING, 8), minutes=theory * 40, class_hours=theory),
        planned_session("practice", at(DAY_TWO, 8), minutes=practice * 40, class_hours=practice, kind="practice"),
    )
    return class_file(replace(class_opened(sessions=sessions), exempt_by_decision=exempt))


def settled(file: ClassFile, *, absent: tuple[str, ...] = ()) -> tuple[ClassFile, list[Any]]:
    sheets = {
        each.session_id: {} if each.session_id in absent else {person: ["face"] for person in people(50)}
        for each in file.sessions
    }
    file, events = settle(file, BOOK, signed_in=sheets, now=NOW, make_id=Ids())
    return file, list(events)


def cases(file: ClassFile, check: str) -> list[CaseFinding]:
    return [finding for finding in file.findings if finding.check == check]


@pytest.mark.parametrize(("theory", "practice", "too_little"), [(28, 52, False), (29, 51, True)])
def test_practice_is_sixty_five_percent_of_the_class_hours_really_held(
    theory: int, practice: int, too_little: bool
) -> None:
    """JY-ENR-09, again on delivered hours: of 80 class hours 52 of practice suffice (65.0 %), 51 do not (63.75 %)."""
    file, _ = settled(hours_of(theory, practice))

    found = cases(file, "practice_share")

    assert bool(found) is too_little
    if found:
        assert (found[0].rule, found[0].clause, found[0].blocking) == ("JY-ENR-09", "三(二)第2段", True)
        assert "51×100 < 80×65" in found[0].seen


def test_practice_to_which_nobody_came_is_not_delivered_and_the_waiver_is_the_recorded_exemption() -> None:
    """JY-ENR-09: exempt is a class only by a person's recorded decision."""
    file, _ = settled(class_file(), absent=("s2-pm",))
    (case,) = cases(file, "practice_share")

    file, _ = conclude(
        file,
        BOOK,
        finding_id=case.finding_id,
        conclusion="waived",
        closed_by="approver-1",
        reason="创业培训，经批准免于实操占比要求",
        now=NOW,
        make_id=Ids("more"),
    )

    (case,) = cases(file, "practice_share")
    assert (case.conclusion, case.closed_by) == ("waived", "approver-1")
    assert cases(settled(file, absent=("s2-pm",))[0], "practice_share") == [case]


def test_a_class_that_enrollment_exempted_by_decision_is_not_asked_for_the_share_again() -> None:
    """JY-ENR-09: what was decided before the opening holds for the hours delivered; other rules' exemptions do not."""
    assert cases(settled(hours_of(60, 20, exempt=("JY-ENR-09",)))[0], "practice_share") == []
    assert len(cases(settled(hours_of(60, 20, exempt=("JY-ENR-10",)))[0], "practice_share")) == 1


def test_a_class_to_which_nobody_ever_came_has_no_share_to_judge() -> None:
    file, _ = settled(class_file(), absent=("s1-am", "s1-pm", "s2-am", "s2-pm"))

    assert cases(file, "practice_share") == []


def test_what_people_write_stays_in_the_file_and_no_event_carries_it() -> None:
    """JY-CLM-05: a name has no shape by which it could be recognised in somebody's words."""
    words = "示例某某代签，已约谈"
    opinion = InspectionOpinion(passed=True, given_by="approver-1", given_on=OPENING, remark=words)
    opened = class_file(class_opened(trainees=people(50), planned=100))
    stated = replace(opened, training_class=replace(opened.training_class, opinion=opinion))
    file, events = settled(stated)
    (held,) = cases(file, "opening_attendance")
    for conclusion in ("unfounded", "confirmed"):
        concluded, more = conclude(
            file,
            BOOK,
            finding_id=held.finding_id,
            conclusion=conclusion,
            closed_by="approver-1",
            reason=words,
            now=NOW,
            make_id=Ids("more"),
        )
        assert words not in repr([*events, *more])
        assert cases(concluded, "opening_attendance")[0].reason == words
    (cancelled,) = [event for event in more if isinstance(event, ClassCancelled)]
    assert cancelled.reason == "开班当日实到 50 人、计划 100 人，到课率不足，经人工核实取消本班。"
    completed, more = settle(
        replace(stated, training_class=replace(stated.training_class, planned=50)),
        BOOK,
        signed_in={each.session_id: {person: ["face"] for person in people(50)} for each in stated.sessions},
        now=NOW,
        make_id=Ids(),
    )
    (totals,) = [event for event in more if isinstance(event, TrainingCompleted)]
    assert (totals.opinion and totals.opinion.passed, words in repr(totals)) == (True, False)
    assert completed.training_class.opinion == opinion


def test_an_opening_day_without_a_check_is_a_finding_until_the_record_arrives() -> None:
    """JY-SUP-07: the record may be written later, the check itself is of the opening day."""
    file, _ = settled(class_file())
    (case,) = cases(file, "opening_check_missing")
    assert (case.rule, case.blocking, case.is_open) == ("JY-SUP-07", False, True)

    file, _ = settled(replace(file, inspections=(inspection(),)))

    assert [each.conclusion for each in cases(file, "opening_check_missing")] == ["unfounded"]


@pytest.mark.parametrize(("spot_checks", "found"), [(0, True), (1, True), (2, False)])
def test_fewer_than_two_spot_checks_at_the_end_are_a_finding(spot_checks: int, found: bool) -> None:
    """JY-SUP-07: SPOT_CHECKS_LT_2."""
    checks = tuple(
        inspection(f"spot-{number}", kind="spot", held_at=at(DAY_TWO, 9 + number)) for number in range(spot_checks)
    )

    file, _ = settled(replace(class_file(), inspections=checks))

    assert bool(cases(file, "spot_checks_few")) is found


def test_a_finding_says_who_concludes_it_by_when() -> None:
    _, events = settled(class_file())

    duties = {(event.check, event.owner, event.due_on) for event in events if isinstance(event, FindingRaised)}

    found_on = NOW.date()
    assert duties == {
        ("opening_check_missing", "inspector", found_on + timedelta(days=3)),
        ("video_incomplete", "inspector", found_on + timedelta(days=7)),
        ("spot_checks_few", "second_reviewer", found_on + timedelta(days=7)),
    }


def test_a_region_without_casework_raises_findings_without_owner_or_deadline() -> None:
    book = replace(BOOK, supervision=replace(BOOK.supervision, casework=None))
    sheets = {each.session_id: {person: ["face"] for person in people(50)} for each in class_file().sessions}

    _, events = settle(class_file(), book, signed_in=sheets, now=NOW, make_id=Ids())

    raised = [event for event in events if isinstance(event, FindingRaised)]
    assert {(event.owner, event.due_on) for event in raised} == {(None, None)}


def voiding(by: str = "approver-1") -> Voiding:
    return Voiding(by=by, at=NOW, reason="人数误录")


def test_a_record_is_declared_void_by_somebody_who_did_not_sign_it_and_only_once() -> None:
    for signer in ("inspector-1", "inspector-2"):
        with pytest.raises(Forbidden, match="SAME_AUTHOR"):
            void_inspection(inspection(), voiding(signer), class_id="c")

    void, event = void_inspection(inspection(), voiding(), class_id="c")

    assert event == SpotCheckVoided(
        class_id="c",
        check_id="check-1",
        kind="opening",
        voided_on=NOW.date(),
        voided_by="approver-1",
        reason="",
    )
    with pytest.raises(Conflict, match="RECORD_VOID"):
        void_inspection(void, voiding("approver-2"), class_id="c")


def test_a_void_record_neither_counts_nor_contradicts() -> None:
    """JY-SUP-05 and -06: a mistyped headcount does not lower the average for good."""
    wrong = inspection("wrong", kind="spot", held_at=at(DAY_TWO, 9, 30), headcount=5)
    right = inspection("right", kind="spot", held_at=at(DAY_TWO, 10), headcount=50)
    file, _ = settled(replace(class_file(), inspections=(wrong, right, inspection(headcount=49))))
    assert [each.is_open for each in cases(file, "headcount_contradiction")] == [True, True]

    void, _ = void_inspection(wrong, voiding(), class_id="c")
    file, _ = settled(replace(file, inspections=(void, right, inspection(headcount=50))))

    totals = file.training_class.completion
    assert totals is not None
    assert (totals.spot_headcounts, totals.opening_headcount, totals.revision) == ((50,), 50, 2)
    assert {each.conclusion for each in cases(file, "headcount_contradiction")} == {"unfounded"}
    assert [each.is_open for each in cases(file, "spot_checks_few")] == [True]


def spot_checked(**seen: Any) -> ClassFile:
    """Give a class with a spot check on its second day that saw something."""
    spot = replace(inspection("spot", kind="spot", held_at=at(DAY_TWO, 9), headcount=50), **seen)
    return replace(hours_of(28, 52), inspections=(inspection(), spot))


@pytest.mark.parametrize(
    ("check", "rule", "seen", "found"),
    [
        ("venue_changed", "JY-FLD-27", {"venue_id": "venue-1"}, False),
        ("venue_changed", "JY-FLD-27", {"venue_id": None}, False),
        ("venue_changed", "JY-FLD-27", {"venue_id": "venue-2"}, True),
        ("teacher_changed", "JY-FLD-28", {"teachers_seen": ("teacher-1",)}, False),
        ("teacher_changed", "JY-FLD-28", {"teachers_seen": ("teacher-1", "teacher-9")}, True),
    ],
)
def test_what_a_check_saw_is_held_against_the_timetable_and_a_reviewer_decides(
    check: str, rule: str, seen: dict[str, Any], found: bool
) -> None:
    file, events = settled(spot_checked(**seen))
    raised = cases(file, check)
    assert bool(raised) is found
    if found:
        assert [(one.rule, one.blocking, one.owner) for one in raised] == [(rule, False, "second_reviewer")]
        assert any(isinstance(event, FindingRaised) and event.check == check for event in events)
