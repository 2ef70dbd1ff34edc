"""Judge a case as the services would, each by its own domain: roster, opening day, certificates, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from peibu.demo.people import sample_people
from peibu.trial import facts as told
from peibu.trial.outcome import Outcome, Refusal, TrialLine
from peibu.trial.parts import Part, parts_of
from services.enrollment.domain.history import PastTraining
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.roster import judge_roster
from services.enrollment.domain.roster_row import Particulars, PersonalFacts, RosterContext, RosterRow
from services.payment.domain.advance import judge_advance
from services.payment.domain.caps import Use
from services.payment.domain.claim import deadlines
from services.payment.domain.deciding import assess
from services.payment.domain.facts import Known
from services.payment.domain.notice import period_of
from services.payment.domain.rates import RateTable, rate_table
from services.payment.domain.subsidy import Assessment, Line
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Refused
from shared.domain.jurisdiction import regions
from shared.domain.money import fen_from_yuan
from shared.domain.months import months_later
from shared.policy.case_file import Case, People
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook, Shelf
from shared.policy.terms.class_plan import ProgrammeType

_SEED: Final = 1


def judge(case: Case, shelf: Shelf) -> Outcome:
    """Give what the rulebook of the case's region and opening date makes of it.

    Raise Refused RULEBOOK_MISSING, or KIND_NOT_OFFERED for a kind of class that the document does not name.
    """
    book = shelf.in_force(case.region, case.opened)
    type_of(case, book, None)
    judged = _judged(case, book)
    refusals = [_refusal(person, finding) for person, findings in judged.items() for finding in _stops(findings)]
    flags = [finding for findings in judged.values() for finding in findings if finding.severity is Severity.ASK]
    roster = tuple(person for person, findings in judged.items() if not _stops(findings))
    if cancelled := _cancelled(case, book, roster):
        return Outcome(
            case=case.case, rulebook_id=book.id, refusals=(*refusals, _refusal(None, cancelled)), flags=tuple(flags)
        )
    classes: list[Assessed] = []
    for part in parts_of(case, book):
        classes.append(_assessed(part, book, roster, [*told.past(case), *(use for one in classes for use in one.uses)]))
    advance_fen, against = _advanced(case, book, classes)
    refusals += [_refusal(None, finding) for finding in against]
    refusals += [_refusal(None, stop) for one in classes for stop in one.found.stops]
    for one in classes:
        refusals += one.refused_payees(case)
        for line in one.found.lines:
            refusals += [_refusal(line.person_id, finding) for finding in _stops(line.findings)]
            flags += [finding for finding in line.findings if finding.severity is not Severity.STOP]
    return Outcome(
        case=case.case,
        rulebook_id=book.id,
        lines=tuple(_trial_line(case, line) for one in classes for line in one.found.lines),
        refusals=tuple(refusals),
        flags=(*flags, *(flag for one in classes for flag in one.found.flags)),
        dates=_dates(case, book),
        traces=tuple(step for one in classes for step in one.found.traces),
        advance_fen=advance_fen,
        advanced=book.payment.advance.programmes if advance_fen and book.payment.advance else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """One class of the case as payment assesses it, with what it takes up of its people's caps."""

    opened: ClassOpened
    rates: RateTable | None
    found: Assessment

    @property
    def uses(self) -> list[Use]:
        """Give what was admitted."""
        awards = [award for line in self.found.lines for award in line.awards]
        return [award.use for award in awards if not award.findings]

    def refused_payees(self, case: Case) -> list[Refusal]:
        """Refuse whoever asks to be paid in place of the one whom the document names."""
        refused = []
        for line in self.found.lines:
            for asked in case.payee:
                to = line.paid_to
                if to and line.person_id in asked.persons and asked.kind != to.payee and line.amount_fen:
                    message = f"{asked.kind} 不是文件规定的收款人，应付 {to.payee}"
                    refused.append(Refusal(person=line.person_id, rule=to.rule, message=message))
        return refused


def _assessed(part: Part, book: Rulebook, roster: tuple[str, ...], past: Sequence[Use]) -> Assessed:
    case = part.case
    people = tuple(person for person in roster if person in case.people)
    opened = told.opened_class(case, book, type_of(case, book, part.programme), part.programme, people)
    rates = rate_table(book, case.region, told.rates(case), regions())
    found = assess(
        told.class_facts(case, opened),
        Known(event_id="opened", fact=opened),
        rulebook=book,
        rates=rates,
        decisions=told.decisions(case, book),
        entitled=frozenset(people),
        past=past,
    )
    return Assessed(opened=opened, rates=rates, found=found)


