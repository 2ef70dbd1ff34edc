"""An allowance by the day through the use-cases: a person's day once in all classes, and not after the examination."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from services.payment.application.desk import read_class_progress, read_progress
from services.payment.application.import_past_subsidies import GivenPast, import_past_subsidies
from services.payment.application.queries import read_class
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.caps import Use
from services.payment.domain.claim import Claim
from services.payment.domain.past_subsidy import PastSubsidy
from services.payment.domain.state import Act, State
from services.payment.storage.uses import StoredUses
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, RosterEntryChanged, TraineeWithdrawn
from shared.contracts.supervision import AttendanceChecked, TrainingCompleted
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from tests.payment.claiming import TRAINEE, card, claim_alone, identity, with_checks
from tests.payment.office import ACCOUNT, FIRST, SCHOOL, Office, moment, person
from tests.payment.sample import attendance
from tests.payment.test_late_facts import CANCELLED
from tests.payment.work_sample import FIRST_DAYS, finished, opened

REGION, FIRST_DAY = FIRST_DAYS["QJ"]
CLAIMED_ON = date(2020, 8, 3)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(6)]
FEN = 50_00
OFFICER = person("officer-1", Role.POLICY_OFFICER)


def there(actor: Actor) -> Actor:
    return replace(actor, region=REGION)


def free_class(number: int, people: Sequence[str] = ("p1",)) -> ClassOpened:
    told: dict[str, Any] = {"programme": "free_group_training", "group": "school_leaver"}
    return with_checks(opened("QJ", people, class_id=f"class-{number}", **told))


def day_of(of: ClassOpened, day: date, present: Sequence[str], *, revision: int = 1) -> AttendanceChecked:
    """Give the one session of a class on a day."""
    checked = attendance(present, class_id=of.class_id, revision=revision)
    return replace(checked, session_id=f"s-{day}", held_on=day)


def trained(of: ClassOpened, came: Mapping[str, Sequence[date]]) -> list[Contract]:
    """Give what made the class trained: not yet examined."""
    days = sorted({day for days in came.values() for day in days})
    [training] = [fact for fact in finished(of) if isinstance(fact, TrainingCompleted)]
    return [*(day_of(of, day, [each for each in came if day in came[each]]) for day in days), training]


def examined(of: ClassOpened) -> list[Contract]:
    """Give what made the trained class examined."""
    return [fact for fact in finished(of) if not isinstance(fact, AttendanceChecked | TrainingCompleted)]


async def hold(office: Office, number: int, *days: date, person: str = "p1") -> ClassOpened:
    """Let a class of one person open and end, the person there on these days."""
    of = free_class(number, (person,))
    await office.take(of, *trained(of, {person: days}))
    return of


async def learner(office: Office, class_id: str, number: int = 1) -> Claim:
    account = replace(card(number), kind="social_security_card")
    subject = there(replace(TRAINEE, subject=f"trainee-{number}"))
    return await claim_alone(office, number, subject, class_id=class_id, account=account)


def worth(claim: Claim) -> int:
    return sum(claim.payable.values())


async def stands(office: Office, claim: Claim) -> int:
    """Give what a claim is worth once every timer that is due has fired."""
    await office.pass_days(office.now.date())
    return worth(await office.claim(claim.claim_id))


async def held(office: Office) -> dict[str, str]:
    """Give which class holds each day."""
    rows = await office.rows("SELECT scope, class_id, slot_no FROM cap_slot WHERE scope LIKE '%one_allowance_a_day%'")
    assert {row.slot_no for row in rows} <= {1}
    return {row.scope.removeprefix("quanjiao/one_allowance_a_day/"): row.class_id for row in rows}


@pytest.fixture(autouse=True)
def summer(office: Office) -> None:
    office.now = moment(CLAIMED_ON)


async def test_a_day_in_two_classes_is_paid_once_and_the_line_says_where_the_rule_stands(office: Office) -> None:
    """QJ-CLM-10"""
    await hold(office, 1, *DAYS[:4])
    await hold(office, 2, *DAYS[2:])
    first, second = await learner(office, "class-1"), await learner(office, "class-2")
    assert (worth(first), worth(second)) == (4 * FEN, 2 * FEN)
    [taken] = [each for line in second.assessment.lines for each in line.findings if each.code == "DAYS_TAKEN"]
    assert (taken.rule, taken.clause, taken.document, taken.value) == (
        "QJ-CLM-10",
        "二(二)第1段",
        "全人社发〔2020〕63号",
        f"{DAYS[2]}..{DAYS[3]}",
    )
    assert await held(office) == {f"{day}": "class-1" if day < DAYS[4] else "class-2" for day in DAYS}


async def test_whose_every_day_is_taken_learns_that_nobody_has_to_do_anything(office: Office) -> None:
    """QJ-CLM-10"""
    await hold(office, 1, *DAYS)
    await hold(office, 2, *DAYS[:2])
    await learner(office, "class-1")
    second = await learner(office, "class-2")
    assert worth(second) == 0
    async with office.unit(there(FIRST)) as uow:
        told = await read_progress(uow, second.claim_id)
    assert {(each.finding.code, each.holder.task) for each in told.progress.blockers} == {
        ("DAYS_TAKEN", "none"),
        ("PAYEE_IS_ANOTHER", "none"),
    }


GONE = TraineeWithdrawn(class_id="class-1", person_id="p1", on=DAYS[0], reason="本人申请")


@pytest.mark.parametrize("fact", [GONE, CANCELLED], ids=["withdrawn", "cancelled"])
async def test_days_of_a_class_that_is_paid_no_more_are_the_other_classes(office: Office, fact: Contract) -> None:
    """QJ-CLM-10: said once or twice, the days are free."""
    await hold(office, 1, *DAYS[:4])
    await hold(office, 2, *DAYS[2:])
    first, second = await learner(office, "class-1"), await learner(office, "class-2")
    await office.take(fact, fact)
    assert await stands(office, second) == 4 * FEN
    gone = await office.claim(first.claim_id)
    assert gone.state is State.RETURNED or worth(gone) == 0
    assert await held(office) == {f"{day}": "class-2" for day in DAYS[2:]}


async def test_a_returned_claim_holds_no_day_and_comes_back_to_what_is_left(office: Office) -> None:
    """QJ-CLM-10"""
    await hold(office, 1, *DAYS[:4])
    await hold(office, 2, *DAYS[2:])
    first, second = await learner(office, "class-1"), await learner(office, "class-2")
    await office.review(first.claim_id, Act.FIRST_REVIEW, there(FIRST), approved=False, reason_code="other")
    assert (await office.claim(first.claim_id)).state is State.RETURNED
    assert await stands(office, second) == 4 * FEN
    assert await held(office) == {f"{day}": "class-2" for day in DAYS[2:]}
    assert worth(await learner(office, "class-1")) == 2 * FEN
    assert await held(office) == {f"{day}": "class-1" if day < DAYS[2] else "class-2" for day in DAYS}


async def test_corrected_attendance_cuts_the_days_anew_in_both_classes(office: Office) -> None:
    """QJ-CLM-10: who was not there after all leaves the day to the other class."""
    of = await hold(office, 1, *DAYS[:4])
    await hold(office, 2, *DAYS[2:])
    first, second = await learner(office, "class-1"), await learner(office, "class-2")
    [training] = [fact for fact in finished(of) if isinstance(fact, TrainingCompleted)]
    absent, counted = day_of(of, DAYS[3], [], revision=2), replace(training, revision=2)
    await office.take(absent, absent, counted, counted)
    assert (await stands(office, first), await stands(office, second)) == (3 * FEN, 3 * FEN)
    late = replace(day_of(of, DAYS[4], ["p1"]), session_id="s-late")
    await office.take(late, replace(training, revision=3))
    assert (await stands(office, first), await stands(office, second)) == (3 * FEN, 3 * FEN)
    assert await held(office) == {f"{day}": "class-1" if day < DAYS[3] else "class-2" for day in DAYS}


async def test_days_that_were_paid_before_the_system_are_cut_from_a_claim_under_review(office: Office) -> None:
    """QJ-CLM-10: a row of the import is a day."""
    await hold(office, 1, *DAYS[:4])
    claim = await learner(office, "class-1")
    had = [PastSubsidy(programme="living_allowance", had_on=day, source="纸质发放表") for day in DAYS[1:3]]
    rows = [GivenPast(identity_number=identity(1), had=each) for each in had]
    for _ in range(2):
        await office.act(OFFICER, import_past_subsidies, given=rows)
    assert await stands(office, claim) == 2 * FEN


@pytest.mark.parametrize("locked", [True, False])
async def test_of_two_claims_at_once_a_day_is_paid_in_one(
    office: Office, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """QJ-CLM-10: one claim reads which days are paid, another is received before the first takes its own."""
    if not locked:
        monkeypatch.setattr(StoredUses, "lock", AsyncMock())
    for number in (1, 2):
        await hold(office, number, *DAYS)
    first_has_read, second_is_received = asyncio.Event(), asyncio.Event()
    read = StoredUses.elsewhere

    async def slowly(self: StoredUses, class_id: str, persons: Collection[str]) -> Sequence[Use]:
        found = await read(self, class_id, persons)
        if class_id == "class-1" and not first_has_read.is_set():
            first_has_read.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(second_is_received.wait(), timeout=0.5)
        return found

    monkeypatch.setattr(StoredUses, "elsewhere", slowly)

    async def second() -> Claim:
        await first_has_read.wait()
        claim = await learner(office, "class-2")
        second_is_received.set()
        return claim

    answers = await asyncio.gather(learner(office, "class-1"), second(), return_exceptions=True)
    claims = [answer for answer in answers if isinstance(answer, Claim)]
    assert sum(map(worth, claims)) == len(DAYS) * FEN
    others = [answer for answer in answers if not isinstance(answer, Claim)]
    assert others == [] or (not locked and [error.code for error in others] == ["CAP_TAKEN"])
    assert {*(await held(office))} == {f"{day}" for day in DAYS}


async def test_a_learner_is_paid_for_days_before_the_examination_and_the_institution_waits_for_it(
    office: Office,
) -> None:
    """QJ-CLM-10, QJ-ENR-04: each benefit rests on its own evidence, and every reader is told so."""
    of = await hold(office, 1, *DAYS[:3])
    signed = SignedUndertaking(text_version="", signer="样例负责人", signed_on=CLAIMED_ON)
    account = replace(ACCOUNT, kind="basic_account")
    with pytest.raises(Refused) as waits:
        await office.act(there(SCHOOL), submit_claim, class_id="class-1", undertaking=signed, account=account)
    assert (waits.value.code, waits.value.rule, waits.value.value) == (
        "NOT_IN_SYSTEM",
        "QJ-ENR-04",
        "AssessmentCompleted",
    )
    async with office.unit(there(FIRST)) as uow:
        assert [each.value for each in (await read_class(uow, "class-1")).missing] == ["AssessmentCompleted"]
        open_tasks = (await read_class_progress(uow, "class-1")).progress.tasks
    assert [task.holder.task for task in open_tasks] == ["assessment"]

    claim = await learner(office, "class-1")

    assert worth(claim) == 3 * FEN
    async with office.unit(there(FIRST)) as uow:
        told = (await read_progress(uow, claim.claim_id)).progress
    assert {each.finding.code for each in told.blockers} == {"PAYEE_IS_ANOTHER"}
    assert told.next is not None
    assert told.next.holder.task == "first_review"

    await office.take(*examined(of))
    after = await office.claim(claim.claim_id)
    assert (after.round, worth(after), after.state) == (1, 3 * FEN, State.SUBMITTED)


async def test_a_learner_waits_for_the_entry_of_the_roster_and_not_for_that_of_the_results(office: Office) -> None:
    """QJ-INT-01"""
    office.entry_required = True
    await hold(office, 1, *DAYS[:3])
    with pytest.raises(Refused) as waits:
        await learner(office, "class-1")
    assert (waits.value.code, waits.value.value) == ("NOT_IN_SYSTEM", "plan_and_roster")
    entered = RosterEntryChanged(
        class_id="class-1", checkpoint="plan_and_roster", entered=True, lines=1, received=1, refused=0
    )
    await office.take(entered)
    assert worth(await learner(office, "class-1")) == 3 * FEN
    async with office.unit(there(FIRST)) as uow:
        missing = [each.value for each in (await read_class(uow, "class-1")).missing]
    assert missing == ["AssessmentCompleted", "results"]


async def test_without_the_training_nobody_is_paid_for_days(office: Office) -> None:
    """QJ-ENR-04: examined first, trained afterwards; what is missing is said of every benefit, once."""
    of = free_class(1)
    *sessions, training = trained(of, {"p1": DAYS[:3]})
    await office.take(of, *sessions, *examined(of))
    with pytest.raises(Refused) as waits:
        await learner(office, "class-1")
    assert (waits.value.code, waits.value.value) == ("NOT_IN_SYSTEM", "TrainingCompleted")
    await office.take(training)
    assert worth(await learner(office, "class-1")) == 3 * FEN
