"""What a recorded decision does to findings, and what it can never do; pure."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrollment.domain.decision import (
    Outcome,
    RecordedDecision,
    asked_for,
    is_decidable,
    require_answers,
    verdict_under,
    weigh,
)
from services.enrollment.domain.plan import ExceptionRequest, judge_plan
from shared.domain.errors import Conflict
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from tests.enrollment.sample import book, codes, facts, moment, plan

SEVERITIES = st.sampled_from([Severity.STOP, Severity.ASK, Severity.WARN])


def finding(code: str, severity: Severity = Severity.ASK) -> Finding:
    return CONSISTENCY.finding(code=code, severity=severity, message="m", advice="a")


def decision(code: str, outcome: Outcome, number: int) -> RecordedDecision:
    return RecordedDecision(
        number=number,
        round=1,
        change=0,
        step="first_review",
        actor="first",
        row=None,
        code=code,
        outcome=outcome,
        basis=None,
        rule="JY-ENR-10",
        document="d",
        clause="c",
        reason="已核实",
        decided_at=moment(date(2021, 5, 12), 9),
    )


@pytest.mark.parametrize(
    ("teachers", "planned", "code", "rule"),
    [(1, 26, "TEACHER_RATIO", "JY-ENR-10"), (3, 300, "STATION_RATIO", "JY-ENR-11")],
)
def test_a_ratio_beyond_the_tolerance_stops_or_asks_when_the_institution_asked_for_a_decision(
    teachers: int, planned: int, code: str, rule: str
) -> None:
    """JY-ENR-10, JY-ENR-11: about 1:20, a hard stop only above the region's tolerance, and that with override."""
    sample = plan()
    sessions = tuple(
        replace(one, teacher_id=f"teacher-{number % teachers + 1}") for number, one in enumerate(sample.sessions)
    )
    crowded = replace(sample, planned=planned, sessions=sessions)
    (stops,) = (one for one in judge_plan(crowded, facts(), book()) if one.code == code)
    assert (stops.severity, stops.rule) == (Severity.STOP, rule)
    asking = replace(crowded, exceptions=(ExceptionRequest(code=code, reason="实训另配助教"),))
    (asks,) = (one for one in judge_plan(asking, facts(), book()) if one.code == code)
    assert asks.severity is Severity.ASK
    assert verdict_under([asks], []) == "ask"
    assert verdict_under([asks], [decision(code, "allow", 1)]) == "accepted"


def test_asking_for_an_exception_the_rulebook_does_not_know_changes_nothing() -> None:
    """JY-ENR-07: the class size is nobody's to override."""
    stop = finding("CLASS_TOO_LARGE", Severity.STOP)
    assert asked_for([stop], ["CLASS_TOO_LARGE"], book().enrollment) == [stop]
    assert not is_decidable(stop, book().enrollment)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("ABC"), SEVERITIES), max_size=4), st.data())
def test_the_last_decision_counts_in_whatever_order_they_are_read(
    stated: list[tuple[str, Severity]], data: st.DataObject
) -> None:
    findings = [finding(code, severity) for code, severity in stated]
    outcomes = data.draw(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["allow", "refuse"])), max_size=6))
    decisions = [decision(code, outcome, number) for number, (code, outcome) in enumerate(outcomes, start=1)]
    shuffled = data.draw(st.permutations(decisions))
    standing = weigh(findings, shuffled)
    assert standing == weigh(findings, decisions)
    last = dict(outcomes)
    assert codes(standing) == [one.code for one in findings if last.get(one.code) != "allow"]
    refused = {one.code for one in standing if last.get(one.code) == "refuse"}
    assert all(one.severity is Severity.STOP for one in standing if one.code in refused)


def test_an_approval_names_every_question_that_is_still_open() -> None:
    """JY-ENR-06"""
    with pytest.raises(Conflict) as missing:
        require_answers(
            [finding("PROVIDER_KIND"), finding("NOTE", Severity.WARN)],
            [],
            [3, 5],
            basis=book().enrollment.start_after_approval,
        )
    assert missing.value.code == "DECISIONS_MISSING"
    assert "PROVIDER_KIND" in missing.value.message
    assert "3、5" in missing.value.message
    assert (missing.value.rule, missing.value.clause) == ("JY-ENR-06", "二(三)1")
    require_answers([finding("PROVIDER_KIND")], [decision("PROVIDER_KIND", "allow", 1)], [], basis=None)
    with pytest.raises(Conflict) as against:
        require_answers([finding("PROVIDER_KIND")], [decision("PROVIDER_KIND", "refuse", 1)], [], basis=None)
    assert against.value.code == "DECIDED_AGAINST"
