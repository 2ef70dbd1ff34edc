"""What people had elsewhere, on both databases: counted by caps, known only by keyed checks, withdrawn by another."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from stdnum.iso7064 import mod_11_2

from services.payment.application.assessing import assess_case, open_case
from services.payment.application.desk import queue, read_class_progress, read_progress
from services.payment.application.enter_rate import enter_rate
from services.payment.application.import_past_subsidies import (
    GivenPast,
    Imported,
    import_past_subsidies,
    withdraw_past_subsidy,
)
from services.payment.application.queries import read_claim, read_class
from services.payment.application.record_employment import record_employment
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.caps import Use
from services.payment.domain.class_record import Employment
from services.payment.domain.past_subsidy import PastSubsidy
from services.payment.domain.state import Act, State
from services.payment.domain.subsidy import Assessment
from shared.contracts.enrollment import ClassOpened
from shared.database.encryption import payee_check
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, NotFound, Refused
from tests.payment.claiming import identity, with_checks
from tests.payment.office import ACCOUNT, PAYEE_KEY, VAULT, Office, moment, person
from tests.payment.sample import people, rate
from tests.payment.test_use_cases_work import amounts, claimed, hirer
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened

OFFICER, OTHER = person("officer-1", Role.POLICY_OFFICER), person("officer-2", Role.POLICY_OFFICER)
NEW_KEY = bytes(range(96, 128))
TABLES = ("past_subsidy", "past_person", "past_subsidy_withdrawal")


def given(number: int, **told: Any) -> GivenPast:
    """Give a training subsidy that the person of that number on a roster had in 2022."""
    had = PastSubsidy(
        programme="training", had_on=date(2022, 5, 9), source="省平台导出", occupation="welder", level="5"
    )
    return GivenPast(identity_number=identity(number), had=replace(had, **told))


async def bring(office: Office, *rows: GivenPast) -> list[int | None]:
    imported: tuple[Imported, ...] = await office.act(OFFICER, import_past_subsidies, given=rows)
    return [each.number for each in imported]


async def uses(office: Office, of: ClassOpened) -> tuple[Use, ...] | None:
    async with office.unit() as uow:
        found = await uow.past.past_uses(of.trainees)
    return None if found is None else tuple(found)


@pytest.fixture
def later(office: Office) -> Office:
    """Give the office in 2024."""
    office.now = moment(date(2024, 12, 2))
    return office


def roster(size: int = 2, *, key: bytes = PAYEE_KEY, **told: Any) -> ClassOpened:
    return with_checks(opened("HB", people(1, size), **told), key=key)


async def test_what_somebody_had_elsewhere_is_found_for_him_and_for_nobody_else(later: Office) -> None:
    """HB-CLM-01, HB-CLM-02: training subsidies of all places count."""
    assert await uses(later, roster()) == ()
    numbers = await bring(later, given(2), given(2, had_on=date(2021, 3, 1), occupation=None, level=None), given(77))
    assert all(numbers)
    assert await uses(later, roster()) == (
        Use(person_id="p2", programme="training", on=date(2021, 3, 1), imported=True),
        Use(person_id="p2", programme="training", on=date(2022, 5, 9), occupation="welder", level="5", imported=True),
    )


async def test_the_same_row_again_is_counted_once_and_every_part_of_its_key_tells_rows_apart(later: Office) -> None:
    rows = [given(1)] + [
        given(1, **told)
        for told in (
            {"programme": "evaluation"},
            {"occupation": "cook"},
            {"level": "4"},
            {"had_on": date(2022, 5, 10)},
            {"source": "另一文件"},
        )
    ]
    assert all(await bring(later, *rows, given(2)))
    assert await bring(later, *rows, given(2), given(1, employer="e-1")) == [None] * 8
    assert len(await uses(later, roster()) or ()) == 7


async def test_nothing_of_a_person_is_stored_in_clear(later: Office) -> None:
    await bring(later, given(1))
    stored = str([tuple(row) for table in TABLES for row in await later.rows(f"SELECT * FROM {table}")])  # noqa: S608
    audits = str([tuple(row) for row in await later.rows("SELECT * FROM audit_entry")])
    for text in (stored, audits):
        assert identity(1) not in text
        assert "样例学员" not in text
    assert VAULT.lookup(identity(1), purpose="past_subsidy.person") in stored
    assert identity(1) not in repr(given(1))


async def assessed(office: Office, of: ClassOpened) -> Assessment:
    async with office.unit() as uow:
        return await assess_case(uow, await open_case(uow, of.class_id), ())


async def test_caps_count_what_was_had_elsewhere_until_it_is_withdrawn(later: Office) -> None:
    """HB-CLM-01: three in a life; HB-CLM-02: an occupation and level once."""
    region, opening = FIRST_DAYS["HB"]
    row = replace(rate(1000), region=region, valid_from=opening)
    await later.act(official("HB", "finance", Role.FINANCE), enter_rate, rate=row)
    started = roster(3)
    await later.take(started, *finished(started))
    times = [date(2021, 1, 1), date(2022, 1, 1), date(2023, 1, 1)]
    numbers = await bring(later, *(given(1, had_on=day) for day in times), *(given(2, had_on=day) for day in times[:2]))
    [same] = await bring(later, given(3, level="4"))

    first = await assessed(later, started)
    assert [line.amount_fen for line in first.lines] == [0, 80_000, 0]
    assert [[finding.rule for finding in line.findings] for line in first.lines] == [["HB-CLM-01"], [], ["HB-CLM-02"]]

    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await later.act(OFFICER, withdraw_past_subsidy, number=numbers[0], reason="误导入")
    for number in (numbers[0], same):
        await later.act(OTHER, withdraw_past_subsidy, number=number, reason="误导入")
        with pytest.raises(NotFound, match="PAST_SUBSIDY_UNKNOWN"):
            await later.act(OTHER, withdraw_past_subsidy, number=number, reason="误导入")
    assert [line.amount_fen for line in (await assessed(later, started)).lines] == [80_000] * 3
    assert await bring(later, given(1, had_on=times[0])) == [None]
    assert [line.amount_fen for line in (await assessed(later, started)).lines] == [80_000] * 3


async def test_a_new_key_takes_nobody_for_a_stranger(later: Office) -> None:
    await bring(later, given(1))
    renewed = roster(key=NEW_KEY)
    later.payee_keys = (PAYEE_KEY, NEW_KEY)
    assert await uses(later, renewed) is None
    assert len(await uses(later, roster()) or ()) == 1

    assert await bring(later, given(1)) == [None]

    assert [use.person_id for use in await uses(later, renewed) or ()] == ["p1"]
    assert len(await uses(later, roster()) or ()) == 1


async def test_a_differently_spelled_name_is_the_same_person(later: Office) -> None:
    """HB-CLM-01: a person is one by the number; a name is spelled in many ways."""
    await bring(later, given(1))
    other = roster()
    spelled = replace(other.trainees[0], payee_check=payee_check("另一写法", identity(1), PAYEE_KEY))
    assert len(await uses(later, replace(other, trainees=(spelled,))) or ()) == 1


async def test_a_roster_that_tells_no_check_of_the_number_is_compared_with_nobody(later: Office) -> None:
    untold = replace(roster(), trainees=tuple(replace(each, identity_check="") for each in roster().trainees))
    assert await uses(later, untold) == ()
    await bring(later, given(77))
    assert await uses(later, untold) is None


HEBEI = hirer("HB")
FIRST = official("HB", "first", Role.FIRST_REVIEWER)


async def unknown(office: Office) -> str:
    """Give the claim of a Hebei class after a past was imported under another key than its roster's."""
    claim_id = await claimed(office, "HB", 1000)
    office.payee_keys = (NEW_KEY,)
    await bring(office, given(77))
    return claim_id


