"""Rows <-> what they stand for, both ways, spelled out."""

from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row

from services.supervision.domain.device import Device, Retirement
from services.supervision.domain.finding import CaseFinding
from services.supervision.domain.inspection import Inspection
from services.supervision.domain.training_class import RegisterDecision, Session, TrainingClass
from services.supervision.domain.unknown_class import UnknownClassCase
from services.supervision.domain.video import Clip
from services.supervision.domain.voiding import Voiding
from shared.contracts.supervision import InspectionOpinion, Presence, TrainingCompleted

_DECISIONS: Final = TypeAdapter(tuple[RegisterDecision, ...])
_OPINION: Final = TypeAdapter(InspectionOpinion)
_COMPLETION: Final = TypeAdapter(TrainingCompleted)


def class_row(training_class: TrainingClass) -> dict[str, Any]:
    """Give the row of a class."""
    opinion, completion = training_class.opinion, training_class.completion
    return {
        "class_id": training_class.class_id,
        "institution_id": training_class.institution_id,
        "region": training_class.region,
        "rulebook_id": training_class.rulebook_id,
        "planned": training_class.planned,
        "refused": training_class.refused,
        "opening_date": training_class.opening_date,
        "closing_date": training_class.closing_date,
        "counts_from": training_class.counts_from,
        "trainees": {person: left and left.isoformat() for person, left in training_class.trainees.items()},
        "joined": {person: at.isoformat() for person, at in training_class.joined.items()},
        "custody": training_class.custody,
        "exempt_by_decision": training_class.exempt_by_decision,
        "register_decisions": _DECISIONS.dump_python(training_class.register_decisions, mode="json"),
        "held": training_class.held,
        "ending": training_class.ending,
        "opinion": None if opinion is None else _OPINION.dump_python(opinion, mode="json"),
        "completion": None if completion is None else _COMPLETION.dump_python(completion, mode="json"),
        "version": training_class.version,
    }


def class_of(row: Row[Any]) -> TrainingClass:
    """Give the class of a row."""
    return TrainingClass(
        class_id=row.class_id,
        institution_id=row.institution_id,
        region=row.region,
        rulebook_id=row.rulebook_id,
        planned=row.planned,
        refused=row.refused,
        opening_date=row.opening_date,
        closing_date=row.closing_date,
        counts_from=row.counts_from,
        trainees={person: left and date.fromisoformat(left) for person, left in row.trainees.items()},
        joined={person: datetime.fromisoformat(at) for person, at in row.joined.items()},
        custody=tuple(row.custody),
        exempt_by_decision=tuple(row.exempt_by_decision),
        register_decisions=_DECISIONS.validate_python(row.register_decisions),
        held=row.held,
        ending=row.ending,
        opinion=None if row.opinion is None else _OPINION.validate_python(row.opinion),
        completion=None if row.completion is None else _COMPLETION.validate_python(row.completion),
        version=row.version,
    )


def session_row(class_id: str, session: Session, *, dropped: bool = False) -> dict[str, Any]:
    """Give the row of a session, held or dropped from the timetable."""
    return {
        "class_id": class_id,
        "session_id": session.session_id,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "kind": session.kind,
        "class_hours": session.class_hours,
        "teacher_id": session.teacher_id,
        "venue_id": session.venue_id,
        "revision": session.revision,
        "is_closed": session.is_closed,
        "dropped": dropped,
        "headcount": len(session.present),
        "present": [[each.person_id, each.methods, each.strength] for each in session.present],
        "absent": session.absent,
    }


def bare_session_of(row: Row[Any]) -> Session:
    return Session(
        session_id=row.session_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        kind=row.kind,
        class_hours=row.class_hours,
        teacher_id=row.teacher_id,
        venue_id=row.venue_id,
        revision=row.revision,
        is_closed=row.is_closed,
    )


def session_of(row: Row[Any]) -> Session:
    """Give the session of a row."""
    return replace(
        bare_session_of(row),
        present=tuple(
            Presence(person_id=person_id, methods=tuple(methods), strength=strength)
            for person_id, methods, strength in row.present
        ),
        absent=tuple(row.absent),
    )


def clip_row(class_id: str, clip: Clip) -> dict[str, Any]:
    """Give the row of a clip."""
    return {
        "class_id": class_id,
        "video_id": clip.video_id,
        "session_id": clip.session_id,
        "starts_at": clip.starts_at,
        "ends_at": clip.ends_at,
        "sha256": clip.sha256,
        "reported_by": clip.reported_by,
        **_voiding_row(clip.voided),
    }


