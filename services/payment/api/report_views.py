"""What the addresses of reports take and give."""

import json
import re
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field

from services.payment.api.schemas import Body, Code, Day, EmployerId, Id, LongText, RegionCode
from services.payment.application.reports import ReportReading, SharesReading
from services.payment.domain.annual_form import FilledField
from services.payment.domain.class_record import Employment
from services.payment.domain.monthly_report import Dispatch, MonthlyReport, SealedCopy
from services.payment.domain.shares import Count, GroupUse, Share, whole
from shared.policy.form import Form
from shared.web.validation import invalid_value


def _iso_day(day: object) -> object:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(day, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) is None:
        raise invalid_value("INPUT_INVALID", "日期的格式不对。", "请使用 YYYY-MM-DD 格式的有效日期，例如 2021-09-13。")
    return day


QueryDay = Annotated[date, BeforeValidator(_iso_day)]


class SignatureBody(Body):
    """A signature; a reason marks it as a correction of a month that is closed."""

    region: RegionCode | None = None
    reason: Annotated[LongText, Field(description="更正原因，例如“补录一个班级”；首次签发不填")] | None = None
    sign_offs: Annotated[dict[Code, LongText], Field(max_length=10, description="会签单位代码及会签文号")] = {}


class DispatchBody(Body):
    """A delivery; the proof is a letter's or receipt's number."""

    region: RegionCode | None = None
    proof: Annotated[LongText, Field(description="报送凭证，例如收文编号", examples=["职振办收〔2021〕7号"])]
    correction: Annotated[bool, Field(strict=True, description="是否为更正件的报送")] = False


class EmploymentBody(Body):
    """Somebody's job; a further record of the same person, employer and first day tells its end or takes it back."""

    person_id: Id
    employed_on: Annotated[Day, Field(description="就业日期；按取证后限期内就业核定补贴比例的，也登记此前已在职的就业")]
    employer: Annotated[EmployerId, Field(description="用人单位在本系统的编号")] | None = None
    last_day: Annotated[Day, Field(description="在职的最后一日；仍在职的不填")] | None = None
    stands: Annotated[bool, Field(strict=True, description="false 表示撤销此前误登记的同一就业")] = True
    source: Annotated[
        LongText,
        Field(description="依据，例如就业登记编号；不得填写证件号码、电话等个人信息", examples=["就业登记 2021-0815"]),
    ]


class EmploymentsBody(Body):
    """Employments of one class."""

    employments: Annotated[list[EmploymentBody], Field(min_length=1, max_length=500)]

    def to_commands(self) -> list[Employment]:
        """Give the command's part."""
        return [Employment(**each.model_dump()) for each in self.employments]


class EmploymentsAnswer(BaseModel):
    """How many employments were not known before."""

    class_id: str
    recorded: int


class DispatchView(BaseModel):
    """The stamp of a delivery."""

    at: datetime
    by: str
    recipient: str
    proof: str

    @classmethod
    def of(cls, stamp: Dispatch) -> Self:
        """Render a stamp."""
        return cls(at=stamp.at, by=stamp.by, recipient=stamp.recipient, proof=stamp.proof)


class CopyView(BaseModel):
    """A sealed copy; `sha256` is the hash of `text`, byte for byte."""

    number: int
    reason: str | None
    sha256: str
    signed_by: str
    signed_at: datetime
    dispatch: DispatchView | None
    text: str = Field(description="签发件原文（UTF-8），sha256 即其摘要")
    content: dict[str, Any]

    @classmethod
    def of(cls, copy: SealedCopy) -> Self:
        """Render a copy."""
        return cls(
            number=copy.number,
            reason=copy.reason,
            sha256=copy.sha256,
            signed_by=copy.signed_by,
            signed_at=copy.signed_at,
            dispatch=DispatchView.of(copy.dispatch) if copy.dispatch else None,
            text=copy.content,
            content=json.loads(copy.content),
        )


class ReportItem(BaseModel):
    """One month in the list of reports."""

    region: str
    month: str
    state: Literal["drafted", "signed", "dispatched"]
    due: date
    overdue: bool
    copies: int

    @classmethod
    def of(cls, report: MonthlyReport, *, overdue: bool) -> Self:
        """Render a month."""
        return cls(
            region=report.region,
            month=str(report.month),
            state=report.state,
            due=report.due,
            overdue=overdue,
            copies=len(report.copies),
        )


class ReportsPage(BaseModel):
    """Months, by region and month."""

    items: list[ReportItem]
    next: None = None


class SealedReport(ReportItem):
    """A month with its sealed copies."""

    drafted_on: date
    sealed: list[CopyView]

    @classmethod
    def of_report(cls, report: MonthlyReport, *, overdue: bool) -> Self:
        """Render a month with its copies."""
        item = ReportItem.of(report, overdue=overdue)
        copies = [CopyView.of(copy) for copy in report.copies]
        return cls(**item.model_dump(), drafted_on=report.drafted_on, sealed=copies)


class ReportView(SealedReport):
    """A month's report: what the facts say now, the sealed copies, and what changed since the newest of them."""

    counted: dict[str, Any] = Field(description="按现有记录统计的本月与累计数字")
    changed: list[dict[str, Any]] = Field(description="封存之后的变化：逐项列出封存值与现值；封存件本身不变")

    @classmethod
    def of_reading(cls, reading: ReportReading) -> Self:
        """Render a report."""
        sealed = SealedReport.of_report(reading.report, overdue=reading.overdue)
        return cls(**sealed.model_dump(), counted=reading.counted, changed=list(reading.changed))


