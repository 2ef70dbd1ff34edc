"""Who takes part in which class: ties to the place, permits, dispatched staff, consent, projects, recruits."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peibu.demo.people import broken_identity_number, sample_credit_code, sample_people
from services.enrollment.domain.attributes import judge_attributes, published
from services.enrollment.domain.personal_conditions import inclusions_on
from services.enrollment.domain.register import RegisterEntry, read_values
from services.enrollment.domain.register_report import ReportFacts, report
from services.enrollment.domain.roster import judge_roster
from services.enrollment.domain.roster_row import RosterContext
from tests.enrollment.participating import OPENINGS, basis, book_of, joining, judged, somebody, terms_of, verdict
from tests.enrollment.sample import codes, institution


@pytest.mark.parametrize(
    ("place", "links", "expected"),
    [
        ("HL", ("insured",), ("accepted", [])),
        ("HL", ("household",), ("accepted", [])),
        ("HL", ("residence",), ("accepted", [])),
        ("HL", ("job_search",), ("accepted", [])),
        ("HL", (), ("ask", ["PLACE_LINK_DECISION"])),
        ("HL", ("trained_here",), ("ask", ["PLACE_LINK_DECISION"])),
        ("HL", ("trained_here", "insured"), ("accepted", [])),
        ("HL", ("outside_province",), ("refused", ["PLACE_LINK_UNKNOWN"])),
        ("HB", (), ("accepted", [])),
        ("HB", ("trained_here",), ("accepted", [])),
        ("HB", ("job_search",), ("accepted", [])),
        ("HB", ("insured",), ("refused", ["PLACE_LINK_UNKNOWN"])),
        ("QJ", (), ("accepted", [])),
        ("QJ", ("trained_here",), ("accepted", [])),
        ("QJ", ("outside_province",), ("refused", ["OUTSIDE_PROVINCE"])),
        ("QJ", ("outside_province", "trained_here"), ("refused", ["OUTSIDE_PROVINCE"])),
        ("LS", ("household",), ("accepted", [])),
        ("LS", ("residence",), ("accepted", [])),
        ("LS", ("job_search",), ("accepted", [])),
        ("LS", ("trained_here",), ("ask", ["PLACE_LINK_DECISION"])),
        ("LS", (), ("ask", ["PLACE_LINK_DECISION"])),
        ("LS", ("insured",), ("refused", ["PLACE_LINK_UNKNOWN"])),
        ("JY", (), ("accepted", [])),
        ("JY", ("insured",), ("accepted", [])),
    ],
)
def test_a_tie_to_the_place_counts_as_the_document_says(
    place: str, links: tuple[str, ...], expected: tuple[str, list[str]]
) -> None:
    """HL-ENR-09: one of four; HB-ENR-04: training here is one itself; QJ-ENR-07: the province; LS-ENR-06: of three."""
    one = somebody(place, "laid_off" if place != "HB" else "urban_unemployed", place_links=links)
    assert verdict(place, one) == expected
    rules = {"HL": "HL-ENR-09", "QJ": "QJ-ENR-07", "LS": "LS-ENR-06", "HB": "HB-ENR-04"}
    assert {rule for _, rule in basis(place, one)} <= {rules.get(place)}


@pytest.mark.parametrize(
    ("number", "qualified_on", "expected"),
    [
        ("Q-1", date(2024, 6, 10), ("accepted", [])),
        ("Q-1", date(2024, 6, 11), ("refused", ["ENTRY_QUALIFICATION"])),
        ("Q-1", None, ("refused", ["ENTRY_QUALIFICATION"])),
        (" ", date(2024, 6, 10), ("refused", ["ENTRY_QUALIFICATION"])),
    ],
)
def test_an_electrician_holds_the_permit_by_the_opening_day(
    number: str, qualified_on: date | None, expected: tuple[str, list[str]]
) -> None:
    """HB-ENR-09: class of 2024-06-10, permit of that day or of the next."""
    one = somebody("HB", "rural_transferred", qualification_number=number, qualified_on=qualified_on)
    for occupation in ("6-31-01-03", "4-07-05-01", "6-18-02-04"):
        assert verdict("HB", one, joining("HB", occupation=occupation)) == expected
    assert verdict("HB", one, joining("HB", occupation="4-14-01-02")) == ("accepted", [])


@pytest.mark.parametrize(
    ("place", "group"), [("HL", "laid_off"), ("QJ", "laid_off"), ("LS", "laid_off"), ("JY", "laid_off")]
)
def test_no_other_document_asks_for_an_entry_qualification(place: str, group: str) -> None:
    assert verdict(place, somebody(place, group), joining(place, occupation="6-18-02-04")) == ("accepted", [])


def test_dispatched_staff_are_trained_by_the_enterprise_that_uses_them() -> None:
    """QJ-ENR-09: 25 dispatched workers, registered by the agency or by the user enterprise."""
    user, agency = sample_credit_code(5), sample_credit_code(6)
    hired = OPENINGS["QJ"][1]
    rows = [somebody("QJ", "recruit", number, dispatched_to=user, employed_since=hired) for number in range(1, 26)]

    def refused(given_context: RosterContext, place: str = "QJ") -> list[str]:
        found = judge_roster(rows, given_context, book_of(place))
        return [code for one in found.values() for code in codes(one.findings)]

    by_agency = joining("QJ", institution=institution("enterprise", credit_code=agency))
    assert refused(by_agency) == ["ORGANISER_MUST_BE_USER"] * 25
    assert refused(joining("QJ", institution=institution("enterprise", credit_code=user))) == []
    assert refused(replace(by_agency, enterprise=user)) == []  # a school trains for the enterprise that uses them
    own = somebody("QJ", "recruit", employed_since=hired)
    assert verdict("QJ", own, by_agency) == ("accepted", [])


def test_no_other_document_says_who_trains_dispatched_staff() -> None:
    for place in ("HL", "HB", "LS"):
        one = somebody(place, "employee", dispatched_to=sample_credit_code(5))
        assert verdict(place, one) == ("accepted", [])


def test_of_thirty_whom_a_town_office_entered_the_two_without_consent_are_left_out() -> None:
    """HL-ENR-20: learners choose freely; 28 kept, two without a record of their consent."""
    opening = OPENINGS["HL"][1]
    rows = [
        somebody("HL", "laid_off", number, assigned_by="某镇政府", consented_on=None if number < 3 else opening)
        for number in range(1, 31)
    ]
    found = judge_roster(rows, joining("HL"), book_of("HL"))
    assert [codes(found[number].findings) for number in (1, 2)] == [["CONSENT_MISSING"]] * 2
    assert sum(one.verdict == "accepted" for one in found.values()) == 28
    late = somebody("HL", "laid_off", assigned_by="某镇政府", consented_on=opening + timedelta(days=1))
    assert basis("HL", late) == [("CONSENT_MISSING", "HL-ENR-20")]
    assert verdict("HL", somebody("HL", "laid_off")) == ("accepted", [])
    assert verdict("LS", somebody("LS", "laid_off", assigned_by="某镇政府")) == ("accepted", [])


@pytest.mark.parametrize(
    ("place", "rule"), [("HL", "HL-ENR-11"), ("HB", "HB-ENR-01"), ("QJ", "QJ-DAT-01"), ("LS", "LS-DAT-01")]
)
def test_of_thirty_rows_the_one_whose_number_is_none_is_refused(place: str, rule: str) -> None:
    """HL-ENR-11, HL-DAT-01, LS-DAT-01, QJ-DAT-01: who is not verified is on no roster, and signs in nowhere."""
    group = "laid_off" if place != "HB" else "urban_unemployed"
    rows = [somebody(place, group, number) for number in range(1, 31)]
    broken = replace(rows[6].particulars, identity_number=broken_identity_number(next(sample_people(7))))
    rows[6] = replace(rows[6], particulars=broken, person_id=None)
    found = judge_roster(rows, joining(place), book_of(place))
    assert [(finding.code, finding.rule) for finding in found[7].findings] == [("ID_CHECKSUM", rule)]
    assert sum(one.verdict == "accepted" for one in found.values()) == 29


def test_the_group_without_a_pension_counts_in_linshu_only_while_a_decision_takes_it_in() -> None:
    """LS-ENR-07: inclusion is the county's choice; Huludao names the group itself."""
    one = somebody("LS", "no_pension")
    assert basis("LS", one) == [("GROUP_NOT_INCLUDED", "LS-ENR-07")]
    assert verdict("LS", one, joining("LS", included=frozenset({"no_pension"}))) == ("accepted", [])
    assert verdict("HL", somebody("HL", "no_pension")) == ("accepted", [])


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2020-09-01", None, {"no_pension"}),
        ("2020-09-02", None, set()),
        ("2020-08-20", "2020-09-01", {"no_pension"}),
        ("2020-08-20", "2020-08-31", set()),
    ],
)
def test_a_decision_takes_a_group_in_from_its_first_to_its_last_day(
    first: str, last: str | None, expected: set[str]
) -> None:
    """LS-ENR-07"""
    decision = {"group": "no_pension", "valid_from": first, "valid_to": last, "reason": "县政府会议纪要"}
    assert inclusions_on(date(2020, 9, 1), [decision]) == expected


