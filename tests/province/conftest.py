"""A simulated provincial gateway behind real HTTP, and a service whose lines a test decides."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.province import Province, server_of
from shared.contracts.enrollment import RosterEntryChanged, TraineeWithdrawn
from shared.database.unit_of_work import UnitOfWork
from shared.domain.errors import NotFound
from shared.province.gateway import Gateway
from shared.province.pushing import ProvincialPusher
from shared.province.record import Line, ProvincialRecord
from tests.changes.conftest import PACE, House, Placed, database, house

__all__ = ["database", "house"]

CLASS = "class 1"
NAME, IDENTITY, PHONE = "示例某某", "110105194912310021", "13900000000"


@contextmanager
def open_province(**moods: Any) -> Iterator[tuple[Province, str]]:
    """Run a provincial gateway and give it with its address."""
    province = Province(**moods)
    server = server_of(province)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield province, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        province.woken.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def province() -> Iterator[tuple[Province, str]]:
    """Give a well-behaved province and its address."""
    with open_province() as found:
        yield found


def lines_of(count: int, *, level: str = "4") -> list[Line]:
    """Give a roster's lines."""
    return [
        Line(
            line=f"trainee:{number}",
            label=f"第 {number} 行",
            content={
                "row": number,
                "name": f"{NAME}{number}",
                "identity_number": IDENTITY,
                "phone": PHONE,
                "level": level,
            },
            personal=frozenset({"name", "identity_number", "phone"}),
        )
        for number in range(1, count + 1)
    ]


@dataclass
class Roster:
    """What the service's own database would say: lines by class."""

    lines: dict[str, list[Line]] = field(default_factory=dict)

    @property
    def record(self) -> ProvincialRecord:
        async def lines(_: UnitOfWork, class_id: str) -> Sequence[Line]:
            return self.lines.get(class_id, [])

        async def require_visible(_: UnitOfWork, class_id: str) -> None:
            if class_id not in self.lines:
                raise NotFound(code="CLASS_NOT_FOUND", message="没有这个班级。", advice="请核对编号。")

        return ProvincialRecord(
            checkpoint="plan_and_roster",
            name="培训计划与花名册",
            triggers=frozenset({TraineeWithdrawn}),
            lines=lines,
            entry=RosterEntryChanged,
            require_visible=require_visible,
        )


def pusher_of(house: House, roster: Roster, url: str, *, answer_seconds: float = 0.5) -> ProvincialPusher:
    """Give the leader's duty at a test's pace."""
    return ProvincialPusher(
        database=house.database,
        record=roster.record,
        open_unit=lambda actor, *, write: Placed(house.database, actor=actor, write=write),
        gateway=Gateway(url, "sandbox", answer_seconds=answer_seconds),
        vault=house.settings.vault,
        pace=PACE,
    )
