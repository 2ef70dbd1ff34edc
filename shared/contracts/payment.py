"""Events of payment (资金): what is reserved, claimed, published, approved, paid and returned. Amounts are fen."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from shared.contracts.contract import EventType, published_by


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReservation:
    """A person for whom no slot was left, with the rule that says so."""

    person_id: str
    code: str
    rule: str
    clause: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """Whether the class's money could be reserved; `code` says why not (BUDGET_EXHAUSTED, RATE_MISSING)."""

    granted: bool
    funding_source: str
    amount_fen: int
    code: str | None = None
    message: str | None = None


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementReserved:
    """Payment's answer to the reservation asked in version `answers_version` of enrollment's class."""

    EVENT: ClassVar[EventType]

    class_id: str
    answers_version: int
    granted: tuple[str, ...]
    refused: tuple[RefusedReservation, ...]
    budget: BudgetAnswer


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSubmitted:
    """A claim was received and computed; the review clock runs."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    claimant: Literal["institution", "enterprise", "individual", "assessor"]
    round: int
    heads: int
    amount_fen: int
    received_on: date
    review_due: date | None
    review_due_outer: date | None


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReturned:
    """A claim went back: to the claimant for correction, or to first review because facts changed."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    to: Literal["claimant", "first_review"]
    reason_code: str
    returned_by: str


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePublished:
    """The masked list is public (公示) until `ends_on`; `list_hash` is the SHA-256 of its canonical text."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    notice_id: str
    starts_on: date
    ends_on: date
    payable_from: date
    heads: int
    amount_fen: int
    list_hash: str


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRaised:
    """Somebody objected to lines of a notice; only those lines are frozen."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    notice_id: str
    objection_id: str
    persons: tuple[str, ...]
    raised_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionResolved:
    """An objection was decided: upheld lines are never paid, dismissed ones are released."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    notice_id: str
    objection_id: str
    persons: tuple[str, ...]
    upheld: bool
    resolved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedLine:
    """One line of an approved claim; a class-level line has no person. `rules` are the ids in its trace."""

    person_id: str | None
    programme: str
    amount_fen: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAmount:
    """The share of a sum that one funding source pays."""

    funding_source: str
    amount_fen: int


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimApproved:
    """The bureau approved what is due; `entry` counts the approvals of one claim (a released line is a later entry)."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    entry: int
    region: str
    rulebook_id: str
    institution_id: str
    first_reviewer: str
    second_reviewer: str
    approver: str
    approved_on: date
    amount_fen: int
    sources: tuple[SourceAmount, ...]
    lines: tuple[ApprovedLine, ...]


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSettled:
    """The bank reported a payment as credited."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    order_id: str
    attempt: int
    funding_source: str
    amount_fen: int
    settled_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned:
    """The bank returned a payment; it waits for a corrected account and is sent again."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    order_id: str
    attempt: int
    funding_source: str
    amount_fen: int
    returned_on: date
    reason_code: str


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClawbackOrdered:
    """Money already paid is asked back by a decision of two people; `amount_fen` is positive.

    The original entries stand; the opposite entry bears the number `entry`. The persons' entitlement stays used until
    the money is back.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    clawback_id: str
    entry: int
    region: str
    institution_id: str
    amount_fen: int
    sources: tuple[SourceAmount, ...]
    persons: tuple[str, ...]
    cause: str
    rule: str
    decided_by: tuple[str, ...]
    ordered_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClawbackSettled:
    """Money asked back has come in; `outstanding_fen` is what is still missing."""

    EVENT: ClassVar[EventType]

    class_id: str
    claim_id: str
    clawback_id: str
    amount_fen: int
    outstanding_fen: int
    settled_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePaid:
    """The bank credited money that is paid before the class's claim (预付); the claim takes it up or it comes back.

    It is no part of any PaymentSettled: what leaves the bank is this, and every PaymentSettled less what was set off.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    advance_id: str
    region: str
    institution_id: str
    attempt: int
    funding_source: str
    amount_fen: int
    rule: str
    paid_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceCleared:
    """An advance is owed less: set off against an order of the claim, or repaid by bank.

    A `set_off` names the claim and the order, whose PaymentSettled moved no money; `outstanding_fen` is what is left.
    """

    EVENT: ClassVar[EventType]

    class_id: str
    advance_id: str
    kind: Literal["set_off", "repaid"]
    claim_id: str | None
    order_id: str | None
    funding_source: str
    amount_fen: int
    outstanding_fen: int
    cleared_on: date


@published_by("payment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceRecoveryOrdered:
    """What is left of an advance is asked back until `due_on`, by a decision of two people."""

    EVENT: ClassVar[EventType]

    class_id: str
    advance_id: str
    region: str
    institution_id: str
    funding_source: str
    amount_fen: int
    due_on: date
    rule: str
    decided_by: tuple[str, ...]
    ordered_on: date
