"""Under the other documents too the end is the same money, whatever comes first and however often it is said.

Several classes of the same people are claimed, reviewed and paid between facts in any order: certificates lost and
issued anew, months of work confirmed and taken back, jobs found and lost. Once everything is known and every task is
done, each claim is paid what it is worth, no cap is passed, and a place is held for nobody but those who were paid.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from services.payment.application.allot_budget import allot_budget
from services.payment.application.assessing import assess_claim, open_case
from services.payment.application.claw_back import GivenRepayment, decide_clawback, propose_clawback, record_repayment
from services.payment.application.create_bank_file import create_bank_file
from services.payment.application.enter_rate import enter_rate
from services.payment.application.publish_notice import publish_notice
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.record_employment import record_employment
from services.payment.application.record_work_months import (
    decide_work_months,
    record_work_months,
    reverse_work_months,
)
from services.payment.application.reverse_order import reverse_order
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim, Claimant
from services.payment.domain.class_record import Employment
from services.payment.domain.order import OrderState, PaymentOrder
from services.payment.domain.rates import Rate
from services.payment.domain.state import IN_REVIEW, Act, State
from services.payment.domain.work_month import GivenMonth
from services.payment.messaging.incoming import HANDLERS
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, TraineeWithdrawn
from shared.domain.actor import Actor
from shared.domain.errors import Conflict, Refused
from shared.policy.rulebook import Shelf
from tests.payment.conftest import _migrated, _opened
from tests.payment.office import (
    ACCOUNT,
    APPROVER,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    SCHOOL,
    SECOND,
    Office,
    moment,
)
from tests.payment.sample import assessment_completed, rate
from tests.payment.test_late_facts import CANCELLED
from tests.payment.work_sample import FIRST_DAYS, finished, opened
from tests.servers import FreshDatabases

Step = Callable[["Town"], Awaitable[None]]
YUAN = 100


@dataclass
class Town:
    """Everybody who works on the claims of one document, and what they have not done yet."""

    office: Office
    setting: "Setting"
    claims: dict[str, str] = field(default_factory=dict)

    def there(self, actor: Actor) -> Actor:
        return replace(actor, region=FIRST_DAYS[self.setting.place][0])

    async def act(self, actor: Actor, use_case: Callable[..., Awaitable[Any]], **command: Any) -> Any:
        return await self.office.act(self.there(actor), use_case, **command)

    async def tried(self, actor: Actor, use_case: Callable[..., Awaitable[Any]], **command: Any) -> Any:
        """Do something that may be out of turn."""
        try:
            return await self.act(actor, use_case, **command)
        except* (Refused, Conflict):
            pass
        return None

    async def claim_of(self, class_id: str) -> Claim:
        return await self.office.claim(self.claims[class_id])

    async def orders(self, class_id: str, *states: OrderState) -> list[PaymentOrder]:
        async with self.office.unit() as uow:
            found = [order for order in await uow.orders.of_claim(self.claims[class_id]) if order.counts]
        return [order for order in found if not states or order.state in states]

    async def submit(self, class_id: str) -> None:
        if class_id in self.claims:
            return
        signed = SignedUndertaking(text_version="", signer="样例负责人", signed_on=self.office.now.date())
        command = {"class_id": class_id, "undertaking": signed, "claimant": self.setting.claimant}
        account = replace(ACCOUNT, kind="basic_account")
        claim = await self.tried(SCHOOL, submit_claim, **command, account=account)
        if claim is not None:
            self.claims[class_id] = claim.claim_id

    async def review(self, class_id: str) -> None:
        """Answer every question, and take a round that waits through the reviews to the approval."""
        if class_id not in self.claims:
            return
        claim_id = self.claims[class_id]
        for rule in {each.rule for each in (await self.claim_of(class_id)).assessment.open_questions}:
            answer = GivenDecision(rule=rule, accepted=rule != "HB-PAY-05", reason="已核对")
            await self.act(FIRST, record_decision, claim_id=claim_id, given=answer)
        if (await self.claim_of(class_id)).state not in IN_REVIEW:
            return
        for step, actor in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND)):
            await self.office.review(claim_id, step, self.there(actor))
        if (await self.claim_of(class_id)).state is State.SECOND_REVIEW:
            await self.act(SECOND, publish_notice, claim_id=claim_id, site="人社局网站")
            await self.office.end_notice(claim_id)
        await self.office.review(claim_id, Act.APPROVE, self.there(APPROVER))

    async def order(self, class_id: str) -> None:
        if class_id not in self.claims:
            return
        due_fen = sum((await self.claim_of(class_id)).due(await self.orders(class_id)).values())
        try:
            await self.office.order(self.claims[class_id], {EMPLOYMENT: max(due_fen, 100) // 100}, self.there(FINANCE))
        except* (Refused, Conflict):
            pass

    async def send(self, outcome: str = "settled") -> None:
        file = await self.tried(FINANCE, create_bank_file, funding_source=EMPLOYMENT)
        if file is None:
            return
        for class_id in self.claims:
            for order in await self.orders(class_id, OrderState.SENT):
                given: dict[str, Any] = {"attempt": order.attempt, "actor": self.there(FINANCE)}
                for _ in range(2):  # the bank says everything twice
                    await self.office.answer(file, order.order_id, outcome, **given)

    async def take_back(self, class_id: str) -> None:
        """Reverse what the bank returned and what must not be sent as it is."""
        if class_id not in self.claims:
            return
        claim, orders = await self.claim_of(class_id), await self.orders(class_id)
        beyond = claim.unsupported(orders)
        for order in orders:
            held = order.state is OrderState.READY and (order.order_id in beyond or claim.is_held)
            if held or order.state is OrderState.RETURNED:
                await self.act(FINANCE, reverse_order, order_id=order.order_id, reason="不再有记录支持")

    async def claw_back(self, class_id: str) -> None:
        if class_id not in self.claims:
            return
        proposal = await self.tried(FIRST, propose_clawback, claim_id=self.claims[class_id], reason="记录已变更")
        if proposal is None:
            return
        decided = {"clawback_id": proposal.clawback_id}
        await self.act(APPROVER, decide_clawback, **decided, ordered=True, reason="情况属实")
        back = GivenRepayment(
            kind="bank", on=self.office.now.date(), amount_fen=proposal.amount_fen, reference=proposal.clawback_id
        )
        await self.act(FINANCE, record_repayment, **decided, given=back)

    async def finish(self) -> None:
        """Do everything that is left to do until a day brings nothing new."""
        for _ in range(20):
            before = await self.seen()
            await self.office.pass_days(self.office.now.date() + timedelta(days=1))
            for each in self.setting.classes:
                await self.submit(each.class_id)
                await self.review(each.class_id)
                await self.take_back(each.class_id)
                await self.order(each.class_id)
            await self.send()
            for each in self.setting.classes:
                await self.claw_back(each.class_id)
            if before == await self.seen():
                return
        raise AssertionError("the claims never come to rest")

    async def seen(self) -> list[object]:
        found = [(await self.claim_of(each), await self.orders(each)) for each in self.claims]
        return [*found, len(await self.office.rows("SELECT key FROM timer"))]

    async def paid(self, class_id: str) -> Mapping[tuple[str | None, str], int]:
        """Give what was paid for whom under which programme, less what came back; check every sum on the way."""
        claim, total = await self.claim_of(class_id), Counter[int]()
        for order in await self.orders(class_id):
            assert order.state is OrderState.SETTLED
            assert order.amount_fen == sum(entry.amount_fen for entry in order.entries)
            for entry in order.entries:
                total[entry.line_no] += entry.amount_fen
        for clawback in claim.clawbacks:
            assert not clawback.outstanding_fen
            total.subtract(clawback.asked if clawback.is_ordered else {})
        whose = {number: (claim.line(number).person_id, claim.line(number).programme) for number in total}
        return {whose[number]: fen for number, fen in total.items() if fen}

    async def require_paid_exactly(self) -> int:
        """Check that each claim was paid what it is worth to whoever computes it now; give the sum of all."""
        sum_fen, holders = 0, set()
        for class_id in self.claims:
            async with self.office.unit() as uow:
                claim = await uow.claims.find(self.claims[class_id])
                assert claim is not None
                now = await assess_claim(uow, await open_case(uow, class_id), claim)
            paid = await self.paid(class_id)
            worth = {(line.person_id, line.programme): line.amount_fen for line in now.lines if line.amount_fen}
            assert paid == worth, class_id
            assert claim.clawback_fen == 0
            assert now.stops or claim.difference == {}
            sum_fen += sum(paid.values())
            awards = [(line, award) for line in now.lines for award in line.awards if not award.findings]
            holders |= {(class_id, line.person_id, award.key) for line, award in awards}
        held = await self.office.rows("SELECT class_id, person_id, award FROM cap_use")
        assert {(row.class_id, row.person_id, row.award) for row in held} == holders
        beyond = await self.office.rows(
            "SELECT person_id, scope FROM cap_slot GROUP BY person_id, scope, slots_max HAVING COUNT(*) > slots_max"
        )
        assert beyond == []
        uses = await self.office.rows("SELECT person_id, programme, CAST(days AS TEXT) AS days FROM cap_use")
        taken = Counter((row.person_id, row.programme, day) for row in uses for day in json.loads(row.days))
        assert set(taken.values()) <= {1}
        [budget] = await self.office.rows("SELECT COALESCE(SUM(amount_fen), 0) AS fen FROM budget_commitment")
        assert budget.fen >= sum_fen
        return sum_fen


def deliver(*facts: Contract) -> Step:
    """Let events of one service arrive in their order, twice each."""

    async def step(town: Town) -> None:
        for fact in facts:
            envelope = town.office.envelope(fact)
            for _ in range(2):
                async with town.office.unit() as uow:
                    await HANDLERS[type(fact)](uow, fact, envelope)
                    await uow.commit()

    return step


def work(act: str, class_id: str) -> Step:
    async def step(town: Town) -> None:
        await {"claim": town.submit, "review": town.review, "order": town.order}[act](class_id)

    return step


async def pay(town: Town) -> None:
    await town.send()


async def pay_in_vain(town: Town) -> None:
    await town.send("returned")


def among(draw: st.DrawFn, facts: Sequence[Step], classes: Sequence[ClassOpened], *, size: int) -> list[Step]:
    """Give facts in any order among what the bureau does meanwhile."""
    acts = [work(act, each.class_id) for each in classes for act in ("claim", "review", "order")]
    steps = list(draw(st.permutations(facts)))
    for act in draw(st.lists(st.sampled_from([*acts, pay, pay_in_vain]), max_size=size)):
        steps.insert(draw(st.integers(0, len(steps))), act)
    return steps


def ended(of: ClassOpened, kind: str) -> list[Contract]:
    """Give what made the class trained and certified in its own occupation."""
    code = of.occupation.code
    return [
        replace(fact, occupation=code) if isinstance(fact, CertificateIssued) else fact
        for fact in finished(of, kind=kind)
    ]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Classes of one document that have ended, with the rates that pay them; `kind` is that of all certificates."""

    place: str
    classes: tuple[ClassOpened, ...]
    on: date
    claimant: Claimant = "enterprise"
    prices: tuple[Rate, ...] = ()
    kind: str = "level"
    books: Shelf | None = None

    async def prepare(self, url: str) -> None:
        await _migrated(url)
        async with _opened(url) as database:
            town = Town(Office(database, now=moment(self.on), books=self.books), self)
            region, opening = FIRST_DAYS[self.place]
            key = BudgetKey(region=region, funding_source=EMPLOYMENT, year=opening.year)
            await town.act(FINANCE, allot_budget, key=key, amount_fen=100_000_000, document="测试指标文件")
            for price in self.prices:
                await town.act(FINANCE, enter_rate, rate=replace(price, region=region, valid_from=opening))
            for each in self.classes:
                await town.office.take(each, *(ended(each, self.kind) if each.kind != "work_for_training" else ()))

    async def play(self, databases: FreshDatabases, steps: Sequence[Step]) -> int:
        """Take the steps, do what is left, and give what was paid in fen."""
        name = f"payment_{self.place}_{self.kind}_{self.classes[0].programme}".lower()
        url = await databases.cloned(name, self.prepare)
        async with _opened(url) as database:
            town = Town(Office(database, now=moment(self.on), versions_before=100, books=self.books), self)
            for step in steps:
                await step(town)
            await town.finish()
            return await town.require_paid_exactly()


