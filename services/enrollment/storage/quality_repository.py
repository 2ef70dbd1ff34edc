"""Quality cases and rectification reports in storage; what people wrote in words stands sealed."""

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.quality_case import CaseDecision, CaseState, QualityCase
from services.enrollment.domain.suspension import RectificationReport, ReportState
from services.enrollment.storage.institution_tables import QUALITY_CASE, RECTIFICATION_REPORT
from shared.database.encryption import Vault
from shared.domain.errors import Conflict

_CASE_STATES: dict[str, CaseState] = {state: state for state in get_args(CaseState)}
_REPORT_STATES: dict[str, ReportState] = {state: state for state in get_args(ReportState)}


class QualityRepository:
    """Reads and writes quality cases and the reports that institutions hand in."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add_case(self, case: QualityCase) -> None:
        """Add a case; the database takes one per class."""
        values = {
            "case_id": case.case_id,
            "class_id": case.class_id,
            "institution_id": case.institution_id,
            "region": case.region,
            "rulebook_id": case.rulebook_id,
            "opened_on": case.opened_on,
            "version": case.version,
        }
        await self._connection.execute(insert(QUALITY_CASE).values(**values, **self._case_values(case)))

    async def case(self, case_id: str, *, lock: bool = False) -> QualityCase | None:
        """Give the case, locked when asked, or None."""
        query = select(QUALITY_CASE).where(QUALITY_CASE.c.case_id == case_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else self._case(row)

    async def case_of_class(self, class_id: str) -> QualityCase | None:
        """Give, locked, the case of a class, or None."""
        query = select(QUALITY_CASE).where(QUALITY_CASE.c.class_id == class_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else self._case(row)

    async def save_case(self, case: QualityCase) -> int:
        """Store the case under its next version and give that; raise Conflict when somebody else did meanwhile."""
        this = (QUALITY_CASE.c.case_id == case.case_id, QUALITY_CASE.c.version == case.version)
        values = {**self._case_values(case), "version": case.version + 1}
        saved = await self._connection.execute(
            update(QUALITY_CASE).where(*this).values(values).returning(QUALITY_CASE.c.version)
        )
        version = saved.scalar_one_or_none()
        if version is None:
            raise Conflict(code="CASE_CHANGED", message="该个案刚刚被他人修改。", advice="请刷新后重新办理。")
        return int(version)

    async def cases(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: CaseState | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[QualityCase]:
        """Give cases by the day they were opened and id."""
        column = QUALITY_CASE.c
        query = select(QUALITY_CASE).order_by(column.opened_on, column.case_id).limit(limit)
        if institution_id is not None:
            query = query.where(column.institution_id == institution_id)
        if regions is not None:
            query = query.where(column.region.in_(regions))
        if state is not None:
            query = query.where(column.state == state)
        if after is not None:
            query = query.where(tuple_(column.opened_on, column.case_id) > tuple_(*after))
        return [self._case(row) for row in await self._connection.execute(query)]

    async def add_report(self, report: RectificationReport) -> None:
        """Add a report."""
        values = {
            "report_id": report.report_id,
            "suspension_id": report.suspension_id,
            "submitted_on": report.submitted_on,
            "submitted_by": report.submitted_by,
            "sealed_content": self._vault.seal(report.content, purpose=f"report.content:{report.report_id}"),
            "reference": report.reference,
            "sha256": report.sha256,
            "state": report.state,
        }
        await self._connection.execute(insert(RECTIFICATION_REPORT).values(values))

    async def save_decision(self, report: RectificationReport) -> None:
        """Store what was decided on a report."""
        purpose = f"report.opinion:{report.report_id}"
        await self._connection.execute(
            update(RECTIFICATION_REPORT)
            .where(RECTIFICATION_REPORT.c.report_id == report.report_id)
            .values(
                state=report.state,
                decided_on=report.decided_on,
                decided_by=report.decided_by,
                sealed_opinion=self._vault.seal(report.opinion or "", purpose=purpose),
            )
        )

    async def reports(self, suspension_id: str) -> tuple[RectificationReport, ...]:
        """Give the reports on a suspension, oldest first."""
        found = await self._connection.execute(
            select(RECTIFICATION_REPORT)
            .where(RECTIFICATION_REPORT.c.suspension_id == suspension_id)
            .order_by(RECTIFICATION_REPORT.c.seq)
        )
        return tuple(self._report(row) for row in found)

    def _case_values(self, case: QualityCase) -> dict[str, Any]:
        decision = case.decision
        purpose = f"quality_case.remark:{case.case_id}"
        return {
            "revision": case.revision,
            "satisfied": case.satisfied,
            "valid_responses": case.valid_responses,
            "state": case.state,
            "decided_on": decision.on if decision else None,
            "decided_by": decision.by if decision else None,
            "sealed_remark": self._vault.seal(decision.remark, purpose=purpose) if decision else None,
            "suspension_id": decision.suspension_id if decision else None,
        }

    def _case(self, row: Row[Any]) -> QualityCase:
        decision = None
        if row.decided_by is not None:
            decision = CaseDecision(
                on=row.decided_on,
                by=row.decided_by,
                remark=self._vault.open(row.sealed_remark, purpose=f"quality_case.remark:{row.case_id}"),
                suspension_id=row.suspension_id,
            )
        return QualityCase(
            case_id=row.case_id,
            class_id=row.class_id,
            institution_id=row.institution_id,
            region=row.region,
            rulebook_id=row.rulebook_id,
            opened_on=row.opened_on,
            revision=row.revision,
            satisfied=row.satisfied,
            valid_responses=row.valid_responses,
            state=_CASE_STATES[row.state],
            decision=decision,
            version=row.version,
        )

    def _report(self, row: Row[Any]) -> RectificationReport:
        opinion = None
        if row.sealed_opinion is not None:
            opinion = self._vault.open(row.sealed_opinion, purpose=f"report.opinion:{row.report_id}")
        return RectificationReport(
            report_id=row.report_id,
            suspension_id=row.suspension_id,
            submitted_on=row.submitted_on,
            submitted_by=row.submitted_by,
            content=self._vault.open(row.sealed_content, purpose=f"report.content:{row.report_id}"),
            reference=row.reference,
            sha256=row.sha256,
            state=_REPORT_STATES[row.state],
            decided_on=row.decided_on,
            decided_by=row.decided_by,
            opinion=opinion,
        )
