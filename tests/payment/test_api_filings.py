"""Quality, money and filings of other documents than Jiyuan's, spoken to with real tokens on both databases."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from services.payment.domain.class_record import Employment
from shared.contracts.supervision import TraineeTotals
from shared.domain.actor import Actor, Role
from shared.policy.terms.reporting import ReportingTerms
from shared.spreadsheet import MEDIA_TYPE
from tests.payment.callers import Callers
from tests.payment.office import APPROVER, AUDITOR, FIRST, SCHOOL, approved, person
from tests.payment.sample import JIYUAN, certificate, class_opened, people, shelf, training_completed
from tests.payment.test_api import ok, problem

HULUDAO, HEBEI, CITY, LINSHU, QUANJIAO = "211400", "130000", "130100", "371329", "341124"


def approver(region: str) -> Actor:
    return person(f"approver-{region}", Role.APPROVER, region=region)


def auditor(region: str) -> Actor:
    return person(f"auditor-{region}", Role.AUDITOR, region=region)


async def trained(callers: Callers, class_id: str, region: str, day: date, **fields: Any) -> None:
    """Let a class of ten be opened and completed in a region under its rulebook."""
    office, roster = callers.office, people(1, 10)
    book = shelf().in_force(region, day)
    fact = replace(class_opened(class_id, trainees=roster, opening=day), region=region, rulebook_id=book.id, **fields)
    asked = approved(class_id, roster, opening=day)
    reservation = asked.reservation
    assert reservation is not None
    await office.take(
        replace(asked, reservation=replace(reservation, region=region, rulebook_id=book.id)),
        fact,
        replace(
            training_completed(class_id=class_id, opening=10, spot=()),
            completed_on=day,
            trainees=tuple(TraineeTotals(person_id=each, sessions_present=1, class_hours_present=4) for each in roster),
        ),
    )


def sheets(answer: httpx.Response) -> dict[str, str]:
    """Give the parts of a workbook that came as an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_a_disclosure_is_filed_sealed_and_read_by_anybody(callers: Callers) -> None:
    """HL-REP-06: without a token, with its hash, and without a person."""
    callers.move_to(date(2020, 3, 31))
    await trained(callers, "class-hl", HULUDAO, date(2020, 3, 1))
    body = {
        "code": "fund_disclosure",
        "unit": HULUDAO,
        "contents": {"place": "市人社局网站", "interval_decision": "葫人社办〔2020〕1号"},
    }
    problem(await callers.post("/reports/filings", auditor(HULUDAO), body), 403, "ROLE_MISSING")
    filed = ok(await callers.post("/reports/filings", approver(HULUDAO), body), 201)
    assert hashlib.sha256(filed["text"].encode()).hexdigest() == filed["sha256"]
    callers.move_to(date(2020, 7, 1))
    board = ok(await callers.get("/reports/filings", auditor(HULUDAO)))["items"]
    [stand] = [each for each in board if each["code"] == "fund_disclosure"]
    assert (stand["state"], stand["due"], stand["last"]["filing_id"]) == ("overdue", "2020-06-30", filed["filing_id"])
    page = ok(await callers.get(f"/public/{HULUDAO}", None))
    [disclosed] = page["disclosures"]
    assert (disclosed["disclosed_on"], disclosed["sha256"]) == ("2020-03-31", filed["sha256"])
    assert disclosed["content"] == json.loads(filed["text"])
    assert disclosed["content"]["period"] == {"first": "2019-07-31", "last": "2020-03-31"}
    assert "person_id" not in filed["text"]
    assert (page["phone"], page["document"]) == (None, "葫人社发〔2019〕37号")
    again = ok(await callers.post("/reports/filings", approver(HULUDAO), body), 201)
    assert json.loads(again["text"])["period"] == {"first": "2020-04-01", "last": "2020-07-01"}


async def test_the_public_page_of_linshu_says_where_to_ask(callers: Callers) -> None:
    """LS-DAT-03: exactly this number and this address, and of nobody else."""
    callers.move_to(date(2020, 9, 1))
    page = ok(await callers.get(f"/public/{LINSHU}", None))
    assert (page["phone"], page["address"]) == ("0539-6211365", "临沭县沭新东街9号")
    assert page["disclosures"] == []
    assert ok(await callers.get(f"/public/{QUANJIAO}", None))["phone"] is None
    problem(await callers.get("/public/999999", None), 422, "REGION_UNKNOWN")
    problem(await callers.get("/public/110000", None), 422, "RULEBOOK_MISSING")


