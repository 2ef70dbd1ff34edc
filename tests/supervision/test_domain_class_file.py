"""What follows from the facts about a class: attendance, the opening-day rule, findings and totals."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.domain.class_file import ClassFile, conclude, settle
from services.supervision.domain.finding import CaseFinding, Conclusion
from services.supervision.domain.inspection import void_inspection
from services.supervision.domain.training_class import join_trainees, state_opinion, withdraw_trainee
from services.supervision.domain.voiding import Voiding
from shared.contracts.contract import Contract
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassCancelled,
    FindingClosed,
    FindingRaised,
    InspectionOpinion,
    TrainingCompleted,
)
from shared.domain.errors import Conflict, Refused
from tests.supervision.sample import (
    CLASS,
    OPENING,
    Ids,
    at,
    class_file,
    class_opened,
    clip,
    inspection,
    people,
    planned_session,
    timetable,
)
from tests.supervision.settling import BOOK, CLOSING, RECORDS, all_present, doubts, filmed, record, settled, signed


def conclusion(
    file: ClassFile, finding: CaseFinding, verdict: Conclusion, *, by: str = "approver-1"
) -> tuple[ClassFile, tuple[Contract, ...]]:
    return conclude(
        file,
        BOOK,
        finding_id=finding.finding_id,
        conclusion=verdict,
        closed_by=by,
        reason="已电话核实",
        now=CLOSING,
        make_id=Ids(),
    )


def of_type(events: Iterable[Contract], kind: type[Contract]) -> list[Contract]:
    return [event for event in events if isinstance(event, kind)]


def test_closing_a_session_says_who_was_there_on_what_evidence() -> None:
    file = class_file(class_opened(trainees=people(3)))
    sheets = {"s1-am": {"p01": ["manual", "face"], "p03": ["qr_with_teacher"]}}

    file, events = settle(file, BOOK, signed_in=sheets, now=CLOSING, make_id=Ids())

    checked = events[0]
    assert isinstance(checked, AttendanceChecked)
    assert (checked.session_id, checked.revision, checked.held_on) == ("s1-am", 1, OPENING)
    assert [(p.person_id, p.methods, p.strength) for p in checked.present] == [
        ("p01", ("face", "manual"), 90),
        ("p03", ("qr_with_teacher",), 50),
    ]
    assert checked.absent == ("p02",)


def test_a_late_sign_in_raises_the_revision_and_one_that_says_nothing_new_does_not() -> None:
    file, _ = settled(class_file(), {"s1-am": people(45)})

    same, nothing = settled(file, {"s1-am": people(45)})
    revised, events = settled(file, {"s1-am": people(46)})

    assert nothing == ()
    assert same == file
    assert [event.revision for event in of_type(events, AttendanceChecked)] == [2]  # type: ignore[attr-defined]
    assert len(revised.sessions[0].present) == 46


@pytest.mark.parametrize(("present", "state"), [(45, "open"), (44, "held")])
def test_forty_five_of_fifty_go_on_and_forty_four_are_held(present: int, state: str) -> None:
    """JY-SUP-04 and reading 3: exactly 90 % is not below."""
    file, _ = settled(class_file(), {"s1-am": people(present)})
    assert file.opening is None  # the afternoon is still to close

    file, events = settled(file, {"s1-pm": people(present)})

    assert file.training_class.state == state
    assert doubts(events) == (["opening_attendance"] if state == "held" else [])


@pytest.mark.parametrize(("present", "state"), [(44, "open"), (43, "held")])
def test_rows_refused_before_the_opening_leave_the_plan(present: int, state: str) -> None:
    """50 planned, 2 refused: 90 % of 48 is 43.2."""
    file = class_file(class_opened(trainees=people(48), refused=2))

    file, _ = settled(file, {"s1-am": people(present), "s1-pm": people(1)})

    assert file.training_class.state == state


def test_who_came_only_in_the_afternoon_attended_the_opening_day_too() -> None:
    file, _ = settled(class_file(), {"s1-am": people(44), "s1-pm": ("p45",)})

    assert file.opening is not None
    assert file.opening.attended == 45


def test_the_smaller_of_sign_ins_and_inspectors_count_attended_and_both_are_shown() -> None:
    file = replace(class_file(), inspections=(inspection(headcount=44),))

    file, _ = settled(file, {"s1-am": people(46), "s1-pm": people(46)})

    assert file.opening is not None
    assert file.training_class.held
    term = BOOK.supervision.opening_attendance
    assert term is not None
    assert file.opening.trace(term).inputs == {
        "day": "2021-06-01",
        "signed_in": 46,
        "headcount": 44,
        "attended": 44,
        "planned": 50,
        "refused": 0,
        "minimum_percent": 90,
    }


@pytest.mark.parametrize(
    ("first", "second", "attended"),
    [
        pytest.param((9, 40), (10, 46), 40, id="of one session the smaller stands, or its writer could outweigh it"),
        pytest.param((10, 46), (9, 40), 40, id="in whichever order they were written"),
        pytest.param((8, 40), (10, 46), 40, id="before the lesson"),
        pytest.param((10, 40), (12, 46), 40, id="in the break after it"),
        pytest.param((10, 40), (14, 46), 46, id="of two sessions the fuller one tells who came that day"),
    ],
)
def test_of_two_opening_counts(first: tuple[int, int], second: tuple[int, int], attended: int) -> None:
    """JY-SUP-04, JY-FLD-22 and decision 0008: a later larger count does not undo the smaller one of its session."""
    counts = tuple(
        inspection(f"c{number}", held_at=at(OPENING, hour), headcount=heads)
        for number, (hour, heads) in enumerate((first, second))
    )

    file, _ = settled(replace(class_file(), inspections=counts), {"s1-am": people(47), "s1-pm": ()})

    assert file.opening is not None
    assert file.opening.attended == attended


def test_a_larger_count_of_the_same_session_lets_a_held_class_not_go_on_until_the_smaller_is_void() -> None:
    """JY-SUP-04: eleven heads hold the class; fifty written down next do not let it go on, the voiding does."""
    few, many = inspection("few", headcount=11), inspection("many", headcount=50, held_at=at(OPENING, 10))
    present = {"s1-am": people(50), "s1-pm": people(50)}
    file, _ = settled(replace(class_file(), inspections=(few,)), present)
    assert file.training_class.state == "held"

    file, _ = settled(replace(file, inspections=(few, many)), {})
    assert file.training_class.state == "held"

    void, _ = void_inspection(few, Voiding(by="approver-1", at=CLOSING, reason="误录"), class_id=CLASS)
    file, _ = settled(replace(file, inspections=(void, many)), {})
    assert file.training_class.state == "open"


def held_class() -> tuple[ClassFile, CaseFinding]:
    file, _ = settled(class_file(), {"s1-am": people(44), "s1-pm": people(44)})
    return file, file.findings[0]


def test_the_opening_finding_names_rule_clause_and_numbers() -> None:
    _, finding = held_class()

    assert (finding.check, finding.rule, finding.clause, finding.blocking) == (
        "opening_attendance",
        "JY-SUP-04",
        "二(三)2",
        True,
    )
    assert "44×100 < 50×90" in finding.seen


def test_the_confirmed_finding_cancels_the_class_for_good() -> None:
    file, finding = held_class()

    file, events = conclusion(file, finding, "confirmed")

    assert [type(event) for event in events] == [FindingClosed, ClassCancelled]
    cancelled = events[1]
    assert isinstance(cancelled, ClassCancelled)
    assert (cancelled.attended, cancelled.planned, cancelled.rule, cancelled.confirmed_by) == (
        44,
        50,
        "JY-SUP-04",
        "approver-1",
    )
    assert file.training_class.state == "cancelled"
    assert settled(file, all_present(file)) == (file, ())
    with pytest.raises(Refused, match="CLASS_ENDED"):
        state_opinion(file.training_class, opinion())


def test_the_cancellation_names_the_headcount_applied_for_as_the_opening_did() -> None:
    file = class_file(class_opened(trainees=people(48), refused=2))
    file, _ = settled(file, {"s1-am": people(43), "s1-pm": people(43)})

    _, events = conclusion(file, file.findings[0], "confirmed")

    cancelled = events[1]
    assert isinstance(cancelled, ClassCancelled)
    assert (cancelled.attended, cancelled.planned) == (43, 50)


def test_an_unfounded_finding_lets_the_class_go_on_and_is_not_raised_again() -> None:
    file, finding = held_class()

    file, _ = conclusion(file, finding, "unfounded")
    file, events = settled(file, {"s2-am": people(44), "s2-pm": people(44)})

    assert set(doubts(events)) == {"video_incomplete"}
    assert file.training_class.state == "completed"


def test_the_opening_finding_cannot_be_waived_and_nothing_is_closed_twice() -> None:
    file, finding = held_class()

    with pytest.raises(Refused, match="WAIVER_NOT_ALLOWED") as refused:
        conclusion(file, finding, "waived")
    assert refused.value.rule == "JY-SUP-04"
    file, _ = conclusion(file, finding, "unfounded")
    with pytest.raises(Conflict, match="FINDING_CLOSED"):
        conclusion(file, finding, "confirmed")


def test_a_late_upload_that_lifts_attendance_to_the_minimum_lifts_the_hold_by_itself() -> None:
    file, finding = held_class()

    file, events = settled(file, {"s1-am": people(45)})

    assert file.training_class.state == "open"
    closed = of_type(events, FindingClosed)[0]
    assert isinstance(closed, FindingClosed)
    assert (closed.finding_id, closed.conclusion, closed.closed_by) == (finding.finding_id, "unfounded", "system")


def test_a_late_upload_that_does_not_suffice_shows_the_new_number_without_a_second_case() -> None:
    file = class_file()
    file, _ = settled(file, {"s1-am": people(40), "s1-pm": ()})

    file, events = settled(file, {"s1-am": people(44)})

    assert [finding.check for finding in file.findings].count("opening_attendance") == 1
    assert "44×100" in file.findings[0].seen
    assert of_type(events, FindingRaised) == []


def test_an_inspectors_smaller_count_brings_the_hold_back_as_a_case_of_its_own() -> None:
    """Whoever counts closed cases by id would take the old id for a case that is still closed, and pay."""
    ids = Ids()
    file = class_file()
    sheets = {"s1-am": signed(people(44)), "s1-pm": signed(people(44))}
    file, _ = settle(file, BOOK, signed_in=sheets, now=CLOSING, make_id=ids)
    file, _ = settle(file, BOOK, signed_in={"s1-am": signed(people(45))}, now=CLOSING, make_id=ids)
    lifted = file.findings[0]

    file = replace(file, inspections=(inspection(headcount=44),))
    file, events = settle(file, BOOK, signed_in={}, now=CLOSING, make_id=ids)

    assert file.training_class.held
    again = [event for event in of_type(events, FindingRaised) if event.check == "opening_attendance"]  # type: ignore[attr-defined]
    assert len(again) == 1
    assert again[0].finding_id != lifted.finding_id  # type: ignore[attr-defined]
    assert file.finding(lifted.finding_id) == lifted


def opinion() -> InspectionOpinion:
    return InspectionOpinion(passed=True, given_by="approver-1", given_on=CLOSING.date(), remark="")


def completed(number: int = 48) -> tuple[ClassFile, TrainingCompleted]:
    file = filmed(class_file())
    file, events = settled(file, all_present(file, number))
    totals = events[-1]
    assert isinstance(totals, TrainingCompleted)
    return file, totals


def test_the_last_closing_completes_the_training_with_totals() -> None:
    file = replace(
        filmed(class_file()),
        inspections=(
            inspection("late", kind="spot", held_at=at(OPENING + timedelta(days=1), 15), headcount=47),
            inspection("first", kind="spot", held_at=at(OPENING + timedelta(days=1), 10), headcount=46),
            inspection("opening", headcount=48),
        ),
    )
    sheets = {**all_present(file, 46), "s2-am": people(45)}

    file, events = settled(file, sheets)

    totals = events[-1]
    assert isinstance(totals, TrainingCompleted)
    assert (totals.revision, totals.sessions) == (1, 4)
    assert (totals.theory_class_hours, totals.practice_class_hours) == (4, 8)
    assert (totals.opening_headcount, totals.opening_checks, totals.spot_headcounts) == (46, 1, (46, 47))
    by_person = {each.person_id: (each.sessions_present, each.class_hours_present) for each in totals.trainees}
    assert len(by_person) == 50
    assert (by_person["p01"], by_person["p46"], by_person["p50"]) == ((4, 12), (3, 10), (0, 0))
    assert file.training_class.state == "completed"
    assert file.findings == ()


def test_a_session_nobody_came_to_delivers_no_class_hours_and_needs_no_film() -> None:
    file = class_file()
    file, events = settled(file, {**all_present(filmed(file)), "s2-am": (), "s2-pm": ()})

    totals = events[-1]
    assert isinstance(totals, TrainingCompleted)
    assert (totals.theory_class_hours, totals.practice_class_hours) == (2, 4)
    assert {finding.about for finding in file.findings if finding.check not in RECORDS} == {"s1-am", "s1-pm"}


def test_later_facts_republish_the_totals_only_when_they_change_them() -> None:
    file, _ = completed()

    file, first = settled(replace(file, training_class=state_opinion(file.training_class, opinion())))
    file, again = settled(replace(file, training_class=state_opinion(file.training_class, opinion())))
    file, late = settled(file, {"s2-am": people(49)}, now=CLOSING + timedelta(days=9))

    assert [type(event) for event in first] == [TrainingCompleted]
    assert again == ()
    assert [type(event) for event in late] == [AttendanceChecked, TrainingCompleted]
    last = file.training_class.completion
    assert last is not None
    assert (last.revision, last.completed_on, last.opinion) == (3, CLOSING.date(), opinion())


def test_a_held_class_is_completed_only_when_the_hold_is_lifted() -> None:
    file, finding = held_class()
    file, events = settled(filmed(file), {"s2-am": people(44), "s2-pm": people(44)})
    assert of_type(events, TrainingCompleted) == []

    _, events = conclusion(file, finding, "unfounded")

    assert [type(event) for event in events] == [FindingClosed, TrainingCompleted]


def test_missing_video_is_a_finding_per_session_until_it_arrives() -> None:
    file = class_file()
    file, events = settled(file, all_present(file))
    raised = [event for event in events if isinstance(event, FindingRaised) and event.check == "video_incomplete"]
    assert {(event.rule, event.blocking) for event in raised} == {("JY-SUP-02", True), ("JY-SUP-03", True)}
    assert len(raised) == 4

    session = file.sessions[0]
    file, events = settled(replace(file, clips=(clip(session.session_id, session.starts_at, session.ends_at),)))

    assert [type(event) for event in events] == [FindingClosed]
    assert len([finding for finding in file.findings if finding.is_open and finding.check not in RECORDS]) == 3


def test_a_waived_video_finding_stays_closed() -> None:
    file = class_file()
    file, _ = settled(file, all_present(file))
    finding = next(finding for finding in file.findings if finding.check == "video_incomplete")
    file, _ = conclusion(file, finding, "waived", by="inspector-1")

    file, events = settled(file, {"s2-am": people(49)})

    assert of_type(events, FindingRaised) == []
    assert file.finding(finding.finding_id).conclusion == "waived"


def test_who_signed_in_on_the_day_of_leaving_attended_and_who_did_not_is_not_absent() -> None:
    """JY-SUP-04 counts who actually came: 45 of 50 came on the opening day, though one left that evening."""
    file = class_file()
    for person in ("p45", "p46"):
        file = replace(file, training_class=withdraw_trainee(file.training_class, person, OPENING))

    file, _ = settled(file, {"s1-am": people(45), "s1-pm": people(44)})

    assert file.training_class.state == "open"
    assert file.opening is not None
    assert file.opening.attended == 45
    assert file.sessions[0].absent == ("p47", "p48", "p49", "p50")
    assert file.sessions[1].absent == ("p47", "p48", "p49", "p50")


def test_who_left_is_neither_present_nor_absent_after_that_day() -> None:
    file, _ = completed()
    left = withdraw_trainee(file.training_class, "p01", OPENING)

    file, events = settled(
        replace(file, training_class=left), {name: people(48) for name in ("s1-am", "s2-am", "s2-pm")}
    )

    checked = of_type(events, AttendanceChecked)
    assert [(event.session_id, len(event.present)) for event in checked] == [("s2-am", 47), ("s2-pm", 47)]  # type: ignore[attr-defined]
    assert all("p01" not in event.absent for event in checked)  # type: ignore[attr-defined]
    last = file.training_class.completion
    assert last is not None
    assert last.trainees[0].sessions_present == 2


def test_class_hours_shorter_than_forty_minutes_are_not_all_counted() -> None:
    """JY-ENR-08: 119 minutes hold two class hours, 120 hold three."""
    sessions = tuple(
        planned_session(f"s{minutes}", at(OPENING, hour), minutes=minutes, class_hours=3)
        for hour, minutes in ((8, 119), (14, 120))
    )

    file = class_file(class_opened(sessions=sessions))

    assert [session.class_hours for session in file.sessions] == [2, 3]


def test_who_joined_the_running_class_is_counted_from_that_day_and_not_before() -> None:
    """JY-ENR-06 and JY-SUP-05: the joining was approved on the second afternoon."""
    file = class_file(class_opened(sessions=timetable(3)))
    joined = join_trainees(file.training_class, ["p51"], (), BOOK, at(OPENING + timedelta(days=1), 15))
    file = replace(file, training_class=joined)

    with pytest.raises(Refused, match="HEADCOUNT_ABOVE_ROSTER"):
        record(inspection(headcount=51), file)
    for days in (1, 2):
        record(inspection(kind="spot", held_at=at(OPENING + timedelta(days=days), 10), headcount=51), file)


def test_the_timetable_is_kept_in_order_of_time() -> None:
    file = class_file(class_opened(sessions=tuple(reversed(timetable()))))

    assert [session.session_id for session in file.sessions] == ["s1-am", "s1-pm", "s2-am", "s2-pm"]
