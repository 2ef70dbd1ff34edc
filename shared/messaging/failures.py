"""What passes by itself and what never will, and how either is described without repeating personal data."""

from pathlib import Path
from traceback import extract_tb
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.contracts.envelope import UnreadableEvent
from shared.domain.errors import DomainError
from shared.messaging.bus import BusError

_PASSING_CLASSES: Final = frozenset({"08", "28", "3D", "40", "53", "55", "57", "58"})
"""PostgreSQL: connection, authorisation, database not there, rollback (deadlock, serialization), resources, lock not
available, operator intervention, system error."""

_READ_ONLY_DATABASE: Final = "25006"
"""PostgreSQL: a write met a standby, as happens during a fail-over."""

_SQLITE_ERROR: Final = 1
"""SQLite reports our own mistakes (no such table, bad SQL) as OperationalError too; every other code passes."""

_ROOT: Final = Path(__file__).parents[2]
_TEXT_MAX: Final = 300


def is_transient(error: BaseException) -> bool:
    """Say whether the same work may succeed later as it is: the database, the bus or the network failed, not the work.

    Of the errors behind the error the database's count too: rolling back on a dead connection raises one of its own.
    """
    if isinstance(error, OSError | BusError):  # a TimeoutError is an OSError
        return True
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if _database_failed(link):
            return True
        link = link.__cause__ or link.__context__
    return False


def _database_failed(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return state[:2] in _PASSING_CLASSES or state == _READ_ONLY_DATABASE
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError) and getattr(cause, "sqlite_errorcode", None) != _SQLITE_ERROR


def describe(error: BaseException) -> str:
    """Give a reason for people and tables: the error's kind and place, never a text that may hold data."""
    match error:
        case UnreadableEvent():
            return f"unreadable: {error}"[:_TEXT_MAX]  # made without the input
        case BusError():
            return f"{type(error).__name__}: {error}"[:_TEXT_MAX]  # ours, and without content
        case DomainError():
            return f"{type(error).__name__} {error.code}"[:_TEXT_MAX]
        case IntegrityError():
            return f"IntegrityError {_constraint(error)}{_place(error)}"[:_TEXT_MAX]
        case DBAPIError():
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", "")
            return f"{type(error).__name__} {state}{_place(error)}"[:_TEXT_MAX]
    return f"{type(error).__name__}{_place(error)}"[:_TEXT_MAX]


def _constraint(error: IntegrityError) -> str:
    """Name the constraint; SQLite does so in its text, without values, where PostgreSQL's text holds values."""
    if getattr(error.orig, "sqlite_errorcode", None):
        return str(error.orig)
    return getattr(error.orig.__cause__, "constraint_name", None) or "" if error.orig else ""


def _place(error: BaseException) -> str:
    """Give the innermost line of our own code, or nothing."""
    for frame in reversed(extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and not {".venv", "site-packages"} & set(path.parts):
            return f" at {path.relative_to(_ROOT)}:{frame.lineno}"
    return ""
