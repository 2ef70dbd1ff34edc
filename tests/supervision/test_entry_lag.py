"""QJ-DAT-01: how late attendance and inspections were entered, day of the event against day of the entry."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.supervision.application import queries
from services.supervision.application.queries import EntryLagReading, read_entry_lags
from services.supervision.application.record_check import RecordCheck, record_check
from services.supervision.application.void_record import void_check
from services.supervision.domain.entry_lag import EntryTally
from services.supervision.domain.sign_in import Verdict
from shared.audit.tables import AUDIT_ENTRY
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook, Shelf
from tests.supervision.conftest import Callers
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import REGION, at, class_opened, device, people, planned_session, shelf

COUNTY = "341124"
FIRST, LAST = date(2020, 6, 1), date(2020, 6, 30)
PATH = "/supervision/v1/entry-lags"
AUDITOR = Actor(subject="auditor-1", organisation="bureau", region=COUNTY, roles=frozenset({Role.AUDITOR}))
WATCHER = replace(INSPECTOR, region=COUNTY)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def quanjiao() -> Rulebook:
    return shelf().in_force(COUNTY, FIRST)


async def opened(
    office: Office, class_id: str = "class-1", *, region: str = COUNTY, institution: str = "school"
) -> None:
    """Open a class under Quanjiao's document that meets on the mornings of the first three days of June 2020."""
    sessions = tuple(planned_session(f"s{number}", at(day(number), 9)) for number in (1, 2, 3))
    fact = class_opened(
        class_id=class_id, sessions=sessions, approved_at=at(date(2020, 5, 29), 16), institution_id=institution
    )
    book = quanjiao() if region == COUNTY else shelf().in_force(region, date(2021, 6, 1))
    await office.register(device(f"device-{class_id}", institution_id=institution))
    await office.open(replace(fact, region=region, rulebook_id=book.id, opening_date=FIRST, closing_date=day(3)))


async def entered(
    office: Office, heads: int, number: int, now: datetime, *, first: int, class_id: str = "class-1", hour: int = 9
) -> None:
    """Let people sign in on a day, and their device hand it in later."""
    school = replace(SCHOOL, organisation="school", region=COUNTY)
    rows = sign_ins(people(heads), at(day(number), hour), first=first, class_id=class_id, method="face")
    answer = await office.push(rows, actor=school, device_id=f"device-{class_id}", now=now)
    assert set(answer.counts) <= {"accepted", "late", "duplicate"}


async def read(office: Office, actor: Actor = AUDITOR, *, since: date = FIRST, until: date = LAST) -> EntryLagReading:
    return (await office.act(lambda uow: read_entry_lags(uow, since=since, until=until, cursor=None), actor=actor))[0]


def lines(reading: EntryLagReading) -> list[tuple[str | None, str, int, int, bool]]:
    return [
        (each.session_id, each.entry_day.isoformat(), each.lag_days, each.records, each.is_above(term))
        for each, term in reading.late
    ]


async def test_attendance_of_the_first_of_june_entered_on_the_fourth_is_listed_with_three_days(office: Office) -> None:
    """QJ-DAT-01"""
    await opened(office)
    await entered(office, 12, 1, at(day(4), 10), first=1)
    await entered(office, 40, 2, at(day(2), 12), first=101)

    found = await read(office)

    assert lines(found) == [("s1", "2020-06-04", 3, 12, True)]
    assert found.tally == EntryTally(records=52, late=12, above_alarm=12)
    ((entries, term),) = found.late
    assert (entries.kind, entries.class_id, entries.event_day) == ("sign_in", "class-1", FIRST)
    assert (term.rule, term.alarm_after_days, term.local) == ("QJ-DAT-01", 1, ("alarm_after_days",))