def _advanced(case: Case, book: Rulebook, classes: Sequence[Assessed]) -> tuple[int, list[Finding]]:
    """Give what was advanced, and what stands against an advance, which is then not paid."""
    advanced: list[int] = []
    against = []
    for asked in case.advance:
        amount_fen = fen_from_yuan(asked.amount_yuan)
        objection = judge_advance(
            amount_fen,
            classes[0].opened,
            rulebook=book,
            rates=classes[0].rates,
            decisions=told.decisions(case, book),
            before_fen=advanced,
            trained=asked.date >= told.last_day(case),
        )
        if objection is None:
            advanced.append(amount_fen)
        else:
            against.append(objection)
    return sum(advanced), against


def _trial_line(case: Case, line: Line) -> TrialLine:
    named = [payee.kind for payee in case.payee if line.person_id in payee.persons]
    claims = named[0] if named else case.provider or "institution"
    return TrialLine(
        person=line.person_id,
        programme=line.programme,
        amount_fen=line.amount_fen,
        payee=line.paid_to.payee if line.paid_to else claims,
        traces=line.traces,
        findings=line.findings,
    )


def type_of(case: Case, book: Rulebook, programme: str | None) -> ProgrammeType:
    """Give the training type of the case: of its kind, bound to its level where the document binds one."""
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    fitting = [
        one
        for one in types
        if one.class_kind == case.kind
        and (not one.levels or case.level in one.levels)
        and programme in (None, one.programme)
    ]
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
                name=sample.name,
                identity_number=sample.identity_number,
                phone=sample.phone,
                evidence="evidence",
                facts=_particulars(case, group, book),
            ),
            group=group.group,
            employer_name="employer",
            employer_credit_code="",
            employer_region=case.region,
            fee_fen=fen_from_yuan(group.fee_yuan),
            declares_ability_and_will=True,
            person_id=person,
        )
    judged = judge_roster(rows.values(), _context(case, book), book)
    decided = {(decision.rule, person) for decision in case.decision for person in (decision.persons or case.people)}
    return {
        person: [
            finding
            for finding in judged[row.row].findings
            if not (finding.severity is Severity.ASK and (finding.rule, person) in decided)
        ]
        for person, row in rows.items()
    }


def _particulars(case: Case, people: People, book: Rulebook) -> PersonalFacts:
    """Give what the file says of a person; what it does not say is as the rules want it."""
    term = book.enrollment.place_links
    enough = [link.code for link in term.links if not (link.human_decision or link.refusal)] if term else []
    links = enough[:1] if people.link is None else [people.link]
    hired = book.enrollment.newly_hired
    return PersonalFacts(
        place_links=() if people.link == "none" else tuple(links),
        pension_from=people.pension_from,
        release_on=people.release or case.opened,
        graduation_year=case.opened.year,
        employed_since=case.opened if hired and people.group in hired.groups else None,
        qualification_number="qualification",
        qualified_on=case.opened,
        dispatched_to=people.dispatched_to or "",
    )


def _context(case: Case, book: Rulebook) -> RosterContext:
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
        kind=case.kind,
        enterprise=case.enterprise,
        included=frozenset(group.code for group in book.enrollment.groups),
    )


def _cancelled(case: Case, book: Rulebook, roster: tuple[str, ...]) -> Finding | None:
    term = book.supervision.opening_attendance
    if term is None:
        return None
    seen = told.opening_of(case, roster).observe(term)
    if seen is None:
        return None
    return term.finding(
        code="OPENING_ATTENDANCE", severity=Severity.STOP, message=seen.seen, advice="本班取消，学员可参加其他班级。"
    )


def _dates(case: Case, book: Rulebook) -> dict[str, date]:
    """Give the days that follow from those the file names."""
    named = {dated.event: dated.on for dated in case.date}
    found: dict[str, date] = {}
    if "claim_received" in named:
        limits = deadlines(book, named["claim_received"])
        due = {"review_due": limits.review_due, "review_due_outer": limits.review_due_outer}
        found |= {event: day for event, day in due.items() if day is not None}
    if "notice_published" in named and book.payment.notice:
        period = period_of(book.payment.notice, named["notice_published"])
        found |= {"notice_end": period.ends_on, "payable_from": period.payable_from}
    if "training_end" in named and (limit := book.assessment.exam_limit):
        found["assessment_due"] = limit.due(named["training_end"])
    windows = [share.employed_within_months or 0 for share in book.payment.window_shares]
    if case.certificate and (months := max(windows, default=None)):
        last = max(certificate.issued for certificate in case.certificate)
        found["employment_window_end"] = months_later(last, months)
    return found


def _stops(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.STOP]


def _refusal(person: str | None, finding: Finding) -> Refusal:
    return Refusal(person=person, rule=finding.rule, message=finding.message)
