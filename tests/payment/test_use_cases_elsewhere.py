"""Claims under other documents than Jiyuan's, through the use-cases: rates by level, payees, caps, no review limit."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from unittest.mock import AsyncMock

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.publish_notice import publish_notice
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.caps import Use
from services.payment.domain.claim import Claim, Claimant, EmployerPayment
from services.payment.domain.rates import RateUnit
from services.payment.domain.state import Act, State
from services.payment.storage.uses import StoredUses
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.contracts.enrollment import ClassOpened, EmployerReference
from shared.domain.actor import Actor
from shared.domain.errors import Conflict, Refused
from tests.payment.claiming import TRAINEE, claim_alone, with_checks
from tests.payment.office import (
    ACCOUNT,
    APPROVER,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    SCHOOL,
    SECOND,
    Office,
    asked_for,
    moment,
)
from tests.payment.sample import (
    assessment_completed,
    attendance,
    certificate,
    class_opened,
    people,
    scheduled,
    shelf,
    training_completed,
)
from tests.payment.scene import HULUDAO, rate

OPENING = date(2020, 3, 2)
CLAIMED_ON = date(2020, 7, 1)
QUANJIAO_DAY = date(2020, 6, 1)
SIGNED = SignedUndertaking(text_version="", signer="样例负责人", signed_on=CLAIMED_ON)


def there(actor: Actor, region: str = HULUDAO) -> Actor:
    return replace(actor, region=region)


def opened(
    class_id: str,
    roster: Sequence[str],
    *,
    programme: str = "upskilling",
    kind: str = "class",
    group: str = "employee",
    region: str = HULUDAO,
    opening: date = OPENING,
    level: str | None = None,
    occupation: str = "welder",
    attributes: Mapping[str, str] | None = None,
) -> ClassOpened:
    """Give a class as another document's enrollment opens it."""
    sample = class_opened(
        class_id, trainees=roster, planned=len(roster), groups=dict.fromkeys(roster, (group,)), opening=opening
    )
    return replace(
        sample,
        kind=kind,
        programme=programme,
        region=region,
        rulebook_id=shelf().in_force(region, opening).id,
        level=level,
        occupation=replace(sample.occupation, code=occupation),
        attributes=dict(attributes or {}),
    )


async def trained(office: Office, fact: ClassOpened, issued: Sequence[CertificateIssued]) -> None:
    """Let a class be approved, opened, trained and examined."""
    roster = [trainee.person_id for trainee in fact.trainees]
    await office.take(
        asked_for(fact),
        fact,
        attendance(roster, class_id=fact.class_id),
        training_completed(class_id=fact.class_id, opening=len(roster), spot=()),
        scheduled(class_id=fact.class_id),
        *issued,
        assessment_completed(issued, class_id=fact.class_id),
    )


def passed(person: str, class_id: str, *, level: str, on: date = date(2020, 6, 10)) -> CertificateIssued:
    return replace(
        certificate(person, class_id=class_id), level=level, issued_on=on, certificate_id=f"{class_id}-{person}"
    )


async def claimed(office: Office, class_id: str, claimant: Claimant = "institution") -> Claim:
    return await office.act(
        there(SCHOOL), submit_claim, class_id=class_id, undertaking=SIGNED, account=ACCOUNT, claimant=claimant
    )


@pytest.fixture(autouse=True)
async def provided(office: Office) -> None:
    office.now = moment(CLAIMED_ON)
    async with office.unit(there(FINANCE), now=moment(date(2020, 1, 6))) as uow:
        for year in (2020, 2021):
            key = BudgetKey(region=HULUDAO, funding_source=EMPLOYMENT, year=year)
            await allot_budget(uow, key=key, amount_fen=100_000_000, document="测试指标文件")
        await uow.commit()


async def passed_reviews(office: Office, claim_id: str) -> Claim:
    await office.review(claim_id, Act.FIRST_REVIEW, there(FIRST))
    await office.review(claim_id, Act.SECOND_REVIEW, there(SECOND))
    return await office.review(claim_id, Act.APPROVE, there(APPROVER))


