"""A claim's way: states in order, four people, notice days, objections, supplements and claw-backs."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.claim import (
    Claim,
    Review,
    Undertaking,
    approve,
    approve_review,
    deadlines,
    minus,
    resubmit,
    return_claim,
)
from services.payment.domain.duty import Duty, duty_of
from services.payment.domain.notice import (
    Notice,
    NoticeState,
    hash_of,
    period_of,
    public_list,
)
from services.payment.domain.objection import Objection, frozen_lines, raise_objection, resolve
from services.payment.domain.reassessment import DifferenceKind, Reassessed, reassess
from services.payment.domain.state import Act, State, following
from services.payment.domain.subsidy import Assessment
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, Refused
from shared.policy.terms.payment import Objection as ObjectionTerm
from tests.payment.sample import (
    INSTITUTION,
    JIYUAN,
    assessed,
    certificate,
    class_facts,
    class_opened,
    people,
    rate,
    rulebook,
)

AT = datetime(2021, 9, 13, 1, tzinfo=UTC)
DAY = date(2021, 9, 13)
PATH = [Act.FIRST_REVIEW, Act.SECOND_REVIEW, Act.PUBLISH, Act.END_NOTICE, Act.APPROVE, Act.ORDER, Act.SETTLE]


def worth(certified: int, *, base: int = 10) -> Assessment:
    """Give the assessment of a class of ten of whom so many are certified."""
    certificates = [certificate(person) for person in people(1, certified)]
    return assessed(
        class_facts(roster=people(1, 10), certificates=certificates, opening=10, spot=(base, base)), rate(1500)
    )


def claim(certified: int = 10, **changes: object) -> Claim:
    """Give a claim as received."""
    received = Claim(
        claim_id="claim-1",
        class_id="class-1",
        institution_id=INSTITUTION,
        region=JIYUAN,
        rulebook_id=rulebook().id,
        claimant="institution",
        undertaking=Undertaking(text_version="JY-2021", signer="signer-1", signed_on=DAY),
        received_on=DAY,
        deadlines=deadlines(rulebook(), DAY),
        assessment=worth(certified),
    )
    return replace(received, **changes)  # type: ignore[arg-type]


def review(step: Act, actor: str, *, round_: int = 1, approved: bool = True) -> Review:
    return Review(round=round_, step=step, approved=approved, actor=actor, decided_at=AT, opinion="同意")


def notice(of: Claim, *, state: NoticeState = NoticeState.PUBLISHED) -> Notice:
    """Give the notice of a claim's round with everything it is about to pay."""
    period = period_of(rulebook().payment.notice, DAY)  # type: ignore[arg-type]
    listed = of.possible
    content = public_list(
        class_opened(trainees=people(1, 10)),
        of.assessment.lines,
        listed,
        rulebook=rulebook(),
        period=period,
        site="网站",
    )
    return Notice(
        notice_id=f"notice-{of.round}",
        claim_id=of.claim_id,
        round=of.round,
        state=state,
        period=period,
        site="网站",
        amounts=listed,
        content=content,
        list_hash=hash_of(content),
        published_by="second-1",
    )


def objected(running: Notice, line_nos: list[int], *, on: date = DAY, term: ObjectionTerm | None = None) -> Objection:
    """Give an objection to lines of a notice of ten people."""
    return raise_objection(
        running,
        objection_id="o1",
        line_nos=line_nos,
        persons=frozenset(range(1, 11)),
        term=term or rulebook().payment.objection,
        public=rulebook().payment.notice,
        on=on,
    )


def approved_claim(certified: int = 10, *, frozen: tuple[int, ...] = ()) -> Claim:
    """Give a claim approved once, with lines frozen by an open objection."""
    one = claim(certified)
    reviews = (review(Act.FIRST_REVIEW, "first-1"), review(Act.SECOND_REVIEW, "second-1"))
    objection = Objection(
        objection_id="o1", notice_id="notice-1", claim_id="claim-1", line_nos=frozenset(frozen), raised_on=DAY
    )
    ready = replace(
        one,
        state=State.NOTICE_CLEAR,
        reviews=reviews,
        notices=(notice(one, state=NoticeState.ENDED),),
        objections=(objection,) if frozen else (),
    )
    done, _, _ = approve(
        ready, review(Act.APPROVE, "approver-1"), on=DAY, funding_source="fund", rates_until=1, rulebook=rulebook()
    )
    return done


