"""What an institution handed out before it claims (LS-CLM-04), on both databases: two people, opposites, no doublet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import DatabaseError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.record_payouts import decide_payouts, read_payouts, record_payouts, reverse_payouts
from services.payment.application.review_claim import GivenReview, review_claim
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim
from services.payment.domain.payout import GivenPayout
from services.payment.domain.state import Act
from services.payment.domain.statement import StatementState
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.payment.claiming import card, somebody, with_checks
from tests.payment.office import ACCOUNT, EMPLOYMENT, Office, moment, person
from tests.payment.sample import INSTITUTION, INSTITUTION_NAME, people, rate
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened

REGION, OPENING = FIRST_DAYS["LS"]
TODAY = date(2020, 12, 2)
ROSTER = people(1, 20)
HANDED_ON = date(2020, 10, 12)
SIGNED = SignedUndertaking(text_version="LS", signer="样例负责人", signed_on=TODAY)
SCHOOL = person("clerk-1", Role.INSTITUTION, organisation=INSTITUTION, region=REGION)
FIRST, SECOND = official("LS", "first-ls", Role.FIRST_REVIEWER), official("LS", "second-ls", Role.SECOND_REVIEWER)
APPROVER, FINANCE = official("LS", "approver-ls", Role.APPROVER), official("LS", "finance-ls", Role.FINANCE)
LEARNER = person("trainee-20", Role.TRAINEE, organisation="trainees", region=REGION)


@pytest.fixture
async def linshu(office: Office) -> Office:
    """Give an office with a project class of twenty poor workers, each of whom has 600 yuan of allowance to come."""
    office.now = moment(TODAY)
    for programme, yuan, unit in (("training", 1500, "each"), ("living_allowance", 600, "day")):
        row = replace(rate(yuan, programme=programme), region=REGION, valid_from=OPENING, unit=unit)  # type: ignore[arg-type]
        await office.act(FINANCE, enter_rate, rate=row)
    key = BudgetKey(region=REGION, funding_source=EMPLOYMENT, year=2020)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=1_000_000_00, document="测试指标文件")
    started = with_checks(opened("LS", ROSTER, kind="project", group="poor_worker"))
    await office.take(started, *finished(started))
    return office


def handed(person_id: str, yuan: int, on: date = HANDED_ON) -> GivenPayout:
    return GivenPayout(person_id=person_id, amount_fen=yuan * 100, paid_on=on, source="签领表")


async def state(office: Office, yuan: Mapping[str, int], by: Actor = SCHOOL) -> list[int]:
    given = [handed(each, amount) for each, amount in yuan.items()]
    return [entry.number for entry in await office.act(by, record_payouts, class_id="class-1", given=given)]


async def confirm(office: Office, *numbers: int, by: Actor = FIRST, confirmed: bool = True) -> None:
    command = {"class_id": "class-1", "numbers": numbers, "confirmed": confirmed, "reason": "已核对签领表"}
    await office.act(by, decide_payouts, **command)


async def claimed(office: Office) -> Claim:
    account = replace(ACCOUNT, holder=INSTITUTION_NAME)
    return await office.act(SCHOOL, submit_claim, class_id="class-1", undertaking=SIGNED, account=account)


async def claimed_alone(office: Office, number: int = 20) -> Claim:
    given = {"person": somebody(number), "account": card(number), "claimant": "individual"}
    return await office.act(LEARNER, submit_claim, class_id="class-1", undertaking=SIGNED, **given)


async def allowance(office: Office, claim_id: str) -> int:
    lines = (await office.claim(claim_id)).assessment.lines
    return sum(line.amount_fen for line in lines if line.programme == "living_allowance")


async def review(office: Office, claim_id: str) -> None:
    for step, actor in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND), (Act.APPROVE, APPROVER)):
        given = GivenReview(step=step, approved=True, opinion="已核对")
        await office.act(actor, review_claim, claim_id=claim_id, given=given)


async def test_an_institution_claims_what_it_proved_to_have_handed_out(linshu: Office) -> None:
    """LS-CLM-04: 598 of 600 yuan to one of twenty: 11,998 are allowed, the difference of 2 is flagged."""
    claim = await claimed(linshu)
    assert await allowance(linshu, claim.claim_id) == 0
    numbers = await state(linshu, dict.fromkeys(ROSTER[:-1], 600) | {"p20": 598})
    assert await allowance(linshu, claim.claim_id) == 0

    await confirm(linshu, *numbers)

    assert await allowance(linshu, claim.claim_id) == 11_998_00
    flags = [(flag.code, flag.rule, flag.value) for flag in (await linshu.claim(claim.claim_id)).assessment.flags]
    assert ("PAID_OUT_SHORT", "LS-CLM-04", "2.00") in flags

    [rest] = [
        entry.number
        for entry in await linshu.act(
            SCHOOL, record_payouts, class_id="class-1", given=[handed("p20", 2, date(2020, 12, 1))]
        )
    ]
    await confirm(linshu, rest)
    assert await allowance(linshu, claim.claim_id) == 12_000_00


async def test_a_learner_who_was_handed_it_claims_in_vain(linshu: Office) -> None:
    """LS-PAY-04: ALREADY_ADVANCED; the institution's claim includes the 12,000."""
    await confirm(linshu, *(await state(linshu, dict.fromkeys(ROSTER, 600))))
    with pytest.raises(Refused, match="ALREADY_ADVANCED") as refused:
        await claimed_alone(linshu)
    assert refused.value.rule == "LS-PAY-04"
    assert await linshu.rows("SELECT 1 FROM claim") == []
    assert await allowance(linshu, (await claimed(linshu)).claim_id) == 12_000_00


