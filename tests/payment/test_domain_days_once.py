"""What is paid by the day is paid once for a person's day, in however many classes they were on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peibu.trial.judging import judge
from peibu.trial.outcome import differences
from services.payment.domain import deciding
from services.payment.domain.caps import Use, spans
from services.payment.domain.deciding import assess
from services.payment.domain.facts import Known
from services.payment.domain.rates import Rate
from services.payment.domain.subsidy import Assessment
from shared.policy.case_file import read_case
from shared.policy.decision import Severity
from shared.policy.loader import load_catalogue, load_rulebooks
from shared.policy.rulebook import Rulebook
from tests.payment.sample import accepted, attendance
from tests.payment.scene import HULUDAO, LINSHU, QUANJIAO, Scene, alike, book_of, certified, line_of, rate, table
from tests.payment.test_domain_situations import alone

FIRST = date(2020, 6, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(12)]
TRAINED = rate(QUANJIAO, "free_group_training", 0)
GIVEN = [accepted("QJ-CLM-14")]


def had(person: str, *days: date, programme: str = "living_allowance", imported: bool = False) -> Use:
    return Use(person_id=person, programme=programme, on=FIRST, days=days, imported=imported)


def free_class(heads: int = 1, *, days: int = 10) -> Scene:
    people = [certified(f"p{number}", "completion") for number in range(1, heads + 1)]
    return Scene(
        region=QUANJIAO,
        programme="free_group_training",
        groups=alike(heads, "school_leaver"),
        certificates=people,
        days=days,
    )


def allowances(found: Assessment) -> dict[str | None, int]:
    return {line.person_id: line.amount_fen for line in found.lines if line.programme == "living_allowance"}


def test_days_that_another_class_paid_are_left_out_and_the_line_says_which_and_by_what_rule() -> None:
    """QJ-CLM-10: fifty yuan per person and day."""
    found = free_class(2).judged(TRAINED, decisions=GIVEN, past=[had("p1", DAYS[0], DAYS[1], DAYS[4])])
    assert allowances(found) == {"p1": 7 * 50_00, "p2": 10 * 50_00}
    line = line_of(found, "p1", "living_allowance")
    [finding] = line.findings
    book = book_of(QUANJIAO)
    assert (finding.code, finding.rule, finding.clause, finding.document) == (
        "DAYS_TAKEN",
        "QJ-CLM-10",
        "二(二)第1段",
        book.document,
    )
    assert (finding.severity, finding.value) == (Severity.WARN, "2020-06-01..2020-06-02,2020-06-05")
    [trace] = [trace for trace in line.traces if "days_taken" in trace.inputs]
    assert (trace.rule, trace.document, trace.result) == ("QJ-CLM-10", book.document, 7)
    assert trace.inputs["days_taken"] == finding.value


def test_whose_every_day_is_paid_elsewhere_gets_nothing_and_is_told_so() -> None:
    """QJ-CLM-10"""
    found = free_class(days=2).judged(TRAINED, decisions=GIVEN, past=[had("p1", *DAYS[:5])])
    line = line_of(found, "p1", "living_allowance")
    assert (line.amount_fen, line.recognised) == (0, False)
    assert [(each.code, each.severity) for each in line.findings] == [("DAYS_TAKEN", Severity.STOP)]


def test_a_past_that_names_no_days_takes_the_one_that_counts_for_it() -> None:
    """QJ-CLM-10: an imported row is one day's."""
    past = [replace(had("p1", imported=True), on=DAYS[3]), had("p1", *DAYS, programme="free_group_training")]
    assert allowances(free_class().judged(TRAINED, decisions=GIVEN, past=past)) == {"p1": 9 * 50_00}


def test_of_the_days_that_are_left_the_first_thirty_are_paid() -> None:
    """LS-CLM-03"""
    people = alike(1, "poor_worker")
    scene = Scene(
        region=LINSHU, programme="training", groups=people, kind="project", days=35, paid_out={"p1": 99_999_00}
    )
    first = scene.opens
    taken = had("p1", *(first + timedelta(days=number) for number in range(3)))
    found = scene.judged(rate(LINSHU, "living_allowance", 20), rate(LINSHU, "training", 0, number=2), past=[taken])
    [award] = line_of(found, "p1", "living_allowance").awards
    assert (award.amount_fen, award.use.days[0], award.use.days[-1]) == (
        30 * 20_00,
        first + timedelta(days=3),
        first + timedelta(days=32),
    )


@pytest.mark.parametrize(
    ("region", "programme", "group", "kind", "word", "once"),
    [
        (HULUDAO, "poverty_relief", "poor_worker", "project", "living_allowance", True),
        (HULUDAO, "graduate_training", "graduate", "class", "graduate_living_allowance", False),
    ],
)
def test_whether_days_are_paid_once_is_what_the_document_says(
    region: str,
    programme: str,
    group: str,
    kind,
    word: str,
    once: bool,  # type: ignore[no-untyped-def]
) -> None:
    """HL-CLM-09; HL-CLM-10 leaves the days open."""
    scene = Scene(region=region, programme=programme, groups=alike(1, group), kind=kind, days=5)
    taken = had("p1", scene.opens, programme=word)
    rates = (
        [rate(region, word, 10), rate(region, programme, 0, number=2)]
        if word != programme
        else [rate(region, word, 10)]
    )
    found = scene.judged(*rates, past=[taken])
    assert line_of(found, "p1", word).amount_fen == (4 if once else 5) * 10_00


