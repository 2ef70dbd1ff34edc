"""A refusal counts only with its code, rule, clause and the number of its document."""

from typing import Final

import pytest

from peibu.demo.party import StoryBroken
from tests.cases.refusing import Refused, Refusing, switched_off

UNLISTED: Final = Refused(code="OCCUPATION_NOT_LISTED", rule="HB-ENR-05", clause="四(一)")
DOCUMENT: Final = "冀就办字〔2024〕2号"
ANSWER: Final = {"code": UNLISTED.code, "rule": UNLISTED.rule, "clause": UNLISTED.clause, "document": DOCUMENT}


def test_one_among_several_is_found_and_kept() -> None:
    refusing = Refusing(document=DOCUMENT)
    refusing.hold({"code": "SEVERAL_PROBLEMS", "errors": [{**ANSWER, "code": "OTHER"}, ANSWER]}, [UNLISTED])
    assert refusing.refused == {UNLISTED}


@pytest.mark.parametrize("missing", ["code", "rule", "clause", "document"])
def test_an_answer_that_names_another_or_nothing_breaks_the_story(missing: str) -> None:
    refusing = Refusing(document=DOCUMENT)
    for wrong in ({**ANSWER, missing: "another"}, {"code": "X", "findings": [{**ANSWER, missing: None}]}):
        with pytest.raises(StoryBroken):
            refusing.hold(wrong, [UNLISTED])
    assert refusing.refused == set()


def test_a_switch_that_is_off_is_no_refusal_of_a_rule() -> None:
    refusing, off = Refusing(document=DOCUMENT), switched_off(UNLISTED, "advance", "notice")
    refusing.hold_off(ANSWER, off[0])
    assert (refusing.off, refusing.refused) == ({"advance"}, set())
