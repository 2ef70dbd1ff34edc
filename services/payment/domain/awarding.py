"""What the benefits of a class pay its people for, worked out once for all who are alike.

Pure: the answer depends on the class's facts, terms, decisions and rates alone; what is kept meanwhile only saves
working the same thing out again for the next person of whom everything asked is the same.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.payment.domain.benefit import Award, Ground, benefits_of, earned, is_for
from services.payment.domain.caps import Use, admit
from services.payment.domain.decision import Decision
from services.payment.domain.facts import Known
from services.payment.domain.obstacles import incomplete
from services.payment.domain.payee import handed_out, payee_of, payee_open
from services.payment.domain.pricing import Worth, worth_of
from services.payment.domain.rates import RateTable
from services.payment.domain.situation import Situation
from services.payment.domain.subsidy import Line
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit, BenefitPayee

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What one benefit pays somebody for, before rates and caps; `against` says why it pays nothing."""

    paid_to: BenefitPayee | None
    awards: tuple[Award, ...]
    against: tuple[Finding, ...]
    undecided: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A person's line before it is known what its awards are worth; `place` is the benefit's among the class's.

    `certificates` are the events by which those came that speak for it; None where nothing has to speak for it.
    """

    line_no: int
    place: int
    benefit: Benefit
    paid_to: BenefitPayee | None = None
    awards: tuple[Award, ...] = ()
    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()
    certificates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    """What the awards of one line come to."""

    awards: tuple[Award, ...] = ()
    amount_fen: int = 0
    certificate_kind: str | None = None
    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()
    recognised: bool = False


NOTHING = Awarded()


class Awarding:
    """One class, person by person."""

    def __init__(
        self,
        opened: Known[ClassOpened],
        ground: Ground,
        *,
        entitled: frozenset[str],
        rates: RateTable | None,
        past: Sequence[Use],
        held: Mapping[tuple[str, str], Use],
    ) -> None:
        self._opened = opened
        self._ground = ground
        self._entitled = entitled
        self._rates = rates
        self._past = past
        self._held = held
        self._benefits = benefits_of(opened.fact, ground.rulebook, beside=ground.beside)
        self._waiting = incomplete(
            ground.facts,
            opened.fact,
            ground.rulebook,
            entry_required=ground.entry_required,
            beside=ground.beside,
        )
        self._kept: dict[Hashable, object] = {}

    @property
    def by_days(self) -> Callable[[str], Hashable] | None:
        """Give what a benefit of the class asks of somebody's days: which they are, how many, or nothing at all."""
        if any(benefit.basis == "day" for benefit in self._benefits):
            return self._ground.facts.days_of
        conditions = (condition for benefit in self._benefits for condition in benefit.conditions)
        return self._ground.facts.days_present if any(each.days_min is not None for each in conditions) else None

    @property
    def names_people(self) -> bool:
        """Say whether a benefit of the class gives each person a part of their own, or names their certificate."""
        asked = [benefit for benefit in self._benefits if not benefit.where_agreed or self._ground.facts.agreed]
        return any(
            benefit.basis == "cost" or any(condition.agreement_by_exam_day for condition in benefit.conditions)
            for benefit in asked
        )

    def drafts(self, situation: Situation) -> tuple[Draft, ...]:
        """Give a line for every benefit of the class that pays the person's group; nobody is left without one.

        Who belongs to two groups that are paid under one word has the line of the benefit that stands first.
        """
        trainee, heads = situation.example, len(self._opened.fact.trainees)
        programme = self._opened.fact.programme
        first: dict[str, int] = {}
        for place, benefit in enumerate(self._benefits):
            if is_for(benefit, trainee, self._ground.facts):
                first.setdefault(benefit.paid_as(programme), place)
        fitting = sorted(first.values())
        line_no = situation.places[0] + 1
        if not fitting and self._benefits:
            benefit = self._benefits[0]
            return (Draft(line_no=line_no, place=0, benefit=benefit, findings=(_other_group(benefit),)),)
        return tuple(self._draft(place * heads + line_no, place, situation) for place in fitting)

    def missing(self, situation: Situation, drafts: Iterable[Draft]) -> Iterator[tuple[int, Finding]]:
        """Give the rates that are missing for somebody's lines, each with the number of the line."""
        for draft in drafts:
            for worth in self._worths(situation, draft):
                for finding in worth.missing:
                    yield draft.line_no, finding

    def lines(self, situation: Situation, drafts: Sequence[Draft]) -> tuple[Line, ...]:
        """Give somebody's lines with what their awards come to under the document's caps."""
        kept = tuple(draft.place for draft in drafts if draft.awards)
        awarded = self._once(("awarded", situation.core, kept), lambda: self._awarded(situation, drafts))
        return tuple(self._line(situation.example, draft, awarded.get(draft.place, NOTHING)) for draft in drafts)

    def _once(self, key: Hashable, work_out: Callable[[], T]) -> T:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = work_out()
        return found  # type: ignore[return-value]

    def _draft(self, line_no: int, place: int, situation: Situation) -> Draft:
        benefit, person_id = self._benefits[place], situation.example.person_id
        found = self._once(("earned", situation.core, place), lambda: self._earned(place, situation.example))
        against = self._waiting[benefit.paid_as(self._opened.fact.programme)]
        against = against or (*self._unproven(situation, benefit), *found.undecided, *found.against)
        refused = (*self._not_entitled(person_id), *against)
        certificates = tuple(award.certificate.event_id for award in found.awards if award.certificate is not None)
        if refused and not (found.awards and refused == found.against):
            return Draft(
                line_no=line_no,
                place=place,
                benefit=benefit,
                paid_to=found.paid_to,
                findings=refused,
                certificates=certificates,
            )
        return Draft(
            line_no=line_no,
            place=place,
            benefit=benefit,
            paid_to=found.paid_to,
            awards=found.awards,
            findings=found.against,
            traces=self._grounds(situation, benefit, certificates=len(certificates)),
            certificates=certificates,
        )

    def _earned(self, place: int, trainee: OpenedTrainee) -> Earned:
        benefit, ground = self._benefits[place], self._ground
        paid_to = payee_of(benefit, trainee, ground)
        found, against = earned(benefit, trainee, ground)
        awards = tuple(handed_out(award, benefit, trainee, ground) for award in found)
        return Earned(
            paid_to=paid_to,
            awards=awards,
            against=against,
            undecided=payee_open(benefit, paid_to, trainee.person_id, ground) if awards else (),
        )

    def _worths(self, situation: Situation, draft: Draft) -> tuple[Worth, ...]:
        rulebook, rates = self._ground.rulebook, self._rates
        return self._once(
            ("worths", situation.core, draft.place, bool(draft.awards)),
            lambda: tuple(Worth() if award.findings else worth_of(award, rulebook, rates) for award in draft.awards),
        )

    def _awarded(self, situation: Situation, drafts: Sequence[Draft]) -> dict[int, Awarded]:
        """Judge somebody's awards by caps and exclusions in the order of the days, and sum up each line's."""
        priced = {
            draft.place: [
                award.worth(
                    worth.amount_fen,
                    (*award.findings, *worth.findings),
                    (*award.traces, *worth.traces),
                    short_fen=worth.short_fen,
                )
                for award, worth in zip(draft.awards, self._worths(situation, draft), strict=True)
            ]
            for draft in drafts
        }
        asked = [
            (award.use.on, place, number)
            for place, awards in priced.items()
            for number, award in enumerate(awards)
            if not award.findings
        ]
        before = [use for use in self._past if use.person_id == situation.example.person_id]
        for _, place, number in sorted(asked):
            award = priced[place][number]
            findings, traces = self._admission(award, before)
            if findings or traces:
                priced[place][number] = award.worth(
                    award.amount_fen, findings, (*award.traces, *traces), short_fen=award.short_fen
                )
            if not findings:
                before.append(award.use)
        return {place: _summed(tuple(awards)) for place, awards in priced.items()}

    def _admission(self, award: Award, before: Sequence[Use]) -> tuple[tuple[Finding, ...], tuple[Trace, ...]]:
        rulebook, decisions = self._ground.rulebook, self._ground.decisions
        is_held = self._held.get((award.use.person_id, award.key)) == award.use
        judged = admit(award.use, before, rulebook=rulebook, decisions=decisions, held=is_held)
        if is_held and not judged.findings:
            judged = replace(judged, findings=_despite(award.use, before, rulebook, decisions))
        return judged.findings, judged.traces

    def _line(self, trainee: OpenedTrainee, draft: Draft, awarded: Awarded) -> Line:
        return Line(
            line_no=draft.line_no,
            programme=draft.benefit.paid_as(self._opened.fact.programme),
            amount_fen=awarded.amount_fen,
            recognised=awarded.recognised,
            person_id=trainee.person_id,
            masked_name=trainee.masked_name,
            payee_check=trainee.payee_check,
            identity_check=trainee.identity_check or None,
            certificate_kind=awarded.certificate_kind,
            findings=draft.findings + awarded.findings,
            traces=draft.traces + awarded.traces if awarded.recognised else (),
            paid_to=draft.paid_to,
            awards=awarded.awards,
        )

    def _not_entitled(self, person_id: str) -> tuple[Finding, ...]:
        terms = self._ground.rulebook.payment
        if terms.evidence and self._ground.facts.has_withdrawn(person_id):
            return (
                terms.evidence.finding(
                    code="TRAINEE_WITHDRAWN",
                    severity=Severity.STOP,
                    message="学员已退班，不计入补贴人数。",
                    advice="学员的补贴资格已释放，可参加其他班级。",
                ),
            )
        if terms.entitlement and person_id not in self._entitled:
            return (
                terms.entitlement.finding(
                    code="ENTITLEMENT_MISSING",
                    severity=Severity.STOP,
                    message="学员在本班没有保留的补贴资格（已释放或已用于其他班级），不计入补贴人数。",
                    advice="请在办班环节核对学员本年度的补贴性培训记录。",
                ),
            )
        return ()

    def _unproven(self, situation: Situation, benefit: Benefit) -> tuple[Finding, ...]:
        """Object where an event is missing that the programme's evidence names, but not for a certificate's want."""
        programme = benefit.paid_as(self._opened.fact.programme)
        return self._once(("unproven", programme, situation.sessions > 0), lambda: self._lacking(programme, situation))

    def _lacking(self, programme: str, situation: Situation) -> tuple[Finding, ...]:
        term = self._ground.rulebook.payment.evidence
        evidence = term.of(programme) if term else None
        if term is None or evidence is None:
            return ()
        there = {"ClassOpened", "CertificateIssued", *(("AttendanceChecked",) if situation.sessions else ())}
        return tuple(
            term.finding(
                code="EVIDENCE_MISSING",
                severity=Severity.STOP,
                message=f"系统内没有该学员的 {event} 记录；系统之外的培训不予补贴。",
                advice="请监管人员核对签到补录情况；确无记录的不计入补贴人数。",
                value=event,
            )
            for event in evidence.events
            if event not in there
        )

    def _grounds(self, situation: Situation, benefit: Benefit, *, certificates: int) -> tuple[Trace, ...]:
        proven = self._once(
            ("proven", situation.sessions, certificates), lambda: self._proven(situation.sessions, certificates)
        )
        if not benefit.groups:
            return proven
        groups = ",".join(situation.example.groups)
        eligible = self._once(
            ("eligible", benefit.code, groups), lambda: benefit.trace(result="eligible", inputs={"groups": groups})
        )
        return (*proven, eligible)

    def _proven(self, sessions: int, certificates: int) -> tuple[Trace, ...]:
        evidence, entitlement = self._ground.rulebook.payment.evidence, self._ground.rulebook.payment.entitlement
        traces = []
        if evidence:
            events: dict[str, TraceValue] = {
                "ClassOpened": 1,
                "AttendanceChecked": sessions,
                "CertificateIssued": certificates,
            }
            traces.append(evidence.trace(result="proven", inputs=events))
        if entitlement:
            inputs: dict[str, TraceValue] = {
                "slots_max": entitlement.slots_max,
                "opening_date": self._opened.fact.opening_date.isoformat(),
            }
            traces.append(entitlement.trace(result="slot_held", inputs=inputs))
        return tuple(traces)


