"""What people read about classes under supervision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, TypeVar

from services.supervision.application.access import find_class, scope_of
from services.supervision.application.ports import AwaitingSignIn, ClassSummary, SupervisionUnit, Task, TaughtHours
from services.supervision.application.rulebooks import books_of
from services.supervision.domain.attendance import SignedIn
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from services.supervision.domain.training_class import State
from shared.clock import start_of_day
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook

PAGE: Final = 50
DAYS_MAX: Final = 366
"""The longest stretch of days over which hours are added up at once: a leap year."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReading:
    """A class's file with its rulebook, and who has signed in so far to the sessions still open."""

    file: ClassFile
    book: Rulebook
    signed_in: Mapping[str, SignedIn]


async def read_class(uow: SupervisionUnit, class_id: str) -> ClassReading:
    """Give what is known of a class, or raise NotFound CLASS_UNKNOWN."""
    file = await find_class(uow, class_id)
    still_open = [session.session_id for session in file.sessions if not session.is_closed]
    return ClassReading(
        file=file,
        book=uow.shelf.by_id(file.training_class.rulebook_id),
        signed_in=await uow.sign_ins.counted(class_id, still_open),
    )


async def list_classes(
    uow: SupervisionUnit, *, state: State | None, institution_id: str | None, cursor: str | None
) -> tuple[Sequence[ClassSummary], str | None]:
    """Give a page of the classes in the actor's scope by opening date, and the cursor of the next page or None."""
    scope = scope_of(uow.actor)
    if scope.institution_id is not None and institution_id not in (None, scope.institution_id):
        return [], None
    found = await uow.reports.classes(
        institution_id=scope.institution_id or institution_id,
        regions=scope.regions,
        state=state,
        after=_place(cursor, date.fromisoformat),
        limit=PAGE + 1,
    )
    return _page(found, lambda last: (last.opening_date.isoformat(), last.class_id))


async def list_devices(
    uow: SupervisionUnit, *, institution_id: str | None, cursor: str | None
) -> tuple[Sequence[Device], str | None]:
    """Give a page of the devices in the actor's scope by institution, and the cursor of the next page or None."""
    scope = scope_of(uow.actor)
    if scope.institution_id is not None and institution_id not in (None, scope.institution_id):
        return [], None
    found = await uow.devices.page(
        institution_id=scope.institution_id or institution_id,
        regions=scope.regions,
        after=_place(cursor, str),
        limit=PAGE + 1,
    )
    return _page(found, lambda last: (last.institution_id, last.device_id))


async def list_awaiting_sign_ins(
    uow: SupervisionUnit, class_id: str, *, cursor: str | None
) -> tuple[Sequence[AwaitingSignIn], str | None]:
    """Give a page of the sign-ins of a class that count only with a reviewer's approval (JY-SUP-01).

    Raise NotFound CLASS_UNKNOWN.
    """
    await find_class(uow, class_id)
    found = await uow.sign_ins.awaiting(class_id, after=_place(cursor, _sequence), limit=PAGE + 1)
    return _page(found, lambda last: (str(last.sequence), last.device_id))


async def list_tasks(uow: SupervisionUnit, *, own: bool, cursor: str | None) -> tuple[Sequence[Task], str | None]:
    """Give a page of what waits for a conclusion in the actor's scope by last day, and the next page's cursor.

    `own` leaves out what another role is to conclude.
    """
    scope = scope_of(uow.actor)
    found = await uow.reports.tasks(
        institution_id=scope.institution_id,
        regions=scope.regions,
        owners=sorted(uow.actor.roles) if own else None,
        after=_place(cursor, date.fromisoformat),
        limit=PAGE + 1,
    )
    page, more = _page(found, lambda last: ((last.due_on or date.max).isoformat(), last.task_id))
    return [replace(task, name=_name_of(uow, task)) for task in page], more


async def list_taught_hours(
    uow: SupervisionUnit, *, since: date, until: date, cursor: str | None
) -> tuple[Sequence[TaughtHours], str | None]:
    """Give a page of the class hours that teachers taught from one day to another, both included (JY-INS-11).

    Taught are sessions whose attendance is closed and to which somebody came, whatever became of the class. Raise
    Refused RANGE_INVALID for days in wrong order or further apart than a year.
    """
    if not timedelta(0) <= until - since < timedelta(days=DAYS_MAX):
        raise Refused(
            code="RANGE_INVALID",
            message="起止日期颠倒或跨度超过一年。",
            advice=f"请使 from 不晚于 to，且跨度不超过 {DAYS_MAX} 天。",
            field="to",
        )
    scope = scope_of(uow.actor)
    found = await uow.reports.taught_hours(
        institution_id=scope.institution_id,
        regions=scope.regions,
        since=start_of_day(since),
        until=start_of_day(until + timedelta(days=1)),
        after=_place(cursor, str),
        limit=PAGE + 1,
    )
    return _page(found, lambda last: (last.institution_id, last.teacher_id))


def _name_of(uow: SupervisionUnit, task: Task) -> str | None:
    for book in books_of(uow.shelf, task.region):
        duty = book.supervision.casework.duty(task.check) if book.supervision.casework else None
        if duty is not None:
            return duty.name
    return None


def _sequence(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("beyond any sequence")
    return number


def _page(found: Sequence[T], place_of: Callable[[T], tuple[str, str]]) -> tuple[Sequence[T], str | None]:
    page = found[:PAGE]
    return page, "~".join(place_of(page[-1])) if len(found) > PAGE else None


def _place(cursor: str | None, read: Callable[[str], T]) -> tuple[T, str] | None:
    if cursor is None:
        return None
    first, parted, second = cursor.partition("~")
    try:
        if parted:
            return read(first), second
    except ValueError:
        pass
    raise Refused(
        code="CURSOR_INVALID",
        message="翻页标记无法识别。",
        advice="请原样使用上一页返回的 next，或从第一页重新查询。",
        field="cursor",
    )
