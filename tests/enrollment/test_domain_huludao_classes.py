"""Which classes Huludao takes, and what it asks of them, by its rulebook of July 2019."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.attributes import published
from services.enrollment.domain.class_record import agreed_on
from services.enrollment.domain.institution import judge_kind
from services.enrollment.domain.register import Values
from services.enrollment.domain.review import require_office, require_step
from services.enrollment.domain.roster import judge_roster
from services.enrollment.domain.roster_row import RosterRow
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden
from shared.policy.decision import Finding, Severity
from tests.enrollment.sample import WELDER, codes, context, row
from tests.enrollment.sample_elsewhere import HULUDAO, LICENSED, LISTED

TERMS = HULUDAO.book().enrollment


def test_a_proper_application_meets_no_objection() -> None:
    assert codes(HULUDAO.judged()) == []


@pytest.mark.parametrize(
    ("code", "kind", "programme", "rule"),
    [
        ("upskilling", "class", "upskilling", "HL-ENR-01"),
        ("job_change", "class", "job_change", "HL-ENR-03"),
        ("safety", "safety", "safety", "HL-ENR-02"),
        ("apprenticeship", "apprenticeship", "apprenticeship", "HL-ENR-15"),
        ("insured_upskilling", "class", "insurance_skill", "HL-CLM-11"),
        ("graduate_training", "class", "graduate_training", "HL-ENR-04"),
        ("free_group_training", "class", "free_group_training", "HL-ENR-05"),
        ("new_farmer", "class", "training", "HL-ENR-12"),
        ("entrepreneurship", "class", "entrepreneurship", "HL-ENR-13"),
        ("work_for_training", "work_for_training", "work_for_training", "HL-CLM-07"),
        ("work_for_training_poor", "work_for_training", "work_for_training_poor", "HL-CLM-08"),
        ("project_poor", "project", "poverty_relief", "HL-ENR-21"),
        ("project", "project", "project_training", "HL-ENR-18"),
    ],
)
def test_a_training_type_stands_under_its_own_rule_and_rate_word(
    code: str, kind: str, programme: str, rule: str
) -> None:
    types = TERMS.programmes
    assert types is not None
    found = {row.code: row for row in types.types}
    assert len(found) == 13
    assert (found[code].class_kind, found[code].programme) == (kind, programme)
    assert types.basis_of(found[code]).rule == rule


def test_an_upskilling_class_says_who_pays_for_it() -> None:
    """HL-CLM-04: who is paid follows from who paid."""
    unsaid = HULUDAO.judged(HULUDAO.plan(training_type="upskilling"))
    (finding,) = [one for one in unsaid if one.code == "FUNDER_REQUIRED"]
    assert (finding.rule, finding.severity) == ("HL-CLM-04", Severity.STOP)
    said = HULUDAO.judged(HULUDAO.plan(training_type="upskilling", stated={"funder": "learner"}))
    assert "FUNDER_REQUIRED" not in codes(said)


def test_a_wrong_kind_is_refused_in_the_name_of_the_types_own_clause() -> None:
    """HL-ENR-03"""
    plan = replace(HULUDAO.plan(), training_type="job_change", kind="project")
    (finding,) = [one for one in HULUDAO.judged(plan) if one.code == "CLASS_KIND_MISMATCH"]
    assert (finding.rule, finding.clause) == ("HL-ENR-03", "二(一)3")


def test_institutions_of_every_kind_the_document_names_are_registered_and_others_looked_at() -> None:
    """HL-INS-02: all qualified colleges and training institutions."""
    for kind in ("vocational_college", "technician_school", "private_school", "enterprise", "cooperative"):
        assert judge_kind(kind, TERMS.institution_kinds) == []
    (finding,) = judge_kind("other_business", TERMS.institution_kinds)
    assert (finding.severity, finding.rule) == (Severity.WARN, "HL-INS-02")


def test_the_public_employment_service_accepts_before_the_bureau_approves() -> None:
    """HL-ENR-10"""
    steps = TERMS.approval
    assert steps is not None
    assert [(step.code, step.role) for step in steps.steps] == [
        ("first_review", Role.FIRST_REVIEWER),
        ("bureau_opinion", Role.APPROVER),
    ]
    with pytest.raises(Conflict) as refusal:
        require_step("bureau_opinion", taken=0, steps=steps)
    assert (refusal.value.code, refusal.value.rule) == ("ORDER", "HL-ENR-10")


def finding(found: Iterable[Finding], code: str) -> Finding | None:
    """Give the finding of this code, or None; there is never a second one."""
    named = [one for one in found if one.code == code]
    assert len(named) < 2
    return named[0] if named else None


@pytest.mark.parametrize(("opening", "listed"), [(date(2020, 6, 30), True), (date(2020, 7, 1), False)])
def test_an_occupation_is_trained_to_its_last_day_in_the_directory(opening: date, listed: bool) -> None:
    """HL-INS-01: removed on 2020-07-01."""
    records = HULUDAO.instead("OCCUPATION_NOT_LISTED", {**LISTED, "listed_to": "2020-06-30"})
    objection = finding(HULUDAO.judged(HULUDAO.plan(opening=opening), records=records), "OCCUPATION_NOT_LISTED")
    assert (objection is None) is listed
    if objection:
        assert (objection.rule, objection.severity, objection.value) == ("HL-INS-01", Severity.STOP, WELDER)


def test_another_occupations_place_in_the_directory_helps_nobody() -> None:
    """HL-INS-01"""
    records = HULUDAO.instead("OCCUPATION_NOT_LISTED", {**LISTED, "occupation": "6-25-04-07"})
    assert finding(HULUDAO.judged(records=records), "OCCUPATION_NOT_LISTED")


def test_an_institution_outside_the_list_is_refused_and_an_enterprise_needs_none() -> None:
    """HL-INS-01: the list is one of institutions."""
    refused = finding(HULUDAO.judged(entries=()), "NOT_IN_DIRECTORY")
    assert refused
    assert (refused.rule, refused.severity) == ("HL-INS-01", Severity.STOP)
    enterprise = HULUDAO.institution("enterprise")
    plan = HULUDAO.plan(training_type="upskilling")
    assert finding(HULUDAO.judged(plan, entries=(), institution=enterprise), "NOT_IN_DIRECTORY") is None


def test_an_apprenticeship_chooses_its_occupation_and_keeps_the_other_checks() -> None:
    """HL-ENR-15"""
    stated = {"employer_credit_code": sample_credit_code(3), "agreement": "学徒协字〔2020〕1号", "agreed_months": "24"}
    plan = HULUDAO.plan(kind="apprenticeship", training_type="apprenticeship", stated=stated)
    unlisted = HULUDAO.instead("OCCUPATION_NOT_LISTED")
    assert codes(HULUDAO.judged(plan, records=unlisted, entries=())) == []
    assert codes(HULUDAO.judged(records=unlisted, entries=())) == ["NOT_IN_DIRECTORY", "OCCUPATION_NOT_LISTED"]
    assert codes(HULUDAO.judged(plan, records=HULUDAO.instead("NO_AGREEMENT"))) == ["NO_AGREEMENT"]
    bare = replace(plan, attributes=HULUDAO.plan().attributes)
    assert sorted(codes(HULUDAO.judged(bare))) == [
        "AGREED_MONTHS_REQUIRED",
        "AGREEMENT_REQUIRED",
        "EMPLOYER_REQUIRED",
    ]


@pytest.mark.parametrize(
    ("entries", "refused"),
    [
        ((LICENSED,), False),
        (({**LICENSED, "occupation": "6-25-04-07"}, {**LICENSED, "occupation": "4-10-01-06"}), True),
        (({**LICENSED, "licensed_to": "2020-03-02"},), False),
        (({**LICENSED, "licensed_to": "2020-03-01"},), True),
        (({**LICENSED, "licensed_from": "2020-03-03"},), True),
        ((), True),
    ],
)
def test_an_institution_trains_within_its_licence(entries: tuple[Values, ...], refused: bool) -> None:
    """HL-INS-06"""
    objection = finding(HULUDAO.judged(records=HULUDAO.instead("OUT_OF_LICENCE", *entries)), "OUT_OF_LICENCE")
    assert (objection is not None) is refused
    if objection:
        assert (objection.rule, objection.severity) == ("HL-INS-06", Severity.STOP)


def test_a_college_trains_what_its_specialties_are_close_to_or_a_person_decides() -> None:
    """HL-INS-07"""
    college = HULUDAO.institution("vocational_college")
    related = {"specialty": "机电一体化", **LICENSED}
    assert codes(HULUDAO.judged(institution=college, records=HULUDAO.instead("SPECIALTY_UNRELATED", related))) == []
    elsewhere = HULUDAO.instead("SPECIALTY_UNRELATED", {**related, "occupation": "6-25-04-07"})
    (asked,) = HULUDAO.judged(institution=college, records=elsewhere)
    assert (asked.code, asked.rule, asked.severity) == ("SPECIALTY_UNRELATED", "HL-INS-07", Severity.ASK)


@pytest.mark.parametrize(
    ("agreed_from", "agreed_to", "refused"),
    [
        ("2020-03-02", "2020-03-13", False),
        ("2020-03-03", "2020-12-31", True),
        ("2020-01-01", "2020-03-12", True),
        ("2020-01-01", "2020-03-01", True),
    ],
)
def test_a_class_lies_within_the_training_agreement(agreed_from: str, agreed_to: str, refused: bool) -> None:
    """HL-INS-08: from the opening day to the last, both included."""
    plan = HULUDAO.plan()
    assert plan.closing_date == date(2020, 3, 13)
    records = HULUDAO.instead("NO_AGREEMENT", {"agreed_from": agreed_from, "agreed_to": agreed_to})
    objection = finding(HULUDAO.judged(plan, records=records), "NO_AGREEMENT")
    assert (objection is not None) is refused
    if objection:
        assert (objection.rule, objection.severity) == ("HL-INS-08", Severity.STOP)


def test_a_project_is_run_by_whoever_won_the_tender() -> None:
    """HL-INS-03, HL-ENR-21"""
    own = HULUDAO.institution().credit_code
    won = {"procurement_number": "葫采〔2020〕5号", "winner_code": own, "awarded_on": "2020-02-20"}
    stated = {"procurement_number": "葫采〔2020〕5号"}
    plan = HULUDAO.plan(kind="project", training_type="project", stated=stated)
    assert codes(HULUDAO.judged(plan, records=HULUDAO.instead("NOT_WINNER", won))) == []
    for entry in (
        {**won, "winner_code": sample_credit_code(9)},
        {**won, "procurement_number": "葫采〔2020〕6号"},
        {**won, "awarded_on": "2020-03-03"},
    ):
        (refused,) = HULUDAO.judged(plan, records=HULUDAO.instead("NOT_WINNER", entry))
        assert (refused.code, refused.rule, refused.severity) == ("NOT_WINNER", "HL-INS-03", Severity.STOP)
    (unsaid,) = HULUDAO.judged(replace(plan, attributes=HULUDAO.plan().attributes))
    assert (unsaid.code, unsaid.rule) == ("PROCUREMENT_REQUIRED", "HL-ENR-21")


@pytest.mark.parametrize(("applied", "refused"), [(date(2020, 9, 10), False), (date(2020, 9, 11), True)])
def test_nobody_who_left_by_evaluation_applies_again(applied: date, refused: bool) -> None:
    """HL-INS-05: exit on 2020-09-10."""
    plan = HULUDAO.plan(opening=date(2020, 10, 12))
    left = HULUDAO.instead("PROVIDER_EXITED", {"decision": "exit", "exit_on": "2020-09-10"})
    objection = finding(HULUDAO.judged(plan, records=left, applied_on=applied), "PROVIDER_EXITED")
    assert (objection is not None) is refused
    if objection:
        assert (objection.rule, objection.severity) == ("HL-INS-05", Severity.STOP)
    kept = HULUDAO.instead("PROVIDER_EXITED", {"decision": "rectify", "exit_on": None})
    assert finding(HULUDAO.judged(plan, records=kept, applied_on=applied), "PROVIDER_EXITED") is None


def test_after_a_poor_evaluation_whoever_approves_says_why() -> None:
    """HL-SUP-03: the last evaluation counts; a class is asked about, not refused."""
    poor = {"decision": "rectify", "evaluated_on": "2020-02-01", "exit_on": None}
    better = {"decision": "keep", "evaluated_on": "2020-02-20", "exit_on": None}
    (asked,) = HULUDAO.judged(records=HULUDAO.instead("POORLY_EVALUATED", poor))
    assert (asked.code, asked.rule, asked.severity) == ("POORLY_EVALUATED", "HL-SUP-03", Severity.ASK)
    assert codes(HULUDAO.judged(records=HULUDAO.instead("POORLY_EVALUATED", better, poor))) == []
    later = {**poor, "evaluated_on": "2020-02-25"}
    assert codes(HULUDAO.judged(records=HULUDAO.instead("POORLY_EVALUATED", better, later))) == ["POORLY_EVALUATED"]


def test_the_owner_of_an_institution_changes_nothing() -> None:
    """HL-INS-04: with every record missing, public and private meet the same objections."""
    without = dict.fromkeys(HULUDAO.records, ())
    for records in (HULUDAO.records, without):
        public, private = (
            HULUDAO.judged(institution=HULUDAO.institution(ownership=owner), records=records)
            for owner in ("public", "private")
        )
        assert public == private
    assert HULUDAO.judged(records=without)


def test_a_class_that_is_no_line_of_its_enterprises_plan_is_told_so() -> None:
    """HL-ENR-01: four lines, and a class that refers to a fifth."""
    enterprise = HULUDAO.institution("enterprise")
    lines = tuple(
        {
            "enterprise_code": enterprise.credit_code,
            "line": f"2020-{number}",
            "valid_from": "2020-01-01",
            "valid_to": "2020-12-31",
        }
        for number in range(1, 5)
    )
    records = HULUDAO.instead("PLAN_LINE_MISSING", *lines)
    for line, expected in (("2020-4", []), ("2020-5", ["PLAN_LINE_MISSING"]), ("", ["PLAN_LINE_MISSING"])):
        stated = {"funder": "enterprise"} | ({"plan_line": line} if line else {})
        plan = HULUDAO.plan(training_type="upskilling", stated=stated)
        found = HULUDAO.judged(plan, institution=enterprise, records=records)
        assert codes(found) == expected
        assert all((one.rule, one.severity) == ("HL-ENR-01", Severity.WARN) for one in found)


def test_eight_topics_run_through_every_course_or_a_person_accepts_the_gap() -> None:
    """HL-ENR-16"""
    (asked,) = HULUDAO.judged(HULUDAO.plan(without=("topic_fire_safety",)))
    assert (asked.code, asked.rule, asked.severity) == ("TOPIC_MISSING", "HL-ENR-16", Severity.ASK)
    assert "消防安全" in asked.message
    assert "职业道德" not in asked.message
    assert asked.value == "topic_fire_safety"
    assert codes(HULUDAO.judged(HULUDAO.plan(stated={"topic_law": "0"}))) == ["ATTRIBUTE_INVALID"]


def test_job_change_training_states_its_cost_and_belongs_to_struggling_enterprises() -> None:
    """HL-ENR-03"""
    enterprise = HULUDAO.institution("enterprise")
    stated = {"eligible_cost_yuan": "80000", "education_fund_yuan": "55000.00"}
    plan = HULUDAO.plan(training_type="job_change", stated=stated)
    shown = {"struggling": True, "struggling_evidence": "葫工信〔2020〕2号", "struggling_until": "2020-12-31"}
    assert codes(HULUDAO.judged(plan, institution=enterprise, profile=shown)) == []
    (asked,) = HULUDAO.judged(plan, institution=enterprise, profile={**shown, "struggling": False})
    assert (asked.code, asked.rule, asked.severity) == ("STRUGGLING_NOT_SHOWN", "HL-ENR-03", Severity.ASK)
    bare = replace(plan, attributes=HULUDAO.plan().attributes)
    assert codes(HULUDAO.judged(bare, institution=enterprise, profile=shown)) == [
        "COST_REQUIRED",
        "EDUCATION_FUND_REQUIRED",
    ]


def test_job_change_training_is_approved_by_the_city() -> None:
    """HL-ENR-03"""
    book = HULUDAO.book()
    with pytest.raises(Forbidden) as refusal:
        require_office("211402", "bureau_opinion", training_type="job_change", book=book)
    assert (refusal.value.code, refusal.value.rule) == ("HIGHER_OFFICE_ONLY", "HL-ENR-03")
    require_office("211400", "bureau_opinion", training_type="job_change", book=book)
    require_office("210000", "bureau_opinion", training_type="job_change", book=book)
    require_office("211402", "first_review", training_type="job_change", book=book)
    require_office("211402", "bureau_opinion", training_type="upskilling", book=book)


@pytest.mark.parametrize(
    ("rule", "code", "value"),
    [
        ("HL-ENR-01", "training_form", "study"),
        ("HL-ENR-04", "digital_field", "data_security"),
        ("HL-ENR-08", "campaign", "spring_tide"),
        ("HL-ENR-12", "organising_department", "agr"),
        ("HL-ENR-17", "focus_field", "artificial_intelligence"),
        ("HL-ENR-19", "delivery_form", "online_entrepreneurship"),
        ("HL-INS-09", "organiser", "association"),
    ],
)
def test_a_class_bears_the_tags_that_the_document_wants_counted(rule: str, code: str, value: str) -> None:
    plan = HULUDAO.plan(stated={code: value})
    assert codes(HULUDAO.judged(plan)) == []
    assert published(plan.attributes, TERMS)[code] == value
    (unknown,) = HULUDAO.judged(HULUDAO.plan(stated={code: "unheard_of"}))
    assert (unknown.code, unknown.rule) == ("ATTRIBUTE_INVALID", rule)


def test_learners_of_a_small_enterprise_need_its_agreement_with_the_institution() -> None:
    """HL-INS-09: three enterprises are bundled by an association, two of them have signed."""
    terms = TERMS.employer_agreements
    assert terms is not None
    signed = [sample_credit_code(number) for number in (11, 12, 13)]
    entries = [
        {"partner_code": signed[0], "agreed_from": "2020-01-01", "agreed_to": "2020-03-02"},
        {"partner_code": signed[1], "agreed_from": "2020-03-02", "agreed_to": "2020-12-31"},
        {"partner_code": signed[2], "agreed_from": "2020-03-03", "agreed_to": "2020-12-31"},
    ]
    agreed = agreed_on(HULUDAO.opening, entries, terms)
    assert agreed == {signed[0], signed[1]}

    def learner(number: int, code: str, region: str = HULUDAO.region) -> RosterRow:
        return row(number, employer_credit_code=code, employer_region=region)

    rows = [
        *(learner(number + 1, code) for number, code in enumerate(signed)),
        learner(4, signed[0], "211403"),
    ]

    def found(agreed: frozenset[str] | None) -> dict[int, list[tuple[str, str, Severity]]]:
        known = context(institution=HULUDAO.institution(), opening_date=HULUDAO.opening, agreed=agreed)
        judged = judge_roster(rows, known, HULUDAO.book())
        return {
            number: [(one.code, one.rule, one.severity) for one in judgement.findings if one.rule == "HL-INS-09"]
            for number, judgement in judged.items()
        }

    assert found(agreed) == {
        1: [],
        2: [],
        3: [("AGREEMENT_MISSING", "HL-INS-09", Severity.STOP)],
        4: [("PARTNER_NOT_LOCAL", "HL-INS-09", Severity.ASK)],
    }
    assert found(None) == {1: [], 2: [], 3: [], 4: []}


def test_a_drill_or_contest_is_no_class_unless_a_person_says_so() -> None:
    """HL-ENR-01"""
    (asked,) = HULUDAO.judged(HULUDAO.plan(stated={"training_form": "contest"}))
    assert (asked.code, asked.rule, asked.severity) == ("NOT_A_CLASS", "HL-ENR-01", Severity.ASK)


@pytest.mark.parametrize(("months", "expected"), [("6", []), ("7", ["ATTRIBUTE_INVALID"]), ("", ["MONTHS_REQUIRED"])])
def test_work_for_training_lasts_at_most_six_months_and_needs_no_timetable(months: str, expected: list[str]) -> None:
    """HL-CLM-07"""
    plan = HULUDAO.plan(
        kind="work_for_training",
        training_type="work_for_training",
        stated=(
            {"hirer": "insured_enterprise", "employer_credit_code": sample_credit_code(3)}
            | ({"months": months} if months else {})
        ),
        sessions=(),
    )
    found = HULUDAO.judged(plan, institution=HULUDAO.institution("enterprise"), entries=(), records={})
    assert codes(found) == ["CLASS_RULES_EXEMPT", *expected]
