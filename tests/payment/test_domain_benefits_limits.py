"""How often a person is paid, and how much before the claim, by each document: both sides of every number and year."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from peibu.demo.people import sample_credit_code
from services.payment.domain.advance import expected_fen, judge_advance
from services.payment.domain.caps import Use, admit
from tests.payment.sample import accepted
from tests.payment.scene import (
    HEBEI,
    HULUDAO,
    LINSHU,
    QUANJIAO,
    Scene,
    against,
    alike,
    book_of,
    certified,
    rate,
    table,
)


def use(
    programme: str,
    on: date = date(2020, 6, 1),
    occupation: str | None = "fitter",
    level: str | None = "5",
    employer: str | None = None,
) -> Use:
    return Use(person_id="p1", programme=programme, on=on, occupation=occupation, level=level, employer=employer)


def refused(region: str, asked: Use, had: Iterable[Use], *decided: str) -> list[tuple[str, str]]:
    judged = admit(asked, tuple(had), rulebook=book_of(region), decisions=[accepted(rule, "p1") for rule in decided])
    return [(finding.rule, finding.value or "") for finding in judged.findings]


def in_2020(*programmes: str) -> list[Use]:
    days = (date(2020, 2, 10), date(2020, 5, 20), date(2020, 9, 1))
    return [
        use(programme, on, occupation=f"occupation-{number}")
        for number, (programme, on) in enumerate(zip(programmes, days, strict=False))
    ]


@pytest.mark.parametrize(
    ("region", "rule", "programmes", "asked"),
    [
        (HULUDAO, "HL-CLM-01", ("upskilling", "upskilling", "free_group_training"), "upskilling"),
        (HULUDAO, "HL-CLM-01", ("poverty_relief", "safety", "entrepreneurship"), "apprenticeship"),
        (QUANJIAO, "QJ-CLM-11", ("pre_job", "safety", "upskilling"), "upskilling"),
        (QUANJIAO, "QJ-CLM-11", ("work_for_training", "free_group_training", "job_change"), "self_paid_technician"),
        (LINSHU, "LS-CLM-01", ("training", "training", "apprenticeship"), "training"),
    ],
)
def test_the_fourth_of_a_calendar_year_is_refused_unless_a_person_decides(
    region: str, rule: str, programmes: tuple[str, ...], asked: str
) -> None:
    """HL-CLM-01, QJ-CLM-11, LS-CLM-01"""
    had = in_2020(*programmes)
    assert refused(region, use(asked, date(2020, 12, 31)), had[:2]) == []
    assert refused(region, use(asked, date(2020, 12, 31)), had) == [(rule, "three_a_year")]
    assert refused(region, use(asked, date(2021, 1, 1)), had) == []
    assert refused(region, use(asked, date(2020, 12, 31)), had, rule) == []


@pytest.mark.parametrize(
    ("region", "not_counted"),
    [
        (HULUDAO, ["living_allowance", "insurance_skill", "work_for_training", "appraisal"]),
        (QUANJIAO, ["living_allowance", "insurance_skill"]),
        (LINSHU, ["living_allowance", "work_for_training", "living_allowance_difficult"]),
    ],
)
def test_allowances_and_the_insurances_subsidy_are_no_training_subsidies(region: str, not_counted: list[str]) -> None:
    """HL-CLM-01, QJ-CLM-11, LS-CLM-01"""
    trainings = in_2020("training" if region == LINSHU else "upskilling") * 3
    for programme in not_counted:
        others = [use(programme, occupation=None) for _ in range(4)]
        assert refused(region, use("training", occupation="turner"), others) == []
        asked = use(programme, date(2020, 12, 1), occupation=None, employer="e9")
        assert [value for _, value in refused(region, asked, trainings)] == []


@pytest.mark.parametrize(
    ("region", "rule", "programme"),
    [
        (HULUDAO, "HL-CLM-02", "upskilling"),
        (HEBEI, "HB-CLM-02", "training"),
        (QUANJIAO, "QJ-CLM-12", "upskilling"),
        (LINSHU, "LS-CLM-02", "training"),
    ],
)
def test_one_occupation_at_one_level_is_paid_once_in_a_life_and_no_decision_helps(
    region: str, rule: str, programme: str
) -> None:
    """HL-CLM-02, HB-CLM-02, QJ-CLM-12, LS-CLM-02"""
    had = [use(programme, date(2015, 3, 1), "welder", "4")]
    again = use(programme, date(2020, 6, 1), "welder", "4")
    assert refused(region, again, had) == [(rule, "same_occupation_and_level")]
    assert refused(region, again, had, rule) == [(rule, "same_occupation_and_level")]
    assert refused(region, replace(again, level="3"), had) == []
    assert refused(region, replace(again, occupation="fitter"), had) == []
    without_level = [replace(one, level=None) for one in had]
    assert refused(region, replace(again, level=None), without_level) == [(rule, "same_occupation_and_level")]
    assert refused(region, again, without_level) == []


def test_in_huludao_the_same_training_under_another_programme_is_the_same_training() -> None:
    """HL-CLM-02, HL-PAY-05: agriculture and the bureau cannot both pay it."""
    had = [use("poverty_relief", occupation="welder", level="4")]
    assert refused(HULUDAO, use("upskilling", occupation="welder", level="4"), had) == [
        ("HL-CLM-02", "same_occupation_and_level")
    ]


@pytest.mark.parametrize("programme", ["training", "evaluation"])
def test_in_hebei_three_are_all_there_are_in_a_life_each_counted_by_itself(programme: str) -> None:
    """HB-CLM-01, HB-CLM-10"""
    rule, cap = ("HB-CLM-01", "three_trainings") if programme == "training" else ("HB-CLM-10", "three_evaluations")
    other = "evaluation" if programme == "training" else "training"
    had = [use(programme, date(year, 5, 1), f"occupation-{year}") for year in (2021, 2022, 2023)]
    asked = use(programme, date(2024, 5, 1), "welder", "4")
    assert refused(HEBEI, asked, had) == [(rule, cap)]
    assert refused(HEBEI, asked, had, rule) == [(rule, cap)]
    assert refused(HEBEI, asked, had[:2]) == []
    assert refused(HEBEI, replace(asked, programme=other), had) == []


def test_in_hebei_an_occupation_is_evaluated_once_whatever_the_level_while_training_goes_on() -> None:
    """HB-CLM-11"""
    evaluated = [use("evaluation", occupation="welder", level="5")]
    assert refused(HEBEI, use("evaluation", occupation="welder", level="4"), evaluated) == [
        ("HB-CLM-11", "same_occupation_evaluated")
    ]
    assert refused(HEBEI, use("training", occupation="welder", level="4"), evaluated) == []
    assert refused(HEBEI, use("evaluation", occupation="fitter", level="4"), evaluated) == []


@pytest.mark.parametrize(
    ("region", "programme", "rule"),
    [
        (HULUDAO, "work_for_training", "HL-CLM-07"),
        (QUANJIAO, "work_for_training", "QJ-CLM-07"),
        (QUANJIAO, "pre_job", "QJ-CLM-01"),
    ],
)
def test_one_employer_is_paid_for_a_person_once(region: str, programme: str, rule: str) -> None:
    """HL-CLM-07, QJ-CLM-01, QJ-CLM-07"""
    had = [use(programme, date(2019, 6, 1), None, None, "e1")]
    asked = use(programme, date(2021, 6, 1), "welder", "4", "e1")
    assert [found for found, _ in refused(region, asked, had)] == [rule]
    assert refused(region, replace(asked, employer="e2"), had) == []


@pytest.mark.parametrize(("first", "second"), [("pre_job", "work_for_training"), ("work_for_training", "pre_job")])
def test_in_quanjiao_the_first_of_two_shuts_out_the_other_with_the_same_employer(first: str, second: str) -> None:
    """QJ-CLM-08"""
    had = [use(first, employer="e1")]
    asked = use(second, date(2020, 7, 1), "turner", employer="e1")
    assert refused(QUANJIAO, asked, had) == [("QJ-CLM-08", first)]
    assert refused(QUANJIAO, replace(asked, employer="e2"), had) == []
    for unknown in (None, sample_credit_code(7)):  # an id of this system beside a credit code tells nothing
        assert refused(QUANJIAO, replace(asked, employer=unknown), had) == [("QJ-CLM-08", first)]
    assert refused(QUANJIAO, replace(asked, programme="upskilling"), had) == []
    assert refused(HULUDAO, asked, had) == []


@pytest.mark.parametrize(
    ("region", "programme", "rule"),
    [(HULUDAO, "upskilling", "HL-CLM-01"), (QUANJIAO, "upskilling", "QJ-CLM-11"), (LINSHU, "training", "LS-CLM-01")],
)
def test_a_class_brings_its_people_what_is_left_of_their_year(region: str, programme: str, rule: str) -> None:
    """HL-CLM-01, QJ-CLM-11, LS-CLM-01"""
    past = in_2020(programme, programme)
    scene = Scene(
        region=region,
        programme=programme,
        groups=alike(2, "employee"),
        opening=date(2020, 9, 1),
        certificates=[certified("p1"), certified("p2")],
        attributes={"funder": "learner"},
    )
    row = rate(region, programme, 1000)
    assert against(scene.judged(row, past=past)) == []
    assert against(scene.judged(row, past=[*past, use(programme, occupation="turner")])) == [("CAP_REACHED", rule)]


# Advances


def advanced(  # type: ignore[no-untyped-def]
    region: str,
    yuan: str,
    *had: int,
    kind: str = "project",
    institution: str = "private_school",
    decided: bool = True,
    heads: int = 100,
    group: str = "veteran",
):
    rule, programme, rate_yuan = (
        ("HL-PAY-02", "free_group_training", 1200) if region == HULUDAO else ("LS-PAY-01", "training", 1500)
    )
    scene = Scene(
        region=region,
        programme=programme,
        groups=alike(heads, group),
        kind=kind,  # type: ignore[arg-type]
        planned=100,
        institution=institution,
    )
    whole, _, part = yuan.partition(".")
    finding = judge_advance(
        int(whole) * 100 + int(part or "0"),
        scene.opened,
        rulebook=book_of(region),
        rates=table(region, rate(region, programme, rate_yuan)),
        decisions=[accepted(rule)] if decided else [],
        before_fen=[each * 100 for each in had],
    )
    return finding and (finding.code, finding.rule)


@pytest.mark.parametrize(("yuan", "code"), [("60000", None), ("60000.01", "ADVANCE_TOO_HIGH"), ("1", None)])
def test_huludao_advances_at_most_half_of_what_the_approved_heads_would_bring(yuan: str, code: str | None) -> None:
    """HL-PAY-02: of 120,000."""
    assert advanced(HULUDAO, yuan) == (code and (code, "HL-PAY-02"))


@pytest.mark.parametrize(("heads", "most"), [(100, "60000"), (99, "59400"), (50, "30000"), (1, "600")])
def test_an_advance_is_measured_by_the_people_admitted_not_by_the_places_planned(heads: int, most: str) -> None:
    """HL-PAY-02: the class planned 100; half of what 100 bring may be all that 50 ever will."""
    assert advanced(HULUDAO, most, heads=heads) is None
    assert advanced(HULUDAO, f"{most}.01", heads=heads) == ("ADVANCE_TOO_HIGH", "HL-PAY-02")
    assert advanced(HULUDAO, "0.01", heads=heads, group="employee") == ("ADVANCE_TOO_HIGH", "HL-PAY-02")


@pytest.mark.parametrize(("yuan", "code"), [("90000", None), ("90000.01", "ADVANCE_TOO_HIGH"), ("80000", None)])
def test_linshu_advances_at_most_three_fifths(yuan: str, code: str | None) -> None:
    """LS-PAY-01: of 150,000."""
    assert advanced(LINSHU, yuan) == (code and (code, "LS-PAY-01"))


def test_an_advance_needs_a_recorded_decision_whatever_its_size() -> None:
    """HL-PAY-02, LS-PAY-01"""
    assert advanced(HULUDAO, "1", decided=False) == ("ADVANCE_UNDECIDED", "HL-PAY-02")
    assert advanced(LINSHU, "80000", decided=False) == ("ADVANCE_UNDECIDED", "LS-PAY-01")


def test_advances_of_one_class_keep_within_the_share_together_and_linshu_gives_one() -> None:
    """HL-PAY-02, LS-PAY-01"""
    assert advanced(HULUDAO, "20000", 25_000, 15_000) is None
    assert advanced(HULUDAO, "20000.01", 25_000, 15_000) == ("ADVANCE_TOO_HIGH", "HL-PAY-02")
    assert advanced(LINSHU, "1", 10_000) == ("ADVANCE_TAKEN", "LS-PAY-01")


def test_only_the_classes_that_the_document_names_are_paid_before_the_claim() -> None:
    """HL-PAY-02, LS-PAY-01"""
    assert advanced(HULUDAO, "1", kind="class") == ("ADVANCE_NOT_OFFERED", "HL-PAY-02")
    for enterprise in ("enterprise", "enterprise_centre"):
        assert advanced(HULUDAO, "1", kind="class", institution=enterprise) is None
    assert advanced(LINSHU, "1", kind="class") == ("ADVANCE_NOT_OFFERED", "LS-PAY-01")
    assert advanced(LINSHU, "1", kind="class", institution="enterprise") == ("ADVANCE_NOT_OFFERED", "LS-PAY-01")


def test_the_living_allowance_is_no_part_of_what_an_advance_is_measured_by() -> None:
    """LS-PAY-01"""
    term = book_of(LINSHU).payment.advance
    assert term is not None
    scene = Scene(region=LINSHU, programme="training", groups=alike(20, "poor_worker"), kind="project", planned=20)
    rates = table(LINSHU, rate(LINSHU, "training", 1500), rate(LINSHU, "living_allowance", 600, unit="month", number=2))
    assert expected_fen(scene.opened, term, book_of(LINSHU), rates) == 30_000_00
    assert expected_fen(scene.opened, term, book_of(LINSHU), table(LINSHU)) is None


@pytest.mark.parametrize("region", [QUANJIAO, HEBEI])
def test_a_document_that_names_no_advance_offers_none_and_no_decision_makes_one(region: str) -> None:
    """QJ-PAY-03"""
    scene = Scene(region=region, programme="upskilling", groups=alike(1, "employee"), kind="project")
    found = judge_advance(
        30_000_00,
        scene.opened,
        rulebook=book_of(region),
        rates=table(region, rate(region, "upskilling", 1000)),
        decisions=[accepted("QJ-PAY-03"), accepted("HL-PAY-02"), accepted("LS-PAY-01")],
    )
    assert found is not None
    assert found.code == "ADVANCE_NOT_OFFERED"