async def test_a_learner_whom_nobody_handed_it_is_paid_himself_by_decision_and_not_twice(linshu: Office) -> None:
    """LS-PAY-04: where the proof is missing a person decides; then the institution cannot prove it any more."""
    numbers = await state(linshu, dict.fromkeys(ROSTER, 600))
    await confirm(linshu, *numbers[:-1])
    claim = await claimed_alone(linshu)
    assert [(finding.code, finding.rule) for finding in claim.assessment.open_questions] == [
        ("ALLOWANCE_NOT_ADVANCED", "LS-PAY-04")
    ]
    with pytest.raises(Refused, match="DECISION_NEEDED"):
        await review(linshu, claim.claim_id)
    given = GivenDecision(rule="LS-PAY-04", accepted=True, reason="机构承认未发放")
    await linshu.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)
    assert await allowance(linshu, claim.claim_id) == 600_00
    await review(linshu, claim.claim_id)

    with pytest.raises(Conflict, match="PAYOUT_CLAIMED"):
        await confirm(linshu, numbers[-1], by=SECOND)
    assert await allowance(linshu, (await claimed(linshu)).claim_id) == 11_400_00


async def test_a_payout_confirmed_meanwhile_ends_the_learners_own_claim(linshu: Office) -> None:
    """LS-PAY-04"""
    numbers = await state(linshu, {"p20": 600})
    claim = await claimed_alone(linshu)
    given = GivenDecision(rule="LS-PAY-04", accepted=True, reason="暂未见凭证")
    await linshu.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)
    assert await allowance(linshu, claim.claim_id) == 600_00
    await confirm(linshu, *numbers, by=SECOND)
    assert await allowance(linshu, claim.claim_id) == 0


async def test_a_decision_against_the_learner_pays_nothing(linshu: Office) -> None:
    """LS-PAY-04"""
    claim = await claimed_alone(linshu)
    given = GivenDecision(rule="LS-PAY-04", accepted=False, reason="签领表在补正")
    after = await linshu.act(FIRST, record_decision, claim_id=claim.claim_id, given=given)
    assert (sum(after.payable.values()), after.assessment.open_questions) == (0, ())


