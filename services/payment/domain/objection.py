"""Objections to lines of a notice: an open one freezes only its lines, an upheld one keeps them unpaid for good."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from services.payment.domain.notice import Notice, not_running
from shared.domain.errors import Conflict, Refused
from shared.policy.terms.payment import Notice as NoticeTerm
from shared.policy.terms.payment import Objection as ObjectionTerm
from shared.policy.terms.payment import ObjectionRegister
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One entry of the register (JY-PAY-02); what the objector wrote is kept sealed and is not part of this."""

    objection_id: str
    notice_id: str
    claim_id: str
    line_nos: frozenset[int]
    raised_on: date
    upheld: bool | None = None
    finding: str | None = None
    resolved_by: str | None = None
    resolved_on: date | None = None

    @property
    def is_open(self) -> bool:
        """Say whether nobody has decided it yet."""
        return self.upheld is None


def raise_objection(
    notice: Notice,
    *,
    objection_id: str,
    line_nos: Iterable[int],
    persons: frozenset[int],
    term: ObjectionTerm | None,
    public: NoticeTerm | None,
    on: date,
) -> Objection:
    """Object to lines of people that the notice shows; raise Refused outside its days or for any other line.

    `persons` are the claim's lines that belong to a person. Where the document freezes more than the lines named
    (JY-PAY-01), the objection stands against everybody in the notice. `public` is the term of the notice's days.
    """
    freezes_all = term is not None and term.freezes != "lines"
    if not notice.accepts_objections(on):
        raise not_running(notice, public)
    wanted = frozenset(line_nos)
    shown = persons & {line_no for line_no, amount_fen in notice.amounts.items() if amount_fen > 0}
    if not wanted or not wanted <= shown:
        raise Refused(
            code="LINE_NOT_IN_NOTICE",
            message="所列序号不在公示名单中，或不是学员条目。",
            advice="请按公示名单填写学员条目的序号。",
            field="line_nos",
            **quote(term),
        )
    return Objection(
        objection_id=objection_id,
        notice_id=notice.notice_id,
        claim_id=notice.claim_id,
        line_nos=shown if freezes_all else wanted,
        raised_on=on,
    )


def resolve(
    objection: Objection, *, upheld: bool, finding: str, by: str, on: date, register: ObjectionRegister | None
) -> Objection:
    """Decide an objection; raise Refused FINDING_MISSING without a written finding (JY-PAY-02)."""
    if not objection.is_open:
        raise Conflict(
            code="OBJECTION_RESOLVED",
            message="该异议已经办结，不能重复处理。",
            advice="如有新的情况，请另行登记。",
        )
    if not finding.strip():
        raise Refused(
            code="FINDING_MISSING",
            message="办结异议须填写核查情况。",
            advice="请写明核查过程与结论后再办结。",
            field="finding",
            **quote(register),
        )
    return replace(objection, upheld=upheld, finding=finding, resolved_by=by, resolved_on=on)


def frozen_lines(objections: Iterable[Objection]) -> frozenset[int]:
    """Give the lines that wait for a decision."""
    return _lines(objection for objection in objections if objection.is_open)


def struck_lines(objections: Iterable[Objection]) -> frozenset[int]:
    """Give the lines that an upheld objection keeps from ever being paid."""
    return _lines(objection for objection in objections if objection.upheld)


def _lines(objections: Iterable[Objection]) -> frozenset[int]:
    return frozenset(number for objection in objections for number in objection.line_nos)
