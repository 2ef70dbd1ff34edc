"""Claw-backs and their repayments as rows."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.clawback import Clawback, ClawbackState, Ground, Repayment
from services.payment.domain.duty import Duty
from services.payment.domain.order import Share
from services.payment.storage.rows import amounts_json, amounts_of
from services.payment.storage.tables import CLAWBACK, CLAWBACK_LINE, CLAWBACK_REPAYMENT

_DECISION: Final = ("state", "entry", "decided_by", "decided_on", "decision_reason")


async def clawbacks_of(connection: AsyncConnection, claim_id: str) -> tuple[Clawback, ...]:
    """Give the claw-backs of a claim, oldest first."""
    clawback, paid = CLAWBACK.c, CLAWBACK_REPAYMENT.c
    query = select(CLAWBACK).where(clawback.claim_id == claim_id).order_by(clawback.proposed_on, clawback.clawback_id)
    rows = (await connection.execute(query)).all()
    if not rows:
        return ()
    ids = [row.clawback_id for row in rows]
    repayments: dict[str, list[Repayment]] = {each: [] for each in ids}
    back = select(CLAWBACK_REPAYMENT).where(paid.clawback_id.in_(ids)).order_by(paid.number)
    for row in await connection.execute(back):
        repayments[row.clawback_id].append(_repayment(row))
    return tuple(_clawback(row, tuple(repayments[row.clawback_id])) for row in rows)


async def save_clawbacks(connection: AsyncConnection, before: Iterable[Clawback], after: Iterable[Clawback]) -> None:
    """Store new claw-backs, decisions and repayments; a repayment goes before the state that it settles."""
    known = {clawback.clawback_id: clawback for clawback in before}
    for clawback in after:
        former = known.get(clawback.clawback_id)
        if former == clawback:
            continue
        row = _row(clawback)
        if former is None:
            await connection.execute(insert(CLAWBACK).values(row))
            continue
        for repayment in clawback.repayments[len(former.repayments) :]:
            await connection.execute(insert(CLAWBACK_REPAYMENT).values(_repayment_row(clawback, repayment)))
        decided = update(CLAWBACK).where(CLAWBACK.c.clawback_id == clawback.clawback_id)
        await connection.execute(decided.values({name: row[name] for name in _DECISION}))
        if clawback.is_ordered and not former.is_ordered:
            await connection.execute(insert(CLAWBACK_LINE), _line_rows(clawback))


def _line_rows(clawback: Clawback) -> list[dict[str, Any]]:
    common = {"clawback_id": clawback.clawback_id, "claim_id": clawback.claim_id}
    return [{**common, "line_no": line_no, "amount_fen": fen} for line_no, fen in sorted(clawback.asked.items())]


def _row(clawback: Clawback) -> dict[str, Any]:
    return {
        "clawback_id": clawback.clawback_id,
        "claim_id": clawback.claim_id,
        "amounts": amounts_json(clawback.amounts),
        "asked": amounts_json(clawback.asked),
        "amount_fen": clawback.amount_fen,
        "sources": [[share.funding_source, share.amount_fen] for share in clawback.sources],
        "cause": clawback.cause,
        "rule": clawback.ground.rule,
        "clause": clawback.ground.clause,
        "document": clawback.ground.document,
        "reason": clawback.reason,
        "proposed_by": clawback.proposed_by,
        "duty": clawback.duty.value,
        "proposed_on": clawback.proposed_on,
        "state": clawback.state.value,
        "entry": clawback.entry,
        "decided_by": clawback.decided_by,
        "decided_on": clawback.decided_on,
        "decision_reason": clawback.decision_reason,
    }


def _clawback(row: Row[Any], repayments: tuple[Repayment, ...]) -> Clawback:
    return Clawback(
        clawback_id=row.clawback_id,
        claim_id=row.claim_id,
        amounts=amounts_of(row.amounts),
        asked=amounts_of(row.asked),
        sources=tuple(Share(funding_source=source, amount_fen=fen) for source, fen in row.sources),
        cause=row.cause,
        ground=Ground(rule=row.rule, clause=row.clause, document=row.document),
        reason=row.reason,
        proposed_by=row.proposed_by,
        duty=Duty(row.duty),
        proposed_on=row.proposed_on,
        state=ClawbackState(row.state),
        entry=row.entry,
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        decision_reason=row.decision_reason,
        repayments=repayments,
    )


def _repayment_row(clawback: Clawback, repayment: Repayment) -> dict[str, Any]:
    return {
        "clawback_id": clawback.clawback_id,
        "number": repayment.number,
        "kind": repayment.kind,
        "funding_source": repayment.funding_source,
        "amount_fen": repayment.amount_fen,
        "received_on": repayment.on,
        "recorded_by": repayment.recorded_by,
        "reference": repayment.reference,
        "order_id": repayment.order_id,
    }


def _repayment(row: Row[Any]) -> Repayment:
    return Repayment(
        number=row.number,
        kind=row.kind,
        funding_source=row.funding_source,
        amount_fen=row.amount_fen,
        on=row.received_on,
        recorded_by=row.recorded_by,
        reference=row.reference,
        order_id=row.order_id,
    )
