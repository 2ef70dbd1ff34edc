"""The address of a person's archive: which classes."""

from datetime import date
from typing import Annotated, Self

from fastapi import Depends, Path
from pydantic import BaseModel

from services.enrollment.api.schemas import Id
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.read_archive import read_archive
from services.enrollment.domain.archive import ArchivedClass
from services.enrollment.domain.training_class import State
from shared.policy.archive import READERS
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import unkeyed_transaction

router = service_router("/enrollment/v1/persons", tags=["个人档案"])


class ArchivedClassView(BaseModel):
    """A class the person was enrolled in; `left_on` where the person left it."""

    class_id: str
    institution_name: str
    training_type: str
    programme: str
    occupation: str
    level: str | None
    opening_date: date
    closing_date: date
    state: State
    left_on: date | None

    @classmethod
    def of(cls, place: ArchivedClass) -> Self:
        """Give the view."""
        return cls(**{name: getattr(place, name) for name in cls.model_fields})


class ArchiveAnswer(BaseModel):
    """A person's classes by opening date, within the caller's scope."""

    person_id: str
    masked_name: str
    classes: list[ArchivedClassView]


@router.get(
    "/{person_id}/archive",
    summary="个人培训电子档案：参加的班级（留痕）",
    dependencies=[requires(*READERS)],
    responses=responses(404, 422),
)
async def get_archive(
    person_id: Annotated[Id, Path(description="人员编号，不是证件号码")],
    unit: Annotated[UnitOfWork, Depends(unkeyed_transaction)],
) -> ArchiveAnswer:
    """Give the classes; attendance, certificates and subsidies of each the other services answer (HL-DAT-02)."""
    places = await read_archive(unit, person_id)
    return ArchiveAnswer(
        person_id=person_id,
        masked_name=places[-1].masked_name,
        classes=[ArchivedClassView.of(place) for place in places],
    )
