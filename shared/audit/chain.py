"""The hash chain: what is hashed and how it is written, in terms that anybody can rebuild in another language.

Canonical form: JSON with keys in order of code points, no blanks, only ASCII (everything else as `\\uxxxx`, lower-case
hex), integers without exponent; instants as `YYYY-MM-DDTHH:MM:SS.ffffff+00:00`.

    genesis = SHA-256 of the canonical header {"format": ..., "service": ...}
    hash    = SHA-256 of the canonical {"entry": ..., "position": ..., "previous_hash": ...}

An export is lines of canonical JSON, each ended by a newline: the header, every sealed entry by position, every entry
not sealed yet by seq, and a footer with the counts, the head of the chain and the SHA-256 of every byte before it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

FORMAT: Final = "peibu.audit.v1"
ENTRY_FIELDS: Final = ("seq", "recorded_at", "legal_at", "actor", "organisation", "action", "subject", "details")
"""What an entry's hash covers. A further column must not join them: every hash made before would no longer fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The chain's head at some moment: how many entries were sealed and the hash of the last.

    Kept where the system's operators cannot reach it (printed, mailed to the auditor, in a notary's stamp), it proves
    later that nothing up to it was changed or cut off, even by somebody who could write the whole chain anew.
    """

    position: int
    hash: str


def canonical(value: object) -> bytes:
    """Give the one way in which a value is written and hashed."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def header(service: str) -> dict[str, str]:
    """Give an export's first line."""
    return {"format": FORMAT, "service": service}


def genesis(service: str) -> str:
    """Give the hash before the first entry; it differs by service, so chains cannot be exchanged."""
    return _sha256(canonical(header(service)))


def link(position: object, previous_hash: object, entry: object) -> str:
    """Give the hash that seals an entry at its place in the chain."""
    return _sha256(canonical({"entry": entry, "position": position, "previous_hash": previous_hash}))


def entry_document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row of `audit_entry` as it is hashed and exported, instants in UTC to the microsecond."""
    return {name: _plain(row[name]) for name in ENTRY_FIELDS}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


class ExportWriter:
    """Writes an export line by line; the caller gives sealed entries by position, then the unsealed ones."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._digest = hashlib.sha256()
        self._head = Anchor(position=0, hash=genesis(service))
        self._unsealed = 0

    def header(self) -> bytes:
        """Give the first line."""
        return self._line(header(self._service))

    def sealed(self, entry: Mapping[str, Any], *, position: int, previous_hash: str, hash: str) -> bytes:  # noqa: A002
        """Give the line of a sealed entry."""
        self._head = Anchor(position=position, hash=hash)
        return self._line({"entry": entry, "hash": hash, "position": position, "previous_hash": previous_hash})

    def unsealed(self, entry: Mapping[str, Any]) -> bytes:
        """Give the line of an entry that waits for its seal."""
        self._unsealed += 1
        return self._line({"entry": entry})

    def footer(self) -> bytes:
        """Give the last line."""
        counts = {"sealed": self._head.position, "unsealed": self._unsealed}
        return self._line({"digest": self._digest.hexdigest(), "head": self._head.hash, **counts})

    def _line(self, document: object) -> bytes:
        line = canonical(document) + b"\n"
        self._digest.update(line)
        return line
