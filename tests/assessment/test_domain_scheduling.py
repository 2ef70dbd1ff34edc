"""An exam before it is held: decided on, moved, withdrawn (JY-ASM-02, JY-ASM-03)."""

from dataclasses import replace
from datetime import date

import pytest

from services.assessment.domain.assessment import Admission, Assessment, Move, Withdrawal
from services.assessment.domain.completion import complete
from services.assessment.domain.results import finalise
from services.assessment.domain.scheduling import admit, move, schedule, withdraw
from shared.domain.errors import Conflict, Refused
from tests.assessment.office import FAIL, PASS
from tests.assessment.sample import (
    APPLIED,
    EXAM_DAY,
    TODAY,
    application,
    at,
    body,
    exam,
    final,
    jiyuan,
    marks,
    opened,
    scored,
    signed,
    trained,
)

LATER = date(2021, 7, 9)
WITHDRAWAL = Withdrawal(on=TODAY, by="school-1", reason="示例")


def change(exam_on: date = LATER, body_id: str = "body-1") -> Move:
    return Move(
        from_exam_on=EXAM_DAY,
        from_body_id="body-1",
        exam_on=exam_on,
        body_id=body_id,
        reason="示例",
        moved_by="school-1",
        moved_at=at(APPLIED),
    )


def awaited() -> Assessment:
    asked, event = schedule(
        application(), opened(), body(), (), assessment_id="exam-1", applied_by="clerk", needs_admission=True
    )
    assert event is None
    return asked


def decided(decision: str) -> Admission:
    return Admission(
        decision=decision,  # type: ignore[arg-type]
        reason="示例",
        decided_by="approver-1",
        decided_at=at(APPLIED),
    )


def test_a_moved_exam_is_announced_again_under_its_next_revision() -> None:
    once, first = move(exam(), change(), body())
    twice, second = move(once, replace(change(date(2021, 7, 12), "body-2")), body("body-2"))

    assert first is not None
    assert second is not None
    assert (first.revision, first.exam_on, first.applied_on) == (2, LATER, APPLIED)
    assert (second.revision, second.body_id, second.exam_on) == (3, "body-2", date(2021, 7, 12))
    assert (twice.exam_on, twice.body_id, len(twice.moves)) == (date(2021, 7, 12), "body-2", 2)


def test_a_move_to_where_it_stands_is_none() -> None:
    with pytest.raises(Refused, match="NOTHING_CHANGED"):
        move(exam(), change(EXAM_DAY), body())


def test_an_exam_that_has_begun_is_neither_moved_nor_withdrawn_until_what_was_entered_is_struck_out() -> None:
    with_scores = scored(exam(), {"p01": PASS})
    for begun, code in (
        (with_scores, "EXAM_BEGUN"),
        (signed(exam()), "EXAM_BEGUN"),
        (final(exam(), {"p01": FAIL}), "RESULTS_FINAL"),
        (withdraw(exam(), WITHDRAWAL)[0], "EXAM_WITHDRAWN"),
    ):
        with pytest.raises(Refused, match=code):
            move(begun, change(), body())
        with pytest.raises(Refused, match=code):
            withdraw(begun, WITHDRAWAL)
    struck = {key: replace(score, points=None) for key, score in with_scores.scores.items()}
    assert withdraw(replace(with_scores, scores=struck), WITHDRAWAL)[0].state == "withdrawn"


def test_nothing_is_entered_in_an_exam_that_is_withdrawn_or_awaits_a_decision() -> None:
    withdrawn, event = withdraw(exam(), WITHDRAWAL)

    assert event is not None
    assert (event.assessment_id, event.on, event.reason) == ("exam-1", TODAY, "")
    for closed, code in (
        (withdrawn, "EXAM_WITHDRAWN"),
        (awaited(), "EXAM_AWAITED"),
        (admit(awaited(), decided("refuse"), body())[0], "EXAM_REFUSED"),
    ):
        with pytest.raises(Refused, match=code):
            scored(closed, {"p01": PASS})
        with pytest.raises(Refused, match=code):
            signed(closed)


def test_what_a_person_admits_is_announced_and_what_they_refuse_is_not() -> None:
    """JY-ASM-03"""
    admitted, event = admit(awaited(), decided("admit"), body())
    refused, nothing = admit(awaited(), decided("refuse"), body())

    assert event is not None
    assert (admitted.state, admitted.revision, event.revision) == ("scheduled", 1, 1)
    assert (refused.state, refused.revision, nothing) == ("refused", 0, None)
    for standing in (admitted, refused, exam()):
        with pytest.raises(Conflict, match="NOT_AWAITED"):
            admit(standing, decided("admit"), body())


def test_an_awaited_exam_may_be_moved_and_withdrawn_without_an_event() -> None:
    moved, event = move(awaited(), change(), body())

    assert (moved.exam_on, event) == (LATER, None)
    assert withdraw(moved, WITHDRAWAL)[1] is None


def test_people_of_a_withdrawn_exam_may_be_examined_again_and_those_of_an_awaited_one_not_yet() -> None:
    assert exam("exam-2", application(), (withdraw(exam(), WITHDRAWAL)[0],)).number == 2
    with pytest.raises(Conflict, match="EXAM_SCHEDULED"):
        exam("exam-2", application(), (awaited(),))


def test_neither_results_nor_completion_wait_for_an_exam_that_is_not_held() -> None:
    gone = withdraw(exam("exam-1", application("qualification", exam_on=date(2021, 7, 1))), WITHDRAWAL)[0]
    ready = signed(scored(exam("exam-2", application(), (gone,)), {"p01": FAIL}))

    held = finalise(
        ready, (gone, ready), examined=trained(), marks=marks(), rulebook=jiyuan(), finalised_by="a", today=TODAY
    )

    done = complete(trained(), (gone, held), (), today=TODAY)
    assert done is not None
    assert [(count.kind, count.examined) for count in done[1].kinds] == [("level", 1)]
    assert complete(trained(), (gone,), (), today=TODAY) is None
