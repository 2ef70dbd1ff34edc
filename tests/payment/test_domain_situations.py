"""Who is alike is judged once: nobody's line may come out otherwise than if everybody had been judged alone."""

from dataclasses import fields, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.province_year import Claimed, province_year
from peibu.trial.judging import judge
from services.payment.domain import deciding
from services.payment.domain.caps import Use
from services.payment.domain.claim import PAID_AS
from services.payment.domain.claimed_part import is_whole, part_of
from services.payment.domain.deciding import assess, decide
from services.payment.domain.decision import Decision
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.situation import IDENTITY, Situation
from services.payment.domain.subsidy import Assessment
from shared.contracts.assessment import CertificateVoided
from shared.contracts.enrollment import ClassOpened, TraineeWithdrawn
from shared.policy.case_file import read_case
from shared.policy.loader import load_catalogue, load_rulebooks
from shared.policy.terms.benefit import PayeeKind
from tests.payment.test_domain_progress import claim as a_claim

CASES = Path(__file__).parents[2] / "cases"
CLASSES = [*province_year(200, seed=7)]
ASKED_OF_EVERYBODY = {"certificates", "voided", "attendance", "withdrawn", "spells", "months", "payouts", "elsewhere"}
"""What of a class's facts speaks of single people and tells situations apart."""


def alone(facts: ClassFacts, opened: ClassOpened, **_: Any) -> tuple[Situation, ...]:
    return tuple(
        Situation(
            places=(place,), example=one, sessions=facts.sessions_present(one.person_id), core=place, is_alone=True
        )
        for place, one in enumerate(opened.trainees)
    )


def spelled_out(found: Assessment) -> tuple[str, list[str]]:
    return repr(found), [repr(line.awards) for line in found.lines]


def judged(claimed: Claimed, **other: Any) -> Assessment:
    case = claimed.case
    given = {"rates": claimed.rates, "decisions": claimed.decisions, "entitled": claimed.entitled, **other}
    return assess(given.pop("facts", case.facts), given.pop("opened", case.opened), rulebook=case.rulebook, **given)


def troubled(claimed: Claimed, draw: Random) -> dict[str, Any]:
    """Give a class with people of whom something else is so than of the others."""
    facts, opened = claimed.case.facts, claimed.case.opened
    somebody = [trainee.person_id for trainee in opened.fact.trainees if draw.random() < 0.3]
    left = [person for person in somebody if draw.random() < 0.2]
    withdrawn = [
        TraineeWithdrawn(class_id=facts.class_id, person_id=one, on=opened.fact.closing_date, reason="") for one in left
    ]
    void = [
        CertificateVoided(
            class_id=facts.class_id,
            certificate_id=known.fact.certificate_id,
            person_id=known.fact.person_id,
            on=known.fact.issued_on,
            reason="",
        )
        for known in facts.certificates
        if known.fact.person_id in somebody and draw.random() < 0.2
    ]
    again = [
        replace(
            known,
            event_id=f"{known.event_id}-again",
            fact=replace(
                known.fact,
                certificate_id=f"{known.fact.certificate_id}-again",
                attempt=draw.choice((1, 2)),
                level=draw.choice(("4", "3", None)),
                issued_on=known.fact.issued_on + timedelta(days=draw.randrange(3)),
            ),
        )
        for known in facts.certificates
        if known.fact.person_id in somebody and draw.random() < 0.2
    ]
    trainees = tuple(
        replace(one, attributes={"insured_months": str(draw.choice((3, 40)))} if one.person_id in somebody else {})
        for one in opened.fact.trainees
    )
    changed = replace(opened, fact=replace(opened.fact, trainees=trainees))
    terms = claimed.case.rulebook.payment
    left_to_people = [row.rule for benefit in terms.benefits for row in (*benefit.payees, *benefit.shares)]
    rule = draw.choice([*left_to_people, *(cap.rule for cap in terms.caps)] or ["JY-ASM-05"])
    decision = Decision(
        rule=rule,
        accepted=draw.random() < 0.5,
        reason="",
        decided_by="reviewer",
        decided_on=opened.fact.closing_date,
        persons=frozenset(draw.sample([trainee.person_id for trainee in trainees], 3)),
    )
    held = {
        (person, award.key): award.use
        for person, award in ((line.person_id, award) for line in judged(claimed).lines for award in line.awards)
        if person in somebody[::2] and draw.random() < 0.9
    }
    return {
        "facts": replace(
            facts,
            opened=changed,
            certificates=(*facts.certificates, *again),
            voided=tuple(Known(event_id=f"void-{one.certificate_id}", fact=one) for one in void),
            withdrawn=tuple(Known(event_id=f"left-{one.person_id}", fact=one) for one in withdrawn),
            attendance=facts.attendance[: draw.choice((0, 1, 20))],
        ),
        "opened": changed,
        "decisions": (*claimed.decisions, decision),
        "entitled": claimed.entitled - {person for person in somebody if draw.random() < 0.3},
        "past": tuple(
            Use(
                person_id=one,
                programme=opened.fact.programme,
                on=opened.fact.opening_date,
                imported=draw.random() < 0.5,
            )
            for one in somebody
            for _ in range(draw.randrange(4))
        ),
        "held": held,
    }


