"""Properties of the money arithmetic, over classes nobody thought of."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.subsidy import Line, amounts
from tests.payment.sample import assessed, certificate, class_facts, people, rate


def lines(*fen: int) -> list[Line]:
    """Give recognised lines at these rates."""
    return [
        Line(line_no=number, programme="training", amount_fen=rate, recognised=True, person_id=f"p{number}")
        for number, rate in enumerate(fen, start=1)
    ]


RATES = st.lists(st.integers(min_value=1, max_value=1_000_000), min_size=1, max_size=40)
HEADS = st.integers(min_value=0, max_value=60)


@st.composite
def classes(draw: st.DrawFn) -> tuple[list[int], int, frozenset[int]]:
    """Give rates, a base and the line numbers that are withheld."""
    fen = draw(RATES)
    return fen, draw(HEADS), frozenset(draw(st.sets(st.integers(1, len(fen)))))


@given(classes())
def test_the_parts_sum_to_the_whole_and_the_cut_is_never_positive(case: tuple[list[int], int, frozenset[int]]) -> None:
    fen, base, withheld = case
    due = amounts(lines(*fen), base=base, recognised=len(fen), withheld=withheld)

    left = sum(rate for number, rate in enumerate(fen, start=1) if number not in withheld)
    counted = min(base, len(fen))
    assert sum(due.values()) == left * counted // len(fen)
    assert due.get(len(fen) + 1, -1) < 0
    assert all(due[number] == fen[number - 1] for number in due if number <= len(fen))


@given(classes())
def test_never_more_than_the_highest_rate_for_every_head_that_counts(
    case: tuple[list[int], int, frozenset[int]],
) -> None:
    fen, base, withheld = case
    due = amounts(lines(*fen), base=base, recognised=len(fen), withheld=withheld)

    assert 0 <= sum(due.values()) <= max(fen) * min(base, len(fen))
    assert not withheld & set(due)


@given(st.integers(1, 1_000_000), st.integers(1, 40), HEADS)
def test_one_more_person_at_the_same_rate_never_lowers_the_sum(fen: int, heads: int, base: int) -> None:
    fewer = amounts(lines(*[fen] * heads), base=base, recognised=heads, withheld=frozenset())
    more = amounts(lines(*[fen] * (heads + 1)), base=base, recognised=heads + 1, withheld=frozenset())

    assert sum(more.values()) >= sum(fewer.values())


@given(classes(), st.integers(0, 5))
def test_one_more_head_in_the_base_never_lowers_the_sum(
    case: tuple[list[int], int, frozenset[int]], extra: int
) -> None:
    fen, base, withheld = case
    less = amounts(lines(*fen), base=base, recognised=len(fen), withheld=withheld)
    more = amounts(lines(*fen), base=base + extra, recognised=len(fen), withheld=withheld)

    assert sum(more.values()) >= sum(less.values())


@given(classes())
def test_a_frozen_line_leaves_the_sum_but_neither_base_nor_recognised(
    case: tuple[list[int], int, frozenset[int]],
) -> None:
    fen, base, withheld = case
    whole = amounts(lines(*fen), base=base, recognised=len(fen), withheld=frozenset())
    frozen = amounts(lines(*fen), base=base, recognised=len(fen), withheld=withheld)

    assert sum(frozen.values()) <= sum(whole.values())
    assert {number: frozen[number] for number in frozen if number <= len(fen)} == {
        number: whole[number] for number in whole if number <= len(fen) and number not in withheld
    }


@given(st.permutations(people(1, 12)), st.lists(st.integers(6, 12), max_size=3))
def test_the_order_of_people_on_the_roster_changes_nobodys_amount(roster: Sequence[str], spot: list[int]) -> None:
    certificates = [
        certificate(person, "level" if number % 3 else "special_ability") for number, person in enumerate(people(1, 10))
    ]
    rows = (rate(1500), rate(801, number=2, certificate_kind="special_ability"))
    by_number = class_facts(roster=people(1, 12), certificates=certificates, spot=spot)
    shuffled = class_facts(roster=roster, certificates=certificates[::-1], spot=spot)

    first, second = assessed(by_number, *rows), assessed(shuffled, *rows)

    assert {line.person_id: replace(line, line_no=0, evidence=()) for line in first.lines} == {
        line.person_id: replace(line, line_no=0, evidence=()) for line in second.lines
    }
