"""What kind of deployment a database belongs to: the real one, or a sandbox whose clock can move."""

from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database.engine import Database
from shared.database.metadata import SHARED
from shared.database.upsert import insert_or_ignore

DEPLOYMENT: Final = Table(
    "deployment",
    SHARED,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sandbox", Boolean, nullable=False),
    Column("offset_seconds", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)


class WrongDeployment(Exception):
    """A database that was first used for real refuses the sandbox, and the other way round."""


async def pin_deployment(database: Database, *, initial_offset: timedelta = timedelta(0)) -> None:
    """Pin the database to sandbox or real use at its first start; raise WrongDeployment when it was the other.

    `initial_offset` is where a new sandbox's legal time begins; it counts only the first time.
    """
    seconds = int(initial_offset.total_seconds()) if database.sandbox else 0
    async with database.connect() as connection, connection.begin():
        values = {"id": 1, "sandbox": database.sandbox, "offset_seconds": seconds}
        await connection.execute(insert_or_ignore(connection, DEPLOYMENT, values))
        row = (await connection.execute(select(DEPLOYMENT))).one()
        if row.sandbox != database.sandbox:
            was = "a sandbox" if row.sandbox else "real use"
            raise WrongDeployment(
                f"the database of {database.service} was first used for {was}; "
                "set PEIBU_SANDBOX as it was, or give this deployment a database of its own"
            )
        database.clock.set_offset(timedelta(seconds=row.offset_seconds))


async def read_sandbox(connection: AsyncConnection) -> bool | None:
    """Say whether the database is a sandbox's; None when nobody has used it yet."""
    return (await connection.execute(select(DEPLOYMENT.c.sandbox))).scalar_one_or_none()


async def read_offset(connection: AsyncConnection) -> timedelta:
    """Give the sandbox offset as committed in this database."""
    seconds = (await connection.execute(select(DEPLOYMENT.c.offset_seconds))).scalar_one_or_none()
    return timedelta(seconds=seconds or 0)


async def store_offset(connection: AsyncConnection, offset: timedelta) -> None:
    """Store a sandbox offset; an older, smaller one (redelivered) changes nothing."""
    seconds = int(offset.total_seconds())
    await connection.execute(
        update(DEPLOYMENT)
        .where(DEPLOYMENT.c.sandbox, DEPLOYMENT.c.offset_seconds < seconds)
        .values(offset_seconds=seconds)
    )
