"""Questions of the rules are answered by recorded decisions, or the class stays where it is; on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, select, update

from services.enrollment.application.decide_questions import list_decisions
from services.enrollment.application.reveal_row import reveal_row
from services.enrollment.application.submit_class import submit_class
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.domain.plan import ExceptionRequest
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.storage.tables import DECISION, ROSTER_ROW
from shared.audit.tables import AUDIT_ENTRY
from shared.contracts.enrollment import ClassApproved, ClassChanged, ClassOpened
from shared.domain.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from tests.enrollment.desk import APPROVER, FIRST, SCHOOL, SECOND, STEPS, Desk, people, rows
from tests.enrollment.sample import OPENING, codes, moment
from tests.enrollment.test_storage import refuses

OTHER_GROUP = {"group": "other"}


async def approve(desk: Desk, class_id: str) -> None:
    for step, actor in STEPS:
        await desk.review(class_id, step, actor)


async def verdicts(desk: Desk, class_id: str) -> list[str]:
    return [entry.judgement.verdict for entry in await desk.roster(class_id)]


async def test_no_step_is_approved_while_a_row_asks_and_a_decision_lets_it_in_with_rule_and_reason(desk: Desk) -> None:
    """JY-ENR-14: the group `other`, JY-ENR-15: poor families' children, JY-ENR-16: custody: a person decides."""
    sent = rows(3)
    sent[0] = replace(sent[0], group="other")
    sent[1] = replace(sent[1], group="prisoner")
    sent[2] = replace(sent[2], group="poor_family_child")
    class_id = await desk.applied(sent=sent)
    for number in (1, 2, 3):
        with pytest.raises(Conflict) as missing:
            await desk.review(class_id, "first_review", FIRST)
        assert missing.value.code == "DECISIONS_MISSING"
        await desk.decide(class_id, "GROUP_DECISION", number, outcome="refuse" if number == 2 else "allow")
    assert await verdicts(desk, class_id) == ["accepted", "refused", "accepted"]
    async with desk.unit(FIRST) as uow:
        _, recorded = await list_decisions(uow, class_id)
    assert [one.trace().rule for one in recorded] == ["JY-ENR-14", "JY-ENR-16", "JY-ENR-15"]
    assert [(one.outcome, one.reason, one.actor, one.step) for one in recorded][:2] == [
        ("allow", "已核实", "first", "first_review"),
        ("refuse", "已核实", "first", "first_review"),
    ]
    await approve(desk, class_id)
    (fact,) = await desk.facts(ClassApproved)
    assert len(fact.reservation.trainees) == 2


async def test_a_later_reviewer_sees_the_decision_and_may_decide_otherwise(desk: Desk) -> None:
    """JY-ENR-25: the first reviewer's opinion and decisions stand before the second's eyes."""
    class_id = await desk.applied(sent=rows(3, **OTHER_GROUP))
    await desk.decide(class_id, "GROUP_DECISION", 1, 2, 3)
    await desk.review(class_id, "first_review", FIRST)
    async with desk.unit(SECOND) as uow:
        training_class, recorded = await list_decisions(uow, class_id)
    assert training_class.reviews[0].opinion
    assert [one.row for one in recorded] == [1, 2, 3]
    await desk.decide(class_id, "GROUP_DECISION", 2, outcome="refuse", by=SECOND)
    assert await verdicts(desk, class_id) == ["accepted", "refused", "accepted"]
    with pytest.raises(Forbidden) as twice:
        await desk.decide(class_id, "GROUP_DECISION", 2, by=FIRST)
    assert twice.value.code == "SAME_REVIEWER"


async def test_a_person_trained_already_this_year_comes_in_by_decision_alone_and_payment_is_told(desk: Desk) -> None:
    """JY-ENR-05: strict by default, a second training within the year only by a recorded decision."""
    await desk.reserved()
    later = await desk.applied(desk.plan(date(2021, 9, 6), planned=4), [*rows(1), *more(rows(3, skip=10))])
    assert await verdicts(desk, later) == ["refused", "accepted", "accepted", "accepted"]
    await desk.decide(later, "REPEAT_IN_YEAR", 1, reason="工种不同")
    entry = (await desk.roster(later))[0]
    assert (entry.judgement.verdict, codes(entry.judgement.findings)) == ("accepted", ["REPEAT_IN_YEAR"])
    await approve(desk, later)
    trainees = (await desk.facts(ClassApproved))[-1].reservation.trainees
    assert [one.repeat_by_decision for one in trainees] == [True, False, False, False]


def more(sent: list[RosterRow]) -> list[RosterRow]:
    return [replace(row, row=row.row + 1) for row in sent]


