"""Claims and what hangs on them <-> rows, both ways, spelled out."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row

from services.payment.domain.breach import Breach, BreachConclusion
from services.payment.domain.claim import Claim, Deadlines, EmployerPayment, Entry, Review, Undertaking
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty
from services.payment.domain.line_return import LineAnswer, LineReturn
from services.payment.domain.notice import Notice, NoticeState, Period
from services.payment.domain.objection import Objection
from services.payment.domain.release import Held
from services.payment.domain.state import Act, State
from services.payment.domain.subsidy import Assessment, Line
from shared.policy.decision import Finding, Trace

_FINDINGS: Final = TypeAdapter(tuple[Finding, ...])
_HELD: Final = TypeAdapter(Held | None)
_PAYMENT: Final = TypeAdapter(EmployerPayment | None)
_TRACES: Final = TypeAdapter(tuple[Trace, ...])


def traces_json(traces: Iterable[Trace]) -> Any:
    """Give traces as they are stored."""
    return _TRACES.dump_python(tuple(traces), mode="json")


def traces_of(stored: Any) -> tuple[Trace, ...]:
    """Give stored traces."""
    return _TRACES.validate_python(stored)


def claim_row(claim: Claim) -> dict[str, Any]:
    """Give what changes of a claim's row."""
    return {
        "state": claim.state.value,
        "round": claim.round,
        "received_on": claim.received_on,
        "review_due": claim.deadlines.review_due,
        "review_due_outer": claim.deadlines.review_due_outer,
        "overdue": sorted(claim.overdue),
        "clawback_fen": claim.clawback_fen,
        "uncomputed": claim.uncomputed,
        "base": claim.assessment.base,
        "recognised": claim.assessment.recognised,
        "traces": traces_json(claim.assessment.traces),
        "flags": _FINDINGS.dump_python(claim.assessment.flags, mode="json"),
        "held": _HELD.dump_python(claim.assessment.held, mode="json"),
        "undertaking_version": claim.undertaking.text_version,
        "undertaking_signer": claim.undertaking.signer,
        "undertaking_signed_on": claim.undertaking.signed_on,
        "employer_payment": _PAYMENT.dump_python(claim.employer_payment, mode="json"),
    }


def claim_of(row: Row[Any], **parts: Any) -> Claim:
    """Give the claim of its row and of what hangs on it."""
    lines = parts.pop("lines")
    return Claim(
        claim_id=row.claim_id,
        class_id=row.class_id,
        institution_id=row.institution_id,
        region=row.region,
        rulebook_id=row.rulebook_id,
        claimant=row.claimant,
        owner=row.owner,
        application_id=row.application_id,
        undertaking=Undertaking(
            text_version=row.undertaking_version,
            signer=row.undertaking_signer,
            signed_on=row.undertaking_signed_on,
        ),
        employer_payment=_PAYMENT.validate_python(row.employer_payment),
        received_on=row.received_on,
        deadlines=Deadlines(review_due=row.review_due, review_due_outer=row.review_due_outer),
        assessment=Assessment(
            lines=lines,
            base=row.base,
            recognised=row.recognised,
            traces=traces_of(row.traces),
            flags=_FINDINGS.validate_python(row.flags),
            held=_HELD.validate_python(row.held),
        ),
        state=State(row.state),
        round=row.round,
        overdue=frozenset(row.overdue),
        clawback_fen=row.clawback_fen,
        uncomputed=row.uncomputed,
        since=row.state_since,
        version=row.version,
        **parts,
    )


def line_row(claim_id: str, line: Line) -> dict[str, Any]:
    """Give the row of a line."""
    return {
        "claim_id": claim_id,
        "line_no": line.line_no,
        "person_id": line.person_id,
        "masked_name": line.masked_name,
        "payee_check": line.payee_check,
        "programme": line.programme,
        "certificate_kind": line.certificate_kind,
        "amount_fen": line.amount_fen,
        "recognised": line.recognised,
        "findings": _FINDINGS.dump_python(line.findings, mode="json"),
        "traces": traces_json(line.traces),
        "evidence": list(line.evidence),
    }


