"""Theory is filmed in full, practice for fifteen continuous minutes of every class hour."""

from datetime import datetime, timedelta

import pytest

from services.supervision.domain.training_class import Session
from services.supervision.domain.video import coverage, observe_video
from tests.supervision.sample import OPENING, at, class_file, class_opened, clip, jiyuan, planned_session

BOOK = jiyuan()
NINE = at(OPENING, 9)


def session(kind: str, *, minutes: int, class_hours: int) -> Session:
    planned = planned_session("s", NINE, minutes=minutes, kind=kind, class_hours=class_hours)  # type: ignore[arg-type]
    return class_file(class_opened(sessions=(planned,))).sessions[0]


def test_a_missing_last_minute_of_theory_is_a_gap_of_sixty_seconds() -> None:
    """JY-SUP-02: 09:00-10:30 filmed until 10:29."""
    theory = session("theory", minutes=90, class_hours=2)

    filmed = coverage(theory, [clip("s", NINE, at(OPENING, 10, 29))], BOOK)

    assert filmed.gaps == ((at(OPENING, 10, 29), at(OPENING, 10, 30)),)
    assert filmed.gap_seconds == 60
    seen = observe_video(theory, [clip("s", NINE, at(OPENING, 10, 29))], BOOK)
    assert seen is not None
    assert (seen.rule, seen.clause, seen.blocking) == ("JY-SUP-02", "二(三)2", True)
    assert "60 秒" in seen.seen


@pytest.mark.parametrize(
    ("gap_from", "gap_to", "sufficient"),
    [
        (at(OPENING, 9), at(OPENING, 9, 0, 1), False),
        (at(OPENING, 9, 30), at(OPENING, 9, 30, 1), False),
        (at(OPENING, 10, 29, 59), at(OPENING, 10, 30), False),
        (at(OPENING, 9, 30), at(OPENING, 9, 30), True),
    ],
)
def test_one_second_without_film_is_a_gap_and_none_is_none(
    gap_from: datetime, gap_to: datetime, sufficient: bool
) -> None:
    theory = session("theory", minutes=90, class_hours=2)
    clips = [clip("s", at(OPENING, 8, 55), gap_from), clip("s", gap_to, at(OPENING, 10, 35))]

    assert coverage(theory, clips, BOOK).is_sufficient is sufficient


@pytest.mark.parametrize(
    ("clips", "sufficient"),
    [
        ([(0, 899), (1200, 600)], False),  # 14:59 and 10:00: no adding of clips
        ([(0, 900)], True),
        ([(600, 899)], False),
        ([(0, 600), (600, 300)], True),  # touching clips are one recording
        ([(0, 600), (601, 300)], False),  # a gap of a second parts them
        ([(0, 600), (300, 600)], True),  # overlapping clips are one recording
        ([], False),
    ],
)
def test_practice_needs_fifteen_continuous_minutes(clips: list[tuple[int, int]], sufficient: bool) -> None:
    """JY-SUP-03."""
    practice = session("practice", minutes=40, class_hours=1)
    films = [
        clip("s", NINE + timedelta(seconds=begin), NINE + timedelta(seconds=begin + length)) for begin, length in clips
    ]

    assert coverage(practice, films, BOOK).is_sufficient is sufficient
    assert (observe_video(practice, films, BOOK) is None) is sufficient


@pytest.mark.parametrize(
    ("begin_minute", "minutes", "longest"),
    [
        (30, 30, (10, 20)),  # ten minutes fall into the first hour: too short there
        (25, 30, (15, 15)),
        (24, 30, (16, 14)),
    ],
)
def test_a_clip_across_two_class_hours_counts_separately_in_each(
    begin_minute: int, minutes: int, longest: tuple[int, int]
) -> None:
    practice = session("practice", minutes=80, class_hours=2)
    begin = NINE + timedelta(minutes=begin_minute)

    filmed = coverage(practice, [clip("s", begin, begin + timedelta(minutes=minutes))], BOOK)

    assert filmed.longest_by_class_hour == tuple(timedelta(minutes=each) for each in longest)
    assert filmed.is_sufficient is (min(longest) >= 15)


def test_a_finding_names_the_class_hours_that_lack_film() -> None:
    practice = session("practice", minutes=120, class_hours=3)
    middle = NINE + timedelta(minutes=40)

    seen = observe_video(practice, [clip("s", middle, middle + timedelta(minutes=15))], BOOK)

    assert seen is not None
    assert "第 1、3 学时" in seen.seen
