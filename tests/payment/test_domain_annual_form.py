"""The 66 fields of annex 2, filled from facts; every field is named by its rule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.payment.domain.annual_form import Case, FilledField, Paid, fill
from services.payment.domain.claim import Claim, Deadlines, Review, Undertaking, deadlines
from services.payment.domain.facts import Known
from services.payment.domain.notice import Notice, NoticeState, Period
from services.payment.domain.objection import Objection
from services.payment.domain.state import Act
from shared.contracts.assessment import KindCount, ResultEntryChanged
from shared.contracts.enrollment import ReviewRecord, RosterEntryChanged
from shared.contracts.supervision import InspectionEntryChanged, SpotCheckRecorded
from shared.policy.loader import load_forms
from tests.payment.sample import JIYUAN, OPENING, assessed, certificate, class_facts, people, rate, rulebook, scheduled

(FORM,) = load_forms()
AT = datetime(2021, 5, 20, 2, tzinfo=UTC)


def check(number: int, kind: str, on: date, headcount: int) -> Known[SpotCheckRecorded]:
    fact = SpotCheckRecorded(
        class_id="class-1",
        check_id=f"check-{number}",
        kind=kind,  # type: ignore[arg-type]
        held_on=on,
        headcount=headcount,
        inspectors=(f"inspector-{number}",),
        venue_id=f"venue-{number}",
        teachers_seen=(f"teacher-{number}",),
        sign_in_in_order=True,
        records_retained=True if kind == "opening" else None,
    )
    return Known(event_id=f"e-check-{number}", fact=fact)


def notice(state: NoticeState = NoticeState.ENDED) -> Notice:
    period = Period(starts_on=date(2021, 9, 17), ends_on=date(2021, 9, 23), payable_from=date(2021, 9, 24))
    return Notice(
        notice_id="notice-1",
        claim_id="claim-1",
        round=1,
        state=state,
        period=period,
        site="济源示范区人力资源和社会保障局官网",
        amounts={},
        content={},
        list_hash="0" * 64,
        published_by="second-1",
    )


def review(step: Act, actor: str) -> Review:
    return Review(round=1, step=step, approved=True, actor=actor, decided_at=AT, opinion="已核对")


def case(**changes: Any) -> Case:
    """Give a paid class of 41 people at 1,500 yuan, checked twice in the course with 36 and 35 present."""
    roster = people(1, 41)
    facts = class_facts(roster=roster, certificates=[certificate(each) for each in roster], spot=(36, 35))
    assert facts.opened is not None
    reviews = tuple(
        ReviewRecord(step=step, actor=f"class-{step}", decided_at=AT)
        for step in ("first_review", "second_review", "bureau_opinion")
    )
    opened = replace(facts.opened.fact, reviews=reviews)
    checks = (
        check(1, "opening", OPENING, 41),
        check(3, "spot", OPENING, 35),
        check(2, "spot", OPENING, 36),
    )
    received = date(2021, 9, 13)
    claim = Claim(
        claim_id="claim-1",
        class_id="class-1",
        institution_id=opened.institution.institution_id,
        region=JIYUAN,
        rulebook_id=rulebook().id,
        claimant="institution",
        undertaking=Undertaking(text_version="JY-2021", signer="张*", signed_on=received),
        received_on=received,
        deadlines=deadlines(rulebook(), received),
        assessment=assessed(facts, rate(1500)),
        notices=(notice(),),
        reviews=(
            review(Act.FIRST_REVIEW, "first-1"),
            review(Act.SECOND_REVIEW, "second-1"),
            review(Act.APPROVE, "approver-1"),
        ),
    )
    found = Case(
        claim=claim,
        facts=replace(facts, checks=checks),
        opened=opened,
        rulebook=rulebook(),
        bank_name="样例银行济源支行",
        account_masked="**************7531",
        paid=(Paid(funding_source="employment_subsidy_fund", amount_fen=6_150_000, on=date(2021, 9, 24)),),
    )
    return replace(found, **changes)


def filled(found: Case) -> Mapping[str, FilledField]:
    return {each.field.rule: each for each in fill(FORM, found)}


def examined(*kinds: tuple[str, int, int], total: int) -> Case:
    """Give the case with other exam counts: kind, examined, certified."""
    found = case()
    assert found.facts.examination is not None
    counts = tuple(KindCount(kind=kind, examined=sat, certified=got) for kind, sat, got in kinds)  # type: ignore[arg-type]
    fact = replace(found.facts.examination.fact, kinds=counts, examined=total)
    return replace(found, facts=replace(found.facts, examination=Known(event_id="e", fact=fact)))


EXPECTED: Mapping[str, object] = {
    "JY-FLD-01": "institution",
    "JY-FLD-02": "济源市样例职业培训学校",
    "JY-FLD-06": "样例银行济源支行",
    "JY-FLD-07": "**************7531",
    "JY-FLD-09": "2021-06-01",
    "JY-FLD-10": {"code": "welder", "name": "焊工"},
    "JY-FLD-11": "4",
    "JY-FLD-12": 50,
    "JY-FLD-13": "2021-06-01",
    "JY-FLD-14": "2021-06-01",
    "JY-FLD-15": 4,
    "JY-FLD-17": True,
    "JY-FLD-18": {"by": "class-first_review", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-19": {"by": "class-second_review", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-20": "2021-05-20",
    "JY-FLD-21": {"by": "class-bureau_opinion", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-22": 41,
    "JY-FLD-23": {"present": 41, "absent": 0},
    "JY-FLD-24": "已留存",
    "JY-FLD-25": ["inspector-1"],
    "JY-FLD-26": ["2021-06-01", "2021-06-01"],
    "JY-FLD-27": ["venue-2", "venue-3"],
    "JY-FLD-28": [["teacher-2"], ["teacher-3"]],
    "JY-FLD-29": [36, 35],
    "JY-FLD-30": [["inspector-2"], ["inspector-3"]],
    "JY-FLD-31": True,
    "JY-FLD-32": "35.5",
    "JY-FLD-33": {"passed": True, "by": "approver-9", "on": "2021-06-01"},
    "JY-FLD-34": ["2021-06-25"],
    "JY-FLD-35": 41,
    "JY-FLD-36": 0,
    "JY-FLD-37": 0,
    "JY-FLD-38": 41,
    "JY-FLD-39": 41,
    "JY-FLD-40": 0,
    "JY-FLD-41": 0,
    "JY-FLD-42": 0,
    "JY-FLD-43": 0,
    "JY-FLD-44": 0,
    "JY-FLD-45": 0,
    "JY-FLD-46": True,
    "JY-FLD-47": {"persons": 41, "by_kind": 41},
    "JY-FLD-48": "patrol-1",
    "JY-FLD-49": 35,
    "JY-FLD-50": "5.25",
    "JY-FLD-51": {"text_version": "JY-2021", "accepted": True},
    "JY-FLD-52": {"signer": "张*", "on": "2021-09-13"},
    "JY-FLD-53": {"by": "first-1", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-54": {"by": "second-1", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-55": {"received_on": "2021-09-13", "review_due": "2021-09-23", "review_due_outer": "2021-10-09"},
    "JY-FLD-56": "2021-09-17",
    "JY-FLD-57": "2021-09-23",
    "JY-FLD-58": "济源示范区人力资源和社会保障局官网",
    "JY-FLD-59": 3,
    "JY-FLD-60": {"count": 0, "objections": []},
    "JY-FLD-61": {"by": "approver-1", "on": "2021-05-20", "decision": "approve"},
    "JY-FLD-62": ["2021-09-24"],
    "JY-FLD-63": "6.15",
    "JY-FLD-64": [{"funding_source": "employment_subsidy_fund", "name": "就业补助资金", "amount_wan": "6.15"}],
    "JY-FLD-65": [
        {
            "class_id": "class-1",
            "opening_date": "2021-06-01",
            "occupation": "welder",
            "level": "4",
            "planned_persons": 50,
        }
    ],
    "JY-FLD-66": False,
}

ELSEWHERE: Mapping[str, str] = {
    "JY-FLD-04": "enrollment",
    "JY-FLD-05": "enrollment",
}


@pytest.mark.parametrize("rule", EXPECTED)
def test_a_field_that_payment_knows_is_filled_from_facts_and_contradicts_nothing(rule: str) -> None:
    found = filled(case())[rule]
    assert (found.state, found.value, found.problems) == ("filled", EXPECTED[rule], ())


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_a_field_that_payment_does_not_know_names_the_service_it_comes_from(rule: str) -> None:
    found = filled(case())[rule]
    assert (found.state, found.value, found.field.source) == ("elsewhere", None, ELSEWHERE[rule])


def checked(*checks: Known[SpotCheckRecorded]) -> Mapping[str, FilledField]:
    found = case()
    return filled(replace(found, facts=replace(found.facts, checks=checks)))


def test_records_that_one_of_the_opening_checks_found_missing_are_not_said_to_be_retained() -> None:
    """JY-FLD-24"""
    good, poor = check(1, "opening", OPENING, 41), check(2, "opening", OPENING, 41)
    poor = replace(poor, fact=replace(poor.fact, records_retained=False))

    assert checked(good)["JY-FLD-24"].value == "已留存"
    assert checked(good, poor)["JY-FLD-24"].value == "未按要求留存"


def test_what_an_inspection_did_not_say_is_awaited() -> None:
    """JY-FLD-24, -27, -28: no event of an earlier release told it, and no inspector is taken to have seen nobody."""
    spot, opening = check(2, "spot", OPENING, 36), check(1, "opening", OPENING, 41)
    silent = replace(spot, fact=replace(spot.fact, venue_id=None, teachers_seen=()))
    untold = replace(opening, fact=replace(opening.fact, records_retained=None))

    fields = checked(untold, spot, silent)

    assert [fields[rule].state for rule in ("JY-FLD-24", "JY-FLD-27", "JY-FLD-28")] == ["awaited"] * 3


def test_no_field_of_the_form_is_forgotten() -> None:
    """JY-FLD-03, -08, -16 are filled once enrollment says them; until then they are awaited."""
    states = {rule: each.state for rule, each in filled(case()).items()}
    assert states.keys() == EXPECTED.keys() | ELSEWHERE.keys() | {"JY-FLD-03", "JY-FLD-08", "JY-FLD-16"}
    assert [states[rule] for rule in ("JY-FLD-03", "JY-FLD-08", "JY-FLD-16")] == ["awaited"] * 3
    said = {"attributes": {"training_mode": "entrusted"}, "applicant_sealed": True, "batch": 3}
    told = filled(replace(case(), opened=replace(case().opened, **said)))
    assert [told[rule].value for rule in ("JY-FLD-03", "JY-FLD-08", "JY-FLD-16")] == [True, 3, "entrusted"]


def test_before_anything_happened_a_field_is_awaited_from_its_service() -> None:
    found = case(paid=(), bank_name=None)
    found = replace(
        found,
        claim=replace(found.claim, notices=(), reviews=()),
        facts=replace(found.facts, training=None, examination=None, checks=(), exams=(), attendance=()),
    )
    states = {rule: each.state for rule, each in filled(found).items()}
    for number in (6, 22, 23, 25, 26, 29, 30, 31, 32, 33, 34, 35, 36, 45, 47, 48, 53, 54, 56, 57, 58, 59, 60, 61, 62):
        assert states[f"JY-FLD-{number:02}"] == "awaited", number
    assert (states["JY-FLD-63"], states["JY-FLD-64"]) == ("awaited", "awaited")


@pytest.mark.parametrize(
    ("fen", "wan"), [(6_150_000, "6.15"), (6_123_456, "6.123456"), (1, "0.000001"), (100_000_000, "100")]
)
def test_ten_thousand_yuan_are_printed_without_loss(fen: int, wan: str) -> None:
    """JY-PAY-03: 61,500.00 yuan prints 6.15; 61,234.56 prints 6.123456."""
    paid = (Paid(funding_source="other", amount_fen=fen, on=date(2021, 9, 24)),)
    assert filled(case(paid=paid))["JY-FLD-63"].value == wan


def test_two_sources_are_named_each_with_its_amount() -> None:
    """JY-FLD-64: two sources summing to 61,500 yuan."""
    paid = (
        Paid(funding_source="employment_subsidy_fund", amount_fen=4_000_000, on=date(2021, 9, 24)),
        Paid(funding_source="skills_action_fund", amount_fen=2_150_000, on=date(2021, 9, 25)),
    )
    fields = filled(case(paid=paid))
    assert [each["amount_wan"] for each in fields["JY-FLD-64"].value] == ["4", "2.15"]
    assert (fields["JY-FLD-63"].value, fields["JY-FLD-62"].value) == ("6.15", ["2021-09-24", "2021-09-25"])


def test_one_person_with_two_kinds_is_one_head_and_two_certificates() -> None:
    """JY-FLD-47: the sum of the kinds and the distinct people, both shown."""
    found = examined(("level", 41, 41), ("special_ability", 1, 1), total=41)
    again = Known(event_id="e-again", fact=certificate("p1", "special_ability"))
    found = replace(found, facts=replace(found.facts, certificates=(*found.facts.certificates, again)))
    assert filled(found)["JY-FLD-47"].value == {"persons": 41, "by_kind": 42}


KIND_FIELDS = [
    ("qualification", "JY-FLD-36", "JY-FLD-37"),
    ("level", "JY-FLD-38", "JY-FLD-39"),
    ("special_operation", "JY-FLD-40", "JY-FLD-41"),
    ("special_ability", "JY-FLD-42", "JY-FLD-43"),
    ("completion", "JY-FLD-44", "JY-FLD-45"),
]


@pytest.mark.parametrize(("kind", "sat_rule", "got_rule"), KIND_FIELDS)
def test_examinees_of_a_kind_stay_within_all_and_certificates_within_the_examinees(
    kind: str, sat_rule: str, got_rule: str
) -> None:
    """JY-FLD-36 to JY-FLD-45: 45 of 45 holds, 46 of 45 does not; 10 of 10 holds, 11 of 10 does not."""
    holds = filled(examined((kind, 45, 45), total=45))
    assert (holds[sat_rule].problems, holds[got_rule].problems) == ((), ())
    assert filled(examined((kind, 46, 10), total=45))[sat_rule].problems
    assert filled(examined((kind, 10, 11), total=45))[got_rule].problems
    assert filled(examined((kind, -1, -1), total=45))[sat_rule].problems


def test_two_reviews_by_one_person_are_seen_on_the_form() -> None:
    """JY-FLD-19, JY-FLD-54: the re-check is another person's."""
    found = case()
    reviews = tuple(replace(each, actor="reviewer-17") for each in found.opened.reviews)
    assert filled(replace(found, opened=replace(found.opened, reviews=reviews)))["JY-FLD-19"].problems
    same = tuple(replace(each, actor="reviewer-17") for each in found.claim.reviews)
    assert filled(replace(found, claim=replace(found.claim, reviews=same)))["JY-FLD-54"].problems