def line_of(row: Row[Any]) -> Line:
    """Give the line of a row."""
    return Line(
        line_no=row.line_no,
        person_id=row.person_id,
        masked_name=row.masked_name,
        payee_check=row.payee_check,
        programme=row.programme,
        certificate_kind=row.certificate_kind,
        amount_fen=row.amount_fen,
        recognised=row.recognised,
        findings=_FINDINGS.validate_python(row.findings),
        traces=traces_of(row.traces),
        evidence=tuple(row.evidence),
    )


def decision_row(claim_id: str, number: int, decision: Decision) -> dict[str, Any]:
    """Give the row of a decision."""
    return {
        "claim_id": claim_id,
        "number": number,
        "rule": decision.rule,
        "accepted": decision.accepted,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "decided_on": decision.decided_on,
        "persons": None if decision.persons is None else sorted(decision.persons),
        "kinds": sorted(decision.kinds),
        "valid_from": decision.valid_from,
        "valid_until": decision.valid_until,
        "funder": decision.funder,
    }


def decision_of(row: Row[Any]) -> Decision:
    """Give the decision of a row."""
    return Decision(
        rule=row.rule,
        accepted=row.accepted,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        persons=None if row.persons is None else frozenset(row.persons),
        kinds=frozenset(row.kinds),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        funder=row.funder,
    )


def duty_rows(claim_id: str, duties: Mapping[str, Duty]) -> list[dict[str, Any]]:
    """Give the rows of duties by actor."""
    return [{"claim_id": claim_id, "actor": actor, "duty": duty.value} for actor, duty in duties.items()]


def review_row(claim_id: str, review: Review) -> dict[str, Any]:
    """Give the row of a review."""
    return {
        "claim_id": claim_id,
        "round": review.round,
        "step": review.step.value,
        "approved": review.approved,
        "actor": review.actor,
        "decided_at": review.decided_at,
        "opinion": review.opinion,
        "reason_code": review.reason_code,
    }


def review_of(row: Row[Any]) -> Review:
    """Give the review of a row."""
    return Review(
        round=row.round,
        step=Act(row.step),
        approved=row.approved,
        actor=row.actor,
        decided_at=row.decided_at,
        opinion=row.opinion,
        reason_code=row.reason_code,
    )


def entry_row(claim_id: str, entry: Entry) -> dict[str, Any]:
    """Give the row of an approval."""
    return {
        "claim_id": claim_id,
        "entry": entry.number,
        "round": entry.round,
        "approved_on": entry.approved_on,
        "first_reviewer": entry.first_reviewer,
        "second_reviewer": entry.second_reviewer,
        "approver": entry.approver,
        "rates_until": entry.rates_until,
        "clawback": None if entry.clawback is None else traces_json([entry.clawback])[0],
    }


def entry_of(row: Row[Any], amounts: Mapping[int, int]) -> Entry:
    """Give the approval of its row and the amounts of its lines."""
    return Entry(
        number=row.entry,
        round=row.round,
        amounts=amounts,
        approved_on=row.approved_on,
        first_reviewer=row.first_reviewer,
        second_reviewer=row.second_reviewer,
        approver=row.approver,
        rates_until=row.rates_until,
        clawback=None if row.clawback is None else traces_of([row.clawback])[0],
    )


def entry_line_row(claim: Claim, entry: Entry, line_no: int) -> dict[str, Any]:
    """Give the row of what an approval added to a line, with what it was approved on."""
    line = claim.line(line_no)
    return {
        "claim_id": claim.claim_id,
        "entry": entry.number,
        "line_no": line_no,
        "amount_fen": entry.amounts[line_no],
        "certificate_kind": line.certificate_kind,
        "traces": traces_json(line.traces if entry.clawback is None else (entry.clawback,)),
        "evidence": list(line.evidence),
    }


def amounts_json(amounts: Mapping[int, int]) -> dict[str, int]:
    """Give amounts by line number as they are stored; JSON has no numbers for keys."""
    return {str(line_no): amount for line_no, amount in sorted(amounts.items())}


def amounts_of(stored: Mapping[str, int]) -> dict[int, int]:
    """Give stored amounts by line number."""
    return {int(line_no): amount for line_no, amount in stored.items()}


