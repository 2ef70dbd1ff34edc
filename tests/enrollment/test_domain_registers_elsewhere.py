"""Registers of Huludao and Linshu: what an entry says, and what is reported of them."""

from collections.abc import Mapping
from datetime import date

import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.register import Value, judge_checks, read_values, unlinked
from services.enrollment.domain.register_report import RegisterReport
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import HULUDAO, LINSHU, Place

PLANT = sample_credit_code(5)


def rows(report: RegisterReport) -> dict[str, Mapping[str, int]]:
    return {row.key: row.counts for row in report.rows}


def objections(place: Place, register: str, **fields: Value) -> list[tuple[str, str]]:
    """Give what a register objects to in an entry: code and rule."""
    terms = place.register(register)
    values, findings = read_values(fields, terms)
    found = findings or judge_checks(values, institution_kind="private_school", terms=terms)
    return [(one.code, one.rule) for one in found]


@pytest.mark.parametrize(("public_fen", "below"), [(4_999_999, 1), (5_000_000, 0), (5_000_001, 0)])
def test_half_of_a_colleges_training_income_goes_to_its_running_funds(public_fen: int, below: int) -> None:
    """HL-INS-12: of 100,000 yuan 49,999.99 is less than half, 50,000 is not."""
    entry = HULUDAO.entry("college_income", year=2020, income_fen=10_000_000, public_funds_fen=public_fen)
    report = HULUDAO.reported("college_income", entry)
    assert report.totals == {"entries": 1, "below": below}
    assert [(one.code, one.rule) for row in report.rows for one in row.findings] == [
        ("SHARE_TOO_LOW", "HL-INS-12")
    ] * below


def test_an_enterprises_training_facilities_are_counted_by_kind() -> None:
    """HL-INS-11: a training centre and a master studio, neither with public money."""
    entries = [
        HULUDAO.entry("facility", number, facility_kind=kind, title=kind, founded_on="2020-01-01")
        for number, kind in enumerate(("training_centre", "master_studio"))
    ]
    report = HULUDAO.reported("facility", *entries)
    assert rows(report) == {"training_centre": {"entries": 1}, "master_studio": {"entries": 1}}
    assert [entry.values["funding_reference"] for entry in entries] == [None, None]


def test_a_shared_practice_base_says_how_many_use_it() -> None:
    """HL-INS-13"""
    entry = HULUDAO.entry(
        "practice_base",
        title="焊接实训基地",
        shared=True,
        participants=2,
        provincial_demonstration=False,
        opened_on="2020-01-01",
    )
    assert rows(HULUDAO.reported("practice_base", entry)) == {"true": {"entries": 1, "heads": 2}}


def test_a_teacher_is_recorded_full_time_or_part_time() -> None:
    """HL-INS-10: of three, the one without a kind is not taken."""
    fields: dict[str, Value] = {"origin": "school", "employed_from": "2020-01-01"}
    assert objections(HULUDAO, "teacher_record", **fields) == [("FIELD_MISSING", "HL-INS-10")]
    entries = [
        HULUDAO.entry("teacher_record", 1, person="p1", teacher_kind="full_time", **fields),
        HULUDAO.entry("teacher_record", 2, person="p2", teacher_kind="part_time", **{**fields, "origin": "enterprise"}),
    ]
    assert HULUDAO.reported("teacher_record", *entries).totals == {"entries": 2}


