"""Clients of enrollment's own application, each with a token of its own, on a wired service without a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from peibu.demo.people import sample_credit_code
from services.enrollment.main import create_app
from services.enrollment.settings import EnrollmentSettings
from services.enrollment.wiring import Wiring, wire
from shared.clock import LegalClock, machine_now, new_id
from shared.domain.actor import Role
from shared.messaging.embedded import EmbeddedBus
from shared.settings import init_home
from shared.web.authentication import Authenticator, StaticKeys
from tests.enrollment.desk import people
from tests.enrollment.sample import BATCHES, CLOSING, OPENING, REGION, WELDER, moment, timetable

ISSUER = "https://issuer.test/auth"
KEY = ECKey.generate_key("P-256", auto_kid=True)
LEGAL_START = moment(date(2021, 5, 10), 9)

Json = dict[str, Any]


@asynccontextmanager
async def wired(home: Path, database: str, *, legal_start: datetime = LEGAL_START) -> AsyncIterator[Wiring]:
    """Wire a sandbox of enrollment whose legal time begins then."""
    init_home(home)
    bus = EmbeddedBus(home / "events")
    settings = EnrollmentSettings(
        home=home,
        database=database,
        sandbox=True,
        sandbox_offset=int((legal_start - machine_now()).total_seconds()),
    )
    wiring = await wire(settings, clock=LegalClock(), bus=bus)
    yield wiring
    await wiring.close()
    await bus.close()


class Clients:
    """Makes clients of one application; `school` is the institution registered by `furnish`."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.application: FastAPI = create_app(
            wiring, authenticator=Authenticator(issuer=ISSUER, keys=StaticKeys(KeySet([KEY])))
        )
        self.school = ""
        self.teacher_ids: list[str] = []
        self.venue_id = ""

    def client(self, subject: str, organisation: str, *roles: Role, region: str = REGION) -> httpx.AsyncClient:
        now = int(machine_now().timestamp())
        claims = {"iss": ISSUER, "aud": "peibu", "iat": now, "exp": now + 3600, "sub": subject, "org": organisation}
        claims |= {"region": region, "roles": list(roles)}
        token = jwt.encode({"alg": "ES256", "kid": KEY.kid}, claims, KEY, algorithms=["ES256"])
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.application),
            base_url="http://enrollment.test/enrollment/v1",
            headers={"Authorization": f"Bearer {token}"},
        )

    @property
    def institution(self) -> httpx.AsyncClient:
        return self.client("clerk", self.school, Role.INSTITUTION)

    def officer(self, role: Role, **given: Any) -> httpx.AsyncClient:
        return self.client(given.pop("subject", role.value), "bureau", role, **given)

    async def furnish(self, number: int = 1) -> None:
        """Register occupation, institution, directory entry, teachers and venue through the API."""
        approver = self.officer(Role.APPROVER)
        occupation = {"code": WELDER, "name": "焊工", "region": REGION, "certifiable": ["level"], "levels": ["5", "4"]}
        await created(approver, "/occupations", occupation)
        school = {
            "name": "示例职业培训学校",
            "credit_code": sample_credit_code(number),
            "kind": "private_school",
            "region": REGION,
            "ownership": "private",
            "annual_inspections": [{"year": 2020, "passed": True}],
        }
        self.school = (await created(approver, "/institutions", school))["institution_id"]
        entry = {"valid_from": "2021-01-01", "valid_to": "2021-12-31", "occupations": [WELDER]}
        await created(approver, f"/institutions/{self.school}/directory-entries", entry)
        for person in people(3, skip=60):
            teacher = {
                "name": person.name,
                "identity_number": person.identity_number,
                "specialty": "焊接",
                "qualification": "高级技师",
                "full_time": True,
            }
            answer = await created(self.institution, f"/institutions/{self.school}/teachers", teacher)
            self.teacher_ids.append(answer["teacher_id"])
        venue = {"name": "焊接实训室", "address": "示例路1号", "stations": [{"occupation": WELDER, "count": 10}]}
        answer = await created(self.institution, f"/institutions/{self.school}/venues", venue)
        self.venue_id = answer["venue_id"]

    def class_body(self, opening: date = OPENING, closing: date = CLOSING, **given: Any) -> Json:
        return {
            "kind": "class",
            "training_type": "employee_intermediate",
            "occupation": WELDER,
            "level": "4",
            "planned": 3,
            "opening_date": opening.isoformat(),
            "closing_date": closing.isoformat(),
            "funding_source": "skills_action_fund",
            "delivery": "offline",
            "training_mode": "self_run",
            "sealed": True,
            "contact_person": "示例",
            "telephone": "19900000001",
            "batch": next(BATCHES),
            "plan": {"title": "焊工中级班", "objective": "技能提升", "content": "焊接工艺"},
            "sessions": self.sessions(opening),
            **given,
        }

    def sessions(self, opening: date = OPENING) -> list[Json]:
        return [
            {
                "starts_at": one.starts_at.isoformat(),
                "ends_at": one.ends_at.isoformat(),
                "kind": one.kind,
                "class_hours": one.class_hours,
                "teacher_id": self.teacher_ids[number % 3],
                "venue_id": self.venue_id,
            }
            for number, one in enumerate(timetable(opening))
        ]


def roster_rows(count: int, *, skip: int = 0) -> list[Json]:
    return [
        {
            "row": number,
            "name": person.name,
            "identity_number": person.identity_number,
            "phone": person.phone,
            "group": "employee",
            "evidence": f"参保记录-{number}",
            "employer_name": "示例制造有限公司",
            "employer_region": REGION,
            "fee_fen": 0,
            "declares_ability_and_will": True,
        }
        for number, person in enumerate(people(count, skip=skip), start=1)
    ]


async def post(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> httpx.Response:
    headers = {"Idempotency-Key": new_id(), **headers}
    return await client.post(path, json=body, headers=headers)


async def created(client: httpx.AsyncClient, path: str, body: Any, *, status: int = 201) -> Json:
    answer = await post(client, path, body)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found
