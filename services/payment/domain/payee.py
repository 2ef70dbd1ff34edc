"""Who is paid for a person (收款人): by the document's rows, by decision, and no more than was handed out before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.payment.domain.benefit import DISPATCHED_TO, FUNDER, GIVER, Award, Ground, benefits_of, is_for
from services.payment.domain.decision import Decision, decided_funder, latest
from services.payment.domain.facts import ClassFacts
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Benefit, BenefitPayee, PayeeKind

PAYOUT_UNPROVEN: Final = "PAYOUT_UNPROVEN"
FUNDER_UNSTATED: Final = "FUNDER_UNSTATED"


def handed_out(award: Award, benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> Award:
    """Limit an award to what its person was handed before the claim; without any proof of that it waits (LS-CLM-04)."""
    term, paid_fen = benefit.paid_out_first, ground.facts.paid_out(trainee.person_id)
    row = payee_of(benefit, trainee, ground)
    if term is None or paid_fen is None or (row is not None and row.unproven):
        return award
    if paid_fen:
        return replace(award, paid_out_fen=paid_fen)
    missing = term.finding(
        code=PAYOUT_UNPROVEN,
        severity=Severity.STOP,
        message="没有经确认的发放记录，不能证明该项补贴已由申领机构垫付给学员。",
        advice="请登记发放金额、日期和凭证，由人社部门人员确认；确认后自动核算。",
    )
    return replace(award, findings=(*award.findings, missing))


def payee_open(benefit: Benefit, row: BenefitPayee | None, person_id: str, ground: Ground) -> tuple[Finding, ...]:
    """Ask what has to be known before a person's subsidy is paid to anybody: who paid for the training, who is paid."""
    return (*_funder_unstated(benefit, person_id, ground), *_payee_undecided(row, person_id, ground.decisions))


def _funder_unstated(benefit: Benefit, person_id: str, ground: Ground) -> tuple[Finding, ...]:
    """Ask who paid for a person's training where that decides who is paid, and neither class nor decision says it."""
    row = next((row for row in benefit.payees if row.funders), None)
    if row is None or _funder(row, person_id, ground) is not None:
        return ()
    return (
        row.finding(
            code=FUNDER_UNSTATED,
            severity=Severity.ASK,
            message="班级没有写明培训费用由谁支付，不能确定收款人；写明前不计入补贴。",
            advice="请审核人员核对付费凭证后，按本规则逐人记录付费方（学员、企业或双方分担）及理由。",
        ),
    )


def _payee_undecided(row: BenefitPayee | None, person_id: str, decisions: Sequence[Decision]) -> tuple[Finding, ...]:
    """Ask who is paid where the document leaves it to a person and nobody decided yet; refuse what they refused."""
    if row is None or not row.by_decision:
        return ()
    decision = latest(decisions, row.rule, person_id)
    if decision is not None and decision.accepted:
        return ()
    if decision is not None:
        return (
            row.finding(
                code="PAYEE_REFUSED",
                severity=Severity.STOP,
                message="审核人员已决定不向该收款人支付该项补贴，文件没有规定其他收款人。",
                advice="如有异议，请补充付费凭证后由审核人员重新记录决定。",
                value=row.payee,
            ),
        )
    return (
        row.finding(
            code="PAYEE_UNDECIDED",
            severity=Severity.ASK,
            message="该项补贴的收款人文件没有明确，须由审核人员决定；决定前不计入补贴。",
            advice="请审核人员核对付费情况后记录决定及理由。",
            value=row.payee,
        ),
    )


def payees_of(facts: ClassFacts, opened: ClassOpened, rulebook: Rulebook) -> frozenset[PayeeKind]:
    """Give who is paid for the class where the document names payees for its kind, nothing where it names none.

    Whom a person may decide to pay for want of proof is among them (LS-PAY-04), while nobody said who paid for the
    training everybody who may have (HL-CLM-04), and who is paid something beside (QJ-CLM-05).
    """
    benefits, aside = benefits_of(opened, rulebook), benefits_of(opened, rulebook, beside=True)
    ground = Ground(facts=facts, opened=opened, rulebook=rulebook, decisions=())
    paid = [
        (benefit, trainee) for benefit in benefits for trainee in opened.trainees if is_for(benefit, trainee, facts)
    ]
    rows = [payee_of(benefit, trainee, ground) for benefit, trainee in paid]
    unsaid = opened.attributes.get(FUNDER) is None
    possible = {
        row.payee
        for benefit, _ in paid
        for row in benefit.payees
        if row.unproven or row.once_decided or (row.funders and unsaid)
    }
    named = {*possible, *(row.payee if row else GIVER for row in rows)} if names_payees(opened, rulebook) else set()
    mine = {row.payee for each in aside for row in each.payees if any(is_for(each, one) for one in opened.trainees)}
    return frozenset({*named, *mine})


def names_payees(opened: ClassOpened, rulebook: Rulebook, *, beside: bool = False) -> bool:
    """Say whether the document names payees for classes of this kind; where it does not, who claims is paid.

    A person is claimed for once then, by whoever gave the class or paid for it.
    """
    rows = (row for benefit in benefits_of(opened, rulebook, beside=beside) for row in benefit.payees)
    return any(not row.class_kinds or opened.kind in row.class_kinds for row in rows)


def payee_of(benefit: Benefit, trainee: OpenedTrainee, ground: Ground) -> BenefitPayee | None:
    """Give the row that says who is paid for the person; without one it is whoever claims for the class.

    A row that a person refused gives way to the next that fits; where none does, nobody is paid by default.
    """
    opened, refused = ground.opened, None
    for row in benefit.payees:
        if row.funders and _funder(row, trainee.person_id, ground) not in row.funders:
            continue
        if row.groups and set(trainee.groups).isdisjoint(row.groups):
            continue
        if row.class_kinds and opened.kind not in row.class_kinds:
            continue
        if row.dispatched and DISPATCHED_TO not in trainee.attributes:
            continue
        if row.charged is not None and row.charged != (trainee.fee_fen > 0):
            continue
        if row.once_decided and not _is_accepted(row, trainee.person_id, ground.decisions):
            continue
        if row.unproven and not _goes_unproven(row, trainee, ground):
            continue
        if not _is_refused(row, trainee.person_id, ground.decisions):
            return row
        refused = row
    return refused


def _is_accepted(row: BenefitPayee, person_id: str, decisions: Sequence[Decision]) -> bool:
    decision = latest(decisions, row.rule, person_id)
    return decision is not None and decision.accepted


def _is_refused(row: BenefitPayee, person_id: str, decisions: Sequence[Decision]) -> bool:
    decision = latest(decisions, row.rule, person_id)
    return row.by_decision and decision is not None and not decision.accepted


def _funder(row: BenefitPayee, person_id: str, ground: Ground) -> str | None:
    """Give who paid for the person's training: as the class stated it, else as it was decided."""
    return ground.opened.attributes.get(FUNDER) or decided_funder(ground.decisions, row.rule, person_id)


def _goes_unproven(row: BenefitPayee, trainee: OpenedTrainee, ground: Ground) -> bool:
    """Say whether nothing proves that the person was paid out, and a person accepted that they are paid themselves."""
    decision = latest(ground.decisions, row.rule, trainee.person_id)
    return ground.facts.paid_out(trainee.person_id) == 0 and decision is not None and decision.accepted
