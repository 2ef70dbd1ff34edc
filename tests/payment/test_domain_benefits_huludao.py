"""What Huludao's document of 2019 pays, for what, to whom and how often; every rate without a clause is a test's."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.caps import Use
from services.payment.domain.claimed_part import for_payee
from services.payment.domain.decision import Decision
from shared.policy.decision import Severity
from tests.payment.sample import accepted
from tests.payment.scene import (
    HULUDAO,
    Scene,
    against,
    alike,
    book_of,
    certified,
    line_of,
    months,
    payees,
    rate,
    total,
)

LEARNERS_PAY = {"funder": "learner"}


def huludao(programme: str, group: str | tuple[str, ...] = "employee", heads: int = 1, **told) -> Scene:  # type: ignore[no-untyped-def]
    return Scene(region=HULUDAO, programme=programme, groups=alike(heads, group), **told)


@pytest.mark.parametrize(("level", "yuan"), [("5", 1500), ("4", 2000), ("3", 2500), ("2", 3500), ("1", 5000)])
def test_upskilling_pays_by_the_level_of_the_certificate_and_needs_no_table(level: str, yuan: int) -> None:
    """HL-CLM-03"""
    for kind in ("level", "qualification"):
        certificates = [certified("p1", kind, level=level)]
        found = huludao("upskilling", level=level, certificates=certificates, attributes=LEARNERS_PAY).judged()
        assert (total(found), against(found)) == (yuan * 100, [])


def test_a_class_of_every_level_comes_to_what_the_document_adds_up_to() -> None:
    """HL-CLM-03: 8 junior, 10 intermediate, 5 senior, 2 technicians, 1 senior technician."""
    levels = "5" * 8 + "4" * 10 + "3" * 5 + "2" * 2 + "1"
    certificates = [certified(f"p{number}", level=level) for number, level in enumerate(levels, start=1)]
    found = huludao("upskilling", heads=26, level=None, certificates=certificates, attributes=LEARNERS_PAY).judged()
    assert (total(found), found.recognised) == (56_500_00, 26)


@pytest.mark.parametrize("kind", ["special_ability", "special_operation", "completion", "graduation"])
def test_upskilling_pays_no_other_certificate(kind) -> None:  # type: ignore[no-untyped-def]
    """HL-CLM-03"""
    found = huludao("upskilling", certificates=[certified("p1", kind)]).judged()
    assert (total(found), against(found)) == (0, [("CERT_KIND", "HL-CLM-03")])


@pytest.mark.parametrize(("funder", "payee"), [("enterprise", "enterprise"), ("learner", "learner")])
def test_who_paid_for_the_training_is_paid_for_it(funder: str, payee: str) -> None:
    """HL-CLM-04"""
    certificates = [certified(f"p{number}") for number in range(1, 5)]
    found = huludao("upskilling", heads=4, certificates=certificates, attributes={"funder": funder}).judged()
    assert (total(found), payees(found)) == (8_000_00, {payee})


def test_nobody_is_paid_while_it_is_not_told_who_paid() -> None:
    """HL-CLM-04: an open question; once somebody said who paid it is theirs, and never anybody's besides."""
    scene = huludao("upskilling", certificates=[certified("p1")])
    found = scene.judged()
    assert (total(found), against(found)) == (0, [("FUNDER_UNSTATED", "HL-CLM-04")])
    assert [finding.severity for finding in found.open_questions] == [Severity.ASK]
    for payee, other in (("learner", "enterprise"), ("enterprise", "learner")):
        decided = scene.judged(decisions=[replace(accepted("HL-CLM-04", "p1"), funder=payee)])
        assert (total(decided), payees(decided)) == (2_000_00, {payee})
        assert total(for_payee(decided, other, book_of(HULUDAO))) == 0


@pytest.mark.parametrize("answer", [accepted("HL-CLM-04"), accepted("HL-CLM-04", "p1")])
def test_an_answer_to_another_question_of_the_rule_does_not_say_who_paid(answer: Decision) -> None:
    """HL-CLM-04: neither that an enterprise's proof is accepted nor who is paid where both paid says who paid."""
    found = huludao("upskilling", certificates=[certified("p1")]).judged(decisions=[answer])
    assert (total(found), against(found)) == (0, [("FUNDER_UNSTATED", "HL-CLM-04")])


