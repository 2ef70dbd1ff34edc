"""A class follows what enrollment and supervision say of it."""

from datetime import date

import pytest

from shared.domain.errors import Refused
from tests.assessment.sample import OPENING, opened, people, trained, training_completed


def test_a_class_knows_its_roster_by_the_final_list_at_opening() -> None:
    assert opened().roster_on(OPENING) == people(4)
    assert opened().trainees["p01"].masked_name == "张**"


def test_somebody_who_left_is_no_longer_of_the_class_from_that_day_on() -> None:
    left = opened().without("p02", on=date(2021, 6, 15))

    assert "p02" in left.roster_on(date(2021, 6, 14))
    assert "p02" not in left.roster_on(date(2021, 6, 15))


def test_of_two_days_of_leaving_the_earlier_stands_and_strangers_change_nothing() -> None:
    days = [date(2021, 6, 15), date(2021, 6, 10)]
    one = opened().without("p02", on=days[0]).without("p02", on=days[1])
    other = opened().without("p02", on=days[1]).without("p02", on=days[0])

    assert one == other
    assert opened().without("stranger", on=days[0]) == opened()


def test_an_older_report_of_the_training_changes_nothing() -> None:
    newer = opened().with_training(training_completed(revision=2, passed=True))

    assert newer.with_training(training_completed(revision=1, passed=None)) == newer
    assert newer.with_training(training_completed(revision=3, passed=False)).opinion_passed is False


@pytest.mark.parametrize(("passed", "opinion"), [(None, None), (True, True), (False, False)])
def test_training_is_complete_with_or_without_an_opinion(passed: bool | None, opinion: bool | None) -> None:
    assert not opened().training_completed
    assert trained(passed=passed).training_completed
    assert trained(passed=passed).opinion_passed is opinion


def test_a_class_that_ended_takes_no_more_exams_and_the_first_ending_stands() -> None:
    ended = trained().ended("cancelled").ended("withdrawn")

    assert ended.ending == "cancelled"
    with pytest.raises(Refused, match="CLASS_ENDED"):
        ended.require_running()
    trained().require_running()
