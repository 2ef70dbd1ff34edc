"""Rows and rulebooks of the five documents, for tests of who takes part."""

from dataclasses import replace
from datetime import date

from services.enrollment.domain.roster import Judgement, judge_roster
from services.enrollment.domain.roster_row import PersonalFacts, RosterContext, RosterRow
from shared.policy.rulebook import Rulebook
from shared.policy.terms.enrollment import EnrollmentTerms
from tests.enrollment.sample import codes, context, institution, row, shelf

OPENINGS = {
    "HL": ("211400", date(2020, 3, 1)),
    "HB": ("130000", date(2024, 6, 10)),
    "QJ": ("341124", date(2020, 6, 1)),
    "LS": ("371329", date(2020, 9, 1)),
    "JY": ("419001", date(2021, 5, 17)),
}


LINKS = {"HL": "household", "HB": "household", "QJ": "trained_here", "LS": "household", "JY": ""}


def book_of(place: str) -> Rulebook:
    return shelf().in_force(*OPENINGS[place])


def terms_of(place: str) -> EnrollmentTerms:
    return book_of(place).enrollment


def somebody(
    place: str, group: str, number: int = 1, *, fee_fen: int = 0, evidence: str = "X-1", **facts: object
) -> RosterRow:
    """Give a row of the place with a tie to it, about which nothing else is stated."""
    one = row(number, group=group, fee_fen=fee_fen, evidence=evidence, employer_region="")
    stated: dict[str, object] = {"place_links": (LINKS[place],) if LINKS[place] else (), **facts}
    return replace(one, particulars=replace(one.particulars, facts=PersonalFacts(**stated)))


def joining(place: str, **given: object) -> RosterContext:
    region, opening = OPENINGS[place]
    sample: dict[str, object] = {
        "institution": institution(region=region),
        "opening_date": opening,
        "occupation": "5-05-01-02",
        "funding_source": "",
    }
    return context(**{**sample, **given})


def judged(place: str, one: RosterRow, given_context: RosterContext | None = None) -> Judgement:
    return judge_roster([one], given_context or joining(place), book_of(place))[one.row]


def verdict(place: str, one: RosterRow, given_context: RosterContext | None = None) -> tuple[str, list[str]]:
    judgement = judged(place, one, given_context)
    return judgement.verdict, codes(judgement.findings)


def basis(place: str, one: RosterRow, given_context: RosterContext | None = None) -> list[tuple[str, str]]:
    return [(finding.code, finding.rule) for finding in judged(place, one, given_context).findings]
