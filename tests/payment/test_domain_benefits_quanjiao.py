"""What Quanjiao's document of 2020 pays: its stated rates, months and days of its groups, who gets it."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.caps import Use
from services.payment.domain.claimed_part import for_payee
from tests.payment.sample import accepted
from tests.payment.scene import (
    QUANJIAO,
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


def quanjiao(programme: str, group: str | tuple[str, ...] = "employee", heads: int = 1, **told) -> Scene:  # type: ignore[no-untyped-def]
    return Scene(region=QUANJIAO, programme=programme, groups=alike(heads, group), **told)


def passed(heads: int, kind="completion"):  # type: ignore[no-untyped-def]
    return [certified(f"p{number}", kind) for number in range(1, heads + 1)]


def test_recruits_who_passed_bring_their_enterprise_the_stated_rate_each() -> None:
    """QJ-CLM-01: 52 of 60."""
    found = quanjiao("pre_job", "recruit", 60, certificates=passed(52)).judged()
    assert (total(found), payees(found)) == (62_400_00, {"enterprise"})
    assert against(found) == [("NOT_CERTIFIED", "QJ-ASM-03")] * 8


def test_job_change_of_a_struggling_enterprise_is_paid_to_it_for_who_passed() -> None:
    """QJ-CLM-02"""
    found = quanjiao("job_change", "employee", 20, certificates=passed(20)).judged()
    assert (total(found), payees(found)) == (24_000_00, {"enterprise"})


@pytest.mark.parametrize(("level", "yuan"), [("4", 1500), ("3", 2000), ("2", 3500), ("1", 5000)])
def test_upskilling_pays_by_the_level_that_was_reached(level: str, yuan: int) -> None:
    """QJ-CLM-03"""
    found = quanjiao("upskilling", level=level, certificates=[certified("p1", level=level)]).judged()
    assert (total(found), payees(found)) == (yuan * 100, {"enterprise"})


def test_a_class_of_many_levels_comes_to_the_sum_and_the_lowest_says_why_it_brings_nothing() -> None:
    """QJ-CLM-03: 12 intermediate, 6 senior, 2 technicians, 1 senior technician, 3 junior."""
    levels = "4" * 12 + "3" * 6 + "2" * 2 + "1" + "5" * 3
    certificates = [certified(f"p{number}", level=level) for number, level in enumerate(levels, start=1)]
    found = quanjiao("upskilling", heads=24, level=None, certificates=certificates).judged()
    assert (total(found), found.recognised) == (42_000_00, 21)
    assert against(found) == [("NO_RATE_FOR_LEVEL", "QJ-CLM-03")] * 3


def test_no_entered_rate_replaces_one_that_the_document_states_or_leaves_out() -> None:
    """QJ-CLM-03"""
    rows = (rate(QUANJIAO, "upskilling", 9999),)
    assert total(quanjiao("upskilling", certificates=[certified("p1")]).judged(*rows)) == 1_500_00
    junior = quanjiao("upskilling", level="5", certificates=[certified("p1", level="5")])
    assert against(junior.judged(*rows)) == [("NO_RATE_FOR_LEVEL", "QJ-CLM-03")]


@pytest.mark.parametrize("programme", ["pre_job", "upskilling", "job_change"])
def test_a_dispatched_worker_brings_the_same_to_the_enterprise_that_uses_them(programme: str) -> None:
    """QJ-CLM-04"""
    dispatched = {"p1": {"dispatched_to": "user-1"}}
    scene = quanjiao(
        programme, "recruit", certificates=[certified("p1")], attributes={"employer_credit_code": "agency-1"}
    )
    own, used = scene.judged(), replace(scene, of_person=dispatched).judged()
    assert total(own) == total(used)
    line = line_of(used)
    assert line.paid_to is not None
    assert (line.paid_to.payee, line.paid_to.rule, line.awards[0].use.employer) == (
        "enterprise",
        "QJ-CLM-04",
        "user-1",
    )
    assert line_of(own).awards[0].use.employer == "agency-1"


@pytest.mark.parametrize("stated", [{}, {"employer_credit_code": "91341124MA00000000"}])
def test_one_enterprise_is_paid_once_for_a_recruit_whether_its_class_states_the_employer_or_not(
    stated: dict[str, str],
) -> None:
    """QJ-CLM-01: an enterprise trains its own; a second course in another occupation is no second employment."""
    scene = quanjiao("pre_job", "recruit", institution="enterprise", attributes=stated, certificates=passed(1))
    (first,) = line_of(scene.judged()).awards
    own = scene.opened.institution.credit_code
    assert first.use.employer == (stated.get("employer_credit_code") or own)
    had = Use(person_id="p1", programme="pre_job", on=date(2020, 5, 20), occupation="cook", employer=first.use.employer)
    assert against(scene.judged(past=[had])) == [("CAP_REACHED", "QJ-CLM-01")]
    assert total(scene.judged(past=[replace(had, employer="91341124MA11111111")])) == 1_200_00
    school = replace(scene, institution="training_institution", attributes={})
    assert line_of(school.judged()).awards[0].use.employer is None


def test_nobody_stands_between_the_money_and_the_one_whom_the_document_names() -> None:
    """QJ-PAY-02, QJ-CLM-04: 52 recruits bring their enterprise 62,400 and whoever gave the class nothing."""
    book = book_of(QUANJIAO)
    found = quanjiao("pre_job", "recruit", 52, certificates=passed(52)).judged()
    assert total(for_payee(found, "enterprise", book)) == 62_400_00
    other = for_payee(found, "institution", book)
    assert (total(other), set(against(other))) == (0, {("PAYEE_IS_ANOTHER", "QJ-CLM-01")})


INSURANCE = rate(QUANJIAO, "insurance_skill", 1000)


@pytest.mark.parametrize(("level", "paid"), [("5", True), ("4", True), ("3", True), ("2", False), ("1", False)])
def test_the_insurance_skill_subsidy_is_the_employees_own_up_to_the_senior_level(level: str, paid: bool) -> None:
    """QJ-CLM-05"""
    scene = quanjiao("upskilling", level=level, certificates=[certified("p1", level=level)])
    found = scene.judged(INSURANCE, beside=True)
    assert (total(found), payees(found)) == ((1_000_00, {"learner"}) if paid else (0, set()))
    assert against(found) == ([] if paid else [("NO_RATE_FOR_LEVEL", "QJ-CLM-05")])


@pytest.mark.parametrize("programme", ["upskilling", "pre_job", "job_change"])
def test_every_employee_with_a_certificate_has_it_in_full_beside_what_the_enterprise_is_paid(programme: str) -> None:
    """QJ-CLM-05: a rate that the county did not state stops this subsidy, and never the enterprise's."""
    scene = quanjiao(programme, "recruit", certificates=[certified("p1")])
    own = scene.judged()
    assert (total(own), payees(own)) == (1_500_00 if programme == "upskilling" else 1_200_00, {"enterprise"})
    assert scene.judged(INSURANCE) == own
    assert against(scene.judged(beside=True)) == [("RATE_MISSING", "QJ-CLM-14")]
    assert total(scene.judged(INSURANCE, beside=True)) == 1_000_00
    completion = quanjiao(programme, "recruit", certificates=passed(1)).judged(INSURANCE, beside=True)
    assert against(completion) == [("CERT_KIND", "QJ-CLM-05")]


