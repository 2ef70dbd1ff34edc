"""What other documents say of certificates and exams reaches the claim: kinds that a person decides, late exams."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.exam_days import exam_flags
from services.payment.domain.recognition import recognise
from shared.contracts.assessment import CertificateKind
from shared.policy.rulebook import Rulebook
from tests.payment.sample import accepted, certificate, class_facts, rulebook, scheduled, shelf

PLACES = {"HB": ("130000", date(2024, 5, 1)), "QJ": ("341124", date(2020, 7, 1))}
PLACES |= {"HL": ("211400", date(2020, 7, 1)), "LS": ("371329", date(2020, 9, 1))}


def book(place: str) -> Rulebook:
    return shelf().in_force(*PLACES[place])


def codes(place: str, kind: CertificateKind, *decided: bool) -> list[str]:
    """Give why a certificate of the kind does not count; nothing when it does."""
    facts = class_facts(roster=["p1"], certificates=[certificate("p1", kind)], spot=(1, 1), certifiable=())
    assert facts.opened is not None
    decisions = [accepted(str(rule(place)), "p1", accept=accept) for accept in decided]
    found = recognise(facts, facts.opened.fact, "p1", rulebook=book(place), decisions=decisions)
    assert (found.certificate is None) is bool(found.findings)
    return [finding.code for finding in found.findings]


def rule(place: str) -> str:
    kinds = book(place).assessment.certificate_kinds
    assert kinds is not None
    return kinds.rule


@pytest.mark.parametrize(
    ("place", "counted", "asked"),
    [
        ("HL", ("qualification", "level", "special_ability", "special_operation", "completion"), ("other",)),
        ("HB", ("qualification", "level", "special_ability", "completion"), ("special_operation", "graduation")),
        ("QJ", ("qualification", "level", "special_ability", "completion"), ("special_operation", "other")),
        ("LS", ("qualification", "level", "special_ability", "special_operation", "completion"), ("graduation",)),
    ],
)
def test_a_named_certificate_counts_and_another_waits_for_a_decision(
    place: str, counted: tuple[CertificateKind, ...], asked: tuple[CertificateKind, ...]
) -> None:
    """HB-ASM-04, QJ-ASM-01, HL-ASM-01, LS-ASM-01: Hebei and Quanjiao do not name the permit of special operation."""
    assert {kind: codes(place, kind) for kind in counted} == {kind: [] for kind in counted}
    for kind in asked:
        assert codes(place, kind) == ["CERT_KIND_UNDECIDED"]
        assert codes(place, kind, True) == []
        assert codes(place, kind, True, False) == ["CERT_KIND_REFUSED"]
    assert codes(place, "in_house") == ["CERT_KIND"]


@pytest.mark.parametrize("place", ["HL", "HB", "QJ", "LS"])
def test_nobody_counts_without_a_certificate(place: str) -> None:
    """QJ-ASM-03, HL-ASM-01, HB-ASM-04, LS-ASM-01: who passed nothing is worth nothing."""
    facts = class_facts(roster=["p1"], certificates=[], spot=(1, 1))
    assert facts.opened is not None
    found = recognise(facts, facts.opened.fact, "p1", rulebook=book(place), decisions=())
    assert [finding.code for finding in found.findings] == ["NOT_CERTIFIED"]


@pytest.mark.parametrize(
    ("training_end", "exam_on", "flags"),
    [
        (date(2024, 6, 10), date(2024, 6, 17), []),
        (date(2024, 6, 10), date(2024, 6, 18), [("EXAM_LATE", "HB-ASM-02")]),
        (date(2024, 8, 30), date(2024, 9, 2), [("EXAM_OUT_OF_SEASON", "HB-ASM-05")]),
        (date(2024, 8, 30), date(2024, 8, 31), []),
        (date(2024, 3, 30), date(2024, 4, 1), []),
        (date(2024, 3, 30), date(2024, 3, 31), [("EXAM_OUT_OF_SEASON", "HB-ASM-05")]),
    ],
)
def test_a_late_exam_and_one_out_of_season_are_marked_in_the_claim(
    training_end: date, exam_on: date, flags: list[tuple[str, str]]
) -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], exams=[scheduled(exam_on=exam_on)])
    found = list(exam_flags(facts, training_end, book("HB"), ()))
    assert [(flag.code, flag.rule) for flag in found] == flags
    for other in ("HL", "QJ", "LS"):
        assert list(exam_flags(facts, training_end, book(other), ())) == []
    assert list(exam_flags(facts, training_end, rulebook(), ())) == []


@pytest.mark.parametrize(("accept", "severity"), [(None, "ask"), (True, "warn"), (False, "stop")])
def test_an_exam_out_of_season_is_decided_by_a_person(accept: bool | None, severity: str) -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], exams=[scheduled(exam_on=date(2024, 9, 2))])
    decisions = [] if accept is None else [accepted("HB-ASM-05", accept=accept)]
    (flag,) = exam_flags(facts, date(2024, 8, 30), book("HB"), decisions)
    assert flag.severity.value == severity


def test_an_exam_that_proves_nothing_is_not_marked() -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], exams=[scheduled(exam_on=date(2024, 9, 2))])
    facts = replace(facts, certificates=())
    assert list(exam_flags(facts, date(2024, 6, 1), book("HB"), ())) == []
