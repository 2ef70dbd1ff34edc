"""Judge a case as the services would, each by its own domain: roster, opening day, certificates, money."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from peibu.demo.people import sample_people
from peibu.trial import facts as told
from peibu.trial.outcome import Outcome, Refusal, TrialLine
from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.roster import judge_roster
from services.enrollment.domain.roster_row import Particulars, RosterContext, RosterRow
from services.payment.domain.claim import deadlines
from services.payment.domain.facts import Known
from services.payment.domain.notice import period_of
from services.payment.domain.rates import rate_table
from services.payment.domain.subsidy import assess
from services.supervision.domain.opening_day import OpeningDay
from shared.domain.errors import Refused
from shared.domain.jurisdiction import regions
from shared.domain.money import fen_from_yuan
from shared.policy.case_file import Case
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook, Shelf
from shared.policy.terms.enrollment import ProgrammeType

_SEED: Final = 1


def judge(case: Case, shelf: Shelf) -> Outcome:
    """Give what the rulebook of the case's region and opening date makes of it.

    Raise Refused RULEBOOK_MISSING, or KIND_NOT_OFFERED for a kind of class that the document does not name.
    """
    book = shelf.in_force(case.region, case.opened)
    kind = _type_of(case, book)
    judged = _judged(case, book)
    refusals = [_refusal(person, finding) for person, findings in judged.items() for finding in _stops(findings)]
    flags = [finding for findings in judged.values() for finding in findings if finding.severity is Severity.ASK]
    roster = tuple(person for person, findings in judged.items() if not _stops(findings))
    if cancelled := _cancelled(case, book, roster):
        return Outcome(
            case=case.case, rulebook_id=book.id, refusals=(*refusals, _refusal(None, cancelled)), flags=tuple(flags)
        )
    opened = told.opened_class(case, book, kind, roster)
    facts = told.class_facts(case, opened)
    table = rate_table(book, case.region, told.rates(case), regions())
    found = assess(
        facts,
        Known(event_id="opened", fact=opened),
        rulebook=book,
        rates=table,
        decisions=told.decisions(case),
        entitled=frozenset(roster),
    )
    refusals += [_refusal(None, stop) for stop in found.stops]
    for line in found.lines:
        refusals += [_refusal(line.person_id, finding) for finding in _stops(line.findings)]
        flags += [finding for finding in line.findings if finding.severity is Severity.ASK]
    return Outcome(
        case=case.case,
        rulebook_id=book.id,
        lines=tuple(
            TrialLine(
                person=line.person_id,
                programme=line.programme,
                amount_fen=line.amount_fen,
                payee=_payee(case, line.person_id),
                traces=line.traces,
                findings=line.findings,
            )
            for line in found.lines
        ),
        refusals=tuple(refusals),
        flags=(*flags, *found.flags),
        dates=_dates(case, book),
        traces=found.traces,
        advance_fen=sum(fen_from_yuan(advance.amount_yuan) for advance in case.advance),
    )


def _type_of(case: Case, book: Rulebook) -> ProgrammeType:
    """Give the training type of the case: of its kind, bound to its level where the document binds one."""
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    fitting = [one for one in types if one.class_kind == case.kind and (not one.levels or case.level in one.levels)]
    if not fitting:
        raise Refused(
            code="KIND_NOT_OFFERED",
            message=f"{book.document} 没有类别为 {case.kind}、等级为 {case.level or '无'} 的培训类型。",
            advice="请核对案例的 kind 与 level，或所属区划与开班日期。",
            field="kind",
            value=case.kind,
        )
    return max(fitting, key=lambda one: bool(one.levels))


def _judged(case: Case, book: Rulebook) -> dict[str, Sequence[Finding]]:
    """Judge everybody as a row of the roster; a question that the file decides is none any more."""
    people = {person: people for people in case.person for person in people.ids}
    invented = sample_people(_SEED)
    rows = {}
    for number, (person, group) in enumerate(people.items(), start=1):
        sample = next(invented)
        rows[person] = RosterRow(
            row=number,
            particulars=Particulars(
                name=sample.name, identity_number=sample.identity_number, phone=sample.phone, evidence="evidence"
            ),
            group=group.group,
            employer_name="employer",
            employer_credit_code="",
            employer_region=case.region,
            fee_fen=fen_from_yuan(group.fee_yuan),
            declares_ability_and_will=True,
            person_id=person,
        )
    judged = judge_roster(rows.values(), _context(case), book)
    decided = {(decision.rule, person) for decision in case.decision for person in (decision.persons or case.people)}
    return {
        person: [
            finding
            for finding in judged[row.row].findings
            if not (finding.severity is Severity.ASK and (finding.rule, person) in decided)
        ]
        for person, row in rows.items()
    }


def _context(case: Case) -> RosterContext:
    history: dict[str, tuple[PastTraining, ...]] = {}
    for number, past in enumerate(case.history):
        for person in past.persons:
            training = PastTraining(
                class_id=f"past-{number}",
                opening_date=date(past.year, 1, 1),
                occupation=past.occupation or "",
                level=past.level,
                released=False,
                reserved=True,
            )
            history[person] = (*history.get(person, ()), training)
    return RosterContext(
        institution=Institution(
            institution_id="provider",
            name="provider",
            credit_code="",
            kind=case.provider or "institution",
            region=case.region,
            ownership="public",
        ),
        funding_source=case.fund or "",
        opening_date=case.opened,
        occupation=case.occupation or "",
        level=case.level,
        history=history,
    )


def _cancelled(case: Case, book: Rulebook, roster: tuple[str, ...]) -> Finding | None:
    term = book.supervision.opening_attendance
    if term is None:
        return None
    came = told.opening_headcount(case, roster)
    refused = len(case.people) - len(roster)
    day = OpeningDay(day=case.opened, signed_in=came, headcount=came, planned=case.planned, refused=refused)
    seen = day.observe(term)
    if seen is None:
        return None
    return term.finding(
        code="OPENING_ATTENDANCE", severity=Severity.STOP, message=seen.seen, advice="本班取消，学员可参加其他班级。"
    )


def _payee(case: Case, person: str | None) -> str:
    """Give whom the file names for the person, else who claims: the provider."""
    named = [payee.kind for payee in case.payee if person in payee.persons]
    return named[0] if named else case.provider or "institution"


def _dates(case: Case, book: Rulebook) -> dict[str, date]:
    """Give the days that follow from those the file names."""
    named = {dated.event: dated.on for dated in case.date}
    found: dict[str, date] = {}
    if "claim_received" in named and (book.payment.review_limit or book.payment.review_limit_outer):
        limits = deadlines(book, named["claim_received"])
        found |= {"review_due": limits.review_due, "review_due_outer": limits.review_due_outer}
    if "notice_published" in named and book.payment.notice:
        period = period_of(book.payment.notice, named["notice_published"])
        found |= {"notice_end": period.ends_on, "payable_from": period.payable_from}
    return found


def _stops(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.STOP]


def _refusal(person: str | None, finding: Finding) -> Refusal:
    return Refusal(person=person, rule=finding.rule, message=finding.message)