async def test_a_city_files_its_plan_and_evaluation_and_only_its_own(callers: Callers) -> None:
    """HB-REP-05, HB-REP-06: the indicators of the year so far are sealed with the evaluation."""
    await trained(callers, "class-hb", CITY, date(2024, 5, 1), training_type="employment_skills")
    async with callers.office.unit() as uow:
        for each in people(1, 5):
            found = Employment(person_id=each, employed_on=date(2024, 6, 1), source="就业登记")
            await uow.work.record_employment("class-hb", found, by="first-1", on=date(2024, 6, 2))
        await uow.commit()
    callers.move_to(date(2024, 4, 30))
    body = {"code": "city_plan", "unit": CITY, "contents": {"plan": "1号", "occupation_directory": "2号"}}
    answer = problem(await callers.post("/reports/filings", approver(CITY), body), 422, "FILING_INCOMPLETE")
    assert (answer["rule"], answer["clause"]) == ("HB-REP-05", "四(一)")
    body["contents"] = {**body["contents"], "shortage_directory": "3号"}  # type: ignore[dict-item]
    foreign = {**body, "unit": "130200"}
    problem(await callers.post("/reports/filings", approver(CITY), foreign), 403, "REGION_OUT_OF_SCOPE")
    ok(await callers.post("/reports/filings", approver(CITY), body), 201)
    callers.move_to(date(2024, 10, 26))
    report = {"code": "evaluation_report", "unit": CITY, "contents": {"report": "石人社〔2024〕9号"}}
    sealed = json.loads(ok(await callers.post("/reports/filings", approver(CITY), report), 201)["text"])
    assert sealed["preliminary"] is True
    assert sealed["shares"][0]["share"] == {"part": 5, "whole": 10}
    states = {
        (each["code"], each["unit"]): each["state"]
        for each in ok(await callers.get("/reports/filings", auditor(HEBEI)))["items"]
    }
    assert len(states) == 28
    assert (states["city_plan", CITY], states["city_plan", "133100"]) == ("filed", "overdue")
    assert (states["evaluation_report", CITY], states["evaluation_report", "133100"]) == ("filed_late", "overdue")
    own = ok(await callers.get("/reports/filings", auditor(CITY)))["items"]
    assert {each["unit"] for each in own} == {CITY}
    book = sheets(await callers.get("/reports/filings", auditor(HEBEI), format="xlsx"))
    assert "雄安新区" in book["xl/worksheets/sheet1.xml"]


async def test_quality_is_told_by_city_and_provider_in_json_and_in_a_workbook(callers: Callers) -> None:
    """HB-QUA-01."""
    await trained(callers, "class-hb", CITY, date(2024, 5, 1), training_type="employment_skills")
    period = {"from": "2024-01-01", "to": "2024-12-31"}
    found = ok(await callers.get("/reports/quality", auditor(HEBEI), **period))
    assert [each["share"]["whole"] for each in found["indicators"]] == [10, 0, 0, 10]
    city = next(each for each in found["regions"] if each["region"] == CITY)
    assert (city["name"], city["indicators"][0]["share"]["percent"]) == ("石家庄市", "0.00")
    assert [(each["region"], len(each["indicators"])) for each in found["providers"]] == [(CITY, 4)]
    book = sheets(await callers.get("/reports/quality", auditor(HEBEI), **period, format="xlsx"))
    assert "就业技能培训上岗率（%）" in book["xl/worksheets/sheet1.xml"]
    assert "石家庄市" in book["xl/worksheets/sheet1.xml"]
    off = {"from": "2021-01-01", "to": "2021-12-31"}
    for path in ("/reports/quality", "/reports/fund-use"):
        problem(await callers.get(path, AUDITOR, **off), 422, "FEATURE_OFF")
        problem(await callers.get(path, AUDITOR, **{"from": "2021-12-31", "to": "2021-01-01"}), 422, "PERIOD_INVALID")
    fund = sheets(await callers.get("/reports/fund-use", auditor(HULUDAO), **off, format="xlsx"))
    assert "按资金来源" in fund["xl/workbook.xml"]
    after = {"from": "2022-01-01", "to": "2022-12-31"}  # what a lapsed document pays late is disclosed, too
    for days in (off, after):
        assert ok(await callers.get("/reports/fund-use", auditor(LINSHU), **days))["rule"] == "LS-FND-01"


