"""Earlier trainings of a person, and whether they forbid another one (JY-ENR-05)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.policy.decision import Finding, Severity
from shared.policy.terms.participation import Repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTraining:
    """A person's place in another class.

    `released` says that the person is free again: the class was cancelled, withdrawn or never opened, or the person
    left it. `reserved` says that payment had been asked for a slot, which it frees when it applies that release.
    """

    class_id: str
    opening_date: date
    occupation: str
    level: str | None
    released: bool
    reserved: bool


def judge_repeat(
    history: Iterable[PastTraining], *, opening_date: date, occupation: str, level: str | None, terms: Repeat | None
) -> tuple[list[Finding], tuple[str, ...]]:
    """Stop a person who already has the most trainings of the period, and name the releases the judgement relied on.

    The releases are ids of classes in whose place the person is now free: payment must apply them first.
    """
    if terms is None:
        return [], ()
    within = [
        past
        for past in history
        if (terms.period == "lifetime" or past.opening_date.year == opening_date.year)
        and (terms.scope == "any_subsidised" or (past.occupation, past.level) == (occupation, level))
    ]
    relied_on = tuple(sorted(past.class_id for past in within if past.released and past.reserved))
    standing = sum(not past.released for past in within)
    if standing < terms.trainings_max:
        return [], relied_on
    period = "累计" if terms.period == "lifetime" else f"{opening_date.year} 年度内"
    finding = terms.finding(
        code="REPEAT_IN_YEAR",
        severity=Severity.STOP,
        message=f"该人员{period}已参加 {standing} 次补贴性培训，规定不超过 {terms.trainings_max} 次。",
        advice="请更换学员；如原班级已取消或本人已退出，请待其办结后重新提交本行。"
        + ("确需再次培训的，由当前审核环节的办理人员作出书面决定。" if terms.override_by_decision else ""),
        field="identity_number",
    )
    return [finding], ()
