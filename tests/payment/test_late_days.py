"""A day is paid once in whichever order it becomes known that somebody was there, was not, or had it elsewhere."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from services.payment.application.import_past_subsidies import GivenPast, import_past_subsidies
from services.payment.domain.past_subsidy import PastSubsidy
from shared.contracts.contract import Contract
from shared.contracts.enrollment import ClassOpened, TraineeWithdrawn
from shared.contracts.supervision import TrainingCompleted
from shared.domain.actor import Role
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Shelf
from tests.payment.claiming import identity, with_checks
from tests.payment.office import person
from tests.payment.sample import attendance, rate, shelf
from tests.payment.test_late_facts import CANCELLED
from tests.payment.test_late_facts_elsewhere import (
    OCCUPATIONS,
    PEOPLE,
    STORIES,
    YUAN,
    Setting,
    Step,
    Town,
    among,
    deliver,
    ended,
    on_sqlite,
    pay,
    work,
)
from tests.payment.work_sample import FIRST_DAYS, book_of, opened
from tests.servers import FreshDatabases

OFFICER = person("officer-1", Role.POLICY_OFFICER)
FIRST_DAY = FIRST_DAYS["HL"][1]
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(4)]
Came = Mapping[str, frozenset[date]]
"""On which days each of the people was there."""


def project(number: int) -> ClassOpened:
    """Give one of three free classes of the same people on the same days."""
    plain = opened("HL", PEOPLE, class_id=f"class-{number}", programme="poverty_relief", kind="project")
    poor = tuple(replace(each, groups=("poor_worker",)) for each in plain.trainees)
    return with_checks(
        replace(plain, trainees=poor, occupation=replace(plain.occupation, code=OCCUPATIONS[number - 1]))
    )


CLASSES = [project(number) for number in (1, 2, 3)]


def paid_to_the_school() -> Shelf:
    """Give the shelf with the allowance paid to whoever gives the class, so that one claim tells of days and all."""
    book = book_of("HL")
    benefits = tuple(
        replace(each, payees=()) if each.code == "living_allowance" else each for each in book.payment.benefits
    )
    others = [one for one in shelf().current if one.id != book.id]
    return Shelf([*others, replace(book, payment=replace(book.payment, benefits=benefits))], [], regions())


def told(of: ClassOpened, came: Came, *, revision: int) -> Step:
    """Let supervision say who was there on each day, and that the training came to that."""
    days: list[Contract] = []
    for day in DAYS:
        present = [each for each in PEOPLE if day in came[each]]
        checked = attendance(present, class_id=of.class_id, revision=revision)
        days.append(replace(checked, session_id="s1" if day == FIRST_DAY else f"s-{day}", held_on=day))
    [training] = [fact for fact in ended(of, "level") if isinstance(fact, TrainingCompleted)]
    return deliver(*days, replace(training, revision=revision))


def imported(who: str, day: date) -> Step:
    """Import what somebody had for a day elsewhere, twice."""
    had = PastSubsidy(programme="living_allowance", had_on=day, source="纸质发放表")
    row = GivenPast(identity_number=identity(PEOPLE.index(who) + 1), had=had)

    async def step(town: Town) -> None:
        for _ in range(2):
            await town.act(OFFICER, import_past_subsidies, given=[row])

    return step


@dataclass(frozen=True, kw_only=True)
class Summer:
    """What is true in the end: who was where on which days, what is over, and what was had elsewhere."""

    came: Sequence[Came]
    cancelled: bool = False
    left: bool = False
    elsewhere: frozenset[tuple[str, date]] = field(default_factory=frozenset)

    def worth(self) -> int:
        """Give what it comes to in yuan: 1,000 for each training somebody came to, 10 for each of their days."""
        yuan = 0
        for who in PEOPLE:
            gone = {1} if self.cancelled else set()
            gone |= {0} if self.left and who == "p2" else set()
            days = [came[who] for number, came in enumerate(self.came) if number not in gone]
            elsewhere = {day for whose, day in self.elsewhere if whose == who}
            yuan += 1_000 * sum(map(bool, days)) + 10 * len(frozenset().union(*days) - elsewhere)
        return yuan


SOME_DAYS = st.fixed_dictionaries({who: st.frozensets(st.sampled_from(DAYS)) for who in PEOPLE})
LEFT = TraineeWithdrawn(class_id="class-1", person_id="p2", on=FIRST_DAY, reason="本人申请")
ALL: Came = dict.fromkeys(PEOPLE, frozenset(DAYS))
CLAIM_ALL = [work("claim", each.class_id) for each in CLASSES]
PAY_FIRST = [work(act, "class-1") for act in ("claim", "review", "order")]


@st.composite
def summers(draw: st.DrawFn) -> tuple[Summer, list[Step]]:
    came, facts = [], []
    for of in CLASSES:
        said = draw(st.lists(SOME_DAYS, min_size=1, max_size=2))
        came.append(said[-1])
        facts += [told(of, each, revision=number) for number, each in enumerate(said, start=2)]
    summer = Summer(
        came=came,
        cancelled=draw(st.booleans()),
        left=draw(st.booleans()),
        elsewhere=draw(st.frozensets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(DAYS)), max_size=2)),
    )
    facts += [imported(*each) for each in sorted(summer.elsewhere)]
    facts += [deliver(replace(CANCELLED, class_id="class-2"))] * summer.cancelled + [deliver(LEFT)] * summer.left
    return summer, among(draw, facts, CLASSES, size=8)


def first_seen(*steps: Step) -> list[Step]:
    """Give what everybody was there for, claimed and the first class paid, and then these steps."""
    return [*(told(of, ALL, revision=2) for of in CLASSES), *PAY_FIRST, pay, *CLAIM_ALL, *steps]


FEWER: Came = {"p1": frozenset(DAYS[:1]), "p2": frozenset(DAYS)}


async def still_held(town: Town) -> None:
    """Check that nobody else has the days whose money is out, though their attendance fell away."""
    await town.office.pass_days(town.office.now.date())
    rows = await town.office.rows("SELECT class_id FROM cap_slot WHERE person_id = 'p1' AND scope LIKE '%a_day/%'")
    assert [row.class_id for row in rows] == ["class-1"] * len(DAYS)


@on_sqlite
@STORIES
@given(story=summers())
@example(story=(Summer(came=[ALL] * 3), first_seen()))
@example(story=(Summer(came=[FEWER, ALL, ALL]), first_seen(told(CLASSES[0], FEWER, revision=3), still_held)))
@example(story=(Summer(came=[ALL] * 3, left=True), first_seen(deliver(LEFT), pay)))
@example(
    story=(Summer(came=[ALL] * 3, elsewhere=frozenset({("p1", DAYS[2])})), first_seen(imported("p1", DAYS[2]), pay))
)
def test_a_day_is_paid_once_in_whichever_order_everything_becomes_known(
    databases: FreshDatabases, story: tuple[Summer, list[Step]]
) -> None:
    """HL-CLM-09: an allowance for each day of training, a subsidy for each training."""
    summer, steps = story
    prices = (rate(1000), replace(rate(10), programme="living_allowance", unit="day"))
    setting = Setting(
        place="HL",
        classes=tuple(CLASSES),
        on=date(2020, 7, 1),
        claimant="institution",
        prices=(replace(prices[0], programme="poverty_relief"), prices[1]),
        books=paid_to_the_school(),
    )
    assert asyncio.run(setting.play(databases, steps)) == summer.worth() * YUAN
