"""What a class needs recorded beside it is read from the registers when it is judged; on both databases."""

from dataclasses import replace
from datetime import date

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.keep_register import Written, record_entry, strike_entry
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.report_register import report_register
from services.enrollment.domain.person import Identity
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.roster_row import PersonalFacts, RosterRow
from services.enrollment.domain.timetable import Venue
from shared.database.engine import Database
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, Refused
from shared.policy.decision import Severity
from tests.enrollment.desk import APPROVER, SCHOOL, Desk, people, rows
from tests.enrollment.office_elsewhere import Office
from tests.enrollment.sample import WELDER, codes, moment
from tests.enrollment.sample_elsewhere import HULUDAO, LINSHU

CITY = replace(APPROVER, region="211400")
COLLEGE = replace(SCHOOL, region=HULUDAO.region)
NOW = moment(date(2020, 2, 24), 9)
LISTING = {"occupation": WELDER, "occupation_name": "焊工", "listed_from": "2019-08-01"}
LICENCE = {"occupation": WELDER, "licence_number": "葫民培〔2019〕1号", "licensed_from": "2019-01-01"}
AGREEMENT = {
    "agreement_number": "葫培协〔2020〕1号",
    "department": "葫芦岛市人社局",
    "agreed_from": "2020-01-01",
    "agreed_to": "2020-12-31",
}


@pytest.fixture
async def huludao(database: Database) -> Office:
    """Give the city's office, where a private school is listed, with a workshop, and no register has an entry."""
    office = Office(Desk(database), HULUDAO, bureau=CITY.region, days_before=7)
    await office.furnish()
    return office


async def test_a_class_is_drawn_up_once_directory_licence_and_agreement_stand_in_the_registers(huludao: Office) -> None:
    """HL-INS-01, HL-INS-06, HL-INS-08: the city's directory holds in its districts; another trade's licence is none."""
    assert await huludao.refused(huludao.plan()) == ["OCCUPATION_NOT_LISTED", "OUT_OF_LICENCE", "NO_AGREEMENT"]
    await huludao.record("guide_directory", LISTING)
    assert await huludao.refused(huludao.plan()) == ["OUT_OF_LICENCE", "NO_AGREEMENT"]
    await huludao.record("licence", {**LICENCE, "occupation": "6-25-04-07"}, of="school")
    await huludao.record("training_agreement", AGREEMENT, of="school")
    assert await huludao.refused(huludao.plan()) == ["OUT_OF_LICENCE"]
    await huludao.record("licence", LICENCE, of="school")
    drafted = await huludao.desk.act(draft_class, huludao.plan(), by=COLLEGE, at=NOW)
    assert codes(drafted.findings) == []


async def test_a_struck_licence_licenses_nothing_and_another_schools_neither(huludao: Office) -> None:
    """HL-INS-06"""
    other = HULUDAO.institution(institution_id="other-school", credit_code="920000000000000099")
    await huludao.desk.act(register_institution, other, doubtful_code=False, by=CITY, at=NOW)
    await huludao.record("guide_directory", LISTING)
    await huludao.record("training_agreement", AGREEMENT, of="school")
    await huludao.record("licence", LICENCE, of="other-school")
    assert await huludao.refused(huludao.plan()) == ["OUT_OF_LICENCE"]
    own = await huludao.record("licence", LICENCE, of="school")
    await huludao.desk.act(draft_class, huludao.plan(), by=COLLEGE, at=NOW)
    await huludao.desk.act(strike_entry, register="licence", entry_id=own.entry_id, by=CITY, at=NOW)
    assert await huludao.refused(huludao.plan()) == ["OUT_OF_LICENCE"]


