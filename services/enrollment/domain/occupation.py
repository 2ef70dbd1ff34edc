"""Occupations (工种): in which levels they are trained and in which certificate kinds they can be certified."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupation:
    """One occupation as a region lists it from `valid_from` on, until a later row replaces it (JY-ASM-05).

    The ministry published it as new on `new_since`, None for one that is not new; it counts as new until `new_until`,
    that day included, or without an end (HB-CLM-06).
    """

    code: str
    name: str
    region: str
    certifiable: tuple[CertificateKind, ...]
    levels: tuple[str, ...]
    valid_from: date
    new_since: date | None = None
    new_until: date | None = None


def what_is_wrong_with_new(occupation: Occupation) -> Iterator[Refused]:
    """Give what cannot be right of the days on which an occupation counts as new."""
    since, until = occupation.new_since, occupation.new_until
    if since is not None and since > occupation.valid_from:
        yield Refused(
            code="DATE_IN_FUTURE",
            message="新职业的发布日期晚于今日。",
            advice="请在人力资源社会保障部发布之后，按发布文件的日期登记。",
            field="new_since",
        )
    if until is not None and (since is None or until < since):
        yield Refused(
            code="DATES_REVERSED",
            message="新职业的截止日期没有对应的发布日期，或早于发布日期。",
            advice="请填写发布日期；文件没有规定截止日期的，截止日期留空。",
            field="new_until",
        )
