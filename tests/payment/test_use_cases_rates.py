"""Rates: nobody changes alone what a class that opened is worth, and what is approved keeps its rate (JY-PAY-05)."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import DatabaseError

from services.payment.application.enter_rate import (
    decide_rate_correction,
    enter_rate,
    list_rate_corrections,
    propose_rate_correction,
)
from services.payment.domain.rate_correction import CorrectionState
from services.payment.domain.state import State
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.payment.office import APPROVER, EMPLOYMENT, FINANCE, Office, moment, person
from tests.payment.sample import assessment_completed, certificate, people, rate
from tests.payment.test_use_cases_claim import void
from tests.payment.work_sample import FIRST_DAYS, official

YUAN = 100
WHY = "录入时误读文件，每人应为一千六百元"


async def propose(office: Office, amount_yuan: int = 1600, **keys: str) -> str:
    given = rate(amount_yuan, **keys)
    return (await office.act(FINANCE, propose_rate_correction, rate=given, reason=WHY)).correction_id


async def confirm(office: Office, correction_id: str) -> None:
    await office.act(APPROVER, decide_rate_correction, correction_id=correction_id, confirmed=True, reason="已核对原文")


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"certificate_kind": "level"},
        {"valid_from": date(2021, 6, 1)},
        {"occupation": "welder", "level": "4", "valid_from": date(2020, 1, 1)},
    ],
)
async def test_nobody_changes_alone_what_a_standing_rate_pays_already(
    received_office: Office, keys: dict[str, str]
) -> None:
    with pytest.raises(Conflict, match="RATE_STANDS"):
        await received_office.act(FINANCE, enter_rate, rate=rate(3000, **keys))
    assert len(await received_office.rows("SELECT number FROM rate")) == 1


@pytest.mark.parametrize(
    "keys",
    [
        {"valid_from": date(2021, 9, 14)},
        {"programme": "certification"},
        {"valid_from": date(2020, 1, 1)},
        {"valid_from": date(2021, 6, 2)},
        {"occupation": "cook"},
    ],
    ids=[
        "from tomorrow",
        "another programme",
        "before the standing one",
        "after the last class",
        "no class's occupation",
    ],
)
async def test_a_rate_for_what_no_row_paid_so_far_is_entered_by_one_person(
    received_office: Office, keys: dict[str, str]
) -> None:
    await received_office.act(FINANCE, enter_rate, rate=rate(3000, **keys))
    assert len(await received_office.rows("SELECT number FROM rate")) == 2


async def test_the_database_takes_no_second_row_for_a_key_and_day(received_office: Office) -> None:
    again = (
        "INSERT INTO rate (region, programme, valid_from, amount_fen, unit, source, entered_by, entered_at) "
        "SELECT region, programme, valid_from, 2 * amount_fen, unit, source, entered_by, entered_at FROM rate"
    )
    with pytest.raises(DatabaseError, match="corrected by two people"):
        await received_office.rows(again)


async def test_a_confirmed_correction_computes_open_claims_anew(received_office: Office) -> None:
    claim_id = await received_office.only_claim()
    correction_id = await propose(received_office)
    assert sum((await received_office.claim(claim_id)).payable.values()) == 15_000 * YUAN

    await confirm(received_office, correction_id)

    claim = await received_office.claim(claim_id)
    assert (claim.round, claim.state, sum(claim.payable.values())) == (2, State.SUBMITTED, 16_000 * YUAN)
    [known] = await received_office.act(FINANCE, list_rate_corrections)
    assert (known.state, known.proposed_by, known.decided_by) == (
        CorrectionState.CONFIRMED,
        FINANCE.subject,
        APPROVER.subject,
    )
    with pytest.raises(Conflict, match="CORRECTION_DECIDED"):
        await confirm(received_office, correction_id)


async def test_a_refused_correction_changes_nothing(received_office: Office) -> None:
    correction_id = await propose(received_office)
    await received_office.act(
        APPROVER, decide_rate_correction, correction_id=correction_id, confirmed=False, reason="原标准无误"
    )
    assert len(await received_office.rows("SELECT number FROM rate")) == 1
    assert (await received_office.claim(await received_office.only_claim())).round == 1


async def test_who_proposed_a_correction_does_not_confirm_it_and_nobody_elsewhere_sees_it(
    received_office: Office,
) -> None:
    correction_id = await propose(received_office)
    both = person(FINANCE.subject, Role.FINANCE, Role.APPROVER)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await received_office.act(
            both, decide_rate_correction, correction_id=correction_id, confirmed=True, reason="同意"
        )
    elsewhere = replace(APPROVER, region="371329")
    with pytest.raises(NotFound, match="NOT_FOUND"):
        await received_office.act(
            elsewhere, decide_rate_correction, correction_id=correction_id, confirmed=True, reason="同意"
        )
    with pytest.raises(DatabaseError):
        await received_office.rows(
            "UPDATE rate_correction SET state = 'confirmed', decided_by = proposed_by, decided_on = proposed_on"
        )


async def test_a_correction_that_corrects_nothing_is_refused(received_office: Office) -> None:
    with pytest.raises(Conflict, match="NOTHING_TO_CORRECT"):
        await propose(received_office, valid_from=date(2022, 1, 1))  # type: ignore[arg-type]


async def test_what_is_paid_keeps_its_rate_when_the_rate_is_corrected(received_office: Office) -> None:
    """JY-PAY-05, JY-CLM-10: a void after payment takes back that one line at its own rate, and gives nobody more."""
    office = received_office
    claim_id = await office.only_claim()
    await office.approve(claim_id)
    [order] = await office.order(claim_id, {EMPLOYMENT: 15_000})
    await office.answer(await office.send(), order.order_id, "settled")
    await confirm(office, await propose(office, 3000))
    assert (await office.claim(claim_id)).state is State.PAID

    remaining = [certificate(each) for each in people(1, 9)]
    await office.take(void("p10"), assessment_completed(remaining, revision=2))

    claim = await office.claim(claim_id)
    assert (claim.difference, claim.clawback_fen) == ({10: -1_500 * YUAN}, 1_500 * YUAN)


@pytest.mark.parametrize(
    ("place", "programme", "fits"),
    [
        ("HL", "work_for_training", {"each", "month"}),
        ("HL", "living_allowance", {"day", "month", "year"}),
        ("HL", "upskilling", {"each"}),
        ("HB", "training", {"each"}),
        ("HB", "living_allowance", {"each"}),
        ("QJ", "living_allowance", {"day"}),
        ("LS", "living_allowance", {"day", "month", "year"}),
    ],
)
async def test_a_rate_is_entered_in_a_unit_in_which_its_document_pays(
    office: Office, place: str, programme: str, fits: set[str]
) -> None:
    """HL-CLM-07, HL-CLM-09, LS-CLM-03: a standard for a month is never paid for each day, nor a day's for a head."""
    region, opening = FIRST_DAYS[place]
    office.now = moment(opening)
    finance = official(place, "finance", Role.FINANCE)
    for occupation, unit in enumerate(("each", "day", "month", "year")):
        row = replace(rate(1480, programme=programme, occupation=str(occupation)), region=region, valid_from=opening)
        given = replace(row, unit=unit)  # type: ignore[arg-type]
        if unit in fits:
            entered = await office.act(finance, enter_rate, rate=given)
            async with office.unit() as uow:
                assert entered in await uow.rates.rows([region])
        else:
            with pytest.raises(Refused, match="RATE_UNIT"):
                await office.act(finance, enter_rate, rate=given)
            with pytest.raises(Refused, match="RATE_UNIT"):
                await office.act(finance, propose_rate_correction, rate=given, reason=WHY)


async def test_a_wrong_unit_is_corrected_by_two_people_like_a_wrong_amount(office: Office) -> None:
    region, opening = FIRST_DAYS["LS"]
    office.now = moment(opening)
    finance, approver = (official("LS", role.value, role) for role in (Role.FINANCE, Role.APPROVER))
    row = replace(rate(1480, programme="living_allowance"), region=region, valid_from=opening, unit="day")
    await office.act(finance, enter_rate, rate=row)
    with pytest.raises(Conflict, match="RATE_STANDS"):
        await office.act(finance, enter_rate, rate=replace(row, unit="month"))
    proposal = await office.act(finance, propose_rate_correction, rate=replace(row, unit="month"), reason=WHY)
    with pytest.raises(DatabaseError):
        await office.rows("UPDATE rate_correction SET unit = 'year'")
    decision = {"correction_id": proposal.correction_id, "confirmed": True, "reason": "已核对原文"}
    await office.act(approver, decide_rate_correction, **decision)
    async with office.unit() as uow:
        assert [each.unit for each in await uow.rates.rows([region])] == ["day", "month"]
