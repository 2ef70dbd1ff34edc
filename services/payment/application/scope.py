"""Who may see what: an institution its own, a bureau its region; everything else does not exist for the caller."""

from services.payment.application.ports import PaymentUnit
from services.payment.domain.claim import ASSESSOR, Claim
from services.payment.domain.entitlement import ClassFile
from shared.domain.actor import Actor, Role
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import is_within

BUREAU = (
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.FINANCE,
    Role.AUDITOR,
)
"""Roles that act for a bureau and see what lies in its region."""


def sees(actor: Actor, *, institution_id: str | None, region: str | None) -> bool:
    """Say whether a class or claim of this institution and region exists for the actor.

    Whoever acts for an institution sees its own alone, whatever other role the token names.
    """
    if actor.has(Role.INSTITUTION):
        return institution_id is not None and actor.organisation == institution_id
    if actor.has(Role.TRAINEE):
        return False
    return region is not None and actor.has(*BUREAU) and is_within(region, actor.region)


async def locked_claim(uow: PaymentUnit, claim_id: str) -> Claim | None:
    """Give a claim, whoever asks, with every other writer of its class waiting until this transaction ends."""
    class_id = await uow.claims.class_of(claim_id)
    if class_id is None:
        return None
    await uow.classes.lock(class_id)
    return await uow.claims.find(claim_id)


async def claim_for_change(uow: PaymentUnit, claim_id: str) -> Claim:
    """Give a claim the caller may see, locked."""
    return _visible(uow, await locked_claim(uow, claim_id))


async def visible_claim(uow: PaymentUnit, claim_id: str) -> Claim:
    """Give a claim the caller may see."""
    return _visible(uow, await uow.claims.find(claim_id))


def _visible(uow: PaymentUnit, claim: Claim | None) -> Claim:
    if claim is None or not sees_claim(uow.actor, claim):
        raise unknown("申领", "claim_id")
    return claim


def sees_claim(actor: Actor, claim: Claim) -> bool:
    """Say whether a claim exists for the actor: a claimant sees his own alone, whatever other role the token names.

    An assessment body may be the bureau's own: its people see its claims besides what their other roles show them.
    """
    if claim.claimant == ASSESSOR and actor.has(Role.ASSESSOR) and claim.owner == actor.organisation:
        return True
    if actor.has(Role.INSTITUTION):
        return claim.claimant in ("institution", "enterprise") and claim.owner == actor.organisation
    if actor.has(Role.TRAINEE):
        return claim.claimant == "individual" and claim.owner == actor.subject
    return sees(actor, institution_id=claim.institution_id, region=claim.region)


async def visible_class(uow: PaymentUnit, class_id: str, *, lock: bool = False) -> ClassFile:
    """Give a class the caller may see."""
    file = await uow.classes.find(class_id, lock=lock)
    if file is None or not sees(uow.actor, institution_id=file.institution_id, region=file.region):
        raise unknown("班级", "class_id")
    return file


def unknown(what: str, field: str) -> NotFound:
    """Give the refusal of an id that does not exist for the caller."""
    return NotFound(
        code="NOT_FOUND",
        message=f"没有这个{what}。",
        advice="请核对编号，或确认其属于本机构、本辖区。",
        field=field,
    )
