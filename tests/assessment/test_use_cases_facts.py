"""Facts of other services arrive in any order that their topics allow, and end in one state."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from sqlalchemy import func, select

from services.assessment.application.change_exam import MoveExam, move_exam
from services.assessment.application.enter_scores import enter_scores
from services.assessment.application.sign_patrol import sign_patrol
from services.assessment.messaging.incoming import HANDLERS, TOPICS
from shared.contracts.assessment import AssessmentCompleted
from shared.contracts.contract import Contract, aggregate_id, partition_key
from shared.contracts.enrollment import ClassChanged, ClassClosed, ClassOpened, TraineeWithdrawn
from shared.contracts.envelope import decode, encode
from shared.contracts.supervision import ClassCancelled, TrainingCompleted
from shared.domain.errors import MissingFact, Refused
from shared.messaging.delivery import Delivery
from shared.messaging.inbox import Inbox
from shared.messaging.tables import HELD_EVENT
from tests.assessment.office import ASSESSOR, FAIL, PASS, PATROL, SCHOOL, Office
from tests.assessment.sample import (
    CLASS,
    EXAM_DAY,
    OPENING,
    TODAY,
    at,
    class_opened,
    level_number,
    score,
    training_completed,
)

CANCELLED = ClassCancelled(
    class_id=CLASS,
    on=OPENING,
    rule="JY-SUP-04",
    clause="二(三)2",
    attended=44,
    planned=50,
    confirmed_by="approver-1",
    reason="开班出勤不足",
)
WITHDRAWN = TraineeWithdrawn(class_id=CLASS, person_id="p04", on=date(2021, 5, 30), reason="离职")
MOVED = ClassChanged(
    class_id=CLASS, change="opening_moved", opening_date=OPENING, closing_date=date(2021, 7, 15), removed=("p09",)
)


def closed(reason: str) -> ClassClosed:
    return ClassClosed(class_id=CLASS, reason=reason, on=TODAY)  # type: ignore[arg-type]


def deliveries(*facts: tuple[Contract, int]) -> list[Delivery]:
    """Give events as the bus delivers them, each with its aggregate's version."""
    made = []
    for fact, version in facts:
        payload = encode(
            fact, event_id=f"{partition_key(fact)}{fact.EVENT.source}-{version}", version=version, occurred_at=at(TODAY)
        )
        envelope = decode(payload)
        made.append(
            Delivery(
                topic=fact.EVENT.topic,
                key=partition_key(fact),
                event_id=envelope.id,
                payload=payload,
                envelope=envelope,
            )
        )
    return made


async def deliver(office: Office, batch: Sequence[Delivery]) -> int:
    """Apply a batch through the real inbox and give how many events wait."""
    inbox = Inbox(
        database=office.database,
        consumer="assessment",
        handlers=HANDLERS,
        open_unit=lambda *, actor: office.unit(actor),
    )
    await inbox.apply(batch)
    async with office.database.connect(write=False) as connection:
        return int((await connection.execute(select(func.count()).select_from(HELD_EVENT))).scalar_one())


async def test_what_supervision_says_before_the_opening_is_held_and_then_applied(office: Office) -> None:
    report, opening = deliveries((training_completed(), 1), (class_opened(), 1))

    assert await deliver(office, [report]) == 1
    assert await deliver(office, [opening]) == 0
    examined = (await office.case()).examined
    assert (examined.training_completed, examined.opinion_passed) == (True, True)


async def test_a_cancellation_before_the_opening_is_held_and_then_ends_the_class(office: Office) -> None:
    with pytest.raises(MissingFact, match="CLASS_NOT_OPENED"):
        await office.take(CANCELLED)
    cancelled, opening = deliveries((CANCELLED, 1), (class_opened(), 1))

    assert await deliver(office, [cancelled, opening]) == 0
    assert (await office.case()).examined.ending == "cancelled"


async def test_what_enrollment_says_before_the_opening_never_blocks_the_opening(office: Office) -> None:
    """They are of one aggregate with ClassOpened: waiting for it would keep it waiting for them, for ever."""
    opened = class_opened(trainees=("p01", "p02"), closing_date=MOVED.closing_date)
    before = deliveries((MOVED, 1), (WITHDRAWN, 2), (opened, 3))

    assert await deliver(office, before) == 0
    examined = (await office.case()).examined
    assert (sorted(examined.trainees), examined.closing_date) == (["p01", "p02"], MOVED.closing_date)


async def test_a_class_of_an_unknown_rulebook_is_held(office: Office) -> None:
    opened = replace(class_opened(), rulebook_id="jiyuan/2020-01-01@000000000000")

    assert await deliver(office, deliveries((opened, 1))) == 1


async def test_every_event_twice_changes_nothing(office: Office) -> None:
    batch = deliveries((class_opened(), 1), (training_completed(), 1), (WITHDRAWN, 2), (MOVED, 3))
    await deliver(office, batch)
    once = await office.case()

    assert await deliver(office, [*batch, *reversed(batch)]) == 0
    assert await office.case() == once
    assert once.examined.trainees["p04"].left_on == WITHDRAWN.on
    assert once.examined.closing_date == MOVED.closing_date


@pytest.mark.parametrize(
    ("reason", "ending"), [("cancelled", "cancelled"), ("withdrawn", "withdrawn"), ("completed", None)]
)
async def test_a_closed_class_ends_unless_it_was_completed(office: Office, reason: str, ending: str | None) -> None:
    await office.take(class_opened(), closed(reason))

    assert (await office.case()).examined.ending == ending


