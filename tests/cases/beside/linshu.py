"""Linshu 2020: four directories, the five lists in their order, and an advance of which the rest comes back."""

from datetime import date
from typing import Final

from peibu.demo.party import Json, Party
from peibu.demo.settlement import ACCOUNT
from tests.cases.beside.aside import Aside, AsideClass, certified, same
from tests.cases.paperwork import linshu
from tests.cases.paperwork.desk import record
from tests.cases.refusing import Refused
from tests.cases.reporting import paid_by_institution

CASE: Final = """
case = "linshu-lists"
region = "371329"
opened = 2020-09-14
kind = "project"
planned = 3
occupation = "electrician"
level = "4"

[[rate]]
programme = "training"
amount_yuan = 1500
source = "test"

[[person]]
ids = ["p1..p3"]
group = "rural_labour"
"""
REGISTERS: Final = "/enrollment/v1/registers/"
LISTS: Final = ("list_demand", "list_published", "list_chosen", "list_taken")
DEMAND, LIST = "示例提单1号", "示例列单1号"
NOT_IN_LISTS: Final = Refused(code="OCCUPATION_NOT_LISTED", rule="LS-INS-05", clause="附件")
NOT_IN_DIRECTORY: Final = Refused(code="NOT_IN_DIRECTORY", rule="LS-INS-05", clause="附件")


def _of_lists(code: str) -> Refused:
    return Refused(code=code, rule="LS-ENR-12", clause="附件")


def _of_advance(code: str) -> Refused:
    return Refused(code=code, rule="LS-PAY-01", clause="附件 补贴政策")


