"""What reports count, and how a month is closed; pure, with the Jiyuan rulebook."""

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.payment.domain.class_record import ClassRecord, Counts, Period, total
from services.payment.domain.monthly_report import (
    Dispatch,
    Month,
    MonthlyReport,
    changes_since,
    content_of,
    dispatch,
    last_day,
    sign,
    term_of,
)
from services.payment.domain.progress_table import table
from services.payment.domain.report_table import report_table
from shared.clock import SHANGHAI
from shared.domain.errors import Conflict, NotFound, Refused
from tests.payment.report_sample import JUNE, MAY, drafted, opened, record, settled
from tests.payment.sample import INSTITUTION, INSTITUTION_NAME, people, rulebook

YEAR = Period(first=date(2021, 1, 1), last=date(2021, 12, 31))
SIGNED_AT = datetime(2021, 6, 4, 2, tzinfo=UTC)


def signed(report: MonthlyReport, records: list[ClassRecord], reason: str | None = None) -> MonthlyReport:
    content = content_of(report, records, rulebook())
    copy = sign(report, content, by="approver-1", at=SIGNED_AT, reason=reason)
    return replace(report, copies=(*report.copies, copy))


def sent(report: MonthlyReport, at: datetime = SIGNED_AT, *, correction: bool = False) -> MonthlyReport:
    number = dispatch(report, correction=correction)
    stamp = Dispatch(at=at, by="second-1", recipient="职业技能振兴领导小组办公室", proof="收文-1")
    copies = [replace(copy, dispatch=stamp) if copy.number == number else copy for copy in report.copies]
    return replace(report, copies=tuple(copies))


def test_every_measure_of_the_report_has_a_definition_that_names_its_rule() -> None:
    """JY-REP-06: planned, opened, completed, certified and paid, each defined."""
    measures = term_of(rulebook()).measures
    assert [measure.code for measure in measures] == [field.name for field in fields(Counts)]
    assert all(measure.definition and measure.rule.startswith("JY-") and measure.clause for measure in measures)


def test_each_fact_counts_on_its_own_day_and_the_parts_of_a_year_add_up() -> None:
    found = record(settlements=(settled(150_000, date(2021, 8, 31)), settled(-15_000, date(2021, 8, 31), None)))
    months = [Month(year=2021, month=number) for number in range(1, 13)]
    by_month = {str(month): found.counts(month.period) for month in months}
    assert by_month["2021-06"] == Counts(
        planned_persons=50, opened_classes=1, opened_persons=10, trained_persons=10, assessed_persons=10
    )
    assert by_month["2021-07"] == Counts(certified_persons=10)
    assert by_month["2021-08"] == Counts(paid_persons=1, paid_fen=135_000)
    assert total(by_month.values()) == found.counts(YEAR) == found.counts_so_far()


def test_who_left_or_never_came_has_not_completed() -> None:
    """JY-REP-01: one completion per learner and class."""
    whole = record()
    assert whole.training is not None
    absent = [replace(each, sessions_present=0) if each.person_id == "p2" else each for each in whole.training.trainees]
    found = replace(whole, withdrawn=frozenset({"p1"}), training=replace(whole.training, trainees=tuple(absent)))
    assert found.counts(YEAR).trained_persons == 8


def test_a_person_with_two_certificates_of_a_class_counts_once_on_the_first_day() -> None:
    """JY-FLD-47: each learner once."""
    found = record(passed=["p1", "p1", "p2"])
    later = replace(found.certificates[1], certificate_id="second", issued_on=date(2021, 8, 1))
    found = replace(found, certificates=(found.certificates[0], later, found.certificates[2]))
    assert found.counts(Month(year=2021, month=7).period).certified_persons == 2
    assert found.counts(Month(year=2021, month=8).period).certified_persons == 0


def test_a_cancelled_class_counts_for_nothing_but_the_money_that_was_paid() -> None:
    found = record(cancelled=True, settlements=(settled(100, date(2021, 8, 1)),))
    assert found.counts(YEAR) == Counts(paid_persons=1, paid_fen=100)


def test_an_exam_counts_on_its_last_day_but_never_before_the_training_is_completed() -> None:
    assert record(exam_on=date(2021, 6, 25)).assessed_on == date(2021, 6, 25)
    assert record(exam_on=date(2021, 6, 20)).assessed_on == date(2021, 6, 22)
    assert record(exam_on=None).assessed_on is None
    assert record(trained_on=None).assessed_on is None


