"""Masks show enough to recognise one's own entry and too little to find a person. All names are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.masking import masked_account, masked_name


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("甲乙", "甲*"),
        ("甲乙丙", "甲**"),
        (" 甲乙丙 ", "甲**"),
        ("欧阳甲", "欧阳*"),
        ("欧阳甲乙", "欧阳**"),
        ("欧阳", "欧*"),
        ("甲乙丙丁·戊己", "甲***·**"),
        ("甲乙•戊己", "甲*•**"),
        ("𠮷甲", "𠮷*"),
        ("甲", "*"),
        ("", "*"),
    ],
)
def test_a_masked_name_keeps_the_surname_only(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@given(st.text(alphabet="甲乙丙丁戊己庚辛", min_size=1, max_size=6))
def test_no_given_name_survives_the_mask(given_name: str) -> None:
    assert not set(masked_name("壬" + given_name)) & set(given_name)


def test_an_account_shows_its_end_only() -> None:
    assert masked_account("6222000011112222") == "*" * 12 + "2222"
