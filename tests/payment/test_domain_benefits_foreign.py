"""No number of one document pays, caps, cuts or funds anything under another one; what a document omits is off."""

from datetime import date

import pytest

from services.payment.domain.order import Share, split
from shared.domain.errors import Refused
from tests.payment.sample import shelf
from tests.payment.scene import (
    HEBEI,
    HULUDAO,
    LINSHU,
    QUANJIAO,
    Scene,
    against,
    alike,
    book_of,
    certified,
    months,
    rate,
    total,
)

STATED = {
    HULUDAO: {
        "upskilling": {("5", 1500), ("4", 2000), ("3", 2500), ("2", 3500), ("1", 5000)},
        "apprenticeship": {("4", 5000), ("3", 6000), (None, 4000)},
    },
    HEBEI: {},
    QUANJIAO: {
        "living_allowance": {(None, 50)},
        "pre_job": {(None, 1200)},
        "upskilling": {("4", 1500), ("3", 2000), ("2", 3500), ("1", 5000)},
        "job_change": {(None, 1200)},
        "work_for_training": {(None, 200)},
        "safety": {(None, 300)},
    },
    LINSHU: {},
}
"""Every amount that a document states, by programme and level."""

CAPS = {
    HULUDAO: {
        ("three_a_year", 3),
        ("same_occupation_and_level", 1),
        ("one_spell_an_employer", 1),
        ("one_allowance_a_day", 1),
    },
    HEBEI: {
        ("three_trainings", 3),
        ("same_occupation_and_level", 1),
        ("three_evaluations", 3),
        ("same_occupation_evaluated", 1),
    },
    QUANJIAO: {
        ("three_a_year", 3),
        ("same_occupation_and_level", 1),
        ("safety_once_a_year", 1),
        ("pre_job_once_an_employer", 1),
        ("one_spell_an_employer", 1),
        ("one_allowance_a_day", 1),
    },
    LINSHU: {("three_a_year", 3), ("same_occupation_and_level", 1), ("one_allowance_a_day", 1)},
}

PERCENTS = {
    HULUDAO: {"advance": 50},
    HEBEI: {"shares": [100, 100, 80, 80, 50]},
    QUANJIAO: {},
    LINSHU: {"advance": 60, "first": 60, "employed": 85},
}

UNITS = {HULUDAO: {6}, HEBEI: set(), QUANJIAO: {6}, LINSHU: {30}}

NOWHERE = {
    *("entitlement", "attendance_base", "attendance_average", "headcount", "review_limit", "review_limit_outer"),
    *("individual_form", "payment_record", "special_account", "not_a_class"),
}
"""What Jiyuan's document alone speaks of."""

ABSENT = {
    HULUDAO: NOWHERE | {"notice", "exclusions", "employment_release"},
    HEBEI: NOWHERE | {"advance", "exclusions", "employment_release"},
    QUANJIAO: NOWHERE | {"notice", "advance", "employment_release"},
    LINSHU: NOWHERE | {"notice", "exclusions"},
}


@pytest.mark.parametrize("region", [HULUDAO, HEBEI, QUANJIAO, LINSHU])
def test_a_document_pays_the_amounts_it_states_and_no_neighbours(region: str) -> None:
    """HL-CLM-03, HL-CLM-05, HB-CLM-08, QJ-CLM-03, LS-CLM-08"""
    found: dict[str, set[tuple[str | None, int]]] = {}
    for benefit in book_of(region).payment.benefits:
        for stated in benefit.rates:
            found.setdefault(benefit.programme or "", set()).add((stated.level, int(stated.amount_yuan)))
    assert found == STATED[region]


@pytest.mark.parametrize("region", [HULUDAO, HEBEI, QUANJIAO, LINSHU])
def test_a_document_caps_what_it_caps_and_nothing_else(region: str) -> None:
    """HL-CLM-01, HB-CLM-01, QJ-CLM-11, LS-CLM-01"""
    assert {(cap.code, cap.slots_max) for cap in book_of(region).payment.caps} == CAPS[region]
    assert {one.units_max for one in book_of(region).payment.benefits if one.units_max} == UNITS[region]


@pytest.mark.parametrize("region", [HULUDAO, HEBEI, QUANJIAO, LINSHU])
def test_a_document_shares_advances_and_holds_back_by_its_own_percentages(region: str) -> None:
    """HB-CLM-04, HB-CLM-05, HL-PAY-02, LS-PAY-01, LS-CLM-05, QJ-PAY-03"""
    payment = book_of(region).payment
    found: dict[str, object] = {}
    if shares := [share.percent for benefit in payment.benefits for share in benefit.shares]:
        found["shares"] = shares
    if payment.advance:
        found["advance"] = payment.advance.percent
    if payment.employment_release:
        found |= {
            "first": payment.employment_release.first_percent,
            "employed": payment.employment_release.employed_percent_min,
        }
    assert found == PERCENTS[region]


