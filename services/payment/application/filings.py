"""What is read of filings: how everybody stands to them, and what the public sees (HL-REP-06, LS-DAT-03)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import region_of
from services.payment.domain.filing import Filed, FilingStand, board
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook
from shared.policy.terms.reporting import Contact, Filing


async def read_board(uow: PaymentUnit, *, region: str | None) -> Sequence[FilingStand]:
    """Give how everybody stands to what has to be filed; of a region below the document's own only its part."""
    wanted = region_of(uow, region)
    book = uow.shelf.last_in_force(wanted, uow.today)
    stands = board(book, await uow.reports.filed(book.region), regions(), uow.today)
    if wanted == book.region:
        return list(stands)
    return [stand for stand in stands if stand.filer.unit == wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """What anybody may read of a region: the document in force, where to ask about it, and what it disclosed."""

    book: Rulebook
    contact: Contact | None
    disclosed: Sequence[tuple[Filing, Filed]]


async def read_public_page(uow: PaymentUnit, *, region: str) -> PublicPage:
    """Give the page of a region, or raise Refused REGION_UNKNOWN, RULEBOOK_MISSING."""
    book = uow.shelf.last_in_force(region, uow.today)
    published = {filing.code: filing for filing in book.payment.reporting.filings if filing.published}
    filed = await uow.reports.filed(book.region)
    return PublicPage(
        book=book,
        contact=book.payment.reporting.contact,
        disclosed=[(published[each.code], each) for each in filed if each.code in published],
    )
