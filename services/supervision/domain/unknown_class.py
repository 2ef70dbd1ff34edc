"""Sign-ins that name a class nobody knows: they are kept, and after some days the bureau is told (JY-ENR-06)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.supervision.domain.finding import due_after
from shared.domain.actor import SYSTEM
from shared.domain.errors import Conflict
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import Casework

CHECK = "unknown_class"

_CLASS_CAME = "班级已开班或已终止，签到已按规定认定，系统自动结案。"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownClassCase:
    """One device's sign-ins for one class that is not known here; `sign_ins` counts those that waited when flagged.

    `class_id` is whatever the device sent. `owner` and `due_on` are set when it is flagged.
    """

    case_id: str
    device_id: str
    class_id: str
    institution_id: str
    region: str
    rule: str
    clause: str
    first_received_at: datetime
    flag_at: datetime
    flagged_at: datetime | None = None
    sign_ins: int = 0
    owner: str | None = None
    due_on: date | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagging:
    """After how long a region flags sign-ins for an unknown class, and in the name of which rule."""

    rule: str
    clause: str
    after: timedelta

    @classmethod
    def of(cls, books: Iterable[Rulebook]) -> "Flagging | None":
        """Take it from the first of the region's rulebooks that has it; None where none has: nothing is flagged."""
        term = next((book.supervision.unknown_class for book in books if book.supervision.unknown_class), None)
        if term is None:
            return None
        return cls(rule=term.rule, clause=term.clause, after=timedelta(days=term.flagged_after_days))


def casework_of(books: Iterable[Rulebook]) -> Casework | None:
    """Give who concludes cases in the region: the first of its rulebooks that says so, None where none does."""
    return next((book.supervision.casework for book in books if book.supervision.casework), None)


def flag(case: UnknownClassCase, books: Iterable[Rulebook], *, sign_ins: int, now: datetime) -> UnknownClassCase:
    """Tell the bureau: give the case with the role that concludes it and the last day for that."""
    casework = casework_of(books)
    duty = casework.duty(CHECK) if casework else None
    return replace(
        case,
        flagged_at=now,
        sign_ins=sign_ins,
        owner=duty.owner if duty else None,
        due_on=due_after(duty.days, now) if duty else None,
    )


def close(case: UnknownClassCase, *, by: str, reason: str, now: datetime) -> UnknownClassCase:
    """Close the case by a person's finding; its sign-ins stay and still count should the class open.

    Raise Conflict FINDING_CLOSED for a closed one.
    """
    if case.closed_at is not None:
        raise Conflict(
            code="FINDING_CLOSED",
            message="该事项已结案。",
            advice="请刷新待办列表；已结案的事项不能再次结案。",
        )
    return replace(case, closed_by=by, closed_at=now, reason=reason)


def resolve(case: UnknownClassCase, *, now: datetime) -> UnknownClassCase:
    """Close the case because the class came after all or ended for good."""
    return replace(case, closed_by=SYSTEM.subject, closed_at=now, reason=_CLASS_CAME)
