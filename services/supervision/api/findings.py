"""Findings (疑点) and their closing."""

from typing import Annotated

from fastapi import Depends, Query, Response

from services.supervision.api.classes import READERS
from services.supervision.api.problem_codes import SAME_AUTHOR
from services.supervision.api.record_views import ClosureAnswer, FindingList, FindingView
from services.supervision.api.schemas import ClosureBody, Id, PathId
from services.supervision.application.access import find_class
from services.supervision.application.close_finding import close_finding
from services.supervision.application.ports import SupervisionUnit
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag

router = service_router("/supervision/v1/findings", tags=["疑点"])

Write = Annotated[SupervisionUnit, Depends(write_transaction)]
Read = Annotated[SupervisionUnit, Depends(read_transaction)]


@router.get("", summary="班级的疑点", dependencies=[requires(*READERS)], responses=responses(404))
async def get_findings(class_id: Annotated[Id, Query()], unit: Read) -> FindingList:
    """Give the findings of one class, open and closed."""
    file = await find_class(unit, class_id)
    return FindingList(items=[FindingView.of(finding) for finding in file.findings])


@router.post(
    "/{finding_id}/closure",
    summary="疑点结案（由负责角色或其上级角色办理，不得由登记依据的人办理）",
    dependencies=[requires(Role.INSPECTOR, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404, SAME_AUTHOR, 409),
)
async def post_closure(finding_id: PathId, body: ClosureBody, unit: Write, response: Response) -> ClosureAnswer:
    """Close a finding; a confirmed opening-day finding cancels the class (JY-SUP-04).

    The role in `owner` concludes it, or the one that the rulebook sets above the owners; whoever signed or voided an
    inspection record on which the finding rests does not (JY-REP-07).
    """
    finding, file = await close_finding(unit, finding_id=finding_id, conclusion=body.conclusion, reason=body.reason)
    state, version = file.training_class.state, file.training_class.version
    response.headers["ETag"] = etag(version)
    return ClosureAnswer(finding=FindingView.of(finding), class_state=state, version=version)
