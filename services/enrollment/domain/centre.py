"""How an enterprise training centre (企业职工培训中心) comes into the directory (JY-INS-02, -03) and what it must show.

applied -> assessed -> approved -> listed; an assessment it does not pass ends in `failed`, a negative reply in
`refused`, and then the centre applies anew. No step is taken before its predecessor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal, get_args

from services.enrollment.domain.institution import Institution, require_order, require_past
from shared.domain.errors import Conflict, Forbidden
from shared.policy.decision import Finding, Severity
from shared.policy.judging import refuse_stopped
from shared.policy.terms.institution import BasicConditions, CentreApplication, CentreListing
from shared.policy.terms.term import FourEyes, Term, quote

ApplicationState = Literal["applied", "assessed", "failed", "approved", "refused", "listed"]
APPLICATION_STATES: Final[tuple[ApplicationState, ...]] = get_args(ApplicationState)
STATE_NAMES: Final[dict[ApplicationState, str]] = {
    "applied": "已申请，待专家实地评估",
    "assessed": "已通过评估，待批复",
    "failed": "未通过评估",
    "approved": "已批复同意，待列入目录",
    "refused": "批复不同意",
    "listed": "已列入目录",
}
UNDER_WAY: Final[tuple[ApplicationState, ...]] = ("applied", "assessed", "approved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document handed in: which one it is, where it is kept, and the digest of its content; no file is stored."""

    slot: str
    reference: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """Somebody who assessed the centre on site."""

    name: str = field(repr=False)
    organisation: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The experts' assessment on site, the document that shows it, and the officer who recorded it."""

    passed: bool
    assessed_on: date
    experts: tuple[Expert, ...]
    reference: str
    sha256: str
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The bureau's written reply (批复): its number, its day, what it says, and the officer who recorded it."""

    number: str
    replied_on: date
    approved: bool
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingApplication:
    """A centre's application to be listed, with what followed; the rulebook of its day rules it to its end."""

    application_id: str
    institution_id: str
    applied_on: date
    applied_by: str
    rulebook_id: str
    attachments: tuple[Attachment, ...]
    state: ApplicationState = "applied"
    assessment: Assessment | None = None
    reply: Reply | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFinding:
    """A person found a condition met or not, for one occupation; the newest finding of a condition holds."""

    occupation: str
    condition: str
    met: bool
    found_on: date
    evidence: str
    recorded_by: str


def judge_attachments(attachments: Sequence[Attachment], terms: CentreApplication) -> list[Finding]:
    """Stop for every proof that is missing, and for one that the rulebook does not know (JY-INS-02)."""
    sent = {attachment.slot for attachment in attachments}
    known = {item.code for item in (*terms.attachments, *terms.further)}
    missing = [
        terms.finding(
            code="MISSING_ATTACHMENT",
            severity=Severity.STOP,
            message=f"缺少申请材料“{item.name}”。",
            advice="请补齐该项材料后重新提交申请。",
            field="attachments",
            value=item.code,
        )
        for item in terms.attachments
        if item.code not in sent
    ]
    unknown = [
        terms.finding(
            code="ATTACHMENT_UNKNOWN",
            severity=Severity.STOP,
            message="申请材料的类别不在规定的清单之内。",
            advice=f"请从下列类别中选择：{'、'.join(sorted(known))}。",
            field="attachments",
        )
        for _ in sent - known
    ]
    return missing + unknown


def judge_conditions(
    institution: Institution, findings: Iterable[ConditionFinding], *, occupation: str, terms: BasicConditions | None
) -> list[Finding]:
    """Stop unless each condition was last found met for the occupation (JY-INS-08); `findings` are oldest first."""
    if terms is None or institution.kind not in terms.institution_kinds:
        return []
    newest = {finding.condition: finding.met for finding in findings if finding.occupation == occupation}
    missing = [item for item in terms.conditions if not newest.get(item.code, False)]
    if not missing:
        return []
    names = "、".join(item.name for item in missing)
    return [
        terms.finding(
            code="CONDITIONS_NOT_SHOWN",
            severity=Severity.STOP,
            message=f"工种 {occupation} 的基本条件尚未认定具备：{names}。",
            advice="请由主管部门实地核查并登记该工种的条件认定后再申请。",
            field="occupation",
            value="、".join(item.code for item in missing),
        )
    ]


