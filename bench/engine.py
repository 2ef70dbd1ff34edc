"""P11: the rule engine with reasons, beside the bare arithmetic and openfisca-core's one-person simulation."""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.flat import Class, Person, amounts, flattened
from bench.measuring import Cell, WrongAnswer
from bench.province_year import Claimed, afresh
from services.payment.domain.deciding import Decided, assess, decide
from services.payment.domain.facts import ClassFacts
from services.payment.domain.subsidy import Assessment

PEER_PERSONS: Final = 500
"""So many one-person simulations a round are enough to know what one takes."""

_ALONE: Final = 400
_PEER: Final = Path(__file__).with_name("openfisca_peer.py")


class Engine:
    """The year in hand, and what each cell makes of it."""

    def __init__(self, year: Sequence[Claimed], peer: "Peer | None") -> None:
        self.year = year
        self.persons = sum(len(claimed.case.opened.fact.trainees) for claimed in year)
        self.flat = [*flattened(year)]
        self.alone = [alone for claimed in year[: _ALONE // 4] for alone in _alone(claimed, 4)]
        self._peer = peer
        self._sums: dict[str, int] = {}
        self._to_decide: list[Claimed] = []
        self._to_explain: list[Claimed] = []
        cells: dict[str, Cell] = {
            "rule engine with reasons": self._decided,
            "every person explained": self._explained,
            "a person alone explained": self._one_by_one,
            "plain Python on flat rows": self._plain,
            "plain Python from facts": self._plain_from_facts,
        }
        if peer is not None:
            cells["openfisca-core, one simulation a person"] = self._simulated
        self.cells: Mapping[str, Cell] = cells

    async def reset(self) -> None:
        """Forget what the last round came to, and what the facts of classes remember of having been asked."""
        self._sums = {}
        self._to_decide, self._to_explain = afresh(self.year), afresh(self.year)
        self.alone = afresh(self.alone)

    async def check(self) -> None:
        """Compare the sums of all who did the whole year."""
        if len(set(self._sums.values())) != 1 or not self._sums:
            raise WrongAnswer(f"the year comes to different sums: {self._sums}")

    async def _decided(self) -> int:
        total = 0
        for claimed in self._to_decide:
            found = _decide(claimed)
            total += sum(one.heads * line.amount_fen for one in found.judged for line in one.lines)
            total += sum(line.amount_fen for line in found.of_class.lines)
        self._sums["decided"] = total
        return self.persons

    async def _explained(self) -> int:
        total = 0
        for claimed in self._to_explain:
            found = _assess(claimed)
            total += sum(line.amount_fen for line in found.lines)
        self._sums["explained"] = total
        return self.persons

    async def _one_by_one(self) -> int:
        for claimed in self.alone:
            if not _assess(claimed).lines:
                raise WrongAnswer("somebody has no line")
        return len(self.alone)

    async def _plain(self) -> int:
        self._sums["plain"] = _summed(self.flat)
        return self.persons

    async def _plain_from_facts(self) -> int:
        self._sums["plain from facts"] = _summed(flattened(self.year))
        return self.persons

    async def _simulated(self) -> int:
        if self._peer is None:
            raise WrongAnswer("there is no peer to ask")
        self._peer.simulate(PEER_PERSONS)
        return PEER_PERSONS


class Peer:
    """openfisca-core in a Python of its own: its requirements are nobody else's."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - a program of our own
            [self._python, _PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.simulate(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait(timeout=30)

    def simulate(self, persons: int) -> None:
        """Let it simulate so many persons one by one, and see that it came to what they are paid."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peer has no ears or no mouth")
        self._process.stdin.write(f"{persons}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        expected = 123_000 * sum(number % 20 != 0 for number in range(persons))
        if len(answer) != 2 or int(answer[1]) != expected:
            raise WrongAnswer(f"openfisca-core came to {answer[1:]}, not to {expected} fen")


def _summed(classes: Iterable[tuple[Class, list[Person]]]) -> int:
    return sum(fen for one, people in classes for _, _, fen in amounts(one, people))


def _decide(claimed: Claimed) -> Decided:
    case = claimed.case
    return decide(
        case.facts,
        case.opened,
        rulebook=case.rulebook,
        rates=claimed.rates,
        decisions=claimed.decisions,
        entitled=claimed.entitled,
    )


def _assess(claimed: Claimed) -> Assessment:
    case = claimed.case
    return assess(
        case.facts,
        case.opened,
        rulebook=case.rulebook,
        rates=claimed.rates,
        decisions=claimed.decisions,
        entitled=claimed.entitled,
    )


def _alone(claimed: Claimed, people: int) -> list[Claimed]:
    """Give classes of a single person each, made of the first people of a class."""
    case = claimed.case
    found = []
    for trainee in case.opened.fact.trainees[:people]:
        opened = replace(case.opened, fact=replace(case.opened.fact, trainees=(trainee,)))
        facts = _facts_of(case.facts, trainee.person_id)
        found.append(replace(claimed, case=replace(case, opened=opened, facts=replace(facts, opened=opened))))
    return found


def _facts_of(facts: ClassFacts, person_id: str) -> ClassFacts:
    return replace(
        facts,
        attendance=tuple(
            replace(
                known,
                fact=replace(
                    known.fact,
                    present=tuple(one for one in known.fact.present if one.person_id == person_id),
                    absent=(),
                ),
            )
            for known in facts.attendance
        ),
        certificates=tuple(known for known in facts.certificates if known.fact.person_id == person_id),
        spells=tuple(spell for spell in facts.spells if spell.person_id == person_id),
    )
