"""What registers say decides on classes, and commitments let them open, on both databases.

The class is the sample's of Jiyuan; the terms judged here are borrowed from Hebei's rulebook.
"""

from dataclasses import replace
from typing import Any

import pytest

from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.keep_register import Written, record_entry, revise_entry, strike_entry
from services.enrollment.domain.plan import ClassPlan
from services.enrollment.domain.register import RegisterEntry
from shared.clock import end_of_day, start_of_day
from shared.contracts.enrollment import ClassOpened
from shared.domain.actor import Actor
from shared.domain.errors import NotFound, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Rulebook, Shelf
from tests.enrollment.desk import APPROVER, EARLY, OTHER_SCHOOL, SCHOOL, Desk
from tests.enrollment.sample import OPENING, WELDER, book
from tests.enrollment.sample_elsewhere import HEBEI
from tests.enrollment.test_use_cases_registers import person

BORROWED = ("OCCUPATION_NOT_LISTED", "MEASURE_MISSING", "COMMITMENT_REVOKED", "NOT_SELECTED_BASE")
MEASURE = {
    "measure_number": "示例办法〔2021〕1号",
    "requirements": "按计划实施",
    "subsidy_conditions": "取得证书",
    "liability": "追回补贴",
    "in_force_from": "2021-01-01",
}
LISTED = {"occupation": WELDER, "urgently_short": False, "listed_from": "2021-01-01"}


def borrowed() -> Rulebook:
    own, hebei = book(), HEBEI.book().enrollment
    wanted = ("commitment", "base_tag")
    enrollment = replace(
        own.enrollment,
        registers=(*own.enrollment.registers, *hebei.registers),
        attributes=(*own.enrollment.attributes, *(one for one in hebei.attributes if one.code in wanted)),
        class_records=tuple(one for one in hebei.class_records if one.code in BORROWED),
        commitments=hebei.commitments,
        sign_ups=hebei.sign_ups,
    )
    return replace(own, enrollment=enrollment)


@pytest.fixture
async def committed(desk: Desk) -> Desk:
    """A furnished desk under the borrowed terms, whose occupation is listed and whose region has a measure."""
    desk.shelf = Shelf([borrowed()], (), regions())
    await written(desk, "occupation_directory", LISTED)
    await written(desk, "management_measure", MEASURE)
    return desk


async def written(
    desk: Desk, register: str, fields: dict[str, Any], *, by: Actor = APPROVER, **given: Any
) -> RegisterEntry:
    at = given.pop("at", EARLY)
    return await desk.act(record_entry, Written(register=register, fields=fields, **given), by=by, at=at)


async def signed(desk: Desk, class_id: str, number: int | None, *, by: Actor = SCHOOL, **given: Any) -> RegisterEntry:
    """Enter the commitment of the sample person of the number, or of the institution."""
    fields = {
        "class_id": class_id,
        "measure_number": MEASURE["measure_number"],
        "text_version": "2021-1",
        "signed_on": "2021-05-14",
    }
    if number is None:
        return await written(desk, "institution_commitment", fields, by=by, **given)
    return await written(desk, "trainee_commitment", fields, by=by, person=person(number), **given)


def under_commitment(desk: Desk) -> ClassPlan:
    return desk.plan(attributes={"commitment": "pre_job"})


async def stopped(desk: Desk, plan: ClassPlan) -> list[str]:
    try:
        await desk.act(draft_class, plan, by=SCHOOL)
    except Refused as refused:
        return [refused.code]
    except ExceptionGroup as several:
        return [one.code for one in several.exceptions if isinstance(one, Refused)]
    return []


async def test_only_entries_that_say_what_the_class_says_list_it(committed: Desk) -> None:
    """HB-ENR-05: the directory of the region lists the welder; another occupation's entry would not."""
    assert (await committed.found(await committed.draft())).findings == ()
    (listed,) = await committed.act(_entries, "occupation_directory")
    await committed.act(strike_entry, register="occupation_directory", entry_id=listed.entry_id, by=APPROVER)
    await written(committed, "occupation_directory", {**LISTED, "occupation": "4-10-01-01"})
    assert await stopped(committed, committed.plan()) == ["OCCUPATION_NOT_LISTED"]


async def test_the_entries_of_another_institution_and_of_another_kind_of_base_are_not_this_classs(
    committed: Desk,
) -> None:
    """HB-INS-03"""
    teachers = committed.teacher_ids
    await committed.furnish("other-school", number=2)
    committed.teacher_ids = teachers
    base = {"selected_on": "2021-01-01"}
    await written(committed, "selected_base", {**base, "base_kind": "fusao"}, institution_id="other-school")
    await written(committed, "selected_base", {**base, "base_kind": "elder_care"}, institution_id="school")
    tagged = committed.plan(attributes={"base_tag": "fusao"})
    assert await _asks(committed, tagged) == ["NOT_SELECTED_BASE"]
    tagged = committed.plan(attributes={"base_tag": "elder_care"})
    assert await _asks(committed, tagged) == []