def test_private_institutions_are_evaluated_every_twelve_months() -> None:
    """HL-QUA-02: after 2020-01-15 due on 2021-01-15 and overdue a day later; who never was is due."""
    fields: dict[str, Value] = {"score": 90, "findings": "合格", "decision": "keep"}
    entries = [
        HULUDAO.entry("quality_evaluation", 1, evaluated_on="2020-01-15", **fields),
        HULUDAO.entry("quality_evaluation", 2, evaluated_on="2019-01-15", **fields),
    ]
    for as_of, expected in (
        (date(2021, 1, 14), []),
        (date(2021, 1, 15), ["EVALUATION_DUE"]),
        (date(2021, 1, 16), ["EVALUATION_OVERDUE"]),
    ):
        (row,) = HULUDAO.reported("quality_evaluation", *entries, as_of=as_of).rows
        assert codes(row.findings) == expected
        assert all(one.rule == "HL-QUA-02" for one in row.findings)
    never = HULUDAO.reported("quality_evaluation", institutions={"school": "示例学校"})
    assert (codes(never.rows[0].findings), never.rows[0].name) == (["EVALUATION_DUE"], "示例学校")


@pytest.mark.parametrize(("decision", "flagged"), [("exit", 2), ("rectify", 0), ("keep", 0)])
def test_classes_that_run_on_after_an_exit_wait_for_a_persons_decision(decision: str, flagged: int) -> None:
    """LS-INS-02; no interval of a neighbour is asked of Linshu."""
    left = "2020-09-10" if decision == "exit" else None
    entry = LINSHU.entry(
        "quality_evaluation", evaluated_on="2020-08-30", score=40, findings="差", decision=decision, exit_on=left
    )
    report = LINSHU.reported(
        "quality_evaluation", entry, running={"school": ["class-1", "class-2"]}, as_of=date(2023, 1, 1)
    )
    assert report.totals == {"institutions": 1, "due": 0, "overdue": 0, "running_after_exit": flagged}
    found = [(one.code, one.rule) for row in report.rows for one in row.findings]
    assert found == ([("EXITED_CLASS_RUNNING", "LS-INS-02")] if flagged else [])


def test_a_large_enterprises_plan_is_published_or_withheld_with_a_reason() -> None:
    """HL-ENR-14"""
    plan: dict[str, Value] = {"enterprise_code": PLANT, "confirmed_on": "2020-03-01"}
    assert objections(HULUDAO, "large_enterprise_plan", **plan, title="二号", withheld=True) == [
        ("REASON_REQUIRED", "HL-ENR-14")
    ]
    entries = [
        HULUDAO.entry("large_enterprise_plan", 1, **plan, title="一号", withheld=False),
        HULUDAO.entry("large_enterprise_plan", 2, **plan, title="二号", withheld=True, withheld_reason="涉及工艺秘密"),
    ]
    assert rows(HULUDAO.reported("large_enterprise_plan", *entries)) == {
        "false": {"entries": 1},
        "true": {"entries": 1},
    }


def test_a_small_enterprise_signs_its_own_agreement() -> None:
    """HL-INS-09"""
    fields: dict[str, Value] = {
        "partner_name": "示例小微企业",
        "agreement_number": "协-1",
        "organiser_name": "焊接行业协会",
        "agreed_from": "2020-01-01",
        "agreed_to": "2020-12-31",
    }
    assert objections(HULUDAO, "small_enterprise_agreement", **fields) == [("FIELD_MISSING", "HL-INS-09")]
    entry = HULUDAO.entry("small_enterprise_agreement", **fields, partner_code=PLANT)
    assert rows(HULUDAO.reported("small_enterprise_agreement", entry)) == {"焊接行业协会": {"entries": 1}}


@pytest.mark.parametrize(("place", "rule"), [(HULUDAO, "HL-ENR-02"), (LINSHU, "LS-ENR-02")])
@pytest.mark.parametrize(("passed_on", "violations"), [("2020-09-02", 1), ("2020-08-31", 0)])
def test_high_risk_work_begins_after_the_safety_training_was_passed(
    place: Place, rule: str, passed_on: str, violations: int
) -> None:
    """HL-ENR-02, LS-ENR-02: start on 2020-09-01."""
    start = place.entry(
        "post_assignment",
        person="p1",
        enterprise_code=PLANT,
        post="化工操作",
        special_operation=False,
        assigned_on="2020-09-01",
    )
    passed = place.entry("safety_pass", 2, person="p1", proof="safety_training", passed_on=passed_on)
    later = {"as_of": max(place.opening, LINSHU.opening)}
    report = place.reported("post_assignment", start, passes=(passed,), **later)
    assert report.totals == {"assignments": 1, "violations": violations}
    assert [one.rule for row in report.rows for one in row.findings] == [rule] * violations


