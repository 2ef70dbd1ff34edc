"""Record what a rule leaves to a person (JY-ASM-05, -06, JY-SUP-07, JY-CLM-01, -10, JY-ENR-18, JY-FND-02, -03)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.payment.application.assessing import Case, assess_claim, carry_out, on_duty, open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.domain.claim import Claim
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import EmploymentRelease
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDecision:
    """A decision as a reviewer gives it: `persons` None speaks of everybody (or of the class) the question is about."""

    rule: str
    accepted: bool
    reason: str
    persons: frozenset[str] | None = None
    kinds: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None


async def record_decision(uow: PaymentUnit, *, claim_id: str, given: GivenDecision) -> Claim:
    """Record a reviewer's decision and let the claim follow; a later decision on the same question replaces an earlier.

    Raise Refused RULE_NOT_DECIDABLE for a rule that leaves nothing to a person, NOTHING_TO_DECIDE when the question
    does not arise (people who are named may be decided on before), DECISION_INCOMPLETE when kinds, first or last day
    of a transitional exception are missing, or the day on which employment was measured (LS-CLM-05).
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.FIRST_REVIEW, Duty.SECOND_REVIEW)
    _require_day(given, case.rulebook.payment.employment_release, uow.today)
    decision = Decision(
        rule=given.rule,
        accepted=given.accepted,
        reason=given.reason,
        decided_by=uow.actor.subject,
        decided_on=uow.today,
        persons=_persons(given, claim, case),
        kinds=given.kinds,
        valid_from=given.since,
        valid_until=given.until,
    )
    saved = await uow.claims.save(claim, replace(acting, decisions=(*claim.decisions, decision)))
    await uow.audit(
        action="decision_recorded",
        subject=claim_id,
        details={"rule": given.rule, "accepted": given.accepted, "persons": len(decision.persons or ())},
    )
    found = await assess_claim(uow, case, saved)
    return await carry_out(uow, saved, replace(saved, assessment=found), case, cause="DECISION_RECORDED")


def _persons(given: GivenDecision, claim: Claim, case: Case) -> frozenset[str] | None:
    """Give whom the decision speaks of by name: an open question of people is decided for those it is about now."""
    roster = frozenset(trainee.person_id for trainee in case.opened.fact.trainees)
    roster &= roster if claim.persons is None else claim.persons
    if given.persons is not None and not given.persons <= roster:
        raise Refused(
            code="PERSON_NOT_IN_CLASS",
            message="决定所列人员不在本班学员名单中。",
            advice="请按申领名单选择学员。",
            field="persons",
        )
    of_people, of_class = _decidable(case.rulebook)
    if given.rule in of_class:
        _require_complete(given, case.rulebook)
        if of_class[given.rule] and all(flag.rule != given.rule for flag in claim.assessment.flags):
            raise _nothing_to_decide(f"本班没有需要按规则 {given.rule} 决定的事项。")
        return None
    if given.rule not in of_people:
        raise Refused(
            code="RULE_NOT_DECIDABLE",
            message=f"规则 {given.rule} 在本申领中没有可由人工决定的事项。",
            advice=f"可以决定的规则：{'、'.join(sorted({*of_people, *of_class}))}。",
            field="rule",
            value=given.rule,
        )
    persons = _asked(claim, given.rule) if given.persons is None else given.persons
    if not persons:
        raise _nothing_to_decide(f"没有学员需要按规则 {given.rule} 作出决定。")
    return persons


def _nothing_to_decide(message: str) -> Refused:
    advice = "请核对申领明细中待决定的事项，或写明所涉学员。"
    return Refused(code="NOTHING_TO_DECIDE", message=message, advice=advice, field="rule")


def _asked(claim: Claim, rule: str) -> frozenset[str]:
    questions = {question for question in claim.assessment.open_questions if question.rule == rule}
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
    of_people: tuple[Term | None, ...] = (
        assessment.certificate_priority,
        payment.special_account,
        *(share for benefit in payment.benefits for share in benefit.shares if share.employed_within_months),
        *(row for benefit in payment.benefits for row in benefit.payees if row.by_decision),
        *(cap for cap in payment.caps if cap.override_by_decision),
    )
    of_class = (
        (rulebook.supervision.inspections, True),
        (payment.headcount, True),
        (payment.not_a_class, True),
        (payment.claimants, True),
        (assessment.transitional_exceptions, False),
        (payment.funding_sources, False),
        (payment.employment_release, False),
    )
    return {term.rule for term in of_people if term}, {term.rule: asked for term, asked in of_class if term}


def _require_complete(given: GivenDecision, rulebook: Rulebook) -> None:
    term = rulebook.assessment.transitional_exceptions
    if term is None or given.rule != term.rule or not given.accepted:
        return
    dated = given.since is not None and given.until is not None and given.since <= given.until
    if not dated or not given.kinds or not given.kinds <= set(term.kinds):
        raise Refused(
            code="DECISION_INCOMPLETE",
            message=f"过渡期例外须写明适用的证书类别（{'、'.join(term.kinds)}）、起始日期和截止日期。",
            advice="请补充证书类别、起止日期（起始日期不晚于截止日期）后重新提交。",
            field="kinds",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )


def _require_day(given: GivenDecision, term: EmploymentRelease | None, today: date) -> None:
    """Raise Refused DECISION_INCOMPLETE for a measuring of employment without a day gone by (LS-CLM-05)."""
    if term is None or given.rule != term.rule or not given.accepted:
        return
    if given.since is None or given.since > today:
        raise Refused(
            code="DECISION_INCOMPLETE",
            message="核定就业率须写明不晚于今日的核定日期。",
            advice="请补充核定日期（起始日期）后重新提交。",
            field="since",
            rule=term.rule,
            clause=term.clause,
            document=term.document,
        )