@settings(deadline=None, max_examples=60)
@given(
    place=st.sampled_from(["HL", "HB", "QJ", "LS"]),
    group=st.sampled_from(["veteran", "prisoner", "graduate", "no_pension", "employee", "martian", ""]),
    release=st.none() | st.dates(date(2019, 1, 1), date(2026, 1, 1)),
    pension=st.none() | st.dates(date(2019, 1, 1), date(2026, 1, 1)),
    links=st.lists(st.sampled_from(["household", "trained_here", "outside_province", "insured"]), max_size=3),
)
def test_more_ties_never_harm_unless_one_is_unknown_or_refused(
    place: str, group: str, release: date | None, pension: date | None, links: list[str]
) -> None:
    terms = terms_of(place).place_links
    assert terms is not None
    bare = somebody(place, group, release_on=release, pension_from=pension, place_links=())
    tied = somebody(place, group, release_on=release, pension_from=pension, place_links=tuple(links))
    harmless = {link.code for link in terms.links if not link.refusal}
    before, after = set(verdict(place, bare)[1]), set(verdict(place, tied)[1])
    if set(links) <= harmless:
        assert after <= before
    else:
        assert verdict(place, tied)[0] == "refused"


def test_of_a_project_in_huludao_the_two_graduates_go_to_a_person() -> None:
    """HL-ENR-18: 28 poor workers and 2 graduates; an ordinary class knows no such list."""
    rows = [somebody("HL", "poor_worker" if number < 29 else "graduate", number) for number in range(1, 31)]
    project = joining("HL", kind="project")
    found = judge_roster(rows, project, book_of("HL"))
    asked = {number: one for number, one in found.items() if one.verdict == "ask"}
    assert [(number, codes(one.findings)) for number, one in asked.items()] == [
        (29, ["GROUP_NOT_MEANT"]),
        (30, ["GROUP_NOT_MEANT"]),
    ]
    assert asked[29].findings[0].rule == "HL-ENR-18"
    for meant in ("veteran", "capacity_cut"):
        assert verdict("HL", somebody("HL", meant), project) == ("accepted", [])
    assert verdict("HL", somebody("HL", "graduate"), joining("HL", kind="class")) == ("accepted", [])
    for place in ("HB", "LS"):
        one = somebody(place, "employee")
        assert verdict(place, one, joining(place, kind="project")) == ("accepted", [])


