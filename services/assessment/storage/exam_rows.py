"""Rows of an exam and of what belongs to it, to and from the domain."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from services.assessment.domain.assessment import (
    Admission,
    Assessment,
    Correction,
    Move,
    Outcome,
    Score,
    Signature,
    Withdrawal,
)
from services.assessment.domain.body import Part
from services.assessment.domain.duty import Duty

PATROL: Final[Duty] = "patrol"


class Parts:
    """What belongs to exams, by assessment id."""

    def __init__(self) -> None:
        self.persons: dict[str, list[str]] = {}
        self.outcomes: dict[str, dict[str, Outcome]] = {}
        self.corrections: dict[str, list[Correction]] = {}
        self.scored_since: dict[str, datetime] = {}
        self.scores: dict[str, dict[tuple[str, Part], Score]] = {}
        self.signatures: dict[str, Signature] = {}
        self.admissions: dict[str, Admission] = {}
        self.moves: dict[str, list[Move]] = {}


def exam_values(assessment: Assessment) -> dict[str, Any]:
    """Give the row of an exam."""
    withdrawal = assessment.withdrawal
    return {
        "assessment_id": assessment.assessment_id,
        "class_id": assessment.class_id,
        "number": assessment.number,
        "body_id": assessment.body_id,
        "certificate_kind": assessment.kind,
        "mode": assessment.mode,
        "exam_on": assessment.exam_on,
        "applied_on": assessment.applied_on,
        "applied_by": assessment.applied_by,
        "channel": assessment.channel,
        "paper_received_on": assessment.paper_received_on,
        "fee_fen": assessment.fee_fen,
        "examiners": assessment.examiners,
        "finalised_on": assessment.finalised_on,
        "finalised_by": assessment.finalised_by,
        "needs_admission": assessment.needs_admission,
        "withdrawn_on": None if withdrawal is None else withdrawal.on,
        "withdrawn_by": None if withdrawal is None else withdrawal.by,
        "withdrawal_reason": None if withdrawal is None else withdrawal.reason,
        "revision": assessment.revision,
        "version": assessment.version,
    }


def signature_values(assessment_id: str, signature: Signature) -> dict[str, Any]:
    """Give the row of a signature."""
    return {
        "assessment_id": assessment_id,
        "signed_by": signature.signed_by,
        "duty": PATROL,
        "signed_at": signature.signed_at,
        "remark": signature.remark,
    }


def score_of(row: Row[Any]) -> Score:
    """Give the version of a score that a row holds."""
    return Score(
        person_id=row.person_id,
        part=row.part,
        points=row.points,
        version=row.version,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
    )


def correction_of(row: Row[Any]) -> Correction:
    """Give the correction that a row of outcomes holds."""
    return Correction(
        person_id=row.person_id,
        outcome=row.outcome,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def admission_values(assessment_id: str, admission: Admission) -> dict[str, Any]:
    """Give the row of a decision on an application."""
    return {
        "assessment_id": assessment_id,
        "decision": admission.decision,
        "reason": admission.reason,
        "decided_by": admission.decided_by,
        "decided_at": admission.decided_at,
    }


def move_values(assessment_id: str, number: int, move: Move) -> dict[str, Any]:
    """Give the row of the number-th move of an exam."""
    return {
        "assessment_id": assessment_id,
        "number": number,
        "from_exam_on": move.from_exam_on,
        "from_body_id": move.from_body_id,
        "exam_on": move.exam_on,
        "body_id": move.body_id,
        "reason": move.reason,
        "moved_by": move.moved_by,
        "moved_at": move.moved_at,
    }


def move_of(row: Row[Any]) -> Move:
    """Give the move that a row holds."""
    return Move(
        from_exam_on=row.from_exam_on,
        from_body_id=row.from_body_id,
        exam_on=row.exam_on,
        body_id=row.body_id,
        reason=row.reason,
        moved_by=row.moved_by,
        moved_at=row.moved_at,
    )


def _withdrawal(row: Row[Any]) -> Withdrawal | None:
    if row.withdrawn_on is None:
        return None
    return Withdrawal(on=row.withdrawn_on, by=row.withdrawn_by, reason=row.withdrawal_reason)


def assessment_of(row: Row[Any], parts: Parts) -> Assessment:
    """Give an exam from its row and what belongs to it."""
    key = row.assessment_id
    corrections = sorted(parts.corrections.get(key, ()), key=lambda one: (one.decided_at, one.person_id))
    return Assessment(
        assessment_id=key,
        class_id=row.class_id,
        number=row.number,
        body_id=row.body_id,
        kind=row.certificate_kind,
        mode=row.mode,
        exam_on=row.exam_on,
        applied_on=row.applied_on,
        applied_by=row.applied_by,
        channel=row.channel,
        paper_received_on=row.paper_received_on,
        fee_fen=row.fee_fen,
        examiners=tuple(row.examiners),
        persons=tuple(sorted(parts.persons.get(key, ()))),
        scores=parts.scores.get(key, {}),
        scored_since=parts.scored_since.get(key),
        signature=parts.signatures.get(key),
        outcomes=parts.outcomes.get(key, {}),
        corrections=tuple(corrections),
        finalised_on=row.finalised_on,
        finalised_by=row.finalised_by,
        needs_admission=row.needs_admission,
        admission=parts.admissions.get(key),
        moves=tuple(parts.moves.get(key, ())),
        withdrawal=_withdrawal(row),
        revision=row.revision,
        version=row.version,
    )
