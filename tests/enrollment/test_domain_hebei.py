"""Classes under the rulebook of Hebei for 2024: lists, season, appointment, commitment and tags."""

from datetime import date
from typing import Any

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.attributes import published
from services.enrollment.domain.commitment import is_committed, what_is_uncommitted
from services.enrollment.domain.institution import judge_kind
from services.enrollment.domain.opening import what_blocks
from services.enrollment.domain.plan import judge_funding
from services.enrollment.domain.register import RegisterEntry, Values
from services.enrollment.domain.register_report import ReportFacts, report
from services.enrollment.domain.review import require_other_person
from services.enrollment.domain.sign_up import placed
from services.enrollment.domain.training_class import TrainingClass
from shared.domain.actor import Role
from shared.domain.errors import Forbidden
from shared.policy.decision import Severity
from shared.policy.terms.class_record import Commitments
from shared.policy.terms.enrollment import EnrollmentTerms
from tests.enrollment.sample import WELDER, codes
from tests.enrollment.sample_elsewhere import HEBEI

EMPLOYER = {"employer_credit_code": sample_credit_code(3)}


def terms() -> EnrollmentTerms:
    return HEBEI.book().enrollment


def test_an_ordinary_class_meets_no_objection() -> None:
    """HB-INS-04, HB-ENR-05, -06, -10: listed, published, appointed and in season."""
    assert HEBEI.judged() == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *(
            (kind, [])
            for kind in (
                "enterprise",
                "technician_school",
                "vocational_college",
                "high_skill_base",
                "master_studio",
                "public_practice_base",
                "private_school",
            )
        ),
        ("other", ["INSTITUTION_KIND_REVIEW"]),
        ("employment_training_centre", ["INSTITUTION_KIND_UNKNOWN"]),
    ],
)
def test_seven_kinds_of_institutions_are_known_and_any_other_is_looked_at(kind: str, expected: list[str]) -> None:
    """HB-INS-02"""
    findings = judge_kind(kind, terms().institution_kinds)
    assert codes(findings) == expected
    assert all(finding.rule == "HB-INS-02" for finding in findings)


@pytest.mark.parametrize(
    ("entries", "opening", "expected"),
    [
        (({"published_on": "2024-05-15"},), date(2024, 6, 3), None),
        (({"published_on": "2024-06-03"},), date(2024, 6, 3), None),
        (({"published_on": "2024-06-04"},), date(2024, 6, 3), ("BEFORE_PUBLICATION", "HB-INS-01", "ask")),
        (({"published_on": "2024-05-15"},), date(2024, 4, 22), ("BEFORE_PUBLICATION", "HB-INS-01", "ask")),
        ((), date(2024, 5, 15), ("BEFORE_PUBLICATION", "HB-INS-01", "ask")),
        ((), date(2024, 5, 16), ("NOT_PUBLISHED", "HB-INS-01", "stop")),
        (
            ({"published_on": "2024-05-10", "withdrawn_on": "2024-06-02"},),
            date(2024, 6, 3),
            ("NOT_PUBLISHED", "HB-INS-01", "stop"),
        ),
    ],
)
def test_a_class_needs_its_institution_in_a_published_list_or_a_person_decides_until_lists_are_due(
    entries: tuple[Values, ...], opening: date, expected: tuple[str, str, str] | None
) -> None:
    """HB-INS-01: April classes before the lists are flagged and a person decides."""
    found = HEBEI.objections(HEBEI.plan(opening=opening), records=HEBEI.instead("NOT_PUBLISHED", *entries))
    assert found == ([expected] if expected else [])


def test_a_list_published_after_the_fifteenth_of_may_is_counted_as_overdue() -> None:
    """HB-INS-01"""
    register = terms().register("published_institution")
    assert register is not None

    def listed(number: int, day: str) -> RegisterEntry:
        values = {"list_number": "2024-1", "published_on": day, "withdrawn_on": None}
        return entry("published_institution", number, values, school=f"school-{number}")

    facts = ReportFacts(entries=(listed(1, "2024-05-15"), listed(2, "2024-05-16")), as_of=date(2024, 6, 1))
    assert report(register, facts).totals == {"entries": 2, "overdue": 1}