@settings(deadline=None)  # a busy machine is no reason to fail
@given(number=st.integers(0, len(CLASSES) - 1), seed=st.integers(0, 10_000))
def test_what_is_said_once_for_all_is_what_everybody_is_told(number: int, seed: int) -> None:
    case = CLASSES[number].case
    given = troubled(CLASSES[number], Random(seed)) | {"rulebook": case.rulebook, "rates": CLASSES[number].rates}
    found = decide(given.pop("facts"), given.pop("opened"), **given)
    said = [
        (no, person, name, answer.line.programme, answer.line.amount_fen, answer.line.findings, answer.line.traces)
        for answer in found.answers()
        for no, person, name in answer.people
    ]
    told = [
        (line.line_no, line.person_id, line.masked_name, line.programme, line.amount_fen, line.findings, line.traces)
        for line in found.assessment().lines
    ]
    assert sorted(said, key=lambda line: line[0]) == told


@settings(deadline=None)  # a busy machine is no reason to fail
@given(number=st.integers(0, len(CLASSES) - 1), seed=st.integers(0, 10_000))
def test_nobody_is_judged_otherwise_because_others_are_alike(number: int, seed: int) -> None:
    claimed = CLASSES[number]
    case = troubled(claimed, Random(seed))
    together = spelled_out(judged(claimed, **case))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "situations", alone)
        assert spelled_out(judged(claimed, **case)) == together


def test_whom_a_decision_names_is_told_from_those_whom_it_does_not_name() -> None:
    [claimed] = [one for one in CLASSES if one.case.rulebook.id.startswith("quanjiao")]
    everybody = sorted(claimed.entitled)
    [accepted] = claimed.decisions
    accepted = replace(accepted, persons=frozenset(everybody[:20]))
    refused = replace(accepted, persons=frozenset(everybody[10:30]), accepted=False)
    lines = judged(claimed, decisions=(accepted, refused)).lines
    paid = {
        line.person_id for line in lines if line.amount_fen and line.programme == claimed.case.opened.fact.programme
    }
    codes = {line.person_id: {finding.code for finding in line.findings} for line in lines if line.line_no <= 50}
    assert paid
    assert paid <= set(everybody[:10])
    assert any("PAYEE_REFUSED" in codes[person] for person in everybody[10:30])
    assert any("PAYEE_UNDECIDED" in codes[person] for person in everybody[30:])
    assert not any({"PAYEE_REFUSED", "PAYEE_UNDECIDED"} & codes[person] for person in everybody[:10])