def enterprise(fact: ClassOpened, *, funder: str = "enterprise") -> ClassOpened:
    """Give the class as its enterprise gives and pays for it."""
    return replace(
        fact,
        institution=replace(fact.institution, kind="enterprise"),
        attributes={**fact.attributes, "funder": funder},
    )


async def test_an_enterprise_that_paid_is_paid_by_level_to_the_fen(office: Office) -> None:
    """HL-CLM-03, HL-CLM-04: 5 junior, 4 intermediate, 1 without a certificate."""
    roster = people(1, 10)
    issued = [passed(person, "class-1", level="5" if number < 5 else "4") for number, person in enumerate(roster[:9])]
    await trained(office, enterprise(opened("class-1", roster)), issued)

    claim = await claimed(office, "class-1", "enterprise")

    assert (sum(claim.payable.values()), claim.payee) == (5 * 150_000 + 4 * 200_000, "enterprise")
    assert (claim.deadlines.review_due, claim.deadlines.review_due_outer) == (None, None)
    stored = await office.claim(claim.claim_id)
    assert (stored.payable, stored.payee) == (claim.payable, "enterprise")
    rows = await office.rows("SELECT person_id, scope FROM cap_slot ORDER BY person_id, scope")
    assert len(rows) == 9 * 2
    assert {row.scope for row in rows if row.person_id == "p1"} == {
        "huludao/three_a_year/2020",
        "huludao/same_occupation_and_level/None/welder/5",
    }


async def test_a_centre_of_an_enterprise_claims_as_the_enterprise(office: Office) -> None:
    """HL-CLM-04: its staff's training is the enterprise's own, whose money nobody else could claim."""
    given = enterprise(opened("class-1", people(1, 2)))
    centre = replace(given, institution=replace(given.institution, kind="enterprise_centre"))
    await trained(office, centre, [passed(person, "class-1", level="5") for person in people(1, 2)])

    assert sum((await claimed(office, "class-1", "enterprise")).payable.values()) == 2 * 150_000


@pytest.mark.parametrize("kind", ["cooperative", "workshop", "other_business"])
def test_whoever_may_hire_the_poor_may_claim_for_them(kind: str) -> None:
    """HL-CLM-08: business entities of every kind are paid as the enterprise."""
    term = shelf().in_force(HULUDAO, OPENING).payment.claimants
    assert term is not None
    assert kind in term.enterprise_kinds


async def test_who_is_not_the_payee_of_the_document_is_paid_nothing(office: Office) -> None:
    """HL-PAY-01, HL-CLM-04: what the enterprise paid for is the enterprise's, not the institution's."""
    fact = opened("class-1", people(1, 2), attributes={"funder": "enterprise"})
    await trained(office, fact, [passed(person, "class-1", level="5") for person in people(1, 2)])

    claim = await claimed(office, "class-1")

    assert claim.payable == {}
    assert {finding.code for line in claim.assessment.lines for finding in line.findings} == {"PAYEE_IS_ANOTHER"}
    assert await office.rows("SELECT person_id FROM cap_slot") == []


@pytest.mark.parametrize("returned", [False, True])
async def test_who_claimed_as_the_wrong_payee_still_claims_as_the_right_one(office: Office, returned: bool) -> None:
    """HL-CLM-04: the enterprise that gave the class and paid for it claimed as its institution at first."""
    fact = enterprise(opened("class-1", people(1, 2)))
    await trained(office, fact, [passed(person, "class-1", level="5") for person in people(1, 2)])
    wrong = await claimed(office, "class-1")
    assert wrong.payable == {}
    if returned:
        await office.review(wrong.claim_id, Act.FIRST_REVIEW, there(FIRST), approved=False, reason_code="other")

    right = await claimed(office, "class-1", "enterprise")

    assert (right.payee, sum(right.payable.values())) == ("enterprise", 300_000)
    await passed_reviews(office, right.claim_id)
    assert sum((await office.claim(right.claim_id)).decided.values()) == 300_000
    assert {row.claim_id for row in await office.rows("SELECT claim_id FROM cap_use")} == {right.claim_id}
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        await claimed(office, "class-1", "enterprise")


