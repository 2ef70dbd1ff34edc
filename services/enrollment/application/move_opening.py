"""An institution moves the opening of a class: of an approved one by a change that reviewers decide."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.enrollment.application.amend_class import amend_class
from services.enrollment.application.change_class import Wish, propose_change
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import AWAITING_OPENING, EDITABLE, TrainingClass


async def move_opening(
    uow: UnitOfWork, *, class_id: str, opening_date: date, closing_date: date, sessions: Sequence[Session]
) -> TrainingClass:
    """Amend a draft or returned class; propose a change of an approved one, which stays as it is until then."""
    training_class = await own_class(uow, class_id)
    training_class.require(*EDITABLE, *AWAITING_OPENING, act="变更开班日期")
    if training_class.state in EDITABLE:
        plan = training_class.plan
        plan = replace(plan, opening_date=opening_date, closing_date=closing_date, sessions=tuple(sessions))
        return await amend_class(uow, class_id=class_id, plan=plan)
    wish = Wish(reason="变更开班日期", opening_date=opening_date, closing_date=closing_date, sessions=sessions)
    proposed, _ = await propose_change(uow, class_id=class_id, wish=wish)
    return proposed
