"""Column types and naming that every table shares.

`SHARED` holds the tables that stand in every service's database (outbox, inbox, timers, audit, ...); each service
has a metadata of its own beside it.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator


def new_metadata() -> MetaData:
    """Give a metadata whose constraints have predictable names, so that migrations can name them."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


SHARED: Final = new_metadata()

SEQUENCE: Final = BigInteger().with_variant(Integer(), "sqlite")
"""An identity column: 64 bits on PostgreSQL; on SQLite only INTEGER numbers itself."""


class Instant(TypeDecorator[datetime]):
    """An instant in UTC; naive datetimes are refused because nobody can know which hour they mean."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite has no zone, so it keeps the naive UTC value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
