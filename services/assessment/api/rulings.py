"""What the bureau decides for its region: windows for online classes' exams, transitional exceptions."""

from datetime import date
from typing import Annotated, Final, Self

from fastapi import Depends
from pydantic import BaseModel, Field

from services.assessment.api.schemas import Body, Code, Day, Reason, RegionCode, example
from services.assessment.application.access import READERS
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.rule_for_region import (
    list_rulings,
    record_exception,
    revoke_exception,
    set_exam_window,
)
from services.assessment.domain.ruling import ExamWindow, Revocation, TransitionalException
from shared.clock import new_id
from shared.contracts.assessment import CertificateKind
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.validation import Text

router = service_router("/assessment/v1", tags=["考核规定与例外"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]
Read = Annotated[AssessmentUnit, Depends(read_transaction)]
Source = Annotated[Text, Field(min_length=1, max_length=500)]


_EXCEPTION: Final = {
    "region": "419001",
    "occupation": "6-18-02-04",
    "certificate_kind": "level",
    "starts_on": "2021-01-01",
    "ends_on": "2021-09-30",
    "document": "示例决定〔2021〕2号",
    "reason": "本工种尚无等级认定机构",
}


class WindowBody(Body):
    """Days, both included, on which exams of online classes are applied for."""

    model_config = example(
        {"region": "419001", "opens": "2021-09-01", "closes": "2021-09-10", "source": "示例通知〔2021〕3号"}
    )

    region: RegionCode
    opens: Day
    closes: Day
    source: Source = Field(description="规定申请时间的文件及文号")


class WindowView(WindowBody):
    """A window as it stands."""

    @classmethod
    def of(cls, window: ExamWindow) -> Self:
        """Render a window."""
        return cls(region=window.region, opens=window.opens, closes=window.closes, source=window.source)


class ExceptionBody(Body):
    """A recorded decision that the completion exam may stand in for a kind in an occupation."""

    model_config = example(_EXCEPTION)

    region: RegionCode
    occupation: Code
    certificate_kind: CertificateKind
    starts_on: Day
    ends_on: Day
    document: Source = Field(description="决定文件及文号")
    reason: Reason


class ExceptionView(ExceptionBody):
    """An exception; from `revoked_from` on it no longer holds."""

    model_config = example(
        {
            **_EXCEPTION,
            "exception_id": "5b1d1c3e-0000-4000-8000-000000000021",
            "decided_by": "approver-1",
            "decided_on": "2021-01-04",
            "revoked_from": "2021-08-01",
            "revocation_reason": "等级认定机构已备案",
        }
    )

    exception_id: str
    decided_by: str
    decided_on: date
    revoked_from: date | None
    revocation_reason: str | None

    @classmethod
    def of(cls, exception: TransitionalException) -> Self:
        """Render an exception."""
        revocation = exception.revocation
        return cls(
            exception_id=exception.exception_id,
            region=exception.region,
            occupation=exception.occupation,
            certificate_kind=exception.kind,
            starts_on=exception.starts_on,
            ends_on=exception.ends_on,
            document=exception.document,
            reason=exception.reason,
            decided_by=exception.decided_by,
            decided_on=exception.decided_on,
            revoked_from=None if revocation is None else revocation.on,
            revocation_reason=None if revocation is None else revocation.reason,
        )


class RevocationBody(Body):
    """From which day, today at the earliest, an exception no longer holds, and why."""

    model_config = example({"on": "2021-08-01", "reason": "等级认定机构已备案"})

    on: Day
    reason: Reason


class RulingsView(BaseModel):
    """What holds or held in the reader's region."""

    exam_windows: list[WindowView]
    exceptions: list[ExceptionView]


@router.get("/rulings", summary="考核申请时间与过渡期例外", dependencies=[requires(*READERS)])
async def get_rulings(unit: Read) -> RulingsView:
    """Give the windows and exceptions of the reader's region, of those above it and of those below."""
    windows, exceptions = await list_rulings(unit)
    return RulingsView(
        exam_windows=[WindowView.of(one) for one in windows], exceptions=[ExceptionView.of(one) for one in exceptions]
    )


@router.post(
    "/exam-windows",
    status_code=201,
    summary="规定线上培训的考核申请时间（只增不改）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(409, 422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_window(body: WindowBody, unit: Write) -> WindowView:
    """Set days on which exams of online classes are applied for."""
    return WindowView.of(await set_exam_window(unit, ExamWindow(**body.model_dump())))


@router.post(
    "/exceptions",
    status_code=201,
    summary="登记过渡期例外决定",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(422, "REGION_OUT_OF_SCOPE", "REGION_UNKNOWN"),
)
async def post_exception(body: ExceptionBody, unit: Write) -> ExceptionView:
    """Record that the completion exam may stand in for a kind in an occupation, from a day to a day."""
    exception = TransitionalException(
        exception_id=new_id(),
        region=body.region,
        occupation=body.occupation,
        kind=body.certificate_kind,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        document=body.document,
        reason=body.reason,
        decided_by=unit.actor.subject,
        decided_on=unit.today,
    )
    return ExceptionView.of(await record_exception(unit, exception))


@router.post(
    "/exceptions/{exception_id}/revocation",
    summary="撤销过渡期例外决定",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 409, 422),
)
async def post_revocation(exception_id: str, body: RevocationBody, unit: Write) -> ExceptionView:
    """End an exception before its time; certificates issued under it keep their worth."""
    revocation = Revocation(on=body.on, by=unit.actor.subject, reason=body.reason)
    return ExceptionView.of(await revoke_exception(unit, exception_id=exception_id, revocation=revocation))
