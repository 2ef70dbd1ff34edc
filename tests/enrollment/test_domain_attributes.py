"""Forms, modes and tags of a class, judged by the lists of the rulebook of 2021."""

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.attributes import judge_attributes, published
from shared.contracts.enrollment import ClassKind
from shared.policy.decision import Finding, Severity
from tests.enrollment.sample import book, codes

EMPLOYER = {"employer_credit_code": sample_credit_code(3)}


def judged(
    attributes: dict[str, str], *, kind: ClassKind = "class", institution_kind: str = "private_school"
) -> list[Finding]:
    return judge_attributes(attributes, kind=kind, institution_kind=institution_kind, terms=book().enrollment)


@pytest.mark.parametrize(
    ("institution_kind", "expected"), [("technician_school", []), ("private_school", ["PROVIDER_KIND"])]
)
def test_labour_preparation_belongs_to_technician_schools_or_a_reviewer_decides(
    institution_kind: str, expected: list[str]
) -> None:
    """JY-ENR-20"""
    findings = judged({"labour_preparation": "yes"}, institution_kind=institution_kind)
    assert codes(findings) == expected
    assert all(one.severity is Severity.ASK and one.rule == "JY-ENR-20" for one in findings)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"class_mode": "order"}, ["EMPLOYER_REQUIRED"]),
        ({"class_mode": "post"}, ["EMPLOYER_REQUIRED"]),
        ({"class_mode": "directed"}, []),
        ({"class_mode": "order", **EMPLOYER}, []),
        ({"class_mode": "order", "employer_credit_code": "nonsense"}, ["ATTRIBUTE_INVALID"]),
    ],
)
def test_order_and_post_classes_carry_the_demanding_employer(attributes: dict[str, str], expected: list[str]) -> None:
    """JY-ENR-21"""
    findings = judged(attributes)
    assert codes(findings) == expected
    assert all(one.severity is Severity.STOP and one.rule == "JY-ENR-21" for one in findings)


def test_a_drill_or_contest_is_no_class_unless_a_person_says_so() -> None:
    """JY-ENR-18"""
    for form in ("drill", "contest"):
        (finding,) = judged({"training_form": form})
        assert (finding.code, finding.severity, finding.rule) == ("NOT_A_CLASS", Severity.ASK, "JY-ENR-18")
    for form in ("on_job", "off_job", "high_skilled"):
        assert judged({"training_form": form}) == []


def test_an_apprenticeship_names_enterprise_school_and_agreement() -> None:
    """JY-ENR-26"""
    whole = {**EMPLOYER, "school_credit_code": sample_credit_code(4), "agreement": "校企协字〔2021〕7号"}
    assert judged(whole, kind="apprenticeship") == []
    assert codes(judged({}, kind="apprenticeship")) == ["EMPLOYER_REQUIRED", "SCHOOL_REQUIRED", "AGREEMENT_REQUIRED"]
    assert judged({}, kind="class") == []
    without = {name: value for name, value in whole.items() if name != "employer_credit_code"}
    (finding,) = judged(without, kind="apprenticeship")
    assert (finding.code, finding.rule) == ("EMPLOYER_REQUIRED", "JY-ENR-26")


def test_a_whole_village_class_names_the_village_and_new_farmers_are_tagged() -> None:
    """JY-ENR-23"""
    village = {"village": "419001100200"}
    assert codes(judged({"campaign": "whole_village"})) == ["VILLAGE_REQUIRED"]
    assert judged({"campaign": "whole_village", **village, "new_farmer": "yes"}) == []
    assert codes(judged({"village": "the big one"})) == ["ATTRIBUTE_INVALID"]


def test_entrusted_training_names_partner_and_contract() -> None:
    """JY-FLD-16, JY-INS-09"""
    assert codes(judged({"training_mode": "entrusted"})) == ["PARTNER_REQUIRED", "CONTRACT_REQUIRED"]
    assert judged({"training_mode": "self_run", "cluster": "yes", **EMPLOYER}) == []


def test_what_no_list_knows_is_refused_and_nobodys_words_travel() -> None:
    assert codes(judged({"mood": "good"})) == ["ATTRIBUTE_UNKNOWN"]
    assert codes(judged({"class_mode": "open"})) == ["ATTRIBUTE_INVALID"]
    said = {"village": "419001100200", "agreement": "张三签", "struggling_evidence": "李四批", **EMPLOYER}
    assert published(said, book().enrollment) == {"village": "419001100200", **EMPLOYER}
