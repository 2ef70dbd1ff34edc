"""The satisfaction survey (满意度调查) that ends every training (JY-QUA-01, JY-ASM-10).

open ---> measured        once everybody answered or the window ended
     <---                 by a recorded decision: extended, or repeated as a new round whose answers alone count

Nothing ties an answer to the person who gave it: an invitation is used up, an answer is one more in a tally.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from shared.contracts.assessment import SatisfactionMeasured
from shared.domain.errors import Conflict, NotFound, Refused
from shared.domain.money import is_below_percent
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.assessment import SatisfactionSurvey

SurveyState = Literal["open", "measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The survey of one class; `tally` counts this round's answers by code.

    `closes_on` is the last day to answer, `revision` the last SatisfactionMeasured published (0: none).
    """

    class_id: str
    round: int
    opened_on: date
    closes_on: date
    invited: int
    tally: Mapping[str, int]
    measured: bool = False
    revision: int = 0
    version: int = 1

    @property
    def state(self) -> SurveyState:
        """Give where the survey stands."""
        return "measured" if self.measured else "open"

    @property
    def responses(self) -> int:
        """Count the answers; every one is valid, for an invitation is good for one known answer."""
        return sum(self.tally.values())

    def satisfied(self, term: SatisfactionSurvey) -> int:
        """Count those who are satisfied."""
        return sum(self.tally.get(answer.code, 0) for answer in term.answers if answer.satisfied)

    def is_over(self, today: date) -> bool:
        """Say whether nothing more is to come: everybody answered, or the last day has passed."""
        return not self.measured and (self.responses == self.invited or today > self.closes_on)

    def require_open(self, today: date) -> None:
        """Raise Refused SURVEY_CLOSED when nobody may answer any more."""
        if self.measured or today > self.closes_on:
            raise Refused(
                code="SURVEY_CLOSED",
                message=f"满意度调查已于 {self.closes_on.isoformat()} 截止或已全部收齐。",
                advice="确需补充或重新调查的，请联系人社部门决定延期或重新调查。",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyDecision:
    """What a person decided about a survey: more time, or a new round because the answers so far cannot count."""

    decision: Literal["extend", "repeat"]
    closes_on: date
    reason: str
    decided_by: str
    decided_at: datetime


def open_survey(class_id: str, *, invited: int, on: date, term: SatisfactionSurvey) -> Survey:
    """Open the survey of a class that closed on the day."""
    closes_on = on + timedelta(days=term.window_calendar_days)
    return Survey(class_id=class_id, round=1, opened_on=on, closes_on=closes_on, invited=invited, tally={})


def answer_survey(survey: Survey, answer: str, *, today: date, term: SatisfactionSurvey) -> Survey:
    """Count one answer; raise Refused SURVEY_CLOSED, or ANSWER_UNKNOWN for one that is not on the scale."""
    survey.require_open(today)
    if answer not in {known.code for known in term.answers}:
        raise Refused(
            code="ANSWER_UNKNOWN",
            message="该选项不在满意度调查的选项中。",
            advice="请从以下选项中选择：" + "、".join(f"{known.code}（{known.name}）" for known in term.answers) + "。",
            field="answer",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )
    return replace(survey, tally={**survey.tally, answer: survey.tally.get(answer, 0) + 1})


def measure(survey: Survey, *, term: SatisfactionSurvey) -> tuple[Survey, SatisfactionMeasured]:
    """End the survey and give what it came to, under the next revision; without an answer that is nought of nought."""
    measured = replace(survey, measured=True, revision=survey.revision + 1)
    return measured, SatisfactionMeasured(
        class_id=survey.class_id,
        satisfied=survey.satisfied(term),
        valid_responses=survey.responses,
        invited=survey.invited,
        revision=measured.revision,
    )


def decide(survey: Survey, decision: SurveyDecision, *, today: date) -> Survey:
    """Open the survey until another day, with the answers it has (`extend`) or in a new round without (`repeat`).

    Raise Refused SURVEY_DATE unless that day is to come, Conflict SURVEY_COMPLETE for an extension when all answered.
    """
    if decision.closes_on <= today or (decision.decision == "extend" and decision.closes_on <= survey.closes_on):
        raise Refused(
            code="SURVEY_DATE",
            message="新的截止日期须晚于今日，延期的还须晚于原截止日期。",
            advice=f"原截止日期为 {survey.closes_on.isoformat()}，请填写更晚的日期。",
            field="closes_on",
            value=decision.closes_on.isoformat(),
        )
    if decision.decision == "repeat":
        return replace(
            survey, round=survey.round + 1, opened_on=today, closes_on=decision.closes_on, tally={}, measured=False
        )
    if survey.responses == survey.invited:
        raise Conflict(
            code="SURVEY_COMPLETE",
            message="受邀学员均已作答，无须延期。",
            advice="答卷不能采信的，请决定重新调查（repeat）。",
            field="decision",
        )
    return replace(survey, closes_on=decision.closes_on, measured=False)


def judge_survey(survey: Survey, rulebook: Rulebook) -> Iterator[Finding]:
    """Give what a measured survey calls for: nobody answered, or too few were satisfied (JY-QUA-01, JY-QUA-02)."""
    term, limit = rulebook.assessment.satisfaction_survey, rulebook.assessment.satisfaction
    if term is None or not survey.measured:
        return
    if survey.responses == 0:
        yield term.finding(
            code="SURVEY_MISSING",
            severity=Severity.WARN,
            message=f"受邀的 {survey.invited} 人均未作答，没有满意度结果。",
            advice="请人社部门决定是否延期调查；申领审核时会提示此情况。",
        )
    elif limit is not None and is_below_percent(survey.satisfied(term), survey.responses, limit.minimum_percent):
        yield limit.finding(
            code="SATISFACTION_LOW",
            severity=Severity.ASK,
            message=f"答卷 {survey.responses} 份，满意 {survey.satisfied(term)} 人，低于 {limit.minimum_percent}%。",
            advice="请人社部门核实；确认后暂停该机构开班并限期整改，在办班级继续。",
        )


def code_unknown() -> NotFound:
    """Give the error for a code that invites nobody, or no longer."""
    return NotFound(
        code="CODE_UNKNOWN",
        message="调查码无效。",
        advice="请核对培训机构发放的调查码；重新调查后请使用新发放的调查码。",
        field="code",
    )


def code_used() -> Conflict:
    """Give the error for an invitation that is used up."""
    return Conflict(
        code="CODE_USED",
        message="该调查码已经使用过。",
        advice="每个调查码只能作答一次，无需重复提交。",
        field="code",
    )
