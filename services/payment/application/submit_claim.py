"""Receive a claim (JY-CLM-01, -06, -08): computed from events alone, reviewed from today, whoever claims."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

from services.payment.application.assessing import (
    INDIVIDUAL,
    Case,
    assess_case,
    await_window,
    claims_beside,
    hold_uses,
    move_timers,
    open_case,
)
from services.payment.application.commit_budget import await_budget
from services.payment.application.order_ports import Account
from services.payment.application.ports import PaymentUnit
from services.payment.application.recognise_claimant import Claiming, GivenPerson, recognise_claimant
from services.payment.application.scope import sees_claim, unknown, visible_class
from services.payment.domain.benefit import GIVER
from services.payment.domain.breach import open_breaches
from services.payment.domain.claim import (
    ASSESSOR,
    PAID_AS,
    Claim,
    Claimant,
    EmployerPayment,
    Undertaking,
    already_claimed,
    deadlines,
    resubmit,
    submitted,
)
from services.payment.domain.claimant import require_not_advanced
from services.payment.domain.claimed_part import awaited, narrowed, part_of
from services.payment.domain.duty import duties_of_class
from services.payment.domain.order import require_account_kind, require_payee
from services.payment.domain.payee import names_payees
from services.payment.domain.state import State
from shared import failpoints
from shared.clock import new_id
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Refused
from shared.domain.identifiers import cleaned, company_account, personal_card
from shared.domain.masking import masked_account, masked_name
from shared.policy.decision import TraceValue
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUndertaking:
    """The undertaking as the claimant signed it; the signer's name is sealed at rest."""

    text_version: str
    signer: str = field(repr=False)
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAccount:
    """The account as the claimant gave it."""

    holder: str = field(repr=False)
    bank_name: str
    account_number: str = field(repr=False)
    kind: str | None = None


async def submit_claim(
    uow: PaymentUnit,
    *,
    class_id: str,
    undertaking: SignedUndertaking,
    account: GivenAccount,
    claimant: Claimant = "institution",
    person: GivenPerson | None = None,
    employer_payment: EmployerPayment | None = None,
    application_id: str | None = None,
) -> Claim:
    """Receive a claim for a class, or the returned one again as a new round; give it computed.

    An institution or enterprise claims for everybody of its class whom nobody claimed for; an enterprise also for its
    employees in another's class, with the proof that it paid; an assessment body for everybody whose certificate it
    issued and whom it did not claim for yet; an individual for himself, recognised by name and identity number. Raise
    Refused with every reason that stands against the class, ALREADY_CLAIMED, CLAIMANT_NOT_ADMITTED,
    CLAIMANT_IS_ASSESSOR, CLAIMANT_IS_PROVIDER, BLOCK_MISSING, EMPLOYER_PAYMENT_MISSING, ALREADY_ADVANCED,
    UNDERTAKING_MISSING, PAYEE_MISMATCH, ACCOUNT_KIND or RATE_MISSING; then nothing is stored. Who is not on
    the roster, has nobody on it or certified nobody of it finds no class.
    """
    alone = claimant == INDIVIDUAL
    await _class_of(uow, class_id, claimant)
    case = await open_case(uow, class_id)
    opened, rulebook = case.opened.fact, case.rulebook
    by = recognise_claimant(uow, claimant, person, case)
    payee = _payee(claimant, by.wanted, case)
    former, persons = await _former_and_persons(uow, opened, by, payee, rulebook, claimant=claimant)
    commissioned = claimant == "enterprise" and by.apart
    proof = _proven(employer_payment, former, uow.today, rulebook) if commissioned else None
    claim_id = former.claim_id if former else new_id()
    _require_undertaking(undertaking, uow.today, rulebook)
    payout = make_account(uow, account, claim_id, applicant=by.name, individual=alone, rulebook=rulebook)
    beside = claims_beside(claimant, persons, case)
    whole = await assess_case(uow, case, former.decisions if former else (), beside=beside)
    breaches = open_breaches(former.breaches, rulebook.payment.breach) if former else ()
    refuse_stopped((*whole.stops, *breaches))
    if alone:
        require_not_advanced(narrowed(whole, persons, alone=True, rulebook=rulebook), case.facts)
    fresh = Claim(
        claim_id=claim_id,
        class_id=class_id,
        institution_id=opened.institution.institution_id,
        region=opened.region,
        rulebook_id=rulebook.id,
        claimant=claimant,
        undertaking=Undertaking(
            text_version=undertaking.text_version,
            signer=masked_name(undertaking.signer),
            signed_on=undertaking.signed_on,
        ),
        received_on=uow.today,
        deadlines=deadlines(rulebook, uow.today),
        assessment=whole,
        persons=persons,
        owner=by.owner,
        payee=payee,
        employer_payment=proof,
        decisions=former.decisions if former else (),
        application_id=application_id,
        duties={**duties_of_class(opened.reviews), **await uow.advances.duties(class_id)},
    )
    fresh = replace(fresh, assessment=part_of(fresh, whole, rulebook))
    refuse_stopped(awaited(fresh.assessment, {payee or GIVER}))
    claim = await _store(uow, former, fresh, signer=undertaking.signer, rulebook=rulebook)
    failpoints.hit(failpoints.INSIDE_CLAIM)
    await hold_uses(uow, case, claim)
    await uow.accounts.add(replace(payout, state="active"))
    await await_budget(uow, claim, opened, rulebook)
    await _announce(uow, claim)
    return claim


def _payee(claimant: Claimant, wanted: Collection[str], case: Case) -> str:
    """Give as whom the claimant is paid where the document names payees of its own, nothing where it does not."""
    beside = claims_beside(claimant, wanted, case)
    return PAID_AS[claimant] if names_payees(case.opened.fact, case.rulebook, beside=beside) else ""


