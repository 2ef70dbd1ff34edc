"""Decide what a class is worth: everybody by the benefits of its document, then what is cut or held back of it.

Pure: the same facts, decisions, rates and rulebook give the same assessment, whoever asks and whenever.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from services.payment.domain.awarding import Awarding, Draft, claimed_kinds
from services.payment.domain.benefit import Ground
from services.payment.domain.caps import Use
from services.payment.domain.decision import Decision, latest, weigh
from services.payment.domain.exam_days import exam_flags
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.headcount import Base, attendance_base
from services.payment.domain.obstacles import confirmed_doubts, incomplete, not_a_class, obstacles, survey_missing
from services.payment.domain.pricing import long_paid, paid_short
from services.payment.domain.rates import RateTable
from services.payment.domain.release import hold_back
from services.payment.domain.situation import Situation, situations
from services.payment.domain.subsidy import Assessment, Line, cut_of, held_of
from shared.contracts.enrollment import ClassOpened
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Headcount


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
    beside: bool = False,
) -> Assessment:
    """Assess a class from its facts alone (JY-CLM-10).

    `entitled` are the people who hold an entitlement slot for this class (JY-ENR-05), `past` is what its people were
    paid for elsewhere, `held` are people and awards of this class that hold their places under the caps already, with
    what for: what other classes take later does not take them away, what was imported of elsewhere does.
    `entry_required` says that what happened must be entered in the provincial system too (JY-INT-01). A missing rate
    stops everything with RATE_MISSING, because base and cut are the class's (JY-PAY-05). Without `today` nobody waits
    for a window's end. With `beside` it is what is paid beside the class's own.
    """
    return decide(
        facts,
        opened,
        rulebook=rulebook,
        rates=rates,
        decisions=decisions,
        entitled=entitled,
        entry_required=entry_required,
        past=past,
        held=held,
        today=today,
        beside=beside,
    ).assessment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The people of one situation with their example's lines, which are everybody's but for whose they are.

    `drafts` are what the lines began as; lines, awards and drafts may name any of those who are alike.
    """

    situation: Situation
    drafts: tuple[Draft, ...]
    lines: tuple[Line, ...]

    @property
    def heads(self) -> int:
        """Give how many people are in the situation."""
        return len(self.situation.places)

    def number(self, line: Line, place: int) -> int:
        """Give the number of a line of the example for the person at a place of the roster."""
        return line.line_no - self.situation.places[0] + place


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A line as it reads for all who have it, and `people`: each one's line number, id and masked name.

    Number, names and awards of the line itself may be those of any of them.
    """

    line: Line
    people: Sequence[tuple[int, str | None, str | None]]


def answer_of(line: Line) -> Answer:
    """Give a line that is nobody else's."""
    return Answer(line=line, people=((line.line_no, line.person_id, line.masked_name),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a class is worth, said once for all who are alike; `of_class` holds what is the class's, its line too."""

    facts: ClassFacts
    opened: Known[ClassOpened]
    of_class: Assessment
    judged: tuple[Judged, ...] = ()

    def assessment(self) -> Assessment:
        """Spell it out: a line for everybody, in the order of benefits and roster."""
        lines = [
            self._own(one, draft, line, place)
            for one in self.judged
            for draft, line in zip(one.drafts, one.lines, strict=True)
            for place in one.situation.places
        ]
        lines.sort(key=lambda line: line.line_no)
        return replace(self.of_class, lines=(*lines, *self.of_class.lines))

    def answers(self) -> Iterator[Answer]:
        """Give the same without spelling it out: every line once for all who have it, by situation."""
        trainees = self.opened.fact.trainees
        for one in self.judged:
            places = [(place, trainees[place]) for place in one.situation.places]
            for line in one.lines:
                first = one.number(line, 0)
                people = [(first + place, trainee.person_id, trainee.masked_name) for place, trainee in places]
                yield Answer(line=line, people=people)
        yield from map(answer_of, self.of_class.lines)

    def _own(self, one: Judged, draft: Draft, line: Line, place: int) -> Line:
        """Give somebody's own line after the example's: their name, their certificate, their evidence."""
        trainee, certificates, awards = self.opened.fact.trainees[place], draft.certificates, line.awards
        person_id = trainee.person_id
        if not one.situation.is_alone:
            own = self.facts.standing_certificates(person_id)
            certificates = tuple(known.event_id for known in own) if certificates else certificates
            awards = tuple(award.of(person_id, own[0] if own else None) for award in awards)
        dated = (self.facts.dated.event_id,) if self.facts.dated else ()
        evidence = (self.opened.event_id, *dated, *self.facts.attended_by(person_id))
        return Line(
            line_no=one.number(line, place),
            programme=line.programme,
            amount_fen=line.amount_fen,
            recognised=line.recognised,
            person_id=person_id,
            masked_name=trainee.masked_name,
            payee_check=trainee.payee_check,
            identity_check=trainee.identity_check or None,
            certificate_kind=line.certificate_kind,
            findings=line.findings,
            traces=line.traces,
            evidence=() if certificates is None else (*evidence, *certificates),
            paid_to=line.paid_to,
            awards=awards,
        )


def decide(
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
    beside: bool = False,
) -> Decided:
    """Assess a class as `assess` does, and leave people together who are alike: for many classes at once."""
    if stops := obstacles(facts, opened.fact, rulebook, entry_required=entry_required, beside=beside):
        return Decided(facts=facts, opened=opened, of_class=Assessment(stops=stops))
    ground = Ground(
        facts=facts,
        opened=opened.fact,
        rulebook=rulebook,
        decisions=decisions,
        past=past,
        today=today,
        beside=beside,
    )
    waiting = incomplete(facts, opened.fact, rulebook, entry_required=entry_required, beside=beside)
    awarding = Awarding(opened, ground, waiting=waiting, entitled=entitled, rates=rates, held=held)
    alike = situations(
        facts,
        opened.fact,
        entitled=entitled,
        decisions=decisions,
        past=past,
        held=held,
        by_days=awarding.by_days,
        by_work=awarding.asks_for_work,
        by_first=awarding.asks_for_first,
        each_alone=awarding.names_people,
    )
    drafts = [(one, awarding.drafts(one)) for one in alike]
    if excess := _beyond_results(drafts, facts, rulebook):
        return Decided(facts=facts, opened=opened, of_class=Assessment(stops=excess))
    if missing := sorted(
        (each for one, lines in drafts for each in awarding.missing(one, lines)), key=lambda each: each[0]
    ):
        stops = tuple(dict.fromkeys(finding for _, finding in missing))
        return Decided(facts=facts, opened=opened, of_class=Assessment(stops=stops))
    judged = [Judged(situation=one, drafts=lines, lines=awarding.lines(one, lines)) for one, lines in drafts]
    judged, of_class = _of_class(judged, facts, opened.fact, rulebook, decisions)
    of_exams = exam_flags(facts, opened.fact.closing_date, rulebook, decisions)
    awards = ((one.heads, award) for one in judged for line in one.lines for award in line.awards)
    told = [(heads, award) for heads, award in awards if award.short_fen or award.benefit.units_alarm]
    shown = [award for heads, award in told for _ in range(heads)]
    of_days = (*paid_short(shown), *long_paid(shown))
    flags = (*not_a_class(opened.fact, rulebook, decisions), *of_class.flags, *of_exams, *of_days)
    found = replace(of_class, flags=flags, knows_awards=True)
    return Decided(facts=facts, opened=opened, of_class=found, judged=tuple(judged))


def _beyond_results(
    drafts: Iterable[tuple[Situation, Sequence[Draft]]], facts: ClassFacts, rulebook: Rulebook
) -> tuple[Finding, ...]:
    """Refuse more heads of a kind than the results in the system have (JY-ASM-04)."""
    term = rulebook.assessment.results
    if term is None or facts.examination is None:
        return ()
    certified: dict[str, int] = {count.kind: count.certified for count in facts.examination.fact.kinds}
    claimed: Counter[str] = Counter()
    for one, lines in drafts:
        for kind in claimed_kinds(lines):
            claimed[kind] += len(one.places)
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


def _of_class(
    judged: list[Judged], facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook, decisions: Sequence[Decision]
) -> tuple[list[Judged], Assessment]:
    """Give what of the class is cut or held back, one line at the end, and the people's lines with the step to it."""
    held = hold_back(facts, opened, rulebook, decisions)
    if held is None:
        return _with_cut(judged, facts, rulebook, decisions)
    recognised = _recognised(judged)
    flags = (*confirmed_doubts(facts, rulebook), *survey_missing(facts, rulebook), *held.flags)
    found = Assessment(base=recognised, recognised=recognised, traces=held.traces, flags=flags, held=held.held)
    programmes = held.held.programmes if held.held else ()
    total_fen = _total_fen(judged, programmes)
    fen = held_of(total_fen, held.held) if held.held else 0
    if not fen:
        return judged, found
    rest = Line(
        line_no=_last_number(judged) + 1,
        programme=programmes[0],
        amount_fen=fen,
        recognised=False,
        traces=held.traces,
    )
    return judged, replace(found, lines=(rest,))


def _recognised(judged: Iterable[Judged]) -> int:
    """Give how many people have a line that counts, whoever has several once."""
    return sum(one.heads for one in judged if any(line.recognised for line in one.lines))


def _total_fen(judged: Iterable[Judged], programmes: Sequence[str] | None = None) -> int:
    """Give what the people's lines come to, all or those of some programmes."""
    return sum(
        one.heads * line.amount_fen
        for one in judged
        for line in one.lines
        if programmes is None or line.programme in programmes
    )


def _last_number(judged: Iterable[Judged]) -> int:
    return max((one.number(line, one.situation.places[-1]) for one in judged for line in one.lines), default=0)


def _with_cut(
    judged: list[Judged], facts: ClassFacts, rulebook: Rulebook, decisions: Sequence[Decision]
) -> tuple[list[Judged], Assessment]:
    recognised = _recognised(judged)
    base = _base(facts, rulebook, decisions, otherwise=recognised)
    flags = (*base.flags, *confirmed_doubts(facts, rulebook), *survey_missing(facts, rulebook))
    headcount = rulebook.payment.headcount
    if headcount is None:
        return judged, Assessment(base=recognised, recognised=recognised, flags=flags)
    inputs: dict[str, TraceValue] = {"base": base.heads, "recognised": recognised}
    step = headcount.trace(result=min(base.heads, recognised), unit="heads", inputs=inputs)
    judged = [replace(one, lines=tuple(_stepped(line, step) for line in one.lines)) for one in judged]
    total_fen = _total_fen(judged)
    cut = cut_of(total_fen, base=base.heads, recognised=recognised)
    found = Assessment(base=base.heads, recognised=recognised, traces=base.traces, flags=flags)
    if not cut:
        return judged, found
    if len({line.amount_fen for one in judged for line in one.lines if line.recognised}) > 1:
        flags = (*flags, weigh(_mixed(headcount), latest(decisions, headcount.rule)))
    first = min((line for one in judged for line in one.lines), key=lambda line: line.line_no)
    cut_line = Line(
        line_no=_last_number(judged) + 1,
        programme=first.programme,
        amount_fen=cut,
        recognised=False,
        traces=(*base.traces, headcount.trace(result=cut, unit="fen", inputs={**inputs, "lines_total_fen": total_fen})),
        evidence=_base_evidence(facts),
    )
    return judged, replace(found, lines=(cut_line,), flags=flags)


def _stepped(line: Line, step: Trace) -> Line:
    return replace(line, traces=(*line.traces, step)) if line.recognised else line


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
