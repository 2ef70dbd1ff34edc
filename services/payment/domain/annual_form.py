"""The application form (附件2) filled from facts: what nobody told payment names the service it comes from (JY-CLM-08).

Nothing is typed into the form: a value that a rule computes or an event carries cannot differ from it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal

from services.payment.domain.claim import Claim, Review
from services.payment.domain.facts import ClassFacts
from services.payment.domain.notice import Notice, NoticeState
from services.payment.domain.state import Act
from shared.clock import legal_day
from shared.contracts.enrollment import ClassOpened, ReviewRecord
from shared.contracts.supervision import SpotCheckRecorded
from shared.domain.money import wan_text
from shared.domain.working_days import working_days_between
from shared.policy.form import Form, FormField
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What the bank credited from one source on one day."""

    funding_source: str
    amount_fen: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a claim's form is filled from."""

    claim: Claim
    facts: ClassFacts
    opened: ClassOpened
    rulebook: Rulebook
    bank_name: str | None
    account_masked: str | None
    paid: tuple[Paid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledField:
    """One field: filled, still awaited, known only elsewhere, or not part of this applicant's variant.

    `problems` are Chinese sentences about a value that contradicts the form's own validation.
    """

    field: FormField
    state: Literal["filled", "awaited", "elsewhere", "hidden"]
    value: Any
    problems: tuple[str, ...] = ()


def fill(form: Form, case: Case) -> tuple[FilledField, ...]:
    """Give every field of the form, in its order."""
    values = {field.code: _VALUES[field.code](case) for field in form.fields if field.code in _VALUES}
    return tuple(_filled(field, form, case, values) for field in form.fields)


def _filled(field: FormField, form: Form, case: Case, values: Mapping[str, Any]) -> FilledField:
    if case.claim.claimant not in field.applicants:
        return FilledField(field=field, state="hidden", value=None)
    if field.code not in values:
        return FilledField(field=field, state="elsewhere", value=None)
    value = values[field.code]
    if value is None or value == []:
        return FilledField(field=field, state="awaited", value=None)
    return FilledField(field=field, state="filled", value=value, problems=tuple(_problems(field, form, values)))


def _problems(field: FormField, form: Form, values: Mapping[str, Any]) -> Iterator[str]:
    rule, value = field.validation, values[field.code]
    if rule.minimum is not None and any(number < rule.minimum for number in _each(value)):
        yield f"“{field.label}”不得小于 {rule.minimum}。"
    if rule.must_be_yes and value is not True:
        yield f"“{field.label}”应为“是”。"
    if rule.one_of and value not in rule.one_of:
        yield f"“{field.label}”不在表格所列范围内。"
    for key, other in rule.named.items():
        against = values.get(other)
        named = form.field(other)
        if against is not None and named is not None and not _HOLDS[key](value, against):
            yield _SAYS[key].format(this=field.label, other=named.label)


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


_HOLDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "at_most": lambda value, limit: bool(value <= limit),
    "not_before": lambda value, first: min(_each(value)) >= first,  # ISO days compare as days do
    "not_after": lambda value, last: max(_each(value)) <= last,
    "after": lambda value, last: min(_each(value)) > last,
    "another_person_than": lambda value, other: value["by"] != other["by"],
}
_SAYS: Final = {
    "at_most": "“{this}”不得大于“{other}”。",
    "not_before": "“{this}”不得早于“{other}”。",
    "not_after": "“{this}”不得晚于“{other}”。",
    "after": "“{this}”须晚于“{other}”。",
    "another_person_than": "“{this}”与“{other}”须由不同人员办理。",
}


def _applicant_name(case: Case) -> Any:
    """Give a legal person's name, which is public; nobody else's is known here in clear."""
    return case.opened.institution.name if case.claim.claimant == "institution" else None


def _class_review(case: Case, step: str) -> ReviewRecord | None:
    return next((review for review in case.opened.reviews if review.step == step), None)


def _class_reviewed(step: str) -> Callable[[Case], Any]:
    def value(case: Case) -> Any:
        review = _class_review(case, step)
        return review and {"by": review.actor, "on": _day(legal_day(review.decided_at)), "decision": "approve"}

    return value


def _claim_reviewed(step: Act) -> Callable[[Case], Any]:
    def value(case: Case) -> Any:
        review = _last_review(case.claim, step)
        decision = "approve" if review and review.approved else "return"
        return review and {"by": review.actor, "on": _day(legal_day(review.decided_at)), "decision": decision}

    return value


def _last_review(claim: Claim, step: Act) -> Review | None:
    """Give the step's review in the round it was last taken in; a later round that nobody reviewed has none yet."""
    taken = [review for review in claim.reviews if review.step is step]
    return max(taken, key=lambda review: review.round, default=None)


def _team_opinion_on(case: Case) -> Any:
    second = _class_review(case, "second_review")
    return second and _day(legal_day(second.decided_at))


def _session_days(case: Case) -> list[str]:
    return sorted(_day(legal_day(session.starts_at)) for session in case.opened.sessions)


