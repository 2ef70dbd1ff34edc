"""A class of fifty from application to settled payment, and one that is cancelled, on both kinds of system."""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from peibu.demo.party import Json
from peibu.demo.play import cast_of
from peibu.demo.scene import RATE_FEN, Script
from tests.faults.observation import Observation
from tests.faults.oracle import judge, parked
from tests.journey.cancellation import ClassOfFifty, opened, reserved
from tests.journey.playing import at_rest, canonical_ledger, claim_of, play, undisturbed_ledger
from tests.journey.stages import FLEET, RealFleet, Stage
from tests.policy.folders import RULEBOOK, packaged, written

SEED, CANCELLED_SEED = 1, 2
CUT_FEN = -450_000
PAID_FEN = 6_150_000
BOARD_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What is left of the story."""

    script: Script
    claim: Json
    ledger: str
    seen: Observation


@pytest.fixture(scope="module")
def played(stage: Stage) -> Played:
    """The story, played once."""

    async def to_the_end() -> Played:
        (script,) = await play(stage, [SEED])
        claim, seen = await claim_of(stage, script), await at_rest(stage)
        ledger = await asyncio.to_thread(canonical_ledger, stage)
        return Played(script=script, claim=claim, ledger=ledger, seen=seen)

    return asyncio.run(to_the_end())


def of_persons(claim: Json) -> list[Json]:
    return [line for line in claim["lines"] if line["person_id"]]


def amounts(lines: list[Json]) -> list[int]:
    return sorted(line["amount_fen"] for line in lines)


def test_forty_four_are_recognised_and_forty_one_are_paid_to_the_fen(played: Played) -> None:
    claim = played.claim
    assert (claim["state"], claim["recognised"], claim["base"]) == ("paid", 44, 41)
    assert amounts(of_persons(claim)) == [0] * 4 + [RATE_FEN] * 44
    assert [line["amount_fen"] for line in claim["lines"] if not line["person_id"]] == [CUT_FEN]
    assert claim["amount_fen"] == sum(amounts(claim["lines"])) == PAID_FEN == 41 * RATE_FEN


def test_what_is_settled_is_the_sum_of_the_decided_lines(played: Played) -> None:
    orders = played.claim["orders"]
    assert [order["state"] for order in orders] == ["settled"] * 2
    # One line was frozen: 43 of 44 lines at 41/44 first, its release as the difference.
    assert sorted(order["amount_fen"] for order in orders) == [139_773, 6_010_227]
    assert sorted(order["attempt"] for order in orders) == [1, 2]
    assert sum(order["amount_fen"] for order in orders) == sum(line["decided_fen"] for line in played.claim["lines"])


def test_every_line_names_rule_and_clause_and_events_that_stand_on_the_topics(played: Played) -> None:
    ids = {place.id: place for place in played.seen.places}
    for line in played.claim["lines"]:
        reasons = line["traces"] or line["findings"]
        assert all(reason["rule"].startswith("JY-") and reason["clause"] for reason in reasons)
        assert reasons
        assert set(line["evidence"]) <= ids.keys()
    for line in of_persons(played.claim):
        kinds = {ids[event].kind for event in line["evidence"]}
        paid = {"ClassOpened", "AttendanceChecked", "CertificateIssued"}
        assert kinds == (paid if line["amount_fen"] else paid - {"CertificateIssued"})


def test_who_is_not_paid_is_told_the_clause(played: Played) -> None:
    unpaid = [line for line in of_persons(played.claim) if not line["amount_fen"]]
    assert {(one["code"], one["rule"], one["clause"]) for line in unpaid for one in line["findings"]} == {
        ("NOT_CERTIFIED", "JY-ASM-04", "二(三)3")
    }


def test_the_ledger_accounts_for_every_fen_by_natural_keys(played: Played) -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in played.ledger.splitlines()]
    assert len(rows) == 45  # the four unpaid have nothing in it, the cut is a line of its own
    assert sum(row["amount_fen"] for row in rows) == PAID_FEN
    assert sum(row["ordered_fen"] for row in rows) == sum(row["settled_fen"] for row in rows) == PAID_FEN
    assert all(entry["rules"] for row in rows for entry in row["entries"])
    ids = {place.id for place in played.seen.places} | {played.script.class_id, played.script.claim_id}
    assert not [one for one in [*ids, *played.script.roster] if one in played.ledger]


def test_both_kinds_of_system_keep_the_same_ledger_to_the_byte(played: Played) -> None:
    assert played.ledger == undisturbed_ledger(SEED)


def test_nothing_is_lost_doubled_disordered_unbalanced_or_left_over(played: Played) -> None:
    assert judge(played.seen) == {}
    assert parked(played.seen) == []
    assert {place.topic for place in played.seen.places} == {
        "peibu.clock",
        *(f"peibu.{service}.v1" for service in ("enrollment", "supervision", "assessment", "payment")),
    }


def test_the_record_of_who_did_what_with_the_money_is_intact(stage: Stage, played: Played) -> None:
    exported = str(stage.home / "payment-audit.ndjson")
    stage.run("audit", "export", "payment", exported)
    assert stage.run("audit", "verify", exported).startswith("intact: payment")


def test_it_is_said_in_words_why_every_fen_is_paid(stage: Stage, played: Played) -> None:
    said = stage.run("policy", "explain", played.script.claim_id)
    assert (
        "JY-SUP-05 · 二(三)2：开班人数 46，检查人数 42、40，检查人数合计 82，下限（%） 90，低于下限 是 → 41 人" in said
    )
    assert "各行合计 66,000.00 元 → -4,500.00 元" in said
    assert "不予通过 系统内没有该学员有效的考核合格证书" in said
    assert "合计 61,500.00 元" in said


def test_a_draft_says_who_would_gain_and_who_would_lose(stage: Stage, played: Played, tmp_path: Path) -> None:
    """Without the cut of the attendance average the class would get its 4,500 yuan back, and nothing is written."""
    before, term, after = packaged(RULEBOOK).partition("[payment.attendance_base]")
    draft = written(
        tmp_path, RULEBOOK, before + term + after.replace("minimum_percent = 90", "minimum_percent = 80", 1)
    )
    said = stage.run("policy", "replay", "--under", str(draft / RULEBOOK))
    assert "49 班级" in said
    assert "1 笔申领：增加 4,500.00 元，减少 0.00 元，合计 4,500.00 元" in said
    assert stage.run("ledger", "export", "--canonical") == played.ledger


def test_nobody_can_be_recognised_in_an_event_or_a_log(stage: Stage, played: Played) -> None:
    events = "\n".join(place.value.decode() for place in played.seen.places)
    for person in played.script.people:
        for secret in (person.identity_number, person.phone):
            assert secret not in events
            assert secret not in stage.logs()
        assert not re.search(rf"{person.name}(?![\w*])", events)
    assert "6222000000000000000" not in events + stage.logs()


@pytest.mark.parametrize("stage", [FLEET], indirect=True)
def test_a_board_written_from_the_asyncapi_document_alone_sees_the_class_paid(stage: RealFleet, played: Played) -> None:
    docs = Path(__file__).parents[2] / "docs"
    command = [sys.executable, docs / "examples" / "board.py", docs / "asyncapi.json", stage.kafka.bootstrap, "board"]
    paid = {"class_id": played.script.class_id, "opened": 48, "certified": 44, "settled_fen": PAID_FEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as board:
        overdue = Timer(BOARD_SECONDS_MAX, board.kill)
        overdue.start()
        try:
            assert board.stdout is not None
            assert paid in map(json.loads, board.stdout)  # topics have no order between them: sooner or later
        finally:
            overdue.cancel()
            board.terminate()


# --------------------------------------------------------------------------------------------- cancellation


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What the parties were told, in order."""

    held: Json
    closure: Json
    refusal: Json
    late: Json
    afterwards: Json
    payment: Json
    again: ClassOfFifty
    again_reservation: Json
    seen: Observation


