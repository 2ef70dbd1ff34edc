"""The exam application (考核申请): what it must satisfy before an exam is scheduled.

Every check is a pure function from the application, the class, the body and the rulebook's terms to findings.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.body_record import NOTHING_RECORDED, BodyRecord, judge_standing, may_examine_own
from services.assessment.domain.exam_day import judge_exam_day
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.findings import stop
from services.assessment.domain.ruling import ExamWindow
from shared.contracts.assessment import CertificateKind
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.assessment import CertificateKinds, OnlineWindow

Channel = Literal["system", "paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamApplication:
    """What is asked for.

    `by_bureau` says that the bureau itself registered it; `resit` that everybody in it sat or missed a final exam of
    this class and did not pass it; `moved_on` that this exam day was asked for later than the exam; `windows` are
    those that the region has set for the year of the application, `excepted` the kinds for which a transitional
    exception holds on the exam day. `fee_fen` is what everybody in it pays, `examined_before` who of them sat an exam
    of whatever class, `examiners` who examines, `record` what is recorded of the body.
    """

    kind: CertificateKind
    mode: Literal["offline", "online"]
    exam_on: date
    applied_on: date
    channel: Channel
    paper_received_on: date | None
    persons: tuple[str, ...]
    by_bureau: bool
    resit: bool
    fee_fen: int = 0
    examined_before: frozenset[str] = frozenset()
    examiners: tuple[str, ...] = ()
    record: BodyRecord = NOTHING_RECORDED
    moved_on: date | None = None
    windows: tuple[ExamWindow, ...] = ()
    excepted: frozenset[CertificateKind] = frozenset()

    @property
    def asked_on(self) -> date:
        """Give the day on which the bureau had the application: a paper's is the day it was received (JY-ASM-02).

        A day of receipt in the future is refused (PAPER_DATE) and counts for nothing.
        """
        return min(self.applied_on, self.paper_received_on or self.applied_on)


def judge(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    rulebook: Rulebook,
    *,
    regions: tuple[str, ...],
) -> list[Finding]:
    """Give every finding about an application; one of severity STOP refuses it.

    `regions` are the class's region and its ancestors: a bureau examines within its own region.
    """
    return [
        *_judge_kind(application, examined, rulebook),
        *_judge_priority(application, examined, rulebook),
        *_judge_body(application, examined, body, rulebook, regions),
        *_judge_days(application, examined, rulebook),
        *_judge_order(application, examined, rulebook),
        *judge_exam_day(application.exam_on, examined.closing_date, rulebook),
        *_judge_mode(application, rulebook),
        *_judge_channel(application, rulebook),
        *_judge_online(application, examined, rulebook),
        *_judge_persons(application, examined, rulebook),
        *_judge_fee(application, examined, rulebook),
    ]


def judge_move(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    rulebook: Rulebook,
    *,
    regions: tuple[str, ...],
) -> list[Finding]:
    """Give every finding about another day or body for an exam whose application was accepted."""
    return [
        *_judge_priority(application, examined, rulebook),
        *_judge_body(application, examined, body, rulebook, regions),
        *_judge_days(application, examined, rulebook),
        *_judge_order(application, examined, rulebook),
        *judge_exam_day(application.exam_on, examined.closing_date, rulebook),
    ]


def needs_admission(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> bool:
    """Say whether a person must decide on it: an online class for whose application nobody has set the days."""
    window = rulebook.assessment.online_window
    if window is None or examined.delivery != "online":
        return False
    return not (application.windows or _stated(window))


def kind_name(kind: CertificateKind, kinds: CertificateKinds | None) -> str:
    """Give the document's Chinese name of a certificate kind, the code where the document has none."""
    return next((known.name for known in kinds.kinds if known.code == kind), kind) if kinds else kind


