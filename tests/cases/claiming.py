"""Who asks for the money of one class of a case: facts that benefits read, claims of everybody whom they pay."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Final

from peibu.demo.party import Json, Party, StoryBroken, until
from peibu.demo.scene import moment
from peibu.demo.settlement import ACCOUNT
from peibu.trial.judging import type_of
from peibu.trial.outcome import Refusal, TrialLine
from shared.domain.money import fen_from_yuan
from shared.domain.months import months_later
from shared.policy.decision import Finding, Severity, Trace
from shared.policy.terms.benefit import Benefit
from tests.cases.exams import EVENING
from tests.cases.paying import Came, Claimed, Paying, refusals_of
from tests.journey.progress import say

CLAIMANTS: Final[Mapping[str, str]] = {
    "institution": "institution",
    "enterprise": "enterprise",
    "learner": "individual",
    "assessor": "assessor",
}
"""The kind of claimant by whom the document pays."""


DEADLINES: Final = ("review_due", "review_due_outer")
WINDOW_END: Final = "employment_window_end"
"""Days that a claim tells, by the names that case files have for them."""


class PaidStory(Paying):
    """One class of a case up to the last fen."""

    async def play(self, *, cancelled: bool) -> Came:
        """Play the class to its end; what breaks it is told beside what came of it."""
        came = self.came = Came()
        try:
            for title, act in self.steps()[: 6 if cancelled else None]:
                say(f"{self.part.case} {title}: {await act()}")
            await (self._try_in_vain(came) if cancelled else self.claim_all(came))
        except StoryBroken as broken:
            came.broken.append(str(broken))
        for person, findings in self.refused.items():
            came.refusals += [Refusal(person=person, rule=each["rule"], message=each["message"]) for each in findings]
        return came

    async def _try_in_vain(self, came: Came) -> None:
        await self.cancel()
        by, body = await self._of_organisation("institution")
        if await self._claim(by, "institution", body, [None], came) is not None:
            came.broken.append("a cancelled class was claimed for")

    async def claim_all(self, came: Came) -> None:
        """Claim for everybody whom the document pays, let it be reviewed and paid, and take down what comes of it."""
        examined = await self.cast.auditor.get(f"/assessment/v1/classes/{self.script.class_id}")
        if examined["exam_due_on"]:
            came.dates["assessment_due"] = date.fromisoformat(examined["exam_due_on"])
        await self._tell_facts()
        await self.move_clock(moment(self.claimed_on, EVENING))
        claims = [claimed async for claimed in self._claims(came)]
        for claimed in claims:
            came.flags += [finding_of(flag) for flag in claimed.view["flags"]]
            came.dates |= {event: date.fromisoformat(day) for event in DEADLINES if (day := claimed.view[event])}
            await self._try_switches(claimed)
            await self._decide(claimed)
        await self.review_and_pay([claimed for claimed in claims if claimed.is_due])
        for claimed in claims:
            self._take_down(came, claimed)

    # --------------------------------------------------------------------------------------------------- the facts

    @property
    def claimed_on(self) -> date:
        """Claim when the last fact is told: a certificate, a job, the end of a month of work, or on the day named."""
        case = self.part
        named = [dated.on for dated in case.date if dated.event == "claim"]
        people = set(case.people)
        told = [
            self.days[-1] + timedelta(days=2) if self.sits else self.script.opening,
            *(row.issued + timedelta(days=1) for row in case.certificate),
            *(row.start + timedelta(days=1) for row in case.employment if people.intersection(row.persons)),
            *(after(row.month) for row in case.month),
            *(dated.on for dated in case.date if dated.event == "employment_check"),
            *self._windows_over(),
        ]
        return max(named or told)

    def _windows_over(self) -> Iterator[date]:
        """Give the days after which nobody can begin work in time any more, for those who did not."""
        months = max((share.employed_within_months or 0 for share in self.book.payment.window_shares), default=0)
        employed = {person for row in self.part.employment for person in row.persons}
        for row in self.part.certificate if months else ():
            if not employed.issuperset(row.persons):
                yield months_later(row.issued, months) + timedelta(days=1)

    async def _tell_facts(self) -> None:
        payouts = [*self._payouts()]
        if not any((self.part.employment, self.part.month, payouts)):
            return
        await self.move_clock(moment(self.claimed_on, EVENING))
        path = f"/payment/v1/classes/{self.script.class_id}"
        await self._await_opening(path)
        if jobs := [*self._jobs()]:
            await self.cast.inspector.post(f"{path}/employments", {"employments": jobs}, key=self.key("employments"))
        if months := [*self._months()]:
            stated = await self.cast.institution.post(
                f"{path}/work-months", {"months": months}, key=self.key("work-months")
            )
            numbers = [row["number"] for row in stated["items"]]
            await self.cast.first_reviewer.post(
                f"{path}/work-months/decisions",
                {"numbers": numbers, "decision": "confirm", "reason": "与工资发放表一致"},
                key=self.key("months-confirmed"),
            )
        if payouts:
            stated = await self.cast.institution.post(f"{path}/payouts", {"payouts": payouts}, key=self.key("payouts"))
            await self.cast.first_reviewer.post(
                f"{path}/payouts/decisions",
                {
                    "numbers": [row["number"] for row in stated["items"]],
                    "decision": "confirm",
                    "reason": "与签领表一致",
                },
                key=self.key("payouts-confirmed"),
            )

    async def _await_opening(self, path: str) -> None:
        await until(
            lambda: self.read(self.cast.first_reviewer, path),
            lambda view: view.get("state") != "unknown",
            what="payment to know the class",
        )

    def _jobs(self) -> Iterator[Json]:
        for row in self.part.employment:
            for person in row.persons:
                if person in self.ids:
                    job: Json = {
                        "person_id": self.ids[person],
                        "employed_on": row.start.isoformat(),
                        "employer": row.employer,
                        "source": "就业登记",
                    }
                    yield {**job, **({"last_day": row.to.isoformat()} if row.to else {})}

    def _months(self) -> Iterator[Json]:
        for row in self.part.month:
            for person in row.persons:
                if person in self.ids:
                    yield {
                        "person_id": self.ids[person],
                        "month": row.month,
                        "full": row.full,
                        "source": f"工资表 {row.month}",
                    }

    def _payouts(self) -> Iterator[Json]:
        """Give what was handed out before it is claimed; where the file does not say it, no less than was due."""
        kind = type_of(self.part, self.book, self.whole.programme)
        earned = [one for one in self.book.payment.benefits if one.is_earned_by(kind.programme, self.part.kind)]
        if not any(one.paid_out_first for one in earned):
            return
        for row in self.part.allowance_day:
            for person in row.persons:
                if person in self.ids:
                    yield {
                        "person_id": self.ids[person],
                        "amount_fen": 100_000_00 if row.paid_out_yuan is None else fen_from_yuan(row.paid_out_yuan),
                        "paid_on": (self.claimed_on - timedelta(days=1)).isoformat(),
                        "source": "签领表",
                    }

    # -------------------------------------------------------------------------------------------------- the claims

    def payees(self) -> dict[str, set[str]]:
        """Give who asks for whom, by the kind of payee: whoever is paid for the groups, else whoever is paid at all.

        Where it pays a class nothing for the groups that are in it, they ask in vain.
        """
        if not self.book.payment.benefits:
            return {"institution": set(self.ids)}
        return self._asking(in_vain=False) or self._asking(in_vain=True)

    def _asking(self, *, in_vain: bool) -> dict[str, set[str]]:
        own = "enterprise" if self.of.trains_its_own else "institution"
        kind = type_of(self.part, self.book, self.whole.programme)
        earned = [one for one in self.book.payment.benefits if one.is_earned_by(kind.programme, self.part.kind)]
        found: dict[str, set[str]] = {}
        for benefit, people in product(earned, self.part.person):
            payee = self._payee(benefit, people.group, dispatched=people.dispatched_to is not None) or own
            concerned = self._concerned(benefit).intersection(people.ids)
            if concerned and (in_vain or not benefit.groups or people.group in benefit.groups):
                found.setdefault(payee, set()).update(concerned)
        return found

    def _payee(self, benefit: Benefit, group: str, *, dispatched: bool) -> str | None:
        for row in benefit.payees:
            fits = (
                (not row.funders or (self.part.funder or "learner") in row.funders)  # as the class states it
                and (not row.groups or group in row.groups)
                and (not row.class_kinds or self.part.kind in row.class_kinds)
                and (not row.dispatched or dispatched)
                and not row.unproven
            )
            if fits:
                return row.payee
        return None

    def _concerned(self, benefit: Benefit) -> set[str]:
        """Give who has reason to ask for it: of certificates who has one, else everybody."""
        if benefit.basis != "certificate":
            return set(self.ids)
        return {person for row in self.part.certificate for person in row.persons if person in self.ids}

    async def _claims(self, came: Came) -> AsyncIterator[Claimed]:
        if not self.payees():
            return
        await until(
            lambda: self.read(self.cast.auditor, f"/payment/v1/classes/{self.script.class_id}"),
            lambda view: not view["missing"],
            what="payment to know every fact of the class",
        )
        await self._try_as_agency(came)
        await self._try_as_learner(came)
        await self._try_wrong_accounts()
        for payee, persons in sorted(self.payees().items()):
            if payee != "learner":
                by, body = await self._of_organisation(payee)
                if (claimed := await self._claim(by, payee, body, [None], came)) is not None:
                    yield claimed
                continue
            for person in sorted(persons, key=list(self.ids).index):
                by, body = await self._of_learner(person)
                if (claimed := await self._claim(by, payee, body, [person], came)) is not None:
                    yield claimed

    async def _try_as_learner(self, came: Came) -> None:
        """Whoever was handed by the institution what it is paid for asks for it as well."""
        wanted = [person for row in self.part.payee if row.kind == "learner" for person in row.persons]
        for person in () if "learner" in self.payees() else wanted:
            by, body = await self._of_learner(person)
            if await self._claim(by, "learner", body, [person], came) is not None:
                came.broken.append(f"{person} claims what the institution handed out")

    async def _try_wrong_accounts(self) -> None:
        payees = [payee for payee in sorted(self.payees()) if payee not in ("learner", "assessor")]
        for kind, refused in self.of.wrong_accounts.items() if payees else ():
            by, body = await self._of_organisation(payees[0])
            body["account"]["kind"] = kind
            self.of.refusing.hold(await by.refused("/payment/v1/claims", body), [refused])

    async def _try_switches(self, claimed: Claimed) -> None:
        """Ask once of each document what it does not provide for; for a notice also where notices are published."""
        if self.book.id in self.of.casting.asked:
            return
        self.of.casting.asked.add(self.book.id)
        refusing, path = self.of.refusing, f"/payment/v1/classes/{self.script.class_id}/feature-requests"
        for switch in self.of.switches:
            asked = await self.cast.institution.refused(path, {"feature": switch.feature})
            refusing.hold_off(asked, switch)
            if switch.feature == "notice":
                site = f"/payment/v1/claims/{claimed.claim_id}/notice"
                refusing.hold_off(await self.cast.second_reviewer.refused(site, {"site": "官方网站"}), switch)

    async def _try_as_agency(self, came: Came) -> None:
        """Whoever sent dispatched staff asks for their subsidy first; why it is refused is told for each of them."""
        wanted: list[str | None] = [person for row in self.part.payee if row.kind == "agency" for person in row.persons]
        if self.of.agency is None or not wanted:
            return
        body = await self.claim_body("enterprise", self.of.agency_name, ACCOUNT["account_number"])
        body["employer_payment"] = self._paid()
        if await self._claim(self.of.agency, "agency", body, wanted, came) is not None:
            came.broken.append("an agency claims for staff that it dispatched")

    def _paid(self) -> Json:
        return {
            "reference": f"发票 {self.script.seed}",
            "amount_fen": 1_000_00,
            "paid_on": self.days[-1].isoformat(),
        }

    async def _claim(self, by: Party, payee: str, body: Json, persons: list[str | None], came: Came) -> Claimed | None:
        key = self.key(f"claim-{payee}-{persons[0] or 'all'}")
        try:
            answer = await by.post("/payment/v1/claims", body, key=key)
        except StoryBroken as refused:
            if refused.problem is None:
                raise
            came.refusals += refusals_of(refused.problem, persons)
            return None
        return Claimed(payee=payee, view=answer)

    async def _of_organisation(self, payee: str) -> tuple[Party, Json]:
        apart = payee == "enterprise" and not self.of.trains_its_own
        by, name = (self.of.enterprise, self.of.enterprise_name) if apart else (None, self.cast.institution_name)
        if payee == "assessor":
            by, name = self.cast.assessor, self.of.body_name
        body = await self.claim_body(CLAIMANTS[payee], name, ACCOUNT["account_number"])
        if apart:
            body["employer_payment"] = self._paid()
        return by or self.cast.institution, body

    async def _of_learner(self, person: str) -> tuple[Party, Json]:
        invented = self.of.people[person]
        body = await self.claim_body("individual", invented.name, card(self.script.seed, list(self.ids).index(person)))
        body["person"] = {"name": invented.name, "identity_number": invented.identity_number}
        return await self.of.learner(person), body

    async def claim_body(self, claimant: str, name: str, account: str) -> Json:
        term, signed_on = self.book.payment.undertaking, (await self.today()).isoformat()
        return {
            "class_id": self.script.class_id,
            "claimant": claimant,
            "undertaking": {
                "text_version": term.version if term else "1",
                "signer": "单位负责人",
                "signed_on": signed_on,
            },
            "account": self.account_of(claimant, name, account),
        }

    # ----------------------------------------------------------------------------------------------- what is decided

    async def _decide(self, claimed: Claimed) -> None:
        """Decide what the case says was decided, and whether an enterprise's proof of payment is accepted.

        What the case only wants to be asked is accepted.
        """
        asked = asked_by(claimed.view)
        for rule in asked.intersection(flag.rule for flag in self.part.expect.flag):
            await self._decision(claimed, {"rule": rule, "reason": "情况属实，准予办理"})
        proof = self.book.payment.claimants
        if proof is not None and claimed.payee == "enterprise" and proof.rule in asked:
            await self._decision(claimed, {"rule": proof.rule, "reason": "付款凭证属实"})
        measured = next((dated.on for dated in self.part.date if dated.event == "employment_check"), None)
        release = self.book.payment.employment_release
        for decision in self.part.decision:
            of_release = release is not None and decision.rule == release.rule
            if decision.rule not in asked and not of_release:
                continue  # the facts say it already, or it is no question of a claim
            persons = [self.ids[person] for person in decision.persons if person in self.ids]
            body: Json = {"rule": decision.rule, "reason": decision.reason}
            body |= {"persons": persons} if persons else {}
            body |= {"since": measured.isoformat()} if of_release and measured else {}
            await self._decision(claimed, body)

    async def _decision(self, claimed: Claimed, body: Json) -> None:
        path = f"/payment/v1/claims/{claimed.claim_id}/decisions"
        key = self.key(f"decision-{body['rule']}-{claimed.claim_id}")
        claimed.view = await self.cast.first_reviewer.post(path, body, key=key)

    # ------------------------------------------------------------------------------------------------- the outcome

    def _take_down(self, came: Came, claimed: Claimed) -> None:
        view = claimed.view
        names = {person_id: person for person, person_id in self.ids.items()}
        for line in view["lines"]:
            person = names.get(line["person_id"])
            findings = tuple(finding_of(each) for each in line["findings"])
            ends = [step["inputs"]["window_end"] for step in line["traces"] if "window_end" in step["inputs"]]
            known = came.dates.get(WINDOW_END, date.min)
            came.dates |= {WINDOW_END: max(known, *map(date.fromisoformat, ends))} if ends else {}
            came.lines.append(
                TrialLine(
                    person=person,
                    programme=line["programme"],
                    amount_fen=line["amount_fen"],
                    payee=claimed.payee,
                    traces=tuple(_step(step) for step in (*line["traces"], *view["traces"])),
                    findings=findings,
                )
            )
            stops = [each for each in findings if each.severity is Severity.STOP]
            came.refusals += [Refusal(person=person, rule=each.rule, message=each.message) for each in stops]
            came.flags += [each for each in findings if each.severity is Severity.ASK]


def asked_by(claim: Json) -> set[str]:
    """Give the rules by which a claim asks for a decision."""
    findings = [*claim["flags"], *(finding for line in claim["lines"] for finding in line["findings"])]
    return {finding["rule"] for finding in findings if finding["severity"] == "ask"}


def finding_of(told: Json) -> Finding:
    """Read a finding as a service told it."""
    return Finding(**{**told, "severity": Severity(told["severity"])})


def after(month: str) -> date:
    """Give the first day after a month `YYYY-MM`."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)


def card(seed: int, place: int) -> str:
    """Give the number of a bank card that belongs to nobody, with its check digit (Luhn)."""
    body = f"6217{seed:06d}{place + 1:05d}"
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(body))]
    total = sum(number // 10 + number % 10 for number in doubled)
    return body + str(-total % 10)


def _step(told: Json) -> Trace:
    return Trace(**{name: value for name, value in told.items() if name != "text"})
