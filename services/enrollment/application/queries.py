"""What people read about classes, within their scope."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import is_of_bureau, visible_class
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.training_class import State, TrainingClass
from shared.domain.errors import Refused
from shared.domain.jurisdiction import is_within, regions

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """A class and the rows of its roster by verdict.

    Rows that asked count as accepted once the class is approved, and under `ask` before; `withdrawn` counts people who
    left, who also stay under their verdict.
    """

    training_class: TrainingClass
    accepted: int
    refused: int
    ask: int
    withdrawn: int


async def view_class(uow: UnitOfWork, class_id: str) -> ClassView:
    """Give one class that the actor may read; raise NotFound for any other."""
    return await view_of(uow, await visible_class(uow, class_id))


async def view_of(uow: UnitOfWork, training_class: TrainingClass) -> ClassView:
    """Give the view of a class that was just changed."""
    return (await _views(uow, [training_class]))[0]


async def list_classes(
    uow: UnitOfWork, *, state: State | None, cursor: str | None
) -> tuple[list[ClassView], str | None]:
    """Give a page of the classes the actor may read, by opening date, and the cursor of the next page or None."""
    bureau = is_of_bureau(uow.actor)
    own = None if bureau else uow.actor.organisation
    within = [code for code in regions().regions if is_within(code, uow.actor.region)] if bureau else None
    found = await uow.classes.page(
        institution_id=own, regions=within, state=state, after=_place(cursor), limit=PAGE + 1
    )
    page = found[:PAGE]
    more = f"{page[-1].plan.opening_date.isoformat()}~{page[-1].class_id}" if len(found) > PAGE else None
    return await _views(uow, page), more


async def list_roster(uow: UnitOfWork, class_id: str) -> tuple[TrainingClass, list[RosterEntry]]:
    """Give a class that the actor may read, and its roster."""
    return await visible_class(uow, class_id), await uow.rosters.entries(class_id)


async def _views(uow: UnitOfWork, classes: list[TrainingClass]) -> list[ClassView]:
    tallies = await uow.rosters.tally([found.class_id for found in classes])
    views = []
    for found in classes:
        tally = tallies.get(found.class_id, {})
        ask = tally.get("ask", 0)
        views.append(
            ClassView(
                training_class=found,
                accepted=tally.get("accepted", 0) + (ask if found.is_approved else 0),
                refused=tally.get("refused", 0),
                ask=0 if found.is_approved else ask,
                withdrawn=tally.get("withdrawn", 0),
            )
        )
    return views


def _place(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    day, _, class_id = cursor.partition("~")
    try:
        return date.fromisoformat(day), class_id
    except ValueError:
        raise Refused(
            code="CURSOR_INVALID",
            message="翻页标记无法识别。",
            advice="请原样使用上一页返回的 next，或从第一页重新查询。",
            field="cursor",
        ) from None
