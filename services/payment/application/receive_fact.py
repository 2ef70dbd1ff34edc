"""Keep what an event said, whenever it comes, and let the claim of its class follow."""

from dataclasses import replace

from services.payment.application.assessing import judge_elsewhere, refresh_claim
from services.payment.application.ports import PaymentUnit
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened


async def receive_fact(
    uow: PaymentUnit, fact: Contract, *, class_id: str, event_id: str, version: int, refresh: bool
) -> None:
    """Store a fact; with `refresh`, a claim of the class is assessed again when the fact was new.

    A certificate and its end may change which certificate was the person's first: other classes follow, too.

    Facts that a later completion event repeats as totals wait for that event: a claim is never judged in between.
    """
    file = await uow.classes.lock(class_id)
    if isinstance(fact, ClassOpened):
        await uow.classes.save(
            replace(
                file,
                institution_id=fact.institution.institution_id,
                region=fact.region,
                rulebook_id=fact.rulebook_id,
                funding_source=fact.funding_source,
            )
        )
    if not await uow.classes.keep(fact, event_id=event_id, version=version):
        return
    if refresh:
        await refresh_claim(uow, class_id, cause=fact.EVENT.name)
    if isinstance(fact, CertificateIssued | CertificateVoided):
        await judge_elsewhere(uow, class_id, fact.person_id)
