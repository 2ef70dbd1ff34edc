"""Calendar months: the day so many months later, the last of its month where that has no such day."""

from calendar import monthrange
from datetime import date
from typing import Final

MONTHS_OF_A_YEAR: Final = 12


def months_later(day: date, months: int) -> date:
    """Give the same day of the month so many months later, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, MONTHS_OF_A_YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
