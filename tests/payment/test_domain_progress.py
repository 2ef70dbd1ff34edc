"""Why a claim is unpaid: who holds it, since when, how long still, and what is missing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.breach import Breach
from services.payment.domain.claim import Claim, Deadlines, Entry, Undertaking
from services.payment.domain.duty import Duty
from services.payment.domain.facts import Known
from services.payment.domain.line_return import LineAnswer, LineReturn, answered, require_standard_reason
from services.payment.domain.objection import Objection
from services.payment.domain.obstacles import open_doubts
from services.payment.domain.order import OrderEntry, OrderState, PaymentOrder
from services.payment.domain.progress import Party, Standing, class_progress, days_left, progress_of
from services.payment.domain.state import State
from shared.contracts.supervision import FindingClosed, FindingRaised
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding, Severity
from tests.payment.sample import assessed, certificate, class_facts, people, rate, rulebook

DAY = date(2021, 9, 13)
APPROVED = Entry(
    number=1,
    round=1,
    amounts={1: 150_000, 2: 150_000},
    approved_on=DAY,
    first_reviewer="first-1",
    second_reviewer="second-1",
    approver="approver-1",
    rates_until=1,
)


def claim(state: State = State.SUBMITTED, **changes: object) -> Claim:
    roster = people(1, 3)
    facts = class_facts(roster=roster, certificates=[certificate(each) for each in roster[:2]], spot=(3, 3))
    whole = Claim(
        claim_id="claim-1",
        class_id="class-1",
        institution_id="institution-1",
        region="419001",
        rulebook_id=rulebook().id,
        claimant="institution",
        undertaking=Undertaking(text_version="JY-2021", signer="样*", signed_on=DAY),
        received_on=DAY,
        deadlines=Deadlines(review_due=date(2021, 9, 23), review_due_outer=date(2021, 10, 9)),
        assessment=assessed(facts, rate(1500)),
        state=state,
        since=DAY,
        entries=(APPROVED,) if state in (State.APPROVED, State.ORDERED, State.PAID) else (),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def order(state: OrderState, order_id: str = "order-1") -> PaymentOrder:
    return PaymentOrder(
        order_id=order_id,
        claim_id="claim-1",
        class_id="class-1",
        funding_source="employment_subsidy_fund",
        amount_fen=300_000,
        entries=tuple(OrderEntry(line_no=number, entry_no=1, amount_fen=150_000) for number in (1, 2)),
        state=state,
    )


def stop(code: str, value: str | None = None) -> Finding:
    return Finding(
        code=code, rule="R", document="D", clause="C", severity=Severity.STOP, message="m", advice="a", value=value
    )


@pytest.mark.parametrize(
    ("state", "name"),
    [(State.SUBMITTED, "初审"), (State.FIRST_REVIEW, "复核"), (State.NOTICE_CLEAR, "人社部门审核意见")],
)
def test_a_step_has_a_name_in_words_also_where_the_document_names_none(state: State, name: str) -> None:
    book = rulebook()
    found = progress_of(
        Standing(claim=claim(state)), rulebook=replace(book, payment=replace(book.payment, steps=None))
    ).next
    assert found is not None
    assert found.holder.name == name


@pytest.mark.parametrize(
    ("state", "task", "role", "due"),
    [
        (State.SUBMITTED, "first_review", Role.FIRST_REVIEWER, date(2021, 9, 23)),
        (State.FIRST_REVIEW, "second_review", Role.SECOND_REVIEWER, date(2021, 9, 23)),
        (State.SECOND_REVIEW, "notice", Role.SECOND_REVIEWER, None),
        (State.NOTICE_CLEAR, "bureau_opinion", Role.APPROVER, None),
        (State.RETURNED, "resubmission", Role.INSTITUTION, None),
    ],
)
def test_every_state_names_the_next_step_and_who_holds_it(
    state: State, task: str, role: Role, due: date | None
) -> None:
    """JY-CLM-02, JY-CLM-03, JY-CLM-07: the order of steps, each with its role and, in review, both limits."""
    found = progress_of(Standing(claim=claim(state)), rulebook=rulebook()).next

    assert found is not None
    assert (found.holder.task, found.holder.role, found.since, found.due) == (task, role, DAY, due)


@pytest.mark.parametrize(
    ("today", "left"),
    [(date(2021, 9, 13), 7), (date(2021, 9, 22), 1), (date(2021, 9, 23), 0), (date(2021, 9, 24), -1)],
)
def test_working_days_left_run_to_naught_on_the_last_day_and_negative_beyond(today: date, left: int) -> None:
    """JY-CLM-02: seven working days with the holidays of 2021 and their make-up days."""
    assert days_left(date(2021, 9, 23), today) == left


@pytest.mark.parametrize(
    ("state", "task", "party"),
    [
        (OrderState.READY, "bank_file", Party.BUREAU),
        (OrderState.SENT, "bank_answer", Party.BANK),
        (OrderState.RETURNED, "account", Party.CLAIMANT),
    ],
)
def test_an_order_says_whether_bureau_bank_or_claimant_holds_the_money(
    state: OrderState, task: str, party: Party
) -> None:
    standing = Standing(claim=claim(State.ORDERED), orders=(order(state),))

    [found] = progress_of(standing, rulebook=rulebook()).tasks

    assert (found.holder.task, found.holder.party, found.subject) == (task, party, "order-1")


def test_an_order_of_excluded_people_is_held_and_has_a_way_out() -> None:
    """JY-FND-03: it names rule and clause, and finance takes it back."""
    standing = Standing(claim=claim(State.ORDERED), orders=(order(OrderState.READY),), excluded=frozenset({"order-1"}))

    found = progress_of(standing, rulebook=rulebook())

    assert [task.holder.task for task in found.tasks] == ["reversal"]
    assert ("EXCLUDED_FROM_SPECIAL_ACCOUNT", "JY-FND-03", "三(二)第1段") in [
        (each.finding.code, each.finding.rule, each.finding.clause) for each in found.blockers
    ]


@pytest.mark.parametrize("state", [OrderState.READY, OrderState.RETURNED])
def test_an_order_that_pays_somebody_whose_evidence_is_gone_has_a_way_out(state: OrderState) -> None:
    """JY-CLM-10: it is taken back and made anew; whoever else it pays is not kept waiting for a review."""
    roster = people(1, 3)
    one = assessed(class_facts(roster=roster, certificates=[certificate("p1")], spot=(3, 3)), rate(1500))
    standing = Standing(claim=claim(State.ORDERED, assessment=one), orders=(order(state),))

    found = progress_of(standing, rulebook=rulebook())

    assert [task.holder.task for task in found.tasks] == ["reversal"]
    assert "ORDER_UNSUPPORTED" in [blocker.finding.code for blocker in found.blockers]


@pytest.mark.parametrize(("state", "asked"), [(State.APPROVED, True), (State.PAID, False)])
def test_a_question_of_the_class_that_arises_after_the_approval_is_named_until_all_is_paid(
    state: State, asked: bool
) -> None:
    """JY-SUP-07: an inspection voided late leaves one of the two that are asked for."""
    facts = class_facts(roster=people(1, 3), certificates=[certificate(each) for each in people(1, 2)], spot=(3,))
    found = progress_of(Standing(claim=claim(state, assessment=assessed(facts, rate(1500)))), rulebook=rulebook())

    assert ("SPOT_CHECKS_LT_2" in [blocker.finding.code for blocker in found.blockers]) is asked


def test_who_is_not_paid_is_named_once_with_the_reason() -> None:
    found = progress_of(Standing(claim=claim()), rulebook=rulebook())

    [blocker] = found.blockers
    assert (blocker.finding.code, blocker.finding.rule, blocker.persons) == ("NOT_CERTIFIED", "JY-ASM-04", ("p3",))
    assert blocker.holder.party is Party.ASSESSMENT_BODY


def test_an_open_objection_is_a_task_and_blocks_its_people_alone() -> None:
    """JY-PAY-01: only the lines objected to wait."""
    objection = Objection(objection_id="o1", notice_id="n1", claim_id="claim-1", line_nos=frozenset({2}), raised_on=DAY)
    found = progress_of(Standing(claim=claim(State.NOTICE_CLEAR, objections=(objection,))), rulebook=rulebook())

    assert [task.holder.task for task in found.tasks] == ["bureau_opinion", "objection"]
    assert ("OBJECTION_OPEN", ("p2",)) in [(each.finding.code, each.persons) for each in found.blockers]


@pytest.mark.parametrize(
    ("stops", "task"),
    [
        ([], "claim"),
        ([stop("NOT_IN_SYSTEM", "AssessmentCompleted")], "assessment"),
        ([stop("NOT_IN_SYSTEM", "TrainingCompleted"), stop("NOT_IN_SYSTEM", "AssessmentCompleted")], "training"),
        ([stop("OPINION_MISSING")], "inspection_opinion"),
        ([stop("RATE_MISSING")], "rate"),
        ([stop("CLASS_CANCELLED")], None),
    ],
)
def test_a_class_without_a_claim_says_what_it_waits_for(stops: Sequence[Finding], task: str | None) -> None:
    found = class_progress(stops, since=DAY, by="institution")

    assert (found.next.holder.task if found.next else None) == task
    assert [blocker.finding for blocker in found.blockers] == list(stops)


def test_a_cancelled_class_leaves_nothing_to_do() -> None:
    """JY-SUP-04: nobody holds the ball of a cancelled class."""
    found = progress_of(Standing(claim=claim(State.RETURNED), stops=(stop("CLASS_CANCELLED"),)), rulebook=rulebook())

    assert found.next is None
    assert found.blockers[0].holder.party is Party.NOBODY


@pytest.mark.parametrize("state", [State.SUBMITTED, State.SECOND_REVIEW, State.APPROVED, State.RETURNED])
def test_while_a_breach_is_open_its_decision_is_the_next_step_and_no_other(state: State) -> None:
    """JY-CLM-11: it stops review and payment, so neither reviewers nor finance hold the ball."""
    breach = Breach(breach_id="b1", claim_id="claim-1", facts="x", evidence="y", opened_by="inspector-1", opened_on=DAY)
    entries = (APPROVED,) if state is State.APPROVED else ()
    orders = (order(OrderState.READY),) if state is State.APPROVED else ()
    standing = Standing(claim=claim(state, breaches=(breach,), entries=entries), orders=orders)

    found = progress_of(standing, rulebook=rulebook())

    assert [(task.holder.task, task.holder.role) for task in found.tasks] == [("breach", Role.APPROVER)]


def test_an_open_finding_is_the_next_step_before_the_review_that_it_stops() -> None:
    found = progress_of(Standing(claim=claim(), stops=(stop("FINDING_OPEN"),)), rulebook=rulebook())

    assert [task.holder.task for task in found.tasks] == ["finding", "first_review"]


@pytest.mark.parametrize(
    ("state", "tasks", "holder"),
    [
        (State.SUBMITTED, ["first_review", "line_answer"], "line_answer"),
        (State.FIRST_REVIEW, ["second_review"], "second_review"),
        (State.NOTICE, ["notice_end"], "notice_end"),
        (State.RETURNED, ["resubmission", "line_answer"], "line_answer"),
    ],
)
def test_a_returned_line_waits_for_the_claimant_only_while_it_may_be_answered(
    state: State, tasks: list[str], holder: str
) -> None:
    """JY-CLM-07: past the first review it is handed in again only when the round is done."""
    found = progress_of(Standing(claim=claim(state, line_returns=(returned(),))), rulebook=rulebook())

    assert [task.holder.task for task in found.tasks] == tasks
    [blocker] = [each for each in found.blockers if each.finding.code == "LINE_RETURNED"]
    assert blocker.holder.task == holder
    assert ("等待本轮审核" in blocker.finding.advice) is (holder != "line_answer")


def returned(line_no: int = 1) -> LineReturn:
    return LineReturn(
        number=1,
        line_no=line_no,
        round=1,
        reason_code="ATTENDANCE_DOUBT",
        note="请补交签到说明",
        returned_by="first-1",
        duty=Duty.FIRST_REVIEW,
        returned_on=DAY,
    )


def test_a_returned_line_leaves_the_sum_until_it_is_answered_and_for_good_when_given_up() -> None:
    """JY-CLM-07: base and recognised heads stay, the rest of the claim goes on."""
    waiting = claim(line_returns=(returned(),))
    again = replace(
        waiting,
        line_returns=answered(
            waiting.line_returns, 1, answer=LineAnswer.RESUBMITTED, statement="已补正", by="school-1", on=DAY
        ),
    )
    gone = replace(
        waiting,
        line_returns=answered(
            waiting.line_returns, 1, answer=LineAnswer.GIVEN_UP, statement="放弃", by="school-1", on=DAY
        ),
    )

    assert [sum(each.payable.values()) for each in (waiting, again, gone)] == [150_000, 300_000, 150_000]
    assert [sum(each.possible.values()) for each in (waiting, again, gone)] == [300_000, 300_000, 150_000]
    assert sum(waiting.listed.values()) == 150_000
    assert waiting.assessment.recognised == 2
    with pytest.raises(Conflict, match="LINE_NOT_RETURNED"):
        answered(gone.line_returns, 1, answer=LineAnswer.RESUBMITTED, statement="再次", by="school-1", on=DAY)


def test_only_a_standard_reason_of_the_rulebook_returns_a_line() -> None:
    term = rulebook().payment.return_reasons
    require_standard_reason(term, "ATTENDANCE_DOUBT")

    with pytest.raises(Refused, match="REASON_UNKNOWN") as refused:
        require_standard_reason(term, "BECAUSE")
    assert refused.value.rule == "JY-CLM-07"
    assert "ATTENDANCE_DOUBT" in refused.value.advice


def test_a_finding_raised_again_under_a_new_id_is_open_although_the_former_was_closed() -> None:
    """JY-SUP-02: a closed id says nothing of a doubt that was raised anew."""

    def doubt(finding_id: str) -> Known[FindingRaised]:
        raised = FindingRaised(
            class_id="class-1",
            finding_id=finding_id,
            check="theory_video",
            rule="JY-SUP-02",
            clause="二(三)2",
            blocking=True,
            seen="缺视频",
        )
        return Known(event_id=f"e-{finding_id}", fact=raised)

    closed = FindingClosed(class_id="class-1", finding_id="f1", conclusion="unfounded", closed_by="i", reason="r")
    facts = replace(
        class_facts(roster=["p1"], certificates=[certificate("p1")]),
        raised=(doubt("f1"), doubt("f2")),
        closed=(Known(event_id="e-closed", fact=closed),),
    )

    assert [finding.finding_id for finding in facts.open_findings()] == ["f2"]
    assert len(list(open_doubts(facts, rulebook()))) == 1
