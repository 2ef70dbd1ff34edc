"""A region is judged by its nearest ancestor's rulebook in force on the day, or by none."""

from dataclasses import replace
from datetime import date, timedelta

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


def test_what_a_lapsed_rulebook_ruled_is_still_told_by_it() -> None:
    earlier = book("419001", date(2020, 1, 1), date(2020, 12, 31), "earlier")
    province = book("410000", date(2022, 7, 1), None, "province")
    all_of_them = shelf(JIYUAN, earlier, province)
    for day, expected in (
        (date(2020, 6, 1), "earlier"),
        (date(2021, 12, 31), JIYUAN.id),
        (date(2022, 6, 30), JIYUAN.id),  # nobody's is in force
        (date(2022, 7, 1), "province"),
    ):
        assert all_of_them.last_in_force("419001", day).id == expected
    with pytest.raises(Refused, match="RULEBOOK_MISSING"):
        all_of_them.last_in_force("419001", date(2019, 12, 31))
    with pytest.raises(Refused, match="RULEBOOK_MISSING"):
        all_of_them.last_in_force("410100", date(2022, 6, 30))


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(Refused, match="REGION_UNKNOWN"):
        shelf(JIYUAN).in_force("419999", date(2021, 6, 1))


def test_an_unknown_version_is_a_missing_fact_that_holds_the_class() -> None:
    assert shelf(JIYUAN).by_id(JIYUAN.id) == JIYUAN
    with pytest.raises(MissingFact, match="RULEBOOK_UNKNOWN") as missing:
        shelf(JIYUAN).by_id("jiyuan/2021-01-01@000000000000")
    assert missing.value.value == "jiyuan/2021-01-01@000000000000"


@pytest.mark.parametrize(
    ("region", "first", "last"),
    [
        ("211400", date(2019, 7, 31), date(2021, 12, 31)),
        ("130000", date(2024, 1, 1), date(2024, 12, 31)),
        ("341124", date(2020, 5, 16), date(2021, 12, 31)),
        ("371329", date(2020, 8, 20), date(2021, 12, 31)),
    ],
)
def test_each_of_the_other_documents_holds_from_its_first_day_to_its_last_and_then_a_person_decides(
    region: str, first: date, last: date
) -> None:
    """HL-DAT-03: 2019-07-30 to 2022-01-01; QJ-DAT-02: the day before is a person's; LS-DAT-02: 2022-01-05 too."""
    packaged = load_rulebooks()
    assert packaged.in_force(region, first).id == packaged.in_force(region, last).id
    for day in (first - timedelta(days=1), last + timedelta(days=1), last + timedelta(days=5)):
        with pytest.raises(Refused) as missing:
            packaged.in_force(region, day)
        assert missing.value.code == "RULEBOOK_MISSING"
        assert "书面决定" in missing.value.advice
