"""A rulebook can be read, and two can be compared, without a line of Python."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from shared.policy.loader import load_catalogue, load_rulebooks, read_rulebook_at
from shared.policy.provisions import differences, provisions
from shared.policy.rulebook import Rulebook
from shared.policy.rulebook_file import parts_of
from shared.policy.terms.term import Term
from shared.policy.words import words
from tests.policy.folders import RULEBOOK, changed, packaged, written

BOOKS = load_rulebooks().current
OF_EVERY_TERM = {field.name for field in fields(Term)}


def shapes() -> list[Any]:
    """Give every class of which a rulebook consists."""
    found: list[Any] = [Rulebook]
    for shape in found:
        for hint in get_type_hints(shape).values():
            found += [part for part in parts_of(hint) if is_dataclass(part) and part not in found]
    return found


def test_every_key_and_every_fixed_word_of_a_rulebook_has_a_chinese_name() -> None:
    known = words()
    nameless = []
    for shape in shapes():
        for key, hint in get_type_hints(shape).items():
            if f"{shape.__name__}.{key}" not in known.keys and key not in known.keys:
                nameless.append(f"{shape.__name__}.{key}")
            if key == "code":
                continue  # has its name beside it
            for part in parts_of(hint):
                if get_origin(part) is Literal:
                    nameless += [f"{key}: {word}" for word in get_args(part) if not _is_named(key, word)]
    assert sorted(set(nameless)) == []


def _is_named(key: str, word: str) -> bool:
    """Groups of people have the name that each rulebook gives them."""
    groups = {
        code for shape in shapes() if shape.__name__ == "Group" for code in get_args(get_type_hints(shape)["code"])
    }
    return words().value(word, key) is not None or word in groups


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
def test_a_rulebook_is_said_in_chinese_with_rule_and_clause(book: Rulebook) -> None:
    found = provisions(book)
    assert len({provision.key for provision in found}) == len(found)
    english = [
        provision for provision in found if re.search(r"[a-z_]{3,}", provision.term + provision.name + provision.text)
    ]
    assert english == []
    catalogue = load_catalogue()
    for provision in found:
        if provision.rule:
            assert provision.rule in catalogue
            assert provision.clause


def test_provisions_are_said_with_their_values_and_whose_they_are() -> None:
    (book,) = (book for book in BOOKS if book.region == "419001")
    found = {provision.key: provision for provision in provisions(book)}
    share = found["supervision.opening_attendance.minimum_percent"]
    assert (share.term, share.name, share.text, share.rule) == ("开班到课率", "下限（%）", "90", "JY-SUP-04")
    assert not share.local
    assert found["payment.review_limit.starts_on"].text == "收到之日"
    assert found["payment.review_limit.starts_on"].local
    assert found["enrollment.registers.contest.key"].text == "形式、名称、举办日期"
    assert found["payment.steps.steps.payment"].text == "角色 财务"


def test_two_rulebooks_are_compared_in_words(tmp_path: Path) -> None:
    before = read_rulebook_at(written(tmp_path / "old", RULEBOOK, packaged(RULEBOOK)) / RULEBOOK)
    text, _ = changed(RULEBOOK, "minimum_percent = 90", "minimum_percent = 85")
    text = text.replace("[payment.breach]\n", "[payment.batches_before]\n").replace(
        '[payment.batches_before]\nrule = "JY-CLM-11"\nclause = "附件2 补贴资金申领栏"\n', ""
    )
    after = read_rulebook_at(written(tmp_path / "new", RULEBOOK, text) / RULEBOOK)
    told = [
        (change.either.key, change.before and change.before.text, change.after and change.after.text)
        for change in differences(before, after)
    ]
    assert told == [
        ("supervision.opening_attendance.minimum_percent", "90", "85"),
        ("payment.breach", "", None),
        ("payment.breach.work_error", "否", None),
    ]
    assert differences(before, before) == ()
