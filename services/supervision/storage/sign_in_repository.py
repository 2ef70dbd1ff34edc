"""Sign-ins in the database: the path that takes most of the load.

A batch goes to the database as one JSON document and one statement, on both databases: no statement per row and no
object per row. The document is the same for storing and for comparing what stood there before.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import String, TextClause, and_, bindparam, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.supervision.application.ports import (
    AwaitingSignIn,
    ManualSignIn,
    PlacedSignIn,
    SignInRow,
    StoredSignIn,
    WaitingSignIn,
)
from services.supervision.domain.attendance import SignedIn
from services.supervision.domain.sign_in import APPROVAL_REQUIRED, PLACED_BY_CLASS, Verdict
from services.supervision.storage.tables import REUSED_SEQUENCE, SIGN_IN
from shared.database.metadata import Instant
from shared.database.upsert import insert_for

_FIELDS: Final = {
    "sequence": "bigint",
    "class_id": "text",
    "person_id": "text",
    "signed_at": "timestamptz",
    "method": "text",
    "score": "integer",
    "session_id": "text",
    "outcome": "text",
    "code": "text",
}
_NAMES: Final = ", ".join(_FIELDS)

_RECORDS: Final = ", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())
_MEMBERS: Final = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in _FIELDS)

_BATCH: Final = {
    "postgresql": f"json_to_recordset(CAST(:batch AS json)) AS r({_RECORDS})",
    "sqlite": f"(SELECT {_MEMBERS} FROM json_each(:batch)) AS r",  # noqa: S608 - names of ours, values are bound
}
"""The batch as a table, in each database's words."""


def _keep(dialect: str) -> TextClause:
    # SQLite needs WHERE true to tell ON CONFLICT from a join's ON.
    return text(
        f"INSERT INTO sign_in (device_id, received_at, {_NAMES}) "  # noqa: S608 - names of ours, values are bound
        f"SELECT :device_id, :received_at, {_NAMES} FROM {_BATCH[dialect]} WHERE true "
        "ON CONFLICT DO NOTHING RETURNING sequence"
    ).bindparams(bindparam("device_id", type_=String()), bindparam("received_at", type_=Instant()))


def _compare(dialect: str) -> TextClause:
    # CROSS JOIN keeps SQLite from reading the whole batch again for every row of the device.
    same = "s.class_id = r.class_id AND s.person_id = r.person_id AND s.signed_at = r.signed_at AND s.method = r.method"
    return text(
        f"SELECT s.sequence, s.code, ({same} AND s.score IS NOT DISTINCT FROM r.score) AS same "  # noqa: S608
        f"FROM {_BATCH[dialect]} CROSS JOIN sign_in AS s WHERE s.device_id = :device_id AND s.sequence = r.sequence"
    )


_KEEP: Final = {dialect: _keep(dialect) for dialect in _BATCH}
_COMPARE: Final = {dialect: _compare(dialect) for dialect in _BATCH}