def test_the_table_has_a_row_for_every_project_type_and_provider() -> None:
    """JY-REP-06: contents by project, type and provider; types in the order of the plan."""
    records = [
        record(opened("a", training_type="key_groups")),
        record(opened("b")),
        record(opened("c")),
        record(opened("d", institution_id="institution-2", provider="样例技师学院", provider_kind="technician_school")),
        record(opened("e", institution_id="institution-3", provider="样例第二职业培训学校")),
    ]
    rows = table(records, JUNE.period, JUNE.year_so_far, rulebook())
    said = [(row.key.type, row.key.provider_kind, row.provider_name, row.month.opened_classes) for row in rows]
    assert sorted(said) == [
        ("employee_intermediate", "private_school", "样例第二职业培训学校", 1),
        ("employee_intermediate", "private_school", INSTITUTION_NAME, 2),
        ("employee_intermediate", "technician_school", "样例技师学院", 1),
        ("key_groups", "private_school", INSTITUTION_NAME, 1),
    ]
    assert [row.key.project for row in rows] == ["employee_upskilling"] * 3 + ["key_groups"]
    assert {row.key.provider for row in rows if row.provider_name == INSTITUTION_NAME} == {INSTITUTION}


def test_a_row_in_which_only_earlier_months_counted_stays_in_the_table() -> None:
    july = Month(year=2021, month=7)
    rows = table([record(issued=date(2021, 6, 30))], july.period, july.year_so_far, rulebook())
    assert (rows[0].month, rows[0].cumulative.certified_persons) == (Counts(), 10)
    assert table([record()], MAY.period, MAY.year_so_far, rulebook()) == ()


@pytest.mark.parametrize(
    ("month", "due"),
    [(MAY, date(2021, 6, 6)), (Month(year=2021, month=12), date(2022, 1, 6)), (JUNE, date(2021, 7, 6))],
)
def test_a_report_is_due_on_the_sixth_of_the_next_month_whatever_weekday_it_is(month: Month, due: date) -> None:
    """JY-REP-06: 2021-06-06 is a Sunday; no roll-forward."""
    assert last_day(month, term_of(rulebook())) == due


def test_a_stricter_day_is_a_value_of_the_rulebook() -> None:
    """JY-REP-06: the strict variant, by the 5th, is a parameter."""
    assert last_day(MAY, replace(term_of(rulebook()), day_of_month_max=5)) == date(2021, 6, 5)


@pytest.mark.parametrize(
    ("at", "overdue"),
    [
        (datetime(2021, 6, 6, 23, 59, tzinfo=SHANGHAI), False),
        (datetime(2021, 6, 7, 0, 0, tzinfo=SHANGHAI), True),
    ],
)
def test_a_report_dispatched_at_2359_on_the_sixth_is_in_time_and_a_minute_later_overdue(
    at: datetime, overdue: bool
) -> None:
    """JY-REP-06: the May 2021 report."""
    report = sent(signed(drafted(), []), at)
    assert report.is_overdue(date(2021, 12, 31)) is overdue


def test_a_report_that_nobody_dispatched_is_overdue_from_the_seventh() -> None:
    assert not drafted().is_overdue(date(2021, 6, 6))
    assert drafted().is_overdue(date(2021, 6, 7))
    assert signed(drafted(), []).is_overdue(date(2021, 6, 7))


def test_a_signature_seals_the_numbers_with_their_hash() -> None:
    report = signed(drafted(JUNE), [record()])
    [copy] = report.copies
    assert copy.sha256 == hashlib.sha256(copy.content.encode()).hexdigest()
    content = json.loads(copy.content)
    assert content["totals"]["month"]["opened_persons"] == 10
    assert {"rule": content["rule"], "clause": content["clause"]} == {"rule": "JY-REP-06", "clause": "三(一)"}
    assert report.state == "signed"


def test_a_closed_month_stays_closed_and_what_changes_stands_beside_it() -> None:
    report = signed(drafted(JUNE), [record()])
    assert changes_since(report, [record()], rulebook()) == []
    late = [record(), record(opened("class-2"))]
    changed = {each["measure"]: (each["sealed"], each["now"]) for each in changes_since(report, late, rulebook())}
    assert changed["opened_persons"] == (10, 20)
    assert json.loads(report.copies[0].content)["totals"]["month"]["opened_persons"] == 10
    with pytest.raises(Conflict) as refusal:
        signed(report, late)
    assert refusal.value.code == "MONTH_CLOSED"


def test_a_later_report_tells_what_has_changed_in_a_closed_month_of_its_year() -> None:
    closed = signed(drafted(JUNE), [record()])
    late = [record(), record(opened("class-2"))]
    july = drafted(Month(year=2021, month=7))
    content = content_of(july, late, rulebook(), earlier=[closed])
    [told] = content["earlier_months"]
    assert told["month"] == "2021-06"
    assert content["totals"]["cumulative"]["opened_persons"] == 20
    assert content_of(july, [record()], rulebook(), earlier=[closed])["earlier_months"] == []


