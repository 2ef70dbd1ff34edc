"""What a document leaves off: which switches its rulebook provides, and that it does not name one of them as off. Pure.

A switch that no document can set yet, such as the share of online hours, has nothing by which it could be provided.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, get_args

from shared.policy.coherence import Objection
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Feature

_PROVIDED: Final[Mapping[Feature, Callable[[Rulebook], object]]] = {
    "advance": lambda book: book.payment.advance,
    "living_allowance": lambda book: _pays(book, "living_allowance"),
    "evaluation": lambda book: _pays(book, "evaluation"),
    "work_for_training": lambda book: _pays(book, "work_for_training"),
    "employment_link": lambda book: book.payment.window_shares or book.payment.employment_release,
    "three_times_cap": lambda book: [cap for cap in book.payment.caps if cap.slots_max > 1],
    "credit_rating": lambda book: book.enrollment.credit_rating,
    "attendance": lambda book: book.supervision.opening_attendance or book.payment.attendance_base,
    "opening_attendance": lambda book: book.supervision.opening_attendance,
    "class_size": lambda book: book.enrollment.class_size,
    "satisfaction": lambda book: book.assessment.satisfaction_survey or book.assessment.satisfaction,
    "video": lambda book: book.supervision.theory_video or book.supervision.practice_video,
    "payout_channel": lambda book: book.payment.payee,
    "review_limit": lambda book: book.payment.review_limit or book.payment.review_limit_outer,
    "notice": lambda book: book.payment.notice,
    "exit": lambda book: [one for one in book.enrollment.registers if one.report and one.report.exit_choice],
}


def _pays(book: Rulebook, programme: str) -> bool:
    words = ((benefit.programme,) if benefit.programme else benefit.classes for benefit in book.payment.benefits)
    return any(word.startswith(programme) for benefit in words for word in benefit)


def provided(book: Rulebook) -> frozenset[Feature]:
    """Give the switches that the rulebook provides by terms of its own."""
    return frozenset(feature for feature, of in _PROVIDED.items() if of(book))


def silence_objections(book: Rulebook) -> Iterator[Objection]:
    """Object to a switch that a rulebook names as off and sets all the same: one of the two leaked in."""
    term = book.payment.features_off
    named = provided(book).intersection(term.features if term else ())
    for feature in (each for each in get_args(Feature) if each in named):
        yield Objection(
            key=("payment", "features_off", "features"),
            message=f"{feature} 写明文件没有规定，本册却载有相应的条款",
            advice="请核对原文：确有规定的从此处删除，没有规定的删除该条款",
        )
