"""Enter a figure of official statistics with its source and day (HL-REP-05, HB-REP-02, QJ-REP-02)."""

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import region_of
from services.payment.domain.figures import EnteredFigure, require_known
from shared.domain.errors import Refused


async def enter_figure(uow: PaymentUnit, *, region: str | None, figure: EnteredFigure) -> None:
    """Store a figure of official statistics, or raise Refused FIGURE_UNKNOWN, DATE_IN_FUTURE."""
    wanted = region_of(uow, region)
    book = uow.shelf.in_force(wanted, figure.on)
    known = require_known(book.payment.reporting.figures, figure.code)
    if figure.on > uow.today:
        raise Refused(
            code="DATE_IN_FUTURE",
            message="统计截止日期晚于今日。",
            advice="请按统计资料填写实际的截止日期。",
            field="on",
            rule=known.rule,
            clause=known.clause,
            document=known.document,
        )
    await uow.reports.enter_figure(wanted, figure, by=uow.actor.subject, on=uow.today)
    details: dict[str, str | int | bool | None] = {"on": figure.on.isoformat(), "number": figure.number}
    await uow.audit(action="figure_entered", subject=f"{wanted}/{figure.code}", details=details)