@pytest.fixture(scope="module")
def cancelled(stage: Stage, played: Played) -> Cancelled:
    """The cancellation, played once, in the system in which the other class has been paid."""

    async def to_the_end() -> Cancelled:
        async with cast_of(stage.base_url, stage.home) as cast:
            story = await opened(cast, seed=CANCELLED_SEED, name="cancelled")
            held, closure = await story.hold(), await story.confirm()
            refusal, late = await story.claim_refused(), await story.late_sign_ins()
            payment = await story.payment_view()
            again = await reserved(cast, seed=CANCELLED_SEED, name="again", batch=CANCELLED_SEED + 100)
            return Cancelled(
                held=held,
                closure=closure,
                refusal=refusal,
                late=late,
                afterwards=await story.supervision_view(),
                payment=payment,
                again=again,
                again_reservation=(await again.payment_view())["reservation"],
                seen=await at_rest(stage),
            )

    return asyncio.run(to_the_end())


def test_a_class_below_ninety_percent_on_its_opening_day_is_held_with_the_computation(cancelled: Cancelled) -> None:
    assert cancelled.held["state"] == "held"
    opening = cancelled.held["opening"]
    assert (opening["attended"], opening["planned"], opening["refused"]) == (44, 50, 0)
    assert (opening["trace"]["rule"], opening["trace"]["clause"]) == ("JY-SUP-04", "二(三)2")