def test_what_the_enterprise_was_paid_does_not_touch_the_employees_own_subsidy() -> None:
    """QJ-CLM-05"""
    had = [
        Use(person_id="p1", programme="upskilling", on=date(2020, 2, number), occupation="welder", level=str(number))
        for number in (2, 3, 4)
    ]
    scene = quanjiao("upskilling", certificates=[certified("p1")])
    assert total(scene.judged(INSURANCE, past=had, beside=True)) == 1_000_00


@pytest.mark.parametrize(("level", "paid"), [("2", True), ("1", True), ("3", False), ("4", False)])
def test_who_paid_for_becoming_a_technician_is_paid_for_the_two_steps_there_are(level: str, paid: bool) -> None:
    """QJ-CLM-06"""
    scene = quanjiao("self_paid_technician", level=level, certificates=[certified("p1", level=level)])
    found = scene.judged(rate(QUANJIAO, "self_paid_technician", 3500))
    assert (total(found), payees(found)) == ((3_500_00, {"learner"}) if paid else (0, set()))
    if paid:
        assert against(scene.judged()) == [("RATE_MISSING", "QJ-CLM-14")]


def test_months_of_work_bring_the_stated_amount_for_six_at_most() -> None:
    """QJ-CLM-07: 4, 6 and 7 months."""
    worked = [*months("p1", 4), *months("p2", 6), *months("p3", 7)]
    found = quanjiao("work_for_training", "poor_worker", 3, kind="work_for_training", months=worked).judged()
    assert (total(found), payees(found)) == (3_200_00, {"enterprise"})


