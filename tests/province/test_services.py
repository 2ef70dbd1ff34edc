"""What enrollment, supervision and assessment enter in the provincial system, from their own databases (JY-INT-01)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from services.assessment.application.provincial_record import PROVINCIAL_RECORD as RESULTS
from services.enrollment.application.provincial_record import PROVINCIAL_RECORD as PLAN_AND_ROSTER
from services.enrollment.worker import create_worker
from services.supervision.application.provincial_record import PROVINCIAL_RECORD as INSPECTIONS
from services.supervision.application.record_check import record_check
from shared.clock import LegalClock
from shared.database.engine import Database, open_database
from shared.database.migrate import migrate
from shared.database.unit_of_work import UnitOfWork
from shared.domain.actor import Role
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.relay import Relay
from shared.province.gateway import PROVINCE_TOKEN, Gateway
from shared.province.pushing import ProvincialPusher
from shared.province.record import ProvincialRecord
from shared.settings import write_secret
from tests.assessment.office import FAIL
from tests.assessment.office import Office as AssessmentOffice
from tests.assessment.sample import CLASS as EXAMINED
from tests.changes.conftest import PACE
from tests.enrollment.clients import Clients, created, roster_rows, wired
from tests.enrollment.desk import VAULT
from tests.enrollment.test_api import applied
from tests.province.test_pushing import Simulated
from tests.servers import FreshDatabases
from tests.supervision.office import INSPECTOR
from tests.supervision.office import Office as SupervisionOffice
from tests.supervision.sample import CLASS as SUPERVISED
from tests.supervision.test_use_cases_class import NINE, check


@asynccontextmanager
async def opened(databases: FreshDatabases, service: str) -> AsyncIterator[Database]:
    database = open_database(service, await databases.cloned(service, partial(migrate, service)), clock=LegalClock())
    yield database
    await database.close()


async def entered(database: Database, record: ProvincialRecord, open_unit: Any, url: str, folder: Path) -> list[str]:
    """Relay what was published, push what follows, and give the lines the province has."""
    bus = EmbeddedBus(folder / "events")
    await bus.ensure_topics()
    publisher = bus.publisher()
    await Relay(database, bus).drain(publisher)
    pusher = ProvincialPusher(
        database=database,
        record=record,
        open_unit=open_unit,
        gateway=Gateway(url, "sandbox"),
        vault=lambda: VAULT,
        pace=PACE,
    )
    while await pusher.plan_changes():
        pass
    while await pusher.push_due():
        pass
    await pusher.gateway.close()
    await publisher.close()
    await bus.close()
    async with open_unit(None, write=False) as unit:
        return [line.line for line in await record.lines(unit, EXAMINED if record is RESULTS else SUPERVISED)]


async def test_jy_enr_04_a_roster_is_pushed_with_the_application_with_every_minimum_field(
    databases: FreshDatabases, tmp_path: Path, province: Simulated
) -> None:
    simulated, url = province
    pushed: list[dict[str, Any]] = []
    answer = simulated.answer
    simulated.answer = lambda key, record: (pushed.append(record), answer(key, record))[1]  # type: ignore[method-assign]
    enrollment = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    async with wired(tmp_path, enrollment) as wiring:
        clients = Clients(wiring)
        await clients.furnish()
        school = clients.institution
        class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
        await created(school, f"/classes/{class_id}/roster", {"rows": roster_rows(3)}, status=200)
        path = f"/classes/{class_id}/provincial-record"
        assert (await school.get(path)).json()["lines"] == [], "a draft is nobody's business"
        await created(school, f"/classes/{class_id}/submission", {}, status=200)
        planned = (await school.get(path)).json()
        assert [line["line"] for line in planned["lines"]] == ["plan", "trainee:1", "trainee:2", "trainee:3"]
        assert planned["entered"] is False
        open_unit = partial(_enrollment_unit, wiring)
        await entered(wiring.database, PLAN_AND_ROSTER, open_unit, url, tmp_path / "bus")
        by_line = {record["line"]: record["content"] for record in pushed}
        assert next(iter(by_line)) == "plan", "the province knows the class before its people"
        assert sorted(by_line) == ["plan", "trainee:1", "trainee:2", "trainee:3"]
        sent, row = by_line["trainee:1"], roster_rows(1)[0]
        for name in ("name", "identity_number", "group", "employer_name"):
            assert sent[name] == row[name]
        assert (sent["occupation"], sent["level"]) == (by_line["plan"]["occupation"], "4")


def _enrollment_unit(wiring: Any, _actor: Any, *, write: bool) -> UnitOfWork:
    unit: UnitOfWork = wiring.unit_of_work(write=write)
    return unit


async def test_a_provincial_record_is_seen_by_its_institution_and_its_bureau_alone(
    databases: FreshDatabases, tmp_path: Path
) -> None:
    enrollment = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    async with wired(tmp_path, enrollment) as wiring:
        clients = Clients(wiring)
        await clients.furnish()
        path = f"/classes/{await applied(clients)}/provincial-record"
        assert (await clients.institution.get(path)).status_code == 200
        assert (await clients.officer(Role.PROVINCE, region="410000").get(path)).status_code == 200
        assert (await clients.officer(Role.PROVINCE, region="130000").get(path)).status_code == 404
        assert (await clients.client("x", "another school", Role.INSTITUTION).get(path)).status_code == 404
        assert (await clients.client("x", clients.school, Role.TRAINEE).get(path)).status_code == 403


async def test_a_leader_pushes_only_where_a_gateway_is_named(databases: FreshDatabases, tmp_path: Path) -> None:
    enrollment = await databases.cloned("enrollment", partial(migrate, "enrollment"))
    async with wired(tmp_path, enrollment) as wiring:

        def pushers(found: Any) -> int:
            duties = create_worker(found)._duties
            return sum(isinstance(getattr(duty, "__self__", None), ProvincialPusher) for duty in duties)

        assert pushers(wiring) == 0
        write_secret(tmp_path / "secrets" / PROVINCE_TOKEN, "sandbox")
        connected = wiring.settings.model_copy(update={"province_url": "http://127.0.0.1:1"})
        object.__setattr__(wiring, "settings", connected)
        assert pushers(wiring) == 1


async def test_inspections_are_entered_one_by_one(
    databases: FreshDatabases, tmp_path: Path, province: Simulated
) -> None:
    async with opened(databases, "supervision") as database:
        office = SupervisionOffice(database)
        await office.open()
        command = check(50, held_at=NINE)
        await office.act(lambda uow: record_check(uow, class_id=SUPERVISED, command=command), actor=INSPECTOR)

        def unit(_actor: Any, *, write: bool) -> UnitOfWork:
            return office.unit()

        lines = await entered(database, INSPECTIONS, unit, province[1], tmp_path)
    assert len(lines) == 1
    assert lines[0].startswith("inspection:")
    assert [one["line"] for one in province[0].receipts.values()] == lines


async def test_results_are_entered_person_by_person_when_an_exam_is_final(
    databases: FreshDatabases, tmp_path: Path, province: Simulated
) -> None:
    async with opened(databases, "assessment") as database:
        office = AssessmentOffice(database)
        await office.prepare()
        exam = await office.schedule()

        def unit(_actor: Any, *, write: bool) -> UnitOfWork:
            return office.unit()

        assert await entered(database, RESULTS, unit, province[1], tmp_path / "before") == []
        await office.finalise(exam, {"p01": FAIL, "p02": FAIL, "p03": FAIL, "p04": FAIL})
        lines = await entered(database, RESULTS, unit, province[1], tmp_path / "after")
    assert lines == [f"result:1:p0{number}" for number in (1, 2, 3, 4)]
    assert sorted(one["line"] for one in province[0].receipts.values()) == lines
