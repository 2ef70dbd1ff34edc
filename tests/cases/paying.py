"""The money of one class of a case once somebody asks for it: advances, reviews, orders, the bank, what comes back."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from peibu.demo.party import Json, Party, StoryBroken
from peibu.demo.scene import Step, expect, moment
from peibu.demo.settlement import ACCOUNT
from peibu.trial.outcome import Refusal, TrialLine
from shared.policy.case_file import Advance, fen_of
from shared.policy.decision import Finding
from tests.cases.class_story import ClassStory
from tests.cases.exams import EVENING


@dataclass(slots=True, kw_only=True)
class Came:
    """What came of one class: lines as they were claimed, who was refused and why, what was asked, what days follow.

    `advance_fen` was paid before the claim, `by_bank_fen` after it, less what came back.
    """

    lines: list[TrialLine] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    flags: list[Finding] = field(default_factory=list)
    dates: dict[str, date] = field(default_factory=dict)
    advance_fen: int = 0
    by_bank_fen: int = 0
    broken: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Claimed:
    """One claim by whom it is to pay, as it was last answered."""

    payee: str
    view: Json

    @property
    def claim_id(self) -> str:
        """Give the claim's id."""
        return str(self.view["claim_id"])

    @property
    def is_due(self) -> bool:
        """Say whether anything of it is to be paid."""
        return int(self.view["amount_fen"]) > 0


