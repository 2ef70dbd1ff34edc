"""What an exam waits for, who has to do it, and since when: the work list of assessors, patrol and bureau."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.results import Marks, examined_parts, judge_class, sheets_of
from shared.policy.rulebook import Rulebook

StepName = Literal["decision", "pass_marks", "patrol", "scores", "finalisation", "certificates"]
Holder = Literal["approver", "exam_patrol", "assessor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStep:
    """One thing to do for an exam: who holds it, since when, for how many people.

    `missing` are the codes of what must come from elsewhere first.
    """

    step: StepName
    holder: Holder
    since: date
    persons: int
    missing: tuple[str, ...] = ()


def steps_due(
    exam: Assessment,
    examined: ExaminedClass,
    certificates: Iterable[Certificate],
    marks: Marks,
    rulebook: Rulebook,
    *,
    today: date,
) -> Iterator[DueStep]:
    """Give every step that is due; `certificates` are the class's. Nothing is due in a class that has ended."""
    if examined.ending is not None:
        return
    if exam.state == "awaiting":
        yield DueStep(step="decision", holder="approver", since=exam.applied_on, persons=len(exam.persons))
    elif exam.state == "scheduled":
        yield from _before_the_end(exam, examined, marks, rulebook, today)
    elif exam.finalised_on is not None:
        handled = {one.person_id for one in certificates if one.assessment_id == exam.assessment_id}
        waiting = set(exam.persons_with("passed")).intersection(examined.roster_on(today)) - handled
        if waiting:
            yield DueStep(step="certificates", holder="assessor", since=exam.finalised_on, persons=len(waiting))


def _before_the_end(
    exam: Assessment, examined: ExaminedClass, marks: Marks, rulebook: Rulebook, today: date
) -> Iterator[DueStep]:
    parts = examined_parts(exam.kind, rulebook)
    everybody = set(exam.persons).intersection(examined.roster_on(exam.exam_on))
    unmarked = [part for part in parts if part not in marks]
    if unmarked:
        yield DueStep(step="pass_marks", holder="approver", since=exam.applied_on, persons=len(everybody))
    if today < exam.exam_on:
        return
    unsigned = rulebook.assessment.patrol is not None and exam.signature is None
    if unsigned:
        yield DueStep(step="patrol", holder="exam_patrol", since=exam.exam_on, persons=len(everybody))
    sheets = sheets_of(exam, examined)
    if not sheets or any(set(parts) - sheet.keys() for sheet in sheets.values()):
        lacking = sum(bool(set(parts) - sheets.get(person, {}).keys()) for person in everybody)
        waits_for = ("PASS_MARK_MISSING",) if unmarked else ()
        yield DueStep(step="scores", holder="assessor", since=exam.exam_on, persons=lacking, missing=waits_for)
    elif not unsigned and not unmarked:
        missing = tuple(finding.code for finding in judge_class(exam, examined, rulebook))
        yield DueStep(
            step="finalisation", holder="assessor", since=exam.exam_on, persons=len(everybody), missing=missing
        )
