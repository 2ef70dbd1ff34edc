"""Hebei 2024: lists with days, the season, bases, and a class held under promise, whose promise is broken."""

from datetime import date, time
from typing import Final

from peibu.demo.party import Json, until
from peibu.demo.scene import moment
from tests.cases.beside.aside import Aside, AsideClass, certified, employed, same
from tests.cases.paperwork import hebei
from tests.cases.paperwork.desk import list_bodies, record
from tests.cases.paperwork.hebei import LAST, LISTED, PROVINCE
from tests.cases.refusing import Refused
from tests.cases.reporting import REPORTS, heads, open_report, parts

CASE: Final = """
case = "hebei-promise"
region = "130200"
opened = 2024-04-24
kind = "class"
planned = 3
occupation = "elder_care"
level = "4"

[[rate]]
programme = "training"
amount_yuan = 1000
source = "test"

[[person]]
ids = ["p1..p3"]
group = "rural_transferred"
"""
"""Who takes part; what comes of each class its own lines below say."""

NOT_PUBLISHED: Final = Refused(code="NOT_PUBLISHED", rule="HB-INS-01", clause="四(二)")
NOT_LISTED: Final = Refused(code="OCCUPATION_NOT_LISTED", rule="HB-ENR-05", clause="四(一)")
NO_MEASURE: Final = Refused(code="MEASURE_MISSING", rule="HB-ENR-14", clause="五(二)")
REVOKED: Final = Refused(code="COMMITMENT_REVOKED", rule="HB-ENR-15", clause="五(二)")
EARLY: Final = ("BEFORE_PUBLICATION", "HB-INS-01")
NO_BASE: Final = ("NOT_SELECTED_BASE", "HB-INS-03")
LATE: Final = ("SEASON_OVER", "HB-ENR-10")
UNKNOWN_MEASURE: Final = Refused(code="MEASURE_UNKNOWN", rule="HB-ENR-15", clause="五(二)")
REGISTERS: Final = "/enrollment/v1/registers/"
MEASURE: Final = "示例办法1号"
PROMISED: Final = {"commitment": "pre_job"}
UNDECIDED: Final = Refused(code="DECISIONS_MISSING", rule="HB-ENR-07", clause="四(三)")
CLAIMED_LATE: Final = "[[date]]\nevent = 'claim'\non = 2024-10-25\n[[expect.flag]]\nrule = 'HB-ASM-05'\n"
SCOPE: Final = ("COMMITMENT_SCOPE", "HB-ENR-13")


