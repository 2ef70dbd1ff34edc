"""Claims of the past, judged again under a draft."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from services.payment.storage.tables.shared import METADATA
from shared.database.metadata import Instant

REPLAY: Final = Table(
    "replay",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("rulebook_id", String(200), nullable=False),
    Column("begun_at", Instant, nullable=False),
)
"""Approved claims judged again under a draft. Nothing is paid by it."""

REPLAY_PART: Final = Table(
    "replay_part",
    METADATA,
    Column("name", ForeignKey("replay.name"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("reached", String(200), nullable=False),
    Column("until", String(200)),
    Column("steps", BigInteger, nullable=False),
)
"""The claims of a replay from one to the next, dealt out once: how far each part came, and `until` where it goes."""

REPLAY_CLAIM: Final = Table(
    "replay_claim",
    METADATA,
    Column("name", ForeignKey("replay.name"), primary_key=True),
    Column("claim_id", String(200), primary_key=True),
    Column("region", String(6), nullable=False),
    Column("stops", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("traces", Text, nullable=False),
    Column("reasons", Text, nullable=False),
)
"""A claim judged again: its findings and traces each once, and as `reasons` pairs of places in the two of them."""

REPLAY_LINE: Final = Table(
    "replay_line",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("claim_id", String(200), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("person_id", String(200)),
    Column("programme", String(100), nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("after_fen", BigInteger, nullable=False),
    Column("recognised", Boolean, nullable=False),
    Column("reason", Integer),
)
"""What a line came to and comes to, and which of its claim's reasons is why; one that is no more has none."""
