"""Reading on behind a mistake: a stand-in for what cannot be read, so that what else is wrong is told at once. Pure."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from shared.policy.mistakes import Key

_Read = TypeVar("_Read")
_ROUNDS_MAX: Final = 8
"""A missing value may take some rounds until a stand-in of its type is found, inside a missing table some more."""
_OF_KIND: Final[dict[str, Any]] = {
    "missing": 1,
    "int_type": 1,
    "int_from_float": 1,
    "decimal_type": 1,
    "decimal_parsing": 1,
    "bool_type": False,
    "string_type": "x",
    "date_type": date(2000, 1, 1),
    "date_from_datetime_parsing": date(2000, 1, 1),
}


def read_on(table: dict[str, Any], read: Callable[[dict[str, Any]], _Read]) -> tuple[_Read | None, frozenset[Key]]:
    """Give what a file says apart from what cannot be read in it, and the keys at which something stands in.

    None where no stand-in can be told, such as for a whole list: what hangs on it would be objected to without reason.
    """
    mended, keys = deepcopy(table), set[Key]()
    for _ in range(_ROUNDS_MAX):
        try:
            return read(mended), frozenset(keys)
        except ValidationError as error:
            for details in error.errors():
                keys.add(details["loc"])
                if not _stands_in(mended, details):
                    return None, frozenset(keys)
    return None, frozenset(keys)


def concerns(key: Key, stand_ins: frozenset[Key]) -> bool:
    """Say whether a key lies at, in or around something that stands in for what could not be read."""
    return any(key[: len(other)] == other[: len(key)] for other in stand_ins)


def _stands_in(table: dict[str, Any], details: Any) -> bool:
    *way, last = details["loc"]
    place: Any = table
    try:
        for part in way:
            place = place[part]
        if details["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            del place[last]
        elif details["type"] in ("literal_error", "enum"):
            words = re.findall(r"'([^']+)'", details["ctx"]["expected"])
            place[last] = next(iter(get_close_matches(str(details["input"]), words, n=1)), words[0])
        else:
            place[last] = _OF_KIND[details["type"]]
    except (KeyError, IndexError, TypeError):  # no such place any more, or nothing of that kind
        return False
    return True
