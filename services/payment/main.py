"""The HTTP process of payment."""

from pathlib import Path

from fastapi import FastAPI

from services.payment.api import (
    advances,
    archives,
    claims,
    corrections,
    desk,
    filings,
    money,
    notices,
    payouts,
    reports,
    work,
)
from services.payment.messaging.incoming import TOPICS
from services.payment.wiring import Wiring
from shared.changes.doors import change_routers
from shared.web.application import create_application
from shared.web.authentication import Authenticator
from shared.web.health import database_check, events_check
from shared.web.problem_codes import read_problem_codes
from shared.web.sandbox import sandbox_router


def create_app(wiring: Wiring, *, authenticator: Authenticator) -> FastAPI:
    """Give the application that answers `/payment/…`."""
    return create_application(
        "payment",
        title="培补 · 资金",
        description="补贴资格与预算、申领与审核、公示与异议、拨付与银行回执、资金台账、统计与月报。",
        routers=[
            claims.router,
            desk.router,
            corrections.router,
            advances.router,
            notices.router,
            money.router,
            reports.router,
            filings.router,
            work.router,
            payouts.router,
            archives.router,
            *change_routers(wiring.settings),
            sandbox_router("payment", consumes=TOPICS),
        ],
        authenticator=authenticator,
        open_unit=wiring.unit_of_work,
        problem_codes=read_problem_codes(Path(__file__).parent / "api" / "problems.toml"),
        checks=[database_check(wiring.database), events_check(wiring.database)],
    )
