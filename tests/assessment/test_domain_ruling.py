"""What the bureau decides for a region: exam windows (JY-ASM-03) and transitional exceptions (JY-ASM-06)."""

from dataclasses import replace
from datetime import date

import pytest

from services.assessment.domain.ruling import (
    ExamWindow,
    Revocation,
    TransitionalException,
    excepted_kinds,
    require_excepted,
    revoke,
    windows_of_year,
)
from shared.domain.errors import Conflict, Refused
from tests.assessment.sample import REGION, REGIONS, WELDER, jiyuan

TERM = jiyuan().assessment.transitional_exceptions
EXCEPTION = TransitionalException(
    exception_id="exception-1",
    region=REGION,
    occupation=WELDER,
    kind="level",
    starts_on=date(2021, 1, 1),
    ends_on=date(2021, 9, 30),
    document="示例文件〔2021〕2号",
    reason="示例",
    decided_by="approver-1",
    decided_on=date(2021, 1, 1),
)


def window(opens: date, closes: date, region: str = REGION) -> ExamWindow:
    return ExamWindow(region=region, opens=opens, closes=closes, source="示例")


def test_the_windows_of_the_year_are_the_nearest_regions_alone() -> None:
    """JY-ASM-03"""
    own = window(date(2021, 9, 1), date(2021, 9, 10))
    second = window(date(2021, 3, 1), date(2021, 3, 10))
    province = window(date(2021, 1, 1), date(2021, 12, 31), "410000")
    known = [province, own, second, window(date(2021, 1, 1), date(2021, 12, 31), "130000")]

    assert windows_of_year(known, on=date(2021, 9, 11), regions=REGIONS) == (second, own)
    assert windows_of_year([province], on=date(2021, 9, 11), regions=REGIONS) == (province,)
    assert windows_of_year(known, on=date(2022, 9, 1), regions=REGIONS) == ()
    turning = window(date(2021, 12, 20), date(2022, 1, 10))
    assert windows_of_year([turning], on=date(2022, 1, 5), regions=REGIONS) == (turning,)


def test_a_window_closes_no_earlier_than_it_opens() -> None:
    window(date(2021, 9, 1), date(2021, 9, 1)).require_order()
    with pytest.raises(Refused, match="WINDOW_DATES"):
        window(date(2021, 9, 2), date(2021, 9, 1)).require_order()


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2020, 12, 31), set()),
        (date(2021, 1, 1), {"level"}),
        (date(2021, 9, 30), {"level"}),
        (date(2021, 10, 1), set()),
    ],
)
def test_an_exception_holds_for_exams_until_its_last_day(day: date, kinds: set[str]) -> None:
    """JY-ASM-06: exam 09-30 recognised, 10-01 not."""
    assert excepted_kinds([EXCEPTION], on=day, regions=REGIONS) == kinds
    assert excepted_kinds([replace(EXCEPTION, region="130000")], on=day, regions=REGIONS) == set()


@pytest.mark.parametrize("kind", ["qualification", "special_operation", "completion"])
def test_no_exception_is_made_for_a_kind_that_the_document_does_not_name(kind: str) -> None:
    """JY-ASM-06"""
    with pytest.raises(Refused, match="KIND_NOT_EXCEPTED") as caught:
        require_excepted(replace(EXCEPTION, kind=kind), TERM)  # type: ignore[arg-type]
    assert caught.value.rule == "JY-ASM-06"
    require_excepted(replace(EXCEPTION, kind="special_ability"), TERM)
    with pytest.raises(Refused, match="KIND_NOT_EXCEPTED"):
        require_excepted(EXCEPTION, None)
    with pytest.raises(Refused, match="EXCEPTION_DATES"):
        require_excepted(replace(EXCEPTION, ends_on=date(2020, 12, 31)), TERM)


def test_a_revoked_exception_holds_for_exams_before_its_revocation() -> None:
    today = date(2021, 6, 1)
    revoked = revoke(EXCEPTION, Revocation(on=today, by="approver-1", reason="示例"), today=today)

    assert (revoked.holds_on(date(2021, 5, 31)), revoked.holds_on(today)) == (True, False)
    with pytest.raises(Conflict, match="ALREADY_REVOKED"):
        revoke(revoked, Revocation(on=today, by="approver-1", reason="示例"), today=today)
    with pytest.raises(Refused, match="REVOCATION_DATE"):
        revoke(EXCEPTION, Revocation(on=date(2021, 5, 31), by="approver-1", reason="示例"), today=today)
