"""Goals of a year and shares of a period, against the worked examples of the catalogue."""

from dataclasses import replace
from datetime import date

from services.payment.domain.class_record import ClassRecord, Period
from services.payment.domain.goals import apprentices, certificates, of_year, person_times, plan_progress
from services.payment.domain.shares import (
    Share,
    cluster_share,
    group_shares,
    transfer_employment,
    villages,
    whole,
)
from shared.policy.loader import load_targets
from tests.payment.report_sample import opened, record
from tests.payment.sample import certificate, people, rulebook

TERMS = rulebook().payment.reporting
(PLAN,) = load_targets()
(PERSON_TIMES,) = TERMS.person_times
(HIGH_SKILLED,) = TERMS.certificates
YEAR = Period(first=date(2021, 1, 1), last=date(2021, 12, 31))
BEFORE = Period(first=date(2020, 1, 1), last=date(2020, 12, 31))


def class_of(number: int, first: int, last: int, **fields: object) -> ClassRecord:
    return record(opened(f"class-{number}", roster=people(first, last), **fields))


def test_forty_thousand_person_times_are_met_by_the_last_one_and_not_before() -> None:
    """JY-REP-01: 39,999 leave a gap of 1; one more completion meets the goal."""
    almost = record(opened(roster=[]))
    assert almost.examination is not None
    almost = replace(almost, examination=replace(almost.examination, examined=39_999))
    goal = person_times([almost], PERSON_TIMES, target=PERSON_TIMES.person_times_min)
    assert (goal.target, goal.done, goal.gap, goal.met) == (40_000, 39_999, 1, False)
    goal = person_times([almost, class_of(2, 1, 1)], PERSON_TIMES, target=PERSON_TIMES.person_times_min)
    assert (goal.done, goal.gap, goal.met) == (40_000, 0, True)


def test_a_class_belongs_to_the_training_year_in_which_it_opened() -> None:
    """JY-REP-01: by training year, whenever the class ended."""
    late = record(opened(opening=date(2021, 12, 20)), trained_on=date(2022, 1, 10), exam_on=date(2022, 1, 15))
    assert of_year([late], 2021) == (late,)
    assert of_year([late], 2022) == ()


def test_a_second_high_certificate_of_the_same_person_is_not_counted() -> None:
    """JY-REP-02: 1,599 distinct people, one of them with two certificates of level 3 or above: not met."""
    roster = people(1, 1_599)
    found = record(opened(roster=roster), level="3")
    again = replace(certificate("p1", level="2"), certificate_id="again", issued_on=date(2021, 9, 1))
    found = replace(found, certificates=(*found.certificates, again))
    goal = certificates([found], 2021, HIGH_SKILLED)
    assert (goal.done, goal.target, goal.met, goal.gap) == (1_599, 1_600, False, 1)


def test_only_a_first_certificate_of_level_3_or_above_makes_a_new_high_skilled_talent() -> None:
    """JY-REP-02: newly, in this system; lower levels and other certificates do not count."""
    older = record(opened("old", opening=date(2020, 3, 1)), issued=date(2020, 5, 1), level="3", passed=["p1"])
    now = record(opened("new"), level="3", passed=["p1", "p2"])
    low = record(opened("low"), level="4", passed=["p3"])
    gone = record(opened("gone"), level="3", passed=["p4"], cancelled=True)
    other = replace(low, certificates=(certificate("p5", "completion", level="3"),))
    assert certificates([older, now, low, gone, other], 2021, HIGH_SKILLED).done == 1
    assert certificates([older, now, low, gone, other], 2020, HIGH_SKILLED).done == 1


def test_apprentices_are_told_against_target_clause_and_quota() -> None:
    """JY-REP-03: 590 new-type and 50 modern: 600 not met, floor 640 met, quota 84.29 % with 110 open."""
    assert TERMS.apprentices is not None
    modern = {"training_form": "modern_apprenticeship"}
    records = [
        class_of(1, 1, 590, training_type="apprenticeship_senior"),
        class_of(2, 591, 640, training_type="apprenticeship_intermediate", attributes=modern),
    ]
    target, floor, quota = apprentices(records, TERMS.apprentices, PLAN.targets)
    assert (target.target, target.done, target.met, target.gap) == (600, 590, False, 10)
    assert (floor.target, floor.done, floor.met) == (600, 640, True)
    assert (quota.target, quota.share.percent, quota.gap) == (700, "84.29", 110)


def test_an_apprentice_in_two_classes_is_one_person_and_one_who_left_is_none() -> None:
    assert TERMS.apprentices is not None
    first = class_of(1, 1, 3, training_type="apprenticeship_senior")
    second = replace(class_of(2, 3, 5, training_type="apprenticeship_senior"), withdrawn=frozenset({"p5"}))
    assert apprentices([first, second], TERMS.apprentices, None)[0].done == 4
    assert len(apprentices([first], TERMS.apprentices, None)) == 2


