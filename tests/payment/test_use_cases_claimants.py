"""Who may claim: institution, enterprise or the trainee himself, each person of a class once over all of them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from services.payment.application.claw_back import GivenRepayment, decide_clawback, propose_clawback, record_repayment
from services.payment.application.correct_account import correct_account
from services.payment.application.queries import read_claim, read_class
from services.payment.application.submit_application import Application, read_application, submit_application
from services.payment.application.submit_claim import submit_claim
from services.payment.domain.claim import Claim, Claimant
from services.payment.domain.clawback import Clawback
from services.payment.domain.state import Act, State
from shared.clock import LegalClock
from shared.contracts.assessment import CertificateVoided
from shared.contracts.payment import ClaimSubmitted
from shared.database.engine import open_database
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.settings import PAYEE_CHECK_KEY, ServiceSettings, init_home
from tests.payment.claiming import (
    OTHER_TRAINEE,
    SIGNED,
    TRAINEE,
    card,
    card_number,
    claim_alone,
    identity,
    somebody,
    with_checks,
)
from tests.payment.office import (
    ACCOUNT,
    APPROVER,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    SCHOOL,
    SECOND,
    YUAN,
    Office,
    approved,
    person,
)
from tests.payment.sample import assessment_completed, certificate, class_opened, people, training_completed


@pytest.fixture
async def finished(office: Office) -> Office:
    """Give an office whose class of ten has finished, everybody certified, nobody claimed yet."""
    await office.provide()
    opened = with_checks(class_opened(trainees=people(1, 10)))
    await office.take(approved("class-1", people(1, 10)), opened)
    await office.finish_class()
    return office


async def test_an_individual_claims_and_is_paid_alone(finished: Office) -> None:
    """JY-CLM-01, JY-CLM-08: his own line and no other, to his own card."""
    claim = await claim_alone(finished)

    assert [(line.line_no, line.person_id, line.amount_fen) for line in claim.assessment.lines] == [
        (1, "p7", 1_500 * YUAN)
    ]
    [event] = await finished.events(ClaimSubmitted)
    assert (event["claimant"], event["heads"], event["amount_fen"]) == ("individual", 1, 1_500 * YUAN)
    await finished.approve(claim.claim_id)
    [order] = await finished.order(claim.claim_id, {EMPLOYMENT: 1_500})
    await finished.answer(await finished.send(), order.order_id, "settled")
    assert (await finished.claim(claim.claim_id)).state is State.PAID
    [budget] = await finished.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 15_000 * YUAN  # the others' places are still promised


async def test_who_claimed_alone_is_left_out_of_the_institutions_claim_and_slots_stay_apart(finished: Office) -> None:
    """JY-CLM-01: once over all claimants; together they come to the class's money."""
    alone = await claim_alone(finished)
    school = await finished.submit()

    assert sum(school.payable.values()) == 13_500 * YUAN
    [line] = [line for line in school.assessment.lines if line.person_id == "p7"]
    assert [(finding.code, finding.rule) for finding in line.findings] == [("ALREADY_CLAIMED", "JY-CLM-01")]
    await finished.approve(school.claim_id)
    states = await finished.rows("SELECT person_id, state FROM entitlement_slot ORDER BY person_id")
    assert {row.person_id: row.state for row in states}["p7"] == "reserved"
    assert sum(row.state == "used" for row in states) == 9
    await finished.approve(alone.claim_id)
    [budget] = await finished.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 15_000 * YUAN
    people_once = await finished.rows("SELECT person_id FROM claim_person WHERE class_id = 'class-1'")
    assert len(people_once) == 10


async def test_who_was_claimed_by_the_institution_does_not_claim_alone(finished: Office) -> None:
    """JY-CLM-01: the total stays as it was."""
    await finished.submit()

    with pytest.raises(Conflict) as refused:
        await claim_alone(finished)
    assert (refused.value.code, refused.value.rule) == ("ALREADY_CLAIMED", "JY-CLM-01")
    assert len(await finished.rows("SELECT 1 FROM claim_person")) == 10


async def test_a_class_level_cut_is_shared_by_everybody_whoever_claims(finished: Office) -> None:
    """JY-CLM-10: nine of ten heads are paid, the individual's tenth of it included."""
    await finished.take(training_completed(opening=10, spot=(8, 8), revision=2))

    alone = await claim_alone(finished)
    school = await finished.submit()

    assert sum(alone.payable.values()) == 1_200 * YUAN
    assert sum(school.payable.values()) == 10_800 * YUAN
    await finished.take(training_completed(opening=10, spot=(10, 10), revision=3))
    assert sum((await finished.claim(alone.claim_id)).payable.values()) == 1_500 * YUAN
    assert sum((await finished.claim(school.claim_id)).payable.values()) == 13_500 * YUAN