async def test_a_payout_is_confirmed_by_another_person_and_corrected_by_its_opposite(linshu: Office) -> None:
    """LS-CLM-04"""
    claim = await claimed(linshu)
    [number] = await state(linshu, {"p1": 600}, by=FIRST)
    assert await state(linshu, {"p1": 600}) == []
    with pytest.raises(Conflict, match="PAYOUT_STANDS"):
        await state(linshu, {"p1": 500})
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await confirm(linshu, number, by=FIRST)
    both = person("clerk", Role.INSTITUTION, Role.FIRST_REVIEWER, organisation=INSTITUTION, region=REGION)
    with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
        await confirm(linshu, number, by=both)
    with pytest.raises(Conflict, match="STATEMENT_NOT_CONFIRMED"):
        await linshu.act(SCHOOL, reverse_payouts, class_id="class-1", numbers=[number], reason="误")
    await confirm(linshu, number, by=SECOND)
    assert await allowance(linshu, claim.claim_id) == 600_00

    [back] = await linshu.act(SCHOOL, reverse_payouts, class_id="class-1", numbers=[number], reason="退回重发")
    await confirm(linshu, back.number)
    assert await allowance(linshu, claim.claim_id) == 0
    [again] = await state(linshu, {"p1": 500})
    await confirm(linshu, again)
    assert await allowance(linshu, claim.claim_id) == 500_00
    listed = await linshu.act(SCHOOL, read_payouts, class_id="class-1")
    assert [(entry.number, entry.reverses, entry.state) for entry in listed] == [
        (number, None, StatementState.REVERSED),
        (back.number, number, StatementState.CONFIRMED),
        (again, None, StatementState.CONFIRMED),
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([handed("p99", 600)], "PERSON_NOT_IN_CLASS"),
        ([handed("p1", 600, date(2020, 12, 3))], "DATE_IN_FUTURE"),
        ([handed("p1", 600, date(2020, 8, 31))], "PAYOUT_BEFORE_OPENING"),
        ([handed("p1", 300), handed("p1", 300)], "PAYOUT_TWICE"),
    ],
)
async def test_a_payout_that_cannot_be_right_is_refused(linshu: Office, given: list[GivenPayout], code: str) -> None:
    """LS-CLM-04: until today, from the opening day on."""
    with pytest.raises(Refused, match=code):
        await linshu.act(SCHOOL, record_payouts, class_id="class-1", given=given)
    right = [handed("p1", 600, TODAY), handed("p2", 600, OPENING)]
    assert len(await linshu.act(SCHOOL, record_payouts, class_id="class-1", given=right)) == 2


async def test_payouts_are_of_classes_that_hand_something_out_first_and_of_those_who_know_them(linshu: Office) -> None:
    await linshu.take(opened("LS", ROSTER, class_id="class-2"))
    with pytest.raises(Refused, match="PAYOUTS_NOT_ASKED"):
        await linshu.act(SCHOOL, record_payouts, class_id="class-2", given=[handed("p1", 600)])
    stranger = person("clerk-2", Role.INSTITUTION, organisation="another", region=REGION)
    with pytest.raises(NotFound):
        await state(linshu, {"p1": 600}, by=stranger)
    with pytest.raises(NotFound, match="STATEMENT_UNKNOWN"):
        await confirm(linshu, 999)


async def test_the_database_lets_no_payout_be_edited_forgotten_or_decided_by_its_author(linshu: Office) -> None:
    await state(linshu, {"p1": 600})
    values = "VALUES ('class-1', 'p1', {fen}, '{day}', 's', 'a', '2020-12-02', '{state}'"
    insert = "INSERT INTO allowance_payout (class_id, person_id, amount_fen, paid_on, source, stated_by, stated_on, "
    for change in (
        "UPDATE allowance_payout SET amount_fen = 70000",
        "UPDATE allowance_payout SET paid_on = '2020-10-13'",
        "UPDATE allowance_payout SET state = 'reversed', decided_by = 'x'",
        "UPDATE allowance_payout SET state = 'confirmed', decided_by = stated_by",
        "DELETE FROM allowance_payout",
        f"{insert}state) {values.format(fen=1, day=HANDED_ON, state='stated')})",
        f"{insert}state) {values.format(fen=0, day='2020-10-13', state='stated')})",
        f"{insert}state) {values.format(fen=1, day='2020-12-03', state='stated')})",
        f"{insert}state, decided_by) {values.format(fen=1, day='2020-10-13', state='confirmed')}, 'b')",
    ):
        with pytest.raises(DatabaseError):
            await linshu.rows(change)
    await linshu.rows(f"{insert}state) {values.format(fen=1, day='2020-10-13', state='stated')})")
