"""The assessment body as claimant of Hebei's evaluation subsidy, from certificates to money, on both databases."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.correct_account import correct_account
from services.payment.application.create_bank_file import bank_file_content
from services.payment.application.desk import queue, read_class_progress, read_progress
from services.payment.application.enter_rate import enter_rate
from services.payment.application.publish_notice import publish_notice
from services.payment.application.queries import read_claim, read_class
from services.payment.application.recognise_claimant import GivenPerson
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import GivenAccount, SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim, Claimant
from services.payment.domain.state import Act, State
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.contracts.enrollment import ClassOpened
from shared.contracts.payment import ClaimSubmitted
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.payment.office import ACCOUNT, EMPLOYMENT, SCHOOL, Office, moment, person
from tests.payment.sample import assessment_completed, certificate, people, rate, scheduled
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened

REGION, OPENING = FIRST_DAYS["HB"]
EXAM, PASSED = date(2024, 5, 8), date(2024, 5, 13)
TODAY = date(2024, 6, 17)
BODY_NAME = "样例职业技能评价中心"
ASSESSOR = person("assessor-1", Role.ASSESSOR, organisation="body-1", region=REGION)
OTHER_BODY = person("assessor-2", Role.ASSESSOR, organisation="body-2", region=REGION)
TRAINEE = person("trainee-1", Role.TRAINEE, organisation="trainees", region=REGION)
FIRST = official("HB", "first", Role.FIRST_REVIEWER)
SECOND = official("HB", "second", Role.SECOND_REVIEWER)
APPROVER = official("HB", "approver", Role.APPROVER)
FINANCE = official("HB", "finance", Role.FINANCE)
SIGNED = SignedUndertaking(text_version="HB-2024", signer="样例负责人", signed_on=TODAY)
OF_BODY = replace(ACCOUNT, holder=BODY_NAME)


def evaluation(heads: int, *, class_id: str = "class-1", group: str = "graduate", first: int = 1) -> ClassOpened:
    """Give an evaluation of Hebei as its applicant opened it: no training institution, no lesson."""
    plain = opened("HB", people(first, first + heads - 1), class_id=class_id, group=group)
    day = date(2024, 5, 6)
    return replace(plain, kind="evaluation", programme="evaluation", sessions=(), opening_date=day, closing_date=day)


def passed(
    persons: Iterable[str],
    *,
    body: str = "body-1",
    agreement: Mapping[str, date | None] | date | None = EXAM,
    class_id: str = "class-1",
) -> list[CertificateIssued]:
    def agreed(each: str) -> date | None:
        return agreement.get(each, EXAM) if isinstance(agreement, Mapping) else agreement

    return [
        replace(
            certificate(each, class_id=class_id, issued=PASSED),
            certificate_id=f"{class_id}-{body}-{each}",
            assessment_id=f"{class_id}-{body}",
            body_id=body,
            agreement_on=agreed(each),
        )
        for each in persons
    ]


async def examined(office: Office, of: ClassOpened, *issued: CertificateIssued) -> None:
    """Let a class open, be examined by everybody who issued a certificate, and be certified."""
    bodies = sorted({each.body_id for each in issued})
    exams = [
        replace(
            scheduled(class_id=of.class_id, exam_on=EXAM),
            assessment_id=f"{of.class_id}-{body}",
            body_id=body,
            body_name=BODY_NAME if body == "body-1" else f"{BODY_NAME}二",
        )
        for body in bodies
    ]
    await office.take(of, *exams, *issued, assessment_completed(issued, class_id=of.class_id))


@pytest.fixture
async def bureau(office: Office) -> Office:
    """Give the office of Hebei in June 2024: 300 yuan an evaluation, a budget, nothing evaluated yet."""
    office.now = moment(TODAY)
    row = replace(rate(300), region=REGION, programme="evaluation", valid_from=OPENING)
    await office.act(FINANCE, enter_rate, rate=row)
    key = BudgetKey(region=REGION, funding_source=EMPLOYMENT, year=2024)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    return office


async def claim(
    office: Office,
    actor: Actor = ASSESSOR,
    claimant: Claimant = "assessor",
    account: GivenAccount = OF_BODY,
    **given: Any,
) -> Claim:
    given = {"class_id": "class-1", **given}
    made: Claim = await office.act(actor, submit_claim, undertaking=SIGNED, account=account, claimant=claimant, **given)
    return made


def paid(made: Claim) -> list[tuple[str | None, int]]:
    return [(line.person_id, line.amount_fen) for line in made.assessment.lines]


async def reviewed(office: Office, claim_id: str) -> Claim:
    await office.review(claim_id, Act.FIRST_REVIEW, FIRST)
    return await office.review(claim_id, Act.SECOND_REVIEW, SECOND)


async def test_one_claim_of_thirty_certificates_is_paid_to_the_assessor_without_a_notice(bureau: Office) -> None:
    """HB-CLM-13, HB-PAY-02: 9,000 yuan go straight to who signed the agreements and issued the certificates."""
    await examined(bureau, evaluation(31), *passed(people(1, 30)))
    made = await claim(bureau)

    assert (made.claimant, made.owner, made.payee, len(made.assessment.lines)) == (
        "assessor",
        "body-1",
        "assessor",
        30,
    )
    [event] = await bureau.events(ClaimSubmitted)
    assert (event["claimant"], event["heads"], event["amount_fen"]) == ("assessor", 30, 900_000)
    line = made.assessment.lines[0]
    [agreement] = [trace for trace in line.traces if trace.rule == "HB-CLM-12"]
    assert agreement.inputs["certificate_id"] == "class-1-body-1-p1"
    assert (agreement.inputs["agreement_on"], agreement.inputs["signed_by"]) == (EXAM.isoformat(), "body-1")

    assert (await reviewed(bureau, made.claim_id)).state is State.NOTICE_CLEAR
    with pytest.raises(Conflict, match="STEP_OUT_OF_ORDER"):
        await bureau.act(SECOND, publish_notice, claim_id=made.claim_id, site="官网")
    await bureau.review(made.claim_id, Act.APPROVE, APPROVER)
    [order] = await bureau.order(made.claim_id, {EMPLOYMENT: 9_000}, FINANCE)
    file = await bureau.send(actor=FINANCE)
    async with bureau.unit(FINANCE) as uow:
        content = (await bank_file_content(uow, bank_file_id=file.bank_file_id)).decode("utf-8-sig")
    assert BODY_NAME in content
    await bureau.answer(file, order.order_id, "settled", actor=FINANCE)
    assert (await bureau.claim(made.claim_id)).state is State.PAID
    assert await bureau.rows("SELECT 1 FROM notice") == []


async def test_a_learner_and_a_school_are_told_that_the_assessor_claims(bureau: Office) -> None:
    """HB-CLM-13: refused CLAIMANT_IS_ASSESSOR, and nothing is stored."""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    somebody = GivenPerson(name="样例学员1", identity_number="000000190001010011")
    for actor, kind in ((TRAINEE, "individual"), (SCHOOL, "institution")):
        with pytest.raises(Refused) as refused:
            await claim(bureau, actor, kind, ACCOUNT, person=somebody)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.rule) == ("CLAIMANT_IS_ASSESSOR", "HB-CLM-13")
    assert await bureau.rows("SELECT 1 FROM claim") == []


async def test_whoever_but_the_school_claims_a_training_is_told_that_the_school_does(bureau: Office) -> None:
    """HB-CLM-15: an assessor who certified its people, and a learner."""
    trained = opened("HB", people(1, 2), group="graduate")
    await examined(bureau, trained, *passed(people(1, 2), agreement=None))
    for actor, kind in ((ASSESSOR, "assessor"), (TRAINEE, "individual")):
        with pytest.raises(Refused) as refused:
            await claim(bureau, actor, kind)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.rule) == ("CLAIMANT_IS_PROVIDER", "HB-CLM-15")


async def test_a_class_pays_its_school_for_training_and_its_assessor_for_whom_an_agreement_was_signed(
    bureau: Office,
) -> None:
    """HB-CLM-09, HB-CLM-13: whoever was trained and examined free of charge is evaluated like everybody else."""
    trained = opened("HB", people(1, 3), group="graduate")
    row = replace(rate(1000), region=REGION, programme="training", valid_from=OPENING)
    await bureau.act(FINANCE, enter_rate, rate=row)
    attended, completed, *_ = finished(trained)
    await examined(bureau, trained, *passed(people(1, 3), agreement={"p3": None}))
    await bureau.take(attended, completed)

    school = await claim(bureau, replace(SCHOOL, region=REGION), "institution", ACCOUNT)
    assessor = await claim(bureau)

    assert [amount for _, amount in paid(assessor) if amount] == [300_00] * 2
    assert {person_id for person_id, amount in paid(assessor) if amount} == {"p1", "p2"}
    assert {line.programme for line in school.assessment.lines if line.recognised} <= {"training"}
    assert {line.programme for line in assessor.assessment.lines if line.recognised} == {"evaluation"}
    with pytest.raises(Refused) as refused:
        await claim(bureau, TRAINEE, "individual")
    assert (refused.value.code, refused.value.rule) == ("CLAIMANT_NOT_ADMITTED", "HB-CLM-15")


@pytest.mark.parametrize(
    ("signed_on", "code"),
    [
        (EXAM - timedelta(days=1), None),
        (EXAM, None),
        (EXAM + timedelta(days=1), "AGREEMENT_LATE"),
        (None, "AGREEMENT_LATE"),
    ],
)
async def test_only_what_was_agreed_by_the_day_of_the_exam_is_paid(
    bureau: Office, signed_on: date | None, code: str | None
) -> None:
    """HB-CLM-12"""
    await examined(bureau, evaluation(2), *passed(people(1, 2), agreement={"p2": signed_on}))
    made = await claim(bureau)
    assert sum(made.payable.values()) == (60_000 if code is None else 30_000)
    assert [finding.code for finding in made.assessment.lines[1].findings] == ([] if code is None else [code])


async def test_each_assessor_claims_what_rests_on_its_own_certificates(bureau: Office) -> None:
    """HB-PAY-02: the same people under two bodies; only who certified somebody first is paid for it (HB-CLM-09)."""
    first = passed(["p1", "p2"], agreement={"p2": None})
    second = [replace(each, issued_on=PASSED + timedelta(days=1)) for each in passed(["p1", "p2", "p3"], body="body-2")]
    await examined(bureau, evaluation(4), *first, *second)

    theirs = await claim(bureau, OTHER_BODY, account=replace(ACCOUNT, holder=f"{BODY_NAME}二"))
    mine = await claim(bureau)

    assert dict(paid(mine)) == {"p1": 30_000, "p2": 0}
    assert dict(paid(theirs)) == {
        "p1": 0,
        "p2": 0,
        "p3": 30_000,
    }
    refused = [line for line in theirs.assessment.lines if line.person_id in ("p1", "p2")]
    assert [[finding.rule for finding in line.findings] for line in refused] == [["HB-CLM-09"]] * 2
    for made in (mine, theirs):
        stored = await bureau.claim(made.claim_id)
        assert (stored.payable, stored.owner) == (made.payable, made.owner)
        own = {known for line in made.assessment.lines for known in line.evidence}
        assert own
    shared = [line.evidence for made in (mine, theirs) for line in made.assessment.lines if line.person_id == "p1"]
    assert len(set(shared[0]) & set(shared[1])) == 1  # the opening, and no certificate of the other's


async def test_a_certificate_voided_and_issued_by_another_body_is_not_the_claimants_any_more(bureau: Office) -> None:
    """HB-PAY-02"""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    made = await claim(bureau)
    void = CertificateVoided(
        class_id="class-1", certificate_id="class-1-body-1-p2", person_id="p2", on=TODAY, reason=""
    )
    again = passed(["p2"], body="body-2")
    exam = replace(scheduled(class_id="class-1", exam_on=EXAM), assessment_id="class-1-body-2", body_id="body-2")
    issued = [*passed(["p1"]), *again]
    await bureau.take(void, exam, *again, assessment_completed(issued, revision=2))

    now = await bureau.claim(made.claim_id)
    assert now.payable == {1: 30_000}
    assert [finding.code for finding in now.assessment.lines[1].findings] == ["PAYEE_IS_ANOTHER"]


async def test_money_does_not_leave_for_a_line_whose_agreement_another_signed(bureau: Office) -> None:
    """HB-PAY-02: asked again at the order and at the bank's file, whatever the stored claim says."""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    made = await claim(bureau)
    await reviewed(bureau, made.claim_id)
    await bureau.review(made.claim_id, Act.APPROVE, APPROVER)
    tampered = "UPDATE class_fact SET data = {} WHERE event = 'CertificateIssued' AND item LIKE '%-p2'"
    moved = "CAST(REPLACE(CAST(data AS TEXT), :old, :new) AS JSON)"
    if bureau.database.engine.dialect.name == "sqlite":
        moved = "REPLACE(data, :old, :new)"
    await bureau.rows(tampered.format(moved), old='"body-1"', new='"body-2"')
    with pytest.raises(Refused) as refused:
        await bureau.order(made.claim_id, {EMPLOYMENT: 600}, FINANCE)
    assert (refused.value.code, refused.value.rule) == ("PAYEE_IS_ANOTHER", "HB-CLM-13")
    await bureau.rows(tampered.format(moved), old='"body-2"', new='"body-1"')
    await bureau.order(made.claim_id, {EMPLOYMENT: 600}, FINANCE)
    await bureau.rows(tampered.format(moved), old='"body-1"', new='"body-2"')
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await bureau.send(actor=FINANCE)


