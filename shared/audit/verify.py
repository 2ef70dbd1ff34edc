"""Verify an exported audit log without the database: any changed, missing, repeated or moved line is found."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from shared.audit.chain import FORMAT, Anchor, canonical, genesis, link

_HEADER: Final = {"format", "service"}
_SEALED: Final = {"entry", "hash", "position", "previous_hash"}
_UNSEALED: Final = {"entry"}
_FOOTER: Final = {"digest", "head", "sealed", "unsealed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The first thing wrong in an export: its line (from 1), the field where that can be told, and what it is."""

    line: int
    field: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an export holds up to its end or its first problem.

    `head` is the anchor to keep for the next verification. Entries of the `unsealed` tail were too young for the
    chain: only the export's own digest protects them.
    """

    service: str | None
    head: Anchor | None
    unsealed: int
    problem: Problem | None

    @property
    def intact(self) -> bool:
        """Say whether the export is whole, unchanged and, where an anchor was given, continues it."""
        return self.problem is None


class _Found(Exception):
    def __init__(self, field: str | None, text: str, *, line: int | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.text = text
        self.line = line


def _differ(one: object, other: object) -> bool:
    return canonical(one) != canonical(other)  # to Python, true and 1.0 would equal 1


def verify(lines: Iterable[bytes], *, anchor: Anchor | None = None) -> Report:
    """Check an export read as bytes, line by line with their newlines, and report its first problem.

    Without an anchor somebody who can rewrite every hash, or cut the end off and write a new footer, is not found;
    with the head of an earlier export (`Report.head`), kept elsewhere, nothing up to it can have changed.
    """
    verifier = Verifier(anchor=anchor)
    for line in lines:
        verifier.take(line)
    return verifier.report()


class Verifier:
    """Checks an export as its lines come; after the first problem the rest is not looked at."""

    def __init__(self, *, anchor: Anchor | None = None) -> None:
        self._anchor = anchor
        self._digest = hashlib.sha256()
        self._line = 0
        self._service: str | None = None
        self._head: Anchor | None = None
        self._unsealed = 0
        self._ended = False
        self._suspect: tuple[int, str] | None = None
        self._problem: Problem | None = None

    def take(self, raw: bytes) -> None:
        """Check the next line."""
        if self._problem is None:
            self._line += 1
            self._noting(self._check, raw)

    def report(self) -> Report:
        """Give the result once every line was taken."""
        if self._problem is None:
            self._noting(self._check_end)
        return Report(service=self._service, head=self._head, unsealed=self._unsealed, problem=self._problem)

    def _noting(self, check: Any, *arguments: object) -> None:
        try:
            check(*arguments)
        except _Found as found:
            self._problem = Problem(line=found.line or self._line, field=found.field, text=found.text)

    def _check(self, raw: bytes) -> None:
        document = self._read(raw)
        fields = set(document)
        if self._suspect is not None and fields != _UNSEALED:
            self._name_suspect(document.get("previous_hash", document.get("head")))
        if self._ended:
            raise _Found(None, "a line follows the footer")
        if self._head is None:
            self._check_header(document)
        elif fields == _SEALED:
            self._check_sealed(document, self._head)
        elif fields == _UNSEALED:
            self._unsealed += 1
        elif fields == _FOOTER:
            self._check_footer(document, self._head)
        else:
            raise _Found(None, f"no line of an export has the fields {sorted(fields)}")
        self._digest.update(raw)

    def _read(self, raw: bytes) -> dict[str, Any]:
        try:
            document = json.loads(raw)
            written = canonical(document) + b"\n"
        except (ValueError, RecursionError):
            document, written = None, b""
        if written != raw or not isinstance(document, dict):
            if self._suspect is not None:
                self._name_suspect(None)
            raise _Found(None, "the line is not canonical JSON, or is cut off")
        return document

    def _check_header(self, document: dict[str, Any]) -> None:
        if set(document) != _HEADER or document["format"] != FORMAT or not isinstance(document["service"], str):
            raise _Found("format", f"the first line is not the header of a {FORMAT} export")
        self._service = document["service"]
        self._head = Anchor(position=0, hash=genesis(self._service))
        self._check_anchor()

    def _check_sealed(self, document: dict[str, Any], head: Anchor) -> None:
        if self._unsealed:
            raise _Found(None, "a sealed entry stands behind unsealed ones")
        position, previous, stated = document["position"], document["previous_hash"], document["hash"]
        expected, entry = head.position + 1, document["entry"]
        if link(position, previous, entry) == stated:
            if _differ(position, expected):
                raise _Found("position", f"{position} stands where {expected} belongs: lines are missing or moved")
            if previous != head.hash and expected == 1:
                raise _Found("service", "the header does not name the service that began this chain", line=1)
            if previous != head.hash:
                raise _Found("previous_hash", "the line does not continue the one before")
            self._head = Anchor(position=expected, hash=stated)
            self._check_anchor()
        elif link(expected, previous, entry) == stated:
            raise _Found("position", f"{position} was changed; sealed was {expected}")
        elif link(position, head.hash, entry) == stated:
            raise _Found("previous_hash", "it was changed; sealed was the hash of the line before")
        else:
            self._suspect = self._line, link(position, previous, entry)

    def _name_suspect(self, next_previous: object) -> None:
        """Tell from what the next line continues whether a line's entry or its own hash was changed."""
        line, computed = self._suspect or (self._line, "")
        if next_previous == computed:
            raise _Found("hash", "the hash was changed; the entry is as it was sealed", line=line)
        raise _Found("entry", "the entry is not what was sealed", line=line)

    def _check_footer(self, document: dict[str, Any], head: Anchor) -> None:
        expected = {"sealed": head.position, "head": head.hash, "unsealed": self._unsealed}
        for field, value in expected.items():
            if _differ(document[field], value):
                raise _Found(field, f"the footer says {document[field]}, the lines give {value}: lines are missing")
        if document["digest"] != self._digest.hexdigest():
            raise _Found("digest", "an unsealed entry or the digest was changed")
        self._ended = True

    def _check_anchor(self) -> None:
        if self._anchor and self._head and self._anchor.position == self._head.position and self._anchor != self._head:
            raise _Found(
                "hash", f"position {self._anchor.position} is not what the anchor holds: history was rewritten"
            )

    def _check_end(self) -> None:
        if self._suspect is not None:
            self._name_suspect(None)
        if not self._ended:
            raise _Found(None, "the export is cut off: it has no footer")
        if self._anchor and self._head and self._head.position < self._anchor.position:
            missing = f"the anchor holds position {self._anchor.position}, the export ends at {self._head.position}"
            raise _Found(None, f"{missing}: it was cut short")
