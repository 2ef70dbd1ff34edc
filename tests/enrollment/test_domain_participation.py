"""Who may take part in Huludao, Hebei, Quanjiao and Linshu, each judged by the rulebook of its own document."""

from datetime import date, timedelta

import pytest

from services.enrollment.domain.decision import RecordedDecision, is_decidable
from services.enrollment.domain.roster import judge_roster
from tests.enrollment.participating import OPENINGS, basis, book_of, joining, judged, somebody, terms_of, verdict
from tests.enrollment.sample import codes, moment

FREE = {
    "HL": {
        *("poor_family_child", "school_leaver", "veteran", "rural_transferred", "laid_off", "disabled"),
        *("prisoner", "rehabilitation", "no_pension"),
    },
    "HB": set(),
    "QJ": {
        *("poor_worker", "school_leaver", "rural_transferred", "laid_off", "veteran", "employment_difficult", "other"),
    },
    "LS": {"poor_worker", "poor_family_child"},
}


PAYING = {
    "HL": {"employee", "graduate", "employment_difficult", "zero_employment_family", "poor_worker", "capacity_cut"}
    | {"other"},
    "HB": {
        *("poverty_monitored", "graduate", "school_leaver", "rural_transferred", "urban_unemployed"),
        *("employment_difficult", "employee"),
    },
    "QJ": {"recruit", "employee", "graduate", "zero_employment_family"},
    "LS": {
        *("employee", "graduate", "rural_labour", "laid_off", "other", "professional_farmer", "school_leaver"),
        *("employment_difficult", "veteran", "disabled", "startup_willing", "no_pension"),
    },
}


@pytest.mark.parametrize("place", FREE)
def test_each_document_knows_its_own_groups_and_lets_its_own_pay_nothing(place: str) -> None:
    """HL-ENR-05: nine free groups; HB-ENR-01, -02: six and employees, none free; QJ-ENR-06; LS-ENR-03, -06."""
    groups = terms_of(place).groups
    assert {group.code for group in groups if group.fee_free} == FREE[place]
    assert {group.code for group in groups if not group.fee_free} == PAYING[place]
    assert verdict(place, somebody(place, "left_behind_woman")) == ("refused", ["GROUP_UNKNOWN"])


@pytest.mark.parametrize(
    ("place", "group", "rule"),
    [("HL", "disabled", "HL-ENR-05"), ("QJ", "veteran", "QJ-ENR-06"), ("LS", "poor_family_child", "LS-CLM-03")],
)
def test_a_free_group_that_is_charged_one_fen_is_stopped_and_at_zero_accepted(
    place: str, group: str, rule: str
) -> None:
    """HL-ENR-05, QJ-ENR-06 and LS-CLM-03: free training means a fee of zero."""
    assert verdict(place, somebody(place, group)) == ("accepted", [])
    assert basis(place, somebody(place, group, fee_fen=1)) == [("FEE_CHARGED", rule)]


def test_of_six_free_learners_in_quanjiao_only_the_veteran_who_was_charged_is_stopped() -> None:
    """QJ-ENR-06: five with fee 0, the veteran with 30 yuan."""
    groups = ("poor_worker", "school_leaver", "rural_transferred", "laid_off", "veteran", "employment_difficult")
    rows = [
        somebody("QJ", group, number, fee_fen=3000 if group == "veteran" else 0)
        for number, group in enumerate(groups, start=1)
    ]
    found = judge_roster(rows, joining("QJ"), book_of("QJ"))
    assert {number: codes(one.findings) for number, one in found.items() if one.verdict != "accepted"} == {
        5: ["FEE_CHARGED"]
    }


@pytest.mark.parametrize("group", sorted(PAYING["HB"]))
def test_hebei_names_no_free_training_and_no_neighbours_fee_rule_leaks_in(group: str) -> None:
    one = somebody("HB", group, fee_fen=2000, graduation_year=2024)
    assert verdict("HB", one) == ("accepted", [])


def test_of_thirty_in_hebei_the_one_without_a_group_is_refused() -> None:
    """HB-ENR-01: 29 with a group and its proof, one empty."""
    rows = [somebody("HB", "urban_unemployed" if number < 30 else "", number) for number in range(1, 31)]
    found = judge_roster(rows, joining("HB"), book_of("HB"))
    refused = {number: one for number, one in found.items() if one.verdict == "refused"}
    assert [(number, codes(one.findings), one.findings[0].field) for number, one in refused.items()] == [
        (30, ["FIELD_MISSING"], "group")
    ]
    assert sum(one.verdict == "accepted" for one in found.values()) == 29


