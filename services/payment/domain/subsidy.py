"""What a class is worth: a line per person and benefit, and what is cut or held back of the class as one of its own.

Pure: the same facts, decisions, rates and rulebook give the same assessment, whoever asks and whenever.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from services.payment.domain.benefit import Award, Ground, benefits_of, earned, is_for
from services.payment.domain.caps import Use, admit
from services.payment.domain.decision import Decision, latest, weigh
from services.payment.domain.exam_days import exam_flags
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.headcount import Base, attendance_base
from services.payment.domain.obstacles import confirmed_doubts, not_a_class, obstacles, survey_missing
from services.payment.domain.payee import handed_out, payee_of, payee_undecided
from services.payment.domain.pricing import Worth, paid_short, worth_of
from services.payment.domain.rates import RateTable
from services.payment.domain.release import Held, hold_back
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.domain.money import floor_share
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit, BenefitPayee
from shared.policy.terms.payment import Headcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a claim: a person's, or the class-level cut (no person).

    `amount_fen` is the full rate of a recognised person, 0 for one who is not, and negative for the cut; `findings` say
    why a line, or an award of it, is not paid. `evidence` are the ids of the events that prove it. `awards` are what it
    is paid for, with what they take up of the person's caps; they are computed anew each time and never stored.
    """

    line_no: int
    programme: str
    amount_fen: int
    recognised: bool
    person_id: str | None = None
    masked_name: str | None = None
    payee_check: str | None = None
    certificate_kind: str | None = None
    findings: tuple[Finding, ...] = ()
    traces: tuple[Trace, ...] = ()
    evidence: tuple[str, ...] = ()
    identity_check: str | None = field(default=None, compare=False)
    paid_to: BenefitPayee | None = field(default=None, compare=False)
    awards: tuple[Award, ...] = field(default=(), compare=False, repr=False)

    @property
    def rules(self) -> tuple[str, ...]:
        """Give the rule ids that decided the line, each once, in the order of its traces."""
        return tuple(dict.fromkeys(trace.rule for trace in self.traces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The outcome for a class: the people's lines in the order of benefits and roster, then the cut if there is one.

    `base` and `recognised` are heads; objections touch neither. `traces` say how the base came about. `stops` refuse
    the whole claim, there are no lines then; `flags` inform a reviewer or wait for a decision. One that was stored in
    between no longer `knows_awards`.
    """

    lines: tuple[Line, ...] = ()
    base: int = 0
    recognised: int = 0
    traces: tuple[Trace, ...] = ()
    flags: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    held: Held | None = None
    knows_awards: bool = field(default=False, compare=False, repr=False)

    @property
    def open_questions(self) -> tuple[Finding, ...]:
        """Give what still needs a recorded human decision, of the class and of its people."""
        everything = (*self.flags, *(finding for line in self.lines for finding in line.findings))
        return tuple(finding for finding in everything if finding.severity is Severity.ASK)

    @property
    def class_questions(self) -> tuple[Finding, ...]:
        """Give what of the class still needs a recorded human decision; somebody's own question holds nobody else."""
        return tuple(flag for flag in self.flags if flag.severity is Severity.ASK)

    @property
    def refused_flags(self) -> tuple[Finding, ...]:
        """Give the class-level flags that a person decided against: they stop the claim."""
        return tuple(flag for flag in self.flags if flag.severity is Severity.STOP)


def assess(
    facts: ClassFacts,
    opened: Known[ClassOpened],
    *,
    rulebook: Rulebook,
    rates: RateTable | None,
    decisions: Sequence[Decision],
    entitled: frozenset[str],
    entry_required: bool = False,
    past: Sequence[Use] = (),
    held: Mapping[tuple[str, str], Use] = MappingProxyType({}),
    today: date | None = None,
) -> Assessment:
    """Assess a class from its facts alone (JY-CLM-10).

    `entitled` are the people who hold an entitlement slot for this class (JY-ENR-05), `past` is what its people were
    paid for elsewhere, `held` are people and awards of this class that hold their places under the caps already, with
    what for: what other classes take later does not take them away, what was imported of elsewhere does.
    `entry_required` says that what happened must be entered in the provincial system too (JY-INT-01). A missing rate
    stops everything with RATE_MISSING, because base and cut are the class's (JY-PAY-05). Without `today` nobody waits
    for a window's end.
    """
    if stops := obstacles(facts, opened.fact, rulebook, entry_required=entry_required):
        return Assessment(stops=stops)
    ground = Ground(facts=facts, opened=opened.fact, rulebook=rulebook, decisions=decisions, today=today)
    lines = [*_lines(opened, ground, entitled)]
    if excess := _beyond_results(lines, facts, rulebook):
        return Assessment(stops=excess)
    priced, missing = _price(lines, rulebook, rates)
    if missing:
        return Assessment(stops=missing)
    found = _of_class(_admitted(priced, past, held, rulebook, decisions), facts, opened.fact, rulebook, decisions)
    of_exams = exam_flags(facts, opened.fact.closing_date, rulebook, decisions)
    short = paid_short(award for line in found.lines for award in line.awards)
    flags = (*not_a_class(opened.fact, rulebook, decisions), *found.flags, *of_exams, *short)
    return replace(found, flags=flags, knows_awards=True)


def _lines(opened: Known[ClassOpened], ground: Ground, entitled: frozenset[str]) -> Iterator[Line]:
    """Give a line for everybody and every benefit of the class that pays their group; nobody is left without one.

    Who belongs to two groups that are paid under one word has the line of the benefit that the document names first.
    """
    trainees, programme = opened.fact.trainees, opened.fact.programme
    benefits = benefits_of(opened.fact, ground.rulebook)
    of_each = [{each.paid_as(programme): each for each in reversed(benefits) if is_for(each, one)} for one in trainees]
    for place, benefit in enumerate(benefits):
        for number, (trainee, mine) in enumerate(zip(trainees, of_each, strict=True), start=1):
            line_no = place * len(trainees) + number
            if mine.get(benefit.paid_as(programme)) == benefit:
                yield _line(line_no, benefit, trainee, opened, ground, entitled)
            elif place == 0 and not mine:
                yield replace(_empty(line_no, benefit, trainee, opened.fact), findings=(_other_group(benefit),))


def amounts(
    lines: Iterable[Line], *, base: int, recognised: int, withheld: frozenset[int], held: Held | None = None
) -> dict[int, int]:
    """Give what each line is due in fen, lines of zero left out.

    A withheld (objected) line leaves the sum, never base or recognised; the cut is computed on what is left:
    floor(sum x min(base, recognised) / recognised) - sum, on the line after the last person's. What is `held` back
    until the class's people work stands there likewise.
    """
    people = [line for line in lines if line.person_id is not None]
    due = {line.line_no: line.amount_fen for line in people if line.recognised and line.line_no not in withheld}
    total = sum(due.values())
    cut = floor_share(total, base, recognised) - total if recognised and base < recognised else 0
    if held is not None:
        total = sum(due.get(line.line_no, 0) for line in people if line.programme in held.programmes)
        cut = floor_share(total, held.percent, 100) - total
    return due | {max(line.line_no for line in people) + 1: cut} if cut else due


def _empty(line_no: int, benefit: Benefit, trainee: OpenedTrainee, opened: ClassOpened) -> Line:
    return Line(
        line_no=line_no,
        programme=benefit.paid_as(opened.programme),
        amount_fen=0,
        recognised=False,
        person_id=trainee.person_id,
        masked_name=trainee.masked_name,
        payee_check=trainee.payee_check,
        identity_check=trainee.identity_check or None,
    )


def _other_group(benefit: Benefit) -> Finding:
    return benefit.finding(
        code="GROUP_NOT_ELIGIBLE",
        severity=Severity.STOP,
        message=f"学员的人员类别不属于“{benefit.name}”的补贴对象。",
        advice="请核对花名册登记的人员类别及其证明。",
    )


def _line(
    line_no: int,
    benefit: Benefit,
    trainee: OpenedTrainee,
    opened: Known[ClassOpened],
    ground: Ground,
    entitled: frozenset[str],
) -> Line:
    line = replace(_empty(line_no, benefit, trainee, opened.fact), paid_to=payee_of(benefit, trainee, ground))
    facts, rulebook = ground.facts, ground.rulebook
    awards, against = earned(benefit, trainee, ground)
    awards = tuple(handed_out(award, benefit, trainee, ground) for award in awards)
    certificates = tuple(award.certificate for award in awards if award.certificate is not None)
    proofs = _proofs(trainee.person_id, facts, opened, certificates)
    refused = (
        *_not_entitled(trainee.person_id, facts, rulebook, entitled),
        *_unproven(proofs, line.programme, rulebook, certified=bool(certificates)),
        *(payee_undecided(line.paid_to, trainee.person_id, ground.decisions) if awards else ()),
        *against,
    )
    evidence = tuple(event for events in proofs.values() for event in events)
    if refused and not (awards and refused == against):
        return replace(line, findings=refused, evidence=evidence)
    grounds = tuple(_grounds(proofs, opened.fact, rulebook))
    if benefit.groups:
        grounds = (*grounds, benefit.trace(result="eligible", inputs={"groups": ",".join(trainee.groups)}))
    return replace(line, findings=against, awards=awards, traces=grounds, evidence=evidence)


def _proofs(
    person_id: str, facts: ClassFacts, opened: Known[ClassOpened], certificates: Iterable[Known[CertificateIssued]]
) -> Mapping[str, tuple[str, ...]]:
    """Give the events that speak for a person, by their name."""
    return {
        "ClassOpened": (opened.event_id,),
        "AttendanceChecked": tuple(known.event_id for known in facts.attended(person_id)),
        "CertificateIssued": tuple(known.event_id for known in certificates),
    }


def _not_entitled(person_id: str, facts: ClassFacts, rulebook: Rulebook, entitled: frozenset[str]) -> Iterable[Finding]:
    evidence, entitlement = rulebook.payment.evidence, rulebook.payment.entitlement
    if evidence and facts.has_withdrawn(person_id):
        yield evidence.finding(
            code="TRAINEE_WITHDRAWN",
            severity=Severity.STOP,
            message="学员已退班，不计入补贴人数。",
            advice="学员的补贴资格已释放，可参加其他班级。",
        )
    elif entitlement and person_id not in entitled:
        yield entitlement.finding(
            code="ENTITLEMENT_MISSING",
            severity=Severity.STOP,
            message="学员在本班没有保留的补贴资格（已释放或已用于其他班级），不计入补贴人数。",
            advice="请在办班环节核对学员本年度的补贴性培训记录。",
        )


def _unproven(
    proofs: Mapping[str, Sequence[str]], programme: str, rulebook: Rulebook, *, certified: bool
) -> Iterable[Finding]:
    """Object where an event is missing that the programme's evidence names; a missing certificate is said elsewhere."""
    term = rulebook.payment.evidence
    evidence = term.of(programme) if term else None
    for event in evidence.events if evidence else ():
        if term and not proofs.get(event) and (certified or event != "CertificateIssued"):
            yield term.finding(
                code="EVIDENCE_MISSING",
                severity=Severity.STOP,
                message=f"系统内没有该学员的 {event} 记录；系统之外的培训不予补贴。",
                advice="请监管人员核对签到补录情况；确无记录的不计入补贴人数。",
                value=event,
            )


def _grounds(proofs: Mapping[str, Sequence[str]], opened: ClassOpened, rulebook: Rulebook) -> Iterable[Trace]:
    evidence, entitlement = rulebook.payment.evidence, rulebook.payment.entitlement
    if evidence:
        yield evidence.trace(result="proven", inputs={event: len(events) for event, events in proofs.items()})
    if entitlement:
        inputs: dict[str, TraceValue] = {
            "slots_max": entitlement.slots_max,
            "opening_date": opened.opening_date.isoformat(),
        }
        yield entitlement.trace(result="slot_held", inputs=inputs)


def _beyond_results(lines: Iterable[Line], facts: ClassFacts, rulebook: Rulebook) -> tuple[Finding, ...]:
    """Refuse more heads of a kind than the results in the system have (JY-ASM-04)."""
    term = rulebook.assessment.results
    if term is None or facts.examination is None:
        return ()
    certified: dict[str, int] = {count.kind: count.certified for count in facts.examination.fact.kinds}
    used = (award.certificate for line in lines for award in line.awards if not award.findings)
    claimed = Counter(known.fact.kind for known in {known.event_id: known for known in used if known}.values())
    return tuple(
        term.finding(
            code="CLAIM_GT_RESULTS",
            severity=Severity.STOP,
            message=f"证书类别 {kind} 申领 {heads} 人，超过系统内考核合格的 {certified.get(kind, 0)} 人。",
            advice="请等待评价机构在系统内完成结果登记后再申领。",
            value=kind,
        )
        for kind, heads in sorted(claimed.items())
        if heads > certified.get(kind, 0)
    )


def _price(
    lines: Iterable[Line], rulebook: Rulebook, rates: RateTable | None
) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    """Give the lines with the worth of each award that nothing refuses, and the rates that are missing."""
    found: list[Line] = []
    missing: dict[Finding, None] = {}
    for line in lines:
        awards = []
        for award in line.awards:
            worth = Worth() if award.findings else worth_of(award, rulebook, rates)
            missing |= dict.fromkeys(worth.missing)
            findings, traces = (*award.findings, *worth.findings), (*award.traces, *worth.traces)
            priced = replace(award, amount_fen=worth.amount_fen, short_fen=worth.short_fen)
            awards.append(replace(priced, findings=findings, traces=traces))
        found.append(replace(line, awards=tuple(awards)))
    return tuple(found), tuple(missing)


def _admitted(
    lines: Sequence[Line],
    past: Iterable[Use],
    held: Mapping[tuple[str, str], Use],
    rulebook: Rulebook,
    decisions: Sequence[Decision],
) -> tuple[Line, ...]:
    """Give the lines with what caps and exclusions leave of them, judged for each person in the order of the days."""
    had: dict[str, list[Use]] = {}
    for use in past:
        had.setdefault(use.person_id, []).append(use)
    asked = [(line.line_no, place) for line in lines for place, award in enumerate(line.awards) if not award.findings]
    awards = {line.line_no: list(line.awards) for line in lines}
    for line_no, place in sorted(asked, key=lambda each: (awards[each[0]][each[1]].use.on, each)):
        award = awards[line_no][place]
        before = had.setdefault(award.use.person_id, [])
        is_held = held.get((award.use.person_id, award.key)) == award.use
        judged = admit(award.use, before, rulebook=rulebook, decisions=decisions, held=is_held)
        if is_held and not judged.findings:
            judged = replace(judged, findings=_despite(award.use, before, rulebook, decisions))
        awards[line_no][place] = replace(award, findings=judged.findings, traces=(*award.traces, *judged.traces))
        if not judged.findings:
            before.append(award.use)
    return tuple(_summed(line, tuple(awards[line.line_no])) for line in lines)


def _despite(use: Use, before: Sequence[Use], rulebook: Rulebook, decisions: Sequence[Decision]) -> tuple[Finding, ...]:
    """Give what stands against an award whose places are held: nothing that came later, but what was had elsewhere.

    Of awards that are all held the later ones give way to an imported past.
    """
    if not any(other.imported for other in before):
        return ()
    earlier = [other for other in before if other.imported or other.on <= use.on]
    return admit(use, earlier, rulebook=rulebook, decisions=decisions).findings


def _summed(line: Line, awards: tuple[Award, ...]) -> Line:
    """Give the line as its awards make it."""
    paid = [award for award in awards if not award.findings]
    kinds = [award.certificate.fact.kind for award in paid if award.certificate is not None]
    refused = tuple(finding for award in awards for finding in award.findings)
    return replace(
        line,
        awards=awards,
        recognised=bool(paid),
        amount_fen=sum(award.amount_fen for award in paid),
        certificate_kind=kinds[0] if kinds else None,
        findings=(*line.findings, *refused),
        traces=(*line.traces, *(trace for award in paid for trace in award.traces)) if paid else (),
    )


def _of_class(
    lines: tuple[Line, ...], facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, decisions: Sequence[Decision]
) -> Assessment:
    """Give the assessment with what of the class is cut or held back, one line at the end."""
    held = hold_back(facts, opened, rulebook, decisions)
    if held is None:
        return _with_cut(lines, facts, rulebook, decisions)
    heads = _heads(lines)
    flags = (*confirmed_doubts(facts, rulebook), *survey_missing(facts, rulebook), *held.flags)
    found = Assessment(base=heads, recognised=heads, traces=held.traces, flags=flags, held=held.held)
    programme = held.held.programmes[0] if held.held else ""
    rest = Line(line_no=0, programme=programme, amount_fen=0, recognised=False, traces=held.traces)
    return closed(found, lines, rest)


def closed(found: Assessment, lines: Sequence[Line], rest: Line | None) -> Assessment:
    """Give an assessment with these lines of people, and as `rest` what is cut or held of them, after the last."""
    due = amounts(lines, base=found.base, recognised=found.recognised, withheld=frozenset(), held=found.held)
    number = max((line.line_no for line in lines), default=0) + 1
    of_class = (replace(rest, line_no=number, amount_fen=due[number]),) if rest and number in due else ()
    return replace(found, lines=(*lines, *of_class))


def _heads(lines: Iterable[Line]) -> int:
    return len({line.person_id for line in lines if line.recognised})


def _with_cut(
    lines: tuple[Line, ...], facts: ClassFacts, rulebook: Rulebook, decisions: Sequence[Decision]
) -> Assessment:
    recognised = _heads(lines)
    base = _base(facts, rulebook, decisions, otherwise=recognised)
    flags = (*base.flags, *confirmed_doubts(facts, rulebook), *survey_missing(facts, rulebook))
    headcount = rulebook.payment.headcount
    if headcount is None:
        return Assessment(lines=lines, base=recognised, recognised=recognised, flags=flags)
    inputs: dict[str, TraceValue] = {"base": base.heads, "recognised": recognised}
    step = headcount.trace(result=min(base.heads, recognised), unit="heads", inputs=inputs)
    lines = tuple(replace(line, traces=(*line.traces, step)) if line.recognised else line for line in lines)
    programme = lines[0].programme if lines else ""
    rest = Line(line_no=0, programme=programme, amount_fen=0, recognised=False, evidence=_base_evidence(facts))
    whole = Assessment(base=base.heads, recognised=recognised, traces=base.traces, flags=flags)
    found = closed(whole, lines, rest)
    if len(found.lines) == len(lines):
        return found
    cut = found.lines[-1]
    if len({line.amount_fen for line in lines if line.recognised}) > 1:
        flags = (*flags, weigh(_mixed(headcount), latest(decisions, headcount.rule)))
    inputs |= {"lines_total_fen": sum(line.amount_fen for line in lines)}
    traced = replace(cut, traces=(*base.traces, headcount.trace(result=cut.amount_fen, unit="fen", inputs=inputs)))
    return replace(found, lines=(*lines, traced), flags=flags)


def _mixed(headcount: Headcount) -> Finding:
    return headcount.finding(
        code="MIXED_RATES_UNDER_CUT",
        severity=Severity.ASK,
        message="班级因出勤扣减且学员补贴标准不一，已按总额比例扣减，须由审核人员确认。",
        advice="请审核人员核对后记录是否接受按比例扣减及理由。",
    )


def _base(facts: ClassFacts, rulebook: Rulebook, decisions: Sequence[Decision], *, otherwise: int) -> Base:
    if facts.training is None:  # a programme whose evidence names no training has no attendance base
        return Base(heads=otherwise, traces=(), flags=())
    return attendance_base(facts.training.fact, rulebook=rulebook, decisions=decisions)


def _base_evidence(facts: ClassFacts) -> tuple[str, ...]:
    training = (facts.training.event_id,) if facts.training else ()
    return (*training, *sorted(known.event_id for known in facts.checks))