async def test_what_waits_is_listed_where_the_document_asks_for_it(callers: Callers) -> None:
    """HB-CLM-14, HL-PAY-04: Jiyuan's document asks for no such list."""
    problem(await callers.get("/reports/ageing", AUDITOR), 422, "FEATURE_OFF")
    await trained(callers, "class-hb", CITY, date(2024, 5, 1), training_type="employment_skills")
    callers.move_to(date(2024, 9, 2))
    assert ok(await callers.get("/reports/ageing", auditor(HEBEI)))["waiting"] == []
    await callers.office.take(certificate("p1", class_id="class-hb", issued=date(2024, 6, 10)))
    found = ok(await callers.get("/reports/ageing", auditor(HEBEI)))
    assert (found["rule"], found["waits_for"], found["days_max"]) == ("HB-CLM-14", "claim", 30)
    [waiting] = found["waiting"]
    assert (waiting["class_id"], waiting["since"], waiting["days"], waiting["late"]) == (
        *("class-hb", "2024-06-10", 84, True),
    )
    callers.move_to(date(2020, 9, 1))
    paid = ok(await callers.get("/reports/ageing", auditor(HULUDAO)))
    assert (paid["rule"], paid["waits_for"], paid["days_max"], paid["waiting"]) == ("HL-PAY-04", "payment", None, [])


async def test_an_employment_in_hebei_is_kept_with_the_record_that_says_so(callers: Callers) -> None:
    """HB-INT-02, HB-QUA-01: whoever is recorded as employed counts, and the source of it stands with it."""
    await trained(callers, "class-hb", CITY, date(2024, 5, 20), training_type="employment_skills")
    callers.move_to(date(2024, 8, 22))
    inspector = person("inspector-hb", Role.INSPECTOR, region=CITY)
    found = {"person_id": "p1", "employed_on": "2024-08-21", "source": "社保参保记录 2024-0821-17"}
    path = "/classes/class-hb/employments"
    assert ok(await callers.post(path, inspector, {"employments": [found]}), 201)["recorded"] == 1
    [row] = await callers.office.rows("SELECT source, recorded_on FROM employment WHERE person_id = 'p1'")
    assert row.source == "社保参保记录 2024-0821-17"
    coming = {"employments": [{**found, "person_id": "p2", "employed_on": "2024-08-23"}]}
    answer = problem(await callers.post(path, inspector, coming), 422, "DATE_IN_FUTURE")
    assert (answer["rule"], answer["clause"]) == ("HB-QUA-01", "五(五)")
    period = {"from": "2024-01-01", "to": "2024-12-31"}
    told = ok(await callers.get("/reports/quality", auditor(CITY), **period))
    assert told["indicators"][0]["share"] == {"part": 1, "whole": 10, "percent": "10.00"}


async def test_the_year_of_huludao_tells_goals_allotment_figures_and_heads(callers: Callers) -> None:
    """HL-REP-01 to HL-REP-05, HL-REP-08: from records and from figures with their source."""
    await trained(callers, "class-hl", "211403", date(2019, 9, 2))
    await trained(callers, "class-agr", HULUDAO, date(2019, 9, 3), attributes={"organising_department": "agr"})
    callers.move_to(date(2020, 1, 10))
    for code, number in (("employed", 400_000), ("skilled", 99_999)):
        figure = {"code": code, "number": number, "on": "2019-12-31", "source": "统计公报 2019"}
        problem(await callers.post("/reports/figures", auditor(HULUDAO), figure), 403, "ROLE_MISSING")
        ok(await callers.post("/reports/figures", approver(HULUDAO), figure), 201)
    future = {"code": "skilled", "number": 1, "on": "2020-01-11", "source": "x"}
    problem(await callers.post("/reports/figures", approver(HULUDAO), future), 422, "DATE_IN_FUTURE")
    unknown = {"code": "certificates_elsewhere", "number": 1, "on": "2020-01-01", "source": "x"}
    problem(await callers.post("/reports/figures", approver(HULUDAO), unknown), 422, "FIGURE_UNKNOWN")
    year = ok(await callers.get("/reports/years/2019", auditor(HULUDAO)))
    goals = {each["code"]: (each["target"], each["done"], each["met"]) for each in year["goals"]}
    assert goals == {"person_times": (30_000, 20, False), "person_times_2019": (10_000, 20, False)}
    share = next(each for each in year["figures"] if each["code"] == "skilled_share")
    assert (share["percent"], share["met"], share["figure"]["source"]) == ("24.99", False, "统计公报 2019")
    [allotment] = year["allotments"]
    assert {row["name"]: row["done"] for row in allotment["rows"] if row["done"]} == {"市直": 10, "龙港区": 10}
    assert len(allotment["basis"]) == 2
    heads = {each["code"]: (each["person_times"], each["persons"]) for each in year["heads"]}
    assert heads["trained_persons"] == (20, 10)
    agriculture = next(each for each in year["organisers"] if each["code"] == "agr")
    assert (agriculture["name"], agriculture["classes"]) == ("市农业农村局", 1)
    district = ok(await callers.get("/reports/years/2019", auditor("211403")))
    assert {each["code"]: each["target"] for each in district["goals"]} == {
        "person_times": None,
        "person_times_2019": 1_245,
    }
    book = sheets(await callers.get("/reports/years/2019", auditor(HULUDAO), format="xlsx"))
    assert all(title in book["xl/workbook.xml"] for title in ("目标", "人次与人数", "统计数字目标", "任务分解"))
    assert "<v>5620</v>" in book["xl/worksheets/sheet4.xml"]


