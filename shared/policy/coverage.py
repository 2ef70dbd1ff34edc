"""Where every rule of the catalogue is decided, and which tests show it: read from the files, not from a list."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.policy.coherence import CatalogueRule
from shared.policy.form import Form
from shared.policy.provisions import provisions
from shared.policy.rulebook import Rulebook

_NAMED: Final = re.compile(
    r"([A-Z]{2})-([A-Z]+)-(\d{2})"
    r"((?:(?:, | and |/)-(?:[A-Z]+-)?\d{2})*)"  # and further ones
    r"(?: to (?:[A-Z]{2}-[A-Z]+)?-?(\d{2}))?"  # and all up to
)
_FURTHER: Final = re.compile(r"-(?:([A-Z]+)-)?(\d{2})")
_IN_NAMES: Final = re.compile(r"(?<![a-z])([a-z]{2})_([a-z]{3})_(\d{2})(?!\d)")


@dataclass(slots=True, kw_only=True)
class Coverage:
    """One rule: the keys of rulebooks and forms that carry it out, the code that speaks of it, the tests that do."""

    rule: CatalogueRule
    provided: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)

    @property
    def explained(self) -> bool:
        """Say whether somebody who asks finds where the rule is decided and what shows it."""
        return bool(self.provided or self.code) and bool(self.tests)


def named(text: str) -> Iterator[str]:
    """Give the rules that a text names: `JY-SUP-05`, `JY-SUP-05, -06`, `JY-FLD-01 to JY-FLD-66`."""
    for found in _NAMED.finditer(_IN_NAMES.sub(lambda name: name[0].upper().replace("_", "-"), text)):
        jurisdiction, chapter = found[1], found[2]
        yield f"{jurisdiction}-{chapter}-{found[3]}"
        for other, number in _FURTHER.findall(found[4]):
            chapter = other or chapter
            yield f"{jurisdiction}-{chapter}-{number}"
        for number in range(int(found[3]) + 1, int(found[5] or 0) + 1):
            yield f"{jurisdiction}-{found[2]}-{number:02}"


def coverage(
    catalogue: Mapping[str, CatalogueRule],
    *,
    books: Iterable[Rulebook],
    forms: Iterable[Form],
    code: Mapping[str, str],
    tests: Mapping[str, str],
) -> tuple[Coverage, ...]:
    """Say of every rule where it stands; `code` and `tests` are texts by the names of their files."""
    found = {rule.id: Coverage(rule=rule) for rule in catalogue.values()}

    def note(rule: str, where: str, place: str) -> None:
        places: list[str] | None = getattr(found.get(rule), where, None)
        if places is not None and place not in places:
            places.append(place)

    for book in books:
        for provision in provisions(book):
            if provision.rule and provision.heads:
                note(provision.rule, "provided", f"{book.id.partition('@')[0]} {provision.key}")
    for form in forms:
        for row in form.fields:
            note(row.rule, "provided", f"{form.title} {row.label}")
    for where, texts in (("code", code), ("tests", tests)):
        for name, text in texts.items():
            for rule in named(text):
                note(rule, where, name)
    return tuple(found.values())


def texts_under(root: Path, *folders: str, ending: str = "py") -> dict[str, str]:
    """Read every file of this ending (Python, if none is said) of the folders that there are, by its name."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((root / folder).rglob(f"*.{ending}"))
    }
