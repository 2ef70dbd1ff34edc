"""Four-eyes in an exam: who enters its results, who signs as its patrol and who corrects them afterwards are
different people (JY-REP-07, JY-ASM-09)."""

from collections.abc import Mapping
from typing import Final, Literal

from shared.domain.errors import Forbidden
from shared.policy.judging import CONSISTENCY
from shared.policy.terms.term import Term

Duty = Literal["examination", "patrol", "correction"]

_NAMES: Final[dict[Duty, str]] = {"examination": "成绩录入与定稿", "patrol": "考核巡查", "correction": "结果更正"}


def require_other_person(subject: str, duty: Duty, duties: Mapping[str, Duty], *, term: Term | None) -> None:
    """Raise Forbidden SAME_REVIEWER when the person holds another duty in this exam; `duties` are by subject."""
    held = duties.get(subject, duty)
    if held == duty:
        return
    named = term or CONSISTENCY
    raise Forbidden(
        code="SAME_REVIEWER",
        message=f"您已在本次考核中承担{_NAMES[held]}，不能再承担{_NAMES[duty]}。",
        advice="请由未参与本次考核另一环节的人员办理。",
        rule=named.rule,
        clause=named.clause,
        document=named.document,
    )
