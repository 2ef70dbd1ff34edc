"""The address of a person's archive: attendance of one class."""

from typing import Annotated, Self

from fastapi import Depends
from pydantic import BaseModel

from services.supervision.api.schemas import PathId
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.read_archive import read_archive
from services.supervision.domain.attendance import PersonAttendance
from shared.policy.archive import READERS
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import unkeyed_transaction

router = service_router("/supervision/v1/classes", tags=["个人档案"])


class ArchiveAnswer(BaseModel):
    """A person's attendance of one class, of the sessions closed so far."""

    class_id: str
    person_id: str
    present_sessions: int
    absent_sessions: int
    present_class_hours: int

    @classmethod
    def of(cls, class_id: str, person_id: str, found: PersonAttendance) -> Self:
        """Give the answer."""
        return cls(
            class_id=class_id,
            person_id=person_id,
            present_sessions=found.present_sessions,
            absent_sessions=found.absent_sessions,
            present_class_hours=found.present_class_hours,
        )


@router.get(
    "/{class_id}/archive/{person_id}",
    summary="个人培训电子档案：本班出勤（留痕）",
    dependencies=[requires(*READERS)],
    responses=responses(404, 422),
)
async def get_archive(
    class_id: PathId, person_id: PathId, unit: Annotated[SupervisionUnit, Depends(unkeyed_transaction)]
) -> ArchiveAnswer:
    """Give how often the person was there (HL-DAT-02); which classes there are, enrollment answers."""
    found = await read_archive(unit, class_id=class_id, person_id=person_id)
    return ArchiveAnswer.of(class_id, person_id, found)