def test_a_class_of_a_selected_base_is_held_at_a_selected_base_or_a_person_keeps_its_tag() -> None:
    """HB-INS-03"""
    plan = HEBEI.plan(stated={"base_tag": "fusao"})
    selected = {"base_kind": "fusao", "selected_on": "2024-05-01"}
    assert HEBEI.objections(plan, records=HEBEI.instead("NOT_SELECTED_BASE", selected)) == []
    for other in ({**selected, "base_kind": "elder_care"}, {**selected, "selected_on": "2024-06-04"}):
        found = HEBEI.objections(plan, records=HEBEI.instead("NOT_SELECTED_BASE", other))
        assert found == [("NOT_SELECTED_BASE", "HB-INS-03", "ask")]


def test_both_directories_list_the_class_or_it_is_refused() -> None:
    """HB-INS-04, HB-ENR-05: no entry, no subsidy, whichever of the two is missing."""
    assert HEBEI.objections(entries=()) == [("NOT_IN_DIRECTORY", "HB-INS-04", "stop")]
    for entry in (
        {"occupation": "4-10-01-01", "listed_from": "2024-01-01"},
        {"occupation": WELDER, "listed_from": "2024-06-04"},
        {"occupation": WELDER, "listed_from": "2024-01-01", "listed_to": "2024-06-02"},
    ):
        found = HEBEI.objections(records=HEBEI.instead("OCCUPATION_NOT_LISTED", entry))
        assert found == [("OCCUPATION_NOT_LISTED", "HB-ENR-05", "stop")]


def test_reviewers_are_told_of_an_urgently_short_occupation() -> None:
    """HB-ENR-05"""
    listed = {"occupation": WELDER, "listed_from": "2024-01-01", "listed_to": None, "urgently_short": True}
    (told,) = HEBEI.judged(records=HEBEI.instead("OCCUPATION_NOT_LISTED", listed))
    assert (told.code, told.severity, told.message) == ("URGENTLY_SHORT", Severity.WARN, "急需紧缺：是。")


@pytest.mark.parametrize("missing", ["evaluation_body", "evaluation_on"])
def test_review_starts_only_once_the_evaluation_is_appointed_too(missing: str) -> None:
    """HB-ENR-06"""
    assert HEBEI.objections(HEBEI.plan(without=(missing,))) == [("APPOINTMENT_MISSING", "HB-ENR-06", "stop")]


def test_the_appointed_day_is_a_day() -> None:
    """HB-ENR-06"""
    for day, expected in (
        ("2024-06-31", ["ATTRIBUTE_INVALID"]),
        ("20240630", ["ATTRIBUTE_INVALID"]),
        ("2024-06-30", []),
    ):
        found = HEBEI.objections(HEBEI.plan(stated={"evaluation_on": day}))
        assert [code for code, _, _ in found] == expected


def test_an_evaluation_is_no_class_with_lessons() -> None:
    """HB-CLM-13: an assessment body applies for it, without timetable and without a training institution's entries."""
    bare = {"sessions": (), "attributes": {}}
    unlisted: dict[str, Any] = {"entries": (), "records": HEBEI.instead("NOT_PUBLISHED")}
    assert HEBEI.judged(HEBEI.plan(kind="evaluation", training_type="evaluation", **bare), **unlisted) == ()
    found = {code for code, _, _ in HEBEI.objections(HEBEI.plan(**bare), **unlisted)}
    assert {
        *("NO_SESSION_ON_OPENING", "NOT_IN_DIRECTORY", "NOT_PUBLISHED", "APPOINTMENT_MISSING", "TOPIC_MISSING")
    } <= found


def test_nothing_is_trained_before_the_review() -> None:
    """HB-ENR-07: a class that is only applied for does not open, in the name of the clause."""
    plan = HEBEI.plan()
    applied = training_class(plan, state="applied")
    blocker = what_blocks(applied, on_roster=30, suspended=False, book=HEBEI.book())
    assert blocker is not None
    assert (blocker.code, blocker.rule, blocker.clause) == ("NOT_APPROVED", "HB-ENR-07", "四(三)")
    steps = terms().approval
    assert steps is not None
    assert [step.role for step in steps.steps] == [Role.FIRST_REVIEWER, Role.APPROVER]


def test_one_person_holds_one_duty_in_a_file() -> None:
    """HB-SUP-04"""
    with pytest.raises(Forbidden, match="SAME_REVIEWER") as refused:
        require_other_person("first", "bureau_opinion", duties={"first": "first_review"}, terms=terms().four_eyes)
    assert refused.value.rule == "HB-SUP-04"


