"""One Jiyuan class of fifty, from application to settled payment, as the real parties would play it over HTTP.

Fifty apply and two rows are refused; forty-six of forty-eight come on the opening day; the inspectors' two spot checks
average 41, below nine tenths, so the subsidy is computed on 41 although 44 are certified (JY-SUP-05, JY-CLM-10).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.people import SamplePerson, broken_identity_number, sample_people
from shared.clock import SHANGHAI

OCCUPATION = "6-18-02-04"
TRAINING_TYPE = "employee_intermediate"
LEVEL = "4"
PLANNED = 50
DAYS = 10
RATE_FEN = 150_000
THEORY_SESSIONS = 7
"""7 of 20 sessions are theory: 28 of 80 class hours, so practice is exactly 65 %."""

SPOT_HEADCOUNTS = {4: 42, 7: 40}
"""Training day of each spot check, and who is there."""
FAILED_EXAMS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody who takes part, each with a credential of their own."""

    institution: Party
    device: Party
    first_reviewer: Party
    second_reviewer: Party
    approver: Party
    inspector: Party
    assessor: Party
    exam_patrol: Party
    finance: Party
    auditor: Party
    system_admin: Party
    public: Party
    institution_id: str
    device_id: str
    body_id: str
    teacher_ids: tuple[str, ...]
    venue_id: str
    institution_name: str


@dataclass(slots=True, kw_only=True)
class Script:
    """What the story has come to: ids that services gave, and who is who."""

    seed: int
    opening: date
    people: list[SamplePerson] = field(default_factory=list)
    class_id: str = ""
    claim_id: str = ""
    assessment_id: str = ""
    notice_id: str = ""
    objection_id: str = ""
    roster: list[str] = field(default_factory=list)
    """Person ids on the final roster, in the order of their rows."""
    sessions: list[Json] = field(default_factory=list)
    sign_ins: dict[str, list[Json]] = field(default_factory=dict)
    sequence: int = 0
    """The device's last number; every story has numbers of its own, for all sign in on one device."""

    def __post_init__(self) -> None:
        self.sequence = self.seed * 100_000


Step = tuple[str, Callable[[], Awaitable[str]]]


