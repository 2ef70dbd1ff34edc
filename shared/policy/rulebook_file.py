"""From the bytes of one TOML file to a rulebook, or to everything that is wrong in it: pure, no file is opened here."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.jurisdiction import RegionTable
from shared.policy.coherence import CatalogueRule, Objection, book_objections, nearest, table_objections
from shared.policy.mistakes import Key, Mistake, PolicyFilesInvalid, dotted, line_of, lines_of
from shared.policy.paying_coherence import paying_objections
from shared.policy.rulebook import Rulebook
from shared.policy.silence import silence_objections
from shared.policy.stand_ins import concerns, read_on
from shared.policy.terms.assessment import AssessmentTerms
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.payment import PaymentTerms
from shared.policy.terms.supervision import SupervisionTerms
from shared.policy.toml_text import parsed, told_at_once
from shared.policy.words import words

_Shape = TypeVar("_Shape", bound=BaseModel)

_EXPECTED = {
    "missing": ("缺少必填项", "请补上此项"),
    "int_type": ("应为整数", "请写不加引号、不带小数的整数"),
    "int_from_float": ("应为整数", "请写不加引号、不带小数的整数"),
    "bool_type": ("应为 true 或 false", "请写不加引号的 true 或 false"),
    "string_type": ("应为文字", "请给文字加上双引号"),
    "tuple_type": ("应为列表", "请写在方括号内，以逗号分隔"),
    "date_type": ("应为日期", "请写不加引号的日期，如 2021-01-01"),
    "date_from_datetime_parsing": ("应为日期", "请写不加引号的日期，如 2021-01-01"),
    "decimal_type": ("应为数字", "请写不加引号的数字"),
    "decimal_parsing": ("应为数字", "请写不加引号的数字"),
    "finite_number": ("应为数字", "请写不加引号的数字"),
    "int_parsing": ("应为整数", "请写不加引号、不带小数的整数"),
    "date_parsing": ("应为日期", "请写不加引号的日期，如 2021-01-01"),
    "string_too_short": ("不得为空", "请填写内容"),
    "greater_than_equal": ("数值过小", "请核对数字"),
    "dataclass_type": ("应为一张表", "请写成 [表名] 及其下的键"),
}

_PATTERNS = {
    r"^\d{6}$": "应为六位数字的区划代码",
    r"^\d{4}-(0[1-9]|1[0-2])$": "应为年月，如 2025-03",
    r"^[a-z][a-z0-9_]{1,39}$": "代码应为小写英文字母、数字和下划线，如 returning_worker",
    r"^[A-Z]{2,6}-[A-Z]{3}-\d{2}$": "编号应为大写字母和两位数字，如 XC-CLM-01",
}


class _File(BaseModel):
    """The shape of a rulebook file; strictness and the ban on unknown keys reach every term in it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    region: str
    document: str
    title: str
    valid_from: date
    valid_to: date | None = None
    enrollment: EnrollmentTerms = EnrollmentTerms()
    supervision: SupervisionTerms = SupervisionTerms()
    assessment: AssessmentTerms = AssessmentTerms()
    payment: PaymentTerms = PaymentTerms()


@told_at_once
def read_rulebook(
    content: bytes,
    *,
    jurisdiction: str,
    effective_from: str,
    regions: RegionTable,
    catalogue: Mapping[str, CatalogueRule] | None,
    kept: bool = False,
) -> Rulebook:
    """Read one rulebook; `jurisdiction` and `effective_from` (YYYY-MM-DD) are its folder and file name.

    Raise PolicyFilesInvalid with every mistake; without a catalogue, which nobody could read, rules are not looked up.
    The id is made from both names and the SHA-256 of the content. A `kept` one was accepted when it came, and only its
    shape is checked again: catalogue and checks may have sharpened since.
    """
    name = f"{jurisdiction}/{effective_from}.toml"
    table, lines = read_toml(content, name)
    objections = [] if kept else list(table_objections(table, table.get("document"), catalogue))
    book, file = None, None
    stand_ins: frozenset[Key] = frozenset()
    try:
        file = validated(_File, table)
        objections += [] if kept else [*quoted(table, file)]
    except ValidationError as error:
        objections += [expectation(details, _File) for details in error.errors()]
        file, stand_ins = read_on(table, partial(validated, _File))
    if file is not None:
        book = Rulebook(
            id=f"{jurisdiction}/{effective_from}@{hashlib.sha256(content).hexdigest()[:12]}",
            **{field.name: getattr(file, field.name) for field in fields(Rulebook) if field.name != "id"},
        )
        if not kept:
            further = (
                *_head_objections(book, effective_from, regions),
                *book_objections(book),
                *paying_objections(book),
                *silence_objections(book),
            )
            objections += [each for each in further if not concerns(each.key, stand_ins)]
    if objections or book is None:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    return book


def read_toml(content: bytes, name: str) -> tuple[dict[str, Any], Mapping[Key, int]]:
    """Read TOML with exact decimals and the line of every key, or raise TomlUnreadable naming the lines."""
    table, text = parsed(content, name)
    return table, lines_of(text)


def mistakes_of(objections: list[Objection], name: str, lines: Mapping[Key, int]) -> list[Mistake]:
    """Place objections in their file, in the order of its lines."""
    mistakes = [
        Mistake(file=name, line=line_of(lines, it.key), key=dotted(it.key), message=it.message, advice=it.advice)
        for it in objections
    ]
    return sorted(mistakes, key=lambda mistake: (mistake.line, mistake.key))


