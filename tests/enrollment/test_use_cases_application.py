"""From draft to approval: what an institution and its bureau can and cannot do, on both databases."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from peibu.demo.people import broken_identity_number
from services.enrollment.application.amend_class import amend_class
from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.file_teacher import file_teacher
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.queries import list_classes, list_roster, view_class
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.submit_class import submit_class
from services.enrollment.application.submit_roster import remove_roster_row
from services.enrollment.application.suspend_institution import suspend_institution
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.domain.institution import LiabilityIncident
from services.enrollment.domain.person import Identity
from services.enrollment.domain.timetable import Venue
from shared.contracts.enrollment import (
    ClassApplied,
    ClassApproved,
    ClassOpened,
    InstitutionListed,
    InstitutionSuspended,
)
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from tests.enrollment.desk import (
    APPLYING,
    APPROVER,
    EVERYTHING,
    FIRST,
    OTHER_SCHOOL,
    SCHOOL,
    SECOND,
    STEPS,
    Desk,
    people,
    rows,
)
from tests.enrollment.sample import WELDER, codes, entry, head, institution, moment, occupation


def every_code(error: BaseException) -> set[str]:
    if isinstance(error, BaseExceptionGroup):
        return {code for inner in error.exceptions for code in every_code(inner)}
    assert isinstance(error, DomainError)
    return {error.code}


async def test_listing_and_suspending_an_institution_are_events(desk: Desk) -> None:
    await desk.act(
        suspend_institution,
        institution_id="school",
        until=date(2021, 5, 31),
        reason="low_satisfaction",
        remark="学员反映强烈",
        by=APPROVER,
    )
    (listed,) = await desk.facts(InstitutionListed)
    (suspended,) = await desk.facts(InstitutionSuspended)
    assert (listed.institution_id, listed.occupations) == ("school", (WELDER,))
    assert (suspended.since, suspended.until, suspended.rule) == (date(2021, 5, 12), date(2021, 5, 31), "JY-QUA-02")
    assert (suspended.reason, suspended.rectify_by) == ("low_satisfaction", date(2021, 6, 9))
    assert "学员反映强烈".encode() not in b"".join(await desk.payloads())
    with pytest.raises(Refused) as refusal:
        await desk.draft()
    assert refusal.value.code == "INSTITUTION_SUSPENDED"


async def test_a_private_school_with_a_liability_incident_is_not_listed(desk: Desk) -> None:
    bad = institution(
        institution_id="bad",
        credit_code="920000000000000050",
        liability_incidents=(LiabilityIncident(on=date(2019, 1, 1), finding="办学责任"),),
    )
    await desk.act(register_institution, bad, doubtful_code=False, by=APPROVER)
    with pytest.raises(Refused) as refusal:
        await desk.act(list_institution, institution_id="bad", entry=entry(entry_id="of-bad"), by=APPROVER)
    assert (refusal.value.code, refusal.value.rule) == ("LIABILITY_SINCE_2019", "JY-INS-05")


async def test_an_unknown_kind_of_institution_is_refused_and_other_ones_warn(desk: Desk) -> None:
    """JY-INS-12."""
    odd = institution("circus", institution_id="odd", credit_code="920000000000000051")
    with pytest.raises(Refused) as refusal:
        await desk.act(register_institution, odd, doubtful_code=False, by=APPROVER)
    assert refusal.value.code == "INSTITUTION_KIND_UNKNOWN"
    other = institution("other", institution_id="other", credit_code="920000000000000052")
    warnings = await desk.act(register_institution, other, doubtful_code=True, by=APPROVER)
    assert codes(warnings) == ["INSTITUTION_KIND_REVIEW", "CREDIT_CODE_DOUBTFUL"]
    again = replace(other, institution_id="again")
    with pytest.raises(Conflict):
        await desk.act(register_institution, again, doubtful_code=False, by=APPROVER)


async def test_a_bureau_acts_only_in_its_region(desk: Desk) -> None:
    elsewhere = replace(APPROVER, region="110000")
    also_a_school = replace(APPROVER, organisation="school", roles=APPROVER.roles | SCHOOL.roles)
    for use_case, argument, named in (
        (register_occupation, occupation(), {}),
        (register_institution, institution(institution_id="new"), {"doubtful_code": False}),
    ):
        for stranger in (elsewhere, also_a_school):
            with pytest.raises(Forbidden) as refusal:
                await desk.act(use_case, argument, by=stranger, **named)  # type: ignore[arg-type]
            assert refusal.value.code == "REGION_OUT_OF_SCOPE"
    with pytest.raises(NotFound):
        await desk.act(list_institution, institution_id="school", entry=entry(), by=elsewhere)


async def test_a_person_is_filed_once_by_an_institution_and_only_by_its_own_people(desk: Desk) -> None:
    person = people(1, skip=60)[0]
    filing = {
        "institution_id": "school",
        "identity": Identity(identity_number=person.identity_number.lower(), name=person.name),
        "specialty": "焊接",
        "qualification": "技师",
        "full_time": True,
    }
    with pytest.raises(Conflict) as refusal:
        await desk.act(file_teacher, by=SCHOOL, **filing)
    assert (refusal.value.code, refusal.value.value) == ("TEACHER_ALREADY_FILED", desk.teacher_ids[0])
    with pytest.raises(NotFound):
        await desk.act(file_teacher, by=OTHER_SCHOOL, **filing)
    broken = Identity(identity_number=broken_identity_number(person), name=person.name)
    with pytest.raises(Refused) as bad:
        await desk.act(file_teacher, by=SCHOOL, **{**filing, "identity": broken})
    assert bad.value.code == "ID_CHECKSUM"
    assert broken.identity_number not in repr(bad.value)
    venue = Venue(venue_id="v", name="场地", stations={})
    with pytest.raises(NotFound):
        await desk.act(register_venue, institution_id="school", venue=venue, address="x", by=OTHER_SCHOOL)


async def test_a_draft_that_a_rule_stops_is_not_stored_and_every_rule_speaks_at_once(desk: Desk) -> None:
    broken = desk.plan(planned=51, funding_source="lottery")
    with pytest.raises(ExceptionGroup) as refusal:
        await desk.act(draft_class, broken, by=SCHOOL)
    assert every_code(refusal.value) == {"CLASS_TOO_LARGE", "FUNDING_SOURCE_UNKNOWN"}
    assert await desk.facts(ClassApplied) == []


async def test_a_teacher_not_filed_by_this_institution_is_named(desk: Desk) -> None:
    stranger = replace(desk.sessions()[0], teacher_id="somebody")
    with pytest.raises(Refused) as refusal:
        await desk.draft(replace(desk.plan(), sessions=(stranger, *desk.sessions()[1:])))
    assert (refusal.value.code, refusal.value.value) == ("TEACHER_NOT_FILED", "somebody")


async def test_rows_are_judged_one_by_one_and_a_row_number_sent_again_replaces_its_row(desk: Desk) -> None:
    class_id = await desk.draft()
    sent = rows(3)
    broken = broken_identity_number(people(3)[1])
    sent[1] = replace(sent[1], particulars=replace(sent[1].particulars, identity_number=broken))
    sent[2] = replace(sent[0], row=3)
    answer = await desk.send(class_id, sent)
    assert (answer.counts.accepted, answer.counts.refused) == (1, 2)
    assert [codes(entry.judgement.findings) for entry in answer.entries] == [
        [],
        ["ID_CHECKSUM"],
        ["DUPLICATE_IN_CLASS"],
    ]
    again = await desk.send(class_id, [rows(2)[1]])
    assert (again.counts.accepted, again.counts.refused) == (2, 1)
    assert [entry.row.row for entry in again.entries] == [2]


async def test_correcting_the_earlier_row_frees_the_later_one_and_the_answer_shows_both(desk: Desk) -> None:
    class_id = await desk.draft()
    first, *_ = rows(1)
    await desk.send(class_id, [first, replace(first, row=2)])
    answer = await desk.send(class_id, rows(1, skip=5))
    assert [(entry.row.row, entry.judgement.verdict) for entry in answer.entries] == [(1, "accepted"), (2, "accepted")]


async def test_a_row_sent_by_mistake_can_be_removed_before_submission_only(desk: Desk) -> None:
    class_id = await desk.draft()
    await desk.send(class_id, rows(4))
    answer = await desk.act(remove_roster_row, class_id=class_id, row=4, by=SCHOOL)
    assert answer.counts.rows == 3
    with pytest.raises(NotFound):
        await desk.act(remove_roster_row, class_id=class_id, row=4, by=SCHOOL)
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    with pytest.raises(Conflict) as refusal:
        await desk.act(remove_roster_row, class_id=class_id, row=3, by=SCHOOL)
    assert refusal.value.code == "CLASS_STATE"
    with pytest.raises(Conflict):
        await desk.send(class_id, rows(1))


async def test_an_application_in_time_and_complete_goes_to_review(desk: Desk) -> None:
    class_id = await desk.applied(at=APPLYING)
    (fact,) = await desk.facts(ClassApplied)
    assert (fact.class_id, fact.planned, fact.roster_accepted, fact.roster_refused) == (class_id, 3, 3, 0)
    assert (fact.programme, fact.training_type) == ("training", "employee_intermediate")
    assert fact.rulebook_id.startswith("jiyuan/2021-01-01@")
    assert (await desk.found(class_id)).state == "applied"


async def test_an_application_a_day_later_is_too_late(desk: Desk) -> None:
    class_id = await desk.draft()
    await desk.send(class_id, rows(3))
    with pytest.raises(Refused) as refusal:
        await desk.act(submit_class, class_id=class_id, by=SCHOOL, at=moment(date(2021, 5, 13), 0))
    assert (refusal.value.code, refusal.value.rule) == ("TOO_LATE", "JY-ENR-02")
    await desk.act(submit_class, class_id=class_id, by=SCHOOL, at=moment(date(2021, 5, 12), 23, 59))


async def test_the_roster_must_have_as_many_rows_as_planned(desk: Desk) -> None:
    """JY-ENR-03."""
    class_id = await desk.draft()
    await desk.send(class_id, rows(2))
    with pytest.raises(Refused) as refusal:
        await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    assert refusal.value.code == "ROSTER_COUNT_MISMATCH"


async def test_thirty_one_people_with_one_veteran_are_too_many(desk: Desk) -> None:
    class_id = await desk.draft(desk.plan(planned=31))
    sent = rows(31)
    sent[7] = replace(sent[7], group="veteran")
    await desk.send(class_id, sent)
    with pytest.raises(Refused) as refusal:
        await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    assert (refusal.value.code, refusal.value.rule) == ("CLASS_TOO_LARGE", "JY-ENR-07")


async def test_a_person_in_a_class_applied_for_cannot_be_in_another_of_the_year(desk: Desk) -> None:
    await desk.applied(sent=rows(3))
    later = date(2021, 9, 6)
    class_id = await desk.draft(desk.plan(later))
    answer = await desk.send(class_id, rows(3, skip=1))
    assert [codes(entry.judgement.findings) for entry in answer.entries] == [["REPEAT_IN_YEAR"], ["REPEAT_IN_YEAR"], []]


async def test_a_draft_of_somebody_else_keeps_nobody_from_another_class(desk: Desk) -> None:
    await desk.send(await desk.draft(), rows(3))
    answer = await desk.send(await desk.draft(desk.plan(date(2021, 9, 6))), rows(3))
    assert answer.counts.accepted == 3


async def test_rows_are_judged_again_at_submission(desk: Desk) -> None:
    first, second = await desk.draft(), await desk.draft(desk.plan(date(2021, 9, 6)))
    for class_id in (first, second):
        await desk.send(class_id, rows(3, skip=0 if class_id == first else 2))
        await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    assert [entry.judgement.verdict for entry in await desk.roster(second)] == ["refused", "accepted", "accepted"]
    (_, fact) = await desk.facts(ClassApplied)
    assert (fact.roster_accepted, fact.roster_refused) == (2, 1)


async def test_a_teacher_is_double_booked_across_classes_and_institutions(desk: Desk) -> None:
    await desk.applied()
    with pytest.raises(ExceptionGroup) as refusal:
        await desk.draft()
    assert every_code(refusal.value) == {"TEACHER_DOUBLE_BOOKED", "VENUE_DOUBLE_BOOKED"}
    await desk.furnish("other-school", number=2)  # the same three people, filed again there
    with pytest.raises(ExceptionGroup) as elsewhere:
        await desk.draft(desk.plan(school="other-school"), by=OTHER_SCHOOL)
    assert every_code(elsewhere.value) == {"TEACHER_DOUBLE_BOOKED"}


async def test_a_returned_class_is_corrected_submitted_again_and_reviewed_from_the_start(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST)
    returned = await desk.review(class_id, "second_review", SECOND, "return")
    assert returned.state == "returned"
    await desk.act(amend_class, class_id=class_id, plan=desk.plan(planned=4), by=SCHOOL)
    await desk.send(class_id, rows(4))
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    for step, actor in STEPS:
        approved = await desk.review(class_id, step, actor)
    assert (approved.state, approved.plan.planned, len(approved.reviews)) == ("approved", 4, 5)


async def test_a_refused_class_is_over_and_frees_its_people(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST, "refuse")
    with pytest.raises(Conflict):
        await desk.review(class_id, "second_review", SECOND)
    assert (await desk.send(await desk.draft(), rows(3))).counts.accepted == 3


async def test_three_people_approve_and_payment_is_asked(desk: Desk) -> None:
    class_id = await desk.approved()
    (fact,) = await desk.facts(ClassApproved)
    roster = await desk.roster(class_id)
    assert [one.person_id for one in fact.reservation.trainees] == [entry.row.person_id for entry in roster]
    assert [one.actor for one in fact.reviews] == ["first", "second", "approver"]
    assert (fact.reservation.programme, fact.reservation.certificate_kinds) == ("training", ("level", "completion"))
    found = await desk.found(class_id)
    assert (found.state, found.reservation_version) == ("approved", 2)


async def test_one_person_with_every_role_takes_one_step_only(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", EVERYTHING)
    with pytest.raises(Forbidden) as refusal:
        await desk.review(class_id, "second_review", EVERYTHING)
    assert (refusal.value.code, refusal.value.rule) == ("SAME_REVIEWER", "JY-REP-07")
    await desk.review(class_id, "second_review", SECOND)
    with pytest.raises(Forbidden):
        await desk.review(class_id, "bureau_opinion", EVERYTHING)


def at_the_bureau(actor: Actor) -> Actor:
    """Give the person with a token of the bureau."""
    return replace(EVERYTHING, subject=actor.subject)


def at_the_school(actor: Actor) -> Actor:
    """Give the person with a token of the institution."""
    return replace(SCHOOL, subject=actor.subject)


async def test_whoever_acts_for_an_institution_sees_its_own_alone_whatever_else_the_token_names(desk: Desk) -> None:
    class_id = await desk.applied()
    stranger = replace(OTHER_SCHOOL, roles=frozenset({Role.INSTITUTION, Role.AUDITOR, *EVERYTHING.roles}))
    for use_case in (view_class, list_roster):
        with pytest.raises(NotFound):
            await desk.act(use_case, class_id, by=stranger)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await desk.review(class_id, "first_review", stranger)
    assert await desk.act(list_classes, state=None, cursor=None, by=stranger) == ([], None)
    own = replace(stranger, organisation="school")
    assert (await desk.act(view_class, class_id, by=own)).training_class.class_id == class_id
    with pytest.raises(NotFound):
        await desk.review(class_id, "first_review", own)


async def test_the_applicant_reviews_nothing_and_a_reviewer_does_not_apply(desk: Desk) -> None:
    class_id = await desk.applied(by=SCHOOL)
    with pytest.raises(Forbidden) as refusal:
        await desk.review(class_id, "first_review", at_the_bureau(SCHOOL))
    assert refusal.value.code == "SAME_REVIEWER"
    await desk.review(class_id, "first_review", FIRST, "return")
    with pytest.raises(Forbidden):
        await desk.act(submit_class, class_id=class_id, by=at_the_school(FIRST))


async def test_whoever_wrote_the_roster_or_the_plan_reviews_nothing(desk: Desk) -> None:
    writer, amender, remover = (replace(SCHOOL, subject=subject) for subject in ("writer", "amender", "remover"))
    class_id = await desk.draft()
    await desk.send(class_id, rows(4), by=writer)
    await desk.act(amend_class, class_id=class_id, plan=desk.plan(), by=amender)
    await desk.act(remove_roster_row, class_id=class_id, row=4, by=remover)
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    for actor in (writer, amender, remover):
        with pytest.raises(Forbidden) as refusal:
            await desk.review(class_id, "first_review", at_the_bureau(actor))
        assert (refusal.value.code, refusal.value.rule) == ("SAME_REVIEWER", "JY-REP-07")


async def test_a_reviewer_writes_nothing_into_the_case_he_reviewed(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST, "return")
    both = at_the_school(FIRST)
    with pytest.raises(Forbidden):
        await desk.send(class_id, rows(3), by=both)
    with pytest.raises(Forbidden):
        await desk.act(amend_class, class_id=class_id, plan=desk.plan(), by=both)
    with pytest.raises(Forbidden):
        await desk.act(withdraw_class, class_id=class_id, reason="x", by=both)


async def test_a_step_needs_its_order_and_its_role(desk: Desk) -> None:
    class_id = await desk.applied()
    with pytest.raises(Conflict) as refusal:
        await desk.review(class_id, "bureau_opinion", APPROVER)
    assert (refusal.value.code, refusal.value.rule) == ("ORDER", "JY-ENR-25")
    with pytest.raises(Forbidden) as role:
        await desk.review(class_id, "first_review", SECOND)
    assert role.value.code == "ROLE_MISSING"
    with pytest.raises(NotFound):
        await desk.review(class_id, "first_review", replace(FIRST, region="110000"))


async def outcomes(*acts: object) -> list[str]:
    """Run at the same time and give the code of each refusal, `done` for what went through."""
    results = await asyncio.gather(*acts, return_exceptions=True)  # type: ignore[call-overload]
    return sorted("done" if not isinstance(one, BaseException) else next(iter(every_code(one))) for one in results)


async def test_of_two_people_taking_the_same_step_at_once_one_does(desk: Desk) -> None:
    class_id = await desk.applied()
    rival = replace(FIRST, subject="rival")
    assert await outcomes(
        desk.review(class_id, "first_review", FIRST), desk.review(class_id, "first_review", rival)
    ) == ["ORDER", "done"]
    found = await desk.found(class_id)
    assert (found.state, len(found.reviews)) == ("first_review", 1)


async def test_one_person_taking_a_step_many_times_at_once_takes_it_once(desk: Desk) -> None:
    class_id = await desk.applied()
    tries = [desk.review(class_id, "first_review", FIRST) for _ in range(6)]
    assert await outcomes(*tries) == ["ORDER"] * 5 + ["done"]


async def test_one_person_taking_two_steps_at_once_takes_one(desk: Desk) -> None:
    class_id = await desk.applied()
    done = await outcomes(
        desk.review(class_id, "first_review", EVERYTHING), desk.review(class_id, "second_review", EVERYTHING)
    )
    assert done in (["ORDER", "done"], ["SAME_REVIEWER", "done"])
    assert [one.step for one in (await desk.found(class_id)).reviews] == ["first_review"]


async def test_two_last_steps_at_once_ask_payment_once(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST)
    await desk.review(class_id, "second_review", SECOND)
    rival = replace(APPROVER, subject="rival")
    done = await outcomes(
        desk.review(class_id, "bureau_opinion", APPROVER), desk.review(class_id, "bureau_opinion", rival)
    )
    assert done == ["CLASS_STATE", "done"]
    assert len(await desk.facts(ClassApproved)) == 1


async def test_submitting_twice_at_once_is_one_application(desk: Desk) -> None:
    class_id = await desk.draft()
    await desk.send(class_id, rows(3))
    tries = [desk.act(submit_class, class_id=class_id, by=SCHOOL) for _ in range(2)]
    assert await outcomes(*tries) == ["CLASS_STATE", "done"]
    assert len(await desk.facts(ClassApplied)) == 1


async def test_another_name_for_a_confirmed_person_is_asked_and_holds_once_the_class_is_approved(desk: Desk) -> None:
    first = await desk.approved()
    await desk.act(withdraw_class, class_id=first, reason="改期", by=SCHOOL)
    sent = rows(3)
    sent[0] = replace(sent[0], particulars=replace(sent[0].particulars, name="改样名"))
    later = await desk.applied(desk.plan(date(2021, 9, 6)), sent)
    assert [entry.judgement.verdict for entry in await desk.roster(later)] == ["ask", "accepted", "accepted"]
    await desk.decide(later, "NAME_DIFFERS", 1)
    for step, actor in STEPS:
        await desk.review(later, step, actor)
    await desk.act(withdraw_class, class_id=later, reason="改期", by=SCHOOL)
    answer = await desk.send(await desk.draft(desk.plan(date(2021, 10, 11))), sent)
    assert answer.counts.accepted == 3


async def test_the_opening_date_decides_the_rulebook_and_without_one_nothing_is_judged(desk: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        await desk.draft(desk.plan(date(2022, 5, 16)))
    assert refusal.value.code == "RULEBOOK_MISSING"


async def test_a_batch_is_used_once_a_year_by_whoever_submits_it_first(desk: Desk) -> None:
    """JY-FLD-08: a draft takes nothing; a class that was applied for keeps its number, even when withdrawn."""
    third = head(batch=3)
    later = desk.plan(date(2021, 7, 5), form=third)
    slow = await desk.draft(later)
    await desk.send(slow, rows(3, skip=10))
    first = await desk.applied(desk.plan(form=third))
    with pytest.raises(Refused) as refused:
        await desk.act(submit_class, class_id=slow, by=SCHOOL)
    assert (refused.value.code, refused.value.rule) == ("DUPLICATE_BATCH", "JY-FLD-08")
    await desk.act(withdraw_class, class_id=first, code="other", reason="", by=SCHOOL)
    with pytest.raises(Refused):
        await desk.draft(later)
    other = head(batch=4)
    assert await desk.draft(desk.plan(date(2021, 7, 5), form=other))


async def test_the_contact_of_an_application_stands_sealed_and_leaves_in_no_event(desk: Desk) -> None:
    """JY-FLD-04, JY-FLD-05"""
    class_id = await desk.opened(desk.plan(form=head(contact_person="示例联系人", telephone="0391-0000000", batch=7)))
    found = (await desk.found(class_id)).plan.form
    assert (found.contact_person, found.telephone) == ("示例联系人", "0391-0000000")
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.applicant_sealed, opened.batch) == (True, 7)
    for payload in await desk.payloads():
        assert "示例联系人" not in payload.decode()
        assert "0391-0000000" not in payload.decode()
