"""Claims, loaded and saved whole; only what changed is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.application.ports import ApprovedPart, ObjectionText, Waiting
from services.payment.domain.claim import ASSESSOR, Claim, Entry
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty
from services.payment.domain.notice import Notice
from services.payment.domain.objection import Objection
from services.payment.domain.reassessment import Difference
from services.payment.domain.state import IN_REVIEW
from services.payment.storage import rows
from services.payment.storage.clawbacks import clawbacks_of, save_clawbacks
from services.payment.storage.tables import (
    ACCOUNT,
    APPLICATION,
    CLAIM,
    CLAIM_BREACH,
    CLAIM_DECISION,
    CLAIM_DIFFERENCE,
    CLAIM_DUTY,
    CLAIM_ENTRY,
    CLAIM_ENTRY_LINE,
    CLAIM_LINE,
    CLAIM_LINE_RETURN,
    CLAIM_PERSON,
    CLAIM_REVIEW,
    CLAWBACK,
    NOTICE,
    OBJECTION,
    PAYMENT_ORDER,
)
from shared.database.encryption import Vault
from shared.domain.errors import Conflict
from shared.domain.paging import cursor_of, day_place_of

_RESOLUTION: Final = ("upheld", "finding", "resolved_by", "resolved_on")
_CLOSURE: Final = ("conclusion", "reason", "closed_by", "closed_on", "line_nos")
_UNSETTLED: Final = ("ready", "sent", "returned")
_LINE_ANSWER: Final = ("answer", "statement", "answered_by", "answered_on")


class StoredClaims:
    """The claims of one transaction."""

    def __init__(self, connection: AsyncConnection, vault: Vault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    async def find(self, claim_id: str) -> Claim | None:
        """Give the claim; whoever will change it locks its class first."""
        row = (await self._connection.execute(select(CLAIM).where(CLAIM.c.claim_id == claim_id))).first()
        return None if row is None else await self._whole(row)

    async def class_of(self, claim_id: str) -> str | None:
        """Give the class of a claim, None for an unknown one."""
        query = select(CLAIM.c.class_id).where(CLAIM.c.claim_id == claim_id)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def of_class(self, class_id: str) -> Claim | None:
        """Give the claim for the class of whoever gave it, the newest where they claimed as several payees."""
        given = and_(CLAIM.c.owner == CLAIM.c.institution_id, CLAIM.c.claimant != ASSESSOR)
        query = select(CLAIM).where(CLAIM.c.class_id == class_id, given)
        newest = query.order_by(CLAIM.c.received_on.desc(), CLAIM.c.claim_id.desc()).limit(1)
        row = (await self._connection.execute(newest)).first()
        return None if row is None else await self._whole(row)

    async def all_of_class(self, class_id: str) -> Sequence[Claim]:
        """Give every claim for people of the class, by id."""
        query = select(CLAIM).where(CLAIM.c.class_id == class_id).order_by(CLAIM.c.claim_id)
        return [await self._whole(row) for row in (await self._connection.execute(query)).all()]

    async def decided_of_people(
        self, class_id: str, rules: Collection[str], *, but: str | None = None
    ) -> Sequence[Decision]:
        """Give what every claim of a class (`but` one) decided of people by name under these rules, claim by claim."""
        decision = CLAIM_DECISION.c
        query = (
            select(CLAIM_DECISION)
            .join(CLAIM, CLAIM.c.claim_id == decision.claim_id)
            .where(CLAIM.c.class_id == class_id, decision.rule.in_(rules), decision.claim_id != (but or ""))
            .order_by(decision.claim_id, decision.number)
        )
        found = map(rows.decision_of, await self._connection.execute(query))
        return [each for each in found if each.persons is not None]

    async def classes_of(self, persons: Collection[str]) -> Sequence[str]:
        """Give the classes in which one of these people was claimed for, sorted."""
        if not persons:
            return ()
        query = select(CLAIM_PERSON.c.class_id).where(CLAIM_PERSON.c.person_id.in_(persons)).distinct()
        return (await self._connection.execute(query.order_by(CLAIM_PERSON.c.class_id))).scalars().all()

    async def of_application(self, application_id: str) -> Sequence[Claim]:
        """Give the claims of one application, by class."""
        query = select(CLAIM).where(CLAIM.c.application_id == application_id).order_by(CLAIM.c.class_id)
        return [await self._whole(row) for row in (await self._connection.execute(query)).all()]

    async def add_application(self, application_id: str, *, institution_id: str, by: str, on: date) -> None:
        """Store an application to which claims will belong."""
        row = {
            "application_id": application_id,
            "institution_id": institution_id,
            "submitted_by": by,
            "received_on": on,
        }
        await self._connection.execute(insert(APPLICATION).values(row))

    async def ids_of(
        self, regions: Collection[str], *, after: str = "", until: str | None = None, limit: int | None = None
    ) -> Sequence[str]:
        """Give the ids of the claims of these regions that were approved at least once, in order, behind one."""
        approved = select(CLAIM_ENTRY.c.claim_id).distinct()
        query = select(CLAIM.c.claim_id).where(CLAIM.c.region.in_(regions), CLAIM.c.claim_id.in_(approved))
        query = query.where(CLAIM.c.claim_id > after).order_by(CLAIM.c.claim_id).limit(limit)
        if until is not None:
            query = query.where(CLAIM.c.claim_id <= until)
        return (await self._connection.execute(query)).scalars().all()

    async def waiting(self, wanted: Waiting, *, after: str | None, limit: int) -> Sequence[Claim]:
        """Give claims that wait, by the end of their review's limit, those without one last, from a cursor on.

        Raise Refused CURSOR_INVALID.
        """
        query = select(CLAIM).where(or_(CLAIM.c.state.in_(wanted.states), *_besides(wanted)))
        if wanted.owner is not None:
            query = query.where(CLAIM.c.owner == wanted.owner)
        if wanted.claimants is not None:
            query = query.where(CLAIM.c.claimant.in_(wanted.claimants))
        if wanted.regions is not None:
            query = query.where(CLAIM.c.region.in_(wanted.regions))
        last_day = func.coalesce(CLAIM.c.review_due, date.max)
        if place := day_place_of(after):
            due, claim_id = place
            behind = and_(last_day == due, CLAIM.c.claim_id > claim_id)
            query = query.where(or_(last_day > due, behind))
        query = query.order_by(last_day, CLAIM.c.claim_id).limit(limit)
        return [await self._whole(row) for row in (await self._connection.execute(query)).all()]

    def cursor_of(self, claim: Claim) -> str:
        """Give the cursor that stands behind a claim."""
        return cursor_of(claim.deadlines.review_due or date.max, claim.claim_id)

    async def uncomputed(self, regions: Collection[str] | None = None) -> Sequence[str]:
        """Give the classes of these regions (everywhere for None) that have a claim which could not be computed."""
        query = select(CLAIM.c.class_id).where(CLAIM.c.uncomputed).distinct()
        if regions is not None:
            query = query.where(CLAIM.c.region.in_(regions))
        return (await self._connection.execute(query.order_by(CLAIM.c.class_id))).scalars().all()

    async def undecided(self, regions: Collection[str]) -> Sequence[str]:
        """Give the classes of these regions that have a claim under review, sorted."""
        states = sorted(state.value for state in IN_REVIEW)
        query = select(CLAIM.c.class_id).where(CLAIM.c.region.in_(regions), CLAIM.c.state.in_(states)).distinct()
        return (await self._connection.execute(query.order_by(CLAIM.c.class_id))).scalars().all()

    async def add(self, claim: Claim, *, signer: str) -> Claim:
        """Store a new claim for its people; the database refuses people claimed for the class before."""
        stored = replace(claim, version=1, since=self._today)
        row = {
            "claim_id": claim.claim_id,
            "class_id": claim.class_id,
            "institution_id": claim.institution_id,
            "region": claim.region,
            "rulebook_id": claim.rulebook_id,
            "claimant": claim.claimant,
            "owner": claim.owner,
            "application_id": claim.application_id,
            "undertaking_signer_sealed": self._vault.seal(signer, purpose=_signer(claim.claim_id)),
            "version": 1,
            "state_since": self._today,
        }
        await self._connection.execute(insert(CLAIM).values({**rows.claim_row(claim), **row}))
        await self._insert(CLAIM_LINE, [rows.line_row(claim.claim_id, line) for line in claim.assessment.lines])
        checks = {line.person_id: line.identity_check for line in claim.assessment.lines}
        people = [
            {
                "class_id": claim.class_id,
                "person_id": person_id,
                "claim_id": claim.claim_id,
                "payee": claim.payee,
                "body_id": claim.owner if claim.claimant == ASSESSOR else "",
                "identity_check": checks.get(person_id) or None,
            }
            for person_id in sorted(set(claim.people.values()))
        ]
        await self._insert(CLAIM_PERSON, people)
        await self._insert(CLAIM_DUTY, rows.duty_rows(claim.claim_id, claim.duties))
        return stored

    async def save(self, before: Claim, after: Claim) -> Claim:
        """Store what changed; raise Conflict when the stored claim moved on."""
        claim_id = after.claim_id
        moved = (before.state, before.round) != (after.state, after.round)
        since = self._today if moved else before.since
        written = await self._connection.execute(
            update(CLAIM)
            .where(CLAIM.c.claim_id == claim_id, CLAIM.c.version == before.version)
            .values({**rows.claim_row(after), "state_since": since, "version": before.version + 1})
        )
        if written.rowcount != 1:
            raise Conflict(
                code="CLAIM_MOVED_ON",
                message="该申领刚被其他操作修改，本次操作未生效。",
                advice="请重新打开申领，核对最新内容后再办理。",
            )
        if before.assessment != after.assessment:
            await self._connection.execute(delete(CLAIM_LINE).where(CLAIM_LINE.c.claim_id == claim_id))
            await self._insert(CLAIM_LINE, [rows.line_row(claim_id, line) for line in after.assessment.lines])
        await self._save_people(before, after)
        await self._save_notices(before, after)
        await self._save_objections(before, after)
        await self._save_line_returns(before, after)
        await self._save_breaches(before, after)
        for entry in after.entries[len(before.entries) :]:
            await self._add_entry(after, entry)
        await save_clawbacks(self._connection, before.clawbacks, after.clawbacks)
        return replace(after, version=before.version + 1, since=since)

    async def sign_again(self, claim: Claim, *, signer: str) -> None:
        """Store the undertaking of a claim handed in again."""
        sealed = self._vault.seal(signer, purpose=_signer(claim.claim_id))
        await self._connection.execute(
            update(CLAIM).where(CLAIM.c.claim_id == claim.claim_id).values(undertaking_signer_sealed=sealed)
        )

    async def claimants(
        self, class_id: str, persons: Collection[str], payee: str, body_id: str = ""
    ) -> Mapping[str, str]:
        """Give which of these people were claimed for the class by this payee already, and by which claim.

        `body_id` says which assessment body, where the payee is one.
        """
        query = select(CLAIM_PERSON.c.person_id, CLAIM_PERSON.c.claim_id).where(
            CLAIM_PERSON.c.class_id == class_id,
            CLAIM_PERSON.c.person_id.in_(persons),
            CLAIM_PERSON.c.payee == payee,
            CLAIM_PERSON.c.body_id == body_id,
        )
        return {row.person_id: row.claim_id for row in await self._connection.execute(query)}

    async def record_difference(self, claim_id: str, difference: Difference, *, cause: str, on: date) -> None:
        """Add a difference to the claim's append-only list."""
        counted = select(func.count()).where(CLAIM_DIFFERENCE.c.claim_id == claim_id)
        row = {
            "claim_id": claim_id,
            "number": (await self._connection.execute(counted)).scalar_one() + 1,
            "kind": difference.kind.value,
            "amount_fen": difference.amount_fen,
            "amounts": rows.amounts_json(difference.amounts),
            "cause": cause,
            "found_on": on,
        }
        await self._connection.execute(insert(CLAIM_DIFFERENCE).values(row))

    async def differences(self, claim_id: str) -> Sequence[Mapping[str, object]]:
        """Give the differences found so far, oldest first."""
        row = CLAIM_DIFFERENCE.c
        query = (
            select(row.number, row.kind, row.amount_fen, row.amounts, row.cause, row.found_on)
            .where(row.claim_id == claim_id)
            .order_by(row.number)
        )
        return [dict(found) for found in (await self._connection.execute(query)).mappings()]

    async def approved_lines(self, claim_id: str) -> Sequence[ApprovedPart]:
        """Give what approvals added to lines, with what they were approved on, by line and entry."""
        return [
            ApprovedPart(
                entry=row.entry,
                line_no=row.line_no,
                amount_fen=row.amount_fen,
                certificate_kind=row.certificate_kind,
                traces=rows.traces_of(row.traces),
                evidence=tuple(row.evidence),
            )
            for row in await self._all(CLAIM_ENTRY_LINE, claim_id, "line_no", "entry")
        ]

    async def notice(self, notice_id: str) -> Notice | None:
        """Give a notice."""
        row = (await self._connection.execute(select(NOTICE).where(NOTICE.c.notice_id == notice_id))).first()
        return None if row is None else rows.notice_of(row)

    async def add_objection(self, objection: Objection, text: ObjectionText) -> None:
        """Store an objection with its sealed text."""
        purpose = _objection(objection.objection_id)
        sealed = {
            "content_sealed": self._vault.seal(text.content, purpose=purpose),
            "contact_sealed": None if text.contact is None else self._vault.seal(text.contact, purpose=purpose),
        }
        await self._connection.execute(insert(OBJECTION).values({**rows.objection_row(objection), **sealed}))

    async def claim_of_objection(self, objection_id: str) -> str | None:
        """Give the claim an objection belongs to."""
        query = select(OBJECTION.c.claim_id).where(OBJECTION.c.objection_id == objection_id)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def claim_of_breach(self, breach_id: str) -> str | None:
        """Give the claim a breach belongs to."""
        query = select(CLAIM_BREACH.c.claim_id).where(CLAIM_BREACH.c.breach_id == breach_id)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def claim_of_clawback(self, clawback_id: str) -> str | None:
        """Give the claim a claw-back belongs to."""
        query = select(CLAWBACK.c.claim_id).where(CLAWBACK.c.clawback_id == clawback_id)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def objection_texts(self, claim_id: str) -> Mapping[str, ObjectionText]:
        """Open what objectors wrote, by objection id."""
        texts = {}
        for row in await self._connection.execute(select(OBJECTION).where(OBJECTION.c.claim_id == claim_id)):
            purpose = _objection(row.objection_id)
            contact = row.contact_sealed and self._vault.open(row.contact_sealed, purpose=purpose)
            content = self._vault.open(row.content_sealed, purpose=purpose)
            texts[row.objection_id] = ObjectionText(content=content, contact=contact)
        return texts

    async def _whole(self, row: Row[Any]) -> Claim:
        claim_id = row.claim_id
        duties = await self._all(CLAIM_DUTY, claim_id, "actor")
        persons = await self._all(CLAIM_PERSON, claim_id, "person_id")
        return rows.claim_of(
            row,
            persons=frozenset(person.person_id for person in persons),
            payee=next((person.payee for person in persons), ""),
            lines=tuple(map(rows.line_of, await self._all(CLAIM_LINE, claim_id, "line_no"))),
            decisions=tuple(map(rows.decision_of, await self._all(CLAIM_DECISION, claim_id, "number"))),
            objections=tuple(map(rows.objection_of, await self._all(OBJECTION, claim_id, "raised_on", "objection_id"))),
            line_returns=tuple(map(rows.line_return_of, await self._all(CLAIM_LINE_RETURN, claim_id, "number"))),
            notices=tuple(map(rows.notice_of, await self._all(NOTICE, claim_id, "round"))),
            reviews=tuple(map(rows.review_of, await self._all(CLAIM_REVIEW, claim_id, "decided_at", "round"))),
            entries=await self._entries(claim_id),
            breaches=tuple(map(rows.breach_of, await self._all(CLAIM_BREACH, claim_id, "opened_on", "breach_id"))),
            clawbacks=await clawbacks_of(self._connection, claim_id),
            duties={duty.actor: Duty(duty.duty) for duty in duties},
        )

    async def _entries(self, claim_id: str) -> tuple[Entry, ...]:
        amounts: dict[int, dict[int, int]] = {}
        for line in await self._all(CLAIM_ENTRY_LINE, claim_id, "entry", "line_no"):
            amounts.setdefault(line.entry, {})[line.line_no] = line.amount_fen
        entries = await self._all(CLAIM_ENTRY, claim_id, "entry")
        return tuple(rows.entry_of(entry, amounts.get(entry.entry, {})) for entry in entries)

    async def _save_people(self, before: Claim, after: Claim) -> None:
        """Write new decisions, duties and reviews; a review refers to its duty, so duties go first."""
        claim_id = after.claim_id
        decisions = [
            rows.decision_row(claim_id, number, decision)
            for number, decision in enumerate(after.decisions, start=1)
            if number > len(before.decisions)
        ]
        duties = {actor: duty for actor, duty in after.duties.items() if actor not in before.duties}
        reviews = [rows.review_row(claim_id, review) for review in after.reviews if review not in before.reviews]
        await self._insert(CLAIM_DECISION, decisions)
        await self._insert(CLAIM_DUTY, rows.duty_rows(claim_id, duties))
        await self._insert(CLAIM_REVIEW, reviews)

    async def _save_notices(self, before: Claim, after: Claim) -> None:
        known = {notice.notice_id: notice for notice in before.notices}
        for notice in after.notices:
            if notice.notice_id not in known:
                await self._insert(NOTICE, [rows.notice_row(notice)])
            elif known[notice.notice_id].state is not notice.state:
                changed = update(NOTICE).where(NOTICE.c.notice_id == notice.notice_id)
                await self._connection.execute(changed.values(state=notice.state.value))

    async def _save_objections(self, before: Claim, after: Claim) -> None:
        for objection in after.objections:
            if objection in before.objections or objection.is_open:
                continue  # an open one is stored by add_objection, with its text
            row = rows.objection_row(objection)
            changed = update(OBJECTION).where(OBJECTION.c.objection_id == objection.objection_id)
            await self._connection.execute(changed.values({name: row[name] for name in _RESOLUTION}))

    async def _save_breaches(self, before: Claim, after: Claim) -> None:
        table, known = CLAIM_BREACH, {breach.breach_id: breach for breach in before.breaches}
        for breach in after.breaches:
            row = rows.breach_row(breach)
            if breach.breach_id not in known:
                await self._insert(table, [row])
            elif known[breach.breach_id] != breach:
                closed = update(table).where(table.c.breach_id == breach.breach_id)
                await self._connection.execute(closed.values({name: row[name] for name in _CLOSURE}))

    async def _save_line_returns(self, before: Claim, after: Claim) -> None:
        table, known = CLAIM_LINE_RETURN, set(before.line_returns)
        numbers = {each.number for each in known}
        for each in set(after.line_returns) - known:
            row = rows.line_return_row(after.claim_id, each)
            if each.number not in numbers:
                await self._insert(table, [row])
                continue
            answered = update(table).where(table.c.claim_id == after.claim_id, table.c.number == each.number)
            await self._connection.execute(answered.values({name: row[name] for name in _LINE_ANSWER}))

    async def _add_entry(self, claim: Claim, entry: Entry) -> None:
        await self._insert(CLAIM_ENTRY, [rows.entry_row(claim.claim_id, entry)])
        await self._insert(CLAIM_ENTRY_LINE, [rows.entry_line_row(claim, entry, line_no) for line_no in entry.amounts])

    async def _all(self, table: Table, claim_id: str, *order: str) -> Sequence[Row[Any]]:
        query = select(table).where(table.c.claim_id == claim_id).order_by(*(table.c[name] for name in order))
        return (await self._connection.execute(query)).all()

    async def _insert(self, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self._connection.execute(insert(table), list(values))


def _besides(wanted: Waiting) -> Iterator[ColumnElement[bool]]:
    claim_id = CLAIM.c.claim_id
    if wanted.objections:
        yield exists().where(OBJECTION.c.claim_id == claim_id, OBJECTION.c.upheld.is_(None))
    if wanted.breaches:
        yield exists().where(CLAIM_BREACH.c.claim_id == claim_id, CLAIM_BREACH.c.conclusion.is_(None))
    if wanted.accounts:
        yield exists().where(ACCOUNT.c.claim_id == claim_id, ACCOUNT.c.state == "pending")
    if wanted.clawbacks:
        yield CLAIM.c.clawback_fen > 0
    if wanted.clawback_states:
        yield exists().where(CLAWBACK.c.claim_id == claim_id, CLAWBACK.c.state.in_(wanted.clawback_states))
    if wanted.orders:
        yield exists().where(PAYMENT_ORDER.c.claim_id == claim_id, PAYMENT_ORDER.c.state.in_(_UNSETTLED))
    if wanted.line_returns:
        yield exists().where(CLAIM_LINE_RETURN.c.claim_id == claim_id, CLAIM_LINE_RETURN.c.answer.is_(None))


def _signer(claim_id: str) -> str:
    return f"claim.undertaking_signer:{claim_id}"


def _objection(objection_id: str) -> str:
    return f"objection.text:{objection_id}"
