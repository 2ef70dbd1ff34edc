"""Which classes Linshu takes, and what it asks of them, by its rulebook of August 2020."""

from datetime import date

import pytest

from services.enrollment.domain.attributes import published
from services.enrollment.domain.institution import judge_kind
from services.enrollment.domain.plan import ExceptionRequest
from shared.policy.decision import Severity
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import LINSHU, LISTED

TERMS = LINSHU.book().enrollment


def test_a_proper_application_meets_no_objection() -> None:
    assert codes(LINSHU.judged()) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "LS-ENR-01",
            {
                *("pre_job", "on_job", "off_job", "apprenticeship", "modern_apprenticeship", "job_change"),
                *("unemployment_prevention", "gold_collar"),
            },
        ),
        ("LS-ENR-02", {"safety"}),
        ("LS-ENR-03", {"key_group_training"}),
        (
            "LS-ENR-14",
            {
                *("sme_owners", "migrants_and_returnees", "farmers_and_leaders", "dream_of_study", "veterans"),
                *("labour_preparation", "poor_workers"),
            },
        ),
        ("LS-ENR-15", {"entrepreneurship"}),
        ("LS-ENR-16", {"jobless_staff", "shortage_occupation", "technician", "senior_technician"}),
        ("LS-CLM-05", {"project"}),
        ("LS-CLM-07", {"work_for_training"}),
    ],
)
def test_a_training_type_stands_under_its_own_rule(rule: str, expected: set[str]) -> None:
    """LS-ENR-14: eight programmes, of which the prevention of unemployment stands in the text already."""
    types = TERMS.programmes
    assert types is not None
    assert {row.code for row in types.types if types.basis_of(row).rule == rule} == expected


def test_the_poor_are_trained_as_a_project_whose_class_brings_them_the_allowance() -> None:
    """LS-ENR-14, LS-CLM-03: clause 二(三) buys that training as a project; else nobody had the allowance."""
    types = TERMS.programmes
    assert types is not None
    poor = next(row for row in types.types if row.code == "poor_workers")
    allowance = next(each for each in LINSHU.book().payment.benefits if each.code == "living_allowance")
    assert allowance.is_earned_by(poor.programme, poor.class_kind)


def test_technicians_train_for_their_own_level() -> None:
    """LS-ENR-16"""
    plan = LINSHU.plan(training_type="technician", level="3")
    (finding,) = [one for one in LINSHU.judged(plan) if one.code == "LEVEL_NOT_OF_TYPE"]
    assert finding.rule == "LS-ENR-16"
    assert codes(LINSHU.judged(LINSHU.plan(training_type="technician", level="2"))) == []


def test_colleges_and_social_institutions_are_registered_alike() -> None:
    """LS-INS-04"""
    for kind in ("vocational_college", "technician_school", "training_institution", "private_school", "enterprise"):
        assert judge_kind(kind, TERMS.institution_kinds) == []
    (finding,) = judge_kind("other", TERMS.institution_kinds)
    assert (finding.severity, finding.rule) == (Severity.WARN, "LS-INS-04")


@pytest.mark.parametrize(
    ("opening", "filed_on", "refused"),
    [
        (date(2020, 9, 1), "2020-09-01", False),
        (date(2020, 9, 1), "2020-09-02", True),
        (date(2020, 9, 1), None, True),
    ],
)
def test_a_social_institution_opens_once_it_is_filed(opening: date, filed_on: str | None, refused: bool) -> None:
    """LS-INS-01"""
    entries = ({"filing_number": "沭培备〔2020〕1号", "filed_on": filed_on, "filed_to": None},) if filed_on else ()
    found = LINSHU.judged(LINSHU.plan(opening=opening), records=LINSHU.instead("NOT_FILED", *entries))
    assert codes(found) == (["NOT_FILED"] if refused else [])
    assert all((one.rule, one.severity) == ("LS-INS-01", Severity.STOP) for one in found)


def test_teachers_equipment_and_venue_are_found_before_a_social_institution_trains() -> None:
    """LS-INS-01: the filing alone does not do; a college needs neither."""
    two = tuple(one for one in LINSHU.conditions if one.condition != "equipment")
    (refused,) = LINSHU.judged(conditions=two)
    assert (refused.code, refused.rule, refused.value) == ("CONDITIONS_NOT_SHOWN", "LS-INS-01", "equipment")
    college = LINSHU.institution("vocational_college")
    assert codes(LINSHU.judged(institution=college, conditions=(), records=LINSHU.instead("NOT_FILED"))) == []


@pytest.mark.parametrize(
    ("directory", "listed"), [("key_industry", True), ("general", True), ("demand", False), (None, False)]
)
def test_an_occupation_stands_in_one_of_the_first_two_directories(directory: str | None, listed: bool) -> None:
    """LS-INS-05: what workers demand is no list to train by."""
    entries = ({**LISTED, "directory": directory},) if directory else ()
    found = LINSHU.judged(records=LINSHU.instead("OCCUPATION_NOT_LISTED", *entries))
    assert codes(found) == ([] if listed else ["OCCUPATION_NOT_LISTED"])
    assert all((one.rule, one.severity) == ("LS-INS-05", Severity.STOP) for one in found)


