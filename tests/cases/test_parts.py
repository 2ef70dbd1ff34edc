"""How a case becomes the classes that the services would have had."""

import pytest

from peibu.trial.parts import parts_of
from shared.policy.loader import load_rulebooks
from tests.cases.test_stories import cases

SHELF = load_rulebooks()


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("E3", [(None, "4", 40)]),
        # Five levels are five classes; who has no certificate sits in one of them.
        ("E8", [("upskilling", "5", 12), ("upskilling", "4", 10), ("upskilling", "3", 5), ("upskilling", "2", 2)]),
        # The second electrician's certificate of one level comes from a class of its own.
        ("E12", [("upskilling", "5", 1), *[("upskilling", "4", 1)] * 4]),
        ("E14", [("training", "4", 45), ("training", "4", 5)]),
    ],
)
def test_a_class_leads_to_one_level_and_gives_nobody_two_certificates_of_a_kind(
    name: str, classes: list[tuple[str | None, str, int]]
) -> None:
    case = next(case for case in cases() if case.case == name)
    parts = parts_of(case, SHELF.in_force(case.region, case.opened))
    found = [(part.programme, part.case.level, len(part.case.people)) for part in parts]
    assert found[: len(classes)] == classes
    assert sorted({person for part in parts for person in part.case.people}) == sorted(case.people)
    for part in parts:
        had = [(person, row.kind) for row in part.case.certificate for person in row.persons]
        assert len(had) == len(set(had))
