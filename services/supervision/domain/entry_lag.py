"""How late records were entered: the legal day of what happened against the legal day of its entry (QJ-DAT-01)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.policy.terms.supervision import EntryLag

EntryKind = Literal["sign_in", "check"]
"""Records that know both days: sign-ins that count, and inspection records that are not void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """How many records under one rulebook happened on one day and were entered on another, or the same."""

    rulebook_id: str
    event_day: date
    entry_day: date
    records: int

    @property
    def lag_days(self) -> int:
        """Give the calendar days from the event to its entry."""
        return (self.entry_day - self.event_day).days

    def is_above(self, term: EntryLag) -> bool:
        """Say whether the lag is longer than the alarm limit."""
        return self.lag_days > term.alarm_after_days


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEntries(Entries):
    """Records of one kind and class entered late; `session_id` is None for inspections, which belong to no session."""

    kind: EntryKind
    class_id: str
    session_id: str | None
    institution_id: str
    region: str
    place: str
    """Where the line stands among those of its event day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTally:
    """Records of a period: all, those entered on a later day than they happened, and those above the alarm limit."""

    records: int
    late: int
    above_alarm: int


def tally_entries(entries: Iterable[Entries], terms: Mapping[str, EntryLag]) -> EntryTally:
    """Count records by their lag, each against the limit of its own rulebook."""
    records = late = above = 0
    for each in entries:
        records += each.records
        late += each.records if each.lag_days > 0 else 0
        above += each.records if each.is_above(terms[each.rulebook_id]) else 0
    return EntryTally(records=records, late=late, above_alarm=above)
