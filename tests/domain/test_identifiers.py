"""Identifiers are cleaned, checked by their standards, and never repeated in an error. All numbers are generated."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from shared.domain.errors import Refused
from shared.domain.identifiers import (
    company_account,
    credit_code,
    identity_number,
    level_certificate_number,
    mobile_phone,
    personal_card,
    qualification_certificate_number,
)

DIGITS = "0123456789"


@st.composite
def identity_numbers(draw: st.DrawFn, first: str = "123456789") -> str:
    region = draw(st.sampled_from(first)) + draw(st.text(DIGITS, min_size=5, max_size=5))
    born = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 12, 31)))
    body = region + born.strftime("%Y%m%d") + draw(st.text(DIGITS, min_size=3, max_size=3))
    return body + mod_11_2.calc_check_digit(body)


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = "62" + draw(st.text(DIGITS, min_size=14, max_size=16))
    return body + luhn.calc_check_digit(body)


def refusal_of(check: Callable[[str], object], text: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        check(text)
    assert not text.strip() or text.strip() not in f"{refusal.value.message}{refusal.value.advice}"
    assert refusal.value.value is None
    return refusal.value


@given(identity_numbers())
def test_a_valid_identity_number_tells_birth_date_and_sex(number: str) -> None:
    found = identity_number(number)
    assert found.value == number
    assert found.birth_date == date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    assert found.sex == ("male" if int(number[16]) % 2 else "female")
    assert number not in repr(found)


@given(identity_numbers())
def test_blanks_full_width_digits_and_a_small_x_are_cleaned(number: str) -> None:
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in number.lower())
    assert identity_number(f" {full_width[:6]}\u3000{full_width[6:14]}\u200b {full_width[14:]}\n").value == number


@given(identity_numbers(), st.integers(0, 17), st.sampled_from(DIGITS))
def test_one_wrong_digit_never_passes(number: str, place: int, digit: str) -> None:
    if number[place] == digit:
        return
    wrong = number[:place] + digit + number[place + 1 :]
    assert refusal_of(identity_number, wrong).code in ("ID_CHECKSUM", "ID_BIRTH_DATE")


@given(identity_numbers(), st.integers(0, 16))
def test_two_neighbouring_digits_exchanged_never_pass(number: str, place: int) -> None:
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if wrong == number:
        return
    assert refusal_of(identity_number, wrong).code in ("ID_CHECKSUM", "ID_BIRTH_DATE", "ID_FORMAT")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("81", "hong_kong_macao_taiwan"),
        ("82", "hong_kong_macao_taiwan"),
        ("83", "hong_kong_macao_taiwan"),
        ("91", "foreign"),
        ("41", "resident"),
    ],
)
def test_the_kind_of_document_is_read_from_the_number(head: str, kind: str) -> None:
    body = f"{head}000019900101123"
    assert identity_number(body + mod_11_2.calc_check_digit(body)).kind == kind


def test_the_older_residence_card_of_foreigners_is_accepted() -> None:
    found = identity_number("abc110000900101")
    assert (found.value, found.kind, found.birth_date) == ("ABC110000900101", "foreign_old", None)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_published_samples_pass(number: str) -> None:
    assert identity_number(number).value == number


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "ID_LENGTH"),
        ("110105491231002", "ID_LENGTH"),
        ("11010519491231002Y", "ID_FORMAT"),
        ("110105194912310²2X", "ID_FORMAT"),
        ("110105194902300020", "ID_BIRTH_DATE"),
        ("110105000012310020", "ID_BIRTH_DATE"),
    ],
)
def test_what_is_wrong_with_an_identity_number_is_named(number: str, code: str) -> None:
    assert refusal_of(identity_number, number).code == code


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9))
def test_a_credit_code_passes_and_one_wrong_check_character_does_not(organisation: str) -> None:
    body = f"91419001{organisation}"
    check = uscc.calc_check_digit(body)
    assert credit_code(f" {body.lower()}{check} ").value == body + check
    wrong = "0" if check != "0" else "1"
    assert refusal_of(credit_code, body + wrong).code == "CREDIT_CODE_CHECKSUM"


@pytest.mark.parametrize("code", ["91350200776049653A", "91440101MA5CJQ4N59", "123502001549897397"])
def test_the_published_credit_codes_pass_without_doubt(code: str) -> None:
    assert not credit_code(code).doubtful


def test_an_early_code_of_xiamen_with_a_wrong_check_is_doubtful_and_not_refused() -> None:
    assert credit_code("91350203M0001QAY9B").doubtful


@pytest.mark.parametrize("code", ["", "9141900100000000", "91419001I000000000", "9141900A0000000000"])
def test_what_cannot_be_a_credit_code_is_refused(code: str) -> None:
    assert refusal_of(credit_code, code).code == "CREDIT_CODE_FORMAT"


@given(cards(), st.integers(0, 15), st.integers(1, 9))
def test_a_card_passes_and_one_wrong_digit_does_not(card: str, place: int, shift: int) -> None:
    assert personal_card(f"{card[:4]} {card[4:8]}-{card[8:]}") == card
    wrong = card[:place] + str((int(card[place]) + shift) % 10) + card[place + 1 :]
    assert refusal_of(personal_card, wrong).code in ("CARD_CHECKSUM", "CARD_PLACEHOLDER")


@pytest.mark.parametrize(
    ("check", "number", "code"),
    [
        (personal_card, "0000000000000000", "CARD_PLACEHOLDER"),
        (personal_card, "1234567890123456", "CARD_PLACEHOLDER"),
        (personal_card, "9876543210987654", "CARD_PLACEHOLDER"),
        (personal_card, "62220000", "CARD_FORMAT"),
        (company_account, "1111111111", "ACCOUNT_PLACEHOLDER"),
        (company_account, "12345678", "ACCOUNT_PLACEHOLDER"),
        (company_account, "4100A", "ACCOUNT_FORMAT"),
        (mobile_phone, "12345678901", "PHONE_FORMAT"),
        (mobile_phone, "1390000000", "PHONE_FORMAT"),
    ],
)
def test_placeholders_and_wrong_formats_are_refused(check: Callable[[str], str], number: str, code: str) -> None:
    assert refusal_of(check, number).code == code


def test_a_published_card_a_company_account_and_a_phone_pass() -> None:
    assert personal_card("6215583202002031321") == "6215583202002031321"
    assert company_account("4100 1502-0100 5900") == "4100150201005900"
    assert mobile_phone("+86 139-0000-0000") == "13900000000"


LEVEL_NUMBER = "S" + "0012" + "41" + "000345" + "21" + "4" + "000678"
QUALIFICATION_NUMBER = "21" + "41" + "01" + "1" + "234" + "3" + "00056"


def test_a_level_certificate_number_tells_province_year_and_level() -> None:
    found = level_certificate_number(LEVEL_NUMBER.lower())
    assert (found.value, found.province, found.year, found.level) == (LEVEL_NUMBER, "41", 2021, "4")


def test_a_qualification_certificate_number_tells_province_year_and_level() -> None:
    found = qualification_certificate_number(QUALIFICATION_NUMBER)
    assert (found.province, found.year, found.level) == ("41", 2021, "3")


def test_a_certificate_number_that_agrees_with_the_class_passes() -> None:
    level_certificate_number(LEVEL_NUMBER).require_agreement(province="410000", issued_on=date(2021, 7, 2), level="4")
    level_certificate_number(LEVEL_NUMBER).require_agreement(province=None, issued_on=date(2022, 1, 1), level=None)


@pytest.mark.parametrize(
    ("province", "issued_on", "level", "code"),
    [
        ("130000", date(2021, 7, 2), "4", "CERTIFICATE_PROVINCE"),
        ("410000", date(2020, 12, 31), "4", "CERTIFICATE_YEAR"),
        ("410000", date(2021, 7, 2), "3", "CERTIFICATE_LEVEL"),
    ],
)
def test_a_certificate_number_that_contradicts_the_class_is_refused(
    province: str, issued_on: date, level: str, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        level_certificate_number(LEVEL_NUMBER).require_agreement(province=province, issued_on=issued_on, level=level)
    assert refusal.value.code == code
    assert LEVEL_NUMBER not in str(refusal.value)


@pytest.mark.parametrize("number", [LEVEL_NUMBER[:-1], "X" + LEVEL_NUMBER[1:], LEVEL_NUMBER.replace("214", "216")])
def test_a_malformed_certificate_number_is_refused(number: str) -> None:
    assert refusal_of(level_certificate_number, number).code == "CERTIFICATE_FORMAT"
    assert refusal_of(qualification_certificate_number, number).code == "CERTIFICATE_FORMAT"