def test_where_both_are_said_to_have_paid_it_is_still_to_be_decided_who_is_paid() -> None:
    """HL-CLM-04: who paid and who is paid are two questions."""
    scene = huludao("upskilling", certificates=[certified("p1")])
    both = replace(accepted("HL-CLM-04", "p1"), funder="both")
    assert against(scene.judged(decisions=[both])) == [("PAYEE_UNDECIDED", "HL-CLM-04")]
    assert payees(scene.judged(decisions=[both, accepted("HL-CLM-04", "p1")])) == {"enterprise"}
    assert payees(scene.judged(decisions=[accepted("HL-CLM-04", "p1", accept=False), both])) == {"learner"}


def costs(cost: str | None, spent: str | None) -> dict[str, str]:
    told = {"eligible_cost_yuan": cost, "education_fund_yuan": spent}
    return {code: value for code, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("cost", "spent", "fen"),
    [
        ("80000", "55000", 25_000_00),
        ("80000", "79999.99", 1),
        ("80000", "80000", 0),
        ("80000", "80000.01", 0),
        ("80000", "0", 80_000_00),
        ("100.01", "0.01", 100_00),
    ],
)
@pytest.mark.parametrize("heads", [1, 3, 7])
def test_job_change_is_paid_what_the_education_money_leaves(cost: str, spent: str, fen: int, heads: int) -> None:
    """HL-ENR-03: cost 80,000, education money 55,000: 25,000, to the enterprise, no fen lost between its people."""
    found = huludao("job_change", heads=heads, attributes=costs(cost, spent)).judged()
    assert total(found) == fen
    assert {line.paid_to.payee for line in found.lines if line.amount_fen and line.paid_to} <= {"enterprise"}
    parts = [line.amount_fen for line in found.lines]
    assert max(parts) - min(parts) <= 1
    assert set(against(found)) == (set() if fen else {("NO_SHORTFALL", "HL-ENR-03")})


def test_a_job_change_class_that_says_no_cost_is_paid_nothing_and_told_why() -> None:
    """HL-ENR-03"""
    for told in (costs(None, None), costs("80000", None), costs(None, "0")):
        found = huludao("job_change", attributes=told).judged()
        assert (total(found), against(found)) == (0, [("COST_UNKNOWN", "HL-ENR-03")])


def test_who_never_came_has_no_part_of_the_cost() -> None:
    """HL-ENR-03: what the class costs stays what it is."""
    found = huludao("job_change", heads=3, days={"p1": 1, "p2": 1}, attributes=costs("80000", "55000")).judged()
    assert [line.amount_fen for line in found.lines] == [12_500_00, 12_500_00, 0]
    assert ("NOT_PRESENT", "HL-ENR-03") in against(found)


def test_who_is_paid_where_both_paid_is_decided_by_a_person() -> None:
    """HL-CLM-04"""
    scene = huludao("upskilling", certificates=[certified("p1")], attributes={"funder": "both"})
    assert against(scene.judged()) == [("PAYEE_UNDECIDED", "HL-CLM-04")]
    assert total(scene.judged(decisions=[accepted("HL-CLM-04")])) == 0  # of the class: another question
    decided = scene.judged(decisions=[accepted("HL-CLM-04", "p1")])
    assert (total(decided), payees(decided)) == (2_000_00, {"enterprise"})
    refused = scene.judged(decisions=[accepted("HL-CLM-04", "p1", accept=False)])
    assert (total(refused), payees(refused), refused.open_questions) == (2_000_00, {"learner"}, ())


@pytest.mark.parametrize(
    ("level", "kind", "agreed_months", "yuan"),
    [
        ("4", "level", "24", 10_000),
        ("4", "qualification", "12", 5_000),
        ("3", "level", "24", 12_000),
        ("3", "completion", "24", 8_000),
        ("4", "special_ability", "24", 8_000),
        ("4", "graduation", "36", 12_000),
        ("4", "level", "23", 5_000),
    ],
)
def test_an_apprentice_brings_the_rate_of_the_certificate_for_every_whole_year_agreed(
    level: str,
    kind,  # type: ignore[no-untyped-def]
    agreed_months: str,
    yuan: int,
) -> None:
    """HL-CLM-05"""
    found = huludao(
        "apprenticeship",
        kind="apprenticeship",
        level=level,
        certificates=[certified("p1", kind, level=level)],
        attributes={"agreed_months": agreed_months},
    ).judged()
    assert (total(found), payees(found)) == (yuan * 100, {"enterprise"})


