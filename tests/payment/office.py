"""A payment bureau for tests: its database, its people, and the events other services would send."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, text

from services.payment.application.allot_budget import allot_budget
from services.payment.application.answer_bank_file import AnswerRow, answer_bank_file
from services.payment.application.create_bank_file import create_bank_file
from services.payment.application.create_orders import create_orders
from services.payment.application.enter_rate import enter_rate
from services.payment.application.order_ports import BankFile
from services.payment.application.ports import ObjectionText
from services.payment.application.publish_notice import publish_notice
from services.payment.application.raise_objection import raise_objection
from services.payment.application.review_claim import GivenReview, review_claim
from services.payment.application.submit_claim import GivenAccount, SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim
from services.payment.domain.notice import Notice
from services.payment.domain.objection import Objection
from services.payment.domain.order import Answer, PaymentOrder, Share
from services.payment.domain.state import Act
from services.payment.messaging.incoming import HANDLERS
from services.payment.storage.unit_of_work import PaymentUnitOfWork
from services.payment.worker import TIMERS
from shared.clock import SHANGHAI, machine_now, new_id
from shared.contracts.assessment import CertificateIssued
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassApproved, ClassOpened, ReliedRelease, ReservationRequest, ReservedTrainee
from shared.contracts.envelope import Envelope, decode, encode
from shared.database.encryption import Vault
from shared.database.engine import Database
from shared.domain.actor import SYSTEM, Actor, Role
from shared.messaging.tables import OUTBOX
from shared.policy.loader import load_allotments, load_forms, load_targets
from shared.policy.rulebook import Shelf
from shared.timers.runner import TimerRunner
from tests.payment.sample import (
    INSTITUTION,
    INSTITUTION_NAME,
    JIYUAN,
    OPENING,
    assessment_completed,
    attendance,
    certificate,
    class_opened,
    people,
    rate,
    rulebook,
    scheduled,
    shelf,
    training_completed,
)

R = TypeVar("R")

EMPLOYMENT = "employment_subsidy_fund"
INSURANCE = "unemployment_insurance_fund"
PAYEE_KEY = bytes(range(64, 96))
VAULT = Vault([bytes(range(32))], bytes(range(32, 64)))
ACCOUNT = GivenAccount(holder=INSTITUTION_NAME, bank_name="样例银行济源支行", account_number="4100 0000 8642 0975 31")
CLAIM_DAY = date(2021, 9, 13)
YUAN = 100
"""In fen."""


def moment(day: date, hour: int = 10) -> datetime:
    """Give an hour of a legal day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).astimezone(UTC)


def person(subject: str, *roles: Role, organisation: str = "bureau", region: str = JIYUAN) -> Actor:
    """Give somebody of the bureau (or of another organisation)."""
    return Actor(subject=subject, organisation=organisation, region=region, roles=frozenset(roles))


SCHOOL = person("school-1", Role.INSTITUTION, organisation=INSTITUTION)
FIRST = person("first-1", Role.FIRST_REVIEWER)
SECOND = person("second-1", Role.SECOND_REVIEWER)
APPROVER = person("approver-1", Role.APPROVER)
INSPECTOR = person("inspector-1", Role.INSPECTOR)
FINANCE = person("finance-1", Role.FINANCE)
AUDITOR = person("auditor-1", Role.AUDITOR)
PUBLIC = Actor(subject="public", organisation="public", region="000000", roles=frozenset({Role.PUBLIC}))