async def test_commitment_is_refused_where_the_region_has_no_measure_or_the_institution_lost_it(
    committed: Desk,
) -> None:
    """HB-ENR-14, HB-ENR-15"""
    await committed.draft(under_commitment(committed))
    breach = {"number": "示例决定1号", "finding": "代签到", "revoked_from": "2021-05-01"}
    await written(committed, "commitment_breach", breach, institution_id="school")
    assert await stopped(committed, under_commitment(committed)) == ["COMMITMENT_REVOKED"]
    (measure,) = await committed.act(_entries, "management_measure")
    await committed.act(strike_entry, register="management_measure", entry_id=measure.entry_id, by=APPROVER)
    assert sorted(await stopped(committed, under_commitment(committed))) == ["COMMITMENT_REVOKED", "MEASURE_MISSING"]
    await committed.draft()  # without commitment nothing of this binds


async def test_a_committed_class_opens_by_the_last_signature_on_its_opening_day(committed: Desk) -> None:
    """HB-ENR-14, HB-ENR-15: the institution and all three trainees sign, or the class stays shut and says why."""
    class_id = await committed.reserved(under_commitment(committed))
    for number in (None, 0, 1):
        await signed(committed, class_id, number)
    await committed.fire_timers(start_of_day(OPENING))
    held = await committed.found(class_id)
    assert (held.state, held.blocker and held.blocker.code) == ("reserved", "COMMITMENTS_MISSING")
    assert held.blocker is not None
    assert (held.blocker.rule, held.blocker.message.count("1 名学员")) == ("HB-ENR-15", 1)
    await signed(committed, class_id, 2, at=start_of_day(OPENING))
    assert (await committed.found(class_id)).state == "opened"
    (fact,) = await committed.facts(ClassOpened)
    assert fact.attributes["commitment"] == "pre_job"


async def test_a_class_approved_under_commitment_does_not_open_once_the_right_to_it_is_lost(committed: Desk) -> None:
    """HB-ENR-15: the breach is found after the approval; on its opening day the class stays shut and says why."""
    class_id = await committed.reserved(under_commitment(committed))
    for number in (None, 0, 1, 2):
        await signed(committed, class_id, number)
    breach = {"number": "示例决定1号", "finding": "代签到", "revoked_from": OPENING.isoformat()}
    await written(committed, "commitment_breach", breach, institution_id="school")
    await committed.fire_timers(start_of_day(OPENING))
    held = await committed.found(class_id)
    assert held.blocker is not None
    assert (held.state, held.blocker.code, held.blocker.rule) == ("reserved", "COMMITMENT_REVOKED", "HB-ENR-15")
    await committed.fire_timers(end_of_day(OPENING))
    assert (await committed.found(class_id)).state == "not_opened"


async def test_an_uncommitted_class_does_not_open_and_another_one_does(committed: Desk) -> None:
    """HB-ENR-15: without the institution's commitment nothing counts; without commitment mode nobody signs."""
    class_id = await committed.reserved(under_commitment(committed))
    for number in range(3):
        await signed(committed, class_id, number)
    await committed.fire_timers(start_of_day(OPENING))
    held = await committed.found(class_id)
    assert held.blocker is not None
    assert "培训机构尚未" in held.blocker.message


async def test_nobody_commits_in_a_class_that_is_not_theirs(committed: Desk) -> None:
    """HB-ENR-15"""
    class_id = await committed.reserved(under_commitment(committed))
    await committed.furnish("other-school", number=2)
    with pytest.raises(NotFound, match="CLASS_NOT_FOUND"):
        await signed(committed, class_id, None, by=OTHER_SCHOOL)
    with pytest.raises(NotFound, match="CLASS_NOT_FOUND"):
        await signed(committed, "no-such-class", None)


async def test_whoever_signs_up_for_a_full_class_waits_until_somebody_is_declined(committed: Desk) -> None:
    """HB-ENR-22: three places, four people; the provider confirms, and nobody of another school sees the class."""
    class_id = await committed.draft()
    fields = {"class_id": class_id, "signed_up_on": "2021-05-03", "outcome": "open"}
    taken = [await written(committed, "sign_up", fields, by=SCHOOL, person=person(number)) for number in range(3)]
    assert [one.values["outcome"] for one in taken] == ["open"] * 3
    fourth = await written(committed, "sign_up", fields, by=SCHOOL, person=person(3))
    assert (fourth.values["outcome"], fourth.values["waiting_position"]) == ("waiting", 1)

    async def revised(entry: RegisterEntry, outcome: str) -> RegisterEntry:
        given = {"register": "sign_up", "entry_id": entry.entry_id, "fields": {**fields, "outcome": outcome}}
        return await committed.act(revise_entry, by=SCHOOL, **given)

    assert (await revised(fourth, "confirmed")).values["outcome"] == "waiting"
    assert (await revised(taken[0], "declined")).values["outcome"] == "declined"
    confirmed = await revised(fourth, "confirmed")
    assert (confirmed.values["outcome"], confirmed.values["waiting_position"]) == ("confirmed", None)
    await committed.furnish("other-school", number=2)
    with pytest.raises(NotFound, match="CLASS_NOT_FOUND"):
        await written(committed, "sign_up", fields, by=OTHER_SCHOOL, person=person(4))


async def _entries(uow: Any, register: str) -> list[RegisterEntry]:
    found: list[RegisterEntry] = await uow.registers.entries(register)
    return found


async def _asks(desk: Desk, plan: ClassPlan) -> list[str]:
    drafted = await desk.act(draft_class, plan, by=SCHOOL)
    return [finding.code for finding in drafted.findings]
