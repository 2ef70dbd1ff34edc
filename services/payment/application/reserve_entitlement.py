"""Reserve slots and budget for a class and answer enrollment (JY-ENR-05); only the newest answer counts."""

from dataclasses import replace

from services.payment.application.commit_budget import hold, need_of
from services.payment.application.ports import PaymentUnit
from services.payment.domain.budget import granted, refused
from services.payment.domain.entitlement import Asked, answer, scope_of
from shared.contracts.enrollment import ReservationRequest
from shared.contracts.payment import BudgetAnswer, EntitlementReserved
from shared.domain.errors import MissingFact, Refused, refused_by


async def reserve_entitlement(
    uow: PaymentUnit, *, class_id: str, institution_id: str | None, version: int, request: ReservationRequest
) -> EntitlementReserved:
    """Reserve for the request that version `version` of enrollment's class carries, and publish the answer.

    Raise MissingFact RELEASE_PENDING while a release that the request relies on is not applied here, and
    RULEBOOK_UNKNOWN for a rulebook nobody has seen: the event is held. What an earlier version held and this one does
    not ask is given back.
    """
    rulebook = uow.shelf.by_id(request.rulebook_id)
    file = await uow.classes.lock(class_id)
    await _require_releases(uow, request)
    asked = file.ask(version, request)
    if institution_id is not None:
        asked = replace(asked, file=replace(asked.file, institution_id=institution_id))
    held = await uow.entitlements.held(class_id)
    await uow.entitlements.release(class_id, set(held) - set(asked.wanted), reason="not_asked_any_more", on=uow.today)
    scope = scope_of(rulebook, request)
    taken = frozenset(asked.wanted)
    if scope is not None:
        excepted = {trainee.person_id for trainee in request.trainees if trainee.repeat_by_decision}
        taken = await uow.entitlements.take(class_id, asked.wanted, scope, excepted=excepted, on=uow.today)
    budget = await reserve_budget(uow, asked)
    await uow.classes.save(asked.file.answered(budget, at=uow.now))
    given = answer(asked, granted=taken, rulebook=rulebook, budget=budget)
    await uow.publish(given)
    await uow.audit(
        action="entitlement_reserved",
        subject=class_id,
        details={
            "version": version,
            "granted": len(given.granted),
            "refused": len(given.refused),
            "budget": budget.code or "granted",
        },
    )
    return given


async def _require_releases(uow: PaymentUnit, request: ReservationRequest) -> None:
    for release in request.relies_on:
        held = await uow.entitlements.held(release.class_id)
        if held.get(release.person_id) == "reserved":  # a used slot is never released: the person will be refused
            raise MissingFact(
                code="RELEASE_PENDING",
                message="前一班级的补贴资格释放记录尚未到达。",
                advice="系统会在释放记录到达后自动继续，无须处理。",
            )


async def reserve_budget(uow: PaymentUnit, asked: Asked) -> BudgetAnswer:
    """Reserve the most that each of the class's people may bring, each from the source that pays it."""
    file, own = asked.file, asked.request.funding_source
    need = await need_of(uow, file)
    wanted = need.sources or {own: 0}
    amount_fen, source = sum(wanted.values()), next(iter(wanted)) if len(wanted) == 1 else own
    if file.released:
        return refused(source, amount_fen, code="CLASS_RELEASED", message="班级已释放，不再保留预算。")
    try:
        if need.missing:
            raise refused_by(need.missing[0])
        await hold(uow, file.class_id, replace(need, sources=wanted))
    except Refused as error:
        await hold(uow, file.class_id, await need_of(uow, replace(file, request=None)))
        return refused(source, amount_fen, code=error.code, message=error.message)
    return granted(source, amount_fen)