class Paying(ClassStory):
    """One class of a case whose people are paid for."""

    came: Came

    def steps(self) -> list[Step]:
        """Give the steps up to the certificates; an advance is asked for on its day, before the exam or after it."""
        steps = super().steps()
        if not self.part.advance or self.whole is not self.of.parts[0]:
            return steps
        first = min((exam.held for exam in self.exams()), default=date.max)
        place = len(steps) - 2 if self.part.advance[0].date < first else len(steps)
        return [*steps[:place], ("预付", self.advance), *steps[place:]]

    # -------------------------------------------------------------------------------------------- before the claim

    async def advance(self) -> str:
        """Ask for each advance of the file; an officer decides, finance pays, or the document refuses it."""
        for asked in self.part.advance:
            decided = min([asked.date, *(one.date for one in self.part.decision if one.rule == self._advances)])
            await self.move_clock(moment(decided, EVENING))
            body = {
                "amount_fen": fen_of(asked.amount_yuan),
                "account": self.account_of("institution", self.cast.institution_name, ACCOUNT["account_number"]),
            }
            path = f"/payment/v1/classes/{self.script.class_id}/advances"
            try:
                answer = await self.cast.institution.post(path, body, key=self.key(f"advance-{asked.date}"))
            except StoryBroken as refused:
                if refused.problem is None:
                    raise
                self.came.refusals += refusals_of(refused.problem, [None])
            else:
                await self._pay_advance(answer["advance_id"], asked)
        return f"预付 {self.came.advance_fen / 100:,.2f} 元"

    @property
    def _advances(self) -> str:
        return self.book.payment.advance.rule if self.book.payment.advance else ""

    async def _pay_advance(self, advance_id: str, asked: Advance) -> None:
        path = f"/payment/v1/advances/{advance_id}"
        decision = {"decision": "accept", "reason": "按文件规定的比例预付"}
        await self.cast.approver.post(f"{path}/decision", decision, key=self.key(f"decided-{advance_id}"))
        await self.move_clock(moment(asked.date, EVENING))
        async with self.of.casting.at_the_bank:
            await self.cast.finance.post(f"{path}/order", {}, key=self.key(f"order-{advance_id}"))
            await self._send([(advance_id, 1)])
        view = await self.cast.institution.get(path)
        expect(view, state="paid")
        self.came.advance_fen += view["sums"]["paid_fen"]

    # ----------------------------------------------------------------------------------------------- after the claim

    async def review_and_pay(self, claims: list[Claimed]) -> None:
        """Two reviewers, the public list where the document has one, the bureau's opinion, the bank."""
        await self.review(claims)
        if claims:
            await self._transfer(claims)
        for claimed in claims:
            view = claimed.view = await self.cast.auditor.get(f"/payment/v1/claims/{claimed.claim_id}")
            expect(view, state="paid", ordered_fen=view["amount_fen"])
            self.came.by_bank_fen += sum(order["amount_fen"] for order in view["orders"] if order["attempts"])
        if self.came.advance_fen:
            await self._recover()

    async def review(self, claims: list[Claimed]) -> None:
        """Let claims be reviewed, shown where the document wants it, and approved."""
        for claimed in claims:
            await self._step(claimed, self.cast.first_reviewer, "first_review")
            await self._step(claimed, self.cast.second_reviewer, "second_review")
        if listed := [claimed for claimed in claims if claimed.view["state"] == "second_review"]:
            payable = [await self._publish(claimed) for claimed in listed]
            await self.move_clock(moment(max(payable), EVENING))
        for claimed in claims:
            await self._step(claimed, self.cast.approver, "bureau_opinion")

    async def _step(self, claimed: Claimed, by: Party, step: str) -> None:
        claimed.view = await by.post(
            f"/payment/v1/claims/{claimed.claim_id}/reviews",
            {"step": step, "decision": "approve", "opinion": "与系统记录一致"},
            key=self.key(f"{step}-{claimed.claim_id}"),
        )

    async def _publish(self, claimed: Claimed) -> date:
        answer = await self.cast.second_reviewer.post(
            f"/payment/v1/claims/{claimed.claim_id}/notice",
            {"site": "人力资源和社会保障局官方网站"},
            key=self.key(f"notice-{claimed.claim_id}"),
        )
        return date.fromisoformat(answer["payable_from"])

    async def _transfer(self, claims: list[Claimed]) -> None:
        """Order what is due and not advanced already, send it in one file, and let the bank answer."""
        async with self.of.casting.at_the_bank:
            ready = []
            for claimed in claims:
                advanced = (claimed.view["advances"] or {"outstanding_fen": 0})["outstanding_fen"]
                due = claimed.view["decided_fen"] - advanced
                answer = await self.cast.finance.post(
                    f"/payment/v1/claims/{claimed.claim_id}/orders",
                    {"sources": [{"funding_source": self.of.fund, "amount_fen": due}] if due > 0 else []},
                    key=self.key(f"order-{claimed.claim_id}"),
                )
                ready += [order for order in answer["items"] if order["state"] == "ready"]
            if ready:
                await self._send([(order["order_id"], order["attempt"]) for order in ready])

    async def _send(self, orders: list[tuple[str, int]]) -> None:
        """Send what is ready in one bank file, all of it this class's own, and let the bank credit it."""
        finance, name = self.cast.finance, orders[0][0]
        file = await finance.post(
            "/payment/v1/bank-files", {"funding_source": self.of.fund}, key=self.key(f"bank-file-{name}")
        )
        on = (await self.today()).isoformat()
        rows = [{"order_id": order, "attempt": attempt, "outcome": "settled", "on": on} for order, attempt in orders]
        await finance.post(
            f"/payment/v1/bank-files/{file['bank_file_id']}/answers", {"answers": rows}, key=self.key(f"settled-{name}")
        )

    async def _recover(self) -> None:
        """Ask back what was advanced and the claim did not take up."""
        path, today = "/payment/v1/advances", await self.today()
        advances = await self.cast.auditor.get(path, class_id=self.script.class_id)
        for advance in advances["items"]:
            owed, at = advance["sums"]["outstanding_fen"], f"{path}/{advance['advance_id']}"
            if not owed:
                continue
            demand = {"due_on": (today + timedelta(days=30)).isoformat(), "reason": "结算金额低于预付金额"}
            await self.cast.first_reviewer.post(f"{at}/recovery", demand, key=self.key("recovery"))
            ordered = {"decision": "order", "reason": "同意追回"}
            await self.cast.approver.post(f"{at}/recovery/decision", ordered, key=self.key("recovery-decision"))
            came_in = {"on": today.isoformat(), "amount_fen": owed, "reference": f"到账回单 {self.script.seed}"}
            view = await self.cast.finance.post(f"{at}/repayments", came_in, key=self.key("repayment"))
            expect(view["sums"], outstanding_fen=0)
            self.came.by_bank_fen -= owed

    # -------------------------------------------------------------------------------------------------- who is paid

    def account_of(self, claimant: str, name: str, number: str) -> Json:
        """Give an account as its holder writes it, of a kind that the document pays to."""
        payee = self.book.payment.payee
        kinds = payee.accounts(individual=claimant == "individual") if payee else ()
        kind = {"kind": kinds[0].code} if kinds else {}
        return {"bank_name": ACCOUNT["bank_name"], "account_number": number, "holder": name, **kind}


def refusals_of(problem: Json, persons: list[str | None]) -> list[Refusal]:
    """Give why something was refused, for each of the persons it was asked for."""
    return [
        Refusal(person=person, rule=str(error.get("rule") or error.get("code")), message=str(error.get("detail")))
        for error in problem.get("errors") or [problem]
        for person in persons
    ]
