"""Put an event into the outbox, in the transaction of the effect it reports."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now, new_id
from shared.contracts.contract import Contract, aggregate_id, partition_key
from shared.contracts.envelope import encode
from shared.database.upsert import insert_for
from shared.domain.jurisdiction import NATION
from shared.messaging.bus import RECORD_BYTES_MAX
from shared.messaging.tables import AGGREGATE_VERSION, OUTBOX

RegionOf = Callable[[Contract], Awaitable[str | None]]
"""Looks up the region of what an event is about, where neither it nor an earlier one of its aggregate says so."""


async def add_to_outbox(
    connection: AsyncConnection, fact: Contract, *, occurred_at: datetime, region_of: RegionOf
) -> int:
    """Insert the event and give its aggregate version; raise ValueError when it exceeds what a topic takes.

    The version row is bumped, and so locked, before the event gets its place: two transactions on one aggregate
    publish in the order of their versions.
    """
    event, row = fact.EVENT, AGGREGATE_VERSION.c
    first = insert_for(connection, AGGREGATE_VERSION).values(
        aggregate_type=event.aggregate, aggregate_id=aggregate_id(fact), version=1, region=getattr(fact, "region", None)
    )
    bump = first.on_conflict_do_update(
        index_elements=["aggregate_type", "aggregate_id"],
        set_={"version": row.version + 1, "region": func.coalesce(first.excluded.region, row.region)},
    ).returning(row.version, row.region)
    version, region = (await connection.execute(bump)).one()
    if region is None and (region := await region_of(fact)) is not None:
        this = (row.aggregate_type == event.aggregate, row.aggregate_id == aggregate_id(fact))
        await connection.execute(update(AGGREGATE_VERSION).where(*this).values(region=region))
    event_id = new_id()
    payload = encode(fact, event_id=event_id, version=version, occurred_at=occurred_at)
    if len(payload) > RECORD_BYTES_MAX:  # in the outbox it would stop its key for ever
        raise ValueError(f"{event.name} has {len(payload)} bytes; a topic takes {RECORD_BYTES_MAX}")
    await connection.execute(
        insert(OUTBOX).values(
            event_id=event_id,
            topic=event.topic,
            type=event.type,
            region=region or NATION,  # whoever may see the whole nation sees what belongs nowhere
            key=partition_key(fact),
            payload=payload,
            created_at=machine_now(),
        )
    )
    return int(version)
