"""Roster rows are judged one by one by the rulebook of 2021."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peibu.demo.people import broken_identity_number, sample_credit_code, sample_people
from services.enrollment.domain.decision import Outcome, RecordedDecision, overridable
from services.enrollment.domain.roster import (
    Counts,
    Judgement,
    RosterEntry,
    count,
    judge_headcount,
    judge_mix,
    judge_roster,
    judged_again,
    refuse_reservation,
)
from services.enrollment.domain.roster_row import RosterContext, RosterRow
from shared.contracts.payment import RefusedReservation
from tests.enrollment.sample import book, codes, context, institution, moment, past, row


def verdict(one: RosterRow, given_context: RosterContext | None = None) -> tuple[str, list[str]]:
    judgement = judge_roster([one], given_context or context(), book())[one.row]
    return judgement.verdict, codes(judgement.findings)


def entry(one: RosterRow, given_context: RosterContext | None = None) -> RosterEntry:
    return RosterEntry(row=one, judgement=judge_roster([one], given_context or context(), book())[one.row])


def test_an_employee_of_a_local_enterprise_is_accepted() -> None:
    assert verdict(row(1)) == ("accepted", [])


def test_of_thirty_one_rows_one_duplicate_and_one_bad_checksum_are_refused_and_the_rest_accepted() -> None:
    rows = [row(number) for number in range(1, 32)]
    rows[9] = replace(row(1), row=10)
    person = next(sample_people(7))
    rows[19] = row(20, identity_number=broken_identity_number(person), person_id=None)
    judged = judge_roster(rows, context(), book())
    refused = {number: codes(one.findings) for number, one in judged.items() if one.verdict == "refused"}
    assert refused == {10: ["DUPLICATE_IN_CLASS"], 20: ["ID_CHECKSUM"]}
    assert sum(one.verdict == "accepted" for one in judged.values()) == 29


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "FIELD_MISSING"),
        ("0000", "ID_LENGTH"),
        ("00007019700230001X", "ID_BIRTH_DATE"),
        ("0000701970O101001X", "ID_FORMAT"),
    ],
)
def test_a_number_that_is_none_is_refused_without_being_repeated(number: str, code: str) -> None:
    judgement = judge_roster([row(1, identity_number=number, person_id=None)], context(), book())[1]
    assert judgement.verdict == "refused"
    assert codes(judgement.findings) == [code]
    assert judgement.findings[0].rule == "JY-ENR-04"
    assert not number or number not in repr(judgement)


def test_of_two_rows_for_one_person_the_later_is_refused_unless_the_earlier_is_refused_anyway() -> None:
    first, second = row(1), replace(row(1), row=2)
    judged = judge_roster([second, first], context(), book())
    assert (judged[1].verdict, judged[2].verdict) == ("accepted", "refused")
    stopped = replace(first, group="martian")
    judged = judge_roster([second, stopped], context(), book())
    assert (judged[1].verdict, judged[2].verdict) == ("refused", "accepted")


GROUPS = st.sampled_from(["employee", "veteran", "disabled", "poor_worker", "other", "prisoner", "martian", ""])


@st.composite
def rosters(draw: st.DrawFn) -> list[RosterRow]:
    numbers = draw(st.lists(st.integers(1, 99), min_size=1, max_size=12, unique=True))
    return [
        replace(
            row(draw(st.integers(1, 8)), evidence=draw(st.sampled_from(["", "证明"]))),
            row=number,
            group=draw(GROUPS),
            fee_fen=draw(st.sampled_from([0, 1])),
        )
        for number in numbers
    ]


@settings(deadline=None)
@given(rows=rosters(), data=st.data())
def test_the_judgement_does_not_depend_on_the_order_in_which_rows_come(
    rows: list[RosterRow], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert judge_roster(rows, context(), book()) == judge_roster(shuffled, context(), book())


@settings(deadline=None)
@given(rows=rosters())
def test_each_row_is_judged_as_if_it_were_alone_except_for_duplicates(rows: list[RosterRow]) -> None:
    together = judge_roster(rows, context(), book())
    for one in rows:
        alone = judge_roster([one], context(), book())[one.row]
        beside = [finding for finding in together[one.row].findings if finding.code != "DUPLICATE_IN_CLASS"]
        assert tuple(beside) == alone.findings


@settings(deadline=None)
@given(rows=rosters())
def test_nobody_stands_twice_on_a_roster(rows: list[RosterRow]) -> None:
    judged = judge_roster(rows, context(), book())
    standing = [one.person_id for one in rows if judged[one.row].verdict != "refused"]
    assert len(standing) == len(set(standing))


def test_a_person_trained_in_the_year_is_refused_and_one_whose_class_was_cancelled_is_not() -> None:
    in_march = past("class-a")
    assert verdict(row(1), context(history={"person-1": (in_march,)})) == ("refused", ["REPEAT_IN_YEAR"])
    cancelled = replace(in_march, released=True)
    judgement = judge_roster([row(1)], context(history={"person-1": (cancelled,)}), book())[1]
    assert (judgement.verdict, judgement.relies_on) == ("accepted", ("class-a",))


def test_a_release_that_payment_never_reserved_is_not_relied_on() -> None:
    never_asked = past("class-b", released=True, reserved=False)
    judgement = judge_roster([row(1)], context(history={"person-1": (never_asked,)}), book())[1]
    assert (judgement.verdict, judgement.relies_on) == ("accepted", ())


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2020, 12, 31), "accepted"), (date(2021, 1, 1), "refused"), (date(2021, 12, 31), "refused")],
)
def test_the_year_of_the_repeat_ban_is_the_calendar_year_of_the_opening(day: date, expected: str) -> None:
    assert verdict(row(1), context(history={"person-1": (past(opening_date=day),)}))[0] == expected


def test_evidence_is_asked_where_the_group_needs_it_and_other_groups_go_to_a_reviewer() -> None:
    assert verdict(row(1, group="disabled")) == ("accepted", [])
    assert verdict(row(1, group="disabled", evidence="  ")) == ("refused", ["EVIDENCE_MISSING"])
    assert verdict(row(1, group="other")) == ("ask", ["GROUP_DECISION"])
    assert verdict(row(1, group="martian")) == ("refused", ["GROUP_UNKNOWN"])


@pytest.mark.parametrize(("fee_fen", "expected"), [(0, "accepted"), (1, "refused")])
def test_people_lifted_out_of_poverty_pay_nothing(fee_fen: int, expected: str) -> None:
    assert verdict(row(1, group="poor_worker", fee_fen=fee_fen))[0] == expected
    assert verdict(row(1, group="employee", fee_fen=fee_fen))[0] == "accepted"


@pytest.mark.parametrize(
    ("region", "expected"),
    [("419001", ("accepted", [])), ("410100", ("ask", ["EMPLOYER_NOT_LOCAL"])), ("", ("ask", ["EMPLOYER_NOT_LOCAL"]))],
)
def test_an_employee_of_an_enterprise_elsewhere_goes_to_a_reviewer(
    region: str, expected: tuple[str, list[str]]
) -> None:
    assert verdict(row(1, employer_region=region)) == expected
    assert verdict(row(1, employer_region="999999"))[0] == "ask"
    assert verdict(row(1, group="veteran", employer_region=region)) == ("accepted", [])


@pytest.mark.parametrize(
    ("focus", "level", "expected"),
    [
        (("high_risk", "construction", "special_operation"), "5", ("accepted", [])),
        (("labour_intensive",), "4", ("accepted", [])),
        (("labour_intensive",), "3", ("accepted", [])),
        (("labour_intensive",), "5", ("accepted", ["FOCUS_LEVEL"])),
        (("labour_intensive",), None, ("accepted", ["FOCUS_LEVEL"])),
        (("city_management", "city_management"), "4", ("ask", ["FOCUS_DECISION"])),
        (("high_risk", "unknown"), "4", ("refused", ["FOCUS_UNKNOWN"])),
    ],
)
def test_employees_state_any_number_of_focus_groups_each_judged_as_the_document_says_of_it(
    focus: tuple[str, ...], level: str | None, expected: tuple[str, list[str]]
) -> None:
    """JY-ENR-13: intermediate and senior level in manufacturing; of city management staff only the eligible."""
    one = row(1, employee_focus=focus)
    assert verdict(one, context(level=level)) == expected
    findings = entry(one, context(level=level)).judgement.findings
    assert {(finding.rule, finding.clause, finding.field) for finding in findings} <= {
        ("JY-ENR-13", "二(一)1", "employee_focus")
    }


def test_a_focus_is_of_employees_alone_and_does_not_bring_a_distant_employer_home() -> None:
    """JY-ENR-13: of forty focus employees the two who are employed elsewhere go to a person."""
    veteran = row(1, group="veteran", employee_focus=("high_risk",))
    assert verdict(veteran) == ("refused", ["FOCUS_NOT_EMPLOYEE"])
    rows = [row(number, employee_focus=("community_service",)) for number in range(1, 41)]
    rows[3:5] = [replace(one, employer_region="410100") for one in rows[3:5]]
    judged = judge_roster(rows, context(), book())
    asked = [codes(one.findings) for one in judged.values() if one.verdict == "ask"]
    assert (len(asked), asked[0]) == (2, ["EMPLOYER_NOT_LOCAL"])


def test_an_enterprise_centre_trains_its_own_employees_only() -> None:
    centre = institution("enterprise_centre")
    own = row(1, employer_credit_code=centre.credit_code)
    assert verdict(own, context(institution=centre)) == ("accepted", [])
    assert verdict(row(2), context(institution=centre)) == ("refused", ["NOT_INTERNAL_EMPLOYEE"])


def test_the_special_account_needs_a_declaration_and_excludes_by_any_one_criterion() -> None:
    special = context(funding_source="skills_action_fund")
    rural = row(1, group="rural_transferred", declares_ability_and_will=False)
    assert verdict(rural, special) == ("refused", ["DECLARATION_MISSING"])
    assert verdict(rural) == ("accepted", [])
    assert verdict(row(2, declares_ability_and_will=False), special) == ("accepted", [])
    assert verdict(row(3, exclusions=("no_will",)), special) == ("refused", ["EXCLUDED_FROM_SPECIAL_ACCOUNT"])
    assert verdict(row(3, exclusions=("no_will",))) == ("accepted", [])


def test_a_missing_name_group_or_employer_is_named_and_an_unreadable_field_too() -> None:
    assert verdict(row(1, name=" ")) == ("refused", ["FIELD_MISSING"])
    assert verdict(row(1, group="")) == ("refused", ["FIELD_MISSING"])
    assert verdict(row(1, employer_name="")) == ("refused", ["FIELD_MISSING"])
    assert entry(row(1, employer_name="")).judgement.findings[0].field == "employer_name"
    assert verdict(row(1, employer_name="", malformed=("employer_name",))) == ("refused", ["FIELD_INVALID"])
    assert verdict(row(1, malformed=("fee_fen",))) == ("refused", ["FIELD_INVALID"])


def test_a_person_confirmed_under_another_name_goes_to_a_reviewer() -> None:
    assert verdict(row(1, name_differs=True)) == ("ask", ["NAME_DIFFERS"])


@pytest.mark.parametrize(
    ("planned", "key_groups", "expected"), [(30, 1, []), (31, 1, ["CLASS_TOO_LARGE"]), (50, 0, [])]
)
def test_one_key_group_trainee_brings_the_lower_cap(planned: int, key_groups: int, expected: list[str]) -> None:
    counts = Counts(rows=planned, accepted=planned, refused=0, ask=0, key_groups=key_groups)
    assert codes(judge_mix(counts, planned=planned, terms=book().enrollment.class_size)) == expected


def test_a_refused_key_group_row_does_not_bring_the_lower_cap() -> None:
    entries = [entry(row(1)), entry(row(2, group="disabled", evidence=""))]
    assert count(entries, book()) == Counts(rows=2, accepted=1, refused=1, ask=0, key_groups=0)


@pytest.mark.parametrize(
    ("planned", "expected"), [(40, ["ROSTER_COUNT_MISMATCH"]), (41, []), (42, ["ROSTER_COUNT_MISMATCH"])]
)
def test_the_plan_counts_every_row_sent_refused_ones_included(planned: int, expected: list[str]) -> None:
    counts = Counts(rows=41, accepted=39, refused=1, ask=1, key_groups=0)
    assert codes(judge_headcount(counts, planned=planned, book=book())) == expected


def test_a_roster_of_refused_rows_only_cannot_be_submitted() -> None:
    counts = Counts(rows=2, accepted=0, refused=2, ask=0, key_groups=0)
    assert codes(judge_headcount(counts, planned=2, book=book())) == ["ROSTER_EMPTY"]


def test_payment_refusal_keeps_what_stood_there_and_takes_the_person_off_the_roster() -> None:
    asked = entry(row(1, group="other"))
    refusal = RefusedReservation(
        person_id="person-1", code="ENTITLEMENT_USED", rule="JY-ENR-05", clause="二(三)1", message="已用完。"
    )
    refused = refuse_reservation(asked, refusal, document="济管人社〔2021〕6号")
    assert not refused.is_on_roster
    assert codes(refused.judgement.findings) == ["GROUP_DECISION", "ENTITLEMENT_USED"]
    assert refused.judgement.findings[-1].message == "已用完。"


def test_judging_an_approved_class_again_only_ever_takes_people_off() -> None:
    refused = entry(row(1, evidence=""))
    today = date(2021, 5, 12)
    assert judged_again(refused, Judgement(verdict="accepted"), on=today) == refused
    asked = entry(row(2, group="other"))
    assert judged_again(asked, asked.judgement, on=today) == asked
    accepted = entry(row(3))
    stopped = judged_again(accepted, refused.judgement, on=today)
    assert (stopped.judgement.verdict, stopped.withdrawn_on) == ("refused", today)


def decided_on(code: str, outcome: Outcome, number: int = 1) -> RecordedDecision:
    return RecordedDecision(
        number=number,
        round=1,
        change=0,
        step="first_review",
        actor="first",
        row=1,
        code=code,
        outcome=outcome,
        basis=None,
        rule="R",
        document="d",
        clause="c",
        reason="已核实",
        decided_at=moment(date(2021, 5, 12), 9),
    )


def test_dispatched_staff_of_an_enterprise_centre_come_in_by_a_decision_alone() -> None:
    """JY-INS-04: own employees only; whom the document does not mention is left to a person."""
    centre = context(institution=institution("enterprise_centre"))
    dispatched = row(1, employer_credit_code=sample_credit_code(3))
    allowed = {1: [decided_on("NOT_INTERNAL_EMPLOYEE", "allow")]}
    judged = judge_roster([dispatched], centre, book(), decisions=allowed)[1]
    assert (judged.verdict, codes(judged.findings)) == ("accepted", ["NOT_INTERNAL_EMPLOYEE"])
    again = {1: [*allowed[1], decided_on("NOT_INTERNAL_EMPLOYEE", "refuse", 2)]}
    assert judge_roster([dispatched], centre, book(), decisions=again)[1].verdict == "refused"
    assert verdict(dispatched, centre) == ("refused", ["NOT_INTERNAL_EMPLOYEE"])


def test_what_the_rulebook_leaves_to_nobody_is_not_decidable() -> None:
    terms = book().enrollment
    assert terms.repeat is not None
    strict = replace(terms, repeat=replace(terms.repeat, override_by_decision=False))
    assert "REPEAT_IN_YEAR" in overridable(terms)
    assert "REPEAT_IN_YEAR" not in overridable(strict)
    assert "CLASS_TOO_LARGE" not in overridable(terms)


@pytest.mark.parametrize(("last", "code"), [("X", "CREDIT_CODE_CHECKSUM"), ("?", "CREDIT_CODE_FORMAT")])
def test_an_employers_code_that_is_none_is_refused_in_its_row(last: str, code: str) -> None:
    """JY-ENR-04: what a row states is checked before anybody reads it."""
    good = sample_credit_code(3)
    wrong = good[:-1] + (last if good[-1] != last else "Y")
    assert verdict(row(1, employer_credit_code=wrong)) == ("refused", [code])
    assert verdict(row(1, employer_credit_code="")) == ("accepted", [])


def test_particulars_never_show_in_a_representation() -> None:
    one = row(1)
    shown = repr(entry(one))
    for secret in (one.particulars.name, one.particulars.identity_number, one.particulars.phone):
        assert secret not in shown
