"""An exam (考核) of a class: who sits it, what they scored, who watched over it, and how it ended.

awaiting ---> scheduled ---> final    finalised once everything that results need is there; scores never move again
   |              |---> withdrawn      before anything was entered: it will not be held
   |---> refused                       a person decided against it, where no rule could (JY-ASM-03)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from services.assessment.domain.application import Channel
from services.assessment.domain.body import Part
from shared.clock import legal_day
from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Conflict, Refused

Outcome = Literal["passed", "failed", "absent"]
State = Literal["awaiting", "scheduled", "final", "withdrawn", "refused"]


NAMED_MAX: Final = 20
"""How many person ids one error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Points of one person in one part, as entered the `version`-th time, and by whom (JY-ASM-04).

    None strikes out what was entered by mistake: the person did not sit this part.
    """

    person_id: str
    part: Part
    points: int | None
    version: int
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The patrol's signature (考核巡查人员签字, JY-ASM-09)."""

    signed_by: str
    signed_at: datetime
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a person decided about an application that no rule could decide (JY-ASM-03)."""

    decision: Literal["admit", "refuse"]
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An exam was put on another day or given to another body, by whom and why."""

    from_exam_on: date
    from_body_id: str
    exam_on: date
    body_id: str
    reason: str
    moved_by: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An exam will not be held, since when, who said so and why."""

    on: date
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The bureau corrected a person's points after the exam was final, and what they came to with them (JY-ASM-04)."""

    person_id: str
    outcome: Outcome
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One exam; `number` counts the exams of its class in the order of their applications.

    `scores` holds the latest version by person and part, `scored_since` is when the first of any version was entered.
    `outcomes` is empty until the exam is final and counts the `corrections` made since. `revision` is that of the last
    AssessmentScheduled published, 0 while the exam awaits a person's decision. `fee_fen` is what everybody in it pays
    for it, `examiners` are who examines, a filed teacher by the teacher's id.
    """

    assessment_id: str
    class_id: str
    number: int
    body_id: str
    kind: CertificateKind
    mode: Literal["offline", "online"]
    exam_on: date
    applied_on: date
    applied_by: str
    channel: Channel
    paper_received_on: date | None
    persons: tuple[str, ...]
    scores: Mapping[tuple[str, Part], Score]
    fee_fen: int = 0
    examiners: tuple[str, ...] = ()
    signature: Signature | None = None
    scored_since: datetime | None = None
    outcomes: Mapping[str, Outcome]
    corrections: tuple[Correction, ...] = ()
    finalised_on: date | None = None
    finalised_by: str | None = None
    needs_admission: bool = False
    admission: Admission | None = None
    moves: tuple[Move, ...] = ()
    withdrawal: Withdrawal | None = None
    revision: int = 1
    version: int = 1

    @property
    def state(self) -> State:
        """Give where the exam stands."""
        if self.withdrawal is not None:
            return "withdrawn"
        if self.finalised_on is not None:
            return "final"
        if self.needs_admission and self.admission is None:
            return "awaiting"
        return "refused" if self.admission is not None and self.admission.decision == "refuse" else "scheduled"

    @property
    def is_pending(self) -> bool:
        """Say whether results may still come of it."""
        return self.state in ("awaiting", "scheduled")

    @property
    def counts(self) -> bool:
        """Say whether results came or may come of it: it was neither withdrawn nor refused."""
        return self.is_pending or self.is_final

    @property
    def is_final(self) -> bool:
        """Say whether results stand for good."""
        return self.state == "final"

    def persons_with(self, *outcomes: Outcome) -> tuple[str, ...]:
        """Give who ended with one of these outcomes, by id."""
        return tuple(sorted(person for person, outcome in self.outcomes.items() if outcome in outcomes))

    @property
    def examined(self) -> tuple[str, ...]:
        """Give who sat the exam, by id; nobody before it is final."""
        return self.persons_with("passed", "failed")

    def outcome_number(self, person_id: str) -> int:
        """Give how many outcomes the person has had, corrections included; the last one counts."""
        return 1 + sum(one.person_id == person_id for one in self.corrections)

    @property
    def has_begun(self) -> bool:
        """Say whether anything was entered of it that stands."""
        return self.signature is not None or any(score.points is not None for score in self.scores.values())

    def precedes(self, other: "Assessment") -> bool:
        """Say whether this exam was held before the other; on one day the one applied for first goes first."""
        return (self.exam_on, self.number) < (other.exam_on, other.number)

    def require_held(self, today: date) -> None:
        """Raise Refused EXAM_NOT_HELD before the day of the exam."""
        if today < self.exam_on:
            raise Refused(
                code="EXAM_NOT_HELD",
                message=f"考核定于 {self.exam_on.isoformat()} 举行，今日为 {today.isoformat()}。",
                advice="请在考核当日或之后办理。",
                field="exam_on",
                value=self.exam_on.isoformat(),
            )

    def require_open(self) -> None:
        """Raise Refused unless the exam is scheduled: RESULTS_FINAL, EXAM_AWAITED, EXAM_WITHDRAWN or EXAM_REFUSED."""
        if self.state in _NOT_SCHEDULED:
            code, message, advice = _NOT_SCHEDULED[self.state]
            raise Refused(code=code, message=message, advice=advice)
        if self.is_final:
            raise Refused(
                code="RESULTS_FINAL",
                message="考核结果已定稿，不能再修改。",
                advice="结果确有错误的，请向人社部门申请更正；已颁发的证书须先作废。",
            )

    def require_movable(self) -> None:
        """Raise Refused unless the exam is still to come: RESULTS_FINAL, EXAM_WITHDRAWN, EXAM_REFUSED or EXAM_BEGUN."""
        if self.state != "awaiting":
            self.require_open()
        if self.has_begun:
            raise Refused(
                code="EXAM_BEGUN",
                message="本次考核已有成绩或巡查签字，不能再改期、更换机构或撤回。",
                advice="误录的成绩请先以空值撤销；已经举行的考核请录齐成绩后定稿。",
            )

    def require_final(self) -> None:
        """Raise Refused RESULTS_NOT_FINAL before the exam is final."""
        if not self.is_final:
            raise Refused(
                code="RESULTS_NOT_FINAL",
                message="考核结果尚未定稿，不能颁发证书。",
                advice="请先录齐成绩、由巡查人员签字并定稿。",
            )


_NOT_SCHEDULED: Final[dict[State, tuple[str, str, str]]] = {
    "awaiting": ("EXAM_AWAITED", "本次考核申请尚待人社部门决定。", "请待人社部门同意后再办理。"),
    "withdrawn": ("EXAM_WITHDRAWN", "本次考核已撤回，不再举行。", "需要考核的，请重新提出考核申请。"),
    "refused": ("EXAM_REFUSED", "人社部门不同意本次考核申请。", "请查看决定理由，按要求重新提出考核申请。"),
}


def not_passed(assessments: Iterable[Assessment]) -> frozenset[str]:
    """Give who sat or missed a final exam and did not pass it: whoever may apply for a resit."""
    return frozenset(person for one in assessments for person in one.persons_with("failed", "absent"))


def sign(assessment: Assessment, signature: Signature) -> Assessment:
    """Record the patrol's signature; raise Conflict PATROL_SIGNED when it stands, Refused before the exam or after."""
    assessment.require_open()
    assessment.require_held(legal_day(signature.signed_at))
    if assessment.signature is not None:
        raise Conflict(
            code="PATROL_SIGNED",
            message="本次考核已有巡查人员签字。",
            advice="一次考核由一名巡查人员签字，无需重复签字。",
        )
    return replace(assessment, signature=signature)


def named(persons: Iterable[str]) -> str:
    """Give the ids of the first twenty persons, for an error's value; ids are opaque and name nobody."""
    listed = sorted(persons)
    return "、".join(listed[:NAMED_MAX]) + ("……" if len(listed) > NAMED_MAX else "")
