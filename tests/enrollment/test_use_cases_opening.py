"""From reservation to opening: answers in every order, the opening date and its changes, on both databases."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.application.move_opening import move_opening
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.suspend_institution import suspend_institution
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.application.withdraw_trainee import withdraw_trainee
from shared.clock import end_of_day, start_of_day
from shared.contracts.enrollment import ClassChanged, ClassClosed, ClassOpened, EmployerReference, OccupationDated
from shared.contracts.payment import BudgetAnswer, EntitlementReserved, RefusedReservation
from shared.database.encryption import identity_check, payee_check, payee_check_key_id
from shared.domain.actor import Role
from shared.domain.errors import Conflict, MissingFact, NotFound, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook, Shelf
from tests.enrollment.desk import APPROVER, OTHER_SCHOOL, PAYEE_KEY, SCHOOL, STEPS, Desk, people, rows
from tests.enrollment.sample import OPENING, book, codes, institution, moment, occupation
from tests.enrollment.test_use_cases_closing import cancelled, completed, receive

LATER = date(2021, 9, 6)


def refused(person_id: str | None) -> RefusedReservation:
    assert person_id is not None
    return RefusedReservation(
        person_id=person_id, code="ENTITLEMENT_USED", rule="JY-ENR-05", clause="二(三)1", message="次数已用完。"
    )


async def test_a_granted_reservation_waits_for_the_opening_date_and_then_the_class_opens(desk: Desk) -> None:
    class_id = await desk.reserved()
    assert (await desk.found(class_id)).state == "reserved"
    assert await desk.fire_timers(start_of_day(OPENING) - timedelta(seconds=1)) == 0
    assert await desk.fire_timers(start_of_day(OPENING)) == 1
    assert (await desk.found(class_id)).state == "opened"
    (fact,) = await desk.facts(ClassOpened)
    assert (fact.class_id, fact.planned, fact.refused, fact.rulebook_id) == (class_id, 3, 0, book().id)
    assert (fact.institution.institution_id, fact.occupation.certifiable) == ("school", ("level",))
    assert (len(fact.sessions), len(fact.teachers), len(fact.trainees), len(fact.reviews)) == (20, 3, 3, 3)
    assert await desk.fire_timers(end_of_day(OPENING)) == 0


async def test_the_opening_carries_masked_names_and_checks_that_payment_can_repeat(desk: Desk) -> None:
    await desk.opened()
    (fact,) = await desk.facts(ClassOpened)
    by_check = {trainee.payee_check: trainee for trainee in fact.trainees}
    for person in people(3):
        check = payee_check(person.name, person.identity_number.lower(), PAYEE_KEY)
        assert by_check[check].masked_name == person.name[0] + "*" * (len(person.name) - 1)
        assert by_check[check].payee_check_key == payee_check_key_id(PAYEE_KEY)


async def test_two_spellings_of_a_name_have_one_check_of_their_number(desk: Desk) -> None:
    """HB-CLM-01: what somebody had elsewhere is found by the number alone."""
    await desk.opened()
    (fact,) = await desk.facts(ClassOpened)
    checks = {trainee.identity_check for trainee in fact.trainees}
    assert checks == {identity_check(person.identity_number.lower(), PAYEE_KEY) for person in people(3)}
    assert checks.isdisjoint({trainee.payee_check for trainee in fact.trainees})


async def test_a_new_occupation_travels_with_the_days_that_the_register_names_on_the_opening(desk: Desk) -> None:
    """HB-CLM-06: a row registered later replaces the earlier one, and an opened class keeps what was known."""
    published = replace(occupation(), valid_from=date(2021, 2, 1), new_since=date(2021, 1, 15))
    wrong = replace(published, valid_from=date(2021, 3, 1), new_since=date(2021, 1, 14), new_until=date(2021, 12, 31))
    for row in (published, wrong):
        await desk.act(register_occupation, row, by=APPROVER)
    await desk.opened()
    await desk.act(register_occupation, replace(occupation(), valid_from=OPENING), by=APPROVER)
    (fact,) = await desk.facts(ClassOpened)
    assert (fact.occupation.new_since, fact.occupation.new_until) == (date(2021, 1, 14), date(2021, 12, 31))


async def test_a_list_of_the_ministry_entered_after_the_opening_reaches_the_open_class(desk: Desk) -> None:
    """HB-CLM-06: by the day of publication, whenever it is entered; rows that name no day change nothing opened."""
    class_id = await desk.opened()
    late = replace(occupation(), valid_from=OPENING, new_since=date(2021, 1, 15))
    later = replace(late, new_since=date(2021, 1, 14), new_until=date(2021, 12, 31))
    for row in (late, replace(late, code="fitter"), replace(occupation(), valid_from=OPENING), later):
        await desk.act(register_occupation, row, by=APPROVER)
    told = [
        (fact.class_id, fact.occupation, fact.new_since, fact.new_until) for fact in await desk.facts(OccupationDated)
    ]
    assert told == [
        (class_id, occupation().code, late.new_since, None),
        (class_id, occupation().code, later.new_since, later.new_until),
    ]


async def test_neither_a_wider_regions_list_nor_a_cancelled_class_is_told(desk: Desk) -> None:
    """HB-CLM-06: the nearest region's row is the class's; one that was cancelled is never claimed for."""
    class_id = await desk.opened()
    wider = replace(occupation(), region="410000", valid_from=OPENING, new_since=date(2021, 1, 15))
    province = replace(APPROVER, region="410000")
    await desk.act(register_occupation, wider, by=province)
    await receive(desk, cancelled(class_id))
    await desk.act(register_occupation, replace(wider, region=occupation().region), by=APPROVER)
    assert await desk.facts(OccupationDated) == []


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (date(2021, 5, 3), None, None),
        (date(2021, 5, 4), None, "DATE_IN_FUTURE"),
        (date(2021, 5, 1), date(2021, 5, 1), None),
        (date(2021, 5, 2), date(2021, 5, 1), "DATES_REVERSED"),
        (None, date(2021, 5, 1), "DATES_REVERSED"),
    ],
)
async def test_days_of_a_new_occupation_that_cannot_be_right_are_refused(
    desk: Desk, since: date | None, until: date | None, code: str | None
) -> None:
    """HB-CLM-06"""
    row = replace(occupation(), valid_from=date(2021, 5, 3), new_since=since, new_until=until)
    if code is None:
        assert await desk.act(register_occupation, row, by=APPROVER) == row
        return
    with pytest.raises(Refused) as refusal:
        await desk.act(register_occupation, row, by=APPROVER)
    assert refusal.value.code == code


async def test_the_opening_names_the_employer_of_whoever_was_sent_by_a_registered_one(desk: Desk) -> None:
    """JY-CLM-01: such an enterprise may claim for its employees; nobody else's employer is anybody's business."""
    factory = institution("enterprise", institution_id="factory", name="示例制造", credit_code=sample_credit_code(3))
    await desk.act(register_institution, factory, doubtful_code=False, by=APPROVER)
    *sent, third = rows(3)

    await desk.opened(None, [*sent, replace(third, employer_credit_code=sample_credit_code(4))])

    (fact,) = await desk.facts(ClassOpened)
    employer = EmployerReference(institution_id="factory", name="示例制造", credit_code=sample_credit_code(3))
    assert sorted(trainee.employer is None for trainee in fact.trainees) == [False, False, True]
    assert {trainee.employer for trainee in fact.trainees} == {employer, None}


async def test_whom_payment_refuses_leaves_the_roster_with_its_rule_and_message(desk: Desk) -> None:
    class_id = await desk.approved()
    first, *_ = await desk.roster(class_id)
    await desk.answer(class_id, refused=(refused(first.row.person_id),))
    (change,) = await desk.facts(ClassChanged)
    assert (change.change, change.removed, change.reservation) == ("trainees_refused", (first.row.person_id,), None)
    gone, *_ = await desk.roster(class_id)
    assert (gone.judgement.verdict, codes(gone.judgement.findings)) == ("refused", ["ENTITLEMENT_USED"])
    assert gone.judgement.findings[0].document == book().document
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.planned, opened.refused, len(opened.trainees)) == (3, 1, 2)


async def test_an_answer_on_the_opening_date_opens_the_class_at_once(desk: Desk) -> None:
    class_id = await desk.approved()
    await desk.fire_timers(start_of_day(OPENING))
    found = await desk.found(class_id)
    assert found.state == "approved"
    assert found.blocker is not None
    assert found.blocker.code == "RESERVATION_UNANSWERED"
    await desk.answer(class_id, at=moment(OPENING, 23, 59))
    found = await desk.found(class_id)
    assert (found.state, found.blocker) == ("opened", None)
    assert await desk.fire_timers(end_of_day(OPENING)) == 1
    assert (await desk.found(class_id)).state == "opened"
    assert await desk.facts(ClassClosed) == []


async def test_an_answer_that_is_missing_when_the_day_has_passed_closes_the_class_as_not_opened(desk: Desk) -> None:
    class_id = await desk.approved()
    assert await desk.fire_timers(end_of_day(OPENING)) == 2
    found = await desk.found(class_id)
    assert found.state == "not_opened"
    assert found.blocker is not None
    assert found.blocker.code == "RESERVATION_UNANSWERED"
    (closed,) = await desk.facts(ClassClosed)
    assert (closed.reason, closed.on) == ("not_opened", OPENING + timedelta(days=1))
    await desk.answer(class_id, at=moment(OPENING + timedelta(days=1), 9))
    assert (await desk.found(class_id)).state == "not_opened"
    assert await desk.facts(ClassOpened) == []


async def test_an_answer_after_the_day_that_comes_before_the_timer_does_not_open_the_class(desk: Desk) -> None:
    class_id = await desk.approved()
    await desk.fire_timers(start_of_day(OPENING))
    await desk.answer(class_id, at=end_of_day(OPENING))
    assert (await desk.found(class_id)).state == "reserved"
    await desk.fire_timers(end_of_day(OPENING))
    found = await desk.found(class_id)
    assert found.state == "not_opened"
    assert found.blocker is not None
    assert found.blocker.code == "OPENING_DATE_PASSED"


async def test_an_answer_given_anew_to_the_same_version_lets_the_class_open(desk: Desk) -> None:
    """JY-PAY-05: payment answers again by itself when finance brought what was missing."""
    class_id = await desk.approved()
    poor = BudgetAnswer(granted=False, funding_source="f", amount_fen=0, code="RATE_MISSING", message="补贴标准缺失。")
    await desk.answer(class_id, budget=poor)
    await desk.answer(class_id)
    found = await desk.found(class_id)
    assert (found.state, found.blocker) == ("reserved", None)


async def test_a_refused_budget_leaves_the_class_unopened_with_the_reason_in_sight(desk: Desk) -> None:
    class_id = await desk.approved()
    poor = BudgetAnswer(
        granted=False, funding_source="f", amount_fen=0, code="BUDGET_EXHAUSTED", message="预算余额不足。"
    )
    await desk.answer(class_id, budget=poor)
    found = await desk.found(class_id)
    assert found.answer is not None
    assert (found.state, found.answer.budget.code) == ("approved", "BUDGET_EXHAUSTED")
    assert found.blocker is not None
    assert (found.blocker.code, found.blocker.message) == ("BUDGET_EXHAUSTED", "预算余额不足。")
    await desk.fire_timers(end_of_day(OPENING))
    found = await desk.found(class_id)
    assert found.blocker is not None
    assert (found.state, found.blocker.code) == ("not_opened", "BUDGET_EXHAUSTED")


async def test_a_class_without_rate_says_at_once_that_finance_holds_it_and_goes_on_when_payment_answers_again(
    desk: Desk,
) -> None:
    class_id = await desk.approved()
    missing = BudgetAnswer(granted=False, funding_source="f", amount_fen=0, code="RATE_MISSING", message="没有标准。")
    await desk.answer(class_id, budget=missing)
    blocker = (await desk.found(class_id)).blocker
    assert blocker is not None
    assert (blocker.code, blocker.held_by) == ("RATE_MISSING", Role.FINANCE)
    assert "补贴标准" in blocker.advice
    await desk.answer(class_id)
    found = await desk.found(class_id)
    assert (found.state, found.blocker) == ("reserved", None)


async def test_a_class_whose_people_were_all_refused_does_not_open(desk: Desk) -> None:
    class_id = await desk.approved()
    everybody = tuple(refused(entry.row.person_id) for entry in await desk.roster(class_id))
    await desk.answer(class_id, refused=everybody)
    await desk.fire_timers(end_of_day(OPENING))
    found = await desk.found(class_id)
    assert found.blocker is not None
    assert (found.state, found.blocker.code) == ("not_opened", "NO_TRAINEES")


async def test_an_institution_suspended_over_the_opening_date_does_not_open(desk: Desk) -> None:
    class_id = await desk.reserved()
    reason = {"reason": "training_quality", "remark": "整改"}
    await desk.act(suspend_institution, institution_id="school", until=OPENING, **reason, by=APPROVER)
    await desk.fire_timers(end_of_day(OPENING))
    found = await desk.found(class_id)
    assert found.blocker is not None
    assert (found.state, found.blocker.code) == ("not_opened", "INSTITUTION_SUSPENDED")


async def test_approval_that_is_not_complete_on_the_opening_date_is_too_late_the_next_day(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.fire_timers(start_of_day(OPENING))
    for step, actor in STEPS:
        await desk.review(class_id, step, actor, at=moment(OPENING, 8))
    await desk.answer(class_id, at=moment(OPENING, 9))
    assert (await desk.found(class_id)).state == "opened"
    late = await desk.applied(desk.plan(LATER), rows(3, skip=10))
    await desk.fire_timers(end_of_day(LATER))
    found = await desk.found(late)
    assert found.blocker is not None
    assert (found.state, found.blocker.code) == ("not_opened", "NOT_APPROVED")


async def test_what_kept_a_class_from_opening_is_not_told_any_more_once_it_has_passed(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.fire_timers(start_of_day(OPENING))
    for step, actor in STEPS:
        blocker = (await desk.found(class_id)).blocker
        assert blocker is not None
        assert blocker.code == "NOT_APPROVED"
        await desk.review(class_id, step, actor, at=moment(OPENING, 8))
    assert (await desk.found(class_id)).blocker is None
    other = await desk.applied(desk.plan(LATER), rows(3, skip=10))
    await desk.fire_timers(start_of_day(LATER))
    await desk.review(other, *STEPS[0], "return", at=moment(LATER, 8))
    found = await desk.found(other)
    assert (found.state, found.blocker) == ("returned", None)
    assert await desk.fire_timers(end_of_day(LATER)) == 0


async def test_a_person_who_left_while_payment_refused_them_leaves_once(desk: Desk) -> None:
    class_id = await desk.approved()
    person = (await desk.roster(class_id))[0].row.person_id
    await desk.act(withdraw_trainee, class_id=class_id, person_id=person, reason="个人原因", by=SCHOOL)
    await desk.answer(class_id, refused=(refused(person),))
    assert await desk.facts(ClassChanged) == []
    (gone, *_) = await desk.roster(class_id)
    assert (gone.judgement.verdict, gone.withdrawn_on) == ("accepted", date(2021, 5, 12))
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.planned, opened.refused, len(opened.trainees)) == (3, 0, 2)


async def test_an_answer_to_a_class_withdrawn_meanwhile_changes_nothing(desk: Desk) -> None:
    class_id = await desk.approved()
    person = (await desk.roster(class_id))[0].row.person_id
    await desk.act(withdraw_class, class_id=class_id, reason="生源不足", by=SCHOOL)
    before = len(await desk.facts())
    await desk.answer(class_id, refused=(refused(person),))
    found = await desk.found(class_id)
    assert (found.state, found.answer, len(await desk.facts())) == ("withdrawn", None, before)
    assert all(entry.judgement.verdict == "accepted" for entry in await desk.roster(class_id))


async def test_an_answer_on_the_opening_date_that_refuses_some_opens_for_the_others(desk: Desk) -> None:
    class_id = await desk.approved()
    await desk.fire_timers(start_of_day(OPENING))
    person = (await desk.roster(class_id))[0].row.person_id
    await desk.answer(class_id, refused=(refused(person),), at=moment(OPENING, 10))
    kinds = [type(fact) for fact in await desk.facts()][-2:]
    assert kinds == [ClassChanged, ClassOpened]
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.refused, len(opened.trainees)) == (1, 2)


async def test_only_the_answer_to_the_newest_reservation_counts(desk: Desk) -> None:
    class_id = await desk.approved()
    sessions = desk.sessions(LATER)
    moved = await desk.changed(class_id, opening_date=LATER, closing_date=date(2021, 9, 17), sessions=sessions)
    assert (moved.state, moved.reservation_version) == ("approved", 3)
    person = (await desk.roster(class_id))[0].row.person_id
    await desk.answer(class_id, version=2, refused=(refused(person),))
    assert (await desk.found(class_id)).answer is None
    assert all(entry.is_on_roster for entry in await desk.roster(class_id))
    await desk.answer(class_id, version=3)
    assert (await desk.found(class_id)).state == "reserved"
    await desk.fire_timers(end_of_day(OPENING))
    assert (await desk.found(class_id)).state == "reserved"
    await desk.fire_timers(start_of_day(LATER))
    (fact,) = await desk.facts(ClassOpened)
    assert (fact.opening_date, {one.session_id for one in fact.sessions}) == (
        LATER,
        {one.session_id for one in sessions},
    )


async def test_an_answer_to_an_unknown_class_or_version_waits(desk: Desk) -> None:
    class_id = await desk.approved()
    with pytest.raises(MissingFact):
        await desk.answer(class_id, version=9)
    unknown = EntitlementReserved(
        class_id="nowhere",
        answers_version=1,
        granted=(),
        refused=(),
        budget=BudgetAnswer(granted=True, funding_source="f", amount_fen=0),
    )
    with pytest.raises(MissingFact):
        await receive(desk, unknown)
    for fact in (cancelled("nowhere"), completed("nowhere")):
        with pytest.raises(MissingFact):
            await receive(desk, fact)


async def test_moving_the_opening_judges_everything_again_and_asks_payment_again(desk: Desk) -> None:
    class_id = await desk.reserved()
    moving = {"class_id": class_id, "opening_date": LATER, "closing_date": date(2021, 9, 17)}
    untouched = await desk.act(move_opening, **moving, sessions=desk.sessions(LATER), by=SCHOOL)
    assert (untouched.state, untouched.plan.opening_date) == ("reserved", OPENING)
    assert await desk.facts(ClassChanged) == []
    await desk.review_change(class_id, 1)
    (change,) = await desk.facts(ClassChanged)
    assert (change.change, change.opening_date, change.removed) == ("opening_moved", LATER, ())
    assert change.reservation is not None
    assert (change.reservation.opening_date, len(change.reservation.trainees)) == (LATER, 3)
    late = {**moving, "opening_date": date(2021, 9, 7), "closing_date": date(2021, 9, 20)}
    late |= {"sessions": desk.sessions(date(2021, 9, 7))}
    with pytest.raises(Refused) as refusal:
        await desk.act(move_opening, **late, by=SCHOOL, at=moment(date(2021, 9, 3), 9))
    assert refusal.value.code == "TOO_LATE"
    with pytest.raises(NotFound):
        await desk.act(move_opening, **moving, sessions=desk.sessions(LATER), by=OTHER_SCHOOL)


def stricter_rulebook() -> Rulebook:
    """Give a rulebook of 2022 under which employees declare their will and veterans go to a reviewer."""
    terms = book().enrollment
    assert terms.special_account is not None
    account = replace(terms.special_account, declaration_groups=("employee",))
    groups = tuple(replace(group, human_decision=group.code == "veteran") for group in terms.groups)
    return replace(
        book(),
        id="jiyuan/2022-01-01@000000000000",
        valid_from=date(2022, 1, 1),
        valid_to=date(2022, 12, 31),
        enrollment=replace(terms, special_account=account, groups=groups),
    )


async def test_moving_the_opening_under_another_rulebook_takes_off_whom_it_refuses_and_pins_it(desk: Desk) -> None:
    silent, veteran, fine, bad = rows(4)
    sent = [
        replace(silent, declares_ability_and_will=False),
        replace(veteran, group="veteran"),
        fine,
        replace(bad, group="martian"),
    ]
    class_id = await desk.reserved(desk.plan(planned=4), sent)
    desk.shelf = Shelf([book(), stricter_rulebook()], (), regions())
    next_year = date(2022, 5, 16)
    dates = {"opening_date": next_year, "closing_date": date(2022, 5, 27)}
    await desk.propose(class_id, **dates, sessions=desk.sessions(next_year))
    with pytest.raises(Conflict) as open_question:
        await desk.review_change(class_id, 1)
    assert open_question.value.code == "DECISIONS_MISSING"
    await desk.decide(class_id, "GROUP_DECISION", 2, outcome="refuse", case=1)
    await desk.decide(class_id, "DECLARATION_TICK", 3, case=1)
    moved = await desk.review_change(class_id, 1)
    roster = await desk.roster(class_id)
    change = (await desk.facts(ClassChanged))[-1]
    assert change.removed == (roster[0].row.person_id, roster[1].row.person_id)
    assert [one.person_id for one in change.reservation.trainees] == [roster[2].row.person_id]
    assert [codes(entry.judgement.findings) for entry in roster] == [
        ["DECLARATION_MISSING"],
        ["GROUP_DECISION"],
        ["DECLARATION_TICK"],
        ["GROUP_UNKNOWN"],
    ]
    assert moved.plan.planned == 4
    free = await desk.send(await desk.draft(desk.plan(LATER)), rows(1))
    assert free.entries[0].judgement.relies_on == ()  # another year
    same_year = await desk.send(await desk.draft(desk.plan(date(2022, 9, 5))), rows(1))
    assert same_year.entries[0].judgement.relies_on == (class_id,)
    await desk.answer(class_id)
    await desk.fire_timers(start_of_day(next_year))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.rulebook_id, opened.planned, opened.refused) == (stricter_rulebook().id, 4, 3)


async def test_a_draft_may_be_moved_without_any_event(desk: Desk) -> None:
    class_id = await desk.draft()
    await desk.send(class_id, rows(3))
    before = len(await desk.facts())
    moved = await desk.act(
        move_opening,
        class_id=class_id,
        opening_date=LATER,
        closing_date=date(2021, 9, 17),
        sessions=desk.sessions(LATER),
        by=SCHOOL,
    )
    assert (moved.state, moved.plan.opening_date, len(await desk.facts())) == ("draft", LATER, before)
    under_review = await desk.applied(desk.plan(), rows(3, skip=10))
    with pytest.raises(Conflict):
        await desk.act(
            move_opening,
            class_id=under_review,
            opening_date=LATER,
            closing_date=date(2021, 9, 17),
            sessions=desk.sessions(LATER),
            by=SCHOOL,
        )


async def test_rows_that_asked_stand_on_the_roster_once_a_person_has_decided(desk: Desk) -> None:
    sent = rows(3)
    sent[2] = replace(sent[2], employer_region="410100")
    class_id = await desk.applied(sent=sent)
    assert [entry.judgement.verdict for entry in await desk.roster(class_id)] == ["accepted", "accepted", "ask"]
    await desk.decide(class_id, "EMPLOYER_NOT_LOCAL", 3, basis="workplace")
    for step, actor in STEPS:
        await desk.review(class_id, step, actor)
    await desk.answer(class_id)
    await desk.fire_timers(moment(OPENING, 0))
    (fact,) = await desk.facts(ClassOpened)
    assert len(fact.trainees) == 3
    assert [entry.judgement.verdict for entry in await desk.roster(class_id)] == ["accepted"] * 3


async def test_three_leaders_by_mistake_open_the_class_once(desk: Desk) -> None:
    class_id = await desk.reserved()
    await asyncio.gather(*(desk.fire_timers(moment(OPENING, 0)) for _ in range(3)))
    assert len(await desk.facts(ClassOpened)) == 1
    assert (await desk.found(class_id)).state == "opened"


async def test_the_attributes_of_a_class_travel_with_its_opening_and_a_question_on_them_is_decided(desk: Desk) -> None:
    """JY-ENR-20, JY-ENR-23, JY-QUA-06: tags reach the reports; online training is allowed."""
    tags = {"campaign": "whole_village", "village": "419001100200", "labour_preparation": "yes", "agreement": "甲乙"}
    class_id = await desk.applied(desk.plan(attributes=tags, delivery="online"))
    with pytest.raises(Conflict):
        await desk.review(class_id, *STEPS[0])
    (made,) = await desk.decide(class_id, "PROVIDER_KIND")
    assert (made.rule, made.row) == ("JY-ENR-20", None)
    for step, actor in STEPS:
        await desk.review(class_id, step, actor)
    await desk.answer(class_id)
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    told = {name: value for name, value in tags.items() if name != "agreement"}
    assert opened.attributes == {**told, "training_mode": "self_run"}
    assert (opened.delivery, (await desk.found(class_id)).plan.attributes) == ("online", tags)


async def test_an_apprenticeship_is_applied_for_with_its_enterprise_and_opens_as_one(desk: Desk) -> None:
    """JY-ENR-26: enterprise, school and agreement are stated, the level is of the type."""
    apprentices = {"kind": "apprenticeship", "training_type": "apprenticeship_intermediate"}
    with pytest.raises(ExceptionGroup) as lacking:
        await desk.draft(desk.plan(**apprentices))
    assert {error.code for error in lacking.value.exceptions if isinstance(error, Refused)} == {
        "EMPLOYER_REQUIRED",
        "SCHOOL_REQUIRED",
        "AGREEMENT_REQUIRED",
    }
    parties = {
        "employer_credit_code": sample_credit_code(3),
        "school_credit_code": sample_credit_code(4),
        "agreement": "校企协字〔2021〕7号",
        "training_form": "modern_apprenticeship",
    }
    await desk.opened(desk.plan(**apprentices, attributes=parties))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.kind, opened.programme) == ("apprenticeship", "apprenticeship")
    assert opened.attributes == {
        "training_mode": "self_run",
        "employer_credit_code": sample_credit_code(3),
        "training_form": "modern_apprenticeship",
    }
    with pytest.raises(Refused) as wrong_kind:
        await desk.draft(desk.plan(LATER, kind="apprenticeship", attributes=parties))
    assert wrong_kind.value.code == "CLASS_KIND_MISMATCH"
