"""Everybody who takes part, the common clock, and what they were answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from peibu.credentials import read_credentials
from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.people import sample_credit_code
from peibu.demo.play import next_opening
from peibu.demo.scene import OCCUPATION, Cast, moment
from peibu.seed import BUREAU, REGION
from shared.clock import SHANGHAI
from tests.journey.stages import Stage

ENROLLMENT: Final = "/enrollment/v1"
SUPERVISION: Final = "/supervision/v1"
ASSESSMENT: Final = "/assessment/v1"
PAYMENT: Final = "/payment/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody was answered; `class_id` and `person_id` are those for whom no fen may have been paid."""

    answer: Json
    class_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An institution with its party."""

    institution_id: str
    party: Party


@dataclass(slots=True, kw_only=True)
class World:
    """A running system, its parties, and every answer that a refusal of the table is looked for in."""

    stage: Stage
    cast: Cast
    opening: date
    others: dict[str, Party] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    sequence: int = 9_000_000

    @classmethod
    async def on(cls, stage: Stage, cast: Cast) -> "World":
        """Give the world on a stage; its classes open on the next possible Monday."""
        return cls(stage=stage, cast=cast, opening=await next_opening(cast))

    def day(self, number: int) -> date:
        """Give the calendar day so many days after the opening."""
        return self.opening + timedelta(days=number)

    # ------------------------------------------------------------------------------------------------- answers

    def saw(self, name: str, answer: Json, *, class_id: str | None = None, person_id: str | None = None) -> None:
        """Keep an answer under the name of a refusal of the table."""
        if name in self.seen:
            raise StoryBroken(f"{name} was answered twice")
        self.seen[name] = Seen(answer=answer, class_id=class_id, person_id=person_id)

    async def refused(self, party: Party, path: str, body: Any, *names: str, class_id: str | None = None) -> Json:
        """Send what must be refused and keep the problem document under every name."""
        answer = await party.refused(path, body)
        for name in names:
            self.saw(name, answer, class_id=class_id)
        return answer

    # --------------------------------------------------------------------------------------------------- clock

    async def at(self, number: int, hour: int, minute: int = 0) -> None:
        """Let it be so late on the day so many days after the opening."""
        await self.at_instant(moment(self.day(number), time(hour, minute)))

    async def at_instant(self, instant: datetime) -> None:
        """Move the clock; answers when everything due until then has happened."""
        await self.cast.system_admin.post("/clock/v1/move", {"to": instant.isoformat()})

    async def today(self) -> date:
        """Give the legal day."""
        answer = await self.cast.system_admin.get("/clock/v1/now")
        return datetime.fromisoformat(answer["legal_now"]).astimezone(SHANGHAI).date()

    # ------------------------------------------------------------------------------------------------- parties

    async def admit(self, client: str, role: str, organisation: str = BUREAU) -> Party:
        """Let somebody new sign in."""
        home = self.stage.home
        options = ("--role", role, "--org", organisation, "--region", REGION, "--home", str(home))
        await asyncio.to_thread(self.stage.run, "clients", "add", client, *options)
        self.others[client] = self.cast.public.signed_in(read_credentials(home)[client])
        return self.others[client]

    async def register(self, *, number: int, name: str, kind: str, **further: Any) -> str:
        """Register an institution and give its id."""
        answer = await self.cast.approver.post(f"{ENROLLMENT}/institutions", institution(number, name, kind, **further))
        return str(answer["institution_id"])

    def as_provider(self, provider: Provider, **further: Any) -> "World":
        """Give the same world in which another institution applies; answers are kept in common."""
        cast = replace(self.cast, institution=provider.party, institution_id=provider.institution_id, **further)
        return World(stage=self.stage, cast=cast, opening=self.opening, others=self.others, seen=self.seen)


def institution(number: int, name: str, kind: str, **further: Any) -> Json:
    """Give an institution to register; it passed its last inspection and nothing stands against it."""
    return {
        "name": name,
        "credit_code": sample_credit_code(number),
        "kind": kind,
        "region": REGION,
        "ownership": "private",
        "liability_incidents": [],
        "annual_inspections": [{"year": 2020, "passed": True}],
        **further,
    }


def directory_entry(last: date) -> Json:
    """Give a directory entry for the sample occupation from the beginning of the year to a last day."""
    return {"valid_from": "2021-01-01", "valid_to": last.isoformat(), "occupations": [OCCUPATION]}


async def eventually(party: Party, path: str, holds: Callable[[Json], bool], what: str) -> Json:
    """Let a party read until what travels in events has arrived; the thing may not even be known before."""

    async def patient() -> Json:
        try:
            return await party.get(path)
        except StoryBroken as not_yet:
            return {"state": "unknown", "missing": [{"code": "UNKNOWN"}], "problem": str(not_yet)}

    return await until(patient, holds, what=what)
