"""What the use-cases need from storage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.assessment.domain.assessment import Assessment, Correction, Score
from services.assessment.domain.body import AssessmentBody, PassMark
from services.assessment.domain.body_record import BodyRecord, BodyReview, Listing
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.duty import Duty
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.ruling import ExamWindow, TransitionalException
from services.assessment.domain.survey import Survey, SurveyDecision
from shared.contracts.assessment import CertificateKind
from shared.contracts.contract import Contract
from shared.domain.actor import Actor
from shared.policy.decision import TraceValue
from shared.policy.rulebook import Shelf


class Bodies(Protocol):
    """Assessment bodies and the pass marks of exams."""

    async def get(self, body_id: str) -> AssessmentBody | None:
        """Give the body, or None."""
        ...

    async def registered(self, credit_code: str) -> AssessmentBody | None:
        """Give, locked, the body registered under the code, or None."""
        ...

    async def add(self, body: AssessmentBody) -> bool:
        """Add a body; give False when its credit code is registered already."""
        ...

    async def save(self, body: AssessmentBody) -> AssessmentBody:
        """Store a locked body under its next version and give it."""
        ...

    async def record(self, body_id: str) -> BodyRecord:
        """Give the body's listings and reviews."""
        ...

    async def add_listing(self, listing: Listing) -> None:
        """Add a listing."""
        ...

    async def add_review(self, review: BodyReview) -> None:
        """Add a review."""
        ...

    async def listed(self, regions: Sequence[str]) -> Sequence[tuple[AssessmentBody, BodyRecord]]:
        """Give the bodies on lists of these regions, by name, with what is recorded of them there."""
        ...

    async def add_pass_mark(self, mark: PassMark, *, set_by: str) -> bool:
        """Add a pass mark; give False when one stands for the same exam part, region and first day."""
        ...

    async def pass_marks(self, occupation: str, level: str | None, kind: CertificateKind) -> Sequence[PassMark]:
        """Give every region's pass marks of such exams."""
        ...


class Classes(Protocol):
    """Classes as enrollment and supervision told of them; whoever changes one has locked its row first."""

    async def add(self, examined: ExaminedClass) -> None:
        """Add a class that has just opened."""
        ...

    async def get(self, class_id: str, *, lock: bool = False) -> ExaminedClass | None:
        """Give the class, or None; with `lock` nobody else changes it or its exams until the transaction ends."""
        ...

    async def save(self, examined: ExaminedClass) -> ExaminedClass:
        """Store the class under its next version and give it; raise Conflict when somebody stored it meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose exams: an institution's classes, a body's exams, or classes of these regions; any of them suffices."""

    institution_id: str | None
    body_id: str | None
    regions: tuple[str, ...]


class Assessments(Protocol):
    """Exams with their candidates, scores, duties and signatures."""

    async def add(self, assessment: Assessment) -> None:
        """Add a scheduled exam."""
        ...

    async def class_of(self, assessment_id: str) -> str | None:
        """Give the class of an exam, or None."""
        ...

    async def of_class(self, class_id: str) -> tuple[Assessment, ...]:
        """Give the exams of a class in the order of their applications."""
        ...

    async def open_exams(
        self, scope: Scope, *, after: tuple[date, str] | None, limit: int
    ) -> Sequence[tuple[str, str, date]]:
        """Give id, class and day of exams that are not over, by day and id, after the given place."""
        ...

    async def to_reassign(self, body_id: str, regions: Sequence[str]) -> Sequence[str]:
        """Give the body's exams in these regions that are neither final nor withdrawn, by day."""
        ...

    async def examined_before(self, persons: Collection[str]) -> frozenset[str]:
        """Give who of these people sat a final exam of whatever class."""
        ...

    async def duties(self, assessment_id: str) -> Mapping[str, Duty]:
        """Give who has which duty, by subject."""
        ...

    async def assign_duty(self, assessment_id: str, subject: str, duty: Duty) -> None:
        """Give a person a duty in the exam for ever."""
        ...

    async def add_scores(self, assessment_id: str, scores: Collection[Score], *, duty: Duty = "examination") -> None:
        """Add versions of scores, entered in this duty."""
        ...

    async def add_outcomes(self, assessment: Assessment, *, at: datetime) -> None:
        """Add what an exam that has just been stored as final came to, for everybody in it."""
        ...

    async def add_correction(self, assessment: Assessment, correction: Correction) -> None:
        """Add the correction that was just made to the exam."""
        ...

    async def score_history(self, assessment_id: str) -> Sequence[Score]:
        """Give every version of every score of an exam, by person, part and version."""
        ...

    async def save(self, assessment: Assessment) -> Assessment:
        """Store what became of the exam under its next version; raise Conflict when somebody stored it meanwhile."""
        ...