@pytest.mark.parametrize("group", ["poor_worker", "employment_difficult", "zero_employment_family", "employee"])
@pytest.mark.parametrize("hirer", ["insured_enterprise", "enterprise", "cooperative", "workshop", "other_business"])
def test_who_hires_whom_must_be_one_of_the_two_branches(group: str, hirer: str) -> None:
    """QJ-CLM-07"""
    found = quanjiao(
        "work_for_training",
        group,
        kind="work_for_training",
        months=months("p1", 1),
        attributes={"hirer": hirer},
    ).judged()
    either = group == "poor_worker" or (group != "employee" and hirer == "insured_enterprise")
    assert total(found) == (200_00 if either else 0)


def test_a_month_that_was_not_worked_whole_brings_nothing() -> None:
    """QJ-CLM-07"""
    scene = quanjiao("work_for_training", "poor_worker", kind="work_for_training")
    assert against(replace(scene, months=months("p1", 3, full=False)).judged()) == [("MONTHS_MISSING", "QJ-CLM-07")]
    assert against(scene.judged()) == [("MONTHS_MISSING", "QJ-CLM-07")]


def test_somebody_of_both_branches_is_paid_for_one_spell() -> None:
    """QJ-CLM-07"""
    found = quanjiao(
        "work_for_training",
        ("poor_worker", "employment_difficult"),
        kind="work_for_training",
        months=months("p1", 7),
        attributes={"hirer": "insured_enterprise", "employer_credit_code": "e1"},
    ).judged()
    assert (total(found), against(found)) == (1_200_00, [])
    assert len(found.lines) == 1


def test_two_employers_are_two_spells_of_six_months_each() -> None:
    """QJ-CLM-07: the limit is per person and employer."""
    first = [replace(month, employer="e1") for month in months("p1", 7)]
    second = [replace(month, employer="e2") for month in months("p1", 9)[7:]]
    found = quanjiao("work_for_training", "poor_worker", kind="work_for_training", months=[*second, *first]).judged()
    assert (total(found), against(found)) == ((6 + 2) * 200_00, [])


def test_safety_training_brings_its_rate_to_who_came_three_days_and_was_not_paid_this_year() -> None:
    """QJ-CLM-09: 70 of 80 with three days, 5 of them paid this year."""
    days = {f"p{number}": 3 if number <= 70 else 2 for number in range(1, 81)}
    had = [
        Use(person_id=f"p{number}", programme="safety", on=date(2020, 1, 2), occupation="welder")
        for number in range(1, 6)
    ]
    scene = quanjiao("safety", heads=80, kind="safety", certificates=passed(80), days=days)
    found = scene.judged(past=had)
    assert (total(found), payees(found)) == (19_500_00, {"enterprise"})
    assert against(found) == [("CAP_REACHED", "QJ-CLM-09")] * 5 + [("DAYS_TOO_FEW", "QJ-CLM-09")] * 10


