"""Close a finding by a person's conclusion; a confirmed opening-day finding cancels the class."""

from services.supervision.application.access import lock_class
from services.supervision.application.end_class import forget_closings
from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import ClassFile, conclude
from services.supervision.domain.finding import CaseFinding, Conclusion, finding_unknown, require_concluder
from shared.clock import new_id
from shared.domain.errors import NotFound


async def close_finding(
    uow: SupervisionUnit, *, finding_id: str, conclusion: Conclusion, reason: str
) -> tuple[CaseFinding, ClassFile]:
    """Give the closed finding and its class's file; raise NotFound, Conflict FINDING_CLOSED or a Refused.

    Raise Forbidden ROLE_MISSING or SAME_AUTHOR for who is not the one to conclude it (`require_concluder`).
    A finding out of the actor's scope is as unknown as one that does not exist.
    """
    class_id = await uow.files.class_of_finding(finding_id)
    if class_id is None:
        raise finding_unknown()
    try:
        file = await lock_class(uow, class_id)
    except NotFound:
        raise finding_unknown() from None  # the class's id would say that the finding exists
    book = uow.shelf.by_id(file.training_class.rulebook_id)
    found = file.finding(finding_id)
    require_concluder(uow.actor, owner=found.owner, casework=book.supervision.casework, authors=file.authors(found))
    concluded, events = conclude(
        file,
        book,
        finding_id=finding_id,
        conclusion=conclusion,
        closed_by=uow.actor.subject,
        reason=reason,
        now=uow.now,
        make_id=new_id,
    )
    saved = await uow.files.save(file, concluded)
    for event in events:
        await uow.publish(event)
    if saved.training_class.ending is not None:
        await forget_closings(uow, saved)
    finding = saved.finding(finding_id)
    await uow.audit(
        action="finding.closed",
        subject=class_id,
        details={"finding_id": finding_id, "check": finding.check, "conclusion": conclusion},
    )
    return finding, saved
