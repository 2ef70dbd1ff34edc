"""Enter a rate of a region (JY-PAY-05); rows are only added, a correction by two people."""

from collections.abc import Iterator
from contextlib import suppress

from services.payment.application.answer_again import wake_reservations
from services.payment.application.assessing import refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.domain.rate_correction import (
    RateCorrection,
    decided,
    displaced,
    is_of_same_key_and_day,
    rate_stands,
    require_correction,
)
from services.payment.domain.rates import UNIT_NAMES, Rate, reach_of, units_of
from shared.clock import new_id
from shared.domain.errors import NotFound, Refused
from shared.domain.jurisdiction import ancestors, descendants, is_within
from shared.policy.decision import TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


async def enter_rate(uow: PaymentUnit, rate: Rate) -> Rate:
    """Add a row to the table of a region within the caller's, and give it with its number.

    Raise Refused RATE_UNIT for a unit in which the document does not pay the programme, Conflict RATE_STANDS for a
    second row of the same key and day, and for one that would change what a class was reserved or judged at. Approved
    claims of the region that waited for a rate are computed again, and reservations refused for want of one are
    answered anew.
    """
    uow.actor.require_region(rate.region)
    _require_unit(uow, rate)
    await uow.rates.lock()
    above = ancestors(rate.region)
    standing = displaced(rate, await uow.rates.rows(above), above, uow.today)
    if standing is not None:
        reach = reach_of(rate, next(_books(uow, rate), None))
        if is_of_same_key_and_day(rate, standing) or await uow.classes.is_any_priced_by(rate, reach):
            raise rate_stands(standing)
    entered = await uow.rates.add(rate, by=uow.actor.subject, at=uow.now)
    await uow.audit(action="rate_entered", subject=f"{rate.region}/{entered.number}", details=_details(rate))
    for class_id in await uow.claims.uncomputed(descendants(rate.region)):
        await uow.classes.lock(class_id)
        await refresh_claim(uow, class_id, cause="RATE_ENTERED")
    await wake_reservations(uow, rate.region)
    return entered


async def propose_rate_correction(uow: PaymentUnit, *, rate: Rate, reason: str) -> RateCorrection:
    """Propose a row that changes a standing rate; nothing changes until another person confirms it.

    Raise Conflict NOTHING_TO_CORRECT for a row that anybody may enter plainly, Refused RATE_UNIT as there.
    """
    uow.actor.require_region(rate.region)
    _require_unit(uow, rate)
    above = ancestors(rate.region)
    require_correction(rate, await uow.rates.rows(above), above, uow.today)
    proposal = RateCorrection(
        correction_id=new_id(), rate=rate, reason=reason, proposed_by=uow.actor.subject, proposed_on=uow.today
    )
    await uow.rates.add_correction(proposal)
    await uow.audit(action="rate_correction_proposed", subject=proposal.correction_id, details=_details(rate))
    return proposal


async def decide_rate_correction(
    uow: PaymentUnit, *, correction_id: str, confirmed: bool, reason: str
) -> RateCorrection:
    """Decide a correction as the second person; confirmed, it becomes a row and open claims are computed again.

    What is approved keeps the rate it was approved at; paid money is corrected by opposite entries only.
    """
    await uow.rates.lock()
    found = await uow.rates.correction(correction_id)
    if found is None or not is_within(found.rate.region, uow.actor.region):
        raise NotFound(
            code="NOT_FOUND",
            message="没有这项标准更正，或不在本人所属区划内。",
            advice="请核对编号。",
            field="correction_id",
        )
    after = decided(found, confirmed=confirmed, reason=reason, by=uow.actor.subject, on=uow.today)
    await uow.rates.save_correction(after)
    action = "rate_correction_confirmed" if confirmed else "rate_correction_refused"
    await uow.audit(action=action, subject=correction_id, details=_details(found.rate))
    if not confirmed:
        return after
    entered = await uow.rates.add(found.rate, by=found.proposed_by, at=uow.now, correction_id=correction_id)
    for class_id in await uow.claims.undecided(descendants(entered.region)):
        await uow.classes.lock(class_id)
        await refresh_claim(uow, class_id, cause="RATE_CORRECTED")
    await wake_reservations(uow, entered.region)
    return after


async def list_rate_corrections(uow: PaymentUnit) -> tuple[RateCorrection, ...]:
    """Give the corrections of the caller's region, oldest first."""
    return await uow.rates.corrections(descendants(uow.actor.region))


def _require_unit(uow: PaymentUnit, rate: Rate) -> None:
    """Raise Refused RATE_UNIT; a region that no document of either day governs is not judged."""
    for rulebook in _books(uow, rate):
        units = units_of(rulebook, rate.programme)
        if rate.unit in units:
            return
        term = rulebook.payment.rates
        raise Refused(
            code="RATE_UNIT",
            message=f"该项目的补贴不按“{UNIT_NAMES[rate.unit]}”发放。",
            advice=f"请按文件写明计量单位：{'、'.join(UNIT_NAMES[unit] for unit in sorted(units))}。",
            field="unit",
            value=rate.unit,
            **quote(term),
        )


def _books(uow: PaymentUnit, rate: Rate) -> Iterator[Rulebook]:
    """Give the documents that govern the row's region on its first day and today."""
    for day in (rate.valid_from, uow.today):
        with suppress(Refused):
            yield uow.shelf.in_force(rate.region, day)


def _details(rate: Rate) -> dict[str, TraceValue]:
    return {
        "programme": rate.programme,
        "occupation": rate.occupation,
        "level": rate.level,
        "certificate_kind": rate.certificate_kind,
        "valid_from": rate.valid_from.isoformat(),
        "amount_fen": rate.amount_fen,
        "unit": rate.unit,
    }
