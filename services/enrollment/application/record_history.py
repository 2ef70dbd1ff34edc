"""The bureau adds to an institution's record: a year's inspection, or a liability incident (JY-INS-05)."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.domain.institution import AnnualInspection, Institution, LiabilityIncident, require_past


async def record_inspection(uow: UnitOfWork, *, institution_id: str, inspection: AnnualInspection) -> Institution:
    """Add the result of one year's inspection; of several for one year the last holds."""
    institution = await _locked(uow, institution_id)
    inspections = (*institution.annual_inspections, inspection)
    recorded = replace(institution, annual_inspections=inspections)
    await uow.institutions.save_records(recorded)
    details = {"year": inspection.year, "passed": inspection.passed}
    await uow.audit(action="inspection_recorded", subject=institution_id, details=details)
    return recorded


async def record_incident(uow: UnitOfWork, *, institution_id: str, incident: LiabilityIncident) -> Institution:
    """Add a liability problem that a person found; listing and every application look at it from now on."""
    require_past(incident.on, today=uow.today, field="on")
    institution = await _locked(uow, institution_id)
    recorded = replace(institution, liability_incidents=(*institution.liability_incidents, incident))
    await uow.institutions.save_records(recorded)
    await uow.audit(action="incident_recorded", subject=institution_id, details={"on": incident.on.isoformat()})
    return recorded


async def _locked(uow: UnitOfWork, institution_id: str) -> Institution:
    await institution_of_region(uow, institution_id)
    await uow.institutions.next_version(institution_id)
    return await institution_of_region(uow, institution_id)