async def test_a_day_late_is_listed_and_two_days_are_above_the_limit_by_days_of_the_calendar_here(
    office: Office,
) -> None:
    """QJ-DAT-01: midnight in Quanjiao, which is four in the afternoon in UTC, parts the days."""
    await opened(office)
    await entered(office, 1, 1, at(day(1), 23, 59, 59), first=1)
    await entered(office, 2, 1, at(day(2), 0), first=11)
    await entered(office, 3, 1, at(day(2), 23, 59, 59), first=21)
    await entered(office, 4, 1, at(day(3), 0), first=31)

    found = await read(office)

    assert lines(found) == [("s1", "2020-06-02", 1, 5, False), ("s1", "2020-06-03", 2, 4, True)]
    assert found.tally == EntryTally(records=10, late=9, above_alarm=4)


async def test_sending_again_later_makes_no_entry_late_and_what_counts_for_nobody_is_none(office: Office) -> None:
    """QJ-DAT-01: a record was entered when it first came."""
    await opened(office)
    await entered(office, 5, 1, at(day(1), 12), first=1)
    await entered(office, 5, 1, at(day(9), 12), first=1)
    stranger = sign_ins(("nobody",), at(FIRST, 9), first=900, method="face")
    school = replace(SCHOOL, organisation="school")
    await office.push(stranger, actor=school, device_id="device-class-1", now=at(day(9), 12))
    waiting = Verdict("refused", "APPROVAL_REQUIRED", "s1")
    rows = sign_ins(("p09",), at(FIRST, 9), first=901, method="face")
    await office.act(lambda uow: uow.sign_ins.keep("device-class-1", rows, [waiting], at(day(9), 12)))

    assert (await read(office)).tally == EntryTally(records=5, late=0, above_alarm=0)


async def test_only_what_happened_in_the_period_is_counted_first_and_last_day_included(office: Office) -> None:
    """QJ-DAT-01"""
    await opened(office)
    for number in (1, 2, 3):
        await entered(office, number, number, at(day(10), 9), first=100 * number)

    async def between(since: int, until: int) -> int:
        return (await read(office, since=day(since), until=day(until))).tally.records

    assert [await between(1, 3), await between(2, 2), await between(1, 2), await between(4, 30)] == [6, 2, 3, 0]


async def test_a_record_written_late_is_listed_and_its_correction_is_logged_with_who_when_and_why(
    office: Office,
) -> None:
    """QJ-DAT-01: the wrong record stays with its correction, is in the audit trail, and is no longer counted."""
    await opened(office)
    command = RecordCheck(
        kind="spot",
        held_at=at(day(2), 10),
        place="实训楼一层",
        headcount=12,
        sign_in_in_order=True,
        records_retained=True,
        teachers_seen=(),
        companions=(),
        note="",
    )
    wrong, _ = await office.act(
        lambda uow: record_check(uow, class_id="class-1", command=command), actor=WATCHER, now=at(day(3), 18)
    )
    right = replace(command, headcount=13)
    await office.act(lambda uow: record_check(uow, class_id="class-1", command=right), actor=WATCHER, now=at(day(5), 9))
    assert lines(await read(office)) == [(None, "2020-06-03", 1, 1, False), (None, "2020-06-05", 3, 1, True)]

    approver = replace(APPROVER, region=COUNTY)
    await office.act(
        lambda uow: void_check(uow, class_id="class-1", check_id=wrong.check_id, reason="人数记录有误"),
        actor=approver,
        now=at(day(5), 10),
    )

    found = await read(office)
    assert lines(found) == [(None, "2020-06-05", 3, 1, True)]
    assert found.tally == EntryTally(records=1, late=1, above_alarm=1)
    voiding = (await office.file()).inspection(wrong.check_id).voided
    assert voiding is not None
    assert (voiding.by, voiding.at, voiding.reason) == (approver.subject, at(day(5), 10), "人数记录有误")
    async with office.database.connect(write=False) as connection:
        log = (await connection.execute(select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "check.voided"))).all()
    assert [(entry.actor, entry.details["check_id"]) for entry in log] == [(approver.subject, wrong.check_id)]


