"""What reports count, read from facts and settlements, and reported months as rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.domain.ageing import ClaimStand
from services.payment.domain.claim import ASSESSOR
from services.payment.domain.class_record import ClassRecord, Job, Settlement
from services.payment.domain.figures import EnteredFigure
from services.payment.domain.filing import Filed
from services.payment.domain.monthly_report import Dispatch, Month, MonthlyReport, SealedCopy
from services.payment.domain.state import State
from services.payment.storage.tables import (
    ADVANCE,
    ADVANCE_ATTEMPT,
    ADVANCE_CLEARING,
    CLAIM,
    CLAIM_ENTRY,
    CLAIM_ENTRY_LINE,
    CLAIM_LINE,
    CLASS_FACT,
    CLASS_FILE,
    CLAWBACK,
    CLAWBACK_REPAYMENT,
    EMPLOYMENT,
    FILING,
    MONTHLY_REPORT,
    MONTHLY_REPORT_COPY,
    MONTHLY_REPORT_DISPATCH,
    ORDER_ATTEMPT,
    ORDER_ENTRY,
    PAYMENT_ORDER,
    REPORTED_FIGURE,
)
from shared.contracts.assessment import AssessmentCompleted, AssessmentScheduled, CertificateIssued, CertificateVoided
from shared.contracts.catalogue import adapter_of
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, TraineeWithdrawn
from shared.contracts.supervision import ClassCancelled, TrainingCompleted

_COUNTED: Final[dict[str, type[Contract]]] = {
    contract.__name__: contract
    for contract in (
        ClassOpened,
        TrainingCompleted,
        AssessmentCompleted,
        AssessmentScheduled,
        CertificateIssued,
        CertificateVoided,
        ClassCancelled,
        TraineeWithdrawn,
    )
}
"""Attendance by session is left out: it is by far the most, and its totals come with TrainingCompleted."""

_ROWS_AT_ONCE: Final = 500
"""A year of a city is 40,000 certificates: other requests have their turn between batches."""

_Facts = dict[str, list[Any]]


class StoredReports:
    """The reports of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def records(self, regions: Collection[str]) -> Sequence[ClassRecord]:
        """Give every class of these regions that opened, as reports see it, by class."""
        facts = await self._facts(regions)
        settled = await self._settlements(regions)
        employed = await self._employed(regions)
        return tuple(
            _record(known, settled[class_id], employed[class_id])
            for class_id, known in sorted(facts.items())
            if "ClassOpened" in known
        )

    async def stands(self, regions: Collection[str]) -> Sequence[ClaimStand]:
        """Give how far every claim of these regions is, by claim."""
        entry, line = CLAIM_ENTRY.c, CLAIM_ENTRY_LINE.c
        first = select(entry.claim_id, func.min(entry.approved_on).label("on")).group_by(entry.claim_id).subquery()
        worth = select(line.claim_id, func.sum(line.amount_fen).label("fen")).group_by(line.claim_id).subquery()
        query = (
            select(CLAIM.c.claim_id, CLAIM.c.class_id, CLAIM.c.state, CLAIM.c.claimant, first.c.on, worth.c.fen)
            .join(first, first.c.claim_id == CLAIM.c.claim_id, isouter=True)
            .join(worth, worth.c.claim_id == CLAIM.c.claim_id, isouter=True)
            .where(CLAIM.c.region.in_(regions))
            .order_by(CLAIM.c.claim_id)
        )
        return [
            ClaimStand(
                claim_id=row.claim_id,
                class_id=row.class_id,
                state=State(row.state),
                approved_on=row.on,
                approved_fen=int(row.fen or 0),
                of_assessor=row.claimant == ASSESSOR,
            )
            for row in await self._connection.execute(query)
        ]

    async def add(self, report: MonthlyReport) -> None:
        """Store that a month is to be reported."""
        row = {
            "region": report.region,
            "month": str(report.month),
            "rulebook_id": report.rulebook_id,
            "drafted_on": report.drafted_on,
            "due": report.due,
        }
        await self._connection.execute(insert(MONTHLY_REPORT).values(row))

    async def find(self, region: str, month: Month, *, lock: bool = False) -> MonthlyReport | None:
        """Give a month's report with its copies, None for a month that was not drafted."""
        report = MONTHLY_REPORT.c
        query = select(MONTHLY_REPORT).where(report.region == region, report.month == str(month))
        found = await self._reports(query.with_for_update() if lock else query)
        return found[0] if found else None

    async def of_regions(self, regions: Collection[str]) -> Sequence[MonthlyReport]:
        """Give all reports of these regions, by region and month."""
        report = MONTHLY_REPORT.c
        query = select(MONTHLY_REPORT).where(report.region.in_(regions)).order_by(report.region, report.month)
        return await self._reports(query)

    async def seal(self, report: MonthlyReport, copy: SealedCopy) -> None:
        """Store a signed copy."""
        row = {
            "region": report.region,
            "month": str(report.month),
            "number": copy.number,
            "content": copy.content,
            "sha256": copy.sha256,
            "signed_by": copy.signed_by,
            "signed_at": copy.signed_at,
            "reason": copy.reason,
        }
        await self._connection.execute(insert(MONTHLY_REPORT_COPY).values(row))

    async def stamp(self, report: MonthlyReport, number: int, stamp: Dispatch) -> None:
        """Store the delivery of a copy."""
        row = {
            "region": report.region,
            "month": str(report.month),
            "number": number,
            "dispatched_at": stamp.at,
            "dispatched_by": stamp.by,
            "recipient": stamp.recipient,
            "proof": stamp.proof,
        }
        await self._connection.execute(insert(MONTHLY_REPORT_DISPATCH).values(row))

    async def figures(self, region: str) -> Sequence[EnteredFigure]:
        """Give the figures that were entered for a region, in that order."""
        figure = REPORTED_FIGURE.c
        query = select(REPORTED_FIGURE).where(figure.region == region).order_by(figure.entry)
        return [
            EnteredFigure(code=row.code, number=row.number, on=row.figure_on, source=row.source)
            for row in await self._connection.execute(query)
        ]

    async def enter_figure(self, region: str, figure: EnteredFigure, *, by: str, on: date) -> None:
        """Store a figure; one for the same day that was entered before stays and is corrected by it."""
        row = {
            "region": region,
            "code": figure.code,
            "figure_on": figure.on,
            "number": figure.number,
            "source": figure.source,
            "entered_by": by,
            "entered_on": on,
        }
        await self._connection.execute(insert(REPORTED_FIGURE).values(row))

    async def filed(self, region: str) -> Sequence[Filed]:
        """Give what was filed under a region's rulebook, by day."""
        filing = FILING.c
        query = select(FILING).where(filing.region == region).order_by(filing.filed_on, filing.filing_id)
        return [Filed(**row) for row in (await self._connection.execute(query)).mappings()]

    async def file(self, filed: Filed) -> None:
        """Store a filing."""
        row = {field.name: getattr(filed, field.name) for field in fields(Filed)}
        await self._connection.execute(insert(FILING).values({**row, "contents": dict(filed.contents)}))

    async def _facts(self, regions: Collection[str]) -> dict[str, _Facts]:
        fact = CLASS_FACT.c
        query = (
            select(fact.class_id, fact.event, fact.data)
            .join(CLASS_FILE, CLASS_FILE.c.class_id == fact.class_id)
            .where(CLASS_FILE.c.region.in_(regions), fact.event.in_(list(_COUNTED)))
        )
        found: defaultdict[str, _Facts] = defaultdict(lambda: defaultdict(list))
        streamed = await self._connection.stream(query)
        async for rows in streamed.partitions(_ROWS_AT_ONCE):
            for row in rows:
                found[row.class_id][row.event].append(_adapter(row.event).validate_python(row.data))
        return found

    async def _settlements(self, regions: Collection[str]) -> defaultdict[str, list[Settlement]]:
        order, entry, attempt, line = PAYMENT_ORDER.c, ORDER_ENTRY.c, ORDER_ATTEMPT.c, CLAIM_LINE.c
        same_line = (line.claim_id == entry.claim_id) & (line.line_no == entry.line_no)
        query = (
            select(
                order.class_id,
                line.person_id,
                line.programme,
                entry.amount_fen,
                attempt.answered_on,
                order.funding_source,
            )
            .join(ORDER_ATTEMPT, (attempt.order_id == order.order_id) & (attempt.outcome == "settled"))
            .join(ORDER_ENTRY, entry.order_id == order.order_id)
            .join(CLAIM_LINE, same_line, isouter=True)  # a cut that is gone leaves its entries
            .join(CLASS_FILE, CLASS_FILE.c.class_id == order.class_id)
            .where(CLASS_FILE.c.region.in_(regions), order.state != "reversed")  # settled in error: never credited
        )
        found: defaultdict[str, list[Settlement]] = defaultdict(list)
        for row in await self._connection.execute(query):
            found[row.class_id].append(
                Settlement(
                    person_id=row.person_id,
                    amount_fen=row.amount_fen,
                    on=row.answered_on,
                    funding_source=row.funding_source,
                    programme=row.programme or "",
                )
            )
        await self._subtract_repayments(found, regions)
        await self._add_advances(found, regions)
        return found

    async def _add_advances(self, found: defaultdict[str, list[Settlement]], regions: Collection[str]) -> None:
        """Count an advance on the day on which it was credited, and what came back of it.

        Set off against the claim it moves no money: its people are paid that day, and the class nothing more.
        """
        advance, attempt, less = ADVANCE.c, ADVANCE_ATTEMPT.c, ADVANCE_CLEARING.c
        here = advance.region.in_(regions)
        credited = (
            select(advance.class_id, advance.amount_fen, attempt.answered_on.label("on"), advance.funding_source)
            .join(ADVANCE_ATTEMPT, (attempt.advance_id == advance.advance_id) & (attempt.outcome == "settled"))
            .where(here)
        )
        taken = (
            select(advance.class_id, -less.amount_fen, less.cleared_on, advance.funding_source)
            .join(ADVANCE_CLEARING, less.advance_id == advance.advance_id)
            .where(here)
        )
        for row in await self._connection.execute(credited.union_all(taken)):
            found[row.class_id].append(
                Settlement(person_id=None, amount_fen=row.amount_fen, on=row.on, funding_source=row.funding_source)
            )
        entry, line = ORDER_ENTRY.c, CLAIM_LINE.c
        paid_by = (
            select(
                advance.class_id,
                line.person_id,
                line.programme,
                entry.amount_fen,
                less.cleared_on,
                advance.funding_source,
            )
            .join(ADVANCE_CLEARING, less.advance_id == advance.advance_id)
            .join(ORDER_ENTRY, entry.order_id == less.order_id)
            .join(CLAIM_LINE, (line.claim_id == entry.claim_id) & (line.line_no == entry.line_no), isouter=True)
            .where(here)
        )
        for paid in await self._connection.execute(paid_by):
            found[paid.class_id].append(
                Settlement(
                    person_id=paid.person_id,
                    amount_fen=paid.amount_fen,
                    on=paid.cleared_on,
                    programme=paid.programme or "",
                    funding_source=paid.funding_source,
                )
            )

    async def _subtract_repayments(self, found: defaultdict[str, list[Settlement]], regions: Collection[str]) -> None:
        """Count money that came back through the bank against the day it came; an offset was never sent."""
        back = CLAWBACK_REPAYMENT.c
        query = (
            select(CLAIM.c.class_id, back.amount_fen, back.received_on)
            .join(CLAWBACK, CLAWBACK.c.clawback_id == back.clawback_id)
            .join(CLAIM, CLAIM.c.claim_id == CLAWBACK.c.claim_id)
            .join(CLASS_FILE, CLASS_FILE.c.class_id == CLAIM.c.class_id)
            .where(CLASS_FILE.c.region.in_(regions), back.kind == "bank")
        )
        for row in await self._connection.execute(query):
            found[row.class_id].append(Settlement(person_id=None, amount_fen=-row.amount_fen, on=row.received_on))

    async def _employed(self, regions: Collection[str]) -> defaultdict[str, dict[Job, date]]:
        """Give the jobs that stand by class, with their first days."""
        job = EMPLOYMENT.c
        query = (
            select(job.class_id, job.person_id, job.employer, job.employed_on, job.stands)
            .join(CLASS_FILE, CLASS_FILE.c.class_id == job.class_id)
            .where(CLASS_FILE.c.region.in_(regions))
            .order_by(job.number)
        )
        found: defaultdict[str, dict[Job, date]] = defaultdict(dict)
        for row in await self._connection.execute(query):
            jobs = found[row.class_id]
            jobs.pop((row.person_id, row.employer, row.employed_on), None)
            if row.stands:
                jobs[row.person_id, row.employer, row.employed_on] = row.employed_on
        return found

    async def _reports(self, query: Select[Any]) -> list[MonthlyReport]:
        rows = (await self._connection.execute(query)).all()
        return [
            MonthlyReport(
                region=row.region,
                month=Month.parse(row.month),
                rulebook_id=row.rulebook_id,
                drafted_on=row.drafted_on,
                due=row.due,
                copies=await self._copies(row.region, row.month),
            )
            for row in rows
        ]

    async def _copies(self, region: str, month: str) -> tuple[SealedCopy, ...]:
        copy, stamp = MONTHLY_REPORT_COPY.c, MONTHLY_REPORT_DISPATCH.c
        same = (stamp.region == copy.region) & (stamp.month == copy.month) & (stamp.number == copy.number)
        query = (
            select(MONTHLY_REPORT_COPY, stamp.dispatched_at, stamp.dispatched_by, stamp.recipient, stamp.proof)
            .join(MONTHLY_REPORT_DISPATCH, same, isouter=True)
            .where(copy.region == region, copy.month == month)
            .order_by(copy.number)
        )
        return tuple(_copy(row) for row in await self._connection.execute(query))


