"""Roster rows as they are sent: a row that cannot be read is refused by itself, never the batch (JY-ENR-04)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from services.enrollment.api.personal_schemas import PersonalFactsBody, RowCode, RowText
from services.enrollment.api.schemas import Body, Truth, Whole
from services.enrollment.domain.roster import ROWS_MAX, RosterEntry
from services.enrollment.domain.roster_row import Particulars, RosterRow
from shared.domain.identifiers import cleaned
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.web.masking import mask
from shared.web.validation import Text


class RosterRowBody(PersonalFactsBody):
    """One row; only its number must be readable, everything else is judged (blank texts are missing)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    row: Whole = Field(ge=1, le=1_000_000, description="行号；重传同一行号即替换该行")
    name: RowText = ""
    identity_number: RowText = ""
    phone: RowText = ""
    group: RowCode = ""
    evidence: RowText | None = None
    employer_name: Annotated[RowText, AfterValidator(mask)] | None = None
    employer_credit_code: Annotated[Text, Field(max_length=50)] | None = None
    employer_region: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] | None = None
    fee_fen: Whole = Field(default=0, ge=0, le=100_000_000)
    declares_ability_and_will: Truth = False
    exclusions: Annotated[list[RowCode], Field(max_length=10)] = Field(
        default=[], description="专账排除情形：no_ability、no_will、no_transfer"
    )
    employee_focus: Annotated[list[RowCode], Field(max_length=10)] = Field(
        default=[], description="职工重点对象，可多选：规则册 employee_focus 中的代码，如 high_risk；其他人员不填"
    )

    _malformed: tuple[str, ...] = PrivateAttr(default=())

    def without(self, malformed: set[str]) -> Self:
        """Give the row with the names of fields that could not be read and were left empty."""
        self._malformed = tuple(
            sorted({name if name in type(self).model_fields else "unknown_field" for name in malformed})
        )
        return self

    def to_row(self) -> RosterRow:
        """Give the row as the domain takes it, nobody identified yet."""
        return RosterRow(
            row=self.row,
            particulars=Particulars(
                name=self.name,
                identity_number=self.identity_number,
                phone=self.phone,
                evidence=self.evidence or "",
                facts=self.to_facts(),
            ),
            group=self.group,
            employer_name=self.employer_name or "",
            employer_credit_code=cleaned(self.employer_credit_code or ""),
            employer_region=self.employer_region or "",
            fee_fen=self.fee_fen,
            declares_ability_and_will=self.declares_ability_and_will,
            exclusions=tuple(self.exclusions),
            employee_focus=tuple(self.employee_focus),
            malformed=self._malformed,
        )


UNNUMBERED: Final = RosterRowBody.model_construct(row=0)
"""Stands for a row whose number cannot be read: it is answered by its position and saved nowhere."""


def _read_what_is_readable(value: Any, validate: ValidatorFunctionWrapHandler) -> RosterRowBody:
    try:
        body: RosterRowBody = validate(value)
    except ValidationError as error:
        fields = {str(problem["loc"][0]) for problem in error.errors(include_input=False) if problem["loc"]}
        if not isinstance(value, Mapping) or not fields:
            raise
        if "row" in fields:
            return UNNUMBERED
        readable = {name: given for name, given in value.items() if name not in fields}
        return RosterRowBody.model_validate(readable).without(fields)
    return body


class RosterBody(Body):
    """A batch of rows, each judged by itself."""

    rows: Annotated[
        list[Annotated[RosterRowBody, WrapValidator(_read_what_is_readable)]],
        Field(min_length=1, max_length=ROWS_MAX),
    ]


class RosterRowAnswer(BaseModel):
    """A row with its verdict; the name is masked."""

    row: int
    person_id: str | None
    masked_name: str
    group: str
    employee_focus: tuple[str, ...]
    verdict: Literal["accepted", "refused", "ask"]
    findings: tuple[Finding, ...]
    withdrawn_on: date | None

    @classmethod
    def of(cls, entry: RosterEntry) -> Self:
        """Give the row as answers show it."""
        return cls(
            row=entry.row.row,
            person_id=entry.row.person_id,
            masked_name=entry.row.masked_name,
            group=entry.row.group,
            employee_focus=entry.row.employee_focus,
            verdict=entry.judgement.verdict,
            findings=entry.judgement.findings,
            withdrawn_on=entry.withdrawn_on,
        )


class UnsavedRow(BaseModel):
    """A row that could not be told from others and was not saved: `position` counts the rows sent, from 1."""

    position: int
    row: int | None = Field(description="行号；无法读取的为空")
    findings: tuple[Finding, ...]


def unsaved(rows: Sequence[RosterRowBody], ambiguous: Collection[int]) -> list[UnsavedRow]:
    """Give the rows without a readable number of their own, and why each was not saved."""
    found = []
    for position, body in enumerate(rows, start=1):
        if body is UNNUMBERED:
            finding = _no_number(
                "ROW_NUMBER_INVALID", "没有可用的行号。", "请为该行填写不小于 1 的整数行号后重新提交。"
            )
            found.append(UnsavedRow(position=position, row=None, findings=(finding,)))
        elif body.row in ambiguous:
            message = f"同一次提交中有多行使用行号 {body.row}。"
            finding = _no_number("ROW_NUMBER_TWICE", message, "请为每一行使用不同的行号后重新提交这几行。")
            found.append(UnsavedRow(position=position, row=body.row, findings=(finding,)))
    return found


def _no_number(code: str, message: str, advice: str) -> Finding:
    return CONSISTENCY.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field="row")


class RosterAnswerBody(BaseModel):
    """Counts of the whole roster, and the rows sent together with those whose verdict changed because of them.

    `unsaved` are rows sent that stand nowhere, because their number is none or not theirs alone.
    """

    class_id: str
    version: int
    accepted: int
    refused: int
    ask: int
    rows: list[RosterRowAnswer]
    unsaved: list[UnsavedRow]


class RosterPage(BaseModel):
    """The whole roster: at most as many rows as a roster has, so `next` is always null; `version` is the class's."""

    version: int
    items: list[RosterRowAnswer]
    next: None = None