def judge_finding(finding: ConditionFinding, terms: BasicConditions, *, today: date) -> None:
    """Raise Refused CONDITION_UNKNOWN for a condition that the rulebook does not name, and for a day to come."""
    require_past(finding.found_on, today=today, field="found_on")
    known = "、".join(f"{item.code}（{item.name}）" for item in terms.conditions)
    if finding.condition not in {item.code for item in terms.conditions}:
        refuse_stopped(
            [
                terms.finding(
                    code="CONDITION_UNKNOWN",
                    severity=Severity.STOP,
                    message="该条件不在规定的基本条件之内。",
                    advice=f"请从下列条件中选择：{known}。",
                    field="condition",
                )
            ]
        )


def judge_listing(
    institution: Institution,
    application: ListingApplication | None,
    *,
    application_terms: CentreApplication | None,
    terms: CentreListing | None,
) -> list[Finding]:
    """Stop the listing of a centre that has no approving reply (JY-INS-03).

    A listed centre is listed again under the same reply: the document sets no term for it.
    """
    if application_terms is None or terms is None or institution.kind not in application_terms.institution_kinds:
        return []
    if application is not None and application.state in ("approved", "listed"):
        return []
    present = STATE_NAMES[application.state] if application else "尚未申请"
    return [
        terms.finding(
            code="CENTRE_NOT_APPROVED",
            severity=Severity.STOP,
            message=f"企业职工培训中心须经书面申请、专家实地评估、批复同意后列入目录；当前：{present}。",
            advice="请先完成尚缺的步骤，再列入目录。",
            value=application.state if application else None,
        )
    ]


def assess(
    application: ListingApplication, assessment: Assessment, *, terms: CentreListing, today: date
) -> ListingApplication:
    """Record the experts' assessment; raise Conflict ORDER unless the application awaits one."""
    _require(application, "applied", act="登记专家实地评估", terms=terms)
    _require_day(application.applied_on, assessment.assessed_on, today=today, field="assessed_on")
    if len(assessment.experts) < terms.experts_min:
        refuse_stopped(
            [
                terms.finding(
                    code="EXPERTS_MISSING",
                    severity=Severity.STOP,
                    message=f"专家实地评估至少须有 {terms.experts_min} 名专家。",
                    advice="请登记参加评估的专家。",
                    field="experts",
                )
            ]
        )
    return replace(application, state="assessed" if assessment.passed else "failed", assessment=assessment)


def reply(
    application: ListingApplication, given: Reply, *, terms: CentreListing, four_eyes: FourEyes | None, today: date
) -> ListingApplication:
    """Record the bureau's reply, by another officer than recorded the assessment (JY-REP-07)."""
    _require(application, "assessed", act="登记批复", terms=terms)
    assert application.assessment is not None  # noqa: S101 - the state says so, and the database holds it
    if given.recorded_by == application.assessment.recorded_by:
        raise Forbidden(
            code="SAME_REVIEWER",
            message="您已登记本申请的专家评估，评估与批复须由不同的人办理。",
            advice="请由另一名审批人员办理批复。",
            **quote(four_eyes),
        )
    _require_day(application.assessment.assessed_on, given.replied_on, today=today, field="replied_on")
    return replace(application, state="approved" if given.approved else "refused", reply=given)


def _require(application: ListingApplication, state: ApplicationState, *, act: str, terms: Term) -> None:
    if application.state != state:
        raise Conflict(
            code="ORDER",
            message=f"本申请当前为“{STATE_NAMES[application.state]}”，不能{act}；"
            f"步骤依次为申请、专家实地评估、批复、列入目录。",
            advice="请按顺序办理当前步骤；未通过的，由机构重新申请。",
            field="state",
            value=application.state,
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
        )


def _require_day(first: date, day: date, *, today: date, field: str) -> None:
    require_past(day, today=today, field=field)
    require_order(first, day, field=field)
