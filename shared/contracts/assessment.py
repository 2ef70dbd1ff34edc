"""Events of assessment (考核): who examined, who passed, which certificates stand."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from shared.contracts.contract import EventType, published_by
from shared.contracts.entry import EntryChanged

CertificateKind = Literal[
    "qualification",
    "level",
    "special_ability",
    "special_operation",
    "completion",
    "graduation",
    "in_house",
    "other",
]


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentScheduled:
    """An exam for the class is accepted: body, kind, day and how it was applied for; moved, its revision is higher."""

    EVENT: ClassVar[EventType]

    class_id: str
    assessment_id: str
    body_id: str
    body_name: str
    certificate_kind: CertificateKind
    applied_on: date
    exam_on: date
    channel: Literal["system", "paper"]
    revision: int = 1


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentWithdrawn:
    """A scheduled exam will not be held; nothing came of it.

    `reason` is empty: what the person wrote stays with assessment.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    assessment_id: str
    on: date
    reason: str


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssued:
    """A person earned a certificate; `attempt` counts the exams taken for this class, the first being 1.

    `attempted_kinds` are the other certificate kinds for which the person was examined before (JY-ASM-05),
    `excepted_kinds` those for which a recorded transitional exception held on the exam day (JY-ASM-06).
    `agreement_on` is the day on which person and body agreed that the exam is free, None without agreement (HB-CLM-12).
    """

    EVENT: ClassVar[EventType]

    class_id: str
    certificate_id: str
    assessment_id: str
    person_id: str
    kind: CertificateKind
    occupation: str
    level: str | None
    number: str
    issued_on: date
    attempt: int
    body_id: str
    attempted_kinds: tuple[CertificateKind, ...] = ()
    excepted_kinds: tuple[CertificateKind, ...] = ()
    agreement_on: date | None = None


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVoided:
    """A certificate never counted or no longer counts.

    `reason` is empty: what the person wrote stays with assessment.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    certificate_id: str
    person_id: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """Examined and certified heads of one certificate kind."""

    kind: CertificateKind
    examined: int
    certified: int


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentCompleted:
    """All exams of the class are final; republished with a higher revision when a certificate is voided or added."""

    EVENT: ClassVar[EventType]

    class_id: str
    revision: int
    completed_on: date
    examined: int
    certified: int
    kinds: tuple[KindCount, ...]
    patrol: str


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionMeasured:
    """The survey of the class ended: satisfied answers among the valid ones (JY-QUA-01).

    `invited` counts those who were asked; a later answer that still counts raises the revision.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    satisfied: int
    valid_responses: int
    invited: int | None = None
    revision: int = 1


@published_by("assessment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResultEntryChanged(EntryChanged):
    """Whether the class's results are entered in the provincial system came to be otherwise (JY-INT-01).

    `entered` only when each of the `lines` has its receipt; `refused` counts those that the province turned down. No
    event means that nothing was entered yet.
    """
