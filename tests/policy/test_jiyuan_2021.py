"""The packaged rulebook of Jiyuan says what the document says, and every term resolves in the catalogue."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import pytest

from shared.domain.working_days import add_working_days, working_days_between
from shared.policy.decision import Severity
from shared.policy.loader import load_catalogue, load_rulebooks
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.term import Term

BOOK = load_rulebooks().in_force("419001", date(2021, 6, 1))


def terms_of(value: Any) -> Iterator[Term]:
    if isinstance(value, Term):
        yield value
    if isinstance(value, tuple):
        for inner in value:
            yield from terms_of(inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from terms_of(getattr(value, field.name))


TERMS = tuple(terms_of(BOOK))


def test_every_term_resolves_in_the_catalogue_under_its_own_document() -> None:
    catalogue = load_catalogue()
    assert len(TERMS) > 60
    for term in TERMS:
        assert catalogue[term.rule].doc_no == term.document == BOOK.document
        assert term.clause


def test_the_catalogue_has_every_rule_once_and_says_who_decides() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) == 425
    assert {rule.decision for rule in catalogue.values()} == {"auto", "human", "auto+human"}
    assert all(rule.statement and rule.locator for rule in catalogue.values())
    assert len({rule.doc_no for rule in catalogue.values()}) == 5


PLACES = re.compile(r"[一二三]\([一二三四]\)\d?|附件\d")


def test_every_clause_names_the_places_where_the_catalogue_found_the_rule() -> None:
    catalogue = load_catalogue()
    for term in TERMS:
        assert set(PLACES.findall(catalogue[term.rule].locator)) <= set(PLACES.findall(term.clause)), term.rule


MET_BY_ONE_CLASS = """
INS-01 INS-02 INS-03 INS-04 INS-05 INS-07 INS-08 INS-12 ENR-01 ENR-02 ENR-03 ENR-04 ENR-05 ENR-06 ENR-07 ENR-08 ENR-09
ENR-10 ENR-11 ENR-12 ENR-13 ENR-14 ENR-15 ENR-16 ENR-17 ENR-25 SUP-01 SUP-02 SUP-03 SUP-04 SUP-05 SUP-06 SUP-07 SUP-08
SUP-09 ASM-01 ASM-02 ASM-03 ASM-04 ASM-05 ASM-06 ASM-07 ASM-08 ASM-09 CLM-01 CLM-02 CLM-03 CLM-04 CLM-05 CLM-06 CLM-07
CLM-10 CLM-11 PAY-01 PAY-02 PAY-03 PAY-04 PAY-05 PAY-06 FND-02 FND-03 QUA-01 QUA-02 REP-07
"""


@pytest.mark.parametrize("rule", MET_BY_ONE_CLASS.split())
def test_a_rule_that_one_ordinary_class_meets_has_a_term(rule: str) -> None:
    assert f"JY-{rule}" in {term.rule for term in TERMS}


def value(path: str) -> Any:
    found: Any = BOOK
    for name in path.split("."):
        found = found[int(name)] if name.isdecimal() else getattr(found, name)
        assert found is not None, path
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("enrollment.application_lead.working_days_min", 3),
        ("enrollment.repeat.trainings_max", 1),
        ("enrollment.class_size.trainees_max", 50),
        ("enrollment.class_size.key_group_trainees_max", 30),
        ("enrollment.class_hour.minutes_min", 40),
        ("enrollment.practice_share.minimum_percent", 65),
        ("enrollment.teacher_ratio.warn_above_trainees", 20),
        ("enrollment.station_ratio.stop_above_trainees", 25),
        ("enrollment.private_school.no_liability_since", date(2019, 1, 1)),
        ("enrollment.education_money.wages_percent_max", 8),
        ("supervision.theory_video.coverage_percent", 100),
        ("supervision.practice_video.continuous_minutes_per_class_hour", 15),
        ("supervision.opening_attendance.minimum_percent", 90),
        ("supervision.inspections.spot_checks_min", 2),
        ("supervision.custody_attendance.groups", ("prisoner", "rehabilitation")),
        ("assessment.exam_mode.modes", ("offline",)),
        ("assessment.application_lead.calendar_days_min", 3),
        ("assessment.application_lead.references", ("course_end", "exam")),
        ("assessment.online_window.replaces", ("course_end",)),
        ("assessment.transitional_exceptions.kinds", ("level", "special_ability")),
        ("assessment.satisfaction.minimum_percent", 85),
        ("payment.entitlement.slots_max", 1),
        ("payment.review_limit.working_days", 7),
        ("payment.review_limit_outer.working_days", 15),
        ("payment.notice.working_days_min", 3),
        ("payment.attendance_base.minimum_percent", 90),
        ("payment.attendance_average.checks", ("spot",)),
        ("payment.objection.freezes", "lines"),
        ("payment.reporting.monthly_report.day_of_month_max", 6),
        ("payment.reporting.person_times.0.person_times_min", 40_000),
        ("payment.reporting.certificates.0.number_min", 1_600),
        ("payment.reporting.apprentices.persons_min", 600),
    ],
)
def test_a_number_of_the_document_stands_in_its_term(path: str, expected: Any) -> None:
    assert value(path) == expected


def test_the_worked_dates_follow_from_the_terms() -> None:
    lead, limit, notice = (
        value("enrollment.application_lead"),
        value("payment.review_limit"),
        value("payment.notice"),
    )
    assert working_days_between(date(2021, 5, 12), date(2021, 5, 17)) == lead.working_days_min
    assert add_working_days(date(2021, 9, 13), limit.working_days) == date(2021, 9, 23)
    assert add_working_days(date(2021, 9, 17), notice.working_days_min) == date(2021, 9, 23)


def test_groups_say_size_fee_evidence_and_who_decides() -> None:
    enrollment = BOOK.enrollment
    key_groups = {group.code for group in enrollment.groups if group.key_group}
    named = {"rural_transferred", "school_leaver", "graduate", "laid_off", "veteran", "disabled", "left_behind_woman"}
    assert named <= key_groups
    assert "employee" not in key_groups
    assert {group.code for group in enrollment.groups if group.fee_free} == {"poor_worker", "poor_family_child"}
    assert {group.code for group in enrollment.groups if group.hidden_in_notice} == {"prisoner", "rehabilitation"}
    disabled, other = enrollment.group("disabled"), enrollment.group("other")
    assert disabled is not None
    assert disabled.evidence
    assert other is not None
    assert other.human_decision
    assert enrollment.group("recruit") is None


def test_thirteen_types_in_eight_projects_and_twelve_institution_kinds() -> None:
    types = value("enrollment.programmes.types")
    assert (len(types), len({kind.project for kind in types})) == (13, 8)
    kinds = value("enrollment.institution_kinds.kinds")
    assert len(kinds) == 12
    assert [kind.code for kind in kinds if kind.human_review] == ["other"]
    certificates = {kind.code for kind in value("assessment.certificate_kinds.kinds")}
    assert {kind for entry in types for kind in entry.certificate_kinds} == certificates


def test_reviews_come_in_order_and_by_different_people() -> None:
    approval, steps = value("enrollment.approval"), value("payment.steps")
    assert [step.code for step in approval.steps] == ["first_review", "second_review", "bureau_opinion"]
    assert [step.code for step in steps.steps] == [
        "first_review",
        "second_review",
        "notice",
        "bureau_opinion",
        "payment",
    ]
    assert approval.after(0).role == "first_reviewer"
    assert approval.after(3) is None
    assert value("enrollment.four_eyes").rule == value("payment.four_eyes").rule == "JY-REP-07"


def test_a_training_line_traces_to_opening_attendance_and_certificate() -> None:
    evidence = value("payment.evidence")
    assert evidence.of("training").events == ("ClassOpened", "AttendanceChecked", "CertificateIssued")
    assert evidence.of("training").completion == ("TrainingCompleted", "AssessmentCompleted")
    assert evidence.of("work_for_training") is None


def test_the_special_account_is_the_skills_action_fund() -> None:
    sources = value("payment.funding_sources")
    assert sources.source("skills_action_fund").special_account
    assert not sources.source("employment_subsidy_fund").special_account
    assert sources.source("lottery") is None
    assert value("enrollment.special_account").funding_source == "skills_action_fund"


def test_what_the_region_set_itself_is_marked_and_what_the_document_says_is_not() -> None:
    assert value("enrollment.teacher_ratio").local == ("stop_above_trainees", "override_by_decision")
    assert "minutes_before_start" in value("supervision.sign_in").local
    assert value("supervision.opening_attendance").local == ()


def test_a_feature_that_no_document_names_is_off() -> None:
    assert EnrollmentTerms().class_size is None
    assert {"advance", "living_allowance", "evaluation"} <= set(value("payment.features_off").features)


def test_a_term_speaks_in_the_name_of_its_rule_and_clause() -> None:
    term = value("enrollment.class_size")
    finding = term.finding(
        code="CLASS_TOO_LARGE", severity=Severity.STOP, message="每班不得超过 50 人。", advice="请分班。"
    )
    trace = term.trace(result=True, inputs={"planned": 51})
    assert (finding.rule, finding.clause, finding.document) == ("JY-ENR-07", term.clause, BOOK.document)
    assert (trace.rule, trace.clause, trace.document) == ("JY-ENR-07", term.clause, BOOK.document)
    assert trace.inputs == {"planned": 51}


REGISTERED = "INS-10 QUA-04 QUA-05 QUA-08 ENR-19 ENR-22 ENR-24 ENR-28"


@pytest.mark.parametrize("rule", REGISTERED.split())
def test_what_the_document_wants_recorded_beside_classes_has_a_register(rule: str) -> None:
    assert f"JY-{rule}" in {register.rule for register in BOOK.enrollment.registers}


def test_a_centre_hands_in_five_proofs_and_shows_three_conditions() -> None:
    assert len(value("enrollment.centre_application.attachments")) == 5
    assert [item.code for item in value("enrollment.basic_conditions.conditions")] == [
        "teachers",
        "venue",
        "facilities",
    ]


def test_how_long_a_suspended_institution_has_is_the_regions_to_say() -> None:
    assert "rectification_working_days" in value("enrollment.suspensions").local
    assert value("enrollment.suspensions").rule == value("assessment.satisfaction").rule == "JY-QUA-02"
