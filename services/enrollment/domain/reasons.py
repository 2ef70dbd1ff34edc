"""Standard reasons: acts are told, counted and audited by a code of the rulebook, never by somebody's words."""

from collections.abc import Sequence
from typing import Final

from shared.domain.errors import Refused
from shared.policy.terms.term import Item

OTHER: Final = Item(code="other", name="其他")
"""The only reason of a rulebook that lists none."""


def standard_reason(code: str, listed: Sequence[Item] | None) -> Item:
    """Give the listed reason; raise Refused REASON_UNKNOWN for a code that is not listed."""
    reasons = listed or (OTHER,)
    found = next((item for item in reasons if item.code == code), None)
    if found is None:
        choices = "、".join(f"{item.code}（{item.name}）" for item in reasons)
        raise Refused(
            code="REASON_UNKNOWN",
            message="原因代码不在规定的清单内。",
            advice=f"请从下列代码中选择：{choices}。",
            field="reason_code",
        )
    return found
