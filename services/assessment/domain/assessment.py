"""An exam (考核) of a class: who sits it, what they scored, who watched over it, and how it ended.

scheduled ---> final                 finalised once everything that results need is there; scores never move again
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from services.assessment.domain.application import Channel, ExamApplication
from services.assessment.domain.body import AssessmentBody, Part
from services.assessment.domain.examined_class import ExaminedClass
from shared.clock import legal_day
from shared.contracts.assessment import AssessmentScheduled, CertificateKind
from shared.domain.errors import Conflict, Refused

Outcome = Literal["passed", "failed", "absent"]
State = Literal["scheduled", "final"]


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
class Assessment:
    """One exam; `number` counts the exams of its class in the order of their applications.

    `scores` holds the latest version by person and part; `outcomes` is empty until the exam is final.
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
    signature: Signature | None = None
    outcomes: Mapping[str, Outcome]
    finalised_on: date | None = None
    finalised_by: str | None = None
    version: int = 1

    @property
    def state(self) -> State:
        """Give where the exam stands."""
        return "scheduled" if self.finalised_on is None else "final"

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
        """Raise Refused RESULTS_FINAL when the exam is final."""
        if self.is_final:
            raise Refused(
                code="RESULTS_FINAL",
                message="考核结果已定稿，不能再修改。",
                advice="已定稿的考核只能颁发证书；结果确有错误的，请向人社部门申请作废相应证书。",
            )

    def require_final(self) -> None:
        """Raise Refused RESULTS_NOT_FINAL before the exam is final."""
        if not self.is_final:
            raise Refused(
                code="RESULTS_NOT_FINAL",
                message="考核结果尚未定稿，不能颁发证书。",
                advice="请先录齐成绩、由巡查人员签字并定稿。",
            )


def schedule(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    others: Sequence[Assessment],
    *,
    assessment_id: str,
    applied_by: str,
) -> tuple[Assessment, AssessmentScheduled]:
    """Schedule an exam whose application stands; `others` are all exams of the class.

    Raise Conflict EXAM_SCHEDULED when somebody in it already awaits an exam of the same kind.
    """
    rivals = [other for other in others if other.kind == application.kind and not other.is_final]
    waiting = {person for other in rivals for person in other.persons}
    if double := waiting.intersection(application.persons):
        raise Conflict(
            code="EXAM_SCHEDULED",
            message=f"有 {len(double)} 人已列入同一证书种类、尚未定稿的考核。",
            advice="请勿重复申请；须待该次考核定稿后才能再次申请。",
            field="persons",
            value=named(double),
        )
    assessment = Assessment(
        assessment_id=assessment_id,
        class_id=examined.class_id,
        number=len(others) + 1,
        body_id=body.body_id,
        kind=application.kind,
        mode=application.mode,
        exam_on=application.exam_on,
        applied_on=application.applied_on,
        applied_by=applied_by,
        channel=application.channel,
        paper_received_on=application.paper_received_on,
        persons=application.persons,
        scores={},
        outcomes={},
    )
    return assessment, AssessmentScheduled(
        class_id=examined.class_id,
        assessment_id=assessment_id,
        body_id=body.body_id,
        body_name=body.name,
        certificate_kind=application.kind,
        applied_on=application.applied_on,
        exam_on=application.exam_on,
        channel=application.channel,
    )


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
