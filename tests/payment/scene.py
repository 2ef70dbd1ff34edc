"""A class of any of the documents as its events would tell it: each test says only what its rule turns on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from services.payment.domain.caps import Use
from services.payment.domain.deciding import assess
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known, Payout, Spell, WorkMonth
from services.payment.domain.rates import Rate, RateTable, RateUnit, rate_table
from services.payment.domain.subsidy import Assessment, Line
from shared.contracts.assessment import AssessmentScheduled, CertificateIssued, CertificateKind
from shared.contracts.enrollment import ClassKind, ClassOpened, OccupationReference, OpenedTrainee
from shared.contracts.supervision import AttendanceChecked
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook
from tests.payment.sample import assessment_completed, attendance, class_opened, scheduled, shelf, training_completed

HULUDAO: Final = "211400"
HEBEI: Final = "130000"
QUANJIAO: Final = "341124"
LINSHU: Final = "371329"

IN_FORCE: Final = {
    HULUDAO: date(2020, 3, 2),
    HEBEI: date(2024, 5, 6),
    QUANJIAO: date(2020, 6, 1),
    LINSHU: date(2020, 9, 1),
}
"""A day on which the region's document is in force, by region: classes open on it unless a test says otherwise."""


def book_of(region: str) -> Rulebook:
    """Give the packaged rulebook of the region."""
    return shelf().in_force(region, IN_FORCE[region])


def rate(
    region: str, programme: str, yuan: int | str, *, unit: RateUnit = "each", number: int = 1, **keys: str
) -> Rate:
    """Give a row of the region's table, valid for years: test money, no document states it."""
    row = Rate(
        number=number,
        region=region,
        programme=programme,
        occupation=None,
        level=None,
        certificate_kind=None,
        valid_from=date(2015, 1, 1),
        amount_fen=int(yuan) * 100,
        source="test",
        unit=unit,
    )
    return replace(row, **keys)  # type: ignore[arg-type]


def table(region: str, *rows: Rate) -> RateTable:
    """Give the region's table holding these rows."""
    found = rate_table(book_of(region), region, rows, regions())
    assert found is not None
    return found


