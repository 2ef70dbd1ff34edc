"""Gather what the rules look at, and judge: shared by every use-case that a rule can refuse."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.quotas import quota_for
from services.enrollment.domain.class_record import Found, agreed_on, asked_of, judge_records
from services.enrollment.domain.enterprise import enterprise_of
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.occupation import Occupation
from services.enrollment.domain.person import Identity
from services.enrollment.domain.personal_conditions import inclusions_on
from services.enrollment.domain.plan import ClassPlan, PlanFacts, judge_plan, programme_type, record_subject
from services.enrollment.domain.register import Values, natural_key
from services.enrollment.domain.roster import Decisions, RosterEntry, judge_roster
from services.enrollment.domain.roster_row import RosterContext, RosterRow
from services.enrollment.domain.training_class import EDITABLE, TrainingClass
from shared.domain.errors import NotFound, Refused
from shared.domain.identifiers import identity_number
from shared.domain.jurisdiction import ancestors
from shared.domain.masking import masked_name
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook


def book_on(uow: UnitOfWork, region: str, day: date) -> Rulebook | None:
    """Give the rulebook in force in a region on a day, or None.

    For what grants nothing by itself (registering, listing): every class is judged under its own opening date, where a
    missing rulebook refuses.
    """
    try:
        return uow.shelf.in_force(region, day)
    except Refused as missing:
        if missing.code != "RULEBOOK_MISSING":
            raise
        return None


async def institution_of(uow: UnitOfWork, training_class: TrainingClass) -> Institution:
    """Give the institution of a class."""
    institution = await uow.institutions.get(training_class.institution_id)
    if institution is None:
        raise AssertionError("a foreign key holds the institution of every class")
    return institution


async def occupation_of(uow: UnitOfWork, training_class: TrainingClass) -> Occupation:
    """Give the occupation of a class as listed on its opening date; raise NotFound OCCUPATION_UNKNOWN without one."""
    occupation = await _occupation(uow, training_class.plan, training_class.region)
    if occupation is None:
        raise NotFound(
            code="OCCUPATION_UNKNOWN",
            message=f"工种 {training_class.plan.occupation} 在开班日期没有生效的登记。",
            advice="请主管部门登记该工种后重试。",
            field="occupation",
            value=training_class.plan.occupation,
        )
    return occupation


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClass:
    """A class under the rulebook in force on its opening date, whose objections to the plan it carries."""

    training_class: TrainingClass
    book: Rulebook


async def judge_class(uow: UnitOfWork, training_class: TrainingClass, *, book: Rulebook | None = None) -> JudgedClass:
    """Give the class under the rulebook of its opening date (or a pinned one), with every objection to its plan."""
    plan, institution_id = training_class.plan, training_class.institution_id
    book = book or uow.shelf.in_force(training_class.region, plan.opening_date)
    teachers = await uow.institutions.teachers(institution_id, {row.teacher_id for row in plan.sessions})
    institution = await institution_of(uow, training_class)
    facts = PlanFacts(
        institution=institution,
        entries=await uow.institutions.entries(institution_id),
        suspensions=await uow.institutions.suspensions(institution_id),
        occupation=await _occupation(uow, plan, training_class.region),
        filed_teachers={teacher.teacher_id for teacher in teachers},
        venues=await uow.institutions.venues(institution_id, {row.venue_id for row in plan.sessions}),
        bookings=await uow.classes.bookings(training_class),
        conditions=await uow.centres.findings(institution_id),
        quota=await quota_for(uow, training_class.class_id, plan, institution),
        profile=await _profile(uow, training_class, institution, book),
        batches=await uow.classes.batches(training_class),
        records=await _records(uow, training_class, institution, book),
        applied_on=_applied_on(uow, training_class),
    )
    kind = programme_type(plan, book)
    return JudgedClass(
        training_class=replace(
            training_class,
            rulebook_id=book.id,
            programme=kind.programme if kind else "",
            findings=judge_plan(plan, facts, book),
        ),
        book=book,
    )


async def enterprise_for(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook) -> str | None:
    """Give the credit code of the enterprise that the class is for, or None."""
    plan, institution = training_class.plan, await institution_of(uow, training_class)
    return enterprise_of(plan.attributes, kind=plan.kind, institution=institution, terms=book.enrollment)


def _applied_on(uow: UnitOfWork, training_class: TrainingClass) -> date:
    """Give the day that the application counts from: today, until it is submitted for good."""
    return uow.today if training_class.state in EDITABLE else training_class.applied_on or uow.today


async def _records(uow: UnitOfWork, training_class: TrainingClass, institution: Institution, book: Rulebook) -> Found:
    """Give the entries, of the institution or of its region and those above, that say what the class needs of them."""
    found = {}
    terms = book.enrollment
    subject = record_subject(training_class.plan, institution, terms, _applied_on(uow, training_class))
    for record, said in asked_of(subject, terms):
        register = terms.register(record.register)
        if register is None:
            raise AssertionError("coherence holds the register of every record")
        own = institution.institution_id if register.of_institution else None
        regions = None if own else ancestors(training_class.region)
        entries = await uow.registers.entries(register.code, institution_id=own, regions=regions, stating=said)
        found[record.code] = tuple(entry.values for entry in entries)
    return found


async def what_bars(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook) -> list[Finding]:
    """Give the objections by entries that bar a class on the days on which it is held, as the registers stand now."""
    terms, institution = book.enrollment, await institution_of(uow, training_class)
    barring = {one.code for one in terms.class_records if one.bars and one.covers != "application_date"}
    if not barring:
        return []
    found = await _records(uow, training_class, institution, book)
    subject = record_subject(training_class.plan, institution, terms, _applied_on(uow, training_class))
    return [finding for finding in judge_records(subject, found, terms) if finding.code in barring]


async def _profile(
    uow: UnitOfWork, training_class: TrainingClass, institution: Institution, book: Rulebook
) -> Values | None:
    """Give what the register says of the enterprise that the class is for, in its region or the nearest above it."""
    plan, wanted = training_class.plan, book.enrollment.enterprise_profile
    enterprise = enterprise_of(plan.attributes, kind=plan.kind, institution=institution, terms=book.enrollment)
    terms = book.enrollment.register(wanted.register) if wanted else None
    if terms is None or enterprise is None:
        return None
    for region in ancestors(training_class.region):
        key = natural_key(
            dict.fromkeys(terms.key, enterprise), region=region, institution_id=None, person_id=None, terms=terms
        )
        if entry := await uow.registers.find(terms.code, key):
            return entry.values
    return None


async def judge_rows(
    uow: UnitOfWork,
    training_class: TrainingClass,
    rows: Iterable[RosterRow],
    book: Rulebook,
    *,
    decisions: Decisions | None = None,
    present: Collection[str] = (),
) -> list[RosterEntry]:
    """Say who the rows are and judge them against each other and the persons' other classes; give them by number.

    `decisions` are those that count in the case; people `present` in the class already have no second row.
    """
    identified = await _identified(uow, sorted(rows, key=lambda row: row.row))
    plan = training_class.plan
    context = RosterContext(
        institution=await institution_of(uow, training_class),
        funding_source=plan.funding_source,
        opening_date=plan.opening_date,
        closing_date=plan.closing_date,
        occupation=plan.occupation,
        level=plan.level,
        history=await uow.rosters.history(
            {row.person_id for row in identified if row.person_id is not None}, besides=training_class.class_id
        ),
        kind=plan.kind,
        training_type=plan.training_type,
        enterprise=await enterprise_for(uow, training_class, book),
        included=await included_groups(uow, training_class.region, plan.opening_date, book),
        agreed=await _agreed(uow, training_class, book),
    )
    judged = judge_roster(identified, context, book, decisions=decisions, present=present)
    return [RosterEntry(row=row, judgement=judged[row.row]) for row in identified]


async def _agreed(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook) -> frozenset[str] | None:
    """Give the enterprises with an agreement on the opening day, None where the class needs none (HL-INS-09)."""
    plan, terms = training_class.plan, book.enrollment.employer_agreements
    if terms is None or not plan.attributes.get(terms.attribute):
        return None
    entries = await uow.registers.entries(terms.register, institution_id=training_class.institution_id)
    return agreed_on(plan.opening_date, [entry.values for entry in entries], terms)


async def included_groups(uow: UnitOfWork, region: str, day: date, book: Rulebook) -> frozenset[str]:
    """Give the groups that decisions of the region, or of one above it, take in on the day (LS-ENR-07)."""
    inclusion = book.enrollment.group_inclusion
    if inclusion is None:
        return frozenset()
    entries = await uow.registers.entries(inclusion.register, regions=ancestors(region))
    return inclusions_on(day, [entry.values for entry in entries])


async def _identified(uow: UnitOfWork, rows: Sequence[RosterRow]) -> list[RosterRow]:
    identities = [_identity(row) for row in rows]
    persons = await uow.persons.identify([identity for identity in identities if identity is not None])
    identified = []
    for row, identity in zip(rows, identities, strict=True):
        person = persons[identity] if identity else None
        identified.append(
            replace(
                row,
                person_id=person.person_id if person else None,
                masked_name=masked_name(row.particulars.name),
                name_differs=person is not None and person.name_differs,
            )
        )
    return identified


def _identity(row: RosterRow) -> Identity | None:
    if not row.particulars.name.strip():
        return None
    try:
        number = identity_number(row.particulars.identity_number).value
    except Refused:  # the row's judgement says why
        return None
    return Identity(identity_number=number, name=row.particulars.name)


async def _occupation(uow: UnitOfWork, plan: ClassPlan, region: str) -> Occupation | None:
    return await uow.occupations.valid_on(plan.occupation, plan.opening_date, ancestors(region))
