"""Claims as tests receive them, and certificates taken back."""

from services.payment.domain.claim import Claim
from tests.payment.office import Office


async def received(office: Office, **finish: object) -> Claim:
    """Give the claim of a finished class of ten, just received."""
    await office.provide()
    await office.open_class()
    await office.finish_class(**finish)  # type: ignore[arg-type]
    return await office.submit()


async def only(received_office: Office) -> Claim:
    """Give the claim that was received before the test began."""
    return await received_office.claim(await received_office.only_claim())
