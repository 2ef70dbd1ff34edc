"""The work list: which step of an exam is due, who holds it, and who sees it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.assessment.application import list_due as module
from services.assessment.application.enter_scores import enter_scores
from services.assessment.application.list_due import list_due
from services.assessment.application.sign_patrol import sign_patrol
from services.assessment.domain.assessment import Withdrawal
from services.assessment.domain.due import DueStep, steps_due
from services.assessment.domain.scheduling import schedule, withdraw
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from tests.assessment.conftest import Callers
from tests.assessment.office import APPROVER, ASSESSOR, FAIL, PASS, PATROL, SCHOOL, Office, somebody
from tests.assessment.sample import (
    APPLIED,
    EXAM_DAY,
    TODAY,
    application,
    at,
    body,
    exam,
    final,
    jiyuan,
    level_number,
    marks,
    opened,
    score,
    scored,
    signed,
    trained,
)
from tests.assessment.test_storage import certificate

AUDITOR = somebody("auditor-1", "bureau", Role.AUDITOR)


def due(assessment: Any, *, examined: Any = None, certificates: Sequence[Any] = (), **given: Any) -> list[DueStep]:
    arguments = {"marks": marks(), "rulebook": jiyuan(), "today": TODAY, **given}
    return list(
        steps_due(
            assessment,
            examined or trained(),
            certificates,
            arguments["marks"],
            arguments["rulebook"],
            today=arguments["today"],
        )
    )


def names(steps: list[DueStep]) -> list[tuple[str, str, date, int]]:
    return [(one.step, one.holder, one.since, one.persons) for one in steps]


def test_before_its_day_an_exam_waits_for_nobody_but_its_pass_marks() -> None:
    day_before = EXAM_DAY - timedelta(days=1)

    assert due(exam(), today=day_before) == []
    assert names(due(exam(), today=day_before, marks={})) == [("pass_marks", "approver", APPLIED, 4)]


def test_from_its_day_on_an_exam_waits_for_patrol_and_scores_and_then_for_its_end() -> None:
    """JY-ASM-04, JY-ASM-09"""
    half = scored(exam(), {"p01": PASS})
    assert names(due(exam())) == [("patrol", "exam_patrol", EXAM_DAY, 4), ("scores", "assessor", EXAM_DAY, 4)]
    assert names(due(half)) == [("patrol", "exam_patrol", EXAM_DAY, 4)]
    assert names(due(signed(exam()))) == [("scores", "assessor", EXAM_DAY, 4)]
    assert due(signed(exam()), marks={})[1].missing == ("PASS_MARK_MISSING",)
    (end,) = due(signed(half))
    assert (end.step, end.missing) == ("finalisation", ())
    assert due(signed(half), examined=opened())[0].missing == ("TRAINING_NOT_COMPLETE", "OPINION_MISSING")


def test_a_final_exam_waits_for_the_certificates_of_those_who_passed_and_are_still_there() -> None:
    over = final(exam(), {"p01": PASS, "p02": PASS, "p03": FAIL})
    held = replace(certificate("p01"), assessment_id="exam-1")

    assert names(due(over)) == [("certificates", "assessor", EXAM_DAY, 2)]
    assert names(due(over, certificates=[held])) == [("certificates", "assessor", EXAM_DAY, 1)]
    assert due(over, certificates=[held], examined=trained().without("p02", on=TODAY)) == []
    assert due(over, examined=trained().ended("cancelled")) == []


def test_an_awaited_exam_waits_for_the_bureau_and_a_withdrawn_one_for_nobody() -> None:
    """JY-ASM-03"""
    awaited = schedule(
        application(), opened(), body(), (), assessment_id="e", applied_by="clerk", needs_admission=True
    )[0]

    assert names(due(awaited)) == [("decision", "approver", APPLIED, 4)]
    assert due(withdraw(exam(), Withdrawal(on=TODAY, by="a", reason="示例"))[0]) == []


async def steps(office: Office, actor: Actor, *, holder: Any = None, on: date = TODAY) -> list[tuple[str, str]]:
    work, _ = await office.act(lambda uow: list_due(uow, holder=holder, cursor=None), actor=actor, now=at(on, 20))
    return [(one.due.step, one.exam.class_id) for one in work]


async def test_everybody_sees_their_own_step_within_their_scope(office: Office) -> None:
    await office.prepare()
    exam_id = (await office.schedule()).assessment_id

    assert await steps(office, ASSESSOR) == [("scores", "class-1")]
    assert await steps(office, PATROL) == [("patrol", "class-1")]
    assert await steps(office, APPROVER) == []
    assert await steps(office, APPROVER, holder="assessor") == [("scores", "class-1")]
    both = [("patrol", "class-1"), ("scores", "class-1")]
    assert (await steps(office, SCHOOL), await steps(office, AUDITOR)) == (both, both)
    for stranger in (
        replace(ASSESSOR, organisation="body-2"),
        replace(SCHOOL, organisation="institution-2"),
        replace(AUDITOR, region="410100"),
    ):
        assert await steps(office, stranger) == []

    entries = [score("p01", 80), score("p01", 80, "practice")]
    await office.act(lambda uow: enter_scores(uow, assessment_id=exam_id, entries=entries), actor=ASSESSOR)
    await office.act(lambda uow: sign_patrol(uow, assessment_id=exam_id, remark=""), actor=PATROL)
    assert await steps(office, AUDITOR) == [("finalisation", "class-1")]


async def test_an_exam_leaves_the_list_with_its_last_certificate(office: Office) -> None:
    await office.prepare()
    over = await office.finalise(await office.schedule(), {"p01": PASS, "p02": PASS, "p03": FAIL})
    assert await steps(office, ASSESSOR) == [("certificates", "class-1")]
    await office.issue(over, {"p01": level_number(1)})
    assert await steps(office, ASSESSOR) == [("certificates", "class-1")]
    await office.issue(over, {"p02": level_number(2)})
    assert await steps(office, ASSESSOR) == []


async def test_the_list_goes_on_where_a_page_ended_oldest_first(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    await office.prepare()
    days = [EXAM_DAY + timedelta(days=place % 2) for place in range(4)]
    exams = [await office.schedule(persons=(f"p0{place}",), exam_on=day) for place, day in enumerate(days, 1)]
    wanted = sorted((exam.exam_on, exam.assessment_id) for exam in exams)

    seen: list[tuple[date, str]] = []
    sizes = []
    cursor: str | None = None
    while cursor is not None or not sizes:
        work, cursor = await office.act(
            lambda uow, place=cursor: list_due(uow, holder="assessor", cursor=place),  # type: ignore[misc]
            actor=AUDITOR,
        )
        sizes.append(len(work))
        seen += [(one.exam.exam_on, one.exam.assessment_id) for one in work]

    assert (sizes, seen) == ([2, 2], wanted)


async def test_the_queue_over_http(office: Office, callers: Callers) -> None:
    await office.prepare()
    exam_id = (await office.schedule()).assessment_id
    callers.move_to(at(TODAY))
    patrol = await callers.client(PATROL)

    page = (await patrol.get("/assessment/v1/queue")).json()
    odd = await patrol.get("/assessment/v1/queue?cursor=yesterday")

    (item,) = page["items"]
    assert page["next"] is None
    assert (item["step"], item["holder"], item["assessment_id"]) == ("patrol", "exam_patrol", exam_id)
    assert (item["since"], item["waiting_days"], item["persons"]) == (EXAM_DAY.isoformat(), 3, 4)
    assert (odd.status_code, odd.json()["code"]) == (422, "CURSOR_INVALID")
    finance = await callers.client(somebody("f", "bureau", Role.POLICY_OFFICER))
    assert (await finance.get("/assessment/v1/queue")).status_code == 403
    with pytest.raises(Refused, match="CURSOR_INVALID"):
        await office.act(lambda uow: list_due(uow, holder=None, cursor="x~y"), actor=AUDITOR)
