"""What the use-cases need from storage: repositories, and the one transaction that holds them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from services.payment.application.advance_ports import Advances
from services.payment.application.order_ports import Accounts, Orders
from services.payment.application.report_ports import Reports
from services.payment.application.work_ports import Past, Work
from services.payment.domain.budget import BudgetKey
from services.payment.domain.caps import Place, Use
from services.payment.domain.claim import Claim
from services.payment.domain.clawback import ClawbackState
from services.payment.domain.decision import Decision
from services.payment.domain.entitlement import ClassFile, Scope
from services.payment.domain.facts import ClassFacts
from services.payment.domain.notice import Notice
from services.payment.domain.objection import Objection
from services.payment.domain.rate_correction import RateCorrection
from services.payment.domain.rates import Rate, Reach
from services.payment.domain.reassessment import Difference
from services.payment.domain.state import State
from shared.contracts.assessment import CertificateIssued
from shared.contracts.contract import Contract
from shared.domain.actor import Actor
from shared.policy.decision import Trace, TraceValue
from shared.policy.form import Form
from shared.policy.rulebook import Shelf
from shared.policy.targets import AllotmentTable, TargetTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionText:
    """What an objector wrote; sealed at rest."""

    content: str = field(repr=False)
    contact: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPart:
    """What one approval added to one line, frozen with its traces and evidence."""

    entry: int
    line_no: int
    amount_fen: int
    certificate_kind: str | None
    traces: tuple[Trace, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Which claims wait for somebody: of an organisation or of regions, in these states or with what is said beside.

    `owner` claims as one of `claimants`, where either is said.
    `objections`, `breaches`, `accounts`, `clawbacks`, `orders` and `line_returns` add claims with an open objection, an
    open breach, a pending account, a difference to claw back, an order that is not settled, a returned line;
    `clawback_states` those with a claw-back in one of these states.
    """

    owner: str | None
    regions: Sequence[str] | None
    states: frozenset[State]
    objections: bool = False
    breaches: bool = False
    accounts: bool = False
    clawbacks: bool = False
    clawback_states: frozenset[ClawbackState] = frozenset()
    orders: bool = False
    line_returns: bool = False
    claimants: frozenset[str] | None = None


class Classes(Protocol):
    """Files and facts of classes."""

    async def lock(self, class_id: str) -> ClassFile:
        """Give the class's file, made if need be, and keep every other writer of this class waiting."""
        ...

    async def find(self, class_id: str, *, lock: bool = False) -> ClassFile | None:
        """Give the class's file, None for a class not known here."""
        ...

    async def save(self, file: ClassFile) -> None:
        """Store what was asked or released."""
        ...

    async def keep(self, fact: Contract, *, event_id: str, version: int) -> bool:
        """Store what an event said unless a higher revision is known; say whether it was new."""
        ...

    async def is_cancelled(self, class_id: str) -> bool:
        """Say whether the class was cancelled."""
        ...

    async def without_budget(self, regions: Collection[str]) -> Sequence[str]:
        """Give the classes of these regions whose budget was refused and that may open, the longest waiting first."""
        ...

    async def is_any_priced_by(self, rate: Rate, reach: Reach) -> bool:
        """Say whether a class that asked for a budget and was not released lies where and when the row would pay."""
        ...

    async def certificates_elsewhere(self, class_id: str, persons: Collection[str]) -> Sequence[CertificateIssued]:
        """Give the certificates of these people that stand in other classes."""
        ...

    async def facts(self, class_id: str) -> ClassFacts:
        """Give everything known of the class."""
        ...


class Entitlements(Protocol):
    """Slots of people, and the ledger of their changes."""

    async def take(
        self, class_id: str, persons: Sequence[str], scope: Scope, *, excepted: Collection[str] = (), on: date
    ) -> frozenset[str]:
        """Take a slot for everybody who has one left and give those who hold one for this class now.

        A recorded decision lets those `excepted` have one above the cap, where theirs are used (JY-ENR-05).
        """
        ...

    async def held(self, class_id: str) -> Mapping[str, str]:
        """Give who holds a slot for the class, and whether it is `reserved` or `used`."""
        ...

    async def release(
        self, class_id: str, persons: Collection[str] | None, *, reason: str, on: date, used: bool = False
    ) -> frozenset[str]:
        """Free the reserved (with `used`, the used) slots of these people, of everybody for None, and give whose."""
        ...

    async def use(self, class_id: str, persons: Collection[str], *, on: date) -> None:
        """Mark slots as used; raise Conflict ENTITLEMENT_GONE when somebody holds none."""
        ...