@pytest.mark.parametrize(
    ("agreed_months", "decided", "fen"),
    [
        ("18", True, 7_500_00),
        ("18", False, 5_000_00),
        ("18", None, 5_000_00),
        ("24", True, 10_000_00),
        ("7", True, 2_916_66),
    ],
)
def test_months_beyond_whole_years_are_paid_once_a_person_decided_so(
    agreed_months: str, decided: bool | None, fen: int
) -> None:
    """HL-CLM-05: rounded down to the fen."""
    made = [] if decided is None else [accepted("HL-CLM-05", "p1", accept=decided)]
    found = huludao(
        "apprenticeship",
        kind="apprenticeship",
        level="4",
        certificates=[certified("p1", level="4")],
        attributes={"agreed_months": agreed_months},
    ).judged(decisions=made)
    assert (total(found), payees(found)) == (fen, {"enterprise"})


def test_an_apprentice_of_two_certificates_brings_the_better_rate() -> None:
    """HL-CLM-05: the completion certificate came first, the skill level brings more."""
    both = [certified("p1", "completion", issued=date(2020, 3, 10)), certified("p1", issued=date(2020, 4, 10))]
    scene = huludao("apprenticeship", kind="apprenticeship", level="4", attributes={"agreed_months": "12"})
    assert total(replace(scene, certificates=both).judged()) == 5_000_00


@pytest.mark.parametrize("kind", ["special_operation", "other"])
def test_an_apprentice_brings_nothing_for_a_certificate_that_the_clause_does_not_name(kind) -> None:  # type: ignore[no-untyped-def]
    """HL-CLM-05: special ability, completion or diploma; the list with special operation stands in another clause."""
    scene = huludao("apprenticeship", kind="apprenticeship", level="4", attributes={"agreed_months": "24"})
    found = replace(scene, certificates=[certified("p1", kind)]).judged(decisions=[accepted("HL-ASM-01", "p1")])
    assert (total(found), against(found)) == (0, [("NO_RATE_FOR_LEVEL", "HL-CLM-05")])


@pytest.mark.parametrize("attributes", [{}, {"agreed_months": "11"}])
def test_without_a_whole_year_agreed_an_apprentice_brings_nothing_and_is_told_why(attributes: dict[str, str]) -> None:
    """HL-CLM-05"""
    found = huludao(
        "apprenticeship", kind="apprenticeship", level="4", certificates=[certified("p1")], attributes=attributes
    ).judged()
    assert total(found) == 0
    assert [(one.code, one.rule) for line in found.lines for one in line.findings] == [
        ("AGREED_YEARS_MISSING", "HL-CLM-05")
    ]


@pytest.mark.parametrize("level", ["5", "2", "1"])
def test_an_apprentice_of_a_level_without_rate_is_not_paid_by_a_neighbouring_one(level: str) -> None:
    """HL-CLM-05"""
    scene = huludao("apprenticeship", kind="apprenticeship", level=level, attributes={"agreed_months": "24"})
    found = replace(scene, certificates=[certified("p1", level=level)]).judged()
    assert (total(found), against(found)) == (0, [("NO_RATE_FOR_LEVEL", "HL-CLM-05")])
    assert against(scene.judged()) == [("NOT_CERTIFIED", "HL-ASM-01")]


def test_safety_training_without_a_provincial_rate_is_missing_it_and_never_zero() -> None:
    """HL-ENR-02"""
    scene = huludao("safety", kind="safety", certificates=[certified("p1", "special_operation")])
    assert against(scene.judged()) == [("RATE_MISSING", "HL-ENR-02")]
    assert total(scene.judged(rate(HULUDAO, "safety", 300))) == 300_00


FREE_GROUPS = [
    *("poor_family_child", "school_leaver", "veteran", "rural_transferred", "laid_off", "disabled"),
    *("prisoner", "rehabilitation", "no_pension"),
]


