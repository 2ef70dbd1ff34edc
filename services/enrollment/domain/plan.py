"""What an institution applies for (开班申请): the plan, and every rule that judges it without its roster."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

from services.enrollment.domain.application_form import FormHead, judge_head
from services.enrollment.domain.attributes import TRAINING_MODE, judge_attributes
from services.enrollment.domain.centre import ConditionFinding, judge_conditions
from services.enrollment.domain.class_record import Found, RecordSubject, judge_records, judge_topics
from services.enrollment.domain.decision import asked_for
from services.enrollment.domain.enterprise import enterprise_of, judge_profile
from services.enrollment.domain.institution import (
    DirectoryEntry,
    Institution,
    judge_directory,
    judge_private_school,
)
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.quota import Quota, judge_quota
from services.enrollment.domain.register import Values
from services.enrollment.domain.suspension import Suspension, judge_suspension
from services.enrollment.domain.timetable import (
    Booking,
    Session,
    Venue,
    judge_bookings,
    judge_class_hours,
    judge_dates,
    judge_practice_share,
    judge_station_ratio,
    judge_teacher_ratio,
    judge_teachers,
    judge_venues,
)
from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import ClassKind
from shared.domain.working_days import latest_day_before, working_days_between
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.class_plan import ApplicationLead, ClassKindExemption, ClassSize, ProgrammeType
from shared.policy.terms.class_record import FundingAtOpening, Season
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.institution import Directory
from shared.policy.terms.payment import FundingSources
from shared.policy.terms.term import Term

Delivery = Literal["offline", "online"]
"""Training may be online (JY-QUA-06); how it is examined is assessment's to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The training plan (培训计划) in words (JY-ENR-03)."""

    title: str
    objective: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRequest:
    """An institution asks a person to decide on a finding that stops its plan (JY-ENR-09, -10, -11)."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPlan:
    """Everything an institution states about a class except its roster.

    `attributes` are what reports group classes by, value by the rulebook's code of the attribute; `training_mode` is
    the one that every application states (JY-FLD-16).
    """

    kind: ClassKind
    training_type: str
    occupation: str
    level: str | None
    planned: int
    opening_date: date
    closing_date: date
    funding_source: str
    delivery: Delivery
    training_mode: str
    form: FormHead
    plan: TrainingPlan
    sessions: tuple[Session, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    exceptions: tuple[ExceptionRequest, ...] = ()

    @property
    def stated(self) -> dict[str, str]:
        """Give every attribute that the application states, the training mode among them."""
        return {**self.attributes, TRAINING_MODE: self.training_mode}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What is known about the institution and about other classes when a plan is judged.

    `occupation` is the row valid on the opening date; `filed_teachers`, `venues` are the institution's own;
    `bookings` are other live classes' times with the same teachers (as persons) or venues; `quota` is what the annual
    plan gives, None without a plan; `profile` what the class's enterprise says of itself, None without one; `batches`
    are those of the year under which the institution has applied for other classes; `records` may prove what the
    rulebook wants recorded of the class, which was applied for on `applied_on` (the opening date while nobody says).
    """

    institution: Institution
    entries: tuple[DirectoryEntry, ...]
    suspensions: tuple[Suspension, ...]
    occupation: Occupation | None
    filed_teachers: Collection[str]
    venues: Mapping[str, Venue]
    bookings: tuple[Booking, ...]
    conditions: tuple[ConditionFinding, ...] = ()
    quota: Quota | None = None
    profile: Values | None = None
    batches: Collection[int] = ()
    records: Found = field(default_factory=dict)
    applied_on: date | None = None


def class_terms(kind: ClassKind, terms: EnrollmentTerms) -> EnrollmentTerms:
    """Give the terms as they hold for a kind of class: those that it is exempt from are off (JY-ENR-27)."""
    exemption = _exemption(kind, terms)
    off: dict[str, Any] = dict.fromkeys(exemption.exempt if exemption else ())
    return replace(terms, **off)


def judge_plan(plan: ClassPlan, facts: PlanFacts, book: Rulebook) -> tuple[Finding, ...]:
    """Give every objection to the plan under the rulebook of its opening date, roster and lead time aside.

    What the institution asked an exception for, and the rulebook lets a person decide on, asks instead of stopping.
    """
    asked = [request.code for request in plan.exceptions]
    return tuple(asked_for(_objections(plan, facts, book), asked, book.enrollment))


