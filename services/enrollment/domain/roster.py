"""The learner roster (花名册): every row is judged by itself, and no bad row harms a good one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from services.enrollment.domain.decision import ROW_RETURNED, RecordedDecision, verdict_under, weigh
from services.enrollment.domain.plan import judge_size
from services.enrollment.domain.roster_row import RosterContext, RosterRow
from services.enrollment.domain.row_judgement import duplicate, judge_row
from shared.contracts.payment import RefusedReservation
from shared.domain.errors import refused_by
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY, Verdict, stopping
from shared.policy.rulebook import Rulebook
from shared.policy.terms.class_plan import ClassSize

ROWS_MAX: Final = 500
"""Most rows of one class's roster: far above any class size, so that a wrong file is told, not stored."""

DEFAULTS_OF_A_QUESTION: Final = frozenset(
    {
        *("name", "phone", "group", "evidence", "employer_name", "employer_credit_code", "employer_region"),
        "declares_ability_and_will",
        *(
            "group_kind",
            "place_links",
            "release_on",
            "graduation_year",
            "employed_since",
            "qualified_on",
            "consented_on",
        ),
    }
)
"""Fields of a row that a question about a person may leave open, which nobody then holds against them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say of one row, and the classes whose release of the person it relied on."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    relies_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """A row with its judgement; `withdrawn_on` is the day the person left the class after its approval.

    `withdrawal_code` is the standard reason, `withdrawal_reason` what the institution says besides.
    """

    row: RosterRow
    judgement: Judgement
    withdrawn_on: date | None = None
    withdrawal_code: str | None = None
    withdrawal_reason: str | None = field(default=None, repr=False)

    @property
    def person_id(self) -> str:
        """Give who the row is; only a refused row may be nobody, and of that one this must not be asked."""
        if self.row.person_id is None:
            raise AssertionError("a row without a person is never on the roster")
        return self.row.person_id

    @property
    def is_on_roster(self) -> bool:
        """Say whether the person is to be trained: not refused and not withdrawn."""
        return self.judgement.verdict != "refused" and self.withdrawn_on is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows of a roster by verdict; `key_groups` counts those not refused whose group is a key group."""

    rows: int
    accepted: int
    refused: int
    ask: int
    key_groups: int


Decisions = Mapping[int | None, Sequence[RecordedDecision]]
"""The decisions that count in a case, by row; under None those on the plan."""


def judge_roster(
    rows: Iterable[RosterRow],
    context: RosterContext,
    book: Rulebook,
    *,
    decisions: Decisions | None = None,
    present: Collection[str] = (),
) -> dict[int, Judgement]:
    """Judge every row, whatever the order in which they came, under the decisions recorded on it.

    Of several rows for one person the lowest-numbered one that nothing else stops stands; those after it, and people
    `present` in the class already, are DUPLICATE_IN_CLASS (JY-ENR-04).
    """
    standing = set(present)
    judged: dict[int, Judgement] = {}
    for row in sorted(rows, key=lambda row: row.row):
        findings, relies_on = judge_row(row, context, book)
        answered = (decisions or {}).get(row.row, ())
        if row.person_id in standing:
            findings = [*findings, duplicate(book)]
        elif row.person_id is not None and not stopping(weigh(findings, answered)):
            standing.add(row.person_id)
        verdict = verdict_under(findings, answered)
        judged[row.row] = Judgement(verdict=verdict, findings=tuple(findings), relies_on=relies_on)
    return judged


def count(entries: Iterable[RosterEntry], book: Rulebook) -> Counts:
    """Count the rows by verdict."""
    rows = list(entries)
    verdicts = [entry.judgement.verdict for entry in rows]
    key_codes = {group.code for group in book.enrollment.groups if group.key_group}
    return Counts(
        rows=len(rows),
        accepted=verdicts.count("accepted"),
        refused=verdicts.count("refused"),
        ask=verdicts.count("ask"),
        key_groups=sum(entry.row.group in key_codes for entry in rows if entry.judgement.verdict != "refused"),
    )


