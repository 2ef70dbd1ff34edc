"""A small class of three sessions (Monday theory, Wednesday and Friday practice), led through the public APIs."""

from collections.abc import Iterable, Sequence
from datetime import time, timedelta
from itertools import count, islice
from typing import Any

from peibu.demo.opening import roster_row
from peibu.demo.party import Json, Party, StoryBroken
from peibu.demo.people import SamplePerson, sample_people
from peibu.demo.scene import OCCUPATION, moment
from peibu.demo.settlement import ACCOUNT
from tests.refusals.world import ASSESSMENT, ENROLLMENT, PAYMENT, SUPERVISION, World, eventually

BATCHES = count(1)
"""Every application is a batch of its own (JY-FLD-08)."""
SESSIONS = ((0, "theory"), (2, "practice"), (4, "practice"))
"""Days after the opening and kinds: four of six class hours are practice, 66.7 %."""
OPINION = {"decision": "approve", "opinion": "与系统记录一致"}


class Course:
    """One class. `who` names its people in the order of their rows; hours differ, so that nothing is booked twice."""

    def __init__(self, world: World, *, seed: int, begins: time, who: Sequence[str], **plan: Any) -> None:
        self.world = world
        self.cast = world.cast
        self.begins = begins
        self.who = tuple(who)
        self.people: dict[str, SamplePerson] = dict(zip(who, islice(sample_people(seed), len(who)), strict=True))
        self.seed = seed
        self.batch = next(BATCHES)
        self.changes = plan
        self.class_id = ""
        self.claim_id = ""
        self.sessions: list[Json] = []
        self.persons: dict[str, str] = {}

    # -------------------------------------------------------------------------------------------- application

    def plan(self, **changes: Any) -> Json:
        """Give the application, with whatever is to be otherwise."""
        world = self.world
        return {
            "kind": "class",
            "training_type": "employee_intermediate",
            "occupation": OCCUPATION,
            "level": "4",
            "planned": len(self.who),
            "opening_date": world.day(0).isoformat(),
            "closing_date": world.day(4).isoformat(),
            "funding_source": "skills_action_fund",
            "delivery": "offline",
            "training_mode": "self_run",
            "sealed": True,
            "contact_person": "赵示例",
            "telephone": "19900000001",
            "batch": self.batch,
            "plan": {"title": "焊工班", "objective": "技能提升", "content": "焊接工艺理论与实操"},
            "sessions": [self.session(number, kind=kind) for number, kind in SESSIONS],
            **self.changes,
            **changes,
        }

    def session(self, number: int, *, kind: str = "practice", minutes: int = 80, **changes: Any) -> Json:
        """Give a session of two class hours so many days after the opening."""
        begin = moment(self.world.day(number), self.begins)
        return {
            "starts_at": begin.isoformat(),
            "ends_at": (begin + timedelta(minutes=minutes)).isoformat(),
            "kind": kind,
            "class_hours": 2,
            "teacher_id": self.cast.teacher_ids[number // 2 % len(self.cast.teacher_ids)],
            "venue_id": self.cast.venue_id,
            **changes,
        }

    def row(self, name: str, /, **changes: Any) -> Json:
        """Give somebody's row of the roster, with whatever is to be otherwise."""
        return {**roster_row(self.who.index(name) + 1, self.people[name]), **changes}

    async def apply(self) -> None:
        """Hand in plan and teaching plan."""
        answer = await self.cast.institution.post(f"{ENROLLMENT}/classes", self.plan())
        self.class_id = answer["class_id"]

    async def enrol(self, rows: Iterable[Json] | None = None) -> Json:
        """Hand in the roster; gives the answer."""
        sent = [self.row(name) for name in self.who] if rows is None else list(rows)
        return await self.cast.institution.post(f"{self.path}/roster", {"rows": sent})

    async def submit(self) -> None:
        """Put the application into review."""
        await self.cast.institution.post(f"{self.path}/submission", {})

    async def approve(self, *steps: str) -> None:
        """Let the steps be taken by their officers, all three unless some are named."""
        officers = {
            "first_review": self.cast.first_reviewer,
            "second_review": self.cast.second_reviewer,
            "bureau_opinion": self.cast.approver,
        }
        for step in steps or officers:
            await officers[step].post(f"{self.path}/reviews", {"step": step, **OPINION})

    async def prepared(self) -> None:
        """Bring the class to its reservation."""
        await self.apply()
        await self.enrol()
        await self.submit()
        await self.approve()
        await self.is_in("reserved")

    async def is_in(self, *states: str) -> Json:
        """Wait until the application is in one of the states; gives it."""
        what = f"class {self.seed} to be {states}"
        return await eventually(self.cast.institution, self.path, lambda view: view["state"] in states, what)

    async def opened(self) -> None:
        """Wait until everybody knows that the class is open, and learn who and when."""
        await self.is_in("opened")
        roster = await self.cast.institution.get(f"{self.path}/roster")
        self.persons = {
            self.who[row["row"] - 1]: row["person_id"] for row in roster["items"] if row["verdict"] == "accepted"
        }
        views = [
            await eventually(
                self.cast.approver,
                f"{service}/classes/{self.class_id}",
                lambda view: view.get("state") != "unknown",
                f"{service} to know class {self.seed}",
            )
            for service in (SUPERVISION, ASSESSMENT)
        ]
        self.sessions = sorted(views[0]["sessions"], key=lambda one: str(one["starts_at"]))

    @property
    def path(self) -> str:
        """Give the class's address at enrollment."""
        return f"{ENROLLMENT}/classes/{self.class_id}"

    # ------------------------------------------------------------------------------------------------ training

    def sign_in(self, name: str, number: int, /, **changes: Any) -> Json:
        """Give somebody's sign-in to the session of a day, ten minutes ahead, on a new sequence number."""
        self.world.sequence += 1
        begin = moment(self.world.day(number), self.begins)
        return {
            "sequence": self.world.sequence,
            "class_id": self.class_id,
            "person_id": self.persons.get(name, name),
            "signed_at": (begin - timedelta(minutes=10)).isoformat(),
            "method": "fingerprint",
            **changes,
        }

    async def push(self, sign_ins: Iterable[Json], *, party: Party | None = None, device: str = "") -> list[Json]:
        """Let a device, the sample one unless another is named, bring sign-ins; gives what became of each."""
        path = f"{SUPERVISION}/devices/{device or self.cast.device_id}/sign-ins"
        answer = await (party or self.cast.device).post(path, {"sign_ins": list(sign_ins)})
        return list(answer["rows"])

    async def attended(self, number: int, names: Iterable[str], *, headcount: int | None = None) -> None:
        """Let people sign in on a day, film the session, and let inspectors count heads if that is asked."""
        rows = await self.push(self.sign_in(name, number) for name in names)
        if any(row["outcome"] != "accepted" for row in rows):
            raise StoryBroken(f"sign-ins of class {self.seed} on day {number} were not taken: {rows}")
        session = self.sessions[[day for day, _ in SESSIONS].index(number)]
        clip = {key: session[key] for key in ("session_id", "starts_at", "ends_at")}
        video = {"video_id": f"v-{self.seed}-{number}", "sha256": f"{number:064x}", **clip}
        await self.cast.institution.post(f"{SUPERVISION}/classes/{self.class_id}/videos", {"videos": [video]})
        if headcount is not None:
            await self.cast.inspector.post(
                f"{SUPERVISION}/classes/{self.class_id}/checks", self.check(number, headcount=headcount)
            )

    def check(self, number: int, **changes: Any) -> Json:
        """Give the record of an inspection during the session of a day."""
        return {
            "kind": "spot" if number else "opening",
            "held_at": (moment(self.world.day(number), self.begins) + timedelta(minutes=40)).isoformat(),
            "place": "实训楼一层",
            "headcount": len(self.persons),
            "sign_in_in_order": True,
            "records_retained": True,
            "teachers_seen": [self.cast.teacher_ids[0]],
            "companions": ["inspector-companion"],
            "note": "",
            **changes,
        }

    async def judged(self, *, passed: bool) -> None:
        """Let the bureau state its inspection opinion."""
        remark = {"passed": passed, "remark": "检查意见"}
        await self.cast.approver.post(f"{SUPERVISION}/classes/{self.class_id}/opinion", remark)

    async def supervised_as(self, state: str) -> Json:
        """Wait until supervision shows a state; gives the view."""
        path, what = f"{SUPERVISION}/classes/{self.class_id}", f"class {self.seed} to be {state}"
        return await eventually(self.cast.inspector, path, lambda view: view["state"] == state, what)

    async def findings(self, check: str) -> list[Json]:
        """Give supervision's open cases of a check."""
        found = await self.cast.inspector.get(f"{SUPERVISION}/findings", class_id=self.class_id)
        return [case for case in found["items"] if case["check"] == check]

    async def conclude(self, case: Json, conclusion: str) -> None:
        """Let the approver, who stands above every case's owner, close a case."""
        reason = {"conclusion": conclusion, "reason": "已现场核实"}
        await self.cast.approver.post(f"{SUPERVISION}/findings/{case['finding_id']}/closure", reason)

    # ------------------------------------------------------------------------------------------------- exams

    def exam(self, number: int, who: Iterable[str], **changes: Any) -> Json:
        """Give an exam application for a day."""
        return {
            "body_id": self.cast.body_id,
            "certificate_kind": "level",
            "mode": "offline",
            "exam_on": self.world.day(number).isoformat(),
            "channel": "system",
            "persons": [self.persons.get(name, name) for name in who],
            **changes,
        }

    async def apply_for_exam(self, number: int, who: Iterable[str], **changes: Any) -> Json:
        """Apply for an exam; gives the answer."""
        return await self.cast.institution.post(self.exams, self.exam(number, who, **changes))

    @property
    def exams(self) -> str:
        """Give the address of the class's exams."""
        return f"{ASSESSMENT}/classes/{self.class_id}/assessments"

    def scores(self, points: dict[str, int]) -> Json:
        """Give people's scores, the same in theory and practice."""
        return {
            "scores": [
                {"person_id": self.persons.get(name, name), "part": part, "score": score}
                for name, score in points.items()
                for part in ("theory", "practice")
            ]
        }

    async def hold(self, exam_id: str, points: dict[str, int], *, by: Party | None = None) -> None:
        """Enter scores, let the patrol sign, and close the results."""
        path, assessor = f"{ASSESSMENT}/assessments/{exam_id}", by or self.cast.assessor
        await assessor.post(f"{path}/scores", self.scores(points))
        await self.cast.exam_patrol.post(f"{path}/patrol", {"remark": "考场秩序正常"})
        await self.finalise(exam_id, by=by)

    async def finalise(self, exam_id: str, *, by: Party | None = None) -> None:
        """Close the results once assessment has heard of training and opinion."""
        await eventually(
            self.cast.approver,
            f"{ASSESSMENT}/classes/{self.class_id}",
            lambda view: bool(view.get("training_completed") and view.get("opinion_passed")),
            "assessment to know the inspection opinion",
        )
        await (by or self.cast.assessor).post(f"{ASSESSMENT}/assessments/{exam_id}/finalisation", {})

    def certificates(self, number: int, names: Iterable[str], *, level: str = "4") -> Json:
        """Give certificates issued on a day."""
        issued = self.world.day(number)
        return {
            "certificates": [
                {
                    "person_id": self.persons[name],
                    "number": f"S000141000001{issued:%y}{level}{self.seed:03d}{self.who.index(name):03d}",
                    "issued_on": issued.isoformat(),
                }
                for name in names
            ]
        }

    async def certify(self, exam_id: str, body: Json, *, by: Party | None = None) -> list[Json]:
        """Issue certificates; gives what became of each."""
        path = f"{ASSESSMENT}/assessments/{exam_id}/certificates"
        return list((await (by or self.cast.assessor).post(path, body))["rows"])

    # ------------------------------------------------------------------------------------------------- claim

    async def claim_body(self, **changes: Any) -> Json:
        """Give what the institution hands in to claim."""
        signed_on = (await self.world.today()).isoformat()
        return {
            "class_id": self.class_id,
            "claimant": "institution",
            "undertaking": {"text_version": "JY-2021", "signer": "单位负责人", "signed_on": signed_on},
            "account": {**ACCOUNT, "holder": self.cast.institution_name},
            **changes,
        }

    async def claimable(self, *codes: str) -> None:
        """Wait until payment knows everything of the class; only `codes` may stand against the claim."""
        await eventually(
            self.cast.institution,
            f"{PAYMENT}/classes/{self.class_id}",
            lambda view: {one["code"] for one in view["missing"]} == set(codes),
            f"only {codes or 'nothing'} to stand against claiming class {self.seed}",
        )
