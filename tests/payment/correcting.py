"""Losing and paying, as corrections need it."""

from tests.payment.office import Office


async def pay(office: Office, claim_id: str, amounts_yuan: dict[str, int]) -> None:
    """Order, send and settle."""
    for order in await office.order(claim_id, amounts_yuan):
        file = await office.send(order.funding_source)
        assert (await office.answer(file, order.order_id, "settled")).result == "applied"