def _objections(plan: ClassPlan, facts: PlanFacts, book: Rulebook) -> tuple[Finding, ...]:
    terms = class_terms(plan.kind, book.enrollment)
    basis = terms.documents or CONSISTENCY
    day, sessions = plan.opening_date, plan.sessions
    exemption = _exemption(plan.kind, terms)
    return (
        *judge_directory(facts.entries, day=day, occupation=plan.occupation, terms=_directory(plan, facts, terms)),
        *judge_suspension(facts.suspensions, day=day, book=book),
        *judge_private_school(facts.institution, terms.private_school),
        *judge_conditions(
            facts.institution, facts.conditions, occupation=plan.occupation, terms=terms.basic_conditions
        ),
        *judge_training_type(plan, facts.occupation, book),
        *judge_funding(plan.funding_source, book.payment.funding_sources, fixed=terms.funding_at_opening),
        *judge_size(plan.planned, key_groups=_is_of_key_groups(plan, book), terms=terms.class_size),
        *(
            judge_dates(sessions, opening=day, closing=plan.closing_date, basis=basis)
            if sessions or not exemption
            else ()
        ),
        *judge_class_hours(sessions, terms.class_hour),
        *judge_practice_share(sessions, terms.practice_share),
        *judge_teachers(
            sessions,
            filed=facts.filed_teachers,
            institution_kind=facts.institution.kind,
            terms=terms.teacher_filing,
        ),
        *judge_teacher_ratio(sessions, planned=plan.planned, terms=terms.teacher_ratio),
        *judge_venues(sessions, venues=facts.venues, basis=basis),
        *judge_station_ratio(
            sessions,
            venues=facts.venues,
            occupation=plan.occupation,
            planned=plan.planned,
            terms=terms.station_ratio,
        ),
        *judge_bookings(sessions, bookings=facts.bookings, basis=basis),
        *judge_quota(plan.planned, facts.quota),
        *([] if exemption else judge_exam_lead(plan, book)),
        *_judge_exemption(exemption, book.enrollment),
        *_judge_enterprise(plan, facts, terms),
        *judge_records(record_subject(plan, facts.institution, terms, facts.applied_on), facts.records, terms),
        *judge_topics(plan.attributes, plan.kind, terms),
        *judge_head(plan.form, taken=facts.batches, entries=terms.form_entries),
        *judge_attributes(
            plan.stated,
            kind=plan.kind,
            training_type=plan.training_type,
            institution_kind=facts.institution.kind,
            terms=terms,
        ),
        *judge_season(plan.closing_date, terms.season),
    )


def _exemption(kind: ClassKind, terms: EnrollmentTerms) -> ClassKindExemption | None:
    return next((one for one in terms.class_kind_exemptions if one.class_kind == kind), None)


def _judge_exemption(exemption: ClassKindExemption | None, terms: EnrollmentTerms) -> list[Finding]:
    if exemption is None or exemption.code is None:
        return []
    held = (getattr(terms, name) for name in exemption.exempt)
    rules = "、".join(term.rule for term in held if term)
    return [
        exemption.finding(
            code=exemption.code,
            severity=Severity.ASK,
            message=f"该类型不按班级组织，办班规定 {rules} 对其不适用，须由当前审核环节的办理人员确认。",
            advice="请当前审核环节的办理人员核实申请材料，并记录是否同意的决定。",
            field="kind",
            value=exemption.class_kind,
        )
    ]


def _judge_enterprise(plan: ClassPlan, facts: PlanFacts, terms: EnrollmentTerms) -> list[Finding]:
    enterprise = enterprise_of(plan.attributes, kind=plan.kind, institution=facts.institution, terms=terms)
    return judge_profile(
        plan.attributes,
        kind=plan.kind,
        training_type=plan.training_type,
        enterprise=enterprise,
        values=facts.profile,
        day=plan.opening_date,
        terms=terms,
    )


def record_subject(
    plan: ClassPlan, institution: Institution, terms: EnrollmentTerms, applied_on: date | None
) -> RecordSubject:
    """Give what the plan is where its records are looked for."""
    return RecordSubject(
        kind=plan.kind,
        training_type=plan.training_type,
        occupation=plan.occupation,
        opening_date=plan.opening_date,
        closing_date=plan.closing_date,
        applied_on=applied_on or plan.opening_date,
        attributes=plan.stated,
        institution_kind=institution.kind,
        provider=institution.credit_code,
        enterprise=enterprise_of(plan.attributes, kind=plan.kind, institution=institution, terms=terms),
    )


