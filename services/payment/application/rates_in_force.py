"""The rates that count in a region."""

from services.payment.application.ports import PaymentUnit
from services.payment.domain.rates import RatesUntil, RateTable, rate_table
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook


async def rates_of(
    uow: PaymentUnit, rulebook: Rulebook, region: str, *, decided_until: RatesUntil = ()
) -> RateTable | None:
    """Give the rates that count in a region, for what is decided those that stood then."""
    table = regions()
    rows = await uow.rates.rows(table.ancestors(region))
    return rate_table(rulebook, region, rows, table, decided_until=decided_until)