STORIES = settings(
    max_examples=2,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""Few by default: every story is months of a bureau's work; more are played by hand when money's rules change."""

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""Races are another test's; what order and repetition come to does not depend on the database."""

PEOPLE = ("p1", "p2")
OCCUPATIONS = ("welder", "fitter", "turner", "cook")


def huludao(number: int) -> ClassOpened:
    """Give one of four enterprise classes of the same people, each in an occupation of its own."""
    plain = opened("HL", PEOPLE, class_id=f"class-{number}", programme="upskilling", group="employee")
    return replace(
        plain,
        institution=replace(plain.institution, kind="enterprise"),
        occupation=replace(plain.occupation, code=OCCUPATIONS[number - 1]),
        attributes={"funder": "enterprise"},
    )


def held(of: ClassOpened, person: str, *, anew: int = 0) -> CertificateIssued:
    """Give the certificate of a finished class's person, or the one that replaced it."""
    own = next(each for each in ended(of, "level") if isinstance(each, CertificateIssued) and each.person_id == person)
    return replace(own, certificate_id=f"{own.certificate_id}-{anew}", number=f"{own.number}-{anew}") if anew else own


def void(of: ClassOpened, person: str) -> CertificateVoided:
    certificate_id = held(of, person).certificate_id
    return CertificateVoided(
        class_id=of.class_id, certificate_id=certificate_id, person_id=person, on=of.closing_date, reason="登记有误"
    )


def renewed(of: ClassOpened, changes: Mapping[str, bool]) -> Step:
    """Void certificates of one class, replace those that say so, and complete the examination again."""
    anew = [held(of, person, anew=1) for person, again in changes.items() if again]
    standing = [held(of, person) for person in PEOPLE if person not in changes]
    return deliver(
        *(void(of, person) for person in changes),
        *anew,
        assessment_completed([*standing, *anew], class_id=of.class_id, revision=2),
    )


LOST = dict.fromkeys(PEOPLE, False)
CHANGES = st.dictionaries(st.sampled_from(PEOPLE), st.booleans(), max_size=2)


@st.composite
def capped(draw: st.DrawFn) -> tuple[list[dict[str, bool]], list[Step]]:
    changes = [draw(CHANGES) for _ in OCCUPATIONS]
    classes = [huludao(number) for number in range(1, 5)]
    facts = [renewed(of, lost) for of, lost in zip(classes, changes, strict=True) if lost]
    if draw(st.booleans()):
        facts.append(deliver(replace(CANCELLED, class_id="class-2")))
        changes[1] = LOST
    return changes, among(draw, facts, classes, size=8)


CLAIM_ALL = [work("claim", f"class-{number}") for number in range(1, 5)]
PAY_FIRST = [work(act, "class-1") for act in ("claim", "review", "order")]


@on_sqlite
@STORIES
@given(story=capped())
@example(story=([{"p1": False}, {}, {}, {}], [*CLAIM_ALL, *PAY_FIRST, pay, renewed(huludao(1), {"p1": False})]))
@example(story=([LOST, {}, {}, {}], [*CLAIM_ALL, *PAY_FIRST, pay, deliver(CANCELLED)]))
@example(story=([{"p1": True}, {}, {}, {}], [*PAY_FIRST, pay, renewed(huludao(1), {"p1": True}), *CLAIM_ALL]))
@example(story=([{}, LOST, {}, {}], [deliver(replace(CANCELLED, class_id="class-2")), *CLAIM_ALL]))
def test_of_four_subsidies_three_are_paid_whichever_came_first(
    databases: FreshDatabases, story: tuple[list[dict[str, bool]], list[Step]]
) -> None:
    """HL-CLM-01, HL-CLM-02, HL-CLM-03: by certificate and level, at most three a year, a place given back is used."""
    changes, steps = story
    setting = Setting(place="HL", classes=tuple(map(huludao, range(1, 5))), on=date(2020, 7, 1))
    paid = asyncio.run(setting.play(databases, steps))
    standing = [sum(lost.get(person, True) for lost in changes) for person in PEOPLE]
    assert paid == sum(min(3, times) for times in standing) * 2_000 * YUAN


def stated(person: str, month: date, *, then: str) -> Step:
    """State a month of work that another person confirms, refuses, or confirms before it is taken back for good."""

    async def step(town: Town) -> None:
        given_month = GivenMonth(person_id=person, month=month, full=True, source="工资表")
        [entry] = await town.act(SCHOOL, record_work_months, class_id="class-2", given=[given_month])
        decided = {"class_id": "class-2", "reason": "已核对"}
        await town.act(FIRST, decide_work_months, **decided, numbers=[entry.number], confirmed=then != "refused")
        if then == "reversed":
            opposite = {"class_id": "class-2", "numbers": [entry.number], "reason": "未足月"}
            [back] = await town.act(SCHOOL, reverse_work_months, **opposite)
            await town.act(FIRST, decide_work_months, **decided, numbers=[back.number], confirmed=True)

    return step


def quanjiao(number: int) -> ClassOpened:
    """Give pre-job training and work for training of the same people by the same enterprise."""
    kind = {"programme": "pre_job"} if number == 1 else {"kind": "work_for_training", "programme": "work_for_training"}
    told: dict[str, Any] = {"group": "poor_worker", "attributes": {"hirer": "enterprise", "employer_credit_code": "e1"}}
    plain = opened("QJ", PEOPLE, class_id=f"class-{number}", **told, **kind)
    return replace(plain, institution=replace(plain.institution, kind="enterprise"))


MONTHS = [date(2020, number, 1) for number in range(6, 13)] + [date(2021, 1, 1)]
FATES = st.sampled_from(["confirmed", "confirmed", "confirmed", "refused", "reversed"])


@st.composite
def exclusive(draw: st.DrawFn) -> tuple[dict[tuple[str, date], str], dict[str, bool], list[Step]]:
    whose = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(MONTHS)), unique=True, max_size=9))
    fates = {each: draw(FATES) for each in whose}
    lost = draw(CHANGES)
    facts = [stated(*each, then=fate) for each, fate in fates.items()]
    facts += [renewed(quanjiao(1), lost)] if lost else []
    return fates, lost, among(draw, facts, [quanjiao(1), quanjiao(2)], size=6)


