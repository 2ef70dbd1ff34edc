"""Huludao 2019: an enterprise's class for which half is asked before its claim."""

from datetime import date
from typing import Self

from peibu.demo.settlement import ACCOUNT
from shared.policy.loader import load_rulebooks
from tests.cases.beside.aside import Aside
from tests.cases.casting import Casting
from tests.cases.common_clock import CommonClock
from tests.cases.paperwork import huludao

CASE = """
case = "huludao-advance"
region = "211400"
opened = {opened}
kind = "class"
planned = 2
occupation = "welder"
level = "4"
provider = "enterprise"
funder = "enterprise"

[[rate]]
programme = "upskilling"
amount_yuan = 1500
source = "test"

[[person]]
ids = ["p1..p2"]
group = "employee"
"""
SEED = 900


class AdvanceAsked(Aside):
    """A class opens, and its institution asks for an advance on it that nobody has decided yet."""

    paper = huludao
    ids: dict[str, str]

    @classmethod
    def on(cls, opened: date, casting: Casting) -> Self:
        """Give the story alone, with its class opening on a day."""
        cls.told = CASE.format(opened=opened)
        return cls.beginning(load_rulebooks(), casting, seed=SEED, clock=CommonClock(1))

    async def tell(self) -> None:
        """Tell it."""
        await huludao.prepare(self, self.admit)
        held = await self.approved(self.case.opened)
        await held.go_through(held.open_class)
        account = held.account_of("institution", self.cast.institution_name, ACCOUNT["account_number"])
        asked = await self.cast.institution.post(
            f"/payment/v1/classes/{held.class_id}/advances",
            {"amount_fen": 1_000_00, "account": account},
            key=self.key("advance"),
        )
        self.ids = {
            "institution_id": self.cast.institution_id,
            "class_id": held.class_id,
            "advance_id": asked["advance_id"],
        }
