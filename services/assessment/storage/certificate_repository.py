"""Certificates in the database."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain.certificate import Certificate, Voiding
from services.assessment.storage.tables import CERTIFICATE
from shared.contracts.assessment import CertificateKind
from shared.database.encryption import Vault
from shared.database.upsert import insert_or_ignore


class StoredCertificates:
    """The certificates on one open connection."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def hashed(self, number: str) -> str:
        """Give the keyed hash by which a number made of an identity number is recognised."""
        return self._vault.lookup(number, purpose="certificate.number")

    async def get(self, certificate_id: str) -> Certificate | None:
        """Give the certificate, or None."""
        found = await self._all(select(CERTIFICATE).where(CERTIFICATE.c.certificate_id == certificate_id))
        return found[0] if found else None

    async def of_class(self, class_id: str) -> tuple[Certificate, ...]:
        """Give the certificates of a class, voided ones included, by number."""
        return await self._all(select(CERTIFICATE).where(CERTIFICATE.c.class_id == class_id))

    async def bearing(self, kind: CertificateKind, keys: Collection[str]) -> tuple[Certificate, ...]:
        """Give the standing certificates of a kind, of whatever class and issuer, whose numbers have these keys."""
        column = CERTIFICATE.c
        these = (column.kind == kind, column.number_key.in_(sorted(keys)), column.voided_on.is_(None))
        return await self._all(select(CERTIFICATE).where(*these))

    async def add(self, certificates: Collection[Certificate]) -> frozenset[str]:
        """Add certificates and give the ids of those whose number and person had no standing one.

        They go in by number, so that two batches that share numbers wait for each other and never deadlock.
        """
        rows = [_values(certificate) for certificate in sorted(certificates, key=lambda one: one.number_key)]
        if not rows:
            return frozenset()
        statement = insert_or_ignore(self._connection, CERTIFICATE, rows).returning(CERTIFICATE.c.certificate_id)
        return frozenset((await self._connection.execute(statement)).scalars())

    async def save_voided(self, certificate: Certificate) -> None:
        """Store that a certificate was voided."""
        this = CERTIFICATE.c.certificate_id == certificate.certificate_id
        await self._connection.execute(update(CERTIFICATE).where(this).values(_values(certificate)))

    async def _all(self, query: Select[Any]) -> tuple[Certificate, ...]:
        ordered = query.order_by(CERTIFICATE.c.number, CERTIFICATE.c.certificate_id)
        return tuple(_certificate(row) for row in await self._connection.execute(ordered))


def _values(certificate: Certificate) -> dict[str, Any]:
    voiding = certificate.voiding
    return {
        "certificate_id": certificate.certificate_id,
        "class_id": certificate.class_id,
        "assessment_id": certificate.assessment_id,
        "person_id": certificate.person_id,
        "outcome_number": certificate.outcome_number,
        "outcome": "passed",
        "kind": certificate.kind,
        "occupation": certificate.occupation,
        "level": certificate.level,
        "number": certificate.number,
        "number_key": certificate.number_key,
        "issuer": certificate.issuer,
        "issued_on": certificate.issued_on,
        "attempt": certificate.attempt,
        "body_id": certificate.body_id,
        "attempted_kinds": certificate.attempted_kinds,
        "excepted_kinds": certificate.excepted_kinds,
        "agreement_on": certificate.agreement_on,
        "voided_on": None if voiding is None else voiding.on,
        "voided_by": None if voiding is None else voiding.by,
        "void_reason": None if voiding is None else voiding.reason,
    }


def _certificate(row: Row[Any]) -> Certificate:
    voided = row.voided_on is not None
    return Certificate(
        certificate_id=row.certificate_id,
        class_id=row.class_id,
        assessment_id=row.assessment_id,
        person_id=row.person_id,
        kind=row.kind,
        occupation=row.occupation,
        level=row.level,
        number=row.number,
        number_key=row.number_key,
        issuer=row.issuer,
        issued_on=row.issued_on,
        attempt=row.attempt,
        outcome_number=row.outcome_number,
        body_id=row.body_id,
        attempted_kinds=tuple(row.attempted_kinds),
        excepted_kinds=tuple(row.excepted_kinds),
        agreement_on=row.agreement_on,
        voiding=Voiding(on=row.voided_on, by=row.voided_by, reason=row.void_reason) if voided else None,
    )