def test_of_twenty_five_poor_workers_in_a_project_the_one_who_was_charged_is_stopped() -> None:
    """HL-ENR-21: free in a project; poor workers are none of the nine groups that pay nothing anywhere."""
    rows = [somebody("HL", "poor_worker", number, fee_fen=2000 if number == 7 else 0) for number in range(1, 26)]
    found = judge_roster(rows, joining("HL", kind="project"), book_of("HL"))
    assert {number: one.findings[0].rule for number, one in found.items() if one.verdict == "refused"} == {
        7: "HL-ENR-21"
    }
    assert codes(found[7].findings) == ["FEE_CHARGED"]
    charged = somebody("HL", "poor_worker", fee_fen=2000)
    assert verdict("HL", charged, joining("HL", kind="class")) == ("accepted", [])
    veteran = somebody("HL", "veteran", fee_fen=2000)
    assert basis("HL", veteran, joining("HL", kind="project")) == [("FEE_CHARGED", "HL-ENR-05")]


def test_graduates_digital_field_is_told_of_a_class_in_huludao_alone() -> None:
    """HL-ENR-04: data analysis, programming, industrial software and data security."""

    def told(place: str, field: str) -> list[str]:
        attributes = {"digital_field": field}
        return codes(
            judge_attributes(attributes, kind="class", institution_kind="private_school", terms=terms_of(place))
        )

    for field in ("data_analysis", "software_programming", "industrial_software", "data_security"):
        assert told("HL", field) == []
        assert published({"digital_field": field}, terms_of("HL")) == {"digital_field": field}
    assert told("HL", "piano") != []
    assert told("LS", "software_programming") != []