async def test_a_later_exams_certificates_are_another_claim_and_no_certificate_is_claimed_twice(bureau: Office) -> None:
    """HB-CLM-13"""
    await examined(bureau, evaluation(3), *passed(["p1", "p3"]))
    made = await claim(bureau)
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        await claim(bureau)

    later = passed(["p2"])
    await bureau.take(*later, assessment_completed([*passed(["p1", "p3"]), *later], revision=2))
    second = await claim(bureau)

    assert second.claim_id != made.claim_id
    assert [line.person_id for line in second.assessment.lines] == ["p2"]
    assert [line.person_id for line in (await bureau.claim(made.claim_id)).assessment.lines] == ["p1", "p3"]


async def test_a_returned_claim_is_handed_in_again_for_the_same_people(bureau: Office) -> None:
    await examined(bureau, evaluation(2), *passed(["p1"]))
    made = await claim(bureau)
    await bureau.review(made.claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL")
    later = passed(["p2"])
    await bureau.take(*later, assessment_completed([*passed(["p1"]), *later], revision=2))

    async with bureau.unit(ASSESSOR) as uow:
        items, _ = await queue(uow, after=None, limit=10)
        progress = await read_progress(uow, made.claim_id)
    assert [(item.claim.claim_id, item.task.holder.task) for item in items] == [(made.claim_id, "resubmission")]
    assert [(task.holder.task, task.holder.role) for task in progress.progress.tasks] == [
        ("resubmission", Role.ASSESSOR)
    ]
    async with bureau.unit(OTHER_BODY) as uow:
        assert (await queue(uow, after=None, limit=10))[0] == []

    again = await claim(bureau)
    assert (again.claim_id, again.round, [line.person_id for line in again.assessment.lines]) == (
        made.claim_id,
        2,
        ["p1"],
    )
    assert [line.person_id for line in (await claim(bureau)).assessment.lines] == ["p2"]


async def test_who_certified_nobody_of_a_class_does_not_learn_that_there_is_one(bureau: Office) -> None:
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    made = await claim(bureau)
    for stranger in (OTHER_BODY, replace(OTHER_BODY, organisation="institution-1")):
        with pytest.raises(NotFound):
            await claim(bureau, stranger)
        with pytest.raises(NotFound):
            await claim(bureau, stranger, class_id="nowhere")
    for stranger in (OTHER_BODY, SCHOOL, TRAINEE, replace(SCHOOL, organisation="body-1")):
        async with bureau.unit(stranger) as uow:
            with pytest.raises(NotFound):
                await read_claim(uow, made.claim_id)
    async with bureau.unit(ASSESSOR) as uow:
        assert (await read_claim(uow, made.claim_id)).claim.claim_id == made.claim_id
        with pytest.raises(NotFound):
            await read_class(uow, "class-1")


async def test_nobody_of_the_body_reviews_its_claim_even_where_it_is_the_bureaus(bureau: Office) -> None:
    """HB-PAY-04"""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    made = await claim(bureau)
    for roles in ((Role.ASSESSOR, Role.FIRST_REVIEWER), (Role.FIRST_REVIEWER,)):
        insider = person("insider", *roles, organisation="body-1", region=REGION)
        with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
            await bureau.review(made.claim_id, Act.FIRST_REVIEW, insider)
    elsewhere = person("bureau-assessor", Role.ASSESSOR, Role.FIRST_REVIEWER, organisation="bureau", region=REGION)
    async with bureau.unit(elsewhere) as uow:
        items, _ = await queue(uow, after=None, limit=10)
    assert [item.task.holder.task for item in items] == ["first_review"]
    assert (await bureau.review(made.claim_id, Act.FIRST_REVIEW, elsewhere)).state is State.FIRST_REVIEW


async def test_the_account_is_the_bodys_and_stays_it(bureau: Office) -> None:
    """HB-PAY-02: another holder is refused, at the claim and at a correction."""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await claim(bureau, account=ACCOUNT)
    made = await claim(bureau)
    await reviewed(bureau, made.claim_id)
    await bureau.review(made.claim_id, Act.APPROVE, APPROVER)
    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await bureau.act(ASSESSOR, correct_account, claim_id=made.claim_id, given=ACCOUNT)
    corrected = await bureau.act(ASSESSOR, correct_account, claim_id=made.claim_id, given=OF_BODY)
    assert corrected.holder == BODY_NAME


@pytest.mark.parametrize("late", [False, True])
async def test_a_recorded_decision_adds_a_notice(bureau: Office, late: bool) -> None:
    """HB-CLM-13: three working days then, as for a training (HB-PAY-01)."""
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    claim_id = (await claim(bureau)).claim_id
    word = GivenDecision(rule="HB-PAY-01", accepted=True, reason="社会关注，增加公示")
    if not late:
        await bureau.act(FIRST, record_decision, claim_id=claim_id, given=word)
    state = (await reviewed(bureau, claim_id)).state
    assert state is (State.NOTICE_CLEAR if late else State.SECOND_REVIEW)
    if late:
        assert (await bureau.act(FIRST, record_decision, claim_id=claim_id, given=word)).state is State.SECOND_REVIEW
    with pytest.raises(Conflict, match="STEP_OUT_OF_ORDER"):
        await bureau.review(claim_id, Act.APPROVE, APPROVER)
    notice = await bureau.act(SECOND, publish_notice, claim_id=claim_id, site="官网")
    assert notice.period.payable_from == date(2024, 6, 21)
    await bureau.pass_days(notice.period.payable_from)
    assert (await bureau.review(claim_id, Act.APPROVE, APPROVER)).state is State.APPROVED


async def test_a_decision_taken_back_takes_the_notice_away_again(bureau: Office) -> None:
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    claim_id = (await claim(bureau)).claim_id
    for accepted in (True, False):
        word = GivenDecision(rule="HB-PAY-01", accepted=accepted, reason="公示安排")
        await bureau.act(FIRST, record_decision, claim_id=claim_id, given=word)
        if accepted:
            assert (await reviewed(bureau, claim_id)).state is State.SECOND_REVIEW
    assert (await bureau.claim(claim_id)).state is State.NOTICE_CLEAR


async def test_the_class_says_that_its_assessor_has_to_claim_until_it_did(bureau: Office) -> None:
    await examined(bureau, evaluation(2), *passed(people(1, 2)))
    for expected in ([("claim", Role.ASSESSOR)], []):
        async with bureau.unit(FIRST) as uow:
            found = await read_class_progress(uow, "class-1")
        assert [(task.holder.task, task.holder.role) for task in found.progress.tasks] == expected
        if expected:
            await claim(bureau)