@pytest.mark.parametrize(
    ("place", "first_step"), [(HULUDAO, "project_recommendation"), (LINSHU, "project_development")]
)
def test_whoever_learnt_to_start_a_business_is_followed_up_in_three_steps(place: Place, first_step: str) -> None:
    """HL-ENR-13, LS-ENR-15"""
    terms = place.register("follow_up")
    assert terms.opened_by == ("entrepreneurship",)
    rest = {"guaranteed_loan": "open", "follow_up_support": "open"}
    entries = [
        place.entry(
            "follow_up",
            number,
            person=f"p{number}",
            class_id="class",
            **{first_step: "done" if number == 1 else "open"},
            **rest,
        )
        for number in range(1, 26)
    ]
    assert rows(place.reported("follow_up", *entries)) == {
        "class": {"tasks": 25, "steps": 75, "open_steps": 74, "open_tasks": 25}
    }


@pytest.mark.parametrize(("bases", "expected"), [(0, ["BELOW_GOAL"]), (1, []), (2, []), (3, ["ABOVE_GOAL"])])
def test_one_or_two_demonstration_bases_are_aimed_at(bases: int, expected: list[str]) -> None:
    """LS-INS-07"""
    entries = [
        LINSHU.entry(
            "practice_base", number, title=f"基地{number}", demonstration=number < bases, opened_on="2020-09-01"
        )
        for number in range(4)
    ]
    (demonstration,) = [row for row in LINSHU.reported("practice_base", *entries).rows if row.key == "true"]
    assert demonstration.counts == {"entries": bases}
    assert codes(demonstration.findings) == expected
    assert all(one.rule == "LS-INS-07" for one in demonstration.findings)


def test_support_of_a_base_follows_whom_it_trained_and_stays_empty_until_decided() -> None:
    """LS-INS-03"""
    fields: dict[str, Value] = {
        "base_kind": "high_skill_base",
        "title": "示例基地",
        "year": 2020,
        "trained": 120,
        "employed_graduates": 40,
    }
    entry = LINSHU.entry("enterprise_base", **fields, support_decided=False)
    assert entry.values["support_fen"] is None
    assert rows(LINSHU.reported("enterprise_base", entry)) == {
        "high_skill_base": {"entries": 1, "trained": 120, "employed_graduates": 40, "support_fen": 0}
    }
    assert objections(LINSHU, "enterprise_base", **fields, support_decided=True, support_fen=100) == [
        ("SUPPORT_DECISION_MISSING", "LS-INS-03")
    ]


def test_support_of_equipment_is_listed_apart_from_accessibility() -> None:
    """LS-INS-08"""
    entries = [
        LINSHU.entry(
            "upgrade_support",
            number,
            recipient=f"机构{number}",
            support_kind=kind,
            support_fen=1_000_000,
            support_decision="沭培〔2020〕3号",
            decided_on="2020-10-01",
        )
        for number, kind in enumerate(("equipment", "accessibility"))
    ]
    assert rows(LINSHU.reported("upgrade_support", *entries)) == {
        "equipment": {"entries": 1, "support_fen": 1_000_000},
        "accessibility": {"entries": 1, "support_fen": 1_000_000},
    }


def test_activities_of_enterprises_are_counted_by_kind() -> None:
    """LS-INS-09: two contests, three drills."""
    entries = [
        LINSHU.entry(
            "activity", number, activity_kind=kind, title=f"活动{number}", held_on="2020-10-01", participants=10
        )
        for number, kind in enumerate(("skill_contest",) * 2 + ("drill",) * 3)
    ]
    assert {key: row["entries"] for key, row in rows(LINSHU.reported("activity", *entries)).items()} == {
        "skill_contest": 2,
        "drill": 3,
    }