@pytest.mark.parametrize("group", FREE_GROUPS)
def test_the_nine_free_groups_bring_the_directorys_rate_and_the_institution_gets_it(group: str) -> None:
    """HL-CLM-06, HL-PAY-01"""
    scene = huludao("free_group_training", group, certificates=[certified("p1", "completion")])
    assert against(scene.judged()) == [("RATE_MISSING", "HL-CLM-06")]
    found = scene.judged(rate(HULUDAO, "free_group_training", 1200))
    assert (total(found), payees(found)) == (1_200_00, {"institution"})


def test_forty_certified_of_a_specialty_come_to_forty_rates_of_that_specialty() -> None:
    """HL-CLM-06"""
    certificates = [certified(f"p{number}", "completion") for number in range(1, 41)]
    rows = (
        rate(HULUDAO, "free_group_training", 900, number=1),
        rate(HULUDAO, "free_group_training", 1200, number=2, occupation="welder"),
        rate(HULUDAO, "free_group_training", 700, number=3, occupation="fitter"),
    )
    found = huludao("free_group_training", "veteran", 40, certificates=certificates).judged(*rows)
    assert total(found) == 48_000_00


def test_an_employee_in_a_class_of_the_free_groups_is_told_that_it_is_not_for_them() -> None:
    """HL-CLM-06"""
    found = huludao("free_group_training", certificates=[certified("p1")]).judged(
        rate(HULUDAO, "free_group_training", 1200)
    )
    assert against(found) == [("GROUP_NOT_ELIGIBLE", "HL-CLM-06")]


@pytest.mark.parametrize("group", ["veteran", "poor_worker", "capacity_cut", "graduate", "other"])
def test_whoever_was_let_into_a_project_is_paid_for_at_the_directorys_rate(group: str) -> None:
    """HL-ENR-18: three groups are named, of others a person decides at the enrolment; nobody is turned away later."""
    scene = huludao("project_training", group, kind="project", days=10, certificates=[certified("p1", "completion")])
    rows = (rate(HULUDAO, "free_group_training", 1200), rate(HULUDAO, "living_allowance", 600, number=2, unit="month"))
    found = scene.judged(*rows)
    assert (line_of(found, programme="free_group_training").amount_fen, against(found)) == (1_200_00, [])
    assert line_of(found, programme="free_group_training").paid_to.payee == "institution"  # type: ignore[union-attr]
    assert total(found) == 1_200_00 + (200_00 if group == "poor_worker" else 0)
    had = [Use(person_id="p1", programme="poverty_relief", on=date(2019, 9, 1), occupation="welder", level=None)]
    assert ("CAP_REACHED", "HL-CLM-02") in against(scene.judged(*rows, past=had))


def test_the_poor_are_trained_in_a_project_by_its_own_clause() -> None:
    """HL-ENR-21: the free groups' clause does not name them."""
    found = huludao("poverty_relief", "poor_worker", kind="project", certificates=[certified("p1")]).judged(
        rate(HULUDAO, "poverty_relief", 1000), rate(HULUDAO, "living_allowance", 600, number=2, unit="month")
    )
    paid_to = line_of(found, programme="poverty_relief").paid_to
    assert (paid_to.rule, paid_to.clause) == ("HL-ENR-21", "二(三)1")  # type: ignore[union-attr]
    other = for_payee(found, "learner", book_of(HULUDAO))
    assert ("PAYEE_IS_ANOTHER", "HL-ENR-21") in against(other)


@pytest.mark.parametrize("group", ["employment_difficult", "zero_employment_family"])
@pytest.mark.parametrize(("worked", "paid"), [(4, 4), (5, 5), (6, 6), (7, 6)])
def test_work_for_training_pays_the_minimum_wage_of_each_month_for_six_at_most(
    group: str, worked: int, paid: int
) -> None:
    """HL-CLM-07"""
    found = huludao(
        "work_for_training",
        group,
        kind="work_for_training",
        months=months("p1", worked, standard_yuan=1480),
        attributes={"hirer": "insured_enterprise"},
    ).judged()
    assert (total(found), payees(found)) == (paid * 1_480_00, {"enterprise"})