@on_sqlite
@STORIES
@given(story=exclusive())
def test_of_two_exclusive_subsidies_each_person_brings_one_alone(
    databases: FreshDatabases, story: tuple[dict[tuple[str, date], str], dict[str, bool], list[Step]]
) -> None:
    """QJ-CLM-01, QJ-CLM-07, QJ-CLM-08: 1,200 for being trained, or 200 for each of six months; the first one counts."""
    fates, lost, steps = story
    setting = Setting(place="QJ", classes=(quanjiao(1), quanjiao(2)), on=date(2021, 3, 1))
    paid = asyncio.run(setting.play(databases, steps))
    choices = []
    for person in PEOPLE:
        worked = min(6, sum(who == person and fate == "confirmed" for (who, _), fate in fates.items()))
        options = {1_200 * YUAN * lost.get(person, True), worked * 200 * YUAN}
        choices.append(options - {0} or {0})
    assert paid in {one + other for one in choices[0] for other in choices[1]}


def found_work(person: str, first: date, last: date | None, *, stands: bool) -> Step:
    """Record a job, perhaps its end, and perhaps that there never was one; each of it twice."""

    async def step(town: Town) -> None:
        begun = Employment(person_id=person, employed_on=first, source="社保登记", employer="e1")
        said = [begun, replace(begun, last_day=last)] + ([] if stands else [replace(begun, stands=False)])
        for each in said:
            for _ in range(2):
                await town.act(FIRST, record_employment, class_id="class-1", found=[each])

    return step


