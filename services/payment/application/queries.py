"""What people read: a claim, a class as far as payment knows it, and the ledger of every fen."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter

from services.payment.application.assessing import past_of
from services.payment.application.order_ports import Account, Attempt
from services.payment.application.ports import ApprovedPart, ObjectionText, PaymentUnit
from services.payment.application.scope import BUREAU, unknown, visible_claim, visible_class
from services.payment.domain.advance_money import AdvancePayment
from services.payment.domain.claim import Claim
from services.payment.domain.entitlement import ClassFile
from services.payment.domain.facts import ClassFacts
from services.payment.domain.notice import Notice, NoticeState
from services.payment.domain.obstacles import incomplete, obstacles
from services.payment.domain.order import OrderState, PaymentOrder
from services.payment.domain.past_subsidy import past_unknown
from services.payment.domain.subsidy import Line
from shared.contracts.assessment import SatisfactionMeasured
from shared.contracts.enrollment import ClassOpened
from shared.domain.actor import Role
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import descendants
from shared.policy.decision import Finding, Trace

_TRACES: TypeAdapter[tuple[Trace, ...]] = TypeAdapter(tuple[Trace, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReading:
    """A claim with its orders, accounts and differences; objectors' texts only for the bureau."""

    claim: Claim
    orders: tuple[PaymentOrder, ...]
    attempts: Mapping[str, tuple[Attempt, ...]]
    account: Account | None
    pending_account: Account | None
    differences: Sequence[Mapping[str, object]]
    objection_texts: Mapping[str, ObjectionText]
    survey: SatisfactionMeasured | None
    advances: tuple[AdvancePayment, ...]
    of_bureau: bool


async def read_claim(uow: PaymentUnit, claim_id: str) -> ClaimReading:
    """Give a claim the caller may see, whole."""
    claim = await visible_claim(uow, claim_id)
    orders = await uow.orders.of_claim(claim_id)
    facts = await uow.classes.facts(claim.class_id)
    is_claimant = uow.actor.has(Role.INSTITUTION, Role.TRAINEE) or claim.owner == uow.actor.organisation
    of_bureau = uow.actor.has(*BUREAU) and not is_claimant
    return ClaimReading(
        claim=claim,
        orders=orders,
        attempts=await uow.orders.attempts_of([order.order_id for order in orders]),
        account=await uow.accounts.with_state(claim_id, "active"),
        pending_account=await uow.accounts.with_state(claim_id, "pending"),
        differences=await uow.claims.differences(claim_id),
        objection_texts=await uow.claims.objection_texts(claim_id) if of_bureau else {},
        survey=facts.survey.fact if facts.survey else None,
        advances=() if claim.stands_apart else await uow.advances.of_class(claim.class_id),
        of_bureau=of_bureau,
    )


async def read_notice(uow: PaymentUnit, notice_id: str) -> Notice:
    """Give a notice to anybody; one that was withdrawn shows nothing any more, its list no longer holds."""
    notice = await uow.claims.notice(notice_id)
    if notice is None:
        raise unknown("公示", "notice_id")
    if notice.state is NoticeState.WITHDRAWN:
        raise NotFound(
            code="NOTICE_WITHDRAWN",
            message="该公示因情况变化已撤回。",
            advice="请以人社部门重新发布的公示为准。",
            field="notice_id",
        )
    return notice


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReading:
    """What payment knows of a class and what still stands against a claim."""

    file: ClassFile
    facts: ClassFacts
    slots: Mapping[str, str]
    budget_fen: int
    missing: tuple[Finding, ...]
    claim_id: str | None
    advances: tuple[AdvancePayment, ...]


async def read_class(uow: PaymentUnit, class_id: str) -> ClassReading:
    """Give a class the caller may see; `missing` is empty once nothing stands against a claim."""
    file = await visible_class(uow, class_id)
    facts = await uow.classes.facts(class_id)
    claim = await uow.claims.of_class(class_id)
    missing: tuple[Finding, ...] = ()
    if facts.opened is not None:
        rulebook = uow.shelf.by_id(facts.opened.fact.rulebook_id)
        waiting = incomplete(facts, facts.opened.fact, rulebook, entry_required=uow.entry_required).values()
        against = obstacles(facts, facts.opened.fact, rulebook, entry_required=uow.entry_required)
        missing = tuple(dict.fromkeys((*against, *(finding for findings in waiting for finding in findings))))
        if await past_of(uow, facts.opened.fact, rulebook) is None:
            missing = (*missing, past_unknown(rulebook))
    return ClassReading(
        file=file,
        facts=facts,
        slots=await uow.entitlements.held(class_id),
        budget_fen=sum((await uow.budgets.held(class_id)).values()),
        missing=missing,
        claim_id=claim.claim_id if claim else None,
        advances=await uow.advances.of_class(class_id),
    )


