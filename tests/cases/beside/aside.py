"""A story that no worked example tells, with the parties and the classes that the examples have."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from peibu.demo.party import Json, Party, StoryBroken
from peibu.demo.scene import Cast, Script, moment
from peibu.trial.parts import Part, parts_of
from shared.policy.case_file import Case, read_case
from shared.policy.loader import load_catalogue
from shared.policy.rulebook import Shelf
from tests.cases.casting import Casting
from tests.cases.claiming import PaidStory
from tests.cases.common_clock import CommonClock
from tests.cases.paying import Came, Claimed
from tests.cases.refusing import Refused
from tests.cases.story import CaseStory

ROUNDS: Final = 32
"""No story has more classes; the runs of their seeds do not meet."""


class AsideClass(PaidStory):
    """One class of such a story: what it states in its application is the story's to say."""

    def __init__(
        self,
        of: "Aside",
        part: Part,
        *,
        number: int,
        opening: date,
        closing: date | None = None,
        stating: Mapping[str, Any] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(of, part, number=number, opening=opening)
        self.script = Script(seed=ROUNDS * of.seed + number, opening=opening)
        self._closing, self._stating, self._stated = closing, dict(stating or {}), dict(attributes or {})
        self.came = Came()
        self.claims: list[Claimed] = []
        self.holds_orders = False

    @property
    def class_id(self) -> str:
        """Give the id by which the services know it."""
        return self.script.class_id

    @cached_property
    def days(self) -> list[date]:
        """Give the first day of training and the last."""
        return sorted({self.script.opening, self._closing or self.script.opening + timedelta(days=1)})

    def application(self) -> Json:
        """Give the application with what this class states besides."""
        given = {**super().application(), **self._stating}
        return {**given, "attributes": {**given["attributes"], **self._stated}}

    async def apply_and_judge(self, *expected: tuple[str, str]) -> None:
        """Apply and be told these findings, each by code and rule, and no other question or objection."""
        answer = await self.cast.institution.post("/enrollment/v1/classes", self.application(), key=self.key("class"))
        self.script.class_id = answer["class_id"]
        told = {(one["code"], one["rule"]) for one in answer["findings"] if one["severity"] == "ask"}
        same(told, set(expected), f"what is asked about {self.script.opening}")

    async def allow(self, code: str) -> None:
        """The first reviewer answers a question about the application."""
        await self.cast.first_reviewer.post(
            f"/enrollment/v1/classes/{self.class_id}/decisions",
            {"code": code, "decision": "allow", "reason": "核实无误，同意"},
            key=self.key(f"allowed-{code}"),
        )

    async def claimed_and_paid(self) -> Claimed:
        """Claim for everybody and let it be paid; give the one claim."""
        await self.claim_all(self.came)
        (claimed,) = self.claims
        return claimed

    async def claimed_and_approved(self) -> Claimed:
        """Claim for everybody and let it be approved; nobody orders anything yet."""
        self.holds_orders = True
        return await self.claimed_and_paid()

    async def review_and_pay(self, claims: list[Claimed]) -> None:
        """Keep what was claimed, and go on to its end unless nobody is to order yet."""
        self.claims = claims
        await (self.review(claims) if self.holds_orders else super().review_and_pay(claims))

    async def go_through(self, *steps: Callable[[], Awaitable[str]]) -> None:
        """Play some steps."""
        for step in steps:
            await step()


class Aside(CaseStory):
    """One story: everything is registered as for an example, then it is told; what breaks it is its difference.

    `told` says who takes part, as a case file does; what comes of each class its own lines say.
    """

    told: ClassVar[str]
    paper: ClassVar[Any]
    """What only its document demands, as the paperwork of the examples says it."""
    number = 0
    """How many classes it has had."""

    @classmethod
    def beginning(cls, shelf: Shelf, casting: Casting, *, seed: int, clock: CommonClock) -> Self:
        """Give the story as it begins."""
        case = cls.case_of()
        return cls(case, shelf.in_force(case.region, case.opened), casting, seed=seed, clock=clock, paperwork=cls.paper)

    @classmethod
    def case_of(cls, more: str = "") -> Case:
        """Give the case that the story is, with more of what comes of a class."""
        text = f"{cls.told}\n{more}\n[expect]\ntotal_yuan = 0\n"
        return read_case(text.encode(), name=cls.__name__, catalogue=load_catalogue())

    async def play(self) -> list[str]:
        """Register, prepare the paper where the story wants it prepared, and tell the story."""
        try:
            await self.move_clock(moment(self.begins, time(8)))
            self.cast = await self._register()
            await self.tell()
        except StoryBroken as broken:
            return [str(broken)]
        finally:
            await self.clock.leave(self._move)
        return []

    async def tell(self) -> None:
        """Tell the story."""
        raise NotImplementedError

    def cast_of(self, number: int) -> Cast:
        """Its classes follow each other, so that they may share teachers and room."""
        return self.cast

    def next_class(self, opening: date, more: str = "", **stated: Any) -> AsideClass:
        """Give the story's next class; `more` is what comes of it, as a case file says it."""
        self.number += 1
        (part,) = parts_of(self.case_of(more or certified(self.case.people, opening + timedelta(days=14))), self.book)
        return AsideClass(self, part, number=self.number, opening=opening, **stated)

    async def asked(self, opening: date, *expected: tuple[str, str], **stated: Any) -> AsideClass:
        """Apply for a class and be asked these questions, each by code and rule, and no other."""
        one = self.next_class(opening, **stated)
        await one.apply_and_judge(*expected)
        return one

    async def approved(self, opening: date, *expected: tuple[str, str], **stated: Any) -> AsideClass:
        """Apply for a class and let it be approved and its places be reserved."""
        one = await self.asked(opening, *expected, **stated)
        await one.go_through(one.submit_roster, one.submit_class)
        for code, _ in expected:
            await one.allow(code)
        await one.go_through(one.approve_class, one.await_reservation)
        return one

    async def unheard(self, opening: date, *expected: Refused, **stated: Any) -> None:
        """Apply for a class in vain."""
        one = self.next_class(opening, **stated)
        await self.refuse(self.cast.institution, "/enrollment/v1/classes", one.application(), *expected)

    async def refuse(self, by: Party, path: str, body: Any, *expected: Refused) -> Json:
        """Send what must be refused by these rules, with clause and number of the document."""
        problem = await by.refused(path, body)
        self.refusing.hold(problem, expected)
        return problem


def same(found: Any, expected: Any, what: str) -> None:
    """Raise StoryBroken unless what was found is what the story expects."""
    if found != expected:
        raise StoryBroken(f"{what}: expected {expected}, found {found}")


def codes(findings: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Give findings by code and rule."""
    return {(one["code"], one["rule"]) for one in findings}


def certified(persons: Iterable[str], issued: date) -> str:
    """Give the lines of a case file by which people have certificates of one day."""
    return f"[[certificate]]\npersons = {list(persons)}\nkind = 'level'\nissued = {issued}\nattempt = 1\n"


def employed(persons: Iterable[str], since: date) -> str:
    """Give the lines by which they work from a day on."""
    return f"[[employment]]\npersons = {list(persons)}\nfrom = {since}\nemployer = 'e1'\n"
