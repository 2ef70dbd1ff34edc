"""P10: a province-year of claims decided with reasons, stored and resumable, beside one SQL statement and an ORM loop.

python -m bench.claims URL PERSONS [STEPS_MAX]    the measured path alone, to be killed and run again by a test
"""

import asyncio
import gc
import sys
from collections.abc import Mapping, Sequence
from typing import Final, Self

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped

from bench.flat import Class, Person, amounts, flattened
from bench.measuring import Cell, WrongAnswer
from bench.province_year import Claimed, afresh, province_year
from bench.second import Second
from services.payment.domain.deciding import decide
from services.payment.domain.replay import Replayed, replayed
from services.payment.storage.replays import StoredReplays
from services.payment.storage.tables import METADATA, REPLAY_CLAIM, REPLAY_LINE, REPLAY_PART
from shared.clock import LegalClock, machine_now
from shared.database.bulk import insert_rows
from shared.database.engine import Database, open_database
from shared.database.metadata import new_metadata

CLASSES_OF_A_STEP: Final = 100
NAME: Final = "bench"
ALONE: Final = "bench alone"
EMBEDDED: Final = "bench embedded"
"""Replays, and the facts that each of them is made from."""

SERVING: Final = "serving"
_AFRESH: Final = "afresh"
_PART: Final = "part"
_PEERS: Final = new_metadata()

