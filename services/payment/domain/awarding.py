"""What the benefits of a class pay its people for, worked out once for all who are alike.

Pure: the answer depends on the class's facts, terms, decisions and rates alone; what is kept meanwhile only saves
working the same thing out again for the next person of whom everything asked is the same.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from services.payment.domain.benefit import Award, Ground, benefits_of, first_by_word
from services.payment.domain.caps import Admission, Use, admit
from services.payment.domain.decision import Decision
from services.payment.domain.earned import earned
from services.payment.domain.facts import Known
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
    """What one benefit pays somebody for, before rates and caps; `against` says why it pays nothing.

    `place` is the benefit's among the class's. `certificates` are the events by which those came that speak for it.
    """

    place: int
    benefit: Benefit
    paid_to: BenefitPayee | None
    awards: tuple[Award, ...]
    against: tuple[Finding, ...]
    undecided: tuple[Finding, ...]
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A person's line before it is known what its awards are worth; `place` is the benefit's among the class's.

    `certificates` are the events by which those came that speak for it; None where nothing has to speak for it.
    """

    line_no: int
    place: int
    benefit: Benefit
    paid_to: BenefitPayee | None
    awards: tuple[Award, ...]
    findings: tuple[Finding, ...]
    traces: tuple[Trace, ...]
    certificates: tuple[str, ...] | None


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
_NO_WORTH = Worth()
_UNASKED = Admission()