async def test_an_agency_cannot_claim_for_those_whom_it_sent_to_the_enterprise_that_trains_them(office: Office) -> None:
    """QJ-CLM-04: the enterprise that uses dispatched staff is paid; of its own people the agency may still claim."""
    agency = EmployerReference(institution_id="agency-1", name="样例派遣公司", credit_code="91440101MA5CJQ4N59")
    where = {"region": "341124", "opening": QUANJIAO_DAY}
    fact = opened("class-1", people(1, 3), programme="pre_job", group="recruit", level="5", **where)  # type: ignore[arg-type]
    lent = {"dispatched_to": fact.institution.credit_code}
    told = {"p2": {"employer": agency, "attributes": lent}, "p3": {"employer": agency, "attributes": lent}}
    sent = [replace(each, **told.get(each.person_id, {})) for each in fact.trainees]  # type: ignore[arg-type]
    fact = replace(enterprise(fact), trainees=tuple(sent))
    await trained(office, fact, [passed(person, "class-1", level="5") for person in people(1, 3)])

    async def claim(actor: Actor, holder: str) -> Claim:
        account = replace(ACCOUNT, holder=holder, kind="basic_account")
        paid = EmployerPayment(reference="收据 1", amount_fen=100, paid_on=QUANJIAO_DAY)
        given = {"claimant": "enterprise", "account": account, "employer_payment": paid, "undertaking": SIGNED}
        there_now = replace(actor, region="341124")
        return await office.act(there_now, submit_claim, class_id="class-1", **given)  # type: ignore[arg-type]

    with pytest.raises(Refused) as refused:
        await claim(replace(SCHOOL, organisation="agency-1"), agency.name)
    assert (refused.value.code, refused.value.rule) == ("PAYEE_IS_ANOTHER", "QJ-CLM-04")
    own = await claim(SCHOOL, fact.institution.name)
    assert own.payable == {1: 120_000, 2: 120_000, 3: 120_000}
    with pytest.raises(Refused) as unasked:  # QJ-PAY-03: the document has no notice
        await office.act(there(SECOND, "341124"), publish_notice, claim_id=own.claim_id, site="官方网站")
    assert (unasked.value.code, unasked.value.rule) == ("FEATURE_OFF", "QJ-PAY-03")


async def test_who_has_not_claimed_yet_keeps_the_budget_of_their_place(office: Office) -> None:
    """HL-CLM-04, HB-FND-02: each learner claims alone; the first approval leaves the other's money."""
    fact = with_checks(opened("class-1", people(1, 2), attributes={"funder": "learner"}))
    await trained(office, fact, [passed(person, "class-1", level="5") for person in people(1, 2)])
    reserved = "SELECT SUM(amount_fen) AS fen FROM budget_commitment"
    assert [row.fen for row in await office.rows(reserved)] == [2 * 500_000]
    claim = await claim_alone(office, 1)
    await passed_reviews(office, claim.claim_id)
    assert [row.fen for row in await office.rows(reserved)] == [150_000 + 500_000]
    other = await claim_alone(office, 2, there(replace(TRAINEE, subject="trainee-2")))
    await passed_reviews(office, other.claim_id)
    assert [row.fen for row in await office.rows(reserved)] == [2 * 150_000]


async def test_the_fourth_of_a_year_is_refused_and_a_place_given_back_is_free(office: Office) -> None:
    """HL-CLM-01: three subsidies a calendar year, by the certificate's day, whichever class was claimed first."""
    for number, occupation in enumerate(("welder", "fitter", "turner", "cook"), start=1):
        fact = enterprise(opened(f"class-{number}", ["p1"], occupation=occupation))
        earned = replace(passed("p1", f"class-{number}", level="5"), occupation=occupation)
        await trained(office, fact, [earned])
    worth = [sum((await claimed(office, f"class-{number}", "enterprise")).payable.values()) for number in (1, 2, 3, 4)]
    assert worth == [150_000, 150_000, 150_000, 0]
    async with office.unit() as uow:
        [fourth] = await uow.claims.all_of_class("class-4")
    assert [finding.rule for line in fourth.assessment.lines for finding in line.findings] == ["HL-CLM-01"]

    void = CertificateVoided(
        class_id="class-2", certificate_id="class-2-p1", person_id="p1", on=CLAIMED_ON, reason="登记有误"
    )
    await office.take(void, assessment_completed([], class_id="class-2", revision=2))
    await office.pass_days(CLAIMED_ON)
    assert sum((await office.claim(fourth.claim_id)).payable.values()) == 150_000