async def test_a_class_that_never_opened_leaves_nothing(office: Office) -> None:
    await office.take(closed("not_opened"), closed("withdrawn"))

    async with office.unit() as uow:
        assert await uow.classes.get(CLASS) is None


async def test_a_class_that_ended_takes_no_exam_no_score_and_no_certificate(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    other = await office.schedule("qualification")
    await office.finalise(exam, {"p01": PASS})
    await office.take(CANCELLED, closed("cancelled"))

    for act in (
        office.schedule("special_ability"),
        office.score(other, {"p01": PASS}),
        office.finalise(other, {}),
        office.issue(exam, {"p01": level_number(1)}),
    ):
        with pytest.raises(Refused, match="CLASS_ENDED"):
            await act
    assert await office.events(AssessmentCompleted) == []


async def test_a_later_closing_date_gives_time_to_apply(office: Office) -> None:
    await office.prepare()
    late, exam_on = date(2021, 7, 10), date(2021, 7, 20)
    with pytest.raises(Refused, match="TOO_LATE"):
        await office.schedule(on=late, exam_on=exam_on)

    await office.take(MOVED)
    await office.schedule(on=late, exam_on=exam_on)


async def test_an_exam_of_a_course_that_was_prolonged_beyond_it_is_held_only_once_it_is_moved(office: Office) -> None:
    """JY-ENR-01: the exam of 07-02 stood when the course came to last until 07-15."""
    await office.prepare()
    exam = await office.schedule()
    await office.take(MOVED)

    with pytest.raises(Refused, match="EXAM_BEFORE_COURSE_END"):
        await office.score(exam, {"p01": PASS}, on=MOVED.closing_date)
    with pytest.raises(Refused, match="EXAM_BEFORE_COURSE_END"):
        await office.act(
            lambda uow: sign_patrol(uow, assessment_id=exam.assessment_id, remark=""),
            actor=PATROL,
            now=at(MOVED.closing_date),
        )

    command = MoveExam(exam_on=MOVED.closing_date, body_id=None, reason="课程延期")
    await office.act(
        lambda uow: move_exam(uow, assessment_id=exam.assessment_id, command=command), actor=SCHOOL, now=at(EXAM_DAY)
    )
    await office.score(exam, {"p01": PASS}, on=MOVED.closing_date)


async def test_somebody_who_left_on_the_exam_day_is_heard_of_late_and_keeps_nothing_waiting(office: Office) -> None:
    """p01 alone has a certificate; p02 passed, but had left: the class is complete without theirs."""
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS, "p02": PASS})
    await office.issue(exam, {"p01": level_number(1)})
    assert await office.events(AssessmentCompleted) == []

    await office.take(replace(WITHDRAWN, person_id="p02", on=EXAM_DAY))

    assert [(event.revision, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 1)]
    refused = await office.issue(exam, {"p02": level_number(2)})
    assert [finding.code for row in refused for finding in row.verdict.findings] == ["NOT_PASSED"]


async def test_a_withdrawal_between_two_scores_leaves_an_exam_that_can_be_final(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    key = exam.assessment_id
    await office.act(lambda uow: enter_scores(uow, assessment_id=key, entries=[score("p02", 80)]), actor=ASSESSOR)
    await office.take(replace(WITHDRAWN, person_id="p02", on=EXAM_DAY))

    final = await office.finalise(exam, {"p01": PASS})

    assert final.persons_with("absent") == ("p02", "p03", "p04")


async def test_facts_in_every_order_end_in_one_state(office: Office) -> None:
    """Enrollment's come in their own order, supervision's in theirs; nothing else is sure."""
    for number, turns in enumerate(sorted(set(permutations("eeesss")))):
        class_id = f"class-{number}"
        enrollment = [class_opened(class_id=class_id), replace(WITHDRAWN, class_id=class_id)]
        enrollment.append(replace(MOVED, class_id=class_id))
        supervision = [training_completed(class_id=class_id, revision=turn, passed=turn == 3) for turn in (1, 2, 3)]
        facts = {"e": iter(enumerate(enrollment, 1)), "s": iter(enumerate(supervision, 1))}
        for turn in turns:
            version, fact = next(facts[turn])
            held = await deliver(office, deliveries((fact, version)))

        assert held == 0
        examined = (await office.case(class_id)).examined
        assert (examined.training_revision, examined.opinion_passed) == (3, True), turns
        assert (examined.trainees["p04"].left_on, examined.closing_date) == (WITHDRAWN.on, MOVED.closing_date)


async def test_an_opinion_taken_back_stops_what_is_not_final_yet(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.take(training_completed(revision=2, passed=False), training_completed(revision=1, passed=True))

    with pytest.raises(Refused, match="OPINION_MISSING"):
        await office.finalise(exam, {"p01": FAIL})


def test_assessment_follows_enrollment_and_supervision() -> None:
    assert {"peibu.enrollment.v1", "peibu.supervision.v1"} == TOPICS
    assert {ClassOpened, ClassChanged, TraineeWithdrawn, ClassClosed, ClassCancelled, TrainingCompleted} == set(
        HANDLERS
    )
    assert all(aggregate_id(fact) == CLASS for fact in (CANCELLED, WITHDRAWN, MOVED))
