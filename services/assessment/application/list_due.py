"""The work list: what exams within the reader's scope wait for, oldest exam first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.assessment.application.access import BUREAU, ClassCase, ExamCase
from services.assessment.application.marking import marks_of
from services.assessment.application.ports import AssessmentUnit, Scope
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import Certificate
from services.assessment.domain.due import DueStep, Holder, steps_due
from services.assessment.domain.examined_class import ExaminedClass
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from shared.domain.jurisdiction import is_within, regions

PAGE: Final = 50
"""How many exams one page looks at."""

_HOLDERS: Final[dict[Role, Holder]] = {
    Role.APPROVER: "approver",
    Role.EXAM_PATROL: "exam_patrol",
    Role.ASSESSOR: "assessor",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """A step that is due, with its exam and class."""

    due: DueStep
    exam: Assessment
    examined: ExaminedClass


async def list_due(
    uow: AssessmentUnit, *, holder: Holder | None, cursor: str | None
) -> tuple[list[DueWork], str | None]:
    """Give a page of what is due and the cursor of the next page, None on the last; a page may be empty before it.

    Without `holder` a reader with steps of their own gets those, anybody else all.
    """
    holders = {holder} if holder else {_HOLDERS[role] for role in uow.actor.roles if role in _HOLDERS}
    found = await uow.assessments.open_exams(_scope(uow.actor), after=_place(cursor), limit=PAGE + 1)
    page = found[:PAGE]
    cases: dict[str, tuple[ClassCase, Sequence[Certificate]]] = {}
    work = []
    for assessment_id, class_id, _ in page:
        if class_id not in cases:
            cases[class_id] = await _case(uow, class_id)
        work += [
            one for one in await _due(uow, assessment_id, *cases[class_id]) if one.due.holder in holders or not holders
        ]
    more = f"{page[-1][2].isoformat()}~{page[-1][0]}" if len(found) > PAGE else None
    return work, more


async def _case(uow: AssessmentUnit, class_id: str) -> tuple[ClassCase, Sequence[Certificate]]:
    examined = await uow.classes.get(class_id)
    if examined is None:
        raise LookupError(f"an exam of class {class_id} stands without its class")
    exams = await uow.assessments.of_class(class_id)
    return ClassCase(examined=examined, exams=exams), await uow.certificates.of_class(class_id)


async def _due(
    uow: AssessmentUnit, assessment_id: str, case: ClassCase, certificates: Sequence[Certificate]
) -> list[DueWork]:
    exam = next(exam for exam in case.exams if exam.assessment_id == assessment_id)
    marks = await marks_of(uow, ExamCase(examined=case.examined, exams=case.exams, exam=exam))
    rulebook = uow.shelf.by_id(case.examined.rulebook_id)
    steps = steps_due(exam, case.examined, certificates, marks, rulebook, today=uow.today)
    return [DueWork(due=step, exam=exam, examined=case.examined) for step in steps]


def _scope(actor: Actor) -> Scope:
    bureau = actor.has(*BUREAU)
    return Scope(
        institution_id=actor.organisation if actor.has(Role.INSTITUTION) else None,
        body_id=actor.organisation if actor.has(Role.ASSESSOR) else None,
        regions=tuple(code for code in regions().regions if is_within(code, actor.region)) if bureau else (),
    )


def _place(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    day, _, assessment_id = cursor.partition("~")
    try:
        return date.fromisoformat(day), assessment_id
    except ValueError:
        raise Refused(
            code="CURSOR_INVALID",
            message="翻页标记无法识别。",
            advice="请原样使用上一页返回的 next，或从第一页重新查询。",
            field="cursor",
        ) from None
