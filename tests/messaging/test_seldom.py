"""A library that repeats itself is heard once."""

import logging

import pytest

from shared.messaging import seldom
from shared.messaging.seldom import Seldom


def test_each_message_is_let_through_once_and_later_says_how_often_it_came(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(seldom, "monotonic", lambda: now)
    logger = logging.getLogger("test.noisy")
    logger.addFilter(Seldom())
    with caplog.at_level(logging.INFO):
        for _ in range(1_000):
            logger.error("cannot connect to %s", "broker 1")
        logger.error("another matter")
        now = 11.0
        logger.error("cannot connect to %s", "broker 2")
    assert [record.getMessage() for record in caplog.records] == [
        "cannot connect to broker 1",
        "another matter",
        "cannot connect to broker 2 (and 999 times more before)",
    ]
