"""Learners sign up for a class until every planned place is taken; then they wait in numbered places (HB-ENR-22)."""

from collections.abc import Iterable

from services.enrollment.domain.register import Value, Values
from shared.policy.terms.class_record import SignUps


def placed(values: Values, others: Iterable[Values], *, planned: int, terms: SignUps) -> dict[str, Value]:
    """Give a sign-up with the place it has: one of the class's, or the next on its waiting list when all are taken.

    `others` are the other standing sign-ups of the class. Whoever waits already keeps the number.
    """
    beside = list(others)
    taken = sum(one.get(terms.outcome) in terms.taking for one in beside)
    outcome = values.get(terms.outcome)
    if outcome in terms.taking and taken >= planned:
        outcome = terms.waiting
    if outcome != terms.waiting:
        return {**values, terms.outcome: outcome, terms.position: None}
    numbers = [number for one in beside if isinstance(number := one.get(terms.position), int)]
    own = values.get(terms.position)
    keeps = isinstance(own, int) and own > 0 and own not in numbers
    position = own if keeps else max(numbers, default=0) + 1
    return {**values, terms.outcome: outcome, terms.position: position}