def test_the_plan_tells_row_by_row_who_did_what_of_their_allocation() -> None:
    """JY-REP-04: by type and provider; a pool is shared by providers of its kinds, others stand apart."""
    records = [
        class_of(1, 1, 20, provider="济源技师学院", provider_kind="technician_school"),
        class_of(2, 21, 30, provider="别处学校"),
        class_of(3, 31, 60, training_type="key_groups"),
        class_of(4, 61, 65, training_type="key_groups", provider_kind="technician_school"),
    ]
    rows = {row.type: row for row in plan_progress(records, PLAN.targets)}
    assert len(rows) == 13
    assert sum(row.persons for row in rows.values()) == PLAN.targets.total_persons
    intermediate = rows["employee_intermediate"]
    done = {each.provider: each.counts.assessed_persons for each in intermediate.allocations}
    assert (done["济源技师学院"], intermediate.counts.assessed_persons) == (20, 30)
    assert intermediate.unallotted.assessed_persons == 10
    key_groups = rows["key_groups"]
    assert {each.provider: each.counts.opened_persons for each in key_groups.allocations} == {
        "学院及技工学校": 5,
        "民办培训机构": 30,
    }
    for row in rows.values():
        parts = [*(each.counts for each in row.allocations), row.unallotted]
        assert sum(each.opened_persons for each in parts) == row.counts.opened_persons


def test_the_share_of_a_group_is_told_with_its_change_over_the_year() -> None:
    """JY-QUA-03: 40 % in 2020 and 43 % in 2021 are 3 points more."""
    assert TERMS.group_shares is not None

    def trained(number: int, day: date, employees: int) -> ClassRecord:
        roster = people(1, 100)
        groups = {each: (("employee",) if place < employees else ("laid_off",)) for place, each in enumerate(roster)}
        fact = opened(f"class-{number}", roster=roster, groups=groups, opening=day)
        return record(fact, trained_on=day)

    records = [trained(1, date(2020, 6, 1), 40), trained(2, date(2021, 6, 1), 43)]
    found = {each.code: each for each in group_shares(records, YEAR, BEFORE, TERMS.group_shares)}
    employees = found["enterprise_employees"]
    assert employees.share is not None
    assert employees.year_before is not None
    assert (employees.share.percent, employees.year_before.percent) == ("43.00", "40.00")
    assert employees.share.points_since(employees.year_before) == "3.00"
    assert found["laid_off"].share == Share(part=57, whole=100)
    assert found["jobless_graduates"].share is None


def test_everybody_in_a_class_for_struggling_enterprises_is_of_their_staff() -> None:
    """JY-QUA-03: job-changing staff are known by their class (JY-ENR-28), the other groups by the roster."""
    assert TERMS.group_shares is not None
    records = [class_of(1, 1, 10, attributes={"job_change": "yes"}), class_of(2, 11, 40)]
    found = {each.code: each.share for each in group_shares(records, YEAR, BEFORE, TERMS.group_shares)}
    assert found["struggling_enterprise_staff"] == Share(part=10, whole=40)
    assert found["enterprise_employees"] == Share(part=40, whole=40)


def test_a_share_of_nothing_has_no_percentage() -> None:
    assert Share(part=0, whole=0).percent is None
    assert Share(part=1, whole=2).points_since(Share(part=0, whole=0)) is None
    assert Share(part=1, whole=8).percent == "12.50"
    assert Share(part=2, whole=3).percent == "66.67"


def test_of_thirty_rural_learners_certified_twenty_one_found_work() -> None:
    """JY-QUA-07: 21 of 30, 70.0 %."""
    assert TERMS.transfer_employment is not None
    groups = dict.fromkeys(people(1, 30), ("rural_transferred",))
    found = record(opened(roster=people(1, 40), groups=groups), employed=frozenset([*people(1, 21), "p40"]))
    [each] = transfer_employment([found], YEAR, TERMS.transfer_employment)
    assert (each.share, each.share.percent) == (Share(part=21, whole=30), "70.00")
    assert transfer_employment([found], BEFORE, TERMS.transfer_employment) == ()
    assert whole([each.share, Share(part=1, whole=10)]) == Share(part=22, whole=40)


def test_six_of_ten_classes_of_a_college_are_for_the_cluster() -> None:
    """JY-INS-09: 60.0 %; classes of others do not count."""
    assert TERMS.cluster_share is not None
    records = [
        class_of(number, 1, 5, provider_kind="vocational_college", attributes={"cluster": "A"} if number < 6 else {})
        for number in range(10)
    ]
    records += [class_of(11, 1, 5, attributes={"cluster": "A"})]
    share = cluster_share(records, YEAR, TERMS.cluster_share)
    assert (share, share.percent) == (Share(part=6, whole=10), "60.00")


def test_three_classes_of_a_village_are_eighty_three_person_times() -> None:
    """JY-ENR-23: 28 + 30 + 25 learners; the campaign and new-type farmers are told apart."""
    assert TERMS.village_report is not None
    records = [
        class_of(1, 1, 28, attributes={"village": "V", "campaign": "whole_village"}),
        class_of(2, 1, 30, attributes={"village": "V", "campaign": "whole_village", "new_farmer": "yes"}),
        class_of(3, 1, 25, attributes={"village": "V"}),
        class_of(4, 1, 9, attributes={"village": "W"}),
        class_of(5, 1, 9),
    ]
    first, second = villages(records, YEAR, TERMS.village_report)
    assert (first.village, first.classes, first.person_times) == ("V", 3, 83)
    assert (first.campaign_person_times, first.new_farmer_person_times) == (58, 30)
    assert (second.village, second.person_times) == ("W", 9)
    assert villages(records, BEFORE, TERMS.village_report) == ()