def jobs(days: Sequence[date]) -> st.SearchStrategy[dict[tuple[str, date], tuple[date | None, bool]]]:
    """Give jobs of people by their first day: their last day, and whether they stand."""
    key = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(days))
    return st.dictionaries(key, st.tuples(st.sampled_from([None, *days[-1:]]), st.booleans()), max_size=4)


CERTIFIED, WINDOW_END = date(2024, 4, 3), date(2024, 7, 3)
IN_TIME = (CERTIFIED, WINDOW_END)
HIRED = [CERTIFIED - timedelta(days=1), *IN_TIME, WINDOW_END + timedelta(days=1)]


@st.composite
def windows(draw: st.DrawFn) -> tuple[dict[tuple[str, date], tuple[date | None, bool]], str, list[Step]]:
    found = draw(jobs(HIRED))
    facts = [found_work(*each, last, stands=stands) for each, (last, stands) in found.items()]
    return found, draw(st.sampled_from(["level", "completion"])), among(draw, facts, [hebei()], size=5)


def hebei() -> ClassOpened:
    return opened("HB", PEOPLE, programme="training", group="graduate")


@on_sqlite
@STORIES
@given(story=windows())
def test_a_job_in_the_window_brings_the_whole_rate_whenever_it_is_heard_of(
    databases: FreshDatabases, story: tuple[dict[tuple[str, date], tuple[date | None, bool]], str, list[Step]]
) -> None:
    """HB-CLM-03, HB-CLM-04, HB-CLM-05, HB-CLM-07: both days of the window are within, an earlier job is accepted."""
    found, kind, steps = story
    setting = Setting(
        place="HB",
        classes=(hebei(),),
        on=date(2024, 7, 8),
        claimant="institution",
        prices=(rate(1000),),
        kind=kind,
    )
    paid = asyncio.run(setting.play(databases, steps))
    employed = {person for (person, first), (_, stands) in found.items() if stands and first <= WINDOW_END}
    lower = 800 if kind == "level" else 500
    assert paid == sum(1_000 if person in employed else lower for person in PEOPLE) * YUAN


