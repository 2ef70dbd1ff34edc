"""Record who took up work after a training (JY-QUA-07, HB-QUA-01), with the record that says so (HB-INT-02)."""

from collections.abc import Iterator, Sequence

from services.payment.application.assessing import Case, open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.class_record import Employment
from services.payment.domain.duty import require_no_claimant
from shared.domain.errors import Refused
from shared.policy.judging import refuse_all
from shared.policy.terms.term import Term


async def record_employment(uow: PaymentUnit, *, class_id: str, found: Sequence[Employment]) -> int:
    """Store employments and give how many were new; what is known of a person stays as it was recorded first.

    Raise Forbidden CLAIMANT_REVIEWS for whoever acts for an institution, Refused with every reason:
    PERSON_NOT_IN_CLASS, TRAINING_NOT_COMPLETED, EMPLOYED_BEFORE_END, DATE_IN_FUTURE.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    require_no_claimant(uow.actor, case.rulebook.payment.four_eyes)
    refuse_all(_objections(uow, case, found))
    new = 0
    for each in found:
        new += await uow.reports.record_employment(class_id, each, by=uow.actor.subject, on=uow.today)
    await uow.audit(action="employment_recorded", subject=class_id, details={"persons": len(found), "new": new})
    return new


def _objections(uow: PaymentUnit, case: Case, found: Sequence[Employment]) -> Iterator[Refused]:
    reporting = case.rulebook.payment.reporting
    term = reporting.transfer_employment or reporting.quality_indicators
    training = case.facts.training
    if training is None:
        yield _refused("TRAINING_NOT_COMPLETED", "该班级尚未结业。", "请在班级结业后登记就业情况。", term)
        return
    roster = {trainee.person_id for trainee in case.opened.fact.trainees}
    for each in found:
        if each.person_id not in roster:
            yield _refused("PERSON_NOT_IN_CLASS", "所列人员不在该班级的花名册中。", "请核对学员编号。", term)
        if each.employed_on < training.fact.completed_on:
            ended = training.fact.completed_on.isoformat()
            message = f"就业日期早于结业日 {ended}，不是培训后的转移就业。"
            yield _refused("EMPLOYED_BEFORE_END", message, "请登记结业之后的就业日期。", term)
        if each.employed_on > uow.today:
            yield _refused("DATE_IN_FUTURE", "就业日期晚于今日。", "请按就业登记填写实际日期。", term)


def _refused(code: str, message: str, advice: str, term: Term | None) -> Refused:
    return Refused(
        code=code,
        message=message,
        advice=advice,
        field="employments",
        rule=term.rule if term else None,
        clause=term.clause if term else None,
        document=term.document if term else None,
    )