def test_a_second_dispatch_of_a_month_is_refused_unless_it_is_a_signed_correction() -> None:
    """JY-INT-02: delivery stamp stored; second dispatch of the same month refused unless marked correction."""
    records = [record()]
    with pytest.raises(Conflict, match="SIGNATURE_MISSING"):
        dispatch(drafted(JUNE), correction=False)
    with pytest.raises(Refused, match="NOTHING_TO_CORRECT"):
        dispatch(signed(drafted(JUNE), records), correction=True)
    report = sent(signed(drafted(JUNE), records))
    with pytest.raises(Conflict, match="ALREADY_DISPATCHED"):
        dispatch(report, correction=False)
    with pytest.raises(Conflict, match="SIGNATURE_MISSING"):
        dispatch(report, correction=True)
    with pytest.raises(Refused, match="NOTHING_TO_CORRECT"):
        signed(report, records, reason="核对后更正")
    corrected = signed(report, [*records, record(opened("class-2"))], reason="补录一个班级")
    with pytest.raises(Conflict, match="ALREADY_DISPATCHED"):
        dispatch(corrected, correction=False)
    assert dispatch(corrected, correction=True) == 1
    assert corrected.copies[0] == report.copies[0]


def test_a_correction_waits_until_the_copy_before_it_has_left() -> None:
    report = signed(drafted(JUNE), [record()])
    with pytest.raises(Conflict, match="NOT_DISPATCHED"):
        signed(report, [], reason="撤销一个班级")
    with pytest.raises(Refused, match="NOTHING_TO_CORRECT"):
        signed(drafted(JUNE), [], reason="没有可更正的")


def test_a_correction_sent_late_does_not_make_the_report_overdue() -> None:
    report = sent(signed(drafted(JUNE), [record()]), datetime(2021, 7, 5, 2, tzinfo=UTC))
    corrected = sent(signed(report, [], reason="班级已取消"), datetime(2021, 9, 1, 2, tzinfo=UTC), correction=True)
    assert not corrected.is_overdue(date(2021, 9, 2))
    assert corrected.state == "dispatched"


def test_the_table_for_delivery_carries_signature_stamp_and_hash() -> None:
    """JY-INT-02: table form with sign-off and delivery proof."""
    records = [record(settlements=(settled(6_123_456, date(2021, 6, 30)),))]
    report = sent(signed(drafted(JUNE), records))
    text = report_table(report)
    head = text.splitlines()[:5]
    assert head[0] == '\ufeff"月报月份","2021-06","自","2021-06-01","至","2021-06-30"'
    assert head[1].startswith('"区划","419001","')
    assert head[2] == '"依据","济管人社〔2021〕6号","三(一)","JY-REP-06"'
    assert head[4].startswith('"项目","类型","机构类别","机构","本月计划培训人数"')
    assert '"2021-06-04 10:00:00"' in text  # signed at 02:00 UTC
    assert "+00:00" not in text
    assert (
        f'"企业职工技能提升","中级工培训","民办职业培训机构","{INSTITUTION_NAME}","50","1","10","10","10","0","1","61,234.56"'
        in text
    )
    assert report.copies[0].sha256 in text
    assert "收文-1" in text
    assert "approver-1" in text
    with pytest.raises(NotFound, match="NOT_SIGNED"):
        report_table(drafted())


def test_a_spreadsheet_runs_nothing_of_what_somebody_typed() -> None:
    report = sent(signed(drafted(JUNE), [record()]))
    corrected = signed(report, [], reason="=HYPERLINK(1)")
    assert '"\'=HYPERLINK(1)"' in report_table(corrected)


@pytest.mark.parametrize("text", ["2021-13", "2021-5", "1999-05", "2021-05-01", "", "x"])
def test_a_month_is_written_as_year_and_month(text: str) -> None:
    with pytest.raises(Refused, match="MONTH_INVALID"):
        Month.parse(text)


def test_months_follow_each_other_over_the_end_of_a_year() -> None:
    december = Month.parse("2021-12")
    assert str(december.next) == "2022-01"
    assert december.period == Period(first=date(2021, 12, 1), last=date(2021, 12, 31))
    assert Month.parse("2024-02").period.last == date(2024, 2, 29)
    assert JUNE.year_so_far.last - JUNE.year_so_far.first == timedelta(days=180)


def test_thirty_nine_people_of_a_class_are_thirty_nine_person_times() -> None:
    assert record(opened(roster=people(1, 39))).counts(YEAR).assessed_persons == 39
