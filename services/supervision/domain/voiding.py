"""Records that turned out wrong: they stay in the file, marked void by somebody else than those who made them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import Conflict, Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiding:
    """Who declared a record void, when and why."""

    by: str
    at: datetime
    reason: str


def require_voidable(standing: Voiding | None, *, authors: Collection[str], by: str) -> None:
    """Raise Conflict RECORD_VOID for a record that is void, Forbidden SAME_AUTHOR for those who made it."""
    if standing is not None:
        raise Conflict(
            code="RECORD_VOID",
            message="该记录已作废。",
            advice="请查询该记录的最新状态；作废不能撤销，需要的请重新登记。",
        )
    if by in authors:
        raise Forbidden(
            code="SAME_AUTHOR",
            message="登记人和共同检查人不能作废自己的记录。",
            advice="请由未参与该记录的其他工作人员核实后作废。",
        )