class StoredSignIns:
    """The sign-ins of all devices on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    async def keep(
        self, device_id: str, rows: Sequence[SignInRow], verdicts: Sequence[Verdict], received_at: datetime
    ) -> Mapping[int, StoredSignIn | None]:
        """Store rows with sequences all different, and give per sequence None when it is new, else what stands."""
        batch = self._document(rows, verdicts)
        given = {"device_id": device_id, "batch": batch, "received_at": received_at}
        new = (await self._connection.execute(_KEEP[self._dialect], given)).scalars().all()
        found: dict[int, StoredSignIn | None] = dict.fromkeys(new)
        if len(new) < len(rows):
            given = {"device_id": device_id, "batch": batch}
            for sequence, code, same in await self._connection.execute(_COMPARE[self._dialect], given):
                if sequence not in found:
                    found[sequence] = StoredSignIn(bool(same), code)
        return found

    async def keep_reused(self, device_id: str, rows: Sequence[SignInRow], received_at: datetime) -> None:
        """Keep, once per content, what came under a sequence that says something else."""
        values = [
            {
                "device_id": device_id,
                "sequence": row["sequence"],
                "digest": _digest(row),
                "class_id": row["class_id"],
                "person_id": row["person_id"],
                "signed_at": row["signed_at"],
                "method": row["method"],
                "received_at": received_at,
            }
            for row in rows
        ]
        if values:
            # Rows beside the statement, not in it: a large batch holds more values than a statement may.
            await self._connection.execute(
                insert_for(self._connection, REUSED_SEQUENCE).on_conflict_do_nothing(), values
            )

    async def counted(self, class_id: str, session_ids: Collection[str]) -> Mapping[str, SignedIn]:
        """Give for each of the sessions who signed in by which methods, counted sign-ins only."""
        signed_in: dict[str, dict[str, set[str]]] = {session_id: defaultdict(set) for session_id in session_ids}
        query = (
            select(SIGN_IN.c.session_id, SIGN_IN.c.person_id, SIGN_IN.c.method)
            .where(
                SIGN_IN.c.class_id == class_id,
                SIGN_IN.c.session_id.in_(list(session_ids)),
                SIGN_IN.c.outcome.in_(["accepted", "late"]),
            )
            .distinct()
        )
        for session_id, person_id, method in await self._connection.execute(query):
            signed_in[session_id][person_id].add(method)
        return signed_in

    async def waiting(self, class_id: str) -> Sequence[WaitingSignIn]:
        """Give the pending sign-ins of a class."""
        columns = [SIGN_IN.c[name] for name in WaitingSignIn._fields]
        query = select(*columns).where(SIGN_IN.c.class_id == class_id, SIGN_IN.c.outcome == "pending")
        return [WaitingSignIn(*row) for row in await self._connection.execute(query)]

    async def placed(self, class_id: str) -> Sequence[PlacedSignIn]:
        """Give the sign-ins of a class whose fate its roster and timetable decided."""
        columns = [SIGN_IN.c[name] for name in PlacedSignIn._fields]
        query = select(*columns).where(
            SIGN_IN.c.class_id == class_id,
            SIGN_IN.c.outcome != "pending",
            or_(SIGN_IN.c.code.is_(None), SIGN_IN.c.code.in_(PLACED_BY_CLASS)),
        )
        return [PlacedSignIn(*row) for row in await self._connection.execute(query)]

    async def decide(self, verdicts: Mapping[tuple[str, int], Verdict]) -> None:
        """Store what became of pending sign-ins, by device and sequence."""
        await self._set_verdicts(verdicts, {})

    async def refuse_waiting(self, class_id: str, code: str) -> int:
        """Refuse every pending sign-in of a class that will never open, and give their number."""
        waiting = SIGN_IN.c.class_id == class_id, SIGN_IN.c.outcome == "pending"
        done = await self._connection.execute(update(SIGN_IN).where(*waiting).values(outcome="refused", code=code))
        return done.rowcount

    async def unapproved(self, class_id: str, device_id: str, sequences: Collection[int]) -> Sequence[ManualSignIn]:
        """Give those of the sign-ins that wait for a reviewer's approval."""
        query = select(SIGN_IN.c.sequence, SIGN_IN.c.session_id).where(
            SIGN_IN.c.device_id == device_id,
            SIGN_IN.c.sequence.in_(list(sequences)),
            SIGN_IN.c.class_id == class_id,
            SIGN_IN.c.code == APPROVAL_REQUIRED,
        )
        return [ManualSignIn(*row) for row in await self._connection.execute(query)]

    async def awaiting(self, class_id: str, *, after: tuple[int, str] | None, limit: int) -> Sequence[AwaitingSignIn]:
        """Give what waits in a class for a reviewer's approval, by sequence and device."""
        place = SIGN_IN.c.sequence, SIGN_IN.c.device_id
        query = select(*(SIGN_IN.c[name] for name in AwaitingSignIn._fields)).where(
            SIGN_IN.c.class_id == class_id, SIGN_IN.c.code == APPROVAL_REQUIRED
        )
        if after is not None:
            query = query.where(or_(place[0] > after[0], and_(place[0] == after[0], place[1] > after[1])))
        rows = await self._connection.execute(query.order_by(*place).limit(limit))
        return [AwaitingSignIn(*row) for row in rows]

    async def approve(self, device_id: str, verdicts: Mapping[int, Verdict], *, approved_by: str, reason: str) -> None:
        """Store the approval and what becomes of the sign-ins by it."""
        keyed = {(device_id, sequence): verdict for sequence, verdict in verdicts.items()}
        await self._set_verdicts(keyed, {"approved_by": approved_by, "approval_reason": reason})

    async def _set_verdicts(self, verdicts: Mapping[tuple[str, int], Verdict], also: Mapping[str, Any]) -> None:
        if not verdicts:
            return
        statement = (
            update(SIGN_IN)
            .where(SIGN_IN.c.device_id == bindparam("device"), SIGN_IN.c.sequence == bindparam("number"))
            .values(
                session_id=bindparam("to_session"),
                outcome=bindparam("to_outcome"),
                code=bindparam("to_code"),
                **also,
            )
        )
        await self._connection.execute(
            statement,
            [
                {
                    "device": device_id,
                    "number": sequence,
                    "to_session": verdict.session_id,
                    "to_outcome": verdict.outcome,
                    "to_code": verdict.code,
                }
                for (device_id, sequence), verdict in verdicts.items()
            ],
        )

    def _document(self, rows: Sequence[SignInRow], verdicts: Sequence[Verdict]) -> str:
        """Give the batch as JSON, in order of sequence so that two batches never wait for each other crosswise."""
        zoned = self._dialect == "postgresql"
        batch: list[dict[str, Any]] = []
        for row, verdict in zip(rows, verdicts, strict=True):
            moment = row["signed_at"].astimezone(UTC)
            batch.append(
                {
                    "sequence": row["sequence"],
                    "class_id": row["class_id"],
                    "person_id": row["person_id"],
                    # SQLite keeps instants as `Instant` writes them: naive UTC with microseconds.
                    "signed_at": (moment if zoned else moment.replace(tzinfo=None)).isoformat(" ", "microseconds"),
                    "method": row["method"],
                    "score": row.get("score"),
                    "session_id": verdict.session_id,
                    "outcome": verdict.outcome,
                    "code": verdict.code,
                }
            )
        batch.sort(key=lambda item: item["sequence"])
        return json.dumps(batch, ensure_ascii=False)


def _digest(row: SignInRow) -> str:
    content = (row["class_id"], row["person_id"], row["signed_at"].astimezone(UTC), row["method"], row.get("score"))
    return hashlib.sha256(repr(content).encode()).hexdigest()
