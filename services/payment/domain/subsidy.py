"""What a class is worth: one line per person at the full rate, and the class-level cut as a line of its own.

Pure: the same facts, decisions, rates and rulebook give the same assessment, whoever asks and whenever.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.payment.domain.decision import Decision, latest, weigh
from services.payment.domain.exam_days import exam_flags
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.headcount import Base, attendance_base
from services.payment.domain.obstacles import confirmed_doubts, not_a_class, obstacles, survey_missing
from services.payment.domain.rates import RATE_MISSING, RateTable, Wanted
from services.payment.domain.recognition import recognise
from shared.contracts.assessment import CertificateIssued
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.domain.money import floor_share
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.judging import CONSISTENCY
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Headcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a claim: a person's, or the class-level cut (no person).

    `amount_fen` is the full rate of a recognised person, 0 for one who is not, and negative for the cut; `findings` say
    why a line is not paid. `evidence` are the ids of the events that prove it.
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

    @property
    def rules(self) -> tuple[str, ...]:
        """Give the rule ids that decided the line, each once, in the order of its traces."""
        return tuple(dict.fromkeys(trace.rule for trace in self.traces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The outcome for a class: a line for every person of the roster in its order, then the cut if there is one.

    `base` and `recognised` are heads; objections touch neither. `traces` say how the base came about. `stops` refuse
    the whole claim, there are no lines then; `flags` inform a reviewer or wait for a decision.
    """

    lines: tuple[Line, ...] = ()
    base: int = 0
    recognised: int = 0
    traces: tuple[Trace, ...] = ()
    flags: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()

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
) -> Assessment:
    """Assess a class from its facts alone (JY-CLM-10).

    `entitled` are the people who hold an entitlement slot for this class (JY-ENR-05); `entry_required` says that what
    happened must be entered in the provincial system too (JY-INT-01). A missing rate stops everything
    with RATE_MISSING, because base and cut are the class's (JY-PAY-05).
    """
    if stops := obstacles(facts, opened.fact, rulebook, entry_required=entry_required):
        return Assessment(stops=stops)
    lines = [
        _line(number, trainee, facts, opened, rulebook=rulebook, decisions=decisions, entitled=entitled)
        for number, trainee in enumerate(opened.fact.trainees, start=1)
    ]
    if excess := _beyond_results(lines, facts, rulebook):
        return Assessment(stops=excess)
    priced, stops = _price(lines, opened.fact, rulebook, rates)
    if stops:
        return Assessment(stops=stops)
    found = _with_cut(priced, facts, rulebook, decisions)
    of_exams = exam_flags(facts, opened.fact.closing_date, rulebook, decisions)
    return replace(found, flags=(*not_a_class(opened.fact, rulebook, decisions), *found.flags, *of_exams))


def narrowed(found: Assessment, persons: frozenset[str], *, alone: bool, rulebook: Rulebook) -> Assessment:
    """Give a class's assessment as it stands for a claim of some of its people (JY-CLM-01).

    Base and recognised heads stay the class's, so that everybody bears the same share of a cut. An individual
    (`alone`) sees nobody else's line; in an institution's claim the lines of people who claimed themselves are
    refused as ALREADY_CLAIMED.
    """
    people = [line for line in found.lines if line.person_id is not None]
    if found.stops or all(line.person_id in persons for line in people):
        return found
    if alone:
        mine = [line for line in people if line.person_id in persons]
        lines = [replace(line, line_no=number) for number, line in enumerate(mine, start=1)]
    else:
        lines = [line if line.person_id in persons else _claimed_elsewhere(line, rulebook) for line in people]
    cut = amounts(lines, base=found.base, recognised=found.recognised, withheld=frozenset()).get(len(lines) + 1)
    of_class = [replace(line, line_no=len(lines) + 1, amount_fen=cut) for line in found.lines[len(people) :] if cut]
    return replace(found, lines=(*lines, *of_class))


def _claimed_elsewhere(line: Line, rulebook: Rulebook) -> Line:
    refused = (rulebook.payment.claimants or CONSISTENCY).finding(
        code="ALREADY_CLAIMED",
        severity=Severity.STOP,
        message="该学员已另行申领本班补贴，同一学员同一班级只能申领一次。",
        advice="本申领不计该学员的金额，无须办理。",
    )
    return replace(line, amount_fen=0, recognised=False, certificate_kind=None, traces=(), findings=(refused,))


def amounts(lines: Iterable[Line], *, base: int, recognised: int, withheld: frozenset[int]) -> dict[int, int]:
    """Give what each line is due in fen, lines of zero left out.

    A withheld (objected) line leaves the sum, never base or recognised; the cut is computed on what is left:
    floor(sum x min(base, recognised) / recognised) - sum, on the line after the last person's.
    """
    people = [line for line in lines if line.person_id is not None]
    due = {line.line_no: line.amount_fen for line in people if line.recognised and line.line_no not in withheld}
    total = sum(due.values())
    cut = floor_share(total, base, recognised) - total if recognised and base < recognised else 0
    return due | {len(people) + 1: cut} if cut else due