def clip_of(row: Row[Any]) -> Clip:
    """Give the clip of a row."""
    return Clip(
        video_id=row.video_id,
        session_id=row.session_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        sha256=row.sha256,
        reported_by=row.reported_by,
        voided=_voiding_of(row),
    )


def _voiding_row(voided: Voiding | None) -> dict[str, Any]:
    return {
        "voided_by": voided and voided.by,
        "voided_at": voided and voided.at,
        "void_reason": voided and voided.reason,
    }


def _voiding_of(row: Row[Any]) -> Voiding | None:
    if row.voided_at is None:
        return None
    return Voiding(by=row.voided_by, at=row.voided_at, reason=row.void_reason)


def inspection_row(class_id: str, check: Inspection) -> dict[str, Any]:
    """Give the row of an inspection."""
    return {
        "check_id": check.check_id,
        "class_id": class_id,
        "kind": check.kind,
        "held_at": check.held_at,
        "place": check.place,
        "headcount": check.headcount,
        "sign_in_in_order": check.sign_in_in_order,
        "records_retained": check.records_retained,
        "teachers_seen": check.teachers_seen,
        "inspectors": check.inspectors,
        "note": check.note,
        "recorded_at": check.recorded_at,
        "venue_id": check.venue_id,
        "photos": check.photos,
        **_voiding_row(check.voided),
    }


def inspection_of(row: Row[Any]) -> Inspection:
    """Give the inspection of a row."""
    return Inspection(
        check_id=row.check_id,
        kind=row.kind,
        held_at=row.held_at,
        place=row.place,
        headcount=row.headcount,
        sign_in_in_order=row.sign_in_in_order,
        records_retained=row.records_retained,
        teachers_seen=tuple(row.teachers_seen),
        inspectors=tuple(row.inspectors),
        note=row.note,
        recorded_at=row.recorded_at,
        venue_id=row.venue_id,
        photos=tuple(row.photos),
        voided=_voiding_of(row),
    )


def finding_row(finding: CaseFinding) -> dict[str, Any]:
    """Give the row of a finding."""
    return {
        "finding_id": finding.finding_id,
        "class_id": finding.class_id,
        "check_name": finding.check,
        "about": finding.about,
        "rule": finding.rule,
        "clause": finding.clause,
        "blocking": finding.blocking,
        "seen": finding.seen,
        "raised_at": finding.raised_at,
        "owner": finding.owner,
        "due_on": finding.due_on,
        "conclusion": finding.conclusion,
        "closed_by": finding.closed_by,
        "closed_at": finding.closed_at,
        "reason": finding.reason,
    }


def finding_of(row: Row[Any]) -> CaseFinding:
    """Give the finding of a row."""
    return CaseFinding(
        finding_id=row.finding_id,
        class_id=row.class_id,
        check=row.check_name,
        about=row.about,
        rule=row.rule,
        clause=row.clause,
        blocking=row.blocking,
        seen=row.seen,
        raised_at=row.raised_at,
        owner=row.owner,
        due_on=row.due_on,
        conclusion=row.conclusion,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        reason=row.reason,
    )


def device_row(device: Device) -> dict[str, Any]:
    """Give the row of a device."""
    return {
        "device_id": device.device_id,
        "institution_id": device.institution_id,
        "serial": device.serial,
        "name": device.name,
        "region": device.region,
        "methods": device.methods,
        "registered_by": device.registered_by,
        "registered_at": device.registered_at,
        "retired_by": device.retired and device.retired.by,
        "retired_at": device.retired and device.retired.at,
        "retirement_reason": device.retired and device.retired.reason,
        "version": device.version,
    }


def device_of(row: Row[Any]) -> Device:
    """Give the device of a row."""
    retired = None
    if row.retired_at is not None:
        retired = Retirement(by=row.retired_by, at=row.retired_at, reason=row.retirement_reason)
    return Device(
        device_id=row.device_id,
        institution_id=row.institution_id,
        serial=row.serial,
        name=row.name,
        region=row.region,
        methods=tuple(row.methods),
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        retired=retired,
        version=row.version,
    )


def unknown_class_row(case: UnknownClassCase) -> dict[str, Any]:
    """Give the row of a case; its columns are the case's fields."""
    return asdict(case)


def unknown_class_of(row: Row[Any]) -> UnknownClassCase:
    """Give the case of a row."""
    return UnknownClassCase(**{field.name: getattr(row, field.name) for field in fields(UnknownClassCase)})
