"""The commitment mode (承诺制): who has committed to what before a class opens (HB-ENR-14, HB-ENR-15)."""

from collections.abc import Collection, Iterable
from datetime import date

from services.enrollment.domain.register import RegisterEntry
from services.enrollment.domain.training_class import Blocker, TrainingClass
from shared.domain.actor import Role
from shared.policy.terms.class_record import Commitments


def is_committed(training_class: TrainingClass, terms: Commitments | None) -> bool:
    """Say whether the class was applied for under commitment."""
    return terms is not None and bool(training_class.plan.attributes.get(terms.attribute))


def what_is_uncommitted(
    terms: Commitments,
    *,
    institution: Iterable[RegisterEntry],
    trainees: Iterable[RegisterEntry],
    on_roster: Collection[str | None],
    day: date,
) -> Blocker | None:
    """Say whose commitment is missing on the day: the institution's, or how many people's of the roster; else None.

    Both kinds of entries are those of the class.
    """
    signed = {entry.person_id for entry in trainees if _is_signed(entry, terms, day)}
    missing = len(set(on_roster) - signed)
    has_signed = any(_is_signed(entry, terms, day) for entry in institution)
    if has_signed and not missing:
        return None
    parts = [] if has_signed else ["培训机构"]
    parts += [f"{missing} 名学员"] if missing else []
    return Blocker(
        code=terms.code,
        message=f"实行承诺制的班级，{'和'.join(parts)}尚未签署承诺。",
        rule=terms.rule,
        clause=terms.clause,
        advice=f"请在开班前登记承诺书（{terms.institution_register}、{terms.trainee_register}），"
        "或为未签署的学员办理退班。",
        held_by=Role.INSTITUTION,
    )


def _is_signed(entry: RegisterEntry, terms: Commitments, day: date) -> bool:
    signed_on = entry.values.get(terms.signed_field)
    return isinstance(signed_on, str) and date.fromisoformat(signed_on) <= day
