"""Texts that cannot be stored, or that look like somebody's number, are refused without being repeated."""

import json
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.web.validation import Impersonal, Text, field_problems

ADDRESS = TypeAdapter[str](Text)
REMARK = TypeAdapter[str](Annotated[Text, Impersonal])


def problem(adapter: TypeAdapter[str], text: str) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(text)
    (found,) = field_problems([dict(error) for error in refused.value.errors()])
    assert text not in json.dumps([found.detail, found.advice], ensure_ascii=False)
    return found.code


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31m", "one\rtwo"])
def test_a_control_character_is_refused(text: str) -> None:
    assert problem(ADDRESS, text) == "INPUT_INVALID"


def test_lines_and_tabs_stay() -> None:
    assert ADDRESS.validate_python("第一行\n\t第二行") == "第一行\n\t第二行"


def test_a_text_with_what_looks_like_a_number_of_a_person_is_refused_where_others_read_it() -> None:
    telephone = "1390000" + "0000"
    assert problem(REMARK, f"请致电 {telephone}") == "PERSONAL_DATA"
    assert ADDRESS.validate_python(telephone) == telephone
    assert REMARK.validate_python("2021-09-13 第 12 行") == "2021-09-13 第 12 行"