class Lists(Aside):
    """People ask for a training, the county lists it, they choose it, an institution takes it and is paid for it."""

    told = CASE
    paper = linshu

    async def tell(self) -> None:
        """Tell it."""
        await linshu.prepare(self, self.admit)
        await self._be_listed()
        await self._go_through_the_lists()
        taken = await self._buy()
        await self._pay_too_much_before(taken)
        await self._read_reports()

    # ---------------------------------------------------------------------------------------------- the directories

    async def _be_listed(self) -> None:
        """LS-INS-05: an occupation of the first or second directory, an institution of the fourth; not the third."""
        (general,) = await self._items("directory_item")
        await self.cast.approver.post(
            f"{REGISTERS}directory_item/{general['entry_id']}/strike", {}, key=self.key("unlisted")
        )
        await self.unheard(date(2020, 9, 14), NOT_IN_LISTS)
        listed: dict[str, str | int] = {"occupation": self.occupation, "occupation_name": "电工"}
        await record(self, "directory_item", {"directory": "demand", **listed, "listed_from": "2020-09-01"})
        await self.unheard(date(2020, 9, 14), NOT_IN_LISTS)
        days = {"listed_from": "2020-09-10", "listed_to": "2020-12-31"}
        await record(self, "directory_item", {"directory": "key_industry", **listed, **days})
        await self.unheard(date(2020, 9, 9), NOT_IN_LISTS)
        await self.asked(date(2020, 9, 10), closing=date(2020, 9, 10))
        await self.asked(date(2020, 12, 31), closing=date(2020, 12, 31))
        await self.unheard(date(2021, 1, 4), NOT_IN_LISTS)
        report = await self.cast.auditor.get(f"{REGISTERS}directory_item/report", region=self.case.region)
        counts = {row["key"]: row["counts"]["entries"] for row in report["rows"]}
        same(set(counts), {"demand", "general", "key_industry"}, "the directories that are reported")

    # ------------------------------------------------------------------------------------------------ the five lists

    async def _go_through_the_lists(self) -> None:
        """LS-ENR-12: no list stands without the one before it, neither when it is made nor when that is corrected."""
        school, approver = self.cast.institution, self.cast.approver
        stated = {"attributes": {"list_number": LIST}}
        await self.unheard(date(2020, 9, 21), _of_lists("NOT_TAKEN"), **stated)
        asked = {"occupation": self.occupation, "participants": 3, "demanded_on": "2020-09-01"}
        steps: list[tuple[Party, Json, str | None]] = [
            (school, {"demand_number": DEMAND, **asked}, None),
            (approver, {"list_number": LIST, "demand_number": DEMAND, "published_on": "2020-09-02"}, "NOT_DEMANDED"),
            (school, {"list_number": LIST, "chosen_on": "2020-09-03"}, "NOT_LISTED"),
            (school, {"list_number": LIST, "taken_on": "2020-09-21"}, "NOT_CHOSEN"),
        ]
        for register, (by, fields, missing) in zip(LISTS[1:], steps[1:], strict=True):
            await self.refuse(by, REGISTERS + register, self._entry(register, fields), _of_lists(missing or ""))
        made = {}
        for register, (by, fields, _) in zip(LISTS, steps, strict=True):
            made[register] = await by.post(
                REGISTERS + register, self._entry(register, fields), key=self.key(f"made-{register}")
            )
        await self._correct(made)
        await self.unheard(date(2020, 9, 20), _of_lists("NOT_TAKEN"), **stated)

    async def _correct(self, made: dict[str, Json]) -> None:
        school, approver = self.cast.institution, self.cast.approver
        published = f"{REGISTERS}list_published/{made['list_published']['entry_id']}"
        wrong = {"list_number": LIST, "demand_number": "示例提单9号", "published_on": "2020-09-02"}
        await self.refuse(approver, f"{published}/revisions", {"fields": wrong}, _of_lists("NOT_DEMANDED"))
        for register, by in (("list_demand", school), ("list_published", approver), ("list_chosen", school)):
            strike = f"{REGISTERS}{register}/{made[register]['entry_id']}/strike"
            await self.refuse(by, strike, {}, _of_lists("ENTRY_BUILT_ON"))
        second = await school.post(
            REGISTERS + "list_chosen",
            self._entry("list_chosen", {"list_number": LIST, "chosen_on": "2020-09-03"}, person="p2"),
            key=self.key("second-choice"),
        )
        await school.post(f"{REGISTERS}list_chosen/{second['entry_id']}/strike", {}, key=self.key("second-struck"))
        right = {"list_number": LIST, "demand_number": DEMAND, "published_on": "2020-09-03"}
        corrected = await approver.post(f"{published}/revisions", {"fields": right}, key=self.key("corrected"))
        same(corrected["fields"]["published_on"], "2020-09-03", "the corrected list")

    def _entry(self, register: str, fields: Json, *, person: str = "p1") -> Json:
        if register != "list_chosen":
            whose = {"institution_id": self.cast.institution_id} if register == "list_taken" else {}
            return {"fields": fields, **whose}
        who = self.people[person]
        return {"fields": fields, "person": {"name": who.name, "identity_number": who.identity_number}}

    async def _items(self, register: str) -> list[Json]:
        page = await self.cast.approver.get(REGISTERS + register, region=self.case.region)
        return [one for one in page["items"] if one["fields"].get("occupation") == self.occupation]

    # ----------------------------------------------------------------------------------------------------- the money

    async def _buy(self) -> AsideClass:
        """LS-ENR-12, LS-PAY-01: the class of the list is what the county buys; 60 % may be paid once it is held."""
        more = certified(["p1"], date(2020, 9, 30)) + ADVANCED
        taken = await self.approved(date(2020, 9, 21), attributes={"list_number": LIST}, more=more)
        view = await self.cast.institution.get(f"/enrollment/v1/classes/{taken.class_id}")
        same(view["attributes"]["list_number"], LIST, "the list that the class comes from")
        await taken.go_through(taken.open_class)
        path = f"/payment/v1/classes/{taken.class_id}/advances"
        await self.refuse(self.cast.institution, path, self._wanted(taken, 2_700_00), _of_advance("ADVANCE_TOO_EARLY"))
        await taken.go_through(taken.train, taken.complete_training)
        await self.refuse(self.cast.institution, path, self._wanted(taken, 2_700_01), _of_advance("ADVANCE_TOO_HIGH"))
        return taken

    def _wanted(self, taken: AsideClass, amount_fen: int) -> Json:
        account = taken.account_of("institution", self.cast.institution_name, ACCOUNT["account_number"])
        return {"amount_fen": amount_fen, "account": account}

    async def _pay_too_much_before(self, taken: AsideClass) -> None:
        """LS-PAY-01, LS-CLM-05: 2,700 are advanced of 4,500; one of three passes and nobody works: 900 are due."""
        await taken.go_through(taken.advance)
        path = f"/payment/v1/classes/{taken.class_id}/advances"
        await self.refuse(self.cast.institution, path, self._wanted(taken, 1_00), _of_advance("ADVANCE_TAKEN"))
        await taken.go_through(taken.examine, taken.certify)
        claim = await taken.claimed_and_paid()
        same(claim.view["decided_fen"], 900_00, "what is due of the claim")
        same((taken.came.advance_fen, taken.came.by_bank_fen), (2_700_00, -1_800_00), "what moved")
        self.moved_fen = 900_00

    async def _read_reports(self) -> None:
        """LS-FND-01, LS-ASM-02: what the bank moved, less what came back, in both shapes."""
        paid = await paid_by_institution(self.cast.auditor, self.case.region)
        same(paid[self.cast.institution_name], (900_00, 1, 1), "what the institution was paid, person-times, persons")


ADVANCED: Final = """
[[advance]]
amount_yuan = 2700
date = 2020-09-25

[[decision]]
rule = "LS-PAY-01"
by = "finance"
date = 2020-09-25
reason = "60 % after the training"
"""
