"""Record who took up work (JY-QUA-07, HB-QUA-01, HB-CLM-03, LS-CLM-05), with the record that says so (HB-INT-02)."""

from collections.abc import Container, Iterator, Sequence

from services.payment.application.assessing import Case, open_case, refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import visible_class
from services.payment.domain.class_record import Employment, Job, standing
from services.payment.domain.duty import require_no_claimant
from shared.domain.errors import Refused
from shared.policy.judging import refuse_all
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term, quote


async def record_employment(uow: PaymentUnit, *, class_id: str, found: Sequence[Employment]) -> int:
    """Store employments and give how many said something new; claims that depend on them are computed again.

    A job is known by person, employer and first day: a further record of it tells its last day or takes it back. Where
    the document pays by employment within some time, a job that began before the training's end is recorded too.
    Raise Forbidden CLAIMANT_REVIEWS for whoever acts for an institution, Refused with every reason:
    PERSON_NOT_IN_CLASS, TRAINING_NOT_COMPLETED, EMPLOYED_BEFORE_END, DATE_IN_FUTURE, DATES_REVERSED,
    EMPLOYMENT_UNKNOWN for one taken back that was never recorded.
    """
    await visible_class(uow, class_id, lock=True)
    case = await open_case(uow, class_id)
    require_no_claimant(uow.actor, case.rulebook.payment.four_eyes)
    known = standing(await uow.work.employments(class_id))
    refuse_all(_objections(uow, case, found, known))
    new = 0
    for each in found:
        if _says_the_same(known.get(each.job), each):
            continue
        known[each.job] = each
        await uow.work.record_employment(class_id, each, by=uow.actor.subject, on=uow.today)
        new += 1
    await uow.audit(action="employment_recorded", subject=class_id, details={"persons": len(found), "new": new})
    if new and (case.rulebook.payment.window_shares or case.rulebook.payment.employment_release is not None):
        await refresh_claim(uow, class_id, cause="EMPLOYMENT_RECORDED")
    return new


def _says_the_same(before: Employment | None, each: Employment) -> bool:
    return before is not None and (before.last_day, before.stands) == (each.last_day, each.stands)


def _objections(uow: PaymentUnit, case: Case, found: Sequence[Employment], known: Container[Job]) -> Iterator[Refused]:
    term = _term_of(case.rulebook)
    training = case.facts.training
    if training is None:
        yield _refused("TRAINING_NOT_COMPLETED", "该班级尚未结业。", "请在班级结业后登记就业情况。", term)
        return
    roster = {trainee.person_id for trainee in case.opened.fact.trainees}
    earlier_counts = bool(case.rulebook.payment.window_shares)
    for each in found:
        if each.person_id not in roster:
            yield _refused("PERSON_NOT_IN_CLASS", "所列人员不在该班级的花名册中。", "请核对学员编号。", term)
        if each.employed_on < training.fact.completed_on and not earlier_counts:
            ended = training.fact.completed_on.isoformat()
            message = f"就业日期早于结业日 {ended}，不是培训后的转移就业。"
            yield _refused("EMPLOYED_BEFORE_END", message, "请登记结业之后的就业日期。", term)
        if each.employed_on > uow.today or (each.last_day is not None and each.last_day > uow.today):
            yield _refused("DATE_IN_FUTURE", "就业日期晚于今日。", "请按就业登记填写实际日期。", term)
        if each.last_day is not None and each.last_day < each.employed_on:
            yield _refused("DATES_REVERSED", "离职日期早于就业日期。", "请核对起止日期。", term)
        if not each.stands and each.job not in known:
            message = "没有登记过这一就业，不能撤销。"
            yield _refused("EMPLOYMENT_UNKNOWN", message, "请核对学员编号、用人单位和就业日期。", term)


def _term_of(rulebook: Rulebook) -> Term | None:
    """Give the term for which the document asks about employment."""
    terms = rulebook.payment
    asks = (
        terms.reporting.transfer_employment,
        terms.employment_release,
        terms.reporting.quality_indicators,
        *terms.window_shares,
    )
    return next((term for term in asks if term is not None), None)


def _refused(code: str, message: str, advice: str, term: Term | None) -> Refused:
    return Refused(
        code=code,
        message=message,
        advice=advice,
        field="employments",
        **quote(term),
    )
