"""The states of a class, and what its events say."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.enrollment.domain.opening import open_class, what_blocks
from services.enrollment.domain.reservation import (
    apply_answer,
    approved_event,
    ask_again,
    changed_event,
    reservation_of,
)
from services.enrollment.domain.review import Decision, require_other_person, require_step
from services.enrollment.domain.roster import Counts, Judgement, RosterEntry, refuse_reservation
from services.enrollment.domain.training_class import (
    STATES,
    ClosingReason,
    ReservationAnswer,
    State,
    TrainingClass,
    close,
    review,
    submit,
    withdraw_trainee,
)
from shared.contracts.enrollment import OpenedTrainee
from shared.contracts.payment import BudgetAnswer, RefusedReservation
from shared.domain.errors import Conflict, Forbidden, NotFound
from shared.policy.terms.term import Steps
from tests.enrollment.sample import book, institution, moment, occupation, plan, row

NOW = datetime(2021, 5, 12, 2, tzinfo=UTC)
TODAY = date(2021, 5, 12)
ANSWER = ReservationAnswer(
    answers_version=2,
    granted=1,
    refused=(),
    budget=BudgetAnswer(granted=True, funding_source="skills_action_fund", amount_fen=150_000),
)


def training_class(state: State = "draft", **given: object) -> TrainingClass:
    sample = TrainingClass(
        class_id="class-1",
        institution_id="school",
        region="419001",
        state=state,
        version=3,
        round=0 if state == "draft" else 1,
        plan=plan(),
        programme="training",
        rulebook_id=book().id,
    )
    return replace(sample, **given)


def steps() -> Steps:
    terms = book().enrollment.approval
    assert terms is not None
    return terms


def decided(found: TrainingClass, decision: Decision, *, actor: str) -> TrainingClass:
    step = steps().after(len(found.round_reviews))
    assert step is not None
    return review(found, step=step, decision=decision, actor=actor, opinion="同意", now=NOW, steps=steps())


def entries() -> list[RosterEntry]:
    accepted, asked = Judgement(verdict="accepted", relies_on=("class-a",)), Judgement(verdict="ask")
    return [
        RosterEntry(row=row(1), judgement=accepted),
        RosterEntry(row=row(2), judgement=asked),
        RosterEntry(row=row(3), judgement=Judgement(verdict="refused")),
        RosterEntry(row=row(4), judgement=accepted, withdrawn_on=TODAY),
    ]


def test_submitting_counts_the_round_and_tells_the_headcounts() -> None:
    counts = Counts(rows=50, accepted=48, refused=2, ask=0, key_groups=0)
    submitted, fact = submit(training_class(), counts, now=moment(TODAY, 9))
    assert (submitted.state, submitted.round, submitted.applied_on) == ("applied", 1, TODAY)
    assert (fact.planned, fact.roster_accepted, fact.roster_refused) == (50, 48, 2)
    again, _ = submit(replace(submitted, state="returned"), counts, now=moment(TODAY, 9))
    assert again.round == 2


def test_three_approvals_in_order_approve_the_class_and_each_state_names_the_last_step_done() -> None:
    found = training_class("applied")
    states = []
    for actor in ("first", "second", "bureau"):
        found = decided(found, "approve", actor=actor)
        states.append(found.state)
    assert states == ["first_review", "second_review", "approved"]
    assert [(one.step, one.actor) for one in found.reviews] == [
        ("first_review", "first"),
        ("second_review", "second"),
        ("bureau_opinion", "bureau"),
    ]


@pytest.mark.parametrize("taken", [0, 1])
def test_the_bureau_opinion_before_both_reviews_is_out_of_order(taken: int) -> None:
    with pytest.raises(Conflict) as refusal:
        require_step("bureau_opinion", taken=taken, steps=steps())
    assert (refusal.value.code, refusal.value.rule) == ("ORDER", "JY-ENR-25")
    assert require_step("bureau_opinion", taken=2, steps=steps()).role == "approver"


def test_a_step_after_the_last_is_out_of_order_too() -> None:
    with pytest.raises(Conflict):
        require_step("bureau_opinion", taken=3, steps=steps())


@pytest.mark.parametrize(("decision", "state"), [("return", "returned"), ("refuse", "refused")])
def test_any_step_may_return_or_refuse(decision: Decision, state: State) -> None:
    found = training_class("applied")
    for actor in ("first", "second", "bureau"):
        assert decided(found, decision, actor=actor).state == state
        found = decided(found, "approve", actor=actor)


def test_a_returned_class_is_reviewed_from_the_first_step_again() -> None:
    returned = decided(decided(training_class("applied"), "approve", actor="first"), "return", actor="second")
    counts = Counts(rows=50, accepted=50, refused=0, ask=0, key_groups=0)
    again, _ = submit(returned, counts, now=moment(TODAY, 9))
    assert again.round_reviews == ()
    assert decided(again, "approve", actor="first").state == "first_review"


def test_one_person_has_one_duty_in_a_case_and_may_have_it_again() -> None:
    terms = book().enrollment.four_eyes
    duties = {"zhang": "applicant", "li": "first_review"}
    require_other_person("wang", "second_review", duties=duties, terms=terms)
    require_other_person("li", "first_review", duties=duties, terms=terms)
    for actor, duty in (("li", "second_review"), ("zhang", "first_review"), ("li", "bureau_opinion")):
        with pytest.raises(Forbidden) as refusal:
            require_other_person(actor, duty, duties=duties, terms=terms)
        assert (refusal.value.code, refusal.value.rule) == ("SAME_REVIEWER", "JY-REP-07")


def test_the_reservation_asks_for_everybody_on_the_roster_and_names_the_releases_relied_on() -> None:
    stated = {"agreed_months": "24"}
    asked = reservation_of(training_class("approved"), entries(), kinds=("level",), attributes=stated)
    assert (asked.kind, asked.closing_date, asked.attributes) == (plan().kind, plan().closing_date, stated)
    assert [one.person_id for one in asked.trainees] == ["person-1", "person-2"]
    assert [(one.class_id, one.person_id) for one in asked.relies_on] == [("class-a", "person-1")]
    fact = approved_event(training_class("approved"), asked)
    assert (fact.planned, fact.reservation.opening_date) == (50, plan().opening_date)


def test_a_granted_budget_reserves_the_class_and_a_refused_one_leaves_it_approved_with_the_reason() -> None:
    waiting = training_class("approved", reservation_version=2)
    assert apply_answer(waiting, ANSWER).state == "reserved"
    poor = BudgetAnswer(
        granted=False, funding_source="x", amount_fen=0, code="BUDGET_EXHAUSTED", message="预算余额不足。"
    )
    refused = apply_answer(waiting, replace(ANSWER, budget=poor))
    assert refused.state == "approved"
    blocker = what_blocks(refused, on_roster=1, suspended=False, book=book())
    assert blocker is not None
    assert (blocker.code, blocker.message, blocker.rule) == ("BUDGET_EXHAUSTED", "预算余额不足。", None)


@pytest.mark.parametrize(
    ("found", "on_roster", "suspended", "code", "rule"),
    [
        (training_class("second_review"), 1, False, "NOT_APPROVED", "JY-ENR-06"),
        (training_class("approved"), 1, False, "RESERVATION_UNANSWERED", None),
        (training_class("reserved", answer=ANSWER), 0, False, "NO_TRAINEES", None),
        (training_class("reserved", answer=ANSWER), 1, True, "INSTITUTION_SUSPENDED", "JY-QUA-02"),
        (training_class("reserved", answer=ANSWER), 1, False, None, None),
    ],
)
def test_what_keeps_a_class_from_opening(
    found: TrainingClass, on_roster: int, suspended: bool, code: str | None, rule: str | None
) -> None:
    blocker = what_blocks(found, on_roster=on_roster, suspended=suspended, book=book())
    assert (blocker.code if blocker else None) == code
    assert (blocker.rule if blocker else None) == rule


def test_moving_the_opening_waits_for_a_new_answer() -> None:
    moved = ask_again(training_class("reserved", answer=ANSWER, reservation_version=2))
    assert (moved.state, moved.answer) == ("approved", None)
    fact = changed_event(moved, "opening_moved", removed=["person-9"], reservation=None)
    assert (fact.removed, fact.opening_date) == (("person-9",), plan().opening_date)


def test_the_opening_carries_all_that_later_services_need_and_pins_the_rulebook() -> None:
    trainee = OpenedTrainee(
        person_id="person-1", groups=("employee",), masked_name="赵**", payee_check="a" * 64, payee_check_key="k1"
    )
    reserved = training_class("reserved", answer=ANSWER, rulebook_id="provisional")
    opened, fact = open_class(
        reserved,
        rulebook_id=book().id,
        institution=institution(),
        occupation=occupation(),
        trainees=[trainee],
        refused=2,
        attributes={"campaign": "whole_village"},
    )
    assert (opened.state, opened.rulebook_id) == ("opened", book().id)
    assert (fact.rulebook_id, fact.planned, fact.refused, fact.trainees) == (book().id, 50, 2, (trainee,))
    assert fact.occupation.certifiable == ("level",)
    assert len(fact.sessions) == 20
    assert [one.starts_at for one in fact.sessions] == sorted(one.starts_at for one in fact.sessions)
    assert fact.teachers == ("teacher-1", "teacher-2", "teacher-3")


MAY_CLOSE: dict[ClosingReason, set[State]] = {
    "completed": {"opened"},
    "cancelled": {"opened", "completed"},
    "withdrawn": {"draft", "returned", "applied", "first_review", "second_review", "approved", "reserved"},
    "not_opened": {"applied", "first_review", "second_review", "approved", "reserved"},
}


@pytest.mark.parametrize("reason", MAY_CLOSE)
@pytest.mark.parametrize("state", STATES)
def test_a_class_closes_only_from_the_states_in_which_that_can_happen(reason: ClosingReason, state: State) -> None:
    if state in MAY_CLOSE[reason]:
        closed, fact = close(training_class(state), reason, today=TODAY)
        assert (closed.state, fact.reason, fact.on) == (reason, reason, TODAY)
    else:
        with pytest.raises(Conflict) as refusal:
            close(training_class(state), reason, today=TODAY)
        assert refusal.value.code == "CLASS_STATE"
        assert refusal.value.value == state


def test_a_person_leaves_an_approved_or_open_class_once() -> None:
    (standing, *_) = entries()
    left, fact = withdraw_trainee(training_class("opened"), standing, on=TODAY, code="personal", reason="个人原因")
    assert (left.is_on_roster, fact.person_id, fact.on) == (False, "person-1", TODAY)
    for nobody in (left, None, entries()[2]):
        with pytest.raises(NotFound):
            withdraw_trainee(training_class("opened"), nobody, on=TODAY, code="personal", reason="个人原因")
    with pytest.raises(Conflict):
        withdraw_trainee(training_class("applied"), standing, on=TODAY, code="personal", reason="个人原因")


def test_whom_payment_refused_cannot_leave_the_roster_again() -> None:
    refusal = RefusedReservation(person_id="person-1", code="X", rule="r", clause="c", message="m")
    refused = refuse_reservation(entries()[0], refusal, document="d")
    with pytest.raises(NotFound):
        withdraw_trainee(training_class("reserved"), refused, on=TODAY, code="personal", reason="个人原因")
