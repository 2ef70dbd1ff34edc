"""A case: facts and what should come of them, in one TOML file that a policy officer writes (pure, no file is opened).

One schema for worked examples, for journeys through the services and for trials of a draft. Unknown keys are errors,
dates and amounts stand as in the document, and wherever persons are named a range is allowed: `p1..p45`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.money import fen_from_yuan
from shared.policy.coherence import CatalogueRule, Objection, nearest
from shared.policy.mistakes import Key, PolicyFilesInvalid
from shared.policy.rulebook_file import expectation, mistakes_of, quoted, read_toml
from shared.policy.stand_ins import concerns, read_on
from shared.policy.terms.term import GroupCode, Programme
from shared.policy.toml_text import told_at_once

CertificateKind = Literal[
    "qualification", "level", "special_ability", "special_operation", "completion", "graduation", "in_house", "other"
]
PayeeKind = Literal["learner", "enterprise", "institution", "agency", "assessor"]

_RANGE = re.compile(r"([a-z]+)(\d+)\.\.\1(\d+)")
_PERSON = re.compile(r"[a-z]+\d+")
_PERSONS_MAX = 10_000


def _expanded(written: Sequence[str]) -> tuple[str, ...]:
    persons: list[str] = []
    for word in written:
        if span := _RANGE.fullmatch(word):
            first, last = int(span[2]), int(span[3])
            if not first <= last < first + _PERSONS_MAX:
                raise ValueError("人员范围须由小到大")
            persons += [f"{span[1]}{number}" for number in range(first, last + 1)]
        elif _PERSON.fullmatch(word):
            persons.append(word)
        else:
            raise ValueError("一个人写作 p1，一段人写作 p1..p45")
    if len(set(persons)) != len(persons):
        raise ValueError("同一人写了两次")
    return tuple(persons)


def _cents(yuan: Decimal) -> Decimal:
    if yuan != round(yuan, 2):
        raise ValueError("金额最多两位小数")
    return yuan


def _decimal(written: object) -> object:
    try:
        return Decimal(written) if isinstance(written, int | str) and not isinstance(written, bool) else written
    except InvalidOperation:
        raise ValueError("应为数字，不带单位和引号") from None


Persons = Annotated[tuple[str, ...], AfterValidator(_expanded)]
Yuan = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_cents)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate that no document states; `source` says where it comes from, `test` where it is invented."""

    programme: Programme
    amount_yuan: Yuan
    source: str
    level: str | None = None
    occupation: str | None = None
    certificate: CertificateKind | None = None
    unit: Literal["day", "month", "year"] = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Persons who have the same in common."""

    ids: Persons
    group: GroupCode
    link: (
        Literal["insured", "household", "residence", "job_search", "trained_here", "outside_province", "none"] | None
    ) = None
    fee_yuan: Yuan = Decimal(0)
    dispatched_to: str | None = None
    release: date | None = None
    pension_from: date | None = None
    insured_months: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One subsidy that each of the persons had before or elsewhere; what was paid by the day names its `days`."""

    persons: Persons
    programme: Programme
    year: int
    occupation: str | None = None
    level: str | None = None
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session and who was there."""

    date: date
    present: Persons
    minutes: Count
    practice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One inspection on the spot; either who was there or how many."""

    kind: Literal["opening", "spot"]
    date: date
    headcount: Count | None = None
    present: Persons = ()

    @property
    def heads(self) -> int:
        """Give how many were there."""
        return len(self.present) if self.headcount is None else self.headcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate for each of the persons; the class's occupation and level unless it names its own."""

    persons: Persons
    kind: CertificateKind
    issued: date
    attempt: Annotated[int, Field(ge=1)] = 1
    level: str | None = None
    occupation: str | None = None
    agreement: date | None = None
    programme: Programme | None = None
    new_occupation_published: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """Where the persons worked, from one day to another or still."""

    persons: Persons
    start: Annotated[date, Field(alias="from")]
    employer: str
    to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of work, `YYYY-MM`; `full` says whether it was worked whole."""

    persons: Persons
    month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    wage_yuan: Yuan | None = None
    full: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceDays:
    """Days for which a living allowance is due, and what was proven to have been handed to each of the persons.

    Where one row of a file tells it, nothing is proven for those of whom none does.
    """

    persons: Persons
    days: Count
    paid_out_yuan: Yuan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Money paid before the claim."""

    amount_yuan: Yuan
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who is to be paid for the persons."""

    persons: Persons
    kind: PayeeKind
    programme: Programme | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanDecision:
    """A recorded human decision."""

    rule: str
    by: str
    reason: str
    persons: Persons = ()
    value: str | int | bool | None = None
    until: date | None = None
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Something that happened on a day."""

    event: Literal["claim_received", "notice_published", "training_end", "exam", "employment_check", "claim", "paid"]
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLine:
    """What each of the persons gets; without persons a line of the whole class."""

    amount_yuan: Yuan
    persons: Persons = ()
    rule: str | None = None
    programme: Programme | None = None
    payee: PayeeKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRefusal:
    """Who is refused, or the class; `rule` says by what."""

    rule: str | None = None
    persons: Persons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFlag:
    """A rule that asks for a person's attention."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDate:
    """A day that the rules compute."""

    event: Literal[
        "review_due", "review_due_outer", "notice_end", "payable_from", "assessment_due", "employment_window_end"
    ]
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What should come of it; a negative settlement is money asked back."""

    total_yuan: Yuan
    advance_yuan: Yuan | None = None
    settlement_yuan: Yuan | None = None
    line: tuple[ExpectedLine, ...] = ()
    refusal: tuple[ExpectedRefusal, ...] = ()
    flag: tuple[ExpectedFlag, ...] = ()
    date: tuple[ExpectedDate, ...] = ()