async def test_a_returned_claim_keeps_nobody_from_being_paid_elsewhere_and_is_told_so_when_it_comes_back(
    office: Office,
) -> None:
    """HL-CLM-02: its places are free while it lies with the claimant, and taken again if they are still there."""
    for class_id in ("class-1", "class-2"):
        await trained(office, enterprise(opened(class_id, ["p1"])), [passed("p1", class_id, level="5")])
    first = await claimed(office, "class-1", "enterprise")
    assert (await claimed(office, "class-2", "enterprise")).payable == {}
    await office.review(first.claim_id, Act.FIRST_REVIEW, there(FIRST), approved=False, reason_code="other")
    await office.pass_days(CLAIMED_ON)
    async with office.unit() as uow:
        [second] = await uow.claims.all_of_class("class-2")
    assert sum(second.payable.values()) == 150_000

    again = await claimed(office, "class-1", "enterprise")
    assert (again.round, again.payable) == (2, {})
    assert [finding.code for line in again.assessment.lines for finding in line.findings] == ["CAP_REACHED"]
    await office.review(second.claim_id, Act.FIRST_REVIEW, there(FIRST), approved=False, reason_code="other")
    await office.pass_days(CLAIMED_ON)
    assert sum((await office.claim(first.claim_id)).payable.values()) == 150_000


async def test_the_same_occupation_and_level_is_paid_once_in_a_life(office: Office) -> None:
    """HL-CLM-02, HL-CLM-03: in another year at the same level nothing, at a higher one its rate."""
    for number, (year, level) in enumerate(((2020, "5"), (2021, "5"), (2021, "4")), start=1):
        fact = enterprise(opened(f"class-{number}", ["p1"], opening=date(year, 3, 2)))
        await trained(office, fact, [passed("p1", f"class-{number}", level=level, on=date(year, 6, 10))])
    office.now = moment(date(2021, 7, 1))
    worth = [sum((await claimed(office, f"class-{number}", "enterprise")).payable.values()) for number in (1, 2, 3)]
    assert worth == [150_000, 0, 200_000]


async def test_of_two_claims_at_once_only_one_gets_the_last_place(office: Office) -> None:
    """HL-CLM-02: the database decides."""
    for number in (1, 2):
        fact = enterprise(opened(f"class-{number}", people(1, 5)))
        await trained(office, fact, [passed(person, f"class-{number}", level="5") for person in people(1, 5)])
    answers = await asyncio.gather(
        *(claimed(office, f"class-{number}", "enterprise") for number in (1, 2)), return_exceptions=True
    )
    claims = [answer for answer in answers if isinstance(answer, Claim)]
    assert [type(answer) for answer in answers if not isinstance(answer, Claim)] in ([], [Conflict])
    assert sum(sum(claim.payable.values()) for claim in claims) == 5 * 150_000
    held = await office.rows(
        "SELECT person_id, COUNT(*) AS places FROM cap_slot WHERE scope LIKE '%occupation%' GROUP BY person_id"
    )
    assert {(row.person_id, row.places) for row in held} == {(person, 1) for person in people(1, 5)}


@pytest.mark.parametrize("locked", [True, False])
async def test_what_another_claim_took_meanwhile_is_seen_or_refused_by_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """HL-CLM-02: one claim reads what its people had, another is received before the first takes its places."""
    if not locked:
        monkeypatch.setattr(StoredUses, "lock", AsyncMock())
    for number in (1, 2):
        fact = enterprise(opened(f"class-{number}", people(1, 5)))
        await trained(office, fact, [passed(person, f"class-{number}", level="5") for person in people(1, 5)])
    first_has_read, second_is_received = asyncio.Event(), asyncio.Event()
    read = StoredUses.elsewhere

    async def slowly(self: StoredUses, class_id: str, persons: Collection[str]) -> Sequence[Use]:
        found = await read(self, class_id, persons)
        if class_id == "class-1" and not first_has_read.is_set():
            first_has_read.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(second_is_received.wait(), timeout=0.5)
        return found

    monkeypatch.setattr(StoredUses, "elsewhere", slowly)

    async def second() -> Claim:
        await first_has_read.wait()
        claim = await claimed(office, "class-2", "enterprise")
        second_is_received.set()
        return claim

    answers = await asyncio.gather(claimed(office, "class-1", "enterprise"), second(), return_exceptions=True)
    claims = [answer for answer in answers if isinstance(answer, Claim)]
    assert sum(sum(claim.payable.values()) for claim in claims) == 5 * 150_000
    others = [answer for answer in answers if not isinstance(answer, Claim)]
    assert others == [] or (not locked and [error.code for error in others] == ["CAP_TAKEN"])


