"""A class of Hebei and one of Quanjiao under their own rulebooks, from the registers to the opening; both databases."""

from dataclasses import replace

import pytest

from services.enrollment.domain.roster_row import PersonalFacts
from shared.database.engine import Database
from shared.domain.errors import Conflict
from tests.enrollment.desk import Desk, rows
from tests.enrollment.office_elsewhere import FUND, Office
from tests.enrollment.sample import codes
from tests.enrollment.sample_elsewhere import HEBEI, QUANJIAO


@pytest.fixture
def hebei(database: Database) -> Office:
    return Office(Desk(database), HEBEI)


@pytest.fixture
def quanjiao(database: Database) -> Office:
    return Office(Desk(database), QUANJIAO)


async def test_a_hebei_class_opens_once_both_directories_and_the_published_list_name_it(hebei: Office) -> None:
    """HB-INS-01, HB-INS-04, HB-ENR-05, HB-ENR-06, HB-ENR-07: two steps, two people, and the appointment travels."""
    await hebei.furnish("4-10-01-01")
    plan = hebei.plan(occupation="4-10-01-01")
    assert await hebei.refused(plan) == ["NOT_PUBLISHED", "OCCUPATION_NOT_LISTED"]
    listed = {"occupation": "4-10-01-01", "urgently_short": True, "listed_from": "2024-04-30"}
    await hebei.record("occupation_directory", listed)
    await hebei.record(
        "published_institution", {"list_number": "示例公告〔2024〕1号", "published_on": "2024-05-15"}, of="school"
    )
    class_id = await hebei.apply(plan, rows(3, group="rural_transferred"))
    assert codes((await hebei.desk.found(class_id)).findings) == ["URGENTLY_SHORT"]
    await hebei.approve(class_id)
    fact = await hebei.open(class_id)
    assert (fact.rulebook_id, fact.funding_source, len(fact.trainees)) == (HEBEI.book().id, FUND, 3)
    assert fact.attributes["evaluation_on"] == "2024-06-20"
    assert [review.step for review in fact.reviews] == ["first_review", "bureau_opinion"]


async def test_pre_job_training_outside_quanjiaos_directory_is_approved_only_with_the_countys_decision(
    quanjiao: Office,
) -> None:
    """QJ-ENR-01, QJ-ENR-03, QJ-INS-02, QJ-INS-03: warned of twice, asked once, and opened after the answer."""
    await quanjiao.furnish()
    assert await quanjiao.refused(quanjiao.plan()) == ["OCCUPATION_NOT_LISTED"]
    facts = PersonalFacts(employed_since=QUANJIAO.opening)
    recruits = [replace(one, particulars=replace(one.particulars, facts=facts)) for one in rows(3, group="recruit")]
    class_id = await quanjiao.apply(quanjiao.plan(training_type="pre_job", level=None), recruits)
    found = (await quanjiao.desk.found(class_id)).findings
    assert sorted(codes(found)) == ["NOT_IN_ENTERPRISE_PLAN", "OCCUPATION_REVIEW", "RATING_MISSING"]
    with pytest.raises(Conflict, match="DECISIONS_MISSING"):
        await quanjiao.approve(class_id)
    await quanjiao.decide(class_id, "OCCUPATION_REVIEW")
    await quanjiao.approve(class_id)
    fact = await quanjiao.open(class_id)
    assert (fact.programme, fact.exempt_by_decision) == ("pre_job", ("QJ-ENR-03",))
