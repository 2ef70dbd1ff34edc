"""What is answered about classes, exams and certificates."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from services.assessment.api.schemas import FindingView, finding_views
from services.assessment.application.queries import ClassReading, ExamReading
from services.assessment.domain.application import Channel
from services.assessment.domain.assessment import Assessment, Outcome, Score, Signature, State
from services.assessment.domain.body import Part
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.survey import Survey, SurveyState
from shared.contracts.assessment import CertificateKind
from shared.policy.decision import Finding


class ExamSummary(BaseModel):
    """An exam in numbers; outcomes are counted once it is final."""

    assessment_id: str
    number: int = Field(description="本班第几次考核申请")
    body_id: str
    certificate_kind: CertificateKind
    exam_on: date
    applied_on: date
    channel: Channel
    state: State
    patrol_signed: bool
    persons: int
    passed: int
    failed: int
    absent: int
    version: int

    @classmethod
    def of(cls, exam: Assessment) -> Self:
        """Render an exam in numbers."""
        return cls(**_numbers(exam), persons=len(exam.persons))


class ScheduledAnswer(ExamSummary):
    """A scheduled exam with what the rules ask or warn of."""

    findings: list[FindingView]

    @classmethod
    def scheduled(cls, exam: Assessment, findings: Iterable[Finding]) -> Self:
        """Render a scheduled exam."""
        return cls(**_numbers(exam), persons=len(exam.persons), findings=finding_views(findings))


class SurveyStatus(BaseModel):
    """How far the class's satisfaction survey is; it begins when the class closes."""

    state: SurveyState
    invited: int
    responses: int
    closes_on: date

    @classmethod
    def of(cls, survey: Survey | None) -> Self | None:
        """Render a survey's state; None while there is none."""
        if survey is None:
            return None
        return cls(state=survey.state, invited=survey.invited, responses=survey.responses, closes_on=survey.closes_on)


class ClassView(BaseModel):
    """A class as assessment knows it."""

    class_id: str
    institution_id: str
    region: str
    rulebook_id: str
    state: Literal["open", "cancelled", "withdrawn"]
    occupation: str
    level: str | None
    closing_date: date
    exam_due_on: date | None = Field(description="考核最迟应完成之日；政策未规定的为 null")
    training_completed: bool
    opinion_passed: bool | None = Field(description="人社部门检查意见；尚无意见为 null")
    assessments: list[ExamSummary]
    certificates: int = Field(description="有效证书数")
    completion_revision: int = Field(description="已发布的考核完成事件的版本；0 为尚未完成")
    survey: SurveyStatus | None = Field(description="满意度调查；班级结业前为 null")
    version: int

    @classmethod
    def of(cls, reading: ClassReading) -> Self:
        """Render a class."""
        examined = reading.case.examined
        return cls(
            class_id=examined.class_id,
            institution_id=examined.institution_id,
            region=examined.region,
            rulebook_id=examined.rulebook_id,
            state=examined.ending or "open",
            occupation=examined.occupation,
            level=examined.level,
            closing_date=examined.closing_date,
            exam_due_on=reading.exam_due_on,
            training_completed=examined.training_completed,
            opinion_passed=examined.opinion_passed,
            assessments=[ExamSummary.of(exam) for exam in reading.case.exams],
            certificates=reading.certificates,
            completion_revision=examined.completion_revision,
            survey=SurveyStatus.of(reading.survey),
            version=examined.version,
        )


class SignatureView(BaseModel):
    """The patrol's signature; `signed_by` is a token subject."""

    signed_by: str
    signed_at: datetime
    remark: str

    @classmethod
    def of(cls, signature: Signature) -> Self:
        """Render a signature."""
        return cls(signed_by=signature.signed_by, signed_at=signature.signed_at, remark=signature.remark)


class CertificateView(BaseModel):
    """A certificate; without `voided_on` it stands."""

    certificate_id: str
    assessment_id: str
    person_id: str
    number: str
    issued_on: date
    agreement_on: date | None
    attempt: int
    voided_on: date | None

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """Render a certificate."""
        return cls(
            certificate_id=certificate.certificate_id,
            assessment_id=certificate.assessment_id,
            person_id=certificate.person_id,
            number=certificate.number,
            issued_on=certificate.issued_on,
            agreement_on=certificate.agreement_on,
            attempt=certificate.attempt,
            voided_on=None if certificate.voiding is None else certificate.voiding.on,
        )


class CandidateView(BaseModel):
    """One person in an exam: latest points, outcome once final, certificates."""

    person_id: str
    masked_name: str
    scores: dict[Part, int]
    outcome: Outcome | None
    certificates: list[CertificateView]