class Uses(Protocol):
    """What people are paid for where a document says how often."""

    async def lock(self, persons: Collection[str]) -> None:
        """Keep everybody else from judging what these people are paid for until the transaction ends."""
        ...

    async def elsewhere(self, class_id: str, persons: Collection[str]) -> Sequence[Use]:
        """Give what these people are paid for in other classes, by day; a writer holds them to its end."""
        ...

    async def of_class(self, class_id: str, claim_id: str | None = None) -> Mapping[tuple[str, str], Use]:
        """Give what is held in the class, those of one claim where it is named, by person and award."""
        ...

    async def hold(
        self,
        class_id: str,
        claim_id: str,
        wanted: Mapping[tuple[str, str], tuple[Use, Sequence[Place]]],
        *,
        owing: Collection[str],
    ) -> frozenset[str]:
        """Let a claim hold these awards, and of people who are `owing` also what they hold already; free the others.

        Give whose places were freed.

        Raise Conflict CAP_TAKEN when another claim took a last place first.
        """
        ...


class Budgets(Protocol):
    """Budgets and what classes hold of them."""

    async def allot(self, key: BudgetKey, *, amount_fen: int, document: str, by: str, at: datetime) -> int:
        """Add an allotment and give what is allotted altogether."""
        ...

    async def find(self, ancestors: Sequence[str], funding_source: str, year: int) -> BudgetKey | None:
        """Give the nearest region's budget of the source and year."""
        ...

    async def held(self, class_id: str) -> Mapping[BudgetKey, int]:
        """Give what the class holds of which budgets."""
        ...

    async def commit(self, class_id: str, wanted: Mapping[BudgetKey, int]) -> None:
        """Let the class hold exactly this; raise Refused BUDGET_EXHAUSTED, having changed nothing."""
        ...


class Rates(Protocol):
    """The append-only rate table."""

    async def lock(self) -> None:
        """Keep everybody else who enters a rate waiting."""
        ...

    async def add(self, rate: Rate, *, by: str, at: datetime, correction_id: str | None = None) -> Rate:
        """Enter a row and give it with its number; the database refuses one that stands, but by a correction."""
        ...

    async def add_correction(self, correction: RateCorrection) -> None:
        """Store a proposed correction."""
        ...

    async def save_correction(self, correction: RateCorrection) -> None:
        """Store the decision on a correction."""
        ...

    async def correction(self, correction_id: str) -> RateCorrection | None:
        """Give a correction."""
        ...

    async def corrections(self, regions: Collection[str]) -> tuple[RateCorrection, ...]:
        """Give the corrections of these regions, oldest first."""
        ...

    async def rows(self, regions: Collection[str]) -> tuple[Rate, ...]:
        """Give the rows of these regions in the order of their entry."""
        ...

    async def last(self) -> int:
        """Give the number of the row entered last, of whatever region; 0 before the first."""
        ...


