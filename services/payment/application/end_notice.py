"""Let a notice end when its last day has passed."""

from dataclasses import replace

from services.payment.application.assessing import open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import locked_claim
from services.payment.domain.notice import NoticeState
from services.payment.domain.state import Act, State, following


async def end_notice(uow: PaymentUnit, claim_id: str) -> None:
    """Move a claim on whose notice has run its days; one that was withdrawn meanwhile is left alone."""
    claim = await locked_claim(uow, claim_id)
    notice = claim.notice if claim else None
    if claim is None or notice is None or claim.state is not State.NOTICE or uow.today < notice.period.payable_from:
        return
    rulebook = (await open_case(uow, claim.class_id)).rulebook
    ended = replace(notice, state=NoticeState.ENDED)
    await uow.claims.save(
        claim,
        replace(
            claim,
            state=following(claim.state, Act.END_NOTICE, rulebook=rulebook),
            notices=tuple(ended if each is notice else each for each in claim.notices),
        ),
    )
    await uow.audit(action="notice_ended", subject=claim_id, details={"notice_id": notice.notice_id})