class Awarding:
    """One class, person by person."""

    def __init__(
        self,
        opened: Known[ClassOpened],
        ground: Ground,
        *,
        entitled: frozenset[str],
        rates: RateTable | None,
        waiting: Mapping[str, tuple[Finding, ...]],
        held: Mapping[tuple[str, str], Use],
    ) -> None:
        self._opened = opened
        self._ground = ground
        self._entitled = entitled
        self._rates = rates
        self._held = held
        self._benefits = benefits_of(opened.fact, ground.rulebook, beside=ground.beside)
        self._heads = len(opened.fact.trainees)
        self._earned: dict[int, tuple[Earned, ...]] = {}
        self._awarded: dict[tuple[int, tuple[int, ...]], dict[int, Awarded]] = {}
        self._worths: dict[Hashable, Worth] = {}
        self._waiting = waiting
        self._kept: dict[Hashable, object] = {}

    @property
    def by_days(self) -> Callable[[str], Hashable] | None:
        """Give what a benefit of the class asks of somebody's days: which they are, how many, or nothing at all."""
        if any(benefit.basis == "day" for benefit in self._benefits):
            return self._ground.facts.days_of
        conditions = (condition for benefit in self._benefits for condition in benefit.conditions)
        return self._ground.facts.days_present if any(each.days_min is not None for each in conditions) else None

    @property
    def asks_for_work(self) -> bool:
        """Say whether a benefit of the class asks where somebody worked."""
        shares = (share for benefit in self._benefits for share in benefit.shares)
        return any(share.employed_within_months is not None for share in shares)

    @property
    def asks_for_first(self) -> bool:
        """Say whether a benefit of the class asks which certificate was somebody's first of an occupation."""
        return any(condition.first_certificate for benefit in self._benefits for condition in benefit.conditions)

    @property
    def names_people(self) -> bool:
        """Say whether a benefit of the class gives each person a part of their own, or names their certificate."""
        asked = [benefit for benefit in self._benefits if not benefit.where_agreed or self._ground.facts.agreed]
        return any(
            benefit.basis == "cost" or any(condition.agreement_by_exam_day for condition in benefit.conditions)
            for benefit in asked
        )

    def drafts(self, situation: Situation) -> tuple[Draft, ...]:
        """Give a line for every benefit of the class that pays the person's group; nobody is left without one."""
        earned_here = self._earned.get(situation.core)
        if earned_here is None:
            earned_here = self._earned[situation.core] = self._all_earned(situation.example)
        if not earned_here and self._benefits:
            return (self._of_another_group(situation),)
        not_entitled = self._not_entitled(situation.example.person_id)
        return tuple([self._draft(found, situation, not_entitled) for found in earned_here])

    def missing(self, situation: Situation, drafts: Iterable[Draft]) -> Iterator[tuple[int, Finding]]:
        """Give the rates that are missing for somebody's lines, each with the number of the line."""
        for draft in drafts:
            for award in draft.awards:
                for finding in self._worth(award, draft.place).missing:
                    yield draft.line_no, finding

    def lines(self, situation: Situation, drafts: Sequence[Draft]) -> tuple[Line, ...]:
        """Give somebody's lines with what their awards come to under the document's caps."""
        key = situation.core, tuple([draft.place for draft in drafts if draft.awards])
        awarded = self._awarded.get(key)
        if awarded is None:
            awarded = self._awarded[key] = self._all_awarded(situation, drafts)
        return tuple([self._line(situation.example, draft, awarded.get(draft.place, NOTHING)) for draft in drafts])

    def _once(self, key: Hashable, work_out: Callable[[], T]) -> T:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = work_out()
        return found  # type: ignore[return-value]

    def _all_earned(self, trainee: OpenedTrainee) -> tuple[Earned, ...]:
        """Give what each benefit of the class that pays the person's group pays them for."""
        first = first_by_word(self._benefits, self._opened.fact.programme, trainee, self._ground.facts)
        return tuple([self._earned_by(place, trainee) for place in first.values()])

    def _earned_by(self, place: int, trainee: OpenedTrainee) -> Earned:
        benefit, ground = self._benefits[place], self._ground
        paid_to = payee_of(benefit, trainee, ground)
        found, against = earned(benefit, trainee, ground)
        awards = tuple([handed_out(award, benefit, trainee, ground) for award in found])
        return Earned(
            place=place,
            benefit=benefit,
            paid_to=paid_to,
            awards=awards,
            against=against,
            undecided=payee_open(benefit, paid_to, trainee.person_id, ground) if awards else (),
            certificates=tuple([award.certificate.event_id for award in awards if award.certificate is not None]),
        )

    def _of_another_group(self, situation: Situation) -> Draft:
        benefit = self._benefits[0]
        return Draft(
            line_no=situation.places[0] + 1,
            place=0,
            benefit=benefit,
            paid_to=None,
            awards=(),
            findings=(_other_group(benefit),),
            traces=(),
            certificates=None,
        )

    def _draft(self, found: Earned, situation: Situation, not_entitled: tuple[Finding, ...]) -> Draft:
        benefit = found.benefit
        against = self._waiting[benefit.paid_as(self._opened.fact.programme)]
        refused = not_entitled + (against or self._unproven(situation, benefit) + found.undecided + found.against)
        stands = not refused or (found.awards and refused == found.against)
        return Draft(
            line_no=found.place * self._heads + situation.places[0] + 1,
            place=found.place,
            benefit=benefit,
            paid_to=found.paid_to,
            awards=found.awards if stands else (),
            findings=refused,
            traces=self._grounds(situation, found) if stands else (),
            certificates=found.certificates,
        )

    def _worth(self, award: Award, place: int) -> Worth:
        if award.findings:
            return _NO_WORTH
        key = place, award.priced, award.percent, award.paid_out_fen
        found = self._worths.get(key)
        if found is None:
            found = self._worths[key] = worth_of(award, self._ground.rulebook, self._rates)
        return found

    def _all_awarded(self, situation: Situation, drafts: Sequence[Draft]) -> dict[int, Awarded]:
        """Judge somebody's awards by caps and exclusions in the order of the days, and sum up each line's."""
        asked: list[tuple[date, int, int, Award]] = []
        worths: dict[int, list[Worth]] = {}
        for draft in drafts:
            worths[draft.place] = [self._worth(award, draft.place) for award in draft.awards]
            asked += [
                (award.use.on, draft.place, number, award)
                for number, (award, worth) in enumerate(zip(draft.awards, worths[draft.place], strict=True))
                if not award.findings and not worth.findings
            ]
        before = [use for use in self._ground.past if use.person_id == situation.example.person_id]
        admitted: dict[tuple[int, int], Admission] = {}
        for _, place, number, award in sorted(asked, key=lambda each: each[:3]) if len(asked) > 1 else asked:
            judged = admitted[place, number] = self._admission(award, before)
            if not judged.findings:
                before.append(award.use)
        return {
            draft.place: _summed(
                tuple(
                    [
                        _judged(award, worth, admitted.get((draft.place, number), _UNASKED))
                        for number, (award, worth) in enumerate(zip(draft.awards, worths[draft.place], strict=True))
                    ]
                )
            )
            for draft in drafts
            if draft.awards
        }

    def _admission(self, award: Award, before: Sequence[Use]) -> Admission:
        rulebook, decisions = self._ground.rulebook, self._ground.decisions
        is_held = self._held.get((award.use.person_id, award.key)) == award.use
        judged = admit(award.use, before, rulebook=rulebook, decisions=decisions, held=is_held)
        if is_held and not judged.findings:
            judged = replace(judged, findings=_despite(award.use, before, rulebook, decisions))
        return judged

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

    def _grounds(self, situation: Situation, found: Earned) -> tuple[Trace, ...]:
        certificates, groups = len(found.certificates), situation.example.groups if found.benefit.groups else None
        key = "grounds", situation.sessions, certificates, found.place, groups
        return self._once(key, lambda: self._all_grounds(situation.sessions, certificates, found.benefit, groups))

    def _all_grounds(
        self, sessions: int, certificates: int, benefit: Benefit, groups: tuple[str, ...] | None
    ) -> tuple[Trace, ...]:
        proven = self._once(("proven", sessions, certificates), lambda: self._proven(sessions, certificates))
        if groups is None:
            return proven
        told = ",".join(groups)
        eligible = self._once(
            ("eligible", benefit.code, told), lambda: benefit.trace(result="eligible", inputs={"groups": told})
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


def _judged(award: Award, worth: Worth, admission: Admission) -> Award:
    """Give an award with its worth and with what caps and exclusions say of it."""
    return award.worth(
        worth.amount_fen,
        award.findings + worth.findings + admission.findings,
        award.traces + worth.traces + admission.traces,
        short_fen=worth.short_fen,
    )


def _summed(awards: tuple[Award, ...]) -> Awarded:
    """Sum up the awards of one line."""
    paid = [award for award in awards if not award.findings]
    kinds = [award.certificate.fact.kind for award in paid if award.certificate is not None]
    return Awarded(
        awards=awards,
        recognised=bool(paid),
        amount_fen=sum([award.amount_fen for award in paid]),
        certificate_kind=kinds[0] if kinds else None,
        findings=tuple([finding for award in awards for finding in award.findings]),
        traces=tuple([trace for award in paid for trace in award.traces]),
    )


def _other_group(benefit: Benefit) -> Finding:
    return benefit.finding(
        code="GROUP_NOT_ELIGIBLE",
        severity=Severity.STOP,
        message=f"学员的人员类别不属于“{benefit.name}”的补贴对象。",
        advice="请核对花名册登记的人员类别及其证明。",
    )