def _line(
    number: int,
    trainee: OpenedTrainee,
    facts: ClassFacts,
    opened: Known[ClassOpened],
    *,
    rulebook: Rulebook,
    decisions: Sequence[Decision],
    entitled: frozenset[str],
) -> Line:
    line = Line(
        line_no=number,
        programme=opened.fact.programme,
        amount_fen=0,
        recognised=False,
        person_id=trainee.person_id,
        masked_name=trainee.masked_name,
        payee_check=trainee.payee_check,
    )
    judged = recognise(facts, opened.fact, trainee.person_id, rulebook=rulebook, decisions=decisions)
    proofs = _proofs(trainee.person_id, facts, opened, judged.certificate)
    refused = (
        *_not_entitled(trainee.person_id, facts, rulebook, entitled),
        *_unproven(proofs, opened.fact.programme, rulebook, certified=judged.certificate is not None),
        *judged.findings,
    )
    evidence = tuple(event for events in proofs.values() for event in events)
    if refused or judged.certificate is None:
        return replace(line, findings=refused, evidence=evidence)
    return replace(
        line,
        recognised=True,
        certificate_kind=judged.certificate.fact.kind,
        traces=(*_grounds(proofs, opened.fact, rulebook), *judged.traces),
        evidence=evidence,
    )


def _proofs(
    person_id: str, facts: ClassFacts, opened: Known[ClassOpened], certificate: Known[CertificateIssued] | None
) -> Mapping[str, tuple[str, ...]]:
    """Give the events that speak for a person, by their name."""
    return {
        "ClassOpened": (opened.event_id,),
        "AttendanceChecked": tuple(known.event_id for known in facts.attended(person_id)),
        "CertificateIssued": (certificate.event_id,) if certificate else (),
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
    claimed = Counter(line.certificate_kind for line in lines if line.certificate_kind)
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
    lines: Iterable[Line], opened: ClassOpened, rulebook: Rulebook, rates: RateTable | None
) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    if rates is None:
        return (), (_without_rates(rulebook),)
    priced, missing = [], {}
    for line in lines:
        if line.certificate_kind is None:
            priced.append(line)
            continue
        wanted = Wanted(
            programme=opened.programme,
            occupation=opened.occupation.code,
            level=opened.level,
            certificate_kind=line.certificate_kind,
            on=opened.opening_date,
        )
        rate = rates.rate(wanted)
        if rate is None:
            missing[wanted] = rates.missing(wanted)
        else:
            traces = (*line.traces, rates.trace(rate, wanted))
            priced.append(replace(line, amount_fen=rate.amount_fen, traces=traces))
    return tuple(priced), tuple(missing.values())


def _without_rates(rulebook: Rulebook) -> Finding:
    return Finding(
        code=RATE_MISSING,
        rule="",
        document=rulebook.document,
        clause="",
        severity=Severity.STOP,
        message="规则册没有规定补贴标准的来源，不能计算金额。",
        advice="请由政策管理员在规则册中写明补贴标准的来源。",
    )


def _with_cut(
    lines: tuple[Line, ...], facts: ClassFacts, rulebook: Rulebook, decisions: Sequence[Decision]
) -> Assessment:
    recognised = sum(line.recognised for line in lines)
    base = _base(facts, rulebook, decisions, otherwise=recognised)
    flags = (*base.flags, *confirmed_doubts(facts, rulebook), *survey_missing(facts, rulebook))
    headcount = rulebook.payment.headcount
    if headcount is None:
        return Assessment(lines=lines, base=recognised, recognised=recognised, flags=flags)
    inputs: dict[str, TraceValue] = {"base": base.heads, "recognised": recognised}
    step = headcount.trace(result=min(base.heads, recognised), unit="heads", inputs=inputs)
    lines = tuple(replace(line, traces=(*line.traces, step)) if line.recognised else line for line in lines)
    cut = amounts(lines, base=base.heads, recognised=recognised, withheld=frozenset()).get(len(lines) + 1)
    if cut is None:
        return Assessment(lines=lines, base=base.heads, recognised=recognised, traces=base.traces, flags=flags)
    if len({line.amount_fen for line in lines if line.recognised}) > 1:
        flags = (*flags, weigh(_mixed(headcount), latest(decisions, headcount.rule)))
    total = sum(line.amount_fen for line in lines)
    cut_line = Line(
        line_no=len(lines) + 1,
        programme=lines[0].programme,
        amount_fen=cut,
        recognised=False,
        traces=(*base.traces, headcount.trace(result=cut, unit="fen", inputs={**inputs, "lines_total_fen": total})),
        evidence=_base_evidence(facts),
    )
    return Assessment(lines=(*lines, cut_line), base=base.heads, recognised=recognised, traces=base.traces, flags=flags)


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