@dataclass
class Office:
    """One payment database and what happens in it; `now` is the legal moment of the next act."""

    database: Database
    now: datetime = field(default_factory=lambda: moment(CLAIM_DAY))
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    versions_before: int = 0
    payee_keys: Sequence[bytes] = (PAYEE_KEY,)
    entry_required: bool = False
    books: Shelf | None = None

    def unit(self, actor: Actor = SYSTEM, now: datetime | None = None) -> PaymentUnitOfWork:
        """Give a transaction at the office's moment."""
        return PaymentUnitOfWork(
            self.database,
            shelf=self.books or shelf(),
            vault=VAULT,
            actor=actor,
            now=now or self.now,
            plans=load_targets(),
            allotments=load_allotments(),
            forms=load_forms(),
            payee_check_keys=self.payee_keys,
            entry_required=self.entry_required,
        )

    async def act(self, actor: Actor, use_case: Callable[..., Awaitable[R]], **command: Any) -> R:
        """Run a use-case in a transaction of its own and commit it."""
        async with self.unit(actor) as uow:
            result = await use_case(uow, **command)
            await uow.commit()
            return result

    async def take(self, *facts: Contract) -> None:
        """Let events arrive, each in a transaction of its own, with the next version of its aggregate."""
        for fact in facts:
            envelope = self.envelope(fact)
            async with self.unit() as uow:
                await HANDLERS[type(fact)](uow, fact, envelope)
                await uow.commit()

    def envelope(self, fact: Contract) -> Envelope:
        """Give the envelope the fact would arrive in."""
        key = (fact.EVENT.source, fact.class_id)  # type: ignore[attr-defined]
        self.versions[key] = self.versions.get(key, self.versions_before) + 1
        return decode(encode(fact, event_id=new_id(), version=self.versions[key], occurred_at=machine_now()))

    async def events(self, *kinds: type[Contract], class_id: str | None = None) -> list[dict[str, Any]]:
        """Give the data of the events published so far, of these kinds, oldest first."""
        names = {kind.__name__ for kind in kinds}
        async with self.database.connect(write=False) as connection:
            payloads = (await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.seq))).scalars().all()
        read = [json.loads(payload) for payload in payloads]
        return [
            event["data"]
            for event in read
            if event["type"].split(".")[3] in names and class_id in (None, event["data"]["class_id"])
        ]

    async def claim(self, claim_id: str) -> Claim:
        """Give a claim as stored."""
        async with self.unit() as uow:
            found = await uow.claims.find(claim_id)
        assert found is not None
        return found

    async def only_claim(self) -> str:
        """Give the id of the one claim there is."""
        [row] = await self.rows("SELECT claim_id FROM claim")
        return str(row.claim_id)

    async def pass_days(self, day: date) -> int:
        """Let legal time pass until ten in the morning of a day, firing what falls due."""
        self.now = moment(day)
        runner = TimerRunner(self.database, TIMERS, lambda due: self.unit(SYSTEM, now=due))
        return await runner.fire_due(until=self.now)

    async def provide(self, *, amount_yuan: int = 1500, budget_yuan: int = 1_000_000) -> None:
        """Enter a rate and budgets of two sources."""
        async with self.unit(FINANCE, now=moment(date(2021, 1, 4))) as uow:
            await enter_rate(uow, rate(amount_yuan))
            for source in (EMPLOYMENT, INSURANCE):
                key = BudgetKey(region=JIYUAN, funding_source=source, year=2021)
                await allot_budget(uow, key=key, amount_fen=budget_yuan * 100, document="测试指标文件")
            await uow.commit()

    async def open_class(self, class_id: str = "class-1", *, roster: Sequence[str] = ()) -> None:
        """Approve and open a class."""
        roster = roster or people(1, 10)
        await self.take(approved(class_id, roster), class_opened(class_id, trainees=roster))

    async def finish_class(
        self,
        class_id: str = "class-1",
        *,
        roster: Sequence[str] = (),
        certificates: Sequence[CertificateIssued] | None = None,
        opening: int | None = None,
        spot: Sequence[int] | None = None,
    ) -> None:
        """Train, check and examine an open class; by default everybody passes and two checks find everybody."""
        roster = roster or people(1, 10)
        issued = [certificate(each, class_id=class_id) for each in roster] if certificates is None else certificates
        heads = len(roster) if opening is None else opening
        await self.take(
            attendance(roster, class_id=class_id),
            training_completed(class_id=class_id, opening=heads, spot=(heads, heads) if spot is None else spot),
            scheduled(class_id=class_id),
            *issued,
            assessment_completed(issued, class_id=class_id),
        )

    async def submit(self, class_id: str = "class-1", actor: Actor = SCHOOL) -> Claim:
        """Hand in the institution's claim."""
        signed = SignedUndertaking(text_version="JY-2021", signer="样例负责人", signed_on=CLAIM_DAY)
        return await self.act(actor, submit_claim, class_id=class_id, undertaking=signed, account=ACCOUNT)

    async def review(
        self, claim_id: str, step: Act, actor: Actor, *, approved: bool = True, reason_code: str | None = None
    ) -> Claim:
        """Take one review step."""
        given = GivenReview(step=step, approved=approved, opinion="已核对", reason_code=reason_code)
        return await self.act(actor, review_claim, claim_id=claim_id, given=given)

    async def review_twice(self, claim_id: str) -> Claim:
        """Take first and second review."""
        await self.review(claim_id, Act.FIRST_REVIEW, FIRST)
        return await self.review(claim_id, Act.SECOND_REVIEW, SECOND)

    async def publish(self, claim_id: str) -> Notice:
        """Publish the notice."""
        return await self.act(SECOND, publish_notice, claim_id=claim_id, site="示范区人社局网站")

    async def object_to(self, notice_id: str, *line_nos: int) -> Objection:
        """Object to lines as somebody from the public."""
        words = ObjectionText(content="该学员当时在外地务工", contact="来访登记")
        return await self.act(PUBLIC, raise_objection, notice_id=notice_id, line_nos=line_nos, text=words)

    async def end_notice(self, claim_id: str) -> None:
        """Let the running notice end."""
        notice = (await self.claim(claim_id)).notice
        assert notice is not None
        await self.pass_days(notice.period.payable_from)

    async def approve(self, claim_id: str, *, objected: Sequence[int] = ()) -> Claim:
        """Take a claim from its receipt to the bureau's approval, with an objection to some lines on the way."""
        await self.review_twice(claim_id)
        notice = await self.publish(claim_id)
        if objected:
            await self.object_to(notice.notice_id, *objected)
        await self.end_notice(claim_id)
        return await self.review(claim_id, Act.APPROVE, APPROVER)

    async def approve_supplement(self, claim_id: str) -> Claim:
        """Take a supplement that needs no notice of its own to the bureau's approval."""
        await self.review_twice(claim_id)
        return await self.review(claim_id, Act.APPROVE, APPROVER)

    async def order(
        self, claim_id: str, amounts_yuan: Mapping[str, int], actor: Actor = FINANCE
    ) -> tuple[PaymentOrder, ...]:
        """Order amounts in yuan by source."""
        shares = [Share(funding_source=source, amount_fen=yuan * 100) for source, yuan in amounts_yuan.items()]
        return await self.act(actor, create_orders, claim_id=claim_id, shares=shares)

    async def send(self, funding_source: str = EMPLOYMENT, actor: Actor = FINANCE) -> BankFile:
        """Make a bank file."""
        return await self.act(actor, create_bank_file, funding_source=funding_source)

    async def answer(
        self, file: BankFile, order_id: str, outcome: str, *, attempt: int = 1, actor: Actor = FINANCE
    ) -> AnswerRow:
        """Take one answer of the bank."""
        given = Answer(
            order_id=order_id,
            attempt=attempt,
            outcome=outcome,  # type: ignore[arg-type]
            on=self.now.date(),
            reason_code="AC04" if outcome == "returned" else None,
        )
        [row] = await self.act(actor, answer_bank_file, bank_file_id=file.bank_file_id, answers=[given])
        return row

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Run raw SQL and commit it, as somebody with the database's password would."""
        async with self.database.connect() as connection, connection.begin():
            result = await connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []


def approved(
    class_id: str,
    roster: Sequence[str],
    *,
    opening: date = OPENING,
    relies_on: Sequence[ReliedRelease] = (),
) -> ClassApproved:
    """Give the approval of a class that asks to reserve its roster."""
    return ClassApproved(
        class_id=class_id,
        kind="class",
        institution_id=INSTITUTION,
        planned=50,
        closing_date=opening + timedelta(days=20),
        reviews=(),
        reservation=ReservationRequest(
            programme="training",
            region=JIYUAN,
            rulebook_id=rulebook().id,
            occupation="welder",
            level="4",
            certificate_kinds=("level",),
            opening_date=opening,
            funding_source=EMPLOYMENT,
            trainees=tuple(ReservedTrainee(person_id=each, groups=("employee",)) for each in roster),
            relies_on=tuple(relies_on),
        ),
    )


def asked_for(fact: ClassOpened, *, source: str = EMPLOYMENT) -> ClassApproved:
    """Give the approval that asked to reserve a class as it opened."""
    asked = approved(fact.class_id, [each.person_id for each in fact.trainees], opening=fact.opening_date)
    groups = {each.person_id: each.groups for each in fact.trainees}
    reservation = replace(
        asked.reservation,
        programme=fact.programme,
        region=fact.region,
        rulebook_id=fact.rulebook_id,
        occupation=fact.occupation.code,
        level=fact.level,
        funding_source=source,
        trainees=tuple(replace(each, groups=groups[each.person_id]) for each in asked.reservation.trainees),
        kind=fact.kind,
        closing_date=fact.closing_date,
        attributes=fact.attributes,
    )
    return replace(asked, kind=fact.kind, closing_date=fact.closing_date, reservation=reservation)