@pytest.mark.parametrize(
    ("place", "group", "rule"),
    [
        ("HL", "veteran", "HL-ENR-05"),
        ("HB", "poverty_monitored", "HB-ENR-01"),
        ("HB", "employee", "HB-ENR-02"),
        ("QJ", "laid_off", "QJ-ENR-06"),
        ("LS", "veteran", "LS-ENR-03"),
    ],
)
def test_a_group_without_its_proof_is_refused_and_a_proof_holds_from_its_first_day_to_its_last(
    place: str, group: str, rule: str
) -> None:
    """HL-ENR-05, HB-ENR-01, HB-ENR-02, QJ-ENR-06, LS-ENR-03: evidence per group, valid on the opening day."""
    opening = OPENINGS[place][1]
    assert basis(place, somebody(place, group, evidence=" ")) == [("EVIDENCE_MISSING", rule)]
    assert verdict(place, somebody(place, group, evidence_from=opening, evidence_until=opening)) == ("accepted", [])
    early = somebody(place, group, evidence_from=opening + timedelta(days=1))
    assert basis(place, early) == [("EVIDENCE_NOT_VALID", rule)]
    lapsed = somebody(place, group, evidence_until=opening - timedelta(days=1))
    assert basis(place, lapsed) == [("EVIDENCE_NOT_VALID", rule)]


def test_of_six_key_groups_in_linshu_the_veteran_without_proof_stays_out_until_a_reviewer_accepts_another() -> None:
    """LS-ENR-03: five accepted, one without proof; a reviewer may accept other proof."""
    groups = ("professional_farmer", "school_leaver", "employment_difficult", "veteran", "disabled", "startup_willing")
    rows = [
        somebody("LS", group, number, evidence="" if group == "veteran" else "X-1")
        for number, group in enumerate(groups, start=1)
    ]
    found = judge_roster(rows, joining("LS"), book_of("LS"))
    assert {number: codes(one.findings) for number, one in found.items() if one.verdict != "accepted"} == {
        4: ["EVIDENCE_MISSING"]
    }
    (finding,) = found[4].findings
    assert is_decidable(finding, terms_of("LS"))
    assert not is_decidable(finding, terms_of("HL"))
    allowed = {4: [allowing("EVIDENCE_MISSING")]}
    assert judge_roster(rows, joining("LS"), book_of("LS"), decisions=allowed)[4].verdict == "accepted"


def allowing(code: str) -> RecordedDecision:
    return RecordedDecision(
        number=1,
        round=1,
        change=0,
        step="first_review",
        actor="first",
        row=4,
        code=code,
        outcome="allow",
        basis=None,
        rule="LS-ENR-03",
        document="d",
        clause="c",
        reason="已核实部队出具的证明",
        decided_at=moment(date(2020, 8, 25), 9),
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, ("refused", ["PENSION_ENTITLED"])), (0, ("refused", ["PENSION_ENTITLED"])), (1, ("accepted", []))],
)
@pytest.mark.parametrize("place", ["HL", "LS"])
def test_who_may_draw_a_pension_on_the_opening_day_is_not_in_the_group_without_one(
    place: str, days: int, expected: tuple[str, list[str]]
) -> None:
    """HL-ENR-06, LS-ENR-07: the status on the opening day, and of this one group only."""
    pension = OPENINGS[place][1] + timedelta(days=days)
    included = joining(place, included=frozenset({"no_pension"}))
    one = somebody(place, "no_pension", pension_from=pension)
    assert verdict(place, one, included) == expected
    assert {rule for _, rule in basis(place, one, included)} <= {"HL-ENR-06", "LS-ENR-07"}
    assert verdict(place, somebody(place, "laid_off", pension_from=pension)) == ("accepted", [])
    assert verdict(place, somebody(place, "no_pension"), included) == ("accepted", [])


