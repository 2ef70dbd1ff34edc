"""The bureau registers an assessment body, or changes what a registered one may certify."""

from dataclasses import dataclass, replace

from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.body import AssessmentBody
from shared.clock import new_id
from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Conflict
from shared.domain.identifiers import credit_code
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBody:
    """What the bureau says of a body; the credit code is checked and cleaned here."""

    name: str
    credit_code: str
    region: str
    certificate_kinds: tuple[CertificateKind, ...]
    occupations: tuple[str, ...]
    is_bureau: bool
    kind: str | None = None


async def register_body(uow: AssessmentUnit, command: RegisterBody) -> tuple[AssessmentBody, tuple[Finding, ...]]:
    """Add the body, or change the one registered under its credit code, and give it with warnings.

    Raise Forbidden REGION_OUT_OF_SCOPE outside the actor's region, Refused for a wrong credit code.
    """
    uow.actor.require_region(command.region)
    code = credit_code(command.credit_code)
    asked = AssessmentBody(
        body_id=new_id(),
        name=command.name,
        credit_code=code.value,
        region=command.region,
        certificate_kinds=command.certificate_kinds,
        occupations=command.occupations,
        is_bureau=command.is_bureau,
        kind=command.kind,
    )
    standing = await uow.bodies.registered(code.value)
    if standing is None:
        body = await _add(uow, asked)
    else:
        uow.actor.require_region(standing.region)
        body = await uow.bodies.save(replace(asked, body_id=standing.body_id, version=standing.version))
    await uow.audit(
        action="body.registered",
        subject=body.body_id,
        details={"version": body.version, "kinds": ",".join(body.certificate_kinds), "is_bureau": body.is_bureau},
    )
    return body, _warnings(doubtful=code.doubtful)


async def _add(uow: AssessmentUnit, body: AssessmentBody) -> AssessmentBody:
    if not await uow.bodies.add(body):
        raise Conflict(
            code="BODY_EXISTS",
            message="该统一社会信用代码刚由他人登记。",
            advice="请重新提交，即可更新已登记的评价机构。",
            field="credit_code",
            value=body.credit_code,
        )
    return body


def _warnings(*, doubtful: bool) -> tuple[Finding, ...]:
    if not doubtful:
        return ()
    return (
        CONSISTENCY.finding(
            code="CREDIT_CODE_DOUBTFUL",
            severity=Severity.WARN,
            message="统一社会信用代码的校验位不符，但早期确有此类代码。",
            advice="请对照证照人工核对。",
            field="credit_code",
        ),
    )
