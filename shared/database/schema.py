"""What a service's database holds: its own tables beside those that stand in every service's.

By convention a service's model is `services.<service>.storage.tables.METADATA` and its migrations stand in
`services/<service>/storage/migrations/`. This is the one place that imports every shared table, so that `SHARED` is
complete. Nothing here imports Alembic: `serve` and `work` ask `is_migrated` before they start.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

import shared.audit.tables
import shared.changes.tables
import shared.database.deployment
import shared.messaging.tables
import shared.province.tables
import shared.timers.tables
import shared.web.tables  # noqa: F401
from shared.database.engine import Database
from shared.database.metadata import SHARED

_REVISION: Final = re.compile(r"([a-z][a-z_]*)_(\d{4})_\w+\.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One line of migrations and the model it leads to; revision ids are `<label>_<four digits>`, as are file names."""

    label: str
    versions: Path
    metadata: MetaData

    def numbers(self) -> list[int]:
        """Give the numbers of the revisions that stand in the folder, in order."""
        found = (_REVISION.fullmatch(path.name) for path in self.versions.glob("*.py"))
        return sorted(int(match[2]) for match in found if match and match[1] == self.label)

    def together(self) -> list["Schema"]:
        """Give every schema in this one's database, the shared tables first."""
        return [SHARED_SCHEMA] if self == SHARED_SCHEMA else [SHARED_SCHEMA, self]


SHARED_SCHEMA: Final = Schema(
    label="shared", versions=Path(__file__).parent / "migrations" / "versions", metadata=SHARED
)


def schema_of(service: str) -> Schema:
    """Give a service's schema by convention; `shared` names the tables that every service has."""
    if service == SHARED_SCHEMA.label:
        return SHARED_SCHEMA
    storage = import_module(f"services.{service}.storage")
    tables = import_module(f"{storage.__name__}.tables")
    if storage.__file__ is None or not isinstance(tables.METADATA, MetaData):
        raise TypeError(f"{tables.__name__} must be a module with a MetaData called METADATA")
    schema = Schema(label=service, versions=Path(storage.__file__).parent / "migrations", metadata=tables.METADATA)
    if not schema.numbers():
        raise TypeError(f"{schema.versions} has no migration, and tables would be missing that {tables.__name__} names")
    return schema


async def is_migrated(database: Database, schema: Schema | None = None) -> bool:
    """Say whether the database has every revision this release knows; those of a newer release do no harm."""
    async with database.connect(write=False) as connection:
        return await lacks_nothing(connection, schema or schema_of(database.service))


async def lacks_nothing(connection: AsyncConnection, schema: Schema) -> bool:
    """Say whether every revision of the schema and of the shared tables is applied here."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return False
    revisions = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars()
    applied = {label: int(number) for label, _, number in (revision.rpartition("_") for revision in revisions)}
    return all(applied.get(part.label, 0) >= max(part.numbers(), default=0) for part in schema.together())