@pytest.mark.parametrize(("issued", "paid"), [(date(2020, 12, 31), False), (date(2021, 1, 1), True)])
def test_the_year_of_safety_training_is_that_of_passing(issued: date, paid: bool) -> None:
    """QJ-CLM-09, QJ-CLM-12: the same occupation is paid again every year."""
    had = [Use(person_id="p1", programme="safety", on=date(2020, 3, 1), occupation="welder")]
    scene = quanjiao("safety", kind="safety", certificates=[certified("p1", "completion", issued=issued)], days=3)
    assert total(scene.judged(past=had)) == (300_00 if paid else 0)


def test_safety_training_pays_the_enterprise_unless_a_person_decided_for_the_unit_that_trains() -> None:
    """QJ-CLM-09: nobody is asked; a decision for somebody speaks of them alone."""
    scene = quanjiao("safety", heads=2, kind="safety", certificates=passed(2, "completion"), days=3)
    assert (payees(scene.judged()), scene.judged().open_questions) == ({"enterprise"}, ())
    decided = scene.judged(decisions=[accepted("QJ-CLM-09", "p1")])
    assert [line.paid_to.payee for line in decided.lines if line.paid_to] == ["institution", "enterprise"]
    assert total(decided) == 600_00
    refused = scene.judged(decisions=[accepted("QJ-CLM-09", "p1", "p2", accept=False)])
    assert payees(refused) == {"enterprise"}


def test_the_allowance_follows_the_days_present_and_goes_to_the_learner() -> None:
    """QJ-CLM-10: 20, 20 and 18 days."""
    scene = quanjiao(
        "free_group_training", "school_leaver", 3, certificates=passed(3), days={"p1": 20, "p2": 20, "p3": 18}
    )
    found = scene.judged(rate(QUANJIAO, "free_group_training", 1), decisions=[accepted("QJ-CLM-14", "p1", "p2", "p3")])
    allowance = [line for line in found.lines if line.programme == "living_allowance"]
    assert sum(line.amount_fen for line in allowance) == 2_900_00
    assert {line.paid_to.payee for line in allowance if line.paid_to} == {"learner"}


@pytest.mark.parametrize(
    ("group", "fen"),
    [("employment_difficult", 90 * 50_00), ("zero_employment_family", 90 * 50_00), ("poor_worker", 0), ("veteran", 0)],
)
def test_the_allowance_is_for_three_groups_and_has_no_cap(group: str, fen: int) -> None:
    """QJ-CLM-10"""
    scene = quanjiao("free_group_training", group, certificates=passed(1), days=90)
    found = scene.judged(rate(QUANJIAO, "free_group_training", 0), decisions=[accepted("QJ-CLM-14", "p1")])
    assert total(found) == fen


@pytest.mark.parametrize(("days", "shown"), [(60, []), (61, ["DAYS_MANY"])])
def test_more_than_sixty_days_of_allowance_are_shown_to_the_reviewer_and_paid(days: int, shown: list[str]) -> None:
    """QJ-CLM-10: the text sets no maximum; somebody looks at who comes for longer."""
    scene = quanjiao("free_group_training", "school_leaver", 2, certificates=passed(2), days={"p1": days, "p2": 3})
    found = scene.judged(rate(QUANJIAO, "free_group_training", 0), decisions=[accepted("QJ-CLM-14", "p1", "p2")])
    assert total(found) == (days + 3) * 50_00
    flags = [flag for flag in found.flags if flag.rule == "QJ-CLM-10"]
    assert ([flag.code for flag in flags], found.open_questions) == (shown, ())
    assert all("有 1 名学员" in flag.message for flag in flags)


