"""The HTTP process of assessment."""

from pathlib import Path

from fastapi import FastAPI

from services.assessment.api import (
    archives,
    assessments,
    bodies,
    body_records,
    classes,
    corrections,
    exam_changes,
    queue,
    rulings,
    surveys,
)
from services.assessment.application.provincial_record import PROVINCIAL_RECORD
from services.assessment.messaging.incoming import TOPICS
from services.assessment.wiring import Wiring
from shared.changes.doors import change_routers
from shared.province.api import provincial_router
from shared.web.application import create_application
from shared.web.authentication import Authenticator
from shared.web.health import database_check, events_check
from shared.web.problem_codes import read_problem_codes
from shared.web.sandbox import sandbox_router


def create_app(wiring: Wiring, *, authenticator: Authenticator) -> FastAPI:
    """Give the application; its addresses are full paths under `/assessment`."""
    return create_application(
        "assessment",
        title="培补 · 考核",
        description="评价机构与合格分数线、考核申请、成绩、巡查签字、定稿与证书，学员满意度调查。",
        routers=[
            bodies.router,
            body_records.router,
            classes.router,
            assessments.router,
            archives.router,
            *change_routers(wiring.settings),
            provincial_router(wiring.settings, PROVINCIAL_RECORD),
            exam_changes.router,
            corrections.router,
            rulings.router,
            queue.router,
            surveys.router,
            sandbox_router("assessment", consumes=TOPICS),
        ],
        authenticator=authenticator,
        open_unit=wiring.unit_of_work,
        problem_codes=read_problem_codes(Path(__file__).parent / "api" / "problems.toml"),
        checks=[database_check(wiring.database), events_check(wiring.database)],
    )
