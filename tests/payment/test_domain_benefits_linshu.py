"""What Linshu's document of 2020 pays: county rates, the allowance of the poor, what waits until people work."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.caps import Use
from services.payment.domain.claimed_part import for_payee, narrowed
from services.payment.domain.decision import Decision
from services.payment.domain.facts import Known
from services.payment.domain.release import hold_back
from services.payment.domain.subsidy import Assessment
from shared.contracts.enrollment import TraineeWithdrawn
from tests.payment.sample import accepted
from tests.payment.scene import (
    LINSHU,
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
    spell,
    total,
)

MEASURED = date(2021, 1, 15)
ON_THE_DAY = replace(accepted("LS-CLM-05"), valid_from=MEASURED)
TRAINING = rate(LINSHU, "training", 1500)
ALLOWANCE = rate(LINSHU, "living_allowance", 600, unit="month", number=2)


def linshu(programme: str = "training", group: str | tuple[str, ...] = "employee", heads: int = 1, **told) -> Scene:  # type: ignore[no-untyped-def]
    told = {"certificates": [certified(f"p{number}", "completion") for number in range(1, heads + 1)]} | told
    return Scene(region=LINSHU, programme=programme, groups=alike(heads, group), **told)


def project(heads: int, working: int, group: str = "school_leaver", days: int = 1) -> Scene:
    jobs = [spell(f"p{number}", date(2020, 12, 1)) for number in range(1, working + 1)]
    return linshu(group=group, heads=heads, kind="project", spells=jobs, days=days)


def flags(found: Assessment) -> set[tuple[str, str]]:
    return {(flag.code, flag.rule) for flag in found.flags}


def test_every_rate_is_the_countys_and_a_missing_one_is_never_zero() -> None:
    """LS-CLM-08"""
    scene = linshu(heads=30)
    assert against(scene.judged()) == [("RATE_MISSING", "LS-CLM-08")]
    assert total(scene.judged(rate(LINSHU, "training", 1000))) == 30_000_00


def test_an_ordinary_class_is_paid_whole_to_whoever_claims_for_it() -> None:
    """LS-CLM-05, LS-PAY-04: what is held and who is named stand for project classes."""
    found = linshu(heads=3).judged(TRAINING)
    assert (total(found), payees(found), found.held, flags(found)) == (4_500_00, {None}, None, set())


@pytest.mark.parametrize(
    ("present", "unit", "yuan", "fen"),
    [
        (29, "month", 600, 580_00),
        (30, "month", 600, 600_00),
        (31, "month", 600, 600_00),
        (12, "month", 600, 240_00),
        (30, "year", 7300, 600_00),
        (30, "day", 20, 600_00),
        (1, "month", 500, 16_66),
        (2, "month", 500, 33_33),
        (30, "month", 500, 500_00),
    ],
)
@pytest.mark.parametrize("group", ["poor_worker", "poor_family_child"])
def test_the_allowance_of_the_poor_is_for_thirty_days_at_most_and_floored_once(
    group: str,
    present: int,
    unit,  # type: ignore[no-untyped-def]
    yuan: int,
    fen: int,
) -> None:
    """LS-CLM-03"""
    row = rate(LINSHU, "living_allowance", yuan, unit=unit, number=2)
    found = linshu(group=group, kind="project", days=present).judged(TRAINING, row)
    assert line_of(found, programme="living_allowance").amount_fen == fen


def test_the_allowance_is_for_the_poor_in_project_classes_alone() -> None:
    """LS-CLM-03"""
    others = linshu(group="employment_difficult", kind="project", days=30).judged(TRAINING, ALLOWANCE)
    ordinary = linshu(group="poor_worker", days=30).judged(TRAINING, ALLOWANCE)
    assert [line.programme for line in (*others.lines, *ordinary.lines) if line.person_id] == ["training"] * 2


def test_a_project_class_is_paid_to_the_institution_the_allowance_too() -> None:
    """LS-PAY-04"""
    found = linshu(group="poor_worker", kind="project", heads=20, days=30).judged(TRAINING, ALLOWANCE)
    assert payees(found) == {"institution"}
    assert sum(line.amount_fen for line in found.lines if line.programme == "living_allowance") == 12_000_00


def test_a_learner_of_a_project_class_gets_no_allowance_that_the_institution_advanced() -> None:
    """LS-PAY-04"""
    found = linshu(group="poor_worker", kind="project", days=30).judged(TRAINING, ALLOWANCE)
    mine = for_payee(found, "learner", book_of(LINSHU))
    assert (total(mine), set(against(mine))) == (0, {("PAYEE_IS_ANOTHER", "LS-PAY-04")})
    assert total(for_payee(found, "institution", book_of(LINSHU))) == 900_00 + 600_00


@pytest.mark.parametrize(("working", "fen"), [(90, 95_400_00), (91, 159_000_00), (0, 95_400_00), (106, 159_000_00)])
def test_three_fifths_are_paid_until_at_least_eighty_five_in_a_hundred_work(working: int, fen: int) -> None:
    """LS-CLM-05: 90 of 106 are 84.9 percent, which are never 85."""
    found = project(106, working).judged(TRAINING, decisions=[ON_THE_DAY])
    assert total(found) == fen
    assert flags(found) == (set() if fen == 159_000_00 else {("EMPLOYMENT_NOT_MET", "LS-CLM-05")})


@pytest.mark.parametrize(
    ("heads", "working", "whole"), [(20, 17, True), (20, 16, False), (100, 85, True), (7, 6, True)]
)
def test_exactly_eighty_five_in_a_hundred_are_enough(heads: int, working: int, whole: bool) -> None:
    """LS-CLM-05"""
    found = project(heads, working).judged(TRAINING, decisions=[ON_THE_DAY])
    assert total(found) == heads * 1_500_00 * (100 if whole else 60) // 100


@pytest.mark.parametrize(("left", "whole"), [("p20", True), ("p1", False)])
def test_who_left_the_class_is_not_one_of_the_trained(left: str, whole: bool) -> None:
    """LS-CLM-05: of 20 work 17, the first ones; 17 of 19 are enough, and 16 of 19 are not."""
    scene = project(20, 17)
    gone = TraineeWithdrawn(class_id="class-1", person_id=left, on=scene.opens, reason="本人申请")
    facts = replace(scene.facts, withdrawn=(Known(event_id="e-withdrawn", fact=gone),))
    holding = hold_back(facts, scene.opened, book_of(LINSHU), [ON_THE_DAY])
    assert holding is not None
    assert (holding.held is None) == whole


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        (MEASURED, None, True),
        (date(2021, 1, 16), None, False),
        (date(2020, 10, 1), MEASURED, True),
        (date(2020, 10, 1), date(2021, 1, 14), False),
    ],
)
def test_who_works_is_seen_on_the_day_that_was_set(start: date, end: date | None, whole: bool) -> None:
    """LS-CLM-05"""
    scene = replace(project(1, 0), spells=[spell("p1", start, end)])
    assert total(scene.judged(TRAINING, decisions=[ON_THE_DAY])) == (1_500_00 if whole else 900_00)


@pytest.mark.parametrize("decision", [None, accepted("LS-CLM-05"), replace(ON_THE_DAY, accepted=False)])
def test_until_a_day_is_set_the_rest_waits_whoever_works(decision: Decision | None) -> None:
    """LS-CLM-05"""
    found = project(10, 10).judged(TRAINING, decisions=[decision] if decision else [])
    assert (total(found), flags(found)) == (9_000_00, {("EMPLOYMENT_NOT_MEASURED", "LS-CLM-05")})


def test_two_jobs_of_one_person_and_jobs_of_others_are_no_second_head() -> None:
    """LS-CLM-05"""
    jobs = [spell("p1", date(2020, 12, 1)), spell("p1", date(2020, 12, 2)), spell("stranger", date(2020, 12, 1))]
    scene = replace(project(2, 0), spells=jobs)
    assert total(scene.judged(TRAINING, decisions=[ON_THE_DAY])) == 1_800_00


def test_nothing_of_the_allowance_is_held_back() -> None:
    """LS-CLM-05, LS-PAY-01: three fifths of 15,000 and the whole 6,000."""
    found = project(10, 0, "poor_worker", days=30).judged(TRAINING, ALLOWANCE, decisions=[ON_THE_DAY])
    assert total(found) == 9_000_00 + 6_000_00
    assert [line.amount_fen for line in found.lines if line.person_id is None] == [-6_000_00]


@pytest.mark.parametrize(("kept", "alone"), [(7, False), (7, True), (1, True)])
def test_a_claim_for_some_of_the_people_holds_back_as_much_of_theirs(kept: int, alone: bool) -> None:
    """LS-CLM-05"""
    groups = alike(10, "employee") | {f"p{number}": "poor_worker" for number in (1, 2, 9)}
    whole = replace(project(10, 0, days=30), groups=groups).judged(TRAINING, ALLOWANCE, decisions=[ON_THE_DAY])
    persons = frozenset(f"p{number}" for number in range(1, kept + 1))
    found = narrowed(whole, persons, alone=alone, rulebook=book_of(LINSHU))
    poor = len(persons & {"p1", "p2", "p9"})
    assert total(found) == kept * 900_00 + poor * 600_00
    (held,) = (line for line in found.lines if line.person_id is None)
    assert held.amount_fen == -kept * 600_00
    assert held.line_no not in {line.line_no for line in found.lines if line is not held}


@pytest.mark.parametrize(("agreed_months", "yuan"), [("12", 5000), ("24", 10_000), ("18", 5000)])
def test_an_apprentice_brings_the_countys_rate_for_each_whole_year(agreed_months: str, yuan: int) -> None:
    """LS-CLM-06"""
    scene = linshu(
        "apprenticeship", kind="apprenticeship", heads=15, attributes={"agreed_months": agreed_months}, level="4"
    )
    assert against(scene.judged()) == [("RATE_MISSING", "LS-CLM-08")]
    assert total(scene.judged(rate(LINSHU, "apprenticeship", 5000))) == 15 * yuan * 100


@pytest.mark.parametrize(
    ("programme", "kind", "rule"),
    [
        ("pre_job", "class", "LS-ENR-01"),
        ("upskilling", "class", "LS-ENR-01"),
        ("job_change", "class", "LS-ENR-01"),
        ("technician", "class", "LS-ENR-16"),
        ("safety", "safety", "LS-ENR-02"),
        ("entrepreneurship", "class", "LS-ENR-15"),
    ],
)
def test_every_type_of_the_text_has_a_rate_of_its_own_in_the_countys_table(
    programme: str, kind: str, rule: str
) -> None:
    """LS-ENR-01, LS-ENR-16: 30 pre-job learners, 12 technicians: without a row RATE_MISSING, else heads times it."""
    scene = linshu(programme, heads=12, kind=kind)
    assert against(scene.judged(TRAINING)) == [("RATE_MISSING", "LS-CLM-08")]
    found = scene.judged(TRAINING, rate(LINSHU, programme, 3000, number=2))
    assert (total(found), found.held) == (36_000_00, None)
    assert {award.benefit.rule for line in found.lines for award in line.awards} == {rule}
    assert total(linshu(programme, heads=30, kind=kind).judged(rate(LINSHU, programme, 1000))) == 30_000_00


def test_every_type_of_training_in_linshu_is_paid_for_something() -> None:
    """LS-ENR-01, LS-ENR-14, LS-ENR-16: no class is applied for that nobody could claim."""
    book = book_of(LINSHU)
    types, evidence = book.enrollment.programmes, book.payment.evidence
    assert types is not None
    assert evidence is not None
    for one in types.types:
        earned = [each for each in book.payment.benefits if each.is_earned_by(one.programme, one.class_kind)]
        assert (one.code, bool(earned), evidence.of(one.programme) is not None) == (one.code, True, True)


def test_training_of_every_type_counts_for_three_a_year() -> None:
    """LS-CLM-01, LS-CLM-02: all kinds of training subsidy, safety too: the document makes no exception for it."""
    scene = linshu("upskilling")
    row = rate(LINSHU, "upskilling", 1000)
    had = [past("training", "cook"), past("safety", "fitter"), past("technician", "turner")]
    assert total(scene.judged(row, past=had[:2])) == 1_000_00
    assert against(scene.judged(row, past=had)) == [("CAP_REACHED", "LS-CLM-01")]
    assert against(scene.judged(row, past=[past("training", "welder")])) == [("CAP_REACHED", "LS-CLM-02")]
    safety = linshu("safety", kind="safety")
    row = rate(LINSHU, "safety", 300)
    assert against(safety.judged(row, past=[past("safety", "welder")])) == [("CAP_REACHED", "LS-CLM-02")]
    assert total(safety.judged(row, past=[past("safety", "blaster")])) == 300_00


def past(programme: str, occupation: str) -> Use:
    return Use(person_id="p1", programme=programme, on=date(2020, 3, 2), occupation=occupation, level=None)


def test_months_and_days_of_the_employment_difficult_have_rates_of_their_own_and_no_cap() -> None:
    """LS-CLM-07"""
    group = "employment_difficult"
    worked = [month for person in ("p1", "p2", "p3") for month in months(person, 9)]
    scene = linshu("work_for_training", group, 3, kind="work_for_training", months=worked)
    assert against(scene.judged(TRAINING)) == [("RATE_MISSING", "LS-CLM-08")]
    assert total(scene.judged(rate(LINSHU, "work_for_training", 100))) == 27 * 100_00
    for kind in ("class", "project"):
        present = linshu("training", group, days=45, kind=kind)
        assert against(present.judged(ALLOWANCE, beside=True)) == [("RATE_MISSING", "LS-CLM-08")]
        row = rate(LINSHU, "living_allowance_difficult", 600, unit="month")
        mine = present.judged(row, beside=True)
        assert (total(mine), payees(mine)) == (900_00, {"learner"})
        assert [line.programme for line in present.judged(TRAINING).lines if line.person_id] == ["training"]
    others = linshu("training", "veteran", days=45).judged(row, beside=True)
    assert against(others) == [("GROUP_NOT_ELIGIBLE", "LS-CLM-07")]


@pytest.mark.parametrize("region", [QUANJIAO, LINSHU])
def test_nothing_is_paid_for_that_no_class_of_the_document_earns(region: str) -> None:
    """QJ-CLM-05, LS-CLM-07: a benefit of a training that nobody can apply for is paid to nobody."""
    types = book_of(region).enrollment.programmes
    assert types is not None
    for benefit in book_of(region).payment.benefits:
        earned = any(benefit.is_earned_by(one.programme, one.class_kind) for one in types.types)
        assert earned, benefit.code
