"""Receive one application with several batches: a claim for each class, all of them or none (JY-CLM-09)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payment.application.assessing import open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import sees_claim, unknown
from services.payment.application.submit_claim import GivenAccount, SignedUndertaking, submit_claim
from services.payment.domain.claim import Claim, Claimant
from shared.clock import new_id
from shared.domain.errors import DomainError, Refused
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One class of an application: its claim and how many places were planned."""

    claim: Claim
    planned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application with its batches; its totals are theirs."""

    application_id: str
    batches: tuple[Batch, ...]


async def submit_application(
    uow: PaymentUnit,
    *,
    class_ids: Sequence[str],
    claimant: Claimant,
    undertaking: SignedUndertaking,
    account: GivenAccount,
) -> Application:
    """Submit a claim for every class under one application.

    What refuses one class refuses the application, the error's field names the row. Raise Refused TOO_MANY_BATCHES
    beyond the rulebook's rows, BATCH_REPEATED for a class named twice.
    """
    application_id = new_id()
    if len(set(class_ids)) != len(class_ids):
        raise Refused(
            code="BATCH_REPEATED",
            message="同一班级在一份申请中列了多次。",
            advice="请每个班级只列一行。",
            field="class_ids",
        )
    await uow.claims.add_application(
        application_id, institution_id=uow.actor.organisation, by=uow.actor.subject, on=uow.today
    )
    claims = []
    for row, class_id in enumerate(class_ids):
        try:
            claims.append(
                await submit_claim(
                    uow,
                    class_id=class_id,
                    undertaking=undertaking,
                    account=account,
                    claimant=claimant,
                    application_id=application_id,
                )
            )
        except DomainError as error:
            error.field = f"class_ids[{row}]"
            raise
        except ExceptionGroup as group:
            for each in group.exceptions:
                if isinstance(each, DomainError):
                    each.field = f"class_ids[{row}]"
            raise
    application = await _application(uow, application_id, claims)
    await _require_rows(uow, application)
    return application


async def read_application(uow: PaymentUnit, application_id: str) -> Application:
    """Give an application of which the caller may see a batch, with the batches he may see."""
    claims = [claim for claim in await uow.claims.of_application(application_id) if sees_claim(uow.actor, claim)]
    if not claims:
        raise unknown("申请", "application_id")
    return await _application(uow, application_id, claims)


async def _application(uow: PaymentUnit, application_id: str, claims: Sequence[Claim]) -> Application:
    batches = [
        Batch(claim=claim, planned=(await open_case(uow, claim.class_id)).opened.fact.planned) for claim in claims
    ]
    return Application(application_id=application_id, batches=tuple(batches))


async def _require_rows(uow: PaymentUnit, application: Application) -> None:
    """Raise Refused TOO_MANY_BATCHES when a batch's rulebook allows fewer rows."""
    for batch in application.batches:
        term = uow.shelf.by_id(batch.claim.rulebook_id).payment.batches
        rows_max = term.batches_max if term else 1
        if len(application.batches) > rows_max:
            raise Refused(
                code="TOO_MANY_BATCHES",
                message=f"一份申请最多列 {rows_max} 个批次。",
                advice="请分成几份申请提交。",
                field="class_ids",
                **quote(term),
            )
