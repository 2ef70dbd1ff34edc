"""Terms of assessment (考核): how and by whom people are examined, and which certificates count."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.policy.terms.term import Item, Term

ExamMode = Literal["offline", "online"]
ExamReference = Literal["course_end", "exam"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamModes(Term):
    """The permitted ways to hold the exam of a subsidised class (JY-ASM-01)."""

    modes: tuple[ExamMode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamApplicationLead(Term):
    """Calendar days between exam application and every one of the reference days (JY-ASM-02).

    An application through a channel of `registered_channels` holds once the bureau registered it, and counts from the
    day the bureau received it.
    `resit_references` are those of a resit, for people who did not pass a final exam of the class; None: the same.
    """

    calendar_days_min: int
    references: tuple[ExamReference, ...]
    channels: tuple[Literal["system", "paper"], ...]
    registered_channels: tuple[Literal["system", "paper"], ...]
    resit_references: tuple[ExamReference, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamDay(Term):
    """The exam concludes the course: it is not held before the stage named here is over (JY-ENR-01)."""

    not_before: Literal["course_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamLimit(Term):
    """Calendar days after the end of training within which a class is examined, the last of them included (HB-ASM-02).

    The document names no consequence: a later exam is marked and takes nothing from anybody.
    """

    calendar_days_max: int

    def due(self, training_end: date) -> date:
        """Give the last day in time; the day on which training ends is not counted."""
        return training_end + timedelta(days=self.calendar_days_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSeason(Term):
    """The days of the year, both included, on which exams are held; on another a person decides (HB-ASM-05)."""

    opens: date
    closes: date

    def holds_on(self, day: date) -> bool:
        """Say whether the day lies in the season."""
        return self.opens <= day <= self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineWindow(Term):
    """Days on which the exam of an online class may be applied for (JY-ASM-03).

    A document that leaves them open has none here: the bureau sets windows as data, and without one a person decides.
    `replaces` are the reference days of the ordinary lead from which an online class is exempt.
    """

    opens: date | None = None
    closes: date | None = None
    replaces: tuple[ExamReference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Term):
    """Results are entered truthfully, versioned with their author, and bound the claim (JY-ASM-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePriority(Term):
    """Where a higher kind can be had, going straight to the fallback's exam is not recognised (JY-ASM-05).

    `fallback_after_attempt`: what a fallback certificate earned after a failed higher attempt is worth.
    """

    higher_kinds: tuple[CertificateKind, ...]
    fallback: CertificateKind
    fallback_after_attempt: Literal["recognised_by_decision", "recognised", "not_recognised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionalExceptions(Term):
    """Kinds for which a recorded decision may admit the fallback for an occupation and a time (JY-ASM-06)."""

    kinds: tuple[CertificateKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOrganiser(Term):
    """Who sets and runs the exam of this kind; the trainer cannot write its results (JY-ASM-07)."""

    certificate_kind: CertificateKind
    organiser: Literal["bureau"]
    parts: tuple[Literal["theory", "practice"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfCertificate:
    """One certificate kind, its Chinese name, the parts of its exam, and who gives its numbers.

    Numbers given by the nation stand once in it, those given by a body once among that body's. A certificate of a kind
    `by_decision` counts once a person has decided so for its holder: an open list (等) does not name it, or a document
    passes over it in silence.
    """

    code: CertificateKind
    name: str
    parts: tuple[Literal["theory", "practice"], ...] = ()
    numbered_by: Literal["nation", "body"] = "nation"
    by_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateKinds(Term):
    """The certificate kinds that open the training subsidy (JY-ASM-08, HL-ASM-01); any other kind never does."""

    kinds: tuple[KindOfCertificate, ...]

    def kind(self, code: CertificateKind) -> KindOfCertificate | None:
        """Give what is said of a kind, or None when it is not on the list."""
        return next((known for known in self.kinds if known.code == code), None)

    def asks(self, code: CertificateKind) -> bool:
        """Say whether only a recorded decision lets a certificate of the kind count."""
        known = self.kind(code)
        return known is not None and known.by_decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Patrol(Term):
    """Results become final only with the patrol's signature (JY-ASM-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation(Term):
    """Kinds whose exam body must be another legal entity than the trainer (JY-ASM-07, HL-ASM-02).

    A body on the list `excepted_list` may examine its own class in the occupations and levels of which it stands there.
    With `examiners_teach` false nobody examines whom they taught.
    """

    kinds: tuple[CertificateKind, ...]
    excepted_list: str | None = None
    examiners_teach: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyList:
    """One list of bodies; what stands on it must stand on the list `within` too.

    Published after the day `publish_by` it is overdue. What is refused off the list is refused as `refusal`.
    """

    code: str
    name: str
    refusal: str
    within: str | None = None
    publish_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLists(Term):
    """Where a body must stand on the exam day for the class's occupation and level (HB-ASM-01, HL-ASM-04).

    It is enough to stand on one of `chosen_from`; the institution chooses freely among those.
    """

    lists: tuple[BodyList, ...]
    chosen_from: tuple[str, ...]

    def find(self, code: str) -> BodyList | None:
        """Give the list of this code, or None."""
        return next((known for known in self.lists if known.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyKinds(Term):
    """What kinds of bodies there are; certificates of all are worth the same (HL-ASM-07)."""

    kinds: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotScope(Term):
    """Who stands on this list examines the public, but nowhere outside the scope of the pilot (HL-ASM-06)."""

    on_list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySupervision(Term):
    """Reviews of a body's exams: one that is suspended is given no new exam, and its open ones are marked (HB-ASM-03).

    With `yearly` a body that was not reviewed in a year is listed for the next one with a warning (HL-ASM-03).
    """

    yearly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstExamFree(Term):
    """Whoever is trained free of charge pays nothing for the first exam they sit (QJ-ASM-02)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswer:
    """One step of the survey's scale: its code, the Chinese words, and whether who chooses it is satisfied."""

    code: str
    name: str
    satisfied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionSurvey(Term):
    """Every trainee is asked when training ends; a claim without survey is flagged (JY-QUA-01).

    They may answer on the day the class closes and `window_calendar_days` days after it. The institution sees how many
    answered, and how only when that many did: `tally_shown_from`, so that no answer betrays its giver. A rulebook
    without a scale asks nobody.
    """

    question: str = ""
    answers: tuple[SurveyAnswer, ...] = ()
    window_calendar_days: int = 0
    tally_shown_from: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction(Term):
    """Below this share of satisfied valid answers openings stop, once a person confirmed it (JY-QUA-02)."""

    minimum_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentTerms:
    """The chapter of assessment."""

    exam_mode: ExamModes | None = None
    application_lead: ExamApplicationLead | None = None
    exam_day: ExamDay | None = None
    exam_limit: ExamLimit | None = None
    exam_season: ExamSeason | None = None
    online_window: OnlineWindow | None = None
    results: Results | None = None
    certificate_priority: CertificatePriority | None = None
    transitional_exceptions: TransitionalExceptions | None = None
    completion_organiser: CompletionOrganiser | None = None
    certificate_kinds: CertificateKinds | None = None
    patrol: Patrol | None = None
    separation: Separation | None = None
    body_lists: BodyLists | None = None
    body_kinds: BodyKinds | None = None
    pilot_scope: PilotScope | None = None
    body_supervision: BodySupervision | None = None
    first_exam_free: FirstExamFree | None = None
    satisfaction_survey: SatisfactionSurvey | None = None
    satisfaction: Satisfaction | None = None