def _opening_sign_in(case: Case) -> Any:
    first_day = [known.fact for known in case.facts.attendance if known.fact.held_on == case.opened.opening_date]
    present = {presence.person_id for fact in first_day for presence in fact.present}
    absent = {person for fact in first_day for person in fact.absent} - present
    return {"present": len(present), "absent": len(absent)} if first_day else None


def _checks(case: Case, kind: str) -> list[SpotCheckRecorded]:
    checks = [known.fact for known in case.facts.checks if known.fact.kind == kind]
    return sorted(checks, key=lambda check: (check.held_on, check.check_id))


def _records_retained(case: Case) -> Any:
    """Say what the opening day's inspectors found of the training records (JY-FLD-24); the worst finding counts."""
    found = [check.records_retained for check in _checks(case, "opening") if check.records_retained is not None]
    return ("已留存" if all(found) else "未按要求留存") if found else None


def _spot_places(case: Case) -> Any:
    """Give the filed venue of each spot check; None until every one of them says so (JY-FLD-27)."""
    places = [check.venue_id for check in _checks(case, "spot")]
    return places if all(places) else None


def _spot_teachers(case: Case) -> Any:
    """Give whom each spot check found teaching, by teacher id; None until every one says so (JY-FLD-28)."""
    seen = [list(check.teachers_seen) for check in _checks(case, "spot")]
    return seen if all(seen) else None


def _in_system(checkpoint: str, kept: Callable[[Case], Any]) -> Callable[[Case], Any]:
    """Give the province's word on a checkpoint, by its receipts; where nothing is entered there, what is kept here."""

    def entered(case: Case) -> Any:
        entry = case.facts.entry(checkpoint)
        return kept(case) if entry is None else entry.entered

    return entered


def _inspections_kept(case: Case) -> Any:
    """Say whether every check that the form has a place for was entered (JY-SUP-07)."""
    term = case.rulebook.supervision.inspections
    if term is None or case.facts.training is None:
        return None
    opening, spot = len(_checks(case, "opening")), len(_checks(case, "spot"))
    return opening >= term.opening_checks_min and spot >= term.spot_checks_min


