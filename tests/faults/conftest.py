"""Stories take their time: what happens in them is shown."""

from collections.abc import Iterator

import pytest

from tests.journey.progress import shown


@pytest.fixture(scope="session", autouse=True)
def _progress(request: pytest.FixtureRequest) -> Iterator[None]:
    with shown(request.config):
        yield
