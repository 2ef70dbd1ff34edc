"""Silence stays silent: what a document does not name is absent from its rulebook, every number is its own rule's.

`silence.toml` says, for every term that a rulebook can have, which documents name it, and for every rule which numbers
its clause states; both were read from the documents. What a region has set itself (`local`) is no document's.
HL-QUA-04, HB-QUA-04, QJ-PAY-03, LS-PAY-03, JY-PAY-06.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from services.payment.application.request_feature import feature_refusal
from shared.policy.loader import load_rulebooks, read_rulebook_at
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.provisions import CHAPTERS
from shared.policy.rulebook import Rulebook
from shared.policy.silence import provided
from shared.policy.terms.payment import Feature
from shared.policy.terms.reporting import ReportingTerms
from shared.policy.terms.term import Term
from tests.policy.folders import packaged, written

TABLE: Final = tomllib.loads(Path(__file__).with_name("silence.toml").read_text(encoding="utf-8"))
DOCUMENTS: Final = {"419001": "JY", "211400": "HL", "130000": "HB", "341124": "QJ", "371329": "LS"}
BOOKS: Final = load_rulebooks().current
HULUDAO: Final = "huludao/2019-07-31.toml"
FEATURES: Final[tuple[Feature, ...]] = get_args(Feature)


def terms_of(book: Rulebook) -> Iterator[tuple[str, Any]]:
    """Give every term that a rulebook can have by its key, and what this one has there."""
    chapters = [(name, getattr(book, name)) for name in CHAPTERS]
    for name, chapter in chapters:
        for field in fields(chapter):
            value = getattr(chapter, field.name)
            if isinstance(value, ReportingTerms):
                chapters.append((f"{name}.{field.name}", value))
            else:
                yield f"{name}.{field.name}", value


def numbers_in(value: Any, rule: str) -> Iterator[tuple[str, str]]:
    """Give the numbers and days of a value with the rule in whose name they stand, a row's own before its term's."""
    match value:
        case bool():
            pass
        case int() | Decimal() | date():
            yield rule, str(value)
        case tuple():
            for part in value:
                yield from numbers_in(part, rule)
        case _ if is_dataclass(value):
            own = getattr(value, "rule", None) or rule
            local = value.local if isinstance(value, Term) else ()
            for field in fields(value):
                part = getattr(value, field.name)
                if field.name not in local and part != field.default:
                    yield from numbers_in(part, own)


def leaks(book: Rulebook) -> list[str]:
    """Give what stands in a rulebook although its document does not say it, and what is missing of what it says."""
    document, found = DOCUMENTS[book.region], []
    for key, value in terms_of(book):
        named = document in TABLE["terms"][key]
        if named != (value not in (None, ())):
            found.append(f"{document} {key}: {'named, and absent' if named else 'not named, and present'}")
        for rule, number in numbers_in(value, ""):
            if rule.partition("-")[0] != document or number not in TABLE["numbers"].get(rule, []):
                found.append(f"{document} {key}: {number} is not a number of {rule}")
    return found


def test_every_term_has_a_row_that_says_which_documents_name_it() -> None:
    assert [key for key, _ in terms_of(BOOKS[0])] == list(TABLE["terms"])
    assert {document for named in TABLE["terms"].values() for document in named} <= set(DOCUMENTS.values())


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: DOCUMENTS[book.region])
def test_what_a_document_does_not_name_is_absent_and_every_number_is_its_own_rules(book: Rulebook) -> None:
    assert leaks(book) == []


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: DOCUMENTS[book.region])
def test_no_number_of_a_rule_is_left_out(book: Rulebook) -> None:
    stand = {pair for _, value in terms_of(book) for pair in numbers_in(value, "")}
    stated = {(rule, number) for rule, numbers in TABLE["numbers"].items() for number in numbers}
    assert sorted(pair for pair in stated - stand if pair[0].startswith(DOCUMENTS[book.region])) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "leak"),
    [
        (
            HULUDAO,
            "[enrollment.person_archive]",
            '[enrollment.class_hour]\nrule = "HL-ENR-16"\nclause = "三(八)"\nminutes_min = 40\n\n'
            "[enrollment.person_archive]",
            "HL enrollment.class_hour: not named, and present",
        ),
        (
            HULUDAO,
            "percent = 50\n",
            "percent = 60\n",
            "HL payment.advance: 60 is not a number of HL-PAY-02",
        ),
    ],
    ids=["a neighbour's term", "a neighbour's number"],
)
def test_a_planted_leak_is_found(tmp_path: Path, name: str, old: str, new: str, leak: str) -> None:
    text = packaged(name)
    assert text.count(old) == 1
    path = written(tmp_path, name, text.replace(old, new)) / name
    assert leak in leaks(read_rulebook_at(path))


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: DOCUMENTS[book.region])
def test_whoever_asks_for_a_switch_that_the_document_does_not_name_is_told_that_it_is_off(book: Rulebook) -> None:
    term = book.payment.features_off
    assert term is not None
    assert not provided(book) & set(term.features)
    for feature in FEATURES:
        refusal = feature_refusal(book, feature)
        named = (refusal.rule, refusal.clause, refusal.document)
        if feature in provided(book):
            offered = book.payment.advance if feature == "advance" else None
            own = (offered.rule, offered.clause, offered.document) if offered else (None, None, None)
            assert (refusal.code, named) == ("FEATURE_OFFERED", own)
        else:
            listed = (term.rule, term.clause, term.document) if feature in term.features else (None, None, None)
            assert (refusal.code, named) == ("FEATURE_OFF", listed)
            assert book.document in refusal.message


def test_a_switch_named_as_off_and_set_all_the_same_is_no_rulebook(tmp_path: Path) -> None:
    """HL-QUA-04: Huludao's advance is its own, so it cannot be among what its document does not name."""
    text = packaged(HULUDAO).replace('features = ["attendance",', 'features = ["advance", "attendance",')
    with pytest.raises(PolicyFilesInvalid, match="advance 写明文件没有规定，本册却载有相应的条款"):
        read_rulebook_at(written(tmp_path, HULUDAO, text) / HULUDAO)