def changed(before: Claim, after: Claim, *, ordered_fen: int = 0, settled: bool = False) -> Reassessed:
    return reassess(
        before,
        after,
        ordered_fen=ordered_fen,
        settled=settled,
        rulebook=rulebook(),
        on=DAY,
        by="system",
        cause="FACTS_CHANGED",
    )


def test_the_review_ends_within_seven_working_days_and_alarms_after_fifteen() -> None:
    limits = deadlines(rulebook(), date(2021, 9, 13))

    assert (limits.review_due, limits.review_due_outer) == (date(2021, 9, 23), date(2021, 10, 9))


def test_no_state_may_be_skipped() -> None:
    state = State.SUBMITTED
    for step in PATH:
        for other in set(PATH) - {step}:
            if (state, other) != (State.SECOND_REVIEW, Act.COVER):
                with pytest.raises(Conflict):
                    following(state, other, rulebook=rulebook())
        state = following(state, step, rulebook=rulebook())

    assert state is State.PAID


def test_a_payment_before_the_bureaus_opinion_names_the_missing_opinion() -> None:
    with pytest.raises(Conflict) as refused:
        following(State.NOTICE_CLEAR, Act.ORDER, rulebook=rulebook())

    assert (refused.value.code, refused.value.rule) == ("HR_OPINION_MISSING", "JY-CLM-07")
    assert "审核意见" in refused.value.advice


def actor(subject: str, *roles: Role) -> Actor:
    return Actor(subject=subject, organisation="bureau", region=JIYUAN, roles=frozenset(roles))


def duty(who: Actor, held: dict[str, Duty], *options: Duty) -> Duty:
    terms = rulebook().payment
    return duty_of(who, held, options, steps=terms.steps, four_eyes=terms.four_eyes)


@pytest.mark.parametrize("second", [Duty.SECOND_REVIEW, Duty.BUREAU_OPINION, Duty.PAYMENT])
def test_whoever_reviewed_first_takes_no_other_duty_in_the_claim(second: Duty) -> None:
    everything = actor("anna", *(set(Role) - {Role.INSTITUTION, Role.TRAINEE}))
    held = {"anna": Duty.FIRST_REVIEW}

    assert duty(everything, held, Duty.FIRST_REVIEW) is Duty.FIRST_REVIEW
    with pytest.raises(Forbidden) as refused:
        duty(everything, held, second)
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "JY-REP-07")


def test_a_duty_needs_the_role_that_the_rulebook_names_for_its_step() -> None:
    with pytest.raises(Forbidden, match="ROLE_MISSING"):
        duty(actor("fred", Role.FINANCE), {}, Duty.FIRST_REVIEW)
    approver = actor("berta", Role.APPROVER)
    assert duty(approver, {}, Duty.SECOND_REVIEW, Duty.BUREAU_OPINION) is Duty.BUREAU_OPINION


def test_the_first_review_needs_every_open_question_decided() -> None:
    open_class = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1,))
    one = replace(claim(), assessment=assessed(open_class, rate(1500)))

    with pytest.raises(Refused, match="DECISION_NEEDED"):
        approve_review(one, review(Act.FIRST_REVIEW, "first-1"), rulebook=rulebook())


def test_a_returned_claim_comes_back_as_a_new_round_with_its_own_limits() -> None:
    refusal = review(Act.FIRST_REVIEW, "first-1", approved=False)
    returned, event = return_claim(claim(), refusal, on=DAY, rulebook=rulebook())
    later = date(2021, 9, 24)
    again = resubmit(returned, claim(received_on=later, deadlines=deadlines(rulebook(), later)), rulebook=rulebook())

    assert (returned.state, event.to) == (State.RETURNED, "claimant")
    assert (again.state, again.round, again.received_on) == (State.SUBMITTED, 2, later)
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        resubmit(again, again, rulebook=rulebook())


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "payable_from"),
    [
        (date(2021, 9, 17), date(2021, 9, 23), date(2021, 9, 24)),
        (date(2021, 9, 24), date(2021, 9, 28), date(2021, 9, 29)),
        (date(2024, 9, 13), date(2024, 9, 19), date(2024, 9, 20)),
    ],
)
def test_a_notice_runs_three_working_days_after_its_publication(
    starts_on: date, ends_on: date, payable_from: date
) -> None:
    period = period_of(rulebook().payment.notice, starts_on)  # type: ignore[arg-type]

    assert (period.ends_on, period.payable_from) == (ends_on, payable_from)


