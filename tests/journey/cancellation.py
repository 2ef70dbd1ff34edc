"""The class that is cancelled: fifty good rows, forty-four come on the opening day, 88 % of the plan (JY-SUP-04).

It is held, an inspector confirms, everything reserved is released: the same fifty people, each of whom has one place a
year, are reserved again in another class.
"""

from datetime import date, time, timedelta
from typing import Any

from peibu.demo.opening import roster_row
from peibu.demo.party import Json, until
from peibu.demo.play import next_opening
from peibu.demo.scene import Cast, Script, Step, moment
from peibu.demo.settlement import ACCOUNT
from peibu.demo.story import Story

ATTENDED = 44


class ClassOfFifty(Story):
    """A class whose fifty rows are all good; `name` tells two classes of the same people apart."""

    accepted = 50
    opening_absent = 50 - ATTENDED

    def __init__(self, cast: Cast, script: Script, *, name: str) -> None:
        super().__init__(cast, script)
        self.name = name

    def key(self, name: str) -> str:
        """Give keys of this class's own."""
        return f"{self.name}-{super().key(name)}"

    def roster_rows(self) -> list[Json]:
        """Fifty different people."""
        return [roster_row(number, person) for number, person in enumerate(self.script.people, start=1)]

    def until_reserved(self) -> list[Step]:
        """Give the steps up to the reservation."""
        return self.steps()[:5]

    async def payment_view(self) -> Json:
        """What payment knows of the class."""
        return await self.cast.institution.get(f"/payment/v1/classes/{self.script.class_id}")

    async def supervision_view(self) -> Json:
        """What supervision knows of the class."""
        return await self.cast.inspector.get(f"/supervision/v1/classes/{self.script.class_id}")

    # ------------------------------------------------------------------------------------------- cancellation

    async def hold(self) -> Json:
        """Forty-four sign in; when the last session of the day has closed the class is held. Gives its view."""
        first = self.script.opening
        await self.move_clock(moment(first, time(18, 0)))
        await self._push_sign_ins(0, first)
        await self.move_clock(moment(first + timedelta(days=1), time(18, 0)))
        return await until(self.supervision_view, lambda view: view["state"] != "open", what="the class to be held")

    async def confirm(self) -> Json:
        """The approver rules out that devices failed. Gives the answer once everybody knows."""
        findings = await self.cast.inspector.get("/supervision/v1/findings", class_id=self.script.class_id)
        (case,) = [one for one in findings["items"] if one["check"] == "opening_attendance"]
        answer = await self.cast.approver.post(
            f"/supervision/v1/findings/{case['finding_id']}/closure",
            {"conclusion": "confirmed", "reason": "考勤机工作正常，现场清点 44 人"},
            key=self.key("closure"),
        )
        await self.await_class(lambda view: view["state"] == "cancelled", "the cancellation")
        await until(
            self.payment_view, lambda view: not view["reservation"]["held"], what="payment to release the class"
        )
        return answer

    async def claim_refused(self) -> Json:
        """The institution claims all the same. Gives the refusal."""
        signed_on = (await self.today()).isoformat()
        return await self.cast.institution.refused(
            "/payment/v1/claims",
            {
                "class_id": self.script.class_id,
                "claimant": "institution",
                "undertaking": {"text_version": "JY-2021", "signer": "单位负责人", "signed_on": signed_on},
                "account": {**ACCOUNT, "holder": self.cast.institution_name},
            },
        )

    async def late_sign_ins(self) -> Json:
        """A device brings the six others, and everybody for the next day, after the cancellation. Gives its answer."""
        absent = self.script.roster[ATTENDED:]
        days = {self.script.opening: absent, self.days[1]: self.script.roster}
        batch = [self._sign_in(day, person) for day, people in days.items() for person in people]
        path = f"/supervision/v1/devices/{self.cast.device_id}/sign-ins"
        return await self.cast.device.post(path, {"sign_ins": batch})

    def _sign_in(self, day: date, person: str) -> dict[str, Any]:
        self.script.sequence += 1
        return {
            "sequence": self.script.sequence,
            "class_id": self.script.class_id,
            "person_id": person,
            "signed_at": moment(day, time(8, 25)).isoformat(),
            "method": "fingerprint",
        }


async def opened(cast: Cast, *, seed: int, name: str) -> ClassOfFifty:
    """Bring a class of fifty to its opening."""
    story = await reserved(cast, seed=seed, name=name)
    await story.open_class()
    return story


async def reserved(cast: Cast, *, seed: int, name: str, batch: int = 0) -> ClassOfFifty:
    """Bring a class of fifty to its reservation; a second class of the same people is another batch."""
    story = ClassOfFifty(cast, Script(seed=seed, opening=await next_opening(cast), batch=batch), name=name)
    for _, act in story.until_reserved():
        await act()
    return story
