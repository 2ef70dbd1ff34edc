"""The pass mark that holds: the nearest region's, then the latest; nobody passes by a missing one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.domain.body import PassMark, marks_in_force
from shared.domain.errors import Refused
from shared.domain.jurisdiction import regions
from tests.assessment.sample import EXAM_DAY, REGIONS, body, mark

ELSEWHERE = "130000"

rows = st.lists(
    st.builds(
        mark,
        st.sampled_from(["theory", "practice"]),
        region=st.sampled_from([*REGIONS, ELSEWHERE]),
        valid_from=st.dates(EXAM_DAY - timedelta(days=3), EXAM_DAY + timedelta(days=3)),
        pass_mark=st.integers(1, 100),
    ),
    unique_by=lambda row: (row.region, row.part, row.valid_from),
)


@given(rows=rows, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(rows: list[PassMark], shuffled: object) -> None:
    found = marks_in_force(rows, on=EXAM_DAY, regions=REGIONS)
    again = list(rows)
    shuffled.shuffle(again)  # type: ignore[attr-defined]

    assert marks_in_force(again, on=EXAM_DAY, regions=REGIONS) == found


@given(rows=rows)
def test_the_nearest_region_wins_and_then_the_latest_day(rows: list[PassMark]) -> None:
    found = marks_in_force(rows, on=EXAM_DAY, regions=REGIONS)

    for part in ("theory", "practice"):
        fitting = [r for r in rows if r.part == part and r.valid_from <= EXAM_DAY and r.region in REGIONS]
        chosen = found.get(part)  # type: ignore[call-overload]
        assert (chosen is None) is (not fitting)
        if chosen is not None:
            nearest = next(region for region in REGIONS if any(row.region == region for row in fitting))
            assert chosen.region == nearest
            assert chosen.valid_from == max(row.valid_from for row in fitting if row.region == nearest)


@pytest.mark.parametrize(("valid_from", "counts"), [(EXAM_DAY, True), (EXAM_DAY + timedelta(days=1), False)])
def test_a_mark_counts_from_its_first_day(valid_from: date, counts: bool) -> None:
    assert bool(marks_in_force([mark(valid_from=valid_from)], on=EXAM_DAY, regions=REGIONS)) is counts


@pytest.mark.parametrize(("pass_mark", "attainable"), [(-1, False), (0, False), (1, True), (100, True), (101, False)])
def test_a_mark_is_above_zero_and_can_be_reached(pass_mark: int, attainable: bool) -> None:
    row = mark(pass_mark=pass_mark, full_mark=100)

    if attainable:
        row.require_attainable()
        return
    with pytest.raises(Refused, match="PASS_MARK_RANGE"):
        row.require_attainable()


@pytest.mark.parametrize(("region", "province"), [("419001", "410000"), ("410000", "410000"), ("000000", None)])
def test_a_bodys_province_comes_from_the_region_table(region: str, province: str | None) -> None:
    assert body(region=region).province(regions()) == province
