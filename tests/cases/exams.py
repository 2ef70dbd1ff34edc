"""The exams of a class: applied for, held and certified on the days that the case file names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.scene import moment
from peibu.demo.training import Training
from shared.policy.case_file import Case
from shared.policy.rulebook import Rulebook

EXAM_LEAD: Final = timedelta(days=5)
"""An exam is held so long before its certificates are issued, and applied for so long before it is held."""
REST: Final = timedelta(days=2)
"""No exam is held earlier after the last day of training: its sessions close first."""
EVENING: Final = time(17, 0)
"""When everything of a day is done: a session ends now, and that of the day before closes."""
PASSED, FAILED = 76, 55
RESULTS: Final = "AssessmentCompleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """One exam of one kind: who passes it and who fails, when it is held and when its certificates are issued."""

    kind: str
    resit: bool
    held: date
    issued: date
    agreement: date | None
    passed: Sequence[str]
    failed: Collection[str]

    @property
    def name(self) -> str:
        """Tell the exams of a class apart."""
        agreed = f"-{self.agreement}" if self.agreement else ""
        return f"{self.kind}{'-again' if self.resit else ''}-{self.issued}{agreed}"


def exams_of(case: Case, last_day: date) -> list[Exam]:
    """Give each exam; whoever has a certificate of a second attempt failed the level exam before."""
    again = {person for row in case.certificate if row.attempt > 1 for person in row.persons}
    named = next((dated.on for dated in case.date if dated.event == "exam"), None)
    passed: dict[tuple[str, bool, date, date | None], list[str]] = {}
    for row in case.certificate:
        passed.setdefault((row.kind, row.attempt > 1, row.issued, row.agreement), []).extend(row.persons)
    return [
        Exam(
            kind=kind,
            resit=resit,
            held=named or min(issued, max(issued - EXAM_LEAD, last_day + REST)),
            issued=issued,
            agreement=agreement,
            passed=persons,
            failed=again if kind == "level" else (),
        )
        for (kind, resit, issued, agreement), persons in passed.items()
    ]


class Examining(Training):
    """The exams and certificates of one class of a case; whoever does not sit in it has no training to complete."""

    part: Case
    book: Rulebook
    sits: bool
    programme: str
    ids: dict[str, str]
    assessments: dict[str, str]

    def exams(self) -> list[Exam]:
        """Give the exams of the class: those the file tells of, else one that nobody passes where results are asked."""
        evidence = self.book.payment.evidence
        asked = evidence.of(self.programme) if evidence and self.sits else None
        if self.part.certificate or asked is None or RESULTS not in asked.completion:
            return exams_of(self.part, self.days[-1])
        held, kind = self.days[-1] + REST, self.part.certifiable[0]
        failed = tuple(self.ids)
        return [Exam(kind=kind, resit=False, held=held, issued=held, agreement=None, passed=(), failed=failed)]

    async def apply_for_exam(self) -> None:
        """Apply for every exam that is no second attempt, in time before the course ends."""
        for exam in self.exams():
            if not exam.resit:
                await self._apply(exam)

    async def examine(self) -> str:
        """Hold every exam on its day; a second attempt is applied for when the first has failed."""
        exams = sorted(self.exams(), key=lambda exam: exam.held)
        for exam in exams:
            if exam.name not in self.assessments:
                await self.move_clock(moment(exam.held - EXAM_LEAD, EVENING))
                await self._apply(exam)
            await self.move_clock(moment(exam.held, EVENING))
            await self._hold(exam)
        return "；".join(f"{exam.kind}：{len(exam.passed)} 人合格" for exam in exams) or "没有考核"

    async def certify(self) -> str:
        """Issue every certificate on its day."""
        for exam in sorted((one for one in self.exams() if one.passed), key=lambda exam: exam.issued):
            await self.move_clock(moment(exam.issued, EVENING))
            certificates = [
                {
                    "person_id": self.ids[person],
                    "number": self._number(exam, person),
                    "issued_on": exam.issued.isoformat(),
                    **({"agreement_on": exam.agreement.isoformat()} if exam.agreement else {}),
                }
                for person in exam.passed
            ]
            answer = await self._examiner(exam).post(
                f"/assessment/v1/assessments/{self.assessments[exam.name]}/certificates",
                {"certificates": certificates},
                key=self.key(f"certificates-{exam.name}"),
            )
            if answer["refused"]:
                raise StoryBroken(f"{answer['refused']} certificates of {exam.name} are refused: {answer['rows'][:1]}")
        return f"{sum(len(exam.passed) for exam in self.exams())} 本证书"

    def _examiner(self, exam: Exam) -> Party:
        return self.cast.bureau_assessor if self._by_bureau(exam) else self.cast.assessor

    def _by_bureau(self, exam: Exam) -> bool:
        """Say whether the document lets only the bureau hold this exam (JY-ASM-06)."""
        organiser = self.book.assessment.completion_organiser
        return organiser is not None and exam.kind == organiser.certificate_kind

    async def _apply(self, exam: Exam) -> None:
        answer = await self.cast.institution.post(
            f"/assessment/v1/classes/{self.script.class_id}/assessments",
            {
                "body_id": self.cast.bureau_body_id if self._by_bureau(exam) else self.cast.body_id,
                "certificate_kind": exam.kind,
                "mode": "offline",
                "exam_on": exam.held.isoformat(),
                "channel": "system",
                "persons": [self.ids[person] for person in (*exam.passed, *sorted(exam.failed))],
            },
            key=self.key(f"exam-{exam.name}"),
        )
        self.assessments[exam.name] = answer["assessment_id"]

    async def _hold(self, exam: Exam) -> None:
        examiner, path = self._examiner(exam), f"/assessment/v1/assessments/{self.assessments[exam.name]}"
        scores = [
            {"person_id": self.ids[person], "part": part, "score": score}
            for persons, score in ((exam.passed, PASSED), (exam.failed, FAILED))
            for person in persons
            for part in ("theory", "practice")
        ]
        await examiner.post(f"{path}/scores", {"scores": scores}, key=self.key(f"scores-{exam.name}"))
        if self.book.assessment.patrol is not None:
            patrol = {"remark": "考场秩序正常"}
            await self.cast.exam_patrol.post(f"{path}/patrol", patrol, key=self.key(f"patrol-{exam.name}"))
        await until(
            lambda: self.read(examiner, f"/assessment/v1/classes/{self.script.class_id}"),
            self._may_be_final,
            what="assessment to know that the training is complete",
        )
        answer = await examiner.post(f"{path}/finalisation", {}, key=self.key(f"final-{exam.name}"))
        if len(answer["passed"]) != len(exam.passed):
            raise StoryBroken(f"{len(exam.passed)} should pass {exam.name}, {len(answer['passed'])} do")

    def _may_be_final(self, view: Json) -> bool:
        if not self.sits:
            return view.get("state") != "unknown"
        opinion = self.book.supervision.inspection_opinion is None or bool(view.get("opinion_passed"))
        return bool(view.get("training_completed")) and opinion

    def _number(self, exam: Exam, person: str) -> str:
        place, level, region = list(self.ids).index(person), self.part.level, self.part.region
        mark = f"{self.script.seed % 10_000:04d}"
        if exam.kind == "level":
            return f"S0001{region[:2]}000001{exam.issued:%y}{level}{mark}{place:02d}"
        if exam.kind == "qualification":
            return f"{exam.issued:%y}{region[:2]}00{mark}{level}{place:05d}"
        return f"{exam.kind[:4].upper()}-{mark}-{place:03d}"
