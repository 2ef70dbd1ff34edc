"""A reviewer reads what a row states, when a question has to be decided on it; every look is audited."""

from dataclasses import dataclass, field

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import class_of_region
from services.enrollment.domain.change import proposed, questions_by_row
from services.enrollment.domain.decision import is_decidable
from services.enrollment.domain.reasons import standard_reason
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.training_class import UNDER_REVIEW
from shared.domain.errors import NotFound, Refused
from shared.policy.decision import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """What a question needs: name and number only where they are in question themselves."""

    row: RosterRow
    codes: tuple[str, ...]
    evidence: str = field(repr=False)
    name: str | None = field(repr=False)
    identity_number: str | None = field(repr=False)


async def reveal_row(uow: UnitOfWork, *, class_id: str, case: int, row: int, code: str) -> Revealed:
    """Give what a row under review states, for the standard reason `code`; raise Refused without a question on it."""
    training_class = await class_of_region(uow, class_id)
    book = uow.shelf.by_id(training_class.rulebook_id)
    reasons = book.enrollment.reasons
    code = standard_reason(code, reasons.reveal if reasons else None).code
    found: RosterRow | None
    findings: tuple[Finding, ...]
    if case == 0:
        training_class.require(*UNDER_REVIEW, act="查看学员申报内容")
        entry = next((one for one in await uow.rosters.entries(class_id) if one.row.row == row), None)
        found, findings = (entry.row, entry.judgement.findings) if entry else (None, ())
    else:
        change = proposed(await uow.changes.of_class(class_id), case)
        found = next((one for one in change.added if one.row == row), None)
        findings = questions_by_row(change).get(row, ())
    if found is None:
        raise NotFound(code="ROW_NOT_FOUND", message=f"没有第 {row} 行。", advice="请先查询花名册。", field="row")
    asked = tuple(finding.code for finding in findings if is_decidable(finding, book.enrollment))
    if not asked:
        raise Refused(
            code="NOTHING_TO_DECIDE",
            message=f"第 {row} 行没有须人工决定的问题，不提供申报内容。",
            advice="请只查看须人工决定的行；其他行已由规则判定。",
            field="row",
            value=str(row),
        )
    await uow.audit(action="row_revealed", subject=class_id, details={"case": case, "row": row, "reason_code": code})
    shows_identity = "NAME_DIFFERS" in asked
    return Revealed(
        row=found,
        codes=asked,
        evidence=found.particulars.evidence,
        name=found.particulars.name if shows_identity else None,
        identity_number=found.particulars.identity_number if shows_identity else None,
    )
