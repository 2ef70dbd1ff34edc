"""An institution submits its application: everything is judged as of today, and the review begins."""

from services.enrollment.application.judging import judge_class, judge_rows
from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.plan import class_terms, judge_lead
from services.enrollment.domain.roster import count, judge_headcount, judge_mix
from services.enrollment.domain.training_class import EDITABLE, TrainingClass, submit
from shared.clock import start_of_day
from shared.policy.judging import refuse_stopped


async def submit_class(uow: UnitOfWork, *, class_id: str) -> TrainingClass:
    """Put a draft or returned class into review, or raise everything that stops it (JY-ENR-02, 03, 05, 07 ...)."""
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, act="提交开班申请")
    judged = await judge_class(uow, training_class)
    plan = judged.training_class.plan
    terms = class_terms(plan.kind, judged.book.enrollment)
    sent = [entry.row for entry in await uow.rosters.entries(class_id)]
    entries = await judge_rows(uow, judged.training_class, sent, judged.book)
    counts = count(entries, judged.book)
    findings = (
        *judged.training_class.findings,
        *judge_lead(uow.today, plan.opening_date, terms.application_lead),
        *judge_headcount(counts, planned=plan.planned, book=judged.book),
        *judge_mix(counts, planned=plan.planned, terms=terms.class_size),
    )
    refuse_stopped(dict.fromkeys(findings))
    await uow.rosters.replace(class_id, entries)
    submitted, fact = submit(judged.training_class, counts, now=uow.now)
    submitted = await uow.classes.save(submitted)
    await uow.publish(fact)
    await uow.schedule(due=start_of_day(plan.opening_date), kind=OPEN_CLASS, key=class_id)
    await uow.audit(
        action="class_submitted",
        subject=class_id,
        details={"round": submitted.round, "accepted": counts.accepted, "refused": counts.refused},
    )
    return submitted