@pytest.mark.parametrize(("on", "holds"), [(date(2021, 9, 23), False), (date(2021, 9, 24), True)])
def test_money_on_the_last_day_of_the_notice_is_seen_on_the_form(on: date, holds: bool) -> None:
    """JY-FLD-62: notice end 2021-09-23; payable from the day after."""
    paid = (Paid(funding_source="other", amount_fen=100, on=on),)
    assert (filled(case(paid=paid))["JY-FLD-62"].problems == ()) is holds


def test_a_check_outside_the_training_is_seen_on_the_form() -> None:
    """JY-FLD-26: inside the training period."""
    found = case()
    late = replace(found.facts, checks=(check(1, "spot", date(2021, 6, 2), 36),))
    assert filled(replace(found, facts=late))["JY-FLD-26"].problems
    early = replace(found.facts, checks=(check(1, "spot", date(2021, 5, 31), 36),))
    assert filled(replace(found, facts=early))["JY-FLD-26"].problems


def test_training_before_the_opening_day_is_seen_on_the_form() -> None:
    """JY-FLD-13: never before the opening date."""
    found = case()
    moved = replace(found.opened, opening_date=date(2021, 6, 2))
    assert filled(replace(found, opened=moved))["JY-FLD-13"].problems


def test_one_of_two_inspections_is_a_no_on_the_form() -> None:
    """JY-FLD-31: 1 of 2 inspection receipts."""
    found = case()
    fields = filled(replace(found, facts=replace(found.facts, checks=found.facts.checks[:2])))
    assert fields["JY-FLD-31"].value is False
    assert fields["JY-FLD-31"].problems


