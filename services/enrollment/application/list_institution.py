"""The bureau lists an institution in the directory (目录)."""

from services.enrollment.application.judging import book_on
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.institution import DirectoryEntry
from services.enrollment.domain.institution import list_institution as listed


async def list_institution(uow: UnitOfWork, *, institution_id: str, entry: DirectoryEntry) -> int:
    """Add a directory entry, judged by the rulebook of its first day if any (JY-INS-05); give the new version."""
    institution = await institution_of_region(uow, institution_id)
    book = book_on(uow, institution.region, entry.valid_from)
    fact = listed(institution, entry, book.enrollment.private_school if book else None)
    version = await uow.institutions.next_version(institution_id)
    await uow.institutions.add_entry(institution_id, entry)
    await uow.publish(fact)
    await uow.audit(
        action="institution_listed", subject=institution_id, details={"occupations": len(entry.occupations)}
    )
    return version