@pytest.mark.parametrize(
    ("hired", "expected"),
    [
        (date(2020, 5, 31), ("ask", ["NOT_NEWLY_HIRED"])),
        (date(2020, 6, 1), ("accepted", [])),
        (date(2020, 6, 12), ("accepted", [])),
        (date(2020, 6, 13), ("ask", ["NOT_NEWLY_HIRED"])),
        (None, ("refused", ["FIELD_MISSING"])),
    ],
)
def test_a_recruit_starts_work_within_the_days_of_the_class_or_a_person_decides(
    hired: date | None, expected: tuple[str, list[str]]
) -> None:
    """QJ-CLM-01: class from 2020-06-01 to 2020-06-12; employees are asked nothing of the kind."""
    given_context = joining("QJ", closing_date=date(2020, 6, 12))
    assert verdict("QJ", somebody("QJ", "recruit", employed_since=hired), given_context) == expected
    assert verdict("QJ", somebody("QJ", "employee", employed_since=hired), given_context) == ("accepted", [])
    if hired == date(2020, 6, 13):  # who asks about a class still to come knows no closing day
        assert verdict("QJ", somebody("QJ", "recruit", employed_since=hired)) == ("accepted", [])


@pytest.mark.parametrize("group", ["recruit", "poor_worker", "employment_difficult", "zero_employment_family"])
def test_whoever_is_in_pre_job_training_is_newly_hired_of_whatever_group(group: str) -> None:
    """QJ-CLM-01: the subsidy is for recruits; somebody poor who works there for years is none."""
    pre_job = joining("QJ", closing_date=date(2020, 6, 12), training_type="pre_job")
    assert verdict("QJ", somebody("QJ", group), pre_job) == ("refused", ["FIELD_MISSING"])
    old = somebody("QJ", group, employed_since=date(2018, 1, 2))
    assert basis("QJ", old, pre_job) == [("NOT_NEWLY_HIRED", "QJ-CLM-01")]
    assert verdict("QJ", somebody("QJ", group, employed_since=date(2020, 6, 1)), pre_job) == ("accepted", [])


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("poor_worker", []),
        ("veteran", []),
        ("zero_employment_family", [("GROUP_NOT_MEANT", "QJ-ENR-06")]),
        ("graduate", [("GROUP_NOT_MEANT", "QJ-ENR-06")]),
        ("other", [("GROUP_DECISION", "QJ-ENR-06")]),
    ],
)
def test_free_training_is_for_its_six_groups_and_of_others_a_person_decides(
    group: str, expected: list[tuple[str, str]]
) -> None:
    """QJ-ENR-06: members of zero-employment families are named for the allowance alone."""
    free = joining("QJ", training_type="free_group_training")
    one = somebody("QJ", group, graduation_year=2020)
    assert basis("QJ", one, free) == expected
    upskilling = joining("QJ", training_type="upskilling")
    assert basis("QJ", one, upskilling) == [each for each in expected if each[0] == "GROUP_DECISION"]


SOURCED = {"source": "social_insurance", "source_record": "SI-1", "sourced_on": date(2020, 2, 20)}


