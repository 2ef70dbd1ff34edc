"""Queues, blockers and single lines given back, on both databases."""

from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.correct_account import correct_account
from services.payment.application.desk import queue, read_class_progress, read_progress
from services.payment.application.enter_rate import enter_rate
from services.payment.application.return_line import answer_line, return_line
from services.payment.application.submit_claim import GivenAccount
from services.payment.domain.budget import BudgetKey
from services.payment.domain.line_return import LineAnswer
from services.payment.domain.state import Act, State
from shared.contracts.supervision import FindingRaised
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.payment.office import APPROVER, EMPLOYMENT, FINANCE, FIRST, INSPECTOR, SCHOOL, SECOND, Office, person
from tests.payment.sample import INSTITUTION_NAME, assessment_completed, certificate, people, rate
from tests.payment.test_use_cases_claim import void

YUAN = 100
CORRECTED = GivenAccount(holder=INSTITUTION_NAME, bank_name="样例银行沁园支行", account_number="410000008642099988")


async def waiting(office: Office, actor: Actor) -> list[tuple[str, str]]:
    """Give what waits for somebody: class and task."""
    async with office.unit(actor) as uow:
        items, _ = await queue(uow, after=None, limit=50)
    return [(item.claim.class_id, item.task.holder.task) for item in items]


async def test_each_role_sees_its_own_step_and_nobody_elses(received_office: Office) -> None:
    """JY-CLM-07, JY-REP-07: the next step alone waits, for the one who takes it."""
    office, claim_id = received_office, await received_office.only_claim()

    async def everybody() -> dict[str, list[str]]:
        actors = (FIRST, SECOND, APPROVER, FINANCE, SCHOOL)
        return {actor.subject: [task for _, task in await waiting(office, actor)] for actor in actors}

    def only(subject: str, *tasks: str) -> dict[str, list[str]]:
        subjects = ("first-1", "second-1", "approver-1", "finance-1", "school-1")
        return {each: list(tasks) if each == subject else [] for each in subjects}

    assert await everybody() == only("first-1", "first_review")
    await office.review(claim_id, Act.FIRST_REVIEW, FIRST)
    assert await everybody() == only("second-1", "second_review")
    await office.review(claim_id, Act.SECOND_REVIEW, SECOND)
    assert await everybody() == only("second-1", "notice")
    notice = await office.publish(claim_id)
    assert await everybody() == only("nobody")
    await office.object_to(notice.notice_id, 3)
    assert await waiting(office, INSPECTOR) == [("class-1", "objection")]
    await office.end_notice(claim_id)
    assert (await everybody())["approver-1"] == ["bureau_opinion", "objection"]
    await office.review(claim_id, Act.APPROVE, APPROVER)
    assert (await everybody())["finance-1"] == ["payment"]
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    assert (await everybody())["finance-1"] == ["bank_file"]
    file = await office.send()
    await office.answer(file, order.order_id, "returned")
    assert (await everybody())["school-1"] == ["account"]
    await office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    assert (await everybody())["approver-1"] == ["objection", "account_approval"]


