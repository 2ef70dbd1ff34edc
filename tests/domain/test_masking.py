"""Masks show enough to recognise one's own entry and too little to find a person. All names are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.masking import masked_account, masked_identity_number, masked_name, masked_phone


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


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
def test_neither_birth_date_nor_sequence_survives_the_mask(number: str) -> None:
    masked = masked_identity_number(number)
    assert len(masked) == 18
    assert masked[3:16] == "*" * 13


def test_phones_and_accounts_show_their_ends_only() -> None:
    assert masked_phone("13900000000") == "139****0000"
    assert masked_account("6222000011112222") == "*" * 12 + "2222"
