"""Four-eyes: one person holds at most one duty in a class and its claim, through every round of it (JY-REP-07).

The annual form is one file for both (附件2): who reviewed the class may take the same step of its claim, and no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from shared.contracts.enrollment import ReviewRecord
from shared.domain.actor import Actor, Role
from shared.domain.errors import Forbidden
from shared.policy.terms.term import FourEyes, Steps, quote


class Duty(StrEnum):
    """What somebody does in a claim; first review, second review, opinion and payment are four people's."""

    FIRST_REVIEW = "first_review"
    SECOND_REVIEW = "second_review"
    BUREAU_OPINION = "bureau_opinion"
    PAYMENT = "payment"
    INSPECTION = "inspection"


_NAMES = {
    Duty.FIRST_REVIEW: "初审",
    Duty.SECOND_REVIEW: "复核",
    Duty.BUREAU_OPINION: "审核意见",
    Duty.PAYMENT: "拨付",
    Duty.INSPECTION: "核查",
}


def duties_of_class(reviews: Iterable[ReviewRecord]) -> dict[str, Duty]:
    """Give what the reviewers of a class hold in its claim from the beginning."""
    steps = {duty.value: duty for duty in Duty}
    return {review.actor: steps[review.step] for review in reviews if review.step in steps}


def duty_of(
    actor: Actor,
    held: Mapping[str, Duty],
    options: Sequence[Duty],
    *,
    steps: Steps | None,
    four_eyes: FourEyes | None,
) -> Duty:
    """Give the duty in which the actor acts: the one held already, else the first option a role allows.

    Raise Forbidden SAME_REVIEWER when the actor holds another duty, ROLE_MISSING without a fitting role,
    CLAIMANT_REVIEWS for whoever acts for an institution or as a trainee.
    """
    require_no_claimant(actor, four_eyes)
    roles = {duty: _role_of(duty, steps) for duty in options}
    actor.require(*roles.values())
    mine = held.get(actor.subject)
    if mine is None:
        return next(duty for duty in options if actor.has(roles[duty]))
    if mine not in options:
        wanted = "、".join(_NAMES[duty] for duty in options)
        raise same_person(f"您已在本班级或其申领中承担{_NAMES[mine]}，不能再承担{wanted}。", four_eyes)
    actor.require(roles[mine])
    return mine


def require_no_claimant(actor: Actor, four_eyes: FourEyes | None) -> None:
    """Raise Forbidden CLAIMANT_REVIEWS for whoever acts for an institution or as a trainee, other roles or not."""
    if actor.has(Role.INSTITUTION, Role.TRAINEE):
        raise claimant_reviews("办班机构和学员的账号不能办理申领的审核、公示、核查、拨付和就业核实。", four_eyes)


def claimant_reviews(message: str, four_eyes: FourEyes | None) -> Forbidden:
    """Give the refusal of an act in a claim to whoever belongs to the claimant."""
    return Forbidden(
        code="CLAIMANT_REVIEWS",
        message=message,
        advice="请由人社部门人员使用其本人账号办理。",
        **quote(four_eyes),
    )


def same_person(message: str, four_eyes: FourEyes | None) -> Forbidden:
    """Give the refusal of an act that another person has to do."""
    return Forbidden(
        code="SAME_REVIEWER",
        message=message,
        advice="请由未参与本班级及其申领其他环节的人员办理。",
        **quote(four_eyes),
    )


def _role_of(duty: Duty, steps: Steps | None) -> Role:
    """Give the role that the rulebook names for a step; an inspector's duty is no step of the claim."""
    named = next((step.role for step in steps.steps if step.code == duty), None) if steps else None
    return named or _OTHERWISE[duty]


_OTHERWISE = {
    Duty.FIRST_REVIEW: Role.FIRST_REVIEWER,
    Duty.SECOND_REVIEW: Role.SECOND_REVIEWER,
    Duty.BUREAU_OPINION: Role.APPROVER,
    Duty.PAYMENT: Role.FINANCE,
    Duty.INSPECTION: Role.INSPECTOR,
}
