"""Publish the masked list for at least the rulebook's working days (JY-CLM-04, JY-CLM-05)."""

from dataclasses import replace

from services.payment.application.assessing import NOTICE_END, on_duty, open_case, require_clear
from services.payment.application.ports import PaymentUnit
from services.payment.application.request_feature import feature_refusal
from services.payment.application.scope import claim_for_change
from services.payment.domain.duty import Duty
from services.payment.domain.notice import Notice, NoticeState, hash_of, period_of, public_list
from services.payment.domain.state import Act, following
from shared.clock import end_of_day, new_id
from shared.contracts.payment import NoticePublished


async def publish_notice(uow: PaymentUnit, *, claim_id: str, site: str) -> Notice:
    """Publish what this round is about to pay and give the notice; its end is a timer.

    Raise Refused FEATURE_OFF where the document has no notice (QJ-PAY-03, LS-PAY-03).
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    terms = case.rulebook.payment
    if terms.notice is None:
        raise feature_refusal(case.rulebook, "notice")
    acting = on_duty(uow, claim, case, Duty.SECOND_REVIEW, Duty.BUREAU_OPINION)
    state = following(claim.state, Act.PUBLISH, rulebook=case.rulebook)
    await require_clear(uow, case, claim)
    period = period_of(terms.notice, uow.today)
    # A line frozen in an earlier round is shown too: it may be released, and then needs no second notice.
    listed = claim.difference if claim.entries else claim.listed
    content = public_list(
        case.opened.fact, claim.assessment.lines, listed, rulebook=case.rulebook, period=period, site=site
    )
    notice = Notice(
        notice_id=new_id(),
        claim_id=claim_id,
        round=claim.round,
        state=NoticeState.PUBLISHED,
        period=period,
        site=site,
        amounts=listed,
        content=content,
        list_hash=hash_of(content),
        published_by=uow.actor.subject,
    )
    heads = len(listed.keys() & claim.people.keys())
    await uow.claims.save(claim, replace(acting, state=state, notices=(*claim.notices, notice)))
    await uow.schedule(due=end_of_day(period.ends_on), kind=NOTICE_END, key=claim_id)
    await uow.publish(
        NoticePublished(
            class_id=claim.class_id,
            claim_id=claim_id,
            notice_id=notice.notice_id,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            payable_from=period.payable_from,
            heads=heads,
            amount_fen=sum(listed.values()),
            list_hash=notice.list_hash,
        )
    )
    await uow.audit(
        action="notice_published",
        subject=claim_id,
        details={"notice_id": notice.notice_id, "heads": heads, "list_hash": notice.list_hash},
    )
    return notice
