"""What a failing database means for a request: try the whole action again, come back later, or a defect of ours."""

from enum import StrEnum
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Fault(StrEnum):
    """BUSY passes by itself within moments, UNAVAILABLE when the database is back, FULL when somebody makes room."""

    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    FULL = "full"


class DatabaseOutOfReach(Exception):
    """No connection could be had in time, or none at all."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization failure, deadlock, lock not available in time."""

_FULL_STATES: Final = frozenset({"53100"})
_READ_ONLY_STATE: Final = "25006"
"""PostgreSQL: a write met a standby, as happens during a fail-over."""

_UNAVAILABLE_CLASSES: Final = frozenset({"08", "28", "3D", "53", "57", "58"})
"""PostgreSQL: connection, authorisation, no such database, resources, operator intervention, system error."""

_SQLITE_BUSY: Final = frozenset({5, 6})
_SQLITE_FULL: Final = 13
_SQLITE_UNAVAILABLE: Final = frozenset({10, 14, 26})
"""SQLite: disk I/O error, cannot open, not a database."""


def fault_of(error: BaseException) -> Fault | None:
    """Say which fault of the database an exception reports; None when it is no fault of the database."""
    if isinstance(error, DatabaseOutOfReach):
        return error.fault
    if isinstance(error, PoolTimeout):
        return Fault.BUSY
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(driver_error, "sqlstate", None)
    if isinstance(state, str):
        return _by_state(state)
    code = getattr(driver_error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _by_sqlite_code(code & 0xFF)  # extended codes keep the primary one in the low byte
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return Fault.UNAVAILABLE
    return Fault.UNAVAILABLE if isinstance(error, ConnectionError) else None


def is_unstorable(error: BaseException) -> bool:
    """Say whether a sent value was too large, or its text not writable, for the database or the calendar."""
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(driver_error, "sqlstate", None)
    return (isinstance(state, str) and state[:2] == "22") or isinstance(error, OverflowError | UnicodeEncodeError)


def _by_state(state: str) -> Fault | None:
    if state in _BUSY_STATES:
        return Fault.BUSY
    if state in _FULL_STATES:
        return Fault.FULL
    return Fault.UNAVAILABLE if state == _READ_ONLY_STATE or state[:2] in _UNAVAILABLE_CLASSES else None


def _by_sqlite_code(code: int) -> Fault | None:
    if code in _SQLITE_BUSY:
        return Fault.BUSY
    if code == _SQLITE_FULL:
        return Fault.FULL
    return Fault.UNAVAILABLE if code in _SQLITE_UNAVAILABLE else None
