"""SQL that the two databases spell differently."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Select, any_, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection


def among(connection: AsyncConnection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a column is one of the values; on PostgreSQL as one array, so that the statement is prepared once."""
    if connection.dialect.name == "sqlite":
        return column.in_(list(values))
    return column == any_(_array(column, values))


def look_up(
    connection: AsyncConnection,
    columns: Sequence[Column[Any]],
    *where: ColumnElement[bool],
    key: Column[Any],
    values: Collection[Any],
) -> Select[Any]:
    """Select the rows where `key` is one of the values, each looked up in the index that begins with `where` and key.

    For PostgreSQL a lateral subquery that the planner must leave as it is (OFFSET 0): while a table is young and has no
    statistics, and for small tables even with them, it would rather read all rows of a consumer for every batch.
    """
    rows = select(*columns).where(*where)
    if connection.dialect.name == "sqlite":
        return rows.where(key.in_(list(values)))
    wanted = func.unnest(_array(key, values)).table_valued("value", name="wanted").render_derived()
    found = rows.where(key == wanted.c.value).offset(0).lateral("found")
    return select(*found.c).select_from(wanted).join(found, true())


def _array(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(column.type))
