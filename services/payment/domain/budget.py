"""Money that may be promised: allotments of a region, source and year, and what each class has committed of them.

Where a document wants projects fitted to local funds (HB-FND-02), a class beyond them waits until more is allotted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.contracts.payment import BudgetAnswer
from shared.domain.errors import Refused
from shared.domain.money import yuan_text

BUDGET_EXHAUSTED: Final = "BUDGET_EXHAUSTED"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BudgetKey:
    """Whose money of which source and year."""

    region: str
    funding_source: str
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What was allotted and what of it is reserved, in fen; never more is reserved than allotted."""

    key: BudgetKey
    allotted_fen: int
    reserved_fen: int

    @property
    def free_fen(self) -> int:
        """Give what may still be promised."""
        return self.allotted_fen - self.reserved_fen

    def change(self, by_fen: int) -> "Budget":
        """Reserve more (or, negative, less); raise Refused BUDGET_EXHAUSTED when there is not enough."""
        if by_fen > self.free_fen:
            raise exhausted(self.key.funding_source, wanted_fen=by_fen, free_fen=self.free_fen)
        return replace(self, reserved_fen=self.reserved_fen + by_fen)


def changes_of(held: Mapping[BudgetKey, int], wanted: Mapping[BudgetKey, int]) -> dict[BudgetKey, int]:
    """Give by how much each budget changes, in order of keys, so that a class holds just what it wants."""
    differences = {key: wanted.get(key, 0) - held.get(key, 0) for key in sorted({*held, *wanted})}
    return {key: difference for key, difference in differences.items() if difference}


def exhausted(funding_source: str, *, wanted_fen: int, free_fen: int) -> Refused:
    """Give the refusal of a budget that has too little left."""
    return Refused(
        code=BUDGET_EXHAUSTED,
        message=(
            f"资金来源 {funding_source} 的预算余额 {yuan_text(max(free_fen, 0))} 元，"
            f"不足以承担 {yuan_text(wanted_fen)} 元。"
        ),
        advice="请由财务人员追加该资金来源的预算指标，或改用其他资金来源，再重新办理。",
        field="funding_source",
        value=funding_source,
    )


def granted(funding_source: str, amount_fen: int) -> BudgetAnswer:
    """Give the answer that the money is reserved."""
    return BudgetAnswer(granted=True, funding_source=funding_source, amount_fen=amount_fen)


def refused(funding_source: str, amount_fen: int, *, code: str, message: str) -> BudgetAnswer:
    """Give the answer that the money is not reserved, and why."""
    return BudgetAnswer(granted=False, funding_source=funding_source, amount_fen=amount_fen, code=code, message=message)