@pytest.mark.parametrize("region", [HULUDAO, HEBEI, QUANJIAO, LINSHU])
def test_what_a_document_does_not_name_is_absent_from_its_chapter(region: str) -> None:
    """QJ-PAY-03, LS-PAY-03: neither notice nor review limit nor attendance cut, entitlement, survey or form."""
    payment = book_of(region).payment
    assert {name for name in ABSENT[region] if getattr(payment, name)} == set()


@pytest.mark.parametrize(
    ("region", "programme", "group"),
    [
        (HEBEI, "upskilling", "employee"),
        (HEBEI, "living_allowance", "graduate"),
        (LINSHU, "insurance_skill", "employee"),
        (LINSHU, "evaluation", "graduate"),
        (QUANJIAO, "apprenticeship", "employee"),
        (QUANJIAO, "training", "employee"),
        (HULUDAO, "pre_job", "recruit"),
        (HULUDAO, "training", "employee"),
    ],
)
def test_a_neighbours_programme_is_paid_nothing_even_where_somebody_entered_a_rate(
    region: str, programme: str, group: str
) -> None:
    """HL-CLM-06, HB-CLM-08, QJ-CLM-14, LS-CLM-08"""
    scene = Scene(region=region, programme=programme, groups=alike(1, group), certificates=[certified("p1")])
    found = scene.judged(rate(region, programme, 1000))
    assert (total(found), [code for code, _ in against(found)]) == (0, ["PROGRAMME_NOT_PAID"])


def test_hebei_pays_no_month_of_work_and_linshu_no_neighbours_amount_for_one() -> None:
    """QJ-CLM-07, LS-CLM-07"""
    for region in (HEBEI, LINSHU):
        scene = Scene(
            region=region,
            programme="work_for_training",
            kind="work_for_training",
            groups=alike(1, "employment_difficult"),
            months=months("p1", 6),
            attributes={"hirer": "insured_enterprise"},
        )
        assert total(scene.judged(rate(region, "training", 200))) == 0


def test_a_class_from_before_a_document_is_judged_by_no_other() -> None:
    """HL-DAT-03, HB-DAT-02, LS-DAT-02"""
    for region, day in ((HEBEI, date(2023, 12, 31)), (LINSHU, date(2020, 8, 19)), (HULUDAO, date(2019, 7, 30))):
        with pytest.raises(Refused) as refused:
            shelf().in_force(region, day)
        assert refused.value.code == "RULEBOOK_MISSING"


SOURCES = {
    HULUDAO: {
        *("unemployment_insurance_surplus", "employment_subsidy_fund", "talent_fund", "industry_fund"),
        "education_fund",
    },
    HEBEI: {"employment_subsidy_fund", "skills_special_account", "unemployment_insurance_fund"},
    QUANJIAO: {"employment_subsidy_fund", "unemployment_insurance_fund"},
    LINSHU: {"employment_subsidy_fund"},
}


@pytest.mark.parametrize(
    ("region", "source", "other"),
    [
        (HULUDAO, "talent_fund", "skills_special_account"),
        (HEBEI, "unemployment_insurance_fund", "talent_fund"),
        (QUANJIAO, "unemployment_insurance_fund", "talent_fund"),
    ],
)
def test_money_comes_from_the_sources_that_the_document_names_and_adds_up(region: str, source: str, other: str) -> None:
    """HL-FND-01, HB-FND-01, QJ-FND-01"""
    book = book_of(region)
    assert book.payment.funding_sources is not None
    assert {each.code for each in book.payment.funding_sources.sources} == SOURCES[region]
    two = [
        Share(funding_source=source, amount_fen=6_000_00),
        Share(funding_source="employment_subsidy_fund", amount_fen=4_000_00),
    ]
    due = {1: 10_000_00}

    def paid(shares):  # type: ignore[no-untyped-def]
        return split(due, shares, rulebook=book, decided_sources=frozenset(), excluded=frozenset())

    assert paid(two) == {source: {1: 6_000_00}, "employment_subsidy_fund": {1: 4_000_00}}
    for shares, code in (
        ([], "SOURCE_MISSING"),
        ([two[0], two[0]], "SOURCE_REPEATED"),
        (two[:1], "SPLIT_SUM"),
        ([Share(funding_source=other, amount_fen=10_000_00)], "FUNDING_SOURCE_UNKNOWN"),
    ):
        with pytest.raises(Refused) as refused:
            paid(shares)
        assert refused.value.code == code


def test_linshu_pays_from_what_the_region_lists_and_nothing_without_a_source() -> None:
    """LS-FND-01"""
    book = book_of(LINSHU)
    one = Share(funding_source="employment_subsidy_fund", amount_fen=150_000_00)
    unknown = Share(funding_source="talent_fund", amount_fen=150_000_00)

    def paid(*shares: Share) -> dict[str, dict[int, int]]:
        return split({1: 150_000_00}, shares, rulebook=book, decided_sources=frozenset(), excluded=frozenset())

    assert paid(one) == {"employment_subsidy_fund": {1: 150_000_00}}
    for shares, code in (((), "SOURCE_MISSING"), ((unknown,), "FUNDING_SOURCE_UNKNOWN")):
        with pytest.raises(Refused) as refused:
            paid(*shares)
        assert refused.value.code == code
