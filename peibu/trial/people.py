"""What a case file's people state of themselves, as rows of a roster would."""

from services.enrollment.domain.roster_row import PersonalFacts
from shared.policy.case_file import Case, People
from shared.policy.rulebook import Rulebook


def stated(people: People, case: Case, book: Rulebook) -> PersonalFacts:
    """Give what the people state; where the file says nothing of a fact, one to which no rule objects.

    A tie of `none` is no tie at all; people of whom the file tells no tie have the first that suffices.
    """
    links = (people.link,) if people.link else _sufficient(book)
    return PersonalFacts(
        place_links=() if people.link == "none" else links,
        pension_from=people.pension_from,
        release_on=people.release or case.opened,
        graduation_year=case.opened.year,
        qualification_number="qualification",
        qualified_on=case.opened,
        insured_months=people.insured_months,
        dispatched_to=people.dispatched_to or "",
    )


def _sufficient(book: Rulebook) -> tuple[str, ...]:
    links = book.enrollment.place_links.links if book.enrollment.place_links else ()
    return tuple(link.code for link in links if not (link.human_decision or link.refusal))[:1]


def included(case: Case, book: Rulebook) -> frozenset[str]:
    """Give the groups that a decision in the file takes in (LS-ENR-07)."""
    inclusion = book.enrollment.group_inclusion
    decided = inclusion and any(decision.rule == inclusion.rule for decision in case.decision)
    return frozenset(inclusion.groups) if inclusion and decided else frozenset()
