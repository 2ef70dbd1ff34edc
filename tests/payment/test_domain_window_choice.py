"""Paid at once and for good, or when the time to find work is over: chosen once (HB-PAY-05)."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.benefit import EMPLOYMENT_AWAITED
from services.payment.domain.decision import Decision
from services.payment.domain.facts import Spell
from services.payment.domain.subsidy import Assessment
from shared.policy.decision import Severity
from tests.payment.sample import accepted, rulebook, shelf
from tests.payment.scene import HEBEI, Scene, alike, certified, rate, spell, total

PASSED, CHOSEN, LAST = date(2024, 5, 20), date(2024, 6, 1), date(2024, 8, 20)
WORK = date(2024, 7, 1)


def judged(
    today: date | None,
    *decisions: Decision,
    spells: tuple[Spell, ...] = (),
    group: str = "school_leaver",
) -> Assessment:
    scene = Scene(
        region=HEBEI,
        programme="training",
        groups=alike(1, group),
        certificates=[certified("p1", "level", issued=PASSED)],
        spells=spells,
    )
    return scene.judged(rate(HEBEI, "training", 1000), decisions=decisions, today=today)


def chosen(*, at_once: bool) -> Decision:
    return replace(accepted("HB-PAY-05", "p1", accept=at_once), decided_on=CHOSEN)


def held(found: Assessment) -> list[tuple[str, str, Severity]]:
    return [(one.code, one.rule, one.severity) for line in found.lines for one in line.findings]


@pytest.mark.parametrize(
    ("today", "yuan", "severity"),
    [(CHOSEN, 0, Severity.ASK), (LAST, 0, Severity.ASK), (date(2024, 8, 21), 800, None), (None, 800, None)],
)
def test_without_a_choice_the_subsidy_waits_until_the_window_is_over(
    today: date | None, yuan: int, severity: Severity | None
) -> None:
    """HB-PAY-05: a certificate of 2024-05-20 waits until 2024-08-20, the last day included."""
    found = judged(today)
    assert total(found) == yuan * 100
    assert held(found) == ([(EMPLOYMENT_AWAITED, "HB-PAY-05", severity)] if severity else [])


def test_who_chose_to_wait_waits_and_is_asked_no_more() -> None:
    """HB-PAY-05"""
    found = judged(CHOSEN, chosen(at_once=False))
    assert (total(found), held(found)) == (0, [(EMPLOYMENT_AWAITED, "HB-PAY-05", Severity.STOP)])
    assert total(judged(date(2024, 8, 21), chosen(at_once=False))) == 80_000
    assert total(judged(WORK, chosen(at_once=False), spells=(spell("p1", WORK),))) == 100_000


def test_who_chose_to_be_paid_at_once_is_paid_the_lower_share_for_good() -> None:
    """HB-PAY-05: a supplement needs a decision of its own."""
    assert (total(judged(CHOSEN, chosen(at_once=True))), held(judged(CHOSEN, chosen(at_once=True)))) == (80_000, [])
    worked = (spell("p1", WORK),)
    assert total(judged(WORK, chosen(at_once=True), spells=worked)) == 80_000
    assert total(judged(WORK, chosen(at_once=True), accepted("HB-CLM-03", "p1"), spells=worked)) == 100_000
    assert total(judged(WORK, chosen(at_once=True), accepted("HB-CLM-03", "p1", accept=False), spells=worked)) == 80_000
    before = (spell("p1", CHOSEN),)
    assert total(judged(WORK, chosen(at_once=True), spells=before)) == 100_000


def test_whoever_works_or_is_an_employee_waits_for_nothing() -> None:
    """HB-PAY-05, HB-CLM-16"""
    assert total(judged(CHOSEN, spells=(spell("p1", PASSED),))) == 100_000
    assert (total(judged(CHOSEN, group="employee")), held(judged(CHOSEN, group="employee"))) == (100_000, [])


def test_no_other_document_leaves_such_a_choice() -> None:
    """HB-PAY-05"""
    places = [("211400", date(2020, 6, 1)), ("341124", date(2020, 7, 1)), ("371329", date(2020, 9, 1))]
    assert [book.payment.window_choice for book in (rulebook(), *(shelf().in_force(*one) for one in places))] == [
        None
    ] * 4