@pytest.mark.parametrize("file", sorted(CASES.glob("*/*.toml")), ids=lambda file: file.stem)
def test_a_case_comes_to_the_same_when_everybody_in_it_is_judged_alone(file: Path) -> None:
    def lines() -> list[str]:
        case = read_case(file.read_bytes(), name=file.name, catalogue=load_catalogue())
        return [repr(line) for line in judge(case, load_rulebooks()).lines]

    together = lines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "situations", alone)
        assert lines() == together


@pytest.mark.parametrize("claimed", CLASSES, ids=lambda claimed: claimed.case.rulebook.id.split("@")[0])
def test_people_who_are_alike_are_judged_once(claimed: Claimed) -> None:
    case = claimed.case
    given = {"rates": claimed.rates, "decisions": claimed.decisions, "entitled": claimed.entitled}
    found = decide(case.facts, case.opened, rulebook=case.rulebook, **given)  # type: ignore[arg-type]
    people = len(case.opened.fact.trainees)
    assert sum(one.heads for one in found.judged) == people
    assert len(found.judged) < people / 2


@pytest.mark.parametrize("claimed", CLASSES, ids=lambda claimed: claimed.case.rulebook.id.split("@")[0])
def test_a_claim_of_everything_comes_to_what_its_part_of_the_class_comes_to(claimed: Claimed) -> None:
    case = claimed.case
    given = {"rates": claimed.rates, "decisions": claimed.decisions, "entitled": claimed.entitled}
    found = decide(case.facts, case.opened, rulebook=case.rulebook, **given)  # type: ignore[arg-type]
    spelled, everybody = found.assessment(), frozenset(one.person_id for one in case.opened.fact.trainees)
    somebody = frozenset(sorted(everybody)[1:])
    whole = {}
    for claimant, persons, payee in product(PAID_AS, (None, everybody, somebody), (None, *get_args(PayeeKind))):
        claim = a_claim(claimant=claimant, persons=persons, payee=payee, owner="body", assessment=spelled)
        whole[claimant, persons, payee] = is_whole(claim, found)
        if whole[claimant, persons, payee]:
            assert part_of(claim, spelled, case.rulebook).lines == spelled.lines
    assert whole["institution", None, None]
    assert whole["institution", everybody, None]
    assert not any(
        true for (claimant, persons, _), true in whole.items() if claimant == "assessor" or persons is somebody
    )
    assert sum(whole["institution", None, payee] for payee in get_args(PayeeKind)) <= 1


def test_an_award_stays_what_it_is_when_its_worth_or_its_person_is_told() -> None:
    """A field that is added later must not be lost on the way."""
    somebody = next(line.awards[0] for line in judged(CLASSES[1]).lines if line.awards)
    award = replace(
        somebody, percent=80, amount_fen=1, paid_out_fen=7, short_fen=3, use=replace(somebody.use, imported=True)
    )
    defaults = {field.name: field.default for field in fields(award)} | {"certificate": None}
    assert all(getattr(award, name) != value for name, value in defaults.items() if name not in ("findings", "traces"))
    told = award.worth(5, (), (), short_fen=2)
    assert told == replace(award, amount_fen=5, short_fen=2, findings=(), traces=())
    other = award.of("another", None)
    assert other == replace(award, use=replace(award.use, person_id="another"), certificate=None)


def test_a_difference_in_anything_but_identity_tells_people_apart() -> None:
    """A field that is added later decides, too; one that shall not has to be named."""
    for kind, identity in IDENTITY.items():
        assert identity < {field.name for field in fields(kind)}


def test_facts_about_single_people_are_all_asked_of_everybody() -> None:
    of_the_class = {
        "class_id", "opened", "dated", "training", "examination", "cancelled", "checks", "exams", "raised", "closed",
        "survey", "entries",
    }  # fmt: skip
    assert {field.name for field in fields(ClassFacts)} == of_the_class | ASKED_OF_EVERYBODY
