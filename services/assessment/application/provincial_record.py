"""Results of final exams as the provincial system takes them (JY-INT-01)."""

from typing import Final

from services.assessment.application.access import visible_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Assessment
from shared.contracts.assessment import AssessmentCompleted, CertificateIssued, ResultEntryChanged
from shared.province.record import Line, ProvincialRecord


async def provincial_lines(uow: AssessmentUnit, class_id: str) -> list[Line]:
    """Give one line per person and final exam; the person is who the roster's line of that id says."""
    exams = await uow.assessments.of_class(class_id)
    return [_line(exam, person_id) for exam in exams if exam.is_final for person_id in sorted(exam.outcomes)]


def _line(exam: Assessment, person_id: str) -> Line:
    points = {part: score.points for (person, part), score in exam.scores.items() if person == person_id}
    return Line(
        line=f"result:{exam.number}:{person_id}",
        label=f"第 {exam.number} 次考核成绩",
        content={
            "person_id": person_id,
            "assessment_id": exam.assessment_id,
            "certificate_kind": exam.kind,
            "exam_on": exam.exam_on.isoformat(),
            "outcome": exam.outcomes[person_id],
            "theory": points.get("theory"),
            "practice": points.get("practice"),
        },
    )


PROVINCIAL_RECORD: Final = ProvincialRecord(
    checkpoint="results",
    name="考核成绩",
    triggers=frozenset({AssessmentCompleted, CertificateIssued}),
    lines=provincial_lines,
    entry=ResultEntryChanged,
    require_visible=visible_class,
)