@pytest.mark.parametrize(
    ("place", "changed", "expected"),
    [
        ("HL", {}, []),
        ("HL", {"source": "neighbour"}, ["EVIDENCE_MISSING", "SOURCE_UNKNOWN"]),
        ("HL", {"source_record": " "}, ["EVIDENCE_MISSING", "SOURCE_RECORD_MISSING"]),
        ("HL", {"sourced_on": None}, ["EVIDENCE_MISSING", "SOURCE_RECORD_MISSING"]),
        ("HL", {"source": ""}, ["EVIDENCE_MISSING"]),
        ("HB", {}, ["EVIDENCE_MISSING"]),
        ("HB", {"source_record": ""}, ["EVIDENCE_MISSING", "SOURCE_RECORD_MISSING"]),
        ("QJ", {}, ["EVIDENCE_MISSING"]),
        ("QJ", {"source": "neighbour"}, ["EVIDENCE_MISSING"]),
        ("LS", {}, []),
        ("LS", {"source": ""}, ["EVIDENCE_MISSING"]),
        ("LS", {"source": "neighbour"}, ["EVIDENCE_MISSING", "SOURCE_UNKNOWN"]),
        ("LS", {"source_record": ""}, ["EVIDENCE_MISSING", "SOURCE_RECORD_MISSING"]),
    ],
)
def test_a_record_of_a_connected_source_is_named_whole_and_replaces_the_paper_in_two_documents(
    place: str, changed: dict[str, object], expected: list[str]
) -> None:
    """HL-INT-01, HL-DAT-04, LS-PAY-02: what a source shows is not asked again; HB-INT-02: compared and stored.

    Of a source that is down nothing can be named: then the paper is asked.
    """
    one = somebody(place, "employee", evidence="", **{**SOURCED, **changed})
    assert codes(judged(place, one).findings) == expected
    rules = {finding.rule for finding in judged(place, one).findings if finding.code.startswith("SOURCE")}
    assert rules <= {"HL-INT-01", "HB-INT-02", "LS-PAY-02"}


def test_pupils_with_a_grant_are_counted_by_school_year_in_huludao_and_nothing_is_paid_for_it() -> None:
    """HL-CLM-13: 12 pupils flagged, 12 counted, and no benefit of the payment chapter speaks of them."""
    terms = terms_of("HL").register("vocational_grant")
    assert terms is not None
    values, wrong = read_values({"school_year": "2020", "registered_poor": True, "school": "示例技工学校"}, terms)
    assert wrong == []
    pupils = [
        RegisterEntry(
            entry_id=str(number),
            register=terms.code,
            region="211400",
            institution_id=None,
            person_id=f"person-{number}",
            masked_name="赵**",
            values=values,
            recorded_on=date(2020, 9, 1),
        )
        for number in range(12)
    ]
    found = report(terms, ReportFacts(entries=pupils, as_of=date(2020, 12, 31)))
    assert [(row.key, row.counts["entries"]) for row in found.rows] == [("2020", 12)]
    assert "HL-CLM-13" not in {benefit.rule for benefit in book_of("HL").payment.benefits}
    assert terms_of("LS").register("vocational_grant") is None


def test_what_huludao_leaves_to_other_documents_is_decided_by_a_person_and_shown_open_until_then() -> None:
    """HL-INT-03: no class size is set here or borrowed from a neighbour; the report shows what nobody decided yet."""
    assert terms_of("HL").class_size is None
    terms = terms_of("HL").register("outside_reference")
    assert terms is not None
    decided = {
        "topic": "class_size",
        "reference": "city_2019_11",
        "ruling": "每班不超过50人",
        "decided_on": "2019-12-02",
    }
    values, wrong = read_values(decided, terms)
    assert wrong == []
    entry = RegisterEntry(
        entry_id="1",
        register=terms.code,
        region="211400",
        institution_id=None,
        person_id=None,
        masked_name=None,
        values=values,
        recorded_on=date(2019, 12, 2),
    )
    counts = {
        row.key: row.counts["entries"]
        for row in report(terms, ReportFacts(entries=[entry], as_of=date(2020, 1, 1))).rows
    }
    assert counts.pop("class_size") == 1
    assert set(counts) == {"attendance", "documents", "notice_length", "directory_management", "apprenticeship"}
    assert set(counts.values()) == {0}
