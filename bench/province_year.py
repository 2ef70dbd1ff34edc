"""A province's year of classes as payment knows them when their claims come: generated, of five jurisdictions.

Seeded: the same number gives the same people and facts on every machine. Nobody in it exists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from services.payment.application.assessing import Case
from services.payment.domain.benefit import FUNDER
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known, Payout, Spell
from services.payment.domain.rates import Rate, RateTable, rate_table
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    CertificateIssued,
    CertificateKind,
    KindCount,
)
from shared.contracts.enrollment import (
    ClassKind,
    ClassOpened,
    InstitutionReference,
    OccupationReference,
    OpenedTrainee,
)
from shared.contracts.supervision import (
    AttendanceChecked,
    InspectionOpinion,
    Presence,
    SpotCheckRecorded,
    TraineeTotals,
    TrainingCompleted,
)
from shared.domain.jurisdiction import regions
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook

PERSONS: Final = 350_000
"""Person-times of a large province's year."""

PERSONS_OF_A_CLASS: Final = 50
SESSIONS: Final = 20
_SESSIONS_OF_A_DAY: Final = 2
_OCCUPATIONS: Final = 12
_SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of class of one document: who is in it, what they earn and what the region's table pays."""

    jurisdiction: str
    region: str
    kind: ClassKind
    programme: str
    groups: tuple[str, ...]
    opens: date
    days: int
    level: str = "4"
    certificates: CertificateKind = "level"
    entered: tuple[tuple[str, int, str], ...] = ()
    accepted: tuple[str, ...] = ()
    measured: str | None = None
    funder: str | None = None
    handed_out_fen: int = 0


