"""What long tests say while they run: shown at once, although pytest captures what tests print."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.clock import monotonic

_begun = monotonic()
_write: Callable[[str], Any] = partial(print, flush=True)


def say(text: str) -> None:
    """Show one line with the time since the tests began."""
    _write(f"{timedelta(seconds=round(monotonic() - _begun))}  {text}")


@contextmanager
def shown(config: pytest.Config) -> Iterator[None]:
    """Let lines pass pytest's capture; a worker of pytest-xdist has no terminal, and prints them."""
    global _write
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    before = _write
    if reporter is not None and capture is not None:

        def write(line: str) -> None:
            with capture.global_and_fixture_disabled():
                reporter.ensure_newline()
                reporter.write_line(line)

        _write = write
    yield
    _write = before
