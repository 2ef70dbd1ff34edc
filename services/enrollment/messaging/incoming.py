"""Which event starts which use-case."""

from collections.abc import Mapping
from typing import Final

from services.enrollment.application.apply_reservation import apply_reservation
from services.enrollment.application.close_class import cancel_class, complete_class
from services.enrollment.application.follow_up import open_follow_up, strike_follow_up
from services.enrollment.application.measure_satisfaction import measure_satisfaction
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.record_claim import record_claim
from shared.contracts.assessment import CertificateIssued, CertificateVoided, SatisfactionMeasured
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope
from shared.contracts.payment import ClaimApproved, EntitlementReserved
from shared.contracts.supervision import ClassCancelled, TrainingCompleted
from shared.messaging.inbox import Handler


async def on_entitlement_reserved(uow: UnitOfWork, fact: EntitlementReserved, _envelope: Envelope) -> None:
    """Apply payment's answer to a reservation."""
    await apply_reservation(uow, fact)


async def on_class_cancelled(uow: UnitOfWork, fact: ClassCancelled, _envelope: Envelope) -> None:
    """Close a class that supervision cancelled."""
    await cancel_class(uow, fact)


async def on_training_completed(uow: UnitOfWork, fact: TrainingCompleted, _envelope: Envelope) -> None:
    """Close a class whose training is complete."""
    await complete_class(uow, fact)


async def on_claim_approved(uow: UnitOfWork, fact: ClaimApproved, _envelope: Envelope) -> None:
    """Show an approved claim with its class."""
    await record_claim(uow, fact)


async def on_satisfaction_measured(uow: UnitOfWork, fact: SatisfactionMeasured, _envelope: Envelope) -> None:
    """Open a case for a class whose trainees were not satisfied."""
    await measure_satisfaction(uow, fact)


async def on_certificate_issued(uow: UnitOfWork, fact: CertificateIssued, _envelope: Envelope) -> None:
    """Open the follow-up of a certified learner where the rulebook asks one."""
    await open_follow_up(uow, fact)


async def on_certificate_voided(uow: UnitOfWork, fact: CertificateVoided, _envelope: Envelope) -> None:
    """Strike the follow-up of a learner whose certificate does not count."""
    await strike_follow_up(uow, fact)


HANDLERS: Final[Mapping[type[Contract], Handler]] = {
    EntitlementReserved: on_entitlement_reserved,
    ClassCancelled: on_class_cancelled,
    TrainingCompleted: on_training_completed,
    ClaimApproved: on_claim_approved,
    SatisfactionMeasured: on_satisfaction_measured,
    CertificateIssued: on_certificate_issued,
    CertificateVoided: on_certificate_voided,
}

TOPICS: Final = frozenset(contract.EVENT.topic for contract in HANDLERS)
"""The topics that enrollment follows."""
