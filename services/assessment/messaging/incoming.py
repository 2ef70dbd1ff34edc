"""Which fact from elsewhere starts which use-case of assessment."""

from collections.abc import Mapping
from typing import Final

from services.assessment.application.change_class import change_class, withdraw_trainee
from services.assessment.application.complete_training import complete_training
from services.assessment.application.end_class import cancel_class, close_class
from services.assessment.application.open_class import open_class
from services.assessment.application.ports import AssessmentUnit
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassChanged, ClassClosed, ClassOpened, TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import ClassCancelled, TrainingCompleted
from shared.messaging.inbox import Handler


async def on_class_opened(uow: AssessmentUnit, fact: ClassOpened, _envelope: Envelope) -> None:
    """Know the class from now on."""
    await open_class(uow, fact)


async def on_class_changed(uow: AssessmentUnit, fact: ClassChanged, _envelope: Envelope) -> None:
    """Follow the closing date."""
    await change_class(uow, fact)


async def on_trainee_withdrawn(uow: AssessmentUnit, fact: TraineeWithdrawn, _envelope: Envelope) -> None:
    """Examine the person no more."""
    await withdraw_trainee(uow, fact)


async def on_class_closed(uow: AssessmentUnit, fact: ClassClosed, _envelope: Envelope) -> None:
    """End a class that was cancelled or withdrawn."""
    await close_class(uow, fact)


async def on_class_cancelled(uow: AssessmentUnit, fact: ClassCancelled, _envelope: Envelope) -> None:
    """End a cancelled class."""
    await cancel_class(uow, fact)


async def on_training_completed(uow: AssessmentUnit, fact: TrainingCompleted, _envelope: Envelope) -> None:
    """Know that the training is complete, and the inspection opinion."""
    await complete_training(uow, fact)


HANDLERS: Final[Mapping[type[Contract], Handler]] = {
    ClassOpened: on_class_opened,
    ClassChanged: on_class_changed,
    TraineeWithdrawn: on_trainee_withdrawn,
    ClassClosed: on_class_closed,
    ClassCancelled: on_class_cancelled,
    TrainingCompleted: on_training_completed,
}

TOPICS: Final = frozenset(contract.EVENT.topic for contract in HANDLERS)
"""The topics that assessment follows."""
