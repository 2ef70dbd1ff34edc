"""What advances need from storage."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from services.payment.domain.advance_money import AdvancePayment
from services.payment.domain.duty import Duty
from services.payment.domain.order import Answer


class Advances(Protocol):
    """Advances of classes with their duties, sendings, demands and what they are owed less by."""

    async def find(self, advance_id: str) -> AdvancePayment | None:
        """Give an advance; whoever will change it locks its class first."""
        ...

    async def of_class(self, class_id: str) -> tuple[AdvancePayment, ...]:
        """Give every advance of a class, by number and day."""
        ...

    async def of_institution(self, institution_id: str) -> tuple[AdvancePayment, ...]:
        """Give every advance of an institution, the newest request last."""
        ...

    async def of_regions(self, regions: Collection[str]) -> tuple[AdvancePayment, ...]:
        """Give every advance of these regions, the newest request last."""
        ...

    async def duties(self, class_id: str) -> Mapping[str, Duty]:
        """Give who holds which duty in the advances of a class."""
        ...

    async def add(self, advance: AdvancePayment) -> AdvancePayment:
        """Store a request; raise Conflict ADVANCE_TAKEN when another took its place among the class's first."""
        ...

    async def save(self, before: AdvancePayment, after: AdvancePayment) -> AdvancePayment:
        """Store what changed, duties first; raise Conflict ADVANCE_MOVED_ON when the stored advance moved on."""
        ...

    async def ready(self, funding_source: str, regions: Collection[str]) -> tuple[AdvancePayment, ...]:
        """Give the advances of a source that wait for a bank file, by class and id."""
        ...

    async def sent_in(self, bank_file_id: str) -> Sequence[Mapping[str, str | int]]:
        """Give what of a bank file are advances: `advance_id`, `attempt`, `account_id`, by id."""
        ...

    async def sending(self, advance_id: str, attempt: int) -> Mapping[str, str | None] | None:
        """Give the `bank_file_id` and the `outcome` of one sending."""
        ...

    async def add_sending(self, advance: AdvancePayment, *, bank_file_id: str, account_id: str, sender: str) -> None:
        """Store that an advance went to the bank."""
        ...

    async def record_answer(self, answer: Answer) -> None:
        """Store what the bank answered; the answer's order is the advance."""
        ...

    async def is_receipt_used(self, institution_id: str, funding_source: str, reference: str) -> bool:
        """Say whether the bank's receipt was counted for an advance or a claw-back of this institution before."""
        ...