BENCH_CLASS: Final = Table(
    "bench_class",
    _PEERS,
    Column("class_no", Integer, primary_key=True),
    Column("claim_id", String(200), nullable=False),
    Column("document", String(20), nullable=False),
    Column("programme", String(100), nullable=False),
    Column("heads", Integer, nullable=False),
    Column("rate_fen", BigInteger, nullable=False),
    Column("allowance_fen", BigInteger, nullable=False),
    Column("opening", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("works", Integer),
)
BENCH_PERSON: Final = Table(
    "bench_person",
    _PEERS,
    Column("class_no", ForeignKey("bench_class.class_no"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("person_id", String(200), nullable=False),
    Column("person_group", String(50), nullable=False),
    Column("certified", Boolean, nullable=False),
    Column("employed", Boolean, nullable=False),
    Column("days", Integer, nullable=False),
)


def _lines_like(name: str) -> Table:
    """Give a table of lines with the columns and the key of the product's."""
    columns = [
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in REPLAY_LINE.columns
    ]
    return Table(name, _PEERS, *columns)


BENCH_STATEMENT: Final = _lines_like("bench_statement")
BENCH_LOOP: Final = _lines_like("bench_loop")


class _Base(DeclarativeBase):
    metadata = _PEERS


class _PersonRow(_Base):
    """A person as an ORM sees them."""

    __table__ = BENCH_PERSON
    class_no: Mapped[int]
    place: Mapped[int]
    person_id: Mapped[str]
    person_group: Mapped[str]
    certified: Mapped[bool]
    employed: Mapped[bool]
    days: Mapped[int]


class _ClassRow(_Base):
    """A class as an ORM sees it."""

    __table__ = BENCH_CLASS


class _LineRow(_Base):
    """A line as an ORM writes it."""

    __table__ = BENCH_LOOP


STATEMENT: Final = """
INSERT INTO bench_statement
WITH person AS (
    SELECT c.claim_id, c.class_no, c.document, c.programme, c.heads, c.allowance_fen, p.place, p.person_id,
        p.person_group, p.days, p.certified,
        CASE
            WHEN NOT p.certified THEN 0
            WHEN c.document = 'huludao' THEN 200000
            WHEN c.document = 'hebei' AND p.person_group <> 'employee' AND NOT p.employed THEN c.rate_fen * 80 / 100
            ELSE c.rate_fen
        END AS fen
    FROM bench_class c JOIN bench_person p USING (class_no)
), line AS (
    SELECT claim_id, place + 1 AS line_no, person_id, programme, fen FROM person
    UNION ALL
    SELECT claim_id, heads + place + 1, person_id, 'living_allowance',
        CASE document WHEN 'quanjiao' THEN days * 5000 ELSE LEAST(days, 30) * allowance_fen END
    FROM person
    WHERE (document = 'quanjiao' AND person_group = 'employment_difficult')
        OR (document = 'linshu' AND person_group = 'poor_worker')
), total AS (
    SELECT class_no, SUM(fen) AS fen, COUNT(*) FILTER (WHERE certified) AS recognised FROM person GROUP BY class_no
), based AS (
    SELECT c.*, t.fen, t.recognised,
        CASE WHEN c.counted * 100 < c.opening * c.checks * 90 THEN c.counted / c.checks ELSE c.opening END AS base
    FROM bench_class c JOIN total t USING (class_no)
), cut AS (
    SELECT claim_id, programme,
        CASE
            WHEN document = 'jiyuan' AND base < recognised THEN FLOOR(fen * base / recognised)::bigint - fen
            WHEN document = 'linshu' AND (works IS NULL OR works * 100 < heads * 85)
                THEN FLOOR(fen * 60 / 100)::bigint - fen
            ELSE 0
        END AS fen
    FROM based
), last AS (
    SELECT claim_id, MAX(line_no) AS line_no FROM line GROUP BY claim_id
)
SELECT 'bench', claim_id, line_no, person_id, programme, 0, fen, fen > 0, 1 FROM line
UNION ALL
SELECT 'bench', claim_id, last.line_no + 1, NULL, cut.programme, 0, cut.fen, FALSE, 1
FROM cut JOIN last USING (claim_id) WHERE cut.fen <> 0
"""


class Claims:
    """The year in hand, and what each cell makes of it."""

    def __init__(self, year: Sequence[Claimed], postgres: Database, sqlite: Database) -> None:
        self.year = year
        self.persons = sum(len(claimed.case.opened.fact.trainees) for claimed in year)
        self.postgres, self.sqlite = postgres, sqlite
        self._years: dict[str, list[Claimed]] = {}
        self.cells: Mapping[str, Cell] = {
            "claims decided and stored": self._decide_by_two,
            "claims decided and stored by one process": self._decide_alone,
            "one SQL statement": self._statement,
            "an ORM loop": self._loop,
            "claims decided and stored, SQLite": self._decide_embedded,
        }

    async def __aenter__(self) -> Self:
        """Make the tables, put the flat rows where the peers read them, and start the second process."""
        for database in (self.postgres, self.sqlite):
            await make_tables(database)
        flat = [*flattened(self.year)]
        async with self.postgres.connect() as connection, connection.begin():
            await connection.run_sync(_PEERS.create_all)
            await insert_rows(connection, BENCH_CLASS, [_class_row(one) for one, _ in flat])
            await insert_rows(connection, BENCH_PERSON, [tuple(person) for _, people in flat for person in people])
        async with self.postgres.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("ANALYZE"))
        url = self.postgres.engine.url.render_as_string(hide_password=False)
        self._second = Second("bench.claims", url, str(self.persons), SERVING)
        await self._second.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._second.__aexit__()

    async def reset(self) -> None:
        """Forget what the last round stored."""
        self._years = {name: afresh(self.year) for name in (NAME, ALONE, EMBEDDED)}
        self._second.begin(_AFRESH)
        await self._second.end()
        for database in (self.postgres, self.sqlite):
            await clear(database)
        await begin(self.postgres, NAME, [self.year[half_of(self.year) - 1].case.facts.class_id])
        await begin(self.postgres, ALONE)
        await begin(self.sqlite, NAME)
        async with self.postgres.connect() as connection, connection.begin():
            await connection.execute(text("TRUNCATE bench_statement, bench_loop"))

    async def check(self) -> None:
        """Compare what the cells stored: the product's lines with the peers', PostgreSQL's bytes with SQLite's."""
        mine = select(REPLAY_LINE.c.claim_id, REPLAY_LINE.c.line_no, REPLAY_LINE.c.after_fen)
        mine = mine.where(REPLAY_LINE.c.name == NAME)
        async with self.postgres.connect(write=False) as connection:
            for peer in (BENCH_STATEMENT, BENCH_LOOP):
                theirs = select(peer.c.claim_id, peer.c.line_no, peer.c.after_fen)
                for one, other in ((mine, theirs), (theirs, mine)):
                    missing = select(func.count()).select_from(one.except_(other).subquery())
                    if await connection.scalar(missing):
                        raise WrongAnswer(f"{peer.name} and the product's lines differ")
            if not await connection.scalar(select(func.count()).select_from(BENCH_STATEMENT)):
                raise WrongAnswer("nothing was stored")
        texts = {await stored_text(database) for database in (self.postgres, self.sqlite)}
        if len(texts | {await stored_text(self.postgres, ALONE)}) != 1:
            raise WrongAnswer("PostgreSQL and SQLite, or one process and two, hold other bytes")

    async def _decide_by_two(self) -> int:
        """Do the first half here, while a process of its own does the second."""
        self._second.begin(_PART)
        await decide_and_store(self._years[NAME][: half_of(self.year)], self.postgres)
        await self._second.end()
        return self.persons

    async def _decide_alone(self) -> int:
        await decide_and_store(self._years[ALONE], self.postgres, name=ALONE)
        return self.persons

    async def _decide_embedded(self) -> int:
        await decide_and_store(self._years[EMBEDDED], self.sqlite)
        return self.persons

    async def _statement(self) -> int:
        async with self.postgres.connect() as connection, connection.begin():
            await connection.execute(text(STATEMENT))
        return self.persons

    async def _loop(self) -> int:
        """Do it as a tutorial would: load each class's people as objects, compute, add an object per line, commit."""
        async with AsyncSession(self.postgres.engine) as session:
            for class_no in (await session.scalars(select(BENCH_CLASS.c.class_no))).all():
                one = await session.get_one(_ClassRow, class_no)
                rows = await session.scalars(select(_PersonRow).where(_PersonRow.class_no == class_no))
                session.add_all(_orm_lines(one, rows.all()))
                await session.commit()
                session.expunge_all()
        return self.persons


def _orm_lines(one: _ClassRow, people: Sequence[_PersonRow]) -> list[_LineRow]:
    own = Class(**{column.name: getattr(one, column.name) for column in BENCH_CLASS.columns})
    flat = [Person(*(getattr(row, column.name) for column in BENCH_PERSON.columns)) for row in people]
    names = {person.place + 1: person.person_id for person in flat}
    names |= {own.heads + person.place + 1: person.person_id for person in flat}
    return [
        _LineRow(
            name=NAME,
            claim_id=claim_id,
            line_no=line_no,
            person_id=names.get(line_no) if fen >= 0 else None,
            programme=own.programme,
            before_fen=0,
            after_fen=fen,
            recognised=fen > 0,
            reason=1,
        )
        for claim_id, line_no, fen in amounts(own, flat)
    ]


def _class_row(one: Class) -> tuple[object, ...]:
    return tuple(getattr(one, column.name) for column in BENCH_CLASS.columns)


def judged(claimed: Claimed) -> Replayed:
    """Decide a claim as the service does, by its own domain."""
    case = claimed.case
    found = decide(
        case.facts,
        case.opened,
        rulebook=case.rulebook,
        rates=claimed.rates,
        decisions=claimed.decisions,
        entitled=claimed.entitled,
    )
    return replayed(case.facts.class_id, case.opened.fact.region, before=(), found=found)


async def decide_and_store(
    year: Sequence[Claimed],
    database: Database,
    *,
    name: str = NAME,
    part: int = 0,
    classes_of_a_step: int = CLASSES_OF_A_STEP,
) -> None:
    """Decide a part of the year's claims step by step, each a transaction, from where an earlier run ended."""
    for first in range(0, len(year), classes_of_a_step):
        step = year[first : first + classes_of_a_step]
        last = step[-1].case.facts.class_id
        async with database.connect() as connection, connection.begin():
            replays = StoredReplays(connection)
            reached, _ = await replays.go_on(name, part)
            if last > reached:
                await replays.add(name, part, [judged(claimed) for claimed in step], reached=last)


async def begin(database: Database, name: str = NAME, limits: Sequence[str] = ()) -> None:
    """Deal the year's claims out into parts that end at these classes; one that was begun stays as it is."""
    async with database.connect() as connection, connection.begin():
        await StoredReplays(connection).begin(name, "bench", limits, at=machine_now())


def half_of(year: Sequence[Claimed]) -> int:
    """Give how many classes are the first of two parts of a year."""
    return max(1, len(year) // 2)


async def stored_text(database: Database, name: str = NAME) -> str:
    """Give everything that was stored as one text, with its reasons: the same on both databases to the byte."""
    async with database.connect(write=False) as connection:
        return "\n".join([repr(sorted(line.items())) async for line in StoredReplays(connection).lines(name)])


async def make_tables(database: Database) -> None:
    """Make the product's tables that the measured path writes."""
    async with database.connect() as connection, connection.begin():
        tables = [table for name, table in METADATA.tables.items() if name.startswith("replay")]
        await connection.run_sync(lambda sync: METADATA.create_all(sync, tables=tables))


async def clear(database: Database) -> None:
    """Forget what an earlier round stored."""
    async with database.connect() as connection, connection.begin():
        for table in (REPLAY_LINE, REPLAY_CLAIM, REPLAY_PART, METADATA.tables["replay"]):
            await connection.execute(table.delete() if database.is_sqlite else text(f"TRUNCATE {table.name} CASCADE"))


async def run(url: str, persons: int, *, classes_of_a_step: int = CLASSES_OF_A_STEP) -> None:
    """Decide the claims of so many persons into a database."""
    database = open_database("payment", url, clock=LegalClock())
    try:
        await make_tables(database)
        await begin(database)
        await decide_and_store([*province_year(persons)], database, classes_of_a_step=classes_of_a_step)
    finally:
        await database.close()


async def serve_second(url: str, persons: int) -> None:
    """Do the second part of the year whenever a line of the input says so, and say when it is done."""
    database = open_database("payment", url, clock=LegalClock())
    year = [*province_year(persons)]
    year = year[half_of(year) :]
    mine: list[Claimed] = []
    gc.collect()
    gc.freeze()
    try:
        for line in sys.stdin:  # nothing else runs here
            if line.strip() == _AFRESH:
                mine = afresh(year)
            else:
                await decide_and_store(mine, database, part=1)
            gc.collect()
            print("done", flush=True)  # noqa: T201
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run((serve_second if sys.argv[3:] == [SERVING] else run)(sys.argv[1], int(sys.argv[2])))
