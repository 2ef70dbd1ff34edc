"""Claims judged again, as rows: one per claim with every step of its reasons once, and one per line that names them.

The texts of reasons are canonical: the same claims give the same bytes on both databases.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.replay import Replayed
from services.payment.storage.tables import REPLAY, REPLAY_CLAIM, REPLAY_LINE, REPLAY_PART
from shared.database.bulk import insert_rows
from shared.database.upsert import insert_or_ignore
from shared.policy.decision import Finding, Trace

_FINDINGS: Final = TypeAdapter(list[Finding])
_TRACES: Final = TypeAdapter(list[Trace])
_CLAIMS_OF_A_PAGE: Final = 100


class StoredReplays:
    """The replays of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, name: str, rulebook_id: str, limits: Sequence[str], *, at: datetime) -> tuple[str, int]:
        """Deal a new replay's claims out into parts, one more than there are limits; give its rulebook and its parts.

        One that was begun before stays as it is.
        """
        new = insert_or_ignore(self._connection, REPLAY, {"name": name, "rulebook_id": rulebook_id, "begun_at": at})
        if (await self._connection.execute(new.returning(REPLAY.c.name))).first():
            dealt = enumerate(pairwise(("", *limits, None)))
            rows = [
                {"name": name, "part": part, "reached": one, "until": other, "steps": 0} for part, (one, other) in dealt
            ]
            await self._connection.execute(insert(REPLAY_PART), rows)
        stands = await self._connection.execute(select(REPLAY.c.rulebook_id).where(REPLAY.c.name == name))
        parts = select(func.count()).select_from(REPLAY_PART).where(REPLAY_PART.c.name == name)
        return stands.scalar_one(), (await self._connection.execute(parts)).scalar_one()

    async def go_on(self, name: str, part: int) -> tuple[str, str | None]:
        """Keep every other writer of a part waiting; give the last claim it has come to, and the last it goes to."""
        row = REPLAY_PART.c
        locked = update(REPLAY_PART).where(row.name == name, row.part == part).values(steps=row.steps + 1)
        stands = (await self._connection.execute(locked.returning(row.reached, row.until))).one()
        return stands.reached, stands.until

    async def add(self, name: str, part: int, found: Sequence[Replayed], *, reached: str) -> None:
        """Add claims judged again, and how far their part came."""
        row = REPLAY_PART.c
        came = update(REPLAY_PART).where(row.name == name, row.part == part).values(reached=reached)
        await self._connection.execute(came)
        claims: list[tuple[Any, ...]] = []
        lines: list[tuple[Any, ...]] = []
        for one in found:
            _add_rows(name, one, claims, lines)
        await insert_rows(self._connection, REPLAY_CLAIM, claims)
        await insert_rows(self._connection, REPLAY_LINE, lines)

    async def lines(self, name: str) -> AsyncIterator[Mapping[str, object]]:
        """Give every line of a replay with its reasons, by claim and number."""
        claim, line, after = REPLAY_CLAIM.c, REPLAY_LINE.c, ""
        query = select(claim.claim_id, claim.findings, claim.traces, claim.reasons).where(claim.name == name)
        told = line.claim_id, line.line_no, line.person_id, line.programme, line.before_fen, line.after_fen, line.reason
        while True:
            page = query.where(claim.claim_id > after).order_by(claim.claim_id).limit(_CLAIMS_OF_A_PAGE)
            claims = (await self._connection.execute(page)).all()
            if not claims:
                return
            after = claims[-1].claim_id
            reasons = {row.claim_id: _reasons(row.findings, row.traces, row.reasons) for row in claims}
            of_page = select(*told).where(line.name == name, line.claim_id.in_(reasons))
            for row in await self._connection.execute(of_page.order_by(line.claim_id, line.line_no)):
                *values, reason = row
                findings, traces = ([], []) if reason is None else reasons[row.claim_id][reason]
                yield {**dict(zip(_TOLD, values, strict=True)), "findings": findings, "traces": traces}

    async def stops(self, name: str) -> Sequence[tuple[str, tuple[Finding, ...]]]:
        """Give the claims of a replay that are refused as a whole, and why."""
        claim = REPLAY_CLAIM.c
        query = select(claim.claim_id, claim.stops).where(claim.name == name, claim.stops != "[]")
        rows = await self._connection.execute(query.order_by(claim.claim_id))
        return [(row.claim_id, tuple(_FINDINGS.validate_json(row.stops))) for row in rows]


_TOLD: Final = ("claim_id", "line_no", "person_id", "programme", "before_fen", "after_fen")


class _Once:
    """The steps of a claim's reasons, each once however many lines name it, by its place."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self._places: dict[int, int] = {}

    def places(self, steps: Sequence[Any]) -> list[int]:
        """Give the places of steps that somebody holds on to, adding those that are new."""
        found = []
        for step in steps:
            place = self._places.setdefault(id(step), len(self.steps))
            if place == len(self.steps):
                self.steps.append(step)
            found.append(place)
        return found


def _add_rows(name: str, one: Replayed, claims: list[tuple[Any, ...]], lines: list[tuple[Any, ...]]) -> None:
    """Add the rows of a claim: lines that came to the same for the same reasons name the same."""
    claim_id, before = one.claim_id, one.before
    findings, traces = _Once(), _Once()
    reasons = []
    for reason, answer in enumerate(one.answers):
        said = answer.line
        reasons.append((findings.places(said.findings), traces.places(said.traces)))
        programme, fen, recognised = said.programme, said.amount_fen, said.recognised
        lines += [
            (name, claim_id, no, person_id, programme, before.get(no, 0), fen, recognised, reason)
            for no, person_id, _ in answer.people
        ]
    if before:
        there = {no for answer in one.answers for no, _, _ in answer.people}
        lines += [(name, claim_id, no, None, "", before[no], 0, False, None) for no in sorted(before.keys() - there)]
    texts = (
        adapter.dump_json(steps).decode() for adapter, steps in ((_FINDINGS, findings.steps), (_TRACES, traces.steps))
    )
    stops = _FINDINGS.dump_json([*one.stops]).decode()
    claims.append((name, claim_id, one.region, stops, *texts, json.dumps(reasons, separators=(",", ":"))))


def _reasons(findings: str, traces: str, reasons: str) -> list[tuple[list[Any], list[Any]]]:
    """Give the reasons of a claim spelled out, by their places."""
    found, taken = json.loads(findings), json.loads(traces)
    return [
        ([found[place] for place in those], [taken[place] for place in these]) for those, these in json.loads(reasons)
    ]
