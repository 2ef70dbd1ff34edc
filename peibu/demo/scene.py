"""What every act needs: who takes part, what the story has come to, the clock and the patience to wait for events."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.people import SamplePerson
from shared.clock import SHANGHAI

OCCUPATION = "6-18-02-04"
TRAINING_TYPE = "employee_intermediate"
LEVEL = "4"
PLANNED = 50
DAYS = 10
RATE_FEN = 150_000


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
    bureau_assessor: Party
    exam_patrol: Party
    finance: Party
    auditor: Party
    system_admin: Party
    public: Party
    institution_id: str
    device_id: str
    body_id: str
    bureau_body_id: str
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
    batch: int = 0
    """The institution's batch of the year; a story of its own is one of its own, unless it says otherwise."""
    sequence: int = 0
    """The device's last number; every story has numbers of its own, for all sign in on one device."""

    def __post_init__(self) -> None:
        self.sequence = self.seed * 100_000
        self.batch = self.batch or self.seed % 9_999 + 1


Step = tuple[str, Callable[[], Awaitable[str]]]


class Scene:
    """One class, its parties and its place in time."""

    occupation = OCCUPATION
    planned = PLANNED
    """How many people the class is applied for."""
    accepted = 48
    """How many rows of the roster are good."""
    opening_absent = 2
    """How many of them stay away on the opening day."""

    def __init__(self, cast: Cast, script: Script) -> None:
        self.cast = cast
        self.script = script

    @property
    def days(self) -> list[date]:
        """Give the training days."""
        return training_days(self.script.opening, DAYS)

    def key(self, name: str) -> str:
        """Give the idempotency key of one act of this story: the same when it is played again after a crash."""
        return f"story-{self.script.seed}-{name}"

    async def move_clock(self, instant: datetime) -> None:
        """Move the sandbox's legal time; answers when everything due until then has happened."""
        await self.cast.system_admin.post(
            "/clock/v1/move", {"to": instant.isoformat()}, key=self.key(f"clock-{instant.isoformat()}")
        )

    async def today(self) -> date:
        """Give the legal day."""
        answer = await self.cast.system_admin.get("/clock/v1/now")
        return datetime.fromisoformat(answer["legal_now"]).astimezone(SHANGHAI).date()

    async def read(self, party: Party, path: str) -> Json:
        """Read a view that may not be there yet, because its event is still on the way."""
        try:
            return await party.get(path)
        except StoryBroken as not_yet:
            return {"state": "unknown", "missing": ["class"], "problem": str(not_yet)}

    async def await_class(self, holds: Callable[[Json], bool], what: str) -> Json:
        """Read the application until it `holds`; `what` names it if it never does."""
        path = f"/enrollment/v1/classes/{self.script.class_id}"
        return await until(lambda: self.cast.institution.get(path), holds, what=what)


def training_days(opening: date, count: int) -> list[date]:
    """Give so many training days: weekdays from the opening date on."""
    days: list[date] = []
    day = opening
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def moment(day: date, at: time) -> datetime:
    """Give an instant of a legal day."""
    return datetime.combine(day, at, SHANGHAI)


def expect(answer: Json, **expected: Any) -> None:
    """Raise StoryBroken unless the answer has these fields."""
    wrong = {name: answer.get(name) for name, value in expected.items() if answer.get(name) != value}
    if wrong:
        raise StoryBroken(f"expected {expected}, got {wrong}")
