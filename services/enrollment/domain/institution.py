"""Training institutions: what they are, for what and when the directory (目录) lists them, and whether it may."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.contracts.enrollment import InstitutionListed
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY, refuse_stopped
from shared.policy.terms.institution import Directory, InstitutionKinds, PrivateSchool

Ownership = Literal["public", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityIncident:
    """A liability problem from running the school, as a person found it (JY-INS-05)."""

    on: date
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualInspection:
    """The result of one year's inspection (年检)."""

    year: int
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """A registered institution; `kind` comes from the rulebook.

    Ownership decides nothing (JY-INS-06, HL-INS-04, LS-INS-02).
    """

    institution_id: str
    name: str
    credit_code: str
    kind: str
    region: str
    ownership: Ownership
    liability_incidents: tuple[LiabilityIncident, ...] = ()
    annual_inspections: tuple[AnnualInspection, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """The directory lists the institution for these occupations, first and last day included; None has no end."""

    entry_id: str
    valid_from: date
    valid_to: date | None
    occupations: tuple[str, ...]

    def covers(self, day: date, occupation: str) -> bool:
        """Say whether the entry covers the day and the occupation."""
        in_time = self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
        return in_time and occupation in self.occupations


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A person filed as teacher (报备, JY-INS-07); several institutions may file the same person."""

    teacher_id: str
    institution_id: str
    person_id: str
    specialty: str
    qualification: str
    full_time: bool
    filed_on: date


def judge_kind(kind: str, terms: InstitutionKinds | None) -> list[Finding]:
    """Stop a kind outside the closed list; warn where a person has to look at the kind (JY-INS-12)."""
    if terms is None:
        return []
    known = next((entry for entry in terms.kinds if entry.code == kind), None)
    if known is None:
        codes = "、".join(entry.code for entry in terms.kinds)
        return [
            terms.finding(
                code="INSTITUTION_KIND_UNKNOWN",
                severity=Severity.STOP,
                message="机构类别不在规定的类别之内。",
                advice=f"请从下列类别中选择：{codes}。",
                field="kind",
                value=kind,
            )
        ]
    if not known.human_review:
        return []
    return [
        terms.finding(
            code="INSTITUTION_KIND_REVIEW",
            severity=Severity.WARN,
            message=f"机构类别“{known.name}”未在文件中具体列明。",
            advice="请在列入目录前人工核实该机构承担补贴性培训的依据。",
            field="kind",
            value=kind,
        )
    ]


def judge_credit_code(*, doubtful: bool) -> list[Finding]:
    """Warn of a credit code with a wrong check character, which some early codes bear legally (GB 32100)."""
    if not doubtful:
        return []
    return [
        CONSISTENCY.finding(
            code="CREDIT_CODE_DOUBTFUL",
            severity=Severity.WARN,
            message="统一社会信用代码的校验位与标准不符，早期代码存在这种情形。",
            advice="请对照营业执照或法人证书核实。",
            field="credit_code",
        )
    ]


def judge_private_school(institution: Institution, terms: PrivateSchool | None) -> list[Finding]:
    """Stop a private school with a liability problem since the named day or without the inspection (JY-INS-05)."""
    if terms is None or institution.kind not in terms.institution_kinds:
        return []
    found = []
    if any(incident.on >= terms.no_liability_since for incident in institution.liability_incidents):
        found.append(
            terms.finding(
                code=f"LIABILITY_SINCE_{terms.no_liability_since.year}",
                severity=Severity.STOP,
                message=f"该民办机构自 {terms.no_liability_since.isoformat()} 以来有办学责任问题记录。",
                advice="不得承担补贴性培训；对责任认定有异议的，请向主管部门申请复核。",
            )
        )
    inspections = [row for row in institution.annual_inspections if row.year == terms.inspection_year]
    if not inspections or not inspections[-1].passed:
        found.append(
            terms.finding(
                code="INSPECTION_NOT_PASSED",
                severity=Severity.STOP,
                message=f"没有该民办机构 {terms.inspection_year} 年度年检“{terms.inspection_result}”的记录。",
                advice="请主管部门在机构登记中补记该年度年检结果后再办理。",
            )
        )
    return found


def judge_directory(
    entries: Iterable[DirectoryEntry], *, day: date, occupation: str, terms: Directory | None
) -> list[Finding]:
    """Stop unless an entry covers the opening date and the occupation (JY-INS-01)."""
    if terms is None or any(entry.covers(day, occupation) for entry in entries):
        return []
    return [
        terms.finding(
            code="NOT_IN_DIRECTORY",
            severity=Severity.STOP,
            message=f"{day.isoformat()} 当日，补贴性培训机构目录中没有贵单位培训工种 {occupation} 的有效条目。",
            advice="请核对开班日期与工种；确需办理的，先向人社部门申请列入目录。",
            field="opening_date",
            value=day.isoformat(),
        )
    ]


def list_institution(institution: Institution, entry: DirectoryEntry, terms: PrivateSchool | None) -> InstitutionListed:
    """Give the event of a directory entry, or raise what stops it: the entry conditions of private schools."""
    require_order(entry.valid_from, entry.valid_to, field="valid_to")
    refuse_stopped(judge_private_school(institution, terms))
    return listed_event(institution, entry)


def require_apart(entry: DirectoryEntry, standing: Iterable[DirectoryEntry]) -> None:
    """Raise Conflict ENTRY_OVERLAPS where another entry lists an occupation of this one on one of its days.

    Of two entries for the same days one could be ended and the other would go on listing (JY-INS-01).
    """
    for other in standing:
        both = sorted({*entry.occupations} & {*other.occupations})
        begins_in_time = other.valid_to is None or entry.valid_from <= other.valid_to
        ends_too_late = entry.valid_to is None or other.valid_from <= entry.valid_to
        if both and begins_in_time and ends_too_late:
            raise Conflict(
                code="ENTRY_OVERLAPS",
                message=f"目录条目 {other.entry_id} 在同一期间已列入工种 {'、'.join(both)}。",
                advice="请改用不重叠的起止日期或工种；需要更改的，请先提前终止原条目。",
                field="valid_from",
                value=entry.valid_from.isoformat(),
            )


def end_entry(entry: DirectoryEntry, *, on: date, today: date) -> DirectoryEntry:
    """Let the entry end earlier, on a last day that is neither past nor before its first; raise Refused otherwise."""
    require_order(max(entry.valid_from, today), on, field="valid_to")
    if entry.valid_to is not None and on >= entry.valid_to:
        raise Conflict(
            code="ENTRY_ENDS_EARLIER",
            message=f"该目录条目已于或将于 {entry.valid_to.isoformat()} 终止。",
            advice="终止只能提前；需要延长的，请另行列入目录。",
            field="valid_to",
            value=on.isoformat(),
        )
    return replace(entry, valid_to=on)


def listed_event(institution: Institution, entry: DirectoryEntry) -> InstitutionListed:
    """Say in an event what the directory says of the institution."""
    return InstitutionListed(
        institution_id=institution.institution_id,
        name=institution.name,
        credit_code=institution.credit_code,
        kind=institution.kind,
        region=institution.region,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        occupations=entry.occupations,
        entry_id=entry.entry_id,
    )


def require_order(first: date, last: date | None, *, field: str) -> None:
    """Raise Refused DATES_REVERSED when the last day lies before the first."""
    if last is not None and last < first:
        raise Refused(
            code="DATES_REVERSED",
            message=f"截止日期 {last.isoformat()} 早于起始日期 {first.isoformat()}。",
            advice="请改正日期后重新提交。",
            field=field,
            value=last.isoformat(),
        )


def require_past(day: date, *, today: date, field: str) -> None:
    """Raise Refused DAY_IN_FUTURE for something that is said to have happened on a day that has not come."""
    if day > today:
        raise Refused(
            code="DAY_IN_FUTURE",
            message=f"日期 {day.isoformat()} 尚未到来。",
            advice="请填写实际发生的日期。",
            field=field,
            value=day.isoformat(),
        )