@pytest.mark.parametrize("place", ["HB", "QJ", "JY"])
def test_where_a_document_excludes_nobody_for_a_pension_a_pension_is_no_matter(place: str) -> None:
    assert verdict(place, somebody(place, "rural_transferred", pension_from=date(2019, 1, 1))) == ("accepted", [])


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (date(2021, 2, 28), ("accepted", [])),
        (date(2021, 3, 1), ("refused", ["RELEASE_TOO_FAR"])),
        (date(2025, 1, 1), ("refused", ["RELEASE_TOO_FAR"])),
        (None, ("refused", ["FIELD_MISSING"])),
    ],
)
def test_a_prisoner_takes_part_with_less_than_a_year_to_release(
    release: date | None, expected: tuple[str, list[str]]
) -> None:
    """HL-ENR-07: opening 2020-03-01; a full year is not less than one."""
    assert verdict("HL", somebody("HL", "prisoner", release_on=release)) == expected
    assert {rule for _, rule in basis("HL", somebody("HL", "prisoner", release_on=release))} <= {"HL-ENR-07"}


def test_a_year_from_a_leap_day_ends_on_the_first_of_march() -> None:
    leap = joining("HL", opening_date=date(2020, 2, 29))
    assert verdict("HL", somebody("HL", "prisoner", release_on=date(2021, 2, 28)), leap) == ("accepted", [])
    assert verdict("HL", somebody("HL", "prisoner", release_on=date(2021, 3, 1)), leap)[0] == "refused"


def test_what_is_stated_of_a_person_stands_in_no_message() -> None:
    stated = somebody("HL", "prisoner", release_on=date(2031, 7, 19), pension_from=date(2001, 4, 3))
    judgement = judged("HL", stated)
    assert "2031" not in repr(judgement)
    assert "2031" not in repr(stated)


@pytest.mark.parametrize(
    ("place", "group", "rule"),
    [
        ("HB", "graduate", "HB-ENR-03"),
        ("HB", "school_leaver", "HB-ENR-01"),
        ("QJ", "graduate", "QJ-ENR-08"),
    ],
)
def test_graduates_of_another_year_are_not_of_the_group(place: str, group: str, rule: str) -> None:
    """HB-ENR-03: graduates of 2024 in a class of August 2024, not those of 2023; HB-ENR-01; QJ-ENR-08."""
    year = OPENINGS[place][1].year
    assert verdict(place, somebody(place, group, graduation_year=year)) == ("accepted", [])
    for other in (year - 1, year + 1):
        assert basis(place, somebody(place, group, graduation_year=other)) == [("NOT_GRADUATING_YEAR", rule)]
    assert basis(place, somebody(place, group)) == [("FIELD_MISSING", rule)]


@pytest.mark.parametrize("place", ["HL", "LS"])
def test_where_a_document_names_no_graduating_year_every_year_will_do(place: str) -> None:
    assert verdict(place, somebody(place, "graduate", graduation_year=2011)) == ("accepted", [])


@pytest.mark.parametrize(
    ("place", "kinds", "rule"),
    [
        ("HL", {"college", "technician_senior", "pre_technician", "special_education"}, "HL-ENR-04"),
        ("HB", {"college", "technician_senior", "pre_technician", "technician", "special_education"}, "HB-ENR-03"),
    ],
)
def test_graduates_include_the_kinds_that_the_document_names_and_no_others(
    place: str, kinds: set[str], rule: str
) -> None:
    """HL-ENR-04 and HB-ENR-03: only Hebei names technician classes."""
    group = terms_of(place).group("graduate")
    assert group is not None
    assert {kind.code for kind in group.kinds} == kinds
    for kind in kinds:
        one = somebody(place, "graduate", group_kind=kind, graduation_year=2024)
        assert verdict(place, one) == ("accepted", [])
    strange = somebody(place, "graduate", group_kind="doctor", graduation_year=2024)
    assert basis(place, strange) == [("GROUP_KIND_UNKNOWN", rule)]


def test_a_graduate_at_work_on_the_opening_day_goes_to_a_person_in_huludao_alone() -> None:
    """HL-ENR-04: jobless on the opening day, or employed since a day."""
    opening = OPENINGS["HL"][1]
    assert verdict("HL", somebody("HL", "graduate")) == ("accepted", [])
    later = somebody("HL", "graduate", employed_since=opening + timedelta(days=1))
    assert verdict("HL", later) == ("accepted", [])
    employed = somebody("HL", "graduate", employed_since=opening - timedelta(days=1))
    assert verdict("HL", employed) == ("ask", ["EMPLOYED_AT_OPENING"])
    assert basis("HL", employed) == [("EMPLOYED_AT_OPENING", "HL-ENR-04")]
    elsewhere = somebody("HB", "graduate", graduation_year=2024, employed_since=date(2024, 1, 1))
    assert verdict("HB", elsewhere) == ("accepted", [])
