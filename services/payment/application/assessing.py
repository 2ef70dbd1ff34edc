"""Assess a class from its facts, and carry out what a changed assessment means for its claim."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from services.payment.application.commit_budget import await_budget, commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.rates_in_force import rates_of
from services.payment.application.settle_entitlement import settle_entitlement
from services.payment.domain.benefit import EMPLOYMENT_AWAITED, is_paid_beside
from services.payment.domain.breach import open_breaches
from services.payment.domain.caps import Use, places_of
from services.payment.domain.claim import ASSESSOR, Claim
from services.payment.domain.claimed_part import is_whole, part_of
from services.payment.domain.deciding import Decided, decide
from services.payment.domain.decision import Decision
from services.payment.domain.duty import Duty, claimant_reviews, duty_of
from services.payment.domain.facts import ClassFacts, Known
from services.payment.domain.obstacles import not_opened
from services.payment.domain.order import OrderState, ordered_by_line
from services.payment.domain.past_subsidy import past_unknown
from services.payment.domain.rates import RatesUntil
from services.payment.domain.reassessment import reassess
from services.payment.domain.state import State
from services.payment.domain.subsidy import Assessment
from shared import failpoints
from shared.clock import end_of_day
from shared.contracts.enrollment import ClassOpened
from shared.policy.decision import Finding, TraceValue
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook

REVIEW_DUE: Final = "review_due"
REVIEW_DUE_OUTER: Final = "review_due_outer"
NOTICE_END: Final = "notice_end"
WINDOW_END: Final = "employment_window_end"
PLACE_FREED: Final = "cap_place_freed"
FIRST_CHANGED: Final = "first_certificate_changed"
INDIVIDUAL: Final = "individual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A class that opened, with everything known of it and the rulebook that judges it to its end."""

    facts: ClassFacts
    opened: Known[ClassOpened]
    rulebook: Rulebook


async def open_case(uow: PaymentUnit, class_id: str) -> Case:
    """Give the case of a class, or raise Refused NOT_IN_SYSTEM when no opening is known."""
    facts = await uow.classes.facts(class_id)
    if facts.opened is None:
        file = await uow.classes.find(class_id)
        raise not_opened(uow.shelf.by_id(file.rulebook_id) if file and file.rulebook_id else None)
    return Case(facts=facts, opened=facts.opened, rulebook=uow.shelf.by_id(facts.opened.fact.rulebook_id))


def on_duty(uow: PaymentUnit, claim: Claim, case: Case, *options: Duty) -> Claim:
    """Give the claim with the caller's duty in it, the one held or the first option a role allows; see `duty_of`.

    Nobody of an assessment body acts in its claim, even where the body is the bureau's own.
    """
    terms = case.rulebook.payment
    if claim.claimant == ASSESSOR and claim.owner == uow.actor.organisation:
        raise claimant_reviews("申领单位的人员不能办理本单位申领的审核、公示、核查和拨付。", terms.four_eyes)
    duty = duty_of(uow.actor, claim.duties, options, steps=terms.steps, four_eyes=terms.four_eyes)
    return replace(claim, duties={**claim.duties, uow.actor.subject: duty})


async def assess_case(
    uow: PaymentUnit, case: Case, decisions: Sequence[Decision], *, decided_until: RatesUntil = (), beside: bool = False
) -> Assessment:
    """Assess a class as it is known now, at the rates that stood when it was decided if it was.

    With `beside` it is what is paid beside the class's own.
    """
    return (await decide_case(uow, case, decisions, decided_until=decided_until, beside=beside)).assessment()


