"""Named places where a test may kill the process.

`hit` does nothing. Only the test launcher replaces it, to prove that dying at any of these places changes no result.
"""

from typing import Final

BEFORE_COMMIT: Final = "before_commit"
AFTER_COMMIT: Final = "after_commit"
AFTER_READING_OUTBOX: Final = "after_reading_outbox"
AFTER_SEND: Final = "after_send"
AFTER_ACKNOWLEDGEMENT: Final = "after_acknowledgement"
AFTER_INBOX_COMMIT: Final = "after_inbox_commit"
INSIDE_MIGRATION: Final = "inside_migration"
INSIDE_CLAIM: Final = "inside_claim"

ALL: Final = (
    BEFORE_COMMIT,
    AFTER_COMMIT,
    AFTER_READING_OUTBOX,
    AFTER_SEND,
    AFTER_ACKNOWLEDGEMENT,
    AFTER_INBOX_COMMIT,
    INSIDE_MIGRATION,
    INSIDE_CLAIM,
)


def hit(name: str) -> None:
    """Pass a named place; production code loses nothing by it."""
