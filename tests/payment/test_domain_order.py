"""Orders: split by source to the fen, answered once, sent again only after a return; the bank's file."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.bank_file import BankRow, bank_file, digest
from services.payment.domain.order import (
    Answer,
    OrderEntry,
    OrderState,
    PaymentOrder,
    Share,
    require_payee,
    require_source_of_opening,
    send_again,
    settle,
    split,
)
from shared.domain.errors import Conflict, Refused
from shared.policy.loader import load_rulebooks
from shared.policy.terms.benefit import BenefitFund
from tests.payment.sample import rulebook

EMPLOYMENT, INSURANCE, SPECIAL = "employment_subsidy_fund", "unemployment_insurance_fund", "skills_action_fund"
ON = date(2021, 9, 27)
SENT = date(2021, 9, 26)


def parts(due: dict[int, int], *shares: Share, excluded: frozenset[int] = frozenset()) -> dict[str, dict[int, int]]:
    return split(due, shares, rulebook=rulebook(), decided_sources=frozenset(), excluded=excluded)


def share(source: str, amount_fen: int) -> Share:
    return Share(funding_source=source, amount_fen=amount_fen)


def test_a_split_that_misses_the_amount_by_one_yuan_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        parts({1: 61_500_00}, share(EMPLOYMENT, 40_000_00), share(INSURANCE, 21_400_00))

    assert (refused.value.code, refused.value.rule) == ("SPLIT_SUM", "JY-FND-02")


def test_the_source_named_at_opening_pays_or_a_person_decides_on_another() -> None:
    """HB-ENR-08: fixed when the class opens; where no document fixes it, finance chooses at payment."""
    hebei = load_rulebooks().in_force("130100", date(2024, 6, 3))
    shares = [share(EMPLOYMENT, 1), share(INSURANCE, 1)]
    with pytest.raises(Refused) as refused:
        require_source_of_opening(shares, opened_with=EMPLOYMENT, decided=False, rulebook=hebei)
    assert (refused.value.code, refused.value.rule, refused.value.value) == ("SOURCE_FIXED", "HB-ENR-08", INSURANCE)
    require_source_of_opening(shares, opened_with=EMPLOYMENT, decided=True, rulebook=hebei)
    require_source_of_opening(shares[:1], opened_with=EMPLOYMENT, decided=False, rulebook=hebei)
    require_source_of_opening(shares, opened_with=SPECIAL, decided=False, rulebook=rulebook())


@given(
    st.lists(st.integers(1, 1_000), min_size=1, max_size=30),
    st.integers(0, 1_000),
    st.integers(1, 10_000),
)
def test_the_parts_of_all_sources_are_exactly_what_is_due(people: list[int], cut: int, first: int) -> None:
    due = dict(enumerate(people, start=1))
    total = sum(people)
    if cut and cut < total:
        due[len(people) + 1] = -cut
        total -= cut
    shares = [share(EMPLOYMENT, total)]
    if first < total:
        shares = [share(EMPLOYMENT, first), share(INSURANCE, total - first)]

    found = parts(due, *shares)

    assert {source: sum(lines.values()) for source, lines in found.items()} == {
        wanted.funding_source: wanted.amount_fen for wanted in shares
    }
    assert {line_no: sum(lines.get(line_no, 0) for lines in found.values()) for line_no in due} == due


def tied(*line_nos: int) -> dict[int, BenefitFund]:
    quanjiao = load_rulebooks().in_force("341124", date(2020, 7, 1)).payment
    [fund] = [benefit.fund for benefit in quanjiao.benefits if benefit.fund]
    return dict.fromkeys(line_nos, fund)


def test_a_benefit_of_one_fund_is_paid_from_it_alone_and_first() -> None:
    """QJ-FND-01: the insurance subsidy comes from the insurance fund, whatever pays the rest."""
    due = {1: 100, 2: 50, 3: 100}
    book = load_rulebooks().in_force("341124", date(2020, 7, 1))

    def paid(*shares: Share) -> dict[str, dict[int, int]]:
        return split(due, shares, rulebook=book, decided_sources=frozenset(), excluded=frozenset(), tied=tied(2, 3))

    assert paid(share(EMPLOYMENT, 100), share(INSURANCE, 150)) == {EMPLOYMENT: {1: 100}, INSURANCE: {2: 50, 3: 100}}
    assert paid(share(INSURANCE, 150), share(EMPLOYMENT, 100)) == {INSURANCE: {2: 50, 3: 100}, EMPLOYMENT: {1: 100}}
    assert paid(share(INSURANCE, 250)) == {INSURANCE: {1: 100, 2: 50, 3: 100}}
    assert paid(share(EMPLOYMENT, 99), share(INSURANCE, 151)) == {
        EMPLOYMENT: {1: 99},
        INSURANCE: {1: 1, 2: 50, 3: 100},
    }
    for wrong in ([share(EMPLOYMENT, 250)], [share(EMPLOYMENT, 101), share(INSURANCE, 149)]):
        with pytest.raises(Refused) as refused:
            paid(*wrong)
        assert (refused.value.code, refused.value.rule) == ("FUND_TIED", "QJ-FND-01")


def test_no_other_document_ties_a_benefit_to_a_fund() -> None:
    """QJ-FND-01, HL-ENR-03, HL-CLM-11: where a document names the money, and nowhere else."""
    found = {
        (book.region, benefit.code, benefit.fund.source)
        for book in load_rulebooks().current
        for benefit in book.payment.benefits
        if benefit.fund
    }
    assert found == {
        ("341124", "insurance_skill", INSURANCE),
        ("211400", "insurance_skill", "unemployment_insurance_surplus"),
        ("211400", "job_change", EMPLOYMENT),
    }


def test_an_excluded_person_is_paid_from_another_source_than_the_special_account() -> None:
    due = {1: 100, 2: 100, 3: 100}

    found = parts(due, share(EMPLOYMENT, 100), share(SPECIAL, 200), excluded=frozenset({2}))

    assert found == {SPECIAL: {1: 100, 3: 100}, EMPLOYMENT: {2: 100}}
    for shares in ([share(SPECIAL, 300)], [share(SPECIAL, 201), share(EMPLOYMENT, 99)]):
        with pytest.raises(Refused) as refused:
            parts(due, *shares, excluded=frozenset({2}))
        assert (refused.value.code, refused.value.rule) == ("EXCLUDED_FROM_SPECIAL_ACCOUNT", "JY-FND-03")


@pytest.mark.parametrize(("source", "code"), [("lottery", "FUNDING_SOURCE_UNKNOWN"), ("other", "DECISION_NEEDED")])
def test_a_source_must_be_listed_and_an_open_one_decided(source: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        parts({1: 100}, share(source, 100))


def order(state: OrderState = OrderState.SENT) -> PaymentOrder:
    return PaymentOrder(
        order_id="order-1",
        claim_id="claim-1",
        class_id="class-1",
        funding_source=EMPLOYMENT,
        amount_fen=100,
        entries=(OrderEntry(line_no=1, entry_no=1, amount_fen=100),),
        state=state,
    )


def answer(outcome: str, *, attempt: int = 1, reason_code: str | None = "AC04") -> Answer:
    return Answer(order_id="order-1", attempt=attempt, outcome=outcome, on=ON, reason_code=reason_code)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", ["settled", "returned"])
def test_an_answer_counts_once_and_the_same_again_changes_nothing(outcome: str) -> None:
    answered, event = settle(order(), answer(outcome), sent_on=SENT, today=ON)

    assert event is not None
    assert (event.amount_fen, event.attempt) == (100, 1)
    assert settle(answered, answer(outcome), sent_on=SENT, today=ON) == (answered, None)


@pytest.mark.parametrize("state", [OrderState.SETTLED, OrderState.RETURNED, OrderState.REVERSED])
def test_an_answer_that_contradicts_what_was_recorded_says_how_to_correct_it(state: OrderState) -> None:
    other = "returned" if state is OrderState.SETTLED else "settled"
    with pytest.raises(Conflict, match="ORDER_ANSWERED") as refused:
        settle(order(state), answer(other), sent_on=SENT, today=ON)
    assert "资金拨付人员" in refused.value.advice
    assert ("reversal" in refused.value.advice) is (state is OrderState.SETTLED)
    assert state.value not in refused.value.message


@pytest.mark.parametrize(
    ("state", "given_answer", "code"),
    [
        (OrderState.READY, answer("settled"), "ORDER_NOT_SENT"),
        (OrderState.SETTLED, answer("returned"), "ORDER_ANSWERED"),
        (OrderState.RETURNED, answer("settled"), "ORDER_ANSWERED"),
        (OrderState.SENT, answer("settled", attempt=2), "ATTEMPT_MISMATCH"),
    ],
)
def test_an_answer_that_fits_no_sent_attempt_is_refused(state: OrderState, given_answer: Answer, code: str) -> None:
    with pytest.raises(Conflict, match=code):
        settle(order(state), given_answer, sent_on=SENT, today=ON)


def test_a_return_needs_the_banks_reason() -> None:
    with pytest.raises(Refused, match="REASON_MISSING"):
        settle(order(), answer("returned", reason_code=None), sent_on=SENT, today=ON)


def test_an_answer_is_dated_between_the_sending_and_today() -> None:
    with pytest.raises(Refused, match="DATE_IN_FUTURE"):
        settle(order(), answer("settled"), sent_on=SENT, today=date(2021, 9, 26))
    with pytest.raises(Refused, match="DATE_BEFORE_SENDING"):
        settle(order(), answer("settled"), sent_on=date(2021, 9, 28), today=date(2021, 9, 28))
    assert settle(order(), answer("settled"), sent_on=ON, today=ON)[1] is not None


def test_only_a_returned_order_is_sent_again_and_as_the_next_attempt() -> None:
    again = send_again(order(OrderState.RETURNED))

    assert (again.order_id, again.attempt, again.state) == ("order-1", 2, OrderState.READY)
    with pytest.raises(ValueError, match="not returned"):
        send_again(order(OrderState.SETTLED))


@pytest.mark.parametrize(
    ("holder", "fits"),
    [("济源市样例学校(东区)", True), ("济源市样例学校 （东区）", True), ("济源市样例学校", False)],
)
def test_the_accounts_holder_is_the_applicant(holder: str, fits: bool) -> None:
    if fits:
        require_payee(holder, "济源市样例学校（东区）", rulebook=rulebook())
        return
    with pytest.raises(Refused) as refused:
        require_payee(holder, "济源市样例学校（东区）", rulebook=rulebook())
    assert (refused.value.code, refused.value.rule) == ("PAYEE_MISMATCH", "JY-PAY-04")
    assert holder not in str(refused.value)


def test_the_banks_file_is_the_same_bytes_for_the_same_rows_in_any_order() -> None:
    row = BankRow(
        order_id="a",
        attempt=1,
        payee='济源"样例"学校',
        account_number="620000000000000001",
        bank_name="样例银行",
        amount_fen=6_150_005,
        remark="培训补贴",
    )
    other = replace(row, order_id="b", amount_fen=5)

    content = bank_file([row, other])

    assert content == bank_file([other, row])
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[1] == '"a","1","济源""样例""学校","620000000000000001","样例银行","61500.05","培训补贴"'
    assert lines[2].split(",")[5] == '"0.05"'
    assert len(digest(content)) == 64