MEASURED = date(2020, 12, 1)
AT_WORK = [date(2020, 10, 12), MEASURED, MEASURED + timedelta(days=1)]


def linshu() -> ClassOpened:
    return opened("LS", PEOPLE, programme="training", kind="project", group="poor_worker")


async def measured(town: Town) -> None:
    """Set the day on which it counts who works."""
    if "class-1" in town.claims:
        answer = GivenDecision(rule="LS-CLM-05", accepted=True, reason="核定", since=MEASURED)
        await town.act(FIRST, record_decision, claim_id=town.claims["class-1"], given=answer)


@st.composite
def projects(draw: st.DrawFn) -> tuple[dict[tuple[str, date], tuple[date | None, bool]], bool, list[Step]]:
    found, left = draw(jobs(AT_WORK)), draw(st.booleans())
    facts = [found_work(*each, last, stands=stands) for each, (last, stands) in found.items()]
    gone = TraineeWithdrawn(class_id="class-1", person_id="p2", on=date(2020, 9, 10), reason="本人申请")
    facts += [deliver(gone)] if left else []
    steps = among(draw, facts, [linshu()], size=4)
    return found, left, [*steps[: len(steps) // 2], work("claim", "class-1"), measured, *steps[len(steps) // 2 :]]


@on_sqlite
@STORIES
@given(story=projects())
def test_the_rest_of_a_project_is_paid_when_its_people_work_and_is_asked_back_when_they_did_not(
    databases: FreshDatabases, story: tuple[dict[tuple[str, date], tuple[date | None, bool]], bool, list[Step]]
) -> None:
    """LS-CLM-05: three fifths, and everything once 85 of 100 who were trained work on the day of measuring."""
    found, left, steps = story
    setting = Setting(
        place="LS", classes=(linshu(),), on=date(2020, 12, 20), claimant="institution", prices=(rate(1500),)
    )
    paid = asyncio.run(setting.play(databases, steps))
    at_work = {person for (person, first), (_, stands) in found.items() if stands and first <= MEASURED}
    trained = {"p1"} if left else set(PEOPLE)
    assert paid == len(trained) * 1_500 * YUAN * (100 if trained <= at_work else 60) // 100