class Promise(Aside):
    """An institution comes onto the city's list, trains under promise, and is found to have broken it."""

    told = CASE
    paper = hebei

    async def tell(self) -> None:
        """Tell it."""
        await self._list_occupation_and_bodies()
        await self._be_published()
        await self._keep_the_season()
        await self._be_a_base()
        await self._ask_for_promises()
        held = await self._hold_under_promise()
        late = await self._train_too_long()
        await self._break_the_promise(held)
        await late.go_through(late.open_class, late.train, late.complete_training, late.examine, late.certify)
        await self._file_the_evaluation()
        await self._pay_late(late)
        await self._read_the_year()

    async def _list_occupation_and_bodies(self) -> None:
        listed = {"occupation": self.occupation, "urgently_short": False}
        days = {"listed_from": LISTED.isoformat(), "listed_to": "2024-09-30"}
        await record(self, "occupation_directory", {**listed, **days})
        province = (await self.casting.staff(PROVINCE))["approver"]
        for code, region, by in (("province", PROVINCE, province), ("city", self.case.region, self.cast.approver)):
            await list_bodies(self, code, region=region, by=by, since=LISTED, until=LAST)

    async def _be_published(self) -> None:
        """HB-INS-01: until 15 May a person decides on whom no list names yet; afterwards nobody does."""
        await self.asked(date(2024, 5, 15), EARLY)
        await self.unheard(date(2024, 5, 16), NOT_PUBLISHED)
        entry = await record(
            self, "published_institution", {"list_number": "示例公告1号", "published_on": "2024-05-10"}, own=True
        )
        await self.asked(date(2024, 5, 9), EARLY)
        await self.asked(date(2024, 5, 10))
        await self.cast.approver.post(
            f"/enrollment/v1/registers/published_institution/{entry['entry_id']}/revisions",
            {"fields": {**entry["fields"], "withdrawn_on": "2024-09-15"}},
            key=self.key("withdrawn"),
        )
        await self.asked(date(2024, 9, 15), LATE)
        await self.unheard(date(2024, 9, 16), NOT_PUBLISHED)

    async def _keep_the_season(self) -> None:
        """HB-ENR-10, HB-ENR-05: the last day of August is in season, the last day of a directory entry is listed."""
        await self.asked(date(2024, 8, 26), closing=date(2024, 8, 31))
        await self.asked(date(2024, 8, 26), LATE, closing=date(2024, 9, 1))

    async def _be_a_base(self) -> None:
        """HB-INS-03: a class bears the name of a base only while its institution is selected as one of that kind."""
        tag = {"base_tag": "fusao"}
        await self.asked(date(2024, 6, 3), NO_BASE, attributes=tag)
        days = {"selected_on": "2024-06-03", "valid_to": "2024-06-28"}
        await record(self, "selected_base", {"base_kind": "fusao", **days}, own=True)
        await self.asked(date(2024, 5, 31), NO_BASE, attributes=tag)
        await self.asked(date(2024, 6, 3), attributes=tag)
        await self.asked(date(2024, 6, 28), attributes=tag)
        await self.asked(date(2024, 6, 29), NO_BASE, attributes=tag)
        await self.asked(date(2024, 6, 3), NO_BASE, attributes={"base_tag": "elder_care"})

    # ------------------------------------------------------------------------------------------------- the promise

    async def _ask_for_promises(self) -> None:
        """HB-ENR-13, -14: a class is held under promise by a measure in force, for what the text names."""
        await self.unheard(date(2024, 5, 20), NO_MEASURE, attributes=PROMISED)
        texts = {"requirements": "培训全过程真实", "subsidy_conditions": "取得证书", "liability": "追回补贴"}
        measure = {"measure_number": MEASURE, "in_force_from": "2024-05-20", **texts}
        await record(self, "management_measure", measure)
        await self.unheard(date(2024, 5, 19), NO_MEASURE, attributes=PROMISED)
        await self.asked(date(2024, 5, 20), SCOPE, attributes={"commitment": "large_enterprise"})

    async def _hold_under_promise(self) -> AsideClass:
        """HB-ENR-15: the class stays shut until the last of the three has signed, on its own opening day."""
        people = self.case.people
        more = certified(people, date(2024, 6, 3)) + employed(people, date(2024, 6, 10))
        held = await self.approved(date(2024, 5, 20), attributes=PROMISED, closing=date(2024, 5, 24), more=more)
        wrong = {**self._signed(held), "measure_number": "示例办法9号"}
        await self.refuse(
            self.cast.institution, REGISTERS + "institution_commitment", {"fields": wrong}, UNKNOWN_MEASURE
        )
        await self._sign(held, None, "p1", "p2")
        await self.move_clock(moment(date(2024, 5, 20), time(8)))
        shut = await held.read(self.cast.institution, f"/enrollment/v1/classes/{held.class_id}")
        same((shut["state"], shut["blocker"]["code"]), ("reserved", "COMMITMENTS_MISSING"), "a class not signed for")
        same((shut["blocker"]["rule"], shut["blocker"]["clause"]), ("HB-ENR-15", "五(二)"), "why it is shut")
        await self._sign(held, "p3")
        await held.go_through(held.open_class, held.train, held.complete_training, held.examine, held.certify)
        return held

    async def _sign(self, held: AsideClass, *people: str | None) -> None:
        for person in people:
            who = self.people[person] if person else None
            given = {"person": {"name": who.name, "identity_number": who.identity_number}} if who else {}
            register = "trainee_commitment" if who else "institution_commitment"
            await self.cast.institution.post(
                REGISTERS + register, {"fields": self._signed(held), **given}, key=held.key(f"signed-{person}")
            )

    def _signed(self, held: AsideClass) -> Json:
        return {
            "class_id": held.class_id,
            "measure_number": MEASURE,
            "text_version": "2024-1",
            "signed_on": "2024-05-20",
        }

    async def _train_too_long(self) -> AsideClass:
        """HB-ENR-10: a reviewer allows a class to end after August, and it is held; without his word it is not."""
        day = date(2024, 8, 26)
        more = (
            certified(self.case.people, date(2024, 9, 6)) + employed(self.case.people, date(2024, 9, 20)) + CLAIMED_LATE
        )
        late = await self.asked(day, LATE, closing=date(2024, 9, 1), more=more)
        await late.go_through(late.submit_roster, late.submit_class)
        review = {"step": "first_review", "decision": "approve", "opinion": "同意"}
        path = f"/enrollment/v1/classes/{late.class_id}/reviews"
        await self.refuse(self.cast.first_reviewer, path, review, UNDECIDED)
        await late.allow(LATE[0])
        await late.go_through(late.approve_class, late.await_reservation)
        return late

    async def _break_the_promise(self, held: AsideClass) -> None:
        """HB-ENR-15: what opened goes on and is paid for; nothing opens under promise while the right is lost."""
        shut = await self.approved(date(2024, 6, 10), attributes=PROMISED)
        await self._sign(shut, None, *self.case.people)
        number, finding = {"number": "示例决定1号", "class_id": held.class_id}, {"finding": "代签到"}
        lost = {"revoked_from": "2024-06-10", "revoked_to": "2024-06-20"}
        await record(self, "commitment_breach", {**number, **finding, **lost}, own=True)
        await self.asked(date(2024, 6, 9), attributes=PROMISED, closing=date(2024, 6, 9))
        await self.unheard(date(2024, 6, 10), REVOKED, attributes=PROMISED)
        await self.unheard(date(2024, 6, 20), REVOKED, attributes=PROMISED)
        await self.asked(date(2024, 6, 21), attributes=PROMISED)
        await self.asked(date(2024, 6, 13))
        await self.move_clock(moment(date(2024, 6, 10), time(8)))
        path = f"/enrollment/v1/classes/{shut.class_id}"
        view = await self.cast.institution.get(path)
        blocked = (view["state"], view["blocker"]["code"], view["blocker"]["rule"], view["blocker"]["clause"])
        same(blocked, ("reserved", REVOKED.code, REVOKED.rule, REVOKED.clause), "a class under a promise that was lost")
        await self.move_clock(moment(date(2024, 6, 11), time(8)))
        await shut.await_class(lambda view: view["state"] == "not_opened", "the class to be closed unopened")
        await until(
            lambda: self.cast.institution.get(f"/payment/v1/classes/{shut.class_id}"),
            lambda view: not view["reservation"]["held"],
            what="payment to release the places",
        )
        await self._ask_back(held)

    async def _ask_back(self, held: AsideClass) -> None:
        """HB-ENR-15: what was paid for one person under a broken promise comes back, by the word of two more."""
        claim = await held.claimed_and_paid()
        same(held.came.by_bank_fen, 3_000_00, "what was paid for the class held under promise")
        path, line = f"/payment/v1/claims/{claim.claim_id}", claim.view["lines"][2]["line_no"]
        alleged = {"facts": "第三人未到课", "evidence": "监控录像"}
        opened = await self.cast.inspector.post(f"{path}/breaches", alleged, key=self.key("breach"))
        closure = f"/payment/v1/breaches/{opened['breach_id']}/closure"
        found = {"conclusion": "confirmed", "reason": "经核实属实", "line_nos": [line]}
        await self.refuse(
            self.cast.approver,
            closure,
            {**found, "conclusion": "unfounded"},
            Refused(code="LINE_NOT_OF_BREACH", rule="HB-ENR-15", clause="五(二)"),
        )
        await self.cast.approver.post(closure, found, key=self.key("breach-confirmed"))
        asked = await self.cast.first_reviewer.post(
            f"{path}/clawbacks", {"reason": "违反承诺，追回补贴"}, key=self.key("clawback")
        )
        same((asked["amount_fen"], asked["rule"]), (1_000_00, "HB-ENR-15"), "what is asked back")
        clawback = f"/payment/v1/clawbacks/{asked['clawback_id']}"
        ordered = {"decision": "order", "reason": "同意追回"}
        await self.cast.approver.post(f"{clawback}/decision", ordered, key=self.key("clawback-ordered"))
        back = {"kind": "bank", "on": (await held.today()).isoformat(), "amount_fen": 1_000_00, "reference": "回单1"}
        settled = await self.cast.finance.post(f"{clawback}/repayments", back, key=self.key("repaid"))
        same(settled["state"], "settled", "the claw-back")
        view = await self.cast.auditor.get(path)
        same(view["amount_fen"], 2_000_00, "what stays of the claim")

    async def _pay_late(self, late: AsideClass) -> None:
        """HB-PAY-03: ordered on the last of October, sent after it only by decision.

        Two of the three had this occupation and level before (HB-CLM-02); the third one's money came back.
        """
        claim = await late.claimed_and_approved()  # the notice of 25 October is payable from the 31st
        same(await late.today(), date(2024, 10, 31), "the last day of paying")
        path = f"/payment/v1/claims/{claim.claim_id}"
        due = {"sources": [{"funding_source": self.fund, "amount_fen": claim.view["decided_fen"]}]}
        await self.cast.finance.post(f"{path}/orders", due, key=self.key("late-order"))
        await self.move_clock(moment(date(2024, 11, 1), time(8)))
        file = {"funding_source": self.fund}
        async with self.casting.at_the_bank:
            problem = await self.cast.finance.refused("/payment/v1/bank-files", file)
            same(problem["code"], "NO_ORDERS_READY", "a file after the last day of paying")
            decided = {"rule": "HB-PAY-03", "reason": "公示期满于期限最后一日，同意拨付"}
            await self.cast.first_reviewer.post(f"{path}/decisions", decided, key=self.key("pay-late"))
            sent = await self.cast.finance.post("/payment/v1/bank-files", file, key=self.key("late-file"))
            orders = (await self.cast.auditor.get(path))["orders"]
            rows = [
                {"order_id": one["order_id"], "attempt": one["attempts"][-1]["attempt"], "outcome": "settled"}
                for one in orders
            ]
            answers = {"answers": [{**row, "on": "2024-11-01"} for row in rows]}
            file_path = f"/payment/v1/bank-files/{sent['bank_file_id']}/answers"
            await self.cast.finance.post(file_path, answers, key=self.key("late-answer"))
        same((sent["count"], sent["amount_fen"]), (1, 1_000_00), "what is sent by decision")

    # ------------------------------------------------------------------------------------------------- the reports

    async def _file_the_evaluation(self) -> None:
        """HB-REP-06: whole, by 25 October, with the indicators of that day enclosed."""
        await self.move_clock(moment(date(2024, 10, 25), time(8)))
        filing = {"code": "evaluation_report", "unit": self.case.region}
        await self.refuse(
            self.cast.approver,
            f"{REPORTS}/filings",
            filing,
            Refused(code="FILING_INCOMPLETE", rule="HB-REP-06", clause="五(五)"),
        )
        filed = await self.cast.approver.post(
            f"{REPORTS}/filings", {**filing, "contents": {"report": "示例报告1号"}}, key=self.key("evaluation")
        )
        same(filed["filed_on"], "2024-10-25", "the day of the evaluation")
        board = await open_report(self.cast.auditor, "filings", region=self.case.region)
        states = {
            (one["unit"], one["code"]): (one["state"], one["due"])
            for one in board.told["items"]
            if one["code"] == "evaluation_report"
        }
        same(states[self.case.region, "evaluation_report"], ("filed", "2024-10-25"), "the evaluation in time")

    async def _read_the_year(self) -> None:
        """HB-REP-01, -02, -04, HB-QUA-01: three people in two classes are three persons and six person-times.

        Four were credited, one of them twice, whose first money came back. The province split no goal onto the city.
        """
        auditor, region = self.cast.auditor, self.case.region
        year = await open_report(auditor, "years/2024", region=region)
        counted = {**dict.fromkeys(("opened_persons", "trained_persons", "certified_persons"), (6, 3))}
        same(heads(year.told), {**counted, "paid_persons": (4, 3)}, "person-times and persons of the year")
        same([*year.row("人次与人数", "全部")][2:], [6, 3, 6, 3, 6, 3, 4, 3], "the same in the workbook")
        goals = {goal["code"]: (goal["done"], goal["target"], goal["met"]) for goal in year.told["goals"]}
        done = {"person_times": 6, "new_certificates": 6, "senior_certificates": 0, "technician_certificates": 0}
        same(goals, {code: (number, None, None) for code, number in done.items()}, "goals that nobody split yet")
        period = {"from": "2024-01-01", "to": "2024-12-31"}
        quality = await open_report(auditor, "quality", region=region, **period)
        shares = {"placement": (6, 6), "retention": (0, 0), "pass_rate": (0, 0), "high_skilled": (0, 6)}
        same(parts(quality.told["indicators"]), shares, "the four indicators")
        (provider,) = quality.told["providers"]
        same(parts(provider["indicators"]), shares, "those of the one institution")
        same([*quality.row("按机构", self.cast.institution_name)][2:5], [6, 6, "100.00"], "placement in the workbook")
