"""Registers judge and report what the rulebook of 2021 says of them."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.register import (
    RegisterEntry,
    Value,
    judge_checks,
    judge_enterprise,
    judge_institution,
    natural_key,
    read_values,
    sealed_codes,
)
from services.enrollment.domain.register_report import RegisterReport, ReportFacts, report
from shared.policy.terms.register import Register
from tests.enrollment.sample import REGION, book, codes

CHEMICAL = sample_credit_code(5)
DAY = date(2021, 6, 30)


def register(code: str) -> Register:
    terms = book().enrollment.register(code)
    assert terms is not None
    return terms


def entry(
    code: str, number: int = 1, *, person: str | None = None, school: str = "school", **values: Value
) -> RegisterEntry:
    blank: dict[str, Value] = {one.code: None for one in register(code).fields}
    return RegisterEntry(
        entry_id=f"entry-{number}",
        register=code,
        region=REGION,
        institution_id=school,
        person_id=person,
        masked_name="赵**" if person else None,
        values=blank | values,
        recorded_on=date(2021, 5, 12),
    )


def reported(
    code: str, *entries: RegisterEntry, passes: tuple[RegisterEntry, ...] = (), **given: object
) -> RegisterReport:
    facts = ReportFacts(entries=entries, passes=passes, as_of=DAY)
    return report(register(code), replace(facts, **given))


CONTEST = {"form": "contest", "title": "焊工竞赛", "level": "region", "held_on": "2021-05-20", "participants": 60}


def test_a_proper_entry_is_read_as_it_was_sent() -> None:
    assert read_values(CONTEST, register("contest")) == (CONTEST, [])


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"participants": None}, ["FIELD_MISSING"]),
        ({"participants": "60"}, ["FIELD_INVALID"]),
        ({"participants": True}, ["FIELD_INVALID"]),
        ({"participants": -1}, ["FIELD_INVALID"]),
        ({"held_on": "20210520"}, ["FIELD_INVALID"]),
        ({"held_on": "2021-02-30"}, ["FIELD_INVALID"]),
        ({"level": "galaxy"}, ["FIELD_INVALID"]),
        ({"title": "  "}, ["FIELD_INVALID"]),
        ({"title": "a\u0000b"}, ["FIELD_INVALID"]),
        ({"prize": "goose"}, ["FIELD_UNKNOWN"]),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_never_repeated(changed: dict[str, object], found: list[str]) -> None:
    _, findings = read_values({**CONTEST, **changed}, register("contest"))
    assert codes(findings) == found
    assert {(finding.rule, finding.value) for finding in findings} == {("JY-QUA-04", None)}


@given(
    st.dictionaries(
        st.sampled_from([one.code for one in register("post_assignment").fields]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.sampled_from(["", "岗位", CHEMICAL]),
            st.dates().map(date.isoformat),
        ),
    )
)
def test_whatever_is_sent_either_every_required_field_is_read_or_something_is_objected(sent: dict[str, object]) -> None:
    terms = register("post_assignment")
    values, findings = read_values(sent, terms)
    assert values.keys() == {one.code for one in terms.fields}
    complete = all(values[one.code] is not None for one in terms.fields if one.required)
    assert complete or findings


def test_villages_and_enterprises_are_known_by_their_codes() -> None:
    village = {"village_code": "419001100201", "village_name": "示例村", "paired_on": "2021-03-01"}
    assert read_values(village, register("village_pairing"))[1] == []
    _, findings = read_values({**village, "village_code": "41900110020"}, register("village_pairing"))
    assert codes(findings) == ["FIELD_INVALID"]
    profile = {"enterprise_code": "91", "enterprise_name": "示例厂", "all_staff_plan": True, "struggling": False}
    assert codes(read_values(profile, register("enterprise_profile"))[1]) == ["FIELD_INVALID"]


def test_a_technician_school_offers_public_resources_for_nothing() -> None:
    """JY-INS-10: price 10 yuan refused PRICE_NOT_ZERO, price 0 accepted; others may ask a price."""
    terms = register("online_course")
    priced: dict[str, Value] = {
        "title": "焊接",
        "public_resource": True,
        "price_fen": 1000,
        "published_on": "2021-05-01",
    }
    (refused,) = judge_checks(priced, institution_kind="technician_school", terms=terms)
    assert (refused.code, refused.rule) == ("PRICE_NOT_ZERO", "JY-INS-10")
    assert judge_checks({**priced, "price_fen": 0}, institution_kind="technician_school", terms=terms) == []
    assert judge_checks({**priced, "public_resource": False}, institution_kind="technician_school", terms=terms) == []
    assert judge_checks(priced, institution_kind="private_school", terms=terms) == []


def test_an_enterprise_is_struggling_only_with_the_number_of_the_finding() -> None:
    """JY-ENR-28."""
    terms = register("enterprise_profile")
    profile: dict[str, Value] = {"all_staff_plan": True, "struggling": True, "struggling_evidence": None}
    assert codes(judge_checks(profile, institution_kind=None, terms=terms)) == ["STRUGGLING_NOT_SHOWN"]
    assert judge_checks({**profile, "struggling_evidence": "困企〔2021〕7号"}, institution_kind=None, terms=terms) == []


def test_a_register_is_kept_for_its_kinds_and_an_institution_writes_of_itself() -> None:
    """JY-ENR-24: colleges, technician schools and private schools are paired with villages."""
    assert judge_institution("vocational_college", register("village_pairing")) == []
    assert codes(judge_institution("enterprise", register("village_pairing"))) == ["REGISTER_NOT_FOR_KIND"]
    values: dict[str, Value] = {"enterprise_code": CHEMICAL}
    terms = register("high_risk_staff")
    assert judge_enterprise(values, own_code=CHEMICAL, terms=terms) == []
    assert codes(judge_enterprise(values, own_code=sample_credit_code(6), terms=terms)) == ["FOREIGN_ENTERPRISE"]


def test_what_makes_two_entries_the_same_is_said_by_the_rulebook() -> None:
    """JY-ENR-18: a contest with sixty participants is one entry, whoever reports it."""
    same = {"region": REGION, "person_id": None, "terms": register("contest")}
    first = natural_key(CONTEST, institution_id="school", **same)  # type: ignore[arg-type]
    assert first == natural_key({**CONTEST, "participants": 61}, institution_id="other", **same)  # type: ignore[arg-type]
    assert first != natural_key({**CONTEST, "form": "drill"}, institution_id="school", **same)  # type: ignore[arg-type]


def test_numbers_of_papers_and_nothing_else_are_sealed() -> None:
    assert sealed_codes(register("safety_pass")) == {"number"}
    assert sealed_codes(register("contest")) == frozenset()


def test_a_contest_with_sixty_participants_is_one_contest_and_sixty_people() -> None:
    """JY-QUA-04, JY-ENR-18: counted in the register, no subsidy effect."""
    found = reported("contest", entry("contest", **CONTEST))
    assert found.totals == {"entries": 1, "heads": 60}
    assert [(row.key, row.name, row.counts["heads"]) for row in found.rows] == [("region", "示范区", 60)]


def test_publicity_events_of_a_month_are_counted() -> None:
    """JY-QUA-05: two events in May, one in June."""
    events = [
        entry("publicity", number, title=f"活动{number}", occasion="other", held_on=day)
        for number, day in enumerate(("2021-05-01", "2021-05-31", "2021-06-01"))
    ]
    may = reported("publicity", *events, since=date(2021, 5, 1), until=date(2021, 5, 31))
    assert (may.totals, reported("publicity", *events).totals) == ({"entries": 2}, {"entries": 3})


def test_a_college_paired_with_four_villages_is_one_to_four() -> None:
    """JY-ENR-24."""
    villages = [entry("village_pairing", number, village_code=f"41900110020{number}") for number in range(4)]
    found = reported("village_pairing", *villages, institutions={"school": "示例学院"})
    assert found.totals == {"institutions": 1, "villages": 4}
    assert [(row.name, row.counts["villages"]) for row in found.rows] == [("示例学院", 4)]


def staff(number: int, **given: Value) -> RegisterEntry:
    named = {"enterprise_code": CHEMICAL, "enterprise_name": "示例化工", "industry": "chemical"}
    return entry("high_risk_staff", number, person=f"person-{number}", **{**named, **given})


def passed(number: int, on: str = "2021-05-01", proof: str = "safety_training", **given: Value) -> RegisterEntry:
    return entry("safety_pass", number, person=f"person-{number}", **{"proof": proof, "passed_on": on, **given})


def test_coverage_is_staff_with_a_pass_over_all_registered_staff() -> None:
    """JY-QUA-08: 150 of 200 are 75.0 %, 50 open; whoever left, and a pass that expired, do not count."""
    found = reported(
        "high_risk_staff",
        *(staff(number) for number in range(200)),
        staff(200, left_on="2021-06-30"),
        passes=(*(passed(number) for number in range(150)), passed(151, expires_on="2021-06-29"), passed(200)),
    )
    assert found.totals == {"staff": 200, "passed": 150, "open": 50, "share_per_mille": 750}
    assert [(row.key, row.name) for row in found.rows] == [(CHEMICAL, "示例化工")]
    assert reported("high_risk_staff").totals["share_per_mille"] == 0


def assigned(special: bool = False, **given: Value) -> RegisterEntry:
    said = {"enterprise_code": CHEMICAL, "post": "反应釜", "special_operation": special, "assigned_on": "2021-06-01"}
    return entry("post_assignment", 1, person="person-1", **{**said, **given})


@pytest.mark.parametrize(
    ("assignment", "passes", "violations"),
    [
        (assigned(), (passed(1, "2021-06-02"),), ["SAFETY_PASS_MISSING"]),
        (assigned(), (passed(1, "2021-06-01"),), []),
        (assigned(), (passed(2),), ["SAFETY_PASS_MISSING"]),
        (assigned(), (passed(1, expires_on="2021-05-31"),), ["SAFETY_PASS_MISSING"]),
        (assigned(), (passed(1, proof="special_operation"),), ["SAFETY_PASS_MISSING"]),
        (assigned(assigned_on="2021-07-01"), (), []),
        (assigned(special=True), (passed(1),), ["CERTIFICATE_MISSING"]),
        (assigned(special=True), (passed(1), passed(1, proof="special_operation")), []),
        (
            assigned(special=True),
            (passed(1), passed(1, proof="special_operation", expires_on="2021-06-29")),
            ["CERTIFICATE_MISSING"],
        ),
        (
            assigned(special=True, ended_on="2021-06-29"),
            (passed(1), passed(1, proof="special_operation", expires_on="2021-06-29")),
            [],
        ),
        (
            assigned(special=True),
            (
                passed(1),
                passed(1, proof="special_operation", expires_on="2021-06-10"),
                passed(1, "2021-06-11", proof="special_operation", expires_on="2022-06-10"),
            ),
            [],
        ),
    ],
)
def test_whoever_starts_work_without_a_pass_or_certificate_is_listed(
    assignment: RegisterEntry, passes: tuple[RegisterEntry, ...], violations: list[str]
) -> None:
    """JY-ENR-22: assigned on 1 June, passed on 2 June is a violation."""
    found = reported("post_assignment", assignment, passes=passes)
    assert [code for row in found.rows for code in codes(row.findings)] == violations
    assert found.totals == {"assignments": 1, "violations": len(found.rows)}
    assert all(finding.rule == "JY-ENR-22" for row in found.rows for finding in row.findings)


def test_twenty_eight_certified_learners_have_twenty_eight_tasks_of_two_steps() -> None:
    """JY-ENR-19."""
    tasks = [
        entry(
            "follow_up",
            number,
            person=f"person-{number}",
            class_id="class-1",
            guaranteed_loan="open",
            follow_up_support="done" if number == 0 else "open",
        )
        for number in range(28)
    ]
    found = reported("follow_up", *tasks)
    assert found.totals == {"tasks": 28, "steps": 56, "open_steps": 55, "open_tasks": 28}
    done = replace(tasks[0], values={**tasks[0].values, "guaranteed_loan": "not_wanted"})
    assert reported("follow_up", done).totals == {"tasks": 1, "steps": 2, "open_steps": 0, "open_tasks": 0}
