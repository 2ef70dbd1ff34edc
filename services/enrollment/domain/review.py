"""Approval of a class in ordered steps (JY-ENR-25), every step by a person with no other part in it (JY-REP-07)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.contracts.enrollment import ReviewRecord
from shared.domain.errors import Conflict, Forbidden
from shared.domain.jurisdiction import is_within
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import FourEyes, Step, Steps, quote

Decision = Literal["approve", "return", "refuse"]
APPLICANT = "applicant"
"""The duty of whoever had any part in the application: plan, roster, submission, changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One recorded step; `round` counts the submissions of the class from 1, `change` is 0 or a change's number."""

    round: int
    step: str
    actor: str
    decision: Decision
    opinion: str
    decided_at: datetime
    change: int = 0

    def record(self) -> ReviewRecord:
        """Give what events say of the step."""
        return ReviewRecord(step=self.step, actor=self.actor, decided_at=self.decided_at)


def require_step(code: str, *, taken: int, steps: Steps) -> Step:
    """Give the step that is due after `taken` approvals, or raise Conflict ORDER when another one is asked for."""
    due = steps.after(taken)
    if due is not None and due.code == code:
        return due
    order = "、".join(step.name for step in steps.steps)
    raise Conflict(
        code="ORDER",
        message=f"审批须按“{order}”的顺序办理，当前应办“{due.name if due else '无'}”。",
        advice="请先由相应人员完成当前步骤，再办理本步骤。",
        field="step",
        value=code,
        rule=steps.rule,
        clause=steps.clause,
        document=steps.document,
    )


def require_other_person(actor: str, duty: str, *, duties: Mapping[str, str], terms: FourEyes | None) -> None:
    """Raise Forbidden SAME_REVIEWER when the person has another duty in the case; `duties` is duty by person."""
    if duties.get(actor, duty) == duty:
        return
    raise Forbidden(
        code="SAME_REVIEWER",
        message="您已在本班申请中承担其他环节，申请、初审、复核和审核意见须由不同的人办理。",
        advice="请由另一名具备权限的人员办理本步骤。",
        field="step",
        value=duty,
        **quote(terms),
    )


def require_office(region: str, step: str, *, training_type: str, book: Rulebook) -> None:
    """Raise Forbidden HIGHER_OFFICE_ONLY where the step is for the office of the rulebook's own region (HL-ENR-03)."""
    terms = book.enrollment.higher_approval
    if terms is None or step != terms.step or training_type not in terms.training_types:
        return
    if is_within(book.region, region):
        return
    raise Forbidden(
        code="HIGHER_OFFICE_ONLY",
        message="该类培训须由本政策文件所属地区（上级）的人社部门审核。",
        advice="请报上级人社部门办理本步骤。",
        field="step",
        value=step,
        rule=terms.rule,
        clause=terms.clause,
        document=terms.document,
    )
