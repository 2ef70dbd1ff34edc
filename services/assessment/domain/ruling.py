"""What the bureau decides for a region where the document is open: windows (JY-ASM-03), exceptions (JY-ASM-06)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from shared.contracts.assessment import CertificateKind
from shared.domain.errors import Conflict, Refused
from shared.policy.judging import CONSISTENCY
from shared.policy.terms.assessment import TransitionalExceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamWindow:
    """Days, both included, on which exams of online classes are applied for; `source` names the notice that set it."""

    region: str
    opens: date
    closes: date
    source: str

    def holds_on(self, day: date) -> bool:
        """Say whether the day lies in it."""
        return self.opens <= day <= self.closes

    def require_order(self) -> None:
        """Raise Refused WINDOW_DATES when it closes before it opens."""
        if self.closes < self.opens:
            raise Refused(
                code="WINDOW_DATES",
                message="申请时间的截止日早于开始日。",
                advice="请对照文件核对起止日期。",
                field="closes",
                value=self.closes.isoformat(),
            )


def windows_of_year(windows: Iterable[ExamWindow], *, on: date, regions: tuple[str, ...]) -> tuple[ExamWindow, ...]:
    """Give the windows of the day's year that the nearest region has set, earliest first; none when none has.

    `regions` are the class's region and its ancestors, nearest first.
    """
    of_year = [one for one in windows if one.region in regions and on.year in (one.opens.year, one.closes.year)]
    nearest = min((regions.index(one.region) for one in of_year), default=None)
    return tuple(sorted((one for one in of_year if regions.index(one.region) == nearest), key=lambda one: one.opens))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """From which day an exception no longer holds, who decided so and why."""

    on: date
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionalException:
    """A recorded decision that the completion exam may stand in for a kind in an occupation, from a day to a day."""

    exception_id: str
    region: str
    occupation: str
    kind: CertificateKind
    starts_on: date
    ends_on: date
    document: str
    reason: str
    decided_by: str
    decided_on: date
    revocation: Revocation | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether an exam on the day is covered."""
        until = self.revocation
        return self.starts_on <= day <= self.ends_on and (until is None or day < until.on)


def require_excepted(asked: TransitionalException, term: TransitionalExceptions | None) -> None:
    """Raise Refused KIND_NOT_EXCEPTED for a kind that the document does not except, EXCEPTION_DATES for odd dates."""
    named = term or CONSISTENCY
    if term is None or asked.kind not in term.kinds:
        raise Refused(
            code="KIND_NOT_EXCEPTED",
            message="文件未对该证书种类规定过渡期例外。",
            advice="仅可为职业技能等级认定、专项职业能力考核等文件列明的种类设定例外。",
            field="certificate_kind",
            value=asked.kind,
            rule=named.rule,
            clause=named.clause,
            document=named.document,
        )
    if asked.ends_on < asked.starts_on:
        raise Refused(
            code="EXCEPTION_DATES",
            message="例外的截止日早于开始日。",
            advice="请对照决定文件核对起止日期。",
            field="ends_on",
            value=asked.ends_on.isoformat(),
        )


def revoke(exception: TransitionalException, revocation: Revocation, *, today: date) -> TransitionalException:
    """End an exception before its time, from today on at the earliest: what was examined under it keeps its worth.

    Raise Conflict ALREADY_REVOKED, Refused REVOCATION_DATE for a day that has passed.
    """
    if exception.revocation is not None:
        raise Conflict(
            code="ALREADY_REVOKED",
            message=f"该例外已自 {exception.revocation.on.isoformat()} 起撤销。",
            advice="无需重复撤销；需恢复的，请重新登记例外决定。",
        )
    if revocation.on < today:
        raise Refused(
            code="REVOCATION_DATE",
            message="撤销生效日不得早于今日。",
            advice="请填写今日或以后的日期。",
            field="on",
            value=revocation.on.isoformat(),
        )
    return replace(exception, revocation=revocation)


def excepted_kinds(
    exceptions: Iterable[TransitionalException], *, on: date, regions: tuple[str, ...]
) -> frozenset[CertificateKind]:
    """Give the kinds for which an exception of the class's region or an ancestor holds on the exam day.

    `exceptions` are those of the class's occupation.
    """
    return frozenset(one.kind for one in exceptions if one.region in regions and one.holds_on(on))