def test_without_results_or_a_roster_the_form_says_no() -> None:
    """JY-FLD-17, JY-FLD-46: yes only from recorded facts."""
    found = case()
    fields = filled(
        replace(found, facts=replace(found.facts, examination=None), opened=replace(found.opened, trainees=()))
    )
    assert (fields["JY-FLD-46"].value, fields["JY-FLD-17"].value) == (False, False)


@pytest.mark.parametrize(
    ("contract", "checkpoint", "rule"),
    [
        (RosterEntryChanged, "plan_and_roster", "JY-FLD-17"),
        (InspectionEntryChanged, "inspections", "JY-FLD-31"),
        (ResultEntryChanged, "results", "JY-FLD-46"),
    ],
)
def test_what_the_province_has_receipts_for_is_what_the_form_says_is_in_the_system(
    contract: Any, checkpoint: str, rule: str
) -> None:
    """JY-FLD-17, JY-FLD-31, JY-FLD-46: 39 of 40 receipts are a no."""
    found = case()
    for received in (39, 40):
        told = contract(
            class_id="class-1",
            checkpoint=checkpoint,
            entered=received == 40,
            lines=40,
            received=received,
            refused=40 - received,
        )
        facts = replace(found.facts, entries=(Known(event_id="e-entry", fact=told),))
        assert filled(replace(found, facts=facts))[rule].value is (received == 40)


