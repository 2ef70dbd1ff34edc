"""The bureau registers a training institution."""

from services.enrollment.application.judging import book_on
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import require_region
from services.enrollment.domain.institution import Institution, judge_credit_code, judge_kind
from shared.domain.errors import Conflict
from shared.policy.decision import Finding
from shared.policy.judging import refuse_stopped


async def register_institution(
    uow: UnitOfWork, institution: Institution, *, doubtful_code: bool
) -> tuple[Finding, ...]:
    """Add an institution of a region within the actor's own and give warnings about it.

    The kind is judged by the rulebook in force today, when there is one (JY-INS-12).
    """
    require_region(uow, institution.region)
    book = book_on(uow, institution.region, uow.today)
    findings = (
        *judge_kind(institution.kind, book.enrollment.institution_kinds if book else None),
        *judge_credit_code(doubtful=doubtful_code),
    )
    refuse_stopped(findings)
    if not await uow.institutions.add(institution):
        raise Conflict(
            code="INSTITUTION_EXISTS",
            message="该统一社会信用代码已登记。",
            advice="请查询已登记的机构，不要重复登记。",
            field="credit_code",
            value=institution.credit_code,
        )
    await uow.audit(
        action="institution_registered", subject=institution.institution_id, details={"kind": institution.kind}
    )
    return findings
