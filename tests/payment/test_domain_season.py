"""Money is paid on the days that the document names (HB-PAY-03); on another a person decides."""

from datetime import date

import pytest

from services.payment.domain.order import require_season
from shared.domain.errors import Refused
from tests.payment.scene import HEBEI, HULUDAO, LINSHU, QUANJIAO, book_of


@pytest.mark.parametrize(
    ("day", "within"),
    [
        (date(2024, 3, 31), False),
        (date(2024, 4, 1), True),
        (date(2024, 10, 31), True),
        (date(2024, 11, 1), False),
        (date(2025, 5, 1), False),
    ],
)
def test_hebei_pays_from_april_to_october_and_outside_by_decision(day: date, within: bool) -> None:
    """HB-PAY-03"""
    require_season(day, decided=True, rulebook=book_of(HEBEI))
    if within:
        require_season(day, decided=False, rulebook=book_of(HEBEI))
        return
    with pytest.raises(Refused, match="DECISION_NEEDED") as refused:
        require_season(day, decided=False, rulebook=book_of(HEBEI))
    assert refused.value.rule == "HB-PAY-03"


@pytest.mark.parametrize("region", [HULUDAO, QUANJIAO, LINSHU])
def test_no_other_document_names_days_of_paying(region: str) -> None:
    require_season(date(2020, 12, 31), decided=False, rulebook=book_of(region))
    assert book_of(region).payment.payment_season is None
