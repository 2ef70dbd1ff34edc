"""What people read about institutions, their way into the directory and their quality, within their scope."""

from dataclasses import dataclass
from datetime import date

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.provided import book_today, provided
from services.enrollment.application.queries import PAGE
from services.enrollment.application.rectify import Rectification
from services.enrollment.application.scope import (
    is_of_bureau,
    own_institution,
    reading_scope,
    require_region,
    visible_institution,
)
from services.enrollment.domain.centre import ApplicationState, ConditionFinding, ListingApplication
from services.enrollment.domain.education_money import education_money_max
from services.enrollment.domain.institution import DirectoryEntry, Institution, Teacher
from services.enrollment.domain.quality_case import CaseState, QualityCase
from services.enrollment.domain.timetable import Venue
from shared.domain.paging import cursor_of, day_place_of
from shared.policy.decision import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionView:
    """An institution with everything that decides whether it may train."""

    institution: Institution
    entries: tuple[DirectoryEntry, ...]
    suspensions: tuple[Rectification, ...]
    conditions: tuple[ConditionFinding, ...]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A quality case and what its rulebook compared, None when that rulebook asks no share."""

    case: QualityCase
    trace: Trace | None


async def list_teachers(uow: UnitOfWork, institution_id: str) -> list[tuple[Teacher, str]]:
    """Give the filed teachers, with masked names, of an institution that the actor may read."""
    await visible_institution(uow, institution_id)
    return await uow.institutions.all_teachers(institution_id)


async def list_venues(uow: UnitOfWork, institution_id: str) -> list[Venue]:
    """Give the registered venues of an institution that the actor may read."""
    await visible_institution(uow, institution_id)
    return await uow.institutions.all_venues(institution_id)


async def view_institution(uow: UnitOfWork, institution_id: str) -> InstitutionView:
    """Give one institution that the actor may read; raise NotFound for any other."""
    institution = await visible_institution(uow, institution_id)
    suspensions = await uow.institutions.suspensions(institution_id)
    return InstitutionView(
        institution=institution,
        entries=await uow.institutions.entries(institution_id),
        suspensions=tuple(
            [
                Rectification(
                    suspension=suspension,
                    reports=await uow.quality.reports(suspension.suspension_id),
                    version=institution.version,
                )
                for suspension in suspensions
            ]
        ),
        conditions=await uow.centres.findings(institution_id),
        today=uow.today,
    )


async def list_institutions(uow: UnitOfWork, *, cursor: str | None) -> tuple[list[Institution], str | None]:
    """Give a page of the institutions that the actor may read, by id, and the cursor of the next page."""
    own, regions = reading_scope(uow)
    found = await uow.institutions.page(institution_id=own, regions=regions, after=cursor, limit=PAGE + 1)
    page = found[:PAGE]
    return page, page[-1].institution_id if len(found) > PAGE else None


async def list_applications(
    uow: UnitOfWork, *, state: ApplicationState | None, cursor: str | None
) -> tuple[list[ListingApplication], str | None]:
    """Give a page of the applications to be listed that the actor may read, oldest first, and the next cursor."""
    own, regions = reading_scope(uow)
    found = await uow.centres.page(
        institution_id=own, regions=regions, state=state, after=day_place_of(cursor), limit=PAGE + 1
    )
    page = found[:PAGE]
    return page, cursor_of(page[-1].applied_on, page[-1].application_id) if len(found) > PAGE else None


async def list_cases(
    uow: UnitOfWork, *, state: CaseState | None, cursor: str | None
) -> tuple[list[CaseView], str | None]:
    """Give a page of the quality cases that the actor may read, oldest first, and the next cursor."""
    own, regions = reading_scope(uow)
    found = await uow.quality.cases(
        institution_id=own, regions=regions, state=state, after=day_place_of(cursor), limit=PAGE + 1
    )
    page = found[:PAGE]
    more = cursor_of(page[-1].opened_on, page[-1].case_id) if len(found) > PAGE else None
    return [view_case(uow, case) for case in page], more


def view_case(uow: UnitOfWork, case: QualityCase) -> CaseView:
    """Give a case with what was compared."""
    terms = uow.shelf.by_id(case.rulebook_id).assessment.satisfaction
    return CaseView(case=case, trace=case.trace(terms) if terms else None)


async def education_money(uow: UnitOfWork, *, wages_fen: int, region: str | None) -> tuple[int, Trace]:
    """Reckon the most employee-education money that wages allow (JY-FND-01)."""
    if is_of_bureau(uow.actor):
        asked = region or uow.actor.region
        require_region(uow, asked)
    else:
        asked = (await own_institution(uow, uow.actor.organisation)).region
    terms = provided(book_today(uow, asked).enrollment.education_money, "职工教育经费的提取比例")
    return education_money_max(wages_fen, terms)
