"""Changes after approval (JY-ENR-06): proposed, decided in the approval's steps, nothing before; on both databases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from services.enrollment.application.change_class import list_changes, review_change, withdraw_change
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.application.withdraw_trainee import withdraw_trainee
from services.enrollment.domain.timetable import Session
from services.enrollment.storage.tables import CLASS_CHANGE, ROSTER_ROW
from shared.clock import new_id, start_of_day
from shared.contracts.enrollment import ClassChanged, ClassOpened
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.enrollment.desk import FIRST, OTHER_SCHOOL, SCHOOL, STEPS, Desk, people, rows
from tests.enrollment.sample import OPENING, codes, moment, suspension
from tests.enrollment.test_storage import everything, refuses

DURING = moment(date(2021, 5, 20), 12)


def newcomer(number: int, *, skip: int = 20, **given: Any) -> Any:
    return replace(rows(1, skip=skip, **given)[0], row=number)


async def with_other_teacher(desk: Desk, class_id: str, *, after: int) -> tuple[Session, ...]:
    """Give the timetable with the first filed teacher in every session from the numbered one on."""
    sessions = (await desk.found(class_id)).plan.sessions
    return (*sessions[:after], *(replace(one, teacher_id=desk.teacher_ids[0]) for one in sessions[after:]))


async def test_a_new_teacher_is_proposed_decided_in_three_steps_and_only_then_published(desk: Desk) -> None:
    """JY-ENR-06: the class runs according to the approved plan; a change of teacher needs its own approval."""
    class_id = await desk.reserved()
    before = await desk.found(class_id)
    sessions = await with_other_teacher(desk, class_id, after=10)
    kept = [one.session_id for one in sessions]
    change = await desk.propose(class_id, sessions=sessions, kept_sessions=kept)
    for steps in range(3):
        assert (await desk.found(class_id)).plan == before.plan
        assert await desk.facts(ClassChanged) == []
        step, actor = STEPS[steps]
        await review(desk, class_id, change.number, step, actor)
    (fact,) = await desk.facts(ClassChanged)
    assert (fact.change, fact.reservation, fact.removed, fact.added) == ("teacher", None, (), ())
    assert fact.sessions is not None
    assert [one.teacher_id for one in fact.sessions] == [one.teacher_id for one in sessions]
    assert set(fact.teachers or ()) == set(desk.teacher_ids)
    after = await desk.found(class_id)
    assert (after.state, after.plan.sessions) == ("reserved", sessions)
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    assert [one.teacher_id for one in opened.sessions] == [one.teacher_id for one in sessions]
    assert len(opened.reviews) == 3


async def review(desk: Desk, class_id: str, number: int, step: str, actor: Any, decision: Any = "approve") -> Any:
    named = {"number": number, "step": step, "decision": decision, "opinion": "同意"}
    return await desk.act(review_change, class_id=class_id, **named, by=actor)


async def test_a_change_of_trainees_asks_for_a_new_reservation_and_fills_free_places_alone(desk: Desk) -> None:
    """JY-ENR-06, JY-ENR-25: the planned headcount stays; who joins is judged, reserved and opened like everybody."""
    class_id = await desk.reserved()
    with pytest.raises(Refused) as full:
        await desk.propose(class_id, added=[newcomer(4)])
    assert full.value.code == "PLANNED_EXCEEDED"
    leaving = (await desk.roster(class_id))[0].person_id
    changed = await desk.changed(class_id, removed=[leaving], added=[newcomer(4)])
    assert (changed.state, changed.answer) == ("approved", None)
    (fact,) = await desk.facts(ClassChanged)
    roster = await desk.roster(class_id)
    joined = roster[3].person_id
    assert (fact.change, fact.removed, fact.added) == ("trainees_added", (leaving,), (joined,))
    assert fact.reservation is not None
    assert {one.person_id for one in fact.reservation.trainees} == {entry.person_id for entry in roster[1:]}
    assert [entry.is_on_roster for entry in roster] == [False, True, True, True]
    assert roster[3].row.change == 1
    await desk.answer(class_id)
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.planned, opened.refused, len(opened.trainees)) == (3, 0, 3)


async def test_a_refused_row_whose_place_was_taken_is_not_counted_as_refused_at_the_opening(desk: Desk) -> None:
    """JY-SUP-04: planned less refused is who must come; a place that somebody took is not free."""
    sent = rows(3)
    sent[0] = replace(sent[0], group="martian")
    class_id = await desk.reserved(sent=sent)
    await desk.changed(class_id, added=[newcomer(4)])
    await desk.answer(class_id)
    await desk.fire_timers(start_of_day(OPENING))
    (opened,) = await desk.facts(ClassOpened)
    assert (opened.planned, opened.refused, len(opened.trainees)) == (3, 0, 3)


async def test_whoever_joins_with_a_question_joins_by_decision(desk: Desk) -> None:
    class_id = await desk.reserved()
    leaving = (await desk.roster(class_id))[0].person_id
    await desk.act(withdraw_trainee, class_id=class_id, person_id=leaving, by=SCHOOL)
    change = await desk.propose(class_id, added=[newcomer(4, group="other")])
    assert [(one.row, one.finding.code) for one in change.questions] == [(4, "GROUP_DECISION")]
    with pytest.raises(Conflict) as missing:
        await desk.review_change(class_id, 1)
    assert missing.value.code == "DECISIONS_MISSING"
    await desk.decide(class_id, "GROUP_DECISION", 4, case=1)
    await desk.review_change(class_id, 1)
    assert (await desk.roster(class_id))[3].judgement.verdict == "accepted"


async def test_people_of_other_classes_and_rows_in_use_do_not_join(desk: Desk) -> None:
    class_id = await desk.reserved()
    roster = await desk.roster(class_id)
    leaving = [roster[0].person_id]
    with pytest.raises(Conflict) as taken:
        await desk.propose(class_id, removed=leaving, added=[newcomer(3)])
    assert taken.value.code == "ROW_NUMBER_TAKEN"
    with pytest.raises(NotFound):
        await desk.propose(class_id, removed=["nobody"])
    await desk.changed(class_id, removed=leaving, added=[newcomer(4, skip=1)])
    again = (await desk.roster(class_id))[3]
    assert (again.judgement.verdict, codes(again.judgement.findings)) == ("refused", ["DUPLICATE_IN_CLASS"])


async def test_an_open_class_changes_the_sessions_that_have_not_begun_and_nobody_joins(desk: Desk) -> None:
    """JY-ENR-06: teacher, room and time of what is still to come."""
    class_id = await desk.opened()
    sessions = await with_other_teacher(desk, class_id, after=12)
    kept = [one.session_id for one in sessions]
    begun = (replace(sessions[0], teacher_id=desk.teacher_ids[2]), *sessions[1:])
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("SESSION_BEGUN", {"sessions": begun, "kept_sessions": kept}),
        ("SESSION_BEGUN", {"sessions": sessions[1:], "kept_sessions": kept[1:]}),
        ("SESSION_UNKNOWN", {"sessions": sessions, "kept_sessions": ["of another class"]}),
        ("CLASS_STATE", {"removed": [(await desk.roster(class_id))[0].person_id]}),
        ("CLASS_STATE", {"opening_date": date(2021, 5, 24)}),
    )
    for code, wish in wrong:
        with pytest.raises(Refused) as refusal:
            await desk.propose(class_id, at=DURING, **wish)
        assert refusal.value.code == code
    changed = await desk.changed(class_id, at=DURING, sessions=sessions, kept_sessions=kept)
    assert (changed.state, changed.plan.sessions) == ("opened", sessions)
    (fact,) = await desk.facts(ClassChanged)
    assert (fact.change, fact.reservation) == ("teacher", None)


async def test_a_running_class_changes_its_teacher_although_its_institution_could_open_no_other(desk: Desk) -> None:
    """JY-QUA-02: running classes continue; the change answers for what it brings alone."""
    class_id = await desk.opened()
    async with desk.unit() as uow:
        await uow.institutions.add_suspension("school", suspension())
        await uow.commit()
    sessions = await with_other_teacher(desk, class_id, after=12)
    kept = [one.session_id for one in sessions]
    changed = await desk.changed(class_id, at=DURING, sessions=sessions, kept_sessions=kept)
    assert changed.plan.sessions == sessions
    stranger = (*sessions[:-1], replace(sessions[-1], teacher_id="nobody"))
    with pytest.raises(Refused) as refusal:
        await desk.propose(class_id, at=DURING, sessions=stranger, kept_sessions=kept)
    assert refusal.value.code == "TEACHER_NOT_FILED"


async def test_whoever_is_to_join_and_what_people_say_stands_sealed(desk: Desk) -> None:
    class_id = await desk.applied(sent=rows(3, group="other"))
    await desk.decide(class_id, "GROUP_DECISION", 1, 2, 3, reason=f"{people(1)[0].name}本人到场")
    for step, actor in STEPS:
        await desk.review(class_id, step, actor)
    await desk.answer(class_id)
    leaving = (await desk.roster(class_id))[0].person_id
    await desk.propose(class_id, removed=[leaving], added=[newcomer(4)], reason="有人因病住院")
    await desk.act(withdraw_class, class_id=class_id, code="other", reason="校长住院", by=SCHOOL)
    joining = people(1, skip=20)[0]
    secrets = (joining.name, joining.identity_number, joining.phone, people(1)[0].name, "住院", "本人到场")
    dump = b"".join([repr(line).encode() async for line in everything(desk.database)])
    assert class_id.encode() in dump
    for secret in secrets:
        assert secret.encode() not in dump
    async with desk.unit() as uow:
        found = await uow.classes.get(class_id)
        (change,) = await uow.changes.of_class(class_id)
    assert found is not None
    assert (found.closing_reason, change.reason) == ("校长住院", "有人因病住院")
    assert "住院" not in repr(found) + repr(change)


async def test_a_timetable_is_told_by_what_differs(desk: Desk) -> None:
    class_id = await desk.reserved()
    sessions = (await desk.found(class_id)).plan.sessions
    evening = replace(
        sessions[-1],
        session_id=new_id(),
        starts_at=moment(sessions[-1].starts_at.date(), 18),
        ends_at=moment(sessions[-1].starts_at.date(), 21),
    )
    await desk.changed(class_id, sessions=(*sessions[:-1], evening))
    (fact,) = await desk.facts(ClassChanged)
    assert fact.change == "timetable"


async def test_one_change_waits_at_a_time_and_may_be_taken_back_returned_or_refused(desk: Desk) -> None:
    class_id = await desk.reserved()
    closing = {"closing_date": date(2021, 5, 31)}
    with pytest.raises(Refused) as nothing:
        await desk.propose(class_id)
    assert nothing.value.code == "NOTHING_CHANGED"
    await desk.propose(class_id, **closing)
    with pytest.raises(Conflict) as pending:
        await desk.propose(class_id, **closing)
    assert pending.value.code == "CHANGE_PENDING"
    await desk.act(withdraw_change, class_id=class_id, number=1, by=SCHOOL)
    await desk.propose(class_id, **closing)
    await desk.review_change(class_id, 2, steps=2, decision="return")
    await desk.propose(class_id, **closing)
    await desk.review_change(class_id, 3, steps=1, decision="refuse")
    with pytest.raises(Conflict) as settled:
        await desk.review_change(class_id, 3)
    assert settled.value.code == "CHANGE_SETTLED"
    async with desk.unit(FIRST) as uow:
        training_class, changes = await list_changes(uow, class_id)
    assert [change.state for change in changes] == ["withdrawn", "returned", "refused"]
    assert [len(training_class.reviews_of(number)) for number in (1, 2, 3)] == [0, 2, 1]
    assert (len(training_class.round_reviews), training_class.plan.closing_date) == (3, date(2021, 5, 28))


async def test_strangers_propose_nothing_and_no_institution_decides_its_own_change(desk: Desk) -> None:
    class_id = await desk.reserved()
    with pytest.raises(NotFound):
        await desk.propose(class_id, by=OTHER_SCHOOL, closing_date=date(2021, 5, 31))
    both = replace(FIRST, subject=SCHOOL.subject)
    await desk.propose(class_id, closing_date=date(2021, 5, 31))
    with pytest.raises(Forbidden):
        await review(desk, class_id, 1, "first_review", both)
    with pytest.raises(Conflict):
        await review(desk, class_id, 1, "bureau_opinion", STEPS[2][1])


async def test_the_database_brings_nobody_without_an_approved_change_and_keeps_what_was_decided(desk: Desk) -> None:
    class_id = await desk.reserved()
    await desk.changed(class_id, closing_date=date(2021, 5, 31))
    async with desk.unit() as uow:
        (entry, *_) = await uow.rosters.entries(class_id)
        smuggled = replace(entry, row=replace(entry.row, row=9, person_id=None, change=2))
        values = uow.rosters._values(class_id, replace(smuggled, judgement=replace(entry.judgement, verdict="refused")))
        await refuses(
            uow.connection,
            insert(ROSTER_ROW).values(values),
            insert(ROSTER_ROW).values({**values, "change_no": 0}),
            update(CLASS_CHANGE).values(state="refused"),
            delete(CLASS_CHANGE),
        )
