"""Record what a rule leaves to a person (JY-ASM-05, -06, JY-SUP-07, JY-CLM-01, -10, JY-ENR-18, JY-FND-02, -03)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.payment.application.assessing import Case, assess_claim, carry_out, on_duty, open_case, refresh_claim
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.domain.benefit import FUNDER, benefits_of
from services.payment.domain.claim import Claim
from services.payment.domain.decision import Decision, decided_funder, latest
from services.payment.domain.duty import Duty
from services.payment.domain.notice import is_required
from services.payment.domain.payee import FUNDER_UNSTATED
from services.payment.domain.state import State
from shared.domain.errors import Conflict, Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import Funder
from shared.policy.terms.term import Term, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDecision:
    """A decision as a reviewer gives it: `persons` None speaks of everybody (or of the class) the question is about.

    `funder` answers who paid for the training, and nothing else.
    """

    rule: str
    accepted: bool
    reason: str
    persons: frozenset[str] | None = None
    kinds: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    funder: Funder | None = None


async def record_decision(uow: PaymentUnit, *, claim_id: str, given: GivenDecision) -> Claim:
    """Record a reviewer's decision and let the claim follow; a later decision on the same question replaces an earlier.

    Raise Refused RULE_NOT_DECIDABLE for a rule that leaves nothing to a person, NOTHING_TO_DECIDE when the question
    does not arise (people who are named may be decided on before), DECISION_INCOMPLETE when kinds, first or last day
    of a transitional exception are missing, or the day on which it is measured who works; FUNDER_STATED where the class
    says itself who paid. Conflict PAYEE_DECIDED where another claim of the class was decided otherwise, FUNDER_SETTLED
    where money was approved on what is decided of the funder so far.
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.FIRST_REVIEW, Duty.SECOND_REVIEW)
    _require_gone_by(given, case.rulebook, uow.today)
    persons = _persons(given, claim, case) if given.funder is None else _funded(given, claim, case)
    decides_payee = given.rule in case.rulebook.payment.payee_rules and persons is not None
    if decides_payee:
        others = await uow.claims.decided_of_people(claim.class_id, {given.rule}, but=claim_id)
        _require_one_answer(given, persons, others, case.rulebook)
        if given.funder is not None:
            await _require_unsettled(uow, given, persons, claim, case.rulebook)
    decision = Decision(
        rule=given.rule,
        accepted=given.accepted,
        reason=given.reason,
        decided_by=uow.actor.subject,
        decided_on=uow.today,
        persons=persons,
        kinds=given.kinds,
        valid_from=given.since,
        valid_until=given.until,
        funder=given.funder,
    )
    decided = replace(acting, decisions=(*claim.decisions, decision))
    saved = await uow.claims.save(claim, _shown_first(claim, decided, case.rulebook))
    await uow.audit(
        action="decision_recorded",
        subject=claim_id,
        details={"rule": given.rule, "accepted": given.accepted, "persons": len(decision.persons or ())},
    )
    if decides_payee and saved.state is not State.RETURNED:
        await refresh_claim(uow, claim.class_id, cause="DECISION_RECORDED")
        return await uow.claims.find(claim_id) or saved
    found = await assess_claim(uow, case, saved)
    return await carry_out(uow, saved, replace(saved, assessment=found), case, cause="DECISION_RECORDED")


def _shown_first(before: Claim, claim: Claim, rulebook: Rulebook) -> Claim:
    """Give the claim where it stands once a decision between the reviews and the approval adds a notice or takes it."""
    lines = claim.assessment.lines
    was, now = (is_required(lines, each.decisions, rulebook) for each in (before, claim))
    if now and not was and claim.state is State.NOTICE_CLEAR and not claim.is_public:
        return replace(claim, state=State.SECOND_REVIEW)
    if was and not now and claim.state is State.SECOND_REVIEW:
        return replace(claim, state=State.NOTICE_CLEAR)
    return claim


def _persons(given: GivenDecision, claim: Claim, case: Case) -> frozenset[str] | None:
    """Give whom the decision speaks of by name: an open question of people is decided for those it is about now."""
    _require_of_class(given, claim, case)
    of_people, of_class = _decidable(case.rulebook)
    flagged = any(flag.rule == given.rule for flag in claim.assessment.flags)
    if given.rule in of_class and (given.rule not in of_people or (flagged and not _speaks_of_people(given, claim))):
        _require_complete(given, case.rulebook)
        if of_class[given.rule] and not flagged:
            raise _nothing_to_decide(f"本班没有需要按规则 {given.rule} 决定的事项。")
        return None
    if given.rule not in of_people:
        raise _not_decidable(given.rule, {*of_people, *of_class})
    persons = _asked(claim, given.rule) if given.persons is None else given.persons
    _require_first_choice(given, persons, claim, case.rulebook)
    if not persons:
        raise _nothing_to_decide(f"没有学员需要按规则 {given.rule} 作出决定。")
    return persons


