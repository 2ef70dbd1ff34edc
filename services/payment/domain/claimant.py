"""What a claim asks because of who claims: did an employer pay, did an institution advance (JY-CLM-01, LS-PAY-04)."""

from collections.abc import Iterator
from dataclasses import replace

from services.payment.domain.claim import PAID_AS, Claim
from services.payment.domain.decision import latest, weigh
from services.payment.domain.facts import ClassFacts
from services.payment.domain.payee import PAYOUT_UNPROVEN
from services.payment.domain.subsidy import Assessment, Line
from shared.domain.errors import Refused
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook


def asked_of_claimant(claim: Claim, found: Assessment, rulebook: Rulebook) -> Assessment:
    """Give an assessment with what has to be decided because of who claims; nothing merely asserted is paid on."""
    return _asked_of_learner(claim, _asked_of_employer(claim, found, rulebook))


def _asked_of_employer(claim: Claim, found: Assessment, rulebook: Rulebook) -> Assessment:
    """Give an assessment with the question whether the enterprise paid, which the system has no record of (JY-CLM-01).

    Nothing that a claimant merely asserts is paid on: a reviewer accepts the proof, or the claim does not pass.
    """
    term, paid = rulebook.payment.claimants, claim.employer_payment
    if paid is None or term is None or found.stops:
        return found
    asked = term.finding(
        code="EMPLOYER_PAYMENT_UNCONFIRMED",
        severity=Severity.ASK,
        message="企业为其职工委托培训所付费用的凭证尚待审核人员核对。",
        advice="请审核人员核对付款凭证后，按本规则记录接受或不予接受的决定及理由。",
    )
    return replace(
        found, flags=(*found.flags, weigh(asked, latest(claim.decisions[paid.decisions_before :], term.rule)))
    )


def require_not_advanced(found: Assessment, facts: ClassFacts) -> None:
    """Raise Refused ALREADY_ADVANCED when the institution proved that it paid out what a learner claims (LS-PAY-04).

    `found` are the learner's own lines; whoever has anything else coming to them claims that.
    """
    for line in found.lines:
        if line.paid_to is not None and line.paid_to.payee == PAID_AS["individual"]:
            return
    for line in found.lines:
        advanced = any(award.benefit.paid_out_first for award in line.awards)
        if advanced and line.paid_to is not None and line.person_id and facts.paid_out(line.person_id):
            raise Refused(
                code="ALREADY_ADVANCED",
                message="该项补贴已由培训机构垫付给学员本人并有经确认的发放记录，由培训机构申领，学员不能再次申领。",
                advice="未实际领到的，请向人社部门反映，由其核对发放凭证。",
                field="claimant",
                rule=line.paid_to.rule,
                clause=line.paid_to.clause,
                document=line.paid_to.document,
            )


def _asked_of_learner(claim: Claim, found: Assessment) -> Assessment:
    """Ask whether somebody is paid himself what the institution does not prove to have handed him (LS-PAY-04)."""
    if PAID_AS[claim.claimant] != "learner":
        return found
    return replace(found, lines=tuple(replace(line, findings=(*_weighed(claim, line),)) for line in found.lines))


def _weighed(claim: Claim, line: Line) -> Iterator[Finding]:
    """Give the line's findings, a missing proof as the question that it is to its learner."""
    rows = [row for award in line.awards for row in award.benefit.payees if row.unproven]
    for finding in line.findings:
        if finding.code != PAYOUT_UNPROVEN or not rows:
            yield finding
            continue
        asked = rows[0].finding(
            code="ALLOWANCE_NOT_ADVANCED",
            severity=Severity.ASK,
            message="学员本人申领应由培训机构垫付的补贴，而没有经确认的发放记录，须由审核人员核实后决定。",
            advice="请向培训机构和学员核实；确未发放的，按本规则记录接受的决定，由学员本人领取。",
        )
        yield weigh(asked, latest(claim.decisions, rows[0].rule, line.person_id))