def months(person: str, count: int, *, standard_yuan: int | None = None, full: bool = True) -> list[WorkMonth]:
    """Give so many months of work from March 2020 on."""
    standard_fen = None if standard_yuan is None else standard_yuan * 100
    return [
        WorkMonth(
            person_id=person,
            month=date(2020 + (month + 2) // 12, (month + 2) % 12 + 1, 1),
            full=full,
            standard_fen=standard_fen,
        )
        for month in range(count)
    ]


def spell(person: str, start: date, end: date | None = None) -> Spell:
    """Give a job."""
    return Spell(person_id=person, employer="employer-1", start=start, end=end)


def certified(
    person: str,
    kind: CertificateKind = "level",
    *,
    level: str | None = "4",
    issued: date | None = None,
    occupation: str = "welder",
    agreement: date | None = None,
) -> CertificateIssued:
    """Give a certificate; only qualifications and skill levels have a level. Without `issued` the class says it."""
    return CertificateIssued(
        class_id="class-1",
        certificate_id=f"{kind}-{occupation}-{level}-{person}",
        assessment_id=f"class-1-exam-{kind}",
        person_id=person,
        kind=kind,
        occupation=occupation,
        level=level if kind in ("level", "qualification") else None,
        number=f"{kind}-{occupation}-{level}-{person}",
        issued_on=issued or date(1, 1, 1),
        attempt=1,
        body_id="body-1",
        agreement_on=agreement,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One class and what is known of it. `groups` are the people and their groups, in the order of the roster.

    `paid_out` is what they were handed of an allowance, in fen.
    """

    region: str
    programme: str
    groups: Mapping[str, str | tuple[str, ...]]
    kind: ClassKind = "class"
    level: str | None = "4"
    new_since: date | None = None
    new_until: date | None = None
    opening: date | None = None
    planned: int = 50
    institution: str = "private_school"
    attributes: Mapping[str, str] = field(default_factory=dict)
    of_person: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    certificates: Sequence[CertificateIssued] = ()
    exam_on: date | None = None
    days: int | Mapping[str, int] = 1
    months: Sequence[WorkMonth] = ()
    spells: Sequence[Spell] = ()
    paid_out: Mapping[str, int] | None = None

    @property
    def opens(self) -> date:
        """Give the opening date."""
        return self.opening or IN_FORCE[self.region]

    @property
    def opened(self) -> ClassOpened:
        """Give the class as it opened."""
        plain = class_opened(opening=self.opens, planned=self.planned)
        return replace(
            plain,
            kind=self.kind,
            programme=self.programme,
            region=self.region,
            rulebook_id=book_of(self.region).id,
            institution=replace(plain.institution, kind=self.institution),
            occupation=OccupationReference(
                code="welder", name="焊工", certifiable=(), new_since=self.new_since, new_until=self.new_until
            ),
            level=self.level,
            attributes=dict(self.attributes),
            trainees=tuple(self._trainee(person, groups) for person, groups in self.groups.items()),
        )

    def _trainee(self, person: str, groups: str | tuple[str, ...]) -> OpenedTrainee:
        return OpenedTrainee(
            person_id=person,
            groups=(groups,) if isinstance(groups, str) else groups,
            masked_name="张*",
            payee_check=f"check-{person}",
            payee_check_key="key-1",
            attributes=dict(self.of_person.get(person, {})),
        )

    @property
    def facts(self) -> ClassFacts:
        """Give everything known of the class; the twentieth day brings a certificate without a day."""
        later = self.opens + timedelta(days=20)
        issued = [replace(one, issued_on=later) if one.issued_on.year == 1 else one for one in self.certificates]
        heads = max(len(self.groups), 1)
        return ClassFacts(
            class_id="class-1",
            opened=Known(event_id="e-opened", fact=self.opened),
            training=Known(event_id="e-training", fact=training_completed(opening=heads, spot=())),
            examination=Known(event_id="e-examination", fact=assessment_completed(issued)),
            attendance=tuple(self._attendance()),
            exams=tuple(self._exams(issued)),
            certificates=tuple(Known(event_id=f"e-{one.certificate_id}", fact=one) for one in issued),
            months=tuple(self.months),
            spells=tuple(self.spells),
            payouts=self._payouts(),
        )

    def _payouts(self) -> tuple[Payout, ...] | None:
        """Give what the people were handed, in fen; without a word of it nobody asks."""
        if self.paid_out is None:
            return None
        return tuple(Payout(person_id=person, amount_fen=fen) for person, fen in self.paid_out.items())

    def _attendance(self) -> Iterable[Known[AttendanceChecked]]:
        came = self.days if isinstance(self.days, Mapping) else dict.fromkeys(self.groups, self.days)
        for number in range(max(came.values(), default=0)):
            fact = replace(
                attendance([person for person, days in came.items() if number < days]),
                session_id=f"s{number}",
                held_on=self.opens + timedelta(days=number),
            )
            yield Known(event_id=f"e-attendance-{number}", fact=fact)

    def _exams(self, issued: Iterable[CertificateIssued]) -> Iterable[Known[AssessmentScheduled]]:
        for kind, day in {one.kind: self.exam_on or one.issued_on for one in issued}.items():
            yield Known(event_id=f"e-exam-{kind}", fact=scheduled(kind, exam_on=day))

    def judged(
        self,
        *rows: Rate,
        decisions: Sequence[Decision] = (),
        past: Sequence[Use] = (),
        today: date | None = None,
        beside: bool = False,
    ) -> Assessment:
        """Assess the class under its region's rulebook with these rates and what its people had before.

        With `beside` it is what they are paid beside the class's own.
        """
        facts = self.facts
        assert facts.opened is not None
        return assess(
            facts,
            facts.opened,
            rulebook=book_of(self.region),
            rates=table(self.region, *rows),
            decisions=decisions,
            entitled=frozenset(),
            past=past,
            today=today,
            beside=beside,
        )


def alike(count: int, group: str | tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """Give `p1`, `p2` and so on, all of one group."""
    return {f"p{number}": group for number in range(1, count + 1)}


def total(found: Assessment) -> int:
    """Give what the class comes to in fen, the class-level line included."""
    return sum(line.amount_fen for line in found.lines)


def line_of(found: Assessment, person: str = "p1", programme: str | None = None) -> Line:
    """Give the person's one line, of a programme where there are several."""
    (line,) = (line for line in found.lines if line.person_id == person and programme in (None, line.programme))
    return line


def against(found: Assessment) -> list[tuple[str, str]]:
    """Give code and rule of whatever refuses the class or somebody in it, in the order of the lines."""
    stops = [(stop.code, stop.rule) for stop in found.stops]
    return [*stops, *((finding.code, finding.rule) for line in found.lines for finding in line.findings)]


def payees(found: Assessment) -> set[str | None]:
    """Give who is paid for the recognised lines; None is whoever claims for the class."""
    return {line.paid_to.payee if line.paid_to else None for line in found.lines if line.recognised}


def programmes_paid(region: str) -> set[str]:
    """Give the words under which the region's document pays, whatever it asks of the class for it."""
    book = book_of(region)
    paid = {benefit.programme for benefit in book.payment.benefits}
    assert None not in paid
    return {programme for programme in paid if programme}
