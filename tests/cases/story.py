"""Play a case file through the public APIs, as the parties would, and say how what came of it differs."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, product
from typing import Any

from peibu.demo.opening import roster_row
from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.people import sample_credit_code, sample_people
from peibu.demo.scene import Cast, Script, moment, training_days
from peibu.demo.settlement import ACCOUNT
from peibu.demo.story import Story
from shared.policy.case_file import Case, fen_of
from tests.journey.progress import say

EXAM_LEAD = timedelta(days=5)
"""An exam is held so long before its certificates are issued, and applied for so long before it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """One exam of one kind: who passes it and who fails, and when its certificates are issued."""

    kind: str
    resit: bool
    issued: date
    passed: Sequence[str]
    failed: Collection[str]

    @property
    def name(self) -> str:
        """Tell the exams of a class apart."""
        return f"{self.kind}{'-again' if self.resit else ''}-{self.issued}"

    @property
    def held(self) -> date:
        """Give the day of the exam."""
        return self.issued - EXAM_LEAD


class CommonClock:
    """One legal time for several stories: when all wait, it moves to the earliest instant any of them waits for."""

    def __init__(self, stories: int) -> None:
        self._playing = stories
        self._waiting: list[tuple[datetime, asyncio.Event]] = []
        self._moving = asyncio.Lock()

    async def reach(self, instant: datetime, move: Callable[[datetime], Awaitable[None]]) -> None:
        """Return when legal time is `instant`; whoever comes last lets `move` carry it out."""
        reached = asyncio.Event()
        self._waiting.append((instant, reached))
        await self._go_on(move)
        await reached.wait()

    async def leave(self, move: Callable[[datetime], Awaitable[None]]) -> None:
        """Let the others go on without one that is over."""
        self._playing -= 1
        await self._go_on(move)

    async def _go_on(self, move: Callable[[datetime], Awaitable[None]]) -> None:
        async with self._moving:
            if not self._waiting or len(self._waiting) < self._playing:
                return
            instant = min(instant for instant, _ in self._waiting)
            await move(instant)
            for due, reached in self._waiting:
                if due == instant:
                    reached.set()
            self._waiting = [(due, reached) for due, reached in self._waiting if due > instant]


