"""Changes after approval (JY-ENR-06): an institution proposes, reviewers decide, and only then the class is another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.enrollment.application.judging import JudgedClass, institution_of, judge_class, judge_rows, occupation_of
from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.quotas import quota_for, take_place
from services.enrollment.application.scope import class_of_region, own_class, visible_class
from services.enrollment.application.steps import approval_steps, take_step
from services.enrollment.domain.attributes import published
from services.enrollment.domain.change import (
    ClassChange,
    Question,
    after_step,
    decisions_in_effect,
    kind_of,
    proposed,
    require_new_rows,
    require_none_proposed,
    require_possible,
    require_room,
    require_something,
)
from services.enrollment.domain.decision import exempt_rules, require_answers
from services.enrollment.domain.plan import class_terms, earnable_kinds, judge_lead
from services.enrollment.domain.quota import QUOTA_CODES
from services.enrollment.domain.reservation import ask_again, changed_event, reservation_of
from services.enrollment.domain.review import Decision, Review
from services.enrollment.domain.roster import Decisions, RosterEntry, count, judge_mix, judged_again
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.domain.timetable import Session
from services.enrollment.domain.training_class import AWAITING_OPENING, TrainingClass
from shared.clock import start_of_day
from shared.domain.errors import NotFound, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY, refuse_stopped, stopping
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be other than approved; None and nothing leave it as it is.

    `kept_sessions` are the ids that the institution gave: those sessions are to be the ones that stand already.
    """

    reason: str
    opening_date: date | None = None
    closing_date: date | None = None
    sessions: Sequence[Session] | None = None
    kept_sessions: Collection[str] = ()
    removed: Sequence[str] = ()
    added: Sequence[RosterRow] = ()


async def propose_change(uow: UnitOfWork, *, class_id: str, wish: Wish) -> tuple[TrainingClass, ClassChange]:
    """Put a change before the reviewers, unless a rule stops it now; until they approve it nothing changes."""
    training_class = await own_class(uow, class_id)
    training_class.require(*AWAITING_OPENING, "opened", act="申请变更")
    changes = await uow.changes.of_class(class_id)
    require_none_proposed(changes)
    entries = await uow.rosters.entries(class_id)
    number, plan = len(changes) + 1, training_class.plan
    change = ClassChange(
        class_id=class_id,
        number=number,
        state="proposed",
        opening_date=wish.opening_date or plan.opening_date,
        closing_date=wish.closing_date or plan.closing_date,
        sessions=None if wish.sessions is None else _known_sessions(wish, training_class),
        removed=tuple(dict.fromkeys(wish.removed)),
        added=tuple(replace(row, change=number) for row in wish.added),
        reason=wish.reason,
        proposed_by=uow.actor.subject,
        proposed_at=uow.now,
    )
    require_something(change, plan)
    require_possible(training_class, change, now=uow.now)
    require_new_rows(change.added, {entry.row.row for entry in entries})
    _require_on_roster(change, entries)
    judged = await _judge(uow, training_class, change, entries, {})
    lead = class_terms(plan.kind, judged.book.enrollment).application_lead
    moved = change.moves_opening(plan)
    refuse_stopped(
        dict.fromkeys((*judged.findings, *(judge_lead(uow.today, change.opening_date, lead) if moved else ())))
    )
    change = replace(change, added=tuple(entry.row for entry in judged.joining), questions=_questions(judged))
    await uow.changes.add(change)
    training_class = await uow.classes.save(training_class)
    details = {"number": number, "removed": len(change.removed), "added": len(change.added), "moved": moved}
    await uow.audit(action="change_proposed", subject=class_id, details=details)
    return training_class, change


async def withdraw_change(uow: UnitOfWork, *, class_id: str, number: int) -> tuple[TrainingClass, ClassChange]:
    """Take back a change that nobody has decided."""
    training_class = await own_class(uow, class_id)
    change = replace(proposed(await uow.changes.of_class(class_id), number), state="withdrawn")
    await uow.changes.settle(change)
    await uow.audit(action="change_withdrawn", subject=class_id, details={"number": number})
    return await uow.classes.save(training_class), change


