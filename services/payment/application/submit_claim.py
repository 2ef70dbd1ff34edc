"""Receive an institution's claim (JY-CLM-01, JY-CLM-06): computed from events alone, reviewed from today."""

from dataclasses import dataclass, field, replace
from datetime import date

from services.payment.application.assessing import assess_case, move_timers, open_case
from services.payment.application.ports import Account, PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.claim import (
    Claim,
    Undertaking,
    already_claimed,
    deadlines,
    resubmit,
    submitted,
)
from services.payment.domain.duty import duties_of_class
from services.payment.domain.order import require_payee
from shared import failpoints
from shared.clock import new_id
from shared.domain.errors import Refused
from shared.domain.identifiers import cleaned, company_account
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


async def submit_claim(
    uow: PaymentUnit, *, class_id: str, undertaking: SignedUndertaking, account: GivenAccount
) -> Claim:
    """Receive a claim for a class, or the returned one again as a new round; give it computed.

    Raise Refused with every reason that stands against the class, ALREADY_CLAIMED, UNDERTAKING_MISSING, PAYEE_MISMATCH
    or RATE_MISSING; then nothing is stored.
    """
    file = await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    opened, rulebook = case.opened.fact, case.rulebook
    former = await uow.claims.of_class(class_id)
    claim_id = former.claim_id if former else new_id()
    _require_undertaking(undertaking, uow.today, rulebook)
    payout = make_account(account, claim_id, applicant=opened.institution.name, by=uow.actor.subject, rulebook=rulebook)
    found = await assess_case(uow, case, former.decisions if former else ())
    refuse_stopped(found.stops)
    fresh = Claim(
        claim_id=claim_id,
        class_id=class_id,
        institution_id=opened.institution.institution_id,
        region=opened.region,
        rulebook_id=rulebook.id,
        claimant="institution",
        undertaking=Undertaking(
            text_version=undertaking.text_version,
            signer=masked_name(undertaking.signer),
            signed_on=undertaking.signed_on,
        ),
        received_on=uow.today,
        deadlines=deadlines(rulebook, uow.today),
        assessment=found,
        duties=duties_of_class(opened.reviews),
    )
    if former is not None:
        claim = await uow.claims.save(former, resubmit(former, fresh, rulebook=rulebook))
        await uow.claims.sign_again(claim, signer=undertaking.signer)
    else:
        people = [trainee.person_id for trainee in opened.trainees]
        if await uow.claims.claimants(file.class_id, people):
            raise already_claimed(rulebook)
        claim = await uow.claims.add(fresh, signer=undertaking.signer)
    failpoints.hit(failpoints.INSIDE_CLAIM)
    await uow.accounts.add(replace(payout, state="active"))
    await move_timers(uow, claim)
    await uow.publish(submitted(claim))
    details: dict[str, TraceValue] = {
        "class_id": class_id,
        "round": claim.round,
        "amount_fen": sum(claim.payable.values()),
    }
    await uow.audit(action="claim_submitted", subject=claim_id, details=details)
    return claim


def make_account(given: GivenAccount, claim_id: str, *, applicant: str, by: str, rulebook: Rulebook) -> Account:
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
    number = company_account(given.account_number)
    return Account(
        account_id=new_id(),
        claim_id=claim_id,
        holder=applicant,
        bank_name=given.bank_name.strip(),
        number=number,
        number_masked=masked_account(number),
        state="pending",
        submitted_by=by,
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