def test_it_is_cancelled_once_an_inspector_confirms(cancelled: Cancelled) -> None:
    assert cancelled.closure["class_state"] == "cancelled"
    facts = cancelled.seen.facts("ClassCancelled")
    assert [(fact["attended"], fact["planned"]) for fact in facts] == [(44, 50)]


def test_its_claim_is_refused_with_the_clause_that_cancelled_it(cancelled: Cancelled) -> None:
    errors = cancelled.refusal.get("errors") or [cancelled.refusal]
    (error,) = [error for error in errors if error["code"] == "CLASS_CANCELLED"]
    assert (error["rule"], error["clause"]) == ("JY-SUP-04", "二(三)2")
    assert error["advice"]


def test_later_sign_ins_are_stored_and_change_nothing(cancelled: Cancelled) -> None:
    assert cancelled.late["refused"] == 6 + 50
    assert {row["code"] for row in cancelled.late["rows"]} == {"CLASS_CANCELLED"}
    assert cancelled.afterwards["state"] == "cancelled"
    assert cancelled.afterwards["opening"] == cancelled.held["opening"]
    stored = [
        row for row in cancelled.seen.rows("supervision", "sign_in") if row["class_id"] == cancelled.held["class_id"]
    ]
    assert len(stored) == 2 * 44 + 6 + 50
    checked = cancelled.seen.facts("AttendanceChecked")
    mine = [fact for fact in checked if fact["class_id"] == cancelled.held["class_id"]]
    assert [(fact["revision"], len(fact["present"])) for fact in mine] == [(1, 44)] * 2


def test_its_places_and_its_money_are_free_and_the_same_people_are_reserved_again(cancelled: Cancelled) -> None:
    released = cancelled.payment["reservation"]
    assert (released["held"], released["budget_fen"]) == (0, 0)
    assert released["released"]
    assert (cancelled.again_reservation["held"], cancelled.again_reservation["budget_fen"]) == (50, 50 * RATE_FEN)


def test_after_a_cancellation_too_nothing_is_lost_doubled_disordered_unbalanced_or_left_over(
    cancelled: Cancelled,
) -> None:
    assert judge(cancelled.seen) == {}
    assert parked(cancelled.seen) == []
