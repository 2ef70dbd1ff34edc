"""Payment approved a claim for a class: enrollment only shows it."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.training_class import ApprovedClaim
from shared.contracts.payment import ClaimApproved


async def record_claim(uow: UnitOfWork, fact: ClaimApproved) -> None:
    """Add the approval to what the class shows; raise MissingFact for a class not known here."""
    training_class = await known_class(uow, fact.class_id)
    claim = ApprovedClaim(
        claim_id=fact.claim_id, entry=fact.entry, amount_fen=fact.amount_fen, approved_on=fact.approved_on
    )
    await uow.classes.save(replace(training_class, claims=(*training_class.claims, claim)))
