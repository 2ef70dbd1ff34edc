"""Who comes into the directory, who is stopped and how a stop ends, by the rulebook of 2021."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.domain.centre import (
    Assessment,
    Attachment,
    ConditionFinding,
    Expert,
    ListingApplication,
    Reply,
    assess,
    judge_attachments,
    judge_conditions,
    judge_finding,
    judge_listing,
    reply,
)
from services.enrollment.domain.education_money import education_money_max
from services.enrollment.domain.institution import end_entry
from services.enrollment.domain.plan import judge_plan
from services.enrollment.domain.quality_case import CaseDecision, QualityCase, decide, is_below, measured_again
from services.enrollment.domain.suspension import Lifting, RectificationReport, decide_report, lift_suspension
from shared.contracts.assessment import SatisfactionMeasured
from shared.domain.errors import Conflict, Forbidden, Refused
from shared.policy.terms.assessment import Satisfaction
from shared.policy.terms.institution import CentreListing
from tests.enrollment.sample import WELDER, book, codes, entry, facts, institution, plan, suspension

TERMS = book().enrollment
TODAY = date(2021, 5, 12)
ELECTRICIAN = "6-31-01-03"
SLOTS = ("establishment", "venue", "teachers", "equipment", "teaching_materials")


def satisfaction() -> Satisfaction:
    terms = book().assessment.satisfaction
    assert terms is not None
    return terms


def listing() -> CentreListing:
    assert TERMS.centre_listing is not None
    return TERMS.centre_listing


def attachments(*slots: str) -> list[Attachment]:
    return [Attachment(slot=slot, reference=f"档案-{slot}", sha256="0" * 64) for slot in slots]


def application(**given: object) -> ListingApplication:
    sample = ListingApplication(
        application_id="application",
        institution_id="school",
        applied_on=date(2021, 5, 6),
        applied_by="clerk",
        rulebook_id=book().id,
        attachments=tuple(attachments(*SLOTS)),
    )
    return replace(sample, **given)


def assessment(**given: object) -> Assessment:
    sample = Assessment(
        passed=True,
        assessed_on=date(2021, 5, 10),
        experts=(Expert(name="专家", organisation="示例学院", title="教授"),),
        reference="评估-1",
        sha256="1" * 64,
        recorded_by="inspector",
    )
    return replace(sample, **given)


def approval(**given: object) -> Reply:
    sample = Reply(number="批复〔2021〕3号", replied_on=date(2021, 5, 12), approved=True, recorded_by="approver")
    return replace(sample, **given)


def found(condition: str, occupation: str = WELDER, *, met: bool = True) -> ConditionFinding:
    return ConditionFinding(
        occupation=occupation, condition=condition, met=met, found_on=TODAY, evidence="核查-1", recorded_by="inspector"
    )


@pytest.mark.parametrize(
    ("slots", "missing"),
    [
        (SLOTS, []),
        (SLOTS[:4], ["teaching_materials"]),
        ((*SLOTS, "other"), []),
        ((), [*SLOTS]),
    ],
)
def test_a_centre_hands_in_all_five_proofs_and_may_add_others(slots: tuple[str, ...], missing: list[str]) -> None:
    """JY-INS-02."""
    assert TERMS.centre_application is not None
    findings = judge_attachments(attachments(*slots), TERMS.centre_application)
    assert [finding.value for finding in findings] == missing
    assert {(finding.code, finding.rule) for finding in findings} <= {("MISSING_ATTACHMENT", "JY-INS-02")}


def test_a_proof_that_the_list_does_not_know_is_refused() -> None:
    assert TERMS.centre_application is not None
    assert codes(judge_attachments(attachments(*SLOTS, "poem"), TERMS.centre_application)) == ["ATTACHMENT_UNKNOWN"]


def listed(given: ListingApplication | None, kind: str = "enterprise_centre") -> list[str]:
    return codes(
        judge_listing(institution(kind), given, application_terms=TERMS.centre_application, terms=TERMS.centre_listing)
    )


def test_a_centre_is_listed_only_after_assessment_and_reply() -> None:
    """JY-INS-03: refused without assessment, refused without reply, accepted with both; no step is skipped."""
    applied = application()
    assert listed(None) == listed(applied) == ["CENTRE_NOT_APPROVED"]
    with pytest.raises(Conflict) as skipped:
        reply(applied, approval(), terms=listing(), four_eyes=TERMS.four_eyes, today=TODAY)
    assert (skipped.value.code, skipped.value.rule) == ("ORDER", "JY-INS-03")
    assessed = assess(applied, assessment(), terms=listing(), today=TODAY)
    assert listed(assessed) == ["CENTRE_NOT_APPROVED"]
    with pytest.raises(Conflict):
        assess(assessed, assessment(), terms=listing(), today=TODAY)
    approved = reply(assessed, approval(), terms=listing(), four_eyes=TERMS.four_eyes, today=TODAY)
    assert (approved.state, listed(approved), listed(replace(approved, state="listed"))) == ("approved", [], [])
    assert listed(None, "vocational_college") == []


def test_a_failed_assessment_and_a_refusing_reply_end_the_application() -> None:
    """JY-INS-03."""
    failed = assess(application(), assessment(passed=False), terms=listing(), today=TODAY)
    refused = reply(
        application(state="assessed", assessment=assessment()),
        approval(approved=False),
        terms=listing(),
        four_eyes=TERMS.four_eyes,
        today=TODAY,
    )
    assert (failed.state, refused.state) == ("failed", "refused")
    assert listed(failed) == listed(refused) == ["CENTRE_NOT_APPROVED"]


def test_an_assessment_needs_an_expert_and_a_day_between_application_and_today() -> None:
    for bad, code in (
        (assessment(experts=()), "EXPERTS_MISSING"),
        (assessment(assessed_on=date(2021, 5, 5)), "DATES_REVERSED"),
        (assessment(assessed_on=date(2021, 5, 13)), "DAY_IN_FUTURE"),
    ):
        with pytest.raises(Refused) as refusal:
            assess(application(), bad, terms=listing(), today=TODAY)
        assert refusal.value.code == code


def test_nobody_both_records_the_assessment_and_replies() -> None:
    """JY-REP-07 along the way of a centre."""
    assessed = application(state="assessed", assessment=assessment(recorded_by="approver"))
    with pytest.raises(Forbidden) as refusal:
        reply(assessed, approval(), terms=listing(), four_eyes=TERMS.four_eyes, today=TODAY)
    assert (refusal.value.code, refusal.value.rule) == ("SAME_REVIEWER", "JY-REP-07")


def test_a_centre_trains_an_occupation_only_with_all_three_conditions_found() -> None:
    """JY-INS-08: welder with three findings accepted, electrician with two refused for its facilities."""
    shown = (
        *(found(condition) for condition in ("teachers", "venue", "facilities")),
        *(found(condition, ELECTRICIAN) for condition in ("teachers", "venue")),
    )
    centre = institution("enterprise_centre")
    assert judge_conditions(centre, shown, occupation=WELDER, terms=TERMS.basic_conditions) == []
    (refused,) = judge_conditions(centre, shown, occupation=ELECTRICIAN, terms=TERMS.basic_conditions)
    assert (refused.code, refused.value, refused.rule) == ("CONDITIONS_NOT_SHOWN", "facilities", "JY-INS-08")
    withdrawn = (*shown, found("venue", met=False))
    (lost,) = judge_conditions(centre, withdrawn, occupation=WELDER, terms=TERMS.basic_conditions)
    assert lost.value == "venue"
    assert judge_conditions(institution(), (), occupation=WELDER, terms=TERMS.basic_conditions) == []


def test_the_plan_of_a_centre_is_judged_by_its_conditions() -> None:
    """JY-INS-08 stands among the objections to a plan."""
    known = facts(institution=institution("enterprise_centre"), profile={"all_staff_plan": True})
    assert codes(judge_plan(plan(), known, book())) == ["CONDITIONS_NOT_SHOWN"]
    shown = tuple(found(condition) for condition in ("teachers", "venue", "facilities"))
    assert judge_plan(plan(), replace(known, conditions=shown), book()) == ()


def test_a_condition_that_no_list_names_and_a_finding_of_tomorrow_are_refused() -> None:
    assert TERMS.basic_conditions is not None
    for bad, code in (
        (found("charm"), "CONDITION_UNKNOWN"),
        (replace(found("venue"), found_on=date(2021, 5, 13)), "DAY_IN_FUTURE"),
    ):
        with pytest.raises(Refused) as refusal:
            judge_finding(bad, TERMS.basic_conditions, today=TODAY)
        assert refusal.value.code == code


def test_a_directory_entry_ends_earlier_never_later_and_never_in_the_past() -> None:
    """JY-INS-01: the last day still counts."""
    standing = entry(valid_to=date(2021, 6, 30))
    ended = end_entry(standing, on=TODAY, today=TODAY)
    assert (ended.covers(TODAY, WELDER), ended.covers(date(2021, 5, 13), WELDER)) == (True, False)
    with pytest.raises(Refused):
        end_entry(standing, on=date(2021, 5, 11), today=TODAY)
    with pytest.raises(Conflict) as later:
        end_entry(standing, on=date(2021, 6, 30), today=TODAY)
    assert later.value.code == "ENTRY_ENDS_EARLIER"
    with pytest.raises(Refused):
        end_entry(entry(valid_from=date(2021, 7, 1)), on=date(2021, 6, 30), today=TODAY)


@pytest.mark.parametrize(("satisfied", "below"), [(34, False), (33, True)])
def test_of_forty_answers_thirty_four_satisfied_are_enough_and_thirty_three_are_not(
    satisfied: int, below: bool
) -> None:
    """JY-QUA-02: 85.0 % no flag, 82.5 % flagged."""
    assert is_below(satisfied, 40, satisfaction()) is below


def test_without_a_valid_answer_nothing_is_below() -> None:
    assert not is_below(0, 0, satisfaction())


@given(st.integers(1, 5000), st.data())
def test_exactly_the_share_is_never_below_and_one_answer_less_is(hundreds: int, data: st.DataObject) -> None:
    """JY-QUA-02: strictly below."""
    terms = satisfaction()
    assert not is_below(terms.minimum_percent * hundreds, 100 * hundreds, terms)
    assert is_below(terms.minimum_percent * hundreds - data.draw(st.integers(1, 10)), 100 * hundreds, terms)


def case(**given: object) -> QualityCase:
    sample = QualityCase(
        case_id="case",
        class_id="class-1",
        institution_id="school",
        region="419001",
        rulebook_id=book().id,
        opened_on=TODAY,
        revision=1,
        satisfied=33,
        valid_responses=40,
    )
    return replace(sample, **given)


def measure(satisfied: int, revision: int = 2, valid: int = 40) -> SatisfactionMeasured:
    return SatisfactionMeasured(class_id="class-1", satisfied=satisfied, valid_responses=valid, revision=revision)


@pytest.mark.parametrize(
    ("before", "fact", "after"),
    [
        ("open", measure(20), "open"),
        ("open", measure(36), "cleared"),
        ("open", measure(36, revision=1), "open"),
        ("cleared", measure(33), "open"),
        ("cleared", measure(40), "cleared"),
        ("dismissed", measure(33), "dismissed"),
        ("dismissed", measure(32), "open"),
        ("dismissed", measure(40), "dismissed"),
        ("confirmed", measure(40), "confirmed"),
    ],
)
def test_a_later_measure_clears_an_open_case_and_reopens_what_was_decided_on_better_answers(
    before: str, fact: SatisfactionMeasured, after: str
) -> None:
    """JY-QUA-02: a person decides, and on the numbers that stand."""
    assert measured_again(case(state=before), fact, satisfaction()).state == after


def test_a_case_is_decided_once() -> None:
    decision = CaseDecision(on=TODAY, by="approver", remark="核实", suspension_id="suspension")
    assert decide(case(), decision).state == "confirmed"
    assert decide(case(), replace(decision, suspension_id=None)).state == "dismissed"
    with pytest.raises(Conflict) as refusal:
        decide(case(state="cleared"), decision)
    assert refusal.value.code == "CASE_DECIDED"


def report(state: str = "submitted") -> RectificationReport:
    sample = RectificationReport(
        report_id="report",
        suspension_id="suspension",
        submitted_on=TODAY,
        submitted_by="clerk",
        content="已整改",
        reference="整改-1",
        sha256="2" * 64,
    )
    return (
        sample
        if state == "submitted"
        else decide_report(sample, accepted=state == "accepted", opinion="复查", by="approver", on=TODAY)
    )


def test_a_suspension_is_lifted_by_decision_after_an_accepted_report() -> None:
    """JY-QUA-02: lifting needs a rectification report and a decision; what was decided in error is revoked without."""
    assert TERMS.suspensions is not None
    lifting = Lifting(on=TODAY, by="approver", reason="rectified", remark="复查合格")
    for reports in ([], [report()], [report("rejected")]):
        with pytest.raises(Refused) as refusal:
            lift_suspension(institution(), suspension(), lifting, reports=reports, terms=TERMS.suspensions)
        assert (refusal.value.code, refusal.value.rule) == ("REPORT_MISSING", "JY-QUA-02")
    lifted, fact = lift_suspension(
        institution(), suspension(), lifting, reports=[report("rejected"), report("accepted")], terms=TERMS.suspensions
    )
    assert (lifted.holds_on(date(2021, 5, 11)), lifted.holds_on(TODAY)) == (True, False)
    assert (fact.on, fact.reason, fact.suspension_id) == (TODAY, "rectified", "suspension")
    with pytest.raises(Conflict) as again:
        lift_suspension(institution(), lifted, lifting, reports=[], terms=TERMS.suspensions)
    assert again.value.code == "SUSPENSION_LIFTED"
    revoked = replace(lifting, reason="revoked")
    assert lift_suspension(institution(), suspension(), revoked, reports=[], terms=TERMS.suspensions)
    with pytest.raises(Refused) as unknown:
        lift_suspension(
            institution(), suspension(), replace(lifting, reason="mood"), reports=[], terms=TERMS.suspensions
        )
    assert unknown.value.code == "REASON_UNKNOWN"


@pytest.mark.parametrize(("wages", "most"), [(100_000_000, 8_000_000), (0, 0), (99, 7), (12, 0)])
def test_education_money_is_at_most_eight_per_cent_of_wages(wages: int, most: int) -> None:
    """JY-FND-01: wages 1,000,000 yuan allow 80,000; never a fen more than the share."""
    assert TERMS.education_money is not None
    found, trace = education_money_max(wages, TERMS.education_money)
    assert (found, trace.rule, trace.result) == (most, "JY-FND-01", most)
