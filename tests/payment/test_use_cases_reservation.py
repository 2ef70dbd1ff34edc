"""Reservations of slots and budget: what is answered, what is given back, and when."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.desk import read_class_progress
from services.payment.application.enter_rate import enter_rate
from services.payment.domain.budget import BudgetKey
from shared.contracts.enrollment import ClassChanged, ClassClosed, ReliedRelease, TraineeWithdrawn
from shared.contracts.payment import EntitlementReserved
from shared.contracts.supervision import ClassCancelled
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, MissingFact
from tests.payment.office import EMPLOYMENT, FINANCE, Office, approved, moment, person
from tests.payment.sample import OPENING, people, rate


async def answers(office: Office, class_id: str = "class-1") -> list[dict]:  # type: ignore[type-arg]
    return await office.events(EntitlementReserved, class_id=class_id)


async def reserved_fen(office: Office) -> int:
    [row] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    return int(row.reserved_fen)


def moved(class_id: str, roster: list[str], opening: date) -> ClassChanged:
    return ClassChanged(
        class_id=class_id,
        change="opening_moved",
        opening_date=opening,
        closing_date=opening,
        reservation=approved(class_id, roster, opening=opening).reservation,
    )


def cancelled(class_id: str = "class-1") -> ClassCancelled:
    return ClassCancelled(
        class_id=class_id,
        on=OPENING,
        rule="JY-SUP-04",
        clause="二(三)2",
        attended=4,
        planned=10,
        confirmed_by="inspector-1",
        reason="设备正常",
    )


async def test_heads_times_the_highest_rate_are_reserved(office: Office) -> None:
    await office.act(person("policy-1", Role.POLICY_OFFICER), enter_rate, rate=rate(800, certificate_kind="completion"))
    await office.provide(amount_yuan=1500)

    await office.take(approved("class-1", people(1, 10)))

    [answer] = await answers(office)
    assert answer["budget"] == {
        "granted": True,
        "funding_source": EMPLOYMENT,
        "amount_fen": 10 * 150_000,
        "code": None,
        "message": None,
    }
    assert await reserved_fen(office) == 10 * 150_000


async def test_a_missing_rate_refuses_the_budget_and_never_reserves_zero(office: Office) -> None:
    await office.take(approved("class-1", ["p1"]))

    [answer] = await answers(office)
    assert (answer["granted"], answer["budget"]["granted"], answer["budget"]["code"]) == (["p1"], False, "RATE_MISSING")


async def next_step(office: Office) -> tuple[str, str | None, list[str]]:
    reading = await office.act(FINANCE, read_class_progress, class_id="class-1")
    step = reading.progress.next
    assert step is not None
    return step.holder.task, step.holder.role, [each.finding.code for each in reading.progress.blockers]


async def test_a_rate_and_a_budget_entered_later_answer_the_waiting_reservation_anew(office: Office) -> None:
    """JY-PAY-05: the same version and rulebook; who holds the ball is said meanwhile, and nothing is said twice."""
    office.now = moment(date(2021, 5, 10))
    await office.take(approved("class-1", people(1, 10)))
    assert await next_step(office) == ("rate", Role.FINANCE, ["RATE_MISSING", "NOT_IN_SYSTEM"])

    await office.act(FINANCE, enter_rate, rate=rate(900, occupation="cook"))
    await office.pass_days(date(2021, 5, 11))
    assert len(await answers(office)) == 1
    await office.act(FINANCE, enter_rate, rate=rate(1500))
    await office.pass_days(date(2021, 5, 12))
    assert await next_step(office) == ("budget", Role.FINANCE, ["BUDGET_EXHAUSTED", "NOT_IN_SYSTEM"])
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=15_000 * 100, document="测试指标文件")
    await office.pass_days(date(2021, 5, 13))

    said = await answers(office)
    assert [answer["budget"]["code"] for answer in said] == ["RATE_MISSING", "BUDGET_EXHAUSTED", None]
    assert {answer["answers_version"] for answer in said} == {1}
    assert said[-1]["granted"] == sorted(people(1, 10))
    assert (await next_step(office))[0] == "opening"
    assert await reserved_fen(office) == 10 * 150_000


async def test_an_answer_given_anew_grants_nobody_who_was_refused_or_left(office: Office) -> None:
    """JY-ENR-05: enrollment took them off the roster, so a slot that became free meanwhile is not taken for them."""
    await office.provide(budget_yuan=4_500)
    await office.take(approved("class-1", ["p1"]), approved("class-2", ["p1", "p2", "p3", "p4"]))
    await office.take(
        ClassClosed(class_id="class-1", reason="withdrawn", on=OPENING),
        TraineeWithdrawn(class_id="class-2", person_id="p4", on=OPENING, reason="x"),
    )
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=1, document="测试指标文件")
    await office.pass_days(date(2021, 9, 14))

    first, second = await answers(office, "class-2")
    assert (first["granted"], first["budget"]["granted"]) == (["p2", "p3", "p4"], False)
    assert (second["granted"], second["budget"]["granted"]) == (["p2", "p3"], True)
    assert {each["person_id"]: each["code"] for each in second["refused"]} == {
        "p1": "ENTITLEMENT_USED",
        "p4": "CLASS_RELEASED",
    }
    assert await reserved_fen(office) == 2 * 150_000


async def test_a_class_that_is_gone_is_answered_no_more(office: Office) -> None:
    await office.take(approved("class-1", ["p1"]), ClassClosed(class_id="class-1", reason="withdrawn", on=OPENING))
    await office.provide()
    await office.pass_days(date(2021, 9, 14))
    assert len(await answers(office)) == 1
    assert await reserved_fen(office) == 0


async def test_a_budget_of_one_yuan_too_little_is_exhausted_and_nothing_is_reserved(office: Office) -> None:
    await office.provide(budget_yuan=14_999)

    await office.take(approved("class-1", people(1, 10)))

    [answer] = await answers(office)
    assert (answer["budget"]["granted"], answer["budget"]["code"]) == (False, "BUDGET_EXHAUSTED")
    assert await reserved_fen(office) == 0


async def test_a_person_trained_this_year_is_refused_with_the_rule(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1", "p2"]), approved("class-2", ["p2", "p3"]))

    [answer] = await answers(office, "class-2")
    assert answer["granted"] == ["p3"]
    [refused] = answer["refused"]
    assert (refused["person_id"], refused["code"], refused["rule"]) == ("p2", "ENTITLEMENT_USED", "JY-ENR-05")
    assert await reserved_fen(office) == 3 * 150_000


async def test_a_recorded_decision_grants_one_place_above_the_cap_in_its_own_class_only(office: Office) -> None:
    """JY-ENR-05: what enrollment decided and payment was told."""
    await office.provide()
    decided = approved("class-2", ["p1", "p2"])
    request = decided.reservation
    trainees = tuple(replace(each, repeat_by_decision=each.person_id == "p1") for each in request.trainees)
    again = replace(decided, reservation=replace(request, trainees=trainees))
    await office.take(approved("class-1", ["p1", "p2"]), again, approved("class-3", ["p1"]))

    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p1"]]
    assert [answer["granted"] for answer in await answers(office, "class-3")] == [[]]


async def test_another_year_is_another_entitlement(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1"]), moved("class-2", ["p1"], date(2020, 12, 31)))

    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p1"]]


async def test_a_moved_opening_gives_up_the_old_years_slot_and_answers_the_new_version(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1", "p2"]))
    await office.take(moved("class-1", ["p1"], date(2021, 7, 1)), approved("class-2", ["p2"]))

    assert [(answer["answers_version"], answer["granted"]) for answer in await answers(office)] == [
        (1, ["p1", "p2"]),
        (2, ["p1"]),
    ]
    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p2"]]
    assert await reserved_fen(office) == 2 * 150_000


@pytest.mark.parametrize(
    "ending",
    [
        cancelled(),
        ClassClosed(class_id="class-1", reason="withdrawn", on=OPENING),
        ClassClosed(class_id="class-1", reason="not_opened", on=OPENING),
    ],
)
async def test_a_class_that_ends_gives_everything_back_and_is_never_reserved_again(
    office: Office, ending: ClassCancelled | ClassClosed
) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1", "p2"]), ending)
    assert await reserved_fen(office) == 0

    await office.take(approved("class-2", ["p1"]), moved("class-1", ["p2"], date(2021, 8, 1)))

    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p1"]]
    late = (await answers(office))[-1]
    assert (late["granted"], [refused["code"] for refused in late["refused"]]) == ([], ["CLASS_RELEASED"])
    assert late["budget"]["granted"] is False
    assert await reserved_fen(office) == 150_000


async def test_a_completed_class_keeps_what_it_holds(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1"]), ClassClosed(class_id="class-1", reason="completed", on=OPENING))

    assert await reserved_fen(office) == 150_000


async def test_who_withdraws_is_free_for_another_class_but_not_for_this_one(office: Office) -> None:
    await office.provide()
    left = TraineeWithdrawn(class_id="class-1", person_id="p1", on=OPENING, reason="离职")
    await office.take(approved("class-1", ["p1", "p2"]), left)
    assert await reserved_fen(office) == 150_000

    await office.take(moved("class-1", ["p1", "p2"], date(2021, 7, 1)), approved("class-2", ["p1"]))

    assert (await answers(office))[-1]["granted"] == ["p2"]
    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p1"]]


async def test_removed_people_give_back_their_slots_and_budget(office: Office) -> None:
    await office.provide()
    removal = ClassChanged(
        class_id="class-1",
        change="trainees_refused",
        opening_date=OPENING,
        closing_date=OPENING,
        removed=("p2",),
    )
    await office.take(approved("class-1", ["p1", "p2"]), removal)

    assert await reserved_fen(office) == 150_000
    assert len(await answers(office)) == 1


async def test_a_request_waits_for_the_release_it_relies_on(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1"]))
    relying = approved("class-2", ["p1"], relies_on=[ReliedRelease(class_id="class-1", person_id="p1")])
    envelope = office.envelope(relying)

    from services.payment.messaging.incoming import on_class_approved

    with pytest.raises(MissingFact, match="RELEASE_PENDING"):
        await office.act(person("system"), on_class_approved, fact=relying, envelope=envelope)
    await office.take(cancelled())
    async with office.unit() as uow:
        await on_class_approved(uow, relying, envelope)
        await uow.commit()

    assert [answer["granted"] for answer in await answers(office, "class-2")] == [["p1"]]


async def test_the_entitlement_ledger_tells_every_change(office: Office) -> None:
    await office.provide()
    await office.take(approved("class-1", ["p1"]), cancelled())

    entries = await office.rows("SELECT person_id, scope, slot_no, act, reason FROM entitlement_entry ORDER BY seq")
    assert [tuple(entry) for entry in entries] == [
        ("p1", "jiyuan/any/2021", 1, "reserved", "class_approved"),
        ("p1", "jiyuan/any/2021", 1, "released", "cancelled"),
    ]


async def test_nobody_enters_a_rate_outside_his_region(office: Office) -> None:
    with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
        await office.act(person("policy-1", Role.POLICY_OFFICER, region="371329"), enter_rate, rate=rate(1))