async def decide_case(
    uow: PaymentUnit, case: Case, decisions: Sequence[Decision], *, decided_until: RatesUntil = (), beside: bool = False
) -> Decided:
    """Assess a class as `assess_case` does, and leave people together who are alike.

    While nobody can tell what its people had elsewhere, nothing of it can be computed: that stops it too.
    """
    opened = case.opened.fact
    past = await past_of(uow, opened, case.rulebook)
    entitled = await uow.entitlements.held(opened.class_id)
    if rules := case.rulebook.payment.payee_rules:  # who is paid is decided once, in whichever claim
        decisions = (*decisions, *await uow.claims.decided_of_people(opened.class_id, rules))
    capped = case.rulebook.payment.limits_uses
    persons = [trainee.person_id for trainee in opened.trainees]
    uses = await uow.uses.elsewhere(opened.class_id, persons) if capped else ()
    facts = case.facts
    if case.rulebook.payment.asks_for_first:  # after their uses: whoever learns of a certificate waits for those
        elsewhere = await uow.classes.certificates_elsewhere(opened.class_id, persons)
        facts = replace(facts, elsewhere=tuple(elsewhere))
    found = decide(
        facts,
        case.opened,
        rulebook=case.rulebook,
        rates=await rates_of(uow, case.rulebook, opened.region, decided_until=decided_until),
        decisions=decisions,
        entitled=frozenset(entitled),
        entry_required=uow.entry_required,
        past=(*uses, *(past or ())),
        held=await uow.uses.of_class(opened.class_id) if capped else {},
        today=uow.today,
        beside=beside,
    )
    if past is not None:
        return found
    stops = (*found.of_class.stops, past_unknown(case.rulebook))
    return replace(found, of_class=Assessment(stops=stops), judged=())


async def past_of(uow: PaymentUnit, opened: ClassOpened, rulebook: Rulebook) -> Sequence[Use] | None:
    """Give what the class's people had elsewhere where the document asks, None while nobody can tell."""
    return await uow.past.past_uses(opened.trainees) if rulebook.payment.limits_uses else ()


async def assess_claim(uow: PaymentUnit, case: Case, claim: Claim) -> Assessment:
    """Assess a class as it is known now, for the people of a claim."""
    found = (await _decide_for(uow, case, claim)).assessment()
    return part_of(claim, found, case.rulebook)


async def decide_claim(uow: PaymentUnit, case: Case, claim: Claim) -> Decided | Assessment:
    """Decide a claim as `assess_claim` does; whoever claims for everybody is not told line by line."""
    found = await _decide_for(uow, case, claim)
    return found if is_whole(claim, found) else part_of(claim, found.assessment(), case.rulebook)


async def _decide_for(uow: PaymentUnit, case: Case, claim: Claim) -> Decided:
    beside = claims_beside(claim.claimant, claim.persons or (), case)
    return await decide_case(uow, case, claim.decisions, decided_until=claim.rates_until, beside=beside)


def claims_beside(claimant: str, persons: Collection[str], case: Case) -> bool:
    """Say whether a claim is for what its person is paid beside what the class earns (QJ-CLM-05)."""
    return claimant == INDIVIDUAL and is_paid_beside(case.opened.fact, persons, case.rulebook)


async def require_clear(uow: PaymentUnit, case: Case, claim: Claim) -> None:
    """Raise Refused while anything stands against reviewing or paying the claim, a missing rate included."""
    refuse_stopped(await stops_against(uow, case, claim))


async def stops_against(uow: PaymentUnit, case: Case, claim: Claim) -> tuple[Finding, ...]:
    """Give everything that stands against reviewing or paying the claim now."""
    stops = (await _decide_for(uow, case, claim)).of_class.stops
    return (*stops, *open_breaches(claim.breaches, case.rulebook.payment.breach))


async def holds_against(uow: PaymentUnit, case: Case, claim: Claim) -> tuple[Finding, ...]:
    """Give everything that keeps money of the claim back now: what stops it, and what of the class is undecided.

    An inspection voided after the approval may pose a question that was answered before, though no amount moves.
    """
    found = await assess_claim(uow, case, claim)
    breaches = open_breaches(claim.breaches, case.rulebook.payment.breach)
    return (*found.stops, *breaches, *found.refused_flags, *found.class_questions)


