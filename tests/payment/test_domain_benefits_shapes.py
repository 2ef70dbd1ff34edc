"""Properties of every shape of benefit, over classes nobody thought of: person, certificate, month, day, year, part."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.advance import judge_advance
from services.payment.domain.caps import Use
from services.payment.domain.deciding import assess
from services.payment.domain.facts import Known
from services.payment.domain.subsidy import Assessment, amounts
from tests.payment.sample import accepted, rulebook, training_completed
from tests.payment.scene import (
    HEBEI,
    HULUDAO,
    LINSHU,
    QUANJIAO,
    Scene,
    alike,
    book_of,
    certified,
    months,
    rate,
    spell,
    table,
    total,
)

FEN = st.integers(1, 1_000_000)
HEADS = st.integers(1, 12)
PASSED: Final = date(2024, 5, 20)
MEASURED: Final = replace(accepted("LS-CLM-05"), valid_from=date(2021, 1, 15))


def row(region: str, programme: str, fen: int, **keys):  # type: ignore[no-untyped-def]
    return replace(rate(region, programme, 0, **keys), amount_fen=fen)


def due(found: Assessment) -> dict[tuple[str | None, str], int]:
    """Give what everybody is due, by person and programme: line numbers follow the roster."""
    return {(line.person_id, line.programme): line.amount_fen for line in found.lines}


def parts_are_the_whole(found: Assessment) -> bool:
    """Say whether lines are what their awards add up to, whole fen and never negative, and the sum is what is paid."""
    people = [line for line in found.lines if line.person_id is not None]
    paid = amounts(people, base=found.base, recognised=found.recognised, withheld=frozenset(), held=found.held)
    return (
        all(type(line.amount_fen) is int and line.amount_fen >= 0 for line in people)
        and all(
            line.amount_fen == sum(award.amount_fen for award in line.awards if not award.findings) for line in people
        )
        and sum(paid.values()) == total(found)
    )


@given(HEADS, st.integers(0, 12), FEN)
def test_a_person_brings_the_rate_and_one_more_who_passed_brings_one_more(heads: int, passed: int, fen: int) -> None:
    """QJ-CLM-14, LS-CLM-08"""
    scene = Scene(region=LINSHU, programme="training", groups=alike(heads, "employee"))
    certificates = [certified(f"p{number}", "completion") for number in range(1, passed + 1)]
    found = replace(scene, certificates=certificates).judged(row(LINSHU, "training", fen))
    assert total(found) == min(heads, passed) * fen
    assert parts_are_the_whole(found)


LEVELS = st.lists(st.sampled_from(["5", "4", "3", "2", "1", None]), max_size=12)


@given(LEVELS)
def test_certificates_bring_their_own_stated_rates_whoever_holds_them(levels: list[str | None]) -> None:
    """HL-CLM-03, QJ-CLM-03"""
    stated = {
        HULUDAO: {"5": 1500, "4": 2000, "3": 2500, "2": 3500, "1": 5000},
        QUANJIAO: {"4": 1500, "3": 2000, "2": 3500, "1": 5000},
    }
    for region, yuan in stated.items():
        certificates = [certified(f"p{number}", level=level) for number, level in enumerate(levels, 1) if level]
        scene = Scene(
            region=region,
            programme="upskilling",
            groups=alike(12, "employee"),
            level=None,
            certificates=certificates,
            attributes={"funder": "learner"},
        )
        found = scene.judged()
        assert total(found) == sum(yuan.get(level or "", 0) for level in levels) * 100
        assert parts_are_the_whole(found)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), FEN, st.integers(0, 12))
def test_months_bring_the_rate_each_up_to_the_units_and_one_more_never_less(
    worked: list[int], fen: int, more: int
) -> None:
    """HL-CLM-08, LS-CLM-07"""
    for region, programme, group, units in (
        (HULUDAO, "work_for_training_poor", "poor_worker", 6),
        (LINSHU, "work_for_training", "employment_difficult", 99),
    ):
        scene = Scene(region=region, programme=programme, kind="work_for_training", groups=alike(len(worked), group))
        had = [each for number, count in enumerate(worked, 1) for each in months(f"p{number}", count)]
        found = replace(scene, months=had).judged(row(region, programme, fen))
        assert total(found) == sum(min(count, units) for count in worked) * fen
        assert parts_are_the_whole(found)
        longer = [*had, *months("p1", worked[0] + more)[worked[0] :]]
        assert total(replace(scene, months=longer).judged(row(region, programme, fen))) >= total(found)
        assert due(replace(scene, months=had[::-1]).judged(row(region, programme, fen))) == due(found)


@given(st.lists(st.integers(1, 999_999), min_size=1, max_size=9))
def test_a_wage_of_each_month_is_added_up_for_the_first_six(wages: list[int]) -> None:
    """HL-CLM-07"""
    worked = [replace(month, standard_fen=fen) for month, fen in zip(months("p1", len(wages)), wages, strict=True)]
    scene = Scene(
        region=HULUDAO,
        programme="work_for_training",
        kind="work_for_training",
        groups=alike(1, "employment_difficult"),
        months=worked,
    )
    assert total(scene.judged()) == sum(wages[:6])


@given(st.integers(0, 40), FEN, st.sampled_from([("month", 30), ("year", 365), ("day", 1)]))
def test_days_bring_their_part_of_the_standard_floored_once_and_one_more_never_less(
    days: int,
    fen: int,
    unit,  # type: ignore[no-untyped-def]
) -> None:
    """LS-CLM-03, HL-CLM-09"""
    name, divisor = unit
    for region, programme, kind, group, cap in (
        (LINSHU, "training", "project", "poor_worker", 30),
        (HULUDAO, "poverty_relief", "project", "poor_worker", 99),
    ):
        rows = (row(region, programme, 1), row(region, "living_allowance", fen, number=2, unit=name))
        scene = Scene(region=region, programme=programme, kind=kind, groups=alike(1, group), days=days)  # type: ignore[arg-type]
        found = scene.judged(*rows)
        counted = min(days, cap)
        assert total(found) == fen * counted // divisor
        assert Fraction(total(found)) <= Fraction(fen, divisor) * counted < total(found) + 1
        assert total(replace(scene, days=days + 1).judged(*rows)) >= total(found)


@given(st.integers(0, 71), FEN)
def test_an_apprenticeship_is_paid_by_whole_years_and_a_longer_one_never_less(agreed: int, fen: int) -> None:
    """LS-CLM-06, HL-CLM-05"""

    def of(months_agreed: int) -> int:
        scene = Scene(
            region=LINSHU,
            programme="apprenticeship",
            kind="apprenticeship",
            groups=alike(1, "employee"),
            certificates=[certified("p1", "completion")],
            attributes={"agreed_months": str(months_agreed)},
        )
        return total(scene.judged(row(LINSHU, "apprenticeship", fen)))

    assert of(agreed) == agreed // 12 * fen
    assert of(agreed) <= of(agreed + 1)


KINDS = st.sampled_from(["level", "qualification", "special_ability", "completion"])
LATENESS = st.none() | st.integers(-30, 150)


@given(st.lists(st.tuples(KINDS, LATENESS, st.sampled_from(["graduate", "employee"])), min_size=1, max_size=8), FEN)
def test_a_part_is_floored_once_for_each_person_and_work_never_lowers_it(people, fen: int) -> None:  # type: ignore[no-untyped-def]
    """HB-CLM-03, HB-CLM-04, HB-CLM-05, HB-CLM-16"""
    last = (date(2024, 8, 20) - PASSED).days
    expected = []
    for kind, late, group in people:
        whole = group == "employee" or (late is not None and 0 <= late <= last)
        expected.append(fen * (100 if whole else 50 if kind == "completion" else 80) // 100)
    numbered = [(f"p{number}", *told) for number, told in enumerate(people, start=1)]
    scene = Scene(
        region=HEBEI,
        programme="training",
        groups={person: group for person, _, _, group in numbered},
        certificates=[certified(person, kind, issued=PASSED) for person, kind, _, _ in numbered],
        spells=[spell(person, PASSED + timedelta(late)) for person, _, late, _ in numbered if late is not None],
    )
    found = scene.judged(row(HEBEI, "training", fen))
    assert [line.amount_fen for line in found.lines] == expected
    assert max(expected) <= fen
    assert parts_are_the_whole(found)
    nobody = replace(scene, spells=()).judged(row(HEBEI, "training", fen))
    assert all(due(nobody)[key] <= paid for key, paid in due(found).items())


@given(HEADS, st.integers(0, 12), FEN, FEN)
def test_what_is_held_back_and_what_is_paid_are_the_whole_and_more_who_work_never_lower_it(
    heads: int, working: int, fen: int, allowance: int
) -> None:
    """LS-CLM-05"""
    rows = (row(LINSHU, "training", fen), row(LINSHU, "living_allowance", allowance, number=2, unit="day"))

    def of(employed: int) -> Assessment:
        jobs = [spell(f"p{number}", date(2020, 12, 1)) for number in range(1, employed + 1)]
        return Scene(
            region=LINSHU,
            programme="training",
            kind="project",
            groups=alike(heads, "poor_worker"),
            certificates=[certified(f"p{number}", "completion") for number in range(1, heads + 1)],
            spells=jobs,
        ).judged(*rows, decisions=[MEASURED])

    found = of(working)
    enough = min(working, heads) * 100 >= 85 * heads
    assert total(found) == (heads * fen if enough else heads * fen * 60 // 100) + heads * allowance
    assert total(found) <= total(of(working + 1))
    assert parts_are_the_whole(found)


@given(st.integers(0, 300_000_00), st.integers(1, 100), FEN)
def test_an_advance_is_let_through_exactly_up_to_its_part_of_what_is_expected(asked: int, heads: int, fen: int) -> None:
    """HL-PAY-02, LS-PAY-01"""
    for region, programme, percent, rule in (
        (HULUDAO, "free_group_training", 50, "HL-PAY-02"),
        (LINSHU, "training", 60, "LS-PAY-01"),
    ):
        scene = Scene(region=region, programme=programme, kind="project", groups=alike(heads, "veteran"))
        found = judge_advance(
            asked,
            scene.opened,
            rulebook=book_of(region),
            rates=table(region, row(region, programme, fen)),
            decisions=[accepted(rule)],
        )
        assert (found is None) is (asked * 100 <= fen * heads * percent)


@given(st.permutations(range(6)), st.data())
def test_the_order_of_people_and_of_facts_changes_nobodys_amount(order: Sequence[int], data: st.DataObject) -> None:
    """HB-CLM-03, HB-CLM-08, QJ-CLM-10"""
    people = [(f"p{number}", ("graduate", "employee")[number % 2]) for number in range(6)]
    kinds = ("level", "completion", "special_ability")
    certificates = [
        certified(person, kinds[number % 3], issued=PASSED) for number, (person, _) in enumerate(people[:5])
    ]
    jobs = [spell(person, PASSED + timedelta(40 * number)) for number, (person, _) in enumerate(people)]
    scene = Scene(region=HEBEI, programme="training", groups=dict(people), certificates=certificates, spells=jobs)
    shuffled = replace(
        scene,
        groups=dict(people[number] for number in order),
        certificates=data.draw(st.permutations(certificates)),
        spells=data.draw(st.permutations(jobs)),
    )
    rows = (row(HEBEI, "training", 999_99),)
    assert due(scene.judged(*rows)) == due(shuffled.judged(*rows))


CERTIFICATES = st.lists(
    st.tuples(st.sampled_from(["welder"]), st.sampled_from(["5", "4", "3", "2", "1"]), st.integers(0, 700)),
    max_size=6,
    unique_by=lambda each: each[1],
)
HAD = st.lists(
    st.tuples(st.sampled_from(["welder", "fitter"]), st.sampled_from(["5", "4"]), st.integers(0, 700)), max_size=4
)


@given(CERTIFICATES, HAD, st.randoms(use_true_random=False))
def test_caps_are_never_gone_beyond_and_the_earliest_day_goes_first_whatever_arrives_first(
    certificates, had, random
) -> None:  # type: ignore[no-untyped-def]
    """HL-CLM-01, HL-CLM-02"""
    first = date(2020, 3, 22)
    issued = [certified("p1", level=level, issued=first + timedelta(days)) for _, level, days in certificates]
    past = [
        Use(person_id="p1", programme="upskilling", on=first + timedelta(days), occupation=occupation, level=level)
        for occupation, level, days in had
    ]
    scene = Scene(region=HULUDAO, programme="upskilling", groups=alike(1, "employee"), level=None, certificates=issued)
    found = scene.judged(past=past)
    random.shuffle(issued)
    random.shuffle(past)
    again = replace(scene, certificates=issued).judged(past=past)
    assert due(found) == due(again)

    awards = [award for line in found.lines for award in line.awards]
    paid = [award.use for award in awards if not award.findings]
    for year in {use.on.year for use in paid}:
        of_year = [use for use in past if use.on.year == year]
        new = sum(use.on.year == year for use in paid)
        assert new <= max(3 - len(of_year), 0)
    known = {(use.occupation, use.level) for use in past}
    assert not known & {(use.occupation, use.level) for use in paid}
    for award in awards:
        if any(finding.rule == "HL-CLM-01" for finding in award.findings):
            year = award.use.on.year
            assert all(use.on <= award.use.on for use in paid if use.on.year == year)


def test_a_cut_under_two_benefits_counts_heads_and_stands_after_the_last_line() -> None:
    """JY-CLM-10, as a county might have it whose classes also pay an allowance: of 3 heads 2 are paid."""
    jiyuan, book = rulebook().payment, book_of(QUANJIAO)
    names = ("headcount", "attendance_base", "attendance_average")
    cutting = replace(book, payment=replace(book.payment, **{name: getattr(jiyuan, name) for name in names}))
    scene = Scene(
        region=QUANJIAO,
        programme="free_group_training",
        groups={"p1": "veteran", "p2": "veteran", "p3": "school_leaver"},
        certificates=[certified(person) for person in ("p1", "p2", "p3")],
        days=2,
    )
    training = Known(event_id="e-training", fact=training_completed(opening=3, spot=(2, 2)))
    facts = replace(scene.facts, training=training)
    assert facts.opened is not None
    found = assess(
        facts,
        facts.opened,
        rulebook=cutting,
        rates=table(QUANJIAO, rate(QUANJIAO, "free_group_training", 1000)),
        decisions=[accepted("QJ-CLM-14", "p1", "p2", "p3")],
        entitled=frozenset(),
    )
    assert (found.base, found.recognised, total(found)) == (2, 3, 310_000 * 2 // 3)
    assert [(line.line_no, line.person_id) for line in found.lines[-2:]] == [(6, "p3"), (7, None)]
