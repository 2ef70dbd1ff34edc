"""Enrollment's HTTP application."""

from pathlib import Path

from fastapi import FastAPI

from services.enrollment.api import (
    archives,
    cases,
    centres,
    classes,
    eligibility,
    institutions,
    registers,
    rosters,
    suspensions,
    targets,
)
from services.enrollment.application.provincial_record import PROVINCIAL_RECORD
from services.enrollment.messaging.incoming import TOPICS
from services.enrollment.wiring import Wiring
from shared.changes.doors import change_routers
from shared.province.api import provincial_router
from shared.web.application import create_application
from shared.web.authentication import Authenticator
from shared.web.health import database_check, events_check
from shared.web.problem_codes import read_problem_codes
from shared.web.sandbox import sandbox_router


def create_app(wiring: Wiring, *, authenticator: Authenticator) -> FastAPI:
    """Give the application that answers `/enrollment/…`."""
    return create_application(
        "enrollment",
        title="培补 · 办班",
        description="培训机构与目录、实名制人员、开班申请与花名册逐行审核、审批、名额与预算预留、按期开班。",
        routers=[
            institutions.router,
            suspensions.router,
            centres.router,
            registers.router,
            classes.router,
            rosters.router,
            cases.router,
            targets.router,
            eligibility.router,
            archives.router,
            *change_routers(wiring.settings),
            provincial_router(wiring.settings, PROVINCIAL_RECORD),
            sandbox_router("enrollment", consumes=TOPICS),
        ],
        authenticator=authenticator,
        open_unit=wiring.unit_of_work,
        problem_codes=read_problem_codes(Path(__file__).parent / "api" / "problems.toml"),
        checks=[database_check(wiring.database), events_check(wiring.database)],
    )
