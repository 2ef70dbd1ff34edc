"""Claims through their use-cases, on both databases, with what they publish."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.desk import read_progress
from services.payment.application.enter_rate import enter_rate
from services.payment.application.queries import read_notice
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.notice import NoticeState
from services.payment.domain.state import Act, State
from shared.contracts.assessment import AssessmentScheduled, AssessmentWithdrawn, CertificateVoided, ResultEntryChanged
from shared.contracts.contract import Contract
from shared.contracts.enrollment import RosterEntryChanged
from shared.contracts.payment import ClaimApproved, ClaimReturned, ClaimSubmitted, EntitlementReserved, NoticePublished
from shared.contracts.supervision import SpotCheckRecorded, SpotCheckVoided
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Shelf
from tests.payment.office import (
    ACCOUNT,
    APPROVER,
    CLAIM_DAY,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    PUBLIC,
    SCHOOL,
    SECOND,
    YUAN,
    Office,
    approved,
    moment,
    person,
)
from tests.payment.receiving import only, received
from tests.payment.sample import (
    INSTITUTION,
    assessment_completed,
    certificate,
    class_opened,
    people,
    rate,
    rulebook,
    training_completed,
)


def void(of: str, class_id: str = "class-1") -> CertificateVoided:
    return CertificateVoided(
        class_id=class_id,
        certificate_id=certificate(of, class_id=class_id).certificate_id,
        person_id=of,
        on=date(2021, 9, 20),
        reason="替考",
    )


def entries(*, received: int = 10) -> list[Contract]:
    """Say how far the class is entered in the provincial system."""
    kinds = (("plan_and_roster", RosterEntryChanged), ("results", ResultEntryChanged))
    return [
        kind(
            class_id="class-1",
            checkpoint=checkpoint,
            entered=received == 10,
            lines=10,
            received=received,
            refused=0,
        )
        for checkpoint, kind in kinds
    ]


async def test_what_is_not_entered_in_the_provincial_system_is_neither_claimed_nor_paid(office: Office) -> None:
    """JY-ENR-01, JY-INT-01: at the claim, and when something turns out not to be entered before money goes."""
    office.entry_required = True
    await office.provide()
    await office.open_class()
    await office.finish_class()
    with pytest.raises(ExceptionGroup) as silent:
        await office.submit()
    assert {error.code for error in silent.value.exceptions if isinstance(error, Refused)} == {"NOT_IN_SYSTEM"}
    roster, results = entries()
    await office.take(roster)
    with pytest.raises(Refused, match="NOT_IN_SYSTEM"):
        await office.submit()
    assert await office.rows("SELECT 1 FROM claim") == []

    await office.take(results)
    claim = await office.submit()
    await office.approve(claim.claim_id)
    await office.take(*entries(received=9))
    with pytest.raises(ExceptionGroup):
        await office.order(claim.claim_id, {EMPLOYMENT: 15_000})
    async with office.unit(SCHOOL) as uow:
        told = (await read_progress(uow, claim.claim_id)).progress
    assert {(each.finding.code, each.holder.task) for each in told.blockers} >= {("NOT_IN_SYSTEM", "system_entry")}
    await office.take(*entries())
    [order] = await office.order(claim.claim_id, {EMPLOYMENT: 15_000})
    assert order.amount_fen == 1_500_000


async def test_a_class_of_ten_goes_from_reservation_to_approval(received_office: Office) -> None:
    claim = await only(received_office)

    approval = await received_office.approve(claim.claim_id)

    assert approval.state is State.APPROVED
    [reserved] = await received_office.events(EntitlementReserved)
    assert (reserved["answers_version"], len(reserved["granted"]), reserved["budget"]["granted"]) == (1, 10, True)
    [submitted] = await received_office.events(ClaimSubmitted)
    assert (submitted["amount_fen"], submitted["review_due"]) == (15_000 * YUAN, "2021-09-23")
    [notice] = await received_office.events(NoticePublished)
    assert (notice["ends_on"], notice["payable_from"]) == ("2021-09-16", "2021-09-17")
    [event] = await received_office.events(ClaimApproved)
    assert (event["entry"], event["amount_fen"], len(event["lines"])) == (1, 15_000 * YUAN, 10)
    assert (event["first_reviewer"], event["second_reviewer"], event["approver"]) == (
        "first-1",
        "second-1",
        "approver-1",
    )


async def test_a_claim_comes_back_from_the_database_as_it_was_saved(office: Office) -> None:
    claim = await received(office, opening=9, spot=(9, 8))
    notice_round = await office.approve(claim.claim_id, objected=[2])

    assert await office.claim(claim.claim_id) == notice_round


async def test_facts_may_arrive_in_any_order(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", people(1, 10)))
    await office.finish_class()
    await office.take(class_opened(trainees=people(1, 10)))

    assert sum((await office.submit()).payable.values()) == 15_000 * YUAN


async def test_a_lower_revision_never_replaces_a_higher_one(office: Office) -> None:
    await office.provide()
    await office.open_class()
    await office.finish_class(spot=(10, 10))
    await office.take(
        training_completed(opening=10, spot=(5, 5), revision=3),
        training_completed(opening=10, spot=(10, 10), revision=2),
    )

    assert sum((await office.submit()).payable.values()) == 7_500 * YUAN


async def test_a_class_is_claimed_once(received_office: Office) -> None:

    with pytest.raises(Conflict) as refused:
        await received_office.submit()
    assert (refused.value.code, refused.value.rule) == ("ALREADY_CLAIMED", "JY-CLM-01")


async def test_a_claim_needs_the_signed_undertaking(office: Office) -> None:
    await office.provide()
    await office.open_class()
    await office.finish_class()
    signed = SignedUndertaking(text_version="JY-2021", signer="样例", signed_on=CLAIM_DAY)

    for wrong in (
        replace(signed, text_version="JY-2020"),
        replace(signed, signer=" "),
        replace(signed, signed_on=date(2021, 9, 14)),
    ):
        with pytest.raises(Refused) as refused:
            await office.act(SCHOOL, submit_claim, class_id="class-1", undertaking=wrong, account=ACCOUNT)
        assert (refused.value.code, refused.value.rule) == ("UNDERTAKING_MISSING", "JY-CLM-06")
    await office.act(SCHOOL, submit_claim, class_id="class-1", undertaking=signed, account=ACCOUNT)


async def test_money_goes_only_to_an_account_in_the_institutions_name(office: Office) -> None:
    await office.provide()
    await office.open_class()
    await office.finish_class()
    signed = SignedUndertaking(text_version="JY-2021", signer="样例", signed_on=CLAIM_DAY)
    other = replace(ACCOUNT, holder="另一家学校")

    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await office.act(SCHOOL, submit_claim, class_id="class-1", undertaking=signed, account=other)
    assert await office.rows("SELECT 1 FROM claim") == []


async def test_another_institution_and_another_region_find_neither_class_nor_claim(received_office: Office) -> None:
    claim = await only(received_office)

    for stranger in (
        person("school-2", Role.INSTITUTION, organisation="institution-2"),
        person("first-2", Role.FIRST_REVIEWER, region="371329"),
    ):
        with pytest.raises(NotFound):
            await received_office.submit(actor=stranger)
        with pytest.raises(NotFound):
            await received_office.review(claim.claim_id, Act.FIRST_REVIEW, stranger)


async def test_the_second_review_is_another_persons(received_office: Office) -> None:
    claim = await only(received_office)
    both = person("anna", Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)
    await received_office.review(claim.claim_id, Act.FIRST_REVIEW, both)

    with pytest.raises(Forbidden) as refused:
        await received_office.review(claim.claim_id, Act.SECOND_REVIEW, both)
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "JY-REP-07")
    assert (await received_office.review(claim.claim_id, Act.SECOND_REVIEW, SECOND)).state is State.SECOND_REVIEW


async def test_whoever_acts_for_an_institution_sees_its_own_alone_and_takes_no_part_in_the_review(
    received_office: Office,
) -> None:
    claim = await only(received_office)
    stranger = person("school-2", Role.INSTITUTION, Role.FIRST_REVIEWER, organisation="institution-2")
    own = person("school-1", Role.INSTITUTION, Role.FIRST_REVIEWER, organisation=INSTITUTION)

    with pytest.raises(NotFound):
        await received_office.submit(actor=stranger)
    with pytest.raises(NotFound):
        await received_office.review(claim.claim_id, Act.FIRST_REVIEW, stranger)
    with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
        await received_office.review(claim.claim_id, Act.FIRST_REVIEW, own)


async def test_whoever_reviewed_the_class_takes_no_other_part_in_its_claim(received_office: Office) -> None:
    claim = await only(received_office)
    first_of_the_class = person("reviewer-0", Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.FINANCE)
    await received_office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)

    with pytest.raises(Forbidden) as refused:
        await received_office.review(claim.claim_id, Act.SECOND_REVIEW, first_of_the_class)
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "JY-REP-07")
    await received_office.review(
        claim.claim_id, Act.SECOND_REVIEW, SECOND, approved=False, reason_code="OTHER_MATERIAL"
    )
    await received_office.submit()
    again = await received_office.review(claim.claim_id, Act.FIRST_REVIEW, first_of_the_class)
    assert again.state is State.FIRST_REVIEW


async def test_money_waits_for_the_notices_last_day(received_office: Office) -> None:
    """JY-CLM-04."""
    claim = await only(received_office)
    await received_office.review_twice(claim.claim_id)
    await received_office.publish(claim.claim_id)

    await received_office.pass_days(date(2021, 9, 16))
    with pytest.raises(Conflict, match="STEP_OUT_OF_ORDER"):
        await received_office.review(claim.claim_id, Act.APPROVE, APPROVER)
    await received_office.pass_days(date(2021, 9, 17))
    assert (await received_office.claim(claim.claim_id)).state is State.NOTICE_CLEAR


async def test_a_missed_review_is_flagged_once_the_day_has_passed_and_alarms_again_later(
    received_office: Office,
) -> None:
    claim = await only(received_office)

    await received_office.pass_days(date(2021, 9, 23))
    assert (await received_office.claim(claim.claim_id)).overdue == frozenset()
    await received_office.pass_days(date(2021, 9, 24))
    assert (await received_office.claim(claim.claim_id)).overdue == {"review_due"}
    await received_office.pass_days(date(2021, 10, 10))
    assert (await received_office.claim(claim.claim_id)).overdue == {"review_due", "review_due_outer"}


async def test_a_review_done_in_time_is_never_flagged(received_office: Office) -> None:
    claim = await only(received_office)
    await received_office.review_twice(claim.claim_id)

    await received_office.pass_days(date(2021, 12, 1))

    assert (await received_office.claim(claim.claim_id)).overdue == frozenset()


@pytest.mark.parametrize("code", [None, "BECAUSE"])
async def test_a_claim_is_returned_for_a_standard_reason_only(received_office: Office, code: str | None) -> None:
    """JY-CLM-07: the reasons stand in the rulebook, so that returns can be counted and answered."""
    claim_id = await received_office.only_claim()
    with pytest.raises(Refused, match="REASON_UNKNOWN") as refused:
        await received_office.review(claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code=code)
    assert "OTHER_MATERIAL（其他材料须补正）" in refused.value.advice
    assert (await received_office.claim(claim_id)).state is State.SUBMITTED


async def test_a_returned_claim_is_corrected_and_handed_in_again(received_office: Office) -> None:
    claim = await only(received_office)
    returned = await received_office.review(
        claim.claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL"
    )
    await received_office.pass_days(date(2021, 9, 24))
    again = await received_office.submit()

    assert returned.state is State.RETURNED
    assert (again.claim_id, again.round, again.state) == (claim.claim_id, 2, State.SUBMITTED)
    assert again.overdue == frozenset()
    [event] = await received_office.events(ClaimReturned)
    assert (event["to"], event["reason_code"], event["returned_by"]) == ("claimant", "OTHER_MATERIAL", "first-1")
    assert [event["round"] for event in await received_office.events(ClaimSubmitted)] == [1, 2]


async def test_a_decision_recognises_the_completion_certificate_after_a_failed_exam(office: Office) -> None:
    issued = [*(certificate(each) for each in people(1, 8)), certificate("p9", "completion", attempt=2)]
    claim = await received(office, certificates=issued)
    assert sum(claim.payable.values()) == 12_000 * YUAN
    with pytest.raises(Refused, match="DECISION_NEEDED"):
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)

    given = GivenDecision(rule="JY-ASM-05", accepted=True, reason="核对了前次成绩")
    decided = await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)

    assert sum(decided.payable.values()) == 13_500 * YUAN
    assert decided.decisions[0].persons == {"p9"}
    assert (await office.review_twice(claim.claim_id)).state is State.SECOND_REVIEW


async def test_a_second_reviewers_decision_that_changes_the_amount_begins_the_review_again(office: Office) -> None:
    issued = [certificate("p1"), certificate("p9", "completion", attempt=2)]
    claim = await received(office, certificates=issued)
    refusal = GivenDecision(rule="JY-ASM-05", accepted=False, reason="无前次考核记录")
    await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=refusal)
    await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)

    given = GivenDecision(rule="JY-ASM-05", accepted=True, reason="补交了记录", persons=frozenset({"p9"}))
    decided = await office.act(SECOND, record_decision, claim_id=claim.claim_id, given=given)

    assert (decided.state, decided.round, sum(decided.payable.values())) == (State.SUBMITTED, 2, 3_000 * YUAN)
    [returned] = await office.events(ClaimReturned)
    assert (returned["to"], returned["reason_code"]) == ("first_review", "DECISION_RECORDED")


async def test_only_what_a_rule_leaves_open_is_decided(received_office: Office) -> None:
    claim = await only(received_office)
    given = GivenDecision(rule="JY-ASM-05", accepted=True, reason="x")

    for wrong, code in (
        (replace(given, rule="JY-SUP-04"), "RULE_NOT_DECIDABLE"),
        (given, "NOTHING_TO_DECIDE"),
        (replace(given, rule="JY-ASM-06"), "DECISION_INCOMPLETE"),
        (replace(given, rule="JY-SUP-07"), "NOTHING_TO_DECIDE"),
        (replace(given, rule="JY-CLM-10"), "NOTHING_TO_DECIDE"),
        (replace(given, persons=frozenset({"stranger"})), "PERSON_NOT_IN_CLASS"),
    ):
        with pytest.raises(Refused, match=code):
            await received_office.act(FIRST, record_decision, claim_id=claim.claim_id, given=wrong)


async def test_a_question_about_the_class_is_decided_again_once_it_was_asked(office: Office) -> None:
    claim = await received(office, spot=(10,))
    refusal = GivenDecision(rule="JY-SUP-07", accepted=False, reason="抽查不足")
    await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=refusal)
    with pytest.raises(Refused, match="FLAG_REFUSED") as against:
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    assert (against.value.rule, against.value.clause) == ("JY-SUP-07", "附件2 过程监管栏")

    given = replace(refusal, accepted=True, reason="补交了抽查记录")
    await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)
    assert (await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)).state is State.FIRST_REVIEW


async def test_the_claim_of_a_contest_passes_no_review_before_a_person_took_it_for_a_class(office: Office) -> None:
    """JY-ENR-18"""
    await office.provide()
    contest = replace(class_opened(trainees=people(1, 10)), attributes={"training_form": "contest"})
    await office.take(approved("class-1", people(1, 10)), contest)
    await office.finish_class()
    claim = await office.submit()
    assert [flag.code for flag in claim.assessment.open_questions] == ["NOT_A_CLASS"]
    with pytest.raises(Refused, match="DECISION_NEEDED") as needed:
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    assert needed.value.rule == "JY-ENR-18"
    given = GivenDecision(rule="JY-ENR-18", accepted=False, reason="技能竞赛，不是培训班")
    await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)
    with pytest.raises(Refused, match="FLAG_REFUSED"):
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    taken = replace(given, accepted=True, reason="赛前按计划组织了集中培训")
    await office.act(FIRST, record_decision, claim_id=claim.claim_id, given=taken)
    assert (await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)).state is State.FIRST_REVIEW


async def test_a_voided_certificate_during_the_notice_begins_a_new_round_with_a_new_notice(
    received_office: Office,
) -> None:
    claim = await only(received_office)
    await received_office.review_twice(claim.claim_id)
    await received_office.publish(claim.claim_id)
    remaining = [certificate(each) for each in people(1, 9)]
    await received_office.take(void("p10"), assessment_completed(remaining, revision=2))

    changed = await received_office.claim(claim.claim_id)
    assert (changed.state, changed.round) == (State.SUBMITTED, 2)
    assert changed.notices[0].state is NoticeState.WITHDRAWN
    with pytest.raises(NotFound, match="NOTICE_WITHDRAWN"):
        await received_office.act(PUBLIC, read_notice, notice_id=changed.notices[0].notice_id)
    assert sum(changed.payable.values()) == 13_500 * YUAN
    assert [event["reason_code"] for event in await received_office.events(ClaimReturned)] == ["CertificateVoided"]

    approval = await received_office.approve(claim.claim_id)
    assert sum(approval.decided.values()) == 13_500 * YUAN
    assert len(await received_office.events(NoticePublished)) == 2


async def test_a_claim_that_can_no_longer_be_computed_is_returned_and_computed_anew_when_handed_in_again(
    office: Office,
) -> None:
    await office.act(FINANCE, enter_rate, rate=rate(1500, certificate_kind="level"))
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.open_class()
    await office.finish_class()
    claim = await office.submit()
    await office.review_twice(claim.claim_id)

    other = certificate("p10", "special_ability")
    remaining = [*(certificate(each) for each in people(1, 9)), other]
    await office.take(other, void("p10"), assessment_completed(remaining, revision=2))

    assert (await office.claim(claim.claim_id)).state is State.RETURNED
    assert [event["reason_code"] for event in await office.events(ClaimReturned)] == ["RATE_MISSING"]
    with pytest.raises(Refused, match="RATE_MISSING"):
        await office.submit()
    await office.act(FINANCE, enter_rate, rate=rate(801, certificate_kind="special_ability"))
    assert sum((await office.submit()).payable.values()) == (9 * 1_500 + 801) * YUAN


async def test_no_review_passes_what_the_facts_can_no_longer_be_computed_to(received_office: Office) -> None:
    claim = await only(received_office)
    one_less = [certificate(each) for each in people(1, 9)]
    await received_office.take(assessment_completed(one_less, revision=2))

    with pytest.raises(Refused, match="CLAIM_GT_RESULTS"):
        await received_office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    await received_office.take(void("p10"))
    passed = await received_office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    assert sum(passed.payable.values()) == 13_500 * YUAN


async def test_facts_that_begin_no_round_are_taken_in_a_year_whose_calendar_is_not_there_yet(
    received_office: Office,
) -> None:
    received_office.now = moment(date(2026, 12, 21))

    await received_office.take(training_completed(opening=10, spot=(10, 9), revision=2))
    claim_id = await received_office.only_claim()
    returned = await received_office.review(
        claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="CERTIFICATE_DOUBT"
    )

    assert returned.state is State.RETURNED


async def test_where_the_document_sets_no_cap_nobody_needs_a_slot_to_be_paid(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_cap = replace(rulebook(), payment=replace(rulebook().payment, entitlement=None))
    monkeypatch.setattr("tests.payment.office.shelf", lambda: Shelf([without_cap], [], regions()))
    claim = await received(office)

    approval = await office.approve(claim.claim_id)

    assert sum(approval.decided.values()) == 15_000 * YUAN
    assert await office.rows("SELECT 1 FROM entitlement_slot") == []


async def test_a_final_decision_without_a_line_frees_the_person_for_another_class(office: Office) -> None:
    claim = await received(office, certificates=[certificate(each) for each in people(1, 8)])
    await office.approve(claim.claim_id)

    await office.take(approved("class-2", ["p1", "p9", "p10"]))

    [answer] = await office.events(EntitlementReserved, class_id="class-2")
    assert answer["granted"] == ["p10", "p9"]
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = 'employment_subsidy_fund'")
    assert budget.reserved_fen == (8 + 2) * 1_500 * YUAN


async def test_a_check_declared_void_and_an_exam_withdrawn_are_facts_no_more(office: Office) -> None:
    """JY-SUP-06, JY-ASM-05: neither is evidence, and an exam that was never held is no attempt at it."""
    checks = [
        SpotCheckRecorded(
            class_id="class-1",
            check_id=check_id,
            kind="spot",
            held_on=date(2021, 6, 8),
            headcount=40,
            inspectors=("inspector-1",),
        )
        for check_id in ("c1", "c2")
    ]
    void = SpotCheckVoided(
        class_id="class-1",
        check_id="c1",
        kind="spot",
        voided_on=date(2021, 6, 9),
        voided_by="inspector-2",
        reason="TYPED_WRONG",
    )
    exams = [
        AssessmentScheduled(
            class_id="class-1",
            assessment_id=assessment_id,
            certificate_kind="level",
            body_id="body",
            body_name="评价机构",
            applied_on=date(2021, 6, 1),
            exam_on=date(2021, 6, 20),
            channel="system",
        )
        for assessment_id in ("a1", "a2")
    ]
    withdrawn = AssessmentWithdrawn(
        class_id="class-1", assessment_id="a2", on=date(2021, 6, 10), reason="BODY_UNAVAILABLE"
    )
    await office.take(class_opened(), *checks, *exams, void, withdrawn)

    async with office.unit() as uow:
        facts = await uow.classes.facts("class-1")
    assert [known.fact.check_id for known in facts.checks] == ["c2"]
    assert [known.fact.assessment_id for known in facts.exams] == ["a1"]