def _require_of_class(given: GivenDecision, claim: Claim, case: Case) -> None:
    roster = frozenset(trainee.person_id for trainee in case.opened.fact.trainees)
    roster &= roster if claim.persons is None else claim.persons
    if given.persons is not None and not given.persons <= roster:
        raise Refused(
            code="PERSON_NOT_IN_CLASS",
            message="决定所列人员不在本班学员名单中。",
            advice="请按申领名单选择学员。",
            field="persons",
        )


def _speaks_of_people(given: GivenDecision, claim: Claim) -> bool:
    """Say of a rule that asks something of the class and of its people which of both is answered.

    Whoever names people answers what it asks of them; else the class's question goes first while it is open.
    """
    if given.persons is not None:
        return True
    of_class = any(flag.rule == given.rule for flag in claim.assessment.class_questions)
    return not of_class and bool(_asked(claim, given.rule))


def _funded(given: GivenDecision, claim: Claim, case: Case) -> frozenset[str]:
    """Give whose training somebody is said to have paid for: where it decides who is paid and the class is silent."""
    _require_of_class(given, claim, case)
    rows = [row for benefit in benefits_of(case.opened.fact, case.rulebook) for row in benefit.payees if row.funders]
    row = next((row for row in rows if row.rule == given.rule), None)
    if row is None:
        raise _not_decidable(given.rule, {row.rule for row in rows})
    if not given.accepted:
        raise _incomplete(row, "登记付费方的决定须为接受。", "付费方有误的，请直接记录正确的付费方。", "value")
    if case.opened.fact.attributes.get(FUNDER) is not None:
        raise Refused(
            code="FUNDER_STATED",
            message="班级已写明培训费用由谁支付，不能另行登记付费方。",
            advice="请按班级写明的付费方办理。",
            field="funder",
            **quote(row),
        )
    persons = _asked(claim, given.rule, funder=True) if given.persons is None else given.persons
    if not persons:
        raise _nothing_to_decide("没有学员的培训费用付费方尚未写明。")
    return persons


async def _require_unsettled(
    uow: PaymentUnit, given: GivenDecision, persons: Collection[str] | None, claim: Claim, rulebook: Rulebook
) -> None:
    """Raise Conflict FUNDER_SETTLED where money of one of them was approved on another answer than this."""
    before = {person: decided_funder(claim.decisions, given.rule, person) for person in persons or ()}
    changed = {person for person, funder in before.items() if funder not in (None, given.funder)}
    if not changed:
        return
    for other in await uow.claims.all_of_class(claim.class_id):
        if any(other.decided.get(line_no, 0) > 0 and person in changed for line_no, person in other.people.items()):
            term = _payee_term(given.rule, rulebook)
            raise Conflict(
                code="FUNDER_SETTLED",
                message="所列学员的补贴已按原登记的付费方核准，付费方不能再更改。",
                advice="确有错误的，请先按追回程序办理已核准的补贴。",
                field="funder",
                **quote(term),
            )


def _payee_term(rule: str, rulebook: Rulebook) -> Term:
    rows = (row for benefit in rulebook.payment.benefits for row in benefit.payees)
    return next(row for row in rows if row.rule == rule)


def _not_decidable(rule: str, decidable: Collection[str]) -> Refused:
    return Refused(
        code="RULE_NOT_DECIDABLE",
        message=f"规则 {rule} 在本申领中没有可由人工决定的事项。",
        advice=f"可以决定的规则：{'、'.join(sorted(decidable)) or '无'}。",
        field="rule",
        value=rule,
    )


def _require_one_answer(
    given: GivenDecision, persons: Collection[str] | None, others: Collection[Decision], rulebook: Rulebook
) -> None:
    """Raise Conflict PAYEE_DECIDED where another claim's reviewer decided otherwise who paid, or who is paid."""
    if given.funder is not None:
        same = all(decided_funder(others, given.rule, each) in (None, given.funder) for each in persons or ())
    else:
        before = [latest(others, given.rule, person) for person in persons or ()]
        same = all(each is None or each.accepted == given.accepted for each in before)
    if same:
        return
    term = _payee_term(given.rule, rulebook)
    raise Conflict(
        code="PAYEE_DECIDED",
        message="所列学员的补贴付给谁，已在本班级的另一申领中作出不同的决定，不能付给两方。",
        advice="请核对另一申领的决定；确有错误的，先在该申领中更正。",
        field="rule",
        **quote(term),
    )


