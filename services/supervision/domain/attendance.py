"""Attendance of a session from its counted sign-ins: who of those expected was there, on what evidence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from services.supervision.domain.training_class import Session, TrainingClass
from shared.contracts.supervision import AttendanceChecked, Presence
from shared.policy.terms.supervision import SignIn

SignedIn = Mapping[str, Collection[str]]
"""The methods by which each person signed in to one session, counted sign-ins only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAttendance:
    """What one person's archive says of a class: sessions as published, class hours (课时) of those attended."""

    present_sessions: int
    absent_sessions: int
    present_class_hours: int


def attendance_of(person_id: str, sessions: Iterable[Session]) -> PersonAttendance:
    """Count the sessions, closed so far, in which the person was present or missing (HL-DAT-02)."""
    closed = [session for session in sessions if session.is_closed]
    attended = [session for session in closed if any(one.person_id == person_id for one in session.present)]
    return PersonAttendance(
        present_sessions=len(attended),
        absent_sessions=sum(person_id in session.absent for session in closed),
        present_class_hours=sum(session.class_hours for session in attended),
    )


def check_attendance(
    session: Session, training_class: TrainingClass, signed_in: SignedIn, term: SignIn
) -> tuple[Session, AttendanceChecked] | None:
    """Give the session's next revision, or None when it would say what the last one said.

    The first call closes the session with revision 1. The evidence of a presence is as strong as its strongest method.
    """
    strengths = {method.code: method.strength for method in term.methods}
    present = tuple(
        Presence(
            person_id=person_id,
            methods=tuple(sorted(signed_in[person_id])),
            strength=max(strengths[method] for method in signed_in[person_id]),
        )
        for person_id in training_class.admitted_to(session)
        if person_id in signed_in
    )
    expected = training_class.expected_at(session)
    absent = tuple(person_id for person_id in expected if person_id not in signed_in)
    if session.is_closed and (present, absent) == (session.present, session.absent):
        return None
    checked = replace(session, revision=session.revision + 1, is_closed=True, present=present, absent=absent)
    return checked, _publish(checked, training_class)


def withdraw_attendance(session: Session, training_class: TrainingClass) -> tuple[Session, AttendanceChecked] | None:
    """Take back what was published about a session that turned out not to be held; None when nothing was."""
    if not session.present and not session.absent:
        return None
    empty = replace(session, revision=session.revision + 1, present=(), absent=())
    return empty, _publish(empty, training_class)


def _publish(session: Session, training_class: TrainingClass) -> AttendanceChecked:
    return AttendanceChecked(
        class_id=training_class.class_id,
        session_id=session.session_id,
        revision=session.revision,
        held_on=session.held_on,
        kind=session.kind,
        class_hours=session.class_hours,
        present=session.present,
        absent=session.absent,
    )
