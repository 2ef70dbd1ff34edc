"""Results corrected after the exam was final: points decide, versions stay, certificates come first (JY-ASM-04)."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.assessment.domain.assessment import Assessment, Correction, Score, not_passed
from services.assessment.domain.body import Part
from services.assessment.domain.certificate import Certificate, Voiding
from services.assessment.domain.completion import complete
from services.assessment.domain.correction import correct
from services.assessment.domain.results import Marks
from shared.domain.errors import Conflict, Refused
from tests.assessment.office import FAIL, PASS
from tests.assessment.sample import TODAY, at, exam, final, jiyuan, mark, marks, trained
from tests.assessment.test_storage import certificate

FINAL = final(exam(), {"p01": PASS, "p02": FAIL})


def corrected(
    assessment: Assessment,
    person: str,
    points: Mapping[Part, int | None],
    *,
    certificates: tuple[Certificate, ...] = (),
    in_force: Marks | None = None,
) -> tuple[Assessment, tuple[Score, ...], Correction]:
    return correct(
        assessment,
        person,
        points,
        examined=trained(),
        marks=in_force or marks(),
        rulebook=jiyuan(),
        certificates=certificates,
        reason="录入串行",
        decided_by="approver-1",
        now=at(TODAY),
    )


@pytest.mark.parametrize(
    ("person", "points", "outcome"),
    [
        ("p01", {"theory": 59}, "failed"),
        ("p01", {"theory": None, "practice": None}, "absent"),
        ("p02", {"practice": 60}, "passed"),
        ("p04", {"theory": 60, "practice": 60}, "passed"),
    ],
)
def test_what_the_corrected_points_come_to_is_the_result(
    person: str, points: Mapping[Part, int | None], outcome: str
) -> None:
    after, scores, correction = corrected(FINAL, person, points)

    assert (after.outcomes[person], correction.outcome, correction.reason) == (outcome, outcome, "录入串行")
    assert [score.points for score in scores] == list(points.values())
    assert {score.entered_by for score in scores} == {"approver-1"}
    assert (after.outcome_number(person), after.outcome_number("p03")) == (2, 1)
    assert {who: after.outcomes[who] for who in after.persons if who != person} == {
        who: FINAL.outcomes[who] for who in FINAL.persons if who != person
    }


def test_a_corrected_score_is_the_next_version_of_what_stood() -> None:
    _, (score,), _ = corrected(FINAL, "p01", {"theory": 59, "practice": 80})

    assert (score.part, score.version, score.points) == ("theory", 2, 59)


def test_under_a_pass_mark_corrected_since_the_same_points_come_to_another_result() -> None:
    lower: Marks = {"theory": mark("theory"), "practice": mark("practice", pass_mark=59)}
    after, scores, _ = corrected(FINAL, "p02", {}, in_force=lower)

    assert (after.outcomes["p02"], scores) == ("passed", ())


def test_what_cannot_be_corrected_is_refused() -> None:
    for assessment, person, points, code in (
        (exam(), "p01", {"theory": 59}, "RESULTS_NOT_FINAL"),
        (FINAL, "stranger", {"theory": 59}, "NOT_IN_EXAM"),
        (FINAL, "stranger", {}, "NOT_IN_EXAM"),
        (FINAL, "p01", {"theory": 101}, "SCORE_RANGE"),
        (FINAL, "p04", {"theory": 60}, "SCORES_INCOMPLETE"),
        (FINAL, "p01", {"theory": 80}, "NOTHING_CHANGED"),
        (FINAL, "p01", {}, "NOTHING_CHANGED"),
    ):
        with pytest.raises(Refused, match=code):
            corrected(assessment, person, points)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="PASS_MARK_MISSING"):
        corrected(FINAL, "p01", {"theory": 59}, in_force={"theory": mark("theory")})


def test_a_standing_certificate_is_voided_before_its_holder_failed() -> None:
    standing = certificate("p01")
    with pytest.raises(Conflict, match="CERTIFICATE_STANDS"):
        corrected(FINAL, "p01", {"theory": 59}, certificates=(standing,))
    assert corrected(FINAL, "p01", {"theory": 61}, certificates=(standing,))[0].outcomes["p01"] == "passed"
    voided = replace(standing, voiding=Voiding(on=TODAY, by="approver-1", reason="示例"))
    assert corrected(FINAL, "p01", {"theory": 59}, certificates=(voided,))[0].outcomes["p01"] == "failed"


def test_a_wrong_pass_without_a_certificate_no_longer_keeps_the_class_waiting() -> None:
    assert complete(trained(), (FINAL,), (), today=TODAY) is None
    after, _, _ = corrected(FINAL, "p01", {"theory": 59})

    done = complete(trained(), (after,), (), today=TODAY)
    assert done is not None
    assert (done[1].revision, done[1].examined, done[1].certified) == (1, 2, 0)
    assert not_passed([after]) == {"p01", "p02", "p03", "p04"}


def test_every_correction_makes_a_new_completion() -> None:
    once, _, _ = corrected(FINAL, "p01", {"theory": 59})
    done = complete(trained(), (once,), (), today=TODAY)
    assert done is not None
    twice, _, _ = corrected(once, "p01", {"theory": None, "practice": None})

    again = complete(done[0], (twice,), (), today=TODAY)
    assert again is not None
    assert (again[1].revision, again[1].examined) == (2, 1)
    assert complete(again[0], (twice,), (), today=TODAY) is None
