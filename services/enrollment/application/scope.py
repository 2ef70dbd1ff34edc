"""Who may see and touch what: an institution its own, a bureau its region's; anything else does not exist for them."""

from typing import Final

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.review import APPLICANT, require_other_person
from services.enrollment.domain.training_class import TrainingClass
from shared.domain.actor import Actor, Role, region_out_of_scope
from shared.domain.errors import MissingFact, NotFound
from shared.domain.jurisdiction import descendants, is_within

BUREAU: Final = (
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.FINANCE,
    Role.AUDITOR,
    Role.PROVINCE,
)


def is_of_bureau(actor: Actor) -> bool:
    """Say whether the actor sees a region; whoever acts for an institution sees its own alone, whatever other role."""
    return actor.has(*BUREAU) and not actor.has(Role.INSTITUTION)


def require_region(uow: UnitOfWork, region: str) -> None:
    """Raise Forbidden REGION_OUT_OF_SCOPE unless the region is a bureau actor's own or lies under it."""
    if not _is_of_region(uow.actor, region):
        raise region_out_of_scope(region)


async def own_institution(uow: UnitOfWork, institution_id: str) -> Institution:
    """Give the institution that the actor belongs to; raise NotFound for any other."""
    institution = await uow.institutions.get(institution_id)
    if institution is None or not _is_own(uow.actor, institution_id):
        raise _no_institution()
    return institution


async def institution_of_region(uow: UnitOfWork, institution_id: str) -> Institution:
    """Give an institution within the bureau actor's region; raise NotFound for any other."""
    institution = await uow.institutions.get(institution_id)
    if institution is None or not _is_of_region(uow.actor, institution.region):
        raise _no_institution()
    return institution


async def visible_institution(uow: UnitOfWork, institution_id: str) -> Institution:
    """Give an institution that the actor may read; raise NotFound for any other."""
    institution = await uow.institutions.get(institution_id)
    if institution is None or not (_is_own(uow.actor, institution_id) or _is_of_region(uow.actor, institution.region)):
        raise _no_institution()
    return institution


def reading_scope(uow: UnitOfWork) -> tuple[str | None, list[str] | None]:
    """Give what a list shows the actor: the id of its own institution, or the regions of a bureau."""
    if not is_of_bureau(uow.actor):
        return uow.actor.organisation, None
    return None, sorted(descendants(uow.actor.region))


async def own_class(uow: UnitOfWork, class_id: str) -> TrainingClass:
    """Give, locked, a class of the actor's own institution, one of whose applicants the actor is from here on.

    Raise NotFound for any other class, Forbidden SAME_REVIEWER for somebody who reviewed this one (JY-REP-07).
    """
    found = await uow.classes.get(class_id, lock=True)
    if found is None or not _is_own(uow.actor, found.institution_id):
        raise _no_class()
    terms = uow.shelf.by_id(found.rulebook_id).enrollment.four_eyes
    require_other_person(uow.actor.subject, APPLICANT, duties=await uow.classes.duties(class_id), terms=terms)
    await uow.classes.assign_duty(class_id, uow.actor.subject, APPLICANT)
    return found


async def class_of_region(uow: UnitOfWork, class_id: str) -> TrainingClass:
    """Give, locked, a class within the bureau actor's region; raise NotFound for any other."""
    found = await uow.classes.get(class_id, lock=True)
    if found is None or not _is_of_region(uow.actor, found.region):
        raise _no_class()
    return found


async def visible_class(uow: UnitOfWork, class_id: str, *, lock: bool = False) -> TrainingClass:
    """Give a class that the actor may read, locked when asked; raise NotFound for any other."""
    found = await uow.classes.get(class_id, lock=lock)
    if found is None or not (_is_own(uow.actor, found.institution_id) or _is_of_region(uow.actor, found.region)):
        raise _no_class()
    return found


async def known_class(uow: UnitOfWork, class_id: str) -> TrainingClass:
    """Give, locked, the class that an event speaks of; raise MissingFact for one not known here (yet)."""
    found = await uow.classes.get(class_id, lock=True)
    if found is None:
        raise MissingFact(
            code="CLASS_UNKNOWN",
            message=f"班级 {class_id} 不在办班登记中。",
            advice="请等待班级信息到达；持续出现请检查数据库是否由备份恢复。",
        )
    return found


def _no_class() -> NotFound:
    """Give the answer for a class that is not there or not the actor's to see."""
    return NotFound(
        code="CLASS_NOT_FOUND", message="没有这个班级，或不在您的查看范围内。", advice="请核对班级编号 class_id。"
    )


def _no_institution() -> NotFound:
    return NotFound(
        code="INSTITUTION_NOT_FOUND",
        message="没有这个培训机构，或不在您的办理范围内。",
        advice="请核对机构编号 institution_id。",
    )


def _is_own(actor: Actor, institution_id: str) -> bool:
    return actor.has(Role.INSTITUTION) and actor.organisation == institution_id


def _is_of_region(actor: Actor, region: str) -> bool:
    return is_of_bureau(actor) and is_within(region, actor.region)