def test_without_the_term_a_day_is_paid_in_every_class() -> None:
    """QJ-CLM-10: it is the document that makes days exclusive, not the place."""
    scene, book = free_class(), book_of(QUANJIAO)
    caps = tuple(cap for cap in book.payment.caps if cap.period != "day")
    silent = replace(book, payment=replace(book.payment, caps=caps))
    assert allowances(on_days(scene, {"p1": DAYS}, past=[had("p1", *DAYS)], book=silent)) == {"p1": 12 * 50_00}


def on_days(
    scene: Scene, came: Mapping[str, Sequence[date]], *, past: Sequence[Use] = (), book: Rulebook | None = None
) -> Assessment:
    """Judge a class whose people came on just these days, twice on each."""
    everybody = [*scene.groups]
    sessions = [
        replace(
            attendance([person for person in everybody if day in came.get(person, ())]),
            session_id=f"s{number}-{half}",
            held_on=day,
        )
        for number, day in enumerate(DAYS)
        for half in (1, 2)
    ]
    known = tuple(Known(event_id=f"e-{fact.session_id}", fact=fact) for fact in sessions)
    facts = replace(scene.facts, attendance=known)
    assert facts.opened is not None
    rows: list[Rate] = [TRAINED]
    return assess(
        facts,
        facts.opened,
        rulebook=book or book_of(QUANJIAO),
        rates=table(QUANJIAO, *rows),
        decisions=GIVEN,
        entitled=frozenset(),
        past=past,
    )


def uses(found: Assessment) -> list[Use]:
    return [award.use for line in found.lines for award in line.awards if not award.findings]


CAME = st.fixed_dictionaries({person: st.sets(st.sampled_from(DAYS)) for person in ("p1", "p2", "p3")})


@given(classes=st.lists(CAME, min_size=1, max_size=4), order=st.randoms())
def test_in_whichever_order_classes_are_judged_each_day_of_a_person_is_paid_once(classes, order) -> None:  # type: ignore[no-untyped-def]
    """QJ-CLM-10: the sum over all classes is the days on which somebody was anywhere, and so are its parts."""
    order.shuffle(classes)
    past: list[Use] = []
    paid = dict.fromkeys(("p1", "p2", "p3"), 0)
    for came in classes:
        found = on_days(free_class(3), came, past=past)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deciding, "situations", alone)
            assert repr(on_days(free_class(3), came, past=past)) == repr(found)
        own = [use for use in uses(found) if use.programme == "living_allowance"]
        for person, fen in allowances(found).items():
            assert person is not None
            assert fen == 50_00 * sum(len(use.days) for use in own if use.person_id == person)
            paid[person] += fen
        past += own
    for person, fen in paid.items():
        days = [day for use in past if use.person_id == person for day in use.days]
        assert sorted(days) == sorted(set().union(*(came[person] for came in classes)))
        assert fen == 50_00 * len(days)


CASE = b"""
case = "E24c"
region = "341124"
opened = 2020-07-01
kind = "class"
planned = 3
occupation = "cook"

[[person]]
ids = ["p1..p3"]
group = "school_leaver"

[[history]]
persons = ["p1"]
programme = "living_allowance"
year = 2020
days = [2020-07-01, 2020-07-02, 2020-07-06]

[[history]]
persons = ["p2"]
programme = "living_allowance"
year = 2020
days = [2020-07-01, 2020-07-02]

[[allowance_day]]
persons = ["p1", "p3"]
days = 20

[[allowance_day]]
persons = ["p2"]
days = 2

[expect]
total_yuan = 1850

[[expect.line]]
persons = ["p1"]
amount_yuan = 850
rule = "QJ-CLM-10"
payee = "learner"

[[expect.line]]
persons = ["p3"]
amount_yuan = 1000
rule = "QJ-CLM-10"
payee = "learner"

[[expect.line]]
persons = ["p2"]
amount_yuan = 0

[[expect.refusal]]
persons = ["p2"]
rule = "QJ-CLM-10"

[[expect.flag]]
rule = "QJ-CLM-10"
"""


def test_a_case_file_says_which_days_were_paid_elsewhere() -> None:
    """QJ-CLM-10: tried with the same domain code, without a database."""
    case = read_case(CASE, name="two-classes.toml", catalogue=load_catalogue())
    outcome = judge(case, load_rulebooks())
    assert differences(case, outcome) == []
    assert outcome.total_fen == 1_850_00


def test_days_are_written_down_with_those_in_a_row_as_first_and_last() -> None:
    assert spans([DAYS[5], DAYS[0], DAYS[2], DAYS[1]]) == "2020-06-01..2020-06-03,2020-06-06"
    assert spans([]) == ""
