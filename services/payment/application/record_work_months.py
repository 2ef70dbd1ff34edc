"""Record which months a class's people worked: somebody states them, a second person of the bureau confirms."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.payment.application.assessing import Case, open_case, refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import sees, unknown, visible_class
from services.payment.domain.benefit import benefits_of
from services.payment.domain.duty import require_no_claimant
from services.payment.domain.statement import Statement, StatementState, decided, numbered, opposite, unstated
from services.payment.domain.work_month import GivenMonth, MonthEntry, month_objections, require_untaken
from shared.domain.actor import Role
from shared.domain.errors import Refused
from shared.policy.judging import refuse_all


async def record_work_months(uow: PaymentUnit, *, class_id: str, given: Sequence[GivenMonth]) -> tuple[MonthEntry, ...]:
    """Store stated months and give those that are new; they count once another person has confirmed them.

    The bureau and the class's institution state them of everybody, an employer of the roster of its own people. Raise
    Refused with every reason: WORK_MONTHS_NOT_PAID, PERSON_NOT_IN_CLASS, MONTH_NOT_OVER, MONTH_BEFORE_OPENING,
    MONTH_TWICE, Conflict MONTH_STANDS for another statement of a month that stands.
    """
    case, persons = await _stated_of(uow, class_id)
    _require_paid_by_month(case)
    entries = await uow.work.months(class_id)
    refuse_all(month_objections(given, entries, case.opened.fact, persons=persons, today=uow.today))
    new = [
        await uow.work.add_month(class_id, Statement(given=each, stated_by=uow.actor.subject, stated_on=uow.today))
        for each in unstated(given, entries)
    ]
    details = {"months": len(given), "new": len(new)}
    await uow.audit(action="work_months_stated", subject=class_id, details=details)
    return tuple(new)


async def decide_work_months(
    uow: PaymentUnit, *, class_id: str, numbers: Collection[int], confirmed: bool, reason: str
) -> tuple[MonthEntry, ...]:
    """Confirm or refuse stated months as a second person of the bureau; what is confirmed is computed at once.

    A confirmed opposite entry takes its month back. Raise NotFound STATEMENT_UNKNOWN, Conflict STATEMENT_DECIDED or
    MONTH_TAKEN, Forbidden SAME_REVIEWER or CLAIMANT_REVIEWS.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    require_no_claimant(uow.actor, case.rulebook.payment.four_eyes)
    entries = {entry.number: entry for entry in await uow.work.months(class_id)}
    chosen = numbered(entries, numbers)
    persons = {entry.given.person_id for entry in chosen}
    await uow.uses.lock(persons)
    taken = await uow.work.confirmed_elsewhere(class_id, persons)
    for entry in chosen:
        after = decided(entry, confirmed=confirmed, reason=reason, by=uow.actor.subject, on=uow.today)
        if confirmed:
            require_untaken(entry, taken)
        await uow.work.save_month(after)
        if confirmed and entry.reverses is not None:
            await uow.work.save_month(replace(entries[entry.reverses], state=StatementState.REVERSED))
    details = {"months": len(chosen), "confirmed": confirmed}
    await uow.audit(action="work_months_decided", subject=class_id, details=details)
    if confirmed:
        await refresh_claim(uow, class_id, cause="WORK_MONTHS_CONFIRMED")
    return await _numbered(uow, class_id, {entry.number for entry in chosen})


async def reverse_work_months(
    uow: PaymentUnit, *, class_id: str, numbers: Collection[int], reason: str
) -> tuple[MonthEntry, ...]:
    """State the opposite of confirmed months; each goes once another person has confirmed it.

    Raise NotFound STATEMENT_UNKNOWN, Conflict STATEMENT_NOT_CONFIRMED or REVERSAL_WAITS.
    """
    _, persons = await _stated_of(uow, class_id)
    entries = {entry.number: entry for entry in await uow.work.months(class_id)}
    chosen = numbered(entries, numbers, persons)
    made = [opposite(entry, entries.values(), reason=reason, by=uow.actor.subject, on=uow.today) for entry in chosen]
    stored = [await uow.work.add_month(class_id, entry) for entry in made]
    await uow.audit(action="work_months_reversed", subject=class_id, details={"months": len(stored)})
    return tuple(stored)


async def read_work_months(uow: PaymentUnit, *, class_id: str) -> tuple[MonthEntry, ...]:
    """Give every stated month of a class that the caller may see, in the order of statement."""
    await visible_class(uow, class_id)
    return tuple(await uow.work.months(class_id))


async def _stated_of(uow: PaymentUnit, class_id: str) -> tuple[Case, frozenset[str]]:
    """Give the class, locked, and of whom the caller may state months; who may of nobody does not know the class."""
    file = await uow.classes.find(class_id, lock=True)
    if file is None:
        raise unknown("班级", "class_id")
    whole = sees(uow.actor, institution_id=file.institution_id, region=file.region)
    if not whole and not uow.actor.has(Role.INSTITUTION):
        raise unknown("班级", "class_id")
    trainees = (await uow.classes.facts(class_id)).opened
    persons = frozenset(
        trainee.person_id
        for trainee in (trainees.fact.trainees if trainees else ())
        if whole or (trainee.employer is not None and trainee.employer.institution_id == uow.actor.organisation)
    )
    if not whole and not persons:
        raise unknown("班级", "class_id")
    return await open_case(uow, class_id), persons


def _require_paid_by_month(case: Case) -> None:
    """Raise Refused WORK_MONTHS_NOT_PAID where the document pays nothing of the class by the month."""
    if any(benefit.basis == "month" for benefit in benefits_of(case.opened.fact, case.rulebook)):
        return
    raise Refused(
        code="WORK_MONTHS_NOT_PAID",
        message="文件对该班级没有按就业月数发放的补贴，不登记就业月份。",
        advice="请核对班级的项目类别；以工代训等按月补贴的班级方可登记。",
        field="months",
    )


async def _numbered(uow: PaymentUnit, class_id: str, numbers: Collection[int]) -> tuple[MonthEntry, ...]:
    return tuple(entry for entry in await uow.work.months(class_id) if entry.number in numbers)
