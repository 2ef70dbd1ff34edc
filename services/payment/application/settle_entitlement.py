"""Let the slots of a class's people follow what is decided and ordered of their claim (JY-ENR-05)."""

from services.payment.application.ports import PaymentUnit
from services.payment.domain.claim import Claim
from services.payment.domain.order import ordered_by_line
from shared.policy.rulebook import Rulebook


async def settle_entitlement(uow: PaymentUnit, claim: Claim, rulebook: Rulebook) -> None:
    """Use the slots of those who are paid and free those of people whom the decision leaves out.

    What was decided for somebody and taken back, or cancelled, before it was ordered leaves nothing to repay: that slot
    is free too. What was ordered and not reversed is freed by its repayment.
    """
    if rulebook.payment.entitlement is None:
        return
    people = claim.people
    decided, possible = claim.decided, claim.possible
    paid = {person for line_no, person in people.items() if decided.get(line_no, 0) > 0}
    hoped = {person for line_no, person in people.items() if line_no in possible}
    if await uow.classes.is_cancelled(claim.class_id):
        paid = hoped = set()
    ordered = {people.get(line_no) for line_no in ordered_by_line(await uow.orders.of_claim(claim.claim_id))}
    left_out = set(people.values()) - paid - hoped
    await uow.entitlements.use(claim.class_id, paid, on=uow.today)
    for persons, used in ((left_out, False), (left_out - ordered, True)):
        await uow.entitlements.release(claim.class_id, persons, reason="final_claim_decision", on=uow.today, used=used)