class Case(BaseModel):
    """One class, project or programme with its people and everything that happened to it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    case: str
    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    opened: date
    kind: Literal["class", "project", "apprenticeship", "work_for_training", "safety", "evaluation"]
    planned: Annotated[int, Field(ge=1)]
    occupation: str | None = None
    level: str | None = None
    certifiable: tuple[CertificateKind, ...] = ("level",)
    new_occupation_published: date | None = None
    agreed_months: Count | None = None
    provider: Literal["enterprise", "institution"] | None = None
    funder: Literal["learner", "enterprise", "both"] | None = None
    enterprise: str | None = None
    hirer: Literal["insured_enterprise", "enterprise", "cooperative", "workshop", "other_business"] | None = None
    fund: Literal["unemployment_insurance"] | None = None
    rate: tuple[Rate, ...] = ()
    person: tuple[People, ...] = ()
    history: tuple[History, ...] = ()
    session: tuple[Session, ...] = ()
    check: tuple[Check, ...] = ()
    certificate: tuple[Certificate, ...] = ()
    employment: tuple[Employment, ...] = ()
    month: tuple[Month, ...] = ()
    allowance_day: tuple[AllowanceDays, ...] = ()
    advance: tuple[Advance, ...] = ()
    payee: tuple[Payee, ...] = ()
    decision: tuple[HumanDecision, ...] = ()
    date: tuple[Dated, ...] = ()
    expect: Expectation

    @property
    def people(self) -> tuple[str, ...]:
        """Give everybody, in the order in which they are named."""
        return tuple(person for people in self.person for person in people.ids)


def fen_of(yuan: Decimal) -> int:
    """Give the fen of an amount of a case file, which may be asked back (below zero)."""
    return fen_from_yuan(abs(yuan)) * (1 if yuan >= 0 else -1)


@told_at_once
def read_case(content: bytes, *, name: str, catalogue: Mapping[str, CatalogueRule]) -> Case:
    """Read one case, or raise PolicyFilesInvalid with every mistake, its line and what to write instead.

    Refuse persons who were never introduced, or twice, and rules that the catalogue does not know.
    """
    table, lines = read_toml(content, name)
    objections: list[Objection] = []
    case: Case | None
    stand_ins: frozenset[Key] = frozenset()
    try:
        case = _validated(table)
        objections += quoted(table, case)
    except ValidationError as error:
        objections += [expectation(details, Case) for details in error.errors()]
        case, stand_ins = read_on(table, _validated)
    if case is not None:
        further = (*_strangers(case), *_unknown_rules(case, catalogue))
        objections += [each for each in further if not concerns(each.key, stand_ins)]
    if objections or case is None:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    return case


def _validated(table: dict[str, Any]) -> Case:
    return Case.model_validate_json(json.dumps(table, default=str))  # JSON: see rulebook_file.validated


def _strangers(case: Case) -> Iterator[Objection]:
    known: set[str] = set()
    for place, people in enumerate(case.person):
        if twice := known.intersection(people.ids):
            message = f"{min(twice)} 已在前面的 [[person]] 中出现"
            yield Objection(key=("person", place, "ids"), message=message, advice="每人只写一次")
        known.update(people.ids)
    for key, row in _rows(case, ()):
        for field in ("persons", "present"):
            if strange := sorted(set(getattr(row, field, ())) - known):
                message = f"{strange[0]} 未在 [[person]] 中出现"
                yield Objection(key=(*key, field), message=message, advice="请先用 [[person]] 列出此人")


def _unknown_rules(case: Case, catalogue: Mapping[str, CatalogueRule]) -> Iterator[Objection]:
    for key, row in _rows(case, ()):
        rule = getattr(row, "rule", None)
        if rule is not None and rule not in catalogue:
            advice = nearest(rule, catalogue, "请对照规则目录填写")
            yield Objection(key=(*key, "rule"), message=f"规则目录中没有 {rule}", advice=advice)


def _rows(table: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    """Give every row of every table, with its place in the file."""
    names = [field.name for field in fields(table)] if is_dataclass(table) else type(table).model_fields
    for name in names:
        value = getattr(table, name)
        if isinstance(value, tuple):
            for place, row in enumerate(value):
                if is_dataclass(row):
                    yield (*key, name, place), row
        elif is_dataclass(value):
            yield from _rows(value, (*key, name))
