"""An institution moves the opening of a class: everything is judged again under the new date's rulebook."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.enrollment.application.amend_class import amend_class
from services.enrollment.application.judging import judge_class, judge_rows, occupation_of
from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.plan import earnable_kinds, judge_lead
from services.enrollment.domain.reservation import changed_event, reservation_of
from services.enrollment.domain.reservation import move_opening as moved
from services.enrollment.domain.roster import count, judge_mix, judged_again
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import AWAITING_OPENING, EDITABLE, TrainingClass
from shared.clock import start_of_day
from shared.policy.judging import refuse_stopped


async def move_opening(
    uow: UnitOfWork, *, class_id: str, opening_date: date, closing_date: date, sessions: Sequence[Session]
) -> TrainingClass:
    """Store new dates and timetable, unless a rule stops them.

    A draft or returned class is just amended. An approved one keeps the lead time from today (JY-ENR-02), loses whom
    the new date's rules refuse, and asks payment for a new reservation; whoever was refused before stays refused.
    """
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, *AWAITING_OPENING, act="变更开班日期")
    plan = replace(training_class.plan, opening_date=opening_date, closing_date=closing_date, sessions=tuple(sessions))
    if training_class.state in EDITABLE:
        return await amend_class(uow, class_id=class_id, plan=plan)
    judged = await judge_class(uow, replace(training_class, plan=plan))
    terms = judged.book.enrollment
    entries = await uow.rosters.entries(class_id)
    before = [entry for entry in entries if entry.is_on_roster]
    fresh = await judge_rows(uow, judged.training_class, [entry.row for entry in before], judged.book)
    after = [judged_again(old, new.judgement, on=uow.today) for old, new in zip(before, fresh, strict=True)]
    findings = (
        *judged.training_class.findings,
        *judge_lead(uow.today, opening_date, terms.application_lead),
        *judge_mix(count(after, judged.book), planned=plan.planned, terms=terms.class_size),
    )
    refuse_stopped(dict.fromkeys(findings))
    await uow.rosters.save_judgements(class_id, [new for old, new in zip(before, after, strict=True) if new != old])
    waiting = moved(judged.training_class)
    kinds = earnable_kinds(plan, await occupation_of(uow, waiting), judged.book)
    version = await uow.publish(
        changed_event(
            waiting,
            "opening_moved",
            removed=[entry.person_id for entry in after if not entry.is_on_roster],
            reservation=reservation_of(waiting, after, kinds=kinds),
        )
    )
    waiting = await uow.classes.save(replace(waiting, reservation_version=version), new_sessions=True)
    await uow.schedule(due=start_of_day(opening_date), kind=OPEN_CLASS, key=class_id)
    await uow.audit(
        action="opening_moved", subject=class_id, details={"opening_date": opening_date.isoformat(), "version": version}
    )
    return waiting
