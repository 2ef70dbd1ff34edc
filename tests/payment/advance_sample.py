"""Classes of other documents that may be paid in advance, and the people who ask, decide and order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.payment.application.allot_budget import allot_budget
from services.payment.application.create_orders import create_orders
from services.payment.application.enter_rate import enter_rate
from services.payment.application.recover_advance import decide_advance_recovery, propose_advance_recovery
from services.payment.application.request_advance import decide_advance, order_advance, request_advance
from services.payment.domain.advance_money import AdvancePayment
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim, Claimant
from services.payment.domain.order import PaymentOrder, Share
from services.payment.domain.rates import Rate
from services.payment.domain.state import Act
from shared.contracts.enrollment import ClassOpened
from tests.payment.office import ACCOUNT, APPROVER, EMPLOYMENT, FINANCE, FIRST, SCHOOL, SECOND, Office, approved, moment
from tests.payment.sample import (
    assessment_completed,
    attendance,
    people,
    scheduled,
    training_completed,
)
from tests.payment.test_use_cases_elsewhere import CLAIMED_ON, HULUDAO, claimed, enterprise, opened, passed, there

LINSHU = "371329"
ROSTER = people(1, 60)
YUAN = 100


def of_enterprise(class_id: str = "class-1", *, roster: Sequence[str] = ROSTER) -> ClassOpened:
    """Give a class of Huludao that an enterprise gives for its own: 60 welders of level 4, 2,000 yuan each."""
    return enterprise(opened(class_id, roster, level="4"))


def of_project(class_id: str = "class-1", *, heads: int = 100) -> ClassOpened:
    """Give a project-based class of Linshu: 1,500 yuan each."""
    fact = opened(
        class_id,
        people(1, heads),
        programme="training",
        kind="project",
        group="rural_labour",
        region=LINSHU,
        opening=date(2020, 9, 1),
        level="4",
        occupation="electrician",
    )
    return replace(fact, training_type="project")


async def provide(office: Office, *, region: str = HULUDAO, budget_yuan: int = 1_000_000) -> None:
    """Allot a budget, and enter Linshu's rate, which its document leaves to the county."""
    async with office.unit(there(FINANCE, region), now=moment(date(2020, 1, 6))) as uow:
        key = BudgetKey(region=region, funding_source=EMPLOYMENT, year=2020)
        await allot_budget(uow, key=key, amount_fen=budget_yuan * YUAN, document="测试指标文件")
        if region == LINSHU:
            await enter_rate(
                uow,
                Rate(
                    number=0,
                    region=LINSHU,
                    programme="training",
                    occupation="electrician",
                    level="4",
                    certificate_kind=None,
                    valid_from=date(2020, 1, 1),
                    amount_fen=1500 * YUAN,
                    source="测试",
                ),
            )
        await uow.commit()
    office.now = moment(CLAIMED_ON)


async def open_class(office: Office, fact: ClassOpened) -> None:
    """Let a class be approved and opened."""
    roster = [trainee.person_id for trainee in fact.trainees]
    asked = approved(fact.class_id, roster, opening=fact.opening_date)
    reservation = asked.reservation
    assert reservation is not None
    groups = {trainee.person_id: trainee.groups for trainee in fact.trainees}
    await office.take(
        replace(
            asked,
            kind=fact.kind,
            reservation=replace(
                reservation,
                programme=fact.programme,
                region=fact.region,
                rulebook_id=fact.rulebook_id,
                occupation=fact.occupation.code,
                level=fact.level,
                trainees=tuple(replace(each, groups=groups[each.person_id]) for each in reservation.trainees),
            ),
        ),
        fact,
    )


async def train(office: Office, fact: ClassOpened) -> None:
    """Let the training be held and done."""
    roster = [trainee.person_id for trainee in fact.trainees]
    await office.take(
        attendance(roster, class_id=fact.class_id),
        training_completed(class_id=fact.class_id, opening=len(roster), spot=()),
    )


async def examine(office: Office, fact: ClassOpened, passing: int, *, on: date = date(2020, 6, 10)) -> None:
    """Let the first so many people pass."""
    roster = [trainee.person_id for trainee in fact.trainees]
    issued = [
        replace(passed(person, fact.class_id, level=fact.level or "4", on=on), occupation=fact.occupation.code)
        for person in roster[:passing]
    ]
    await office.take(scheduled(class_id=fact.class_id), *issued, assessment_completed(issued, class_id=fact.class_id))


async def asked_for(office: Office, fact: ClassOpened, fen: int) -> AdvancePayment:
    """Let whoever gives the class ask for an advance."""
    return await office.act(
        there(SCHOOL, fact.region), request_advance, class_id=fact.class_id, amount_fen=fen, account=ACCOUNT
    )


async def decided(office: Office, fact: ClassOpened, fen: int) -> AdvancePayment:
    """Let an advance be asked for and decided."""
    advance = await asked_for(office, fact, fen)
    return await office.act(
        there(APPROVER, fact.region),
        decide_advance,
        advance_id=advance.advance_id,
        accepted=True,
        reason="企业资金困难，同意预付",
    )


async def advanced(office: Office, fact: ClassOpened, fen: int) -> AdvancePayment:
    """Let an advance be asked for, decided, ordered, sent and credited."""
    advance = await decided(office, fact, fen)
    finance = there(FINANCE, fact.region)
    await office.act(finance, order_advance, advance_id=advance.advance_id)
    file = await office.send(actor=finance)
    row = await office.answer(file, advance.advance_id, "settled", actor=finance)
    assert row.result == "applied"
    return await stored(office, advance)


async def stored(office: Office, advance: AdvancePayment) -> AdvancePayment:
    """Give an advance as stored."""
    async with office.unit() as uow:
        found = await uow.advances.find(advance.advance_id)
    assert found is not None
    return found


async def approved_claim(office: Office, fact: ClassOpened) -> Claim:
    """Let the class be claimed for by who gives it, reviewed and approved."""
    kind: Claimant = "enterprise" if fact.institution.kind == "enterprise" else "institution"
    claim = await claimed(office, fact.class_id, kind)
    return await approve(office, fact, claim)


async def approve(office: Office, fact: ClassOpened, claim: Claim) -> Claim:
    """Let a claim be reviewed by two and approved by a third."""
    await office.review(claim.claim_id, Act.FIRST_REVIEW, there(FIRST, fact.region))
    await office.review(claim.claim_id, Act.SECOND_REVIEW, there(SECOND, fact.region))
    return await office.review(claim.claim_id, Act.APPROVE, there(APPROVER, fact.region))


async def ordered(office: Office, fact: ClassOpened, claim: Claim, fen: int) -> tuple[PaymentOrder, ...]:
    """Order so much of a claim beyond what was advanced, nothing for zero."""
    shares = [Share(funding_source=EMPLOYMENT, amount_fen=fen)] if fen else []
    return await office.act(there(FINANCE, fact.region), create_orders, claim_id=claim.claim_id, shares=shares)


async def asked_back(office: Office, fact: ClassOpened, advance: AdvancePayment, due_on: date) -> AdvancePayment:
    """Let the rest of an advance be asked back by two people."""
    command = {"advance_id": advance.advance_id}
    await office.act(
        there(FIRST, fact.region), propose_advance_recovery, **command, due_on=due_on, reason="预付多于应付"
    )
    return await office.act(
        there(APPROVER, fact.region), decide_advance_recovery, **command, ordered=True, reason="同意追回"
    )


async def held(office: Office, class_id: str = "class-1") -> int:
    """Give what the class holds of budgets, in fen."""
    async with office.unit() as uow:
        return sum((await uow.budgets.held(class_id)).values())
