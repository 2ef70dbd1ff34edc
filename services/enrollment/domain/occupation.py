"""Occupations (工种): in which levels they are trained and in which certificate kinds they can be certified."""

from dataclasses import dataclass
from datetime import date

from shared.contracts.assessment import CertificateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupation:
    """One occupation as a region lists it from `valid_from` on, until a later row replaces it (JY-ASM-05)."""

    code: str
    name: str
    region: str
    certifiable: tuple[CertificateKind, ...]
    levels: tuple[str, ...]
    valid_from: date
