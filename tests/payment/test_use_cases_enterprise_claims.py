"""Enterprises that paid for their employees' training in a school's class, or trained them themselves."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.correct_account import correct_account
from services.payment.application.create_bank_file import bank_file_content
from services.payment.application.desk import read_class_progress
from services.payment.application.queries import read_claim, read_class
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import submit_claim
from services.payment.domain.claim import Claim, EmployerPayment
from services.payment.domain.state import Act, State
from shared.contracts.enrollment import EmployerReference
from shared.domain.actor import Role
from shared.domain.errors import Conflict, NotFound, Refused
from tests.payment.claiming import OTHER_TRAINEE, PAID, SIGNED, TRAINEE, claim_alone, with_checks
from tests.payment.office import ACCOUNT, EMPLOYMENT, FINANCE, FIRST, SCHOOL, YUAN, Office, approved, person
from tests.payment.sample import class_opened, people

ENTERPRISE = person("factory-1", Role.INSTITUTION, organisation="institution-9")


OTHER_FACTORY = person("factory-2", Role.INSTITUTION, organisation="institution-8")


FACTORY = EmployerReference(institution_id="institution-9", name="样例制造有限公司", credit_code="91440101MA5CJQ4N59")


@pytest.fixture
async def commissioned(office: Office) -> Office:
    """Give an office in which a school's class of ten has finished; three of them were sent by a factory."""
    await office.provide()
    opened = with_checks(class_opened(trainees=people(1, 10)))
    employers = {"p3": FACTORY, "p5": FACTORY, "p7": FACTORY}
    sent = tuple(replace(each, employer=employers.get(each.person_id)) for each in opened.trainees)
    await office.take(approved("class-1", people(1, 10)), replace(opened, trainees=sent))
    await office.finish_class()
    return office


async def claim_for_employees(office: Office, actor: object = ENTERPRISE, **changes: object) -> Claim:
    given = {
        "class_id": "class-1",
        "claimant": "enterprise",
        "account": replace(ACCOUNT, holder=FACTORY.name),
        "employer_payment": PAID,
        **changes,
    }
    return await office.act(actor, submit_claim, undertaking=SIGNED, **given)  # type: ignore[arg-type]


async def accept_payment(office: Office, claim_id: str, *, accepted: bool = True) -> Claim:
    word = GivenDecision(rule="JY-CLM-01", accepted=accepted, reason="已核对收据与银行回单")
    return await office.act(FIRST, record_decision, claim_id=claim_id, given=word)


async def test_an_enterprise_is_paid_for_its_employees_in_a_schools_class_once_its_payment_was_accepted(
    commissioned: Office,
) -> None:
    """JY-CLM-01, JY-PAY-04: its own people and nobody else's line, to its own account."""
    office = commissioned
    claim = await claim_for_employees(office)

    assert [line.person_id for line in claim.assessment.lines] == ["p3", "p5", "p7"]
    assert (claim.owner, claim.institution_id, sum(claim.payable.values())) == (
        "institution-9",
        "institution-1",
        4_500 * YUAN,
    )
    with pytest.raises(Refused, match="DECISION_NEEDED"):
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)
    await accept_payment(office, claim.claim_id)
    await office.approve(claim.claim_id)
    [order] = await office.order(claim.claim_id, {EMPLOYMENT: 4_500})
    file = await office.send()
    async with office.unit(FINANCE) as uow:
        content = (await bank_file_content(uow, bank_file_id=file.bank_file_id)).decode("utf-8-sig")
    assert FACTORY.name in content
    await office.answer(file, order.order_id, "settled")
    assert (await office.claim(claim.claim_id)).state is State.PAID


async def test_an_enterprises_payment_that_a_reviewer_does_not_accept_pays_nothing(commissioned: Office) -> None:
    """JY-CLM-01: what a claimant merely asserts is never paid on, before the approval or after it."""
    office = commissioned
    claim = await claim_for_employees(office)
    await accept_payment(office, claim.claim_id, accepted=False)
    with pytest.raises(Refused, match="FLAG_REFUSED"):
        await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST)

    await accept_payment(office, claim.claim_id)
    await office.approve(claim.claim_id)
    await accept_payment(office, claim.claim_id, accepted=False)
    with pytest.raises(Refused, match="FLAG_REFUSED"):
        await office.order(claim.claim_id, {EMPLOYMENT: 4_500})