SHAPES: Final = (
    Shape(
        jurisdiction="jiyuan",
        region="419001",
        kind="class",
        programme="training",
        groups=("employee", "rural_transferred"),
        opens=date(2021, 1, 4),
        days=270,
        entered=(("training", 123_000, "each"),),
    ),
    Shape(
        jurisdiction="huludao",
        region="211400",
        kind="class",
        programme="upskilling",
        groups=("employee",),
        opens=date(2020, 1, 6),
        days=330,
        funder="enterprise",
    ),
    Shape(
        jurisdiction="hebei",
        region="130100",
        kind="class",
        programme="training",
        groups=("rural_transferred", "urban_unemployed", "employee"),
        opens=date(2024, 4, 1),
        days=100,
        entered=(("training", 100_000, "each"),),
    ),
    Shape(
        jurisdiction="quanjiao",
        region="341124",
        kind="class",
        programme="free_group_training",
        groups=("poor_worker", "employment_difficult"),
        opens=date(2020, 6, 1),
        days=200,
        entered=(("free_group_training", 90_000, "each"),),
        accepted=("QJ-CLM-14",),
    ),
    Shape(
        jurisdiction="linshu",
        region="371329",
        kind="project",
        programme="training",
        groups=("poor_worker", "rural_transferred"),
        opens=date(2020, 9, 1),
        days=300,
        entered=(("training", 80_000, "each"), ("living_allowance", 1_500, "day")),
        measured="LS-CLM-05",
        handed_out_fen=200_000,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One class whose claim is to be decided, with everything that deciding asks for."""

    case: Case
    rates: RateTable | None
    decisions: tuple[Decision, ...]
    entitled: frozenset[str]


def province_year(persons: int = PERSONS, *, seed: int = 1) -> Iterator[Claimed]:
    """Give the claims of so many persons, class by class, the documents in turn; the last class may be smaller."""
    draw = Random(seed)  # noqa: S311 - made-up people, no secret
    books = {book.id.split("/")[0]: book for book in load_rulebooks().current}
    tables = {shape: _table(shape, books[shape.jurisdiction]) for shape in SHAPES}
    for number, first in enumerate(range(0, persons, PERSONS_OF_A_CLASS)):
        shape = SHAPES[number % len(SHAPES)]
        heads = min(PERSONS_OF_A_CLASS, persons - first)
        yield _claimed(number, heads, shape, books[shape.jurisdiction], tables[shape], draw)


def afresh(year: Iterable[Claimed]) -> list[Claimed]:
    """Give the same claims as if nobody had asked anything of them: facts remember what was looked through once."""
    return [
        replace(
            claimed,
            case=replace(claimed.case, facts=replace(claimed.case.facts)),
            rates=claimed.rates and replace(claimed.rates),
        )
        for claimed in year
    ]


def _table(shape: Shape, book: Rulebook) -> RateTable | None:
    """Give the region's table: its own rows, and those of other occupations that a region has besides."""
    rows = [
        Rate(
            number=10 * place + number,
            region=shape.region,
            programme=programme,
            occupation=occupation,
            level=None,
            certificate_kind=None,
            valid_from=book.valid_from,
            amount_fen=amount_fen + 1_000 * place,
            source="bench",
            unit="day" if unit == "day" else "each",
        )
        for number, (programme, amount_fen, unit) in enumerate(shape.entered)
        for place, occupation in enumerate((None, *(f"occupation-{one}" for one in range(3))))
    ]
    return rate_table(book, shape.region, rows, regions())


def _claimed(number: int, heads: int, shape: Shape, book: Rulebook, rates: RateTable | None, draw: Random) -> Claimed:
    opens = shape.opens + timedelta(days=draw.randrange(shape.days))
    closes = opens + timedelta(days=SESSIONS // _SESSIONS_OF_A_DAY)
    class_id = f"class-{number:05}"
    persons = [f"person-{number:05}-{place:02}" for place in range(heads)]
    occupation = f"occupation-{draw.randrange(_OCCUPATIONS)}"
    absences = {person: draw.sample(range(SESSIONS), draw.randint(1, 3)) for person in persons if draw.random() < 0.2}
    certified = [person for person in persons if draw.random() < 0.95]
    opened = ClassOpened(
        class_id=class_id,
        kind=shape.kind,
        programme=shape.programme,
        training_type=shape.programme,
        region=shape.region,
        rulebook_id=book.id,
        institution=InstitutionReference(
            institution_id=f"institution-{number % 200}", name="机构", credit_code="", kind="institution"
        ),
        occupation=OccupationReference(code=occupation, name=occupation, certifiable=(shape.certificates,)),
        level=shape.level,
        delivery="offline",
        planned=heads,
        refused=0,
        opening_date=opens,
        closing_date=closes,
        funding_source="",
        sessions=(),
        teachers=(),
        trainees=tuple(
            OpenedTrainee(
                person_id=person,
                groups=(shape.groups[draw.randrange(len(shape.groups))],),
                masked_name=f"{_SURNAMES[draw.randrange(len(_SURNAMES))]}**",
                payee_check=f"check-{person}",
                payee_check_key="bench",
            )
            for person in persons
        ),
        reviews=(),
        attributes={FUNDER: shape.funder} if shape.funder else {},
    )
    facts = _facts(opened, shape, persons, absences, certified, draw)
    withdrawn_day = closes + timedelta(days=60)
    decisions = [_decision(rule, closes, None, frozenset(persons)) for rule in shape.accepted]
    if shape.measured is not None and draw.random() < 0.5:
        decisions.append(_decision(shape.measured, withdrawn_day, withdrawn_day, None))
    return Claimed(
        case=Case(facts=facts, opened=Known(event_id=f"{class_id}-opened", fact=opened), rulebook=book),
        rates=rates,
        decisions=tuple(decisions),
        entitled=frozenset(persons),
    )


def _facts(
    opened: ClassOpened,
    shape: Shape,
    persons: list[str],
    absences: dict[str, list[int]],
    certified: list[str],
    draw: Random,
) -> ClassFacts:
    class_id, heads = opened.class_id, len(persons)
    examined_on = opened.closing_date + timedelta(days=3)
    low = draw.random() < 0.1
    counted = tuple(max(0, heads - (draw.randint(6, 9) if low else draw.randint(0, 2))) for _ in range(2))
    presences = {person: Presence(person_id=person, methods=("face",), strength=90) for person in persons}
    spells = (
        [person for person in certified if draw.random() < 0.6] if shape.jurisdiction in ("hebei", "linshu") else []
    )
    employed_on = examined_on + timedelta(days=draw.randint(5, 40))
    return ClassFacts(
        class_id=class_id,
        opened=Known(event_id=f"{class_id}-opened", fact=opened),
        training=Known(event_id=f"{class_id}-trained", fact=_training(opened, persons, absences, counted, draw)),
        examination=Known(
            event_id=f"{class_id}-examined",
            fact=AssessmentCompleted(
                class_id=class_id,
                revision=1,
                completed_on=examined_on + timedelta(days=5),
                examined=heads,
                certified=len(certified),
                kinds=(KindCount(kind=shape.certificates, examined=heads, certified=len(certified)),),
                patrol="",
            ),
        ),
        attendance=tuple(_sessions(opened, persons, absences, presences)),
        checks=tuple(
            Known(
                event_id=f"{class_id}-check-{number}",
                fact=SpotCheckRecorded(
                    class_id=class_id,
                    check_id=f"check-{number}",
                    kind="opening" if number == 0 else "spot",
                    held_on=opened.opening_date + timedelta(days=number),
                    headcount=(heads, *counted)[number],
                    inspectors=("inspector-1", "inspector-2"),
                ),
            )
            for number in range(3)
        ),
        exams=(
            Known(
                event_id=f"{class_id}-exam",
                fact=AssessmentScheduled(
                    class_id=class_id,
                    assessment_id=f"{class_id}-exam",
                    body_id="body",
                    body_name="body",
                    certificate_kind=shape.certificates,
                    applied_on=opened.opening_date,
                    exam_on=examined_on,
                    channel="system",
                ),
            ),
        ),
        certificates=tuple(
            Known(
                event_id=f"certified-{person}",
                fact=CertificateIssued(
                    class_id=class_id,
                    certificate_id=f"certificate-{person}",
                    assessment_id=f"{class_id}-exam",
                    person_id=person,
                    kind=shape.certificates,
                    occupation=opened.occupation.code,
                    level=shape.level,
                    number=f"number-{person}",
                    issued_on=examined_on + timedelta(days=5),
                    attempt=1,
                    body_id="body",
                ),
            )
            for person in certified
        ),
        spells=tuple(
            Spell(person_id=person, employer="employer", start=employed_on + timedelta(days=7 * draw.randrange(3)))
            for person in spells
        ),
        payouts=tuple(Payout(person_id=person, amount_fen=shape.handed_out_fen) for person in persons)
        if shape.handed_out_fen
        else (),
    )


def _training(
    opened: ClassOpened,
    persons: list[str],
    absences: dict[str, list[int]],
    counted: tuple[int, ...],
    draw: Random,
) -> TrainingCompleted:
    came = {person: SESSIONS - len(absences.get(person, ())) for person in persons}
    return TrainingCompleted(
        class_id=opened.class_id,
        revision=1,
        completed_on=opened.closing_date,
        sessions=SESSIONS,
        theory_class_hours=2 * SESSIONS,
        practice_class_hours=2 * SESSIONS,
        opening_headcount=len(persons) - draw.randint(0, 1),
        opening_checks=1,
        spot_headcounts=counted,
        trainees=tuple(
            TraineeTotals(person_id=person, sessions_present=number, class_hours_present=4 * number)
            for person, number in came.items()
        ),
        opinion=InspectionOpinion(passed=True, given_by="officer", given_on=opened.closing_date, remark=""),
    )


def _sessions(
    opened: ClassOpened, persons: list[str], absences: dict[str, list[int]], presences: dict[str, Presence]
) -> Iterator[Known[AttendanceChecked]]:
    everybody = tuple(presences.values())
    for number in range(SESSIONS):
        absent = tuple(person for person in persons if number in absences.get(person, ()))
        present = tuple(presences[person] for person in persons if person not in absent) if absent else everybody
        yield Known(
            event_id=f"{opened.class_id}-session-{number:02}",
            fact=AttendanceChecked(
                class_id=opened.class_id,
                session_id=f"session-{number:02}",
                revision=1,
                held_on=opened.opening_date + timedelta(days=number // _SESSIONS_OF_A_DAY),
                kind="practice" if number % 2 else "theory",
                class_hours=4,
                present=present,
                absent=absent,
            ),
        )


def _decision(rule: str, on: date, measured: date | None, persons: frozenset[str] | None) -> Decision:
    return Decision(
        rule=rule,
        accepted=True,
        reason="bench",
        decided_by="reviewer",
        decided_on=on,
        persons=persons,
        valid_from=measured,
    )
