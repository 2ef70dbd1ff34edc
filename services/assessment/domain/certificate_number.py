"""Numbers of certificates: each kind's pattern, what may be shown of a number, among which others it stands once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Refused
from shared.domain.identifiers import (
    cleaned,
    identity_number,
    level_certificate_number,
    qualification_certificate_number,
)
from shared.policy.terms.assessment import CertificateKinds

_NO_PROVINCE: Final = "00"
"""Stands in a number where a national body's certificate names no province."""

_OLDEST_YEAR: Final = 1900
"""Nobody alive was born before: an earlier year is a serial number's chance."""

_PERSONAL_KIND: Final[CertificateKind] = "special_operation"
_PERSONAL: Final = re.compile(r"T(?P<identity>[0-9]{17}[0-9X])")
"""Certificates of special operation bear their holder's identity number behind a T."""

_SHOWN_AT_THE_END: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A number as it is kept: what may be `shown`, and by what it is recognised among those of its `issuer`.

    The issuer is empty for numbers given by the nation. The key of a number that is made of an identity number is its
    keyed hash; of any other it is the number.
    """

    shown: str
    key: str
    issuer: str


def numbered(
    text: str,
    *,
    kind: CertificateKind,
    body_id: str,
    kinds: CertificateKinds | None,
    hashed: Callable[[str], str],
) -> Numbered:
    """Give a number as it is kept; `hashed` gives the keyed hash of one that is personal. Nothing is checked here."""
    number = cleaned(text)
    known = kinds.kind(kind) if kinds is not None else None
    issuer = body_id if known is not None and known.numbered_by == "body" else ""
    if not _is_holders(number, kind):
        return Numbered(shown=number, key=number, issuer=issuer)
    tail = number[-_SHOWN_AT_THE_END:]
    shown = f"T{'*' * (len(number) - 1 - len(tail))}{tail}"
    return Numbered(shown=shown, key=hashed(number), issuer=issuer)


def check_number(text: str, *, kind: CertificateKind, level: str | None, province: str | None, issued_on: date) -> None:
    """Hold a number against its kind's pattern and what is known of the certificate.

    Raise Refused CERTIFICATE_FORMAT, CERTIFICATE_PROVINCE, CERTIFICATE_YEAR, CERTIFICATE_LEVEL, or PERSONAL_DATA for an
    identity number where none belongs.
    """
    number = cleaned(text)
    if kind in ("level", "qualification"):
        parse = level_certificate_number if kind == "level" else qualification_certificate_number
        parsed = parse(number)
        parsed.require_agreement(
            province=None if parsed.province == _NO_PROVINCE else province, issued_on=issued_on, level=level
        )
        return
    if _is_holders(number, kind):
        return
    if not re.fullmatch(r"[A-Z0-9-]{4,40}", number):
        raise Refused(
            code="CERTIFICATE_FORMAT",
            message="证书编号格式不正确。",
            advice="证书编号为 4 至 40 位字母、数字或连字符。",
        )
    if any(_is_identity_number(number[at : at + 18]) for at in range(len(number) - 17)):
        raise Refused(
            code="PERSONAL_DATA",
            message="证书编号含有身份证号码，证书编号会随事件发送给其他系统。",
            advice="请改填证书上不含身份证号码的编号，如档案编号或发证流水号；特种作业操作证请填 T 加证件号的编号。",
        )


def _is_holders(number: str, kind: CertificateKind) -> bool:
    """Say whether the number is its holder's identity number behind a T."""
    found = _PERSONAL.fullmatch(number)
    return kind == _PERSONAL_KIND and found is not None and _is_identity_number(found["identity"])


def _is_identity_number(text: str) -> bool:
    try:
        born = identity_number(text).birth_date
    except Refused:
        return False
    return born is not None and born.year >= _OLDEST_YEAR
