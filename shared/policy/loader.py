"""Brings policy files in: the only place of policy that touches a disk."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from shared.clock import new_id
from shared.domain.jurisdiction import regions
from shared.policy.coherence import CatalogueRule
from shared.policy.form import Form, read_form
from shared.policy.mistakes import Mistake, PolicyFilesInvalid, dotted
from shared.policy.rulebook import Rulebook, Shelf
from shared.policy.rulebook_file import read_rulebook
from shared.policy.rules_file import NAME as RULES
from shared.policy.rules_file import read_rules
from shared.policy.targets import AllotmentTable, TargetTable, read_targets

PACKAGED = Path(__file__).with_name("rulebooks")
"""The rulebooks that come with the product."""

FORMS = Path(__file__).with_name("forms")
"""The forms that come with the product; a form belongs to its document, so a region's folder brings none of its own."""

_Policy = TypeVar("_Policy", Rulebook, TargetTable | AllotmentTable)

_RULEBOOK = re.compile(r"\d{4}-\d{2}-\d{2}\.toml")
_TARGETS = re.compile(r"\d{4}-\d{2}-\d{2}\.targets\.toml")
_KEPT = re.compile(r"\d{4}-\d{2}-\d{2}@[0-9a-f]{12}\.toml")


def load_rulebooks(folder: Path | None = None, *, kept: Path | None = None) -> Shelf:
    """Read every `<jurisdiction>/<effective-from>.toml` of the folder (default: those that come with the product).

    With `kept`, a folder this process may write, every version seen is copied there and all versions found there can
    be asked for by id: a class pinned to a rulebook that was edited since is judged by what it was pinned to.
    Raise PolicyFilesInvalid with the mistakes of all files at once, when a file's name is none of ours, when there is
    no rulebook at all, and when two rulebooks of a region overlap.
    """
    current, mistakes = _current(folder or PACKAGED)
    _refuse(mistakes)
    if kept is None:
        return Shelf(current.values(), (), regions())
    for path, book in current.items():
        _keep(path, kept / f"{book.id}.toml")
    versions, mistakes = _read_all(kept, _KEPT, _read_kept)
    _refuse(mistakes)
    return Shelf(current.values(), versions.values(), regions())


def mistakes_in(folder: Path) -> list[Mistake]:
    """Give every mistake of every rulebook and target table of the folder, in the order of files and lines."""
    found = dict.fromkeys((*_current(folder)[1], *_read_all(folder, _TARGETS, _read_targets)[1]))
    return sorted(found, key=lambda mistake: (mistake.file, mistake.line))


def read_rulebook_at(path: Path) -> Rulebook:
    """Read one rulebook, `<jurisdiction>/<effective-from>.toml`, wherever it stands, or raise PolicyFilesInvalid."""
    return _read_rulebook(path)


def load_targets(folder: Path | None = None) -> tuple[TargetTable, ...]:
    """Read the plans of every `<jurisdiction>/<effective-from>.targets.toml`, or raise PolicyFilesInvalid."""
    return tuple(table for table in _target_tables(folder) if isinstance(table, TargetTable))


def load_allotments(folder: Path | None = None) -> tuple[AllotmentTable, ...]:
    """Read the allotments of every `<jurisdiction>/<effective-from>.targets.toml`, or raise PolicyFilesInvalid."""
    return tuple(table for table in _target_tables(folder) if isinstance(table, AllotmentTable))


def _target_tables(folder: Path | None) -> list[TargetTable | AllotmentTable]:
    tables, mistakes = _read_all(folder or PACKAGED, _TARGETS, _read_targets)
    _refuse(mistakes)
    return list(tables.values())


def load_forms(folder: Path | None = None) -> tuple[Form, ...]:
    """Read every form of the folder (default: those that come with the product), or raise PolicyFilesInvalid."""
    forms = []
    for path in sorted((folder or FORMS).glob("*.toml")):
        forms.append(read_form(path.read_bytes(), name=path.name, catalogue=load_catalogue()))
    return tuple(forms)


def load_catalogue(folder: Path | None = None) -> Mapping[str, CatalogueRule]:
    """Read the catalogue of rules by id: what each says, where it stands and who decides it.

    With a folder of rulebooks also the rules that its jurisdictions list themselves (`rules.toml`), or raise
    PolicyFilesInvalid.
    """
    found = dict(_packaged_catalogue())
    for path in sorted((folder or PACKAGED).glob(f"*/{RULES}")):
        found |= read_rules(path.read_bytes(), jurisdiction=path.parent.name, catalogue=found)
    return found


@cache
def _packaged_catalogue() -> Mapping[str, CatalogueRule]:
    rows = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
    return {row["id"]: CatalogueRule(**row) for row in rows}