async def test_a_queue_stops_at_region_and_institution(received_office: Office) -> None:
    assert await waiting(received_office, person("first-9", Role.FIRST_REVIEWER, region="371329")) == []
    claim_id = await received_office.only_claim()
    await received_office.review(claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL")

    assert await waiting(received_office, SCHOOL) == [("class-1", "resubmission")]
    stranger = person("school-2", Role.INSTITUTION, organisation="institution-2")
    assert await waiting(received_office, stranger) == []


async def test_a_queue_is_read_page_by_page_the_earliest_limit_first(received_office: Office) -> None:
    """JY-CLM-02: whose seven days end first comes first."""
    office = received_office
    for number in (2, 3):
        roster = people(10 * number + 1, 10 * number + 2)
        await office.open_class(f"class-{number}", roster=roster)
        await office.finish_class(f"class-{number}", roster=roster)
        await office.pass_days(date(2021, 9, 13 + number))
        await office.submit(f"class-{number}")
    seen: list[str] = []
    after: str | None = None
    for _ in range(4):
        async with office.unit(FIRST) as uow:
            items, after = await queue(uow, after=after, limit=1)
        seen += [item.claim.class_id for item in items]
        if after is None:
            break

    assert seen == ["class-1", "class-2", "class-3"]
    async with office.unit(FIRST) as uow:
        with pytest.raises(Refused, match="CURSOR_INVALID"):
            await queue(uow, after="tomorrow.x", limit=1)


async def test_the_second_reviewer_reads_what_the_first_one_said(received_office: Office) -> None:
    await received_office.review(await received_office.only_claim(), Act.FIRST_REVIEW, FIRST)

    async with received_office.unit(SECOND) as uow:
        [item], _ = await queue(uow, after=None, limit=50)

    assert item.last_review is not None
    assert (item.last_review.actor, item.last_review.opinion) == ("first-1", "已核对")


async def test_blockers_tell_an_institution_what_is_missing_and_nobody_else(received_office: Office) -> None:
    office, claim_id = received_office, await received_office.only_claim()
    await office.take(
        FindingRaised(
            class_id="class-1",
            finding_id="f1",
            check="theory_video",
            rule="JY-SUP-02",
            clause="二(三)2",
            blocking=True,
            seen="缺视频",
        )
    )

    async with office.unit(SCHOOL) as uow:
        found = (await read_progress(uow, claim_id)).progress
    assert found.next is not None
    assert [(task.holder.task, task.due) for task in found.tasks] == [
        ("finding", None),
        ("first_review", date(2021, 9, 23)),
    ]
    [blocker] = found.blockers
    assert (blocker.finding.code, blocker.finding.rule, blocker.holder.role) == (
        "FINDING_OPEN",
        "JY-SUP-02",
        Role.INSPECTOR,
    )
    async with office.unit(person("school-2", Role.INSTITUTION, organisation="institution-2")) as uow:
        with pytest.raises(NotFound):
            await read_progress(uow, claim_id)


async def test_a_class_without_a_claim_says_what_stands_between(office: Office) -> None:
    """JY-ENR-01: what is not in the system yet is named, with who brings it."""
    await office.provide()
    await office.open_class()

    async def tasks() -> list[str]:
        async with office.unit(SCHOOL) as uow:
            return [task.holder.task for task in (await read_class_progress(uow, "class-1")).progress.tasks]

    assert await tasks() == ["training", "assessment"]
    await office.finish_class()
    assert await tasks() == ["claim"]
    await office.submit()
    assert await tasks() == ["first_review"]


async def test_one_line_is_returned_and_the_rest_is_paid_and_the_answer_becomes_a_supplement(
    received_office: Office,
) -> None:
    """JY-CLM-07: a line given back for a standard reason keeps nobody else waiting."""
    office, claim_id = received_office, await received_office.only_claim()
    saved = await office.act(
        FIRST, return_line, claim_id=claim_id, line_no=4, reason_code="ATTENDANCE_DOUBT", note="请补交签到说明"
    )
    assert await office.claim(claim_id) == saved
    assert await waiting(office, SCHOOL) == [("class-1", "line_answer")]
    await office.review(claim_id, Act.FIRST_REVIEW, FIRST)
    with pytest.raises(Conflict, match="LINE_ANSWER_LATER"):
        await office.act(
            SCHOOL, answer_line, claim_id=claim_id, line_no=4, answer=LineAnswer.RESUBMITTED, statement="已补交"
        )
    await office.review(claim_id, Act.SECOND_REVIEW, SECOND)
    notice = await office.publish(claim_id)
    assert sum(notice.amounts.values()) == 13_500 * YUAN
    await office.end_notice(claim_id)
    await office.review(claim_id, Act.APPROVE, APPROVER)
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    [slot] = await office.rows("SELECT state FROM entitlement_slot WHERE person_id = 'p4'")
    assert slot.state == "reserved"

    again = await office.act(
        SCHOOL, answer_line, claim_id=claim_id, line_no=4, answer=LineAnswer.RESUBMITTED, statement="已补交"
    )

    assert (again.state, again.round, again.difference) == (State.SUBMITTED, 2, {4: 1_500 * YUAN})
    await office.approve(claim_id)
    await office.order(claim_id, {EMPLOYMENT: 1_500})
    claim = await office.claim(claim_id)
    assert sum(claim.decided.values()) == 15_000 * YUAN


async def test_a_line_given_up_during_a_supplement_asks_back_what_was_paid_of_it(office: Office) -> None:
    for each in (rate(1500, certificate_kind="level"), rate(1600, certificate_kind="special_ability")):
        await office.act(FINANCE, enter_rate, rate=each)
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.open_class()
    await office.finish_class()
    claim_id = (await office.submit()).claim_id
    await office.approve(claim_id)
    [order] = await office.order(claim_id, {EMPLOYMENT: 15_000})
    await office.answer(await office.send(), order.order_id, "settled")
    better, others = certificate("p4", "special_ability"), [each for each in people(1, 10) if each != "p4"]
    await office.take(better, void("p4"), assessment_completed([*map(certificate, others), better], revision=2))
    await office.act(FIRST, return_line, claim_id=claim_id, line_no=4, reason_code="CERTIFICATE_DOUBT", note="缺附件")

    await office.act(
        SCHOOL, answer_line, claim_id=claim_id, line_no=4, answer=LineAnswer.GIVEN_UP, statement="无法补正"
    )

    claim = await office.claim(claim_id)
    assert (sum(claim.payable.values()), claim.clawback_fen) == (13_500 * YUAN, 1_500 * YUAN)


async def test_a_line_given_up_frees_its_slot_and_its_money(received_office: Office) -> None:
    office, claim_id = received_office, await received_office.only_claim()
    await office.act(FIRST, return_line, claim_id=claim_id, line_no=4, reason_code="CERTIFICATE_DOUBT", note="请核实")
    await office.approve(claim_id)

    await office.act(
        SCHOOL, answer_line, claim_id=claim_id, line_no=4, answer=LineAnswer.GIVEN_UP, statement="无法补正"
    )

    assert await office.rows("SELECT 1 FROM entitlement_slot WHERE person_id = 'p4'") == []
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 13_500 * YUAN


async def test_only_who_could_pass_the_claim_returns_a_line_and_only_one_that_is_due(received_office: Office) -> None:
    office, claim_id = received_office, await received_office.only_claim()
    given = {"claim_id": claim_id, "line_no": 4, "reason_code": "ATTENDANCE_DOUBT", "note": "请补交"}

    for actor, refusal, changes in (
        (SECOND, "ROLE_MISSING", {}),
        (FIRST, "LINE_NOT_DUE", {"line_no": 40}),
        (FIRST, "REASON_UNKNOWN", {"reason_code": "BECAUSE"}),
    ):
        with pytest.raises((Refused, Forbidden), match=refusal):
            await office.act(actor, return_line, **{**given, **changes})
    await office.review_twice(claim_id)
    with pytest.raises(Conflict, match="STEP_OUT_OF_ORDER"):
        await office.act(FIRST, return_line, **given)
