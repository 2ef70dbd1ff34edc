"""What waits for the reviewer who asks: their own step, their region, oldest first."""

from typing import Final

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import reading_scope
from services.enrollment.domain.queue import Task, tasks_of
from shared.domain.errors import Refused

PAGE: Final = 100


async def list_queue(uow: UnitOfWork, *, cursor: str | None) -> tuple[list[Task], str | None]:
    """Give a page of the actor's tasks and the cursor of the next page or None."""
    _, within = reading_scope(uow)
    if within is None:  # whoever acts for an institution reviews nothing
        return [], None
    cases = await uow.queue.waiting(within)
    duties = await uow.queue.duties_of(uow.actor.subject, [case.class_id for case in cases])
    books = {case.rulebook_id: uow.shelf.by_id(case.rulebook_id).enrollment.approval for case in cases}
    tasks = tasks_of(uow.actor, cases, steps=books, duties=duties, now=uow.now)
    if cursor is not None:
        place = _place(cursor)
        tasks = [task for task in tasks if task.place > place]
    more = "~".join(map(str, tasks[PAGE - 1].place)) if len(tasks) > PAGE else None
    return tasks[:PAGE], more


def _place(cursor: str) -> tuple[str, str, int]:
    since, _, rest = cursor.partition("~")
    class_id, _, case = rest.rpartition("~")
    if not (since and class_id and case.isdecimal()):
        raise Refused(
            code="CURSOR_INVALID",
            message="翻页标记无法识别。",
            advice="请原样使用上一页返回的 next，或从第一页重新查询。",
            field="cursor",
        )
    return since, class_id, int(case)
