"""The worked examples of Jiyuan to the fen: E1, E2, E3 and E6, and what each of them turns on."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.subsidy import Assessment
from shared.contracts.enrollment import TraineeWithdrawn
from shared.contracts.supervision import ClassCancelled
from shared.policy.decision import Severity
from tests.payment.sample import (
    OPENING,
    accepted,
    assessed,
    certificate,
    class_facts,
    class_opened,
    people,
    rate,
    training_completed,
)

YUAN = 100


def total(assessment: Assessment) -> int:
    return sum(line.amount_fen for line in assessment.lines)


def codes(assessment: Assessment) -> set[str]:
    return {finding.code for line in assessment.lines for finding in line.findings}


def test_e1_exactly_ninety_per_cent_at_opening_pays_forty_one_heads() -> None:
    certificates = [
        *(certificate(person, "qualification") for person in people(1, 20)),
        *(certificate(person, "level") for person in people(21, 35)),
        *(certificate(person, "completion", attempt=2) for person in people(36, 41)),
    ]
    facts = class_facts(
        roster=people(1, 50), present=people(1, 45), certificates=certificates, opening=45, spot=(44, 42)
    )

    found = assessed(facts, rate(1500), decisions=[accepted("JY-ASM-05", *people(36, 41))])

    assert total(found) == 61_500 * YUAN
    assert (found.base, found.recognised) == (45, 41)
    assert [line.amount_fen for line in found.lines] == [1500 * YUAN] * 41 + [0] * 9
    assert all(line.rules[-1] == "JY-CLM-10" for line in found.lines[:41])
    assert not found.open_questions


def test_e2_a_class_cancelled_at_opening_is_paid_nothing() -> None:
    facts = class_facts(
        roster=people(1, 50),
        present=people(1, 44),
        certificates=[certificate(person) for person in people(1, 44)],
        opening=44,
        spot=(44, 44),
    )
    cancelled = ClassCancelled(
        class_id="class-1",
        on=date(2021, 6, 2),
        rule="JY-SUP-04",
        clause="二(三)2",
        attended=44,
        planned=50,
        confirmed_by="inspector-1",
        reason="设备正常",
    )

    found = assessed(replace(facts, cancelled=Known(event_id="e-cancelled", fact=cancelled)), rate(1500))

    assert found.lines == ()
    assert [(stop.code, stop.rule) for stop in found.stops] == [("CLASS_CANCELLED", "JY-SUP-04")]


def test_e3_the_average_is_floored_and_the_cut_is_a_line_of_its_own() -> None:
    facts = class_facts(
        roster=people(1, 40),
        certificates=[certificate(person) for person in people(1, 38)],
        opening=40,
        spot=(36, 35),
    )

    found = assessed(facts, rate(1500))

    assert total(found) == 52_500 * YUAN
    assert (found.base, found.recognised) == (35, 38)
    cut = found.lines[-1]
    assert (cut.person_id, cut.line_no, cut.amount_fen) == (None, 41, -4_500 * YUAN)
    assert cut.rules == ("JY-SUP-05", "JY-SUP-06", "JY-CLM-10")
    assert [line.amount_fen for line in found.lines[:38]] == [1500 * YUAN] * 38


def test_e6_the_completion_exam_counts_only_after_a_failed_better_one() -> None:
    certificates = [
        *(certificate(person, "level") for person in people(1, 20)),
        *(certificate(person, "completion", attempt=2) for person in people(21, 24)),
        *(certificate(person, "completion", attempt=1) for person in people(25, 39)),
    ]
    facts = class_facts(roster=people(1, 40), certificates=certificates, opening=40, spot=(40, 40))
    rows = (rate(1500), rate(800, number=2, certificate_kind="completion"))

    found = assessed(facts, *rows, decisions=[accepted("JY-ASM-05", *people(21, 24))])

    assert total(found) == 33_200 * YUAN
    assert [line.amount_fen for line in found.lines[:20]] == [1500 * YUAN] * 20
    assert [line.amount_fen for line in found.lines[20:24]] == [800 * YUAN] * 4
    assert {finding.code for line in found.lines[24:39] for finding in line.findings} == {"DIRECT_COMPLETION_EXAM"}
    assert {finding.rule for line in found.lines[24:39] for finding in line.findings} == {"JY-ASM-05"}


@pytest.mark.parametrize("decisions", [[], [accepted("JY-ASM-05", "p21", accept=False)]])
def test_a_completion_certificate_after_an_attempt_is_unpaid_until_a_person_accepts_it(
    decisions: list[Decision],
) -> None:
    certificates = [certificate("p1"), certificate("p21", "completion", attempt=2)]
    facts = class_facts(roster=["p1", "p21"], certificates=certificates, spot=(2, 2))

    found = assessed(facts, rate(1500), decisions=decisions)

    assert found.recognised == 1
    assert found.lines[1].amount_fen == 0
    assert bool(found.open_questions) is not bool(decisions)


@pytest.mark.parametrize(
    ("checks", "base"),
    [((36, 36), 40), ((36, 35), 35), ((40, 32), 40), ((40, 31), 35), ((36,), 40), ((35,), 35)],
)
def test_the_average_cuts_only_strictly_below_ninety_per_cent(checks: tuple[int, ...], base: int) -> None:
    facts = class_facts(
        roster=people(1, 40), certificates=[certificate(p) for p in people(1, 38)], opening=40, spot=checks
    )

    found = assessed(facts, rate(1500))

    assert found.base == base
    assert total(found) == min(base, 38) * 1500 * YUAN


def test_more_recognised_than_were_there_on_the_opening_day_are_cut_to_the_opening_headcount() -> None:
    facts = class_facts(
        roster=people(1, 40), certificates=[certificate(p) for p in people(1, 40)], opening=38, spot=(38, 38)
    )

    assert total(assessed(facts, rate(1500))) == 38 * 1500 * YUAN


def test_without_a_spot_check_nothing_is_cut_and_the_class_is_flagged() -> None:
    facts = class_facts(roster=people(1, 3), certificates=[certificate(p) for p in people(1, 3)], spot=())

    found = assessed(facts, rate(1500))

    assert total(found) == 3 * 1500 * YUAN
    assert {flag.code: flag.severity for flag in found.flags} == {
        "NO_SPOT_CHECK": Severity.WARN,
        "SPOT_CHECKS_LT_2": Severity.ASK,
    }


@pytest.mark.parametrize(("accept", "severity"), [(True, Severity.WARN), (False, Severity.STOP)])
def test_fewer_checks_than_the_form_prints_wait_for_a_recorded_acceptance(accept: bool, severity: Severity) -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1,))

    decided = assessed(facts, rate(1500), decisions=[accepted("JY-SUP-07", accept=accept)])

    assert [flag.code for flag in assessed(facts, rate(1500)).open_questions] == ["SPOT_CHECKS_LT_2"]
    assert [(flag.code, flag.severity) for flag in decided.flags] == [("SPOT_CHECKS_LT_2", severity)]
    assert bool(decided.refused_flags) is not accept


@pytest.mark.parametrize("form", ["contest", "drill"])
def test_a_contest_is_no_class_and_waits_for_a_person_at_the_claim(form: str) -> None:
    """JY-ENR-18: routed to a person with NOT_A_CLASS; taken for one by decision, or refused by it."""
    opening = class_opened(trainees=people(1, 60))
    contest = replace(opening, attributes={"training_form": form})
    facts = class_facts(
        roster=people(1, 60), certificates=[certificate(one) for one in people(1, 60)], opening=60, spot=(60, 60)
    )
    facts = replace(facts, opened=Known(event_id="opened", fact=contest))

    (asked,) = assessed(facts, rate(1500)).open_questions
    assert (asked.code, asked.rule, asked.clause, asked.value) == ("NOT_A_CLASS", "JY-ENR-18", "二(一)1", form)
    refused = assessed(facts, rate(1500), decisions=[accepted("JY-ENR-18", accept=False)])
    assert [flag.code for flag in refused.refused_flags] == ["NOT_A_CLASS"]
    taken = assessed(facts, rate(1500), decisions=[accepted("JY-ENR-18")])
    assert (taken.open_questions, taken.refused_flags) == ((), ())
    for other in ({}, {"training_form": "on_job"}):
        plain = replace(facts, opened=Known(event_id="opened", fact=replace(opening, attributes=other)))
        assert "NOT_A_CLASS" not in [flag.code for flag in assessed(plain, rate(1500)).flags]


def test_a_fee_of_somebody_trained_for_nothing_blocks_the_claim_of_the_class() -> None:
    """JY-ENR-15: of thirty one is lifted out of poverty; 0.01 yuan blocks with FEE_CHARGED, 0 does not."""
    roster = people(1, 30)
    facts = class_facts(roster=roster, certificates=[certificate(one) for one in roster], opening=30, spot=(30, 30))

    def paying(fee_fen: int, group: str = "poor_worker", **given: object) -> ClassFacts:
        opening = class_opened(trainees=roster, groups={"p7": (group,)})
        trainees = tuple(replace(one, fee_fen=fee_fen if one.person_id == "p7" else 50_000) for one in opening.trainees)
        return replace(facts, opened=Known(event_id="opened", fact=replace(opening, trainees=trainees)), **given)

    (blocked,) = assessed(paying(1), rate(1500)).stops
    assert (blocked.code, blocked.rule, blocked.field, blocked.value) == (
        "FEE_CHARGED",
        "JY-ENR-15",
        "fee_fen",
        "poor_worker",
    )
    assert assessed(paying(0), rate(1500)).stops == ()
    assert assessed(paying(1, "laid_off"), rate(1500)).stops == ()
    left = TraineeWithdrawn(class_id="class-1", person_id="p7", on=OPENING, reason="other")
    gone = paying(1, withdrawn=(Known(event_id="left", fact=left),))
    assert assessed(gone, rate(1500)).stops == ()


def test_mixed_rates_under_a_cut_are_computed_and_flagged_until_decided() -> None:
    certificates = [certificate("p1"), certificate("p2", "special_ability")]
    facts = class_facts(roster=["p1", "p2"], certificates=certificates, opening=2, spot=(1, 1))
    rows = (rate(1500), rate(801, number=2, certificate_kind="special_ability"))

    found = assessed(facts, *rows)

    assert total(found) == 2301 * YUAN // 2
    assert [flag.code for flag in found.open_questions] == ["MIXED_RATES_UNDER_CUT"]
    assert not assessed(facts, *rows, decisions=[accepted("JY-CLM-10")]).open_questions


def test_two_certificates_of_one_person_are_one_line_for_the_better_one() -> None:
    certificates = [certificate("p1", "completion", attempt=2), certificate("p1", "level")]
    facts = class_facts(roster=["p1"], certificates=certificates, spot=(1, 1))

    found = assessed(facts, rate(1500), rate(800, number=2, certificate_kind="completion"))

    assert [(line.certificate_kind, line.amount_fen) for line in found.lines] == [("level", 1500 * YUAN)]


def test_a_missing_rate_stops_the_whole_claim_and_is_never_zero() -> None:
    certificates = [certificate("p1"), certificate("p2", "special_ability")]
    facts = class_facts(roster=["p1", "p2"], certificates=certificates, spot=(2, 2))

    found = assessed(facts, rate(1500, certificate_kind="level"))

    assert found.lines == ()
    assert [(stop.code, stop.rule) for stop in found.stops] == [("RATE_MISSING", "JY-PAY-05")]


def test_revised_totals_replace_what_was_known() -> None:
    facts = class_facts(
        roster=people(1, 40), certificates=[certificate(p) for p in people(1, 38)], opening=40, spot=(36, 36)
    )
    revised = replace(facts, training=Known(event_id="e-2", fact=training_completed(opening=40, spot=(36, 35))))

    assert total(assessed(facts, rate(1500))) == 57_000 * YUAN
    assert total(assessed(revised, rate(1500))) == 52_500 * YUAN