async def test_whose_past_nobody_can_tell_is_said_to_every_reader_with_who_mends_it(office: Office) -> None:
    """HB-CLM-01: readings and the queue answer; the class says what is missing."""
    claim_id = await unknown(office)
    later = roster(2, class_id="class-2")
    await office.take(later, *finished(later))
    for reader in (HEBEI, FIRST):
        async with office.unit(reader) as uow:
            assert (await read_claim(uow, claim_id)).claim.claim_id == claim_id
            progress = (await read_progress(uow, claim_id)).progress
            unclaimed = (await read_class_progress(uow, "class-2")).progress
            for found in (progress, unclaimed):
                [blocker] = [each for each in found.blockers if each.finding.code == "PAST_KEY_UNKNOWN"]
                assert (blocker.holder.role, blocker.finding.rule) == (Role.POLICY_OFFICER, "HB-CLM-01")
            for class_id in ("class-1", "class-2"):
                assert [each.code for each in (await read_class(uow, class_id)).missing] == ["PAST_KEY_UNKNOWN"]
            items, _ = await queue(uow, after=None, limit=10)
            assert [item.task.holder.task for item in items] == (["first_review"] if reader is FIRST else [])


async def test_while_nobody_can_tell_nothing_is_decided_but_a_claim_may_go_back(office: Office) -> None:
    """HB-CLM-01"""
    claim_id = await unknown(office)
    later = roster(2, class_id="class-2")
    await office.take(later, *finished(later))
    signed = SignedUndertaking(text_version="HB", signer="样例负责人", signed_on=office.now.date())
    with pytest.raises(Refused, match="PAST_KEY_UNKNOWN"):
        await office.act(HEBEI, submit_claim, class_id="class-2", undertaking=signed, account=ACCOUNT)
    with pytest.raises(Refused, match="PAST_KEY_UNKNOWN"):
        await office.review(claim_id, Act.FIRST_REVIEW, FIRST)
    back = await office.review(claim_id, Act.FIRST_REVIEW, FIRST, approved=False, reason_code="OTHER_MATERIAL")
    assert back.state is State.RETURNED