async def test_school_enterprise_and_trainee_claim_each_person_once(commissioned: Office) -> None:
    """JY-CLM-01: in whatever order they come, together they come to the class's money."""
    office = commissioned
    alone = await claim_alone(office, 5)
    factory = await claim_for_employees(office)
    school = await office.submit()

    assert [claim.persons for claim in (alone, factory)] == [{"p5"}, {"p3", "p7"}]
    assert [sum(claim.payable.values()) for claim in (alone, factory, school)] == [150_000, 300_000, 1_050_000]
    for number in (3, 7):
        with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
            await claim_alone(office, number, OTHER_TRAINEE)
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        await claim_for_employees(office)
    async with office.unit(SCHOOL) as uow:
        progress = await read_class_progress(uow, "class-1")
    assert progress.claim is not None
    assert progress.claim.claim_id == school.claim_id


async def test_an_enterprise_finds_no_employees_whom_the_school_claimed_for(commissioned: Office) -> None:
    await commissioned.submit()

    with pytest.raises(Conflict) as refused:
        await claim_for_employees(commissioned)
    assert (refused.value.code, refused.value.rule) == ("ALREADY_CLAIMED", "JY-CLM-01")


async def test_an_enterprises_claim_is_its_own_and_the_bureaus(commissioned: Office) -> None:
    """An enterprise sees neither the class nor other claims; the school does not see the enterprise's."""
    office = commissioned
    claim = await claim_for_employees(office)
    school = await office.submit()

    for stranger in (SCHOOL, OTHER_FACTORY, TRAINEE):
        async with office.unit(stranger) as uow:
            with pytest.raises(NotFound):
                await read_claim(uow, claim.claim_id)
    async with office.unit(ENTERPRISE) as uow:
        assert (await read_claim(uow, claim.claim_id)).claim.employer_payment == PAID
        with pytest.raises(NotFound):
            await read_claim(uow, school.claim_id)
        with pytest.raises(NotFound):
            await read_class(uow, "class-1")


async def test_who_sent_nobody_to_a_class_does_not_learn_that_there_is_one(commissioned: Office) -> None:
    await commissioned.take(approved("class-2", people(11, 12)))

    for class_id in ("class-1", "class-2", "class-unknown"):
        with pytest.raises(NotFound):
            await claim_for_employees(commissioned, OTHER_FACTORY, class_id=class_id)


@pytest.mark.parametrize(
    "missing",
    [None, replace(PAID, reference=" "), replace(PAID, amount_fen=0), replace(PAID, paid_on=date(2021, 12, 31))],
)
async def test_an_enterprise_names_the_document_by_which_it_paid(
    commissioned: Office, missing: EmployerPayment | None
) -> None:
    with pytest.raises(Refused) as refused:
        await claim_for_employees(commissioned, employer_payment=missing)
    assert (refused.value.code, refused.value.rule) == ("EMPLOYER_PAYMENT_MISSING", "JY-CLM-01")


async def test_an_enterprises_account_bears_its_own_name_at_the_claim_and_when_it_is_corrected(
    commissioned: Office,
) -> None:
    """JY-PAY-04: not the school's, though the school gave the class."""
    office = commissioned
    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await claim_for_employees(office, account=ACCOUNT)
    claim = await claim_for_employees(office)
    await accept_payment(office, claim.claim_id)
    await office.approve(claim.claim_id)

    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await office.act(ENTERPRISE, correct_account, claim_id=claim.claim_id, given=ACCOUNT)
    corrected = replace(ACCOUNT, holder=FACTORY.name, account_number="410000008642099988")
    account = await office.act(ENTERPRISE, correct_account, claim_id=claim.claim_id, given=corrected)
    assert account.holder == FACTORY.name


async def test_an_enterprises_returned_claim_is_handed_in_again_with_another_document(commissioned: Office) -> None:
    office = commissioned
    claim = await claim_for_employees(office)
    await accept_payment(office, claim.claim_id)
    await office.review(claim.claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL")

    again = await claim_for_employees(office, employer_payment=replace(PAID, reference="发票 00017"))

    stored = await office.claim(claim.claim_id)
    assert (again.claim_id, stored.round) == (claim.claim_id, 2)
    assert stored.employer_payment is not None
    assert stored.employer_payment.reference == "发票 00017"
    assert [flag.code for flag in stored.assessment.class_questions] == ["EMPLOYER_PAYMENT_UNCONFIRMED"]
