"""Money is exact, in fen, and never grows by rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Refused
from shared.domain.money import fen_from_yuan, floor_share, is_below_percent, wan_text, yuan_text

FEN = st.integers(min_value=-(10**16), max_value=10**16)
COUNTS = st.integers(min_value=0, max_value=10**6)


@given(FEN)
def test_an_amount_survives_the_way_over_yuan_and_over_wan(fen: int) -> None:
    assert fen_from_yuan(Decimal(yuan_text(fen).replace(",", ""))) == fen
    assert Decimal(wan_text(fen)) * 1_000_000 == fen


@pytest.mark.parametrize("amount", ["60000.001", "0.005", "NaN", "Infinity", "1E+16", "1e-999999", "1e999999"])
def test_an_amount_that_is_no_whole_number_of_fen_is_refused_by_name(amount: str) -> None:
    with pytest.raises(Refused) as refusal:
        fen_from_yuan(Decimal(amount))
    assert refusal.value.code == "AMOUNT_INVALID"
    assert refusal.value.value == str(Decimal(amount))


def test_yuan_with_at_most_two_decimals_become_fen() -> None:
    assert fen_from_yuan(Decimal("60000.01")) == 6_000_001
    assert fen_from_yuan(Decimal("61500.000")) == 6_150_000
    assert fen_from_yuan(1500) == 150_000
    assert fen_from_yuan(Decimal("-4500")) == -450_000


def test_amounts_are_printed_as_the_form_wants_them() -> None:
    assert yuan_text(6_150_000) == "61,500.00"
    assert yuan_text(-450_005) == "-4,500.05"
    assert yuan_text(7) == "0.07"
    assert wan_text(6_150_000) == "6.15"
    assert wan_text(6_123_456) == "6.123456"
    assert wan_text(3_000_000) == "3"
    assert wan_text(-1) == "-0.000001"


def test_exactly_at_the_limit_is_not_below_it() -> None:
    assert not is_below_percent(45, 50, 90)
    assert is_below_percent(44, 50, 90)
    assert not is_below_percent(0, 0, 90)


@given(COUNTS, COUNTS, st.integers(min_value=0, max_value=100))
def test_below_percent_agrees_with_exact_fractions(part: int, whole: int, percent: int) -> None:
    assert is_below_percent(part, whole, percent) == (Decimal(part) < Decimal(whole) * percent / 100)


@given(st.integers(min_value=0, max_value=10**14), st.integers(0, 500), st.integers(1, 500))
def test_a_share_never_exceeds_the_exact_one_and_misses_less_than_a_fen(total: int, heads: int, of: int) -> None:
    share = floor_share(total, heads, of)
    assert share * of <= total * heads < (share + 1) * of


def test_the_cut_of_the_rounding_example_is_4500_yuan() -> None:
    full = 38 * fen_from_yuan(1500)
    assert floor_share(full, 35, 38) - full == -450_000


@pytest.mark.parametrize(("total", "numerator", "denominator"), [(-1, 1, 2), (1, -1, 2), (1, 1, 0)])
def test_a_share_of_nonsense_is_an_error(total: int, numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        floor_share(total, numerator, denominator)