def test_the_funding_source_is_named_when_the_class_is_applied_for() -> None:
    """HB-ENR-08"""
    (finding,) = judge_funding(" ", None, fixed=terms().funding_at_opening)
    assert (finding.code, finding.rule, finding.severity) == ("SOURCE_MISSING", "HB-ENR-08", Severity.STOP)
    assert judge_funding("employment_subsidy_fund", None, fixed=terms().funding_at_opening) == []
    assert HEBEI.objections(HEBEI.plan(funding_source="")) == [("SOURCE_MISSING", "HB-ENR-08", "stop")]


@pytest.mark.parametrize(
    ("closing", "expected"),
    [(date(2024, 8, 31), []), (date(2024, 9, 1), [("SEASON_OVER", "HB-ENR-10", "ask")])],
)
def test_of_a_class_that_ends_after_august_a_person_decides(
    closing: date, expected: list[tuple[str, str, str]]
) -> None:
    """HB-ENR-10"""
    found = [one for one in HEBEI.objections(HEBEI.plan(closing_date=closing)) if one[0] == "SEASON_OVER"]
    assert found == expected


@pytest.mark.parametrize("hours", [None, "0", "-1"])
@pytest.mark.parametrize("topic", ["topic_safety", "topic_fire_safety"])
def test_a_plan_without_hours_of_safety_and_of_fire_protection_is_refused(topic: str, hours: str | None) -> None:
    """HB-ENR-11: two hours of the one and none of the other will not do; one hour of each will."""
    if hours is None:
        assert HEBEI.objections(HEBEI.plan(without=(topic,))) == [("TOPIC_MISSING", "HB-ENR-11", "stop")]
    else:
        found = HEBEI.objections(HEBEI.plan(stated={topic: hours}))
        assert found == [("ATTRIBUTE_INVALID", "HB-ENR-11", "stop")]
    assert HEBEI.objections(HEBEI.plan(stated={topic: "1"})) == []


@pytest.mark.parametrize("mode", ["order", "post", "directed"])
def test_a_class_for_an_employer_without_its_code_is_shown_to_the_reviewer(mode: str) -> None:
    """HB-ENR-12: a warning, no refusal."""
    (finding,) = HEBEI.judged(HEBEI.plan(stated={"class_mode": mode}))
    assert (finding.code, finding.rule, finding.severity) == ("EMPLOYER_MISSING", "HB-ENR-12", Severity.WARN)
    assert HEBEI.judged(HEBEI.plan(stated={"class_mode": mode, **EMPLOYER})) == ()
    assert HEBEI.judged(HEBEI.plan(stated={"class_mode": "other"})) == ()


MEASURE = {"in_force_from": "2024-03-01", "in_force_to": None}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("pre_job", []),
        ("labour_export", []),
        ("large_enterprise", [("COMMITMENT_SCOPE", "HB-ENR-13", "ask")]),
        ("other", [("COMMITMENT_SCOPE", "HB-ENR-13", "ask")]),
        ("distance", [("ATTRIBUTE_INVALID", "HB-ENR-13", "stop")]),
    ],
)
def test_commitment_is_for_the_scopes_of_the_text_and_a_person_decides_what_large_means(
    scope: str, expected: list[tuple[str, str, str]]
) -> None:
    """HB-ENR-13"""
    known = HEBEI.instead("MEASURE_MISSING", MEASURE)
    assert HEBEI.objections(HEBEI.plan(stated={"commitment": scope}), records=known) == expected


def test_commitment_needs_a_measure_in_force_and_is_lost_by_a_breach() -> None:
    """HB-ENR-14, HB-ENR-15"""
    plan = HEBEI.plan(stated={"commitment": "pre_job"})
    assert HEBEI.objections(plan) == [("MEASURE_MISSING", "HB-ENR-14", "stop")]
    late = HEBEI.instead("MEASURE_MISSING", {**MEASURE, "in_force_from": "2024-06-04"})
    assert HEBEI.objections(plan, records=late) == [("MEASURE_MISSING", "HB-ENR-14", "stop")]
    for last, expected in (("2024-06-02", []), ("2024-06-03", [("COMMITMENT_REVOKED", "HB-ENR-15", "stop")])):
        breach = {"revoked_from": "2024-05-01", "revoked_to": last}
        known = {**HEBEI.instead("MEASURE_MISSING", MEASURE), "COMMITMENT_REVOKED": (breach,)}
        assert HEBEI.objections(plan, records=known) == expected


