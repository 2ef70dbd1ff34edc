"""Who may take part by what a row states of the person: proof, pension, release, graduation, place and qualification.

Every rule here is a term of the rulebook; where a document names none, what is stated is kept and judged by nothing.
No message repeats a day or a number that somebody stated.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from services.enrollment.domain.register import Values
from services.enrollment.domain.roster_row import PersonalFacts, RosterContext, RosterRow
from shared.policy.decision import Finding, Severity
from shared.policy.terms.enrollment import EnrollmentTerms
from shared.policy.terms.participation import Group, NewlyHired, PlaceLinks, ReleaseLimit
from shared.policy.terms.register import INCLUSION_FIELDS
from shared.policy.terms.term import Term

_LET_A_PERSON_DECIDE: Final = "请当前审核环节的办理人员核实并记录决定和理由。"


def judge_personal(
    row: RosterRow, group: Group | None, context: RosterContext, terms: EnrollmentTerms
) -> list[Finding]:
    """Give every objection to what the row states of the person, on the opening day."""
    facts, opening = row.particulars.facts, context.opening_date
    found = [
        *_judge_proof(facts, group, opening),
        *_judge_source(facts, terms),
        *_judge_inclusion(row.group, context.included, terms),
        *_judge_kind(row, context, terms),
        *_judge_places(facts.place_links, terms.place_links),
        *_judge_qualification(facts, context, terms),
        *_judge_organiser(facts, context, terms),
        *_judge_consent(facts, opening, terms),
    ]
    if (pension := terms.pension_exclusion) and row.group in pension.groups and _by(facts.pension_from, opening):
        message = "该人员在开班日期已具有按月领取养老金资格，不属于该类人员。"
        found.append(_stop(pension, "PENSION_ENTITLED", message, "请更换学员，或改正人员类别。", "pension_from"))
    if (release := terms.release_limit) and row.group in release.groups:
        found += _judge_release(facts.release_on, opening, release)
    for graduation in terms.graduation_years:
        if row.group in graduation.groups:
            found += _judge_graduation(facts.graduation_year, opening, graduation)
    if (jobless := terms.jobless) and row.group in jobless.groups and _by(facts.employed_since, opening):
        message = "该类人员以未就业人员为主，该人员在开班日期已就业。"
        found.append(_ask(jobless, "EMPLOYED_AT_OPENING", message, _LET_A_PERSON_DECIDE, "employed_since"))
    hired = terms.newly_hired
    if hired and (row.group in hired.groups or context.training_type in hired.training_types):
        found += _judge_hiring(facts.employed_since, context, hired)
    return found


def inclusions_on(day: date, decisions: Iterable[Values]) -> frozenset[str]:
    """Give the groups that one of these register entries takes in on the day, its first and its last day included."""
    written = day.isoformat()
    return frozenset(
        group
        for group, first, last in ([values.get(code) for code in INCLUSION_FIELDS] for values in decisions)
        if isinstance(group, str)
        and isinstance(first, str)
        and first <= written
        and (not isinstance(last, str) or written <= last)
    )


def _judge_proof(facts: PersonalFacts, group: Group | None, opening: date) -> Iterator[Finding]:
    """Stop a proof that does not hold on the opening day, and a kind that the group does not include."""
    if group is None:
        return
    lapsed = facts.evidence_until is not None and facts.evidence_until < opening
    early = facts.evidence_from is not None and facts.evidence_from > opening
    if group.evidence and (lapsed or early):
        message = f"人员类别“{group.name}”的证明在开班日期不在有效期内。"
        yield _stop(
            group,
            "EVIDENCE_NOT_VALID",
            message,
            "请补充在开班日期有效的证明后重新提交本行。",
            "evidence_until" if lapsed else "evidence_from",
        )
    if facts.group_kind and facts.group_kind not in {kind.code for kind in group.kinds}:
        message = f"人员类别“{group.name}”不包括所填的细类。"
        choices = "、".join(f"{kind.code}（{kind.name}）" for kind in group.kinds) or "无"
        yield _stop(group, "GROUP_KIND_UNKNOWN", message, f"请从下列细类中选择：{choices}。", "group_kind")


def is_shown_by_source(facts: PersonalFacts, terms: EnrollmentTerms) -> bool:
    """Say whether a record in a connected source stands in for the paper that proves a group (HL-DAT-04)."""
    if terms.evidence_from_sources is None or not facts.source:
        return False
    return not list(_judge_source(facts, terms))


def _judge_source(facts: PersonalFacts, terms: EnrollmentTerms) -> Iterator[Finding]:
    connected = terms.connected_sources
    if connected is None or not facts.source:
        return
    if facts.source not in {item.code for item in connected.sources}:
        choices = "、".join(f"{item.code}（{item.name}）" for item in connected.sources)
        message = "数据比对来源不在规定的清单之内。"
        yield _stop(connected, "SOURCE_UNKNOWN", message, f"请从下列代码中选择：{choices}。", "source")
    elif not facts.source_record.strip() or facts.sourced_on is None:
        message = "填写了数据比对来源，但没有记录编号或比对日期。"
        advice = "请补充比对来源中的记录编号和比对日期，或删除比对来源并提供证明。"
        yield _stop(connected, "SOURCE_RECORD_MISSING", message, advice, "source_record")


def _judge_inclusion(group: str, included: frozenset[str], terms: EnrollmentTerms) -> Iterator[Finding]:
    inclusion = terms.group_inclusion
    if inclusion and group in inclusion.groups and group not in included:
        register = terms.register(inclusion.register)
        where = register.name if register else inclusion.register
        message = "该类人员须由主管部门决定纳入后方可参加，开班日期没有有效的纳入决定。"
        advice = f"请主管部门在登记册“{where}”中登记纳入决定后重新提交本行。"
        yield _stop(inclusion, "GROUP_NOT_INCLUDED", message, advice, "group")


def _judge_kind(row: RosterRow, context: RosterContext, terms: EnrollmentTerms) -> Iterator[Finding]:
    for meant in terms.class_groups:
        others = row.group.strip() and row.group not in meant.groups
        here = context.kind in meant.class_kinds or context.training_type in meant.training_types
        if here and meant.others_by_decision and others:
            message = "该类班级面向规定的人员类别，该人员不属于其中任何一类。"
            yield _ask(meant, "GROUP_NOT_MEANT", message, _LET_A_PERSON_DECIDE, "group")


def _judge_places(stated: tuple[str, ...], terms: PlaceLinks | None) -> Iterator[Finding]:
    if terms is None:
        return
    known = {link.code: link for link in terms.links}
    if any(code not in known for code in stated):
        choices = "、".join(f"{link.code}（{link.name}）" for link in terms.links)
        message = "与培训地的联系不在规定的清单之内。"
        yield _stop(terms, "PLACE_LINK_UNKNOWN", message, f"请从下列代码中选择：{choices}。", "place_links")
        return
    links = [known[code] for code in dict.fromkeys(stated)]
    for link in links:
        if link.refusal:
            message = f"“{link.name}”的培训不由本地给予补贴。"
            yield _stop(terms, link.refusal, message, "请向培训机构所在地的主管部门申请。", "place_links")
    if all(link.human_decision for link in links) and (links or terms.required):
        enough = "、".join(link.name for link in terms.links if not (link.human_decision or link.refusal))
        message = f"没有表明该人员与培训地的下列联系之一：{enough}。"
        yield _ask(terms, "PLACE_LINK_DECISION", message, _LET_A_PERSON_DECIDE, "place_links")


def _judge_qualification(facts: PersonalFacts, context: RosterContext, terms: EnrollmentTerms) -> Iterator[Finding]:
    needed = terms.entry_qualification
    names = {item.code: item.name for item in needed.occupations} if needed else {}
    if needed is None or context.occupation not in names:
        return
    if not facts.qualification_number.strip() or not _by(facts.qualified_on, context.opening_date):
        message = f"“{names[context.occupation]}”有从业资格要求，该人员在开班日期没有取得从业资格。"
        advice = "请填写从业资格证书编号和不晚于开班日期的取得日期，或更换学员。"
        yield _stop(needed, "ENTRY_QUALIFICATION", message, advice, "qualified_on")


def _judge_organiser(facts: PersonalFacts, context: RosterContext, terms: EnrollmentTerms) -> Iterator[Finding]:
    if terms.dispatched_staff is None or not facts.dispatched_to or context.institution is None:
        return
    if facts.dispatched_to not in (context.institution.credit_code, context.enterprise):
        message = "劳务派遣人员的培训主体应为实际用工企业，本班不是由其实际用工企业组织。"
        advice = "请由实际用工企业申请办班，或核对实际用工企业的统一社会信用代码。"
        yield _stop(terms.dispatched_staff, "ORGANISER_MUST_BE_USER", message, advice, "dispatched_to")


def _judge_consent(facts: PersonalFacts, opening: date, terms: EnrollmentTerms) -> Iterator[Finding]:
    if terms.assignment_consent and facts.assigned_by.strip() and not _by(facts.consented_on, opening):
        message = "该人员由他人代为报名，没有本人同意的记录。"
        advice = "请取得本人同意并填写同意日期后重新提交本行。"
        yield _stop(terms.assignment_consent, "CONSENT_MISSING", message, advice, "consented_on")


def _judge_release(release_on: date | None, opening: date, terms: ReleaseLimit) -> Iterator[Finding]:
    if release_on is None:
        yield _missing(terms, "刑满释放日期", "release_on")
    elif release_on >= _years_after(opening, terms.years_below):
        message = f"开班日期距该人员刑满释放不短于 {terms.years_below} 年。"
        yield _stop(terms, "RELEASE_TOO_FAR", message, "请更换学员，或在释放日期临近时再行培训。", "release_on")


def _judge_hiring(employed_since: date | None, context: RosterContext, terms: NewlyHired) -> Iterator[Finding]:
    if employed_since is None:
        yield _missing(terms, "就业日期", "employed_since")
        return
    earliest = context.opening_date - timedelta(days=terms.days_before_max)
    if employed_since < earliest or (context.closing_date is not None and employed_since > context.closing_date):
        message = f"新录用人员的录用日期应在开班前 {terms.days_before_max} 日至结业日期之间。"
        yield _ask(terms, "NOT_NEWLY_HIRED", message, _LET_A_PERSON_DECIDE, "employed_since")


def _judge_graduation(year: int | None, opening: date, terms: Term) -> Iterator[Finding]:
    if year is None:
        yield _missing(terms, "毕业年度", "graduation_year")
    elif year != opening.year:
        message = f"该类人员限开班当年（{opening.year} 年）毕业，该人员不属于该类人员。"
        yield _stop(terms, "NOT_GRADUATING_YEAR", message, "请改正人员类别或毕业年度，或更换学员。", "graduation_year")


def _by(stated: date | None, day: date) -> bool:
    return stated is not None and stated <= day


def _years_after(day: date, years: int) -> date:
    """Give the same day of a later year; of 29 February, 1 March, so that no year is shorter than its days."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _missing(term: Term, name: str, field: str) -> Finding:
    return _stop(term, "FIELD_MISSING", f"缺少必填项“{name}”。", "请补充后重新提交本行。", field)


def _stop(term: Term, code: str, message: str, advice: str, field: str) -> Finding:
    return term.finding(code=code, severity=Severity.STOP, message=message, advice=advice, field=field)


def _ask(term: Term, code: str, message: str, advice: str, field: str) -> Finding:
    return term.finding(code=code, severity=Severity.ASK, message=message, advice=advice, field=field)
