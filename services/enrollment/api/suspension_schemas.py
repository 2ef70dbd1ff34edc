"""What the addresses of suspensions, rectification and quality cases take and give."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.enrollment.api.schemas import Body, Code, Day, LongText, ShortText, Truth
from services.enrollment.application.institution_queries import CaseView
from services.enrollment.application.rectify import Rectification
from services.enrollment.domain.quality_case import CaseState
from services.enrollment.domain.suspension import RectificationReport, ReportState
from shared.policy.decision import Trace

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="文件内容的 SHA-256，小写十六进制")]


class SuspensionBody(Body):
    """A suspension from today on: `reason` is a code of the rulebook, `remark` says it in words.

    Without `until` it holds until it is lifted; without `rectify_by` the rulebook's working days run from today.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "training_quality", "remark": "抽查发现未按教学计划授课。"}]}
    )

    reason: Code
    remark: LongText
    until: Day | None = None
    rectify_by: Day | None = None


class ReportBody(Body):
    """A rectification report: what was mended, and the document that shows it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content": "已更换实训设备。", "reference": "整改〔2021〕1号", "sha256": "0" * 64}]
        }
    )

    content: LongText
    reference: ShortText
    sha256: Sha256


class ReportDecisionBody(Body):
    """Whether the report is accepted, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True, "opinion": "现场复查属实。"}]})

    accepted: Truth
    opinion: LongText


class LiftingBody(Body):
    """Why the suspension ends: `reason` is a code of the rulebook, `remark` says it in words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "rectified", "remark": "整改报告已审核通过。"}]}
    )

    reason: Code
    remark: LongText


class ReportAnswer(BaseModel):
    """A rectification report and what was decided on it."""

    report_id: str
    submitted_on: date
    submitted_by: str
    content: str
    reference: str
    sha256: str
    state: ReportState
    decided_on: date | None
    decided_by: str | None
    opinion: str | None

    @classmethod
    def of(cls, report: RectificationReport) -> Self:
        """Give the report as answers show it."""
        return cls(**{name: getattr(report, name) for name in cls.model_fields})


class SuspensionAnswer(BaseModel):
    """A suspension with its reports; `lifted_on` is the first day on which classes may open again."""

    suspension_id: str
    since: date
    until: date | None
    reason: str
    remark: str
    rectify_by: date
    overdue: bool
    lifted_on: date | None
    lifting_reason: str | None
    lifting_remark: str | None
    reports: list[ReportAnswer]
    version: int = Field(description="机构的版本号")

    @classmethod
    def of(cls, found: Rectification) -> Self:
        """Give the suspension as answers show it."""
        suspension, lifting = found.suspension, found.suspension.lifting
        return cls(
            suspension_id=suspension.suspension_id,
            since=suspension.since,
            until=suspension.until,
            reason=suspension.reason,
            remark=suspension.remark,
            rectify_by=suspension.rectify_by,
            overdue=suspension.overdue,
            lifted_on=lifting.on if lifting else None,
            lifting_reason=lifting.reason if lifting else None,
            lifting_remark=lifting.remark if lifting else None,
            reports=[ReportAnswer.of(report) for report in found.reports],
            version=found.version,
        )


class CaseDecisionBody(Body):
    """Whether the low satisfaction is confirmed, which suspends the institution's openings, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "confirm", "remark": "已核实问卷，满意度低于规定。"}]}
    )

    decision: Literal["confirm", "dismiss"]
    remark: LongText


class CaseAnswer(BaseModel):
    """A case of low satisfaction; `trace` shows what was compared."""

    case_id: str
    class_id: str
    institution_id: str
    region: str
    opened_on: date
    revision: int
    satisfied: int
    valid_responses: int
    state: CaseState
    decided_on: date | None
    decided_by: str | None
    remark: str | None
    suspension_id: str | None
    trace: Trace | None
    version: int

    @classmethod
    def of(cls, view: CaseView) -> Self:
        """Give the case as answers show it."""
        case, decision = view.case, view.case.decision
        return cls(
            case_id=case.case_id,
            class_id=case.class_id,
            institution_id=case.institution_id,
            region=case.region,
            opened_on=case.opened_on,
            revision=case.revision,
            satisfied=case.satisfied,
            valid_responses=case.valid_responses,
            state=case.state,
            decided_on=decision.on if decision else None,
            decided_by=decision.by if decision else None,
            remark=decision.remark if decision else None,
            suspension_id=decision.suspension_id if decision else None,
            trace=view.trace,
            version=case.version,
        )


class CasePage(BaseModel):
    """A page of cases; `next` is the cursor of the next page, null on the last."""

    items: list[CaseAnswer]
    next: str | None
