"""SQL that the two databases spell differently."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, literal
from sqlalchemy.ext.asyncio import AsyncConnection


def among(connection: AsyncConnection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a column is one of the values; on PostgreSQL as one array, so that the statement is prepared once."""
    if connection.dialect.name == "sqlite":
        return column.in_(list(values))
    return column == any_(literal(list(values), ARRAY(column.type)))


def not_among(connection: AsyncConnection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a column is none of the values."""
    return ~among(connection, column, values)
