"""Inspections as the provincial system takes them (JY-INT-01)."""

from typing import Final

from services.supervision.application.access import find_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.inspection import Inspection
from shared.clock import legal_day
from shared.contracts.supervision import InspectionEntryChanged, SpotCheckRecorded, SpotCheckVoided
from shared.province.record import Line, ProvincialRecord

_NAMES: Final = {"opening": "开班检查", "spot": "过程抽查"}


async def provincial_lines(uow: SupervisionUnit, class_id: str) -> list[Line]:
    """Give one line per recorded inspection, in order of time; one that was declared void says so and stays."""
    file = await uow.files.find(class_id)
    if file is None:
        return []
    return [_line(one) for one in sorted(file.inspections, key=lambda one: (one.held_at, one.check_id))]


def _line(inspection: Inspection) -> Line:
    return Line(
        line=f"inspection:{inspection.check_id}",
        label=f"{legal_day(inspection.held_at).isoformat()} {_NAMES[inspection.kind]}",
        content={
            "check_id": inspection.check_id,
            "kind": inspection.kind,
            "held_at": inspection.held_at.isoformat(),
            "place": inspection.place,
            "headcount": inspection.headcount,
            "sign_in_in_order": inspection.sign_in_in_order,
            "records_retained": inspection.records_retained,
            "inspectors": [{"subject": subject} for subject in inspection.inspectors],
            "voided_on": legal_day(inspection.voided.at).isoformat() if inspection.voided else None,
        },
    )


PROVINCIAL_RECORD: Final = ProvincialRecord(
    checkpoint="inspections",
    name="监督检查",
    triggers=frozenset({SpotCheckRecorded, SpotCheckVoided}),
    lines=provincial_lines,
    entry=InspectionEntryChanged,
    require_visible=find_class,
)
