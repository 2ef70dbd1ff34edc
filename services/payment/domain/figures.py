"""Figures of official statistics and what they say of a goal (HL-REP-05, QJ-REP-02): people enter them, with source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.payment.domain.shares import Share
from shared.domain.errors import Refused
from shared.policy.terms.reporting import CertificateGoal, Figure, FigureGoal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredFigure:
    """A figure as it was on a day, and the publication or letter that says so."""

    code: str
    number: int
    on: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureStand:
    """How a figure stands to its goal; `met` is None until the figures that decide it were entered."""

    goal: FigureGoal
    figure: EnteredFigure | None
    whole: EnteredFigure | None

    @property
    def share(self) -> Share | None:
        """Give the figure as a share of the other one; None where the goal is a number or a figure is missing."""
        if self.figure is None or self.whole is None:
            return None
        return Share(part=self.figure.number, whole=self.whole.number)

    @property
    def met(self) -> bool | None:
        """Say whether the goal is met, by the exact numbers: 29.995 % is not 30 %."""
        if self.figure is None:
            return None
        if self.goal.number_min is not None:
            return self.figure.number >= self.goal.number_min
        if self.whole is None or self.goal.percent_min is None or not self.whole.number:
            return None
        return self.figure.number * 100 >= self.whole.number * self.goal.percent_min


def figure_stands(goals: Iterable[FigureGoal], entered: Sequence[EnteredFigure], until: date) -> list[FigureStand]:
    """Give every goal with the newest figures of its days: none after its last day, and none after `until`."""
    return [
        FigureStand(
            goal=goal,
            figure=newest(entered, goal.figure, min(goal.by, until)),
            whole=newest(entered, goal.share_of, min(goal.by, until)) if goal.share_of else None,
        )
        for goal in goals
    ]


def newest(entered: Iterable[EnteredFigure], code: str, until: date) -> EnteredFigure | None:
    """Give the figure of the last day until then; of two for one day the one entered later, which corrects it."""
    found = [figure for figure in entered if figure.code == code and figure.on <= until]
    last = max((figure.on for figure in found), default=None)
    return next((figure for figure in reversed(found) if figure.on == last), None)


def elsewhere(term: CertificateGoal, entered: Iterable[EnteredFigure], year: int) -> int:
    """Give the year's certificates to which no class here led, as the newest figure of the year says (HB-REP-02)."""
    of_year = [figure for figure in entered if figure.on.year == year]
    figure = newest(of_year, term.figure, date(year, 12, 31)) if term.figure else None
    return figure.number if figure else 0


def require_known(figures: Sequence[Figure], code: str) -> Figure:
    """Give what the rulebook says of a figure, or raise Refused FIGURE_UNKNOWN."""
    found = next((figure for figure in figures if figure.code == code), None)
    if found is None:
        raise Refused(
            code="FIGURE_UNKNOWN",
            message="本地政策文件没有要求填报该项统计数字。",
            advice=f"可填报：{'、'.join(f'{figure.code}（{figure.name}）' for figure in figures) or '无'}。",
            field="code",
            value=code,
        )
    return found
