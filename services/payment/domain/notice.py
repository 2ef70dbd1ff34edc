"""The public notice (公示): a masked list made from a whitelist and its days (JY-CLM-04, -05), its hash (JY-INT-03)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from services.payment.domain.decision import Decision, is_accepted
from services.payment.domain.subsidy import Line
from shared.contracts.enrollment import ClassOpened
from shared.domain.errors import Refused
from shared.domain.working_days import STATE_COUNCIL, Calendar, add_working_days, is_working_day
from shared.policy.rulebook import Rulebook
from shared.policy.terms.payment import Notice as NoticeTerm
from shared.policy.terms.term import quote


class NoticeState(StrEnum):
    """Published, ended undisturbed, or withdrawn because the facts changed before approval."""

    PUBLISHED = "published"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """First and last day of a notice, and the calendar day from which money may be paid."""

    starts_on: date
    ends_on: date
    payable_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One published notice; `content` is exactly what the public reads, `list_hash` its SHA-256."""

    notice_id: str
    claim_id: str
    round: int
    state: NoticeState
    period: Period
    site: str
    amounts: Mapping[int, int]
    content: Mapping[str, Any]
    list_hash: str
    published_by: str

    def accepts_objections(self, day: date) -> bool:
        """Say whether the public may object on the day: while the notice stands and runs."""
        return self.state is NoticeState.PUBLISHED and self.period.starts_on <= day <= self.period.ends_on


def is_required(lines: Sequence[Line], decisions: Sequence[Decision], rulebook: Rulebook) -> bool:
    """Say whether what a claim pays is shown in public first: by the document, or because a person decided so.

    While nothing of it is recognised, what its lines could have brought counts.
    """
    term = rulebook.payment.notice
    if term is None:
        return False
    paid = [line for line in lines if line.recognised] or lines
    return any(term.shows(line.programme) for line in paid) or is_accepted(decisions, term)


def period_of(term: NoticeTerm, starts_on: date, calendar: Calendar = STATE_COUNCIL) -> Period:
    """Give the shortest lawful period: the rulebook's working days, the first day counted only if it says so."""
    counted_first = term.start_day_counts and is_working_day(starts_on, calendar)
    ends_on = add_working_days(starts_on, term.working_days_min - counted_first, calendar)
    return Period(starts_on=starts_on, ends_on=ends_on, payable_from=ends_on + timedelta(days=1))


def public_list(
    opened: ClassOpened,
    lines: Sequence[Line],
    amounts: Mapping[int, int],
    *,
    rulebook: Rulebook,
    period: Period,
    site: str,
) -> dict[str, Any]:
    """Give what the public may read, and nothing else: of our whitelist, what the rulebook shows (JY-CLM-05).

    The class, its institution, heads and amounts, the dates, the legal basis, and per line a number, the masked name
    and the amount. In a class with people whose group hides them (JY-ENR-16) no name is shown at all: an empty name
    among others would point at them.
    """
    masking = rulebook.payment.masking
    shown = frozenset(masking.shown) if masking else frozenset()
    hidden = any(_is_hidden(group, rulebook) for trainee in opened.trainees for group in trainee.groups)
    names = "masked_name" in shown and not hidden
    listed = [line for line in lines if amounts.get(line.line_no)]
    about = {
        "institution": ("institution", opened.institution.name),
        "class": ("class", _class_of(opened)),
        "occupation": ("occupation", opened.occupation.name),
        "level": ("level", opened.level),
        "headcount": ("heads", sum(line.person_id is not None for line in listed)),
        "amount": ("amount_fen", sum(amounts.values())),
    }
    terms = (rulebook.payment.headcount, rulebook.payment.notice, masking)
    return {
        **dict(pair for word, pair in about.items() if word in shown),
        "dates": {
            "starts_on": period.starts_on.isoformat(),
            "ends_on": period.ends_on.isoformat(),
            "payable_from": period.payable_from.isoformat(),
        },
        "site": site,
        "legal_basis": [
            {"document": term.document, "clause": term.clause, "rule": term.rule} for term in terms if term is not None
        ],
        "lines": [
            {
                "line_no": line.line_no,
                "masked_name": line.masked_name if names else None,
                "amount_fen": amounts[line.line_no] if "amount" in shown else None,
            }
            for line in listed
        ],
    }


def _class_of(opened: ClassOpened) -> dict[str, str]:
    return {
        "class_id": opened.class_id,
        "opening_date": opened.opening_date.isoformat(),
        "closing_date": opened.closing_date.isoformat(),
    }


def _is_hidden(code: str, rulebook: Rulebook) -> bool:
    group = rulebook.enrollment.group(code)
    return group is not None and group.hidden_in_notice


def hash_of(content: Mapping[str, Any]) -> str:
    """Give the SHA-256 of the list's canonical text: JSON in UTF-8, keys sorted, no blanks."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def covers(notices: Sequence[Notice], amounts: Mapping[int, int], *, people: frozenset[int]) -> bool:
    """Say whether a supplement pays only what notices that ended undisturbed already showed (JY-CLM-04).

    A person's line released from an objection was public with its amount. A cut that shrinks, which no notice showed,
    needs none where the supplement as a whole pays nothing more. `people` are the lines that belong to a person.
    """
    shown = {pair for notice in notices if notice.state is NoticeState.ENDED for pair in notice.amounts.items()}
    unseen = {line_no for line_no, amount in amounts.items() if amount > 0 and (line_no, amount) not in shown}
    return not unseen & people and (not unseen or sum(amounts.values()) <= 0)


def not_running(notice: Notice, term: NoticeTerm | None) -> Refused:
    """Give the refusal of an objection outside the notice's days."""
    first, last = notice.period.starts_on.isoformat(), notice.period.ends_on.isoformat()
    return Refused(
        code="NOTICE_NOT_RUNNING",
        message=f"公示期为 {first} 至 {last}，现不接受异议。",
        advice="公示期外的问题请向人社部门举报或投诉。",
        **quote(term),
    )
