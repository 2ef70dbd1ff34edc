"""Only somebody's first certificate of an occupation brings Hebei's evaluation subsidy (HB-CLM-09), in any class."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.payment.domain.deciding import Decided, decide
from shared.contracts.assessment import CertificateIssued
from shared.policy.decision import Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit, Condition
from tests.payment.scene import HEBEI, Scene, against, alike, book_of, certified, line_of, rate, table, total

PASSED = date(2024, 5, 20)
EVALUATION = rate(HEBEI, "evaluation", 300)
FIRST = [("NOT_FIRST_CERTIFICATE", "HB-CLM-09")]


def evaluated(heads: int = 1) -> Scene:
    """Give an evaluation in which everybody passed under an agreement."""
    issued = [certified(f"p{number}", issued=PASSED, agreement=PASSED) for number in range(1, heads + 1)]
    groups = alike(heads, "graduate")
    return Scene(region=HEBEI, programme="evaluation", kind="evaluation", groups=groups, certificates=issued)


def earlier(person: str = "p1", *, class_id: str = "class-0", **other: Any) -> CertificateIssued:
    """Give a certificate of another class, of the day before unless the test says otherwise."""
    told = {"issued": PASSED - timedelta(days=1), **other}
    return replace(certified(person, **told), class_id=class_id)


def decided(scene: Scene, *elsewhere: CertificateIssued, book: Rulebook | None = None) -> Decided:
    facts = replace(scene.facts, elsewhere=elsewhere)
    assert facts.opened is not None
    return decide(
        facts,
        facts.opened,
        rulebook=book or book_of(HEBEI),
        rates=table(HEBEI, EVALUATION),
        decisions=(),
        entitled=frozenset(),
    )


def conditioned(*conditions: Condition) -> Rulebook:
    """Give Hebei's rulebook with these conditions of every evaluation and no others."""

    def of(benefit: Benefit) -> Benefit:
        return replace(benefit, conditions=conditions) if benefit.programme == "evaluation" else benefit

    book = book_of(HEBEI)
    return replace(book, payment=replace(book.payment, benefits=tuple(map(of, book.payment.benefits))))


def conditions() -> Sequence[Condition]:
    [benefit] = [each for each in book_of(HEBEI).payment.benefits if each.code == "evaluation"]
    return benefit.conditions


def test_who_holds_an_earlier_certificate_of_the_occupation_is_refused_with_rule_and_days() -> None:
    found = decided(evaluated(2), earlier()).assessment()
    assert (total(found), against(found)) == (300_00, FIRST)
    [finding] = line_of(found).findings
    assert finding.severity is Severity.STOP
    assert (finding.clause, finding.document) == ("四(五)", "冀就办字〔2024〕2号")
    assert finding.value == "2024-05-19"
    assert "2024-05-19" in finding.message
    assert not {"p1", "class-0", "张*"} & set(finding.message.split())


def test_whose_certificate_is_the_first_is_told_so_with_its_day() -> None:
    line = line_of(decided(evaluated()).assessment())
    [trace] = [trace for trace in line.traces if trace.result == "first_certificate"]
    assert (trace.rule, trace.clause, dict(trace.inputs)) == ("HB-CLM-09", "四(五)", {"issued_on": "2024-05-20"})


@pytest.mark.parametrize(
    ("other", "paid"),
    [
        ({}, False),
        ({"level": "5"}, False),  # whatever the level (HB-CLM-11)
        ({"kind": "special_ability"}, False),
        ({"kind": "completion"}, True),  # no certificate of the three kinds
        ({"occupation": "fitter"}, True),
        ({"issued": PASSED, "class_id": "class-0"}, False),  # of one day the lower id was first
        ({"issued": PASSED, "class_id": "class-2"}, True),
        ({"issued": PASSED + timedelta(days=1)}, True),
    ],
)
def test_first_is_the_first_day_among_the_kinds_that_count_in_the_occupation(other: dict[str, Any], paid: bool) -> None:
    found = decided(evaluated(), earlier(**other)).assessment()
    assert (total(found), against(found)) == ((300_00, []) if paid else (0, FIRST))


def test_of_two_certificates_of_one_class_the_later_one_is_not_the_first() -> None:
    """The first was earned without an agreement: it brings nothing, and it was the first all the same."""
    scene = evaluated()
    before = replace(certified("p1", "special_ability", issued=PASSED - timedelta(days=9)), agreement_on=None)
    for certificates in ([*scene.certificates, before], [before, *scene.certificates]):
        found = decided(replace(scene, certificates=certificates)).assessment()
        assert (total(found), against(found)) == (0, [("AGREEMENT_LATE", "HB-CLM-12"), *FIRST])


def test_a_document_that_does_not_ask_for_the_first_pays_the_second() -> None:
    silent = conditioned(*[each for each in conditions() if not each.first_certificate])
    assert total(decided(evaluated(), earlier(), book=silent).assessment()) == 300_00
    assert not silent.payment.asks_for_first
    assert book_of(HEBEI).payment.asks_for_first


def test_people_are_told_apart_by_it_only_where_a_benefit_asks() -> None:
    asking = conditioned(*[each for each in conditions() if each.first_certificate])
    scene = evaluated(4)
    found = decided(scene, earlier("p2"), earlier("p4"), book=asking)
    assert [one.situation.places for one in found.judged] == [(0, 2), (1, 3)]
    assert [line.amount_fen for line in found.assessment().lines] == [300_00, 0, 300_00, 0]
    assert len(decided(scene, earlier("p2"), earlier("p4"), book=conditioned()).judged) == 1