class Story:
    """The class as a list of steps; each step gives one sentence on what happened."""

    accepted = 48
    opening_absent = 2

    def __init__(self, cast: Cast, script: Script) -> None:
        self.cast = cast
        self.script = script

    def steps(self) -> list[Step]:
        """Give the steps in order, with the titles that people see."""
        return [
            ("开班申请：计划、教学计划", self.apply),
            ("学员花名册逐行审核", self.submit_roster),
            ("提交开班申请", self.submit_class),
            ("初审、复核、人社部门意见", self.approve_class),
            ("补贴名额与预算预留", self.await_reservation),
            ("按期开班", self.open_class),
            ("签到、录像、检查", self.train),
            ("培训结束与检查意见", self.complete_training),
            ("结业考核", self.examine),
            ("取证", self.certify),
            ("补贴申领", self.claim),
            ("初审与复核", self.review_claim),
            ("公示与异议", self.publish),
            ("人社部门审核意见", self.approve_claim),
            ("拨付：银行文件、退票、重发", self.pay),
            ("异议处理后补拨", self.pay_released),
        ]

    def key(self, name: str) -> str:
        """Give the idempotency key of one act of this story: the same when it is played again after a crash."""
        return f"story-{self.script.seed}-{name}"

    async def move_clock(self, instant: datetime) -> None:
        """Move the sandbox's legal time; answers when everything due until then has happened."""
        await self.cast.system_admin.post(
            "/clock/v1/move", {"to": instant.isoformat()}, key=self.key(f"clock-{instant.isoformat()}")
        )

    # ------------------------------------------------------------------------------------------- enrollment

    async def apply(self) -> str:
        """The institution applies for a class with plan and teaching plan."""
        script, cast = self.script, self.cast
        days = training_days(script.opening)
        answer = await cast.institution.post(
            "/enrollment/v1/classes",
            {
                "kind": "class",
                "training_type": TRAINING_TYPE,
                "occupation": OCCUPATION,
                "level": LEVEL,
                "planned": PLANNED,
                "opening_date": days[0].isoformat(),
                "closing_date": days[-1].isoformat(),
                "funding_source": "skills_action_fund",
                "delivery": "offline",
                "training_mode": "企业委托培训",
                "plan": {"title": "焊工中级班", "objective": "中级工技能提升", "content": "焊接工艺理论与实操"},
                "sessions": self._timetable(days),
            },
            key=self.key("class"),
        )
        script.class_id = answer["class_id"]
        return f"班级 {script.class_id[:8]}，{days[0]} 至 {days[-1]}，80 课时"

    async def submit_roster(self) -> str:
        """Fifty rows are judged one by one: one number is mistyped, one person stands twice."""
        script = self.script
        script.people = list(islice(sample_people(script.seed), PLANNED))
        answer = await self.cast.institution.post(
            f"/enrollment/v1/classes/{script.class_id}/roster", {"rows": self.roster_rows()}, key=self.key("roster")
        )
        _expect(answer, accepted=self.accepted, refused=PLANNED - self.accepted)
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
        _expect(answer, state="applied")
        return "已受理"

    async def approve_class(self) -> str:
        """Two reviewers and the bureau approve; the first reviewer trying the second step is refused."""
        cast, path = self.cast, f"/enrollment/v1/classes/{self.script.class_id}/reviews"
        opinion = {"decision": "approve", "opinion": "材料齐全，符合规定"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("class-first"))
        problem = await cast.first_reviewer.refused(path, {"step": "second_review", **opinion})
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("class-second"))
        await cast.approver.post(path, {"step": "bureau_opinion", **opinion}, key=self.key("class-bureau"))
        return f"三人分别办理；初审人员代办复核被拒：{problem['code']}"

    async def await_reservation(self) -> str:
        """Payment answers the reservation over events."""
        answer = await self._await_class(lambda view: view["state"] == "reserved", "the reservation")
        reservation = answer["reservation"]
        budget = reservation["budget"]["amount_fen"]
        return f"{reservation['granted']} 人预留名额，预算 {budget / 100:,.2f} 元"

    async def open_class(self) -> str:
        """On the opening date the class opens by itself."""
        script = self.script
        await self.move_clock(moment(script.opening, time(7, 0)))
        await self._await_class(lambda view: view["state"] == "opened", "the opening")
        view = await until(
            lambda: self._read(self.cast.institution, f"/supervision/v1/classes/{script.class_id}"),
            lambda view: bool(view.get("sessions")),
            what="supervision to know the class",
        )
        script.sessions = sorted(view["sessions"], key=lambda session: session["starts_at"])
        roster = await self.cast.institution.get(f"/enrollment/v1/classes/{script.class_id}/roster")
        script.roster = [row["person_id"] for row in roster["items"] if row["verdict"] == "accepted"]
        if len(script.roster) != self.accepted:
            raise StoryBroken(f"{self.accepted} people should stand on the roster, there are {len(script.roster)}")
        return f"{self.accepted} 人开班"

    # ------------------------------------------------------------------------------------------ supervision

    async def train(self) -> str:
        """Ten days of sign-ins (some twice, one day late), videos of every session, three visits."""
        script = self.script
        days = training_days(script.opening)
        late = days[2]
        for number, day in enumerate(days):
            await self.move_clock(moment(day, time(18, 0)))
            if day != late:
                await self._push_sign_ins(number, day)
            await self._push_videos(day)
            if number == 0:
                await self._check("opening", day, len(script.roster) - self.opening_absent)
            if number in SPOT_HEADCOUNTS:
                await self._check("spot", day, SPOT_HEADCOUNTS[number])
            if number == DAYS // 2 - 1:
                await self._apply_for_exam()
            if number == DAYS // 2:
                await self._push_sign_ins(2, late)
        await self._push_sign_ins(0, days[0])
        pushed = sum(map(len, script.sign_ins.values()))
        return f"{pushed} 次签到（一天迟传，一天重传），20 段录像，开班检查 1 次、抽查 2 次"

    async def complete_training(self) -> str:
        """The last session closes; the bureau states its opinion."""
        script, cast = self.script, self.cast
        last = training_days(script.opening)[-1]
        await self.move_clock(moment(last + timedelta(days=2), time(9, 0)))
        await until(
            lambda: self._read(cast.inspector, f"/supervision/v1/classes/{script.class_id}"),
            lambda view: view["state"] == "completed",
            what="the training to be complete",
        )
        await cast.approver.post(
            f"/supervision/v1/classes/{script.class_id}/opinion",
            {"passed": True, "remark": "检查资料齐全，同意结业"},
            key=self.key("opinion"),
        )
        return "全部课次已结，检查意见：通过"

    # ------------------------------------------------------------------------------------------- assessment

    async def _apply_for_exam(self) -> None:
        """Apply a week before the end; the text asks for three days."""
        script = self.script
        exam_on = training_days(script.opening)[-1] + timedelta(days=4)
        answer = await self.cast.institution.post(
            f"/assessment/v1/classes/{script.class_id}/assessments",
            {
                "body_id": self.cast.body_id,
                "certificate_kind": "level",
                "mode": "offline",
                "exam_on": exam_on.isoformat(),
                "channel": "system",
            },
            key=self.key("exam"),
        )
        script.assessment_id = answer["assessment_id"]

    async def examine(self) -> str:
        """The body, not the trainer, examines; scores meet pass marks; the patrol signs."""
        script, cast = self.script, self.cast
        exam_on = training_days(script.opening)[-1] + timedelta(days=4)
        await self.move_clock(moment(exam_on, time(17, 0)))
        scores = [
            {"person_id": person, "part": part, "score": 55 if place < FAILED_EXAMS and part == "practice" else 76}
            for place, person in enumerate(script.roster)
            for part in ("theory", "practice")
        ]
        path = f"/assessment/v1/assessments/{script.assessment_id}"
        await cast.assessor.post(f"{path}/scores", {"scores": scores}, key=self.key("scores"))
        await cast.exam_patrol.post(f"{path}/patrol", {"remark": "考场秩序正常"}, key=self.key("patrol"))
        await until(
            lambda: self._read(cast.assessor, f"/assessment/v1/classes/{script.class_id}"),
            lambda view: bool(view.get("training_completed")) and bool(view.get("opinion_passed")),
            what="assessment to know that the training is complete",
        )
        answer = await cast.assessor.post(f"{path}/finalisation", {}, key=self.key("final"))
        return f"48 人参加，{len(answer['passed'])} 人合格，{len(answer['failed'])} 人不合格"

    async def certify(self) -> str:
        """Everybody who passed gets a certificate with a number of the national pattern."""
        script, cast = self.script, self.cast
        issued_on = training_days(script.opening)[-1] + timedelta(days=8)
        await self.move_clock(moment(issued_on, time(10, 0)))
        certificates = [
            {
                "person_id": person,
                "number": f"S000141000001{issued_on:%y}4{script.seed % 1000:03d}{place:03d}",
                "issued_on": issued_on.isoformat(),
            }
            for place, person in enumerate(script.roster)
            if place >= FAILED_EXAMS
        ]
        await cast.assessor.post(
            f"/assessment/v1/assessments/{script.assessment_id}/certificates",
            {"certificates": certificates},
            key=self.key("certificates"),
        )
        return f"{len(certificates)} 本职业技能等级证书"

    # ---------------------------------------------------------------------------------------------- payment

    async def claim(self) -> str:
        """The institution claims; every line is computed from events."""
        script, cast = self.script, self.cast
        await until(
            lambda: self._read(cast.institution, f"/payment/v1/classes/{script.class_id}"),
            lambda view: not view["missing"],
            what="payment to know every fact of the class",
        )
        answer = await cast.institution.post(
            "/payment/v1/claims",
            {
                "class_id": script.class_id,
                "claimant": "institution",
                "undertaking": {
                    "text_version": "JY-2021",
                    "signer": "单位负责人",
                    "signed_on": (await self._today()).isoformat(),
                },
                "account": {**ACCOUNT, "holder": cast.institution_name},
            },
            key=self.key("claim"),
        )
        script.claim_id = answer["claim_id"]
        _expect(answer, recognised=44, base=41, amount_fen=41 * RATE_FEN)
        return f"认定 44 人，平均出勤 41 人，应付 {answer['amount_fen'] / 100:,.2f} 元（JY-CLM-10）"

    async def review_claim(self) -> str:
        """First and second review by two people within seven working days."""
        cast, path = self.cast, f"/payment/v1/claims/{self.script.claim_id}/reviews"
        opinion = {"decision": "approve", "opinion": "与系统记录一致"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("claim-first"))
        problem = await cast.first_reviewer.refused(path, {"step": "second_review", **opinion})
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("claim-second"))
        return f"两人分别办理；一人兼办被拒：{problem['code']}"

    async def publish(self) -> str:
        """The masked list is public for three working days; somebody objects to one line."""
        script, cast = self.script, self.cast
        answer = await cast.second_reviewer.post(
            f"/payment/v1/claims/{script.claim_id}/notice",
            {"site": "示范区人力资源和社会保障局官方网站"},
            key=self.key("notice"),
        )
        script.notice_id = answer["notice_id"]
        public = await cast.public.get(f"/payment/v1/notices/{script.notice_id}")
        line = next(line for line in public["lines"] if line.get("masked_name"))
        objection = await cast.public.post(
            f"/payment/v1/notices/{script.notice_id}/objections",
            {"line_nos": [line["line_no"]], "content": "对该学员出勤情况有异议"},
            key=self.key("objection"),
        )
        script.objection_id = objection["objection_id"]
        payable = date.fromisoformat(answer["payable_from"])
        await self.move_clock(moment(payable, time(9, 0)))
        return f"公示 {answer['starts_on']} 至 {answer['ends_on']}，第 {line['line_no']} 行被提出异议并冻结"

    async def approve_claim(self) -> str:
        """The bureau's opinion approves everything but the frozen line."""
        script, cast = self.script, self.cast
        answer = await cast.approver.post(
            f"/payment/v1/claims/{script.claim_id}/reviews",
            {"step": "bureau_opinion", "decision": "approve", "opinion": "同意拨付"},
            key=self.key("claim-bureau"),
        )
        _expect(answer, state="approved")
        return "同意拨付；被异议的一行暂不拨付"

    async def pay(self) -> str:
        """The order goes out in a bank file, bounces, and is sent again to the corrected account."""
        script, cast = self.script, self.cast
        first = await self._order("1")
        await self._answer(await self._bank_file("1"), "returned", "1")
        await cast.institution.post(
            f"/payment/v1/claims/{script.claim_id}/account",
            {**ACCOUNT, "account_number": "62220000000000000002", "holder": cast.institution_name},
            key=self.key("account"),
        )
        await cast.approver.post(
            f"/payment/v1/claims/{script.claim_id}/account-approval", {}, key=self.key("account-approval")
        )
        await self._answer(await self._bank_file("2"), "settled", "2")
        return f"{first / 100:,.2f} 元：首次退票，更正账户并重新审批后到账"

    async def pay_released(self) -> str:
        """The objection is dismissed with a finding; the released line is paid as a difference."""
        script, cast = self.script, self.cast
        await cast.inspector.post(
            f"/payment/v1/objections/{script.objection_id}/resolution",
            {"upheld": False, "finding": "经核查签到与录像，出勤属实"},
            key=self.key("resolution"),
        )
        path = f"/payment/v1/claims/{script.claim_id}/reviews"
        opinion = {"decision": "approve", "opinion": "异议不成立，予以补拨"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("more-first"))
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("more-second"))
        await cast.approver.post(path, {"step": "bureau_opinion", **opinion}, key=self.key("more-bureau"))
        rest = await self._order("2")
        await self._answer(await self._bank_file("3"), "settled", "3")
        view = await cast.institution.get(f"/payment/v1/claims/{script.claim_id}")
        _expect(view, state="paid")
        return f"补拨 {rest / 100:,.2f} 元，合计 {41 * RATE_FEN / 100:,.2f} 元"

    # ---------------------------------------------------------------------------------------------- hands

    def _timetable(self, days: list[date]) -> list[Json]:
        sessions: list[Json] = []
        for number in range(2 * DAYS):
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

    async def _push_sign_ins(self, number: int, day: date) -> None:
        script = self.script
        batch = script.sign_ins.get(day.isoformat())
        if batch is None:
            there = script.roster
            if number == 0:
                there = there[: len(there) - self.opening_absent]
            if number in SPOT_HEADCOUNTS:
                there = there[: SPOT_HEADCOUNTS[number]]
            batch = []
            for session in self._sessions_on(day):
                begin = datetime.fromisoformat(session["starts_at"])
                for place, person in enumerate(there):
                    script.sequence += 1
                    batch.append(
                        {
                            "sequence": script.sequence,
                            "class_id": script.class_id,
                            "person_id": person,
                            "signed_at": (begin - timedelta(minutes=10) + timedelta(seconds=7 * place)).isoformat(),
                            "method": "fingerprint",
                        }
                    )
            script.sign_ins[day.isoformat()] = batch
        path = f"/supervision/v1/devices/{self.cast.device_id}/sign-ins"
        answer = await self.cast.device.post(path, {"sign_ins": batch})
        if answer["refused"] or answer["pending"]:
            raise StoryBroken(f"sign-ins of {day} were not taken: {answer['refused']} refused")

    async def _push_videos(self, day: date) -> None:
        videos = [
            {
                "video_id": f"v-{session['session_id']}",
                "session_id": session["session_id"],
                "starts_at": session["starts_at"],
                "ends_at": session["ends_at"],
                "sha256": f"{place:064x}",
            }
            for place, session in enumerate(self._sessions_on(day))
        ]
        await self.cast.institution.post(
            f"/supervision/v1/classes/{self.script.class_id}/videos", {"videos": videos}, key=self.key(f"videos-{day}")
        )

    async def _check(self, kind: str, day: date, headcount: int) -> None:
        await self.cast.inspector.post(
            f"/supervision/v1/classes/{self.script.class_id}/checks",
            {
                "kind": kind,
                "held_at": moment(day, time(9, 30)).isoformat(),
                "place": "实训楼一层",
                "headcount": headcount,
                "sign_in_in_order": True,
                "records_retained": True,
                "teachers_seen": [self.cast.teacher_ids[0]],
                "companions": ["inspector-companion"],
                "note": "",
            },
            key=self.key(f"check-{kind}-{day}"),
        )

    async def _order(self, name: str) -> int:
        path = f"/payment/v1/claims/{self.script.claim_id}"
        view = await self.cast.finance.get(path)
        due = int(view["decided_fen"]) - int(view["ordered_fen"])
        await self.cast.finance.post(
            f"{path}/orders",
            {"sources": [{"funding_source": "skills_action_fund", "amount_fen": due}]},
            key=self.key(f"order-{name}"),
        )
        return due

    async def _bank_file(self, name: str) -> str:
        answer = await self.cast.finance.post(
            "/payment/v1/bank-files", {"funding_source": "skills_action_fund"}, key=self.key(f"bank-{name}")
        )
        return str(answer["bank_file_id"])

    async def _answer(self, bank_file: str, outcome: str, name: str) -> None:
        view = await self.cast.finance.get(f"/payment/v1/claims/{self.script.claim_id}")
        waiting = [order for order in view["orders"] if order["state"] == "sent"]
        answers = [
            {
                "order_id": order["order_id"],
                "attempt": order["attempt"],
                "outcome": outcome,
                "on": (await self._today()).isoformat(),
                **({"reason_code": "ACCOUNT_UNKNOWN"} if outcome == "returned" else {}),
            }
            for order in waiting
        ]
        await self.cast.finance.post(
            f"/payment/v1/bank-files/{bank_file}/answers", {"answers": answers}, key=self.key(f"answer-{name}")
        )

    def _sessions_on(self, day: date) -> list[Json]:
        return [
            session
            for session in self.script.sessions
            if datetime.fromisoformat(session["starts_at"]).astimezone(SHANGHAI).date() == day
        ]

    async def _today(self) -> date:
        answer = await self.cast.system_admin.get("/clock/v1/now")
        return datetime.fromisoformat(answer["legal_now"]).astimezone(SHANGHAI).date()

    async def _read(self, party: Party, path: str) -> Json:
        try:
            return await party.get(path)
        except StoryBroken as not_yet:
            return {"state": "unknown", "missing": ["class"], "problem": str(not_yet)}

    async def _await_class(self, holds: Callable[[Json], bool], what: str) -> Json:
        path = f"/enrollment/v1/classes/{self.script.class_id}"
        return await until(lambda: self.cast.institution.get(path), holds, what=what)


ACCOUNT: dict[str, str] = {"bank_name": "示例银行济源支行", "account_number": "62220000000000000001"}


def training_days(opening: date) -> list[date]:
    """Give the ten training days: weekdays from the opening date on."""
    days: list[date] = []
    day = opening
    while len(days) < DAYS:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def moment(day: date, at: time) -> datetime:
    """Give an instant of a legal day."""
    return datetime.combine(day, at, SHANGHAI)


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


def _expect(answer: Json, **expected: Any) -> None:
    wrong = {name: answer.get(name) for name, value in expected.items() if answer.get(name) != value}
    if wrong:
        raise StoryBroken(f"expected {expected}, got {wrong}")
