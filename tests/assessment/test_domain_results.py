"""Results are versions with an author, held against pass marks that exist, and final once everything is there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.domain.assessment import Assessment, Signature, not_passed, sign
from services.assessment.domain.body import Part
from services.assessment.domain.duty import Duty, require_other_person
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.results import Marks, ScoreEntry, enter_scores, examined_parts, finalise, judge_marks
from shared.domain.errors import Conflict, Forbidden, Refused
from shared.policy.decision import Severity
from shared.policy.rulebook import Rulebook
from tests.assessment.sample import (
    EXAM_DAY,
    TODAY,
    application,
    at,
    class_opened,
    exam,
    final,
    jiyuan,
    mark,
    marks,
    opened,
    people,
    score,
    scored,
    signed,
    trained,
    without_term,
)

BOOK = jiyuan()


def enter(
    assessment: Assessment,
    *entries: ScoreEntry,
    day: date = EXAM_DAY,
    author: str = "assessor-1",
    examined: ExaminedClass | None = None,
    in_force: Marks | None = None,
) -> tuple[Assessment, list[str]]:
    """Enter rows and give each one's verdict or the codes that refuse it."""
    after, _, verdicts = enter_scores(
        assessment,
        entries,
        examined=examined or opened(),
        marks=marks() if in_force is None else in_force,
        rulebook=BOOK,
        author=author,
        now=at(day),
    )
    return after, [",".join(finding.code for finding in row.findings) or row.verdict for row in verdicts]


def finalised(
    assessment: Assessment,
    *,
    examined: ExaminedClass | None = None,
    in_force: Marks | None = None,
    others: tuple[Assessment, ...] = (),
    today: date = EXAM_DAY,
    book: Rulebook = BOOK,
) -> Assessment:
    return finalise(
        assessment,
        others,
        examined=examined or trained(),
        marks=marks() if in_force is None else in_force,
        rulebook=book,
        finalised_by="assessor-1",
        today=today,
    )


def refusals(assessment: Assessment, **given: object) -> dict[str, str | None]:
    """Give the codes that keep the exam from being final, with their rules."""
    with pytest.raises((Refused, ExceptionGroup)) as raised:
        finalised(assessment, **given)  # type: ignore[arg-type]
    errors = raised.value.exceptions if isinstance(raised.value, ExceptionGroup) else (raised.value,)
    return {error.code: error.rule for error in errors}


ALL_SCORED = {"p01": (60, 60), "p02": (59, 90), "p03": (90, 59)}


def test_a_corrected_score_is_a_new_version_with_its_author() -> None:
    """JY-ASM-04."""
    assessment, _ = enter(exam(), score("p01", 58))
    assessment, verdicts = enter(assessment, score("p01", 61), author="assessor-2", day=TODAY)

    standing = assessment.scores["p01", "theory"]
    assert (verdicts, standing.points, standing.version) == (["accepted"], 61, 2)
    assert (standing.entered_by, standing.entered_at) == ("assessor-2", at(TODAY))


def test_the_same_points_again_change_nothing() -> None:
    before, _ = enter(exam(), score("p01", 58))
    after, verdicts = enter(before, score("p01", 58), author="assessor-2")

    assert (after, verdicts) == (before, ["duplicate"])


def test_one_bad_row_refuses_no_other() -> None:
    _, verdicts = enter(
        exam(),
        score("p01", 100),
        score("p02", 101),
        score("p03", -1),
        score("stranger", 50),
        score("p04", 0),
        score("p01", 70),
    )

    assert verdicts == ["accepted", "SCORE_RANGE", "SCORE_RANGE", "NOT_IN_EXAM", "accepted", "accepted"]


def test_a_part_without_a_pass_mark_takes_no_score_and_is_named() -> None:
    theory_only: Marks = {"theory": mark("theory")}

    _, _, verdicts = enter_scores(
        exam(),
        [score("p01", 80, "practice")],
        examined=opened(),
        marks=theory_only,
        rulebook=BOOK,
        author="assessor-1",
        now=at(EXAM_DAY),
    )
    finding = verdicts[0].findings[0]
    assert (finding.code, finding.value, finding.rule) == ("PASS_MARK_MISSING", "practice", "JY-ASM-04")
    assert "实操" in finding.message


def test_somebody_who_left_before_the_exam_gets_no_score() -> None:
    left = opened().without("p01", on=EXAM_DAY)

    assert enter(exam(), score("p01", 80), examined=left)[1] == ["NOT_IN_EXAM"]
    assert enter(exam(), score("p01", 80), examined=opened().without("p01", on=TODAY))[1] == ["accepted"]


def test_no_score_is_entered_before_the_exam_day() -> None:
    with pytest.raises(Refused, match="EXAM_NOT_HELD"):
        enter(exam(), score("p01", 80), day=EXAM_DAY - timedelta(days=1))


def test_no_score_is_entered_after_finalisation() -> None:
    with pytest.raises(Refused, match="RESULTS_FINAL"):
        enter(final(exam(), ALL_SCORED), score("p04", 80), day=TODAY)


