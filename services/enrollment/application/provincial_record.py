"""Plan and roster as the provincial system takes them, from the application on (JY-ENR-04, JY-INT-01)."""

from typing import Final

from services.enrollment.application.judging import institution_of
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import visible_class
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.roster import RosterEntry
from services.enrollment.domain.training_class import LIVE, TrainingClass
from shared.contracts.enrollment import (
    ClassApplied,
    ClassApproved,
    ClassChanged,
    ClassClosed,
    ClassOpened,
    RosterEntryChanged,
    TraineeWithdrawn,
)
from shared.province.record import Line, ProvincialRecord

_ENTERED: Final = LIVE | {"completed", "cancelled"}
_PLAN: Final = "plan"
_PERSONAL: Final = frozenset({"name", "identity_number", "phone"})


async def provincial_lines(uow: UnitOfWork, class_id: str) -> list[Line]:
    """Give the plan and one line per person on the roster; none while the application is not with the bureau."""
    training_class = await uow.classes.get(class_id)
    if training_class is None or training_class.state not in _ENTERED:
        return []
    institution = await institution_of(uow, training_class)
    entries = await uow.rosters.entries(class_id)
    trainees = [_trainee(entry, training_class) for entry in entries if entry.is_on_roster]
    return [_plan(training_class, institution), *trainees]


def _plan(training_class: TrainingClass, institution: Institution) -> Line:
    plan = training_class.plan
    return Line(
        line=_PLAN,
        label="开班计划",
        content={
            "institution_name": institution.name,
            "institution_credit_code": institution.credit_code,
            "region": training_class.region,
            "training_type": plan.training_type,
            "occupation": plan.occupation,
            "level": plan.level,
            "planned": plan.planned,
            "opening_date": plan.opening_date.isoformat(),
            "closing_date": plan.closing_date.isoformat(),
            "funding_source": plan.funding_source,
            "title": plan.plan.title,
            "objective": plan.plan.objective,
            "plan": plan.plan.content,
            "sessions": [
                {
                    "starts_at": session.starts_at.isoformat(),
                    "ends_at": session.ends_at.isoformat(),
                    "kind": session.kind,
                    "class_hours": session.class_hours,
                }
                for session in plan.sessions
            ],
        },
    )


def _trainee(entry: RosterEntry, training_class: TrainingClass) -> Line:
    row, person = entry.row, entry.row.particulars
    return Line(
        line=f"trainee:{row.row}",
        label=f"花名册第 {row.row} 行 {row.masked_name}",
        content={
            "row": row.row,
            "person_id": entry.person_id,
            "name": person.name,
            "identity_number": person.identity_number,
            "phone": person.phone,
            "group": row.group,
            "employer_name": row.employer_name,
            "employer_credit_code": row.employer_credit_code,
            "employer_region": row.employer_region,
            "occupation": training_class.plan.occupation,
            "level": training_class.plan.level,
        },
        personal=_PERSONAL,
        after=_PLAN,
    )


PROVINCIAL_RECORD: Final = ProvincialRecord(
    checkpoint="plan_and_roster",
    name="培训计划与花名册",
    triggers=frozenset({ClassApplied, ClassApproved, ClassChanged, ClassOpened, TraineeWithdrawn, ClassClosed}),
    lines=provincial_lines,
    entry=RosterEntryChanged,
    require_visible=visible_class,
)
