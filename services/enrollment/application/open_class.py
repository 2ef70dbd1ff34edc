"""A class opens on its opening date by itself, or is closed as not opened when the day has passed."""

from dataclasses import replace
from typing import Final

from services.enrollment.application.judging import book_on, institution_of, occupation_of, what_bars
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.attributes import published
from services.enrollment.domain.change import decisions_in_effect
from services.enrollment.domain.commitment import is_committed, what_is_uncommitted
from services.enrollment.domain.decision import exempt_rules
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.opening import open_class as opened
from services.enrollment.domain.opening import what_blocks
from services.enrollment.domain.person import Identity
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.training_class import (
    AWAITING_OPENING,
    UNDER_REVIEW,
    Blocker,
    TrainingClass,
    close,
)
from shared.clock import end_of_day
from shared.contracts.enrollment import EmployerReference, OpenedTrainee
from shared.domain.actor import Role
from shared.policy.rulebook import Rulebook

OPEN_CLASS: Final = "open_class"
"""The timer's kind; its key is the class id. It is due when the opening date begins, and again when it has passed."""


async def open_class(uow: UnitOfWork, class_id: str) -> None:
    """Open the class whose timer fired; while something blocks it, wait for the day's end and then close it.

    A class that is no longer on its way to an opening is left as it is.
    """
    training_class = await uow.classes.get(class_id, lock=True)
    if training_class is None or training_class.state not in UNDER_REVIEW | AWAITING_OPENING:
        return
    opening_date = training_class.plan.opening_date
    if uow.today < opening_date or await open_if_due(uow, training_class):
        return
    if uow.today == opening_date:
        await uow.schedule(due=end_of_day(opening_date), kind=OPEN_CLASS, key=class_id)
        return
    blocker = await _blocker(uow, training_class, await uow.rosters.entries(class_id))
    passed = Blocker(code="OPENING_DATE_PASSED", message="开班日期已过。")
    closed, fact = close(training_class, "not_opened", today=uow.today, blocker=blocker or passed)
    await uow.classes.save(closed)
    await uow.publish(fact)
    await uow.quotas.settle(class_id, persons=0, state="released")
    await uow.audit(action="class_not_opened", subject=class_id, details={"code": (blocker or passed).code})


async def open_if_due(uow: UnitOfWork, training_class: TrainingClass) -> bool:
    """Open the class when today is its opening date and nothing blocks it; say whether it opened.

    The rulebook in force on the opening date is pinned from here on.
    """
    if uow.today != training_class.plan.opening_date:
        return False
    entries = await uow.rosters.entries(training_class.class_id)
    blocker = await _blocker(uow, training_class, entries)
    if blocker is not None:
        await uow.classes.save(replace(training_class, blocker=blocker))
        return False
    fields = training_class.plan
    refused = sum(entry.judgement.verdict == "refused" for entry in entries)
    on_roster = sum(entry.is_on_roster for entry in entries)
    book = uow.shelf.in_force(training_class.region, fields.opening_date)
    made, changes = (
        await uow.decisions.of_class(training_class.class_id),
        await uow.changes.of_class(training_class.class_id),
    )
    decisions = decisions_in_effect(training_class, made, changes)
    await uow.occupations.lock(fields.occupation, alone=False)
    open_now, fact = opened(
        replace(training_class, blocker=None),
        rulebook_id=book.id,
        institution=await institution_of(uow, training_class),
        occupation=await occupation_of(uow, training_class),
        trainees=await _trainees(uow, [entry for entry in entries if entry.is_on_roster]),
        refused=min(refused, max(fields.planned - on_roster, 0)),  # whose place nobody took
        attributes=published(fields.stated, book.enrollment),
        exempt_by_decision=exempt_rules(training_class.findings, decisions.get(None, ())),
    )
    await uow.classes.save(open_now)
    await uow.publish(fact)
    await uow.audit(
        action="class_opened", subject=fact.class_id, details={"trainees": len(fact.trainees), "planned": fact.planned}
    )
    return True


async def _blocker(uow: UnitOfWork, training_class: TrainingClass, entries: list[RosterEntry]) -> Blocker | None:
    suspensions = await uow.institutions.suspensions(training_class.institution_id)
    day = training_class.plan.opening_date
    book = book_on(uow, training_class.region, day)
    return what_blocks(
        training_class,
        on_roster=sum(entry.is_on_roster for entry in entries),
        suspended=any(suspension.holds_on(day) for suspension in suspensions),
        book=book,
        uncommitted=await _barred(uow, training_class, book) or await _uncommitted(uow, training_class, entries, book),
    )


async def _barred(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook | None) -> Blocker | None:
    """Say which entry, made after the application was judged, bars the class on its opening date (HB-ENR-15)."""
    barring = await what_bars(uow, training_class, book) if book else []
    return next(
        (
            Blocker(
                code=finding.code,
                message=finding.message,
                rule=finding.rule,
                clause=finding.clause,
                advice=finding.advice,
                held_by=Role.INSTITUTION,
            )
            for finding in barring
        ),
        None,
    )


async def _uncommitted(
    uow: UnitOfWork, training_class: TrainingClass, entries: list[RosterEntry], book: Rulebook | None
) -> Blocker | None:
    """Say whose commitment is missing in a class that is held under commitment (HB-ENR-15)."""
    terms = book.enrollment.commitments if book else None
    if terms is None or not is_committed(training_class, terms):
        return None

    async def of_class(register: str) -> list[RegisterEntry]:
        return await uow.registers.entries(
            register,
            institution_id=training_class.institution_id,
            stating={terms.class_field: training_class.class_id},
        )

    return what_is_uncommitted(
        terms,
        institution=await of_class(terms.institution_register),
        trainees=await of_class(terms.trainee_register),
        on_roster=[entry.row.person_id for entry in entries if entry.is_on_roster],
        day=training_class.plan.opening_date,
    )


async def _trainees(uow: UnitOfWork, entries: list[RosterEntry]) -> list[OpenedTrainee]:
    codes = {entry.row.employer_credit_code for entry in entries} - {""}
    employers = await uow.institutions.registered(codes)
    return [_trainee(uow, entry, employers.get(entry.row.employer_credit_code)) for entry in entries]


def _trainee(uow: UnitOfWork, entry: RosterEntry, employer: Institution | None) -> OpenedTrainee:
    particulars = entry.row.particulars
    checks = uow.persons.checks(Identity(identity_number=particulars.identity_number, name=particulars.name))
    return OpenedTrainee(
        person_id=entry.person_id,
        groups=(entry.row.group,),
        masked_name=entry.row.masked_name,
        payee_check=checks.payee,
        payee_check_key=checks.key,
        identity_check=checks.identity,
        fee_fen=entry.row.fee_fen,
        employer=None
        if employer is None
        else EmployerReference(
            institution_id=employer.institution_id, name=employer.name, credit_code=employer.credit_code
        ),
        attributes=particulars.facts.asked_by_payment(),
    )
