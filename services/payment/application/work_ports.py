"""What is known of people's work, allowances and subsidies they had elsewhere: needed from storage."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from services.payment.domain.caps import Use
from services.payment.domain.class_record import Employment
from services.payment.domain.past_subsidy import PastSubsidy
from services.payment.domain.payout import PayoutEntry
from services.payment.domain.work_month import MonthEntry
from shared.contracts.enrollment import OpenedTrainee


class Work(Protocol):
    """Jobs, months and payouts of a class's people; whoever changes them locks the class first."""

    async def employments(self, class_id: str) -> Sequence[Employment]:
        """Give every record of the class's people, oldest first."""
        ...

    async def record_employment(self, class_id: str, found: Employment, *, by: str, on: date) -> None:
        """Add a record of a job."""
        ...

    async def months(self, class_id: str) -> Sequence[MonthEntry]:
        """Give every stated month of the class, in the order of statement."""
        ...

    async def add_month(self, class_id: str, entry: MonthEntry) -> MonthEntry:
        """Add a stated month and give it with its number; the database refuses one that stands already."""
        ...

    async def save_month(self, entry: MonthEntry) -> None:
        """Store what became of a stated month."""
        ...

    async def payouts(self, class_id: str) -> Sequence[PayoutEntry]:
        """Give every stated payout of the class, in the order of statement."""
        ...

    async def add_payout(self, class_id: str, entry: PayoutEntry) -> PayoutEntry:
        """Add a stated payout and give it with its number; the database refuses one that stands already."""
        ...

    async def save_payout(self, entry: PayoutEntry) -> None:
        """Store what became of a stated payout."""
        ...

    async def confirmed_elsewhere(self, class_id: str, persons: Collection[str]) -> frozenset[tuple[str, date]]:
        """Give which full months of these people are confirmed for other classes."""
        ...


class Past(Protocol):
    """Subsidies that people had elsewhere; whose they are is known only by keyed checks of their identity numbers."""

    async def add(self, person_key: str, had: PastSubsidy, *, by: str, on: date) -> int | None:
        """Add one and give its number, None when it was imported before."""
        ...

    async def know(self, person_key: str, checks: Mapping[str, str]) -> None:
        """Remember by which checks a person is recognised on a roster, by the id of their key."""
        ...

    async def past_uses(self, trainees: Collection[OpenedTrainee]) -> Sequence[Use] | None:
        """Give what these trainees had elsewhere, by day, None while nobody can tell."""
        ...

    async def importer(self, number: int) -> str | None:
        """Give who imported an entry that was not withdrawn, None for one that is not there."""
        ...

    async def withdraw(self, number: int, *, importer: str, reason: str, by: str, on: date) -> None:
        """Add the opposite entry of an entry."""
        ...

    async def person_of(self, number: int) -> str:
        """Give whose entry it is."""
        ...

    async def classes_of(self, person_keys: Collection[str]) -> Sequence[str]:
        """Give the classes for which these people were claimed, sorted."""
        ...