def _average(case: Case) -> Any:
    """Give the exact average of the checks with one decimal (JY-SUP-06); the payable heads are its floor."""
    term, training = case.rulebook.payment.attendance_average, case.facts.training
    if term is None or training is None:
        return None
    opening = [training.fact.opening_headcount] if "opening" in term.checks else []
    counts = [*opening, *(training.fact.spot_headcounts if "spot" in term.checks else ())]
    if not counts:
        return None
    return str((Decimal(sum(counts)) / len(counts)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def _inspection_opinion(case: Case) -> Any:
    opinion = case.facts.training.fact.opinion if case.facts.training else None
    return opinion and {"passed": opinion.passed, "by": opinion.given_by, "on": _day(opinion.given_on)}


def _of_kind(kind: str, *, certified: bool) -> Callable[[Case], Any]:
    def value(case: Case) -> Any:
        if case.facts.examination is None:
            return None
        counts = [count for count in case.facts.examination.fact.kinds if count.kind == kind]
        return sum(count.certified if certified else count.examined for count in counts)

    return value


def _certified(case: Case) -> Any:
    """Give who holds a certificate, each person once, and the sum over the kinds beside it (JY-FLD-47)."""
    if case.facts.examination is None:
        return None
    persons = {known.fact.person_id for known in case.facts.certificates}
    holders = sum(any(True for _ in case.facts.standing_certificates(person)) for person in persons)
    return {"persons": holders, "by_kind": sum(count.certified for count in case.facts.examination.fact.kinds)}


def _notice(case: Case) -> Notice | None:
    standing = [notice for notice in case.claim.notices if notice.state is not NoticeState.WITHDRAWN]
    return standing[-1] if standing else None


def _of_notice(read: Callable[[Notice], Any]) -> Callable[[Case], Any]:
    def value(case: Case) -> Any:
        notice = _notice(case)
        return None if notice is None else read(notice)

    return value


def _objections(case: Case) -> Any:
    if _notice(case) is None:
        return None
    return {
        "count": len(case.claim.objections),
        "objections": [
            {
                "raised_on": _day(each.raised_on),
                "line_nos": sorted(each.line_nos),
                "result": "open" if each.is_open else "upheld" if each.upheld else "dismissed",
                "resolved_on": each.resolved_on and _day(each.resolved_on),
            }
            for each in case.claim.objections
        ],
    }


def _funding_sources(case: Case) -> Any:
    term = case.rulebook.payment.funding_sources
    names = {source.code: source.name for source in term.sources} if term else {}
    codes = dict.fromkeys(each.funding_source for each in case.paid)
    return [
        {
            "funding_source": code,
            "name": names.get(code, code),
            "amount_wan": wan_text(sum(each.amount_fen for each in case.paid if each.funding_source == code)),
        }
        for code in codes
    ]


def _amount_paid(case: Case) -> Any:
    return wan_text(sum(each.amount_fen for each in case.paid)) if case.paid else None


def _batches(case: Case) -> Any:
    opened = case.opened
    return [
        {
            "class_id": opened.class_id,
            "opening_date": _day(opened.opening_date),
            "occupation": opened.occupation.code,
            "level": opened.level,
            "planned_persons": opened.planned,
        }
    ]


def _day(day: date) -> str:
    return day.isoformat()


def _days(days: Sequence[date]) -> list[str]:
    return [_day(day) for day in sorted(set(days))]


_KINDS: Final = ("qualification", "level", "special_operation", "special_ability", "completion")

_VALUES: Final[Mapping[str, Callable[[Case], Any]]] = {
    "applicant_kind": lambda case: case.claim.claimant,
    "applicant_name": _applicant_name,
    "applicant_seal": lambda case: case.opened.applicant_sealed,
    "batch": lambda case: case.opened.batch,
    "bank_name": lambda case: case.bank_name,
    "account_number": lambda case: case.account_masked,
    "opening_date": lambda case: _day(case.opened.opening_date),
    "occupation": lambda case: {"code": case.opened.occupation.code, "name": case.opened.occupation.name},
    "level": lambda case: case.opened.level,
    "planned_persons": lambda case: case.opened.planned,
    "starts_on": lambda case: next(iter(_session_days(case)), None),
    "ends_on": lambda case: next(reversed(_session_days(case)), None),
    "class_hours": lambda case: sum(session.class_hours for session in case.opened.sessions),
    "training_mode": lambda case: case.opened.attributes.get("training_mode"),
    "roster_in_system": _in_system("plan_and_roster", lambda case: bool(case.opened.sessions and case.opened.trainees)),
    "class_first_review": _class_reviewed("first_review"),
    "class_second_review": _class_reviewed("second_review"),
    "class_team_opinion_on": _team_opinion_on,
    "class_bureau_opinion": _class_reviewed("bureau_opinion"),
    "opening_headcount": lambda case: case.facts.training and case.facts.training.fact.opening_headcount,
    "opening_sign_in": _opening_sign_in,
    "records_retained": _records_retained,
    "opening_inspectors": lambda case: [name for check in _checks(case, "opening") for name in check.inspectors],
    "spot_checked_on": lambda case: [_day(check.held_on) for check in _checks(case, "spot")],
    "spot_places": _spot_places,
    "spot_teachers": _spot_teachers,
    "spot_headcounts": lambda case: [check.headcount for check in _checks(case, "spot")],
    "spot_inspectors": lambda case: [list(check.inspectors) for check in _checks(case, "spot")],
    "inspections_in_system": _in_system("inspections", _inspections_kept),
    "average_attendance": _average,
    "inspection_opinion": _inspection_opinion,
    "exam_on": lambda case: _days([known.fact.exam_on for known in case.facts.exams]),
    "examined": lambda case: case.facts.examination and case.facts.examination.fact.examined,
    **{f"{kind}_examined": _of_kind(kind, certified=False) for kind in _KINDS},
    **{f"{kind}_certified": _of_kind(kind, certified=True) for kind in _KINDS},
    "results_in_system": _in_system("results", lambda case: case.facts.examination is not None),
    "certified": _certified,
    "patrol": lambda case: case.facts.examination and case.facts.examination.fact.patrol,
    "heads_claimed": lambda case: min(case.claim.assessment.base, case.claim.assessment.recognised),
    "amount_claimed": lambda case: wan_text(sum(case.claim.full.values())),
    "undertaking": lambda case: {"text_version": case.claim.undertaking.text_version, "accepted": True},
    "undertaking_signed": lambda case: {
        "signer": case.claim.undertaking.signer,
        "on": _day(case.claim.undertaking.signed_on),
    },
    "claim_first_review": _claim_reviewed(Act.FIRST_REVIEW),
    "claim_second_review": _claim_reviewed(Act.SECOND_REVIEW),
    "review_clock": lambda case: {
        "received_on": _day(case.claim.received_on),
        **{
            limit: _day(due)
            for limit, due in (
                ("review_due", case.claim.deadlines.review_due),
                ("review_due_outer", case.claim.deadlines.review_due_outer),
            )
            if due is not None
        },
    },
    "notice_starts_on": _of_notice(lambda notice: _day(notice.period.starts_on)),
    "notice_ends_on": _of_notice(lambda notice: _day(notice.period.ends_on)),
    "notice_site": _of_notice(lambda notice: notice.site),
    "notice_working_days": _of_notice(
        lambda notice: working_days_between(notice.period.starts_on, notice.period.ends_on)
    ),
    "objections": _objections,
    "claim_bureau_opinion": _claim_reviewed(Act.APPROVE),
    "paid_on": lambda case: _days([each.on for each in case.paid]),
    "amount_paid": _amount_paid,
    "funding_sources": _funding_sources,
    "batches": _batches,
    "individual_variant": lambda case: case.claim.claimant == "individual",
}
"""Fields that are not here are known only to the service that the form names as their source."""