def test_a_final_exam_says_who_passed_failed_and_was_absent() -> None:
    result = finalised(signed(scored(exam(), ALL_SCORED)))

    assert result.state == "final"
    assert result.persons_with("passed") == ("p01",)
    assert result.persons_with("failed") == ("p02", "p03")
    assert result.persons_with("absent") == ("p04",)
    assert result.examined == ("p01", "p02", "p03")
    assert not_passed([result]) == {"p02", "p03", "p04"}


@given(theory=st.integers(0, 100), practice=st.integers(0, 100), bar=st.integers(1, 100))
def test_a_person_passes_with_the_pass_mark_in_every_part_and_no_point_less(
    theory: int, practice: int, bar: int
) -> None:
    in_force: Marks = {"theory": mark("theory", pass_mark=bar), "practice": mark("practice", pass_mark=60)}
    result = finalised(signed(scored(exam(), {"p01": (theory, practice)})), in_force=in_force)

    assert (result.outcomes["p01"] == "passed") is (theory >= bar and practice >= 60)


def test_everything_that_is_missing_is_said_at_once_with_its_rule() -> None:
    half, _ = enter(exam(), score("p01", 80))

    assert refusals(half, examined=opened()) == {
        "PATROL_SIGNATURE": "JY-ASM-09",
        "TRAINING_NOT_COMPLETE": "JY-ENR-01",
        "OPINION_MISSING": "JY-SUP-08",
        "SCORES_INCOMPLETE": "JY-ASM-04",
    }


def test_results_of_a_class_without_lessons_wait_for_no_training() -> None:
    """HB-CLM-13, QJ-ASM-02: an evaluation is the body's and teaches nothing, so nothing of it is ever completed."""
    ready, silent = signed(scored(exam(), ALL_SCORED)), without_term("inspection_opinion", chapter="supervision")

    assert refusals(ready, examined=opened(), book=silent).keys() == {"TRAINING_NOT_COMPLETE"}
    assert finalised(ready, examined=opened(class_opened(taught=False)), book=silent).is_final


@pytest.mark.parametrize("opinion", [None, False])
def test_results_wait_for_a_passed_inspection_opinion(opinion: bool | None) -> None:
    """JY-SUP-08, reading 73: the application did not wait for it."""
    ready = signed(scored(exam(), ALL_SCORED))

    assert refusals(ready, examined=trained(passed=opinion)) == {"OPINION_MISSING": "JY-SUP-08"}
    silent = without_term("inspection_opinion", chapter="supervision")
    assert finalised(ready, examined=trained(passed=opinion), book=silent).is_final


def test_a_document_without_a_patrol_needs_no_signature() -> None:
    unsigned = scored(exam(), ALL_SCORED)

    assert refusals(unsigned) == {"PATROL_SIGNATURE": "JY-ASM-09"}
    assert finalised(unsigned, book=without_term("patrol")).is_final


def test_nothing_is_final_without_any_pass_mark_even_if_nobody_came() -> None:
    assert "PASS_MARK_MISSING" in refusals(signed(exam()), in_force={})
    assert finalised(signed(exam())).persons_with("absent") == people(4)


@pytest.mark.parametrize("part", ["theory", "practice"])
def test_a_scored_part_needs_its_pass_mark(part: Part) -> None:
    ready = signed(scored(exam(), ALL_SCORED))
    others = {name: row for name, row in marks().items() if name != part}

    assert "PASS_MARK_MISSING" in refusals(ready, in_force=others)


@pytest.mark.parametrize("part", ["theory", "practice"])
def test_the_completion_exam_has_both_parts_whatever_was_scored(part: Part) -> None:
    """JY-ASM-07."""
    completion = exam(asked=application("completion"))
    one_mark: Mapping[Part, object] = {part: mark(part, kind="completion")}

    assert set(refusals(signed(completion), in_force=one_mark)) == {"PASS_MARK_MISSING"}


def test_every_kind_has_the_parts_that_the_rulebook_names_and_no_others() -> None:
    """JY-ASM-08: which parts are examined is the region's word, never a question of which mark was entered."""
    theory_only: Marks = {"theory": mark("theory")}
    entered, _ = enter(exam(), score("p01", 60), in_force=theory_only)
    assert refusals(signed(entered), in_force=theory_only) == {"PASS_MARK_MISSING": "JY-ASM-04"}

    ability = exam(asked=application("special_ability"))
    both = marks(kind="special_ability")
    entered, verdicts = enter(ability, score("p01", 60, "practice"), score("p01", 60), in_force=both)
    assert verdicts == ["accepted", "PART_NOT_EXAMINED"]
    assert finalised(signed(entered), in_force=both).outcomes["p01"] == "passed"
    assert examined_parts("special_ability", without_term("certificate_kinds")) == ("theory", "practice")


