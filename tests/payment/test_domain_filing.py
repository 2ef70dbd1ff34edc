"""Who has to file what, until when, and who has not: by the worked examples of four documents."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.filing import (
    Filed,
    FilingStand,
    board,
    filers,
    filing_of,
    interval_after,
    require_contents,
    require_filer,
)
from shared.domain.errors import Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook
from tests.payment.test_domain_goals_elsewhere import BOOKS, HEBEI, HULUDAO, LINSHU, QUANJIAO

REGIONS = regions()


def filed(code: str, unit: str, day: date, *, task: str = "") -> Filed:
    return Filed(
        filing_id=f"{code}-{unit}-{day}",
        region="",
        code=code,
        unit=unit,
        task=task,
        filed_on=day,
        filed_by="approver-1",
        contents={},
    )


def stands(book: Rulebook, code: str, today: date, *done: Filed) -> Mapping[tuple[str, str], FilingStand]:
    return {
        (stand.filer.unit, stand.filer.task): stand
        for stand in board(book, done, REGIONS, today)
        if stand.filing.code == code
    }


@pytest.mark.parametrize(
    ("today", "state"), [(date(2020, 6, 29), "open"), (date(2020, 6, 30), "due"), (date(2020, 7, 1), "overdue")]
)
def test_a_disclosure_is_due_three_months_after_the_last_one(today: date, state: str) -> None:
    """HL-REP-06: published on 2020-03-31, due on 2020-06-30, overdue from 07-01."""
    [stand] = stands(HULUDAO, "fund_disclosure", today, filed("fund_disclosure", "211400", date(2020, 3, 31))).values()
    assert (stand.state, stand.due) == (state, date(2020, 6, 30))
    assert stand.filing.published
    assert "every_months" in stand.filing.local


def test_the_first_disclosure_is_due_three_months_after_the_rulebooks_first_day() -> None:
    """HL-REP-06."""
    [stand] = stands(HULUDAO, "fund_disclosure", date(2019, 9, 1)).values()
    assert (stand.state, stand.due, stand.last) == ("open", date(2019, 10, 31), None)


@given(st.dates(date(2019, 1, 1), date(2099, 1, 1)), st.integers(0, 36))
def test_months_later_is_never_earlier_and_keeps_the_last_day_of_a_month(day: date, months: int) -> None:
    later = interval_after(day, months)
    assert later >= day
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    if (day + timedelta(days=1)).day == 1:
        assert (later + timedelta(days=1)).day == 1
    elif day.day <= 28:
        assert later.day == day.day


def test_a_year_without_its_work_plan_is_told() -> None:
    """HL-REP-07: the plan of 2019 is not that of 2020."""
    plan = filed("annual_plan", "211400", date(2019, 12, 31))
    assert stands(HULUDAO, "annual_plan", date(2019, 12, 31), plan)["211400", ""].state == "filed"
    assert stands(HULUDAO, "annual_plan", date(2020, 1, 1), plan)["211400", ""].state == "missing"


def test_of_six_districts_with_five_measures_one_is_listed_as_missing() -> None:
    """HL-REP-11."""
    districts = sorted(filer.unit for filer in filers(filing_of(HULUDAO, "local_measures"), HULUDAO, REGIONS))
    assert len(districts) == 6
    done = [filed("local_measures", unit, date(2020, 1, 1)) for unit in districts[:5]]
    found = stands(HULUDAO, "local_measures", date(2020, 2, 1), *done)
    assert [unit for (unit, _), stand in found.items() if stand.state == "missing"] == districts[5:]


@pytest.mark.parametrize(
    ("day", "state"), [(date(2024, 4, 29), "filed"), (date(2024, 4, 30), "filed"), (date(2024, 5, 1), "filed_late")]
)
def test_a_citys_plan_is_in_time_until_the_end_of_april(day: date, state: str) -> None:
    """HB-REP-05: a later correction does not make a plan late, nor a late one punctual."""
    later = filed("city_plan", "130100", date(2024, 6, 1))
    found = stands(HEBEI, "city_plan", date(2024, 6, 2), later, filed("city_plan", "130100", day))
    assert (found["130100", ""].state, found["130100", ""].last) == (state, later)
    assert found["130200", ""].state == "overdue"
    assert len(found) == 14


def test_a_citys_plan_needs_all_three_parts() -> None:
    """HB-REP-05: two of three attachments are refused, naming the third."""
    filing = filing_of(HEBEI, "city_plan")
    whole = {"plan": "文号1", "occupation_directory": "文号2", "shortage_directory": "文号3"}
    require_contents(filing, whole)
    with pytest.raises(Refused, match="急需紧缺职业") as refusal:
        require_contents(filing, {**whole, "shortage_directory": " "})
    assert (refusal.value.code, refusal.value.rule, refusal.value.clause) == (
        "FILING_INCOMPLETE",
        "HB-REP-05",
        "四(一)",
    )
    with pytest.raises(Refused, match="ATTACHMENT_UNKNOWN"):
        require_contents(filing, {**whole, "other": "x"})


@pytest.mark.parametrize(("day", "state"), [(date(2024, 10, 25), "filed"), (date(2024, 10, 26), "filed_late")])
def test_an_evaluation_is_in_time_until_the_twenty_fifth_of_october_and_is_preliminary(day: date, state: str) -> None:
    """HB-REP-06."""
    found = stands(HEBEI, "evaluation_report", date(2024, 11, 1), filed("evaluation_report", "133100", day))
    assert found["133100", ""].state == state
    assert found["133100", ""].filing.preliminary
    assert stands(HEBEI, "evaluation_report", date(2024, 10, 25))["133100", ""].state == "due"


def test_a_report_of_quanjiao_is_released_only_with_the_leading_groups_signature() -> None:
    """QJ-REP-03."""
    filing = filing_of(QUANJIAO, "progress_report")
    with pytest.raises(Refused, match="领导小组签批意见") as refusal:
        require_contents(filing, {"report": "2020年5月"})
    assert (refusal.value.code, refusal.value.rule) == ("FILING_INCOMPLETE", "QJ-REP-03")
    require_contents(filing, {"report": "2020年5月", "leading_group": "同意"})


def test_units_of_linshu_without_a_plan_are_listed() -> None:
    """LS-REP-02: every department of the annex but one has filed its plan and indicators."""
    units = [filer.unit for filer in filers(filing_of(LINSHU, "unit_plan"), LINSHU, REGIONS)]
    done = [filed("unit_plan", unit, date(2020, 9, 1)) for unit in units if unit != "vet"]
    found = stands(LINSHU, "unit_plan", date(2020, 10, 1), *done)
    assert [(stand.filer.name, stand.state) for stand in found.values() if stand.state != "filed"] == [
        ("县退役军人事务局", "missing")
    ]
    with pytest.raises(Refused, match="FILING_INCOMPLETE"):
        require_contents(filing_of(LINSHU, "unit_plan"), {"plan": "第1版"})


def test_the_big_data_bureau_reports_on_its_two_tasks_and_on_fraud_only_when_assigned() -> None:
    """LS-REP-06: rows 14 and 23 of 24."""
    rows = LINSHU.payment.reporting.task_rows
    assert len(rows) == 24
    assert [place for place, row in enumerate(rows, start=1) if "bd" in row.units] == [14, 23]
    filing = filing_of(LINSHU, "work_report")
    require_filer(filing, LINSHU, REGIONS, unit="bd", task="task_14", assignment=None)
    with pytest.raises(Refused, match="绩效考核") as refusal:
        require_filer(filing, LINSHU, REGIONS, unit="bd", task="task_22", assignment=None)
    assert (refusal.value.code, refusal.value.rule, refusal.value.clause) == (
        "NOT_RESPONSIBLE",
        "LS-REP-06",
        "附件 第22行",
    )
    require_filer(filing, LINSHU, REGIONS, unit="bd", task="task_22", assignment="交办〔2020〕3号")
    with pytest.raises(Refused, match="TASK_UNKNOWN"):
        require_filer(filing, LINSHU, REGIONS, unit="bd", task="task_25", assignment="交办〔2020〕3号")
    assert sum(len(row.units) for row in rows) == len(stands(LINSHU, "work_report", date(2020, 10, 1)))


def test_the_audit_bureau_of_huludao_answers_for_one_clause_of_sixteen() -> None:
    """HL-REP-09."""
    rows = HULUDAO.payment.reporting.task_rows
    assert [(row.clause, row.name) for row in rows if "aud" in row.units] == [("四(十二)", "资金监督管理")]
    assert (len(rows), all("hrss" in row.units for row in rows)) == (16, True)
    filing = filing_of(HULUDAO, "work_report")
    require_filer(filing, HULUDAO, REGIONS, unit="aud", task="task_12", assignment=None)
    with pytest.raises(Refused, match="NOT_RESPONSIBLE"):
        require_filer(filing, HULUDAO, REGIONS, unit="aud", task="task_15", assignment=None)


def test_only_who_has_to_file_may() -> None:
    with pytest.raises(Refused, match="UNIT_UNKNOWN"):
        require_filer(
            filing_of(HEBEI, "city_plan"), HEBEI, REGIONS, unit="211402", task="", assignment="交办〔2024〕1号"
        )
    require_filer(filing_of(HEBEI, "city_plan"), HEBEI, REGIONS, unit="139001", task="", assignment=None)


def test_a_document_knows_its_own_filings_alone() -> None:
    """Silence stays silent: no neighbour's plan, report or disclosure is asked for."""
    asked = [{filing.code for filing in book.payment.reporting.filings} for book in BOOKS]
    assert asked == [
        {"fund_disclosure", "annual_plan", "local_measures", "work_report"},
        {"city_plan", "evaluation_report"},
        {"progress_report"},
        {"unit_plan", "work_report"},
    ]
    with pytest.raises(Refused, match="FILING_UNKNOWN"):
        filing_of(QUANJIAO, "fund_disclosure")
