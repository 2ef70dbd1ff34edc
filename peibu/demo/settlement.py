"""Act three: from the claim to the last settled fen (payment)."""

from datetime import date, time

from peibu.demo.party import until
from peibu.demo.scene import RATE_FEN, Scene, expect, moment

ACCOUNT: dict[str, str] = {"bank_name": "示例银行济源支行", "account_number": "62220000000000000001"}


class Settlement(Scene):
    """The class is paid for."""

    async def claim(self) -> str:
        """The institution claims; every line is computed from events."""
        script, cast = self.script, self.cast
        await until(
            lambda: self.read(cast.institution, f"/payment/v1/classes/{script.class_id}"),
            lambda view: not view["missing"],
            what="payment to know every fact of the class",
        )
        answer = await cast.institution.post(
            "/payment/v1/claims",
            {
                "class_id": script.class_id,
                "claimant": "institution",
                "undertaking": {
                    "text_version": "JY-2021",
                    "signer": "单位负责人",
                    "signed_on": (await self.today()).isoformat(),
                },
                "account": {**ACCOUNT, "holder": cast.institution_name},
            },
            key=self.key("claim"),
        )
        script.claim_id = answer["claim_id"]
        expect(answer, recognised=44, base=41, amount_fen=41 * RATE_FEN)
        return f"认定 44 人，平均出勤 41 人，应付 {answer['amount_fen'] / 100:,.2f} 元（JY-CLM-10）"

    async def review_claim(self) -> str:
        """First and second review by two people within seven working days."""
        cast, path = self.cast, f"/payment/v1/claims/{self.script.claim_id}/reviews"
        opinion = {"decision": "approve", "opinion": "与系统记录一致"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("claim-first"))
        problem = await cast.first_reviewer.refused(path, {"step": "second_review", **opinion})
        expect(problem, code="SAME_REVIEWER")
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("claim-second"))
        return f"两人分别办理；一人兼办被拒：{problem['code']}"

    async def publish(self) -> str:
        """The masked list is public for three working days; somebody objects to one line."""
        script, cast = self.script, self.cast
        answer = await cast.second_reviewer.post(
            f"/payment/v1/claims/{script.claim_id}/notice",
            {"site": "示范区人力资源和社会保障局官方网站"},
            key=self.key("notice"),
        )
        script.notice_id = answer["notice_id"]
        public = await cast.public.get(f"/payment/v1/notices/{script.notice_id}")
        line = next(line for line in public["lines"] if line.get("masked_name"))
        objection = await cast.public.post(
            f"/payment/v1/notices/{script.notice_id}/objections",
            {"line_nos": [line["line_no"]], "content": "对该学员出勤情况有异议"},
            key=self.key("objection"),
        )
        script.objection_id = objection["objection_id"]
        payable = date.fromisoformat(answer["payable_from"])
        await self.move_clock(moment(payable, time(9, 0)))
        return f"公示 {answer['starts_on']} 至 {answer['ends_on']}，第 {line['line_no']} 行被提出异议并冻结"

    async def approve_claim(self) -> str:
        """The bureau's opinion approves everything but the frozen line."""
        script, cast = self.script, self.cast
        answer = await cast.approver.post(
            f"/payment/v1/claims/{script.claim_id}/reviews",
            {"step": "bureau_opinion", "decision": "approve", "opinion": "同意拨付"},
            key=self.key("claim-bureau"),
        )
        expect(answer, state="approved")
        return "同意拨付；被异议的一行暂不拨付"

    async def pay(self) -> str:
        """The order goes out in a bank file, bounces, and is sent again to the corrected account."""
        script, cast = self.script, self.cast
        first = await self._order("1")
        await self._answer(await self._bank_file("1"), "returned", "1")
        await cast.institution.post(
            f"/payment/v1/claims/{script.claim_id}/account",
            {**ACCOUNT, "account_number": "62220000000000000002", "holder": cast.institution_name},
            key=self.key("account"),
        )
        await cast.approver.post(
            f"/payment/v1/claims/{script.claim_id}/account-approval", {}, key=self.key("account-approval")
        )
        await self._answer(await self._bank_file("2"), "settled", "2")
        return f"{first / 100:,.2f} 元：首次退票，更正账户并重新审批后到账"

    async def pay_released(self) -> str:
        """The objection is dismissed with a finding; the released line is paid as a difference."""
        script, cast = self.script, self.cast
        await cast.inspector.post(
            f"/payment/v1/objections/{script.objection_id}/resolution",
            {"upheld": False, "finding": "经核查签到与录像，出勤属实"},
            key=self.key("resolution"),
        )
        path = f"/payment/v1/claims/{script.claim_id}/reviews"
        opinion = {"decision": "approve", "opinion": "异议不成立，予以补拨"}
        await cast.first_reviewer.post(path, {"step": "first_review", **opinion}, key=self.key("more-first"))
        await cast.second_reviewer.post(path, {"step": "second_review", **opinion}, key=self.key("more-second"))
        await cast.approver.post(path, {"step": "bureau_opinion", **opinion}, key=self.key("more-bureau"))
        rest = await self._order("2")
        await self._answer(await self._bank_file("3"), "settled", "3")
        view = await cast.institution.get(f"/payment/v1/claims/{script.claim_id}")
        expect(view, state="paid")
        return f"补拨 {rest / 100:,.2f} 元，合计 {41 * RATE_FEN / 100:,.2f} 元"

    async def _order(self, name: str) -> int:
        path = f"/payment/v1/claims/{self.script.claim_id}"
        view = await self.cast.finance.get(path)
        due = int(view["decided_fen"]) - int(view["ordered_fen"])
        await self.cast.finance.post(
            f"{path}/orders",
            {"sources": [{"funding_source": "skills_action_fund", "amount_fen": due}]},
            key=self.key(f"order-{name}"),
        )
        return due

    async def _bank_file(self, name: str) -> str:
        answer = await self.cast.finance.post(
            "/payment/v1/bank-files", {"funding_source": "skills_action_fund"}, key=self.key(f"bank-{name}")
        )
        return str(answer["bank_file_id"])

    async def _answer(self, bank_file: str, outcome: str, name: str) -> None:
        view = await self.cast.finance.get(f"/payment/v1/claims/{self.script.claim_id}")
        waiting = [order for order in view["orders"] if order["state"] == "sent"]
        answers = [
            {
                "order_id": order["order_id"],
                "attempt": order["attempt"],
                "outcome": outcome,
                "on": (await self.today()).isoformat(),
                **({"reason_code": "ACCOUNT_UNKNOWN"} if outcome == "returned" else {}),
            }
            for order in waiting
        ]
        await self.cast.finance.post(
            f"/payment/v1/bank-files/{bank_file}/answers", {"answers": answers}, key=self.key(f"answer-{name}")
        )
