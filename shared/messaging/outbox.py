"""Put an event into the outbox, in the transaction of the effect it reports."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import machine_now, new_id
from shared.contracts.contract import Contract, aggregate_id, partition_key
from shared.contracts.envelope import encode
from shared.database.upsert import insert_for
from shared.messaging.bus import RECORD_BYTES_MAX
from shared.messaging.tables import AGGREGATE_VERSION, OUTBOX


async def add_to_outbox(connection: AsyncConnection, fact: Contract, *, occurred_at: datetime) -> int:
    """Insert the event and give its aggregate version; raise ValueError when it exceeds what a topic takes.

    The version row is bumped, and so locked, before the event gets its place: two transactions on one aggregate
    publish in the order of their versions.
    """
    event = fact.EVENT
    bump = (
        insert_for(connection, AGGREGATE_VERSION)
        .values(aggregate_type=event.aggregate, aggregate_id=aggregate_id(fact), version=1)
        .on_conflict_do_update(
            index_elements=["aggregate_type", "aggregate_id"], set_={"version": AGGREGATE_VERSION.c.version + 1}
        )
        .returning(AGGREGATE_VERSION.c.version)
    )
    version: int = (await connection.execute(bump)).scalar_one()
    event_id = new_id()
    payload = encode(fact, event_id=event_id, version=version, occurred_at=occurred_at)
    if len(payload) > RECORD_BYTES_MAX:  # in the outbox it would stop its key for ever
        raise ValueError(f"{event.name} has {len(payload)} bytes; a topic takes {RECORD_BYTES_MAX}")
    await connection.execute(
        insert(OUTBOX).values(
            event_id=event_id,
            topic=event.topic,
            key=partition_key(fact),
            payload=payload,
            created_at=machine_now(),
        )
    )
    return version
