"""Attendance held against other data: who was elsewhere on a day on which they are said to have been in class."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.finding import Key, Observation
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.supervision import Comparisons

PRESENT_ELSEWHERE: Final = "present_elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Other data say that a person was elsewhere on the day."""

    person_id: str
    day: date


def compare(
    file: ClassFile, source: str, hits: Iterable[Elsewhere], book: Rulebook
) -> Mapping[Key, Observation | None]:
    """Give a blocking doubt for every person and day on which the person was present here too (HB-SUP-02).

    A hit of a day on which they were absent is no doubt and settles one that stood. Raise Refused COMPARISON_SOURCE for
    a source that the rulebook does not name.
    """
    term = book.supervision.comparisons
    name = _source_name(term, source)
    present = {(presence.person_id, session.held_on) for session in file.sessions for presence in session.present}
    judged: dict[Key, Observation | None] = {}
    for hit in hits:
        key = (PRESENT_ELSEWHERE, f"{source}:{hit.person_id}:{hit.day.isoformat()}")
        seen = f"{hit.day.isoformat()} 有签到记录，而{name}数据显示该学员当日不在班（PRESENT_ELSEWHERE）。"
        there = term is not None and (hit.person_id, hit.day) in present
        judged[key] = Observation.under(term, seen=seen) if term is not None and there else None
    return judged


def _source_name(term: Comparisons | None, source: str) -> str:
    known = {item.code: item.name for item in term.sources} if term else {}
    if source not in known:
        raise Refused(
            code="COMPARISON_SOURCE",
            message="本地政策没有列出此比对来源。",
            advice="可用的来源：" + ("、".join(f"{code}（{name}）" for code, name in known.items()) or "无") + "。",
            field="source",
            value=source,
        )
    return known[source]