async def ordered_of(uow: PaymentUnit, claim: Claim) -> tuple[int, bool]:
    """Give what is ordered of a claim in fen, net of what was asked back, and whether the bank credited all of it.

    A returned order counts as ordered: it is sent again as the same order, or reversed.
    """
    orders = [order for order in await uow.orders.of_claim(claim.claim_id) if order.counts]
    settled = bool(orders) and all(order.state is OrderState.SETTLED for order in orders)
    return claim.net_of(sum(order.amount_fen for order in orders)), settled


async def carry_out(uow: PaymentUnit, claim: Claim, changed: Claim, case: Case, *, cause: str) -> Claim:
    """Store what a claim becomes now that it is as in `changed`, publish it, and move its timers."""
    ordered_fen, settled = await ordered_of(uow, changed)
    outcome = reassess(
        claim,
        changed,
        ordered_fen=ordered_fen,
        settled=settled,
        rulebook=case.rulebook,
        on=uow.today,
        by=uow.actor.subject,
        cause=cause,
    )
    if outcome.claim == claim:
        return claim
    saved = await uow.claims.save(claim, outcome.claim)
    await await_window(uow, saved)
    await await_budget(uow, saved, case.opened.fact, case.rulebook)
    failpoints.hit(failpoints.INSIDE_CLAIM)
    if saved.round > claim.round or saved.state is State.RETURNED:
        await move_timers(uow, saved)
    for event in outcome.events:
        await uow.publish(event)
    details: dict[str, TraceValue] = {"cause": cause, "round": saved.round, "state": saved.state.value}
    if outcome.difference is not None:
        await uow.claims.record_difference(claim.claim_id, outcome.difference, cause=cause, on=uow.today)
        details |= {"difference": outcome.difference.kind.value, "amount_fen": outcome.difference.amount_fen}
    if case.facts.cancelled is not None and saved.entries:
        await settle_entitlement(uow, saved, case.rulebook)
        await commit_budget(uow, saved, case.opened.fact)
    await hold_uses(uow, case, saved)
    await uow.audit(action="claim_reassessed", subject=claim.claim_id, details=details)
    return saved


async def hold_uses(uow: PaymentUnit, case: Case, claim: Claim) -> None:
    """Let a claim hold the places under the document's caps that its awards take up (HL-CLM-01, HB-CLM-01, QJ-CLM-11).

    What is admitted now is held, and of whom more was ordered than is due now also what they held, until it came back;
    everything else becomes free, and so does everything while the claim is returned to the claimant. Other classes in
    which its people were claimed for are assessed again by a timer.
    """
    if not case.rulebook.payment.limits_uses:
        return
    if claim.state is State.RETURNED:
        found = Assessment()
    else:
        found = claim.assessment if claim.assessment.knows_awards else await assess_claim(uow, case, claim)
    if found.stops and case.facts.cancelled is None:  # nothing can be computed for now: it stays as it is
        return
    standing = Counter(ordered_by_line(await uow.orders.of_claim(claim.claim_id)))
    for clawback in claim.clawbacks:
        if clawback.is_ordered and not clawback.outstanding_fen:
            standing.subtract(clawback.asked)
    people, possible = claim.people, replace(claim, assessment=found).possible
    owing = {person for line_no, person in people.items() if standing[line_no] > possible.get(line_no, 0)}
    had = await uow.uses.of_class(claim.class_id, claim.claim_id) if owing else {}
    uses = {
        (line.person_id, award.key): award.use
        for line in found.lines
        if line.person_id is not None and line.line_no in possible
        for award in line.awards
        if not award.findings
    }
    for key in uses.keys() & had.keys():
        if key[0] in owing:
            uses[key] = uses[key].with_days(had[key].days)
    wanted = {key: (use, places_of(use, case.rulebook, claim.decisions)) for key, use in uses.items()}
    freed = await uow.uses.hold(claim.class_id, claim.claim_id, wanted, owing=owing)
    for class_id in await uow.claims.classes_of(freed):
        if class_id != claim.class_id:
            await uow.schedule(due=uow.now, kind=PLACE_FREED, key=class_id)