async def test_who_left_by_evaluation_draws_up_no_class_from_the_next_day_on(huludao: Office) -> None:
    """HL-INS-05"""
    await huludao.record("guide_directory", LISTING)
    await huludao.record("training_agreement", AGREEMENT, of="school")
    await huludao.record("licence", LICENCE, of="school")
    evaluation = {"evaluated_on": "2020-02-20", "score": 40, "findings": "虚假课时", "decision": "exit"}
    with pytest.raises(Refused) as refusal:
        await huludao.record("quality_evaluation", evaluation, of="school")
    assert (refusal.value.code, refusal.value.rule) == ("EXIT_DAY_MISSING", "HL-QUA-02")
    await huludao.record("quality_evaluation", {**evaluation, "exit_on": "2020-02-24"}, of="school")
    await huludao.desk.act(draft_class, huludao.plan(), by=COLLEGE, at=NOW)
    with pytest.raises(Refused) as barred:
        await huludao.desk.act(draft_class, huludao.plan(), by=COLLEGE, at=moment(date(2020, 2, 25), 9))
    assert (barred.value.code, barred.value.rule) == ("PROVIDER_EXITED", "HL-INS-05")
    async with huludao.desk.unit(CITY, NOW) as uow:
        found = await report_register(
            uow, register="quality_evaluation", region=None, as_of=None, since=None, until=None
        )
    assert found.report.totals == {"institutions": 1, "due": 0, "overdue": 0, "running_after_exit": 0}
    again = {"evaluated_on": "2020-02-25", "score": 90, "findings": "整改合格", "decision": "keep"}
    written = Written(register="quality_evaluation", fields=again, institution_id="school")
    later = moment(date(2020, 2, 25), 9)
    await huludao.desk.act(record_entry, written, by=CITY, at=later)
    assert (await huludao.desk.act(draft_class, huludao.plan(), by=COLLEGE, at=later)).state == "draft"


async def test_a_qualified_institution_is_not_left_out_without_a_reason(huludao: Office) -> None:
    """HL-INS-02"""
    decision = {"decided_on": "2020-02-20", "qualified": True, "told_on": "2020-02-21"}
    reasons = {"reason_code": "capacity", "reason_text": "场地正在改建"}
    with pytest.raises(Refused) as refusal:
        await huludao.record("listing_refusal", {**decision, "reason_text": "场地正在改建"}, of="school")
    assert (refusal.value.code, refusal.value.rule) == ("REASON_REQUIRED", "HL-INS-02")
    saved = await huludao.record("listing_refusal", {**decision, **reasons}, of="school")
    assert saved.values["told_on"] == "2020-02-21"


async def test_no_step_of_the_five_lists_is_taken_before_the_former(database: Database) -> None:
    """LS-ENR-12: of twenty who choose, two choose what nobody listed."""
    desk, county, at = Desk(database), replace(APPROVER, region=LINSHU.region), moment(LINSHU.opening, 9)
    school = replace(SCHOOL, region=LINSHU.region)
    await desk.act(register_institution, LINSHU.institution(), doubtful_code=False, by=county, at=at)

    async def enter(register: str, person: Identity | None = None, **fields: str | int) -> RegisterEntry:
        by = school if register == "list_taken" else county
        written = Written(register=register, fields=fields, person=person)
        return await desk.act(record_entry, written, by=by, at=at)

    async def refused(register: str, person: Identity | None = None, **fields: str | int) -> tuple[str, str | None]:
        with pytest.raises(Refused) as refusal:
            await enter(register, person, **fields)
        return refusal.value.code, refusal.value.rule

    listing: dict[str, str | int] = {"list_number": "列-7", "demand_number": "提-1", "published_on": "2020-09-01"}
    assert await refused("list_published", **listing) == ("NOT_DEMANDED", "LS-ENR-12")
    await enter("list_demand", demand_number="提-1", occupation=WELDER, participants=25, demanded_on="2020-09-01")
    await enter("list_published", **listing)
    assert await refused("list_taken", list_number="列-7", taken_on="2020-09-01") == ("NOT_CHOSEN", "LS-ENR-12")
    chosen = []
    for number, one in enumerate(people(20)):
        person = Identity(identity_number=one.identity_number, name=one.name)
        if number < 18:
            chosen.append(await enter("list_chosen", person, list_number="列-7", chosen_on="2020-09-01"))
        else:
            answer = await refused("list_chosen", person, list_number="列-8", chosen_on="2020-09-01")
            assert answer == ("NOT_LISTED", "LS-ENR-12")
    assert len(chosen) == 18
    taken = await enter("list_taken", list_number="列-7", taken_on="2020-09-01")
    assert taken.institution_id == "school"


