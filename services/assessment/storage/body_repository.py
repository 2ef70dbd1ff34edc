"""Assessment bodies and pass marks in the database: rows <-> domain both ways."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, Select, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain.body import AssessmentBody, PassMark
from services.assessment.domain.body_record import BodyRecord, BodyReview, Listing, Scope
from services.assessment.storage.tables import BODY, BODY_LISTING, BODY_REVIEW, PASS_MARK
from shared.contracts.assessment import CertificateKind
from shared.database.upsert import insert_or_ignore


class StoredBodies:
    """The bodies and pass marks on one open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, body_id: str) -> AssessmentBody | None:
        """Give the body, or None."""
        return await self._one(select(BODY).where(BODY.c.body_id == body_id))

    async def registered(self, credit_code: str) -> AssessmentBody | None:
        """Give, locked, the body registered under the code, or None."""
        return await self._one(select(BODY).where(BODY.c.credit_code == credit_code).with_for_update())

    async def add(self, body: AssessmentBody) -> bool:
        """Add a body; give False when its credit code is registered already."""
        statement = insert_or_ignore(self._connection, BODY, _values(body)).returning(BODY.c.body_id)
        return (await self._connection.execute(statement)).first() is not None

    async def save(self, body: AssessmentBody) -> AssessmentBody:
        """Store a locked body under its next version and give it."""
        stored = replace(body, version=body.version + 1)
        await self._connection.execute(update(BODY).where(BODY.c.body_id == body.body_id).values(_values(stored)))
        return stored

    async def record(self, body_id: str) -> BodyRecord:
        """Give the body's listings and reviews."""
        listings = await self._connection.execute(_in_order(BODY_LISTING).where(BODY_LISTING.c.body_id == body_id))
        reviews = await self._connection.execute(_in_order(BODY_REVIEW).where(BODY_REVIEW.c.body_id == body_id))
        return BodyRecord(listings=tuple(map(_listing, listings)), reviews=tuple(map(_review, reviews)))

    async def add_listing(self, listing: Listing) -> None:
        """Add a listing."""
        row = asdict(listing) | {"scopes": [[scope.occupation, scope.level] for scope in listing.scopes]}
        await self._connection.execute(insert(BODY_LISTING).values(row))

    async def add_review(self, review: BodyReview) -> None:
        """Add a review."""
        await self._connection.execute(insert(BODY_REVIEW).values(asdict(review)))

    async def listed(self, regions: Sequence[str]) -> Sequence[tuple[AssessmentBody, BodyRecord]]:
        """Give the bodies on lists of these regions, by name, with what is recorded of them there."""
        here = BODY_LISTING.c.region.in_(regions)
        listings = [_listing(row) for row in await self._connection.execute(_in_order(BODY_LISTING).where(here))]
        there = _in_order(BODY_REVIEW).where(BODY_REVIEW.c.region.in_(regions))
        reviews = [_review(row) for row in await self._connection.execute(there)]
        keys = sorted({listing.body_id for listing in listings})
        bodies = select(BODY).where(BODY.c.body_id.in_(keys)).order_by(BODY.c.name, BODY.c.body_id)
        return [
            (
                _body(row),
                BodyRecord(
                    listings=tuple(one for one in listings if one.body_id == row.body_id),
                    reviews=tuple(one for one in reviews if one.body_id == row.body_id),
                ),
            )
            for row in await self._connection.execute(bodies)
        ]

    async def add_pass_mark(self, mark: PassMark, *, set_by: str) -> bool:
        """Add a pass mark; give False when one stands for the same exam part, region and first day."""
        values = {
            "region": mark.region,
            "occupation": mark.occupation,
            "level": mark.level or "",
            "certificate_kind": mark.certificate_kind,
            "part": mark.part,
            "full_mark": mark.full_mark,
            "pass_mark": mark.pass_mark,
            "valid_from": mark.valid_from,
            "source": mark.source,
            "set_by": set_by,
            "set_at": mark.set_at,
        }
        statement = insert_or_ignore(self._connection, PASS_MARK, values).returning(PASS_MARK.c.seq)
        return (await self._connection.execute(statement)).first() is not None

    async def pass_marks(self, occupation: str, level: str | None, kind: CertificateKind) -> Sequence[PassMark]:
        """Give every region's pass marks of such exams."""
        column = PASS_MARK.c
        these = (column.occupation == occupation, column.level == (level or ""), column.certificate_kind == kind)
        query = select(PASS_MARK).where(*these).order_by(column.seq)
        return [_pass_mark(row) for row in await self._connection.execute(query)]

    async def _one(self, query: Select[Any]) -> AssessmentBody | None:
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _body(row)


def _values(body: AssessmentBody) -> dict[str, Any]:
    return {
        "body_id": body.body_id,
        "name": body.name,
        "credit_code": body.credit_code,
        "region": body.region,
        "certificate_kinds": body.certificate_kinds,
        "occupations": body.occupations,
        "is_bureau": body.is_bureau,
        "kind": body.kind,
        "version": body.version,
    }


def _body(row: Row[Any]) -> AssessmentBody:
    return AssessmentBody(
        body_id=row.body_id,
        name=row.name,
        credit_code=row.credit_code,
        region=row.region,
        certificate_kinds=tuple(row.certificate_kinds),
        occupations=tuple(row.occupations),
        is_bureau=row.is_bureau,
        kind=row.kind,
        version=row.version,
    )


def _in_order(table: Table) -> Select[Any]:
    return select(table).order_by(table.c.seq)


def _listing(row: Row[Any]) -> Listing:
    return Listing(
        listing_id=row.listing_id,
        body_id=row.body_id,
        list_code=row.list_code,
        region=row.region,
        scopes=tuple(Scope(occupation=occupation, level=level) for occupation, level in row.scopes),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        published_on=row.published_on,
        document=row.document,
        recorded_by=row.recorded_by,
    )


def _review(row: Row[Any]) -> BodyReview:
    return BodyReview(
        review_id=row.review_id,
        body_id=row.body_id,
        region=row.region,
        held_on=row.held_on,
        verdict=row.verdict,
        findings=row.findings,
        recorded_by=row.recorded_by,
    )


def _pass_mark(row: Row[Any]) -> PassMark:
    return PassMark(
        region=row.region,
        occupation=row.occupation,
        level=row.level or None,
        certificate_kind=row.certificate_kind,
        part=row.part,
        full_mark=row.full_mark,
        pass_mark=row.pass_mark,
        valid_from=row.valid_from,
        source=row.source,
        set_at=row.set_at,
    )