async def refresh_claim(uow: PaymentUnit, class_id: str, *, cause: str) -> None:
    """Assess a class again for each of its claims after its facts changed; without one there is nothing to do yet.

    Whose claim loses goes first: what moves from one claim to another is given back before it is taken.
    """
    claims = [claim for claim in await uow.claims.all_of_class(class_id) if claim.state is not State.RETURNED]
    if not claims:
        return
    case = await open_case(uow, class_id)
    changed = [(claim, replace(claim, assessment=await assess_claim(uow, case, claim))) for claim in claims]
    for claim, now in sorted(changed, key=lambda pair: sum(pair[1].possible.values()) - sum(pair[0].possible.values())):
        await carry_out(uow, claim, now, case, cause=cause)


async def use_freed_place(uow: PaymentUnit, class_id: str) -> None:
    """Assess a class again of whose people another class gave places back."""
    await uow.classes.lock(class_id)
    await refresh_claim(uow, class_id, cause="PLACE_FREED")


async def judge_elsewhere(uow: PaymentUnit, class_id: str, person_id: str) -> None:
    """Have other classes in which somebody was claimed for assessed again where it asks for their first certificate.

    Whoever judges the person just now is waited for: they see what was learnt, or their claim is found here.
    """
    if not any(book.payment.asks_for_first for book in uow.shelf.known):
        return
    await uow.uses.lock([person_id])
    for other in await uow.claims.classes_of([person_id]):
        file = await uow.classes.find(other) if other != class_id else None
        if file and file.rulebook_id and uow.shelf.by_id(file.rulebook_id).payment.asks_for_first:
            await uow.schedule(due=uow.now, kind=FIRST_CHANGED, key=other)


async def judge_first(uow: PaymentUnit, class_id: str) -> None:
    """Assess a class again of whose people another class's certificate came to be known, or was voided (HB-CLM-09)."""
    await uow.classes.lock(class_id)
    await refresh_claim(uow, class_id, cause="CERTIFICATE_ELSEWHERE")


async def await_window(uow: PaymentUnit, claim: Claim) -> None:
    """Let the claim be assessed again when the first of the windows ends for which it holds money back (HB-PAY-05)."""
    last = [
        date.fromisoformat(finding.value)
        for line in claim.assessment.lines
        for finding in line.findings
        if finding.code == EMPLOYMENT_AWAITED and finding.value
    ]
    if last:
        await uow.schedule(due=end_of_day(min(last)), kind=WINDOW_END, key=claim.claim_id)


async def end_window(uow: PaymentUnit, claim_id: str) -> None:
    """Assess a claim again after the last day on which work could be found in time."""
    claim = await uow.claims.find(claim_id)
    if claim is not None:
        await refresh_claim(uow, claim.class_id, cause="EMPLOYMENT_WINDOW_ENDED")


async def move_timers(uow: PaymentUnit, claim: Claim) -> None:
    """Let the timers of a claim's new round stand alone; a returned claim has none."""
    await uow.unschedule(kind=NOTICE_END, key=claim.claim_id)
    if claim.state is State.RETURNED:
        await stop_review_clock(uow, claim)
        return
    limits = {REVIEW_DUE: claim.deadlines.review_due, REVIEW_DUE_OUTER: claim.deadlines.review_due_outer}
    for kind, due in limits.items():
        if due is not None:
            await uow.schedule(due=end_of_day(due), kind=kind, key=claim.claim_id)


async def stop_review_clock(uow: PaymentUnit, claim: Claim) -> None:
    """Forget the limits of a review that is done or given back."""
    await uow.unschedule(kind=REVIEW_DUE, key=claim.claim_id)
    await uow.unschedule(kind=REVIEW_DUE_OUTER, key=claim.claim_id)