async def ledger(uow: PaymentUnit, *, region: str, canonical: bool) -> AsyncIterator[dict[str, Any]]:
    """Give every decided line of a region within the caller's, with rules, traces, orders and settlements (HB-SUP-03).

    What was advanced stands in a row of its own as far as no line took it up and it did not come back: the sum over
    all rows is what left the bank and stayed away.
    `canonical` leaves only natural keys, amounts, rules and traces, sorted: no random id, no instant; two systems in
    which the same things happened give the same rows. Otherwise ids, reviewers, events and the bank's days are added.
    """
    uow.actor.require_region(region)
    codes = sorted(descendants(region))
    keyed = [(await _key_of(uow, claim_id), claim_id) for claim_id in await uow.claims.ids_of(codes)]
    advances: dict[str, list[AdvancePayment]] = {}
    for advance in await uow.advances.of_regions(codes):
        if advance.paid_fen:
            key = _canonical_text(_natural_key(await _opened(uow, advance.class_id)))
            advances.setdefault(key, []).append(advance)
    claims = {key: [claim_id for _, claim_id in group] for key, group in groupby(sorted(keyed), lambda pair: pair[0])}
    for key in sorted(claims.keys() | advances.keys()):
        natural = json.loads(key)
        rows = [row for claim_id in claims.get(key, ()) for row in await _rows_of(uow, claim_id, natural, canonical)]
        rows += [_advance_row(uow, each, natural, canonical) for each in advances.get(key, ())]
        for row in sorted(rows, key=_canonical_text) if canonical else rows:
            yield row


def _canonical_text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


async def _key_of(uow: PaymentUnit, claim_id: str) -> str:
    class_id = await uow.claims.class_of(claim_id)
    if class_id is None:
        raise LookupError(f"claim {claim_id} has no class")
    return _canonical_text(_natural_key(await _opened(uow, class_id)))


async def _opened(uow: PaymentUnit, class_id: str) -> ClassOpened:
    facts = await uow.classes.facts(class_id)
    if facts.opened is None:
        raise LookupError(f"class {class_id} has a claim but no opening")
    return facts.opened.fact


def _natural_key(opened: ClassOpened) -> dict[str, Any]:
    return {
        "institution": opened.institution.credit_code,
        "region": opened.region,
        "occupation": opened.occupation.code,
        "level": opened.level,
        "opening_date": opened.opening_date.isoformat(),
    }


async def _rows_of(uow: PaymentUnit, claim_id: str, key: Mapping[str, Any], canonical: bool) -> list[dict[str, Any]]:
    claim = await uow.claims.find(claim_id)
    if claim is None:
        return []
    orders = await uow.orders.of_claim(claim_id)
    attempts = await uow.orders.attempts_of([order.order_id for order in orders])
    parts: dict[int, list[ApprovedPart]] = {}
    for part in await uow.claims.approved_lines(claim_id):
        parts.setdefault(part.line_no, []).append(part)
    rows = []
    for line_no, approved in sorted(parts.items()):
        row = _line_row(claim.line(line_no), approved, orders, key)
        rows.append(row if canonical else row | _ids(claim, line_no, approved, orders, attempts))
    return rows