def test_outside_the_four_directories_a_person_decides_if_the_institution_asks() -> None:
    """LS-INS-05: the text draws the directories up and refuses nobody."""
    unlisted = LINSHU.instead("OCCUPATION_NOT_LISTED")
    refused = LINSHU.judged(records=unlisted, entries=())
    assert codes(refused) == ["NOT_IN_DIRECTORY", "OCCUPATION_NOT_LISTED"]
    asked = tuple(ExceptionRequest(code=code, reason="县内急需") for code in codes(refused))
    found = LINSHU.judged(LINSHU.plan(exceptions=asked), records=unlisted, entries=())
    assert [(one.code, one.rule, one.severity) for one in found] == [
        ("NOT_IN_DIRECTORY", "LS-INS-05", Severity.ASK),
        ("OCCUPATION_NOT_LISTED", "LS-INS-05", Severity.ASK),
    ]
    unfiled = ExceptionRequest(code="NOT_FILED", reason="备案办理中")
    (firm,) = LINSHU.judged(LINSHU.plan(exceptions=(unfiled,)), records=LINSHU.instead("NOT_FILED"))
    assert (firm.code, firm.severity) == ("NOT_FILED", Severity.STOP)


@pytest.mark.parametrize(("applied", "refused"), [(date(2020, 9, 10), False), (date(2020, 9, 11), True)])
def test_nobody_who_left_by_evaluation_applies_again(applied: date, refused: bool) -> None:
    """LS-INS-02: exit on 2020-09-10."""
    plan = LINSHU.plan(opening=date(2020, 10, 12))
    left = LINSHU.instead("PROVIDER_EXITED", {"decision": "exit", "exit_on": "2020-09-10"})
    found = LINSHU.judged(plan, records=left, applied_on=applied)
    assert codes(found) == (["PROVIDER_EXITED"] if refused else [])
    assert all((one.rule, one.severity) == ("LS-INS-02", Severity.STOP) for one in found)


def test_the_owner_of_an_institution_changes_nothing() -> None:
    """LS-INS-02: with every record missing, public and private meet the same objections."""
    without = dict.fromkeys(LINSHU.records, ())
    for records in (LINSHU.records, without):
        public, private = (
            LINSHU.judged(institution=LINSHU.institution(ownership=owner), records=records)
            for owner in ("public", "private")
        )
        assert public == private
    assert LINSHU.judged(records=without)


def test_eight_topics_run_through_every_course_or_a_person_accepts_the_gap() -> None:
    """LS-ENR-09"""
    (asked,) = LINSHU.judged(LINSHU.plan(without=("topic_health",)))
    assert (asked.code, asked.rule, asked.severity) == ("TOPIC_MISSING", "LS-ENR-09", Severity.ASK)
    assert "环保和健康卫生" in asked.message
    assert asked.value == "topic_health"


@pytest.mark.parametrize(
    ("rule", "code", "value"),
    [("LS-ENR-10", "focus_field", "elder_care"), ("LS-ENR-11", "training_place", "in_village")],
)
def test_a_class_bears_the_tags_that_the_document_wants_counted(rule: str, code: str, value: str) -> None:
    plan = LINSHU.plan(stated={code: value})
    assert codes(LINSHU.judged(plan)) == []
    assert published(plan.attributes, TERMS)[code] == value
    (unknown,) = LINSHU.judged(LINSHU.plan(stated={code: "unheard_of"}))
    assert (unknown.code, unknown.rule) == ("ATTRIBUTE_INVALID", rule)


@pytest.mark.parametrize(
    ("mode", "expected"), [("blended", []), ("all_offline", []), ("practice_online", ["PRACTICE_ONLINE"])]
)
def test_theory_may_be_online_and_practice_online_is_a_persons_to_decide(mode: str, expected: list[str]) -> None:
    """LS-ENR-11"""
    found = LINSHU.judged(LINSHU.plan(stated={"delivery_mode": mode}))
    assert codes(found) == expected
    assert all((one.rule, one.severity) == ("LS-ENR-11", Severity.ASK) for one in found)


def test_a_teacher_outside_the_pool_is_told_and_stops_nothing() -> None:
    """LS-INS-06: three are selected, the plan names a fourth."""
    pool = tuple(
        {"resource_number": f"师-{number}", "selected_on": "2020-08-20", "selected_to": None} for number in (1, 2, 3)
    )
    records = LINSHU.instead("NOT_IN_POOL", *pool)
    assert codes(LINSHU.judged(LINSHU.plan(stated={"resource_number": "师-3"}), records=records)) == []
    (told,) = LINSHU.judged(LINSHU.plan(stated={"resource_number": "师-4"}), records=records)
    assert (told.code, told.rule, told.severity) == ("NOT_IN_POOL", "LS-INS-06", Severity.WARN)
    assert codes(LINSHU.judged(records=records)) == []


def test_a_class_out_of_the_five_lists_is_one_that_the_institution_took() -> None:
    """LS-ENR-12"""
    plan = LINSHU.plan(stated={"list_number": "列-7"})
    taken = {"list_number": "列-7", "taken_on": "2020-09-01"}
    assert codes(LINSHU.judged(plan, records=LINSHU.instead("NOT_TAKEN", taken))) == []
    for entry in ({**taken, "list_number": "列-8"}, {**taken, "taken_on": "2020-09-02"}):
        (refused,) = LINSHU.judged(plan, records=LINSHU.instead("NOT_TAKEN", entry))
        assert (refused.code, refused.rule, refused.severity) == ("NOT_TAKEN", "LS-ENR-12", Severity.STOP)


def test_an_apprenticeship_names_enterprise_and_agreement() -> None:
    """LS-CLM-06"""
    plan = LINSHU.plan(kind="apprenticeship", training_type="modern_apprenticeship")
    found = LINSHU.judged(plan)
    assert [(one.code, one.rule) for one in found] == [
        ("EMPLOYER_REQUIRED", "LS-CLM-06"),
        ("AGREEMENT_REQUIRED", "LS-CLM-06"),
        ("AGREED_MONTHS_REQUIRED", "LS-CLM-06"),
    ]