def _directory(plan: ClassPlan, facts: PlanFacts, terms: EnrollmentTerms) -> Directory | None:
    directory = terms.directory
    if directory is None or plan.kind in directory.except_class_kinds:
        return None
    kinds = directory.institution_kinds
    return directory if not kinds or facts.institution.kind in kinds else None


def judge_lead(applied_on: date, opening_date: date, terms: ApplicationLead | None) -> list[Finding]:
    """Stop an application with fewer working days left than the lead; the day of applying never counts (JY-ENR-02)."""
    if terms is None:
        return []
    counted_to = opening_date if terms.opening_day_counts else opening_date - timedelta(days=1)
    if working_days_between(applied_on, counted_to) >= terms.working_days_min:
        return []
    latest = latest_day_before(counted_to, terms.working_days_min)
    return [
        terms.finding(
            code="TOO_LATE",
            severity=Severity.STOP,
            message=f"开班申请须至少提前 {terms.working_days_min} 个工作日；{opening_date.isoformat()} 开班最迟应于 "
            f"{latest.isoformat()} 申请，本次申请日为 {applied_on.isoformat()}。",
            advice="请推迟开班日期后重新申请。",
            field="opening_date",
            value=opening_date.isoformat(),
        )
    ]


def judge_exam_lead(plan: ClassPlan, book: Rulebook) -> list[Finding]:
    """Warn of a class so short that its exam is due to be applied for before it opens (JY-ASM-02).

    An exam is applied for in the system once the class is open; until then only on paper, which the bureau registers.
    """
    lead, window = book.assessment.application_lead, book.assessment.online_window
    exempt = window.replaces if window is not None and plan.delivery == "online" else ()
    if lead is None or "course_end" not in lead.references or "course_end" in exempt:
        return []
    latest = plan.closing_date - timedelta(days=lead.calendar_days_min)
    if latest >= plan.opening_date:
        return []
    return [
        lead.finding(
            code="EXAM_DUE_BEFORE_OPENING",
            severity=Severity.WARN,
            message=f"考核申请最迟须于 {latest.isoformat()}（结业 {lead.calendar_days_min} 日前）提出，"
            f"早于开班日期 {plan.opening_date.isoformat()}；系统内的考核申请自开班起办理，届时已经逾期。",
            advice=f"请最迟于 {latest.isoformat()} 以纸质形式向人社部门提出考核申请，开班后由其按收到日期登记；"
            "或推迟结业日期。未经考核的班级不能申领补贴。",
            field="closing_date",
            value=plan.closing_date.isoformat(),
        )
    ]


def judge_size(planned: int, *, key_groups: bool, terms: ClassSize | None) -> list[Finding]:
    """Stop a class above the cap, which is lower for one of key groups (JY-ENR-07)."""
    if terms is None:
        return []
    cap = terms.key_group_trainees_max if key_groups else terms.trainees_max
    if planned <= cap:
        return []
    word = "含就业重点人群的班级" if key_groups else "班级"
    return [
        terms.finding(
            code="CLASS_TOO_LARGE",
            severity=Severity.STOP,
            message=f"{word}每班不超过 {cap} 人，计划人数为 {planned} 人。",
            advice="请减少计划人数或分班申请。",
            field="planned",
            value=str(planned),
        )
    ]


def _is_of_key_groups(plan: ClassPlan, book: Rulebook) -> bool:
    kind, size = programme_type(plan, book), book.enrollment.class_size
    return kind is not None and size is not None and kind.project in size.key_group_projects


def judge_season(closing_date: date, terms: Season | None) -> list[Finding]:
    """Let a person decide on a class that ends after the season (HB-ENR-10)."""
    if terms is None or closing_date <= terms.closes:
        return []
    return [
        terms.finding(
            code=terms.code,
            severity=Severity.ASK,
            message=f"培训任务应于 {terms.closes.isoformat()} 前完成，本班结业日期为 {closing_date.isoformat()}。",
            advice="请提前结业日期；确需逾期的，由当前审核环节的办理人员核实理由并记录决定。",
            field="closing_date",
            value=closing_date.isoformat(),
        )
    ]


