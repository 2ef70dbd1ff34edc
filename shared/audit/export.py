"""Write a service's whole audit log as lines that an outsider can verify without the database (HL-SUP-02)."""

from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit.chain import ExportWriter, entry_document
from shared.audit.tables import AUDIT_ENTRY, AUDIT_SEAL


async def export(connection: AsyncConnection, *, service: str) -> AsyncIterator[bytes]:
    """Give the export's lines (format: `shared/audit/chain.py`) as of one moment, however long the reading takes."""
    writer = ExportWriter(service)
    yield writer.header()
    # One statement, so that an entry sealed meanwhile appears exactly once.
    seal = (AUDIT_SEAL.c.position, AUDIT_SEAL.c.previous_hash, AUDIT_SEAL.c.hash)
    query = (
        select(AUDIT_ENTRY, *seal)
        .join_from(AUDIT_ENTRY, AUDIT_SEAL, isouter=True)
        .order_by(AUDIT_SEAL.c.position.is_(None), AUDIT_SEAL.c.position, AUDIT_ENTRY.c.seq)
    )
    async with connection.stream(query) as rows:
        async for row in rows.mappings():
            entry = entry_document({column.name: row[column] for column in AUDIT_ENTRY.columns})
            if row["position"] is None:
                yield writer.unsealed(entry)
            else:
                yield writer.sealed(entry, **{column.name: row[column] for column in seal})
    yield writer.footer()
