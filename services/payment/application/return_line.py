"""Give one trainee's line back to the claimant for a standard reason, and take the claimant's answer (JY-CLM-07)."""

from dataclasses import replace
from typing import Final

from services.payment.application.assessing import Case, carry_out, hold_uses, on_duty, open_case
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.domain.claim import Claim
from services.payment.domain.duty import Duty
from services.payment.domain.line_return import LineAnswer, LineReturn, answered, require_standard_reason
from services.payment.domain.state import IN_REVIEW, LINES_WAIT, Act, State, following
from shared.domain.errors import Conflict, Refused

_REVIEWED_BY: Final = {State.SUBMITTED: Act.FIRST_REVIEW, State.FIRST_REVIEW: Act.SECOND_REVIEW}
_DUTY: Final = {Act.FIRST_REVIEW: Duty.FIRST_REVIEW, Act.SECOND_REVIEW: Duty.SECOND_REVIEW}


async def return_line(uow: PaymentUnit, *, claim_id: str, line_no: int, reason_code: str, note: str) -> Claim:
    """Give a line back: the claim goes on without it. Only who could pass the claim now may return a line of it.

    Raise Refused REASON_UNKNOWN for a reason that the rulebook does not list, LINE_NOT_DUE for a line of which nothing
    is about to be decided, Conflict STEP_OUT_OF_ORDER outside the reviews.
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    act = _REVIEWED_BY.get(claim.state, Act.FIRST_REVIEW)
    following(claim.state, act, rulebook=case.rulebook)
    acting = on_duty(uow, claim, case, _DUTY[act])
    require_standard_reason(case.rulebook.payment.return_reasons, reason_code)
    if line_no not in claim.people or claim.difference.get(line_no, 0) <= 0:
        raise Refused(
            code="LINE_NOT_DUE",
            message="该条目不是本轮待审核的学员条目，不能退回。",
            advice="请选择本轮应付的学员条目；已审核通过的条目按更正程序办理。",
            field="line_no",
            value=str(line_no),
        )
    given_back = LineReturn(
        number=len(claim.line_returns) + 1,
        line_no=line_no,
        round=claim.round,
        reason_code=reason_code,
        note=note,
        returned_by=uow.actor.subject,
        duty=_DUTY[act],
        returned_on=uow.today,
    )
    saved = await uow.claims.save(claim, replace(acting, line_returns=(*claim.line_returns, given_back)))
    await uow.audit(action="line_returned", subject=claim_id, details={"line_no": line_no, "reason_code": reason_code})
    return saved


async def answer_line(uow: PaymentUnit, *, claim_id: str, line_no: int, answer: LineAnswer, statement: str) -> Claim:
    """Take the claimant's word on a returned line.

    A line handed in again is reviewed from the first review on: at once while the claim waits for it or lies with the
    claimant, after an approval as a supplement. In between raise Conflict LINE_ANSWER_LATER.
    """
    claim = await claim_for_change(uow, claim_id)
    returns = answered(
        claim.line_returns, line_no, answer=answer, statement=statement, by=uow.actor.subject, on=uow.today
    )
    later = claim.state in LINES_WAIT
    if later and answer is LineAnswer.RESUBMITTED:
        raise Conflict(
            code="LINE_ANSWER_LATER",
            message="本轮初审已经完成，退回的条目须待本轮审核通过后重新提交。",
            advice="请在本申领审核通过后重新提交该条目，届时作为补充金额进入初审。",
        )
    case = await open_case(uow, claim.class_id)
    after = replace(claim, line_returns=returns)
    in_hand = claim.state is State.RETURNED or claim.state in IN_REVIEW
    if in_hand and not (claim.entries and answer is LineAnswer.GIVEN_UP):  # what was decided before may be given up too
        saved = await uow.claims.save(claim, after)
    else:
        saved = await carry_out(uow, claim, after, case, cause="LINE_ANSWERED")
        if saved.version == claim.version:
            saved = await uow.claims.save(claim, after)
    if answer is LineAnswer.GIVEN_UP and saved.entries:
        await _let_go(uow, saved, line_no, case)
    await uow.audit(action="line_answered", subject=claim_id, details={"line_no": line_no, "answer": answer.value})
    return saved


async def _let_go(uow: PaymentUnit, claim: Claim, line_no: int, case: Case) -> None:
    """Free the slot and budget of a line given up after an approval; before one, the approval does it."""
    person = claim.people.get(line_no)
    if person is not None:
        await uow.entitlements.release(claim.class_id, [person], reason="line_given_up", on=uow.today)
    await hold_uses(uow, case, claim)
    await commit_budget(uow, claim, case.opened.fact)
