"""By when and in which season a class is examined; neither stops an exam, both are marked."""

from collections.abc import Iterator
from datetime import date

from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook


def judge_exam_day(exam_on: date, training_end: date, rulebook: Rulebook) -> Iterator[Finding]:
    """Warn of an exam after the last day in time (HB-ASM-02), ask about one out of season (HB-ASM-05).

    The two are judged apart: a class that ends with the season may keep the first and miss the second.
    """
    limit, season = rulebook.assessment.exam_limit, rulebook.assessment.exam_season
    if limit is not None and exam_on > limit.due(training_end):
        yield limit.finding(
            code="EXAM_LATE",
            severity=Severity.WARN,
            message=f"考核应在培训结束后 {limit.calendar_days_max} 日内完成，"
            f"最迟 {limit.due(training_end).isoformat()}，所定日期为 {exam_on.isoformat()}。",
            advice="请尽量提前考核；文件未规定逾期的后果，审核时会提示。",
            field="exam_on",
            value=exam_on.isoformat(),
        )
    if season is not None and not season.holds_on(exam_on):
        yield season.finding(
            code="EXAM_OUT_OF_SEASON",
            severity=Severity.ASK,
            message=f"考核日期 {exam_on.isoformat()} 不在规定的考核时间"
            f"（{season.opens.isoformat()} 至 {season.closes.isoformat()}）内，申领时须由审核人员决定是否认可。",
            advice="请改在规定时间内考核；确需的，请先与人社部门沟通。",
            field="exam_on",
            value=exam_on.isoformat(),
        )
