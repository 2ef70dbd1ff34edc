"""What is asked back, of which line and whose money: no fen more than was ordered beyond what stays decided."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.breach import Breach, BreachConclusion, open_breaches, require_conclusion
from services.payment.domain.clawback import (
    Clawback,
    ClawbackState,
    Ground,
    Repayment,
    asked_of,
    clawed_back,
    opposite,
    repaid,
    sources_of,
)
from services.payment.domain.duty import Duty
from services.payment.domain.order import OrderEntry, OrderState, PaymentOrder, Share, ordered_by_line
from shared.domain.errors import Conflict, Refused
from tests.payment.sample import rulebook, shelf

DAY = date(2021, 10, 20)


def order(source: str, amount_fen: int, state: OrderState = OrderState.SETTLED) -> PaymentOrder:
    return PaymentOrder(
        order_id=f"order-{source}",
        claim_id="claim-1",
        class_id="class-1",
        funding_source=source,
        amount_fen=amount_fen,
        entries=(OrderEntry(line_no=1, entry_no=1, amount_fen=amount_fen),),
        state=state,
    )


def clawback(*shares: Share, state: ClawbackState = ClawbackState.ORDERED) -> Clawback:
    amount_fen = sum(share.amount_fen for share in shares)
    return Clawback(
        clawback_id="c1",
        claim_id="claim-1",
        amounts={1: -amount_fen},
        asked={1: amount_fen},
        sources=shares,
        cause="CertificateVoided",
        ground=Ground(rule="JY-ASM-04", clause="二(三)3", document="d"),
        reason="证书已作废",
        proposed_by="first-1",
        duty=Duty.FIRST_REVIEW,
        proposed_on=DAY,
        state=state,
    )


def back(source: str, amount_fen: int, number: int = 1) -> Repayment:
    return Repayment(
        number=number, kind="bank", funding_source=source, amount_fen=amount_fen, on=DAY, recorded_by="finance-1"
    )


def test_the_opposite_entry_takes_what_people_lost_and_the_cut_and_gives_nobody_anything() -> None:
    """JY-CLM-10: what others gained meanwhile goes through reviews and notice as a supplement."""
    difference = {1: -1500, 2: 1500, 11: 300}

    assert opposite(difference, {1: "p1", 2: "p2"}) == {1: -1500, 11: 300}


@pytest.mark.parametrize(
    ("ordered", "asked"),
    [({1: 1500, 2: 1500}, {1: 1500, 2: 1500}), ({1: 1500}, {1: 1500}), ({}, {})],
)
def test_what_was_decided_and_never_ordered_is_not_asked_back(ordered: dict[int, int], asked: dict[int, int]) -> None:
    assert asked_of({1: -1500, 2: -1500}, decided={1: 1500, 2: 1500}, ordered=ordered) == asked


AMOUNTS = st.dictionaries(st.integers(1, 8), st.integers(0, 10_000))


@given(decided=AMOUNTS, ordered=AMOUNTS, lost=AMOUNTS)
def test_after_the_entry_nothing_is_due_of_its_lines(
    decided: dict[int, int], ordered: dict[int, int], lost: dict[int, int]
) -> None:
    entry = {line_no: -min(fen, decided.get(line_no, 0)) for line_no, fen in lost.items()}
    asked = asked_of(entry, decided=decided, ordered=ordered)

    for line_no, fen in entry.items():
        stays = decided.get(line_no, 0) + fen
        assert ordered.get(line_no, 0) - asked.get(line_no, 0) == stays


def test_the_only_source_that_paid_is_asked_and_several_need_a_persons_word() -> None:
    """JY-FND-02: shares add up and stay within what each source paid, less what was asked back of it before."""
    assert sources_of(500, (), [order("a", 1000)], ()) == (Share(funding_source="a", amount_fen=500),)
    reversed_order = order("b", 1000, OrderState.REVERSED)
    assert ordered_by_line([order("a", 1000), reversed_order]) == {1: 1000}
    for wanted in (
        (),
        (Share(funding_source="a", amount_fen=499),),
        (Share(funding_source="c", amount_fen=500),),
        (Share(funding_source="a", amount_fen=250), Share(funding_source="a", amount_fen=250)),
    ):
        with pytest.raises(Refused, match="SPLIT_SUM"):
            sources_of(500, wanted, [order("a", 1000), order("b", 1000)], ())
    earlier = clawback(Share(funding_source="a", amount_fen=600))
    with pytest.raises(Refused, match="SPLIT_SUM"):
        sources_of(500, (Share(funding_source="a", amount_fen=500),), [order("a", 1000)], (earlier,))


def test_a_clawback_is_owed_until_the_last_fen_of_each_source_came_in() -> None:
    owed = clawback(Share(funding_source="a", amount_fen=100), Share(funding_source="b", amount_fen=50))

    half = repaid(owed, back("a", 100))
    assert (half.state, half.outstanding_fen) == (ClawbackState.ORDERED, 50)
    with pytest.raises(Refused, match="REPAYMENT_TOO_LARGE"):
        repaid(half, back("a", 1, number=2))
    whole = repaid(half, back("b", 50, number=2))
    assert (whole.state, whole.outstanding_fen) == (ClawbackState.SETTLED, 0)
    with pytest.raises(Conflict, match="CLAWBACK_NOT_OPEN"):
        repaid(whole, back("b", 1, number=3))


@pytest.mark.parametrize(
    ("state", "fen"), [("proposed", {}), ("refused", {}), ("ordered", {1: 100}), ("settled", {1: 100})]
)
def test_only_what_was_ordered_back_lessens_what_stands_ordered(state: str, fen: dict[int, int]) -> None:
    assert clawed_back([clawback(Share(funding_source="a", amount_fen=100), state=ClawbackState(state))]) == fen


def test_a_breach_stops_while_it_is_open_and_computes_nothing() -> None:
    """JY-CLM-11: one stopping finding with rule and clause, none once it is decided either way."""
    breach = Breach(breach_id="b1", claim_id="claim-1", facts="名册不符", evidence="来信", opened_by="i", opened_on=DAY)
    term = rulebook().payment.breach

    [finding] = open_breaches([breach], term)
    assert (finding.code, finding.rule, finding.severity) == ("BREACH_OPEN", "JY-CLM-11", "stop")
    assert "名册不符" not in repr(breach)
    for conclusion in BreachConclusion:
        closed = breach.closed(conclusion, reason="核实", line_nos=frozenset(), by="a", on=DAY)
        assert list(open_breaches([closed], term)) == []
    assert list(open_breaches([breach], None)) == []


@pytest.mark.parametrize(
    ("region", "day", "rule"),
    [("211400", date(2020, 6, 1), "HL-QUA-01"), ("371329", date(2020, 9, 1), "LS-QUA-01")],
)
def test_fraud_stops_a_claim_and_an_error_in_the_work_is_told_from_it(region: str, day: date, rule: str) -> None:
    """HL-QUA-01, LS-QUA-01: the claim is on hold; Jiyuan's document knows no third conclusion."""
    term = shelf().in_force(region, day).payment.breach
    breach = Breach(breach_id="b1", claim_id="claim-1", facts="虚假学员", evidence="来信", opened_by="i", opened_on=DAY)
    [finding] = open_breaches([breach], term)
    assert (finding.code, finding.rule, finding.severity) == ("BREACH_OPEN", rule, "stop")
    for conclusion in BreachConclusion:
        require_conclusion(conclusion, term)
    for other in (rulebook().payment.breach, None):
        require_conclusion(BreachConclusion.CONFIRMED, other)
        with pytest.raises(Refused, match="CONCLUSION_NOT_OFFERED"):
            require_conclusion(BreachConclusion.WORK_ERROR, other)
    promised = shelf().in_force("130000", date(2024, 5, 1)).payment.breach
    assert promised is not None
    assert (promised.rule, promised.work_error) == ("HB-ENR-15", False)
    assert shelf().in_force("341124", date(2020, 6, 1)).payment.breach is None
