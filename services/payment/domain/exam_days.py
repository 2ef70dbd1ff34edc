"""Exams held late or out of season: marked for whoever reviews the claim, the money stays as it is."""

from collections.abc import Iterator, Sequence
from datetime import date

from services.payment.domain.decision import Decision, latest, weigh
from services.payment.domain.facts import ClassFacts
from shared.contracts.assessment import AssessmentScheduled
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook


def exam_flags(
    facts: ClassFacts, training_end: date, rulebook: Rulebook, decisions: Sequence[Decision]
) -> Iterator[Finding]:
    """Warn of a late exam (HB-ASM-02), give what a person must or did decide of one out of season (HB-ASM-05).

    Only exams on which certificates stand are looked at; `training_end` is the day on which the course ended.
    """
    void = {one.fact.certificate_id for one in facts.voided}
    proven = {one.fact.assessment_id for one in facts.certificates if one.fact.certificate_id not in void}
    held = (exam.fact for exam in facts.exams if exam.fact.assessment_id in proven)
    exams = sorted(held, key=lambda exam: exam.exam_on)
    yield from _late(exams, training_end, rulebook)
    yield from _out_of_season(exams, rulebook, decisions)


def _late(exams: Sequence[AssessmentScheduled], training_end: date, rulebook: Rulebook) -> Iterator[Finding]:
    term = rulebook.assessment.exam_limit
    late = [exam.exam_on for exam in exams if term and exam.exam_on > term.due(training_end)]
    if term and late:
        yield term.finding(
            code="EXAM_LATE",
            severity=Severity.WARN,
            message=f"考核应在培训结束（{training_end.isoformat()}）后 {term.calendar_days_max} 日内完成，"
            f"最迟 {term.due(training_end).isoformat()}，实际为 {late[-1].isoformat()}。",
            advice="文件未规定逾期的后果，请审核人员在意见中说明。",
            value=late[-1].isoformat(),
        )


def _out_of_season(
    exams: Sequence[AssessmentScheduled], rulebook: Rulebook, decisions: Sequence[Decision]
) -> Iterator[Finding]:
    term = rulebook.assessment.exam_season
    outside = [exam.exam_on for exam in exams if term and not term.holds_on(exam.exam_on)]
    if term and outside:
        asked = term.finding(
            code="EXAM_OUT_OF_SEASON",
            severity=Severity.ASK,
            message=f"考核日期 {outside[0].isoformat()} 不在规定的考核时间"
            f"（{term.opens.isoformat()} 至 {term.closes.isoformat()}）内，是否认可须由审核人员决定。",
            advice="请审核人员核实原因后记录接受或不予接受的决定。",
            value=outside[0].isoformat(),
        )
        yield weigh(asked, latest(decisions, term.rule))
