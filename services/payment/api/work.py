"""Addresses of facts that benefits read: months that a class's people worked, and subsidies people had elsewhere."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from fastapi import Depends
from pydantic import BaseModel, Field, StrictInt

from services.payment.api.schemas import Body, Code, Day, EmployerId, Id, LongText
from services.payment.application.import_past_subsidies import (
    GivenPast,
    Imported,
    import_past_subsidies,
    withdraw_past_subsidy,
)
from services.payment.application.ports import PaymentUnit
from services.payment.application.record_work_months import (
    decide_work_months,
    read_work_months,
    record_work_months,
    reverse_work_months,
)
from services.payment.application.scope import BUREAU
from services.payment.domain.past_subsidy import PastSubsidy
from services.payment.domain.statement import Statement
from services.payment.domain.work_month import GivenMonth, MonthEntry
from shared.domain.actor import Role
from shared.policy.terms.term import Programme
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.validation import Impersonal, Text

router = service_router("/payment/v1", tags=["就业月份与已享受补贴"])

Write = Annotated[PaymentUnit, Depends(write_transaction)]
Read = Annotated[PaymentUnit, Depends(read_transaction)]
Source = Annotated[Text, Field(min_length=1, max_length=200), Impersonal]
Numbers = Annotated[list[Annotated[StrictInt, Field(gt=0, lt=2**63)]], Field(min_length=1, max_length=500)]
BY_BUREAU = (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.INSPECTOR)


class MonthBody(Body):
    """A month that somebody worked."""

    person_id: Id
    month: Annotated[
        str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="月份，例如 2020-06", examples=["2020-06"])
    ]
    full: Annotated[bool, Field(strict=True, description="是否足月；不足月的只作记录，不计入补贴月数")]
    employer: Annotated[EmployerId, Field(description="用人单位在本系统的编号；不填为花名册登记的用人单位")] | None = (
        None
    )
    source: Annotated[Source, Field(description="依据，例如工资发放表编号", examples=["工资表 2020-06"])]

    def to_command(self) -> GivenMonth:
        """Give the command's part."""
        return GivenMonth(
            person_id=self.person_id,
            month=date.fromisoformat(f"{self.month}-01"),
            full=self.full,
            source=self.source,
            employer=self.employer,
        )


class MonthsBody(Body):
    """Months of one class's people."""

    months: Annotated[list[MonthBody], Field(min_length=1, max_length=500)]


class StatementsDecisionBody(Body):
    """The second person's decision on statements or on their opposite entries."""

    numbers: Annotated[Numbers, Field(description="登记的编号")]
    decision: Literal["confirm", "refuse"]
    reason: Source


class StatementsReversalBody(Body):
    """Confirmed statements that were wrong."""

    numbers: Annotated[Numbers, Field(description="要冲销的已确认登记的编号")]
    reason: Source


class StatementView(BaseModel):
    """Something stated of a person with what became of it."""

    number: int
    person_id: str
    source: str
    state: Literal["stated", "confirmed", "refused", "reversed"]
    reverses: int | None
    stated_by: str
    stated_on: date
    decided_by: str | None
    decided_on: date | None
    reason: str | None

    @staticmethod
    def told(entry: Statement[Any]) -> dict[str, Any]:
        """Give what every view tells of a statement, whatever it states."""
        return {
            "number": entry.number,
            "person_id": entry.given.person_id,
            "source": entry.given.source,
            "state": entry.state.value,
            "reverses": entry.reverses,
            "stated_by": entry.stated_by,
            "stated_on": entry.stated_on,
            "decided_by": entry.decided_by,
            "decided_on": entry.decided_on,
            "reason": entry.reason,
        }


class MonthView(StatementView):
    """A stated month with what became of it."""

    month: str
    full: bool
    employer: str | None

    @classmethod
    def of(cls, entry: MonthEntry) -> Self:
        """Render an entry."""
        given = entry.given
        return cls(**cls.told(entry), month=f"{given.month:%Y-%m}", full=given.full, employer=given.employer)


class MonthsAnswer(BaseModel):
    """Entries of a class, in the order of statement."""

    class_id: str
    items: list[MonthView]
    next: None = None


class PastSubsidyBody(Body):
    """A subsidy that somebody had elsewhere; the number is compared by a keyed check and never stored."""

    identity_number: Annotated[
        Text, Field(min_length=1, max_length=30, description="证件号码，与花名册按密钥比对；不保存。不收姓名")
    ]
    programme: Programme
    occupation: Annotated[Code, Field(description="工种代码；与工种无关的补贴不填")] | None = None
    level: Annotated[Code, Field(max_length=20, description="等级；没有等级的不填")] | None = None
    employer: Annotated[EmployerId, Field(description="用人单位在本系统的编号；不知道的不填")] | None = None
    had_on: Annotated[Day, Field(description="计入年度的日期：取证日、首个就业月或开班日")]
    source: Annotated[Source, Field(description="来源：系统或文件及其编号", examples=["省平台导出 2023-12"])]

    def to_command(self) -> GivenPast:
        """Give the command's part."""
        had = self.model_dump(exclude={"identity_number"})
        return GivenPast(identity_number=self.identity_number, had=PastSubsidy(**had))