async def review_change(
    uow: UnitOfWork, *, class_id: str, number: int, step: str, decision: Decision, opinion: str
) -> tuple[TrainingClass, ClassChange]:
    """Record one step; the last approval changes the class and says so to everybody."""
    training_class = await class_of_region(uow, class_id)
    changes = await uow.changes.of_class(class_id)
    change = proposed(changes, number)
    book = _book(uow, training_class, change)
    due = await take_step(uow, training_class, book, step=step, case=number)
    after = after_step(change, step=due, decision=decision, steps=approval_steps(book))
    review = Review(
        round=training_class.round,
        step=due.code,
        actor=uow.actor.subject,
        decision=decision,
        opinion=opinion,
        decided_at=uow.now,
        change=number,
    )
    await uow.classes.add_review(class_id, review, position=len(training_class.reviews) + 1)
    if decision == "approve":
        training_class = await _approve(uow, training_class, after, changes)
    elif after != change:
        await uow.changes.settle(after)
    reviewed = replace(training_class, reviews=(*training_class.reviews, review))
    reviewed = await uow.classes.save(reviewed, new_sessions=after.state == "approved" and change.sessions is not None)
    await uow.audit(
        action="change_reviewed", subject=class_id, details={"number": number, "step": due.code, "decision": decision}
    )
    return reviewed, after


