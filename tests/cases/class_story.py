"""One class of a case, played through the public APIs from its application to its certificates."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from peibu.demo.opening import Opening, roster_row
from peibu.demo.party import Json, until
from peibu.demo.scene import Script, Step, moment, training_days
from peibu.trial.facts import stated_cost
from peibu.trial.judging import type_of
from peibu.trial.parts import Part
from shared.policy.case_file import People
from tests.cases.exams import EVENING, Examining

if TYPE_CHECKING:
    from tests.cases.story import CaseStory

WEEKDAYS: Final = 10
"""A course with two sessions a day takes so many days at least."""


class ClassStory(Opening, Examining):
    """One class of a case; the sample occupation stands for its own, all else is as the file says."""

    opens_at = time(0, 0)

    def __init__(self, of: "CaseStory", part: Part, *, number: int, opening: date) -> None:
        super().__init__(of.cast_of(number), Script(seed=10 * of.seed + number, opening=opening))
        self.of, self.whole, self.part, self.book = of, part, part.case, of.book
        self.planned = len(self.part.people) if len(of.parts) > 1 else self.part.planned
        self.occupation = of.code_of(self.part.occupation, self.part.new_occupation_published)
        self.ids = {}
        self.assessments = {}
        self.programme = type_of(part.case, of.book, part.programme).programme
        exempt = self.book.enrollment.class_kind_exemptions  # these kinds of class have no timetable
        self.sits = all(self.part.kind != each.class_kind for each in exempt)
        self.refused: dict[str, list[Json]] = {}
        self.asked: dict[str, list[int]] = {}

    def key(self, name: str) -> str:
        """Give keys of this class's own."""
        return f"{self.of.name}-{super().key(name)}"

    async def move_clock(self, instant: datetime) -> None:
        """Wait until every case has come so far."""
        await self.of.move_clock(instant)

    def steps(self) -> list[Step]:
        """Give the steps up to the certificates; a class whose people only work is neither trained nor examined."""
        steps: list[Step] = [
            ("开班申请", self.apply),
            ("学员花名册", self.submit_roster),
            ("提交申请", self.submit_class),
            ("审核", self.approve_class),
            ("预留", self.await_reservation),
            ("开班", self.open_class),
        ]
        if self.sits:
            steps += [("培训", self.train), ("结业", self.complete_training)]
        return [*steps, ("考核", self.examine), ("取证", self.certify)]

    # ---------------------------------------------------------------------------------------------- before opening

    @cached_property
    def days(self) -> list[date]:
        """Give the training days: those the file names, else as many as the document's rules need."""
        case, opening = self.part, self.script.opening
        if case.session:
            return sorted({session.date for session in case.session})
        if stays := max((row.days for row in case.allowance_day), default=0):
            return [opening + timedelta(days=number) for number in range(stays)]
        if self._is_long:
            last = max((check.date for check in case.check), default=opening)
            counts = range(WEEKDAYS, 10 * WEEKDAYS)
            return next(days for count in counts if (days := training_days(opening, count))[-1] >= last)
        ended = [dated.on for dated in case.date if dated.event == ("training_end" if self.sits else "exam")]
        return sorted({opening, *ended})

    @property
    def _is_long(self) -> bool:
        """Say whether the document has rules on class hours, so that a course of a day or two would break them."""
        return self.book.enrollment.practice_share is not None

    def timetable(self, days: list[date]) -> list[Json]:
        """Give two sessions a day, or one of practice in the afternoon where no rule asks for more."""
        sessions = super().timetable(days) if self.sits else []
        return sessions if self._is_long else [{**one, "kind": "practice"} for one in sessions[1::2]]

    def application(self) -> Json:
        """Give the application as the institution fills it in, with what only this document asks."""
        kind = type_of(self.part, self.book, self.whole.programme)
        given = {
            **super().application(),
            "kind": self.part.kind,
            "training_type": kind.code,
            "level": self.part.level,
            "funding_source": self.of.fund,
        }
        more = self.of.application_of(self.whole)
        attributes = {**self._attributes(), **more.pop("attributes", {})}
        return {**given, **more, "attributes": attributes}

    def _attributes(self) -> dict[str, str]:
        case, asked = self.part, {attribute.code for attribute in self.book.enrollment.attributes}
        told = {
            "funder": case.funder or "learner",
            "hirer": case.hirer,
            "agreed_months": None if case.agreed_months is None else str(case.agreed_months),
            **stated_cost(case, self.book),
        }
        return {code: value for code, value in told.items() if value is not None and code in asked}

    async def try_unprepared(self) -> None:
        """Apply before the paperwork is done, where that is refused."""
        if expected := self.of.unprepared(self.whole):
            bare = {**self.application(), "attributes": {}}
            self.of.refusing.hold(await self.cast.institution.refused("/enrollment/v1/classes", bare), expected)

    async def submit_roster(self) -> str:
        """Write everybody down with the group the case gives them; who is refused is kept with the reasons."""
        rows = [
            {
                **roster_row(number, self.of.people[person]),
                **self._of_group(people),
                **self.of.row_of(self.whole, people),
            }
            for number, (person, people) in enumerate(self._persons().items(), start=1)
        ]
        await self._try_wrong_rows(rows[0])
        answer = await self.cast.institution.post(
            f"/enrollment/v1/classes/{self.script.class_id}/roster", {"rows": rows}, key=self.key("roster")
        )
        for number, (person, row) in enumerate(zip(self._persons(), answer["rows"], strict=True), start=1):
            if row["verdict"] == "refused":
                self.refused[person] = row["findings"]
            else:
                self.ids[person] = row["person_id"]
                for asked in (finding["code"] for finding in row["findings"] if finding["severity"] == "ask"):
                    self.asked.setdefault(asked, []).append(number)
        self.accepted = len(self.ids)
        return f"{len(self.ids)} 行通过，{len(self.refused)} 行不予通过"

    async def _try_wrong_rows(self, row: Json) -> None:
        """A row that only this document refuses is sent, and replaced by the right one."""
        path = f"/enrollment/v1/classes/{self.script.class_id}/roster"
        for number, (wrong, refused) in enumerate(self.of.wrong_rows(self.whole)):
            answer = await self.cast.institution.post(
                path, {"rows": [{**row, **wrong}]}, key=self.key(f"wrong-row-{number}")
            )
            self.of.refusing.hold(answer["rows"][0], [refused])

    def _persons(self) -> Mapping[str, People]:
        return {person: people for people in self.part.person for person in people.ids}

    def _of_group(self, people: People) -> Json:
        """Give what the case says of a person; what it does not say is as the rules want it."""
        term = self.book.enrollment.place_links
        enough = [link.code for link in term.links if not (link.human_decision or link.refusal)] if term else []
        links = enough[:1] if people.link is None else [people.link] if people.link != "none" else []
        told: dict[str, Any] = {
            "group": people.group,
            "fee_fen": int(people.fee_yuan * 100),
            "place_links": links,
            "employer_region": self.part.region,
            "employer_credit_code": self.of.agency_code if people.dispatched_to else self.of.employer_code,
            "dispatched_to": self.of.employer_code if people.dispatched_to else None,
            "pension_from": people.pension_from and people.pension_from.isoformat(),
            "insured_months": people.insured_months,
        }
        return {field: value for field, value in told.items() if value not in (None, "", [])}

    async def approve_class(self) -> str:
        """Whom the document lets in by decision alone is let in; then everybody it names gives an opinion."""
        steps = self.book.enrollment.approval.steps if self.book.enrollment.approval else ()
        for code, rows in self.asked.items():
            await getattr(self.cast, steps[0].role).post(
                f"/enrollment/v1/classes/{self.script.class_id}/decisions",
                {"rows": rows, "code": code, "decision": "allow", "reason": "情况属实，准予参加"},
                key=self.key(f"decided-{code}"),
            )
        for step in steps:
            party = getattr(self.cast, step.role)
            await party.post(
                f"/enrollment/v1/classes/{self.script.class_id}/reviews",
                {"step": step.code, "decision": "approve", "opinion": "材料齐全，符合规定"},
                key=self.key(f"class-{step.code}"),
            )
        return f"{len(steps)} 人办理"

    async def await_reservation(self) -> str:
        """Payment answers the reservation; a class that opens on the day of its application waits for it no longer."""
        view = await self.await_class(lambda view: view["state"] in ("reserved", "opened"), "the reservation")
        return f"{view['reservation']['granted']} 人预留名额"

    async def open_class(self) -> str:
        """On the opening date the class opens by itself; the roster keeps the order of the file."""
        told = await super().open_class() if self.sits else await self._begin_work()
        self.script.roster = list(self.ids.values())
        return told

    async def _begin_work(self) -> str:
        await self.move_clock(moment(self.script.opening, self.opens_at))
        await self.await_class(lambda view: view["state"] == "opened", "the opening")
        return "开始以工代训"

    # ---------------------------------------------------------------------------------------------------- training

    async def train(self) -> str:
        """Everybody who came signs in, session by session; the inspectors count."""
        films = self.book.supervision.theory_video or self.book.supervision.practice_video
        applies_on = (len(self.days) - 1) // 2
        for number, day in enumerate(self.days):
            await self.move_clock(moment(day, EVENING))
            await self._sign_in(number, day)
            if films:
                await self._push_videos(day)
            for check in self.part.check:
                if check.date == day:
                    await self._check(check.kind, day, check.heads)
            if number == applies_on:
                await self.apply_for_exam()
        return f"{len(self.days)} 天，{sum(map(len, self.script.sign_ins.values()))} 次签到"

    def _present(self, number: int, day: date) -> list[str]:
        """Give who came on a day: as the sessions, the checks or the days of each person say, else everybody."""
        case, everybody = self.part, list(self.ids)
        if sessions := [session for session in case.session if session.date == day]:
            came = {person for session in sessions for person in session.present}
            return [person for person in everybody if person in came]
        if checks := [check for check in case.check if check.date == day]:
            return everybody[: min(check.heads for check in checks)]
        if case.allowance_day:
            stays = {person: row.days for row in case.allowance_day for person in row.persons}
            return [person for person in everybody if stays.get(person, 0) > number]
        return everybody

    async def _sign_in(self, number: int, day: date) -> None:
        methods = self.book.supervision.sign_in.methods if self.book.supervision.sign_in else ()
        there = [self.ids[person] for person in self._present(number, day)]
        self.script.sign_ins[day.isoformat()] = [
            self._signed(session, person, place, methods[0].code)
            for session in self._sessions_on(day)
            for place, person in enumerate(there)
        ]
        await self._push_sign_ins(number, day)

    def _signed(self, session: Json, person: str, place: int, method: str) -> Json:
        begin = datetime.fromisoformat(session["starts_at"])
        self.script.sequence += 1
        return {
            "sequence": self.script.sequence,
            "class_id": self.script.class_id,
            "person_id": person,
            "signed_at": (begin - timedelta(minutes=10) + timedelta(seconds=5 * place)).isoformat(),
            "method": method,
        }

    async def complete_training(self) -> str:
        """The last session closes; the bureau states its opinion where the document asks for one."""
        await self.move_clock(moment(self.days[-1] + timedelta(days=1), EVENING))
        if self.book.supervision.inspection_opinion is None:
            return "全部课次已结"
        await until(
            lambda: self.read(self.cast.inspector, f"/supervision/v1/classes/{self.script.class_id}"),
            lambda view: view["state"] == "completed",
            what="the training to be complete",
        )
        await self.cast.approver.post(
            f"/supervision/v1/classes/{self.script.class_id}/opinion",
            {"passed": True, "remark": "检查资料齐全，同意结业", "verified": len(self.ids)},
            key=self.key("opinion"),
        )
        return "全部课次已结，检查意见：通过"

    async def cancel(self) -> list[Json]:
        """Too few come on the opening day and an approver confirms: give why the claim is then refused."""
        first, supervised = self.days[0], f"/supervision/v1/classes/{self.script.class_id}"
        await self.move_clock(moment(first, EVENING))
        await self._sign_in(0, first)
        await self.move_clock(moment(first + timedelta(days=1), EVENING))
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
        return [case]