def test_directories_and_selected_resources_show_what_is_still_empty() -> None:
    """LS-INS-05, LS-INS-06"""
    item = LINSHU.entry(
        "directory_item", directory="demand", occupation="6-18-02-04", occupation_name="焊工", listed_from="2020-09-01"
    )
    assert rows(LINSHU.reported("directory_item", item)) == {
        "key_industry": {"entries": 0},
        "general": {"entries": 0},
        "demand": {"entries": 1},
    }
    assert set(rows(LINSHU.reported("selected_resource"))) == {"textbook", "courseware", "pool_teacher"}


def test_every_leaver_is_found_asked_and_matched_to_a_school() -> None:
    """LS-ENR-04: of 200 found 150 have a wish and 120 a school."""
    entries = [
        LINSHU.entry(
            "school_leaver",
            number,
            person=f"p{number}",
            leaver_source="第一中学",
            found_on="2020-09-01",
            matching="matched" if number < 120 else "unmatched" if number < 150 else "wish_unknown",
            matched_school="示例技校" if number < 120 else None,
        )
        for number in range(200)
    ]
    assert rows(LINSHU.reported("school_leaver", *entries)) == {
        "wish_unknown": {"entries": 50},
        "unmatched": {"entries": 30},
        "matched": {"entries": 120},
    }
    unnamed: dict[str, Value] = {"leaver_source": "第一中学", "found_on": "2020-09-01", "matching": "matched"}
    assert objections(LINSHU, "school_leaver", **unnamed) == [("SCHOOL_MISSING", "LS-ENR-04")]


def test_groups_without_a_training_plan_are_told() -> None:
    """LS-ENR-08: plans for four of eight groups."""
    planned = ("plan_employee", "plan_rural", "plan_poor", "plan_veteran")
    entries = [
        LINSHU.entry("group_plan", number, plan_group=group, year=2020, plan_topics="家政", participants=50)
        for number, group in enumerate(planned)
    ]
    counts = rows(LINSHU.reported("group_plan", *entries))
    assert {group for group, row in counts.items() if row["entries"]} == set(planned)
    assert sum(not row["entries"] for row in counts.values()) == 4


def test_minutes_learnt_on_two_clients_count_once() -> None:
    """LS-ENR-13: to minute 12 on the app, then from 12 to 20 on the PC, and the first ten again elsewhere."""
    learnt = (("mobile_app", 0, 12), ("pc", 12, 20), ("public_account", 0, 10))
    entries = [
        LINSHU.entry(
            "learning_record", number, person="p1", lesson="焊接安全", client=client, from_minute=first, to_minute=last
        )
        for number, (client, first, last) in enumerate(learnt)
    ]
    other = LINSHU.entry(
        "learning_record", 9, person="p2", lesson="焊接安全", client="pc", from_minute=30, to_minute=45
    )
    assert rows(LINSHU.reported("learning_record", *entries)) == {"焊接安全": {"persons": 1, "minutes": 20}}
    assert rows(LINSHU.reported("learning_record", *entries, other)) == {"焊接安全": {"persons": 2, "minutes": 35}}


def test_each_of_the_five_lists_builds_on_the_one_before() -> None:
    """LS-ENR-12"""
    links = {code: LINSHU.register(code).links for code in ("list_published", "list_chosen", "list_taken")}
    assert {code: [(link.field, link.register) for link in found] for code, found in links.items()} == {
        "list_published": [("demand_number", "list_demand")],
        "list_chosen": [("list_number", "list_published")],
        "list_taken": [("list_number", "list_chosen")],
    }
    (link,) = links["list_chosen"]
    finding = unlinked(link, LINSHU.register("list_chosen"))
    assert (finding.code, finding.rule) == ("NOT_LISTED", "LS-ENR-12")