def test_the_public_list_shows_its_whitelist_and_nothing_else() -> None:
    content = notice(claim()).content

    assert set(content) == {
        "institution", "class", "occupation", "level", "heads", "amount_fen", "dates", "site", "legal_basis", "lines",
    }  # fmt: skip
    assert all(set(line) == {"line_no", "masked_name", "amount_fen"} for line in content["lines"])
    assert content["amount_fen"] == sum(line["amount_fen"] for line in content["lines"]) == 10 * 150_000
    assert "p1" not in str(content)
    assert "check-" not in str(content)


def test_a_class_with_people_in_custody_shows_no_names_at_all() -> None:
    opened = class_opened(trainees=["p1", "p2"], groups={"p2": ("prisoner",)})
    one = assessed(class_facts(roster=["p1", "p2"], certificates=[certificate("p1"), certificate("p2")]), rate(1500))
    period = period_of(rulebook().payment.notice, DAY)  # type: ignore[arg-type]

    content = public_list(opened, one.lines, {1: 150_000, 2: 150_000}, rulebook=rulebook(), period=period, site="网站")

    assert content["heads"] == 2
    assert {line["masked_name"] for line in content["lines"]} == {None}


def test_the_lists_hash_is_of_its_content_whatever_the_order_of_keys() -> None:
    content = dict(notice(claim()).content)

    assert hash_of(content) == hash_of(dict(reversed(content.items())))
    assert hash_of(content) != hash_of({**content, "heads": 9})


@pytest.mark.parametrize(("day", "taken"), [(12, False), (13, True), (16, True), (17, False)])
def test_objections_are_taken_only_while_the_notice_runs(day: int, taken: bool) -> None:
    running = notice(claim())
    assert (running.period.starts_on, running.period.ends_on) == (date(2021, 9, 13), date(2021, 9, 16))

    if taken:
        assert objected(running, [3], on=date(2021, 9, day)).is_open
        return
    with pytest.raises(Refused, match="NOTICE_NOT_RUNNING") as over:
        objected(running, [3], on=date(2021, 9, day))
    assert (over.value.rule, over.value.clause) == ("JY-CLM-04", "二(三)4、附件2")


@pytest.mark.parametrize("line_nos", [[], [11], [3, 99]])
def test_only_lines_of_people_in_the_notice_can_be_objected_to(line_nos: list[int]) -> None:
    with pytest.raises(Refused, match="LINE_NOT_IN_NOTICE") as unseen:
        objected(notice(claim()), line_nos)
    assert unseen.value.rule == "JY-PAY-01"


def test_a_document_that_freezes_the_class_lets_one_objection_stand_against_everybody() -> None:
    of_the_class = replace(rulebook().payment.objection, freezes="class")  # type: ignore[type-var]

    assert objected(notice(claim()), [3]).line_nos == {3}
    assert objected(notice(claim()), [3], term=of_the_class).line_nos == set(range(1, 11))


def test_an_objection_is_closed_only_with_a_written_finding_and_only_once() -> None:
    objection = objected(notice(claim()), [3])
    register = rulebook().payment.objection_register

    with pytest.raises(Refused) as refused:
        resolve(objection, upheld=False, finding="  ", by="approver-1", on=DAY, register=register)
    assert (refused.value.code, refused.value.rule) == ("FINDING_MISSING", "JY-PAY-02")
    closed = resolve(objection, upheld=False, finding="查无此事", by="approver-1", on=DAY, register=register)
    with pytest.raises(Conflict, match="OBJECTION_RESOLVED"):
        resolve(closed, upheld=True, finding="另查", by="approver-1", on=DAY, register=register)


def test_a_frozen_line_is_left_out_of_the_approval_and_paid_as_a_supplement_once_released() -> None:
    done = approved_claim(frozen=(3,))
    assert sum(done.decided.values()) == 9 * 150_000
    released = replace(done, objections=(replace(done.objections[0], upheld=False),))

    found = changed(done, released, ordered_fen=9 * 150_000)

    assert (found.claim.state, found.claim.round) == (State.SUBMITTED, 2)
    assert found.difference is not None
    assert found.difference.kind is DifferenceKind.SUPPLEMENT
    assert found.claim.difference == {3: 150_000}
    assert found.claim.is_public