def test_objections_and_how_they_ended_are_told_without_anybodys_words() -> None:
    """JY-FLD-60: none is said as none."""
    found = case()
    objections = tuple(
        Objection(
            objection_id=f"objection-{number}",
            notice_id="notice-1",
            claim_id="claim-1",
            line_nos=frozenset({number}),
            raised_on=date(2021, 9, 18),
            upheld=upheld,
            finding=None if upheld is None else "核查",
            resolved_by=None if upheld is None else "inspector-1",
            resolved_on=None if upheld is None else date(2021, 9, 22),
        )
        for number, upheld in ((1, True), (2, False), (3, None))
    )
    value = filled(replace(found, claim=replace(found.claim, objections=objections)))["JY-FLD-60"].value
    assert value["count"] == 3
    assert [each["result"] for each in value["objections"]] == ["upheld", "dismissed", "open"]
    assert value["objections"][0]["resolved_on"] == "2021-09-22"


def test_a_withdrawn_notice_is_not_on_the_form() -> None:
    found = case()
    gone = replace(found, claim=replace(found.claim, notices=(notice(NoticeState.WITHDRAWN),)))
    assert filled(gone)["JY-FLD-56"].state == "awaited"


def test_an_individuals_form_has_person_institution_and_evaluation_body_and_hides_the_rest() -> None:
    """JY-FLD-03, JY-FLD-66, JY-CLM-08: no seal, the basics alone, and marked as the individual's variant."""
    found = case()
    fields = filled(replace(found, claim=replace(found.claim, claimant="individual")))
    assert (fields["JY-FLD-03"].state, fields["JY-FLD-66"].value) == ("hidden", True)
    assert fields["JY-FLD-02"].state == "awaited"
    shown = {int(rule[-2:]) for rule, each in fields.items() if each.state != "hidden"}
    assert shown == {1, 2, 4, 5, 6, 7, 9, 10, 11, 13, 14, 15, 34, 47, *range(49, 65), 66}
    enterprise = filled(replace(found, claim=replace(found.claim, claimant="enterprise")))
    assert all(each.state != "hidden" for each in enterprise.values())