async def test_a_declaration_counts_when_a_reviewer_has_ticked_it(desk: Desk) -> None:
    """JY-ENR-12: the special account needs the signed declaration and the reviewer's tick."""
    class_id = await desk.applied(sent=rows(3, group="laid_off"))
    assert await verdicts(desk, class_id) == ["ask"] * 3
    made = await desk.decide(class_id, "DECLARATION_TICK", 1, 2, 3)
    assert {one.rule for one in made} == {"JY-ENR-12"}
    assert await verdicts(desk, class_id) == ["accepted"] * 3


async def test_whoever_allows_a_distant_employer_says_on_which_ground(desk: Desk) -> None:
    """JY-ENR-13: by registration or by workplace; the decision records which."""
    class_id = await desk.applied(sent=rows(3, employer_region="410100"))
    with pytest.raises(Refused) as missing:
        await desk.decide(class_id, "EMPLOYER_NOT_LOCAL", 1)
    assert missing.value.code == "BASIS_UNKNOWN"
    (made,) = await desk.decide(class_id, "EMPLOYER_NOT_LOCAL", 1, basis="workplace")
    assert (made.rule, made.basis) == ("JY-ENR-13", "workplace")


async def test_a_plan_with_too_little_practice_stands_only_by_a_decision_that_was_asked_for(desk: Desk) -> None:
    """JY-ENR-09: practice share, exempt by decision; JY-ENR-10: teachers, overridden by decision."""
    theory = tuple(replace(one, kind="theory", teacher_id=desk.teacher_ids[0]) for one in desk.sessions())
    plan = replace(desk.plan(), sessions=theory)
    with pytest.raises(DomainError) as stopped:
        await desk.draft(plan)
    assert stopped.value.code == "PRACTICE_SHARE_TOO_LOW"
    asking = replace(plan, exceptions=(ExceptionRequest(code="PRACTICE_SHARE_TOO_LOW", reason="安全课程以理论为主"),))
    class_id = await desk.applied(asking)
    assert codes((await desk.found(class_id)).findings) == ["PRACTICE_SHARE_TOO_LOW"]
    with pytest.raises(Conflict):
        await desk.review(class_id, "first_review", FIRST)
    await desk.decide(class_id, "PRACTICE_SHARE_TOO_LOW", outcome="refuse")
    with pytest.raises(Conflict) as against:
        await desk.review(class_id, "first_review", FIRST)
    assert (against.value.code, against.value.rule) == ("DECIDED_AGAINST", "JY-ENR-09")
    await desk.decide(class_id, "PRACTICE_SHARE_TOO_LOW")
    await approve(desk, class_id)
    assert (await desk.found(class_id)).state == "approved"
    await desk.answer(class_id)
    await desk.fire_timers(moment(OPENING, 0))
    (opened,) = await desk.facts(ClassOpened)
    assert opened.exempt_by_decision == ("JY-ENR-09",)
    sessions = (await desk.found(class_id)).plan.sessions
    taught = [replace(one, teacher_id=desk.teacher_ids[1]) for one in sessions]
    kept = [one.session_id for one in sessions]
    await desk.changed(class_id, sessions=taught, kept_sessions=kept, at=moment(OPENING, 1))
    (changed,) = await desk.facts(ClassChanged)
    assert (changed.change, changed.exempt_by_decision) == ("teacher", ("JY-ENR-09",))


async def test_an_opened_class_that_nobody_exempted_says_so_and_what_everybody_pays(desk: Desk) -> None:
    """JY-ENR-09, JY-ENR-15: later services are told both by the opening alone."""
    await desk.opened(None, rows(3, fee_fen=20_000))
    (opened,) = await desk.facts(ClassOpened)
    assert opened.exempt_by_decision == ()
    assert [trainee.fee_fen for trainee in opened.trainees] == [20_000] * 3


async def test_what_the_rules_stop_plainly_nobody_decides_away(desk: Desk) -> None:
    sent = rows(3)
    sent[0] = replace(sent[0], group="martian")
    class_id = await desk.applied(sent=sent)
    for code, row, expected in (
        ("GROUP_UNKNOWN", 1, "NOT_DECIDABLE"),
        ("GROUP_DECISION", 2, "QUESTION_NOT_FOUND"),
        ("GROUP_DECISION", 9, "ROW_NOT_FOUND"),
    ):
        with pytest.raises((Refused, NotFound)) as refusal:
            await desk.decide(class_id, code, row)
        assert refusal.value.code == expected
    with pytest.raises(Forbidden):
        await desk.decide(class_id, "GROUP_DECISION", 2, by=APPROVER)