async def test_every_report_of_jiyuan_is_a_workbook_too(callers: Callers) -> None:
    """JY-REP-06, JY-INT-02: the signed month as xlsx beside CSV."""
    await callers.pass_days(date(2021, 9, 13))
    year = sheets(await callers.get("/reports/years/2021", AUDITOR, format="xlsx"))
    assert "年度计划" in year["xl/workbook.xml"]
    period = {"from": "2021-06-01", "to": "2021-06-30", "format": "xlsx"}
    assert "企业职工" in sheets(await callers.get("/reports/shares", AUDITOR, **period))["xl/worksheets/sheet1.xml"]
    problem(await callers.get("/reports/monthly/2021-06/table", AUDITOR, format="xlsx"), 404, "NOT_SIGNED")
    [copy] = ok(await callers.post("/reports/monthly/2021-06/signature", APPROVER), 201)["sealed"]
    month = sheets(await callers.get("/reports/monthly/2021-06/table", AUDITOR, format="xlsx"))
    assert copy["sha256"] in month["xl/worksheets/sheet1.xml"]


async def test_linshus_groups_are_told_in_json_and_in_a_workbook_persons_and_person_times_apart(
    callers: Callers,
) -> None:
    """LS-CLM-09: trained, free of charge, subsidised, with an allowance and still without one."""
    callers.move_to(date(2020, 10, 1))
    poor = dict.fromkeys(people(1, 10), ("poor_worker",))
    sample = class_opened("class-ls", trainees=people(1, 10), groups=poor)
    paying = tuple(replace(each, fee_fen=100 if number == 0 else 0) for number, each in enumerate(sample.trainees))
    for number in (1, 2):
        project = {"kind": "project", "programme": "training", "trainees": paying}
        await trained(callers, f"class-ls-{number}", LINSHU, date(2020, 9, number), **project)
    period = {"from": "2020-09-01", "to": "2020-09-30"}
    groups = ok(await callers.get("/reports/shares", auditor(LINSHU), **period))["groups"]
    use = {each["code"]: each["use"] for each in groups}
    assert use["poor"] == {
        "trained": {"persons": 10, "person_times": 20},
        "free": {"persons": 9, "person_times": 18},
        "subsidised": {"persons": 0, "person_times": 0},
        "allowance": {"persons": 0, "person_times": 0},
        "without_allowance": {"persons": 10, "person_times": 20},
    }
    book = sheets(await callers.get("/reports/shares", auditor(LINSHU), **period, format="xlsx"))
    assert "人数与人次" in book["xl/workbook.xml"]
    sheet = book["xl/worksheets/sheet2.xml"]
    assert "生活费补贴未到账人次" in sheet
    assert [sheet.count(f"<v>{number}</v>") for number in (9, 18)] == [1, 1]
    jiyuan = ok(await callers.get("/reports/shares", AUDITOR, **{"from": "2021-06-01", "to": "2021-06-30"}))["groups"]
    told = next(each["use"] for each in jiyuan if each["code"] == "enterprise_employees")
    assert (told["trained"]["persons"], told["allowance"], told["without_allowance"]) == (1, None, None)


