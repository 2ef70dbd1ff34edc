"""To which account other documents pay, from which source first, and by how many people."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.budget import Budget, BudgetKey
from services.payment.domain.duty import Duty, duty_of
from services.payment.domain.order import (
    OrderState,
    PaymentOrder,
    Share,
    require_account_kind,
    require_order_of_sources,
    require_payee,
)
from shared.contracts.enrollment import ClassOpened
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, Refused
from shared.policy.rulebook import Rulebook
from tests.payment.office import person
from tests.payment.sample import class_opened, rulebook, shelf

EDUCATION, EMPLOYMENT, TALENT = "education_fund", "employment_subsidy_fund", "talent_fund"


def huludao() -> Rulebook:
    return shelf().in_force("211400", date(2020, 3, 2))


def hebei() -> Rulebook:
    return shelf().in_force("130100", date(2024, 6, 3))


def quanjiao() -> Rulebook:
    return shelf().in_force("341124", date(2020, 7, 1))


def refused_kind(kind: str | None, *, individual: bool, book: Rulebook) -> str | None:
    try:
        require_account_kind(kind, individual=individual, rulebook=book)
    except Refused as refusal:
        return f"{refusal.code} {refusal.rule}"
    return None


@pytest.mark.parametrize(
    ("kind", "individual", "code"),
    [
        ("basic_account", False, None),
        ("general_account", False, "ACCOUNT_KIND QJ-PAY-01"),
        ("bank_card", False, "ACCOUNT_KIND QJ-PAY-01"),
        (None, False, "ACCOUNT_KIND QJ-PAY-01"),
        ("social_security_card", True, None),
        ("bank_card", True, None),
        ("basic_account", True, "ACCOUNT_KIND QJ-PAY-01"),
        (None, True, "ACCOUNT_KIND QJ-PAY-01"),
    ],
)
def test_an_organisation_is_paid_to_its_basic_account_and_a_person_to_a_card(
    kind: str | None, individual: bool, code: str | None
) -> None:
    """QJ-PAY-01"""
    assert refused_kind(kind, individual=individual, book=quanjiao()) == code


def test_a_document_that_names_no_kind_of_account_asks_for_none() -> None:
    """QJ-PAY-01 leaks into no other document."""
    for book in (rulebook(), huludao(), hebei(), shelf().in_force("371329", date(2020, 9, 1))):
        for individual in (True, False):
            assert refused_kind(None, individual=individual, book=book) is None


def test_nobody_stands_between_the_money_and_whoever_claims_it() -> None:
    """QJ-PAY-01, QJ-PAY-02: a third party's card or account is refused."""
    with pytest.raises(Refused) as refused:
        require_payee("中间人", "全椒县样例企业", rulebook=quanjiao())
    assert (refused.value.code, refused.value.rule) == ("PAYEE_MISMATCH", "QJ-PAY-01")
    require_payee("全椒县样例企业", "全椒县样例企业", rulebook=quanjiao())
    term = quanjiao().payment.claimants
    assert term is not None
    assert (term.rule, [kind.code for kind in term.kinds]) == ("QJ-PAY-02", ["individual", "enterprise", "institution"])


def job_change(programme: str = "job_change", cost: str = "80000", spent: str = "55000") -> ClassOpened:
    costs = {"eligible_cost_yuan": cost, "education_fund_yuan": spent}
    return replace(class_opened(), programme=programme, attributes=costs)


def share(source: str, yuan: int) -> Share:
    return Share(funding_source=source, amount_fen=yuan * 100)


def ordered(source: str, yuan: int, state: OrderState = OrderState.SETTLED) -> PaymentOrder:
    return PaymentOrder(
        order_id="o",
        claim_id="c",
        class_id="class-1",
        funding_source=source,
        amount_fen=yuan * 100,
        entries=(),
        state=state,
    )


def in_order(*shares: Share, opened: ClassOpened, standing: tuple[PaymentOrder, ...] = (), book: Rulebook) -> bool:
    try:
        require_order_of_sources(shares, opened, standing, rulebook=book)
    except Refused as refusal:
        return (refusal.code, refusal.rule, refusal.clause) != ("ORDER_OF_SOURCES", "HL-FND-05", "二(一)3")
    return True


@pytest.mark.parametrize(
    ("shares", "accepted"),
    [
        ([share(EDUCATION, 55_000), share(EMPLOYMENT, 25_000)], True),
        ([share(EMPLOYMENT, 25_000)], True),
        ([share(EMPLOYMENT, 25_001)], False),
        ([share(EMPLOYMENT, 80_000)], False),
        ([share(EMPLOYMENT, 20_000), share(TALENT, 5_001)], False),
        ([share(EDUCATION, 80_000)], True),
    ],
)
def test_the_enterprises_own_education_money_pays_first(shares: list[Share], accepted: bool) -> None:
    """HL-FND-05: other sources pay of a job-change class only what the education money does not cover."""
    assert in_order(*shares, opened=job_change(), book=huludao()) is accepted


def test_what_was_ordered_before_counts_unless_it_was_taken_back() -> None:
    """HL-FND-05: not a fen more in two orders than in one."""
    rest, before = share(EMPLOYMENT, 5_001), ordered(EMPLOYMENT, 20_000)
    assert not in_order(rest, opened=job_change(), standing=(before,), book=huludao())
    assert in_order(share(EMPLOYMENT, 5_000), opened=job_change(), standing=(before,), book=huludao())
    reversed_ = ordered(EMPLOYMENT, 20_000, OrderState.REVERSED)
    assert in_order(rest, opened=job_change(), standing=(reversed_, ordered(EDUCATION, 55_000)), book=huludao())
    assert not in_order(share(EMPLOYMENT, 1), opened=job_change(spent="90000"), book=huludao())


def test_other_classes_and_documents_know_no_order_of_sources() -> None:
    """HL-FND-05 is about job-change training of Huludao alone."""
    assert in_order(share(EMPLOYMENT, 80_000), opened=job_change("upskilling"), book=huludao())
    for book in (rulebook(), hebei(), quanjiao()):
        assert in_order(share(EMPLOYMENT, 80_000), opened=job_change(), book=book)


def test_whoever_approved_in_hebei_does_not_pay() -> None:
    """HB-PAY-04: two people, whatever roles one of them has."""
    both, terms = person("user-3", Role.APPROVER, Role.FINANCE, region="130100"), hebei().payment
    options = {"steps": terms.steps, "four_eyes": terms.four_eyes}
    with pytest.raises(Forbidden) as refused:
        duty_of(both, {"user-3": Duty.BUREAU_OPINION}, [Duty.PAYMENT], **options)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "HB-PAY-04")
    other = person("user-9", Role.FINANCE, region="130100")
    assert duty_of(other, {"user-3": Duty.BUREAU_OPINION}, [Duty.PAYMENT], **options) is Duty.PAYMENT  # type: ignore[arg-type]


def test_a_class_beyond_the_money_of_its_source_waits_for_more() -> None:
    """HB-FND-02: of 100,000 yuan 95,000 are promised, and a class would need 6,000."""
    key = BudgetKey(region="130100", funding_source=EMPLOYMENT, year=2024)
    budget = Budget(key=key, allotted_fen=10_000_000, reserved_fen=9_500_000)
    with pytest.raises(Refused) as refused:
        budget.change(600_000)
    assert refused.value.code == "BUDGET_EXHAUSTED"
    assert budget.change(500_000).free_fen == 0
    assert replace(budget, allotted_fen=10_100_000).change(600_000).free_fen == 0
