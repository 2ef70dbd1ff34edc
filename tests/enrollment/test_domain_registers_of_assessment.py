"""Registers beside exams and lessons: who may start work, cameras, ratings that are worth no subsidy."""

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.register import read_values
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import HEBEI, HULUDAO, LINSHU, QUANJIAO, Place

PLANT = sample_credit_code(5)


@pytest.mark.parametrize(
    ("place", "prefix", "rule"), [(HULUDAO, "access", "HL-ASM-05"), (QUANJIAO, "high_risk", "QJ-SUP-03")]
)
@pytest.mark.parametrize(("passed_on", "violations"), [("2020-01-02", 1), ("2020-01-01", 0), ("2019-12-31", 0)])
def test_whoever_was_placed_before_passing_is_on_the_list(
    place: Place, prefix: str, rule: str, passed_on: str, violations: int
) -> None:
    """HL-ASM-05, QJ-SUP-03: placed on 1 January, passed the day after is a violation, the day before is none."""
    placed = place.entry(
        f"{prefix}_post",
        person="person-1",
        enterprise_code=PLANT,
        post="锅炉工",
        special_operation=False,
        assigned_on="2020-01-01",
    )
    passed = place.entry(f"{prefix}_pass", person="person-1", proof="training_pass", passed_on=passed_on)
    report = place.reported(f"{prefix}_post", placed, passes=(passed,))
    assert report.totals == {"assignments": 1, "violations": violations}
    assert [(one.code, one.rule) for row in report.rows for one in row.findings] == [
        ("SAFETY_PASS_MISSING", rule)
    ] * violations


def test_a_rating_in_house_is_filed_apart_from_certificates() -> None:
    """HL-ASM-08: it opens no entry and no subsidy, `in_house` is no certificate kind of the document."""
    rated = {"enterprise_code": PLANT, "occupation_rated": "焊工", "level_rated": "高级工"}
    entry = HULUDAO.entry("in_house_rating", person="person-1", standard="企业标准", rated_on="2020-02-01", **rated)
    assert entry.values["rated_on"] is not None
    assert HULUDAO.register("in_house_rating").opened_by == ()
    kinds = HULUDAO.book().assessment.certificate_kinds
    assert kinds is not None
    assert kinds.kind("in_house") is None
    _, missing = read_values({**rated, "rated_on": "2020-02-01"}, HULUDAO.register("in_house_rating"))
    assert codes(missing) == ["FIELD_MISSING"]


def test_a_diploma_goes_with_several_level_certificates() -> None:
    """HL-ASM-08: one line for each certificate beside the diploma (1+X)."""
    entries = [
        HULUDAO.entry(
            "diploma_and_certificates",
            number,
            person="person-1",
            school="示例职业学院",
            diploma="大专",
            certificate_name=name,
            issued_on="2020-02-01",
        )
        for number, name in enumerate(("焊工四级", "电工四级"))
    ]
    assert HULUDAO.reported("diploma_and_certificates", *entries).totals == {"entries": 2}


def test_cameras_are_declared_with_what_they_cover() -> None:
    """QJ-SUP-01"""
    entries = [
        QUANJIAO.entry(
            "camera",
            number,
            place=f"{number} 号教室",
            cameras=number,
            without_blind_spot=covers,
            installed_on="2020-06-01",
        )
        for number, covers in ((1, False), (2, True))
    ]
    report = QUANJIAO.reported("camera", *entries)
    assert {row.key: row.counts["entries"] for row in report.rows} == {"false": 1, "true": 1}


@pytest.mark.parametrize("place", [HEBEI, LINSHU])
def test_no_other_document_keeps_these_registers(place: Place) -> None:
    of_place = {register.code for register in place.book().enrollment.registers}
    assert of_place.isdisjoint({"access_pass", "access_post", "high_risk_pass", "in_house_rating", "camera"})
