"""What people read of advances."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payment.application.ports import PaymentUnit
from services.payment.application.request_advance import visible_advance
from services.payment.domain.advance_money import AdvancePayment
from services.payment.domain.advance_progress import task_of
from services.payment.domain.progress import Task
from shared.domain.actor import Actor, Role
from shared.domain.jurisdiction import descendants
from shared.policy.terms.benefit import Advance


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceReading:
    """An advance with the term that allows it, what it waits for, and where its money goes, masked."""

    advance: AdvancePayment
    term: Advance
    task: Task | None
    account_masked: str | None
    pending_account_masked: str | None


async def read_advance(uow: PaymentUnit, advance_id: str) -> AdvanceReading:
    """Give an advance the caller may see."""
    return await _read(uow, await visible_advance(uow, advance_id))


async def list_advances(uow: PaymentUnit, *, class_id: str | None, mine: bool) -> Sequence[AdvanceReading]:
    """Give the advances of the caller's institution or region, of one class where it is named, oldest first.

    `mine` leaves those that wait for one of the caller's roles.
    """
    actor = uow.actor
    if actor.has(Role.INSTITUTION):
        found = await uow.advances.of_institution(actor.organisation)
    else:
        found = await uow.advances.of_regions(tuple(sorted(descendants(actor.region))))
    wanted = [each for each in found if class_id in (None, each.class_id) and (not mine or _waits_for(actor, each))]
    return [await _read(uow, each) for each in wanted]


def _waits_for(actor: Actor, advance: AdvancePayment) -> bool:
    task = task_of(advance)
    return task is not None and task.holder.role in actor.roles


async def _read(uow: PaymentUnit, advance: AdvancePayment) -> AdvanceReading:
    term = uow.shelf.by_id(advance.rulebook_id).payment.advance
    if term is None:
        raise LookupError(f"rulebook {advance.rulebook_id} allows no advance, though {advance.advance_id} was taken")
    active = await uow.advance_accounts.with_state(advance.advance_id, "active")
    pending = await uow.advance_accounts.with_state(advance.advance_id, "pending")
    return AdvanceReading(
        advance=advance,
        term=term,
        task=task_of(advance),
        account_masked=active.number_masked if active else None,
        pending_account_masked=pending.number_masked if pending else None,
    )
