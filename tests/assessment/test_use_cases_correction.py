"""The bureau corrects a final result: what is stored, who may, and what is published again (JY-ASM-04)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Executable, delete, insert, update
from sqlalchemy.exc import DatabaseError

from services.assessment.application.correct_result import correct_result
from services.assessment.application.void_certificate import void_certificate
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.body import Part
from services.assessment.storage.tables import DUTY, OUTCOME, SCORE
from shared.contracts.assessment import AssessmentCompleted, CertificateIssued
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound
from tests.assessment.conftest import Callers
from tests.assessment.office import APPROVER, ASSESSOR, FAIL, PASS, PATROL, SCHOOL, Office
from tests.assessment.sample import TODAY, at, level_number
from tests.assessment.test_api import post

WRONG: Mapping[Part, int | None] = {"theory": 59}


async def corrected(
    office: Office, exam: Assessment, person: str, points: Mapping[Part, int | None], *, by: Actor = APPROVER
) -> Assessment:
    key = exam.assessment_id
    done = await office.act(
        lambda uow: correct_result(uow, assessment_id=key, person_id=person, points=points, reason="录入串行"),
        actor=by,
    )
    return done[0]


async def test_a_wrong_pass_is_corrected_and_the_class_completes(office: Office) -> None:
    await office.prepare()
    exam = await office.finalise(await office.schedule(), {"p01": PASS, "p02": FAIL})
    assert await office.events(AssessmentCompleted) == []

    after = await corrected(office, exam, "p01", WRONG)

    (stored,) = (await office.case()).exams
    assert stored == after
    assert [(one.person_id, one.outcome, one.decided_by) for one in stored.corrections] == [
        ("p01", "failed", "approver-1")
    ]
    async with office.unit() as uow:
        history = await uow.assessments.score_history(exam.assessment_id)
    assert [
        (one.version, one.points, one.entered_by) for one in history if (one.person_id, one.part) == ("p01", "theory")
    ] == [(1, 80, "assessor-1"), (2, 59, "approver-1")]
    assert [(event.revision, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 0)]


async def test_after_a_correction_a_certificate_is_issued_on_the_result_that_counts(office: Office) -> None:
    await office.prepare()
    exam = await office.finalise(await office.schedule(), {"p01": FAIL})
    await corrected(office, exam, "p01", {"practice": 60})
    (stored,) = (await office.case()).exams
    await office.issue(stored, {"p01": level_number(1)})

    (issued,) = await office.events(CertificateIssued)
    assert [(event.revision, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 0), (2, 1)]
    with pytest.raises(Conflict, match="CERTIFICATE_STANDS"):
        await corrected(office, stored, "p01", WRONG)
    await office.act(
        lambda uow: void_certificate(uow, certificate_id=issued.certificate_id, reason="示例"), actor=APPROVER
    )
    await corrected(office, stored, "p01", WRONG)
    completions = await office.events(AssessmentCompleted)
    assert [(event.revision, event.certified) for event in completions] == [(1, 0), (2, 1), (3, 0), (4, 0)]


async def test_who_examined_or_signed_never_corrects_and_who_corrected_never_signs(office: Office) -> None:
    """JY-REP-07"""
    await office.prepare()
    exam = await office.finalise(await office.schedule(), {"p01": PASS})
    for subject in (ASSESSOR.subject, PATROL.subject):
        with pytest.raises(Forbidden, match="SAME_REVIEWER"):
            await corrected(office, exam, "p01", WRONG, by=replace(APPROVER, subject=subject))
    with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
        await corrected(office, exam, "p01", WRONG, by=replace(APPROVER, region="410100"))


def outcome_row(**other: object) -> Executable:
    row = {"person_id": "p01", "number": 2, "outcome": "failed", "reason": "x", "decided_at": at(TODAY)}
    return insert(OUTCOME).values({**row, "decided_by": "approver-1", "duty": "correction", **other})


FORBIDDEN: list[Callable[[str], Executable]] = [
    lambda key: outcome_row(assessment_id=key),
    lambda key: update(OUTCOME).values(outcome="absent"),
    lambda key: delete(OUTCOME),
    lambda key: insert(SCORE).values(
        assessment_id=key,
        person_id="p01",
        part="theory",
        version=9,
        points=1,
        entered_by="assessor-1",
        duty="examination",
        entered_at=at(TODAY),
    ),
]


async def test_the_database_fails_nobody_who_holds_a_certificate(office: Office) -> None:
    await office.prepare()
    exam = await office.finalise(await office.schedule(), {"p01": PASS})
    await office.issue(exam, {"p01": level_number(1)})
    duty = {"assessment_id": exam.assessment_id, "actor": "approver-1", "duty": "correction"}
    await office.act(lambda uow: uow.connection.execute(insert(DUTY).values(duty)))
    for statement in FORBIDDEN:
        with pytest.raises(DatabaseError, match="results only grow"):
            await office.act(lambda uow, it=statement: uow.connection.execute(it(exam.assessment_id)))  # type: ignore[misc]


async def test_a_correction_over_http(office: Office, callers: Callers) -> None:
    await office.prepare()
    exam = await office.finalise(await office.schedule(), {"p01": PASS, "p02": FAIL})
    callers.move_to(at(TODAY, 12))
    path = f"/assessment/v1/assessments/{exam.assessment_id}"
    body: Any = {"person_id": "p01", "scores": [{"part": "theory", "score": 59}], "reason": "录入串行"}
    approver, school = await callers.client(APPROVER), await callers.client(SCHOOL)

    answer = await post(approver, f"{path}/corrections", body)
    again = await post(approver, f"{path}/corrections", {**body, "reason": "再次"})

    assert (answer.status_code, answer.json()["outcome"], answer.json()["decided_by"]) == (200, "failed", "approver-1")
    assert (again.status_code, again.json()["code"]) == (422, "NOTHING_CHANGED")
    twice = await post(approver, f"{path}/corrections", {**body, "scores": body["scores"] * 2})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "scores")
    view = (await school.get(path)).json()
    assert (view["passed"], view["failed"], view["corrections"][0]["reason"]) == (0, 2, "录入串行")
    history = (await school.get(f"{path}/scores")).json()["scores"]
    assert [(one["version"], one["points"], one["entered_by"]) for one in history if one["person_id"] == "p01"] == [
        (1, 80, "assessor-1"),
        (1, 80, "assessor-1"),
        (2, 59, "approver-1"),
    ]
    for actor, status in (
        (ASSESSOR, 403),
        (SCHOOL, 403),
        (replace(APPROVER, organisation="elsewhere", region="410100"), 404),
    ):
        assert (await post(await callers.client(actor), f"{path}/corrections", body)).status_code == status
    foreign = await callers.client(replace(SCHOOL, organisation="institution-2", roles=frozenset({Role.INSTITUTION})))
    assert (await foreign.get(f"{path}/scores")).status_code == 404
