"""A running embedded system in this process in which a class was paid and another cancelled, and all that was said.

Everything the gates need to know of it comes from the OpenAPI documents and from the recorded traffic: who builds an
address need not touch anything here, unless nothing in the stories makes the things that its path names.
"""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog

from peibu.credentials import read_credentials, read_sample
from peibu.demo.people import sample_credit_code
from peibu.demo.play import cast_over, next_opening
from peibu.demo.scene import LEVEL, OCCUPATION, Cast, Script
from peibu.issuer import Issuer
from peibu.sandbox_clock import DEFAULT_LEGAL_START
from peibu.seed import BUREAU, REGION
from peibu.services import SERVICES, settings_of
from peibu.system import ISSUER, System, running_system
from shared.clock import new_id
from shared.database.migrate import migrate
from shared.web.logging import configure_logging
from shared.web.rate_limit import RateLimit
from tests.cases.beside.huludao import AdvanceAsked
from tests.cases.casting import Casting
from tests.faults.observation import Observation, observe_home
from tests.gates.operations import Call, Operation, call_of, operations_of
from tests.gates.traffic import Recorder, ids_in
from tests.journey.cancellation import opened
from tests.journey.playing import tell

DOCUMENTED: Final = (*SERVICES, "auth", "clock")
SEED, CANCELLED_SEED = 1, 2


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token says its bearer is."""

    subject: str
    organisation: str
    region: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What only another document knows, in another region: its institution and things of each name."""

    region: str
    ids: dict[str, str]


@dataclass(slots=True, kw_only=True)
class World:
    """The running system, its documents, its things and its traffic."""

    home: Path
    system: System
    issuer: Issuer
    http: httpx.AsyncClient
    recorder: Recorder
    cast: Cast
    log_file: Path
    scripts: list[Script] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    """One thing of each name (`class_id`) in the home institution's and region's hands: the first that was made."""
    made: dict[str, dict[str, str]] = field(default_factory=dict)
    """By service, what no story makes and `MADE` did."""
    foreign: dict[str, str] = field(default_factory=dict)
    """The other institution and body of the same region."""
    elsewhere: Elsewhere | None = None
    """A class under another document, for which an advance was asked."""
    _tokens: dict[Identity, str] = field(default_factory=dict)

    def home_of(self, *, elsewhere: bool) -> Elsewhere:
        """Give the region and the things that an operation is tried on: at home, or where such things exist."""
        if not elsewhere or self.elsewhere is None:
            return Elsewhere(region=REGION, ids=self.ids)
        return replace(self.elsewhere, ids={**self.ids, **self.elsewhere.ids})

    async def call(self, call: Call, identity: Identity | None) -> httpx.Response:
        """Send a request as somebody, or as the public, under a new idempotency key."""
        headers = {"Idempotency-Key": new_id(), **({} if identity is None else self.bearer(identity))}
        return (
            await self.http.request(
                call.method, call.target, json=call.body, headers=headers, timeout=httpx.Timeout(30.0)
            )
            if call.body is not None
            else await self.http.request(call.method, call.target, headers=headers)
        )

    def bearer(self, identity: Identity) -> dict[str, str]:
        """Give the header of a token that names these claims."""
        if identity not in self._tokens:
            self._tokens[identity] = self.issuer._sign(
                "gate",
                subject=identity.subject,
                organisation=identity.organisation,
                region=identity.region,
                roles=identity.roles,
            )
        return {"Authorization": f"Bearer {self._tokens[identity]}"}

    def request_for(self, operation: Operation, *, elsewhere: bool = False) -> Call:
        """Give the request of the stories that called this operation with success, else one made from examples."""
        if elsewhere:
            return call_of(operation, self.home_of(elsewhere=True).ids)
        for exchange in self.recorder.exchanges:
            if exchange.status < 300 and operation.matches(exchange):
                return Call(
                    method=exchange.method,
                    target=exchange.url.raw_path.decode(),
                    body=json.loads(exchange.sent) if exchange.sent else None,
                    missing=frozenset(),
                )
        return call_of(operation, {**self.ids, **self.made.get(operation.service, {})})

    async def observe(self) -> Observation:
        """Read every database and the event log from outside."""
        return await observe_home(self.home)


