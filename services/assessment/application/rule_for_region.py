"""The bureau decides for its region what the document leaves open: exam windows (JY-ASM-03), exceptions (JY-ASM-06)."""

from collections.abc import Sequence

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.ruling import (
    ExamWindow,
    Revocation,
    TransitionalException,
    require_excepted,
    revoke,
)
from shared.domain.errors import Conflict, NotFound
from shared.domain.jurisdiction import ancestors, descendants, is_within


async def set_exam_window(uow: AssessmentUnit, window: ExamWindow) -> ExamWindow:
    """Add a window of a region within the actor's own, in which exams of online classes are applied for.

    Raise Refused WINDOW_DATES, Conflict WINDOW_EXISTS when one of the region opens on that day.
    """
    uow.actor.require_region(window.region)
    window.require_order()
    if not await uow.rulings.add_window(window, set_by=uow.actor.subject):
        raise Conflict(
            code="WINDOW_EXISTS",
            message=f"该区划已有自 {window.opens.isoformat()} 起的申请时间。",
            advice="申请时间只增不改；需要延长的，请自原截止日次日起另设一段。",
            field="opens",
            value=window.opens.isoformat(),
        )
    await uow.audit(
        action="exam_window.set",
        subject=window.region,
        details={"opens": window.opens.isoformat(), "closes": window.closes.isoformat()},
    )
    return window


async def record_exception(uow: AssessmentUnit, exception: TransitionalException) -> TransitionalException:
    """Record a transitional exception of a region within the actor's own.

    Raise Refused KIND_NOT_EXCEPTED or EXCEPTION_DATES, or RULEBOOK_MISSING without a rulebook there.
    """
    uow.actor.require_region(exception.region)
    term = uow.shelf.in_force(exception.region, exception.starts_on).assessment.transitional_exceptions
    require_excepted(exception, term)
    await uow.rulings.add_exception(exception)
    await uow.audit(
        action="exception.recorded",
        subject=exception.exception_id,
        details={
            "region": exception.region,
            "occupation": exception.occupation,
            "certificate_kind": exception.kind,
            "starts_on": exception.starts_on.isoformat(),
            "ends_on": exception.ends_on.isoformat(),
        },
    )
    return exception


async def revoke_exception(uow: AssessmentUnit, *, exception_id: str, revocation: Revocation) -> TransitionalException:
    """End an exception within the actor's region before its time; certificates issued under it keep their worth.

    Raise NotFound EXCEPTION_UNKNOWN, Conflict ALREADY_REVOKED, Refused REVOCATION_DATE.
    """
    standing = await uow.rulings.exception(exception_id)
    if standing is None or not is_within(standing.region, uow.actor.region):
        raise NotFound(
            code="EXCEPTION_UNKNOWN",
            message="没有此例外决定。",
            advice="请核对例外决定编号。",
            field="exception_id",
            value=exception_id,
        )
    revoked = revoke(standing, revocation, today=uow.today)
    await uow.rulings.save_revoked(revoked)
    await uow.audit(action="exception.revoked", subject=exception_id, details={"on": revocation.on.isoformat()})
    return revoked


async def list_rulings(uow: AssessmentUnit) -> tuple[Sequence[ExamWindow], Sequence[TransitionalException]]:
    """Give the windows and exceptions that hold somewhere in the actor's region: its own, those above and below."""
    own = uow.actor.region
    known = [*ancestors(own), *sorted(descendants(own) - {own})]
    return await uow.rulings.windows(known), await uow.rulings.exceptions(known)
