"""Act one: from the application to the opening day (enrollment, and payment's reservation)."""

from datetime import date, time, timedelta
from itertools import islice

from peibu.demo.party import Json, StoryBroken, until
from peibu.demo.people import SamplePerson, broken_identity_number, sample_people
from peibu.demo.scene import LEVEL, TRAINING_TYPE, Scene, expect, moment

THEORY_SESSIONS = 7
"""7 of 20 sessions are theory: 28 of 80 class hours, so practice is exactly 65 %."""


class Opening(Scene):
    """The class comes to be."""

    opens_at = time(7, 0)
    """When on the opening day somebody looks whether the class has opened."""

    async def apply(self) -> str:
        """The institution applies for a class with plan and teaching plan."""
        script, days = self.script, self.days
        answer = await self.cast.institution.post("/enrollment/v1/classes", self.application(), key=self.key("class"))
        script.class_id = answer["class_id"]
        return f"班级 {script.class_id[:8]}，{days[0]} 至 {days[-1]}，80 课时"

    def application(self) -> Json:
        """Give the application as the institution fills it in."""
        script, days = self.script, self.days
        contact = next(sample_people(script.seed))
        return {
            "kind": "class",
            "training_type": TRAINING_TYPE,
            "occupation": self.occupation,
            "level": LEVEL,
            "planned": self.planned,
            "opening_date": days[0].isoformat(),
            "closing_date": days[-1].isoformat(),
            "funding_source": "skills_action_fund",
            "delivery": "offline",
            "training_mode": "self_run",
            "sealed": True,
            "contact_person": contact.name,
            "telephone": contact.phone,
            "batch": script.batch,
            "plan": {"title": "焊工中级班", "objective": "中级工技能提升", "content": "焊接工艺理论与实操"},
            "sessions": self.timetable(days),
        }

    async def submit_roster(self) -> str:
        """Fifty rows are judged one by one: one number is mistyped, one person stands twice."""
        script = self.script
        script.people = list(islice(sample_people(script.seed), self.planned))
        answer = await self.cast.institution.post(
            f"/enrollment/v1/classes/{script.class_id}/roster", {"rows": self.roster_rows()}, key=self.key("roster")
        )
        expect(answer, accepted=self.accepted, refused=self.planned - self.accepted)
        refused = [
            f"第{row['row']}行 {finding['code']}（{finding['rule']}，{finding['clause']}）"
            for row in answer["rows"]
            if row["verdict"] == "refused"
            for finding in row["findings"]
        ]
        return f"{self.accepted} 行通过，{len(refused)} 行不予通过：{'；'.join(refused)}"

    def roster_rows(self) -> list[Json]:
        """Give the roster as the institution wrote it."""
        people = self.script.people
        rows = [roster_row(number, person) for number, person in enumerate(people, start=1)]
        rows[11]["identity_number"] = broken_identity_number(people[11])
        rows[29] = {**rows[28], "row": 30}
        return rows

    async def submit_class(self) -> str:
        """The application goes to review."""
        answer = await self.cast.institution.post(
            f"/enrollment/v1/classes/{self.script.class_id}/submission", {}, key=self.key("submission")
        )
        expect(answer, state="applied")
        return "已受理"

    async def approve_class(self) -> str:
        """Two reviewers and the bureau approve; the first reviewer trying the second step is refused."""
        cast, path = self.cast, f"/enrollment/v1/classes/{self.script.class_id}/reviews"
        opinion = {"decision": "approve", "opinion": "材料齐全，符合规定"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("class-first"))
        problem = await cast.first_reviewer.refused(path, {"step": "second_review", **opinion})
        expect(problem, code="SAME_REVIEWER")
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("class-second"))
        await cast.approver.post(path, {"step": "bureau_opinion", **opinion}, key=self.key("class-bureau"))
        return f"三人分别办理；初审人员代办复核被拒：{problem['code']}"

    async def await_reservation(self) -> str:
        """Payment answers the reservation over events."""
        answer = await self.await_class(lambda view: view["state"] == "reserved", "the reservation")
        reservation = answer["reservation"]
        budget = reservation["budget"]["amount_fen"]
        return f"{reservation['granted']} 人预留名额，预算 {budget / 100:,.2f} 元"

    async def open_class(self) -> str:
        """On the opening date the class opens by itself."""
        script = self.script
        await self.move_clock(moment(script.opening, self.opens_at))
        await self.await_class(lambda view: view["state"] == "opened", "the opening")
        view = await until(
            lambda: self.read(self.cast.institution, f"/supervision/v1/classes/{script.class_id}"),
            lambda view: bool(view.get("sessions")),
            what="supervision to know the class",
        )
        script.sessions = sorted(view["sessions"], key=lambda session: session["starts_at"])
        roster = await self.cast.institution.get(f"/enrollment/v1/classes/{script.class_id}/roster")
        script.roster = [row["person_id"] for row in roster["items"] if row["verdict"] == "accepted"]
        if len(script.roster) != self.accepted:
            raise StoryBroken(f"{self.accepted} people should stand on the roster, there are {len(script.roster)}")
        return f"{self.accepted} 人开班"

    def timetable(self, days: list[date]) -> list[Json]:
        """Give two sessions of four class hours on each day."""
        sessions: list[Json] = []
        for number in range(2 * len(days)):
            day, starts = days[number // 2], (time(8, 30) if number % 2 == 0 else time(14, 0))
            begin = moment(day, starts)
            sessions.append(
                {
                    "starts_at": begin.isoformat(),
                    "ends_at": (begin + timedelta(hours=3)).isoformat(),
                    "kind": "theory" if number < THEORY_SESSIONS else "practice",
                    "class_hours": 4,
                    "teacher_id": self.cast.teacher_ids[number % len(self.cast.teacher_ids)],
                    "venue_id": self.cast.venue_id,
                }
            )
        return sessions


def roster_row(number: int, person: SamplePerson) -> Json:
    """Give one person as an institution writes them into a roster."""
    return {
        "row": number,
        "name": person.name,
        "identity_number": person.identity_number,
        "phone": person.phone,
        "group": "employee",
        "evidence": f"参保记录-{number:03d}",
        "employer_name": "示例制造有限公司",
        "employer_region": "419001",
        "fee_fen": 0,
        "declares_ability_and_will": True,
    }
