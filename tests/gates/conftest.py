"""The world of the gates: played once, used by all of them, for they only ask."""

from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
import pytest_asyncio

from tests.gates.world import World, played_world
from tests.journey.progress import shown


def none(findings: Sequence[str]) -> None:
    """Fail with every finding in full, for each says what to do."""
    assert not findings, "\n" + "\n".join(findings)


@pytest.fixture(scope="package", autouse=True)
def _progress(request: pytest.FixtureRequest) -> Iterator[None]:
    with shown(request.config):
        yield


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A running embedded system with a paid and a cancelled class."""
    async with played_world(tmp_path_factory.mktemp("world")) as played:
        yield played