@asynccontextmanager
async def played_world(home: Path) -> AsyncIterator[World]:
    """Run a new system under `home` and play both stories in it."""
    log_file = home / "gate.log"
    async with AsyncExitStack() as stack:
        stack.enter_context(_logging_to(log_file))
        for name in SERVICES:
            await migrate(name, settings_of(name, home=home).database_url)
        system = await stack.enter_async_context(running_system(home, legal_start=DEFAULT_LEGAL_START))
        for part in system.front._parts.values():  # the gates ask thousands of times from one address
            unlimited = RateLimit(1_000_000)
            part.state.public_reads = part.state.public_writes = part.state.public_codes = unlimited  # type: ignore[attr-defined]
        recorder = Recorder(system.front)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=recorder, base_url="http://gate.test"))
        world = World(
            home=home,
            system=system,
            issuer=Issuer(home, issuer=ISSUER),
            http=http,
            recorder=recorder,
            cast=cast_over(http, read_credentials(home), read_sample(home)),
            log_file=log_file,
        )
        await _read_documents(world)
        await _play(world)
        recorder.recording = False
        world.elsewhere = await _ask_for_an_advance(world)
        world.ids["application_id"] = await _application_of_a_centre(world)
        world.ids["correction_id"] = await _rate_correction(world.cast)
        world.ids["case_id"] = new_id()  # of nothing: no story ends with a satisfaction that opens one
        logging.getLogger().setLevel(logging.WARNING)  # thousands of questions follow; pytest would show each of them
        yield world


async def _read_documents(world: World) -> None:
    for service in DOCUMENTED:
        answer = await world.http.get(f"/{service}/openapi.json")
        world.documents[service] = answer.json()
        world.operations += operations_of(service, world.documents[service])


async def _sign_in_to_no_class(cast: Cast) -> None:
    """Let a device name a class that never opens; before the next story is over the bureau is told."""
    signed_at = (await cast.system_admin.get("/clock/v1/now"))["legal_now"]
    row = {"sequence": 1, "class_id": "class-of-nobody", "person_id": "nobody", "signed_at": signed_at}
    path = f"/supervision/v1/devices/{cast.device_id}/sign-ins"
    await cast.device.post(path, {"sign_ins": [{**row, "method": "fingerprint"}]})


async def _unknown_class(cast: Cast) -> str:
    tasks = await cast.inspector.get("/supervision/v1/queue")
    (case_id,) = [one["task_id"] for one in tasks["items"] if one["kind"] == "unknown_class"]
    return str(case_id)


async def _play(world: World) -> None:
    world.scripts.append(await tell(world.cast, SEED))
    await _sign_in_to_no_class(world.cast)
    cancelled = await opened(world.cast, seed=CANCELLED_SEED, name="gates")
    await cancelled.hold()
    await cancelled.confirm()
    await cancelled.claim_refused()
    await cancelled.late_sign_ins()
    world.made["supervision"] = {"case_id": await _unknown_class(world.cast)}
    world.scripts.append(cancelled.script)
    world.ids.update(_sample_ids(world.cast))
    for exchange in world.recorder.exchanges:
        if exchange.status < 300 and exchange.url.path.split("/")[-1] != "openapi.json":
            for name, value in ids_in(exchange.received):
                world.ids.setdefault(name, value)
    world.foreign = await _foreign_parties(world.cast)
    await _make(world)


async def _make(world: World) -> None:
    """Make what no story makes, from the documents' own examples."""
    for operation in world.operations:
        role = MADE.get(operation.key.replace(f"/{operation.service}/", "/{service}/"))
        if role is not None:
            organisation = world.ids["institution_id"] if role == "institution" else BUREAU
            identity = Identity(subject=f"gate-{role}", organisation=organisation, region=REGION, roles=(role,))
            answer = await world.call(call_of(operation, world.ids), identity)
            if answer.is_error:
                raise RuntimeError(f"{operation.key} refused its own example: {answer.text}")
            made = dict(ids_in(answer.json()))
            world.made.setdefault(operation.service, {}).update(made)
            world.ids.update(made)
    world.ids.update({name: value for name, value in UNMADE.items() if name not in world.ids})


