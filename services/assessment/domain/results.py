"""Results of an exam: points against pass marks, entered in versions (JY-ASM-04) and final once everything is there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.assessment.domain.assessment import Assessment, Outcome, Score, named
from services.assessment.domain.body import PART_NAMES, Part, PassMark
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.findings import RowVerdict, stop
from shared.clock import legal_day
from shared.contracts.assessment import CertificateKind
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY, refuse_stopped
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Term

Marks = Mapping[Part, PassMark]


def examined_parts(kind: CertificateKind, rulebook: Rulebook) -> tuple[Part, ...]:
    """Give the parts of a kind's exam: the organiser's of the completion exam, else the kind's, else all there are."""
    organiser, kinds = rulebook.assessment.completion_organiser, rulebook.assessment.certificate_kinds
    if organiser is not None and kind == organiser.certificate_kind:
        return organiser.parts
    known = kinds.kind(kind) if kinds is not None else None
    return (known.parts if known is not None else ()) or tuple(PART_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEntry:
    """One row as the assessor sent it; no points strike out those that stand."""

    person_id: str
    part: Part
    points: int | None


def enter_scores(
    assessment: Assessment,
    entries: Iterable[ScoreEntry],
    *,
    examined: ExaminedClass,
    marks: Marks,
    rulebook: Rulebook,
    author: str,
    now: datetime,
) -> tuple[Assessment, tuple[Score, ...], tuple[RowVerdict, ...]]:
    """Enter rows one by one and give the exam, the versions that are new, and every row's verdict.

    Other points than those that stand are the next version; the same again are a duplicate. Codes of refused rows:
    NOT_IN_EXAM, PART_NOT_EXAMINED, PASS_MARK_MISSING, SCORE_RANGE. Raise Refused RESULTS_FINAL and others
    (`require_open`), or EXAM_NOT_HELD before the exam day.
    """
    assessment.require_open()
    assessment.require_held(legal_day(now))
    latest = dict(assessment.scores)
    entered: list[Score] = []
    verdicts: list[RowVerdict] = []
    for entry in entries:
        findings = tuple(judge_entry(assessment, entry, examined, marks, rulebook))
        standing = latest.get((entry.person_id, entry.part))
        if findings:
            verdicts.append(RowVerdict(verdict="refused", findings=findings))
        elif entry.points == (None if standing is None else standing.points):
            verdicts.append(RowVerdict(verdict="duplicate"))
        else:
            score = next_version(entry, standing, author=author, now=now)
            latest[score.person_id, score.part] = score
            entered.append(score)
            verdicts.append(RowVerdict(verdict="accepted"))
    since = assessment.scored_since or (now if entered else None)
    return replace(assessment, scores=latest, scored_since=since), tuple(entered), tuple(verdicts)


def next_version(entry: ScoreEntry, standing: Score | None, *, author: str, now: datetime) -> Score:
    """Give the version of a score that follows the one that stands."""
    return Score(
        person_id=entry.person_id,
        part=entry.part,
        points=entry.points,
        version=1 if standing is None else standing.version + 1,
        entered_by=author,
        entered_at=now,
    )


def finalise(
    assessment: Assessment,
    others: Iterable[Assessment],
    *,
    examined: ExaminedClass,
    marks: Marks,
    rulebook: Rulebook,
    finalised_by: str,
    today: date,
) -> Assessment:
    """Decide who passed, failed or was absent, for good; `others` are the class's exams, this one may be among them.

    A person passes with the pass mark in every part and is absent without any score, or when they had left the class
    by the exam day, whatever was entered before that was known. Raise Refused for everything that
    is missing at once: PATROL_SIGNATURE, TRAINING_NOT_COMPLETE, OPINION_MISSING, PASS_MARK_MISSING, SCORE_RANGE,
    SCORES_INCOMPLETE, EARLIER_EXAM_OPEN.
    """
    assessment.require_open()
    assessment.require_held(today)
    sheets = sheets_of(assessment, examined)
    refuse_stopped(
        [
            *judge_class(assessment, examined, rulebook),
            *judge_sheets(assessment, sheets, examined, marks, rulebook),
            *_judge_order(assessment, others, rulebook),
        ]
    )
    held_to = marks_held_to(assessment, marks, rulebook)
    outcomes = {person: outcome_of(sheets.get(person), held_to) for person in assessment.persons}
    return replace(assessment, outcomes=outcomes, finalised_on=today, finalised_by=finalised_by)


def judge_marks(assessment: Assessment, marks: Marks, rulebook: Rulebook) -> Iterator[Finding]:
    """Warn of pass marks that were entered when scores were known already: who passes could have been chosen."""
    since = assessment.scored_since
    held_to = marks_held_to(assessment, marks, rulebook)
    late = [part for part, mark in held_to.items() if since and mark.set_at and mark.set_at > since]
    if late:
        yield (rulebook.assessment.results or CONSISTENCY).finding(
            code="PASS_MARK_AFTER_SCORES",
            severity=Severity.WARN,
            message="、".join(PART_NAMES[part] for part in late) + "的合格分数线在成绩录入之后才录入。",
            advice="请人社部门核对分数线依据文件的日期，确认并非依成绩划线。",
            field="part",
            value=",".join(late),
        )


def marks_held_to(assessment: Assessment, marks: Marks, rulebook: Rulebook) -> Marks:
    """Give the marks of the parts that are examined."""
    return {part: marks[part] for part in examined_parts(assessment.kind, rulebook) if part in marks}


def sheets_of(assessment: Assessment, examined: ExaminedClass) -> dict[str, dict[Part, int]]:
    """Give the points by part of everybody who sat the exam."""
    sheets: dict[str, dict[Part, int]] = {}
    on_roster = set(examined.roster_on(assessment.exam_on))
    for (person, part), score in assessment.scores.items():
        if person in on_roster and score.points is not None:
            sheets.setdefault(person, {})[part] = score.points
    return sheets


def outcome_of(sheet: Mapping[Part, int] | None, marks: Marks) -> Outcome:
    """Give what a person's points by part come to; somebody without any was absent."""
    if not sheet:
        return "absent"
    return "passed" if all(sheet[part] >= mark.pass_mark for part, mark in marks.items()) else "failed"


def judge_entry(
    assessment: Assessment, entry: ScoreEntry, examined: ExaminedClass, marks: Marks, rulebook: Rulebook
) -> Iterator[Finding]:
    """Object to one row: whose it is, of which part, and its points."""
    term = rulebook.assessment.results
    if entry.person_id not in assessment.persons or entry.person_id not in examined.roster_on(assessment.exam_on):
        yield stop(
            term,
            code="NOT_IN_EXAM",
            message="该学员不在本次考核名单内，或考核前已退班。",
            advice="请核对学员编号；确已参加考核的，请先核对考核申请名单。",
            field="person_id",
        )
    if entry.points is None:
        return
    parts = examined_parts(assessment.kind, rulebook)
    mark = marks.get(entry.part)
    if entry.part not in parts:
        yield stop(
            rulebook.assessment.certificate_kinds,
            code="PART_NOT_EXAMINED",
            message=f"此种证书的考核没有{PART_NAMES[entry.part]}科目。",
            advice="此种证书考核的科目：" + "、".join(PART_NAMES[part] for part in parts) + "。",
            field="part",
            value=entry.part,
        )
    elif mark is None:
        yield _mark_missing(assessment, [entry.part], examined, term)
    elif not 0 <= entry.points <= mark.full_mark:
        yield stop(
            term,
            code="SCORE_RANGE",
            message=f"{PART_NAMES[entry.part]}成绩应在 0 至 {mark.full_mark} 分之间。",
            advice="请对照成绩单核对后重新录入。",
            field="score",
        )


def judge_class(assessment: Assessment, examined: ExaminedClass, rulebook: Rulebook) -> Iterator[Finding]:
    """Object to what others have yet to say: the patrol, supervision, and the bureau with its opinion."""
    if rulebook.assessment.patrol is not None and assessment.signature is None:
        yield stop(
            rulebook.assessment.patrol,
            code="PATROL_SIGNATURE",
            message="考核巡查人员尚未签字。",
            advice="请巡查人员签字后再定稿。",
        )
    if examined.awaits_training:
        yield stop(
            rulebook.payment.evidence,
            code="TRAINING_NOT_COMPLETE",
            message="监管部门尚未确认培训完成。",
            advice="请待全部课次考勤认定、培训完成后再定稿。",
        )
    opinion = rulebook.supervision.inspection_opinion
    if opinion is not None and "final_results" in opinion.required_for and examined.opinion_passed is not True:
        yield stop(
            opinion,
            code="OPINION_MISSING",
            message="人社部门尚未出具检查意见。" if examined.opinion_passed is None else "人社部门的检查意见为不通过。",
            advice="请人社部门出具通过的检查意见后再定稿；考核申请不受此影响。",
        )


def judge_sheets(
    assessment: Assessment,
    sheets: Mapping[str, Mapping[Part, int]],
    examined: ExaminedClass,
    marks: Marks,
    rulebook: Rulebook,
) -> Iterator[Finding]:
    """Object to missing marks, and to points that are out of range or not there for every part."""
    term = rulebook.assessment.results
    marks = marks_held_to(assessment, marks, rulebook)
    if missing := [part for part in examined_parts(assessment.kind, rulebook) if part not in marks]:
        yield _mark_missing(assessment, missing, examined, term)
        return
    if out_of_range := [
        person
        for person, sheet in sheets.items()
        if any(part in sheet and sheet[part] > mark.full_mark for part, mark in marks.items())
    ]:
        yield stop(
            term,
            code="SCORE_RANGE",
            message=f"有 {len(out_of_range)} 人的成绩超过现行满分。",
            advice="请对照成绩单和满分标准重新录入。",
            field="score",
            value=named(out_of_range),
        )
    if partial := [person for person, sheet in sheets.items() if marks.keys() - sheet.keys()]:
        yield stop(
            term,
            code="SCORES_INCOMPLETE",
            message=f"有 {len(partial)} 人只录入了部分科目的成绩。",
            advice="请补录缺少的科目："
            + "、".join(PART_NAMES[part] for part in marks)
            + "都须有成绩；缺考的不录成绩，误录的以空值（null）撤销。",
            field="person_id",
            value=named(partial),
        )


def _judge_order(assessment: Assessment, others: Iterable[Assessment], rulebook: Rulebook) -> Iterator[Finding]:
    """Object while somebody's earlier exam is open: it could still become an attempt before this one (JY-ASM-05)."""
    earlier = [other for other in others if other.precedes(assessment) and other.is_pending]
    waiting = {person for other in earlier for person in other.persons}.intersection(assessment.persons)
    if waiting:
        yield stop(
            rulebook.assessment.certificate_priority,
            code="EARLIER_EXAM_OPEN",
            message=f"有 {len(waiting)} 人此前的考核尚未定稿，无法认定本次为第几次考核。",
            advice="请先将此前的考核定稿。",
            value=named(waiting),
        )


def _mark_missing(assessment: Assessment, parts: Sequence[Part], examined: ExaminedClass, term: Term | None) -> Finding:
    names = "、".join(PART_NAMES[part] for part in parts)
    return stop(
        term,
        code="PASS_MARK_MISSING",
        message=(
            f"工种 {examined.occupation}、等级 {examined.level or '无'}、证书种类 {assessment.kind} 的{names}"
            f"在 {assessment.exam_on.isoformat()} 没有合格分数线，不能按零分认定。"
        ),
        advice="请由人社部门按文件录入该科目的满分、合格分数及依据后再办理。",
        field="part",
        value=",".join(parts),
    )
