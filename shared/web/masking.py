"""Take personal data out of a text: digit runs that look like an identity number, a phone or an account.

A name cannot be recognised by its shape; names are kept out by never being logged (`logging.py` drops their keys) and
by not repeating what somebody sent (`validation.py`).
"""

import re
from typing import Final

MASK: Final = "***"

_PERSONAL: Final = re.compile(
    r"(?P<keep>(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9A-Za-z])"
    r"|(?<!\d)(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![-\d]))"
    r"|\d(?:[ \t\u00a0\u3000\-‐‑–—]?\d){10,}[Xx]?"
)
"""An id of ours (UUID) or a date stays; eleven or more digits, blanks and hyphens between them allowed, go."""


def mask(text: str) -> str:
    """Give the text with every run of eleven or more digits (any script, blanks or hyphens between) replaced."""
    return _PERSONAL.sub(lambda match: match["keep"] or MASK, text)