async def test_what_becomes_known_meanwhile_counts_once_the_past_is_imported_under_the_key(office: Office) -> None:
    """HB-CLM-01, HB-CLM-03: the claim stays as it was and is computed as soon as it can be."""
    claim_id = await unknown(office)
    found = [Employment(person_id="p1", employed_on=date(2024, 4, 3), source="社保", employer="e-1")]
    await office.act(FIRST, record_employment, class_id="class-1", found=found)
    assert (await office.claim(claim_id)).uncomputed
    assert await amounts(office, claim_id) == [80_000] * 3

    office.payee_keys = (PAYEE_KEY, NEW_KEY)
    assert await bring(office, given(77)) == [None]

    assert not (await office.claim(claim_id)).uncomputed
    assert await amounts(office, claim_id) == [100_000, 80_000, 80_000]


async def test_rows_that_cannot_be_right_are_all_named_and_nothing_is_stored(later: Office) -> None:
    body = "00000019000101777"
    wrong = "X" if mod_11_2.calc_check_digit(body) != "X" else "0"
    rows = [given(1), given(2, had_on=date(2024, 12, 3)), replace(given(3), identity_number=body + wrong)]
    with pytest.raises(ExceptionGroup) as refusal:
        await bring(later, *rows)
    reasons = [error for error in refusal.value.exceptions if isinstance(error, Refused)]
    assert [(error.code, error.field) for error in reasons] == [
        ("DATE_IN_FUTURE", "subsidies.1.had_on"),
        ("ID_CHECKSUM", "subsidies.2.identity_number"),
    ]
    assert body not in str(refusal.value.exceptions)
    assert await later.rows("SELECT 1 FROM past_subsidy") == []


async def test_a_claim_under_review_is_computed_again_when_the_past_of_its_people_changes(office: Office) -> None:
    """HB-CLM-01: what becomes known after a claim was handed in counts against it, and no longer once withdrawn."""
    claim_id = await claimed(office, "HB", 1000)
    assert await amounts(office, claim_id) == [80_000] * 3
    numbers = await bring(office, *(given(2, had_on=date(year, 1, 1)) for year in (2021, 2022, 2023)))
    assert await amounts(office, claim_id) == [80_000, 0, 80_000]
    await office.act(OTHER, withdraw_past_subsidy, number=numbers[1], reason="误导入")
    assert await amounts(office, claim_id) == [80_000] * 3
    async with office.unit() as uow:
        assert list(await uow.past.classes_of([VAULT.lookup(identity(99), purpose="past_subsidy.person")])) == []


async def test_the_database_keeps_the_past_as_it_was_imported(later: Office) -> None:
    [number, other] = await bring(later, given(1), given(2))
    await later.act(OTHER, withdraw_past_subsidy, number=number, reason="误导入")
    withdrawal = (
        "INSERT INTO past_subsidy_withdrawal (number, imported_by, reason, withdrawn_by, withdrawn_on) "
        "VALUES (:number, :importer, 'x', 'officer-1', '2024-12-02')"
    )
    for importer in ("officer-1", "somebody"):
        with pytest.raises(DatabaseError):
            await later.rows(withdrawal, number=other, importer=importer)
    for change in (
        "UPDATE past_subsidy SET had_on = '2020-01-01'",
        "DELETE FROM past_subsidy",
        "UPDATE past_person SET identity_check = 'x'",
        "DELETE FROM past_person",
        "UPDATE past_subsidy_withdrawal SET reason = 'x'",
        "DELETE FROM past_subsidy_withdrawal",
        "INSERT INTO past_subsidy (person_key, programme, occupation, level, had_on, source, imported_by, imported_on) "
        "SELECT person_key, programme, occupation, level, had_on, source, 'x', imported_on FROM past_subsidy",
    ):
        with pytest.raises(DatabaseError):
            await later.rows(change)