async def test_only_the_person_of_the_roster_claims_and_learns_nothing_otherwise(finished: Office) -> None:
    """JY-PAY-04: name and identity number are compared with the roster's keyed check."""
    wrong_number = replace(somebody(7), identity_number=identity(99))
    with pytest.raises(NotFound):
        await claim_alone(finished, person=wrong_number)
    with pytest.raises(NotFound):
        await claim_alone(finished, person=replace(somebody(7), name="样例学员8"), account=card(8))
    with pytest.raises(Refused, match="ID_CHECKSUM"):
        await claim_alone(finished, person=replace(somebody(7), identity_number="0" * 6 + "190001010070"))
    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await claim_alone(finished, account=card(8))
    with pytest.raises(Refused, match="CARD_CHECKSUM"):
        await claim_alone(finished, account=replace(card(7), account_number="0000000000000000001"))
    assert await finished.rows("SELECT 1 FROM claim") == []


@pytest.mark.parametrize("missing", ["person", "evaluation_body"])
async def test_an_individuals_form_needs_all_its_blocks(finished: Office, missing: str) -> None:
    """JY-CLM-08: person, institution and evaluation body, the last two from the system's own records."""
    if missing == "evaluation_body":
        await finished.rows("DELETE FROM class_fact WHERE event = 'AssessmentScheduled'")

    with pytest.raises(Refused) as refused:
        await claim_alone(finished, **({"person": None} if missing == "person" else {}))
    assert (refused.value.code, refused.value.field, refused.value.rule) == ("BLOCK_MISSING", missing, "JY-CLM-08")


async def test_a_claimant_is_recognised_after_the_key_of_the_checks_was_rotated(office: Office, tmp_path: Path) -> None:
    """JY-PAY-04: classes opened under the old key and under the new one, told apart by the key each check names."""
    init_home(tmp_path)
    settings = ServiceSettings(service="payment", home=tmp_path)
    [old] = settings.payee_check_keys()
    await office.provide()
    for class_id, roster in (("class-1", people(1, 10)), ("class-2", people(11, 20))):
        opened = with_checks(class_opened(class_id, trainees=roster), key=settings.payee_check_keys()[-1])
        await office.take(approved(class_id, roster), opened)
        await office.finish_class(class_id, roster=roster)
        with (tmp_path / "secrets" / PAYEE_CHECK_KEY).open("a") as file:
            file.write(secrets.token_hex(32) + "\n")

    office.payee_keys = settings.payee_check_keys()
    assert (len(office.payee_keys), office.payee_keys[0]) == (3, old)
    first = await claim_alone(office, 7)
    second = await claim_alone(office, 7, OTHER_TRAINEE, class_id="class-2")
    assert (first.persons, second.persons) == ({"p7"}, {"p17"})
    with pytest.raises(NotFound):  # a wrong person is one under every key
        await claim_alone(office, 8, person=replace(somebody(8), identity_number=identity(99)))


async def test_a_claimant_whose_key_is_not_there_yet_is_told_so_and_not_that_there_is_no_class(
    finished: Office,
) -> None:
    finished.payee_keys = [bytes(32)]

    with pytest.raises(Conflict, match="PAYEE_KEY_UNKNOWN"):
        await claim_alone(finished)


async def test_an_individuals_claim_is_his_alone(finished: Office) -> None:
    claim = await claim_alone(finished)

    for stranger in (OTHER_TRAINEE, SCHOOL, person("first-9", Role.FIRST_REVIEWER, region="371329")):
        async with finished.unit(stranger) as uow:
            with pytest.raises(NotFound):
                await read_claim(uow, claim.claim_id)
    async with finished.unit(TRAINEE) as uow:
        assert (await read_claim(uow, claim.claim_id)).claim.claim_id == claim.claim_id
        with pytest.raises(NotFound):
            await read_class(uow, "class-1")
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        await claim_alone(finished, actor=OTHER_TRAINEE)
    reviewing_trainee = person(TRAINEE.subject, Role.TRAINEE, Role.FIRST_REVIEWER)
    with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
        await finished.review(claim.claim_id, Act.FIRST_REVIEW, reviewing_trainee)


