"""Which fact from elsewhere starts which use-case of supervision."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.supervision.application.change_class import change_class, take_withdrawal
from services.supervision.application.end_class import end_class
from services.supervision.application.open_class import open_class
from services.supervision.application.ports import SupervisionUnit
from shared.contracts.contract import Contract, topic_of
from shared.contracts.enrollment import ClassChanged, ClassClosed, ClassOpened, TraineeWithdrawn
from shared.contracts.envelope import Envelope


async def on_class_opened(uow: SupervisionUnit, fact: ClassOpened, _envelope: Envelope) -> None:
    """Begin to supervise the class."""
    await open_class(uow, fact)


async def on_class_changed(uow: SupervisionUnit, fact: ClassChanged, envelope: Envelope) -> None:
    """Follow the change from the instant at which enrollment made it."""
    await change_class(uow, fact, at=envelope.time)


async def on_trainee_withdrawn(uow: SupervisionUnit, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
    """Expect the person no longer."""
    await take_withdrawal(uow, fact)


async def on_class_closed(uow: SupervisionUnit, fact: ClassClosed, _envelope: Envelope) -> None:
    """Stop supervising a class that was withdrawn or never opened."""
    await end_class(uow, fact)


TOPICS: Final = (topic_of("enrollment"),)

HANDLERS: Final[dict[type[Contract], Callable[[Any, Any, Envelope], Awaitable[None]]]] = {
    ClassOpened: on_class_opened,
    ClassChanged: on_class_changed,
    TraineeWithdrawn: on_trainee_withdrawn,
    ClassClosed: on_class_closed,
}
