"""Runs use-cases each in a transaction of its own, as HTTP and consumer do, and reads the outbox."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select

from services.assessment.application.access import ClassCase
from services.assessment.application.enter_scores import enter_scores
from services.assessment.application.finalise_assessment import finalise_assessment
from services.assessment.application.issue_certificates import issue_certificates
from services.assessment.application.schedule_assessment import ScheduleAssessment, schedule_assessment
from services.assessment.application.set_pass_mark import set_pass_mark
from services.assessment.application.sign_patrol import sign_patrol
from services.assessment.application.survey_class import end_survey, give_answer, read_codes
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.certificate import CertificateEntry, IssuedRow
from services.assessment.messaging.incoming import HANDLERS
from services.assessment.storage.unit_of_work import AssessmentUnitOfWork
from shared.clock import end_of_day
from shared.contracts.assessment import CertificateKind
from shared.contracts.contract import Contract, aggregate_id, partition_key
from shared.contracts.envelope import Envelope, decode, fact_of
from shared.database.engine import Database
from shared.domain.actor import SYSTEM, Actor, Role
from shared.messaging.tables import OUTBOX
from shared.timers.tables import TIMER
from shared.web.authentication import PUBLIC
from tests.assessment.sample import (
    APPLIED,
    BODY_CODE,
    BUREAU_CODE,
    CLASS,
    CLOSED,
    EXAM_DAY,
    INSTITUTION,
    OPENING,
    REGION,
    TODAY,
    VAULT,
    at,
    body,
    class_opened,
    mark,
    score,
    shelf,
    training_completed,
)

Result = TypeVar("Result")


def somebody(subject: str, organisation: str, *roles: Role, region: str = REGION) -> Actor:
    """Give an actor of the sample region."""
    return Actor(subject=subject, organisation=organisation, region=region, roles=frozenset(roles))


SCHOOL = somebody("school-1", INSTITUTION, Role.INSTITUTION)
ASSESSOR = somebody("assessor-1", "body-1", Role.ASSESSOR)
BUREAU_ASSESSOR = somebody("assessor-9", "bureau-body", Role.ASSESSOR)
PATROL = somebody("patrol-1", "bureau", Role.EXAM_PATROL)
APPROVER = somebody("approver-1", "bureau", Role.APPROVER)

PASS = (80, 80)
FAIL = (80, 59)


class Office:
    """Acts on one database of assessment."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def unit(self, actor: Actor = SYSTEM, now: datetime | None = None) -> AssessmentUnitOfWork:
        """Give a transaction to enter."""
        return AssessmentUnitOfWork(self.database, shelf=shelf(), vault=VAULT, actor=actor, now=now or at(TODAY))

    async def act(
        self,
        work: Callable[[AssessmentUnitOfWork], Awaitable[Result]],
        *,
        actor: Actor = SYSTEM,
        now: datetime | None = None,
    ) -> Result:
        """Run one use-case and commit."""
        async with self.unit(actor, now) as uow:
            result = await work(uow)
            await uow.commit()
        return result

    async def take(self, *facts: Contract) -> None:
        """Let the service apply events, each in a transaction of its own."""
        for fact in facts:
            envelope = Envelope(
                id="event",
                source=fact.EVENT.source,
                type=fact.EVENT.type,
                subject=aggregate_id(fact),
                time=at(TODAY),
                partitionkey=partition_key(fact),
                aggregatetype=fact.EVENT.aggregate,
                aggregateversion=1,
                data={},
            )
            await self.act(lambda uow, fact=fact, env=envelope: HANDLERS[type(fact)](uow, fact, env))  # type: ignore[misc]

    async def prepare(
        self, *, marked: Iterable[CertificateKind] = ("level", "completion"), trained: bool = True, **given: Any
    ) -> None:
        """Register the sample bodies and pass marks, open the class and complete its training."""
        bureau = body("bureau-body", kinds=("completion",), credit_code=BUREAU_CODE, is_bureau=True)
        await self.add_bodies(body(credit_code=BODY_CODE), bureau)
        for kind in marked:
            for part in ("theory", "practice"):
                row = mark(part, kind=kind)  # type: ignore[arg-type]
                await self.act(lambda uow, row=row: set_pass_mark(uow, row), actor=APPROVER, now=at(OPENING))  # type: ignore[misc]
        await self.take(class_opened(**given))
        if trained:
            await self.take(training_completed(class_id=given.get("class_id", CLASS)))

    async def add_bodies(self, *bodies: AssessmentBody) -> None:
        """Store bodies under ids of the test's choice."""
        for each in bodies:
            await self.act(lambda uow, each=each: uow.bodies.add(each))  # type: ignore[misc]

    async def schedule(
        self,
        kind: CertificateKind = "level",
        *,
        class_id: str = CLASS,
        body_id: str = "body-1",
        exam_on: date = EXAM_DAY,
        persons: tuple[str, ...] | None = None,
        on: date = APPLIED,
    ) -> Assessment:
        """Apply for an exam as the institution."""
        command = ScheduleAssessment(
            body_id=body_id,
            kind=kind,
            mode="offline",
            exam_on=exam_on,
            channel="system",
            paper_received_on=None,
            persons=persons,
        )
        exam, _ = await self.act(
            lambda uow: schedule_assessment(uow, class_id=class_id, command=command), actor=SCHOOL, now=at(on)
        )
        return exam

    async def score(
        self, exam: Assessment, points: Mapping[str, tuple[int, int]], *, actor: Actor = ASSESSOR, on: date = EXAM_DAY
    ) -> None:
        """Enter theory and practice of each person."""
        entries = [
            entry
            for person, (theory, practice) in points.items()
            for entry in (score(person, theory), score(person, practice, "practice"))
        ]
        key = exam.assessment_id
        await self.act(lambda uow: enter_scores(uow, assessment_id=key, entries=entries), actor=actor, now=at(on))

    async def finalise(
        self,
        exam: Assessment,
        points: Mapping[str, tuple[int, int]],
        *,
        actor: Actor = ASSESSOR,
        patrol: Actor = PATROL,
        on: date = TODAY,
    ) -> Assessment:
        """Enter the scores, let the patrol sign and make the exam final."""
        key = exam.assessment_id
        await self.score(exam, points, actor=actor, on=on)
        await self.act(lambda uow: sign_patrol(uow, assessment_id=key, remark=""), actor=patrol, now=at(on))
        return (await self.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=actor, now=at(on)))[0]

    async def issue(
        self, exam: Assessment, numbers: Mapping[str, str], *, actor: Actor = ASSESSOR, on: date = TODAY
    ) -> tuple[IssuedRow, ...]:
        """Enter certificates by person, issued on the day they are entered."""
        entries = [CertificateEntry(person_id=p, number=number, issued_on=on) for p, number in numbers.items()]
        _, rows = await self.act(
            lambda uow: issue_certificates(uow, assessment_id=exam.assessment_id, entries=entries),
            actor=actor,
            now=at(on),
        )
        return rows

    async def case(self, class_id: str = CLASS) -> ClassCase:
        """Give the stored class with its exams."""
        async with self.unit() as uow:
            examined = await uow.classes.get(class_id)
            assert examined is not None
            return ClassCase(examined=examined, exams=await uow.assessments.of_class(class_id))

    async def events(self, *kinds: type[Contract]) -> list[Any]:
        """Give the published events in order, or those of some kinds."""
        async with self.database.connect(write=False) as connection:
            payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars().all()
        facts = [fact_of(decode(bytes(payload))) for payload in payloads]
        return [fact for fact in facts if not kinds or isinstance(fact, kinds)]

    async def codes(self, class_id: str = CLASS, *, on: date = CLOSED) -> dict[str, str]:
        """Give the survey codes by person, as the institution gets them."""
        return (await self.act(lambda uow: read_codes(uow, class_id), actor=SCHOOL, now=at(on)))[2]

    async def answer(self, code: str, answer: str = "satisfied", *, on: date = CLOSED) -> None:
        """Answer the survey as somebody without a token."""
        await self.act(lambda uow: give_answer(uow, code=code, answer=answer), actor=PUBLIC, now=at(on))

    async def fire_survey_end(self, *, on: date, class_id: str = CLASS) -> None:
        """Let the timer fire that stands for the end of a day."""
        await self.act(lambda uow: end_survey(uow, class_id), now=end_of_day(on))

    async def timers(self) -> dict[tuple[str, str], datetime]:
        """Give when which timer is due."""
        async with self.database.connect(write=False) as connection:
            rows = await connection.execute(select(TIMER.c.kind, TIMER.c.key, TIMER.c.due))
            return {(row.kind, row.key): row.due for row in rows}
