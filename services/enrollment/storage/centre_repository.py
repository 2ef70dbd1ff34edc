"""Training centres' applications and findings on basic conditions in storage; experts' names stand sealed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.centre import (
    APPLICATION_STATES,
    UNDER_WAY,
    ApplicationState,
    Assessment,
    Attachment,
    ConditionFinding,
    Expert,
    ListingApplication,
    Reply,
)
from services.enrollment.storage.institution_tables import CENTRE_APPLICATION, CONDITION_FINDING
from services.enrollment.storage.tables import INSTITUTION
from shared.database.encryption import Vault
from shared.database.upsert import insert_or_ignore
from shared.domain.errors import Conflict

_ATTACHMENTS = TypeAdapter(tuple[Attachment, ...])
_EXPERTS = TypeAdapter(tuple[Expert, ...])
_STATES: dict[str, ApplicationState] = {state: state for state in APPLICATION_STATES}


class CentreRepository:
    """Reads and writes applications to be listed, and what was found about a centre's conditions."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, application: ListingApplication) -> bool:
        """Add an application; give False while another one of the institution is under way."""
        values = {
            "application_id": application.application_id,
            "institution_id": application.institution_id,
            "applied_on": application.applied_on,
            "applied_by": application.applied_by,
            "rulebook_id": application.rulebook_id,
            "attachments": _ATTACHMENTS.dump_python(application.attachments, mode="json"),
            "state": application.state,
            "version": application.version,
        }
        column = CENTRE_APPLICATION.c.application_id
        added = await self._connection.execute(
            insert_or_ignore(self._connection, CENTRE_APPLICATION, values).returning(column)
        )
        return added.first() is not None

    async def get(self, application_id: str, *, lock: bool = False) -> ListingApplication | None:
        """Give the application, locked when asked, or None."""
        query = select(CENTRE_APPLICATION).where(CENTRE_APPLICATION.c.application_id == application_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else self._application(row)

    async def standing(self, institution_id: str) -> ListingApplication | None:
        """Give, locked, the institution's application under way, else its newest one, or None."""
        column = CENTRE_APPLICATION.c
        query = (
            select(CENTRE_APPLICATION)
            .where(column.institution_id == institution_id)
            .order_by(column.state.in_(UNDER_WAY).desc(), column.applied_on.desc(), column.application_id.desc())
            .limit(1)
            .with_for_update()
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else self._application(row)

    async def save(self, application: ListingApplication) -> int:
        """Store the application under its next version and give that; raise Conflict when somebody else did."""
        column, assessment, reply = CENTRE_APPLICATION.c, application.assessment, application.reply
        values: dict[str, Any] = {"state": application.state, "version": application.version + 1}
        if assessment is not None:
            experts = _EXPERTS.dump_json(assessment.experts).decode()
            values |= {
                "passed": assessment.passed,
                "assessed_on": assessment.assessed_on,
                "assessed_by": assessment.recorded_by,
                "sealed_experts": self._vault.seal(experts, purpose=_experts(application.application_id)),
                "assessment_reference": assessment.reference,
                "assessment_sha256": assessment.sha256,
            }
        if reply is not None:
            values |= {
                "reply_number": reply.number,
                "reply_approves": reply.approved,
                "replied_on": reply.replied_on,
                "replied_by": reply.recorded_by,
            }
        saved = await self._connection.execute(
            update(CENTRE_APPLICATION)
            .where(column.application_id == application.application_id, column.version == application.version)
            .values(values)
            .returning(column.version)
        )
        version = saved.scalar_one_or_none()
        if version is None:
            raise Conflict(code="APPLICATION_CHANGED", message="该申请刚刚被他人修改。", advice="请刷新后重新办理。")
        return int(version)

    async def page(
        self,
        *,
        institution_id: str | None,
        regions: Sequence[str] | None,
        state: ApplicationState | None,
        after: tuple[date, str] | None,
        limit: int,
    ) -> list[ListingApplication]:
        """Give applications by day and id, of one institution or of the institutions of regions."""
        column = CENTRE_APPLICATION.c
        query = select(CENTRE_APPLICATION).order_by(column.applied_on, column.application_id).limit(limit)
        if institution_id is not None:
            query = query.where(column.institution_id == institution_id)
        if regions is not None:
            own = select(INSTITUTION.c.institution_id).where(INSTITUTION.c.region.in_(regions))
            query = query.where(column.institution_id.in_(own))
        if state is not None:
            query = query.where(column.state == state)
        if after is not None:
            query = query.where(tuple_(column.applied_on, column.application_id) > tuple_(*after))
        return [self._application(row) for row in await self._connection.execute(query)]

    async def add_findings(self, institution_id: str, findings: Sequence[ConditionFinding]) -> None:
        """Add findings on conditions, in this order."""
        rows = [
            {
                "institution_id": institution_id,
                "occupation": finding.occupation,
                "condition": finding.condition,
                "met": finding.met,
                "found_on": finding.found_on,
                "evidence": finding.evidence,
                "recorded_by": finding.recorded_by,
            }
            for finding in findings
        ]
        await self._connection.execute(insert(CONDITION_FINDING), rows)

    async def findings(self, institution_id: str) -> tuple[ConditionFinding, ...]:
        """Give what was found about the institution's conditions, oldest first."""
        found = await self._connection.execute(
            select(CONDITION_FINDING)
            .where(CONDITION_FINDING.c.institution_id == institution_id)
            .order_by(CONDITION_FINDING.c.seq)
        )
        return tuple(
            ConditionFinding(
                occupation=row.occupation,
                condition=row.condition,
                met=row.met,
                found_on=row.found_on,
                evidence=row.evidence,
                recorded_by=row.recorded_by,
            )
            for row in found
        )

    def _application(self, row: Row[Any]) -> ListingApplication:
        assessment = reply = None
        if row.assessed_by is not None:
            experts = self._vault.open(row.sealed_experts, purpose=_experts(row.application_id))
            assessment = Assessment(
                passed=row.passed,
                assessed_on=row.assessed_on,
                experts=_EXPERTS.validate_json(experts),
                reference=row.assessment_reference,
                sha256=row.assessment_sha256,
                recorded_by=row.assessed_by,
            )
        if row.replied_by is not None:
            reply = Reply(
                number=row.reply_number,
                replied_on=row.replied_on,
                approved=row.reply_approves,
                recorded_by=row.replied_by,
            )
        return ListingApplication(
            application_id=row.application_id,
            institution_id=row.institution_id,
            applied_on=row.applied_on,
            applied_by=row.applied_by,
            rulebook_id=row.rulebook_id,
            attachments=_ATTACHMENTS.validate_python(row.attachments),
            state=_STATES[row.state],
            assessment=assessment,
            reply=reply,
            version=row.version,
        )


def _experts(application_id: str) -> str:
    return f"centre_application.experts:{application_id}"
