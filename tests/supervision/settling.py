"""A class's file as facts settle it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from services.supervision.domain.class_file import ClassFile, settle
from services.supervision.domain.inspection import Inspection, record_inspection
from shared.contracts.contract import Contract
from shared.contracts.supervision import FindingRaised, SpotCheckRecorded
from tests.supervision.sample import OPENING, Ids, at, class_file, clip, jiyuan, people

BOOK = jiyuan()


CLOSING = at(OPENING + timedelta(days=2), 18)


NEW_ID = Ids()


RECORDS = {"opening_check_missing", "spot_checks_few"}
"""What most tests leave out: nobody inspects their classes."""


def signed(persons: Iterable[str]) -> dict[str, set[str]]:
    return {person: {"fingerprint"} for person in persons}


def settled(
    file: ClassFile, signed_in: Mapping[str, Iterable[str]] | None = None, *, now: datetime = CLOSING
) -> tuple[ClassFile, tuple[Contract, ...]]:
    sheets = {session: signed(persons) for session, persons in (signed_in or {}).items()}
    return settle(file, BOOK, signed_in=sheets, now=now, make_id=NEW_ID)


def filmed(file: ClassFile) -> ClassFile:
    return replace(
        file, clips=tuple(clip(session.session_id, session.starts_at, session.ends_at) for session in file.sessions)
    )


def all_present(file: ClassFile, number: int = 50) -> dict[str, tuple[str, ...]]:
    return {session.session_id: people(number) for session in file.sessions}


def doubts(events: Iterable[Contract]) -> list[str]:
    """Give the checks that raised a finding, but for those about missing inspection records."""
    return [event.check for event in events if isinstance(event, FindingRaised) and event.check not in RECORDS]


def record(check: Inspection, file: ClassFile | None = None) -> SpotCheckRecorded:
    file = file or class_file()
    return record_inspection(check, file.training_class, file.sessions, BOOK)