class ShareView(BaseModel):
    """A share: the exact numbers, and a text for reading."""

    part: int
    whole: int
    percent: str | None = Field(description="百分比，两位小数，四舍五入；没有分母时为空")

    @classmethod
    def of(cls, share: Share) -> Self:
        """Render a share."""
        return cls(part=share.part, whole=share.whole, percent=share.percent)


class CountView(BaseModel):
    """Persons and person-times, counted apart."""

    persons: int = Field(description="人数（同一人只计一次）")
    person_times: int = Field(description="人次")

    @classmethod
    def of(cls, heads: Count) -> Self:
        """Render a count."""
        return cls(persons=heads.persons, person_times=heads.person_times)


class GroupUseView(BaseModel):
    """What a group had of the training in the period (LS-CLM-09)."""

    trained: CountView = Field(description="培训")
    free: CountView = Field(description="其中未向学员收费")
    subsidised: CountView = Field(description="其中培训补贴已到账")
    allowance: CountView | None = Field(description="其中生活费补贴已到账；文件没有按日生活费补贴的为空")
    without_allowance: CountView | None = Field(description="其中可享受生活费补贴而尚未到账")

    @classmethod
    def of(cls, use: GroupUse) -> Self:
        """Render what a group had."""
        return cls(
            trained=CountView.of(use.trained),
            free=CountView.of(use.free),
            subsidised=CountView.of(use.subsidised),
            allowance=CountView.of(use.allowance) if use.allowance else None,
            without_allowance=CountView.of(use.without_allowance) if use.without_allowance else None,
        )


class GroupShareView(BaseModel):
    """A group's share of the person-times trained, now and a year before; empty where no roster can tell."""

    code: str
    name: str
    share: ShareView | None
    year_before: ShareView | None
    change_points: str | None = Field(description="与上年同期相比，百分点，两位小数")
    unpaid: int | None = Field(description="其中补贴尚未到账的人次")
    use: GroupUseView | None = Field(description="该类人员的培训、免费和补贴情况，人数与人次分列")


class ClassShareView(BaseModel):
    """A class's share."""

    class_id: str
    share: ShareView


class EmploymentShareView(BaseModel):
    """Certified rural learners with a recorded employment elsewhere."""

    total: ShareView
    classes: list[ClassShareView]


class VillageView(BaseModel):
    """One village's training."""

    village: str
    classes: int
    person_times: int
    campaign_person_times: int
    new_farmer_person_times: int


class SharesView(BaseModel):
    """Shares of a period; none of them has a threshold."""

    region: str
    first: date
    last: date
    year_before_first: date
    year_before_last: date
    groups: list[GroupShareView]
    transfer_employment: EmploymentShareView
    cluster: ShareView | None
    villages: list[VillageView]

    @classmethod
    def of(cls, reading: SharesReading) -> Self:
        """Render shares."""
        return cls(
            region=reading.region,
            first=reading.period.first,
            last=reading.period.last,
            year_before_first=reading.before.first,
            year_before_last=reading.before.last,
            groups=[
                GroupShareView(
                    code=each.code,
                    name=each.name,
                    share=ShareView.of(each.share) if each.share else None,
                    year_before=ShareView.of(each.year_before) if each.year_before else None,
                    change_points=each.share.points_since(each.year_before)
                    if each.share and each.year_before
                    else None,
                    unpaid=each.unpaid,
                    use=GroupUseView.of(each.use) if each.use else None,
                )
                for each in reading.groups
            ],
            transfer_employment=EmploymentShareView(
                total=ShareView.of(whole(each.share for each in reading.employment)),
                classes=[
                    ClassShareView(class_id=each.class_id, share=ShareView.of(each.share))
                    for each in reading.employment
                ],
            ),
            cluster=ShareView.of(reading.cluster) if reading.cluster else None,
            villages=[VillageView(**asdict(each)) for each in reading.villages],
        )


class FormFieldView(BaseModel):
    """One field of the form and its value, or where the value comes from."""

    number: int
    code: str
    label: str
    stage: str
    type: str
    unit: str | None
    required: bool
    state: Literal["filled", "awaited", "elsewhere", "hidden"]
    value: Any = None
    comes_from: str | None = Field(description="未填写时，该栏目的内容由哪个服务提供")
    problems: list[str]
    rule: str
    clause: str
    document: str


class FormView(BaseModel):
    """A claim's application form (附件2)."""

    claim_id: str
    title: str
    document: str
    fields_filled: int
    fields: list[FormFieldView]

    @classmethod
    def of_filled(cls, claim_id: str, form: Form, filled: tuple[FilledField, ...]) -> Self:
        """Render a form."""
        return cls(
            claim_id=claim_id,
            title=form.title,
            document=form.document,
            fields_filled=sum(each.state == "filled" for each in filled),
            fields=[
                FormFieldView(
                    number=number,
                    code=each.field.code,
                    label=each.field.label,
                    stage=each.field.stage,
                    type=each.field.type,
                    unit=each.field.unit,
                    required=each.field.required,
                    state=each.state,
                    value=each.value,
                    comes_from=each.field.source if each.state in ("awaited", "elsewhere") else None,
                    problems=list(each.problems),
                    rule=each.field.rule,
                    clause=each.field.clause,
                    document=each.field.document,
                )
                for number, each in enumerate(filled, start=1)
            ],
        )