def test_a_pass_mark_entered_after_the_first_score_is_flagged() -> None:
    """JY-ASM-04: who passes could have been chosen by it."""
    assessment, _ = enter(exam(), score("p01", 60))
    again, _ = enter(assessment, score("p01", 61), day=TODAY)
    on_time = {**marks(), "theory": mark("theory", set_at=at(EXAM_DAY))}
    late = {**marks(), "theory": mark("theory", set_at=at(EXAM_DAY, 11))}

    assert [list(judge_marks(one, on_time, BOOK)) for one in (exam(), assessment, again)] == [[], [], []]
    (found,) = judge_marks(again, late, BOOK)
    assert (found.code, found.value, found.rule, found.severity) == (
        "PASS_MARK_AFTER_SCORES",
        "theory",
        "JY-ASM-04",
        Severity.WARN,
    )


def test_points_above_a_full_mark_that_was_lowered_meanwhile_are_not_final() -> None:
    lowered = {**marks(), "theory": mark("theory", full_mark=80, pass_mark=48)}

    assert refusals(signed(scored(exam(), {"p01": (81, 60)})), in_force=lowered) == {"SCORE_RANGE": "JY-ASM-04"}


def test_somebody_who_turns_out_to_have_left_by_the_exam_day_neither_passes_nor_blocks() -> None:
    """Their withdrawal may be heard of only after their scores, whole or half, were entered."""
    half, _ = enter(exam(), score("p02", 80), score("p03", 200), in_force={"theory": mark("theory", full_mark=200)})
    ready = signed(scored(half, {"p01": (80, 80)}))
    left = trained()
    for person in ("p01", "p02", "p03"):
        left = left.without(person, on=EXAM_DAY)

    assert set(refusals(ready)) == {"SCORES_INCOMPLETE", "SCORE_RANGE"}
    assert set(finalised(ready, examined=left).outcomes.values()) == {"absent"}


def test_a_score_of_somebody_who_never_came_is_struck_out_and_they_are_absent_again() -> None:
    assessment, verdicts = enter(exam(), score("p01", 80), score("p01", None), score("p02", None))
    assert verdicts == ["accepted", "accepted", "duplicate"]
    struck = assessment.scores["p01", "theory"]
    assert (struck.points, struck.version, struck.entered_by) == (None, 2, "assessor-1")

    assert finalised(signed(assessment)).persons_with("absent") == people(4)
    again, verdicts = enter(assessment, score("p01", None), score("p01", 0))
    assert verdicts == ["duplicate", "accepted"]
    assert refusals(signed(again)) == {"SCORES_INCOMPLETE": "JY-ASM-04"}


def test_an_earlier_exam_of_the_same_people_is_final_first() -> None:
    """JY-ASM-05: otherwise nobody could say which attempt this was."""
    earlier = exam("exam-1", application(persons=("p01", "p02")))
    later_on = application("completion", persons=("p02", "p03"), exam_on=EXAM_DAY + timedelta(days=10))
    later = exam("exam-2", later_on, (earlier,))
    ready = signed(later)
    in_force = marks(kind="completion")

    waits = {"in_force": in_force, "today": TODAY + timedelta(days=30)}
    assert refusals(ready, others=(earlier, ready), **waits) == {"EARLIER_EXAM_OPEN": "JY-ASM-05"}
    assert finalised(ready, others=(final(earlier, {}), ready), **waits).is_final  # type: ignore[arg-type]
    elsewhere = replace(earlier, persons=("p01",))
    assert finalised(ready, others=(elsewhere, ready), **waits).is_final  # type: ignore[arg-type]
    assert finalised(signed(earlier), others=(earlier, later)).is_final


def test_nothing_is_final_before_the_exam_day_nor_twice() -> None:
    ready = signed(scored(exam(), ALL_SCORED))

    with pytest.raises(Refused, match="EXAM_NOT_HELD"):
        finalised(ready, today=EXAM_DAY - timedelta(days=1))
    with pytest.raises(Refused, match="RESULTS_FINAL"):
        finalised(finalised(ready))


def test_the_patrol_signs_once_on_the_exam_day_or_later_and_before_the_end() -> None:
    """JY-ASM-09."""
    early = Signature(signed_by="patrol-1", signed_at=at(EXAM_DAY - timedelta(days=1), 23), remark="")

    with pytest.raises(Refused, match="EXAM_NOT_HELD"):
        sign(exam(), early)
    with pytest.raises(Conflict, match="PATROL_SIGNED"):
        signed(signed(exam()))
    with pytest.raises(Refused, match="RESULTS_FINAL"):
        signed(final(exam(), ALL_SCORED))


@pytest.mark.parametrize(("held", "wanted"), [("examination", "patrol"), ("patrol", "examination")])
def test_the_patrol_is_somebody_else_than_the_examiner(held: Duty, wanted: Duty) -> None:
    with pytest.raises(Forbidden) as refused:
        require_other_person("li", wanted, {"li": held, "wu": wanted}, term=BOOK.assessment.patrol)
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "JY-ASM-09")

    require_other_person("li", held, {"li": held}, term=None)
    require_other_person("zhao", wanted, {"li": held}, term=None)
