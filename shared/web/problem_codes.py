"""Which refusals of its own an operation may answer: the domain's codes, which no route could know, as data.

A service keeps them in `api/problems.toml`, by operation and status; the gates (`tests/gates`) fail when a code is seen
that stands in no document.

    ["POST /payment/v1/claims"]
    409 = ["ALREADY_CLAIMED"]
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

Codes = Mapping[str, Mapping[int, Sequence[str]]]

NO_CODES: Final[Codes] = {}


def read_problem_codes(file: Path) -> Codes:
    """Give the codes by operation (`POST /payment/v1/claims`) and status."""
    raw: dict[str, dict[str, list[str]]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        operation: {int(status): codes for status, codes in statuses.items()} for operation, statuses in raw.items()
    }