async def test_a_county_that_sets_another_limit_is_alarmed_by_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QJ-DAT-01: the document names no number, so the limit is the region's."""
    await opened(office)
    await entered(office, 4, 1, at(day(4), 10), first=1)
    book = quanjiao()
    assert book.supervision.entry_lag is not None
    patient = replace(book.supervision.entry_lag, alarm_after_days=3)
    other = replace(book, supervision=replace(book.supervision, entry_lag=patient))
    monkeypatch.setattr(Shelf, "known", property(lambda shelf: (other,)))

    found = await read(office)

    assert lines(found) == [("s1", "2020-06-04", 3, 4, False)]
    assert found.tally == EntryTally(records=4, late=4, above_alarm=0)


async def test_a_bureau_reads_its_own_regions_entries_and_no_document_but_quanjiaos_asks_for_them(
    office: Office,
) -> None:
    """QJ-DAT-01: the province above reads them too; classes of other regions and documents are not in them."""
    await opened(office)
    await opened(office, "class-2", region=REGION)
    await entered(office, 2, 1, at(day(4), 10), first=1)
    rows = sign_ins(people(3), at(FIRST, 9), class_id="class-2", method="face")
    await office.push(rows, actor=replace(SCHOOL, organisation="school"), device_id="device-class-2", now=at(day(4), 9))

    for region in (COUNTY, "340000", "000000"):
        assert (await read(office, replace(AUDITOR, region=region))).tally.records == 2
    own = Actor(
        subject="both", organisation="another", region=COUNTY, roles=frozenset({Role.INSTITUTION, Role.AUDITOR})
    )
    assert (await read(office, own)).tally.records == 0
    for region in (REGION, "211400", "130000", "371329"):
        with pytest.raises(Refused, match="FEATURE_OFF"):
            await read(office, replace(AUDITOR, region=region))
    with pytest.raises(Refused, match="RANGE_INVALID"):
        await read(office, since=day(2), until=day(1))


async def test_pages_of_late_entries_follow_one_another_and_name_nobody(
    office: Office, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QJ-DAT-01"""
    monkeypatch.setattr(queries, "PAGE", 2)
    await opened(office)
    await opened(office, "class-2")
    for place, class_id in enumerate(("class-1", "class-2"), start=1):
        for number in (1, 2, 3):
            first = 1000 * place + 100 * number
            await entered(office, number, number, at(day(10), 9), first=first, class_id=class_id)
    client = await callers.client(AUDITOR)
    params: dict[str, Any] = {"from": "2020-06-01", "to": "2020-06-30"}
    items: list[Any] = []
    while True:
        answer = await client.get(PATH, params=params)
        page = answer.json()
        assert (answer.status_code, page["records"], page["late"], page["above_alarm"]) == (200, 12, 12, 12)
        assert "p01" not in answer.text
        items += page["items"]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]

    assert [(each["event_day"], each["class_id"], each["records"]) for each in items] == [
        (day(number).isoformat(), class_id, number) for number in (1, 2, 3) for class_id in ("class-1", "class-2")
    ]
    assert items[0] | {"institution_id": "", "class_id": ""} == {
        "kind": "sign_in",
        "class_id": "",
        "session_id": "s1",
        "institution_id": "",
        "region": COUNTY,
        "event_day": "2020-06-01",
        "entry_day": "2020-06-10",
        "lag_days": 9,
        "records": 1,
        "alarm_after_days": 1,
        "above_alarm": True,
        "rule": "QJ-DAT-01",
        "clause": "三",
    }
    off = await (await callers.client(replace(AUDITOR, region=REGION))).get(PATH, params=params)
    assert (off.status_code, off.json()["code"]) == (422, "FEATURE_OFF")
    assert (await (await callers.client(replace(SCHOOL, region=COUNTY))).get(PATH, params=params)).status_code == 403
