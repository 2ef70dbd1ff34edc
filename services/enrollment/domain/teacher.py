"""Teachers filed with the bureau (报备, JY-INS-07)."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """One person as an institution filed them; the same person may be filed by several institutions."""

    teacher_id: str
    institution_id: str
    person_id: str
    specialty: str
    qualification: str
    full_time: bool
    filed_on: date