def test_an_upheld_line_is_never_paid_and_changes_nobody_elses_amount() -> None:
    done = approved_claim(frozen=(3,))
    upheld = replace(done, objections=(replace(done.objections[0], upheld=True),))

    found = changed(done, upheld, ordered_fen=9 * 150_000)

    assert found.claim.difference == {}
    assert (found.claim.state, found.difference, found.events) == (State.APPROVED, None, ())


def test_a_changed_amount_before_approval_begins_a_new_round_and_withdraws_the_notice() -> None:
    running = claim(state=State.NOTICE)
    running = replace(running, notices=(notice(running),))

    found = changed(running, replace(running, assessment=worth(9)))

    assert (found.claim.state, found.claim.round) == (State.SUBMITTED, 2)
    assert found.claim.notices[0].state is NoticeState.WITHDRAWN
    assert [type(event).__name__ for event in found.events] == ["ClaimReturned", "ClaimSubmitted"]


def test_facts_that_change_no_amount_disturb_no_review() -> None:
    running = claim(state=State.SECOND_REVIEW)

    found = changed(running, replace(running, assessment=worth(10, base=9)))

    assert (found.claim.state, found.claim.round, found.events) == (State.SECOND_REVIEW, 1, ())


def test_money_ordered_beyond_what_the_facts_support_is_recorded_and_never_taken_back_by_itself() -> None:
    done = replace(approved_claim(), state=State.ORDERED)

    found = changed(done, replace(done, assessment=worth(9)), ordered_fen=10 * 150_000)

    assert found.claim.state is State.ORDERED
    assert found.claim.clawback_fen == 150_000
    assert found.difference is not None
    assert (found.difference.kind, found.difference.amount_fen) == (DifferenceKind.CLAWBACK_PENDING, -150_000)
    assert found.events == ()
    again = changed(found.claim, replace(found.claim, assessment=worth(9)), ordered_fen=10 * 150_000)
    assert again.difference is None


def test_a_loss_found_before_anything_was_ordered_is_reviewed_as_a_negative_entry() -> None:
    done = approved_claim()

    found = changed(done, replace(done, assessment=worth(9)))

    assert (found.claim.state, found.claim.clawback_fen) == (State.SUBMITTED, 0)
    assert found.claim.difference == {10: -150_000}
    assert found.claim.is_public


def test_a_supplement_that_dissolves_gives_the_claim_back_to_its_payment() -> None:
    done = approved_claim()
    worse = changed(done, replace(done, assessment=worth(9))).claim

    found = changed(worse, replace(worse, assessment=worth(10)))

    assert (found.claim.state, found.claim.difference) == (State.APPROVED, {})


@pytest.mark.parametrize(("ordered_fen", "state"), [(0, State.APPROVED), (10 * 150_000, State.ORDERED)])
def test_a_supplement_that_is_gone_leaves_no_notice_running(ordered_fen: int, state: State) -> None:
    done = approved_claim()
    running = changed(done, replace(done, assessment=dearer())).claim
    running = replace(running, state=State.NOTICE)
    running = replace(running, notices=(*running.notices, notice(running)))

    found = changed(running, replace(running, assessment=worth(10 if not ordered_fen else 9)), ordered_fen=ordered_fen)

    assert found.claim.state is state
    assert [each.state for each in found.claim.notices] == [NoticeState.ENDED, NoticeState.WITHDRAWN]


def dearer() -> Assessment:
    """Give the assessment of ten certified at a rate of 100 yuan more."""
    certificates = [certificate(person) for person in people(1, 10)]
    return assessed(class_facts(roster=people(1, 10), certificates=certificates, spot=(10, 10)), rate(1600))