class Certificates(Protocol):
    """Certificates of all classes."""

    async def get(self, certificate_id: str) -> Certificate | None:
        """Give the certificate, or None."""
        ...

    async def of_class(self, class_id: str) -> tuple[Certificate, ...]:
        """Give the certificates of a class, voided ones included."""
        ...

    async def bearing(self, kind: CertificateKind, keys: Collection[str]) -> tuple[Certificate, ...]:
        """Give the standing certificates of a kind, of whatever class and issuer, whose numbers have these keys."""
        ...

    def hashed(self, number: str) -> str:
        """Give the keyed hash by which a number made of an identity number is recognised."""
        ...

    async def add(self, certificates: Collection[Certificate]) -> frozenset[str]:
        """Add certificates and give the ids of those whose number and person had no standing one."""
        ...

    async def save_voided(self, certificate: Certificate) -> None:
        """Store that a certificate was voided."""
        ...


class Surveys(Protocol):
    """Satisfaction surveys; whoever changes one has locked its class first."""

    async def add(self, survey: Survey) -> None:
        """Add a survey that has just opened."""
        ...

    async def get(self, class_id: str) -> Survey | None:
        """Give the class's survey, or None."""
        ...

    async def save(self, survey: Survey) -> Survey:
        """Store the survey under its next version and give it."""
        ...

    async def invite(self, survey: Survey, persons: Iterable[str]) -> None:
        """Invite people to the survey's present round."""
        ...

    async def codes(self, survey: Survey) -> Sequence[tuple[str, str]]:
        """Give the code of everybody invited to the present round, with the person's id."""
        ...

    async def class_invited_by(self, code: str) -> str | None:
        """Give the class whose survey the code invites to, in whatever round, or None."""
        ...

    async def use(self, survey: Survey, code: str) -> bool | None:
        """Use up an invitation: True when it was good, False when it was used, None when it is of another round."""
        ...

    async def add_decision(self, survey: Survey, decision: SurveyDecision) -> None:
        """Record what a person decided about the survey."""
        ...

    async def decisions(self, class_id: str) -> Sequence[SurveyDecision]:
        """Give what was decided about the class's survey, oldest first."""
        ...


class Rulings(Protocol):
    """What the bureau decided for a region."""

    async def add_window(self, window: ExamWindow, *, set_by: str) -> bool:
        """Add an exam window; give False when one of the region opens on that day already."""
        ...

    async def windows(self, regions: Sequence[str]) -> Sequence[ExamWindow]:
        """Give the exam windows of these regions."""
        ...

    async def add_exception(self, exception: TransitionalException) -> None:
        """Add a transitional exception."""
        ...

    async def exception(self, exception_id: str) -> TransitionalException | None:
        """Give, locked, a transitional exception, or None."""
        ...

    async def exceptions(
        self, regions: Sequence[str], *, occupation: str | None = None
    ) -> Sequence[TransitionalException]:
        """Give the exceptions of these regions, revoked ones included, for all occupations or one."""
        ...

    async def save_revoked(self, exception: TransitionalException) -> None:
        """Store that an exception was revoked."""
        ...


class AssessmentUnit(Protocol):
    """The open transaction in which a use-case of assessment works."""

    @property
    def now(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def shelf(self) -> Shelf: ...
    @property
    def bodies(self) -> Bodies: ...
    @property
    def classes(self) -> Classes: ...
    @property
    def assessments(self) -> Assessments: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def surveys(self) -> Surveys: ...
    @property
    def rulings(self) -> Rulings: ...
    @property
    def today(self) -> date:
        """Give the legal day of the act."""
        ...

    async def publish(self, fact: Contract) -> int:
        """Put the event into the outbox and give the aggregate's version."""
        ...

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let the use-case `kind` be fired for `key` at the legal instant `due`; again moves it."""
        ...

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer, if it still stands."""
        ...

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what to what; codes and counts only."""
        ...
