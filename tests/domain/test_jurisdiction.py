"""Who lies under whom is told by the table, never by a code's prefix."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Refused
from shared.domain.jurisdiction import NATION, ancestors, is_within, parse_regions, regions

CODES = st.sampled_from(sorted(regions().regions))
HEADER = "code,name,parent,valid_from,valid_to\n"
ROOT = "000000,全国,,2019-01-01,\n"


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("419001", ("419001", "410000", NATION)),
        ("211400", ("211400", "210000", NATION)),
        ("130000", ("130000", NATION)),
        ("341124", ("341124", "341100", "340000", NATION)),
        ("371329", ("371329", "371300", "370000", NATION)),
    ],
)
def test_the_five_jurisdictions_know_their_superiors(code: str, chain: tuple[str, ...]) -> None:
    assert ancestors(code) == chain


@given(CODES)
def test_every_region_lies_in_itself_and_in_the_nation(code: str) -> None:
    assert is_within(code, code)
    assert is_within(code, NATION)
    assert ancestors(code)[-1] == NATION


@given(CODES, CODES)
def test_only_one_of_two_different_regions_contains_the_other(one: str, other: str) -> None:
    assert one == other or not (is_within(one, other) and is_within(other, one))


def test_a_neighbour_with_a_similar_code_is_outside() -> None:
    assert not is_within("419001", "410100")
    assert not is_within("133100", "130100")
    assert is_within("133100", "130000")


@pytest.mark.parametrize("ask", [lambda: ancestors("999999"), lambda: is_within("419001", "419000")])
def test_an_unknown_code_is_refused_by_name(ask: Callable[[], object]) -> None:
    with pytest.raises(Refused) as refusal:
        ask()
    assert refusal.value.code == "REGION_UNKNOWN"
    assert refusal.value.value in ("999999", "419000")


@pytest.mark.parametrize(
    "rows",
    [
        "410000,河南省,999999,2019-01-01,\n",
        "410000,河南省,000000,2019-01-01,\n410000,河南省,000000,2019-01-01,\n",
        "41,河南省,000000,2019-01-01,\n",
        "410000,河南省,410100,2019-01-01,\n410100,郑州市,410000,2019-01-01,\n",
        "410000,河南省,,2019-01-01,\n",
    ],
)
def test_a_broken_table_is_an_error_naming_the_code(rows: str) -> None:
    with pytest.raises(ValueError, match="41"):
        parse_regions(HEADER + ROOT + rows)
