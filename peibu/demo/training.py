"""Act two: training under supervision, the exam and the certificates (supervision, assessment)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from peibu.demo.party import Json, StoryBroken, until
from peibu.demo.scene import Scene, moment
from shared.clock import SHANGHAI

FAILED_EXAMS = 4


class Training(Scene):
    """The class learns, is checked and is examined."""

    spot_headcounts: Mapping[int, int] = {4: 42, 7: 40}
    """Training day of each spot check, and how many are there."""

    async def train(self) -> str:
        """Ten days of sign-ins (some twice, one day late), videos of every session, three visits."""
        script = self.script
        days = self.days
        late = days[2]
        for number, day in enumerate(days):
            await self.move_clock(moment(day, time(18, 0)))
            if day != late:
                await self._push_sign_ins(number, day)
            await self._push_videos(day)
            if number == 0:
                await self._check("opening", day, len(script.roster) - self.opening_absent)
            if number in self.spot_headcounts:
                await self._check("spot", day, self.spot_headcounts[number])
            if number == len(days) // 2 - 1:
                await self.apply_for_exam()
            if number == len(days) // 2:
                await self._push_sign_ins(2, late)
        await self._push_sign_ins(0, days[0])
        pushed = sum(map(len, script.sign_ins.values()))
        return f"{pushed} 次签到（一天迟传，一天重传），20 段录像，开班检查 1 次、抽查 2 次"

    async def complete_training(self) -> str:
        """The last session closes; the bureau states its opinion."""
        script, cast = self.script, self.cast
        last = self.days[-1]
        await self.move_clock(moment(last + timedelta(days=2), time(9, 0)))
        await until(
            lambda: self.read(cast.inspector, f"/supervision/v1/classes/{script.class_id}"),
            lambda view: view["state"] == "completed",
            what="the training to be complete",
        )
        await cast.approver.post(
            f"/supervision/v1/classes/{script.class_id}/opinion",
            {"passed": True, "remark": "检查资料齐全，同意结业"},
            key=self.key("opinion"),
        )
        return "全部课次已结，检查意见：通过"

    async def examine(self) -> str:
        """The body, not the trainer, examines; scores meet pass marks; the patrol signs."""
        script, cast = self.script, self.cast
        exam_on = self.days[-1] + timedelta(days=4)
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
            lambda: self.read(cast.assessor, f"/assessment/v1/classes/{script.class_id}"),
            lambda view: bool(view.get("training_completed")) and bool(view.get("opinion_passed")),
            what="assessment to know that the training is complete",
        )
        answer = await cast.assessor.post(f"{path}/finalisation", {}, key=self.key("final"))
        return f"48 人参加，{len(answer['passed'])} 人合格，{len(answer['failed'])} 人不合格"

    async def certify(self) -> str:
        """Everybody who passed gets a certificate with a number of the national pattern."""
        script, cast = self.script, self.cast
        issued_on = self.days[-1] + timedelta(days=8)
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

    async def apply_for_exam(self) -> None:
        """Apply a week before the end; the text asks for three days."""
        script = self.script
        exam_on = self.days[-1] + timedelta(days=4)
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

    async def _push_sign_ins(self, number: int, day: date) -> None:
        script = self.script
        batch = script.sign_ins.get(day.isoformat())
        if batch is None:
            there = script.roster
            if number == 0:
                there = there[: len(there) - self.opening_absent]
            if number in self.spot_headcounts:
                there = there[: self.spot_headcounts[number]]
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
                "venue_id": self.cast.venue_id,
                "headcount": headcount,
                "sign_in_in_order": True,
                "records_retained": True,
                "teachers_seen": [self.cast.teacher_ids[0]],
                "companions": ["inspector-companion"],
                "note": "",
            },
            key=self.key(f"check-{kind}-{day}"),
        )

    def _sessions_on(self, day: date) -> list[Json]:
        return [
            session
            for session in self.script.sessions
            if datetime.fromisoformat(session["starts_at"]).astimezone(SHANGHAI).date() == day
        ]