def notice_row(notice: Notice) -> dict[str, Any]:
    """Give the row of a notice."""
    return {
        "notice_id": notice.notice_id,
        "claim_id": notice.claim_id,
        "round": notice.round,
        "state": notice.state.value,
        "starts_on": notice.period.starts_on,
        "ends_on": notice.period.ends_on,
        "payable_from": notice.period.payable_from,
        "site": notice.site,
        "amounts": amounts_json(notice.amounts),
        "content": dict(notice.content),
        "list_hash": notice.list_hash,
        "published_by": notice.published_by,
    }


def notice_of(row: Row[Any]) -> Notice:
    """Give the notice of a row."""
    return Notice(
        notice_id=row.notice_id,
        claim_id=row.claim_id,
        round=row.round,
        state=NoticeState(row.state),
        period=Period(starts_on=row.starts_on, ends_on=row.ends_on, payable_from=row.payable_from),
        site=row.site,
        amounts=amounts_of(row.amounts),
        content=row.content,
        list_hash=row.list_hash,
        published_by=row.published_by,
    )


def objection_row(objection: Objection) -> dict[str, Any]:
    """Give the row of an objection, without what the objector wrote."""
    return {
        "objection_id": objection.objection_id,
        "notice_id": objection.notice_id,
        "claim_id": objection.claim_id,
        "line_nos": sorted(objection.line_nos),
        "raised_on": objection.raised_on,
        "upheld": objection.upheld,
        "finding": objection.finding,
        "resolved_by": objection.resolved_by,
        "resolved_on": objection.resolved_on,
    }


def objection_of(row: Row[Any]) -> Objection:
    """Give the objection of a row."""
    return Objection(
        objection_id=row.objection_id,
        notice_id=row.notice_id,
        claim_id=row.claim_id,
        line_nos=frozenset(row.line_nos),
        raised_on=row.raised_on,
        upheld=row.upheld,
        finding=row.finding,
        resolved_by=row.resolved_by,
        resolved_on=row.resolved_on,
    )


def line_return_row(claim_id: str, returned: LineReturn) -> dict[str, Any]:
    """Give the row of a line's return."""
    return {
        "claim_id": claim_id,
        "number": returned.number,
        "line_no": returned.line_no,
        "round": returned.round,
        "reason_code": returned.reason_code,
        "note": returned.note,
        "returned_by": returned.returned_by,
        "duty": returned.duty.value,
        "returned_on": returned.returned_on,
        "answer": returned.answer.value if returned.answer else None,
        "statement": returned.statement,
        "answered_by": returned.answered_by,
        "answered_on": returned.answered_on,
    }


def line_return_of(row: Row[Any]) -> LineReturn:
    """Give the line's return of a row."""
    return LineReturn(
        number=row.number,
        line_no=row.line_no,
        round=row.round,
        reason_code=row.reason_code,
        note=row.note,
        returned_by=row.returned_by,
        duty=Duty(row.duty),
        returned_on=row.returned_on,
        answer=LineAnswer(row.answer) if row.answer else None,
        statement=row.statement,
        answered_by=row.answered_by,
        answered_on=row.answered_on,
    )


def breach_row(breach: Breach) -> dict[str, Any]:
    """Give the row of a breach."""
    return {
        "breach_id": breach.breach_id,
        "claim_id": breach.claim_id,
        "facts": breach.facts,
        "evidence": breach.evidence,
        "opened_by": breach.opened_by,
        "opened_on": breach.opened_on,
        "conclusion": breach.conclusion.value if breach.conclusion else None,
        "reason": breach.reason,
        "closed_by": breach.closed_by,
        "closed_on": breach.closed_on,
        "line_nos": sorted(breach.line_nos),
    }


def breach_of(row: Row[Any]) -> Breach:
    """Give the breach of a row."""
    return Breach(
        breach_id=row.breach_id,
        claim_id=row.claim_id,
        facts=row.facts,
        evidence=row.evidence,
        opened_by=row.opened_by,
        opened_on=row.opened_on,
        conclusion=BreachConclusion(row.conclusion) if row.conclusion else None,
        reason=row.reason,
        closed_by=row.closed_by,
        closed_on=row.closed_on,
        line_nos=frozenset(row.line_nos),
    )
