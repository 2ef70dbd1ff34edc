"""Which fact from elsewhere starts which use-case of assessment."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

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


def _starting(use_case: Callable[[AssessmentUnit, Any], Awaitable[None]]) -> Handler:
    async def handle(uow: AssessmentUnit, fact: Contract, _envelope: Envelope) -> None:
        await use_case(uow, fact)

    return handle


HANDLERS: Final[Mapping[type[Contract], Handler]] = {
    ClassOpened: _starting(open_class),
    ClassChanged: _starting(change_class),
    TraineeWithdrawn: _starting(withdraw_trainee),
    ClassClosed: _starting(close_class),
    ClassCancelled: _starting(cancel_class),
    TrainingCompleted: _starting(complete_training),
}

TOPICS: Final = frozenset(contract.EVENT.topic for contract in HANDLERS)
"""The topics that assessment follows."""
