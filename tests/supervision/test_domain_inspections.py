"""What inspectors write down: complete records on their days, heads within the roster, contradictions to the log."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.supervision.domain.training_class import withdraw_trainee
from shared.domain.errors import Refused
from tests.supervision.sample import OPENING, at, class_file, inspection
from tests.supervision.settling import all_present, doubts, filmed, record, settled


@pytest.mark.parametrize(("headcount", "contradicts"), [(45, False), (44, True)])
def test_fewer_heads_than_sign_ins_is_a_finding(headcount: int, contradicts: bool) -> None:
    check = inspection("c", kind="spot", held_at=at(OPENING + timedelta(days=1), 9), headcount=headcount)
    file = replace(filmed(class_file()), inspections=(check,))

    _, events = settled(file, all_present(file, 45))

    assert doubts(events) == (["headcount_contradiction"] if contradicts else [])


@pytest.mark.parametrize("missing", ["sign_in_in_order", "records_retained"])
def test_an_opening_record_needs_all_three_items(missing: str) -> None:
    """JY-SUP-09."""
    check = replace(inspection(), **{missing: None})  # type: ignore[arg-type]

    with pytest.raises(Refused, match="ITEM_MISSING") as refused:
        record(check)

    assert refused.value.rule == "JY-SUP-09"
    assert refused.value.field == {"sign_in_in_order": "sign_in"}.get(missing, missing)


def test_a_spot_check_may_leave_items_open_and_names_its_inspectors() -> None:
    check = replace(inspection(kind="spot", held_at=at(OPENING + timedelta(days=1), 10)), sign_in_in_order=None)

    event = record(check)

    assert (event.kind, event.held_on, event.headcount) == ("spot", OPENING + timedelta(days=1), 50)
    assert event.inspectors == ("inspector-1", "inspector-2")
    assert (event.venue_id, event.teachers_seen) == ("venue-1", ("teacher-1",))
    assert (event.sign_in_in_order, event.records_retained) == (None, True)  # JY-FLD-24, -27, -28


@pytest.mark.parametrize(("heads", "taken"), [(48, True), (49, False), (999, False)])
def test_inspectors_count_no_more_heads_than_the_class_had_people_that_day(heads: int, taken: bool) -> None:
    """JY-SUP-05: one count of 999 would lift every average above the limit; who left the day before is not counted."""
    day_two = OPENING + timedelta(days=1)
    file = class_file()
    file = replace(file, training_class=withdraw_trainee(file.training_class, "p01", OPENING))
    file = replace(file, training_class=withdraw_trainee(file.training_class, "p02", OPENING))
    file = replace(file, training_class=withdraw_trainee(file.training_class, "p03", day_two))
    check = inspection(kind="spot", held_at=at(day_two, 10), headcount=heads)

    if taken:
        assert record(check, file).headcount == heads
        return
    with pytest.raises(Refused, match="HEADCOUNT_ABOVE_ROSTER") as refused:
        record(check, file)
    assert (refused.value.rule, refused.value.field, refused.value.value) == ("JY-SUP-07", "headcount", str(heads))


def test_a_leaving_told_after_the_count_makes_it_a_question() -> None:
    """JY-SUP-05: fifty were counted on a day for which only forty-nine turn out to have been on the roster."""
    check = inspection("spot", kind="spot", held_at=at(OPENING + timedelta(days=1), 10))
    file, _ = settled(replace(class_file(), inspections=(check,)), all_present(class_file()))
    assert [each.check for each in file.findings if each.blocking] == ["video_incomplete"] * 4

    left = withdraw_trainee(file.training_class, "p01", OPENING)
    file, _ = settled(replace(file, training_class=left), all_present(class_file(), 49))

    (found,) = [each for each in file.findings if each.check == "headcount_contradiction"]
    assert (found.about, found.blocking) == ("spot", True)
    assert "现场清点 50 人，多于当日在册的 49 人" in found.seen


@pytest.mark.parametrize(("kind", "days"), [("spot", 0), ("spot", 2), ("opening", 1), ("opening", -1)])
def test_the_opening_check_is_on_the_opening_day_and_spot_checks_are_in_the_course_after_it(
    kind: str, days: int
) -> None:
    """JY-SUP-06: the average is of in-course checks; the last session is on the second day."""
    check = inspection(kind=kind, held_at=at(OPENING + timedelta(days=days), 10))  # type: ignore[arg-type]

    with pytest.raises(Refused, match="CHECK_ON_WRONG_DAY"):
        record(check)


def test_a_check_cannot_be_recorded_before_it_is_held() -> None:
    check = replace(inspection(), recorded_at=at(OPENING, 9, 29))

    with pytest.raises(Refused, match="CHECK_IN_FUTURE"):
        record(check)
