"""What people read of registers: entries page by page, and the report that the rulebook asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.enrollment.application.keep_register import register_terms
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.queries import PAGE
from services.enrollment.application.scope import is_of_bureau, own_institution, reading_scope, require_region
from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.register_report import RegisterReport, ReportFacts, report
from shared.domain.jurisdiction import descendants
from shared.domain.paging import cursor_of, day_place_of
from shared.policy.terms.register import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRegister:
    """A register's terms, and its report on a day."""

    terms: Register
    as_of: date
    report: RegisterReport


async def list_registers(uow: UnitOfWork, *, region: str | None) -> tuple[Register, ...]:
    """Give the registers that the rulebook last in force in the region keeps."""
    return uow.shelf.last_in_force(await _region(uow, region), uow.today).enrollment.registers


async def list_entries(
    uow: UnitOfWork, *, register: str, region: str | None, cursor: str | None
) -> tuple[Register, list[RegisterEntry], str | None]:
    """Give the register's terms, a page of the entries that the actor may read, and the cursor of the next page."""
    terms = register_terms(uow, register, await _region(uow, region))
    own, regions = _scope(uow, region)
    found = await uow.registers.entries(
        register, institution_id=own, regions=regions, after=day_place_of(cursor), limit=PAGE + 1
    )
    page = found[:PAGE]
    return terms, page, cursor_of(page[-1].recorded_on, page[-1].entry_id) if len(found) > PAGE else None


async def report_register(
    uow: UnitOfWork,
    *,
    register: str,
    region: str | None,
    as_of: date | None,
    since: date | None,
    until: date | None,
) -> ReportedRegister:
    """Give the register's report over the entries that the actor may read; passes count wherever they stand."""
    terms = register_terms(uow, register, await _region(uow, region))
    own, regions = _scope(uow, region)
    entries = await uow.registers.entries(register, institution_id=own, regions=regions)
    passes = await uow.registers.entries(terms.report.against) if terms.report.against else []
    institutions = {}
    if terms.report.shape in ("pairs", "rating"):
        for institution_id in {entry.institution_id for entry in entries if entry.institution_id}:
            found = await uow.institutions.get(institution_id)
            institutions[institution_id] = found.name if found else institution_id
    enrolled: set[str] = set()
    if terms.report.shape == "enrolled":
        history = await uow.rosters.history({entry.person_id for entry in entries if entry.person_id}, besides="")
        enrolled = {person for person, places in history.items() if not all(place.released for place in places)}
    running: dict[str, list[str]] = {}
    if terms.report.shape == "evaluations":
        institutions, running = await _evaluated(uow, terms, entries, own=own, regions=regions)
    facts = ReportFacts(
        entries=entries,
        passes=passes,
        institutions=institutions,
        enrolled=enrolled,
        running=running,
        as_of=as_of or uow.today,
        since=since,
        until=until,
        rating=uow.shelf.last_in_force(await _region(uow, region), uow.today).enrollment.credit_rating,
    )
    return ReportedRegister(terms=terms, as_of=facts.as_of, report=report(terms, facts))


async def _evaluated(
    uow: UnitOfWork,
    terms: Register,
    entries: Sequence[RegisterEntry],
    *,
    own: str | None,
    regions: Sequence[str] | None,
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Give the names of the institutions that are to be evaluated, and the open classes of those with an entry."""
    names: dict[str, str] = {}
    after = None
    while page := await uow.institutions.page(institution_id=own, regions=regions, after=after, limit=PAGE):
        names.update({one.institution_id: one.name for one in page if one.kind in terms.institution_kinds})
        after = page[-1].institution_id
    running: dict[str, list[str]] = {}
    for institution_id in {entry.institution_id for entry in entries if entry.institution_id}:
        opened = await uow.classes.page(
            institution_id=institution_id, regions=None, state="opened", after=None, limit=PAGE
        )
        running[institution_id] = [one.class_id for one in opened]
    return names, running


async def _region(uow: UnitOfWork, region: str | None) -> str:
    if not is_of_bureau(uow.actor):
        return (await own_institution(uow, uow.actor.organisation)).region
    asked = region or uow.actor.region
    require_region(uow, asked)
    return asked


def _scope(uow: UnitOfWork, region: str | None) -> tuple[str | None, list[str] | None]:
    own, regions = reading_scope(uow)
    if regions is None or region is None:
        return own, regions
    return own, sorted(descendants(region).intersection(regions))
