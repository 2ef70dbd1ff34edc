"""The bureau ends an institution's directory entry."""

from datetime import date

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.institution import DirectoryEntry, end_entry, listed_event
from shared.domain.errors import NotFound


async def end_directory_entry(
    uow: UnitOfWork, *, institution_id: str, entry_id: str, valid_to: date, reason: str
) -> tuple[DirectoryEntry, int]:
    """Let the entry end on an earlier last day, publish it as it stands now, and give it with the new version."""
    institution = await institution_of_region(uow, institution_id)
    version = await uow.institutions.next_version(institution_id)
    entries = await uow.institutions.entries(institution_id)
    entry = next((one for one in entries if one.entry_id == entry_id), None)
    if entry is None:
        raise NotFound(
            code="ENTRY_NOT_FOUND", message="该机构没有这个目录条目。", advice="请从机构详情中查询条目编号 entry_id。"
        )
    ended = end_entry(entry, on=valid_to, today=uow.today)
    await uow.institutions.end_entry(ended, reason=reason)
    await uow.publish(listed_event(institution, ended))
    await uow.audit(action="directory_entry_ended", subject=entry_id, details={"valid_to": valid_to.isoformat()})
    return ended, version
