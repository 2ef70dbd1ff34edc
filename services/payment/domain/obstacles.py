"""What keeps a class from being claimed, reviewed further or paid, whatever the amount."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.payment.domain.benefit import benefits_of
from services.payment.domain.decision import Decision, latest, weigh
from services.payment.domain.facts import ClassFacts
from shared.contracts.assessment import AssessmentCompleted
from shared.contracts.enrollment import ClassOpened
from shared.contracts.supervision import FindingRaised
from shared.domain.errors import Refused
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Evidence
from shared.policy.terms.term import quote

CANCELLED: Final = "CLASS_CANCELLED"
NOT_IN_SYSTEM: Final = "NOT_IN_SYSTEM"
RESULTS: Final = "results"
"""The checkpoint of the provincial system at which an examination's results are entered."""

_EVENTS: Final = {
    "ClassOpened": "开班",
    "TrainingCompleted": "培训完成",
    "AssessmentCompleted": "考核完成",
}


def obstacles(
    facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, *, entry_required: bool, beside: bool = False
) -> tuple[Finding, ...]:
    """Give every reason for which no subsidy of the class may be claimed now; none when it may.

    The class must not be cancelled (JY-SUP-04), for one of its benefits every completion event must be there that its
    evidence names (what the others wait for says `incomplete`) and, with `entry_required`, all of its checkpoints be
    entered in the provincial system (JY-ENR-01, JY-INT-01), no blocking doubt or breach may be open (JY-SUP-02,
    JY-SUP-03, JY-CLM-11), nobody may have paid whom the document trains for nothing (JY-ENR-15), and the inspection
    opinion must have passed the class (JY-SUP-08). No department may have organised it that pays by rules of its own
    (HB-REP-07).
    """
    organised = _organised_elsewhere(opened, rulebook)
    waiting = incomplete(facts, opened, rulebook, entry_required=entry_required, beside=beside).values()
    of_all = dict.fromkeys(finding for findings in waiting for finding in findings) if all(waiting) else {}
    unpaid = tuple(_not_paid(opened, rulebook))
    found = (*_cancelled(facts, rulebook), *organised, *(unpaid or (each for each in of_all if each.value != RESULTS)))
    if entry_required:
        entries = _not_entered(facts, rulebook)
        found = (*found, *(each for each in entries if each.value != RESULTS or each in of_all))
    return (*found, *open_doubts(facts, rulebook), *_fees(facts, opened, rulebook), *_opinion(facts, rulebook))


def incomplete(
    facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, *, entry_required: bool, beside: bool = False
) -> Mapping[str, tuple[Finding, ...]]:
    """Give what each of the class's benefits, or those paid `beside`, still waits for, by the word it is paid under.

    An allowance by the day rests on the training alone and does not wait for an examination (QJ-CLM-10), nor for its
    results' entry in the provincial system.
    """
    results = [each for each in _not_entered(facts, rulebook) if each.value == RESULTS] if entry_required else []
    term = rulebook.payment.evidence
    benefits = benefits_of(opened, rulebook, beside=beside)
    paid_as = dict.fromkeys(benefit.paid_as(opened.programme) for benefit in benefits)
    found: dict[str, tuple[Finding, ...]] = {}
    for programme in paid_as or (opened.programme,):
        evidence = (term.of(programme) or term.of(opened.programme)) if term else None
        events = evidence.completion if evidence else ()
        missing = [_awaited(term, event) for event in events if term and not facts.completed(event)]
        found[programme] = (*missing, *(results if AssessmentCompleted.EVENT.name in events else ()))
    return found


def before_results(facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook) -> tuple[Finding, ...]:
    """Give what of those reasons keeps money back that is paid before training and results are known."""
    organised = _organised_elsewhere(opened, rulebook)
    return (*_cancelled(facts, rulebook), *organised, *open_doubts(facts, rulebook), *_fees(facts, opened, rulebook))


