"""Suspended openings (JY-QUA-02): from when, why, by when the faults are mended, and how a suspension ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeVar

from services.enrollment.domain.institution import Institution, require_order
from shared.contracts.enrollment import InstitutionReinstated, InstitutionSuspended
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.institution import LiftingReason, Suspensions
from shared.policy.terms.term import Item

OneItem = TypeVar("OneItem", bound=Item)
ReportState = Literal["submitted", "accepted", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """The end of a suspension before its time: from `on` classes may open; `reason` is a code of the rulebook."""

    on: date
    by: str
    reason: str
    remark: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """From `since` to `until` (both included; None until it is lifted) no class may open.

    `reason` is a code of the rulebook, `remark` says it in somebody's words and stays here; `overdue` says that the day
    `rectify_by` passed without a rectification report. The rulebook of its first day rules it to its end.
    """

    suspension_id: str
    rulebook_id: str
    since: date
    until: date | None
    reason: str
    remark: str = field(repr=False)
    rectify_by: date
    overdue: bool = False
    lifting: Lifting | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether no class may open on the day."""
        if self.lifting is not None and self.lifting.on <= day:
            return False
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class RectificationReport:
    """What the institution says it mended, with the document that shows it; a person decides on it."""

    report_id: str
    suspension_id: str
    submitted_on: date
    submitted_by: str
    content: str = field(repr=False)
    reference: str
    sha256: str
    state: ReportState = "submitted"
    decided_on: date | None = None
    decided_by: str | None = None
    opinion: str | None = field(default=None, repr=False)


def judge_suspension(suspensions: Iterable[Suspension], *, day: date, book: Rulebook) -> list[Finding]:
    """Stop an opening while the institution is suspended (JY-QUA-02); running classes go on."""
    holding = next((suspension for suspension in suspensions if suspension.holds_on(day)), None)
    if holding is None:
        return []
    until = f"至 {holding.until.isoformat()}" if holding.until else "，恢复时间另行通知"
    return [
        (book.enrollment.suspensions or CONSISTENCY).finding(
            code="INSTITUTION_SUSPENDED",
            severity=Severity.STOP,
            message=f"贵单位自 {holding.since.isoformat()} 起暂停开班{until}。",
            advice="请提交整改报告，经人社部门同意恢复后再申请，或把开班日期改到暂停期之后。",
            field="opening_date",
            value=day.isoformat(),
        )
    ]


def suspend_institution(
    institution: Institution, suspension: Suspension, *, terms: Suspensions
) -> InstitutionSuspended:
    """Give the event of a suspension; one without a reason of the rulebook, or ending before it begins, is refused."""
    _known(suspension.reason, terms.reasons, terms, field="reason")
    require_order(suspension.since, suspension.until, field="until")
    require_order(suspension.since, suspension.rectify_by, field="rectify_by")
    return InstitutionSuspended(
        institution_id=institution.institution_id,
        region=institution.region,
        since=suspension.since,
        until=suspension.until,
        rule=terms.rule,
        reason=suspension.reason,
        suspension_id=suspension.suspension_id,
        rectify_by=suspension.rectify_by,
    )


def lift_suspension(
    institution: Institution,
    suspension: Suspension,
    lifting: Lifting,
    *,
    reports: Sequence[RectificationReport],
    terms: Suspensions,
) -> tuple[Suspension, InstitutionReinstated]:
    """Lift a suspension; raise Refused REPORT_MISSING while its reason asks for an accepted rectification report."""
    require_unlifted(suspension)
    reason: LiftingReason = _known(lifting.reason, terms.lifting_reasons, terms, field="reason")
    if reason.report_required and not any(report.state == "accepted" for report in reports):
        raise Refused(
            code="REPORT_MISSING",
            message=f"恢复开班的理由为“{reason.name}”，但没有审核通过的整改报告。",
            advice="请先由机构提交整改报告，再由审批人员作出通过的决定。",
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
        )
    return replace(suspension, lifting=lifting), InstitutionReinstated(
        institution_id=institution.institution_id,
        region=institution.region,
        on=lifting.on,
        rule=terms.rule,
        reason=lifting.reason,
        suspension_id=suspension.suspension_id,
    )


def require_unlifted(suspension: Suspension) -> None:
    """Raise Conflict SUSPENSION_LIFTED for one that is lifted already."""
    if suspension.lifting is not None:
        raise Conflict(
            code="SUSPENSION_LIFTED",
            message=f"该暂停已自 {suspension.lifting.on.isoformat()} 起解除。",
            advice="无需再次办理。",
        )


def require_no_open_report(reports: Sequence[RectificationReport]) -> None:
    """Raise Conflict REPORT_UNDECIDED while an earlier report waits for its decision."""
    if any(report.state == "submitted" for report in reports):
        raise Conflict(
            code="REPORT_UNDECIDED",
            message="上一份整改报告尚未审核。",
            advice="请等待审核结果；未通过的，可以再次提交。",
        )


def decide_report(
    report: RectificationReport, *, accepted: bool, opinion: str, by: str, on: date
) -> RectificationReport:
    """Accept or reject a report; raise Conflict REPORT_DECIDED for one that was decided before."""
    if report.state != "submitted":
        raise Conflict(
            code="REPORT_DECIDED", message="该整改报告已经审核。", advice="如需更正，请机构再次提交整改报告。"
        )
    state: ReportState = "accepted" if accepted else "rejected"
    return replace(report, state=state, opinion=opinion, decided_by=by, decided_on=on)


def _known(code: str, items: Sequence[OneItem], terms: Suspensions, *, field: str) -> OneItem:
    found = next((item for item in items if item.code == code), None)
    if found is None:
        raise Refused(
            code="REASON_UNKNOWN",
            message="该理由不在规定的范围内。",
            advice=f"请从下列理由中选择：{'、'.join(f'{item.code}（{item.name}）' for item in items)}。",
            field=field,
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
        )
    return found