def test_a_wage_that_changes_counts_month_by_month_and_a_month_not_worked_whole_not_at_all() -> None:
    """HL-CLM-07"""
    worked = [*months("p1", 2, standard_yuan=1480), *months("p1", 4, standard_yuan=1600)[2:]]
    broken = months("p1", 5, standard_yuan=9999, full=False)[4:]
    scene = huludao("work_for_training", "employment_difficult", kind="work_for_training", months=worked + broken)
    assert total(scene.judged()) == (2 * 1480 + 2 * 1600) * 100


def test_the_poor_bring_no_minimum_wage_by_analogy_but_their_own_rate() -> None:
    """HL-CLM-08"""
    scene = huludao("work_for_training_poor", "poor_worker", kind="work_for_training", months=months("p1", 5))
    rows = (rate(HULUDAO, "work_for_training", 1480), rate(HULUDAO, "work_for_training_poor", 300, number=2))
    assert against(scene.judged(rows[0])) == [("RATE_MISSING", "HL-CLM-08")]
    assert total(scene.judged(*rows)) == 5 * 300_00


@pytest.mark.parametrize(
    ("group", "hirer", "paid"),
    [
        ("poor_worker", "cooperative", True),
        ("poor_worker", "workshop", True),
        ("poor_worker", "enterprise", True),
        ("poor_worker", "insured_enterprise", True),
        ("poor_worker", "other_business", True),
        ("employment_difficult", "other_business", False),
        ("employment_difficult", "insured_enterprise", True),
        ("employment_difficult", "enterprise", False),
        ("zero_employment_family", "cooperative", False),
        ("employee", "insured_enterprise", False),
    ],
)
def test_only_a_hirer_of_its_branch_is_paid_for_a_group(group: str, hirer: str, paid: bool) -> None:
    """HL-CLM-07, HL-CLM-08"""
    rows = (rate(HULUDAO, "work_for_training", 100), rate(HULUDAO, "work_for_training_poor", 100, number=2))
    scene = huludao(
        "work_for_training", group, kind="work_for_training", months=months("p1", 1), attributes={"hirer": hirer}
    )
    assert total(scene.judged(*rows)) == (100_00 if paid else 0)


def test_somebody_of_both_branches_is_paid_for_one_spell_with_one_employer() -> None:
    """HL-CLM-07"""
    rows = (rate(HULUDAO, "work_for_training", 100), rate(HULUDAO, "work_for_training_poor", 90, number=2))
    scene = huludao(
        "work_for_training",
        ("employment_difficult", "poor_worker"),
        kind="work_for_training",
        months=months("p1", 6),
        attributes={"employer_credit_code": "e1", "hirer": "insured_enterprise"},
    )
    assert (total(scene.judged(*rows)), against(scene.judged(*rows))) == (600_00, [("CAP_REACHED", "HL-CLM-07")])


@pytest.mark.parametrize(
    ("yuan", "unit", "days", "fen"),
    [(4380, "year", 18, 216_00), (4380, "year", 400, 4800_00), (600, "month", 31, 620_00), (500, "month", 1, 16_66)],
)
def test_the_living_allowance_of_the_poor_follows_the_days_present_without_a_cap(yuan, unit, days, fen) -> None:  # type: ignore[no-untyped-def]
    """HL-CLM-09"""
    scene = huludao("poverty_relief", "poor_worker", kind="project", days=days, certificates=[certified("p1")])
    found = scene.judged(
        rate(HULUDAO, "living_allowance", yuan, unit=unit), rate(HULUDAO, "poverty_relief", 1000, number=2)
    )
    assert line_of(found, programme="living_allowance").amount_fen == fen
    assert line_of(found, programme="living_allowance").paid_to.payee == "learner"  # type: ignore[union-attr]
    assert total(for_payee(found, "institution", book_of(HULUDAO))) == 1_000_00
    assert line_of(found, programme="poverty_relief").paid_to.payee == "institution"  # type: ignore[union-attr]
    ordinary = huludao("poverty_relief", "poor_worker", days=days, certificates=[certified("p1")])
    assert total(ordinary.judged(rate(HULUDAO, "poverty_relief", 1000))) == 1_000_00


