"""Classes under the rulebook of Quanjiao for 2020 and 2021: consent, directory, ratings, plans and accounts."""

from datetime import date, timedelta

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.institution import judge_kind
from services.enrollment.domain.register import RegisterEntry, Values, natural_key, read_values
from services.enrollment.domain.register_report import ReportFacts, report
from services.enrollment.domain.review import require_other_person
from shared.domain.errors import Forbidden
from shared.policy.decision import Severity
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.register import Register
from tests.enrollment.sample import WELDER, codes
from tests.enrollment.sample_elsewhere import QUANJIAO


def terms() -> EnrollmentTerms:
    return QUANJIAO.book().enrollment


def register(code: str) -> Register:
    found = terms().register(code)
    assert found is not None
    return found


def entry(code: str, number: int, values: Values, *, school: str = "school") -> RegisterEntry:
    blank = dict.fromkeys(field.code for field in register(code).fields)
    return RegisterEntry(
        entry_id=f"entry-{number}",
        register=code,
        region=QUANJIAO.region,
        institution_id=school,
        person_id=None,
        masked_name=None,
        values={**blank, **values},
        recorded_on=date(2020, 6, 1),
    )


def test_an_ordinary_class_meets_no_objection() -> None:
    """QJ-INS-03, QJ-ENR-04"""
    assert QUANJIAO.judged() == ()


def test_every_provider_that_the_text_names_is_known_and_any_other_is_looked_at() -> None:
    """QJ-INS-01: the list of the text is open."""
    kinds = terms().institution_kinds
    assert kinds is not None
    for kind in kinds.kinds:
        assert codes(judge_kind(kind.code, kinds)) == (["INSTITUTION_KIND_REVIEW"] if kind.code == "other" else [])
    assert codes(judge_kind("enterprise_centre", kinds)) == ["INSTITUTION_KIND_UNKNOWN"]


OPENING = QUANJIAO.opening
CONSENT = {"occupation": WELDER, "consented_from": "2020-01-01", "consented_to": "2020-12-31"}


@pytest.mark.parametrize("kind", ["industry_association", "backbone_institution", "other"])
@pytest.mark.parametrize(
    ("consents", "opening", "expected"),
    [
        ((CONSENT,), date(2020, 12, 31), []),
        (({**CONSENT, "consented_from": f"{OPENING}"},), OPENING, []),
        (
            ({**CONSENT, "consented_from": f"{OPENING + timedelta(days=1)}"},),
            OPENING,
            [("OUT_OF_CONSENT", "QJ-INS-01", "stop")],
        ),
        ((CONSENT,), date(2021, 1, 4), [("OUT_OF_CONSENT", "QJ-INS-01", "stop")]),
        ((), date(2020, 12, 31), [("OUT_OF_CONSENT", "QJ-INS-01", "stop")]),
        (({**CONSENT, "occupation": "4-10-01-01"},), OPENING, [("OUT_OF_CONSENT", "QJ-INS-01", "stop")]),
    ],
)
def test_others_employees_are_trained_only_within_field_and_period_of_the_consent(
    kind: str, consents: tuple[Values, ...], opening: date, expected: list[tuple[str, str, str]]
) -> None:
    """QJ-INS-01: another occupation is no fitting entry, and neither is a day after the last."""
    found = QUANJIAO.objections(
        QUANJIAO.plan(opening=opening),
        institution=QUANJIAO.institution(kind),
        records=QUANJIAO.instead("OUT_OF_CONSENT", *consents),
    )
    assert found == expected


def test_a_leading_enterprise_needs_consent_only_for_others() -> None:
    """QJ-INS-01"""
    leading = QUANJIAO.institution("leading_enterprise")
    assert QUANJIAO.objections(institution=leading) == []
    plan = QUANJIAO.plan(stated={"served_enterprise": sample_credit_code(3)})
    assert QUANJIAO.objections(plan, institution=leading) == [("OUT_OF_CONSENT_FOR_OTHERS", "QJ-INS-01", "stop")]
    assert QUANJIAO.objections(plan) == []  # an ordinary enterprise is not what the clause speaks of


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (None, True),
        ({"struggling": False}, True),
        ({"struggling": True, "struggling_evidence": None}, True),
        ({"struggling": True, "struggling_evidence": "全工信〔2020〕1号"}, False),
        ({"struggling": True, "struggling_evidence": "全工信〔2020〕1号", "struggling_until": "2020-06-01"}, False),
        ({"struggling": True, "struggling_evidence": "全工信〔2020〕1号", "struggling_until": "2020-05-31"}, True),
    ],
)
def test_job_change_is_for_enterprises_in_difficulty_or_a_person_decides(
    profile: Values | None, expected: bool
) -> None:
    """QJ-CLM-02: 24,000 of an enterprise shown to struggle on the opening day, review of one that is not."""
    asked = [("STRUGGLING_NOT_SHOWN", "QJ-CLM-02", "ask")] if expected else []
    enterprise = QUANJIAO.institution("enterprise")
    plan = QUANJIAO.plan(training_type="job_change")
    assert QUANJIAO.objections(plan, institution=enterprise, profile=profile) == asked
    assert QUANJIAO.objections(institution=enterprise, profile=profile) == []


