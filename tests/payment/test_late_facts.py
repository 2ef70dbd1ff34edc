"""Whatever is learnt of a class after its claim's approval, in any order and any number of times, is paid exactly.

Between approval and the bank's answer a doubt may be raised and closed, an inspection or a certificate voided, a
trainee withdrawn, the class cancelled. No order may be made, and none may go to the bank, beyond what the facts known
at that moment support; and once everything is known and every task is done, what was paid and not repaid is what the
class is worth.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from services.payment.application.assessing import assess_case, open_case
from services.payment.application.claw_back import (
    GivenRepayment,
    decide_clawback,
    propose_clawback,
    record_repayment,
)
from services.payment.application.desk import read_progress
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.reverse_order import reverse_order
from services.payment.domain.claim import Claim
from services.payment.domain.order import OrderState, PaymentOrder
from services.payment.domain.state import IN_REVIEW, Act, State
from services.payment.domain.subsidy import Assessment
from services.payment.messaging.incoming import HANDLERS
from shared.clock import LegalClock
from shared.contracts.assessment import CertificateVoided
from shared.contracts.contract import Contract
from shared.contracts.enrollment import TraineeWithdrawn
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import ClassCancelled, FindingClosed, FindingRaised, SpotCheckVoided
from shared.database.engine import open_database
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Severity
from tests.payment.conftest import _with_approved_claim
from tests.payment.office import APPROVER, AUDITOR, EMPLOYMENT, FINANCE, FIRST, Office
from tests.payment.sample import assessment_completed, certificate, people, training_completed
from tests.servers import FreshDatabases

CLASS = "class-1"
ROSTER = people(1, 10)
DAY = date(2021, 10, 20)


@dataclass(frozen=True)
class Delivery:
    """A fact in the envelope in which it arrives, however often."""

    fact: Contract
    envelope: Envelope


def raised(number: int) -> FindingRaised:
    return FindingRaised(
        class_id=CLASS,
        finding_id=f"finding-{number}",
        check="sign_in_device_clock",
        rule="JY-SUP-02",
        clause="二(三)1",
        blocking=True,
        seen="记录",
    )


def closed(number: int, conclusion: Any) -> FindingClosed:
    return FindingClosed(
        class_id=CLASS, finding_id=f"finding-{number}", conclusion=conclusion, closed_by="inspector-1", reason="已核"
    )


def losses(*numbers: int) -> list[Contract]:
    """Void certificates one after the other, each with the completion that follows."""
    facts: list[Contract] = []
    for place, number in enumerate(numbers, start=1):
        standing = [certificate(each) for each in ROSTER if each not in people_of(numbers[:place])]
        voided = CertificateVoided(
            class_id=CLASS,
            certificate_id=f"{CLASS}-level-p{number}",
            person_id=f"p{number}",
            on=DAY,
            reason="登记有误",
        )
        facts += [voided, assessment_completed(standing, revision=place + 1)]
    return facts


def people_of(numbers: Sequence[int]) -> set[str]:
    return {f"p{number}" for number in numbers}


def inspected(*revisions: tuple[int, tuple[int, ...]]) -> list[Contract]:
    """Void an inspection, or count it otherwise, each time with the totals that follow: opening heads and checks."""
    facts: list[Contract] = []
    for number, (opening, spot) in enumerate(revisions, start=2):
        voided = SpotCheckVoided(
            class_id=CLASS,
            check_id=f"check-{number}",
            kind="spot",
            voided_on=DAY,
            voided_by="inspector-2",
            reason="记录有误",
        )
        facts += [voided, training_completed(opening=opening, spot=spot, revision=number)]
    return facts


LEFT = TraineeWithdrawn(class_id=CLASS, person_id="p4", on=DAY, reason="本人申请")
CANCELLED = ClassCancelled(
    class_id=CLASS,
    on=DAY,
    rule="JY-SUP-04",
    clause="二(三)2",
    attended=4,
    planned=10,
    confirmed_by="inspector-1",
    reason="设备正常",
)
ASSESSMENTS = st.lists(st.integers(1, 10), unique=True, max_size=2).map(lambda numbers: losses(*numbers))
COUNTS = st.sampled_from([(9, (9, 9)), (10, (10, 10)), (10, (8, 8)), (9, (9,)), (10, (8,)), (10, ())])
INSPECTIONS = st.lists(COUNTS, max_size=2).map(lambda revisions: inspected(*revisions))
DOUBTS = st.sampled_from(["none", "unfounded", "confirmed", "waived"]).map(
    lambda conclusion: [] if conclusion == "none" else [raised(1), closed(1, conclusion)]
)
ENDS = st.sampled_from([[], [], [], [LEFT], [CANCELLED], [LEFT, CANCELLED]])
ACTS = ("order", "send", "settle", "return", "review")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Contract], list[int | str]]:
    """Give facts as their services published them, and how they arrive among what the office does."""
    facts = [*draw(INSPECTIONS), *draw(DOUBTS), *draw(ASSESSMENTS), *draw(ENDS)]
    arrivals = draw(st.permutations(range(len(facts))))
    again = draw(st.lists(st.sampled_from(range(len(facts))), max_size=3)) if facts else []
    steps: list[int | str] = list(arrivals)
    for number in again:
        steps.insert(draw(st.integers(steps.index(number) + 1, len(steps))), number)
    for act in draw(st.lists(st.sampled_from(ACTS), max_size=5)):
        steps.insert(draw(st.integers(0, len(steps))), act)
    return facts, steps


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
@example(story=(losses(10), [0, 1, "order"]))
@example(story=(losses(10), ["order", 0, 1, "send"]))
@example(story=(inspected((9, (9,))), [0, 1, "order"]))
@example(story=(inspected((10, (8, 8))), [0, 1, "order"]))
@example(story=([*inspected((10, (10, 10))), *losses(2), LEFT], [1, 0, 2, "order", "send", 3, 4]))
@example(story=(inspected((9, (9,))), ["order", 1, 0, "send"]))
@example(story=([CANCELLED], [0]))
@example(story=([CANCELLED], ["order", 0]))
@example(story=([CANCELLED], ["order", "send", 0, "settle"]))
def test_what_is_learnt_after_the_approval_is_paid_to_the_fen_in_any_order(
    databases: FreshDatabases, story: tuple[list[Contract], list[int | str]]
) -> None:
    asyncio.run(play(databases, *story))


async def play(databases: FreshDatabases, facts: list[Contract], steps: list[int | str]) -> None:
    url = await databases.cloned("payment_approved", _with_approved_claim)
    database = open_database("payment", url, clock=LegalClock())
    try:
        office = Office(database, versions_before=100)
        desk = Desk(office, await office.only_claim())
        deliveries = [Delivery(fact, office.envelope(fact)) for fact in facts]
        for step in steps:
            if isinstance(step, int):
                await desk.deliver(deliveries[step])
            else:
                await desk.act(step)
        await desk.finish()
    finally:
        await database.close()


class Desk:
    """Everybody who works on one claim, watched by an auditor who computes the class anew after every act."""

    def __init__(self, office: Office, claim_id: str) -> None:
        self.office = office
        self.claim_id = claim_id

    async def deliver(self, delivery: Delivery) -> None:
        async with self.office.unit() as uow:
            await HANDLERS[type(delivery.fact)](uow, delivery.fact, delivery.envelope)
            await uow.commit()

    async def claim(self) -> Claim:
        return await self.office.claim(self.claim_id)

    async def orders(self, *states: OrderState) -> list[PaymentOrder]:
        async with self.office.unit(AUDITOR) as uow:
            found = [order for order in await uow.orders.of_claim(self.claim_id) if order.counts]
        return [order for order in found if not states or order.state in states]

    async def worth(self) -> Assessment:
        """Compute the class from what is known now, as if nobody had computed it before."""
        async with self.office.unit(AUDITOR) as uow:
            claim = await uow.claims.find(self.claim_id)
            assert claim is not None
            return await assess_case(uow, await open_case(uow, CLASS), claim.decisions, decided_until=claim.rates_until)

    async def act(self, name: str) -> None:
        await {
            "order": self.order,
            "send": self.send,
            "settle": lambda: self.answer("settled"),
            "return": lambda: self.answer("returned"),
            "review": self.review,
        }[name]()

    async def tried(self, done: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await done()
        except* (Refused, Conflict):
            pass
        return None

    async def order(self) -> None:
        claim = await self.claim()
        due_fen = sum(claim.due(await self.orders()).values())
        made = await self.tried(lambda: self.office.order(self.claim_id, {EMPLOYMENT: max(due_fen, 100) // 100}))
        if made:
            await self.require_supported("ordered")

    async def send(self) -> None:
        if await self.tried(self.office.send):
            await self.require_supported("sent")

    async def require_supported(self, what: str) -> None:
        """Check what was just ordered or sent: nothing stands against the class, no line goes beyond its worth."""
        now = await self.worth()
        against = [flag.code for flag in (*now.stops, *now.flags) if flag.severity is not Severity.WARN]
        assert against == [], (what, against)
        lines = {line.line_no: line.amount_fen for line in now.lines}
        standing = await self.net()
        beyond = {number: fen for number, fen in standing.items() if number <= len(ROSTER) and fen > lines[number]}
        assert beyond == {}, (what, beyond)
        assert sum(standing.values()) <= sum(lines.values()), what

    async def net(self) -> Counter[int]:
        """Give what stands ordered of every line, less what was asked back."""
        total: Counter[int] = Counter()
        for order in await self.orders():
            assert order.amount_fen == sum(entry.amount_fen for entry in order.entries)
            for entry in order.entries:
                total[entry.line_no] += entry.amount_fen
        for clawback in (await self.claim()).clawbacks:
            if clawback.is_ordered:
                total.subtract(clawback.asked)
        return total

    async def answer(self, outcome: str) -> None:
        for order in await self.orders(OrderState.SENT):
            async with self.office.unit(AUDITOR) as uow:
                attempts = (await uow.orders.attempts_of([order.order_id]))[order.order_id]
                file = await uow.orders.bank_file(attempts[-1].bank_file_id)
            assert file is not None
            row = await self.office.answer(file, order.order_id, outcome, attempt=order.attempt)
            assert row.result == "applied"

    async def review(self) -> None:
        """Take a round that waits through both reviews, a notice where it needs one, and the approval."""
        claim = await self.claim()
        if claim.state not in IN_REVIEW:
            return
        await self.decide(claim)
        if await self.tried(lambda: self.office.review_twice(self.claim_id)) is None:
            return
        if (await self.claim()).state is State.SECOND_REVIEW:
            await self.office.publish(self.claim_id)
            await self.office.end_notice(self.claim_id)
        await self.office.review(self.claim_id, Act.APPROVE, APPROVER)

    async def decide(self, claim: Claim) -> None:
        """Accept every question that the class poses."""
        for rule in {flag.rule for flag in claim.assessment.open_questions}:
            given_decision = GivenDecision(rule=rule, accepted=True, reason="已核对记录")
            await self.office.act(FIRST, record_decision, claim_id=self.claim_id, given=given_decision)

    async def finish(self) -> None:
        """Do everything that is left to do, as the blockers name it, and compare with what the class is worth."""
        for _ in self.days():
            before = await self.office.claim(self.claim_id), await self.orders()
            await self.decide(before[0])
            await self.review()
            await self.take_back()
            await self.order()
            await self.send()
            await self.answer("settled")
            await self.claw_back()
            if before == (await self.office.claim(self.claim_id), await self.orders()):
                break
        else:
            raise AssertionError("the claim never comes to rest")
        await self.require_paid_exactly()

    def days(self) -> Iterator[int]:
        for number in range(12):
            self.office.now += timedelta(days=1)
            yield number

    async def take_back(self) -> None:
        """Reverse the orders that cannot go to the bank as they are."""
        for order in await self.orders(OrderState.READY, OrderState.RETURNED):
            reading = await self.reading()
            tasks = [task.holder.task for task in reading.tasks if task.subject == order.order_id]
            if order.state is OrderState.RETURNED or tasks == ["reversal"]:
                await self.office.act(FINANCE, reverse_order, order_id=order.order_id, reason="不再有记录支持")

    async def reading(self) -> Any:
        async with self.office.unit(AUDITOR) as uow:
            return (await read_progress(uow, self.claim_id)).progress

    async def claw_back(self) -> None:
        if not (await self.claim()).clawback_fen:
            return
        proposal = await self.tried(
            lambda: self.office.act(FIRST, propose_clawback, claim_id=self.claim_id, reason="记录已变更")
        )
        if proposal is None:
            return
        await self.office.act(
            APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="情况属实"
        )
        repaid = GivenRepayment(
            kind="bank", on=self.office.now.date(), amount_fen=proposal.amount_fen, reference="回单"
        )
        await self.office.act(FINANCE, record_repayment, clawback_id=proposal.clawback_id, given=repaid)

    async def require_paid_exactly(self) -> None:
        claim, now = await self.claim(), await self.worth()
        reading = await self.reading()
        orders = await self.orders()
        assert all(order.state is OrderState.SETTLED for order in orders)
        expected = {line.line_no: line.amount_fen for line in now.lines if line.amount_fen}
        paid = await self.net()
        assert sum(paid.values()) == sum(expected.values()), reading.blockers
        if not now.stops:
            assert {number: fen for number, fen in claim.decided.items() if fen} == expected
            assert claim.difference == {}
            assert (reading.tasks, claim.clawback_fen) == ((), 0)
        held = await self.office.rows("SELECT person_id, state FROM entitlement_slot WHERE class_id = 'class-1'")
        paid_people = {f"p{number}" for number in expected if number <= len(ROSTER)}
        assert {(row.person_id, row.state) for row in held} == {(person, "used") for person in paid_people}
        budgets = await self.office.rows("SELECT reserved_fen FROM budget ORDER BY reserved_fen")
        assert sum(row.reserved_fen for row in budgets) == sum(expected.values())
