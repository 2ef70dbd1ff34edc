"""Every service's migrations lead to its model, on both databases."""

import subprocess
import sys
from pathlib import Path

import pytest

import services
import services.payment.storage
from shared.database.migrate import check, migrate
from shared.database.schema import SHARED_SCHEMA, schema_of

WITH_STORAGE = sorted(path.parent.name for path in Path(services.__path__[0]).glob("*/storage"))


def test_the_four_services_keep_a_database() -> None:
    assert {"enrollment", "supervision", "assessment", "payment"} <= set(WITH_STORAGE)


@pytest.mark.parametrize("service", WITH_STORAGE)
async def test_a_services_migrations_and_its_model_agree(service: str, empty_database_url: str) -> None:
    expected = [f"{part.label}_{number:04d}" for part in schema_of(service).together() for number in part.numbers()]
    assert await migrate(service, empty_database_url) == expected
    assert await check(service, empty_database_url) == []


@pytest.mark.parametrize("service", WITH_STORAGE)
def test_a_services_tables_have_names_of_their_own(service: str) -> None:
    own = set(schema_of(service).metadata.tables)
    assert own
    assert not own & set(SHARED_SCHEMA.metadata.tables)


def test_what_serves_and_works_does_not_load_alembic() -> None:
    code = (
        "import sys, shared.settings, shared.database.schema, shared.database.unit_of_work, shared.timers.runner, "
        "shared.audit.sealing, shared.audit.export, shared.audit.verify; sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_service_whose_migrations_are_not_found_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without this its database would be made empty, and nobody told."""
    monkeypatch.setattr(services.payment.storage, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(TypeError, match="no migration"):
        schema_of("payment")