def test_an_objection_to_a_supplement_freezes_the_supplement_and_takes_nothing_decided_back() -> None:
    done = approved_claim()
    more = changed(done, replace(done, assessment=dearer()), ordered_fen=10 * 150_000).claim
    objection = Objection(
        objection_id="o2", notice_id="notice-2", claim_id="claim-1", line_nos=frozenset({3}), raised_on=DAY
    )
    one = replace(more, objections=(objection,))

    assert one.payable[3] == 150_000
    assert one.difference == {line_no: 10_000 for line_no in range(1, 11) if line_no != 3}
    assert not one.is_held
    struck = replace(one, objections=(replace(objection, upheld=True),))
    assert struck.difference[3] == -150_000
    assert struck.supported == {line_no: 150_000 for line_no in range(1, 11) if line_no != 3}


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=6))
def test_entries_always_add_up_to_what_is_payable(steps: list[tuple[int, int]]) -> None:
    """Let facts change and every change be approved: the sum of the entries is what the facts are worth."""
    one = approved_claim(5)
    for certified, base in steps:
        found = changed(one, replace(one, assessment=worth(certified, base=base)))
        one = found.claim
        if one.state is State.SUBMITTED:
            reviews = tuple(review(step, "x", round_=one.round) for step in (Act.FIRST_REVIEW, Act.SECOND_REVIEW))
            ready = replace(one, state=State.NOTICE_CLEAR, reviews=(*one.reviews, *reviews))
            one, entry, event = approve(
                ready,
                review(Act.APPROVE, "y", round_=one.round),
                on=DAY,
                funding_source="fund",
                rates_until=1,
                rulebook=rulebook(),
            )
            assert event.amount_fen == sum(entry.amounts.values()) == sum(line.amount_fen for line in event.lines)
        expected = min(certified, base if base < 9 else 10)
        assert sum(one.payable.values()) == expected * 150_000
        assert sum(one.difference.values()) == 0


ACTS = st.sampled_from(["certify", "object", "dismiss", "uphold"])


@given(st.lists(st.tuples(ACTS, st.integers(1, 10)), min_size=1, max_size=8))
def test_through_objections_and_losses_orders_end_at_what_is_payable(
    steps: list[tuple[str, int]],
) -> None:
    """Approve and order after every step: lines only move towards their decisions, and end at what is payable."""
    one, ordered = approved_claim(10), dict[int, int]()
    for act, number in [*steps, *[("dismiss", 1)] * len(steps)]:
        before = one.decided
        one = supplemented(stepped(one, act, number, ordered_fen=sum(ordered.values())))
        if act == "object":
            assert one.decided == before
        due = {} if one.is_held else minus(one.supported, ordered)
        due = {line_no: fen for line_no, fen in due.items() if line_no not in frozen_lines(one.objections) or fen < 0}
        if sum(due.values()) > 0:
            ordered = {line_no: ordered.get(line_no, 0) + due.get(line_no, 0) for line_no in {*ordered, *due}}
        assert sum(ordered.values()) <= sum(one.decided.values())
    assert one.clawback_fen == max(sum(ordered.values()) - sum(one.payable.values()), 0)
    if not one.clawback_fen:
        assert one.difference == {}
        assert sum(ordered.values()) == sum(one.decided.values())


def stepped(one: Claim, act: str, number: int, *, ordered_fen: int) -> Claim:
    """Let something happen to a claim: heads certified, an objection, or the oldest open one decided."""
    if act == "certify":
        return changed(one, replace(one, assessment=worth(number)), ordered_fen=ordered_fen).claim
    if act == "object":
        objection = Objection(
            objection_id=f"o{len(one.objections)}",
            notice_id="notice-1",
            claim_id="claim-1",
            line_nos=frozenset({number}),
            raised_on=DAY,
        )
        return replace(one, objections=(*one.objections, objection))
    asked = next((each for each in one.objections if each.is_open), None)
    if asked is None:
        return one
    decided = replace(asked, upheld=act == "uphold")
    after = replace(one, objections=tuple(decided if each is asked else each for each in one.objections))
    return changed(one, after, ordered_fen=ordered_fen).claim


def supplemented(one: Claim) -> Claim:
    """Approve a supplement that waits for its reviews, if there is one."""
    if one.state is not State.SUBMITTED:
        return one
    reviews = tuple(review(step, "x", round_=one.round) for step in (Act.FIRST_REVIEW, Act.SECOND_REVIEW))
    ready = replace(one, state=State.NOTICE_CLEAR, reviews=(*one.reviews, *reviews))
    last = review(Act.APPROVE, "y", round_=one.round)
    return approve(ready, last, on=DAY, funding_source="fund", rates_until=1, rulebook=rulebook())[0]
