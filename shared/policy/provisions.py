"""A rulebook in words: what it provides, key by key, and in what two rulebooks differ. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Literal, get_origin, get_type_hints

from shared.policy.mistakes import Key, dotted
from shared.policy.rulebook import Rulebook
from shared.policy.rulebook_file import parts_of
from shared.policy.terms.class_plan import ProgrammeType
from shared.policy.terms.term import Term
from shared.policy.words import words

CHAPTERS: Final = ("enrollment", "supervision", "assessment", "payment")
_OF_EVERY_TERM: Final = frozenset(field.name for field in fields(Term))
_NOT_SAID: Final = _OF_EVERY_TERM | {"code", "name"}
_HEAD: Final = ("region", "document", "title", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One thing that a rulebook provides, in words, with its place in the file and the clause behind it.

    `text` is empty where the term as such is all there is to say; `local` says that the region has set the value,
    `heads` that a rule begins here: a term as such, or a row of it that has a rule of its own.
    """

    key: str
    term: str
    name: str
    text: str
    rule: str
    document: str
    clause: str
    local: bool = False
    heads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One provision that two rulebooks do not share; None where one of them has nothing of the kind."""

    before: Provision | None
    after: Provision | None

    @property
    def either(self) -> Provision:
        """Give the provision that says where the difference lies."""
        found = self.after or self.before
        if found is None:
            raise AssertionError("a difference has a side")
        return found


def provisions(book: Rulebook) -> tuple[Provision, ...]:
    """Give everything a rulebook provides, in the order of its chapters."""
    return tuple(_Reader(book).read(book))


def differences(before: Rulebook, after: Rulebook) -> tuple[Difference, ...]:
    """Give in what the second rulebook differs: values, clauses, what it adds and what it leaves out."""
    old = {provision.key: provision for provision in provisions(before)}
    new = {provision.key: provision for provision in provisions(after)}
    keys = dict.fromkeys((*old, *new))
    return tuple(
        Difference(before=old.get(key), after=new.get(key)) for key in keys if not _same(old.get(key), new.get(key))
    )


def _same(one: Provision | None, other: Provision | None) -> bool:
    """Two documents may put the same into different clauses: that alone is no difference of what is provided."""
    return one is not None and other is not None and (one.text, one.local) == (other.text, other.local)


class _Reader:
    """Says what stands in one rulebook; `names` are those that the book itself gives to its codes."""

    def __init__(self, book: Rulebook) -> None:
        self._words = words()
        self._of_book = dict(_names(book))
        self._names: Mapping[str, str] = self._of_book

    def read(self, book: Rulebook) -> Iterator[Provision]:
        for name in _HEAD:
            if (value := getattr(book, name)) is not None:
                yield Provision(
                    key=name,
                    term=self._words.key("rulebook", "Rulebook"),
                    name=self._words.key(name, "Rulebook"),
                    text=str(value),
                    rule="",
                    document=book.document,
                    clause="",
                )
        for chapter in CHAPTERS:
            yield from self._chapter(getattr(book, chapter), (chapter,))

    def _chapter(self, chapter: Any, key: Key) -> Iterator[Provision]:
        for field in fields(chapter):
            value = getattr(chapter, field.name)
            label = self._words.key(field.name, type(chapter).__name__)
            match value:
                case None | ():
                    pass
                case Term():
                    yield from self._term(value, (*key, field.name), label)
                case tuple():
                    for place, row in enumerate(value):
                        yield from self._term(
                            row, (*key, field.name, _identity(row, place)), f"{label}：{_title(row, place)}"
                        )
                case _:
                    yield from self._chapter(value, (*key, field.name))

    def _term(self, term: Any, key: Key, label: str) -> Iterator[Provision]:
        def provision(place: Key, name: str, text: str, *, local: bool = False, row: Any = None) -> Provision:
            own = getattr(row, "rule", None) is not None
            source = row if own else term
            return Provision(
                key=dotted((*key, *place)),
                term=label,
                name=name,
                text=text,
                rule=source.rule,
                document=source.document,
                clause=source.clause or term.clause,
                local=local,
                heads=own or not place,
            )

        self._names = {**self._of_book, **dict(_names(term))}
        yield provision((), label, "")
        shape = type(term).__name__
        for field in fields(term):
            value = getattr(term, field.name)
            if field.name in _NOT_SAID or value is None or value == ():
                continue
            name, local = self._words.key(field.name, shape), field.name in term.local
            if isinstance(value, tuple) and is_dataclass(value[0]):
                for number, row in enumerate(value):
                    place = (field.name, _identity(row, number))
                    yield provision(place, f"{name}：{_title(row, number)}", self._row(row), local=local, row=row)
            else:
                yield provision((field.name,), name, self._said(value, term, field.name), local=local)

    def _row(self, row: Any) -> str:
        return "；".join(
            f"{self._words.key(field.name, type(row).__name__)} {self._said(value, row, field.name)}"
            for field in fields(row)
            if field.name not in _NOT_SAID and (value := getattr(row, field.name)) not in (None, (), False)
        )

    def _said(self, value: Any, row: Any, key: str) -> str:
        match value:
            case bool():
                return self._words.values[str(value).lower()]
            case tuple():
                return "、".join(self._part(part, place, row, key) for place, part in enumerate(value))
            case str():
                name, word = self._names.get(value), self._words.value(value, key)
                return (word or name or value) if _is_fixed(type(row), key) else (name or word or value)
            case _ if is_dataclass(value):
                return self._row(value)
            case _:
                return str(value)

    def _part(self, part: Any, place: int, row: Any, key: str) -> str:
        if not is_dataclass(part):
            return self._said(part, row, key)
        said = self._row(part)
        return f"{_title(part, place)}（{said}）" if said else _title(part, place)


def _is_fixed(shape: type, key: str) -> bool:
    """Say whether the program fixes the words that may stand under a key; else they are codes of the book itself."""
    return any(get_origin(part) is Literal for part in parts_of(get_type_hints(shape)[key]))


def _names(table: Any) -> Iterator[tuple[str, str]]:
    """Give the names of the codes that a book or a term defines, but of those that it uses for two things."""
    named: dict[str, set[str]] = {}
    for row in _rows(table):
        code, name = getattr(row, "code", None), getattr(row, "name", None)
        if isinstance(code, str) and isinstance(name, str):
            named.setdefault(code, set()).add(name)
        if isinstance(row, ProgrammeType) and row.project_name:
            named.setdefault(row.project, set()).add(row.project_name)
    return ((code, names.pop()) for code, names in named.items() if len(names) == 1)


def _rows(value: Any) -> Iterator[Any]:
    for part in value if isinstance(value, tuple) else (getattr(value, field.name) for field in fields(value)):
        if is_dataclass(part):
            yield part
        if is_dataclass(part) or isinstance(part, tuple):
            yield from _rows(part)


def _identity(row: Any, place: int) -> str | int:
    code = getattr(row, "code", None)
    return code if isinstance(code, str) else place


def _title(row: Any, place: int) -> str:
    return str(getattr(row, "name", None) or place + 1)
