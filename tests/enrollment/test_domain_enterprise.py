"""Work-for-training and job-change classes, judged by what the register says of their enterprise."""

from dataclasses import replace
from datetime import date

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.plan import ClassPlan, PlanFacts, class_terms, judge_lead, judge_plan
from services.enrollment.domain.register import Values
from shared.policy.decision import Finding, Severity
from tests.enrollment.sample import OPENING, book, codes, facts, institution, plan

EMPLOYER = sample_credit_code(3)
SMALL: Values = {"all_staff_plan": True, "struggling": False, "size": "small", "size_evidence": "济工信证〔2021〕3号"}
STRUGGLING: Values = {**SMALL, "struggling": True, "struggling_evidence": "济工信〔2021〕3号"}


def workplace(**given: object) -> ClassPlan:
    """Twenty workers trained at their workplace for six months: no timetable, no classroom."""
    sample = plan(
        kind="work_for_training",
        training_type="work_for_training",
        level=None,
        planned=20,
        sessions=(),
        attributes={"months": "6"},
    )
    return replace(sample, **given)


def known(kind: str = "enterprise", profile: Values | None = SMALL) -> PlanFacts:
    own = institution(kind, annual_inspections=())
    return facts(institution=own, entries=(), filed_teachers=set(), venues={}, profile=profile)


def job_change(profile: Values | None, **attributes: str) -> list[Finding]:
    stated = {"job_change": "yes", "employer_credit_code": EMPLOYER, **attributes}
    findings = judge_plan(plan(attributes=stated), facts(profile=profile), book())
    return [finding for finding in findings if finding.severity is not Severity.WARN]


def test_a_small_enterprise_is_admitted_once_a_person_confirms_that_the_rules_of_classes_do_not_bind_it() -> None:
    """JY-ENR-27: no directory, no timetable, no teachers, no lead; nobody but a person lets that pass."""
    (finding,) = judge_plan(workplace(), known(), book())
    assert (finding.code, finding.severity) == ("CLASS_RULES_EXEMPT", Severity.ASK)
    assert (finding.rule, finding.clause) == ("JY-ENR-27", "附件1 以工代训")
    assert "JY-ENR-07" in finding.message
    assert "JY-ENR-02" in finding.message
    terms = class_terms("work_for_training", book().enrollment)
    assert judge_lead(OPENING, OPENING, terms.application_lead) == []
    assert codes(judge_lead(OPENING, OPENING, class_terms("class", book().enrollment).application_lead)) == ["TOO_LATE"]


def test_the_rules_of_classes_bind_every_other_kind() -> None:
    assert "NO_SESSION_ON_OPENING" in codes(judge_plan(plan(sessions=()), facts(), book()))
    assert "NOT_IN_DIRECTORY" in codes(judge_plan(plan(), facts(entries=()), book()))


@pytest.mark.parametrize("size", ["micro", "small", "medium"])
def test_every_size_that_annex_1_names_is_admitted(size: str) -> None:
    """JY-ENR-27"""
    assert codes(judge_plan(workplace(), known(profile={**SMALL, "size": size}), book())) == ["CLASS_RULES_EXEMPT"]


@pytest.mark.parametrize(
    ("kind", "profile", "value"),
    [("enterprise", {**SMALL, "size": "large"}, "large"), ("private_school", None, None)],
)
def test_a_large_enterprise_and_whoever_is_none_go_to_a_person(
    kind: str, profile: Values | None, value: str | None
) -> None:
    """JY-ENR-27: NOT_MSME is a question with clause and remedy, no refusal."""
    (finding,) = [one for one in judge_plan(workplace(), known(kind, profile), book()) if one.code == "NOT_MSME"]
    assert (finding.severity, finding.rule, finding.field, finding.value) == (
        Severity.ASK,
        "JY-ENR-27",
        "kind",
        value,
    )
    assert "中小微企业" in finding.message
    assert "决定" in finding.advice


@pytest.mark.parametrize("profile", [None, {**SMALL, "size": None}, {**SMALL, "size_evidence": None}])
def test_an_application_without_size_or_its_proof_in_the_register_is_refused(profile: Values | None) -> None:
    """JY-ENR-27"""
    findings = [one for one in judge_plan(workplace(), known(profile=profile), book()) if one.code == "SIZE_NOT_SHOWN"]
    (finding,) = findings
    assert (finding.severity, finding.rule) == (Severity.STOP, "JY-ENR-27")
    assert "企业规模" in finding.message
    assert "enterprise_profile" in finding.advice


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [({}, "MONTHS_REQUIRED"), ({"months": "0"}, "ATTRIBUTE_INVALID"), ({"months": "13"}, "ATTRIBUTE_INVALID")],
)
def test_an_application_says_for_how_many_months_of_the_year(attributes: dict[str, str], expected: str) -> None:
    """JY-ENR-27"""
    findings = judge_plan(workplace(attributes=attributes), known(), book())
    assert [one.code for one in findings if one.severity is Severity.STOP] == [expected]


def test_a_condition_on_the_applicant_reads_nobody_elses_profile() -> None:
    """JY-ENR-27: a school cannot borrow the size of an enterprise that it names."""
    stated = {"months": "6", "employer_credit_code": EMPLOYER}
    findings = judge_plan(workplace(attributes=stated), known("private_school", None), book())
    assert "NOT_MSME" in codes(findings)


def test_job_change_training_is_for_enterprises_that_the_register_or_a_number_shows_to_struggle() -> None:
    """JY-ENR-28: with an evidence number accepted, without one a person decides."""
    assert job_change(STRUGGLING) == []
    assert job_change(None, struggling_evidence="济工信〔2021〕3号") == []
    for profile in (None, SMALL, {**STRUGGLING, "struggling_evidence": None}):
        (finding,) = job_change(profile)
        assert (finding.code, finding.severity, finding.rule) == ("STRUGGLING_NOT_SHOWN", Severity.ASK, "JY-ENR-28")


def test_a_number_that_the_register_contradicts_shows_nothing() -> None:
    """JY-ENR-28"""
    assert codes(job_change(SMALL, struggling_evidence="济工信〔2021〕3号")) == ["STRUGGLING_NOT_SHOWN"]


def test_evidence_counts_to_its_last_day() -> None:
    """JY-ENR-28"""
    assert job_change({**STRUGGLING, "struggling_until": OPENING.isoformat()}) == []
    (finding,) = job_change({**STRUGGLING, "struggling_until": date(2021, 5, 16).isoformat()})
    assert finding.code == "STRUGGLING_NOT_SHOWN"
    assert "2021-05-16" in finding.message


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (None, ["ENTERPRISE_PROFILE_MISSING"]),
        ({**SMALL, "all_staff_plan": False}, ["ALL_STAFF_PLAN_MISSING"]),
        (SMALL, []),
    ],
)
def test_an_enterprise_without_profile_or_training_for_all_its_staff_is_warned_of(
    profile: Values | None, expected: list[str]
) -> None:
    """JY-ENR-28: a goal for every enterprise, no ground to refuse an order class."""
    stated = {"class_mode": "order", "employer_credit_code": EMPLOYER}
    findings = judge_plan(plan(attributes=stated), facts(profile=profile), book())
    assert [one.code for one in findings] == expected
    assert all(one.severity is Severity.WARN and one.rule == "JY-ENR-28" for one in findings)
    assert judge_plan(plan(), facts(profile=None), book()) == ()