MADE: Final = {
    "POST /{service}/v1/webhooks": "province",
    "POST /{service}/v1/exceptions": "approver",
    "POST /{service}/v1/claims/{claim_id}/breaches": "inspector",
    "POST /{service}/v1/reports/monthly/{month}/signature": "approver",
}
"""Operations that make what other operations name, and as whom to call them; add yours when a gate asks for an id."""
MADE |= {
    "POST /{service}/v1/institutions/{institution_id}/suspensions": "approver",
    "POST /{service}/v1/institutions/{institution_id}/suspensions/{suspension_id}/rectification-reports": "institution",
    "POST /{service}/v1/registers/{register}": "institution",
}


async def _ask_for_an_advance(world: World) -> Elsewhere:
    """Let a class of Huludao open and an advance be asked for it: Jiyuan's document knows none."""
    story = AdvanceAsked.on(await next_opening(world.cast), Casting(world.home, world.cast))
    if broken := await story.play():
        raise RuntimeError(f"no advance was asked for: {broken}")
    return Elsewhere(region=story.case.region, ids=story.ids)


async def _rate_correction(cast: Cast) -> str:
    """Let finance propose to correct the rate at which both stories' classes were reserved."""
    keys = {"programme": "training", "occupation": OCCUPATION, "level": LEVEL, "certificate_kind": "level"}
    rate = {**keys, "region": REGION, "valid_from": "2021-05-01", "amount_fen": 1, "source": "示例标准"}
    proposal = await cast.finance.post("/payment/v1/rate-corrections", {**rate, "reason": "示例更正"})
    return str(proposal["correction_id"])


async def _application_of_a_centre(world: World) -> str:
    """Let a training centre of the home region apply to be listed, which no other institution needs."""
    centre = await _institution(world.cast, name="示例企业职工培训中心", kind="enterprise_centre", number=5)
    identity = Identity(subject="gate-centre", organisation=centre, region=REGION, roles=("institution",))
    (operation,) = [one for one in world.operations if one.key == LISTING]
    answer = await world.call(call_of(operation, {"institution_id": centre}), identity)
    return str(answer.raise_for_status().json()["application_id"])


LISTING: Final = "POST /enrollment/v1/institutions/{institution_id}/listing-applications"


UNMADE: Final = {
    "application_id": "application-of-nobody",
    "clawback_id": "clawback-of-nobody",
}
"""Ids that no story makes and no single operation can; unknown ones show only that a stranger learns nothing."""


def _sample_ids(cast: Cast) -> dict[str, str]:
    return {
        "institution_id": cast.institution_id,
        "device_id": cast.device_id,
        "body_id": cast.body_id,
        "teacher_id": cast.teacher_ids[0],
        "venue_id": cast.venue_id,
    }


async def _foreign_parties(cast: Cast) -> dict[str, str]:
    institution = await _institution(cast, name="另一示例培训学校", kind="private_school", number=3)
    body = await cast.approver.post(
        "/assessment/v1/bodies",
        {
            "name": "另一示例评价机构",
            "credit_code": sample_credit_code(4),
            "region": REGION,
            "certificate_kinds": ["level"],
            "occupations": [OCCUPATION],
            "is_bureau": False,
        },
    )
    return {"institution_id": institution, "body_id": body["body_id"]}


async def _institution(cast: Cast, *, name: str, kind: str, number: int) -> str:
    """Register an institution of the home region and give its id."""
    answer = await cast.approver.post(
        "/enrollment/v1/institutions",
        {
            "name": name,
            "credit_code": sample_credit_code(number),
            "kind": kind,
            "region": REGION,
            "ownership": "private",
            "liability_incidents": [],
            "annual_inspections": [{"year": DEFAULT_LEGAL_START.year - 1, "passed": True}],
        },
    )
    return str(answer["institution_id"])


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    """Log as a running system does, into a file; afterwards as before."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    with file.open("w", encoding="utf-8") as stream:
        configure_logging(stream=stream)
        try:
            yield
        finally:
            structlog.reset_defaults()
            root.handlers[:] = before
            root.setLevel(level)


def path_of(call: Call) -> str:
    """Give a call's path without its query."""
    return urlsplit(call.target).path