def test_free_groups_have_a_rate_and_a_payee_of_their_own() -> None:
    """QJ-CLM-14"""
    scene = quanjiao("free_group_training", "veteran", 30, certificates=passed(30))
    row = rate(QUANJIAO, "free_group_training", 1000)
    others = (rate(QUANJIAO, "pre_job", 1200), rate(QUANJIAO, "upskilling", 1500, number=2))
    everybody = [f"p{number}" for number in range(1, 31)]
    to_institution = [accepted("QJ-CLM-14", *everybody)]
    refused = scene.judged(row, decisions=[accepted("QJ-CLM-14", *everybody, accept=False)])
    assert (total(refused), set(against(refused))) == (0, {("PAYEE_REFUSED", "QJ-CLM-14")})
    assert refused.open_questions == ()
    assert against(scene.judged(*others, decisions=to_institution)) == [("RATE_MISSING", "QJ-CLM-14")]
    assert {code for code, _ in against(scene.judged(row))} == {"PAYEE_UNDECIDED"}
    found = scene.judged(row, decisions=to_institution)
    assert (total(found), payees(found)) == (30_000_00, {"institution"})


@pytest.mark.parametrize(("programme", "group"), [("poverty_relief", "poor_worker"), ("graduate_training", "graduate")])
def test_what_follows_the_policies_in_force_is_paid_by_a_row_of_its_own(programme: str, group: str) -> None:
    """QJ-ENR-08: 30 graduates, without a row RATE_MISSING, with one of 1,000 it is 30,000; the payee is decided."""
    scene = quanjiao(programme, group, 30, certificates=passed(30))
    others = (rate(QUANJIAO, "free_group_training", 1000), rate(QUANJIAO, "pre_job", 1200, number=2))
    decided = [accepted("QJ-ENR-08", *scene.groups)]
    assert against(scene.judged(*others, decisions=decided)) == [("RATE_MISSING", "QJ-CLM-14")]
    found = scene.judged(rate(QUANJIAO, programme, 1000), decisions=decided)
    assert (total(found), payees(found)) == (30_000_00, {"institution"})
    assert {code for code, _ in against(scene.judged(rate(QUANJIAO, programme, 1000)))} == {"PAYEE_UNDECIDED"}
    veteran = quanjiao(programme, "veteran", certificates=passed(1)).judged(rate(QUANJIAO, programme, 1000))
    assert against(veteran) == [("GROUP_NOT_ELIGIBLE", "QJ-ENR-08")]


@pytest.mark.parametrize("programme", ["poverty_relief", "graduate_training"])
def test_what_follows_the_policies_in_force_is_one_of_the_three_a_year(programme: str) -> None:
    """QJ-CLM-11, QJ-CLM-12: training subsidies of all kinds."""
    had = [
        Use(person_id="p1", programme=programme, on=date(2020, 2, 3), occupation=trade, level="4")
        for trade in ("cook", "fitter", "welder")
    ]
    scene = quanjiao("upskilling", certificates=[certified("p1")])
    assert total(scene.judged(past=had[:2])) == 1_500_00
    assert against(scene.judged(past=had[2:])) == [("CAP_REACHED", "QJ-CLM-12")]
    assert ("CAP_REACHED", "QJ-CLM-11") in against(scene.judged(past=had))


@pytest.mark.parametrize("group", ["other", "zero_employment_family"])
def test_whom_a_person_took_into_free_training_brings_the_institution_the_same(group: str) -> None:
    """QJ-CLM-14, QJ-ENR-06: the list is open; enrollment lets nobody in whom nobody decided on."""
    scene = quanjiao("free_group_training", group, certificates=passed(1))
    found = scene.judged(rate(QUANJIAO, "free_group_training", 1000), decisions=[accepted("QJ-CLM-14", "p1")])
    assert line_of(found, programme="free_group_training").amount_fen == 1_000_00


def test_every_type_of_training_in_quanjiao_is_paid_for_something() -> None:
    """QJ-ENR-08, QJ-CLM-01..-14: no class is applied for that nobody could claim; appraisals are free."""
    book = book_of(QUANJIAO)
    types, evidence = book.enrollment.programmes, book.payment.evidence
    assert types is not None
    assert evidence is not None
    for one in types.types:
        earned = any(each.is_earned_by(one.programme, one.class_kind) for each in book.payment.benefits)
        assert earned == (evidence.of(one.programme) is not None) == (one.code != "first_appraisal"), one.code