def test_graduates_bring_three_subsidies_each_with_a_rate_of_its_own() -> None:
    """HL-CLM-10"""
    scene = huludao("graduate_training", "graduate", days=10, certificates=[certified("p1")])
    rows = (
        rate(HULUDAO, "graduate_training", 1000),
        rate(HULUDAO, "appraisal", 200, number=2),
        rate(HULUDAO, "graduate_living_allowance", 300, number=3, unit="month"),
    )
    assert against(scene.judged()) == [("RATE_MISSING", "HL-CLM-10")] * 3
    found = scene.judged(*rows)
    assert [line.amount_fen for line in found.lines] == [1_000_00, 200_00, 100_00]


@pytest.mark.parametrize(
    ("kind", "paid"),
    [
        ("qualification", True),
        ("level", True),
        ("special_ability", True),
        ("special_operation", False),
        ("completion", False),
    ],
)
def test_a_graduate_who_was_not_appraised_brings_no_appraisal_subsidy(kind, paid: bool) -> None:  # type: ignore[no-untyped-def]
    """HL-CLM-10: a completion certificate comes without an appraisal, whatever row the table has."""
    rows = (
        rate(HULUDAO, "graduate_training", 1000),
        rate(HULUDAO, "appraisal", 200, number=2),
        rate(HULUDAO, "graduate_living_allowance", 300, number=3, unit="month"),
    )
    found = huludao("graduate_training", "graduate", days=10, certificates=[certified("p1", kind)]).judged(*rows)
    assert line_of(found, programme="appraisal").amount_fen == (200_00 if paid else 0)
    assert line_of(found, programme="graduate_training").amount_fen == 1_000_00
    assert against(found) == ([] if paid else [("CERT_KIND", "HL-CLM-10")])


@pytest.mark.parametrize(("insured", "paid"), [("11", False), ("12", True), (None, False)])
def test_the_insurance_skill_subsidy_needs_twelve_months_of_contributions(insured: str | None, paid: bool) -> None:
    """HL-CLM-11"""
    of_person = {"p1": {"insured_months": insured}} if insured else {}
    found = huludao("insurance_skill", certificates=[certified("p1")], of_person=of_person).judged(
        rate(HULUDAO, "insurance_skill", 1500)
    )
    assert total(found) == (1_500_00 if paid else 0)
    assert against(found) == ([] if paid else [("INSURED_TOO_SHORT", "HL-CLM-11")])


def test_ten_of_the_poor_who_learn_to_start_a_business_come_to_ten_rates() -> None:
    """HL-CLM-12, HL-ENR-13"""
    certificates = [certified(f"p{number}", "completion") for number in range(1, 11)]
    scene = huludao("entrepreneurship", "poor_worker", 10, certificates=certificates)
    assert against(scene.judged()) == [("RATE_MISSING", "HL-CLM-12")] * 1
    assert total(scene.judged(rate(HULUDAO, "entrepreneurship", 1000))) == 10_000_00
    both = huludao("entrepreneurship", ("poor_worker", "laid_off"), certificates=[certified("p1", "completion")])
    assert total(both.judged(rate(HULUDAO, "entrepreneurship", 1000))) == 1_000_00


@pytest.mark.parametrize(
    "group",
    [*FREE_GROUPS, "graduate", "employee", "employment_difficult", "zero_employment_family", "capacity_cut", "other"],
)
def test_whoever_learns_to_start_a_business_brings_the_rate(group: str) -> None:
    """HL-ENR-13: workers who want to start a business; the clause leaves no group out."""
    scene = huludao("entrepreneurship", group, certificates=[certified("p1", "completion")])
    found = scene.judged(rate(HULUDAO, "entrepreneurship", 1200))
    assert (total(found), against(found)) == (1_200_00, [])


def test_the_same_special_operation_is_subsidised_once() -> None:
    """HL-CLM-02, HL-ENR-02: the clause names the special operation certificate among those that are not repeated."""
    scene = huludao("safety", kind="safety", certificates=[certified("p1", "special_operation", level=None)])
    had = [Use(person_id="p1", programme="safety", on=date(2019, 9, 1), occupation="welder", level=None)]
    row = rate(HULUDAO, "safety", 300)
    assert total(scene.judged(row)) == 300_00
    found = scene.judged(row, past=had)
    assert (total(found), against(found)) == (0, [("CAP_REACHED", "HL-CLM-02")])