def _require_first_choice(given: GivenDecision, persons: Collection[str], claim: Claim, rulebook: Rulebook) -> None:
    """Raise Refused CHOICE_MADE where the claimant chose before: paid now or later is chosen once (HB-PAY-05)."""
    term = rulebook.payment.window_choice
    if (
        term is None
        or given.rule != term.rule
        or all(latest(claim.decisions, term.rule, each) is None for each in persons)
    ):
        return
    raise Refused(
        code="CHOICE_MADE",
        message="申领人已经选择过先付或待付，只能选择一次。",
        advice="一次付清后又就业、确需补差的，由审核人员按就业补贴规则另行记录决定。",
        field="rule",
        **quote(term),
    )


def _nothing_to_decide(message: str) -> Refused:
    advice = "请核对申领明细中待决定的事项，或写明所涉学员。"
    return Refused(code="NOTHING_TO_DECIDE", message=message, advice=advice, field="rule")


def _asked(claim: Claim, rule: str, *, funder: bool = False) -> frozenset[str]:
    """Give of whom a rule asks something that is open: who paid for the training (`funder`), or anything else."""
    asked = (question for question in claim.assessment.open_questions if question.rule == rule)
    questions = {question for question in asked if (question.code == FUNDER_UNSTATED) == funder}
    return frozenset(
        line.person_id
        for line in claim.assessment.lines
        if line.person_id is not None and not questions.isdisjoint(line.findings)
    )


def _decidable(rulebook: Rulebook) -> tuple[Collection[str], Mapping[str, bool]]:
    """Give the rules that leave something to a person about people, and those about the class.

    Of the latter it says whether the decision answers a flag; the others are permissions that nobody has to ask for.
    """
    payment, assessment = rulebook.payment, rulebook.assessment
    kinds = assessment.certificate_kinds
    other_kinds = kinds if kinds and any(kind.by_decision for kind in kinds.kinds) else None
    of_people = (
        *(assessment.certificate_priority, other_kinds, payment.special_account, payment.window_choice),
        *(cap for cap in payment.caps if cap.override_by_decision),
        *(row for benefit in payment.benefits for row in benefit.payees if row.by_decision),
        *(benefit for benefit in payment.benefits if benefit.part_years),
        *payment.window_shares,
    )
    of_class = (
        (rulebook.supervision.inspections, True),
        (payment.headcount, True),
        (payment.not_a_class, True),
        (payment.claimants, True),
        (payment.notice if payment.notice and payment.notice.programmes else None, False),
        (assessment.exam_season, True),
        (assessment.transitional_exceptions, False),
        (payment.employment_release, False),
        (payment.payment_season, False),
        (payment.funding_sources, False),
        (rulebook.enrollment.funding_at_opening, False),
    )
    return {term.rule for term in of_people if term}, {term.rule: asked for term, asked in of_class if term}


def _require_complete(given: GivenDecision, rulebook: Rulebook) -> None:
    release = rulebook.payment.employment_release
    if release is not None and given.rule == release.rule and given.accepted and given.since is None:
        raise _incomplete(release, "就业率的核定须写明核定日期。", "请在起始日期中填写核定就业人数的日期。", "since")
    term = rulebook.assessment.transitional_exceptions
    if term is None or given.rule != term.rule or not given.accepted:
        return
    dated = given.since is not None and given.until is not None and given.since <= given.until
    if not dated or not given.kinds or not given.kinds <= set(term.kinds):
        message = f"过渡期例外须写明适用的证书类别（{'、'.join(term.kinds)}）、起始日期和截止日期。"
        raise _incomplete(term, message, "请补充证书类别、起止日期（起始日期不晚于截止日期）后重新提交。", "kinds")


def _require_gone_by(given: GivenDecision, rulebook: Rulebook, today: date) -> None:
    """Raise Refused DECISION_INCOMPLETE for employment measured on a day to come: nobody knows who works then."""
    release = rulebook.payment.employment_release
    if release is not None and given.rule == release.rule and given.since is not None and given.since > today:
        raise _incomplete(release, "就业率的核定日期晚于今日。", "请填写不晚于今日的核定日期。", "since")


def _incomplete(term: Term, message: str, advice: str, field: str) -> Refused:
    return Refused(
        code="DECISION_INCOMPLETE",
        message=message,
        advice=advice,
        field=field,
        **quote(term),
    )
