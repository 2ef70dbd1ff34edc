"""Every rule of a document that the product carries out is found: where it is decided, and which test shows it."""

from pathlib import Path

from shared.policy.coherence import CatalogueRule
from shared.policy.coverage import coverage, named, texts_under
from shared.policy.loader import load_catalogue, load_forms, load_rulebooks

ROOT = Path(__file__).parents[2]
CARRIED_OUT = ("JY-", "HL-", "HB-", "QJ-", "LS-")
"""The documents whose rules are all decided; a rulebook's rules come in here when it is complete."""


def test_every_rule_of_a_complete_rulebook_is_decided_somewhere_and_shown_by_a_test() -> None:
    found = coverage(
        {name: rule for name, rule in load_catalogue().items() if name.startswith(CARRIED_OUT)},
        books=load_rulebooks().current,
        forms=load_forms(),
        code=texts_under(ROOT, "shared", "services"),
        tests={
            name: text for name, text in texts_under(ROOT, "tests").items() if name != "tests/policy/test_coverage.py"
        },
    )
    assert len(found) == 164 + 90 + 74 + 43 + 54
    assert [row.rule.id for row in found if not row.explained] == []


def test_a_rule_that_nothing_decides_or_shows_is_found() -> None:
    rules = {
        name: CatalogueRule(
            id=name, jurisdiction="Nowhere", doc_no="X", locator="一", decision="auto", statement="Nothing."
        )
        for name in ("XX-ENR-01", "XX-ENR-02", "XX-ENR-03")
    }
    found = coverage(
        rules,
        books=(),
        forms=(),
        code={"a.py": "(XX-ENR-01, -02)"},
        tests={"test_a.py": "def test_xx_enr_02_x() -> None:"},
    )
    assert [(row.rule.id, row.code, row.tests, row.explained) for row in found] == [
        ("XX-ENR-01", ["a.py"], [], False),
        ("XX-ENR-02", ["a.py"], ["test_a.py"], True),
        ("XX-ENR-03", [], [], False),
    ]


def test_rules_are_found_in_every_way_in_which_people_name_them() -> None:
    assert list(named("JY-SUP-05, -06 and -ASM-01; test_jy_int_01_x; QJ-FLD-08 to QJ-FLD-10")) == [
        *("JY-SUP-05", "JY-SUP-06", "JY-ASM-01"),
        "JY-INT-01",
        *("QJ-FLD-08", "QJ-FLD-09", "QJ-FLD-10"),
    ]
    assert not list(named("nothing, and no-05"))
