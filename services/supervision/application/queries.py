"""What people read about classes under supervision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from services.supervision.application.access import find_class, scope_of
from services.supervision.application.ports import (
    AwaitingSignIn,
    ClassSummary,
    EntriesWanted,
    SupervisionUnit,
    Task,
    TaughtHours,
)
from services.supervision.application.rulebooks import books_of
from services.supervision.domain.attendance import SignedIn
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.device import Device
from services.supervision.domain.entry_lag import EntryTally, LateEntries, tally_entries
from services.supervision.domain.training_class import State
from shared.clock import start_of_day
from shared.domain.errors import Refused
from shared.domain.jurisdiction import is_within
from shared.domain.paging import cursor_of, day_place_of, place_of
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import EntryLag

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
        after=day_place_of(cursor),
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
        after=place_of(cursor, str),
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
    found = await uow.sign_ins.awaiting(class_id, after=place_of(cursor, _sequence), limit=PAGE + 1)
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
        after=day_place_of(cursor),
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
    first, end = _instants(since, until)
    scope = scope_of(uow.actor)
    found = await uow.reports.taught_hours(
        institution_id=scope.institution_id,
        regions=scope.regions,
        since=first,
        until=end,
        after=place_of(cursor, str),
        limit=PAGE + 1,
    )
    return _page(found, lambda last: (last.institution_id, last.teacher_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLagReading:
    """How late records were entered: the counts of the period, and a page of the late ones with their terms."""

    tally: EntryTally
    late: Sequence[tuple[LateEntries, EntryLag]]


async def read_entry_lags(
    uow: SupervisionUnit, *, since: date, until: date, cursor: str | None
) -> tuple[EntryLagReading, str | None]:
    """Give how late was entered what happened from one day to another, both included, and the next page's cursor.

    Raise Refused RANGE_INVALID as `list_taught_hours` does, FEATURE_OFF when no document within the actor's region, or
    above it, asks for the report (QJ-DAT-01).
    """
    first, end = _instants(since, until)
    terms = _entry_lag_terms(uow)
    scope = scope_of(uow.actor)
    wanted = EntriesWanted(
        institution_id=scope.institution_id, regions=scope.regions, rulebook_ids=terms.keys(), since=first, until=end
    )
    tally = tally_entries(await uow.reports.entries(wanted), terms)
    found = await uow.reports.late_entries(wanted, after=day_place_of(cursor), limit=PAGE + 1)
    page, more = _page(found, lambda last: (last.event_day.isoformat(), last.place))
    return EntryLagReading(tally=tally, late=[(each, terms[each.rulebook_id]) for each in page]), more


def _entry_lag_terms(uow: SupervisionUnit) -> dict[str, EntryLag]:
    region = uow.actor.region
    terms = {
        book.id: book.supervision.entry_lag
        for book in uow.shelf.known
        if book.supervision.entry_lag and (is_within(region, book.region) or is_within(book.region, region))
    }
    if not terms:
        raise Refused(
            code="FEATURE_OFF",
            message="本辖区的政策文件没有规定数据录入时滞的统计。",
            advice="请核对规则册；确有要求的，由政策管理员补充条款。",
        )
    return terms


def _instants(since: date, until: date) -> tuple[datetime, datetime]:
    if not timedelta(0) <= until - since < timedelta(days=DAYS_MAX):
        raise Refused(
            code="RANGE_INVALID",
            message="起止日期颠倒或跨度超过一年。",
            advice=f"请使 from 不晚于 to，且跨度不超过 {DAYS_MAX} 天。",
            field="to",
        )
    return start_of_day(since), start_of_day(until + timedelta(days=1))


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


def _page(found: Sequence[T], place: Callable[[T], tuple[object, object]]) -> tuple[Sequence[T], str | None]:
    page = found[:PAGE]
    return page, cursor_of(*place(page[-1])) if len(found) > PAGE else None
