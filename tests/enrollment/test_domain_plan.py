"""Which applications are refused, by the rulebook of 2021."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.institution import (
    AnnualInspection,
    LiabilityIncident,
    judge_private_school,
)
from services.enrollment.domain.plan import earnable_kinds, judge_lead, judge_plan
from services.enrollment.domain.timetable import Venue
from shared.clock import legal_day
from shared.domain.errors import Refused
from shared.domain.working_days import is_working_day
from shared.policy.decision import Severity
from shared.policy.judging import refuse_stopped
from shared.policy.terms.class_plan import ApplicationLead
from tests.enrollment.sample import (
    WELDER,
    book,
    codes,
    entry,
    facts,
    institution,
    occupation,
    plan,
    suspension,
    timetable,
)


def lead() -> ApplicationLead:
    terms = book().enrollment.application_lead
    assert terms is not None
    return terms


def judged(plan_given: object = None, **changed: object) -> list[str]:
    return codes(judge_plan(plan_given or plan(), facts(**changed), book()))  # type: ignore[arg-type]


def test_a_proper_application_meets_no_objection() -> None:
    findings = judge_plan(plan(), facts(), book())
    assert codes(findings) == []


@pytest.mark.parametrize(
    ("applied", "opening", "accepted"),
    [
        (date(2021, 5, 12), date(2021, 5, 17), True),
        (date(2021, 5, 13), date(2021, 5, 17), False),
        # Saturday 8 May is a working day after the holiday of 1 to 5 May.
        (date(2021, 5, 6), date(2021, 5, 10), True),
        (date(2021, 5, 7), date(2021, 5, 10), False),
        (date(2021, 4, 28), date(2021, 5, 6), True),
        (date(2021, 4, 29), date(2021, 5, 6), False),
    ],
)
def test_an_application_leaves_three_working_days_the_opening_day_counted(
    applied: date, opening: date, accepted: bool
) -> None:
    assert codes(judge_lead(applied, opening, lead())) == ([] if accepted else ["TOO_LATE"])


@pytest.mark.parametrize(
    ("days", "changed", "warned"),
    [(3, {}, False), (2, {}, True), (0, {}, True), (0, {"delivery": "online"}, False)],
)
def test_a_class_too_short_to_apply_for_its_exam_once_open_is_told_the_way(
    days: int, changed: dict[str, Any], warned: bool
) -> None:
    """JY-ASM-02: three days before the course ends lie before the opening; online training is excepted (JY-ASM-03)."""
    proper = plan()
    last = proper.opening_date + timedelta(days=days)
    sessions = tuple(one for one in proper.sessions if legal_day(one.starts_at) <= last)
    short = replace(proper, closing_date=last, sessions=sessions, **changed)

    found = [one for one in judge_plan(short, facts(), book()) if one.code == "EXAM_DUE_BEFORE_OPENING"]

    assert bool(found) is warned
    if found:
        assert (found[0].severity, found[0].rule) == (Severity.WARN, "JY-ASM-02")
        latest = (last - timedelta(days=3)).isoformat()
        assert latest in found[0].message
        assert "纸质" in found[0].advice


DAYS = st.dates(date(2019, 1, 1), date(2026, 11, 30))


@given(applied=DAYS, ahead=st.integers(-5, 25), opening_day_counts=st.booleans())
def test_the_lead_is_the_count_of_working_days_after_applying_on_any_calendar_day(
    applied: date, ahead: int, opening_day_counts: bool
) -> None:
    opening = applied + timedelta(days=ahead)
    last = opening if opening_day_counts else opening - timedelta(days=1)
    between = [applied + timedelta(days=step) for step in range(1, (last - applied).days + 1)]
    enough = sum(is_working_day(day) for day in between) >= 3
    findings = judge_lead(applied, opening, replace(lead(), opening_day_counts=opening_day_counts))
    assert (findings == []) is enough


@given(applied=DAYS, ahead=st.integers(0, 20))
def test_applying_a_day_earlier_never_turns_an_accepted_application_into_a_late_one(applied: date, ahead: int) -> None:
    opening = applied + timedelta(days=ahead)
    if not judge_lead(applied, opening, lead()):
        assert not judge_lead(applied - timedelta(days=1), opening, lead())


def test_a_late_application_is_told_the_last_day_on_which_it_would_have_been_in_time() -> None:
    (finding,) = judge_lead(date(2021, 5, 13), date(2021, 5, 17), lead())
    assert "2021-05-12" in finding.message
    assert (finding.rule, finding.clause, finding.document) == ("JY-ENR-02", "二(三)1", "济管人社〔2021〕6号")


def test_the_last_day_of_a_directory_entry_is_covered_and_the_next_is_not() -> None:
    opening = date(2021, 6, 30)
    covered = plan(opening)
    assert "NOT_IN_DIRECTORY" not in judged(covered)
    assert "NOT_IN_DIRECTORY" in judged(plan(date(2021, 7, 1)))


def test_the_directory_entry_must_name_the_occupation() -> None:
    other = entry(occupations=("4-10-01-01",))
    assert judged(entries=(other,)) == ["NOT_IN_DIRECTORY"]


def test_a_suspended_institution_opens_nothing_until_the_suspension_ends() -> None:
    until_eve = suspension(since=date(2021, 4, 1), until=date(2021, 5, 16))
    until_day = replace(until_eve, until=date(2021, 5, 17))
    assert judged(suspensions=(until_eve,)) == []
    assert judged(suspensions=(until_day,)) == ["INSTITUTION_SUSPENDED"]
    assert judged(suspensions=(replace(until_eve, until=None),)) == ["INSTITUTION_SUSPENDED"]


@pytest.mark.parametrize(("on", "refused"), [(date(2018, 12, 31), []), (date(2019, 1, 1), ["LIABILITY_SINCE_2019"])])
def test_a_private_school_with_a_liability_incident_since_2019_is_refused(on: date, refused: list[str]) -> None:
    school = institution(liability_incidents=(LiabilityIncident(on=on, finding="办学责任"),))
    assert codes(judge_private_school(school, book().enrollment.private_school)) == refused


@pytest.mark.parametrize(
    "inspections", [(), (AnnualInspection(year=2020, passed=False),), (AnnualInspection(year=2019, passed=True),)]
)
def test_a_private_school_needs_the_passed_inspection_of_2020(inspections: tuple[AnnualInspection, ...]) -> None:
    school = institution(annual_inspections=inspections)
    assert codes(judge_private_school(school, book().enrollment.private_school)) == ["INSPECTION_NOT_PASSED"]


def test_nothing_but_the_entry_conditions_depends_on_being_private() -> None:
    """JY-INS-06."""
    bad = {"annual_inspections": (), "ownership": "public"}
    assert judged(institution=institution("vocational_college", **bad)) == []


@pytest.mark.parametrize(("planned", "refused"), [(50, []), (51, ["CLASS_TOO_LARGE"])])
def test_a_class_has_at_most_fifty(planned: int, refused: list[str]) -> None:
    assert judged(plan(planned=planned)) == refused


@pytest.mark.parametrize(("planned", "refused"), [(30, []), (31, ["CLASS_TOO_LARGE"])])
def test_a_class_of_the_key_groups_project_has_at_most_thirty_whoever_is_on_its_roster(
    planned: int, refused: list[str]
) -> None:
    assert judged(plan(training_type="key_groups", planned=planned)) == refused


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("skills_action_fund", []),
        ("lottery", [("FUNDING_SOURCE_UNKNOWN", Severity.STOP)]),
        ("other", [("FUNDING_SOURCE_DECISION", Severity.ASK)]),
    ],
)
def test_the_funding_source_must_be_known(source: str, expected: list[tuple[str, Severity]]) -> None:
    findings = judge_plan(plan(funding_source=source), facts(), book())
    assert [(finding.code, finding.severity) for finding in findings] == expected


@pytest.mark.parametrize(
    ("given_plan", "expected"),
    [
        ({"training_type": "dancing"}, ["TRAINING_TYPE_UNKNOWN"]),
        ({"training_type": "safety", "level": None}, ["CLASS_KIND_MISMATCH"]),
        ({"training_type": "employee_senior"}, ["LEVEL_NOT_OF_TYPE"]),
        ({"training_type": "key_groups", "level": "9", "planned": 30}, ["LEVEL_UNKNOWN"]),
        ({"training_type": "special_operation", "level": None}, ["NOT_CERTIFIABLE"]),
        ({"training_type": "employee_completion", "level": None}, []),
    ],
)
def test_the_training_type_must_be_known_and_agree_with_level_and_occupation(
    given_plan: dict[str, object], expected: list[str]
) -> None:
    assert judged(plan(**given_plan)) == expected


def test_safety_training_of_high_risk_trades_is_a_class_of_its_own_kind() -> None:
    """JY-ENR-17, JY-ENR-22: the annex lists it, so it can be applied for."""
    given = {"kind": "safety", "training_type": "safety", "level": None}
    certifiable = replace(occupation(), certifiable=("special_operation",))
    assert judged(plan(**given), occupation=certifiable) == []
    assert judged(plan(**given)) == []


@pytest.mark.parametrize(
    ("mode", "attributes", "expected"),
    [
        ("self_run", {}, []),
        ("other", {}, []),
        ("entrusted", {}, ["PARTNER_REQUIRED", "CONTRACT_REQUIRED"]),
        ("entrusted", {"partner_credit_code": sample_credit_code(4), "contract": "委托〔2021〕7号"}, []),
        ("企业委托培训", {}, ["ATTRIBUTE_INVALID"]),
    ],
)
def test_every_application_states_a_listed_training_mode_and_what_it_needs(
    mode: str, attributes: dict[str, str], expected: list[str]
) -> None:
    """JY-FLD-16: an entrusted class names partner and contract."""
    findings = judge_plan(plan(training_mode=mode, attributes=attributes), facts(), book())
    assert codes(findings) == expected
    assert {finding.rule for finding in findings} <= {"JY-FLD-16"}


def test_an_occupation_that_nobody_listed_is_refused() -> None:
    assert judged(occupation=None) == ["OCCUPATION_UNKNOWN"]


def test_the_certificate_kinds_asked_for_are_those_of_type_and_occupation_and_the_fallback() -> None:
    assert earnable_kinds(plan(), occupation(), book()) == ("level", "completion")


def test_every_objection_names_rule_clause_and_document_and_says_what_to_do() -> None:
    broken = plan(
        training_type="dancing",
        planned=200,
        funding_source="lottery",
        sessions=timetable(theory=20),
        closing_date=date(2021, 5, 20),
    )
    findings = judge_plan(broken, facts(entries=(), filed_teachers=set(), venues={}), book())
    assert {"NOT_IN_DIRECTORY", "CLASS_TOO_LARGE", "SESSION_OUT_OF_DATES", "PRACTICE_SHARE_TOO_LOW"} <= set(
        codes(findings)
    )
    for finding in findings:
        assert finding.rule.startswith("JY-"), finding
        assert finding.clause, finding
        assert finding.document == book().document, finding
        assert finding.advice.endswith("。"), finding


def test_one_stop_is_raised_as_itself_and_several_together() -> None:
    with pytest.raises(Refused) as one:
        refuse_stopped(judge_plan(plan(planned=51), facts(), book()))
    assert one.value.code == "CLASS_TOO_LARGE"
    with pytest.raises(ExceptionGroup) as several:
        refuse_stopped(judge_plan(plan(planned=51, funding_source="lottery"), facts(), book()))
    assert {error.code for error in several.value.exceptions if isinstance(error, Refused)} == {
        "CLASS_TOO_LARGE",
        "FUNDING_SOURCE_UNKNOWN",
    }


def test_findings_that_only_ask_or_warn_stop_nothing() -> None:
    venues = {"workshop": Venue(venue_id="workshop", name="焊接实训室", stations={WELDER: 2})}
    findings = judge_plan(plan(funding_source="other"), facts(venues=venues), book())
    assert codes(findings) == ["FUNDING_SOURCE_DECISION", "STATION_RATIO"]
    refuse_stopped(findings)


def test_what_a_reviewer_decides_is_addressed_to_whoever_takes_the_due_step() -> None:
    """JY-REP-07: the due step's duty decides; an approver is refused while the first review is due."""
    for finding in judge_plan(plan(funding_source="other", attributes={"training_form": "drill"}), facts(), book()):
        assert "当前审核环节" in finding.advice, finding.code
