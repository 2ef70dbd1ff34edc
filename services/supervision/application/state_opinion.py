"""State the bureau's inspection opinion on a class (JY-SUP-08)."""

from dataclasses import replace

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.training_class import require_verified
from services.supervision.domain.training_class import state_opinion as stated
from shared.contracts.supervision import InspectionOpinion


async def state_opinion(
    uow: SupervisionUnit,
    *,
    class_id: str,
    passed: bool,
    remark: str,
    verified: int | None = None,
    sampled: bool = False,
) -> ClassFile:
    """Record the opinion, which replaces an earlier one; a completed training is published again with it.

    Raise Refused VERIFICATION_INCOMPLETE or SAMPLING_REASON where people are verified first (HB-SUP-05).
    """
    file = await lock_class(uow, class_id)
    opinion = InspectionOpinion(
        passed=passed,
        given_by=uow.actor.subject,
        given_on=uow.today,
        remark=remark,
        verified=verified,
        sampled=sampled,
    )
    require_verified(opinion, file.training_class, uow.shelf.by_id(file.training_class.rulebook_id))
    settled = await settle_class(uow, file, replace(file, training_class=stated(file.training_class, opinion)))
    await uow.audit(
        action="opinion.stated", subject=class_id, details={"passed": passed, "verified": verified, "sampled": sampled}
    )
    return settled
