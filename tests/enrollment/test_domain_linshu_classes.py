"""Which classes Linshu takes, and what it asks of them, by its rulebook of August 2020."""

import pytest

from services.enrollment.domain.institution import judge_kind
from shared.policy.decision import Severity
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import LINSHU

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


def test_silence_stays_silent() -> None:
    """LS-PAY-03: no number of a neighbour is asked of a class."""
    for name in ("application_lead", "class_size", "class_hour", "practice_share", "teacher_ratio", "station_ratio"):
        assert getattr(TERMS, name) is None
    for name in ("private_school", "own_employees", "documents", "special_account", "system_entry", "four_eyes"):
        assert getattr(TERMS, name) is None
