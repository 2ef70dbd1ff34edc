"""A reviewer records a decision on questions of the rules, or gives single rows back (JY-ENR-05, -09 to -16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.enrollment.application.judging import institution_of
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.quotas import with_quota_now
from services.enrollment.application.scope import class_of_region, visible_class
from services.enrollment.application.steps import take_due_step
from services.enrollment.domain.change import decisions_in_effect, proposed, questions_by_row
from services.enrollment.domain.decision import (
    ROW_RETURNED,
    Outcome,
    RecordedDecision,
    bases_for,
    require_basis,
    require_question,
)
from services.enrollment.domain.plan import class_terms
from services.enrollment.domain.roster import RosterEntry, count, decided, judge_mix
from services.enrollment.domain.training_class import UNDER_REVIEW, TrainingClass
from shared.domain.errors import NotFound, Refused
from shared.policy.decision import Finding, Severity, TraceValue
from shared.policy.judging import CONSISTENCY, refuse_stopped
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reviewer says: to the finding `code` of the rows, or of the plan when there are none.

    For `return` the code is left out and `basis` is the standard reason. `case` is 0 for the application, else the
    number of the proposed change.
    """

    case: int
    rows: tuple[int, ...]
    code: str | None
    outcome: Outcome
    basis: str | None
    reason: str


async def decide_questions(
    uow: UnitOfWork, *, class_id: str, answer: Answer
) -> tuple[TrainingClass, list[RecordedDecision]]:
    """Record the decision in the actor's name, who thereby takes the due step's duty; rows follow at once.

    Raise NotFound for a question that nobody asked, Refused NOT_DECIDABLE for a plain stop, Refused BASIS_UNKNOWN.
    """
    training_class = await class_of_region(uow, class_id)
    book = uow.shelf.by_id(training_class.rulebook_id)
    if answer.case == 0:
        training_class.require(*UNDER_REVIEW, act="记录审批决定")
        training_class, _ = await with_quota_now(uow, training_class, await institution_of(uow, training_class))
        asked = await _questions_of_application(uow, training_class)
    else:
        change = proposed(await uow.changes.of_class(class_id), answer.case)
        book = uow.shelf.in_force(training_class.region, change.opening_date)
        asked = questions_by_row(change)
    step = await take_due_step(uow, training_class, book, case=answer.case)
    before = await uow.decisions.of_class(class_id)
    made = []
    for number, row in enumerate(answer.rows or (None,), start=len(before) + 1):
        finding = _question(asked, row, answer, book)
        decision = RecordedDecision(
            number=number,
            round=training_class.round,
            change=answer.case,
            step=step.code,
            actor=uow.actor.subject,
            row=row,
            code=finding.code,
            outcome=answer.outcome,
            basis=_basis(answer, finding, book),
            rule=finding.rule,
            document=finding.document,
            clause=finding.clause,
            reason=answer.reason,
            decided_at=uow.now,
        )
        await uow.decisions.add(class_id, decision)
        made.append(decision)
    if answer.case == 0:
        await _let_rows_follow(uow, training_class, [*before, *made], set(answer.rows), book)
    training_class = await uow.classes.save(training_class)
    details: dict[str, TraceValue] = {"case": answer.case, "code": made[0].code, "rows": len(answer.rows)}
    details |= {"outcome": answer.outcome, "basis": answer.basis}
    await uow.audit(action="question_decided", subject=class_id, details=details)
    return training_class, made


async def list_decisions(uow: UnitOfWork, class_id: str) -> tuple[TrainingClass, list[RecordedDecision]]:
    """Give a class that the actor may read, and every decision on it in order."""
    return await visible_class(uow, class_id), await uow.decisions.of_class(class_id)


async def _questions_of_application(
    uow: UnitOfWork, training_class: TrainingClass
) -> dict[int | None, tuple[Finding, ...]]:
    asked: dict[int | None, tuple[Finding, ...]] = {None: training_class.findings}
    for entry in await uow.rosters.entries(training_class.class_id):
        asked[entry.row.row] = entry.judgement.findings
    return asked


def _question(
    asked: Mapping[int | None, Sequence[Finding]], row: int | None, answer: Answer, book: Rulebook
) -> Finding:
    if answer.outcome == "return" and (row is None or answer.case != 0):
        raise Refused(
            code="RETURN_NEEDS_ROWS",
            message="退回单个学员只适用于审批中的开班申请，且须写明行号。",
            advice="请填写 rows；变更申请请整体退回，或对该行作出不予同意的决定。",
            field="rows",
        )
    if row is not None and row not in asked:
        raise NotFound(
            code="ROW_NOT_FOUND", message=f"没有第 {row} 行。", advice="请先查询花名册或变更申请。", field="rows"
        )
    if answer.outcome != "return":
        return require_question(asked.get(row, ()), answer.code or "", book.enrollment, row=row)
    basis = book.enrollment.reasons or CONSISTENCY
    return basis.finding(code=ROW_RETURNED, severity=Severity.STOP, message="", advice="")


def _basis(answer: Answer, finding: Finding, book: Rulebook) -> str | None:
    if answer.outcome == "return":
        reasons = book.enrollment.reasons
        return require_basis(answer.basis, reasons.trainee_return if reasons else ())
    bases = bases_for(finding.code, book.enrollment)
    if answer.basis is None and (answer.outcome == "refuse" or not bases):
        return None
    return require_basis(answer.basis, bases)


async def _let_rows_follow(
    uow: UnitOfWork,
    training_class: TrainingClass,
    decisions: Sequence[RecordedDecision],
    rows: set[int],
    book: Rulebook,
) -> None:
    """Judge the rows under what was decided; whoever comes back must leave the class within its cap (JY-ENR-07)."""
    counting = decisions_in_effect(training_class, decisions)
    entries = {entry.row.row: entry for entry in await uow.rosters.entries(training_class.class_id)}
    changed: list[RosterEntry] = []
    for number in sorted(rows):
        others = [entry for other, entry in entries.items() if other != number]
        entries[number] = decided(entries[number], counting.get(number, ()), others=others, book=book)
        changed.append(entries[number])
    plan = training_class.plan
    terms = class_terms(plan.kind, book.enrollment).class_size
    refuse_stopped(judge_mix(count(entries.values(), book), planned=plan.planned, terms=terms))
    await uow.rosters.save_judgements(training_class.class_id, changed)