def claimed_kinds(drafts: Iterable[Draft]) -> Iterator[str]:
    """Give the kind of each certificate that is claimed for one person, a certificate of several lines once."""
    used = (award.certificate for draft in drafts for award in draft.awards if not award.findings)
    for known in {known.event_id: known for known in used if known}.values():
        yield known.fact.kind


def _despite(use: Use, before: Sequence[Use], rulebook: Rulebook, decisions: Sequence[Decision]) -> tuple[Finding, ...]:
    """Give what stands against an award whose places are held: nothing that came later, but what was had elsewhere.

    Of awards that are all held the later ones give way to an imported past.
    """
    if not any(other.imported for other in before):
        return ()
    earlier = [other for other in before if other.imported or other.on <= use.on]
    return admit(use, earlier, rulebook=rulebook, decisions=decisions).findings


def _summed(awards: tuple[Award, ...]) -> Awarded:
    """Sum up the awards of one line."""
    paid = [award for award in awards if not award.findings]
    kinds = [award.certificate.fact.kind for award in paid if award.certificate is not None]
    return Awarded(
        awards=awards,
        recognised=bool(paid),
        amount_fen=sum(award.amount_fen for award in paid),
        certificate_kind=kinds[0] if kinds else None,
        findings=tuple(finding for award in awards for finding in award.findings),
        traces=tuple(trace for award in paid for trace in award.traces),
    )


def _other_group(benefit: Benefit) -> Finding:
    return benefit.finding(
        code="GROUP_NOT_ELIGIBLE",
        severity=Severity.STOP,
        message=f"学员的人员类别不属于“{benefit.name}”的补贴对象。",
        advice="请核对花名册登记的人员类别及其证明。",
    )
