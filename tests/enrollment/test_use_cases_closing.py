"""How a class ends, whom that frees, and who leaves before, on both databases."""

from datetime import date

import pytest

from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.application.withdraw_trainee import withdraw_trainee
from services.enrollment.messaging.incoming import HANDLERS
from shared.clock import end_of_day
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassApproved, ClassClosed, TraineeWithdrawn
from shared.contracts.envelope import decode
from shared.contracts.payment import ClaimApproved
from shared.contracts.supervision import ClassCancelled, TrainingCompleted
from shared.domain.errors import Conflict, NotFound
from tests.enrollment.desk import SCHOOL, Desk, people, rows
from tests.enrollment.sample import OPENING, book, moment

LATER = date(2021, 9, 6)


async def receive(desk: Desk, fact: Contract, **named: object) -> None:
    """Let an event come in by its handler."""
    handler = HANDLERS[type(fact)]
    envelope = decode((await desk.payloads())[0])  # no handler of enrollment looks into it
    await desk.act(handler, fact, envelope, **named)  # type: ignore[arg-type]


def cancelled(class_id: str) -> ClassCancelled:
    return ClassCancelled(
        class_id=class_id,
        on=OPENING,
        rule="JY-SUP-04",
        clause="二(三)2",
        attended=1,
        planned=3,
        confirmed_by="inspector",
        reason="开班当日实到人数低于计划的 90%",
    )


def completed(class_id: str, revision: int = 1) -> TrainingCompleted:
    return TrainingCompleted(
        class_id=class_id,
        revision=revision,
        completed_on=date(2021, 5, 29),
        sessions=20,
        theory_class_hours=28,
        practice_class_hours=52,
        opening_headcount=3,
        opening_checks=1,
        spot_headcounts=(3,),
        trainees=(),
        opinion=None,
    )


async def test_a_cancelled_class_frees_its_people_and_the_next_judgement_names_the_release(desk: Desk) -> None:
    first = await desk.opened()
    await receive(desk, cancelled(first), at=moment(OPENING, 20))
    assert (await desk.found(first)).state == "cancelled"
    (closed,) = await desk.facts(ClassClosed)
    assert closed.reason == "cancelled"
    second = await desk.approved(desk.plan(LATER), rows(3), at=moment(date(2021, 6, 1), 9))
    reservation = (await desk.facts(ClassApproved))[-1].reservation
    people_of_both = {entry.row.person_id for entry in await desk.roster(second)}
    assert {(one.class_id, one.person_id) for one in reservation.relies_on} == {
        (first, person) for person in people_of_both
    }


async def test_a_completed_class_keeps_its_people_for_the_year_and_later_revisions_change_nothing(desk: Desk) -> None:
    class_id = await desk.opened()
    await receive(desk, completed(class_id), at=moment(date(2021, 5, 29), 9))
    await receive(desk, completed(class_id, revision=2), at=moment(date(2021, 6, 2), 9))
    assert (await desk.found(class_id)).state == "completed"
    assert [fact.reason for fact in await desk.facts(ClassClosed)] == ["completed"]
    answer = await desk.send(await desk.draft(desk.plan(LATER)), rows(3))
    assert answer.counts.refused == 3


async def test_completion_after_cancellation_changes_nothing(desk: Desk) -> None:
    class_id = await desk.opened()
    await receive(desk, cancelled(class_id))
    await receive(desk, completed(class_id))
    assert (await desk.found(class_id)).state == "cancelled"


async def test_completion_of_a_class_that_is_not_open_here_is_told_and_not_swallowed(desk: Desk) -> None:
    class_id = await desk.reserved()
    for fact in (completed(class_id), cancelled(class_id)):
        with pytest.raises(Conflict) as refusal:
            await receive(desk, fact)
        assert (refusal.value.code, refusal.value.value) == ("CLASS_STATE", "reserved")


async def test_an_approved_claim_is_shown_with_the_class(desk: Desk) -> None:
    class_id = await desk.opened()
    claim = ClaimApproved(
        class_id=class_id,
        claim_id="claim-1",
        entry=1,
        region="419001",
        rulebook_id=book().id,
        institution_id="school",
        first_reviewer="a",
        second_reviewer="b",
        approver="c",
        approved_on=date(2021, 8, 1),
        amount_fen=6_150_000,
        sources=(),
        lines=(),
    )
    await receive(desk, claim)
    assert [(one.claim_id, one.amount_fen) for one in (await desk.found(class_id)).claims] == [("claim-1", 6_150_000)]


async def test_a_withdrawn_class_is_over_and_its_people_are_free(desk: Desk) -> None:
    class_id = await desk.reserved()
    await desk.act(withdraw_class, class_id=class_id, reason="生源不足", by=SCHOOL)
    (closed,) = await desk.facts(ClassClosed)
    assert closed.reason == "withdrawn"
    assert await desk.fire_timers(end_of_day(OPENING)) == 0
    answer = await desk.send(await desk.draft(), rows(3))
    assert answer.counts.accepted == 3
    assert all(entry.judgement.relies_on == (class_id,) for entry in answer.entries)
    with pytest.raises(Conflict):
        await desk.act(withdraw_class, class_id=class_id, reason="再次", by=SCHOOL)


async def test_withdrawing_a_draft_is_no_event(desk: Desk) -> None:
    class_id = await desk.draft()
    before = len(await desk.facts())
    await desk.act(withdraw_class, class_id=class_id, reason="重报", by=SCHOOL)
    assert len(await desk.facts()) == before


async def test_an_open_class_cannot_be_withdrawn_but_a_trainee_can(desk: Desk) -> None:
    class_id = await desk.opened()
    with pytest.raises(Conflict) as refusal:
        await desk.act(withdraw_class, class_id=class_id, reason="生源不足", by=SCHOOL)
    assert refusal.value.code == "CLASS_STATE"
    person = (await desk.roster(class_id))[1].row.person_id
    leaving = {"class_id": class_id, "person_id": person, "reason": f"{people(2)[1].name}本人申请退班"}
    await desk.act(withdraw_trainee, **leaving, by=SCHOOL, at=moment(date(2021, 5, 20), 9))
    (fact,) = await desk.facts(TraineeWithdrawn)
    assert (fact.person_id, fact.on, fact.reason) == (person, date(2021, 5, 20), "reported_by_institution")
    name = people(2)[1].name
    assert not any(name in payload.decode() for payload in await desk.payloads())
    assert (await desk.roster(class_id))[1].withdrawal_reason == leaving["reason"]
    with pytest.raises(NotFound):
        await desk.act(withdraw_trainee, **leaving, by=SCHOOL)
    answer = await desk.send(await desk.draft(desk.plan(LATER)), rows(3))
    assert [entry.judgement.verdict for entry in answer.entries] == ["refused", "accepted", "refused"]
