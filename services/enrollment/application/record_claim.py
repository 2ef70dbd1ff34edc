"""Payment approved a claim for a class: enrollment shows it and settles its place in the annual plan."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.training_class import ApprovedClaim
from shared.contracts.payment import ClaimApproved


async def record_claim(uow: UnitOfWork, fact: ClaimApproved) -> None:
    """Add the approval to what the class shows; the people paid for take the place that was planned (JY-REP-05).

    Raise MissingFact for a class not known here.
    """
    training_class = await known_class(uow, fact.class_id)
    claim = ApprovedClaim(
        claim_id=fact.claim_id,
        entry=fact.entry,
        amount_fen=fact.amount_fen,
        approved_on=fact.approved_on,
        persons=tuple(sorted({line.person_id for line in fact.lines if line.person_id and line.amount_fen > 0})),
    )
    claims = (*training_class.claims, claim)
    await uow.classes.save(replace(training_class, claims=claims))
    paid = {person for one in claims for person in one.persons}
    await uow.quotas.settle(fact.class_id, persons=len(paid), state="actual")
