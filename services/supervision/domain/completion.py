"""What a training came to: totals per person and class, published when the last session is closed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.supervision.domain.finding import Observation
from services.supervision.domain.inspection import Inspection, standing
from services.supervision.domain.opening_day import OpeningDay
from services.supervision.domain.training_class import Session, TrainingClass
from shared.contracts.supervision import TraineeTotals, TrainingCompleted
from shared.domain.money import is_below_percent
from shared.policy.rulebook import Rulebook


def complete_training(
    training_class: TrainingClass,
    sessions: Sequence[Session],
    inspections: Iterable[Inspection],
    opening: OpeningDay,
    *,
    today: date,
) -> tuple[TrainingClass, TrainingCompleted] | None:
    """Give the totals as the class's next revision, or None when they are those published last.

    Class hours are delivered by sessions to which somebody came. `completed_on` stays the day of the first revision.
    """
    delivered = [session for session in sessions if session.present]
    checks = in_order(standing(inspections))
    last = training_class.completion
    totals = TrainingCompleted(
        class_id=training_class.class_id,
        revision=1 if last is None else last.revision,
        completed_on=today if last is None else last.completed_on,
        sessions=len(sessions),
        theory_class_hours=sum(session.class_hours for session in delivered if session.kind == "theory"),
        practice_class_hours=sum(session.class_hours for session in delivered if session.kind == "practice"),
        opening_headcount=opening.attended,
        opening_checks=sum(check.kind == "opening" for check in checks),
        spot_headcounts=tuple(check.headcount for check in checks if check.kind == "spot"),
        trainees=_totals(training_class, delivered),
        opinion=training_class.opinion and replace(training_class.opinion, remark=""),  # a remark may name somebody
    )
    if totals == last:
        return None
    completed = totals if last is None else replace(totals, revision=last.revision + 1)
    return replace(training_class, completion=completed), completed


def observe_practice_share(
    training_class: TrainingClass, sessions: Iterable[Session], book: Rulebook
) -> Observation | None:
    """Object when too few of the class hours that were really held were practice (JY-ENR-09).

    A class that a recorded decision exempts from the share is not held to it afterwards.
    """
    term = book.enrollment.practice_share
    delivered = [session for session in sessions if session.present]
    total = sum(session.class_hours for session in delivered)
    practice = sum(session.class_hours for session in delivered if session.kind == "practice")
    if term is None or term.rule in training_class.exempt_by_decision:
        return None
    if not is_below_percent(practice, total, term.minimum_percent):
        return None
    return Observation.under(
        term,
        seen=f"实际授课 {total} 课时，其中实操 {practice} 课时；{practice}×100 < {total}×{term.minimum_percent}，"
        f"低于 {term.minimum_percent}%（PRACTICE_SHARE）。",
    )


def in_order(inspections: Iterable[Inspection]) -> list[Inspection]:
    """Give inspections by the moment they were held, then by id."""
    return sorted(inspections, key=lambda check: (check.held_at, check.check_id))


def _totals(training_class: TrainingClass, delivered: Iterable[Session]) -> tuple[TraineeTotals, ...]:
    meetings: Counter[str] = Counter()
    class_hours: Counter[str] = Counter()
    for session in delivered:
        for presence in session.present:
            meetings[presence.person_id] += 1
            class_hours[presence.person_id] += session.class_hours
    return tuple(
        TraineeTotals(
            person_id=person_id,
            sessions_present=meetings[person_id],
            class_hours_present=class_hours[person_id],
        )
        for person_id in sorted(training_class.trainees)
    )