async def list_changes(uow: UnitOfWork, class_id: str) -> tuple[TrainingClass, list[ClassChange]]:
    """Give a class that the actor may read, and every change of it in order."""
    return await visible_class(uow, class_id), await uow.changes.of_class(class_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The class as the change makes it: those who stay or are refused now, those who join, what objects to the plan."""

    training_class: TrainingClass
    book: Rulebook
    staying: list[RosterEntry]
    joining: list[RosterEntry]
    findings: tuple[Finding, ...]


async def _judge(
    uow: UnitOfWork,
    training_class: TrainingClass,
    change: ClassChange,
    entries: Sequence[RosterEntry],
    decisions: Decisions,
) -> _Judged:
    book = _book(uow, training_class, change)
    changed = replace(training_class, plan=change.plan(training_class.plan))
    judged = await judge_class(uow, changed, book=book)
    objections, kept = await _objections(uow, training_class, judged, moved=change.moves_opening(training_class.plan))
    remaining = [entry for entry in entries if entry.is_on_roster and entry.row.person_id not in change.removed]
    staying, joining = remaining, list[RosterEntry]()
    if change.changes_people() or change.moves_opening(training_class.plan):
        fresh = await judge_rows(uow, changed, [entry.row for entry in remaining], book, decisions=decisions)
        staying = [judged_again(old, new.judgement, on=uow.today) for old, new in zip(remaining, fresh, strict=True)]
        present = {entry.row.person_id for entry in entries if entry.judgement.verdict != "refused"}
        joining = await judge_rows(
            uow, changed, change.added, book, decisions=decisions, present={one for one in present if one}
        )
    everybody = [*staying, *joining]
    basis = book.enrollment.start_after_approval or CONSISTENCY
    planned = training_class.plan.planned
    require_room(sum(entry.is_on_roster for entry in everybody), planned, basis)
    terms = class_terms(training_class.plan.kind, book.enrollment)
    mix = judge_mix(count(everybody, book), planned=planned, terms=terms.class_size)
    return _Judged(
        training_class=replace(judged.training_class, findings=(*objections, *kept)),
        book=book,
        staying=staying,
        joining=joining,
        findings=(*objections, *mix),
    )


async def _objections(
    uow: UnitOfWork, before: TrainingClass, judged: JudgedClass, *, moved: bool
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give what objects to the change, and what stays said of the class although the change is not asked about it.

    A running class answers for what the change brings, not for what it is already; and its place in the annual plan was
    looked at when it was taken.
    """
    objections = judged.training_class.findings
    if before.state == "opened":
        standing = set((await judge_class(uow, before, book=judged.book)).training_class.findings)
        objections = tuple(one for one in objections if one not in standing or one.severity is not Severity.STOP)
    if moved:
        return objections, ()
    kept = tuple(one for one in before.findings if one.code in QUOTA_CODES)
    return tuple(one for one in objections if one.code not in QUOTA_CODES), kept


async def _approve(
    uow: UnitOfWork, training_class: TrainingClass, change: ClassChange, changes: Sequence[ClassChange]
) -> TrainingClass:
    """Judge everything as it stands now; after the last step change the class, otherwise only see that it can."""
    class_id = training_class.class_id
    require_possible(training_class, change, now=uow.now)
    decisions = decisions_in_effect(training_class, await uow.decisions.of_class(class_id), changes, case=change.number)
    entries = await uow.rosters.entries(class_id)
    judged = await _judge(uow, training_class, change, entries, decisions)
    standing = stopping(judged.findings)
    refuse_stopped(standing)
    asking = [entry.row.row for entry in (*judged.staying, *judged.joining) if entry.judgement.verdict == "ask"]
    basis = judged.book.enrollment.start_after_approval
    require_answers(judged.findings, decisions.get(None, ()), asking, basis=basis)
    if change.state != "approved":
        return training_class
    await uow.changes.settle(change)
    exempt = exempt_rules(judged.training_class.findings, decisions.get(None, ()))
    return await _carry_out(uow, training_class, change, judged, entries, exempt=exempt)


async def _carry_out(
    uow: UnitOfWork,
    before: TrainingClass,
    change: ClassChange,
    judged: _Judged,
    entries: Sequence[RosterEntry],
    *,
    exempt: tuple[str, ...],
) -> TrainingClass:
    class_id, after = before.class_id, judged.training_class
    leaving = [
        replace(entry, withdrawn_on=uow.today)
        for entry in entries
        if entry.is_on_roster and entry.row.person_id in change.removed
    ]
    await uow.rosters.save_judgements(class_id, [*leaving, *judged.staying])
    await uow.rosters.add(class_id, judged.joining)
    joining = [entry for entry in judged.joining if entry.is_on_roster]
    await uow.persons.confirm({entry.person_id: entry.row.particulars.name for entry in joining})
    moved = change.moves_opening(before.plan)
    again = moved or change.changes_people()
    reservation = None
    if again:
        after = ask_again(after)
        kinds = earnable_kinds(after.plan, await occupation_of(uow, after), judged.book)
        attributes = published(after.plan.stated, judged.book.enrollment)
        people = [*judged.staying, *judged.joining]
        reservation = reservation_of(after, people, kinds=kinds, attributes=attributes)
    refused = [entry for entry in judged.staying if not entry.is_on_roster]
    version = await uow.publish(
        changed_event(
            after,
            kind_of(change, before.plan),
            removed=[entry.person_id for entry in (*leaving, *refused)],
            added=[entry.person_id for entry in joining],
            reservation=reservation,
            timetable=change.sessions is not None,
            exempt_by_decision=exempt,
        )
    )
    if moved:
        institution = await institution_of(uow, after)
        await take_place(uow, after, await quota_for(uow, class_id, after.plan, institution))
        await uow.schedule(due=start_of_day(change.opening_date), kind=OPEN_CLASS, key=class_id)
    await uow.audit(
        action="class_changed", subject=class_id, details={"number": change.number, "version": version, "moved": moved}
    )
    return replace(after, reservation_version=version) if again else after


def _book(uow: UnitOfWork, training_class: TrainingClass, change: ClassChange) -> Rulebook:
    if training_class.state == "opened":
        return uow.shelf.by_id(training_class.rulebook_id)
    return uow.shelf.in_force(training_class.region, change.opening_date)


def _questions(judged: _Judged) -> tuple[Question, ...]:
    of_plan = [Question(row=None, finding=finding) for finding in judged.findings]
    rows = (*judged.staying, *judged.joining)
    return (
        *of_plan,
        *(Question(row=entry.row.row, finding=finding) for entry in rows for finding in entry.judgement.findings),
    )


def _known_sessions(wish: Wish, training_class: TrainingClass) -> tuple[Session, ...]:
    """Give the sessions; raise Refused SESSION_UNKNOWN for an id that is not this class's or stands twice."""
    sessions = tuple(wish.sessions or ())
    own = {session.session_id for session in training_class.plan.sessions}
    if not set(wish.kept_sessions) <= own or len({session.session_id for session in sessions}) < len(sessions):
        raise Refused(
            code="SESSION_UNKNOWN",
            message="课次编号不是本班的课次，或同一编号出现了多次。",
            advice="保留的课次请原样填写 session_id，新增的课次不填 session_id。",
            field="sessions",
        )
    return sessions


def _require_on_roster(change: ClassChange, entries: Sequence[RosterEntry]) -> None:
    on_roster = {entry.row.person_id for entry in entries if entry.is_on_roster}
    if not set(change.removed) <= on_roster:
        raise NotFound(
            code="TRAINEE_NOT_FOUND",
            message="本班花名册上没有要移出的学员。",
            advice="请从花名册中查询学员编号 person_id 后重试。",
            field="removed",
        )
