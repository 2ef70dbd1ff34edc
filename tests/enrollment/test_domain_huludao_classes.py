"""Which classes Huludao takes, and what it asks of them, by its rulebook of July 2019."""

from dataclasses import replace

import pytest

from services.enrollment.domain.institution import judge_kind
from services.enrollment.domain.review import require_step
from shared.domain.actor import Role
from shared.domain.errors import Conflict
from shared.policy.decision import Severity
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import HULUDAO

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
        ("graduate_training", "class", "graduate_training", "HL-ENR-04"),
        ("free_group_training", "class", "free_group_training", "HL-ENR-05"),
        ("new_farmer", "class", "training", "HL-ENR-12"),
        ("entrepreneurship", "class", "entrepreneurship", "HL-ENR-13"),
        ("work_for_training", "work_for_training", "work_for_training", "HL-CLM-07"),
        ("work_for_training_poor", "work_for_training", "work_for_training_poor", "HL-CLM-08"),
        ("project", "project", "training", "HL-ENR-18"),
    ],
)
def test_a_training_type_stands_under_its_own_rule_and_rate_word(
    code: str, kind: str, programme: str, rule: str
) -> None:
    types = TERMS.programmes
    assert types is not None
    found = {row.code: row for row in types.types}
    assert len(found) == 11
    assert (found[code].class_kind, found[code].programme) == (kind, programme)
    assert types.basis_of(found[code]).rule == rule


def test_a_wrong_kind_is_refused_in_the_name_of_the_types_own_clause() -> None:
    """HL-ENR-03"""
    plan = replace(HULUDAO.plan(), training_type="job_change", kind="project")
    (finding,) = [one for one in HULUDAO.judged(plan) if one.code == "CLASS_KIND_MISMATCH"]
    assert (finding.rule, finding.clause) == ("HL-ENR-03", "二(一)3")


def test_institutions_of_every_kind_the_document_names_are_registered_and_others_looked_at() -> None:
    """HL-INS-02: all qualified colleges and training institutions."""
    for kind in ("vocational_college", "technician_school", "private_school", "enterprise", "farmer_cooperative"):
        assert judge_kind(kind, TERMS.institution_kinds) == []
    (finding,) = judge_kind("other", TERMS.institution_kinds)
    assert (finding.severity, finding.rule) == (Severity.WARN, "HL-INS-02")


def test_the_public_employment_service_accepts_before_the_bureau_approves() -> None:
    """HL-ENR-10"""
    steps = TERMS.approval
    assert steps is not None
    assert [(step.code, step.role) for step in steps.steps] == [
        ("acceptance", Role.FIRST_REVIEWER),
        ("approval", Role.APPROVER),
    ]
    with pytest.raises(Conflict) as refusal:
        require_step("approval", taken=0, steps=steps)
    assert (refusal.value.code, refusal.value.rule) == ("ORDER", "HL-ENR-10")


def test_silence_stays_silent() -> None:
    """HL-QUA-04: no number of a neighbour is asked of a class."""
    for name in ("application_lead", "class_size", "class_hour", "practice_share", "teacher_ratio", "station_ratio"):
        assert getattr(TERMS, name) is None
    for name in ("private_school", "own_employees", "documents", "special_account", "system_entry", "basic_conditions"):
        assert getattr(TERMS, name) is None
