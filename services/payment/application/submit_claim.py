"""Receive a claim (JY-CLM-01, -06, -08): computed from events alone, reviewed from today, whoever claims."""

from dataclasses import dataclass, field, replace
from datetime import date

from services.payment.application.assessing import INDIVIDUAL, Case, assess_case, move_timers, open_case
from services.payment.application.ports import Account, PaymentUnit
from services.payment.application.scope import sees_claim, unknown, visible_class
from services.payment.domain.breach import open_breaches
from services.payment.domain.claim import (
    Claim,
    Claimant,
    EmployerPayment,
    Undertaking,
    already_claimed,
    asked_of_employer,
    deadlines,
    resubmit,
    submitted,
)
from services.payment.domain.duty import duties_of_class
from services.payment.domain.order import require_payee
from services.payment.domain.subsidy import narrowed
from shared import failpoints
from shared.clock import new_id
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.domain.errors import Conflict, Refused
from shared.domain.identifiers import cleaned, company_account, identity_number, personal_card
from shared.domain.masking import masked_account, masked_name
from shared.policy.decision import TraceValue
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPerson:
    """An individual claimant as he identifies himself; compared with the roster's keyed check, never stored."""

    name: str = field(repr=False)
    identity_number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimant:
    """Who claims, for whom, and whose name the account must bear; `apart` did not give the class."""

    owner: str
    name: str
    wanted: frozenset[str]
    apart: bool


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
    employees in another's class, with the proof that it paid; an individual for himself, recognised by name and
    identity number. Raise Refused with every reason that stands against the class, ALREADY_CLAIMED,
    CLAIMANT_NOT_ADMITTED, BLOCK_MISSING, EMPLOYER_PAYMENT_MISSING, UNDERTAKING_MISSING, PAYEE_MISMATCH or RATE_MISSING;
    then nothing is stored. An individual who is not on the roster, and an enterprise none of whose people is, find no
    class.
    """
    alone = claimant == INDIVIDUAL
    await _class_of(uow, class_id, claimant)
    case = await open_case(uow, class_id)
    opened, rulebook = case.opened.fact, case.rulebook
    organisation = None if alone else _organisation(uow, opened)
    _require_admitted(claimant, opened, rulebook, apart=organisation is None or organisation.apart)
    by = organisation or _individual(uow, person, case)
    former, persons = await _former_and_persons(uow, opened, by, rulebook, alone=alone)
    proof = _proven(employer_payment, former, uow.today, rulebook) if by.apart and not alone else None
    claim_id = former.claim_id if former else new_id()
    _require_undertaking(undertaking, uow.today, rulebook)
    payout = make_account(
        uow,
        account,
        claim_id,
        applicant=by.name,
        individual=alone,
        rulebook=rulebook,
    )
    whole = await assess_case(uow, case, former.decisions if former else ())
    breaches = open_breaches(former.breaches, rulebook.payment.breach) if former else ()
    refuse_stopped((*whole.stops, *breaches))
    found = narrowed(whole, persons, alone=by.apart, rulebook=rulebook)
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
        assessment=found,
        persons=persons,
        owner=by.owner,
        employer_payment=proof,
        decisions=former.decisions if former else (),
        application_id=application_id,
        duties=duties_of_class(opened.reviews),
    )
    fresh = replace(fresh, assessment=asked_of_employer(fresh, found, rulebook))
    claim = await _store(uow, former, fresh, signer=undertaking.signer, rulebook=rulebook)
    failpoints.hit(failpoints.INSIDE_CLAIM)
    await uow.accounts.add(replace(payout, state="active"))
    await _announce(uow, claim)
    return claim


async def _announce(uow: PaymentUnit, claim: Claim) -> None:
    """Start the review's clock and say that it runs."""
    await move_timers(uow, claim)
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
    """Lock the class for a claimant for whom it exists; who an individual is can only be said from its roster."""
    if claimant == "institution":
        await visible_class(uow, class_id, lock=True)
        return
    file = await uow.classes.find(class_id, lock=True)
    given = file is not None and file.institution_id == uow.actor.organisation
    if claimant == "enterprise" and not given and (await uow.classes.facts(class_id)).opened is None:
        raise unknown("班级", "class_id")


async def _former_and_persons(
    uow: PaymentUnit, opened: ClassOpened, by: _Claimant, rulebook: Rulebook, *, alone: bool
) -> tuple[Claim | None, frozenset[str]]:
    """Give the claimant's own earlier claim and whom he may claim for; raise ALREADY_CLAIMED when nobody is left."""
    claimed = await uow.claims.claimants(opened.class_id, by.wanted)
    former = None
    for claim in await uow.claims.all_of_class(opened.class_id):
        individual = claim.claimant == INDIVIDUAL
        own = claim.claim_id in claimed.values() if alone else claim.owner == by.owner
        if individual == alone and own:
            former = claim
    if former is not None and not sees_claim(uow.actor, former):
        raise already_claimed(rulebook)
    mine = frozenset(each for each in by.wanted if claimed.get(each) in (None, former.claim_id if former else None))
    if not mine:
        raise already_claimed(rulebook)
    return former, mine