async def test_a_decision_that_would_break_the_cap_of_key_groups_is_refused(desk: Desk) -> None:
    """JY-ENR-07: with anybody of a key group on the roster the class holds at most thirty."""
    await desk.reserved()
    again = rows(1, group="veteran")
    others = [replace(row, row=row.row + 1) for row in rows(39, skip=10)]
    class_id = await desk.applied(desk.plan(date(2021, 9, 6), planned=40), [*again, *others])
    with pytest.raises(Refused) as refusal:
        await desk.decide(class_id, "REPEAT_IN_YEAR", 1)
    assert refusal.value.code == "CLASS_TOO_LARGE"


async def test_one_trainee_is_given_back_for_a_standard_reason_and_the_class_goes_on(desk: Desk) -> None:
    """JY-ENR-25: a partial return; the whole is resubmitted with the corrected row after a full return."""
    class_id = await desk.applied()
    with pytest.raises(Refused) as unknown:
        await desk.decide(class_id, None, 2, outcome="return", basis="bad_mood")
    assert unknown.value.code == "BASIS_UNKNOWN"
    await desk.decide(class_id, None, 2, outcome="return", basis="group_unproven")
    entry = (await desk.roster(class_id))[1]
    assert (entry.judgement.verdict, codes(entry.judgement.findings)) == ("refused", ["ROW_RETURNED"])
    assert entry.judgement.findings[0].value == "group_unproven"
    await desk.review(class_id, "first_review", FIRST)
    await desk.review(class_id, "second_review", SECOND, "return")
    await desk.send(class_id, [replace(rows(2)[1], row=2)])
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    found = await desk.found(class_id)
    assert (found.state, found.round) == ("applied", 2)
    assert await verdicts(desk, class_id) == ["accepted"] * 3
    await approve(desk, class_id)


async def test_decisions_of_an_earlier_round_answer_nothing_in_the_next(desk: Desk) -> None:
    class_id = await desk.applied(sent=rows(3, **OTHER_GROUP))
    await desk.decide(class_id, "GROUP_DECISION", 1, 2, 3)
    await desk.review(class_id, "first_review", FIRST, "return")
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    assert await verdicts(desk, class_id) == ["ask"] * 3


async def test_a_reviewer_reads_a_row_in_question_and_every_look_is_audited(desk: Desk) -> None:
    sent = rows(3)
    sent[0] = replace(sent[0], group="veteran")
    sent[1] = replace(sent[1], group="other", fee_fen=500)
    class_id = await desk.applied(sent=sent)
    look = {"class_id": class_id, "case": 0, "row": 2, "code": "check_group"}
    seen = await desk.act(reveal_row, **look, by=FIRST)
    assert (seen.codes, seen.evidence, seen.row.fee_fen) == (("GROUP_DECISION",), "参保记录-2", 500)
    assert (seen.name, seen.identity_number) == (None, None)
    for wrong, code in (({"row": 3}, "NOTHING_TO_DECIDE"), ({"code": "curiosity"}, "REASON_UNKNOWN")):
        with pytest.raises(Refused) as refusal:
            await desk.act(reveal_row, **{**look, **wrong}, by=FIRST)
        assert refusal.value.code == code
    async with desk.unit() as uow:
        looks = select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "row_revealed")
        (entry,) = (await uow.connection.execute(looks)).all()
    assert (entry.actor, entry.details) == ("first", {"case": 0, "row": 2, "reason_code": "check_group"})


async def test_the_name_in_question_is_shown_and_no_other(desk: Desk) -> None:
    first = await desk.approved()
    await desk.act(withdraw_class, class_id=first, code="applied_again", by=SCHOOL)
    sent = rows(3)
    sent[0] = replace(sent[0], particulars=replace(sent[0].particulars, name="改样名"))
    class_id = await desk.applied(desk.plan(date(2021, 9, 6)), sent)
    seen = await desk.act(reveal_row, class_id=class_id, case=0, row=1, code="check_identity", by=FIRST)
    assert (seen.name, seen.identity_number) == ("改样名", people(1)[0].identity_number)
    assert "改样名" not in repr(seen)


async def test_the_database_keeps_decisions_and_lets_a_row_back_by_them_alone(desk: Desk) -> None:
    await desk.reserved()
    class_id = await desk.applied(desk.plan(date(2021, 9, 6)), [*rows(1), *more(rows(2, skip=10))])
    back = update(ROSTER_ROW).where(ROSTER_ROW.c.class_id == class_id, ROSTER_ROW.c.row_no == 1)
    async with desk.unit() as uow:
        await refuses(uow.connection, back.values(verdict="accepted"))
    await desk.decide(class_id, "REPEAT_IN_YEAR", 1)
    async with desk.unit() as uow:
        await refuses(uow.connection, delete(DECISION), update(DECISION).values(outcome="refuse"))