def open_doubts(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    """Give a finding for every blocking doubt that nobody has concluded; they also stop approval and payment."""
    breach = rulebook.payment.breach
    for doubt in facts.open_findings():
        is_breach = breach is not None and doubt.rule == breach.rule
        name = "承诺违反" if is_breach else "疑点"
        yield _of_doubt(
            doubt,
            rulebook,
            code="BREACH_OPEN" if is_breach else "FINDING_OPEN",
            severity=Severity.STOP,
            message=f"班级有尚未办结的{name}（{doubt.check}），申领、审核和拨付均须等待。",
            advice="请监管人员核查并作出结论后继续办理。",
        )


def confirmed_doubts(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    """Give a warning for every blocking doubt that a person confirmed: the document names no sanction for it."""
    for doubt in facts.confirmed_findings():
        yield _of_doubt(
            doubt,
            rulebook,
            code="FINDING_CONFIRMED",
            severity=Severity.WARN,
            message=f"疑点（{doubt.check}）已查实。",
            advice="文件未规定自动扣减，请审核人员在审核意见中说明处理。",
        )


def survey_missing(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    """Give a warning while no answer to the satisfaction survey is known (JY-QUA-01); it stops nothing."""
    term = rulebook.assessment.satisfaction_survey
    if term is not None and (facts.survey is None or not facts.survey.fact.valid_responses):
        yield term.finding(
            code="SURVEY_MISSING",
            severity=Severity.WARN,
            message="系统内没有该班级的满意度调查有效答卷。",
            advice="请评价环节组织学员完成满意度调查；审核人员在意见中说明。",
        )


def not_a_class(opened: ClassOpened, rulebook: Rulebook, decisions: Sequence[Decision]) -> Iterator[Finding]:
    """Ask whether an activity that is no class by itself is paid, and say what was decided of it (JY-ENR-18)."""
    term = rulebook.payment.not_a_class
    form = opened.attributes.get(term.attribute) if term else None
    if term is None or form not in term.values:
        return
    asked = term.finding(
        code="NOT_A_CLASS",
        severity=Severity.ASK,
        message="岗位练兵和技能竞赛本身不构成补贴性培训班，是否给予补贴文件没有规定，须由审核人员决定。",
        advice="请审核人员核实活动内容后记录接受或不予接受的决定；活动本身请在竞赛登记册中登记一次。",
        field=f"attributes.{term.attribute}",
        value=form,
    )
    yield weigh(asked, latest(decisions, term.rule))


def not_opened(rulebook: Rulebook | None) -> Refused:
    """Give the refusal of a class of which no opening is known here; without a reservation not even its rulebook is."""
    term = rulebook.payment.evidence if rulebook else None
    return Refused(
        code="NOT_IN_SYSTEM",
        message="系统内没有该班级的开班记录；系统之外的培训不予补贴。",
        advice="请核对班级编号；刚开班的请稍后重试，仍未出现的请联系办班管理人员。",
        field="class_id",
        **quote(term),
    )


def _cancelled(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    if facts.cancelled is not None:
        cancelled = facts.cancelled.fact
        yield Finding(
            code=CANCELLED,
            rule=cancelled.rule,
            document=rulebook.document,
            clause=cancelled.clause,
            severity=Severity.STOP,
            message=f"开班当日实到 {cancelled.attended} 人、计划 {cancelled.planned} 人，班级已取消，不予补贴。",
            advice="学员的补贴资格已释放，可参加其他班级。",
        )


def _organised_elsewhere(opened: ClassOpened, rulebook: Rulebook) -> Iterator[Finding]:
    term = rulebook.payment.reporting.organisers
    organiser = opened.attributes.get(term.attribute, term.own) if term else None
    if term is not None and term.own_rules and organiser != term.own:
        yield term.finding(
            code="OWN_RULES",
            severity=Severity.STOP,
            message="该班级由行业主管部门组织，按其本部门规定执行，只纳入统计，不按本文件申领补贴。",
            advice="请向组织培训的部门申领；组织部门填写有误的，请先更正班级的组织部门。",
            field=f"attributes.{term.attribute}",
            value=organiser,
        )


def _not_paid(opened: ClassOpened, rulebook: Rulebook) -> Iterator[Finding]:
    term = rulebook.payment.evidence
    if term is None or term.of(opened.programme) is None:
        yield Finding(
            code="PROGRAMME_NOT_PAID",
            rule=term.rule if term else "",
            document=rulebook.document,
            clause=term.clause if term else "",
            severity=Severity.STOP,
            message=f"规则册没有规定项目 {opened.programme} 的补贴依据，不能申领。",
            advice="请由政策管理员确认该项目的补贴规则。",
            value=opened.programme,
        )


def _awaited(term: Evidence, event: str) -> Finding:
    return term.finding(
        code=NOT_IN_SYSTEM,
        severity=Severity.STOP,
        message=f"系统内尚无该班级的{_EVENTS.get(event, event)}记录；系统之外的培训不予补贴。",
        advice="请等待相应环节在系统内办结后再申领。",
        field="class_id",
        value=event,
    )


def _fees(facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook) -> Iterator[Finding]:
    """Stop while somebody of a group that is trained free of charge is in the class and pays (JY-ENR-15, HL-ENR-21)."""
    for code in sorted({code for trainee in opened.trainees for code in trainee.groups}):
        group = rulebook.enrollment.group(code)
        paying = [one for one in opened.trainees if one.fee_fen > 0 and code in one.groups]
        heads = sum(not facts.has_withdrawn(one.person_id) for one in paying)
        free = rulebook.enrollment.free_of_charge(code, opened.kind)
        if group is not None and free is not None and heads:
            yield free.finding(
                code="FEE_CHARGED",
                severity=Severity.STOP,
                message=f"“{group.name}”免费培训，本班有 {heads} 人登记了收费，不能申领。",
                advice="请退还费用并为所涉学员办理退班；退班学员不计入补贴人数，其他学员可继续申领。",
                field="fee_fen",
                value=code,
            )


def _not_entered(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    """Give a finding for every checkpoint of which not every line has its receipt: 39 of 40 are none.

    What waits for no examination has no results to enter: those are asked for by benefit.
    """
    evidence, term = rulebook.payment.evidence, rulebook.payment.system_entry
    for checkpoint in term.checkpoints if term and evidence else ():
        entry = facts.entry(checkpoint.code)
        if evidence is None or (entry and entry.entered) or not facts.has_to_enter(checkpoint.code):
            continue
        so_far = f"{entry.received} / {entry.lines} 行有回执，{entry.refused} 行被拒收" if entry else "尚无全部回执"
        yield evidence.finding(
            code=NOT_IN_SYSTEM,
            severity=Severity.STOP,
            message=f"该班级的{checkpoint.name}未在省级系统完成录入（{so_far}）；系统之外的培训不予补贴。",
            advice="请在录入情况中查看未获回执或被拒收的行，更正后重新推送，全部取得回执后再办理。",
            field="class_id",
            value=checkpoint.code,
        )


def _opinion(facts: ClassFacts, rulebook: Rulebook) -> Iterator[Finding]:
    term = rulebook.supervision.inspection_opinion
    if term is None or "claim" not in term.required_for or facts.training is None:
        return
    opinion = facts.training.fact.opinion
    if opinion is None:
        yield term.finding(
            code="OPINION_MISSING",
            severity=Severity.STOP,
            message="人社部门尚未填写该班级的检查意见。",
            advice="请人社部门在监管环节填写检查意见后再申领。",
        )
    elif not opinion.passed:
        yield term.finding(
            code="OPINION_NOT_PASSED",
            severity=Severity.STOP,
            message="人社部门的检查意见为不通过。",
            advice="请按检查意见整改，由人社部门重新出具意见后再申领。",
        )


def _of_doubt(
    doubt: FindingRaised, rulebook: Rulebook, *, code: str, severity: Severity, message: str, advice: str
) -> Finding:
    return Finding(
        code=code,
        rule=doubt.rule or "",
        document=rulebook.document,
        clause=doubt.clause or "",
        severity=severity,
        message=message,
        advice=advice,
        value=doubt.check,
    )