def test_a_committed_class_opens_once_the_institution_and_all_forty_have_signed() -> None:
    """HB-ENR-14, HB-ENR-15: with 39 of 40 it does not open, and it says why."""
    term = commitments()
    plan = HEBEI.plan(stated={"commitment": "pre_job"})
    assert is_committed(training_class(plan), term)
    assert not is_committed(training_class(HEBEI.plan()), term)
    people = [f"person-{number}" for number in range(40)]
    own = [entry("institution_commitment", 1, {"signed_on": "2024-06-01"})]
    signed = [
        entry("trainee_commitment", number, {"signed_on": "2024-06-03"}, person=person)
        for number, person in enumerate(people)
    ]

    def missing(institution: list[RegisterEntry], trainees: list[RegisterEntry]) -> str | None:
        blocker = what_is_uncommitted(
            term, institution=institution, trainees=trainees, on_roster=people, day=HEBEI.opening
        )
        return blocker.message if blocker else None

    assert missing(own, signed) is None
    assert "1 名学员尚未" in (missing(own, signed[:39]) or "")
    assert "培训机构尚未" in (missing([], signed) or "")
    late = entry("trainee_commitment", 39, {"signed_on": "2024-06-04"}, person=people[39])
    assert "1 名学员" in (missing(own, [*signed[:39], late]) or "")


ACTIONS = {
    "action_elder_care": "HB-ENR-16",
    "action_ice_and_snow": "HB-ENR-17",
    "action_manufacturing": "HB-ENR-18",
    "action_digital": "HB-ENR-19",
    "action_strong_enterprise": "HB-ENR-20",
}


def test_a_class_carries_the_tags_of_the_special_actions_and_of_the_local_policy_to_the_reports() -> None:
    """HB-ENR-16, HB-ENR-17, HB-ENR-18, HB-ENR-19, HB-ENR-20, HB-ENR-21: tags without effect on the class."""
    tags = {**dict.fromkeys(ACTIONS, "yes"), "local_policy": "city"}
    plan = HEBEI.plan(stated=tags)
    assert HEBEI.judged(plan) == ()
    assert tags.items() <= published(plan.stated, terms()).items()
    rules = {attribute.code: attribute.rule for attribute in terms().attributes}
    assert ACTIONS.items() <= rules.items()
    assert rules["local_policy"] == "HB-ENR-21"


def test_the_forty_first_to_sign_up_waits_in_the_first_place_and_the_next_in_the_second() -> None:
    """HB-ENR-22: nobody signs up for a full class; whoever waits keeps the number until a place is free."""
    term = terms().sign_ups
    assert term is not None

    def placing(others: list[Values], **given: object) -> tuple[object, object]:
        values: Values = {"class_id": "class-1", "outcome": "open", "waiting_position": None, **given}
        found = placed(values, others, planned=40, terms=term)
        return found["outcome"], found["waiting_position"]

    confirmed: list[Values] = [{"outcome": "confirmed"}] * 39
    assert placing(confirmed) == ("open", None)
    full: list[Values] = [*confirmed, {"outcome": "open"}]
    assert placing(full) == ("waiting", 1)
    assert placing([*full, {"outcome": "waiting", "waiting_position": 1}]) == ("waiting", 2)
    assert placing(full, outcome="waiting", waiting_position=7) == ("waiting", 7)
    assert placing([*confirmed, {"outcome": "declined"}], outcome="confirmed", waiting_position=1) == (
        "confirmed",
        None,
    )
    assert placing(full, outcome="declined") == ("declined", None)


def test_a_class_of_two_hundred_is_no_matter_in_hebei() -> None:
    """HB-QUA-04: of no class size anything is said, as tests/policy/test_silence.py holds of every term."""
    assert HEBEI.judged(HEBEI.plan(planned=200)) == ()


def commitments() -> Commitments:
    found = terms().commitments
    assert found is not None
    return found


def training_class(plan: Any, **given: Any) -> TrainingClass:
    sample = {"state": "reserved", "version": 1, "round": 1, "programme": "training", "rulebook_id": HEBEI.book().id}
    return TrainingClass(
        class_id="class-1", institution_id="school", region=HEBEI.region, plan=plan, **{**sample, **given}
    )


def entry(
    register: str, number: int, values: Values, *, person: str | None = None, school: str = "school"
) -> RegisterEntry:
    return RegisterEntry(
        entry_id=f"entry-{number}",
        register=register,
        region=HEBEI.region,
        institution_id=school,
        person_id=person,
        masked_name="赵**" if person else None,
        values=values,
        recorded_on=date(2024, 5, 1),
    )