def _catalogue_of(jurisdiction: str, rules: bytes) -> Mapping[str, CatalogueRule]:
    packaged = _packaged_catalogue()
    return {**packaged, **read_rules(rules, jurisdiction=jurisdiction, catalogue=packaged)} if rules else packaged


def _rules_beside(path: Path) -> bytes:
    rules = path.with_name(RULES)
    return rules.read_bytes() if rules.exists() else b""


def _current(folder: Path) -> tuple[dict[Path, Rulebook], list[Mistake]]:
    books, mistakes = _read_all(folder, _RULEBOOK, _read_rulebook)
    return books, [*_misplaced(folder), *mistakes, *_overlaps(books)]


def _refuse(mistakes: list[Mistake]) -> None:
    if mistakes:
        raise PolicyFilesInvalid(mistakes)


def _read_all(
    folder: Path, name: re.Pattern[str], read: Callable[[Path], _Policy]
) -> tuple[dict[Path, _Policy], list[Mistake]]:
    found: dict[Path, _Policy] = {}
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*/*.toml")):
        if name.fullmatch(path.name):
            try:
                found[path] = read(path)
            except PolicyFilesInvalid as error:
                mistakes += error.mistakes
    return found, list(dict.fromkeys(mistakes))  # a list of rules stands beside several files


def _read_rulebook(path: Path, *, kept: bool = False) -> Rulebook:
    rules = b"" if kept else _rules_beside(path)
    effective_from = path.name.partition("@")[0] if kept else path.stem
    return _rulebook_of(path.read_bytes(), path.parent.name, effective_from, rules, kept=kept)


@cache
def _rulebook_of(content: bytes, jurisdiction: str, effective_from: str, rules: bytes, *, kept: bool) -> Rulebook:
    """Read what the bytes say once per process: several services of it bring the same files.

    `rules` are the jurisdiction's own list of rules, empty where the product's catalogue has them all. What is wrong in
    that list is told together with what is wrong in the rulebook.
    """
    unlisted: tuple[Mistake, ...] = ()
    catalogue: Mapping[str, CatalogueRule] | None = None
    try:
        catalogue = _catalogue_of(jurisdiction, rules)
    except PolicyFilesInvalid as error:
        unlisted = error.mistakes
    try:
        book = read_rulebook(
            content,
            jurisdiction=jurisdiction,
            effective_from=effective_from,
            regions=regions(),
            catalogue=catalogue,
            kept=kept,
        )
    except PolicyFilesInvalid as error:
        raise PolicyFilesInvalid([*unlisted, *error.mistakes]) from error
    _refuse(list(unlisted))
    return book


def _read_kept(path: Path) -> Rulebook:
    book = _read_rulebook(path, kept=True)
    if book.id != f"{path.parent.name}/{path.stem}":
        raise PolicyFilesInvalid([_mistake(path, f"内容与文件名不符，应为 {book.id}", "请从备份恢复此文件")])
    return book


def _read_targets(path: Path) -> TargetTable | AllotmentTable:
    catalogue = _catalogue_of(path.parent.name, _rules_beside(path))
    return read_targets(path.read_bytes(), name=f"{path.parent.name}/{path.name}", catalogue=catalogue)


def _misplaced(folder: Path) -> Iterator[Mistake]:
    seen = (path for path in sorted(folder.rglob("*.toml")) if not _is_hidden(path.relative_to(folder)))
    names = [path for path in seen if path.name != RULES and not _TARGETS.fullmatch(path.name)]
    if not names:
        yield _mistake(folder, "目录中没有任何规则册", "请核对规则册目录的设置")
    for path in names:
        if path.parent.parent != folder:
            yield _mistake(path, "不在辖区的文件夹中", "请放入规则册目录下以辖区命名的文件夹")
        elif not _RULEBOOK.fullmatch(path.name):
            yield _mistake(path, "文件名不是生效日期", "请命名为 YYYY-MM-DD.toml 或 YYYY-MM-DD.targets.toml")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _overlaps(books: Mapping[Path, Rulebook]) -> Iterator[Mistake]:
    for (first, earlier), (second, later) in combinations(books.items(), 2):
        if earlier.region == later.region and (
            earlier.holds_on(later.valid_from) or later.holds_on(earlier.valid_from)
        ):
            message = f"与 {first.parent.name}/{first.name} 在同一区划（{later.region}）的有效期重叠"
            yield _mistake(second, message, "请填写或修改 valid_to，使两册不重叠")


def _mistake(path: Path, message: str, advice: str) -> Mistake:
    return Mistake(file=f"{path.parent.name}/{path.name}", line=1, key=dotted(()), message=message, advice=advice)


def _keep(source: Path, copy: Path) -> None:
    if copy.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    unfinished = copy.with_name(f"{copy.name}.{new_id()}")  # not the process's id: in containers all have the same
    unfinished.write_bytes(source.read_bytes())
    unfinished.replace(copy)
