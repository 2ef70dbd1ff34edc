"""When the exams of a class are complete, and what they came to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.examined_class import ExaminedClass
from shared.contracts.assessment import AssessmentCompleted, KindCount


def complete(
    examined: ExaminedClass, exams: Sequence[Assessment], certificates: Sequence[Certificate], *, today: date
) -> tuple[ExaminedClass, AssessmentCompleted] | None:
    """Give the class with its next completion and the event, or None when it is not complete or nothing changed.

    Complete means: there is an exam, all are final but those withdrawn or refused, and everybody who passed got a
    certificate, voided ones included: whether somebody whose certificate was voided gets another is a later revision.
    Nobody waits for one of somebody who has left the class.
    """
    exams = [exam for exam in exams if exam.counts]
    if examined.ending is not None or not exams or not all(exam.is_final for exam in exams):
        return None
    handled = {(one.assessment_id, one.person_id) for one in certificates}
    passed = {
        (exam.assessment_id, person)
        for exam in exams
        for person in set(exam.persons_with("passed")).intersection(examined.roster_on(today))
    }
    if passed - handled:
        return None
    standing = [certificate for certificate in certificates if certificate.stands]
    basis = tuple(sorted([*map(_as_it_stands, exams), *(one.certificate_id for one in standing)]))
    if basis == examined.completion_basis:
        return None
    revision = examined.completion_revision + 1
    event = AssessmentCompleted(
        class_id=examined.class_id,
        revision=revision,
        completed_on=today,
        examined=_heads(exams),
        certified=len({certificate.person_id for certificate in standing}),
        kinds=_by_kind(exams, standing),
        patrol=",".join(sorted({exam.signature.signed_by for exam in exams if exam.signature is not None})),
    )
    return replace(examined, completion_revision=revision, completion_basis=basis), event


def _as_it_stands(exam: Assessment) -> str:
    """Name an exam with the corrections it has had."""
    return f"{exam.assessment_id}#{len(exam.corrections)}" if exam.corrections else exam.assessment_id


def _by_kind(exams: Iterable[Assessment], standing: Iterable[Certificate]) -> tuple[KindCount, ...]:
    exams, standing = list(exams), list(standing)
    return tuple(
        KindCount(
            kind=kind,
            examined=_heads(exam for exam in exams if exam.kind == kind),
            certified=len({certificate.person_id for certificate in standing if certificate.kind == kind}),
        )
        for kind in sorted({exam.kind for exam in exams})
    )


def _heads(exams: Iterable[Assessment]) -> int:
    """Count who sat any of the exams, each person once."""
    return len({person for exam in exams for person in exam.examined})