class AdmissionView(BaseModel):
    """What a person decided about the application; `decided_by` is a token subject."""

    decision: Literal["admit", "refuse"]
    reason: str
    decided_by: str
    decided_at: datetime


class MoveView(BaseModel):
    """Where the exam stood before it was moved, and where it went."""

    from_exam_on: date
    from_body_id: str
    exam_on: date
    body_id: str
    reason: str
    moved_by: str
    moved_at: datetime


class WithdrawalView(BaseModel):
    """Why the exam is not held."""

    on: date
    by: str
    reason: str


class CorrectionView(BaseModel):
    """A result corrected after the exam was final; `decided_by` is a token subject."""

    person_id: str
    outcome: Outcome
    reason: str
    decided_by: str
    decided_at: datetime


class ScoreVersion(BaseModel):
    """Points as entered the `version`-th time, and by whom; without points what stood was struck out."""

    person_id: str
    part: Part
    version: int
    points: int | None
    entered_by: str
    entered_at: datetime


class ScoreHistory(BaseModel):
    """Every version of every score of an exam (JY-ASM-04), by person, part and version."""

    assessment_id: str
    scores: list[ScoreVersion]

    @classmethod
    def of(cls, assessment_id: str, scores: Iterable[Score]) -> Self:
        """Render the versions."""
        return cls(assessment_id=assessment_id, scores=[ScoreVersion(**asdict(score)) for score in scores])


class AssessmentView(BaseModel):
    """An exam with its people."""

    assessment_id: str
    class_id: str
    number: int
    body_id: str
    certificate_kind: CertificateKind
    mode: Literal["offline", "online"]
    exam_on: date
    applied_on: date
    applied_by: str = Field(description="提出或登记申请的人（令牌主体）")
    channel: Channel
    paper_received_on: date | None
    fee_fen: int = Field(description="每名考生须缴的鉴定费用（分）")
    examiners: list[str]
    state: State
    patrol_signed: bool
    patrol: SignatureView | None
    finalised_on: date | None
    admission: AdmissionView | None = Field(description="人社部门对须人工决定的申请所作决定")
    moves: list[MoveView]
    withdrawal: WithdrawalView | None
    passed: int
    failed: int
    absent: int
    corrections: list[CorrectionView]
    findings: list[FindingView] = Field(description="需要人工留意的事项，如分数线录入晚于成绩")
    persons: list[CandidateView]
    version: int

    @classmethod
    def of(cls, reading: ExamReading) -> Self:
        """Render an exam."""
        exam = reading.case.exam
        return cls(
            **_numbers(exam),
            class_id=exam.class_id,
            mode=exam.mode,
            applied_by=exam.applied_by,
            paper_received_on=exam.paper_received_on,
            fee_fen=exam.fee_fen,
            examiners=list(exam.examiners),
            patrol=None if exam.signature is None else SignatureView.of(exam.signature),
            finalised_on=exam.finalised_on,
            admission=None if exam.admission is None else AdmissionView(**asdict(exam.admission)),
            moves=[MoveView(**asdict(one)) for one in exam.moves],
            withdrawal=None if exam.withdrawal is None else WithdrawalView(**asdict(exam.withdrawal)),
            corrections=[CorrectionView(**asdict(one)) for one in exam.corrections],
            findings=finding_views(reading.findings),
            persons=[_candidate(person_id, reading) for person_id in exam.persons],
        )


def _numbers(exam: Assessment) -> dict[str, Any]:
    return {
        "assessment_id": exam.assessment_id,
        "number": exam.number,
        "body_id": exam.body_id,
        "certificate_kind": exam.kind,
        "exam_on": exam.exam_on,
        "applied_on": exam.applied_on,
        "channel": exam.channel,
        "state": exam.state,
        "patrol_signed": exam.signature is not None,
        "passed": len(exam.persons_with("passed")),
        "failed": len(exam.persons_with("failed")),
        "absent": len(exam.persons_with("absent")),
        "version": exam.version,
    }


def _candidate(person_id: str, reading: ExamReading) -> CandidateView:
    exam = reading.case.exam
    return CandidateView(
        person_id=person_id,
        masked_name=reading.case.examined.trainees[person_id].masked_name,
        scores={
            part: score.points
            for (person, part), score in exam.scores.items()
            if person == person_id and score.points is not None
        },
        outcome=exam.outcomes.get(person_id),
        certificates=[CertificateView.of(one) for one in reading.certificates if one.person_id == person_id],
    )
