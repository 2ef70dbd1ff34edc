"""What the five documents say of exams and certificates, and what each of them leaves unsaid."""

from datetime import date

import pytest

from shared.policy.rulebook import Rulebook
from tests.assessment.sample import shelf

HULUDAO, HEBEI = ("211400", date(2020, 7, 1)), ("130000", date(2024, 5, 1))
QUANJIAO, LINSHU = ("341124", date(2020, 7, 1)), ("371329", date(2020, 9, 1))


def book(place: tuple[str, date]) -> Rulebook:
    """Give the rulebook in force in a region on a day."""
    return shelf().in_force(*place)


@pytest.mark.parametrize(
    ("place", "rule", "named", "asked"),
    [
        pytest.param(
            HULUDAO,
            "HL-ASM-01",
            {"qualification", "level", "special_ability", "special_operation", "completion", "graduation"},
            {"other"},
            id="HL-ASM-01",
        ),
        pytest.param(
            HEBEI,
            "HB-ASM-04",
            {"qualification", "level", "special_ability", "completion"},
            {"special_operation", "graduation", "other"},
            id="HB-ASM-04",
        ),
        pytest.param(
            QUANJIAO,
            "QJ-ASM-01",
            {"qualification", "level", "special_ability", "completion"},
            {"special_operation", "graduation", "other"},
            id="QJ-ASM-01",
        ),
        pytest.param(
            LINSHU,
            "LS-ASM-01",
            {"qualification", "level", "special_ability", "special_operation", "completion"},
            {"graduation", "other"},
            id="LS-ASM-01",
        ),
    ],
)
def test_a_document_names_its_certificates_and_a_person_decides_on_others(
    place: tuple[str, date], rule: str, named: set[str], asked: set[str]
) -> None:
    kinds = book(place).assessment.certificate_kinds
    assert kinds is not None
    assert kinds.rule == rule
    assert {kind.code for kind in kinds.kinds} == named | asked
    assert {kind.code for kind in kinds.kinds if kinds.asks(kind.code)} == asked
    assert kinds.kind("in_house") is None
