"""A Jiyuan class as data: invented institution, plan and people, judged by the real rulebook of 2021."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count, islice

from peibu.demo.people import sample_credit_code, sample_people
from services.enrollment.domain.application_form import FormHead
from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.institution import AnnualInspection, DirectoryEntry, Institution
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.plan import ClassPlan, PlanFacts, TrainingPlan
from services.enrollment.domain.roster_row import Particulars, RosterContext, RosterRow
from services.enrollment.domain.suspension import Suspension
from services.enrollment.domain.timetable import Session, Venue
from shared.clock import SHANGHAI
from shared.policy.decision import Finding
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook, Shelf

REGION = "419001"
OPENING = date(2021, 5, 17)
CLOSING = date(2021, 5, 28)
WELDER = "6-18-02-04"


@cache
def shelf() -> Shelf:
    return load_rulebooks()


def book() -> Rulebook:
    return shelf().in_force(REGION, OPENING)


def institution(kind: str = "private_school", **given: object) -> Institution:
    sample = Institution(
        institution_id="school",
        name="示例职业培训学校",
        credit_code=sample_credit_code(1),
        kind=kind,
        region=REGION,
        ownership="private",
        annual_inspections=(AnnualInspection(year=2020, passed=True),),
    )
    return replace(sample, **given)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)


def session(
    day: date = OPENING,
    *,
    start: int = 8,
    minutes: int = 160,
    kind: str = "practice",
    class_hours: int = 4,
    teacher: str = "teacher-1",
    venue: str = "workshop",
) -> Session:
    starts_at = moment(day, start)
    return Session(
        session_id=f"{day.isoformat()}-{start}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        kind="theory" if kind == "theory" else "practice",
        class_hours=class_hours,
        teacher_id=teacher,
        venue_id=venue,
    )


def timetable(opening: date = OPENING, *, days: int = 10, theory: int = 7) -> tuple[Session, ...]:
    """Two sessions on each of ten weekdays, of which seven are theory: 28 of 80 class hours, practice exactly 65 %."""
    weekdays = (opening + timedelta(days=step) for step in range(60))
    places = [(day, start) for day in islice((d for d in weekdays if d.weekday() < 5), days) for start in (8, 14)]
    return tuple(
        session(
            day,
            start=start,
            kind="theory" if number < theory else "practice",
            teacher=f"teacher-{number % 3 + 1}",
        )
        for number, (day, start) in enumerate(places)
    )


BATCHES = count(1)
"""Every sample application is the next batch of its institution and year."""


def head(**given: object) -> FormHead:
    sample = FormHead(sealed=True, contact_person="示例", telephone="19900000001", batch=next(BATCHES))
    return replace(sample, **given)


def plan(opening: date = OPENING, **given: object) -> ClassPlan:
    sessions = timetable(opening)
    sample = ClassPlan(
        kind="class",
        training_type="employee_intermediate",
        occupation=WELDER,
        level="4",
        planned=50,
        opening_date=opening,
        closing_date=sessions[-1].ends_at.astimezone(SHANGHAI).date(),
        funding_source="skills_action_fund",
        delivery="offline",
        training_mode="self_run",
        form=head(),
        plan=TrainingPlan(title="焊工中级班", objective="技能提升", content="焊接工艺"),
        sessions=sessions,
    )
    return replace(sample, **given)


def entry(**given: object) -> DirectoryEntry:
    sample = DirectoryEntry(entry_id="entry", valid_from=date(2021, 1, 1), valid_to=None, occupations=(WELDER,))
    return replace(sample, **given)


def suspension(**given: object) -> Suspension:
    sample = Suspension(
        suspension_id="suspension",
        since=date(2021, 5, 1),
        until=None,
        rulebook_id=book().id,
        reason="training_quality",
        remark="抽查发现问题",
        rectify_by=date(2021, 5, 31),
    )
    return replace(sample, **given)


def facts(**given: object) -> PlanFacts:
    sample = PlanFacts(
        institution=institution(),
        entries=(entry(valid_to=date(2021, 6, 30)),),
        suspensions=(),
        occupation=occupation(),
        filed_teachers={"teacher-1", "teacher-2", "teacher-3"},
        venues={"workshop": Venue(venue_id="workshop", name="焊接实训室", stations={WELDER: 10})},
        bookings=(),
    )
    return replace(sample, **given)


def occupation() -> Occupation:
    return Occupation(
        code=WELDER,
        name="焊工",
        region=REGION,
        certifiable=("level",),
        levels=("5", "4", "3", "2", "1"),
        valid_from=date(2021, 1, 1),
    )


def row(number: int, **given: object) -> RosterRow:
    """An employee whom no rule objects to; `given` replaces fields of the row or of its particulars."""
    person = next(islice(sample_people(7), number - 1, None))
    particulars = Particulars(
        name=person.name, identity_number=person.identity_number, phone=person.phone, evidence=f"参保记录-{number}"
    )
    own = {name: given.pop(name) for name in ("name", "identity_number", "phone", "evidence") if name in given}
    sample = RosterRow(
        row=number,
        particulars=replace(particulars, **own),
        group="employee",
        employer_name="示例制造有限公司",
        employer_credit_code=sample_credit_code(3),
        employer_region=REGION,
        fee_fen=0,
        declares_ability_and_will=True,
        person_id=f"person-{number}",
        masked_name="赵**",
    )
    return replace(sample, **given)


def context(**given: object) -> RosterContext:
    sample = RosterContext(
        institution=institution(),
        funding_source="employment_subsidy_fund",
        opening_date=OPENING,
        occupation=WELDER,
        level="4",
        history={},
    )
    return replace(sample, **given)


def past(class_id: str = "earlier", **given: object) -> PastTraining:
    sample = PastTraining(
        class_id=class_id,
        opening_date=date(2021, 3, 1),
        occupation="4-10-01-01",
        level="5",
        released=False,
        reserved=True,
    )
    return replace(sample, **given)


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]