class Claims(Protocol):
    """Claims with everything that hangs on them."""

    async def find(self, claim_id: str) -> Claim | None:
        """Give the claim; whoever will change it locks its class first."""
        ...

    async def class_of(self, claim_id: str) -> str | None:
        """Give the class of a claim, None for an unknown one."""
        ...

    async def of_class(self, class_id: str) -> Claim | None:
        """Give the institution's (or enterprise's) claim for the class."""
        ...

    async def all_of_class(self, class_id: str) -> Sequence[Claim]:
        """Give every claim for people of the class, by id."""
        ...

    async def decided_of_people(
        self, class_id: str, rules: Collection[str], *, but: str | None = None
    ) -> Sequence[Decision]:
        """Give what every claim of a class (`but` one) decided of people by name under these rules, claim by claim."""
        ...

    async def classes_of(self, persons: Collection[str]) -> Sequence[str]:
        """Give the classes in which one of these people was claimed for, sorted."""
        ...

    async def of_application(self, application_id: str) -> Sequence[Claim]:
        """Give the claims of one application, by class."""
        ...

    async def add_application(self, application_id: str, *, institution_id: str, by: str, on: date) -> None:
        """Store an application to which claims will belong."""
        ...

    async def ids_of(
        self, regions: Collection[str], *, after: str = "", until: str | None = None, limit: int | None = None
    ) -> Sequence[str]:
        """Give the ids of the claims of these regions that were approved at least once."""
        ...

    async def waiting(self, wanted: Waiting, *, after: str | None, limit: int) -> Sequence[Claim]:
        """Give claims that wait, by the end of their review's limit, from a cursor on; raise Refused CURSOR_INVALID."""
        ...

    def cursor_of(self, claim: Claim) -> str:
        """Give the cursor that stands behind a claim."""
        ...

    async def uncomputed(self, regions: Collection[str] | None = None) -> Sequence[str]:
        """Give the classes of these regions (everywhere for None) that have a claim which could not be computed."""
        ...

    async def undecided(self, regions: Collection[str]) -> Sequence[str]:
        """Give the classes of these regions that have a claim under review, sorted."""
        ...

    async def add(self, claim: Claim, *, signer: str) -> Claim:
        """Store a new claim for its people; the database refuses people claimed for the class before."""
        ...

    async def save(self, before: Claim, after: Claim) -> Claim:
        """Store what changed; raise Conflict when the stored claim moved on."""
        ...

    async def sign_again(self, claim: Claim, *, signer: str) -> None:
        """Store the undertaking of a claim handed in again."""
        ...

    async def claimants(
        self, class_id: str, persons: Collection[str], payee: str, body_id: str = ""
    ) -> Mapping[str, str]:
        """Give which of these people were claimed for the class by this payee (and body), and by which claim."""
        ...

    async def record_difference(self, claim_id: str, difference: Difference, *, cause: str, on: date) -> None:
        """Add a difference to the claim's append-only list."""
        ...

    async def differences(self, claim_id: str) -> Sequence[Mapping[str, object]]:
        """Give the differences found so far, oldest first."""
        ...

    async def approved_lines(self, claim_id: str) -> Sequence[ApprovedPart]:
        """Give what approvals added to lines, with what they were approved on, by line and entry."""
        ...

    async def notice(self, notice_id: str) -> Notice | None:
        """Give a notice."""
        ...

    async def add_objection(self, objection: Objection, text: ObjectionText) -> None:
        """Store an objection with its sealed text."""
        ...

    async def claim_of_objection(self, objection_id: str) -> str | None:
        """Give the claim an objection belongs to."""
        ...

    async def claim_of_breach(self, breach_id: str) -> str | None:
        """Give the claim a breach belongs to."""
        ...

    async def claim_of_clawback(self, clawback_id: str) -> str | None:
        """Give the claim a claw-back belongs to."""
        ...

    async def objection_texts(self, claim_id: str) -> Mapping[str, ObjectionText]:
        """Open what objectors wrote, by objection id."""
        ...


class PaymentUnit(Protocol):
    """One transaction of payment."""

    @property
    def now(self) -> datetime: ...
    @property
    def today(self) -> date: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def shelf(self) -> Shelf: ...

    @property
    def entry_required(self) -> bool:
        """Say whether this deployment enters classes in the provincial system, so that a claim needs its receipts."""
        ...

    def payee_checks(self, name: str, identity_number: str) -> Mapping[str, str]:
        """Give the keyed checks of a person by the id of their key, to compare with what enrollment enrolled."""
        ...

    def identity_checks(self, identity_number: str) -> Mapping[str, str]:
        """Give the same of the number alone."""
        ...

    def past_key(self, identity_number: str) -> str:
        """Give the keyed hash under which a person's past subsidies are kept."""
        ...

    @property
    def classes(self) -> Classes: ...
    @property
    def entitlements(self) -> Entitlements: ...

    @property
    def uses(self) -> Uses: ...
    @property
    def budgets(self) -> Budgets: ...
    @property
    def rates(self) -> Rates: ...
    @property
    def claims(self) -> Claims: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def advances(self) -> Advances: ...
    @property
    def advance_accounts(self) -> Accounts: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def work(self) -> Work: ...
    @property
    def past(self) -> Past: ...
    @property
    def plans(self) -> Sequence[TargetTable]: ...
    @property
    def allotments(self) -> Sequence[AllotmentTable]: ...
    @property
    def forms(self) -> Sequence[Form]: ...

    async def publish(self, fact: Contract) -> int:
        """Put an event into the outbox and give the aggregate's version."""
        ...

    async def schedule(self, *, due: datetime, kind: str, key: str) -> None:
        """Let a timer fire at a legal instant."""
        ...

    async def unschedule(self, *, kind: str, key: str) -> None:
        """Forget a timer."""
        ...

    async def audit(self, *, action: str, subject: str, details: Mapping[str, TraceValue] | None = None) -> None:
        """Record who did what."""
        ...
