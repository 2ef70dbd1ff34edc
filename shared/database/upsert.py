"""Inserts that meet an existing row, spelled once for both databases.

In PostgreSQL a duplicate insert aborts the whole transaction; ON CONFLICT does not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

AnyInsert = PostgresqlInsert | SqliteInsert


def insert_for(connection: AsyncConnection, table: Table) -> AnyInsert:
    """Give the dialect's insert, which knows ON CONFLICT."""
    return sqlite_insert(table) if connection.dialect.name == "sqlite" else postgresql_insert(table)


def insert_or_ignore(
    connection: AsyncConnection, table: Table, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> AnyInsert:
    """Insert, or do nothing where any unique constraint already holds such a row; add `.returning` to know which."""
    return insert_for(connection, table).values(values).on_conflict_do_nothing()


def upsert(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> AnyInsert:
    """Insert by primary key, or overwrite the other columns of the row that stands."""
    key = [column.name for column in table.primary_key.columns]
    others = {name: value for name, value in values.items() if name not in key}
    return insert_for(connection, table).values(dict(values)).on_conflict_do_update(index_elements=key, set_=others)
