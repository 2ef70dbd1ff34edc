"""What Hebei's document of 2024 pays: shares by certificate and employment, evaluation to the assessor, its notice."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.caps import Use
from services.payment.domain.claimed_part import for_payee
from services.payment.domain.deciding import assess
from services.payment.domain.decision import Decision
from services.payment.domain.notice import period_of
from services.payment.domain.rates import Wanted
from services.payment.domain.subsidy import Assessment
from shared.domain.months import months_later
from tests.payment.sample import accepted
from tests.payment.scene import (
    HEBEI,
    Scene,
    against,
    alike,
    book_of,
    certified,
    line_of,
    payees,
    rate,
    spell,
    table,
    total,
)

SIX_GROUPS = [
    *("poverty_monitored", "graduate", "school_leaver", "rural_transferred", "urban_unemployed"),
    "employment_difficult",
]
PASSED = date(2024, 5, 20)
TRAINING = rate(HEBEI, "training", 1000)
EVALUATION = rate(HEBEI, "evaluation", 300)


def trained(*kinds: str, group: str | tuple[str, ...] = "school_leaver", **told) -> Scene:  # type: ignore[no-untyped-def]
    certificates = [
        certified(f"p{number}", kind, issued=PASSED)  # type: ignore[arg-type]
        for number, kind in enumerate(kinds, start=1)
    ]
    return Scene(
        region=HEBEI, programme="training", groups=alike(max(len(kinds), 1), group), certificates=certificates, **told
    )


def evaluated(group: str | tuple[str, ...] = "graduate", **of_certificate) -> Scene:  # type: ignore[no-untyped-def]
    issued = {"issued": PASSED, "agreement": PASSED} | of_certificate
    return Scene(
        region=HEBEI,
        programme="evaluation",
        kind="evaluation",
        groups=alike(1, group),
        certificates=[certified("p1", **issued)],
    )


@pytest.mark.parametrize("group", SIX_GROUPS)
@pytest.mark.parametrize(
    ("start", "yuan"),
    [
        (date(2024, 5, 19), 800),
        (date(2024, 5, 20), 1000),
        (date(2024, 8, 20), 1000),
        (date(2024, 8, 21), 800),
    ],
)
def test_whoever_works_within_three_months_of_passing_brings_the_whole_rate(group: str, start: date, yuan: int) -> None:
    """HB-CLM-03, HB-CLM-07: the day of passing and the last day of the window are within."""
    found = trained("level", group=group, spells=[spell("p1", start)]).judged(TRAINING)
    assert (total(found), payees(found)) == (yuan * 100, {"institution"})


@pytest.mark.parametrize(
    ("start", "yuan"), [(None, 800), (date(2024, 5, 25), 1000), (date(2024, 8, 20), 1000), (date(2024, 8, 31), 1000)]
)
def test_of_several_certificates_the_one_counts_that_brings_most(start: date | None, yuan: int) -> None:
    """HB-CLM-03, HB-CLM-04: completion first, the skill level ten days later; each has its own window."""
    certificates = [certified("p1", "completion", issued=PASSED), certified("p1", issued=date(2024, 5, 31))]
    for given in (certificates, certificates[::-1]):
        scene = replace(trained("level"), certificates=given, spells=[spell("p1", start)] if start else [])
        assert total(scene.judged(TRAINING)) == yuan * 100


@pytest.mark.parametrize(
    ("passed", "last"),
    [
        (date(2024, 5, 20), date(2024, 8, 20)),
        (date(2024, 8, 31), date(2024, 11, 30)),
        (date(2024, 11, 30), date(2025, 2, 28)),
        (date(2023, 11, 30), date(2024, 2, 29)),
        (date(2024, 10, 1), date(2025, 1, 1)),
    ],
)
def test_the_window_ends_on_the_same_day_three_months_later_or_with_the_month(passed: date, last: date) -> None:
    """HB-CLM-07"""
    assert months_later(passed, 3) == last


def test_a_job_held_before_the_certificate_is_told_to_the_reviewer_until_it_is_decided() -> None:
    """HB-CLM-03: it waits for a person, and nobody would look for it otherwise."""
    scene = trained("level", "level", spells=[spell("p1", date(2024, 5, 19)), spell("p2", PASSED)])

    def told(*decided: Decision) -> list[tuple[str, str]]:
        return [(each.code, each.rule) for each in scene.judged(TRAINING, decisions=decided).open_questions]

    assert told() == [("EMPLOYED_BEFORE_CERTIFICATE", "HB-CLM-03")]
    assert told(accepted("HB-CLM-03", "p1")) == told(accepted("HB-CLM-03", "p1", accept=False)) == []


def test_a_weekend_at_its_end_does_not_lengthen_the_window() -> None:
    """HB-CLM-07: 2024-05-24 is three months before a Saturday."""
    scene = trained("level", spells=[spell("p1", date(2024, 8, 26))])
    passed_on_friday = replace(scene, certificates=[certified("p1", issued=date(2024, 5, 24))])
    assert total(passed_on_friday.judged(TRAINING)) == 800_00


@pytest.mark.parametrize(
    ("end", "decided", "yuan"),
    [
        (None, True, 1000),
        (None, False, 800),
        (None, None, 800),
        (date(2024, 5, 20), True, 1000),
        (date(2024, 5, 19), True, 800),
    ],
)
def test_a_job_from_before_counts_where_it_still_held_on_the_day_and_a_person_said_so(
    end: date | None, decided: bool | None, yuan: int
) -> None:
    """HB-CLM-03"""
    made = [] if decided is None else [accepted("HB-CLM-03", "p1", accept=decided)]
    scene = trained("level", spells=[spell("p1", date(2023, 1, 9), end)])
    assert total(scene.judged(TRAINING, decisions=made)) == yuan * 100


@pytest.mark.parametrize(
    ("kind", "employed", "yuan"),
    [
        *(("level", False, 800), ("qualification", False, 800), ("special_ability", False, 800)),
        *(("completion", False, 500), ("completion", True, 1000), ("special_ability", True, 1000)),
    ],
)
def test_who_does_not_work_brings_four_fifths_or_half_by_the_certificate(kind: str, employed: bool, yuan: int) -> None:
    """HB-CLM-03, HB-CLM-04, HB-CLM-05"""
    jobs = [spell("p1", date(2024, 6, 1))] if employed else []
    assert total(trained(kind, spells=jobs).judged(TRAINING)) == yuan * 100


@pytest.mark.parametrize(("kind", "heads", "yuan"), [("level", 15, 12_000), ("completion", 10, 5_000)])
def test_a_class_of_which_nobody_works(kind: str, heads: int, yuan: int) -> None:
    """HB-CLM-04, HB-CLM-05"""
    assert total(trained(*[kind] * heads).judged(TRAINING)) == yuan * 100


@pytest.mark.parametrize(
    ("opening", "published", "until", "yuan"),
    [
        (date(2024, 5, 23), date(2024, 5, 24), None, 500),
        (date(2024, 5, 24), date(2024, 5, 24), None, 800),
        (date(2024, 5, 24), None, None, 500),
        (date(2024, 6, 30), date(2024, 5, 24), date(2024, 6, 30), 800),
        (date(2024, 7, 1), date(2024, 5, 24), date(2024, 6, 30), 500),
    ],
)
def test_a_completion_certificate_of_a_new_occupation_counts_by_what_was_published_at_the_opening(
    opening: date, published: date | None, until: date | None, yuan: int
) -> None:
    """HB-CLM-06: the day of publication is within, and the last day where a list names one."""
    scene = trained("completion", opening=opening, new_since=published, new_until=until)
    assert total(replace(scene, certificates=[certified("p1", "completion")]).judged(TRAINING)) == yuan * 100


@pytest.mark.parametrize("kind", ["level", "completion"])
def test_an_employee_brings_the_whole_rate_of_the_catalogue(kind: str) -> None:
    """HB-CLM-16: the scale is for the six groups."""
    found = trained(kind, group="employee").judged(rate(HEBEI, "training", 1500))
    assert total(found) == 1_500_00
    assert "HB-CLM-16" in line_of(found).rules


def test_the_catalogues_rate_is_never_zero_for_want_of_a_row() -> None:
    """HB-CLM-08"""
    scene = trained(*["level"] * 41, group="employee")
    assert against(scene.judged()) == [("RATE_MISSING", "HB-CLM-08")]
    assert total(scene.judged(rate(HEBEI, "training", 1500))) == 61_500_00


@pytest.mark.parametrize("kind", ["special_operation", "graduation", "other"])
def test_a_certificate_that_the_document_does_not_name_brings_nothing_until_a_person_lets_it_count(kind: str) -> None:
    """HB-ASM-04, HB-CLM-04: one of three learners is for a person to look at; it is never a reason for evaluation."""
    scene = trained(kind)
    asked = scene.judged(TRAINING)
    assert (total(asked), against(asked)) == (0, [("CERT_KIND_UNDECIDED", "HB-ASM-04")])
    assert [finding.code for finding in asked.open_questions] == ["CERT_KIND_UNDECIDED"]
    accepts = [accepted("HB-ASM-04", "p1")]
    assert total(scene.judged(TRAINING, decisions=accepts)) == 800_00
    at_work = replace(scene, spells=[spell("p1", PASSED)])
    assert total(at_work.judged(TRAINING, decisions=accepts)) == 1_000_00
    refused = scene.judged(TRAINING, decisions=[accepted("HB-ASM-04", "p1", accept=False)])
    assert (total(refused), against(refused)) == (0, [("CERT_KIND_REFUSED", "HB-ASM-04")])
    assert against(evaluated(kind=kind).judged(EVALUATION, decisions=accepts)) == [("CERT_KIND", "HB-CLM-09")]


def test_the_part_is_floored_to_the_fen_and_only_once() -> None:
    """HB-CLM-04, HB-CLM-05"""
    odd = replace(TRAINING, amount_fen=99_99)
    assert total(trained("level").judged(odd)) == 79_99
    assert total(trained("completion").judged(odd)) == 49_99


def test_the_institution_is_paid_for_training_and_the_assessor_for_evaluating() -> None:
    """HB-CLM-13, HB-CLM-15, HB-PAY-02"""
    assert payees(trained("level").judged(TRAINING)) == {"institution"}
    assert payees(evaluated().judged(EVALUATION)) == {"assessor"}


@pytest.mark.parametrize("group", SIX_GROUPS)
@pytest.mark.parametrize("kind", ["qualification", "level", "special_ability"])
def test_an_evaluation_of_the_six_groups_is_paid_without_any_share(group: str, kind: str) -> None:
    """HB-CLM-09"""
    assert total(evaluated(group, kind=kind).judged(EVALUATION)) == 300_00


def test_an_evaluation_of_an_employee_or_with_a_completion_certificate_is_not() -> None:
    """HB-CLM-09"""
    assert against(evaluated("employee").judged(EVALUATION)) == [("GROUP_NOT_ELIGIBLE", "HB-CLM-09")]
    assert against(evaluated(kind="completion").judged(EVALUATION)) == [("CERT_KIND", "HB-CLM-09")]
    assert against(evaluated().judged(TRAINING)) == [("RATE_MISSING", "HB-CLM-08")]


@pytest.mark.parametrize(
    ("agreed", "paid"),
    [(date(2024, 6, 11), True), (date(2024, 6, 12), True), (date(2024, 6, 13), False), (None, False)],
)
def test_the_free_agreement_is_signed_by_the_day_of_the_evaluation(agreed: date | None, paid: bool) -> None:
    """HB-CLM-12: the certificate itself may be later."""
    scene = replace(evaluated(issued=date(2024, 6, 20), agreement=agreed), exam_on=date(2024, 6, 12))
    found = scene.judged(EVALUATION)
    assert total(found) == (300_00 if paid else 0)
    assert against(found) == ([] if paid else [("AGREEMENT_LATE", "HB-CLM-12")])


def test_whoever_was_trained_under_an_agreement_is_evaluated_beside_it_once_in_the_occupation() -> None:
    """HB-CLM-09, HB-CLM-11: one certificate, the school's subsidy and the assessor's; without an agreement no question.

    Of a class in which nobody signed nothing of the evaluation is asked, not even its rate.
    """
    scene = trained("level", "level", "completion", spells=[spell(f"p{number}", PASSED) for number in (1, 2, 3)])
    assert (total(scene.judged(TRAINING)), against(scene.judged(TRAINING))) == (3_000_00, [])
    signed = [replace(each, agreement_on=PASSED) for each in scene.certificates[1:]]
    agreed = replace(scene, certificates=[scene.certificates[0], *signed])
    assert against(agreed.judged(TRAINING)) == [("RATE_MISSING", "HB-CLM-08")]
    found = agreed.judged(TRAINING, replace(EVALUATION, number=2))
    assert [line.amount_fen for line in found.lines] == [1_000_00, 1_000_00, 1_000_00, 300_00, 0]
    assert [(line.person_id, line.paid_to.payee) for line in found.lines[3:] if line.paid_to] == [  # the assessor's
        ("p2", "assessor"),
        ("p3", "assessor"),
    ]
    assert against(found) == [("CERT_KIND", "HB-CLM-09")]
    had = [Use(person_id="p2", programme="evaluation", on=date(2023, 5, 1), occupation="welder", level="5")]
    again = agreed.judged(TRAINING, replace(EVALUATION, number=2), past=had)
    assert [line.amount_fen for line in again.lines] == [1_000_00, 1_000_00, 1_000_00, 0, 0]
    assert ("CAP_REACHED", "HB-CLM-11") in against(again)
    staff = replace(agreed, groups=alike(3, "employee")).judged(TRAINING)
    assert (total(staff), len(staff.lines)) == (3_000_00, 3)


@pytest.mark.parametrize("payee", ["learner", "institution", "enterprise"])
def test_nobody_but_the_assessor_is_paid_for_an_evaluation(payee: str) -> None:
    """HB-CLM-13, HB-PAY-02"""
    found = evaluated().judged(EVALUATION)
    assert total(for_payee(found, "assessor", book_of(HEBEI))) == 300_00
    other = for_payee(found, payee, book_of(HEBEI))
    assert (total(other), against(other)) == (0, [("PAYEE_IS_ANOTHER", "HB-CLM-13")])


def test_of_whom_a_fee_was_asked_a_person_decides_who_is_paid() -> None:
    """HB-CLM-15: the institution where the course was free; p1 was charged, p2 was not."""
    facts = trained("level", "level").facts
    assert facts.opened is not None
    first, second = facts.opened.fact.trainees
    fact = replace(facts.opened.fact, trainees=(replace(first, fee_fen=100), second))
    charged = replace(facts, opened=replace(facts.opened, fact=fact))

    def judged(*made: Decision) -> Assessment:
        assert charged.opened is not None
        rates = table(HEBEI, TRAINING)
        return assess(
            charged, charged.opened, rulebook=book_of(HEBEI), rates=rates, decisions=made, entitled=frozenset()
        )

    assert (total(judged()), against(judged())) == (800_00, [("PAYEE_UNDECIDED", "HB-CLM-15")])
    assert total(judged(accepted("HB-CLM-15", "p1"))) == 1_600_00
    refused = judged(accepted("HB-CLM-15", "p1", accept=False))
    assert (total(refused), against(refused)) == (800_00, [("PAYEE_REFUSED", "HB-CLM-15")])


def test_a_learner_gets_nothing_of_the_institutions_training() -> None:
    """HB-CLM-15"""
    found = for_payee(trained("level").judged(TRAINING), "learner", book_of(HEBEI))
    assert (total(found), against(found)) == (0, [("PAYEE_IS_ANOTHER", "HB-CLM-15")])


def test_thirty_evaluations_are_thirty_lines_of_one_claim() -> None:
    """HB-CLM-13"""
    scene = evaluated()
    certificates = [certified(f"p{number}", issued=PASSED, agreement=PASSED) for number in range(1, 31)]
    found = replace(scene, groups=alike(30, "graduate"), certificates=certificates).judged(EVALUATION)
    assert (len(found.lines), total(found)) == (30, 9_000_00)


def test_a_notice_runs_three_working_days_of_the_official_calendar_after_its_publication() -> None:
    """HB-PAY-01: 2024-09-14 is a working Saturday, the 15th to 17th are a holiday."""
    term = book_of(HEBEI).payment.notice
    assert term is not None
    period = period_of(term, date(2024, 9, 13))
    assert (period.ends_on, period.payable_from) == (date(2024, 9, 19), date(2024, 9, 20))


def test_a_rate_of_another_occupation_pays_nobody_else() -> None:
    """HB-CLM-08"""
    wanted = Wanted(programme="training", occupation="welder", level="4", certificate_kind="level", on=PASSED)
    other = replace(TRAINING, number=2, occupation="fitter", amount_fen=1)
    assert table(HEBEI, TRAINING, other).rate(wanted) == TRAINING
    assert table(HEBEI, other).rate(wanted) is None
