"""The bureau lists an institution in the directory (目录)."""

from dataclasses import dataclass, replace

from services.enrollment.application.judging import book_on
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.centre import judge_conditions, judge_listing
from services.enrollment.domain.institution import DirectoryEntry, Institution, require_apart
from services.enrollment.domain.institution import list_institution as listed
from shared.policy.decision import Finding, Severity
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A new directory entry: the institution's version, and what keeps it from training a listed occupation yet."""

    version: int
    warnings: tuple[Finding, ...]


async def list_institution(uow: UnitOfWork, *, institution_id: str, entry: DirectoryEntry) -> Listed:
    """Add a directory entry, judged by the rulebook of its first day if any (JY-INS-03, JY-INS-05).

    Raise Conflict ENTRY_OVERLAPS where the directory says so already.
    """
    institution = await institution_of_region(uow, institution_id)
    version = await uow.institutions.next_version(institution_id)
    book = book_on(uow, institution.region, entry.valid_from)
    fact = listed(institution, entry, book.enrollment.private_school if book else None)
    require_apart(entry, await uow.institutions.entries(institution_id))
    if book is not None:
        await _follow_procedure(uow, institution, book)
    await uow.institutions.add_entry(institution_id, entry)
    await uow.publish(fact)
    await uow.audit(
        action="institution_listed", subject=institution_id, details={"occupations": len(entry.occupations)}
    )
    return Listed(version=version, warnings=await _warnings(uow, institution, entry, book))


async def _follow_procedure(uow: UnitOfWork, institution: Institution, book: Rulebook) -> None:
    terms = book.enrollment
    application = await uow.centres.standing(institution.institution_id)
    refuse_stopped(
        judge_listing(institution, application, application_terms=terms.centre_application, terms=terms.centre_listing)
    )
    if application is not None and application.state == "approved":
        await uow.centres.save(replace(application, state="listed"))


async def _warnings(
    uow: UnitOfWork, institution: Institution, entry: DirectoryEntry, book: Rulebook | None
) -> tuple[Finding, ...]:
    terms = book.enrollment.basic_conditions if book else None
    findings = await uow.centres.findings(institution.institution_id) if terms else ()
    return tuple(
        replace(warning, severity=Severity.WARN)
        for occupation in entry.occupations
        for warning in judge_conditions(institution, findings, occupation=occupation, terms=terms)
    )