def judge_headcount(counts: Counts, *, planned: int, book: Rulebook) -> list[Finding]:
    """Stop a roster with more or fewer rows than planned, refused ones counted, or with nobody to train (JY-ENR-03)."""

    def stop(code: str, message: str, advice: str) -> Finding:
        basis = book.enrollment.documents or CONSISTENCY
        return basis.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field="planned")

    found = []
    if counts.rows != planned:
        message = f"计划人数为 {planned} 人，花名册有 {counts.rows} 行（含不予通过的行）。"
        found.append(stop("ROSTER_COUNT_MISMATCH", message, "请使花名册行数与计划人数一致。"))
    if counts.accepted + counts.ask == 0:
        found.append(stop("ROSTER_EMPTY", "花名册没有可培训的学员。", "请补充花名册后再提交。"))
    return found


def judge_mix(counts: Counts, *, planned: int, terms: ClassSize | None) -> list[Finding]:
    """Stop a class above the cap that its people bring: any key group, or a majority of them, the lower (JY-ENR-07)."""
    if terms is None:
        return []
    people = counts.accepted + counts.ask
    key_groups = counts.key_groups > 0 if terms.mixed_class == "any" else counts.key_groups * 2 > people
    return judge_size(planned, key_groups=key_groups, terms=terms)


def decided(
    entry: RosterEntry, decisions: Sequence[RecordedDecision], *, others: Iterable[RosterEntry], book: Rulebook
) -> RosterEntry:
    """Give the entry under the decisions recorded on it; raise Refused when its person stands on the roster already."""
    if any(decision.outcome == "return" for decision in decisions):
        entry = replace(entry, judgement=_returned(entry.judgement, decisions, book))
    verdict = verdict_under(entry.judgement.findings, decisions)
    if verdict != "refused" and any(one.is_on_roster and one.row.person_id == entry.row.person_id for one in others):
        raise refused_by(duplicate(book))
    return replace(entry, judgement=replace(entry.judgement, verdict=verdict))


def _returned(judgement: Judgement, decisions: Sequence[RecordedDecision], book: Rulebook) -> Judgement:
    basis = next((one.basis for one in reversed(decisions) if one.outcome == "return"), None)
    reasons = book.enrollment.reasons
    name = next((item.name for item in (reasons.trainee_return if reasons else ()) if item.code == basis), basis)
    finding = (reasons or CONSISTENCY).finding(
        code=ROW_RETURNED,
        severity=Severity.STOP,
        message=f"审批人员退回本行：{name}。",
        advice="本行不计入本班；请补正材料，在班级退回后重新提交，或在批准后通过变更申请补入。",
        field="row",
        value=basis,
    )
    others = tuple(one for one in judgement.findings if one.code != ROW_RETURNED)
    return replace(judgement, findings=(*others, finding))


def judged_again(entry: RosterEntry, judgement: Judgement, *, on: date) -> RosterEntry:
    """Give the entry after an approved class was judged anew, which takes off the roster whom the rules now refuse.

    Whom the reviewers saw refused stays refused. Whoever is refused now leaves on the day: a slot may be reserved for
    them, and their next judgement relies on its release.
    """
    if entry.judgement.verdict == "refused":
        return entry
    left_on = on if judgement.verdict == "refused" else entry.withdrawn_on
    return replace(entry, judgement=judgement, withdrawn_on=left_on)


def refuse_reservation(entry: RosterEntry, refusal: RefusedReservation, *, document: str) -> RosterEntry:
    """Give the entry refused by payment, with payment's own rule and message kept beside what stood there."""
    finding = Finding(
        code=refusal.code,
        rule=refusal.rule,
        document=document,
        clause=refusal.clause,
        severity=Severity.STOP,
        message=refusal.message,
        advice="该人员不计入本班补贴人数；对结果有异议的，请向人社部门申请复核。",
    )
    judgement = replace(entry.judgement, verdict="refused", findings=(*entry.judgement.findings, finding))
    return replace(entry, judgement=judgement)
