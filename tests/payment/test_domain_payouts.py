"""What was handed to people before it is claimed (LS-CLM-04, LS-PAY-04): no fen beyond what is proven."""

from dataclasses import replace

import pytest

from services.payment.domain.claimant import require_not_advanced
from services.payment.domain.claimed_part import for_payee, narrowed
from services.payment.domain.subsidy import Assessment
from shared.domain.errors import Refused
from shared.policy.decision import Severity
from tests.payment.sample import accepted
from tests.payment.scene import LINSHU, Scene, against, book_of, total
from tests.payment.test_domain_benefits_linshu import ALLOWANCE, TRAINING, linshu

TWENTY = tuple(f"p{number}" for number in range(1, 21))
CLAIMS_HIMSELF = replace(accepted("LS-PAY-04"), persons=frozenset({"p20"}))


def poor(paid_out: dict[str, int] | None) -> Scene:
    return replace(linshu(group="poor_worker", heads=20, kind="project", days=30), certificates=(), paid_out=paid_out)


def handed(last_fen: int | None) -> dict[str, int]:
    whole = dict.fromkeys(TWENTY[:-1], 600_00)
    return whole if last_fen is None else whole | {"p20": last_fen}


def flags(found: Assessment) -> list[tuple[str, str, Severity]]:
    return [(flag.code, flag.rule, flag.severity) for flag in found.flags if flag.rule == "LS-CLM-04"]


@pytest.mark.parametrize(
    ("last_fen", "fen", "short"),
    [
        (598_00, 11_998_00, "2.00"),
        (599_99, 11_999_99, "0.01"),
        (600_00, 12_000_00, None),
        (600_01, 12_000_00, None),
        (1, 11_400_01, "599.99"),
    ],
)
def test_no_more_is_paid_than_was_handed_out_and_no_more_than_is_due(
    last_fen: int, fen: int, short: str | None
) -> None:
    """LS-CLM-04: 598 of 600 yuan to one of twenty: 11,998 are allowed, the difference of 2 is flagged."""
    found = poor(handed(last_fen)).judged(TRAINING, ALLOWANCE)
    assert total(found) == fen
    assert flags(found) == ([("PAID_OUT_SHORT", "LS-CLM-04", Severity.WARN)] if short else [])
    assert [flag.value for flag in found.flags if flag.code == "PAID_OUT_SHORT"] == ([short] if short else [])
    last = next(line for line in found.lines if line.person_id == "p20" and line.programme == "living_allowance")
    assert last.traces[-1].rule == "LS-CLM-04"
    assert dict(last.traces[-1].inputs) == {"due_fen": 600_00, "paid_out_fen": last_fen}


def test_who_is_not_proven_to_have_been_handed_anything_is_not_claimed_for() -> None:
    """LS-CLM-04"""
    found = poor(handed(None)).judged(TRAINING, ALLOWANCE)
    assert total(found) == 11_400_00
    allowance = [line for line in found.lines if line.programme == "living_allowance"]
    assert [(line.person_id, line.findings[0].code) for line in allowance if line.findings] == [
        ("p20", "PAYOUT_UNPROVEN")
    ]
    assert total(poor({}).judged(TRAINING, ALLOWANCE)) == 0
    assert flags(found) == []


def test_a_case_that_says_nothing_of_it_is_in_order() -> None:
    assert total(poor(None).judged(TRAINING, ALLOWANCE)) == 12_000_00


def test_what_is_handed_out_touches_no_training_subsidy() -> None:
    """LS-CLM-04: the training is the institution's own, the allowance alone is handed on."""
    scene = replace(linshu(group="poor_worker", heads=1, kind="project", days=30), paid_out={})
    found = scene.judged(TRAINING, ALLOWANCE, decisions=[])
    assert [(line.programme, line.amount_fen) for line in found.lines if line.person_id] == [
        ("training", 1_500_00),
        ("living_allowance", 0),
    ]


def test_a_learner_whom_nothing_proves_paid_is_paid_himself_once_a_person_decided_so() -> None:
    """LS-PAY-04: unless the proof of payout is missing; then a person decides."""
    scene = poor(handed(None))
    mine = for_payee(scene.judged(TRAINING, ALLOWANCE, decisions=[CLAIMS_HIMSELF]), "learner", book_of(LINSHU))
    assert total(mine) == 600_00
    refused = [replace(CLAIMS_HIMSELF, accepted=False)]
    for decisions in ([], refused, [accepted("LS-PAY-04")]):
        undecided = scene.judged(TRAINING, ALLOWANCE, decisions=decisions)
        assert total(for_payee(undecided, "learner", book_of(LINSHU))) == 0
    proven = poor(handed(1)).judged(TRAINING, ALLOWANCE, decisions=[CLAIMS_HIMSELF])
    assert total(for_payee(proven, "learner", book_of(LINSHU))) == 0


def test_a_learner_who_was_handed_it_is_refused() -> None:
    """LS-PAY-04: ALREADY_ADVANCED, and the institution's claim includes the 12,000."""
    scene = poor(handed(600_00))
    found = scene.judged(TRAINING, ALLOWANCE)
    mine = narrowed(found, frozenset({"p1"}), alone=True, rulebook=book_of(LINSHU))
    with pytest.raises(Refused, match="ALREADY_ADVANCED") as refused:
        require_not_advanced(mine, scene.facts)
    assert refused.value.rule == "LS-PAY-04"
    assert total(for_payee(found, "institution", book_of(LINSHU))) == 12_000_00
    unproven = poor(handed(None))
    last = narrowed(unproven.judged(TRAINING, ALLOWANCE), frozenset({"p20"}), alone=True, rulebook=book_of(LINSHU))
    require_not_advanced(last, unproven.facts)


def test_a_missing_rate_stops_the_class_whatever_was_handed_out() -> None:
    """LS-CLM-08"""
    assert against(poor(handed(1)).judged(TRAINING)) == [("RATE_MISSING", "LS-CLM-08")]


def test_the_same_allowance_in_another_document_asks_for_no_proof() -> None:
    """What a document does not name is off: nothing is handed out first in Huludao."""
    assert [benefit.code for benefit in book_of("211400").payment.benefits if benefit.paid_out_first is not None] == []
