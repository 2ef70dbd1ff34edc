"""Which certificate counts, who is refused and with which rule."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.decision import Decision
from services.payment.domain.facts import EntryChanged, Known
from services.payment.domain.obstacles import not_opened, obstacles
from shared.contracts.assessment import AssessmentScheduled, CertificateKind, CertificateVoided, ResultEntryChanged
from shared.contracts.enrollment import RosterEntryChanged, TraineeWithdrawn
from shared.contracts.supervision import FindingClosed, FindingRaised, InspectionEntryChanged, SpotCheckRecorded
from shared.policy.decision import Severity
from shared.policy.loader import load_rulebooks
from tests.payment.sample import (
    accepted,
    assessed,
    certificate,
    class_facts,
    rate,
    rulebook,
    scheduled,
    training_completed,
)


def refusals(facts, **options):  # type: ignore[no-untyped-def]
    found = assessed(facts, rate(1500), **options)
    return [(finding.code, finding.rule) for line in found.lines for finding in line.findings]


def exception(until: date, *kinds: str) -> Decision:
    return Decision(
        rule="JY-ASM-06",
        accepted=True,
        reason="等级认定机构尚未设立",
        decided_by="reviewer-1",
        decided_on=date(2021, 5, 20),
        kinds=frozenset(kinds),
        valid_from=date(2021, 5, 20),
        valid_until=until,
    )


@pytest.mark.parametrize(
    ("exam_on", "kinds", "certifiable", "recognised"),
    [
        (date(2021, 9, 30), ("level",), ("level",), 1),
        (date(2021, 10, 1), ("level",), ("level",), 0),
        (date(2021, 5, 20), ("level",), ("level",), 1),
        (date(2021, 5, 19), ("level",), ("level",), 0),
        (date(2021, 9, 30), ("level",), ("level", "special_ability"), 0),
        (date(2021, 9, 30), ("level", "special_ability"), ("level", "special_ability"), 1),
        (date(2021, 9, 30), ("qualification",), ("qualification",), 0),
    ],
)
def test_a_transitional_exception_covers_only_its_kinds_and_exams_from_its_first_to_its_last_day(
    exam_on: date, kinds: tuple[str, ...], certifiable: tuple[str, ...], recognised: int
) -> None:
    issued = certificate("p1", "completion", issued=date(2021, 11, 1))
    facts = class_facts(
        roster=["p1"],
        certificates=[issued],
        spot=(1, 1),
        certifiable=certifiable,
        exams=[scheduled("completion", exam_on=exam_on)],
    )

    found = assessed(facts, rate(800), decisions=[exception(date(2021, 9, 30), *kinds)])

    assert found.recognised == recognised
    assert bool(found.lines[0].findings) is not bool(recognised)


@pytest.mark.parametrize(
    ("exams", "code"),
    [
        ([scheduled("completion"), scheduled("level")], "COMPLETION_AFTER_ATTEMPT_UNDECIDED"),
        ([scheduled("completion")], "DIRECT_COMPLETION_EXAM"),
        ([scheduled("completion"), scheduled("level", exam_on=date(2021, 7, 3))], "DIRECT_COMPLETION_EXAM"),
        ([scheduled("completion"), scheduled("special_ability")], "DIRECT_COMPLETION_EXAM"),
    ],
)
def test_a_second_attempt_counts_as_one_only_after_an_exam_of_a_better_kind(
    exams: list[AssessmentScheduled], code: str
) -> None:
    issued = certificate("p1", "completion", attempt=2, issued=date(2021, 7, 2))

    assert refusals(class_facts(roster=["p1"], certificates=[issued], spot=(1, 1), exams=exams)) == [
        (code, "JY-ASM-05")
    ]


def test_a_completion_certificate_counts_where_the_occupation_has_no_other() -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1", "completion")], spot=(1, 1), certifiable=())

    assert assessed(facts, rate(800)).recognised == 1


@pytest.mark.parametrize(
    ("issued", "code"),
    [
        (certificate("p1", "in_house"), "CERT_KIND"),
        (certificate("p1", occupation="fitter"), "CERTIFICATE_MISMATCH"),
        (certificate("p1", level="3"), "CERTIFICATE_MISMATCH"),
    ],
)
def test_a_certificate_of_another_kind_occupation_or_level_pays_nobody(issued, code) -> None:  # type: ignore[no-untyped-def]
    assert [found for found, _ in refusals(class_facts(roster=["p1"], certificates=[issued], spot=(1, 1)))] == [code]


def test_a_person_without_certificate_has_a_line_that_says_so() -> None:
    facts = class_facts(roster=["p1", "p2"], certificates=[certificate("p1")], spot=(2, 2))

    assert refusals(facts) == [("NOT_CERTIFIED", "JY-ASM-04")]


def test_a_voided_certificate_counts_no_more() -> None:
    issued = certificate("p1")
    void = CertificateVoided(
        class_id="class-1",
        certificate_id=issued.certificate_id,
        person_id="p1",
        on=date(2021, 8, 1),
        reason="替考",
    )
    facts = class_facts(roster=["p1"], certificates=[issued], spot=(1, 1))

    assert refusals(replace(facts, voided=(Known(event_id="e-void", fact=void),))) == [("NOT_CERTIFIED", "JY-ASM-04")]


def test_a_certificate_without_a_single_attended_session_pays_nobody() -> None:
    facts = class_facts(
        roster=["p1", "p2"], present=["p1"], certificates=[certificate("p1"), certificate("p2")], spot=(1, 1)
    )

    assert refusals(facts) == [("EVIDENCE_MISSING", "JY-ENR-01")]
    assert assessed(facts, rate(1500)).recognised == 1


def test_a_person_without_an_entitlement_slot_is_neither_paid_nor_recognised() -> None:
    facts = class_facts(roster=["p1", "p2"], certificates=[certificate("p1"), certificate("p2")], spot=(2, 2))

    assert refusals(facts, entitled=["p1"]) == [("ENTITLEMENT_MISSING", "JY-ENR-05")]


def test_a_withdrawn_person_is_not_paid() -> None:
    left = TraineeWithdrawn(class_id="class-1", person_id="p1", on=date(2021, 6, 5), reason="离职")
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1))
    facts = replace(facts, withdrawn=(Known(event_id="e-left", fact=left),))

    assert [code for code, _ in refusals(facts)] == ["TRAINEE_WITHDRAWN"]


def test_a_line_traces_to_the_events_that_prove_it() -> None:
    found = assessed(class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1)), rate(1500))

    line = found.lines[0]
    assert line.evidence == ("e-opened", "e-attendance", "e-class-1-level-p1")
    assert line.rules == ("JY-ENR-01", "JY-ENR-05", "JY-ASM-04", "JY-PAY-05", "JY-CLM-10")
    assert all(trace.document and trace.clause for trace in line.traces)


def test_more_heads_than_results_in_the_system_stop_the_claim() -> None:
    facts = class_facts(roster=["p1", "p2"], certificates=[certificate("p1")], spot=(2, 2))
    second = Known(event_id="e-extra", fact=certificate("p2"))

    found = assessed(replace(facts, certificates=(*facts.certificates, second)), rate(1500))

    assert [(stop.code, stop.rule) for stop in found.stops] == [("CLAIM_GT_RESULTS", "JY-ASM-04")]


@pytest.mark.parametrize(("passed", "code"), [(None, "OPINION_MISSING"), (False, "OPINION_NOT_PASSED"), (True, None)])
def test_a_claim_needs_the_bureaus_passed_inspection_opinion(passed: bool | None, code: str | None) -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")])
    training = training_completed(opening=1, spot=(1, 1), passed=passed)

    found = assessed(replace(facts, training=Known(event_id="e-2", fact=training)), rate(1500))

    assert [(stop.code, stop.rule) for stop in found.stops] == ([(code, "JY-SUP-08")] if code else [])


@pytest.mark.parametrize("missing", ["training", "examination"])
def test_a_claim_waits_for_every_completion_the_evidence_names(missing: str) -> None:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1))

    found = assessed(replace(facts, **{missing: None}), rate(1500))

    assert [(stop.code, stop.rule) for stop in found.stops] == [("NOT_IN_SYSTEM", "JY-ENR-01")]


ENTRIES = {"plan_and_roster": RosterEntryChanged, "inspections": InspectionEntryChanged, "results": ResultEntryChanged}


def entry(checkpoint: str, *, received: int = 40, refused: int = 0) -> Known[EntryChanged]:
    """Give how far forty lines of a checkpoint are entered."""
    fact = ENTRIES[checkpoint](
        class_id="class-1",
        checkpoint=checkpoint,
        entered=received == 40,
        lines=40,
        received=received,
        refused=refused,
    )
    return Known(event_id=f"e-{checkpoint}", fact=fact)


def stops_of(*entries: Known[EntryChanged], checks: bool = True, required: bool = True) -> list[tuple[str, ...]]:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1))
    check = SpotCheckRecorded(
        class_id="class-1", check_id="c1", kind="spot", held_on=date(2021, 6, 8), headcount=1, inspectors=("i1",)
    )
    inspected = (Known(event_id="e-check", fact=check),) if checks else ()
    known = replace(facts, entries=entries, checks=inspected)
    assert known.opened is not None
    found = obstacles(known, known.opened.fact, rulebook(), entry_required=required)
    return [(stop.code, stop.rule, stop.clause, stop.value or "") for stop in found]


@pytest.mark.parametrize("checkpoint", list(ENTRIES))
@pytest.mark.parametrize("received", [None, 0, 39, 40])
def test_a_class_that_is_not_wholly_entered_in_the_provincial_system_gets_nothing(
    checkpoint: str, received: int | None
) -> None:
    """JY-ENR-01, JY-INT-01: 39 receipts of 40 are none, and so is silence."""
    others = [entry(each) for each in ENTRIES if each != checkpoint]
    mine = [] if received is None else [entry(checkpoint, received=received, refused=40 - received)]

    stops = stops_of(*others, *mine)

    assert stops == ([] if received == 40 else [("NOT_IN_SYSTEM", "JY-ENR-01", "二(三)", checkpoint)])


def test_without_an_inspection_there_is_no_record_of_one_to_enter() -> None:
    """JY-SUP-07: that an inspection is missing is asked elsewhere; here it would have no way out."""
    assert stops_of(entry("plan_and_roster"), entry("results"), checks=False) == []


@pytest.mark.parametrize(
    ("region", "on", "programme", "waiting"),
    [
        ("130100", date(2024, 6, 3), "training", ["plan_and_roster", "results"]),
        ("130100", date(2024, 6, 3), "evaluation", ["plan_and_roster", "results"]),
        ("341124", date(2020, 6, 1), "pre_job", ["plan_and_roster", "results"]),
        ("341124", date(2020, 6, 1), "work_for_training", ["plan_and_roster"]),
    ],
)
def test_hebei_and_quanjiao_pay_nothing_that_is_not_in_their_provincial_system(
    region: str, on: date, programme: str, waiting: list[str]
) -> None:
    """HB-INS-04, HB-INT-01, QJ-ENR-04, QJ-INT-01: application, people and scores; who is not examined has no scores."""
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1))
    assert facts.opened is not None
    opened = replace(facts.opened.fact, programme=programme)
    book = load_rulebooks().in_force(region, on)
    assert book.payment.evidence is not None
    rule = book.payment.evidence.rule

    def missing(*entries: Known[EntryChanged]) -> list[tuple[str | None, str]]:
        stops = obstacles(replace(facts, entries=entries), opened, book, entry_required=True)
        return [(stop.value, stop.rule) for stop in stops if stop.code == "NOT_IN_SYSTEM"]

    assert missing() == [(checkpoint, rule) for checkpoint in waiting]
    assert missing(*(entry(checkpoint) for checkpoint in waiting)) == []
    assert missing(entry("plan_and_roster", received=39), *(entry(each) for each in waiting[1:])) == [
        (waiting[0], rule)
    ]


def test_receipts_are_asked_for_only_where_classes_are_entered_at_all() -> None:
    assert stops_of(required=False) == []


def test_a_class_of_which_no_opening_is_known_is_refused_in_the_name_of_its_rulebook_if_that_is_known() -> None:
    refusal = not_opened(rulebook())
    assert (refusal.code, refusal.rule, refusal.clause) == ("NOT_IN_SYSTEM", "JY-ENR-01", "二(三)")
    assert not_opened(None).rule is None


@pytest.mark.parametrize(
    ("rule", "conclusion", "stop", "flag"),
    [
        ("JY-SUP-02", None, "FINDING_OPEN", None),
        ("JY-CLM-11", None, "BREACH_OPEN", None),
        ("JY-SUP-02", "waived", None, None),
        ("JY-SUP-02", "confirmed", None, "FINDING_CONFIRMED"),
    ],
)
def test_an_open_blocking_doubt_stops_the_claim_until_it_is_closed(
    rule: str, conclusion: str | None, stop: str | None, flag: str | None
) -> None:
    raised = FindingRaised(
        class_id="class-1",
        finding_id="f1",
        check="theory_video",
        rule=rule,
        clause="二(三)2",
        blocking=True,
        seen="录像缺 60 秒",
    )
    closed = FindingClosed(
        class_id="class-1",
        finding_id="f1",
        conclusion=conclusion or "waived",  # type: ignore[arg-type]
        closed_by="inspector-1",
        reason="核对",
    )
    facts = replace(
        class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1)),
        raised=(Known(event_id="e-f", fact=raised),),
        closed=(Known(event_id="e-c", fact=closed),) if conclusion else (),
    )

    found = assessed(facts, rate(1500))

    assert [finding.code for finding in found.stops] == ([stop] if stop else [])
    assert [finding.code for finding in found.flags] == ([flag] if flag else [])
    assert all(finding.severity is Severity.WARN for finding in found.flags)


@pytest.mark.parametrize(
    ("attempted", "attempt", "decisions", "codes"),
    [
        (("level",), 2, (), []),
        (("level",), 1, (), []),
        (("special_ability",), 2, (), [("DIRECT_COMPLETION_EXAM", "JY-ASM-05")]),
        (
            ("level",),
            2,
            (accepted("JY-ASM-05", "p1", accept=False),),
            [("COMPLETION_AFTER_ATTEMPT_REFUSED", "JY-ASM-05")],
        ),
        ((), 2, (), [("COMPLETION_AFTER_ATTEMPT_UNDECIDED", "JY-ASM-05")]),
        ((), 2, (accepted("JY-ASM-05", "p1"),), []),
    ],
)
def test_the_kinds_attempted_before_decide_jy_asm_05_and_without_them_a_person_does(
    attempted: tuple[CertificateKind, ...],
    attempt: int,
    decisions: tuple[Decision, ...],
    codes: list[tuple[str, str]],
) -> None:
    issued = replace(certificate("p1", "completion", attempt=attempt), attempted_kinds=attempted)
    facts = class_facts(roster=["p1"], certificates=[issued], spot=(1, 1), exams=[scheduled("completion"), scheduled()])

    assert refusals(facts, decisions=decisions) == codes
