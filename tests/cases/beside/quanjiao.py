"""Quanjiao 2020: others' employees are trained with consent, and the institution's credit is rated by a formula."""

from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from peibu.demo.party import Json
from tests.cases.beside.aside import Aside, same
from tests.cases.paperwork.desk import record
from tests.cases.refusing import Refused

CASE: Final = """
case = "quanjiao-credit"
region = "341124"
opened = 2020-06-05
kind = "class"
planned = 2
occupation = "welder"
level = "4"

[[person]]
ids = ["p1..p2"]
group = "employee"
"""
NO_CONSENT: Final = Refused(code="OUT_OF_CONSENT", rule="QJ-INS-01", clause="二(一)第4段")
NOT_LISTED: Final = Refused(code="OCCUPATION_NOT_LISTED", rule="QJ-INS-03", clause="二(三)")
EXISTS: Final = Refused(code="ENTRY_EXISTS", rule="QJ-INS-02", clause="四(一)")
REGISTERS: Final = "/enrollment/v1/registers/"


class Credit(Aside):
    """A backbone institution asks for consent, is rated, and appeals."""

    told = CASE
    paper = SimpleNamespace(SCHOOL="backbone_institution")

    async def tell(self) -> None:
        """Tell it."""
        listed = {"list_number": "示例清单〔2020〕2号", "listed_from": "2020-01-01", "listed_to": "2020-08-31"}
        await record(self, "occupation_directory", {"occupation": self.occupation, **listed})
        await self._ask_for_consent()
        await self._be_rated()

    async def _ask_for_consent(self) -> None:
        """QJ-INS-01: consent holds for its field from its first day to its last; QJ-INS-03: so does the directory."""
        await self.unheard(date(2020, 6, 5), NO_CONSENT)
        terms: dict[str, str | int] = {"number": "示例意见1号", "field": "焊接", "occupation": self.occupation}
        days = {"consented_from": "2020-06-05", "consented_to": "2020-06-30"}
        entry = await record(self, "training_consent", {**terms, **days}, own=True)
        await self.unheard(date(2020, 6, 4), NO_CONSENT)
        await self.asked(date(2020, 6, 5))
        await self.asked(date(2020, 6, 30))
        await self.unheard(date(2020, 7, 1), NO_CONSENT)
        await self._revise("training_consent", entry, consented_to="2020-12-31")
        await self.asked(date(2020, 8, 31))
        await self.unheard(date(2020, 9, 1), NOT_LISTED)

    async def _be_rated(self) -> None:
        """QJ-INS-02: 100 points less 5, 10 and 20; an upheld appeal gives its points back; nobody is refused."""
        same(await self._shown(date(2020, 6, 9)), [("RATING_MISSING", "warn", None)], "an institution not rated")
        for event, day in (("late_entry", "2020-05-25"), ("wrong_entry", "2020-05-26")):
            await self._event(event, day)
        fee = await self._event("unlawful_fee", "2020-05-27")
        happened = {"event": "late_entry", "happened_on": "2020-05-25", "document_number": "示例认定1号"}
        twice = {"institution_id": self.cast.institution_id, "fields": happened}
        await self.refuse(self.cast.approver, REGISTERS + "credit_event", twice, EXISTS)
        same(await self._points(), (3, 65, "C"), "the rating by three events")
        await self._rated("c", 65, "2020-06-01")
        same(await self._shown(date(2020, 6, 11)), [("CREDIT_RATING", "warn", "C")], "the grade that reviewers see")
        fee = await self._revise("credit_event", fee, appealed_on="2020-06-02", appeal="pending")
        same(await self._points(), (3, 65, "C"), "the rating while an appeal waits")
        fee = await self._revise("credit_event", fee, appeal="dismissed")
        same(await self._points(), (3, 65, "C"), "the rating after an appeal in vain")
        await self._revise("credit_event", fee, appeal="upheld")
        same(await self._points(), (2, 85, "B"), "the rating after the appeal")
        await self._rated("b", 85, "2020-06-15")
        same(await self._shown(date(2020, 6, 14)), [("CREDIT_RATING", "warn", "C")], "before the new rating")
        same(await self._shown(date(2020, 6, 15)), [("CREDIT_RATING", "warn", "B")], "from the new rating on")

    async def _event(self, event: str, day: str) -> Json:
        return await record(
            self,
            "credit_event",
            {"event": event, "happened_on": day, "document_number": "示例认定1号"},
            own=True,
        )

    async def _rated(self, grade: str, points: int, day: str) -> None:
        rating: dict[str, str | int] = {"year": 2020, "grade": grade, "points": points, "reason": "按公式计算"}
        await record(self, "credit_rating", {**rating, "rated_on": day}, own=True)

    async def _revise(self, register: str, entry: Json, **fields: str) -> Json:
        stated = {code: value for code, value in entry["fields"].items() if value is not None}
        return await self.cast.approver.post(
            f"{REGISTERS}{register}/{entry['entry_id']}/revisions",
            {"fields": {**stated, **fields}},
            key=self.key(f"{entry['entry_id']}-{entry['version']}"),
        )

    async def _points(self) -> tuple[int, int, str]:
        """Read the report as the auditor would: events that count, points, grade."""
        told = await self.cast.auditor.get(f"{REGISTERS}credit_event/report", region=self.case.region)
        (row,) = [one for one in told["rows"] if one["key"] == self.cast.institution_id]
        return row["counts"]["events"], row["counts"]["points"], row["name"][-2]

    async def _shown(self, opening: date) -> list[tuple[str, str, Any]]:
        """Apply, and give what is told of the rating."""
        one = await self.asked(opening, closing=opening)
        view = await self.cast.institution.get(f"/enrollment/v1/classes/{one.class_id}")
        return [
            (finding["code"], finding["severity"], finding["value"] and finding["message"][-2])
            for finding in view["findings"]
            if finding["rule"] == "QJ-INS-02"
        ]
