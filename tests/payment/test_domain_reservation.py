"""Rates, entitlement scopes and answers, budgets."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.budget import Budget, BudgetKey, changes_of, granted
from services.payment.domain.entitlement import ClassFile, answer, scope_of
from services.payment.domain.rates import Wanted
from shared.contracts.enrollment import ReservationRequest, ReservedTrainee
from shared.domain.errors import Refused
from tests.payment.sample import JIYUAN, OPENING, rate, rates, rulebook

WANTED = Wanted(programme="training", occupation="welder", level="4", certificate_kind="level", on=OPENING)


def request(*persons: str, opening: date = OPENING) -> ReservationRequest:
    return ReservationRequest(
        programme="training",
        region=JIYUAN,
        rulebook_id=rulebook().id,
        occupation="welder",
        level="4",
        certificate_kinds=("level",),
        opening_date=opening,
        funding_source="employment_subsidy_fund",
        trainees=tuple(ReservedTrainee(person_id=person, groups=("employee",)) for person in persons),
    )


def test_the_most_specific_rate_counts_and_the_newest_row_of_equal_ones() -> None:
    table = rates(
        rate(100),
        rate(200, number=2, certificate_kind="level"),
        rate(300, number=3, level="4", certificate_kind="level"),
        rate(400, number=4, occupation="welder", certificate_kind="level"),
        rate(500, number=5, occupation="fitter", level="4", certificate_kind="level"),
    )

    found = table.rate(WANTED)
    assert found is not None
    assert found.amount_fen == 400_00
    other = table.rate(replace(WANTED, occupation="electrician"))
    assert other is not None
    assert other.amount_fen == 300_00


@pytest.mark.parametrize(
    ("valid_from", "found"), [(date(2021, 6, 1), True), (date(2021, 6, 2), False), (date(2020, 1, 1), True)]
)
def test_a_rate_counts_from_its_first_day_by_the_opening_date(valid_from: date, found: bool) -> None:
    assert (rates(replace(rate(100), valid_from=valid_from)).rate(WANTED) is not None) is found


def test_the_nearest_region_goes_before_a_more_specific_row_of_its_superior_and_no_neighbour_counts() -> None:
    province = replace(rate(900, occupation="welder"), region="410000")
    neighbour = replace(rate(950, occupation="welder"), region="371329")

    assert rates(province, neighbour).rate(WANTED) == province
    assert rates(province, rate(100, number=2)).rate(WANTED) == rate(100, number=2)
    assert rates(neighbour).rate(WANTED) is None


def test_a_scope_names_jurisdiction_content_and_year() -> None:
    scope = scope_of(rulebook(), request("p1"))

    assert scope is not None
    assert (scope.key, scope.slots_max) == ("jiyuan/any/2021", 1)


def test_an_answer_names_the_version_and_says_who_was_refused_by_which_rule() -> None:
    asked = ClassFile(class_id="class-1").ask(5, request("p2", "p1", "p3"))
    given = answer(asked, granted=["p1", "p3"], rulebook=rulebook(), budget=granted("employment_subsidy_fund", 300))

    assert asked.wanted == ("p1", "p2", "p3")
    assert given.answers_version == 5
    assert given.granted == ("p1", "p3")
    assert [(refused.person_id, refused.code, refused.rule) for refused in given.refused] == [
        ("p2", "ENTITLEMENT_USED", "JY-ENR-05")
    ]


def test_a_released_class_and_a_person_who_left_it_are_never_reserved_again() -> None:
    released = ClassFile(class_id="class-1", released="cancelled").ask(9, request("p1"))
    left = ClassFile(class_id="class-1", left=frozenset({"p1"})).ask(9, request("p1", "p2"))

    assert (released.wanted, released.barred) == ((), frozenset({"p1"}))
    assert (left.wanted, left.barred) == (("p2",), frozenset({"p1"}))


def test_a_budget_is_reserved_to_the_last_fen_and_not_beyond() -> None:
    key = BudgetKey(region=JIYUAN, funding_source="employment_subsidy_fund", year=2021)
    budget = Budget(key=key, allotted_fen=100, reserved_fen=40)

    assert budget.change(60).free_fen == 0
    with pytest.raises(Refused, match="BUDGET_EXHAUSTED") as refused:
        budget.change(61)
    assert "财务人员追加" in refused.value.advice
    assert "机构" not in refused.value.advice  # it can do nothing about money


def test_a_class_gives_back_what_it_no_longer_needs() -> None:
    first = BudgetKey(region=JIYUAN, funding_source="a", year=2021)
    second = BudgetKey(region=JIYUAN, funding_source="b", year=2021)

    held = {first: 100, second: 5}

    assert changes_of(held, {first: 60, second: 5}) == {first: -40}
    assert changes_of(held, {second: 45}) == {first: -100, second: 40}
