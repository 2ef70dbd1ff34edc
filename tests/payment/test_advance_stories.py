"""Whatever is asked, decided, paid, answered, claimed and asked back, in any order, ends with the final sum paid.

Acts that cannot be done then are refused and change nothing. After every act the advances of the class keep within what
the document allows, none is owed less than nothing, and the budget holds what may still leave the bank.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from services.payment.application.claw_back import (
    GivenRepayment,
    decide_clawback,
    propose_clawback,
    record_repayment,
)
from services.payment.application.recover_advance import (
    decide_advance_recovery,
    propose_advance_recovery,
    record_advance_repayment,
)
from services.payment.application.request_advance import (
    decide_advance,
    order_advance,
    resend_advance,
    withdraw_advance,
)
from services.payment.application.reverse_order import reverse_order
from services.payment.domain.advance_money import AdvancePayment, AdvanceState
from services.payment.domain.claim import Claim
from services.payment.domain.order import OrderState
from services.payment.domain.state import IN_REVIEW
from shared.clock import LegalClock
from shared.contracts.assessment import CertificateVoided
from shared.contracts.supervision import ClassCancelled
from shared.database.engine import open_database
from shared.domain.errors import Conflict, DomainError
from tests.payment.advance_sample import (
    YUAN,
    approve,
    asked_for,
    examine,
    held,
    of_enterprise,
    open_class,
    ordered,
    provide,
    train,
)
from tests.payment.conftest import _migrated, _opened
from tests.payment.office import APPROVER, FINANCE, FIRST, Office, moment
from tests.payment.sample import assessment_completed, people
from tests.payment.test_use_cases_elsewhere import CLAIMED_ON, claimed, passed, there
from tests.servers import FreshDatabases

HEADS = 6
EACH = 2_000 * YUAN
LIMIT = HEADS * EACH // 2
FACT = of_enterprise(roster=people(1, HEADS))
ACTS = (
    *("accept", "refuse", "order", "send", "settle", "return", "resend", "withdraw"),
    *("train", "examine", "lose", "claim", "approve", "order_claim", "propose", "demand", "repay", "cancel"),
)
ASKED = st.integers(1, LIMIT + 1).map(lambda fen: f"ask {fen}")
STEPS = st.lists(st.one_of(ASKED, st.sampled_from(ACTS)), max_size=22)
PAID = ["accept", "order", "send", "settle"]
CLAIMED = ["train", "examine", "claim", "approve", "order_claim"]


async def _with_open_class(url: str) -> None:
    await _migrated(url)
    async with _opened(url) as database:
        office = Office(database)
        await provide(office)
        await open_class(office, FACT)


@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(passing=st.integers(0, HEADS), steps=STEPS)
@example(passing=5, steps=[f"ask {LIMIT}", *PAID, *CLAIMED])
@example(passing=2, steps=[f"ask {LIMIT}", *PAID, *CLAIMED, "propose", "demand", "repay"])
@example(passing=0, steps=[f"ask {LIMIT}", *PAID, *CLAIMED])
@example(passing=6, steps=["ask 100", "ask 333", *PAID, "accept", "order", "send", "return", "resend", *CLAIMED])
@example(passing=6, steps=[f"ask {LIMIT}", "accept", *CLAIMED, "withdraw"])
@example(passing=3, steps=[f"ask {LIMIT}", *PAID, *CLAIMED, "lose"])
@example(passing=6, steps=[f"ask {LIMIT}", *PAID, "propose", "demand", "repay", *CLAIMED])
@example(passing=4, steps=[f"ask {LIMIT}", *PAID, "propose", "demand", *CLAIMED, "repay"])
@example(passing=4, steps=[f"ask {LIMIT}", "accept", "order", "send", "cancel", "settle"])
@example(passing=4, steps=[f"ask {LIMIT}", *PAID, *CLAIMED, "cancel"])
def test_advances_and_claim_together_pay_the_final_sum_in_any_order(
    databases: FreshDatabases, passing: int, steps: list[str]
) -> None:
    """HL-PAY-02"""
    asyncio.run(play(databases, passing, steps))


async def play(databases: FreshDatabases, passing: int, steps: list[str]) -> None:
    url = await databases.cloned("payment_advance", _with_open_class)
    database = open_database("payment", url, clock=LegalClock())
    try:
        office = Office(database, versions_before=100)
        office.now = moment(CLAIMED_ON)
        story = Story(office, passing)
        for step in steps:
            await story.act(step)
            await story.require_sound()
        await story.finish()
    finally:
        await database.close()


class Story:
    """Everybody who works on one class: its enterprise, reviewers, the bank."""

    def __init__(self, office: Office, passing: int) -> None:
        self.office = office
        self.passing = passing
        self.done: set[str] = set()
        self.receipts = 0

    async def act(self, step: str) -> None:
        name, _, fen = step.partition(" ")
        if name == "ask":
            await self.tried(lambda: asked_for(self.office, FACT, int(fen)))
            return
        await {
            "accept": lambda: self.decide(accepted=True),
            "refuse": lambda: self.decide(accepted=False),
            "order": lambda: self.on(AdvanceState.DECIDED, FINANCE, order_advance),
            "send": lambda: self.tried(lambda: self.office.send(actor=there(FINANCE))),
            "settle": lambda: self.answer("settled"),
            "return": lambda: self.answer("returned"),
            "resend": lambda: self.on(AdvanceState.RETURNED, APPROVER, resend_advance, reason="账户无误"),
            "withdraw": self.withdraw,
            "train": self.train,
            "examine": self.examine,
            "lose": self.lose,
            "claim": lambda: self.tried(lambda: claimed(self.office, "class-1", "enterprise")),
            "approve": self.approve,
            "order_claim": self.order_claim,
            "propose": lambda: self.on(
                AdvanceState.PAID, FIRST, propose_advance_recovery, due_on=date(2021, 1, 1), reason="未抵扣"
            ),
            "demand": lambda: self.on(
                AdvanceState.PAID, APPROVER, decide_advance_recovery, ordered=True, reason="同意"
            ),
            "repay": self.repay,
            "cancel": self.cancel,
        }[name]()

    async def tried(self, done: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await done()
        except* DomainError:
            pass
        return None

    async def advances(self, *states: AdvanceState) -> list[AdvancePayment]:
        async with self.office.unit() as uow:
            found = await uow.advances.of_class("class-1")
        return [each for each in found if not states or each.state in states]

    async def on(self, state: AdvanceState, actor: Any, use_case: Any, **command: Any) -> None:
        for advance in await self.advances(state):
            await self.tried(
                lambda each=advance: self.office.act(  # type: ignore[misc]
                    there(actor), use_case, advance_id=each.advance_id, **command
                )
            )

    async def decide(self, *, accepted: bool) -> None:
        await self.on(AdvanceState.REQUESTED, APPROVER, decide_advance, accepted=accepted, reason="已核")

    async def withdraw(self) -> None:
        for state in (AdvanceState.DECIDED, AdvanceState.READY, AdvanceState.RETURNED):
            await self.on(state, FINANCE, withdraw_advance, reason="不再预付")

    async def answer(self, outcome: str) -> None:
        """Let the bank answer whatever it has."""
        rows = await self.office.rows(
            "SELECT order_id AS id, attempt, bank_file_id FROM order_attempt WHERE outcome IS NULL UNION ALL "
            "SELECT advance_id, attempt, bank_file_id FROM advance_attempt WHERE outcome IS NULL"
        )
        for row in rows:
            async with self.office.unit() as uow:
                file = await uow.orders.bank_file(row.bank_file_id)
            assert file is not None
            for result in ("applied", "duplicate"):
                told = await self.office.answer(file, row.id, outcome, attempt=row.attempt, actor=there(FINANCE))
                assert told.result == result

    async def train(self) -> None:
        if not self.done & {"train", "cancel"}:
            self.done.add("train")
            await train(self.office, FACT)

    async def examine(self) -> None:
        if "train" in self.done and not self.done & {"examine", "cancel"}:
            self.done.add("examine")
            await examine(self.office, FACT, self.passing)

    async def lose(self) -> None:
        """Void the first certificate after the exam."""
        if "examine" in self.done and self.passing and not self.done & {"lose", "cancel"}:
            self.done.add("lose")
            standing = [passed(each, "class-1", level="4") for each in people(2, self.passing)]
            voided = CertificateVoided(
                class_id="class-1", certificate_id="class-1-p1", person_id="p1", on=date(2020, 7, 1), reason="登记有误"
            )
            await self.office.take(voided, assessment_completed(standing, class_id="class-1", revision=2))

    async def cancel(self) -> None:
        if "cancel" not in self.done:
            self.done.add("cancel")
            await self.office.take(
                ClassCancelled(
                    class_id="class-1",
                    on=date(2020, 7, 1),
                    rule="HL-PAY-02",
                    clause="四(十)",
                    attended=1,
                    planned=HEADS,
                    confirmed_by="inspector-1",
                    reason="未实施",
                )
            )

    async def claim(self) -> Claim | None:
        async with self.office.unit() as uow:
            return await uow.claims.of_class("class-1")

    async def approve(self) -> None:
        claim = await self.claim()
        if claim is not None and claim.state in IN_REVIEW:
            await self.tried(lambda: approve(self.office, FACT, claim))

    async def order_claim(self) -> None:
        """Order what is due beyond what was advanced."""
        claim = await self.claim()
        if claim is None:
            return
        async with self.office.unit() as uow:
            due_fen = sum(claim.due(await uow.orders.of_claim(claim.claim_id)).values())
        owed_fen = sum(each.outstanding_fen for each in await self.advances())
        await self.tried(lambda: ordered(self.office, FACT, claim, max(due_fen - owed_fen, 0)))

    async def repay(self) -> None:
        for advance in await self.advances(AdvanceState.PAID):
            if not advance.outstanding_fen:
                continue
            self.receipts += 1
            command = {
                "advance_id": advance.advance_id,
                "on": self.office.now.date(),
                "reference": f"回单 {self.receipts}",
            }
            beyond = {**command, "amount_fen": advance.outstanding_fen + 1}
            assert await self.tried(lambda: self.back(**beyond)) is None  # noqa: B023 - run at once
            await self.tried(lambda: self.back(**command, amount_fen=advance.outstanding_fen))  # noqa: B023

    async def back(self, **command: Any) -> Any:
        return await self.office.act(there(FINANCE), record_advance_repayment, **command)

    async def require_sound(self) -> None:
        advances = await self.advances()
        assert sum(each.decided_fen for each in advances) <= LIMIT
        assert all(0 <= each.outstanding_fen <= each.paid_fen for each in advances)
        assert await held(self.office) >= sum(each.held_fen for each in advances)

    async def finish(self) -> None:
        """Let the bank answer, withdraw what did not leave, and take the claim and every demand to their ends."""
        for _ in range(12):
            self.office.now += timedelta(days=1)
            before = await self.stand()
            for step in ("settle", "withdraw", "train", "examine", "claim", "approve", "order_claim", "send", "settle"):
                await self.act(step)
                await self.require_sound()
            await self.take_back()
            await self.claw_back()
            if before == await self.stand():
                break
        else:
            raise AssertionError("the class never comes to rest")
        await self.require_settled()

    async def stand(self) -> Any:
        return await self.claim(), await self.advances()

    async def take_back(self) -> None:
        """Reverse what the bank returned, or what is not sent while it cannot go as it is."""
        claim = await self.claim()
        if claim is None:
            return
        async with self.office.unit() as uow:
            orders = [order for order in await uow.orders.of_claim(claim.claim_id) if order.is_unpaid]
        for order in orders:
            command = {"order_id": order.order_id, "reason": "不再有记录支持"}
            await self.tried(lambda: self.office.act(there(FINANCE), reverse_order, **command))  # noqa: B023

    async def claw_back(self) -> None:
        claim = await self.claim()
        if claim is None or not claim.clawback_fen:
            return
        proposal = await self.tried(
            lambda: self.office.act(there(FIRST), propose_clawback, claim_id=claim.claim_id, reason="记录已变更")
        )
        if proposal is not None:
            command = {"clawback_id": proposal.clawback_id}
            await self.office.act(there(APPROVER), decide_clawback, **command, ordered=True, reason="属实")
            self.receipts += 1
            back = GivenRepayment(
                kind="bank",
                on=self.office.now.date(),
                amount_fen=proposal.amount_fen,
                reference=f"追回回单 {self.receipts}",
            )
            await self.office.act(there(FINANCE), record_repayment, **command, given=back)

    async def require_settled(self) -> None:
        """Check that what left the bank is the final sum and what is owed, and after its return the final sum."""
        people_paid = 0 if "cancel" in self.done else self.passing - ("lose" in self.done)
        final_fen, owed_fen = people_paid * EACH, sum(each.outstanding_fen for each in await self.advances())
        assert await self.cash() == final_fen + owed_fen
        claim = await self.claim()
        if claim is not None and final_fen:
            async with self.office.unit() as uow:
                orders = [order for order in await uow.orders.of_claim(claim.claim_id) if order.counts]
            assert all(order.state is OrderState.SETTLED for order in orders)
            assert claim.net_of(sum(order.amount_fen for order in orders)) == sum(claim.decided.values()) == final_fen
            paid_first = sum(each.paid_fen - each.repaid_fen for each in await self.advances())
            assert owed_fen == max(paid_first - sum(order.amount_fen for order in orders), 0)
        await self.act("propose")
        await self.act("demand")
        await self.act("repay")
        assert sum(each.outstanding_fen for each in await self.advances()) == 0
        assert await self.cash() == final_fen

    async def cash(self) -> int:
        """Give what left the bank and stayed away, from the bank's own answers and receipts."""
        [row] = await self.office.rows(
            "SELECT (SELECT COALESCE(SUM(o.amount_fen), 0) FROM payment_order o JOIN order_attempt a "
            "ON a.order_id = o.order_id WHERE a.outcome = 'settled') "
            "+ (SELECT COALESCE(SUM(v.amount_fen), 0) FROM advance v JOIN advance_attempt a "
            "ON a.advance_id = v.advance_id WHERE a.outcome = 'settled') "
            "- (SELECT COALESCE(SUM(amount_fen), 0) FROM advance_clearing WHERE kind = 'repaid') "
            "- (SELECT COALESCE(SUM(amount_fen), 0) FROM clawback_repayment WHERE kind = 'bank') AS fen"
        )
        return int(row.fen)


async def test_of_requests_at_once_the_document_keeps_its_number(databases: FreshDatabases) -> None:
    """HL-PAY-02: requests, decisions and repayments that meet in the database stay within what is allowed."""
    url = await databases.cloned("payment_advance", _with_open_class)
    first, second = (open_database("payment", url, clock=LegalClock()) for _ in range(2))
    try:
        offices = [Office(each, versions_before=100) for each in (first, second)]
        for office in offices:
            office.now = moment(CLAIMED_ON)
        asked = await asyncio.gather(*(asked_for(office, FACT, LIMIT) for office in offices), return_exceptions=True)
        assert [type(each) for each in asked].count(AdvancePayment) == 1
        [advance] = [each for each in asked if isinstance(each, AdvancePayment)]
        decided = await asyncio.gather(
            *(
                office.act(there(APPROVER), decide_advance, advance_id=advance.advance_id, accepted=True, reason="同意")
                for office in offices
            ),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in decided) == ["AdvancePayment", Conflict.__name__]
    finally:
        await first.close()
        await second.close()
