"""A rate that was entered wrongly: corrected by a row of its own, proposed by one person and confirmed by another.

Nobody changes alone what a class that has opened is worth. What is approved keeps the rate it was approved at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.payment.domain.rates import Rate
from shared.domain.errors import Conflict, Forbidden
from shared.domain.money import yuan_text


class CorrectionState(StrEnum):
    """Waiting for the second person, entered as a row, or decided against."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCorrection:
    """A row that would pay where a standing one pays, with its reason and the two people who carry it."""

    correction_id: str
    rate: Rate
    reason: str
    proposed_by: str
    proposed_on: date
    state: CorrectionState = CorrectionState.PROPOSED
    decided_by: str | None = None
    decided_on: date | None = None
    decision_reason: str | None = None


def displaced(rate: Rate, standing: Iterable[Rate], ancestors: Sequence[str], today: date) -> Rate | None:
    """Give a standing row that `rate` would displace for days gone by or on its own first day, a row of its key first.

    A rate that begins later is the ordinary way in which a rate changes.
    """
    found = [
        row
        for row in standing
        if rate.displaces(row, ancestors) and (rate.valid_from <= today or is_of_same_key_and_day(rate, row))
    ]
    return max(found, key=lambda row: (is_of_same_key_and_day(rate, row), row.number), default=None)


def is_of_same_key_and_day(one: Rate, other: Rate) -> bool:
    """Say whether two rows pay for the same from the same day on."""
    keys = ((row.region, row.programme, row.keys, row.valid_from) for row in (one, other))
    return len(set(keys)) == 1


def rate_stands(row: Rate) -> Conflict:
    """Give the refusal of a row that would change what a standing one pays already."""
    return Conflict(
        code="RATE_STANDS",
        message=(
            f"已有生效的补贴标准第 {row.number} 号（{yuan_text(row.amount_fen)} 元，"
            f"自 {row.valid_from.isoformat()} 起执行），本次录入会改变已按其核定的补贴金额，不能由一人办理。"
        ),
        advice="标准录入有误的，请提出标准更正（rate-corrections），由审批人员确认；新标准请自今后的日期起执行。",
        field="valid_from",
    )


def require_correction(rate: Rate, standing: Iterable[Rate], ancestors: Sequence[str], today: date) -> None:
    """Raise Conflict NOTHING_TO_CORRECT when no standing row would be displaced: such a rate is entered plainly."""
    if displaced(rate, standing, ancestors, today) is None:
        raise Conflict(
            code="NOTHING_TO_CORRECT",
            message="该标准不改变任何已生效的标准，无须更正。",
            advice="请直接录入补贴标准。",
            field="valid_from",
        )


def decided(correction: RateCorrection, *, confirmed: bool, reason: str, by: str, on: date) -> RateCorrection:
    """Give the correction as the second person decided it.

    Raise Conflict CORRECTION_DECIDED for one decided before, Forbidden SAME_REVIEWER for who proposed it.
    """
    if correction.state is not CorrectionState.PROPOSED:
        raise Conflict(
            code="CORRECTION_DECIDED",
            message="该标准更正已经作出决定，不能重复办理。",
            advice="请查询标准更正记录。",
        )
    if correction.proposed_by == by:
        raise Forbidden(
            code="SAME_REVIEWER",
            message="标准更正须由提出人以外的人员确认。",
            advice="请由另一名审批人员作出决定。",
        )
    return replace(
        correction,
        state=CorrectionState.CONFIRMED if confirmed else CorrectionState.REFUSED,
        decided_by=by,
        decided_on=on,
        decision_reason=reason,
    )
