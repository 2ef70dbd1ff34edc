"""Terms of what is paid (补贴项目): for which fact, how much, how often, to whom, and what is held back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.contracts.assessment import CertificateKind
from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import GroupCode, Programme, Term

PayeeKind = Literal["learner", "enterprise", "institution", "assessor"]
Funder = Literal["learner", "enterprise", "both"]
Hirer = Literal["insured_enterprise", "enterprise", "cooperative", "workshop", "other_business"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRate:
    """An amount that the document itself states for one unit; without a level it holds for every certificate."""

    amount_yuan: Decimal
    level: str | None = None
    certificate_kinds: tuple[CertificateKind, ...] = ()

    def fits(self, level: str | None, kind: str | None) -> bool:
        """Say whether the amount is stated for a certificate of this level and kind."""
        return self.level in (None, level) and (not self.certificate_kinds or kind in self.certificate_kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Term):
    """The part of the rate that is paid where the row's conditions hold; the first row that fits counts.

    `employed_within_months` counts from the certificate's day, the last day included (HB-CLM-07); `new_occupation` asks
    that the occupation was on the ministry's list when the class opened (HB-CLM-06).
    """

    percent: int
    groups: tuple[GroupCode, ...] = ()
    certificate_kinds: tuple[CertificateKind, ...] = ()
    employed_within_months: int | None = None
    new_occupation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitPayee(Term):
    """Who is paid where the row's conditions hold, and nobody else (HB-PAY-02); the first row that fits counts.

    A row that says whether learners were `charged` is for those who were, or for those who were not (HB-CLM-15). With
    `by_decision` a person has to accept it first; with `once_decided` nobody is asked, and it fits only once a person
    did (QJ-CLM-09). An `unproven` row is for somebody of whom nothing proves that they were paid out before the claim
    (LS-PAY-04), and fits only once a person accepted it.
    """

    payee: PayeeKind
    funders: tuple[Funder, ...] = ()
    groups: tuple[GroupCode, ...] = ()
    class_kinds: tuple[ClassKind, ...] = ()
    dispatched: bool = False
    by_decision: bool = False
    once_decided: bool = False
    unproven: bool = False
    charged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Term):
    """One condition of a benefit that stands in a clause of its own; what is not named is not asked.

    With `first_certificate` only the certificate counts that is the person's first of its occupation, among all that
    stand and are of the benefit's kinds, in whichever class it was earned (HB-CLM-09); of one day that of the lower id.
    """

    insured_months_min: int | None = None
    days_min: int | None = None
    agreement_by_exam_day: bool = False
    first_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOutFirst(Term):
    """The payee hands it to the person first and is paid what is proven of that, no more (LS-CLM-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitFund(Term):
    """The one source from which the benefit is paid, by its code (QJ-FND-01, HL-ENR-03)."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit(Term):
    """One subsidy: for whom, for which fact, how much and to whom.

    A class earns it when its programme is one of `classes` and its kind one of `class_kinds`, a person when one of
    their groups is in `groups` and the hirer one of `hirers`; empty means everybody. Of certificates those of
    `certificate_kinds` and `levels` count. `programme` is the word under which it is paid, None the class's own.

    `basis`: per recognised `person`, per `certificate`, per full `month` of work for one employer (`units_max`), per
    `day` of presence (`units_max`; more than `units_alarm` are shown to the reviewer), or the class's `cost` beyond
    what the first source of the funding order bore, in equal parts for everybody present. `agreed_years` multiplies by
    the whole years agreed, or by the months where a recorded decision allows `part_years`. What `rates` state is paid;
    without any the region's table says it, for a day also as a standard per month or year, over `days_of_month` or
    `days_of_year`. With `where_agreed` it is there only for whom an agreement of a free exam is known: of a class that
    has none nobody is asked for its rate, and no budget is held for it before (HB-CLM-12). What is paid `beside` is no
    part of what the class comes to: its learner claims it alone, and its missing rate stops nobody else (QJ-CLM-05).
    """

    code: str
    name: str
    basis: Literal["person", "certificate", "month", "day", "cost"]
    programme: Programme | None = None
    classes: tuple[Programme, ...] = ()
    class_kinds: tuple[ClassKind, ...] = ()
    groups: tuple[GroupCode, ...] = ()
    hirers: tuple[Hirer, ...] = ()
    certificate_kinds: tuple[CertificateKind, ...] = ()
    levels: tuple[str, ...] = ()
    agreed_years: bool = False
    part_years: bool = False
    units_max: int | None = None
    units_alarm: int | None = None
    days_of_month: int | None = None
    days_of_year: int | None = None
    rates: tuple[StatedRate, ...] = ()
    shares: tuple[Share, ...] = ()
    conditions: tuple[Condition, ...] = ()
    payees: tuple[BenefitPayee, ...] = ()
    where_agreed: bool = False
    paid_out_first: PaidOutFirst | None = None
    fund: BenefitFund | None = None
    beside: bool = False

    def paid_as(self, programme: str) -> str:
        """Give the word under which it is paid in a class of this programme."""
        return self.programme or programme

    def is_earned_by(self, programme: str, kind: str | None) -> bool:
        """Say whether a class of this programme and kind earns it; of a kind that is not told the programme decides."""
        if kind is None:
            return programme in self.classes if self.classes else self.programme in (None, programme)
        return (not self.classes or programme in self.classes) and (not self.class_kinds or kind in self.class_kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Term):
    """How often one person is paid: at most `slots_max` within a period and scope, by the certificate's day.

    With the period `day` what is paid by the day counts by each of its days: a day that is taken leaves it the others
    (QJ-CLM-10). Only what is paid under `programmes` counts (empty: everything), whichever department organised the
    class: all money is in one ledger (HL-PAY-05). `override_by_decision` lets a person go beyond.
    """

    code: str
    slots_max: int
    period: Literal["day", "calendar_year", "lifetime"]
    scope: Literal["any", "occupation_and_level", "occupation", "employer"]
    programmes: tuple[Programme, ...] = ()
    override_by_decision: bool = False

    def counts(self, programme: str) -> bool:
        """Say whether what is paid under this programme counts."""
        return not self.programmes or programme in self.programmes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion(Term):
    """Programmes of which one person is paid for only one by one employer: the one that came first."""

    programmes: tuple[Programme, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(Term):
    """Money before the claim: at most a share of what the approved headcount would bring, by a recorded decision.

    It is for classes of `class_kinds`, and for those given by `institution_kinds`. Only `programmes` are its base. A
    class gets at most `advances_max`, which together keep within the share; None is as many as fit. With
    `after_training` none is paid before the training is done.
    """

    percent: int
    programmes: tuple[Programme, ...]
    advances_max: int | None = None
    after_training: bool = False
    class_kinds: tuple[ClassKind, ...] = ()
    institution_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmploymentRelease(Term):
    """A class is paid `first_percent` until at least `employed_percent_min` of its people work; then it is paid whole.

    The day on which employment is measured is set by a recorded decision. Only `programmes` are held back.
    """

    first_percent: int
    employed_percent_min: int
    programmes: tuple[Programme, ...]
    class_kinds: tuple[ClassKind, ...] = ()
