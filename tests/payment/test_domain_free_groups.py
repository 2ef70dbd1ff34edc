"""Whoever is trained for nothing by another document has paid nothing, or the class is not claimed for."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.obstacles import obstacles
from shared.contracts.enrollment import ClassKind
from tests.payment.sample import certificate, class_facts, class_opened, people, shelf

PLACES = {
    "HL": ("211400", date(2020, 7, 1)),
    "HB": ("130000", date(2024, 5, 1)),
    "QJ": ("341124", date(2020, 7, 1)),
    "LS": ("371329", date(2020, 9, 1)),
}


@pytest.mark.parametrize(
    ("place", "group", "kind", "expected"),
    [
        ("HL", "disabled", "class", [("HL-ENR-05", "disabled")]),
        ("HL", "poor_worker", "project", [("HL-ENR-21", "poor_worker")]),
        ("HL", "poor_worker", "class", []),
        ("HL", "veteran", "project", [("HL-ENR-05", "veteran")]),
        ("HB", "rural_transferred", "class", []),
        ("QJ", "veteran", "class", [("QJ-ENR-06", "veteran")]),
        ("QJ", "zero_employment_family", "class", []),
        ("LS", "poor_family_child", "project", [("LS-CLM-03", "poor_family_child")]),
        ("LS", "veteran", "class", []),
    ],
)
def test_a_fee_of_one_fen_keeps_the_class_from_being_claimed_where_the_document_trains_for_nothing(
    place: str, group: str, kind: ClassKind, expected: list[tuple[str, str]]
) -> None:
    """HL-ENR-05, HL-ENR-21, QJ-ENR-06, LS-CLM-03: blocked FEE_CHARGED; Hebei names no free training."""
    roster = people(1, 25)
    facts = class_facts(roster=roster, certificates=[certificate(one) for one in roster])
    opening = replace(class_opened(trainees=roster, groups={"p7": (group,)}), kind=kind)

    def stops(fee_fen: int) -> list[tuple[str, str | None]]:
        trainees = tuple(replace(one, fee_fen=fee_fen if one.person_id == "p7" else 0) for one in opening.trainees)
        opened = replace(opening, trainees=trainees)
        found = obstacles(facts, opened, shelf().in_force(*PLACES[place]), entry_required=False)
        return [(finding.rule, finding.value) for finding in found if finding.code == "FEE_CHARGED"]

    assert stops(1) == expected
    assert stops(0) == []
