"""Cursors of ordered lists: what stands after the last row of a page, as a text that callers give back unread."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from shared.domain.errors import Refused

_BETWEEN = "~"
T = TypeVar("T")


def cursor_of(*place: object) -> str:
    """Give the cursor of a page whose last row has this place in the order; only its last part may hold a `~`."""
    return _BETWEEN.join(map(str, place))


def place_of(cursor: str | None, read: Callable[[str], T]) -> tuple[T, str] | None:
    """Give the place after which a page begins, its first part read by `read`, None for the first page.

    Raise Refused CURSOR_INVALID for a cursor that is none of ours.
    """
    if cursor is None:
        return None
    first, parted, second = cursor.partition(_BETWEEN)
    try:
        if parted:
            return read(first), second
    except ValueError:
        pass
    raise cursor_invalid()


def day_place_of(cursor: str | None) -> tuple[date, str] | None:
    """Give the place in a list that is ordered by day and id."""
    return place_of(cursor, date.fromisoformat)


def cursor_invalid() -> Refused:
    """Give the refusal of a cursor that is none of ours."""
    return Refused(
        code="CURSOR_INVALID",
        message="翻页标记无法识别。",
        advice="请原样使用上一页返回的 next，或从第一页重新查询。",
        field="cursor",
    )
