"""Every refusal of the Jiyuan text through the public APIs, on both kinds of system: code, rule, clause, and no fen.

The table is refusals.toml; the acts are told in institutions, enterprises, applications, training, examination and
settlement.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from peibu.demo.scene import RATE_FEN
from tests.journey.stages import Stage
from tests.refusals.examination import LEVEL
from tests.refusals.settlement import CARD, COMPLETION_RATE_FEN
from tests.refusals.story import Played, play
from tests.refusals.table import Refusal, objections, refusals

PAID_FEN = 555_555
"""Five ninths of 1,000,000 fen, rounded down: six at the level's rate, one at the completion's."""


@pytest.fixture(scope="module")
def played(stage: Stage) -> Played:
    """The year, played once."""
    return asyncio.run(play(stage))


def is_answered_as(refusal: Refusal, answer: Mapping[str, Any], objection: Mapping[str, Any]) -> bool:
    match refusal.answer:
        case "refused":
            return answer.get("verdict", answer.get("outcome", answer.get("state"))) in ("refused", "not_opened")
        case "asks":
            return bool(objection["severity"] == "ask")
        case "warns":
            return bool(objection["severity"] == "warn")
        case "stops":
            return bool(objection["severity"] == "stop")
        case "unpaid":
            return (answer["state"], answer["amount_fen"]) == ("refused", 0)
        case status:
            return bool(answer["status"] == int(status))


@pytest.mark.parametrize("refusal", refusals(), ids=lambda refusal: refusal.name)
def test_it_is_refused_with_its_rule_and_clause_and_nothing_is_paid(played: Played, refusal: Refusal) -> None:
    seen = played.seen[refusal.name]
    said = [one for one in objections(seen.answer) if one["code"] == refusal.code]
    expected = (None, None) if refusal.silent else (refusal.rule, refusal.clause)
    assert expected in [(one.get("rule"), one.get("clause")) for one in said]
    (objection, *_) = [one for one in said if (one.get("rule"), one.get("clause")) == expected]
    assert is_answered_as(refusal, seen.answer, objection)
    if refusal.answer != "refused" or "message" in objection:
        assert objection.get("message") or objection.get("detail")
    if seen.class_id is not None:
        assert played.paid_fen(class_id=seen.class_id, person_id=seen.person_id) == 0


def test_every_act_of_the_story_stands_in_the_table(played: Played) -> None:
    assert sorted(played.seen) == sorted(refusal.name for refusal in refusals())


def test_only_who_may_be_paid_is_paid_to_the_fen(played: Played) -> None:
    persons = played.main.persons
    full = {persons[name]: RATE_FEN for name in LEVEL if name not in ("objected", "never-there", "alone")}
    full[persons["again-recognised"]] = COMPLETION_RATE_FEN
    assert {line["person_id"]: line["settled_fen"] for line in played.ledger if line["person_id"]} == full
    assert {line["class_id"] for line in played.ledger} == {played.main.class_id}
    assert sum(line["settled_fen"] for line in played.ledger) == sum(line["amount_fen"] for line in played.ledger)


def test_the_class_is_paid_for_its_average(played: Played) -> None:
    """JY-SUP-05, -06 and JY-CLM-10: five on average of thirteen on the opening day, nine recognised."""
    assert (played.claim["base"], played.claim["recognised"]) == (5, 9)
    (cut,) = [line for line in played.ledger if not line["person_id"]]
    assert cut["settled_fen"] == PAID_FEN - 6 * RATE_FEN - COMPLETION_RATE_FEN == -444_445
    (line,) = [line for line in played.claim["lines"] if not line["person_id"]]
    assert {trace["rule"] for trace in line["traces"]} == {"JY-SUP-05", "JY-SUP-06", "JY-CLM-10"}
    assert sum(line["settled_fen"] for line in played.ledger) == PAID_FEN


def test_who_is_excluded_from_the_special_account_is_paid_from_another_source(played: Played) -> None:
    """JY-FND-03"""
    settled = {order["funding_source"]: order["amount_fen"] for order in played.claim["orders"]}
    assert settled == {"employment_subsidy_fund": RATE_FEN, "skills_action_fund": PAID_FEN - RATE_FEN}


def test_no_refusal_and_no_log_of_one_says_who_somebody_is(played: Played) -> None:
    """JY-CLM-05"""
    said = json.dumps([seen.answer for seen in played.seen.values()], ensure_ascii=False)
    for person in played.main.people.values():
        for secret in (person.identity_number, person.phone, person.name):
            assert secret not in said
            assert secret not in played.logs
    assert CARD not in said + played.logs
