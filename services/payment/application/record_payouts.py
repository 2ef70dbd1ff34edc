"""Record what an institution handed its trainees of an allowance before it claims it (LS-CLM-04), by two people."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.payment.application.assessing import INDIVIDUAL, Case, open_case, refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.benefit import benefits_of
from services.payment.domain.duty import require_no_claimant
from services.payment.domain.payout import GivenPayout, PayoutEntry, payout_objections, require_unclaimed
from services.payment.domain.statement import Statement, StatementState, decided, numbered, opposite, unstated
from shared.domain.errors import Refused
from shared.policy.judging import refuse_all


async def record_payouts(uow: PaymentUnit, *, class_id: str, given: Sequence[GivenPayout]) -> tuple[PayoutEntry, ...]:
    """Store stated payouts and give those that are new; they count once another person has confirmed them.

    Raise Refused with every reason: PAYOUTS_NOT_ASKED where the document pays nothing that is handed out first,
    PERSON_NOT_IN_CLASS, DATE_IN_FUTURE, PAYOUT_BEFORE_OPENING, PAYOUT_TWICE, Conflict PAYOUT_STANDS for another
    statement of a payout that stands.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    _programmes(case)
    entries = await uow.work.payouts(class_id)
    refuse_all(payout_objections(given, entries, case.opened.fact, today=uow.today))
    new = [
        await uow.work.add_payout(class_id, Statement(given=each, stated_by=uow.actor.subject, stated_on=uow.today))
        for each in unstated(given, entries)
    ]
    await uow.audit(action="payouts_stated", subject=class_id, details={"payouts": len(given), "new": len(new)})
    return tuple(new)


async def decide_payouts(
    uow: PaymentUnit, *, class_id: str, numbers: Collection[int], confirmed: bool, reason: str
) -> tuple[PayoutEntry, ...]:
    """Confirm or refuse stated payouts as a second person of the bureau; claims of the class are computed at once.

    A confirmed opposite entry takes its payout back. Raise NotFound STATEMENT_UNKNOWN, Conflict STATEMENT_DECIDED or
    PAYOUT_CLAIMED, Forbidden SAME_REVIEWER or CLAIMANT_REVIEWS.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    require_no_claimant(uow.actor, case.rulebook.payment.four_eyes)
    entries = {entry.number: entry for entry in await uow.work.payouts(class_id)}
    chosen = numbered(entries, numbers)
    granted = await _granted_themselves(uow, case) if confirmed else frozenset()
    done = []
    for entry in chosen:
        after = decided(entry, confirmed=confirmed, reason=reason, by=uow.actor.subject, on=uow.today)
        require_unclaimed(entry, granted)
        await uow.work.save_payout(after)
        if confirmed and entry.reverses is not None:
            await uow.work.save_payout(replace(entries[entry.reverses], state=StatementState.REVERSED))
        done.append(after)
    details = {"payouts": len(done), "confirmed": confirmed}
    await uow.audit(action="payouts_decided", subject=class_id, details=details)
    if confirmed:
        await refresh_claim(uow, class_id, cause="PAYOUTS_CONFIRMED")
    return tuple(done)


async def reverse_payouts(
    uow: PaymentUnit, *, class_id: str, numbers: Collection[int], reason: str
) -> tuple[PayoutEntry, ...]:
    """State the opposite of confirmed payouts; each goes once another person has confirmed it.

    Raise NotFound STATEMENT_UNKNOWN, Conflict STATEMENT_NOT_CONFIRMED or REVERSAL_WAITS.
    """
    await visible_class(uow, class_id, lock=True)
    entries = {entry.number: entry for entry in await uow.work.payouts(class_id)}
    chosen = numbered(entries, numbers)
    made = [opposite(entry, entries.values(), reason=reason, by=uow.actor.subject, on=uow.today) for entry in chosen]
    stored = [await uow.work.add_payout(class_id, entry) for entry in made]
    await uow.audit(action="payouts_reversed", subject=class_id, details={"payouts": len(stored)})
    return tuple(stored)


async def read_payouts(uow: PaymentUnit, *, class_id: str) -> tuple[PayoutEntry, ...]:
    """Give every stated payout of a class that the caller may see, in the order of statement."""
    await visible_class(uow, class_id)
    return tuple(await uow.work.payouts(class_id))


async def _granted_themselves(uow: PaymentUnit, case: Case) -> frozenset[str]:
    """Give whom a claim of their own was approved for what the institution should have handed them (LS-PAY-04)."""
    programmes = _programmes(case)
    return frozenset(
        person_id
        for claim in await uow.claims.all_of_class(case.facts.class_id)
        if claim.claimant == INDIVIDUAL
        for line_no, person_id in claim.people.items()
        if claim.decided.get(line_no, 0) > 0 and claim.line(line_no).programme in programmes
    )


def _programmes(case: Case) -> frozenset[str]:
    """Give what of the class is handed out before it is claimed; raise Refused PAYOUTS_NOT_ASKED where nothing is."""
    opened = case.opened.fact
    found = (benefit for benefit in benefits_of(opened, case.rulebook) if benefit.paid_out_first)
    programmes = frozenset(benefit.paid_as(opened.programme) for benefit in found)
    if programmes:
        return programmes
    raise Refused(
        code="PAYOUTS_NOT_ASKED",
        message="文件对该班级没有须由培训机构先行垫付的补贴，不登记发放记录。",
        advice="请核对班级的项目类别；须先垫付后申领的班级方可登记。",
        field="payouts",
    )