def test_several_exam_days_are_told_in_order() -> None:
    """JY-FLD-34."""
    found = case()
    exams = tuple(
        Known(event_id=str(day), fact=replace(scheduled(), exam_on=day))
        for day in (date(2021, 7, 2), date(2021, 6, 25))
    )
    assert filled(replace(found, facts=replace(found.facts, exams=exams)))["JY-FLD-34"].value == [
        "2021-06-25",
        "2021-07-02",
    ]


def test_an_average_of_three_checks_has_one_decimal() -> None:
    """JY-FLD-32: printed with one decimal; the payable heads are the floor."""
    found = case()
    assert found.facts.training is not None
    training = replace(found.facts.training.fact, spot_headcounts=(36, 36, 35))
    told = replace(found, facts=replace(found.facts, training=Known(event_id="e", fact=training)))
    assert filled(told)["JY-FLD-32"].value == "35.7"


def test_the_deadlines_are_those_of_the_claim() -> None:
    """JY-FLD-55."""
    found = case()
    limits = Deadlines(review_due=date(2021, 10, 1), review_due_outer=date(2021, 10, 20))
    fields = filled(replace(found, claim=replace(found.claim, deadlines=limits)))
    assert fields["JY-FLD-55"].value["review_due_outer"] == "2021-10-20"
