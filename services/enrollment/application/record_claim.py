"""Payment approved a claim for a class: enrollment only shows it."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.training_class import ApprovedClaim
from shared.contracts.payment import ClaimApproved
from shared.domain.errors import MissingFact


async def record_claim(uow: UnitOfWork, fact: ClaimApproved) -> None:
    """Add the approval to what the class shows; raise MissingFact for a class not known here."""
    training_class = await uow.classes.get(fact.class_id, lock=True)
    if training_class is None:
        raise MissingFact(
            code="CLASS_UNKNOWN",
            message=f"班级 {fact.class_id} 不在办班登记中。",
            advice="请等待班级信息到达；持续出现请检查数据库是否由备份恢复。",
        )
    claim = ApprovedClaim(
        claim_id=fact.claim_id, entry=fact.entry, amount_fen=fact.amount_fen, approved_on=fact.approved_on
    )
    await uow.classes.save(replace(training_class, claims=(*training_class.claims, claim)))
