"""What is reported of registers: counts, heads, pairs, coverage, violations, open steps, ratings: pure functions."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, assert_never

from services.enrollment.domain.register import RegisterEntry
from shared.domain.months import months_later
from shared.policy.decision import Finding, Severity
from shared.policy.terms.register import CreditRating, Register

OPEN_STEP: Final = "open"
PER_MILLE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One line: the key it stands for, how people call it, its counts, and what is objected to."""

    key: str
    name: str
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReport:
    """The report of one register: totals and rows, on a day or over a period."""

    totals: Mapping[str, int]
    rows: tuple[ReportRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a report is made from: standing entries, the same people's passes, and the names of institutions.

    `since` and `until` bound the register's day, both included; `as_of` is the day on which people are looked at;
    `rating` is the formula of a register of events by which institutions are rated, `running` their open classes;
    `enrolled` people have a place in a class.
    """

    entries: Sequence[RegisterEntry]
    passes: Sequence[RegisterEntry] = ()
    institutions: Mapping[str, str] = field(default_factory=dict)
    as_of: date
    since: date | None = None
    until: date | None = None
    rating: CreditRating | None = None
    enrolled: Collection[str] = ()
    running: Mapping[str, Sequence[str]] = field(default_factory=dict)


def report(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Give the register's report in the shape that its rulebook asks."""
    match terms.report.shape:
        case "entries" | "heads":
            return _counted(terms, facts)
        case "pairs":
            return _pairs(facts)
        case "coverage":
            return _coverage(terms, facts)
        case "violations":
            return _violations(terms, facts)
        case "steps":
            return _steps(terms, facts)
        case "rating":
            return _ratings(terms, facts)
        case "shares":
            return _shares(terms, facts)
        case "minutes":
            return _minutes(terms, facts)
        case "enrolled":
            return _enrolled(terms, facts)
        case "evaluations":
            return _evaluations(terms, facts)
    assert_never(terms.report.shape)


def _counted(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Count entries of a period by one field, the people in them where it says how many, and what is added up."""
    asked = terms.report
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for group in _expected(terms):
        groups[group]["entries"] = 0
    for entry in _of_period(terms, facts):
        group = "" if terms.report.by is None else _shown(entry.values[terms.report.by])
        groups[group]["entries"] += 1
        if terms.report.due is not None:
            groups[group]["overdue"] += int(_is_overdue(entry, terms))
        if terms.report.shape == "heads":
            groups[group]["heads"] += _number(entry, "participants")
        for code in asked.sums:
            groups[group][code] += _number(entry, code)
    rows = (
        ReportRow(
            key=key,
            name=_name(terms, key),
            counts=dict(groups[key]),
            findings=tuple(_judge_band(groups[key]["entries"], terms)) if key == asked.band_of else (),
        )
        for key in sorted(groups)
    )
    return RegisterReport(totals=_summed(groups.values()), rows=tuple(rows))


def _enrolled(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Count the people whom each group of a register names, and those of them who are in a class (LS-ENR-05)."""
    named: defaultdict[str, set[str | None]] = defaultdict(set)
    for entry in _of_period(terms, facts):
        named["" if terms.report.by is None else _shown(entry.values[terms.report.by])].add(entry.person_id)
    counts = {key: {"persons": len(named[key]), "enrolled": len(named[key] & set(facts.enrolled))} for key in named}
    rows = tuple(ReportRow(key=key, name=_name(terms, key), counts=counts[key]) for key in sorted(counts))
    everybody = set().union(*named.values())
    return RegisterReport(
        totals={"persons": len(everybody), "enrolled": len(everybody & set(facts.enrolled))}, rows=rows
    )


def _expected(terms: Register) -> Iterable[str]:
    """Give the groups that are shown whether or not anybody entered anything in them."""
    by = terms.field(terms.report.by) if terms.report.by else None
    if by is not None and terms.report.every_choice:
        yield from (item.code for item in by.choices)
    if terms.report.band_of is not None:
        yield terms.report.band_of


def _judge_band(entries: int, terms: Register) -> list[Finding]:
    """Warn of fewer or more entries than the document aims at (LS-INS-07)."""
    least, most = terms.report.entries_min, terms.report.entries_max
    if entries < least:
        message = f"“{terms.name}”现有 {entries} 项，目标不少于 {least} 项。"
        return [_violation(terms, "BELOW_GOAL", message, "请按文件目标推进。")]
    if most is not None and entries > most:
        message = f"“{terms.name}”现有 {entries} 项，目标不超过 {most} 项。"
        return [_violation(terms, "ABOVE_GOAL", message, "请核对是否均应计入。")]
    return []


def _minutes(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Count each person's minutes of a lesson once, however often and wherever they were learnt (LS-ENR-13)."""
    learnt: defaultdict[tuple[str, str | None], list[tuple[int, int]]] = defaultdict(list)
    for entry in facts.entries:
        lesson = _shown(entry.values[terms.report.by]) if terms.report.by else ""
        learnt[lesson, entry.person_id].append((_number(entry, "from_minute"), _number(entry, "to_minute")))
    lessons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (lesson, _), intervals in learnt.items():
        lessons[lesson].update({"persons": 1, "minutes": _covered(intervals)})
    rows = (ReportRow(key=key, name=_name(terms, key), counts=dict(lessons[key])) for key in sorted(lessons))
    return RegisterReport(totals=_summed(lessons.values()), rows=tuple(rows))


def _covered(intervals: Iterable[tuple[int, int]]) -> int:
    """Give how many minutes lie in any of the intervals."""
    minutes, reached = 0, 0
    for first, last in sorted(intervals):
        minutes += max(0, last - max(first, reached))
        reached = max(reached, last)
    return minutes


def _is_overdue(entry: RegisterEntry, terms: Register) -> bool:
    """Say whether the entry's day comes after the day that the document sets (HB-INS-01)."""
    day = _day(entry, terms.report.day) if terms.report.day else None
    return day is not None and terms.report.due is not None and day > terms.report.due


def _ratings(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Reckon every institution's points and grade by the formula; an event appealed with success does not count."""
    formula = facts.rating
    if formula is None or formula.register != terms.code:
        return RegisterReport(totals={}, rows=())
    off = {event.code: event.points_off for event in formula.events}
    lost: Counter[str] = Counter()
    events: Counter[str] = Counter()
    for entry in _of_period(terms, facts):
        holder = entry.institution_id or ""
        counts = entry.values["appeal"] != formula.upheld
        events[holder] += int(counts)
        lost[holder] += off.get(_text(entry, "event"), 0) if counts else 0
    rows = []
    for holder in sorted(events):
        points = max(formula.points_start - lost[holder], 0)
        grade = next((grade for grade in formula.grades if points >= grade.points_min), None)
        name = facts.institutions.get(holder, holder)
        rows.append(
            ReportRow(
                key=holder,
                name=f"{name}（{grade.name}）" if grade else name,
                counts={"events": events[holder], "points": points},
            )
        )
    return RegisterReport(totals={"institutions": len(rows), "events": events.total()}, rows=tuple(rows))


def _pairs(facts: ReportFacts) -> RegisterReport:
    """Count the villages of every institution (1+N, JY-ENR-24)."""
    villages: defaultdict[str, set[str]] = defaultdict(set)
    for entry in facts.entries:
        villages[entry.institution_id or ""].add(_text(entry, "village_code"))
    rows = tuple(
        ReportRow(key=key, name=facts.institutions.get(key, key), counts={"villages": len(villages[key])})
        for key in sorted(villages)
    )
    return RegisterReport(
        totals={"institutions": len(rows), "villages": len(set().union(*villages.values()))}, rows=rows
    )


def _coverage(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Compare registered staff with those of them who hold a pass, per enterprise (JY-QUA-08)."""
    passed = {
        entry.person_id
        for entry in facts.passes
        if entry.values["proof"] == terms.report.training and _covers(entry, facts.as_of)
    }
    staff: defaultdict[str, set[str | None]] = defaultdict(set)
    names = {}
    for entry in facts.entries:
        left = _day(entry, "left_on")
        if left is None or left > facts.as_of:
            code = _text(entry, "enterprise_code")
            staff[code].add(entry.person_id)
            names[code] = _text(entry, "enterprise_name")
    rows = tuple(
        ReportRow(key=code, name=names[code], counts=_share(len(staff[code]), len(staff[code] & passed)))
        for code in sorted(staff)
    )
    totals = _share(sum(row.counts["staff"] for row in rows), sum(row.counts["passed"] for row in rows))
    return RegisterReport(totals=totals, rows=rows)


def _share(staff: int, passed: int) -> dict[str, int]:
    share = passed * PER_MILLE // staff if staff else 0
    return {"staff": staff, "passed": passed, "open": staff - passed, "share_per_mille": share}


def _violations(terms: Register, facts: ReportFacts) -> RegisterReport:
    """List who started work without the pass, or a special operation without a certificate (JY-ENR-22)."""
    passes: defaultdict[str | None, list[RegisterEntry]] = defaultdict(list)
    for entry in facts.passes:
        passes[entry.person_id].append(entry)
    rows = []
    for entry in facts.entries:
        findings = _judge_assignment(entry, passes[entry.person_id], terms, as_of=facts.as_of)
        if findings:
            rows.append(ReportRow(key=entry.entry_id, name=entry.masked_name or "", findings=tuple(findings)))
    return RegisterReport(totals={"assignments": len(facts.entries), "violations": len(rows)}, rows=tuple(rows))


def _judge_assignment(
    entry: RegisterEntry, passes: Iterable[RegisterEntry], terms: Register, *, as_of: date
) -> list[Finding]:
    assigned, ended = _day(entry, "assigned_on"), _day(entry, "ended_on")
    if assigned is None or assigned > as_of:
        return []
    held = list(passes)
    found = []
    if not any(one.values["proof"] == terms.report.training and _covers(one, assigned) for one in held):
        message = f"{assigned.isoformat()} 上岗时没有有效的培训合格记录。"
        found.append(_violation(terms, "SAFETY_PASS_MISSING", message, "请立即停止上岗，培训合格后再上岗。"))
    if entry.values["special_operation"] is True:
        last = min(as_of, ended) if ended else as_of
        certificates = [one for one in held if one.values["proof"] == terms.report.certificate]
        lapsed = _first_uncovered(certificates, assigned, last)
        if lapsed is not None:
            message = f"特种作业岗位自 {lapsed.isoformat()} 起没有有效的特种作业操作证书。"
            found.append(_violation(terms, "CERTIFICATE_MISSING", message, "请取得或复审证书后再从事特种作业。"))
    return found


def _first_uncovered(certificates: Iterable[RegisterEntry], first: date, last: date) -> date | None:
    """Give the first day of the period on which no certificate is valid, or None."""
    day = first
    for entry in sorted(certificates, key=lambda one: _text(one, "passed_on")):
        if _covers(entry, day):
            expires = _day(entry, "expires_on")
            if expires is None:
                return None
            day = expires + timedelta(days=1)
    return day if day <= last else None


def _steps(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Count follow-up tasks and the steps still open in them, per class (JY-ENR-19)."""
    steps = [one.code for one in terms.fields if one.kind == "choice"]
    classes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in facts.entries:
        open_steps = sum(entry.values[code] == OPEN_STEP for code in steps)
        counts = {"tasks": 1, "steps": len(steps), "open_steps": open_steps, "open_tasks": int(open_steps > 0)}
        classes[_text(entry, "class_id")].update(counts)
    rows = (ReportRow(key=key, name=key, counts=dict(classes[key])) for key in sorted(classes))
    return RegisterReport(totals=_summed(classes.values()), rows=tuple(rows))


def _shares(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Compare a part with the least share of a whole, entry by entry and exactly (HL-INS-12); warn where it is less."""
    asked = terms.report
    if asked.part is None or asked.total is None or asked.minimum_percent is None:
        raise AssertionError("coherence holds what a report of shares reads")
    rows = []
    for entry in _of_period(terms, facts):
        part, total = _number(entry, asked.part), _number(entry, asked.total)
        findings = []
        if part * 100 < total * asked.minimum_percent:
            names = f"“{_field_name(terms, asked.part)}”低于“{_field_name(terms, asked.total)}”"
            message = f"{names}的 {asked.minimum_percent}%。"
            findings.append(_violation(terms, "SHARE_TOO_LOW", message, "请核对登记的金额，并按规定的比例安排。"))
        key = _shown(entry.values[asked.by]) if asked.by else entry.entry_id
        counts = {"part": part, "total": total, "share_per_mille": part * PER_MILLE // total if total else 0}
        rows.append(ReportRow(key=key, name=key, counts=counts, findings=tuple(findings)))
    totals = {"entries": len(rows), "below": sum(bool(row.findings) for row in rows)}
    return RegisterReport(totals=totals, rows=tuple(rows))


def _field_name(terms: Register, code: str) -> str:
    field = terms.field(code)
    return field.name if field else code


def _evaluations(terms: Register, facts: ReportFacts) -> RegisterReport:
    """Say which institutions are due for evaluation (HL-QUA-02), and which classes run on after an exit (LS-INS-02).

    Whoever was never evaluated is due; without an interval nobody is.
    """
    last: dict[str, RegisterEntry] = {}
    for entry in sorted(facts.entries, key=lambda one: _text(one, "evaluated_on")):
        if _text(entry, "evaluated_on") <= facts.as_of.isoformat():
            last[entry.institution_id or ""] = entry
    rows = []
    for key in sorted({*facts.institutions, *last}):
        findings = [*_judge_interval(last.get(key), terms, facts.as_of)]
        left = key in last and last[key].values["decision"] == terms.report.exit_choice
        running = list(facts.running.get(key, ())) if left else []
        if running:
            message = f"该机构已退出，仍有 {len(running)} 个班级在培训中：{'、'.join(running)}。"
            findings.append(_violation(terms, "EXITED_CLASS_RUNNING", message, "请由主管部门逐班决定如何处理。"))
        counts = {"evaluations": int(key in last), "running_after_exit": len(running)}
        rows.append(ReportRow(key=key, name=facts.institutions.get(key, key), counts=counts, findings=tuple(findings)))
    codes = Counter(finding.code for row in rows for finding in row.findings)
    totals = {
        "institutions": len(rows),
        "due": codes["EVALUATION_DUE"],
        "overdue": codes["EVALUATION_OVERDUE"],
        "running_after_exit": sum(row.counts["running_after_exit"] for row in rows),
    }
    return RegisterReport(totals=totals, rows=tuple(rows))


def _judge_interval(entry: RegisterEntry | None, terms: Register, as_of: date) -> list[Finding]:
    every, evaluated = terms.report.every_months, _day(entry, "evaluated_on") if entry else None
    if every is None:
        return []
    if evaluated is None:
        return [_violation(terms, "EVALUATION_DUE", "该机构尚未评估。", "请安排评估。")]
    due = months_later(evaluated, every)
    if as_of < due:
        return []
    code, word = ("EVALUATION_DUE", "应于今日") if as_of == due else ("EVALUATION_OVERDUE", "已于")
    message = f"上次评估为 {evaluated.isoformat()}，{word} {due.isoformat()} 再次评估。"
    return [_violation(terms, code, message, "请安排评估。")]


def _summed(counts: Iterable[Counter[str]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for one in counts:
        totals.update(one)  # adding counters would drop what is zero
    return dict(totals)


def _of_period(terms: Register, facts: ReportFacts) -> Iterable[RegisterEntry]:
    for entry in facts.entries:
        day = _day(entry, terms.report.day) if terms.report.day else None
        before = facts.since is not None and day is not None and day < facts.since
        after = facts.until is not None and day is not None and day > facts.until
        if not before and not after:
            yield entry


def _covers(entry: RegisterEntry, day: date) -> bool:
    passed, expires = _day(entry, "passed_on"), _day(entry, "expires_on")
    return passed is not None and passed <= day and (expires is None or day <= expires)


def _violation(terms: Register, code: str, message: str, advice: str) -> Finding:
    return terms.finding(code=code, severity=Severity.WARN, message=message, advice=advice)


def _name(terms: Register, key: str) -> str:
    choices = terms.field(terms.report.by) if terms.report.by else None
    return next((item.name for item in choices.choices if item.code == key), key) if choices else key


def _shown(value: object) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _text(entry: RegisterEntry, code: str) -> str:
    return str(entry.values[code])


def _number(entry: RegisterEntry, code: str) -> int:
    value = entry.values[code]
    return value if isinstance(value, int) else 0


def _day(entry: RegisterEntry, code: str) -> date | None:
    value = entry.values.get(code)
    return date.fromisoformat(value) if isinstance(value, str) else None
