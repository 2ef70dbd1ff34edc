"""A bureau, or the person, reads which subsidies a class brought for the person; every look is audited (HL-DAT-02)."""

from services.payment.application.ports import PaymentUnit
from services.payment.domain.archive import Subsidy, subsidies_of
from shared.policy.archive import may_read_archive, no_record, require_archive


async def read_archive(uow: PaymentUnit, *, class_id: str, person_id: str) -> tuple[Subsidy, ...]:
    """Give what was approved for the person in the class, whoever claimed it, by the day of approval.

    Raise NotFound PERSON_NOT_FOUND for anybody out of the actor's scope, Refused FEATURE_OFF where the class's document
    keeps no archives.
    """
    opened = (await uow.classes.facts(class_id)).opened
    if opened is None or all(person_id != trainee.person_id for trainee in opened.fact.trainees):
        raise no_record()
    if not may_read_archive(uow.actor, person_id, region=opened.fact.region):
        raise no_record()
    require_archive([uow.shelf.by_id(opened.fact.rulebook_id)])
    await uow.audit(action="archive_read", subject=person_id, details={"class_id": class_id})
    found = [
        subsidy
        for claim in await uow.claims.all_of_class(class_id)
        for subsidy in subsidies_of(person_id, claim, await uow.orders.of_claim(claim.claim_id))
    ]
    return tuple(sorted(found, key=lambda subsidy: subsidy.approved_on))