def _line_row(
    line: Line, approved: Sequence[ApprovedPart], orders: Sequence[PaymentOrder], key: Mapping[str, Any]
) -> dict[str, Any]:
    person = {"masked_name": line.masked_name, "payee_check": line.payee_check} if line.person_id else None
    paid: Counter[tuple[str, str, int]] = Counter()
    for order in orders:
        for entry in order.entries:
            if entry.line_no == line.line_no:
                paid[order.funding_source, order.state.value, order.attempt] += entry.amount_fen
    return {
        "class": dict(key),
        "person": person,
        "programme": line.programme,
        "certificate_kind": approved[-1].certificate_kind,
        "amount_fen": sum(part.amount_fen for part in approved),
        "ordered_fen": sum(fen for (_, state, _), fen in paid.items() if state != OrderState.REVERSED),
        "settled_fen": sum(fen for (_, state, _), fen in paid.items() if state == OrderState.SETTLED),
        "entries": [
            {
                "entry": part.entry,
                "amount_fen": part.amount_fen,
                "rules": [
                    {"rule": rule, "document": document, "clause": clause}
                    for rule, document, clause in dict.fromkeys(
                        (trace.rule, trace.document, trace.clause) for trace in part.traces
                    )
                ],
                "traces": _TRACES.dump_python(part.traces, mode="json"),
            }
            for part in approved
        ],
        "orders": [
            {"funding_source": source, "state": state, "attempt": attempt, "amount_fen": fen}
            for (source, state, attempt), fen in sorted(paid.items())
        ],
    }


def _advance_row(uow: PaymentUnit, advance: AdvancePayment, key: Mapping[str, Any], canonical: bool) -> dict[str, Any]:
    """Give an advance and, as opposite entries, what the claim took up and what came back."""
    term = uow.shelf.by_id(advance.rulebook_id).payment.advance
    rules = [{"rule": term.rule, "document": term.document, "clause": term.clause}] if term else []
    parts = [("settled", advance.paid_fen), *((each.kind, -each.amount_fen) for each in advance.clearings)]
    row = {
        "class": dict(key),
        "person": None,
        "programme": "advance",
        "certificate_kind": None,
        "amount_fen": advance.outstanding_fen,
        "ordered_fen": advance.outstanding_fen,
        "settled_fen": advance.outstanding_fen,
        "entries": [
            {"entry": number, "amount_fen": fen, "rules": rules, "traces": []}
            for number, (_, fen) in enumerate(parts, start=1)
        ],
        "orders": [
            {"funding_source": advance.funding_source, "state": state, "attempt": advance.attempt, "amount_fen": fen}
            for state, fen in parts
        ],
    }
    known = {
        "class_id": advance.class_id,
        "advance_id": advance.advance_id,
        "rulebook_id": advance.rulebook_id,
        "decided_by": advance.decided_by,
        "decided_on": advance.decided_on.isoformat() if advance.decided_on else None,
        "ordered_by": advance.ordered_by,
    }
    return row if canonical else row | known


def _ids(
    claim: Claim,
    line_no: int,
    approved: Sequence[ApprovedPart],
    orders: Sequence[PaymentOrder],
    attempts: Mapping[str, Sequence[Attempt]],
) -> dict[str, Any]:
    """Give what only this system knows of a line: ids, who and when, the proving events, the bank's answers."""
    return {
        "class_id": claim.class_id,
        "claim_id": claim.claim_id,
        "line_no": line_no,
        "person_id": claim.line(line_no).person_id,
        "rulebook_id": claim.rulebook_id,
        "evidence": {part.entry: list(part.evidence) for part in approved},
        "approvals": [
            {
                "entry": entry.number,
                "approved_on": entry.approved_on.isoformat(),
                "first_reviewer": entry.first_reviewer,
                "second_reviewer": entry.second_reviewer,
                "approver": entry.approver,
            }
            for entry in claim.entries
            if line_no in entry.amounts
        ],
        "payments": [
            {
                "order_id": order.order_id,
                "funding_source": order.funding_source,
                "amount_fen": sum(entry.amount_fen for entry in order.entries if entry.line_no == line_no),
                "attempts": [
                    {
                        "attempt": attempt.attempt,
                        "bank_file_id": attempt.bank_file_id,
                        "outcome": attempt.outcome,
                        "on": attempt.answered_on.isoformat() if attempt.answered_on else None,
                        "reason_code": attempt.reason_code,
                    }
                    for attempt in attempts[order.order_id]
                ],
            }
            for order in orders
            if any(entry.line_no == line_no for entry in order.entries)
        ],
        "clawbacks": [
            {
                "clawback_id": clawback.clawback_id,
                "entry": clawback.entry,
                "asked_fen": clawback.asked[line_no],
                "outstanding_fen": clawback.outstanding_fen,
                "decided_by": [clawback.proposed_by, clawback.decided_by],
            }
            for clawback in claim.clawbacks
            if clawback.is_ordered and line_no in clawback.asked
        ],
    }
