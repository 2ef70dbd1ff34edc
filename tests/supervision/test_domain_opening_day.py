"""The opening-day rule in whole numbers: exactly nine tenths are enough, one head fewer is not."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.supervision.domain.opening_day import OpeningDay
from tests.supervision.sample import OPENING, jiyuan

TERM = jiyuan().supervision.opening_attendance


@given(planned=st.integers(1, 1000), share=st.integers(0, 999), attended=st.integers(0, 1000))
def test_below_is_below_the_exact_share_of_who_was_to_come(planned: int, share: int, attended: int) -> None:
    assert TERM is not None
    refused = planned * share // 1000
    day = OpeningDay(day=OPENING, signed_in=attended, headcount=None, planned=planned, refused=refused)

    assert day.is_below(TERM) is (Fraction(attended, planned - refused) < Fraction(TERM.minimum_percent, 100))