def _judge_kind(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    found: list[Finding] = []
    kinds = rulebook.assessment.certificate_kinds
    if kinds is not None and application.kind not in {kind.code for kind in kinds.kinds}:
        found.append(
            stop(
                kinds,
                code="CERT_KIND",
                message="该证书种类不在本地政策认可的范围内。",
                advice="请改选：" + "、".join(kind.name for kind in kinds.kinds) + "。",
                field="certificate_kind",
                value=application.kind,
            )
        )
    elif kinds is not None and kinds.asks(application.kind):
        found.append(
            kinds.finding(
                code="CERT_KIND_UNDECIDED",
                severity=Severity.ASK,
                message="文件没有列明此种证书，能否享受补贴须由审核人员在申领时决定。",
                advice="请先向人社部门确认；也可改选文件列明的证书种类。",
                field="certificate_kind",
                value=application.kind,
            )
        )
    programmes = rulebook.enrollment.programmes
    if programmes is not None:
        permitted = next((t.certificate_kinds for t in programmes.types if t.code == examined.training_type), ())
        if application.kind not in permitted:
            names = "、".join(kind_name(kind, kinds) for kind in permitted) or "无"
            found.append(
                stop(
                    programmes,
                    code="CERT_KIND_NOT_FOR_TYPE",
                    message="该培训类型不以此种证书结业。",
                    advice=f"此培训类型可选的证书种类：{names}。",
                    field="certificate_kind",
                    value=application.kind,
                )
            )
    return found


def _judge_priority(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    priority = rulebook.assessment.certificate_priority
    if priority is None or application.kind != priority.fallback:
        return []
    kinds = rulebook.assessment.certificate_kinds
    available = [kind for kind in priority.higher_kinds if kind in examined.certifiable]
    higher = [kind_name(kind, kinds) for kind in available]
    if application.excepted.issuperset(available):
        return []
    return [
        priority.finding(
            code="DIRECT_COMPLETION_EXAM",
            severity=Severity.ASK,
            message="该工种可以取得更优先的证书，直接参加培训合格证书考核的不予认可。",
            advice="请先组织学员参加：" + "、".join(higher) + "；未通过后再考的，须经人工确认。",
            field="certificate_kind",
            value=application.kind,
        )
    ]


def _judge_body(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    rulebook: Rulebook,
    regions: tuple[str, ...],
) -> list[Finding]:
    found: list[Finding] = []
    if not body.examines(application.kind, examined.occupation):
        found.append(
            stop(
                rulebook.assessment.results,
                code="BODY_NOT_QUALIFIED",
                message=f"该评价机构不能就工种 {examined.occupation} 颁发此种证书。",
                advice="请选择具备该工种和证书种类资格的评价机构。",
                field="body_id",
                value=body.body_id,
            )
        )
    organiser = rulebook.assessment.completion_organiser
    is_its_bureau = body.is_bureau and body.region in regions
    if organiser is not None and application.kind == organiser.certificate_kind and not is_its_bureau:
        found.append(
            stop(
                organiser,
                code="ORGANISER_NOT_BUREAU",
                message="培训合格证书考核由当地人社部门统一出题并组织。",
                advice="请选择班级所在地人社部门的考核机构。",
                field="body_id",
                value=body.body_id,
            )
        )
    found += judge_standing(
        body,
        application.record,
        occupation=examined.occupation,
        level=examined.level,
        on=application.exam_on,
        appointed_on=application.moved_on or application.applied_on,
        regions=regions,
        rulebook=rulebook,
    )
    found += _judge_separation(application, examined, body, rulebook, regions)
    return found


def _judge_separation(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    rulebook: Rulebook,
    regions: tuple[str, ...],
) -> list[Finding]:
    """Keep training and assessment apart, but for who stands on the excepted list (JY-ASM-07, HL-ASM-02)."""
    separation = rulebook.assessment.separation
    if separation is None or application.kind not in separation.kinds:
        return []
    found: list[Finding] = []
    if body.credit_code == examined.institution_credit_code and not may_examine_own(
        application.record,
        occupation=examined.occupation,
        level=examined.level,
        on=application.exam_on,
        regions=regions,
        rulebook=rulebook,
    ):
        found.append(
            stop(
                separation,
                code="TRAINER_EXAMINES",
                message="评价机构与培训机构为同一单位，培训与考核须分离。",
                advice="请选择其他评价机构。",
                field="body_id",
                value=body.body_id,
            )
        )
    both = sorted(set(application.examiners).intersection(examined.teachers))
    if both and not separation.examiners_teach:
        found.append(
            stop(
                separation,
                code="EXAMINER_TEACHES",
                message=f"有 {len(both)} 名考评员同时是本班任课教师，培训与考核须分离。",
                advice="请评价机构改派未在本班任课的考评员。",
                field="examiners",
                value=both[0],
            )
        )
    return found


def _judge_fee(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    """Refuse a fee from somebody who is trained free of charge and has sat no exam before (QJ-ASM-02)."""
    term = rulebook.assessment.first_exam_free
    if term is None or not application.fee_fen:
        return []
    free = {group.code for group in rulebook.enrollment.groups if group.fee_free}
    first = [
        person
        for person in application.persons
        if person not in application.examined_before
        and (known := examined.trainees.get(person))
        and not free.isdisjoint(known.groups)
    ]
    if not first:
        return []
    return [
        stop(
            term,
            code="FIRST_EXAM_FEE",
            message=f"有 {len(first)} 名免费培训对象初次参加鉴定，其鉴定费用应予免除。",
            advice="请免除费用；同次考核中有须缴费的学员时，请分开申请。",
            field="fee_fen",
            value=str(application.fee_fen),
        )
    ]


def _judge_days(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    lead = rulebook.assessment.application_lead
    if lead is None:
        return []
    days = {"course_end": examined.closing_date, "exam": application.exam_on}
    asked_on = {"course_end": application.asked_on, "exam": application.moved_on or application.asked_on}
    resit = application.resit and lead.resit_references is not None
    window = rulebook.assessment.online_window
    exempt = window.replaces if window is not None and examined.delivery == "online" else ()
    references = set((lead.resit_references if resit else lead.references) or ()).difference(exempt)
    found: list[Finding] = []
    for reference, name in (("course_end", "结业日期"), ("exam", "考核日期")):
        latest = days[reference] - timedelta(days=lead.calendar_days_min)
        if reference not in references or asked_on[reference] <= latest:
            continue
        found.append(
            stop(
                lead,
                code="TOO_LATE",
                message=(
                    f"考核申请须在{name}（{days[reference].isoformat()}）{lead.calendar_days_min} 日前提出，"
                    f"最迟为 {latest.isoformat()}，提出日期为 {asked_on[reference].isoformat()}。"
                ),
                advice="请推迟考核日期后重新申请。"
                if reference == "exam"
                else "纸质申请（开班前也可递交）按人社部门收到之日计算，由其登记；课程尚未结束的，请先变更结业日期；"
                "补考的，请只列已考未通过的学员。",
                field="exam_on",
                value=application.exam_on.isoformat(),
            )
        )
    return found


def _judge_order(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    """Stop an exam before the course is over; it concludes what was taught (结业考核)."""
    found = before_course_end(application.exam_on, examined, rulebook)
    lead = rulebook.assessment.application_lead
    if lead is not None and application.paper_received_on and application.exam_on < application.applied_on:
        found.append(
            stop(
                lead,
                code="REGISTERED_AFTER_EXAM",
                message=f"考核日期 {application.exam_on.isoformat()} 早于登记之日 "
                f"{application.applied_on.isoformat()}，纸质申请须在考核之前登记。",
                advice="请把考核日期安排在登记之日或以后；未经登记已经举行的考核不能补登。",
                field="exam_on",
                value=application.exam_on.isoformat(),
            )
        )
    return found


def before_course_end(exam_on: date, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    """Give what the order of the stages has against this exam day: an exam on the course's last day is late enough."""
    term = rulebook.assessment.exam_day
    if term is None or exam_on >= examined.closing_date:
        return []
    return [
        stop(
            term,
            code="EXAM_BEFORE_COURSE_END",
            message=f"考核日期 {exam_on.isoformat()} 早于结业日期 {examined.closing_date.isoformat()}，"
            "结业考核须在课程结束之后进行。",
            advice="请把考核安排在结业日期当日或以后（已安排的考核可以改期）；课程确已提前结束的，请先变更结业日期。",
            field="exam_on",
            value=exam_on.isoformat(),
        )
    ]


def _judge_mode(application: ExamApplication, rulebook: Rulebook) -> list[Finding]:
    modes = rulebook.assessment.exam_mode
    if modes is None or application.mode in modes.modes:
        return []
    return [
        stop(
            modes,
            code="EXAM_MUST_BE_OFFLINE",
            message="补贴性培训一律线下考核。",
            advice="请把考核方式改为线下（offline）后重新申请。",
            field="mode",
            value=application.mode,
        )
    ]


def _judge_channel(application: ExamApplication, rulebook: Rulebook) -> list[Finding]:
    lead = rulebook.assessment.application_lead
    received_on = application.paper_received_on
    is_dated = received_on is not None and received_on <= application.applied_on
    if is_dated if application.channel == "system" else not is_dated:
        return [
            stop(
                lead,
                code="PAPER_DATE",
                message="纸质申请须写明收到日期，且不晚于今日；系统申请不填收到日期。",
                advice="请核对申请渠道（channel）与纸质申请收到日期（paper_received_on）。",
                field="paper_received_on",
            )
        ]
    if lead is None:
        return []
    if application.channel not in lead.channels:
        message, advice = "该申请渠道未列入文件。", "可用渠道：" + "、".join(lead.channels) + "。"
    elif application.channel in lead.registered_channels and not application.by_bureau:
        message, advice = "纸质申请由人社部门登记后生效。", "请把纸质申请交人社部门，由其登记；或改用系统渠道。"
    else:
        return []
    return [stop(lead, code="CHANNEL", message=message, advice=advice, field="channel", value=application.channel)]


def _judge_online(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    window = rulebook.assessment.online_window
    if examined.delivery != "online" or window is None:
        return []
    if needs_admission(application, examined, rulebook):
        return [
            window.finding(
                code="ONLINE_WINDOW_UNDECIDED",
                severity=Severity.ASK,
                message="线上培训的考核申请时间尚未规定，本次申请须由人社部门决定。",
                advice="申请已转人社部门，请等待其决定；同意后考核才列入安排。",
            )
        ]
    spans = _stated(window) or [(one.opens, one.closes) for one in application.windows]
    if any(opens <= application.asked_on <= closes for opens, closes in spans):
        return []
    named = "、".join(f"{opens.isoformat()} 至 {closes.isoformat()}" for opens, closes in spans)
    return [
        stop(
            window,
            code="OUTSIDE_WINDOW",
            message=f"线上培训的考核申请时间为 {named}，提出日期为 {application.asked_on.isoformat()}。",
            advice="请在规定时间内申请；错过的，请等待人社部门公布的下一次申请时间。",
        )
    ]


def _stated(window: OnlineWindow) -> list[tuple[date, date]]:
    """Give the days that the document itself states, if it does."""
    return [] if window.opens is None or window.closes is None else [(window.opens, window.closes)]


def _judge_persons(application: ExamApplication, examined: ExaminedClass, rulebook: Rulebook) -> list[Finding]:
    strangers = set(application.persons) - set(examined.roster_on(application.exam_on))
    if application.persons and not strangers:
        return []
    return [
        stop(
            rulebook.assessment.results,
            code="NOT_ON_ROSTER",
            message=f"有 {len(strangers)} 人不在本班在册学员名单内。" if strangers else "考核名单为空。",
            advice="请只填写本班在册学员。",
            field="persons",
        )
    ]
