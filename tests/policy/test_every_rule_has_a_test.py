"""Each entry of the catalogue for Jiyuan is named by a test: who changes a rule finds what shows it by its id."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.policy.loader import load_catalogue, load_forms

TESTS = Path(__file__).parents[1]
_NAMED = re.compile(r"(JY)-([A-Z]+)-(\d{2})((?:(?:, | and |/)-(?:[A-Z]+-)?\d{2})*)", re.IGNORECASE)
_FURTHER = re.compile(r"-(?:([A-Z]+)-)?(\d{2})")


def named(texts: Iterable[str]) -> Iterator[str]:
    """Give the ids that texts name: `JY-SUP-05`, `JY-SUP-05, -06`, `jy_sup_05`."""
    for text in texts:
        for found in _NAMED.finditer(re.sub(r"jy_([a-z]+)_(\d{2})", r"JY-\1-\2", text)):
            chapter = found[2].upper()
            yield f"JY-{chapter}-{found[3]}"
            for other, number in _FURTHER.findall(found[4]):
                chapter = other or chapter
                yield f"JY-{chapter}-{number}"


def test_every_rule_of_jiyuan_is_named_by_a_test() -> None:
    rules = {rule for rule in load_catalogue() if rule.startswith("JY-")}
    shown = set(named(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py") if path != Path(__file__)))
    fields = {field.rule for form in load_forms() for field in form.fields}  # each shown by tests/policy/test_form.py
    assert sorted(rules - shown - fields) == []


def test_a_rule_that_no_test_names_is_found() -> None:
    assert set(named(["JY-SUP-05, -06 and JY-ASM-01", "def test_jy_int_01_x"])) == {
        *("JY-SUP-05", "JY-SUP-06", "JY-ASM-01", "JY-INT-01")
    }
    assert not list(named(["nothing"]))