async def test_an_individual_hands_in_again_what_was_returned_and_corrects_his_card(finished: Office) -> None:
    claim = await claim_alone(finished)
    await finished.review(claim.claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL")

    again = await claim_alone(finished)
    await finished.approve(again.claim_id)
    other_card = replace(card(7), account_number=card_number(77))
    corrected = await finished.act(TRAINEE, correct_account, claim_id=claim.claim_id, given=other_card)

    assert (again.claim_id, again.round) == (claim.claim_id, 2)
    assert corrected.number_masked.endswith(card_number(77)[-4:])


@pytest.mark.parametrize(
    ("kind", "claimant", "admitted"),
    [
        ("private_school", "institution", True),
        ("private_school", "enterprise", False),
        ("enterprise_centre", "enterprise", True),
        ("enterprise", "enterprise", True),
    ],
)
async def test_an_enterprise_claims_for_people_it_trained_itself(
    office: Office, kind: str, claimant: Claimant, admitted: bool
) -> None:
    """JY-CLM-01: what nothing in the system proves is not claimed on."""
    await office.provide()
    opened = class_opened(trainees=people(1, 10))
    await office.take(
        approved("class-1", people(1, 10)),
        replace(opened, institution=replace(opened.institution, kind=kind)),  # type: ignore[arg-type]
    )
    await office.finish_class()
    given = {"class_id": "class-1", "undertaking": SIGNED, "account": ACCOUNT, "claimant": claimant}

    if admitted:
        claim = await office.act(SCHOOL, submit_claim, **given)
        assert (claim.claimant, sum(claim.payable.values())) == (claimant, 15_000 * YUAN)
        return
    with pytest.raises(Refused) as refused:
        await office.act(SCHOOL, submit_claim, **given)
    assert (refused.value.code, refused.value.rule) == ("CLAIMANT_NOT_ADMITTED", "JY-CLM-01")


async def applied(office: Office, *class_ids: str) -> Application:
    return await office.act(
        SCHOOL,
        submit_application,
        class_ids=class_ids,
        claimant="institution",
        undertaking=SIGNED,
        account=ACCOUNT,
    )


async def test_one_application_carries_several_batches_and_their_totals(finished: Office) -> None:
    """JY-CLM-09: a claim for each class, all of them or none."""
    for number in (2, 3):
        roster = people(10 * number + 1, 10 * number + 2)
        await finished.open_class(f"class-{number}", roster=roster)
        if number == 2:
            await finished.finish_class("class-2", roster=roster)
    with pytest.raises(ExceptionGroup) as unfinished:
        await applied(finished, "class-1", "class-3")
    assert {error.field for error in unfinished.value.exceptions} == {"class_ids[1]"}  # type: ignore[attr-defined]
    assert await finished.rows("SELECT 1 FROM claim") == []
    with pytest.raises(Refused, match="BATCH_REPEATED"):
        await applied(finished, "class-1", "class-1")

    application = await applied(finished, "class-1", "class-2")

    assert sum(batch.planned for batch in application.batches) == 100
    assert [sum(batch.claim.payable.values()) for batch in application.batches] == [15_000 * YUAN, 3_000 * YUAN]
    async with finished.unit(FIRST) as uow:
        read = await read_application(uow, application.application_id)
    assert [batch.claim.class_id for batch in read.batches] == ["class-1", "class-2"]
    async with finished.unit(person("school-2", Role.INSTITUTION, organisation="institution-2")) as uow:
        with pytest.raises(NotFound):
            await read_application(uow, application.application_id)


async def test_a_certificate_lost_by_one_leaves_the_others_claim_as_it_is(finished: Office) -> None:
    alone, school = await claim_alone(finished), await finished.submit()
    await finished.review_twice(school.claim_id)
    await finished.take(certificate("p7", issued=date(2021, 7, 3)))

    assert (await finished.claim(school.claim_id)).state is State.SECOND_REVIEW
    assert (await finished.claim(alone.claim_id)).state is State.SUBMITTED


async def test_a_trainee_and_his_school_claim_at_once_and_he_is_claimed_once(finished: Office) -> None:
    """JY-CLM-01: whoever comes second finds him claimed; nobody's money is promised twice."""

    async def contend(race: Callable[[Office], Awaitable[Claim]]) -> Claim:
        url = finished.database.engine.url.render_as_string(hide_password=False)
        database = open_database("payment", url, clock=LegalClock())
        try:
            return await race(Office(database, versions_before=100))
        finally:
            await database.close()

    results = await asyncio.gather(
        contend(claim_alone), contend(lambda office: office.submit()), return_exceptions=True
    )

    claims = [result for result in results if isinstance(result, Claim)]
    assert [result for result in results if not isinstance(result, Claim | Conflict)] == []
    assert sum(sum(claim.payable.values()) for claim in claims) == 15_000 * YUAN
    assert len(await finished.rows("SELECT 1 FROM claim_person WHERE person_id = 'p7'")) == 1


async def test_repayments_recorded_at_once_never_exceed_what_was_asked(approved_office: Office, claim_id: str) -> None:
    """The last fen comes in once, however many clerks record it."""
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.answer(await office.send(), order.order_id, "settled")
    remaining = [certificate(each) for each in people(1, 8)]
    for number in (9, 10):
        issued = certificate(f"p{number}")
        await office.take(
            CertificateVoided(
                class_id="class-1",
                certificate_id=issued.certificate_id,
                person_id=issued.person_id,
                on=date(2021, 9, 20),
                reason="替考",
            )
        )
    await office.take(assessment_completed(remaining, revision=2))
    proposal = await office.act(SECOND, propose_clawback, claim_id=claim_id, reason="证书已作废")
    clawback_id = proposal.clawback_id
    await office.act(APPROVER, decide_clawback, clawback_id=clawback_id, ordered=True, reason="同意")
    whole = GivenRepayment(kind="bank", on=office.now.date(), amount_fen=1_500 * YUAN, reference="BANK-1")

    results = await asyncio.gather(
        *(office.act(FINANCE, record_repayment, clawback_id=clawback_id, given=whole) for _ in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, Clawback) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3
    [paid] = await office.rows("SELECT SUM(amount_fen) AS fen FROM clawback_repayment")
    assert paid.fen == 1_500 * YUAN
