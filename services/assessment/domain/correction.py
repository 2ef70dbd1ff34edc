"""Results corrected after the end: the bureau decides, the points speak, nothing is overwritten (JY-ASM-04)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from services.assessment.domain.assessment import Assessment, Correction, Score
from services.assessment.domain.body import Part
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.results import (
    Marks,
    ScoreEntry,
    judge_entry,
    judge_sheets,
    marks_held_to,
    next_version,
    outcome_of,
    sheets_of,
)
from shared.domain.errors import Conflict, Refused
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook


def correct(
    assessment: Assessment,
    person_id: str,
    points: Mapping[Part, int | None],
    *,
    examined: ExaminedClass,
    marks: Marks,
    rulebook: Rulebook,
    certificates: Iterable[Certificate],
    reason: str,
    decided_by: str,
    now: datetime,
) -> tuple[Assessment, tuple[Score, ...], Correction]:
    """Give a final exam with one person's points corrected, the new versions, and what they come to.

    Parts that are not named keep their points; no points at all mean absent. `certificates` are the class's. Raise
    Refused RESULTS_NOT_FINAL, NOT_IN_EXAM, PART_NOT_EXAMINED, SCORE_RANGE, SCORES_INCOMPLETE, PASS_MARK_MISSING or
    NOTHING_CHANGED, Conflict CERTIFICATE_STANDS when somebody with a certificate would no longer have passed.
    """
    assessment.require_final()
    entries = [ScoreEntry(person_id=person_id, part=part, points=given) for part, given in points.items()]
    asked = entries or [ScoreEntry(person_id=person_id, part=next(iter(marks), "theory"), points=None)]
    refuse_stopped(finding for one in asked for finding in judge_entry(assessment, one, examined, marks, rulebook))
    entered = tuple(_entered(assessment, entries, author=decided_by, now=now))
    corrected = replace(
        assessment, scores={**assessment.scores, **{(person_id, score.part): score for score in entered}}
    )
    sheets = {person: sheet for person, sheet in sheets_of(corrected, examined).items() if person == person_id}
    refuse_stopped(judge_sheets(corrected, sheets, examined, marks, rulebook))
    outcome = outcome_of(sheets.get(person_id), marks_held_to(corrected, marks, rulebook))
    if not entered and outcome == assessment.outcomes[person_id]:
        raise Refused(
            code="NOTHING_CHANGED",
            message="更正后的成绩和结果与现有的相同。",
            advice="请填写更正后的成绩；缺考的各科以空值（null）撤销。",
            field="scores",
        )
    _require_no_certificate(assessment, person_id, certificates, passed=outcome == "passed")
    correction = Correction(person_id=person_id, outcome=outcome, reason=reason, decided_by=decided_by, decided_at=now)
    return (
        replace(
            corrected,
            outcomes={**assessment.outcomes, person_id: outcome},
            corrections=(*assessment.corrections, correction),
        ),
        entered,
        correction,
    )


def _entered(assessment: Assessment, entries: Iterable[ScoreEntry], *, author: str, now: datetime) -> Iterator[Score]:
    for entry in entries:
        standing = assessment.scores.get((entry.person_id, entry.part))
        if entry.points != (None if standing is None else standing.points):
            yield next_version(entry, standing, author=author, now=now)


def _require_no_certificate(
    assessment: Assessment, person_id: str, certificates: Iterable[Certificate], *, passed: bool
) -> None:
    exam = (assessment.assessment_id, person_id)
    if not passed and any(one.stands and (one.assessment_id, one.person_id) == exam for one in certificates):
        raise Conflict(
            code="CERTIFICATE_STANDS",
            message="该学员在本次考核中已有有效证书，不能更正为不合格或缺考。",
            advice="请先作废该证书，再更正结果。",
            field="person_id",
            value=person_id,
        )
