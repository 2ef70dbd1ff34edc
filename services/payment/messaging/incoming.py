"""Which fact from elsewhere starts which use-case of payment."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.payment.application.commit_budget import keep_budget
from services.payment.application.draft_monthly_report import begin_reporting
from services.payment.application.ports import PaymentUnit
from services.payment.application.receive_fact import receive_fact
from services.payment.application.release_entitlement import release_class, release_trainees
from services.payment.application.reserve_entitlement import reserve_entitlement
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    AssessmentWithdrawn,
    CertificateIssued,
    CertificateVoided,
    ResultEntryChanged,
    SatisfactionMeasured,
)
from shared.contracts.contract import Contract, topic_of
from shared.contracts.enrollment import (
    ClassApproved,
    ClassChanged,
    ClassClosed,
    ClassOpened,
    OccupationDated,
    RosterEntryChanged,
    TraineeWithdrawn,
)
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import (
    AttendanceChecked,
    ClassCancelled,
    FindingClosed,
    FindingRaised,
    InspectionEntryChanged,
    SpotCheckRecorded,
    SpotCheckVoided,
    TrainingCompleted,
)

Handler = Callable[[Any, Any, Envelope], Awaitable[None]]

TOPICS: Final = (topic_of("enrollment"), topic_of("supervision"), topic_of("assessment"))

_RELEASING: Final = ("withdrawn", "not_opened")
"""Endings of a class after which nothing of it will be claimed."""


async def on_class_approved(uow: PaymentUnit, fact: ClassApproved, envelope: Envelope) -> None:
    """Reserve for the roster and answer."""
    await reserve_entitlement(
        uow,
        class_id=fact.class_id,
        institution_id=fact.institution_id,
        version=envelope.aggregateversion,
        request=fact.reservation,
    )


async def on_class_changed(uow: PaymentUnit, fact: ClassChanged, envelope: Envelope) -> None:
    """Answer a new request; otherwise give back what was reserved for people who were removed."""
    if fact.reservation is not None:
        await reserve_entitlement(
            uow,
            class_id=fact.class_id,
            institution_id=None,
            version=envelope.aggregateversion,
            request=fact.reservation,
        )
    elif fact.removed:
        await release_trainees(uow, class_id=fact.class_id, persons=fact.removed, reason="removed_from_roster")


async def on_class_opened(uow: PaymentUnit, fact: ClassOpened, envelope: Envelope) -> None:
    """Keep what the class is, reserve for it as it opened, and let its region's month be reported when it is over."""
    await _keep(uow, fact, envelope, refresh=False)
    await keep_budget(uow, fact.class_id)
    await begin_reporting(uow, region=fact.region, day=fact.opening_date)


async def on_trainee_withdrawn(uow: PaymentUnit, fact: TraineeWithdrawn, envelope: Envelope) -> None:
    """Release the person's slot and budget, and remember that they left."""
    await release_trainees(uow, class_id=fact.class_id, persons=[fact.person_id], reason="trainee_withdrawn")
    await _keep(uow, fact, envelope, refresh=True)
    await keep_budget(uow, fact.class_id)


async def on_class_closed(uow: PaymentUnit, fact: ClassClosed, _envelope: Envelope) -> None:
    """Release a class that was withdrawn or never opened; a cancelled one is released by ClassCancelled."""
    if fact.reason in _RELEASING:
        await release_class(uow, class_id=fact.class_id, reason=fact.reason)


async def on_class_cancelled(uow: PaymentUnit, fact: ClassCancelled, envelope: Envelope) -> None:
    """Release the class for good and let a claim that should not exist follow."""
    await release_class(uow, class_id=fact.class_id, reason="cancelled")
    await _keep(uow, fact, envelope, refresh=True)


async def on_fact(uow: PaymentUnit, fact: Any, envelope: Envelope) -> None:
    """Keep a fact that a later completion event repeats in its totals, or on which nothing depends yet."""
    await _keep(uow, fact, envelope, refresh=False)


async def on_turning_fact(uow: PaymentUnit, fact: Any, envelope: Envelope) -> None:
    """Keep a fact that may change what a claim comes to, and let the claim follow."""
    await _keep(uow, fact, envelope, refresh=True)


async def _keep(uow: PaymentUnit, fact: Any, envelope: Envelope, *, refresh: bool) -> None:
    await receive_fact(
        uow,
        fact,
        class_id=fact.class_id,
        event_id=envelope.id,
        version=envelope.aggregateversion,
        refresh=refresh,
    )


HANDLERS: Final[dict[type[Contract], Handler]] = {
    ClassApproved: on_class_approved,
    ClassChanged: on_class_changed,
    ClassOpened: on_class_opened,
    ClassClosed: on_class_closed,
    OccupationDated: on_turning_fact,
    TraineeWithdrawn: on_trainee_withdrawn,
    AttendanceChecked: on_fact,
    SpotCheckRecorded: on_fact,
    SpotCheckVoided: on_fact,
    TrainingCompleted: on_turning_fact,
    FindingRaised: on_turning_fact,
    FindingClosed: on_turning_fact,
    ClassCancelled: on_class_cancelled,
    AssessmentScheduled: on_fact,
    AssessmentWithdrawn: on_fact,
    CertificateIssued: on_fact,
    CertificateVoided: on_turning_fact,
    AssessmentCompleted: on_turning_fact,
    SatisfactionMeasured: on_turning_fact,
    RosterEntryChanged: on_turning_fact,
    InspectionEntryChanged: on_turning_fact,
    ResultEntryChanged: on_turning_fact,
}
