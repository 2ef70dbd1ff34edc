"""The bureau suspends an institution's openings (JY-QUA-02)."""

from datetime import date
from typing import Final

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.provided import book_today, provided
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.suspension import Suspension
from services.enrollment.domain.suspension import suspend_institution as suspended
from shared.clock import end_of_day, new_id
from shared.domain.working_days import add_working_days
from shared.policy.rulebook import Rulebook
from shared.policy.terms.institution import Suspensions

RECTIFICATION_DUE: Final = "rectification_due"
"""The timer's kind; its key is the suspension id. It is due when the last day for the report has passed."""


async def suspend_institution(
    uow: UnitOfWork,
    *,
    institution_id: str,
    reason: str,
    remark: str,
    until: date | None = None,
    rectify_by: date | None = None,
) -> tuple[Suspension, int]:
    """Let no class open from today on, publish it, and give the suspension with the institution's version.

    Faults are to be mended by `rectify_by`, else within the rulebook's working days.
    """
    institution = await institution_of_region(uow, institution_id)
    book = book_today(uow, institution.region)
    return await suspend(uow, institution, book, reason=reason, remark=remark, until=until, rectify_by=rectify_by)


async def suspend(
    uow: UnitOfWork,
    institution: Institution,
    book: Rulebook,
    *,
    reason: str,
    remark: str,
    until: date | None = None,
    rectify_by: date | None = None,
) -> tuple[Suspension, int]:
    """Suspend, under the rulebook, an institution that the actor was found to be in charge of."""
    terms = suspension_terms(book)
    suspension = Suspension(
        suspension_id=new_id(),
        since=uow.today,
        until=until,
        rulebook_id=book.id,
        reason=reason,
        remark=remark,
        rectify_by=rectify_by or add_working_days(uow.today, terms.rectification_working_days),
    )
    fact = suspended(institution, suspension, terms=terms)
    version = await uow.institutions.next_version(institution.institution_id)
    await uow.institutions.add_suspension(institution.institution_id, suspension)
    await uow.publish(fact)
    await await_report(uow, suspension)
    await uow.audit(
        action="institution_suspended",
        subject=institution.institution_id,
        details={"rule": fact.rule, "reason": reason, "rectify_by": suspension.rectify_by.isoformat()},
    )
    return suspension, version


async def await_report(uow: UnitOfWork, suspension: Suspension) -> None:
    """Let the timer flag the suspension when the day for its report has passed."""
    await uow.schedule(due=end_of_day(suspension.rectify_by), kind=RECTIFICATION_DUE, key=suspension.suspension_id)


def suspension_terms(book: Rulebook) -> Suspensions:
    """Give the rulebook's terms of suspensions, or raise Refused NOT_PROVIDED."""
    return provided(book.enrollment.suspensions, "暂停开班")