async def _announce(uow: PaymentUnit, claim: Claim) -> None:
    """Start the review's clock and say that it runs."""
    await move_timers(uow, claim)
    await await_window(uow, claim)
    await uow.publish(submitted(claim))
    details: dict[str, TraceValue] = {
        "class_id": claim.class_id,
        "claimant": claim.claimant,
        "round": claim.round,
        "amount_fen": sum(claim.payable.values()),
    }
    await uow.audit(action="claim_submitted", subject=claim.claim_id, details=details)


async def _store(uow: PaymentUnit, former: Claim | None, fresh: Claim, *, signer: str, rulebook: Rulebook) -> Claim:
    if former is None:
        return await uow.claims.add(fresh, signer=signer)
    claim = await uow.claims.save(former, resubmit(former, fresh, rulebook=rulebook))
    await uow.claims.sign_again(claim, signer=signer)
    return claim


async def _class_of(uow: PaymentUnit, class_id: str, claimant: Claimant) -> None:
    """Lock the class for a claimant for whom it exists; who others are can only be said from what is known of it."""
    if claimant == "institution":
        await visible_class(uow, class_id, lock=True)
        return
    file = await uow.classes.find(class_id, lock=True)
    given = file is not None and file.institution_id == uow.actor.organisation
    opened_elsewhere = claimant == ASSESSOR or (claimant == "enterprise" and not given)
    if opened_elsewhere and (await uow.classes.facts(class_id)).opened is None:
        raise unknown("班级", "class_id")


async def _former_and_persons(
    uow: PaymentUnit, opened: ClassOpened, by: Claiming, payee: str, rulebook: Rulebook, *, claimant: Claimant
) -> tuple[Claim | None, frozenset[str]]:
    """Give the claimant's own earlier claim and whom he may claim for; raise ALREADY_CLAIMED when nobody is left.

    What somebody claimed as another payee is another claim. An assessment body's certificates of a later exam are, too;
    what was returned to it is handed in first.
    """
    alone = claimant == INDIVIDUAL
    body_id = by.owner if claimant == ASSESSOR else ""
    claimed = await uow.claims.claimants(opened.class_id, by.wanted, payee, body_id)
    former = None
    for claim in await uow.claims.all_of_class(opened.class_id):
        same = all((claim.claimant == kind) == (claimant == kind) for kind in (INDIVIDUAL, ASSESSOR))
        own = claim.claim_id in claimed.values() if alone else claim.owner == by.owner
        if same and own and claim.payee == payee and (former is None or claim.state is State.RETURNED):
            former = claim
    if former is not None and not sees_claim(uow.actor, former):
        raise already_claimed(rulebook)
    if claimant == ASSESSOR and former is not None:
        if former.state is State.RETURNED and former.persons is not None:
            return former, former.persons
        former = None
    mine = frozenset(each for each in by.wanted if claimed.get(each) in (None, former.claim_id if former else None))
    if not mine:
        raise already_claimed(rulebook)
    return former, mine


def _proven(given: EmployerPayment | None, former: Claim | None, today: date, rulebook: Rulebook) -> EmployerPayment:
    """Give the proof; another one than before needs a decision of its own."""
    if given is not None and cleaned(given.reference) and given.amount_fen > 0 and given.paid_on <= today:
        before = former.employer_payment if former else None
        if before is not None and replace(before, decisions_before=0) == given:
            return before
        return replace(given, decisions_before=len(former.decisions) if former else 0)
    term = rulebook.payment.claimants
    raise Refused(
        code="EMPLOYER_PAYMENT_MISSING",
        message="企业为在其他机构参训的职工申领，须填写已支付培训费的凭证编号、金额和不晚于今日的付款日期。",
        advice="请对该班级单独提交申领，并填写付款凭证。",
        field="employer_payment",
        **quote(term),
    )


def make_account(
    uow: PaymentUnit, given: GivenAccount, claim_id: str, *, applicant: str, individual: bool, rulebook: Rulebook
) -> Account:
    """Give the account to store, pending; raise Refused when the number is none or the holder another (JY-PAY-04).

    So is an account of a kind that the document does not pay to (QJ-PAY-01). The bank's name goes into a file that
    spreadsheets open: what they would run, or what breaks a line, is refused.
    """
    require_payee(given.holder, applicant, rulebook=rulebook)
    require_account_kind(given.kind, individual=individual, rulebook=rulebook)
    if cleaned(given.bank_name)[:1] in ("", *"=+-@") or given.bank_name.splitlines()[1:] or "\t" in given.bank_name:
        raise Refused(
            code="BANK_NAME_INVALID",
            message="开户银行名称含有换行、制表符，或以 =、+、-、@ 开头。",
            advice="请按开户许可证填写开户银行全称。",
            field="account.bank_name",
        )
    number = personal_card(given.account_number) if individual else company_account(given.account_number)
    return Account(
        account_id=new_id(),
        claim_id=claim_id,
        holder=applicant,
        bank_name=given.bank_name.strip(),
        number=number,
        number_masked=masked_account(number),
        state="pending",
        submitted_by=uow.actor.subject,
        submitted_on=uow.today,
        kind=given.kind,
    )


def _require_undertaking(signed: SignedUndertaking, today: date, rulebook: Rulebook) -> None:
    term = rulebook.payment.undertaking
    if term is None or (cleaned(signed.signer) and signed.text_version == term.version and signed.signed_on <= today):
        return
    raise Refused(
        code="UNDERTAKING_MISSING",
        message=f"真实性承诺未按要求签署：须签署版本 {term.version}，且签署日期不晚于今日。",
        advice="请由申领人签署现行版本的真实性承诺后重新提交。",
        field="undertaking",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )
