"""What is wrong in a policy file, said so that a policy officer can mend it: file, line, key, expectation, advice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Key = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in one file; `message` says what was expected, `advice` what to write instead."""

    file: str
    line: int
    key: str
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.key}：{self.message}。{self.advice}。"


class PolicyFilesInvalid(ValueError):
    """Policy files cannot be used; `mistakes` lists every mistake of every file."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def dotted(key: Key) -> str:
    """Write a key as people do, `enrollment.groups[3].code`: places count from 1, the whole file is `（文件）`."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".") or "（文件）"


def lines_of(text: str) -> Mapping[Key, int]:
    """Find the line (from 1) on which every table, key and row of an inline list of a TOML text stands."""
    lines: dict[Key, int] = {}
    counted: dict[Key, int] = {}
    table: Key = ()
    row: Key | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table, row = _table(header[2], counted, array=header[1] == "[["), None
            lines[table] = number
            for length in range(1, len(table)):
                lines.setdefault(table[:length], number)
        elif assignment := _ASSIGNMENT.match(line):
            row = (*table, assignment[1])
            lines[row] = number
        elif row is not None and line.lstrip().startswith("{"):
            counted[row] = counted.get(row, -1) + 1
            lines[*row, counted[row]] = number
    return lines


def _table(header: str, counted: dict[Key, int], *, array: bool) -> Key:
    key: Key = ()
    parts = [part.strip().strip("\"'") for part in header.split(".")]
    for place, part in enumerate(parts, start=1):
        key = (*key, part)
        if array and place == len(parts):
            counted[key] = counted.get(key, -1) + 1
        if key in counted:
            key = (*key, counted[key])
    return key


def line_of(lines: Mapping[Key, int], key: Key) -> int:
    """Give the line of the key, or of the nearest table around it that stands in the file."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)
