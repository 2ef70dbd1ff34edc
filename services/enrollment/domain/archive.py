"""What enrollment adds to a person's archive: the classes they were enrolled in (HL-DAT-02)."""

from dataclasses import dataclass
from datetime import date

from services.enrollment.domain.training_class import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedClass:
    """A person's place in a class that was applied for; `left_on` is the day on which they left it."""

    class_id: str
    region: str
    rulebook_id: str
    institution_name: str
    training_type: str
    programme: str
    occupation: str
    level: str | None
    opening_date: date
    closing_date: date
    state: State
    masked_name: str
    left_on: date | None