def _individual(uow: PaymentUnit, person: GivenPerson | None, case: Case) -> _Claimant:
    trainee = _recognised(uow, person, case)
    name = person.name if person else ""
    return _Claimant(owner=uow.actor.subject, name=name, wanted=frozenset({trainee.person_id}), apart=True)


def _organisation(uow: PaymentUnit, opened: ClassOpened) -> _Claimant:
    """Give the caller's institution as it stands to the class: it gave it, or sent its employees to it."""
    mine = uow.actor.organisation
    if opened.institution.institution_id == mine:
        everybody = frozenset(each.person_id for each in opened.trainees)
        return _Claimant(owner=mine, name=opened.institution.name, wanted=everybody, apart=False)
    sent = {
        each.person_id: each.employer.name
        for each in opened.trainees
        if each.employer is not None and each.employer.institution_id == mine
    }
    if not sent:
        raise unknown("班级", "class_id")
    return _Claimant(owner=mine, name=next(iter(sent.values())), wanted=frozenset(sent), apart=True)


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
        rule=term.rule if term else None,
        clause=term.clause if term else None,
        document=term.document if term else None,
    )


def _require_admitted(claimant: str, opened: ClassOpened, rulebook: Rulebook, *, apart: bool) -> None:
    """Raise Refused CLAIMANT_NOT_ADMITTED for a kind the document does not name, or an enterprise that is none."""
    term = rulebook.payment.claimants
    trains_its_own = term is not None and opened.institution.kind in term.enterprise_kinds
    fits = claimant != "enterprise" or (term is not None and term.commissioned if apart else trains_its_own)
    if term is not None and term.admits(claimant) and fits:
        return
    raise Refused(
        code="CLAIMANT_NOT_ADMITTED",
        message="申领主体类别与文件规定或班级的办班主体不符。",
        advice="请由培训机构、自办或委托培训的企业、学员本人按各自类别申领。",
        field="claimant",
        value=claimant,
        rule=term.rule if term else None,
        clause=term.clause if term else None,
        document=term.document if term else None,
    )


def _recognised(uow: PaymentUnit, person: GivenPerson | None, case: Case) -> OpenedTrainee:
    """Give the roster's entry of an individual claimant; whoever is not on it finds no class.

    Raise Refused BLOCK_MISSING for a block of the individual's form that is not there (JY-CLM-08).
    """
    opened, form = case.opened.fact, case.rulebook.payment.individual_form
    blocks = {
        "person": person is not None,
        "institution": bool(cleaned(opened.institution.name)),
        "evaluation_body": any(cleaned(exam.fact.body_name) for exam in case.facts.exams),
    }
    missing = [block for block in form.required_blocks if not blocks[block]] if form else []
    if person is None or missing:
        raise Refused(
            code="BLOCK_MISSING",
            message=f"个人申领表缺少必填部分：{'、'.join(missing or ['person'])}。",
            advice="请填写个人基本信息；培训机构和评价机构信息由系统记录提供，尚未记录的请等待相应环节办结。",
            field=(missing or ["person"])[0],
            rule=form.rule if form else None,
            clause=form.clause if form else None,
            document=form.document if form else None,
        )
    number = identity_number(person.identity_number).value
    checks = uow.payee_checks(person.name, number)
    for trainee in opened.trainees:
        if checks.get(trainee.payee_check_key) == trainee.payee_check:
            return trainee
    if any(trainee.payee_check_key not in checks for trainee in opened.trainees):
        raise Conflict(
            code="PAYEE_KEY_UNKNOWN",
            message="该班级名单所用的核对密钥尚未配置到资金服务，暂时不能核实申领人身份。",
            advice="请联系系统管理员补充核对密钥后重新提交，无需更改申领内容。",
        )
    raise unknown("班级", "class_id")


def make_account(
    uow: PaymentUnit, given: GivenAccount, claim_id: str, *, applicant: str, individual: bool, rulebook: Rulebook
) -> Account:
    """Give the account to store, pending; raise Refused when the number is none or the holder another (JY-PAY-04).

    The bank's name goes into a file that spreadsheets open: what they would run, or what breaks a line, is refused.
    """
    require_payee(given.holder, applicant, rulebook=rulebook)
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