async def test_a_claim_without_limit_and_notice_goes_to_the_bank(office: Office) -> None:
    """HL-CLM-03: reviewed twice, approved by a third person, ordered; the document sets neither days nor a notice."""
    await trained(
        office,
        enterprise(opened("class-1", people(1, 3))),
        [passed(person, "class-1", level="3") for person in people(1, 3)],
    )
    claim = await claimed(office, "class-1", "enterprise")
    done = await passed_reviews(office, claim.claim_id)
    assert (done.state, sum(done.decided.values())) == (State.APPROVED, 750_000)
    [order] = await office.order(claim.claim_id, {EMPLOYMENT: 7500}, actor=there(FINANCE))
    assert order.amount_fen == 750_000


async def test_a_certificate_issued_anew_takes_the_place_of_the_one_that_was_paid(office: Office) -> None:
    """HL-CLM-01: whose certificate was entered wrongly and again has been paid once this year, not twice."""
    wrong = passed("p1", "class-1", level="5")
    await trained(office, enterprise(opened("class-1", ["p1"])), [wrong])
    claim = await claimed(office, "class-1", "enterprise")
    await passed_reviews(office, claim.claim_id)
    await office.order(claim.claim_id, {EMPLOYMENT: 1500}, actor=there(FINANCE))

    right = replace(wrong, certificate_id="right", number="right")
    await office.take(
        CertificateVoided(
            class_id="class-1", certificate_id=wrong.certificate_id, person_id="p1", on=CLAIMED_ON, reason="编号有误"
        ),
        right,
        assessment_completed([right], class_id="class-1", revision=2),
    )

    assert (await office.claim(claim.claim_id)).clawback_fen == 0
    assert [row.award for row in await office.rows("SELECT award FROM cap_use")] == ["upskilling/right"]
    assert len(await office.rows("SELECT scope FROM cap_slot")) == 2


@pytest.mark.parametrize(
    ("paid", "unit", "told", "begins"),
    [
        ("living_allowance", "month", {"programme": "poverty_relief", "kind": "project"}, date(2020, 2, 1)),
        ("work_for_training_poor", "month", {"kind": "work_for_training"}, date(2020, 4, 1)),
    ],
)
async def test_nobody_changes_alone_what_a_class_of_another_name_is_paid_by_day_or_month(
    office: Office, paid: str, unit: RateUnit, told: dict[str, str], begins: date
) -> None:
    """JY-PAY-05: a standard that pays days or months of a class stands until two people correct it."""
    finance, standard = there(FINANCE), rate(HULUDAO, paid, 600, unit=unit)
    await office.act(finance, enter_rate, rate=standard)
    await trained(office, opened("class-1", ["p1"], group="poor_worker", **told), [passed("p1", "class-1", level="5")])
    with pytest.raises(Conflict, match="RATE_STANDS"):
        await office.act(finance, enter_rate, rate=replace(standard, amount_fen=90_000, valid_from=begins))
    await office.act(finance, enter_rate, rate=replace(standard, amount_fen=90_000, valid_from=date(2020, 7, 2)))


async def test_a_class_of_a_group_that_no_benefit_pays_is_told_so(office: Office) -> None:
    """HL-CLM-03: upskilling is for employees."""
    await trained(office, opened("class-1", ["p1"], group="veteran"), [passed("p1", "class-1", level="5")])
    claim = await claimed(office, "class-1")
    assert [finding.code for line in claim.assessment.lines for finding in line.findings] == ["GROUP_NOT_ELIGIBLE"]
