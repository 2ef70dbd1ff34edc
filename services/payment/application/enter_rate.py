"""Enter a rate of a region (JY-PAY-05); rows are only added, a later one replaces an earlier for what is still open."""

from services.payment.application.assessing import refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.domain.rates import Rate
from shared.domain.jurisdiction import descendants


async def enter_rate(uow: PaymentUnit, rate: Rate) -> Rate:
    """Add a row to the table of a region within the caller's, and give it with its number.

    Approved claims of the region that waited for a rate are computed again.
    """
    uow.actor.require_region(rate.region)
    entered = await uow.rates.add(rate, by=uow.actor.subject, at=uow.now)
    details = {
        "programme": rate.programme,
        "occupation": rate.occupation,
        "level": rate.level,
        "certificate_kind": rate.certificate_kind,
        "valid_from": rate.valid_from.isoformat(),
        "amount_fen": rate.amount_fen,
    }
    await uow.audit(action="rate_entered", subject=f"{rate.region}/{entered.number}", details=details)
    for class_id in await uow.claims.awaiting_rates(descendants(rate.region)):
        await uow.classes.lock(class_id)
        await refresh_claim(uow, class_id, cause="RATE_ENTERED")
    return entered
