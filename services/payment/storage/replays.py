"""Claims judged again, as rows: one per claim and line, and each set of reasons once per claim.

The texts of reasons are canonical: the same claims give the same bytes on both databases.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.replay import Replayed
from services.payment.storage.tables import REPLAY, REPLAY_CLAIM, REPLAY_LINE, REPLAY_REASON
from shared.database.bulk import insert_rows
from shared.database.upsert import insert_or_ignore
from shared.policy.decision import Finding, Trace

_FINDINGS: Final = TypeAdapter(tuple[Finding, ...])
_TRACES: Final = TypeAdapter(tuple[Trace, ...])


class StoredReplays:
    """The replays of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, name: str, rulebook_id: str, *, at: datetime) -> tuple[str, str]:
        """Keep every other writer of this replay waiting; give its rulebook, and the last claim it has come to."""
        row = {"name": name, "rulebook_id": rulebook_id, "begun_at": at, "reached": "", "steps": 0}
        await self._connection.execute(insert_or_ignore(self._connection, REPLAY, row))
        locked = update(REPLAY).where(REPLAY.c.name == name).values(steps=REPLAY.c.steps + 1)
        found = await self._connection.execute(locked.returning(REPLAY.c.rulebook_id, REPLAY.c.reached))
        stands = found.one()
        return stands.rulebook_id, stands.reached

    async def add(self, name: str, found: Sequence[Replayed], *, reached: str) -> None:
        """Add claims judged again, and how far the replay came."""
        await self._connection.execute(update(REPLAY).where(REPLAY.c.name == name).values(reached=reached))
        claims: list[tuple[Any, ...]] = []
        lines: list[tuple[Any, ...]] = []
        reasons: list[tuple[Any, ...]] = []
        for one in found:
            _add_rows(name, one, claims, lines, reasons)
        await insert_rows(self._connection, REPLAY_CLAIM, claims)
        await insert_rows(self._connection, REPLAY_REASON, reasons)
        await insert_rows(self._connection, REPLAY_LINE, lines)

    async def lines(self, name: str) -> AsyncIterator[Mapping[str, object]]:
        """Give every line of a replay with its reasons, by claim and number."""
        line, reason = REPLAY_LINE.c, REPLAY_REASON.c
        shared = (reason.name == line.name) & (reason.claim_id == line.claim_id) & (reason.number == line.reason)
        query = (
            select(
                line.claim_id,
                line.line_no,
                line.person_id,
                line.programme,
                line.before_fen,
                line.after_fen,
                reason.findings,
                reason.traces,
            )
            .join_from(REPLAY_LINE, REPLAY_REASON, shared, isouter=True)
            .where(line.name == name)
            .order_by(line.claim_id, line.line_no)
        )
        async with self._connection.stream(query) as rows:
            async for row in rows.mappings():
                yield {
                    **row,
                    "findings": json.loads(row["findings"] or "[]"),
                    "traces": json.loads(row["traces"] or "[]"),
                }

    async def stops(self, name: str) -> Sequence[tuple[str, tuple[Finding, ...]]]:
        """Give the claims of a replay that are refused as a whole, and why."""
        claim = REPLAY_CLAIM.c
        query = select(claim.claim_id, claim.stops).where(claim.name == name, claim.stops != "[]")
        rows = await self._connection.execute(query.order_by(claim.claim_id))
        return [(row.claim_id, _FINDINGS.validate_json(row.stops)) for row in rows]


def _add_rows(
    name: str,
    one: Replayed,
    claims: list[tuple[Any, ...]],
    lines: list[tuple[Any, ...]],
    reasons: list[tuple[Any, ...]],
) -> None:
    """Give the rows of a claim; lines that share their reasons, as those of people who are alike do, name one row."""
    claim_id, before = one.claim_id, one.before
    claims.append((name, claim_id, one.region, _FINDINGS.dump_json(one.stops).decode()))
    numbers: dict[tuple[int, int], int] = {}
    for line in one.lines:
        findings, traces = line.findings, line.traces
        key = id(findings), id(traces)
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers) + 1
            texts = _FINDINGS.dump_json(findings).decode(), _TRACES.dump_json(traces).decode()
            reasons.append((name, claim_id, number, *texts))
        line_no = line.line_no
        lines.append(
            (
                name,
                claim_id,
                line_no,
                line.person_id,
                line.programme,
                before.get(line_no, 0),
                line.amount_fen,
                line.recognised,
                number,
            )
        )
    there = {line.line_no for line in one.lines}
    for line_no in sorted(before.keys() - there):
        lines.append((name, claim_id, line_no, None, "", before[line_no], 0, False, None))
