"""Cursors of lists that are ordered by day and id: what the next page begins after."""

from datetime import date
from typing import Final

from shared.domain.errors import Refused

PAGE: Final = 50


def cursor_of(day: date, identity: str) -> str:
    """Give the cursor of a page that ends with this row."""
    return f"{day.isoformat()}~{identity}"


def place_of(cursor: str | None) -> tuple[date, str] | None:
    """Give the row after which a page begins; raise Refused CURSOR_INVALID for a cursor that is none of ours."""
    if cursor is None:
        return None
    day, _, identity = cursor.partition("~")
    try:
        return date.fromisoformat(day), identity
    except ValueError:
        raise Refused(
            code="CURSOR_INVALID",
            message="翻页标记无法识别。",
            advice="请原样使用上一页返回的 next，或从第一页重新查询。",
            field="cursor",
        ) from None