def employees(count: int, codes: list[str]) -> list[RosterRow]:
    """Give employees of Huludao as they are sent, of these employers in turn."""
    facts = PersonalFacts(place_links=("insured",))
    return [
        replace(
            one,
            employer_credit_code=codes[number % len(codes)],
            employer_region=HULUDAO.region,
            particulars=replace(one.particulars, facts=facts),
        )
        for number, one in enumerate(rows(count))
    ]


async def test_job_change_training_waits_for_the_citys_bureau(huludao: Office) -> None:
    """HL-ENR-03: a county's approver is refused, the city's approves."""
    factory = HULUDAO.institution("enterprise", institution_id="factory", credit_code=sample_credit_code(5))
    await huludao.desk.act(register_institution, factory, doubtful_code=False, by=CITY, at=NOW)
    await huludao.record("guide_directory", LISTING)
    profile = {
        "enterprise_code": factory.credit_code,
        "enterprise_name": "示例冶炼厂",
        "struggling": True,
        "struggling_evidence": "葫工信〔2020〕2号",
    }
    await huludao.desk.act(
        record_entry, Written(register="enterprise_profile", fields=profile, region="211402"), by=CITY, at=NOW
    )
    clerk = replace(COLLEGE, organisation="factory")
    workshop = Venue(venue_id="shop", name="车间", stations={WELDER: 10})
    await huludao.desk.act(
        register_venue, institution_id="factory", venue=workshop, address="示例路2号", by=clerk, at=NOW
    )
    costs = {"eligible_cost_yuan": "80000", "education_fund_yuan": "55000"}
    wanted = replace(huludao.plan(), training_type="job_change", attributes={**HULUDAO.attributes, **costs})
    wanted = replace(wanted, sessions=tuple(replace(one, venue_id="shop") for one in wanted.sessions))
    sent = employees(3, [factory.credit_code])
    class_id = await huludao.desk.applied(wanted, sent, by=clerk, at=NOW)
    county_first = replace(CITY, subject="first", region="211402", roles=frozenset({Role.FIRST_REVIEWER}))
    county = replace(CITY, subject="county", region="211402")
    await huludao.desk.review(class_id, "first_review", county_first, at=NOW)
    with pytest.raises(Forbidden) as refusal:
        await huludao.desk.review(class_id, "bureau_opinion", county, at=NOW)
    assert (refusal.value.code, refusal.value.rule) == ("HIGHER_OFFICE_ONLY", "HL-ENR-03")
    assert (await huludao.desk.review(class_id, "bureau_opinion", CITY, at=NOW)).state == "approved"


async def test_learners_of_an_enterprise_without_agreement_are_not_taken(huludao: Office) -> None:
    """HL-INS-09: of three enterprises that an association bundles, two have signed."""
    await huludao.record("guide_directory", LISTING)
    await huludao.record("licence", LICENCE, of="school")
    await huludao.record("training_agreement", AGREEMENT, of="school")
    partners = [sample_credit_code(number) for number in (11, 12, 13)]
    for number, code in enumerate(partners[:2]):
        signed = {
            "partner_code": code,
            "partner_name": f"示例小微企业{number}",
            "agreement_number": f"协-{number}",
            "organiser_name": "焊接行业协会",
            "agreed_from": "2020-01-01",
            "agreed_to": "2020-12-31",
        }
        await huludao.record("small_enterprise_agreement", signed, of="school")
    bundled = {**HULUDAO.attributes, "organiser": "association", "funder": "enterprise"}
    wanted = replace(huludao.plan(), training_type="upskilling", planned=6, attributes=bundled)
    class_id = await huludao.desk.draft(wanted, by=COLLEGE, at=NOW)
    answer = await huludao.desk.send(class_id, employees(6, partners), by=COLLEGE, at=NOW)
    assert [
        [one.code for one in entry.judgement.findings if one.severity is Severity.STOP] for entry in answer.entries
    ] == [[], [], ["AGREEMENT_MISSING"]] * 2
