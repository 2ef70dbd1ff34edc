"""All refusals in one year of the sandbox: five small classes, a calendar of eight weeks."""

import asyncio
import json
from dataclasses import dataclass

from peibu.demo.party import Json
from peibu.demo.play import cast_of
from tests.journey.progress import say
from tests.journey.stages import Stage
from tests.refusals import applications, enterprises, examination, institutions, settlement, training
from tests.refusals.course import Course
from tests.refusals.examination import Exams
from tests.refusals.training import Classes
from tests.refusals.world import PAYMENT, Seen, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What everybody was answered, the main class, its claim at the end, the ledger's lines and what was logged."""

    seen: dict[str, Seen]
    main: Course
    claim: Json
    ledger: list[Json]
    logs: str

    def paid_fen(self, *, class_id: str | None = None, person_id: str | None = None) -> int:
        """Give what was ordered or credited of the ledger's lines: all, those of a class, or of a person in it."""
        return sum(
            abs(line["ordered_fen"]) + abs(line["settled_fen"])
            for line in self.ledger
            if class_id in (None, line["class_id"]) and person_id in (None, line["person_id"])
        )


async def play(stage: Stage) -> Played:
    """Play everything on a stage."""
    async with cast_of(stage.base_url, stage.home) as cast:
        world = await World.on(stage, cast)
        await institutions.play(world)
        await enterprises.play(world)
        say("refusals: institutions and enterprises")
        await applications.draft(world)
        await applications.submit(world)
        main = await applications.enrol(world)
        await applications.review(world, main)
        await applications.decided_against(world)
        say("refusals: applications")
        classes, exams = Classes(world, main), Exams()
        await training.prepare(world, classes)
        await world.at(0, 7)
        await training.opening_day(world, classes)
        say("refusals: opening day")
        await world.at(1, 16)
        await training.leave(world, main)
        await training.cancellation(world, classes)
        await training.not_opened(world, classes)
        await examination.applications(world, classes, exams)
        say("refusals: cancellation and exam applications")
        await training.wednesday(world, classes)
        await examination.too_late(world, main)
        await training.friday(world, classes)
        await examination.before_the_end(world, classes.unchecked, exams)
        await world.at(6, 9)
        await training.completion(world, classes)
        say("refusals: training")
        await world.at(8, 17)
        await examination.results(world, classes, exams)
        await world.at(9, 9)
        await examination.apply_again(world, main, exams)
        await world.at(12, 17)
        await examination.examine_again(world, main, exams)
        say("refusals: results and certificates")
        await world.at(14, 9)
        await settlement.claim(world, classes)
        await settlement.unchecked(world, classes.unchecked)
        await settlement.review(world, main)
        say("refusals: claim and review")
        await settlement.notice(world, main)
        await settlement.afterwards(world, classes)
        say("refusals: notice, payment and after it")
        claim = await cast.auditor.get(f"{PAYMENT}/claims/{main.claim_id}")
        ledger = await asyncio.to_thread(stage.run, "ledger", "export")
    lines = [json.loads(line) for line in ledger.splitlines()]
    return Played(seen=world.seen, main=main, claim=claim, ledger=lines, logs=stage.logs())
