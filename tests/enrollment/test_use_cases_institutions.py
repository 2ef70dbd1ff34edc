"""The directory, suspensions, quality cases and follow-up as use-cases, on both databases."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from services.enrollment.application.decide_case import decide_case
from services.enrollment.application.end_directory_entry import end_directory_entry
from services.enrollment.application.institution_queries import InstitutionView, view_institution
from services.enrollment.application.list_centre import (
    apply_for_listing,
    assess_centre,
    record_conditions,
    reply_to_centre,
)
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.record_history import record_incident, record_inspection
from services.enrollment.application.rectify import lift, review_report, submit_report
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.suspend_institution import suspend_institution
from services.enrollment.domain.centre import ListingApplication
from services.enrollment.domain.institution import AnnualInspection, LiabilityIncident
from services.enrollment.domain.quality_case import QualityCase
from services.enrollment.storage.institution_tables import (
    CENTRE_APPLICATION,
    CONDITION_FINDING,
    QUALITY_CASE,
    RECTIFICATION_REPORT,
)
from services.enrollment.storage.tables import INSTITUTION, SUSPENSION
from shared.clock import end_of_day, new_id
from shared.contracts.assessment import SatisfactionMeasured
from shared.contracts.enrollment import InstitutionListed, InstitutionReinstated, InstitutionSuspended
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.enrollment.desk import APPLYING, APPROVER, OTHER_SCHOOL, SCHOOL, Desk
from tests.enrollment.sample import OPENING, WELDER, codes, entry, institution, moment
from tests.enrollment.test_domain_institutions import (
    SLOTS,
    approval,
    assessment,
    attachments,
    found,
)
from tests.enrollment.test_storage import everything, refuses
from tests.enrollment.test_use_cases_application import every_code
from tests.enrollment.test_use_cases_closing import completed, receive

INSPECTOR = replace(APPROVER, subject="inspector", roles=frozenset({Role.INSPECTOR}))
ELSEWHERE = replace(APPROVER, region="110000")
CENTRE = replace(SCHOOL, subject="centre-clerk", organisation="centre")
DUE = date(2021, 6, 9)
"""Twenty working days after 12 May 2021."""


async def seen(desk: Desk, school: str = "school", at: datetime = APPLYING) -> InstitutionView:
    async with desk.unit(APPROVER, at) as uow:
        return await view_institution(uow, school)


async def centre(desk: Desk) -> None:
    kind = institution("enterprise_centre", institution_id="centre", credit_code="920000000000000077")
    await desk.act(register_institution, kind, doubtful_code=False, by=APPROVER)


async def applied(desk: Desk) -> ListingApplication:
    return await desk.act(apply_for_listing, institution_id="centre", attachments=attachments(*SLOTS), by=CENTRE)


async def listed(desk: Desk, **given: object) -> tuple[str, ...]:
    listing = entry(entry_id=new_id(), **given)
    result = await desk.act(list_institution, institution_id="centre", entry=listing, by=APPROVER)
    return tuple(codes(result.warnings))


async def test_a_centre_goes_through_every_step_into_the_directory(desk: Desk) -> None:
    """JY-INS-02, JY-INS-03: refused, refused, accepted; a further entry stands on the same reply."""
    await centre(desk)
    with pytest.raises(ExceptionGroup) as missing:
        await desk.act(apply_for_listing, institution_id="centre", attachments=attachments(*SLOTS[:3]), by=CENTRE)
    assert every_code(missing.value) == {"MISSING_ATTACHMENT"}
    application = await applied(desk)
    with pytest.raises(Conflict) as twice:
        await applied(desk)
    assert twice.value.code == "APPLICATION_UNDER_WAY"
    with pytest.raises(Refused) as refusal:
        await listed(desk)
    assert (refusal.value.code, refusal.value.value) == ("CENTRE_NOT_APPROVED", "applied")
    on_site = {"application_id": application.application_id, "assessment": assessment(assessed_on=date(2021, 5, 12))}
    await desk.act(assess_centre, **on_site, by=INSPECTOR)
    with pytest.raises(Refused) as early:
        await listed(desk)
    assert early.value.value == "assessed"
    await desk.act(reply_to_centre, application_id=application.application_id, reply=approval(), by=APPROVER)
    assert await listed(desk) == ("CONDITIONS_NOT_SHOWN",)
    async with desk.unit() as uow:
        stored = await uow.centres.get(application.application_id)
    assert stored is not None
    assert (stored.state, stored.assessment, stored.reply, stored.version) == (
        "listed",
        on_site["assessment"],
        approval(),
        4,
    )
    with pytest.raises(Conflict) as overlaps:
        await listed(desk)
    assert overlaps.value.code == "ENTRY_OVERLAPS"
    await listed(desk, occupations=("4-10-01-01",))


async def test_a_centre_that_failed_applies_anew_and_others_need_no_application(desk: Desk) -> None:
    await centre(desk)
    first = await applied(desk)
    failed = assessment(passed=False, assessed_on=date(2021, 5, 12))
    await desk.act(assess_centre, application_id=first.application_id, assessment=failed, by=INSPECTOR)
    assert (await applied(desk)).state == "applied"
    with pytest.raises(Conflict) as needless:
        await desk.act(apply_for_listing, institution_id="school", attachments=[], by=SCHOOL)
    assert needless.value.code == "NO_APPLICATION_NEEDED"


async def test_an_application_of_another_region_does_not_exist(desk: Desk) -> None:
    await centre(desk)
    application = await applied(desk)
    for stranger in (ELSEWHERE, replace(INSPECTOR, region="110000"), replace(APPROVER, roles=CENTRE.roles)):
        with pytest.raises(NotFound):
            await desk.act(
                assess_centre, application_id=application.application_id, assessment=assessment(), by=stranger
            )
    with pytest.raises(NotFound):
        await desk.act(apply_for_listing, institution_id="centre", attachments=attachments(*SLOTS), by=SCHOOL)


async def test_the_database_refuses_a_skipped_step_one_person_for_two_and_two_applications(desk: Desk) -> None:
    """JY-INS-03 behind the use-cases."""
    await centre(desk)
    application = await applied(desk)
    await desk.act(
        assess_centre,
        application_id=application.application_id,
        assessment=assessment(assessed_on=date(2021, 5, 12)),
        by=INSPECTOR,
    )
    await desk.act(record_conditions, institution_id="centre", findings=[found("venue")], by=INSPECTOR)
    answered = {"reply_number": "1", "replied_on": date(2021, 5, 12), "reply_approves": True}
    async with desk.unit() as uow:
        row = (await uow.connection.execute(select(CENTRE_APPLICATION))).mappings().one()
        await refuses(
            uow.connection,
            update(CENTRE_APPLICATION).values(state="approved"),
            update(CENTRE_APPLICATION).values(state="listed"),
            update(CENTRE_APPLICATION).values(state="approved", **answered, replied_by="inspector"),
            update(CENTRE_APPLICATION).values(passed=False),
            insert(CENTRE_APPLICATION).values({**row, "application_id": "second"}),
            update(CONDITION_FINDING).values(met=False),
            delete(CONDITION_FINDING),
        )


async def test_a_class_of_a_centre_waits_for_the_findings_on_its_conditions(desk: Desk) -> None:
    """JY-INS-08."""
    async with desk.unit() as uow:
        await uow.connection.execute(update(INSTITUTION).values(kind="enterprise_centre"))
        await uow.commit()
    shown = [found(condition) for condition in ("teachers", "venue")]
    await desk.act(record_conditions, institution_id="school", findings=shown, by=INSPECTOR)
    with pytest.raises(Refused) as refusal:
        await desk.draft()
    assert (refusal.value.code, refusal.value.value) == ("CONDITIONS_NOT_SHOWN", "facilities")
    with pytest.raises(NotFound):
        await desk.act(record_conditions, institution_id="school", findings=[found("facilities")], by=ELSEWHERE)
    with pytest.raises(Refused):
        await desk.act(record_conditions, institution_id="school", findings=[found("charm")], by=INSPECTOR)
    await desk.act(record_conditions, institution_id="school", findings=[found("facilities")], by=INSPECTOR)
    await desk.draft()
    assert [one.condition for one in (await seen(desk)).conditions] == ["teachers", "venue", "facilities"]


async def test_a_missing_inspection_is_recorded_later_and_then_the_application_passes(desk: Desk) -> None:
    """JY-INS-05: the advice of INSPECTION_NOT_PASSED can be followed; a later incident stops again."""
    failed = AnnualInspection(year=2020, passed=False)
    await desk.act(record_inspection, institution_id="school", inspection=failed, by=APPROVER)
    with pytest.raises(Refused) as refusal:
        await desk.draft()
    assert refusal.value.code == "INSPECTION_NOT_PASSED"
    await desk.act(record_inspection, institution_id="school", inspection=replace(failed, passed=True), by=APPROVER)
    await desk.draft()
    incident = LiabilityIncident(on=date(2021, 5, 1), finding="虚报学员")
    recorded = await desk.act(record_incident, institution_id="school", incident=incident, by=APPROVER)
    assert (recorded.version, recorded.liability_incidents) == (5, (incident,))
    with pytest.raises(Refused) as stopped:
        await desk.draft()
    assert stopped.value.code == "LIABILITY_SINCE_2019"
    tomorrow = replace(incident, on=date(2021, 5, 13))
    with pytest.raises(Refused):
        await desk.act(record_incident, institution_id="school", incident=tomorrow, by=APPROVER)
    with pytest.raises(NotFound):
        await desk.act(record_incident, institution_id="school", incident=incident, by=ELSEWHERE)


async def test_an_ended_directory_entry_is_published_again_and_refuses_later_openings(desk: Desk) -> None:
    """JY-INS-01."""
    (standing,) = (await seen(desk)).entries
    ending: dict[str, Any] = {"institution_id": "school", "entry_id": standing.entry_id, "reason": "自愿退出"}
    last = date(2021, 5, 16)
    await desk.act(end_directory_entry, **ending, valid_to=last, by=APPROVER)
    first, second = await desk.facts(InstitutionListed)
    assert (first.entry_id, first.valid_to) == (standing.entry_id, None)
    assert (second.entry_id, second.valid_to) == (standing.entry_id, last)
    with pytest.raises(Refused) as refusal:
        await desk.draft()
    assert refusal.value.code == "NOT_IN_DIRECTORY"
    for wrong in ({"institution_id": "school", "entry_id": "none"}, {"institution_id": "other"}):
        with pytest.raises(NotFound):
            await desk.act(end_directory_entry, **{**ending, **wrong}, valid_to=last, by=APPROVER)
    assert "自愿退出".encode() not in b"".join(await desk.payloads())


async def suspended(desk: Desk) -> str:
    given, _ = await desk.act(
        suspend_institution, institution_id="school", reason="training_quality", remark="整改实训", by=APPROVER
    )
    return given.suspension_id


def reporting(suspension_id: str) -> dict[str, str]:
    paper = {"content": "已更换设备", "reference": "整改-1", "sha256": "2" * 64}
    return {"institution_id": "school", "suspension_id": suspension_id, **paper}


async def test_a_suspension_is_lifted_after_report_and_decision_and_classes_open_again(desk: Desk) -> None:
    """JY-QUA-02: rectification report, decision, lifting; the event carries a code and no words of people."""
    class_id = await desk.reserved()
    suspension_id = await suspended(desk)
    this = {"institution_id": "school", "suspension_id": suspension_id}
    lifting = {**this, "reason": "rectified", "remark": "现场复查"}
    with pytest.raises(Refused) as refusal:
        await desk.act(lift, **lifting, by=APPROVER)
    assert refusal.value.code == "REPORT_MISSING"
    handed = await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL)
    with pytest.raises(Conflict) as waiting:
        await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL)
    assert waiting.value.code == "REPORT_UNDECIDED"
    decision = {**this, "report_id": handed.reports[0].report_id, "accepted": True, "opinion": "复查属实"}
    await desk.act(review_report, **decision, by=APPROVER)
    await desk.act(lift, **lifting, by=APPROVER, at=moment(OPENING, 0))
    (reinstated,) = await desk.facts(InstitutionReinstated)
    assert (reinstated.reason, reinstated.suspension_id, reinstated.on) == ("rectified", suspension_id, OPENING)
    assert "现场复查".encode() not in b"".join(await desk.payloads())
    await desk.fire_timers(end_of_day(OPENING))
    assert (await desk.found(class_id)).state == "opened"
    (row,) = (await seen(desk)).suspensions
    assert (row.suspension.lifting is not None, row.reports[0].state, row.reports[0].opinion) == (
        True,
        "accepted",
        "复查属实",
    )
    with pytest.raises(Conflict):
        await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL)


async def test_a_suspension_is_ended_by_the_rulebook_that_began_it_after_that_lapsed(desk: Desk) -> None:
    """JY-QUA-02 and JY-INT-04: in 2022 no rulebook is in force, and nobody stays suspended for that."""
    class_id = await desk.opened()
    case = await case_opened(desk, class_id)
    later = moment(date(2022, 1, 10), 9)
    decided = await desk.act(decide_case, case_id=case.case_id, confirmed=True, remark="已核实", by=APPROVER, at=later)
    assert decided.decision is not None
    this = {"institution_id": "school", "suspension_id": decided.decision.suspension_id}
    await desk.act(lift, **this, reason="revoked", remark="问卷误发", by=APPROVER, at=later)
    with pytest.raises(Refused) as missing:
        await desk.act(
            suspend_institution, institution_id="school", reason="training_quality", remark="x", by=APPROVER, at=later
        )
    assert missing.value.code == "RULEBOOK_MISSING"


async def test_only_the_own_school_reports_and_only_its_bureau_decides(desk: Desk) -> None:
    suspension_id = await suspended(desk)
    handed = await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL)
    this = {"institution_id": "school", "suspension_id": suspension_id}
    decision = {**this, "report_id": handed.reports[0].report_id, "accepted": True, "opinion": "属实"}
    for act, named, by in (
        (submit_report, reporting(suspension_id), OTHER_SCHOOL),
        (submit_report, reporting("none"), SCHOOL),
        (review_report, decision, ELSEWHERE),
        (review_report, {**decision, "report_id": "none"}, APPROVER),
        (lift, {**this, "reason": "revoked", "remark": "x"}, ELSEWHERE),
        (lift, {**this, "suspension_id": "none", "reason": "revoked", "remark": "x"}, APPROVER),
    ):
        with pytest.raises(NotFound):
            await desk.act(act, **named, by=by)  # type: ignore[operator]


async def test_a_suspension_without_report_is_flagged_the_day_after_it_was_due(desk: Desk) -> None:
    """JY-QUA-02: rectification within a set period; a report in time is not flagged, a rejected one begins it anew."""
    suspension_id = await suspended(desk)
    await desk.fire_timers(moment(DUE, 23))
    assert not (await seen(desk)).suspensions[0].suspension.overdue
    await desk.fire_timers(end_of_day(DUE))
    (row,) = (await seen(desk)).suspensions
    assert (row.suspension.overdue, row.suspension.rectify_by) == (True, DUE)
    handed = await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL, at=moment(date(2021, 6, 10), 9))
    await desk.act(
        review_report,
        institution_id="school",
        suspension_id=suspension_id,
        report_id=handed.reports[0].report_id,
        accepted=False,
        opinion="未见成效",
        by=APPROVER,
        at=moment(date(2021, 6, 11), 9),
    )
    (row,) = (await seen(desk)).suspensions
    again = row.suspension.rectify_by
    assert (row.suspension.overdue, again) == (False, date(2021, 7, 12))
    await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL, at=moment(again, 9))
    await desk.fire_timers(end_of_day(again))
    assert not (await seen(desk)).suspensions[0].suspension.overdue


async def test_a_suspension_for_no_reason_of_the_rulebook_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        await desk.act(suspend_institution, institution_id="school", reason="mood", remark="x", by=APPROVER)
    assert (refusal.value.code, refusal.value.rule) == ("REASON_UNKNOWN", "JY-QUA-02")


def measured(class_id: str, satisfied: int, revision: int = 1) -> SatisfactionMeasured:
    return SatisfactionMeasured(class_id=class_id, satisfied=satisfied, valid_responses=40, revision=revision)


async def case_of(desk: Desk, class_id: str) -> QualityCase | None:
    async with desk.unit() as uow:
        return await uow.quality.case_of_class(class_id)


async def case_opened(desk: Desk, class_id: str, satisfied: int = 33) -> QualityCase:
    await receive(desk, measured(class_id, satisfied))
    case = await case_of(desk, class_id)
    assert case is not None
    return case


async def test_thirty_four_of_forty_are_no_case_and_thirty_three_are_one(desk: Desk) -> None:
    """JY-QUA-02: 85.0 % no flag, 82.5 % flagged; nothing is suspended before a person confirms."""
    class_id = await desk.opened()
    await receive(desk, measured(class_id, 34))
    assert await case_of(desk, class_id) is None
    await receive(desk, measured(class_id, 33, revision=2))
    case = await case_of(desk, class_id)
    assert case is not None
    assert (case.state, case.satisfied, case.revision, case.institution_id) == ("open", 33, 2, "school")
    await receive(desk, measured(class_id, 33, revision=2))
    assert await case_of(desk, class_id) == case
    assert await desk.facts(InstitutionSuspended) == []
    await receive(desk, measured(class_id, 40, revision=3))
    cleared = await case_of(desk, class_id)
    assert cleared is not None
    assert (cleared.state, cleared.version) == ("cleared", 2)


async def test_a_confirmed_case_stops_new_openings_and_lets_the_running_class_go_on(desk: Desk) -> None:
    """JY-QUA-02: suspended once confirmed, with a due date; running classes continue."""
    class_id = await desk.opened()
    case = await case_opened(desk, class_id)
    decided = await desk.act(decide_case, case_id=case.case_id, confirmed=True, remark="已核实", by=APPROVER)
    (fact,) = await desk.facts(InstitutionSuspended)
    assert decided.decision is not None
    assert (fact.reason, fact.until, fact.rectify_by) == ("low_satisfaction", None, DUE)
    assert fact.suspension_id == decided.decision.suspension_id
    with pytest.raises(Refused) as refusal:
        await desk.draft(desk.plan(date(2021, 9, 6)))
    assert refusal.value.code == "INSTITUTION_SUSPENDED"
    await receive(desk, completed(class_id), at=moment(date(2021, 5, 29), 9))
    assert (await desk.found(class_id)).state == "completed"
    with pytest.raises(Conflict):
        await desk.act(decide_case, case_id=case.case_id, confirmed=False, remark="再议", by=APPROVER)
    assert (await case_of(desk, class_id)) == decided


async def test_a_dismissed_case_suspends_nobody_and_strangers_find_no_case(desk: Desk) -> None:
    class_id = await desk.opened()
    case = await case_opened(desk, class_id)
    for stranger in (ELSEWHERE, replace(APPROVER, organisation="school", roles=APPROVER.roles | SCHOOL.roles)):
        with pytest.raises(NotFound) as hidden:
            await desk.act(decide_case, case_id=case.case_id, confirmed=True, remark="x", by=stranger)
        assert hidden.value.code == "CASE_NOT_FOUND"
    decided = await desk.act(decide_case, case_id=case.case_id, confirmed=False, remark="问卷误发", by=APPROVER)
    assert (decided.state, await desk.facts(InstitutionSuspended)) == ("dismissed", [])


async def test_the_database_refuses_a_confirmed_case_without_suspension_and_a_lifting_by_nobody(desk: Desk) -> None:
    class_id = await desk.opened()
    case = await case_opened(desk, class_id)
    suspension_id = await suspended(desk)
    await desk.act(submit_report, **reporting(suspension_id), by=SCHOOL)
    async with desk.unit() as uow:
        row = (await uow.connection.execute(select(QUALITY_CASE))).mappings().one()
        waiting = (await uow.connection.execute(select(RECTIFICATION_REPORT))).mappings().one()
        waiting = {name: value for name, value in waiting.items() if name != "seq"}
        await refuses(
            uow.connection,
            update(QUALITY_CASE).values(state="confirmed", decided_by="approver"),
            update(QUALITY_CASE).values(state="dismissed"),
            update(QUALITY_CASE).values(satisfied=41),
            insert(QUALITY_CASE).values({**row, "case_id": "second"}),
            insert(RECTIFICATION_REPORT).values({**waiting, "report_id": "second"}),
            update(RECTIFICATION_REPORT).values(state="accepted"),
            update(SUSPENSION).values(lifted_on=OPENING),
        )
    assert case.state == "open"


async def test_what_people_wrote_about_an_institution_stands_readable_in_no_table(desk: Desk) -> None:
    await desk.act(submit_report, **reporting(await suspended(desk)), by=SCHOOL)
    incident = LiabilityIncident(on=date(2021, 5, 1), finding="虚报学员")
    await desk.act(record_incident, institution_id="school", incident=incident, by=APPROVER)
    dump = b"".join([repr(line).encode() async for line in everything(desk.database)])
    assert b"rectification_reported" in dump
    for words in ("整改实训", "已更换设备", "虚报学员"):
        assert words.encode() not in dump


async def test_a_reply_by_whoever_recorded_the_assessment_is_forbidden(desk: Desk) -> None:
    """JY-REP-07."""
    await centre(desk)
    application = await applied(desk)
    on_site = assessment(assessed_on=date(2021, 5, 12), recorded_by=APPROVER.subject)
    await desk.act(assess_centre, application_id=application.application_id, assessment=on_site, by=APPROVER)
    with pytest.raises(Forbidden) as refusal:
        await desk.act(reply_to_centre, application_id=application.application_id, reply=approval(), by=APPROVER)
    assert refusal.value.code == "SAME_REVIEWER"


async def test_an_institution_reads_itself_and_nobody_elses(desk: Desk) -> None:
    async with desk.unit(SCHOOL) as uow:
        own = await view_institution(uow, "school")
        assert own.entries[0].occupations == (WELDER,)
    for stranger in (OTHER_SCHOOL, ELSEWHERE):
        async with desk.unit(stranger) as uow:
            with pytest.raises(NotFound):
                await view_institution(uow, "school")
