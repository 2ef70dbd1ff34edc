"""A region is judged by its nearest ancestor's rulebook in force on the day, or by none."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import MissingFact, Refused
from shared.domain.jurisdiction import regions
from shared.policy.loader import load_rulebooks
from shared.policy.rulebook import Rulebook, Shelf

JIYUAN = load_rulebooks().in_force("419001", date(2021, 1, 1))


def book(region: str, first: date, last: date | None, name: str) -> Rulebook:
    return replace(JIYUAN, id=name, region=region, valid_from=first, valid_to=last)


def shelf(*books: Rulebook) -> Shelf:
    return Shelf(books, (), regions())


@settings(deadline=None)
@given(st.dates(min_value=date(2019, 1, 1), max_value=date(2023, 12, 31)))
def test_jiyuan_has_a_rulebook_on_every_day_of_2021_and_on_no_other(day: date) -> None:
    if day.year == 2021:
        assert shelf(JIYUAN).in_force("419001", day) == JIYUAN
    else:
        with pytest.raises(Refused, match="RULEBOOK_MISSING"):
            shelf(JIYUAN).in_force("419001", day)


def test_the_refusal_names_region_and_day_and_what_to_do() -> None:
    with pytest.raises(Refused) as refusal:
        shelf(JIYUAN).in_force("419001", date(2022, 1, 4))
    assert "济源市（419001）在 2022-01-04" in refusal.value.message
    assert refusal.value.advice


def test_the_nearest_ancestor_goes_before_a_farther_one() -> None:
    nation = book("000000", date(2019, 1, 1), None, "nation")
    province = book("410000", date(2021, 7, 1), None, "province")
    both = shelf(nation, province, JIYUAN)
    assert both.in_force("419001", date(2021, 8, 1)).id == JIYUAN.id
    assert both.in_force("410100", date(2021, 8, 1)).id == "province"
    assert both.in_force("410100", date(2021, 6, 30)).id == "nation"
    assert both.in_force("419001", date(2022, 1, 1)).id == "province"


def test_a_neighbours_rulebook_is_never_borrowed() -> None:
    with pytest.raises(Refused, match="RULEBOOK_MISSING"):
        shelf(JIYUAN).in_force("410100", date(2021, 6, 1))


def test_successive_rulebooks_of_a_region_take_turns() -> None:
    earlier = book("419001", date(2020, 1, 1), date(2020, 12, 31), "earlier")
    turns = shelf(JIYUAN, earlier)
    assert turns.in_force("419001", date(2020, 12, 31)).id == "earlier"
    assert turns.in_force("419001", date(2021, 1, 1)).id == JIYUAN.id


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(Refused, match="REGION_UNKNOWN"):
        shelf(JIYUAN).in_force("419999", date(2021, 6, 1))


def test_an_unknown_version_is_a_missing_fact_that_holds_the_class() -> None:
    assert shelf(JIYUAN).by_id(JIYUAN.id) == JIYUAN
    with pytest.raises(MissingFact, match="RULEBOOK_UNKNOWN") as missing:
        shelf(JIYUAN).by_id("jiyuan/2021-01-01@000000000000")
    assert missing.value.value == "jiyuan/2021-01-01@000000000000"


@pytest.mark.parametrize(
    ("region", "day", "holds"),
    [
        ("211400", date(2019, 7, 30), False),
        ("211400", date(2019, 7, 31), True),
        ("211400", date(2021, 12, 31), True),
        ("211400", date(2022, 1, 1), False),
        ("341124", date(2020, 5, 15), False),
        ("341124", date(2020, 5, 16), True),
        ("371329", date(2020, 8, 19), False),
        ("371329", date(2020, 8, 20), True),
        ("371329", date(2021, 12, 31), True),
        ("371329", date(2022, 1, 5), False),
    ],
)
def test_the_days_of_a_document_are_its_own_and_the_others_a_persons(region: str, day: date, holds: bool) -> None:
    """HL-DAT-03, QJ-DAT-02, LS-DAT-02: before and after nobody's rules hold, and a person decides."""
    if holds:
        assert load_rulebooks().in_force(region, day).region == region
    else:
        with pytest.raises(Refused, match="RULEBOOK_MISSING"):
            load_rulebooks().in_force(region, day)
