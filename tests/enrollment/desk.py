"""Parties acting in a database of enrollment, each act in a transaction of its own at a moment of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import select

from peibu.demo.people import SamplePerson, sample_people
from services.enrollment.application.apply_reservation import apply_reservation
from services.enrollment.application.change_class import Wish, propose_change, review_change
from services.enrollment.application.decide_questions import Answer, decide_questions
from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.file_teacher import file_teacher
from services.enrollment.application.list_institution import list_institution
from services.enrollment.application.register_institution import register_institution
from services.enrollment.application.register_occupation import register_occupation
from services.enrollment.application.register_venue import register_venue
from services.enrollment.application.review_class import review_class
from services.enrollment.application.submit_class import submit_class
from services.enrollment.application.submit_roster import RosterAnswer, submit_roster
from services.enrollment.domain.change import ClassChange
from services.enrollment.domain.decision import Outcome, RecordedDecision
from services.enrollment.domain.person import Identity
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.review import Decision
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.timetable import Session, Venue
from services.enrollment.domain.training_class import TrainingClass
from services.enrollment.storage.unit_of_work import EnrollmentUnitOfWork
from services.enrollment.worker import TIMERS
from shared.clock import new_id
from shared.contracts.contract import Contract
from shared.contracts.envelope import decode, fact_of
from shared.contracts.payment import BudgetAnswer, EntitlementReserved, RefusedReservation
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.domain.actor import SYSTEM, Actor, Role
from shared.messaging.tables import OUTBOX
from shared.policy.targets import TargetTable
from shared.timers.runner import TimerRunner
from tests.enrollment.sample import OPENING, REGION, WELDER, entry, institution, moment, occupation, plan, row, shelf

Result = TypeVar("Result")

VAULT = Vault([b"\x01" * 32], b"\x02" * 32)
PAYEE_KEY = b"\x03" * 32

SCHOOL = Actor(subject="clerk", organisation="school", region=REGION, roles=frozenset({Role.INSTITUTION}))
OTHER_SCHOOL = replace(SCHOOL, subject="other-clerk", organisation="other-school")
FIRST = Actor(subject="first", organisation="bureau", region=REGION, roles=frozenset({Role.FIRST_REVIEWER}))
SECOND = replace(FIRST, subject="second", roles=frozenset({Role.SECOND_REVIEWER}))
APPROVER = replace(FIRST, subject="approver", roles=frozenset({Role.APPROVER}))
EVERYTHING = replace(
    FIRST, subject="chief", roles=frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER})
)
STEPS = (("first_review", FIRST), ("second_review", SECOND), ("bureau_opinion", APPROVER))

EARLY = moment(date(2021, 5, 6), 9)
APPLYING = moment(date(2021, 5, 12), 9)
"""The last day on which the sample class can be applied for."""


def people(count: int, *, skip: int = 0) -> list[SamplePerson]:
    return list(islice(sample_people(7), skip, skip + count))


def rows(count: int, *, skip: int = 0, **given: object) -> list[RosterRow]:
    """Give unobjectionable rows as they are sent: nobody is identified yet."""
    return [
        replace(row(skip + number, person_id=None, masked_name="*", **given), row=number)
        for number in range(1, count + 1)
    ]


class Desk:
    """Runs use-cases and reads what they left behind."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.shelf = shelf()
        self.targets: tuple[TargetTable, ...] = ()
        self.teacher_ids: list[str] = []
        self.entry_required = False

    @asynccontextmanager
    async def unit(self, actor: Actor = SYSTEM, now: datetime = APPLYING) -> AsyncIterator[EnrollmentUnitOfWork]:
        async with EnrollmentUnitOfWork(
            self.database,
            actor=actor,
            shelf=self.shelf,
            vault=VAULT,
            payee_check_key=PAYEE_KEY,
            targets=self.targets,
            entry_required=self.entry_required,
            now=now,
        ) as uow:
            yield uow

    async def act(
        self,
        use_case: Callable[..., Awaitable[Result]],
        *arguments: Any,
        by: Actor = SYSTEM,
        at: datetime = APPLYING,
        **named: Any,
    ) -> Result:
        """Run a use-case and commit it."""
        async with self.unit(by, at) as uow:
            result = await use_case(uow, *arguments, **named)
            await uow.commit()
        return result

    async def furnish(self, school: str = "school", *, number: int = 1) -> list[str]:
        """Register a school with directory entry, teachers and workshop; give the teachers' ids."""
        by = replace(SCHOOL, organisation=school)
        listed = institution(institution_id=school, credit_code=f"9200000000000000{number:02d}")
        await self.act(register_occupation, occupation(), by=APPROVER, at=EARLY)
        await self.act(register_institution, listed, doubtful_code=False, by=APPROVER, at=EARLY)
        listing = entry(entry_id=new_id())
        await self.act(list_institution, institution_id=school, entry=listing, by=APPROVER, at=EARLY)
        self.teacher_ids = []
        for person in people(3, skip=60):
            teacher = await self.act(
                file_teacher,
                institution_id=school,
                identity=Identity(identity_number=person.identity_number, name=person.name),
                specialty="焊接",
                qualification="高级技师",
                full_time=True,
                by=by,
                at=EARLY,
            )
            self.teacher_ids.append(teacher.teacher_id)
        workshop = Venue(venue_id=self.venue_of(school), name="焊接实训室", stations={WELDER: 10})
        await self.act(register_venue, institution_id=school, venue=workshop, address="示例路1号", by=by, at=EARLY)
        return self.teacher_ids

    @staticmethod
    def venue_of(school: str) -> str:
        return f"workshop of {school}"

    def sessions(self, opening: date = OPENING, *, school: str = "school", days: int = 10) -> tuple[Session, ...]:
        """Give the sample timetable with this desk's teachers and fresh ids."""
        return tuple(
            replace(
                one,
                session_id=new_id(),
                teacher_id=self.teacher_ids[number % 3],
                venue_id=self.venue_of(school),
            )
            for number, one in enumerate(plan(opening).sessions[: days * 2])
        )

    def plan(self, opening: date = OPENING, *, planned: int = 3, school: str = "school", **given: object) -> ClassPlan:
        return plan(opening, planned=planned, sessions=self.sessions(opening, school=school), **given)

    async def draft(self, given: ClassPlan | None = None, *, by: Actor = SCHOOL, at: datetime = APPLYING) -> str:
        drafted = await self.act(draft_class, given or self.plan(), by=by, at=at)
        return drafted.class_id

    async def send(
        self, class_id: str, sent: list[RosterRow], *, by: Actor = SCHOOL, at: datetime = APPLYING
    ) -> RosterAnswer:
        return await self.act(submit_roster, class_id=class_id, rows=sent, by=by, at=at)

    async def applied(
        self,
        given: ClassPlan | None = None,
        sent: list[RosterRow] | None = None,
        *,
        by: Actor = SCHOOL,
        at: datetime = APPLYING,
    ) -> str:
        """Draft, send the roster and submit; give the class id."""
        class_id = await self.draft(given, by=by, at=at)
        await self.send(class_id, sent if sent is not None else rows(3), by=by, at=at)
        await self.act(submit_class, class_id=class_id, by=by, at=at)
        return class_id

    async def review(
        self, class_id: str, step: str, by: Actor, decision: Decision = "approve", *, at: datetime = APPLYING
    ) -> TrainingClass:
        return await self.act(
            review_class, class_id=class_id, step=step, decision=decision, opinion="同意", by=by, at=at
        )

    async def approved(self, *arguments: Any, at: datetime = APPLYING, **named: Any) -> str:
        class_id = await self.applied(*arguments, at=at, **named)
        for step, actor in STEPS:
            await self.review(class_id, step, actor, at=at)
        return class_id

    async def decide(
        self,
        class_id: str,
        code: str | None,
        *rows: int,
        outcome: Outcome = "allow",
        by: Actor = FIRST,
        at: datetime = APPLYING,
        **given: Any,
    ) -> list[RecordedDecision]:
        """Record a decision in the application (or, with `case`, in a change) and give it."""
        answer = Answer(
            case=given.get("case", 0),
            rows=rows,
            code=code,
            outcome=outcome,
            basis=given.get("basis"),
            reason=given.get("reason", "已核实"),
        )
        return (await self.act(decide_questions, class_id=class_id, answer=answer, by=by, at=at))[1]

    async def propose(self, class_id: str, *, by: Actor = SCHOOL, at: datetime = APPLYING, **wish: Any) -> ClassChange:
        wished = Wish(**{"reason": "情况变化", **wish})
        return (await self.act(propose_change, class_id=class_id, wish=wished, by=by, at=at))[1]

    async def review_change(
        self, class_id: str, number: int, *, steps: int = 3, decision: Decision = "approve", at: datetime = APPLYING
    ) -> TrainingClass:
        """Take that many steps of a change, the last one with the decision."""
        for position, (step, actor) in enumerate(STEPS[:steps], start=1):
            said: Decision = decision if position == steps else "approve"
            named = {"number": number, "step": step, "decision": said, "opinion": "同意"}
            reviewed, _ = await self.act(review_change, class_id=class_id, **named, by=actor, at=at)
        return reviewed

    async def changed(self, class_id: str, *, at: datetime = APPLYING, **wish: Any) -> TrainingClass:
        """Propose a change and approve it."""
        change = await self.propose(class_id, at=at, **wish)
        return await self.review_change(class_id, change.number, at=at)

    async def answer(
        self,
        class_id: str,
        *,
        version: int | None = None,
        refused: tuple[RefusedReservation, ...] = (),
        budget: BudgetAnswer | None = None,
        at: datetime = APPLYING,
    ) -> None:
        """Let payment answer the newest reservation (or `version`)."""
        found = await self.found(class_id)
        granted = [one.row.person_id for one in await self.roster(class_id) if one.is_on_roster and one.row.person_id]
        fact = EntitlementReserved(
            class_id=class_id,
            answers_version=version or found.reservation_version or 0,
            granted=tuple(set(granted) - {one.person_id for one in refused}),
            refused=refused,
            budget=budget or BudgetAnswer(granted=True, funding_source="skills_action_fund", amount_fen=1),
        )
        await self.act(apply_reservation, fact, at=at)

    async def reserved(self, *arguments: Any, **named: Any) -> str:
        class_id = await self.approved(*arguments, **named)
        await self.answer(class_id)
        return class_id

    async def opened(self, *arguments: Any, opening: date = OPENING, **named: Any) -> str:
        class_id = await self.reserved(*arguments, **named)
        await self.fire_timers(moment(opening, 0))
        return class_id

    async def fire_timers(self, until: datetime) -> int:
        """Fire what is due, as the leader would."""

        def at_moment(now: datetime) -> EnrollmentUnitOfWork:
            return EnrollmentUnitOfWork(
                self.database,
                actor=SYSTEM,
                shelf=self.shelf,
                vault=VAULT,
                payee_check_key=PAYEE_KEY,
                targets=self.targets,
                now=now,
            )

        return await TimerRunner(self.database, TIMERS, at_moment).fire_due(until)

    async def found(self, class_id: str) -> TrainingClass:
        async with self.unit() as uow:
            found = await uow.classes.get(class_id)
        assert found is not None
        return found

    async def roster(self, class_id: str) -> list[RosterEntry]:
        async with self.unit() as uow:
            return await uow.rosters.entries(class_id)

    async def facts(self, kind: type[Contract] | None = None) -> list[Any]:
        """Give the events published so far, of one kind or all."""
        envelopes = [decode(bytes(payload)) for payload in await self.payloads()]
        found = [fact_of(envelope) for envelope in envelopes]
        return [fact for fact in found if kind is None or isinstance(fact, kind)]

    async def payloads(self) -> list[bytes]:
        async with self.database.connect(write=False) as connection:
            return list((await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars())
