"""Assessment bodies (评价机构) and the pass marks their exams are held to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Refused
from shared.domain.jurisdiction import RegionTable

Part = Literal["theory", "practice"]

PART_NAMES: Final[dict[Part, str]] = {"theory": "理论", "practice": "实操"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentBody:
    """Who examines: the kinds and occupations it may certify; `is_bureau` marks the bureau's own exam office.

    `kind` says what it is, by a code of the rulebook's kinds of bodies; None where it tells none apart.
    """

    body_id: str
    name: str
    credit_code: str
    region: str
    certificate_kinds: tuple[CertificateKind, ...]
    occupations: tuple[str, ...]
    is_bureau: bool
    kind: str | None = None
    version: int = 1

    def examines(self, kind: CertificateKind, occupation: str) -> bool:
        """Say whether the body may certify this kind in this occupation."""
        return kind in self.certificate_kinds and occupation in self.occupations

    def province(self, regions: RegionTable) -> str | None:
        """Give the six-digit code of the province the body lies in; None for a national body."""
        *_, below_nation, _nation = (None, *regions.ancestors(self.region))
        return below_nation


@dataclass(frozen=True, slots=True, kw_only=True)
class PassMark:
    """The points needed in one part of an exam, from a day on; `source` names the decision that set it.

    `set_at` is when it was entered here.
    """

    region: str
    occupation: str
    level: str | None
    certificate_kind: CertificateKind
    part: Part
    full_mark: int
    pass_mark: int
    valid_from: date
    source: str
    set_at: datetime | None = None

    def require_attainable(self) -> None:
        """Raise Refused PASS_MARK_RANGE unless 0 < pass mark <= full mark: by a mark of zero everybody would pass."""
        if not 0 < self.pass_mark <= self.full_mark:
            raise Refused(
                code="PASS_MARK_RANGE",
                message=f"合格分数 {self.pass_mark} 须大于 0 且不超过满分 {self.full_mark}。",
                advice="请对照文件核对满分与合格分数后重新提交。",
                field="pass_mark",
                value=str(self.pass_mark),
            )


def marks_in_force(marks: Iterable[PassMark], *, on: date, regions: tuple[str, ...]) -> dict[Part, PassMark]:
    """Give each part's pass mark on a day: the nearest region's, and among those the latest.

    `marks` are those of one occupation, level and certificate kind, at most one for each region, part and first day;
    `regions` are the class's region and its ancestors, nearest first. A part without a mark is absent; nobody ever
    passes by a missing mark.
    """
    found: dict[Part, PassMark] = {}
    for mark in marks:
        if mark.region not in regions or mark.valid_from > on:
            continue
        best = found.get(mark.part)
        if best is None or _nearness(mark, regions) > _nearness(best, regions):
            found[mark.part] = mark
    return found


def _nearness(mark: PassMark, regions: tuple[str, ...]) -> tuple[int, date]:
    return -regions.index(mark.region), mark.valid_from
