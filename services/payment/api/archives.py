"""The address of a person's archive: subsidies of one class."""

from datetime import date
from typing import Annotated, Self

from fastapi import Depends, Path
from pydantic import BaseModel

from services.payment.api.schemas import Id
from services.payment.application.ports import PaymentUnit
from services.payment.application.read_archive import read_archive
from services.payment.domain.archive import Subsidy
from shared.policy.archive import READERS
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import unkeyed_transaction

router = service_router("/payment/v1/classes", tags=["个人档案"])


class ArchivedSubsidy(BaseModel):
    """What was approved for the person, and what of it the bank has paid to the claimant."""

    claim_id: str
    claimant: str
    programme: str
    certificate_kind: str | None
    approved_on: date
    amount_fen: int
    settled_fen: int

    @classmethod
    def of(cls, subsidy: Subsidy) -> Self:
        """Give the view."""
        return cls(**{name: getattr(subsidy, name) for name in cls.model_fields})


class ArchiveAnswer(BaseModel):
    """A person's subsidies of one class, by the day of approval; no cut of the whole class is among them."""

    class_id: str
    person_id: str
    subsidies: list[ArchivedSubsidy]


@router.get(
    "/{class_id}/archive/{person_id}",
    summary="个人培训电子档案：本班补贴（留痕）",
    dependencies=[requires(*READERS)],
    responses=responses(404, 422),
)
async def get_archive(
    class_id: Annotated[Id, Path()],
    person_id: Annotated[Id, Path(description="人员编号，不是证件号码")],
    unit: Annotated[PaymentUnit, Depends(unkeyed_transaction)],
) -> ArchiveAnswer:
    """Give the person's subsidies (HL-DAT-02); which classes there are, enrollment answers."""
    found = await read_archive(unit, class_id=class_id, person_id=person_id)
    return ArchiveAnswer(class_id=class_id, person_id=person_id, subsidies=[ArchivedSubsidy.of(one) for one in found])