def test_an_institution_without_rating_is_warned_of_and_a_grade_is_shown() -> None:
    """QJ-INS-02: no grade excludes anybody."""
    (missing,) = QUANJIAO.judged(records=QUANJIAO.instead("RATING_MISSING"))
    assert (missing.code, missing.rule, missing.severity) == ("RATING_MISSING", "QJ-INS-02", Severity.WARN)
    rated = ({"grade": "d", "rated_on": "2020-05-20"}, {"grade": "b", "rated_on": "2020-06-01"})
    (shown,) = QUANJIAO.judged(records=QUANJIAO.instead("RATING_MISSING", *rated))
    assert (shown.code, shown.severity, shown.message) == ("CREDIT_RATING", Severity.WARN, "信用等级：B。")


@pytest.mark.parametrize(
    ("appeals", "points", "grade"),
    [((None, None), 85, "B"), (("upheld", "dismissed"), 90, "A"), (("pending", "pending"), 85, "B")],
)
def test_points_and_grade_follow_the_formula_and_an_upheld_appeal(
    appeals: tuple[str | None, str | None], points: int, grade: str
) -> None:
    """QJ-INS-02: 100 less 5 and 10; an event appealed with success does not count."""
    events = [
        entry("credit_event", number, {"event": event, "happened_on": f"2020-0{number}-01", "appeal": appeal})
        for number, (event, appeal) in enumerate(zip(("late_entry", "wrong_entry"), appeals, strict=True), start=1)
    ]
    facts = ReportFacts(
        entries=events, institutions={"school": "示例学校"}, as_of=date(2020, 12, 31), rating=terms().credit_rating
    )
    (row,) = report(register("credit_event"), facts).rows
    assert (row.name, row.counts["points"]) == (f"示例学校（{grade}）", points)


def test_points_never_fall_below_zero_and_only_events_of_the_period_count() -> None:
    """QJ-INS-02"""
    events = [
        entry("credit_event", number, {"event": "false_claim", "happened_on": f"2020-0{number}-01"})
        for number in (1, 2, 3)
    ]
    known = {"entries": events, "as_of": date(2020, 12, 31), "rating": terms().credit_rating}
    (row,) = report(register("credit_event"), ReportFacts(**known)).rows
    assert row.counts == {"events": 3, "points": 0}
    (row,) = report(register("credit_event"), ReportFacts(**known, since=date(2020, 3, 1))).rows
    assert row.counts == {"events": 1, "points": 40}


@pytest.mark.parametrize(
    ("last", "expected"),
    [("2020-05-31", [("OCCUPATION_NOT_LISTED", "QJ-INS-03", "stop")]), ("2020-06-01", []), (None, [])],
)
def test_the_occupation_is_in_the_directory_on_the_opening_day(
    last: str | None, expected: list[tuple[str, str, str]]
) -> None:
    """QJ-INS-03"""
    listed = {"occupation": WELDER, "listed_from": "2019-01-01", "listed_to": last}
    assert QUANJIAO.objections(records=QUANJIAO.instead("OCCUPATION_NOT_LISTED", listed)) == expected


def test_pre_job_training_outside_the_directory_is_reviewed_by_the_county_and_upskilling_is_refused() -> None:
    """QJ-ENR-03"""
    unlisted = QUANJIAO.instead("OCCUPATION_NOT_LISTED")
    pre_job = QUANJIAO.plan(training_type="pre_job")
    assert QUANJIAO.objections(pre_job, records=unlisted) == [("OCCUPATION_REVIEW", "QJ-ENR-03", "ask")]
    assert QUANJIAO.objections(records=unlisted) == [("OCCUPATION_NOT_LISTED", "QJ-INS-03", "stop")]
    listed = QUANJIAO.instead("OCCUPATION_REVIEW", {"occupation": WELDER, "listed_from": "2019-01-01"})
    assert QUANJIAO.objections(pre_job, records=listed) == []