def validated(shape: type[_Shape], table: dict[str, Any]) -> _Shape:
    """Read a table strictly into the shape, every term with the document it stands in, or raise ValidationError.

    The way leads through JSON: only there does strict reading make tuples of lists and terms of tables.
    """
    return shape.model_validate_json(json.dumps(_with_document(table, table.get("document")), default=str))


def expectation(details: Any, shape: type[BaseModel]) -> Objection:
    """Say in Chinese what one detail of a ValidationError expected."""
    key: Key = details["loc"]
    kind, written = details["type"], details["input"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        known, name = _vocabulary(shape), str(key[-1])
        advice = "此处不能写这个键：请移到它所属的表，或删除" if name in known else nearest(name, known, "请删除此项")
        return Objection(key=key, message="不认识的键", advice=advice)
    if kind in ("literal_error", "enum"):
        choices = re.findall(r"'([^']+)'", details["ctx"]["expected"])
        named = {word: _named(word, key) for word in choices}
        shown = "、".join(f"{word}（{name}）" if name else word for word, name in named.items())
        meant = [word for word, name in named.items() if name and name == written]
        advice = f"是否应为“{meant[0]}”" if meant else nearest(str(written), choices, "请从中选择")
        return Objection(key=key, message=f"应为以下之一：{shown}，写的是 {_shown(written)}", advice=advice)
    if kind == "missing":
        return Objection(key=key, message=_EXPECTED[kind][0], advice=_EXPECTED[kind][1])
    if kind == "value_error":
        expected, advice = str(details["ctx"]["error"]), "请按同类文件的写法修改"
    elif kind == "string_pattern_mismatch":
        expected, advice = _PATTERNS.get(details["ctx"]["pattern"], "写法不符"), "请按同类文件的写法修改"
    else:
        expected, advice = _EXPECTED.get(kind, ("写法不符", "请按同类规则册的写法修改"))
    name = ".".join(part for part in key if isinstance(part, str))
    if kind == "tuple_type" and isinstance(written, dict):
        advice = f"请把表名写成 [[{name}]]，每一项一张"
    elif kind == "dataclass_type" and isinstance(written, list):
        advice = f"请把表名写成 [{name}]，只写一张"
    return Objection(key=key, message=f"{expected}，写的是 {_shown(written)}", advice=advice)


def _named(word: str, key: Key) -> str | None:
    under = next((part for part in reversed(key) if isinstance(part, str)), "")
    return words().value(word, under)


def _shown(written: object) -> str:
    if isinstance(written, list) and not any(isinstance(row, dict | list) for row in written):
        return "、".join(map(repr, written)) or "空列表"
    return "一张表" if isinstance(written, dict) else "一个列表" if isinstance(written, list) else repr(written)


def _with_document(value: Any, document: object) -> Any:
    match value:
        case dict():
            below = {key: _with_document(inner, document) for key, inner in value.items()}
            return {"document": document, **below} if "rule" in value or "clause" in value else below
        case list():
            return [_with_document(inner, document) for inner in value]
        case _:
            return value


@cache
def _vocabulary(shape: type[BaseModel]) -> frozenset[str]:
    words: set[str] = set()
    waiting: list[Any] = [shape]
    while waiting:
        for name, hint in get_type_hints(waiting.pop()).items():
            words.add(name)
            waiting += [part for part in parts_of(hint) if is_dataclass(part)]
    return frozenset(words - {"model_config"})


def parts_of(hint: Any) -> Iterator[Any]:
    """Give a type and everything inside its brackets."""
    yield hint
    for argument in get_args(hint):
        yield from parts_of(argument)


def quoted(written: Any, read: Any, key: Key = ()) -> Iterator[Objection]:
    """Object to dates and amounts in quotes: JSON, through which the file is read, cannot tell them apart."""
    match written:
        case dict():
            for name, inner in written.items():
                yield from quoted(inner, getattr(read, name, None), (*key, name))
        case list():
            for place, inner in enumerate(written):
                yield from quoted(inner, read[place], (*key, place))
        case _ if isinstance(read, date) and type(written) is not date:
            message, advice = _EXPECTED["date_type"]
            yield Objection(key=key, message=f"{message}，写的是 {written!r}", advice=advice)
        case str() if isinstance(read, Decimal):
            message, advice = _EXPECTED["decimal_type"]
            yield Objection(key=key, message=f"{message}，写的是 {written!r}", advice=advice)


def _head_objections(book: Rulebook, effective_from: str, regions: RegionTable) -> Iterator[Objection]:
    if book.region not in regions.regions:
        close = nearest(book.region, regions.regions.keys(), "请核对六位代码")
        advice = f"{close}；代码无误的，请系统管理员先在区划表 regions.csv 中补充一行"
        yield Objection(key=("region",), message=f"区划表中没有 {book.region}", advice=advice)
    if book.valid_from.isoformat() != effective_from:
        message = f"文件名为 {effective_from}，生效日期却为 {book.valid_from.isoformat()}"
        yield Objection(key=("valid_from",), message=message, advice="文件名须与 valid_from 一致")
    if book.valid_to is not None and book.valid_to < book.valid_from:
        yield Objection(key=("valid_to",), message="失效日期早于生效日期", advice="请核对 valid_from 与 valid_to")