def judge_funding(source: str, terms: FundingSources | None, *, fixed: FundingAtOpening | None = None) -> list[Finding]:
    """Stop a missing or unknown funding source; one that a person must decide on asks (JY-FND-02, HB-ENR-08)."""
    if fixed is not None and not source.strip():
        return [
            fixed.finding(
                code="SOURCE_MISSING",
                severity=Severity.STOP,
                message="开班时须明确资金支出渠道，申请没有填写资金来源。",
                advice="请填写资金来源后重新提交；开班后变更须有书面决定。",
                field="funding_source",
            )
        ]
    if terms is None:
        return []
    known = terms.source(source)
    if known is None:
        codes = "、".join(row.code for row in terms.sources)
        return [
            terms.finding(
                code="FUNDING_SOURCE_UNKNOWN",
                severity=Severity.STOP,
                message="资金来源不在规定的来源之内。",
                advice=f"请从下列来源中选择：{codes}。",
                field="funding_source",
                value=source,
            )
        ]
    if not known.human_decision:
        return []
    return [
        terms.finding(
            code="FUNDING_SOURCE_DECISION",
            severity=Severity.ASK,
            message=f"资金来源为“{known.name}”，文件未具体列明。",
            advice="请当前审核环节的办理人员核实资金来源并记录决定。",
            field="funding_source",
            value=source,
        )
    ]


def judge_training_type(plan: ClassPlan, occupation: Occupation | None, book: Rulebook) -> list[Finding]:
    """Stop a type that the rulebook does not know, or whose class kind, occupation or level disagree (JY-ENR-17)."""
    terms = book.enrollment.programmes
    basis: Term = terms or CONSISTENCY

    def stop(code: str, message: str, advice: str, field: str, value: str | None) -> Finding:
        return basis.finding(
            code=code, severity=Severity.STOP, message=message, advice=advice, field=field, value=value
        )

    kind = programme_type(plan, book)
    if kind is None:
        codes = "、".join(row.code for row in terms.types) if terms else "无"
        message = "培训类型不在规定的类型之内。"
        advice = f"请从下列类型中选择：{codes}。"
        return [stop("TRAINING_TYPE_UNKNOWN", message, advice, "training_type", plan.training_type)]
    basis = terms.basis_of(kind) if terms else basis
    found = []
    if kind.class_kind != plan.kind:
        message = f"培训类型“{kind.name}”不以班级形式申请。"
        found.append(stop("CLASS_KIND_MISMATCH", message, "请改选按班级组织的培训类型。", "training_type", kind.code))
    if kind.levels and plan.level not in kind.levels:
        message = f"培训类型“{kind.name}”对应的等级为 {'、'.join(kind.levels)}。"
        found.append(stop("LEVEL_NOT_OF_TYPE", message, "请改正等级或培训类型。", "level", plan.level))
    if occupation is None:
        message = f"工种 {plan.occupation} 在开班日期没有生效的登记。"
        found.append(
            stop(
                "OCCUPATION_UNKNOWN", message, "请核对工种代码，或请主管部门登记该工种。", "occupation", plan.occupation
            )
        )
        return found
    if plan.level is not None and plan.level not in occupation.levels:
        message = f"工种“{occupation.name}”没有所填的等级。"
        found.append(stop("LEVEL_UNKNOWN", message, f"可选等级：{'、'.join(occupation.levels)}。", "level", plan.level))
    if kind.certificate_kinds and not earnable_kinds(plan, occupation, book):
        message = f"工种“{occupation.name}”不能取得培训类型“{kind.name}”规定的任何证书。"
        found.append(stop("NOT_CERTIFIABLE", message, "请改选工种或培训类型。", "occupation", plan.occupation))
    return found


def programme_type(plan: ClassPlan, book: Rulebook) -> ProgrammeType | None:
    """Give the rulebook's type for the plan, or None when it knows none."""
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    return next((row for row in types if row.code == plan.training_type), None)


def kind_of(training_type: str, book: Rulebook) -> ClassKind | None:
    """Give the kind of classes of a training type, or None when the rulebook does not know the type."""
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    return next((row.class_kind for row in types if row.code == training_type), None)


def earnable_kinds(plan: ClassPlan, occupation: Occupation, book: Rulebook) -> tuple[CertificateKind, ...]:
    """Give the certificate kinds that the type may end with and the occupation can be certified in.

    The fallback kind needs no listing of the occupation: it exists for everything else (JY-ASM-05).
    """
    kind = programme_type(plan, book)
    priority = book.assessment.certificate_priority
    fallback = priority.fallback if priority else None
    kinds = kind.certificate_kinds if kind else ()
    return tuple(code for code in kinds if code in occupation.certifiable or code == fallback)