def test_a_class_on_no_line_of_the_enterprises_plan_is_warned_of_and_not_blocked() -> None:
    """QJ-ENR-01"""
    for line, expected in (
        ({"starts_on": "2020-06-01", "ends_on": "2020-06-30"}, []),
        ({"starts_on": "2020-07-01", "ends_on": "2020-07-31"}, ["NOT_IN_ENTERPRISE_PLAN"]),
    ):
        found = QUANJIAO.judged(records=QUANJIAO.instead("NOT_IN_ENTERPRISE_PLAN", {"occupation": WELDER, **line}))
        assert codes(found) == expected
        assert all((one.rule, one.severity) == ("QJ-ENR-01", Severity.WARN) for one in found)
    assert QUANJIAO.objections(records=QUANJIAO.instead("NOT_IN_ENTERPRISE_PLAN")) == []


def test_a_demand_says_by_which_channel_it_came_and_how_many_of_it_are_matched() -> None:
    """QJ-ENR-02"""
    values, findings = read_values(
        {
            "enterprise_code": sample_credit_code(3),
            "occupation": WELDER,
            "wanted": 20,
            "collected_on": "2020-05-20",
            "channel": "online",
            "class_id": "class-1",
            "participants": 20,
        },
        register("training_demand"),
    )
    assert findings == []
    told = report(
        register("training_demand"),
        ReportFacts(entries=[entry("training_demand", 1, values)], as_of=date(2020, 6, 30)),
    )
    assert [(row.key, row.counts) for row in told.rows] == [("online", {"entries": 1, "heads": 20})]


def test_plan_and_roster_are_in_the_anhui_system_before_the_last_approval() -> None:
    """QJ-ENR-04: opening application and person import; scores and payment are claimed by."""
    term = terms().system_entry
    assert term is not None
    assert (term.rule, term.clause, term.document) == ("QJ-ENR-04", "三", "全人社发〔2020〕63号")


def test_an_account_of_the_provincial_system_is_recorded_with_its_rights_and_never_with_a_password() -> None:
    """QJ-ENR-05"""
    accounts = register("system_account")
    given = {"user_name": "qj-e1", "rights": "apply", "requested_on": "2020-05-20", "assigned_on": "2020-05-21"}
    values, findings = read_values(given, accounts)
    assert findings == []
    assert codes(read_values({**given, "password": "x"}, accounts)[1]) == ["FIELD_UNKNOWN"]
    assert accounts.roles == ("approver",)
    keys = {
        natural_key(values, region="341124", institution_id=holder, person_id=None, terms=accounts)
        for holder in ("e1", "e2")
    }
    assert len(keys) == 2


def test_nobody_who_applied_approves() -> None:
    """QJ-ENR-05: rights are defined, and an applicant's are not the reviewer's."""
    with pytest.raises(Forbidden, match="SAME_REVIEWER") as refused:
        require_other_person("clerk", "first_review", duties={"clerk": "applicant"}, terms=terms().four_eyes)
    assert refused.value.rule == "QJ-ENR-05"


def test_poverty_relief_and_graduates_have_types_and_rate_words_of_their_own() -> None:
    """QJ-ENR-08"""
    programmes = terms().programmes
    assert programmes is not None
    words = {one.code: one.programme for one in programmes.types}
    assert words["poverty_relief"] == "poverty_relief"
    assert words["graduate_training"] == "graduate_training"
    assert words["free_group_training"] == "free_group_training"
    assert QUANJIAO.objections(QUANJIAO.plan(training_type="graduate_training")) == []


@pytest.mark.parametrize(
    ("kind", "training_type"), [("work_for_training", "work_for_training"), ("evaluation", "first_appraisal")]
)
def test_what_has_no_lessons_has_no_timetable_and_no_directory(kind: str, training_type: str) -> None:
    """QJ-CLM-07, QJ-ASM-02"""
    stated = {"hirer": "workshop", "employer_credit_code": sample_credit_code(3)}
    hired = stated if kind == "work_for_training" else {}
    plan = QUANJIAO.plan(kind=kind, training_type=training_type, level=None, sessions=(), stated=hired)
    assert QUANJIAO.objections(plan, records=QUANJIAO.instead("OCCUPATION_NOT_LISTED")) == []


def test_a_class_of_two_hundred_is_no_matter_in_quanjiao() -> None:
    """QJ-PAY-03: of no class size anything is said, as tests/policy/test_silence.py holds of every term."""
    assert QUANJIAO.judged(QUANJIAO.plan(planned=200)) == ()