def _adapter(event: str) -> TypeAdapter[Any]:
    adapter = adapter_of(_COUNTED[event].EVENT.type)
    if adapter is None:
        raise LookupError(f"{event} is not in the catalogue")
    return adapter


def _record(facts: _Facts, settlements: Iterable[Settlement], jobs: Mapping[Job, date]) -> ClassRecord:
    training = next(iter(facts.get("TrainingCompleted", ())), None)
    voided = {fact.certificate_id for fact in facts.get("CertificateVoided", ())}
    return ClassRecord(
        opened=facts["ClassOpened"][0],
        training=training,
        examination=next(iter(facts.get("AssessmentCompleted", ())), None),
        cancelled=bool(facts.get("ClassCancelled")),
        exam_days=tuple(exam.exam_on for exam in facts.get("AssessmentScheduled", ())),
        certificates=tuple(
            issued for issued in facts.get("CertificateIssued", ()) if issued.certificate_id not in voided
        ),
        withdrawn=frozenset(fact.person_id for fact in facts.get("TraineeWithdrawn", ())),
        employed=frozenset(
            person_id
            for (person_id, _, _), employed_on in jobs.items()
            if training is None
            or employed_on >= training.completed_on  # a job held before is none that training led to
        ),
        settlements=tuple(settlements),
    )


def _copy(row: Row[Any]) -> SealedCopy:
    stamp = None
    if row.dispatched_at is not None:
        stamp = Dispatch(at=row.dispatched_at, by=row.dispatched_by, recipient=row.recipient, proof=row.proof)
    return SealedCopy(
        number=row.number,
        content=row.content,
        sha256=row.sha256,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        reason=row.reason,
        dispatch=stamp,
    )