class PastSubsidiesBody(Body):
    """Past subsidies of any people."""

    subsidies: Annotated[list[PastSubsidyBody], Field(min_length=1, max_length=500)]


class ImportedRow(BaseModel):
    """What became of a row, by its place in the request; a known one has no number of its own."""

    row: int
    outcome: Literal["imported", "known"]
    number: int | None


class PastSubsidiesAnswer(BaseModel):
    """What became of each row."""

    imported: int
    rows: list[ImportedRow]

    @classmethod
    def of(cls, imported: tuple[Imported, ...]) -> Self:
        """Render the outcome."""
        rows = [
            ImportedRow(row=row, outcome="known" if each.number is None else "imported", number=each.number)
            for row, each in enumerate(imported)
        ]
        return cls(imported=sum(row.number is not None for row in rows), rows=rows)


class PastWithdrawalBody(Body):
    """An imported row that was wrong."""

    number: Annotated[StrictInt, Field(gt=0, lt=2**63, description="导入时返回的记录号")]
    reason: LongText


class PastWithdrawalAnswer(BaseModel):
    """The row that no longer counts."""

    number: int
    withdrawn: Literal[True] = True


@router.post(
    "/classes/{class_id}/work-months",
    status_code=201,
    summary="登记学员的就业月份（以工代训等按月补贴；须由人社部门他人确认）",
    dependencies=[requires(Role.INSTITUTION, *BY_BUREAU)],
    responses=responses(404, 409, 422),
)
async def post_work_months(class_id: str, body: MonthsBody, unit: Write) -> MonthsAnswer:
    """State months; those that were stated alike before are not given again."""
    given = [each.to_command() for each in body.months]
    stated = await record_work_months(unit, class_id=class_id, given=given)
    return MonthsAnswer(class_id=class_id, items=[MonthView.of(entry) for entry in stated])


@router.post(
    "/classes/{class_id}/work-months/decisions",
    summary="确认或不予确认就业月份及其冲销（须为登记人以外的人员）",
    dependencies=[requires(*BY_BUREAU)],
    responses=responses(403, 404, 409),
)
async def post_work_month_decisions(class_id: str, body: StatementsDecisionBody, unit: Write) -> MonthsAnswer:
    """Decide stated months; claims of the class are computed again."""
    decided = await decide_work_months(
        unit, class_id=class_id, numbers=body.numbers, confirmed=body.decision == "confirm", reason=body.reason
    )
    return MonthsAnswer(class_id=class_id, items=[MonthView.of(entry) for entry in decided])


@router.post(
    "/classes/{class_id}/work-months/reversals",
    status_code=201,
    summary="冲销误确认的就业月份（须由他人确认）",
    dependencies=[requires(Role.INSTITUTION, *BY_BUREAU)],
    responses=responses(404, 409),
)
async def post_work_month_reversals(class_id: str, body: StatementsReversalBody, unit: Write) -> MonthsAnswer:
    """State the opposite of confirmed months."""
    made = await reverse_work_months(unit, class_id=class_id, numbers=body.numbers, reason=body.reason)
    return MonthsAnswer(class_id=class_id, items=[MonthView.of(entry) for entry in made])


@router.get(
    "/classes/{class_id}/work-months",
    summary="查询就业月份登记",
    dependencies=[requires(Role.INSTITUTION, *BUREAU)],
    responses=responses(404),
)
async def get_work_months(class_id: str, unit: Read) -> MonthsAnswer:
    """Give every stated month of a class with what became of it."""
    found = await read_work_months(unit, class_id=class_id)
    return MonthsAnswer(class_id=class_id, items=[MonthView.of(entry) for entry in found])


@router.post(
    "/past-subsidies",
    status_code=201,
    summary="导入人员在系统之外已享受的补贴（只用于次数限制）",
    dependencies=[requires(Role.POLICY_OFFICER)],
    responses=responses(422),
)
async def post_past_subsidies(body: PastSubsidiesBody, unit: Write) -> PastSubsidiesAnswer:
    """Import rows; the same row again counts once."""
    given = [each.to_command() for each in body.subsidies]
    return PastSubsidiesAnswer.of(await import_past_subsidies(unit, given=given))


@router.post(
    "/past-subsidies/withdrawals",
    status_code=201,
    summary="撤销误导入的已享受补贴（须为导入人以外的人员）",
    dependencies=[requires(Role.POLICY_OFFICER)],
    responses=responses(403, 404),
)
async def post_past_withdrawal(body: PastWithdrawalBody, unit: Write) -> PastWithdrawalAnswer:
    """Withdraw a row by an opposite entry."""
    await withdraw_past_subsidy(unit, number=body.number, reason=body.reason)
    return PastWithdrawalAnswer(number=body.number)