async def test_linshus_month_is_due_on_the_tenth_and_wants_the_statistics_bureau(callers: Callers) -> None:
    """LS-REP-04: due on 2020-10-10, overdue on the 11th; signed only with the letter of the statistics bureau."""
    callers.move_to(date(2020, 9, 1))
    await trained(callers, "class-ls", LINSHU, date(2020, 9, 1))
    await callers.pass_days(date(2020, 10, 10))
    path = "/reports/monthly/2020-09"
    month = ok(await callers.get(path, auditor(LINSHU)))
    assert (month["due"], month["overdue"], month["counted"]["rule"]) == ("2020-10-10", False, "LS-REP-04")
    answer = problem(await callers.post(f"{path}/signature", approver(LINSHU)), 422, "SIGN_OFF_MISSING")
    assert (answer["rule"], "统计局" in answer["detail"]) == ("LS-REP-04", True)
    other = {"sign_offs": {"statistics": "沭统函〔2020〕5号", "audit": "x"}}
    problem(await callers.post(f"{path}/signature", approver(LINSHU), other), 422, "SIGN_OFF_UNKNOWN")
    body = {"sign_offs": {"statistics": "沭统函〔2020〕5号"}}
    [copy] = ok(await callers.post(f"{path}/signature", approver(LINSHU), body), 201)["sealed"]
    assert copy["content"]["sign_offs"] == {"县统计局会签文号": "沭统函〔2020〕5号"}
    table = await callers.get(f"{path}/table", auditor(LINSHU))
    assert "沭统函〔2020〕5号" in table.text
    await callers.pass_days(date(2020, 10, 11))
    assert ok(await callers.get(path, auditor(LINSHU)))["overdue"] is True


async def test_a_unit_of_linshu_reports_on_its_own_task(callers: Callers) -> None:
    """LS-REP-06, LS-REP-02."""
    callers.move_to(date(2020, 10, 1))
    body = {"code": "work_report", "unit": "bd", "task": "task_22", "contents": {"progress": "材料1"}}
    answer = problem(await callers.post("/reports/filings", approver(LINSHU), body), 422, "NOT_RESPONSIBLE")
    assert answer["rule"] == "LS-REP-06"
    assigned = {**body, "assignment": "交办〔2020〕3号"}
    assert (
        ok(await callers.post("/reports/filings", approver(LINSHU), assigned), 201)["assignment"] == "交办〔2020〕3号"
    )
    plan = {"code": "unit_plan", "unit": "bd", "contents": {"plan": "第1版", "indicators": "分解表"}}
    ok(await callers.post("/reports/filings", approver(LINSHU), plan), 201)
    board = ok(await callers.get("/reports/filings", auditor(LINSHU)))["items"]
    plans = {each["unit"]: each["state"] for each in board if each["code"] == "unit_plan"}
    assert (plans.pop("bd"), set(plans.values())) == ("filed", {"missing"})


@pytest.mark.parametrize("path", ["/reports/filings", "/reports/quality", "/reports/fund-use", "/reports/ageing"])
async def test_quality_money_and_filings_are_the_bureaus_within_its_region(callers: Callers, path: str) -> None:
    of_today = path in ("/reports/filings", "/reports/ageing")
    period = {} if of_today else {"from": "2021-01-01", "to": "2021-06-30"}
    problem(await callers.get(path, None, **period), 401, "TOKEN_MISSING")
    problem(await callers.get(path, SCHOOL, **period), 403, "ROLE_MISSING")
    both = person("school-1", Role.INSTITUTION, Role.AUDITOR, organisation="institution-1")
    problem(await callers.get(path, both, **period), 403, "OWN_CLASSES_ONLY")
    problem(await callers.get(path, auditor(HULUDAO), **period, region=JIYUAN), 403, "REGION_OUT_OF_SCOPE")
    problem(await callers.post("/reports/filings", FIRST, {"code": "x", "unit": "y"}), 403, "ROLE_MISSING")


def test_jiyuan_asks_for_nothing_that_only_its_neighbours_name() -> None:
    """JY: no figure, filing, stage, organiser, indicator, disclosure or contact."""
    terms, nothing = shelf().in_force(JIYUAN, date(2021, 6, 1)).payment.reporting, ReportingTerms()
    for name in ("figures", "figure_goals", "filings", "stages", "task_rows", "organisers", "quality_indicators"):
        assert getattr(terms, name) == getattr(nothing, name)
    assert (terms.fund_use, terms.contact) == (None, None)
    assert terms.monthly_report is not None
    assert terms.monthly_report.sign_offs == ()
