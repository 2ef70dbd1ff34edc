"""The HTTP process of supervision."""

from pathlib import Path

from fastapi import FastAPI

from services.supervision.api import archives, classes, findings, queue, sign_ins
from services.supervision.application.provincial_record import PROVINCIAL_RECORD
from services.supervision.messaging.incoming import TOPICS
from services.supervision.wiring import Wiring
from shared.changes.doors import change_routers
from shared.province.api import provincial_router
from shared.web.application import create_application
from shared.web.authentication import Authenticator
from shared.web.health import database_check, events_check
from shared.web.problem_codes import read_problem_codes
from shared.web.sandbox import sandbox_router


def create_app(wiring: Wiring, *, authenticator: Authenticator) -> FastAPI:
    """Give the application; its addresses are full paths under `/supervision`."""
    return create_application(
        "supervision",
        title="培补 · 监管",
        description="开班后的过程监管：签到、录像、现场检查、疑点与培训完成情况。",
        routers=[
            sign_ins.router,
            classes.router,
            archives.router,
            findings.router,
            queue.router,
            *change_routers(wiring.settings),
            provincial_router(wiring.settings, PROVINCIAL_RECORD),
            sandbox_router("supervision", consumes=TOPICS),
        ],
        authenticator=authenticator,
        open_unit=wiring.unit_of_work,
        problem_codes=read_problem_codes(Path(__file__).parent / "api" / "problems.toml"),
        checks=[database_check(wiring.database), events_check(wiring.database)],
    )