class CaseStory(Story):
    """One case of a class; the sample occupation stands for its own, all else is as the file says."""

    def __init__(self, cast: Cast, case: Case, *, seed: int, clock: CommonClock) -> None:
        super().__init__(cast, Script(seed=seed, opening=case.opened))
        self.case = case
        self.clock = clock
        self.planned = self.accepted = len(case.people)
        (opening,) = (check for check in case.check if check.kind == "opening")
        self.opening_absent = self.planned - opening.heads
        places = {day: number for number, day in enumerate(self.days)}
        self.spot_headcounts = {places[check.date]: check.heads for check in case.check if check.kind == "spot"}
        self.occupation = f"6-18-02-{seed}"
        self.assessments: dict[str, str] = {}

    def key(self, name: str) -> str:
        """Give keys of this case's own."""
        return f"{self.case.case}-{super().key(name)}"

    async def move_clock(self, instant: datetime) -> None:
        """Wait until every case has come so far."""
        await self.clock.reach(instant, super().move_clock)

    async def prepare(self, admit: Callable[[str, str], Party]) -> None:
        """Register what is this case's own: occupation, bodies with pass marks, rates, teachers and a room.

        `admit` lets an assessor of a new body sign in.
        """
        approver = self.cast.approver
        occupation = {"code": self.occupation, "name": self.case.case, "region": self.case.region, "levels": ["4"]}
        certifiable = list(self.case.certifiable)
        await approver.post(
            "/enrollment/v1/occupations", {**occupation, "certifiable": certifiable}, key=self.key("occupation")
        )
        for kind, part in product(("level", "qualification", "completion"), ("theory", "practice")):
            mark = {"region": self.case.region, "occupation": self.occupation, "level": self.case.level, "part": part}
            limits = {"full_mark": 100, "pass_mark": 60, "valid_from": "2021-01-01", "source": "test"}
            await approver.post(
                "/assessment/v1/pass-marks",
                {**mark, **limits, "certificate_kind": kind},
                key=self.key(f"mark-{kind}-{part}"),
            )
        for number, rate in enumerate(self.case.rate):
            await self.cast.finance.post(
                "/payment/v1/rates",
                {
                    "region": self.case.region,
                    "programme": rate.programme,
                    "occupation": self.occupation,
                    "certificate_kind": rate.certificate,
                    "valid_from": "2021-01-01",
                    "amount_fen": fen_of(rate.amount_yuan),
                    "source": rate.source,
                },
                key=self.key(f"rate-{number}"),
            )
        examiners = {
            is_bureau: await self._body(admit, kinds, is_bureau)
            for kinds, is_bureau in ((["level", "qualification"], False), (["completion"], True))
        }
        self.cast = replace(
            self.cast,
            body_id=examiners[False][0],
            assessor=examiners[False][1],
            bureau_body_id=examiners[True][0],
            bureau_assessor=examiners[True][1],
            **await self._teachers_and_room(),
        )

    async def _body(self, admit: Callable[[str, str], Party], kinds: list[str], is_bureau: bool) -> tuple[str, Party]:
        name = f"assessor-{self.case.case}-{'bureau' if is_bureau else 'body'}"
        body = await self.cast.approver.post(
            "/assessment/v1/bodies",
            {
                "name": name,
                "credit_code": sample_credit_code(2 * self.script.seed + is_bureau),
                "region": self.case.region,
                "certificate_kinds": kinds,
                "occupations": [self.occupation],
                "is_bureau": is_bureau,
            },
            key=self.key(name),
        )
        return body["body_id"], await asyncio.to_thread(admit, name, body["body_id"])

    async def _teachers_and_room(self) -> dict[str, Any]:
        path = f"/enrollment/v1/institutions/{self.cast.institution_id}"
        await self.cast.approver.post(
            f"{path}/directory-entries",
            {"valid_from": "2021-01-01", "valid_to": "2021-12-31", "occupations": [self.occupation]},
            key=self.key("directory"),
        )
        qualified = {"specialty": "焊接", "qualification": "高级技师", "full_time": True}
        teachers = [
            await self.cast.institution.post(
                f"{path}/teachers",
                {"name": person.name, "identity_number": person.identity_number, **qualified},
                key=self.key(f"teacher-{number}"),
            )
            for number, person in enumerate(islice(sample_people(self.script.seed + 500), 3))
        ]
        room = {"name": self.case.case, "address": "示例路1号"}
        stations = [{"occupation": self.occupation, "count": 10}]
        venue = await self.cast.institution.post(
            f"{path}/venues", {**room, "stations": stations}, key=self.key("venue")
        )
        return {
            "teacher_ids": tuple(teacher["teacher_id"] for teacher in teachers),
            "venue_id": venue["venue_id"],
        }

    @cached_property
    def days(self) -> list[date]:
        """Train on weekdays until the last inspection, at least for ten days."""
        last = max(check.date for check in self.case.check)
        count = next(count for count in range(10, 100) if training_days(self.case.opened, count)[-1] >= last)
        return training_days(self.case.opened, count)

    def roster_rows(self) -> list[Json]:
        """Write everybody down with the group the case gives them."""
        groups = {person: people.group for people in self.case.person for person in people.ids}
        return [
            {**roster_row(number, invented), "group": groups[person]}
            for number, (person, invented) in enumerate(zip(self.case.people, self.script.people, strict=True), start=1)
        ]

    def person_id(self, person: str) -> str:
        """Give the id under which the services know a person of the case."""
        return self.script.roster[self.case.people.index(person)]

    # ------------------------------------------------------------------------------------------------- exams

    def exams(self) -> list["Exam"]:
        """Give each exam; whoever has a certificate of a second attempt failed the level exam before."""
        again = {person for row in self.case.certificate if row.attempt > 1 for person in row.persons}
        passed: dict[tuple[str, bool, date], list[str]] = {}
        for row in self.case.certificate:
            passed.setdefault((row.kind, row.attempt > 1, row.issued), []).extend(row.persons)
        return [
            Exam(kind=kind, resit=resit, issued=issued, passed=persons, failed=again if kind == "level" else ())
            for (kind, resit, issued), persons in passed.items()
        ]

    async def apply_for_exam(self) -> None:
        """Apply for every exam that is no second attempt, in time before the course ends."""
        for exam in self.exams():
            if not exam.resit:
                await self._apply(exam)

    async def examine(self) -> str:
        """Hold every exam on its day; a second attempt is applied for when the first has failed."""
        exams = sorted(self.exams(), key=lambda exam: exam.held)
        for exam in exams:
            if exam.resit:
                await self.move_clock(moment(exam.held - EXAM_LEAD, time(9, 0)))
                await self._apply(exam)
            await self.move_clock(moment(exam.held, time(17, 0)))
            await self._hold(exam)
        return "；".join(f"{exam.kind}：{len(exam.passed)} 人合格" for exam in exams)

    async def certify(self) -> str:
        """Issue every certificate on its day."""
        for exam in sorted(self.exams(), key=lambda exam: exam.issued):
            await self.move_clock(moment(exam.issued, time(10, 0)))
            certificates = [
                {
                    "person_id": self.person_id(person),
                    "number": self._number(exam.kind, person),
                    "issued_on": exam.issued.isoformat(),
                }
                for person in exam.passed
            ]
            answer = await self._examiner(exam).post(
                f"/assessment/v1/assessments/{self.assessments[exam.name]}/certificates",
                {"certificates": certificates},
                key=self.key(f"certificates-{exam.name}"),
            )
            if answer["refused"]:
                raise StoryBroken(f"{answer['refused']} certificates of {exam.name} are refused: {answer['rows']}")
        return f"{sum(len(exam.passed) for exam in self.exams())} 本证书"

    def _examiner(self, exam: "Exam") -> Party:
        return self.cast.bureau_assessor if exam.kind == "completion" else self.cast.assessor

    async def _apply(self, exam: "Exam") -> None:
        answer = await self.cast.institution.post(
            f"/assessment/v1/classes/{self.script.class_id}/assessments",
            {
                "body_id": self.cast.bureau_body_id if exam.kind == "completion" else self.cast.body_id,
                "certificate_kind": exam.kind,
                "mode": "offline",
                "exam_on": exam.held.isoformat(),
                "channel": "system",
                "persons": [self.person_id(person) for person in (*exam.passed, *sorted(exam.failed))],
            },
            key=self.key(f"exam-{exam.name}"),
        )
        self.assessments[exam.name] = answer["assessment_id"]

    async def _hold(self, exam: "Exam") -> None:
        examiner, path = self._examiner(exam), f"/assessment/v1/assessments/{self.assessments[exam.name]}"
        scores = [
            {"person_id": self.person_id(person), "part": part, "score": score}
            for persons, score in ((exam.passed, 76), (exam.failed, 55))
            for person in persons
            for part in ("theory", "practice")
        ]
        await examiner.post(f"{path}/scores", {"scores": scores}, key=self.key(f"scores-{exam.name}"))
        patrol = {"remark": "考场秩序正常"}
        await self.cast.exam_patrol.post(f"{path}/patrol", patrol, key=self.key(f"patrol-{exam.name}"))
        await until(
            lambda: self.read(examiner, f"/assessment/v1/classes/{self.script.class_id}"),
            lambda view: bool(view.get("training_completed")) and bool(view.get("opinion_passed")),
            what="assessment to know that the training is complete",
        )
        answer = await examiner.post(f"{path}/finalisation", {}, key=self.key(f"final-{exam.name}"))
        if len(answer["passed"]) != len(exam.passed):
            raise StoryBroken(f"{len(exam.passed)} should pass {exam.name}, {len(answer['passed'])} do")

    def _number(self, kind: str, person: str) -> str:
        place = self.case.people.index(person)
        if kind == "level":
            return f"S000141000001{self.case.opened:%y}4{self.script.seed % 1000:03d}{place:03d}"
        if kind == "qualification":
            return f"{self.case.opened:%y}410000004{self.script.seed % 1000:03d}{place:02d}"
        return f"{kind[:4].upper()}-{self.script.seed}-{place:03d}"

    async def play(self) -> list[str]:
        """Play the case to its claim, or to its cancellation, and give what differs from the file."""
        cancelled = any(refusal.rule == "JY-SUP-04" and not refusal.persons for refusal in self.case.expect.refusal)
        try:
            for title, act in self.steps()[: 6 if cancelled else 11]:
                say(f"{self.case.case} {title}: {await act()}")
            return await (self.cancelled() if cancelled else self.differences())
        except StoryBroken as broken:
            return [str(broken)]
        finally:
            await self.clock.leave(super().move_clock)

    # ----------------------------------------------------------------------------------------- claim or none

    async def cancelled(self) -> list[str]:
        """Too few come on the opening day; an approver confirms, and the claim is refused with the rule."""
        first, supervised = self.days[0], f"/supervision/v1/classes/{self.script.class_id}"
        await self.move_clock(moment(first, time(18, 0)))
        await self._push_sign_ins(0, first)
        await self.move_clock(moment(first + timedelta(days=1), time(18, 0)))
        await until(lambda: self.cast.inspector.get(supervised), lambda view: view["state"] == "held", what="the hold")
        findings = await self.cast.inspector.get("/supervision/v1/findings", class_id=self.script.class_id)
        (case,) = [one for one in findings["items"] if one["check"] == "opening_attendance"]
        await self.cast.approver.post(
            f"/supervision/v1/findings/{case['finding_id']}/closure",
            {"conclusion": "confirmed", "reason": "考勤机工作正常，现场清点人数属实"},
            key=self.key("closure"),
        )
        await self.await_class(lambda view: view["state"] == "cancelled", "the cancellation")
        await until(
            lambda: self.cast.institution.get(f"/payment/v1/classes/{self.script.class_id}"),
            lambda view: not view["reservation"]["held"],
            what="payment to release the class",
        )
        refused = await self.cast.institution.refused("/payment/v1/claims", await self.claim_body())
        rules = {error.get("rule") for error in [refused, *refused.get("errors", [])]}
        return [] if "JY-SUP-04" in rules and self.case.expect.total_yuan == 0 else [f"refused by {rules}"]

    async def claim(self) -> str:
        """Claim, and decide what the case says was decided."""
        script, cast = self.script, self.cast
        await until(
            lambda: self.read(cast.institution, f"/payment/v1/classes/{script.class_id}"),
            lambda view: not view["missing"],
            what="payment to know every fact of the class",
            seconds=5,
        )
        answer = await cast.institution.post("/payment/v1/claims", await self.claim_body(), key=self.key("claim"))
        script.claim_id = answer["claim_id"]
        for number, decision in enumerate(self.case.decision):
            if decision.rule not in asked_by(answer):
                continue  # the facts say it already: an exam of a better kind stands in the system (JY-ASM-05)
            persons = [self.person_id(person) for person in decision.persons]
            await cast.first_reviewer.post(
                f"/payment/v1/claims/{script.claim_id}/decisions",
                {"rule": decision.rule, "reason": decision.reason, **({"persons": persons} if persons else {})},
                key=self.key(f"decision-{number}"),
            )
        return f"申领 {script.claim_id[:8]}"

    async def claim_body(self) -> Json:
        """Give what the institution hands in."""
        signed_on = (await self.today()).isoformat()
        return {
            "class_id": self.script.class_id,
            "claimant": "institution",
            "undertaking": {"text_version": "JY-2021", "signer": "单位负责人", "signed_on": signed_on},
            "account": {**ACCOUNT, "holder": self.cast.institution_name},
        }

    async def differences(self) -> list[str]:
        """Compare the claim with the expectations of the file; nothing differs when the list is empty."""
        claim = await self.cast.auditor.get(f"/payment/v1/claims/{self.script.claim_id}")
        lines = {line["person_id"]: line for line in claim["lines"]}
        found = [f"total {claim['amount_fen']}, expected {fen_of(self.case.expect.total_yuan)}"]
        if claim["amount_fen"] == fen_of(self.case.expect.total_yuan):
            found.clear()
        for expected in self.case.expect.line:
            for person in expected.persons or (None,):
                line = lines.get(person and self.person_id(person), {"amount_fen": 0, "traces": [], "findings": []})
                if line["amount_fen"] != fen_of(expected.amount_yuan):
                    found.append(f"{person or 'class'}: {line['amount_fen']}, expected {fen_of(expected.amount_yuan)}")
                if expected.rule is not None and expected.rule not in named(claim, line):
                    found.append(f"{person or 'class'}: {expected.rule} is not among {sorted(named(claim, line))}")
        for refusal in self.case.expect.refusal:
            for person in refusal.persons:
                rules = {finding["rule"] for finding in lines[self.person_id(person)]["findings"]}
                if refusal.rule is not None and refusal.rule not in rules:
                    found.append(f"{person}: refused by {sorted(rules)}, expected {refusal.rule}")
        flags = {flag["rule"] for flag in claim["flags"]}
        found += [f"{flag.rule} is not among the flags" for flag in self.case.expect.flag if flag.rule not in flags]
        return found


def asked_by(claim: Json) -> set[str]:
    """Give the rules by which a claim asks for a decision."""
    findings = [*claim["flags"], *(finding for line in claim["lines"] for finding in line["findings"])]
    return {finding["rule"] for finding in findings if finding["severity"] == "ask"}


def named(claim: Json, line: Json) -> set[str]:
    """Give the rules that a line, or the claim it stands in, names."""
    steps: list[Any] = [*line["traces"], *line["findings"], *claim.get("traces", [])]
    return {step["rule"] for step in steps}
