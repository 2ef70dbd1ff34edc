"""What is stored comes back as it was, and what the rules forbid the database refuses too, on both databases."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Executable, delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from services.assessment.domain.certificate import Certificate, Voiding
from services.assessment.domain.results import finalise
from services.assessment.storage.tables import (
    ASSESSMENT,
    CANDIDATE,
    CERTIFICATE,
    DUTY,
    OUTCOME,
    PASS_MARK,
    SCORE,
    SIGNATURE,
)
from shared.database.migrate import check
from shared.domain.errors import Conflict
from tests.assessment.office import FAIL, PASS, Office
from tests.assessment.sample import (
    EXAM_DAY,
    TODAY,
    WELDER,
    application,
    at,
    body,
    class_opened,
    exam,
    jiyuan,
    mark,
    marks,
    opened,
    people,
    scored,
    signed,
    trained,
)


def certificate(person_id: str = "p01", **other: Any) -> Certificate:
    given = Certificate(
        certificate_id=f"certificate-{person_id}",
        class_id="class-1",
        assessment_id="exam-1",
        person_id=person_id,
        kind="level",
        occupation=WELDER,
        level="4",
        number=f"NUMBER-{person_id}",
        number_key=other.get("number", f"NUMBER-{person_id}"),
        issuer="",
        issued_on=TODAY,
        attempt=2,
        body_id="body-1",
        agreement_on=EXAM_DAY,
    )
    return replace(given, **other)


@pytest.fixture
async def final_exam(office: Office) -> Office:
    """An exam in which p01 and p02 passed, p03 failed and p04 was absent is stored."""
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    scheduled = exam()
    await office.act(lambda uow: uow.assessments.add(scheduled))
    ready = signed(scored(scheduled, {"p01": PASS, "p02": PASS, "p03": FAIL}))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "assessor-1", "examination"))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "patrol-1", "patrol"))
    await office.act(lambda uow: uow.assessments.add_scores("exam-1", ready.scores.values()))
    final = finalise(
        ready, (), examined=trained(), marks=marks(), rulebook=jiyuan(), finalised_by="assessor-1", today=TODAY
    )
    await office.act(lambda uow: uow.assessments.save(final))
    await office.act(lambda uow: uow.assessments.add_outcomes(final, at=at(TODAY)))
    return office


async def test_a_class_comes_back_as_it_was_saved(office: Office) -> None:
    new = opened(class_opened(certifiable=("level", "qualification")))
    await office.act(lambda uow: uow.classes.add(new))
    assert (await office.case()).examined == new

    full = replace(
        trained().without("p02", on=date(2021, 6, 15)).ended("withdrawn"),
        closing_date=date(2021, 7, 1),
        completion_revision=3,
        completion_basis=("certificate-1", "exam-1"),
    )
    saved = await office.act(lambda uow: uow.classes.save(full))

    assert saved == replace(full, version=2)
    assert (await office.case()).examined == replace(saved, certifiable=("level",))
    with pytest.raises(Conflict, match="CLASS_CHANGED"):
        await office.act(lambda uow: uow.classes.save(full))


async def test_an_exam_comes_back_as_it_was_saved(final_exam: Office) -> None:
    stored = (await final_exam.case()).exams[0]

    assert stored.version == 2
    assert (stored.persons, stored.signature) == (people(4), signed(exam()).signature)
    assert stored.outcomes == {"p01": "passed", "p02": "passed", "p03": "failed", "p04": "absent"}
    assert stored.scores == scored(exam(), {"p01": PASS, "p02": PASS, "p03": FAIL}).scores
    assert (stored.state, stored.finalised_on, stored.finalised_by) == ("final", TODAY, "assessor-1")
    with pytest.raises(Conflict, match="ASSESSMENT_CHANGED"):
        await final_exam.act(lambda uow: uow.assessments.save(replace(stored, version=1)))


async def test_exams_of_a_class_come_in_the_order_of_their_applications(office: Office) -> None:
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    paper = application("qualification", channel="paper", paper_received_on=date(2021, 6, 19), by_bureau=True)
    first = exam("exam-9")
    second = exam("exam-1", paper, (first,))
    await office.act(lambda uow: uow.assessments.add(second))
    await office.act(lambda uow: uow.assessments.add(first))

    assert (await office.case()).exams == (first, second)
    async with office.unit() as uow:
        assert await uow.assessments.class_of("exam-9") == "class-1"
        assert await uow.assessments.class_of("exam-2") is None


async def test_of_several_versions_of_a_score_the_latest_counts_and_none_is_lost(office: Office) -> None:
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    await office.act(lambda uow: uow.assessments.add(exam()))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "assessor-1", "examination"))
    once = scored(exam(), {"p01": (50, 60)})
    twice = scored(once, {"p01": (61, 60)}, day=TODAY)
    versions = [once.scores["p01", "theory"], twice.scores["p01", "theory"]]
    await office.act(lambda uow: uow.assessments.add_scores("exam-1", reversed(versions)))  # type: ignore[arg-type]

    assert (await office.case()).exams[0].scores == {("p01", "theory"): versions[1]}


async def test_a_score_that_was_struck_out_comes_back_without_points(office: Office) -> None:
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    await office.act(lambda uow: uow.assessments.add(exam()))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "assessor-1", "examination"))
    first = scored(exam(), {"p01": (50, 60)}).scores["p01", "theory"]
    struck = replace(first, points=None, version=2)
    await office.act(lambda uow: uow.assessments.add_scores("exam-1", [first, struck]))

    assert (await office.case()).exams[0].scores == {("p01", "theory"): struck}


async def test_bodies_and_pass_marks_come_back(office: Office) -> None:
    bureau = body("b2", credit_code="123502001549897397", kinds=("completion",), is_bureau=True)
    await office.add_bodies(body("b1"), bureau)
    assert await office.act(lambda uow: uow.bodies.add(body("b3"))) is False
    assert await office.act(lambda uow: uow.bodies.get("b2")) == bureau
    changed = await office.act(lambda uow: uow.bodies.save(replace(bureau, occupations=(WELDER, "6-31-01-03"))))
    assert await office.act(lambda uow: uow.bodies.registered(bureau.credit_code)) == changed
    assert changed.version == 2

    rows = [mark(), mark("practice"), replace(mark(), region="410000"), replace(mark(), level=None)]
    for row in rows:
        assert await office.act(lambda uow, row=row: uow.bodies.add_pass_mark(row, set_by="a"))  # type: ignore[misc]
    assert not await office.act(lambda uow: uow.bodies.add_pass_mark(replace(rows[3], pass_mark=70), set_by="a"))
    async with office.unit() as uow:
        assert list(await uow.bodies.pass_marks(WELDER, "4", "level")) == rows[:3]
        assert list(await uow.bodies.pass_marks(WELDER, None, "level")) == rows[3:]
        assert list(await uow.bodies.pass_marks(WELDER, "4", "completion")) == []


async def test_certificates_come_back_and_two_never_stand_on_one_number_or_person(final_exam: Office) -> None:
    first = certificate("p01", level=None)
    rivals = (
        certificate("p02", number=first.number),
        certificate("p01", certificate_id="other", number="NUMBER-9"),
        certificate("p02", certificate_id="fine"),
    )
    assert await final_exam.act(lambda uow: uow.certificates.add([first])) == {first.certificate_id}
    assert await final_exam.act(lambda uow: uow.certificates.add(rivals)) == {"fine"}
    voided = replace(first, voiding=Voiding(on=TODAY, by="approver-1", reason="信息录入错误"))
    await final_exam.act(lambda uow: uow.certificates.save_voided(voided))
    again = certificate("p01", certificate_id="again")
    assert await final_exam.act(lambda uow: uow.certificates.add([again])) == {"again"}

    async with final_exam.unit() as uow:
        assert await uow.certificates.get(first.certificate_id) == voided
        assert await uow.certificates.get("nobody") is None
        assert {one.certificate_id for one in await uow.certificates.of_class("class-1")} == {
            "certificate-p01",
            "fine",
            "again",
        }
        assert await uow.certificates.bearing("level", {first.number_key}) == (again,)


def _score(**other: Any) -> Executable:
    row = {
        "assessment_id": "exam-1",
        "person_id": "p04",
        "part": "theory",
        "version": 1,
        "points": 60,
        "entered_by": "assessor-1",
        "duty": "examination",
        "entered_at": at(TODAY),
    }
    return insert(SCORE).values({**row, **other})


def _certificate(**other: Any) -> Executable:
    row = {
        "certificate_id": "c",
        "class_id": "class-1",
        "assessment_id": "exam-1",
        "person_id": "p01",
        "outcome_number": 1,
        "outcome": "passed",
        "kind": "level",
        "occupation": WELDER,
        "number": "NUMBER-1",
        "number_key": "NUMBER-1",
        "issuer": "",
        "issued_on": TODAY,
        "attempt": 1,
        "body_id": "body-1",
        "attempted_kinds": [],
        "excepted_kinds": [],
    }
    return insert(CERTIFICATE).values({**row, **other})


GROW = "results only grow"
FORBIDDEN: dict[str, tuple[Callable[[], Executable], str]] = {
    "a score after the end": (_score, GROW),
    "a changed score": (lambda: update(SCORE).values(points=100), GROW),
    "a removed score": (lambda: delete(SCORE), GROW),
    "a changed pass mark": (lambda: update(PASS_MARK).values(pass_mark=1), GROW),
    "a removed pass mark": (lambda: delete(PASS_MARK), GROW),
    "another outcome": (
        lambda: update(OUTCOME).where(OUTCOME.c.person_id == "p03").values(outcome="passed"),
        GROW,
    ),
    "an outcome taken back": (lambda: delete(OUTCOME), GROW),
    "a second outcome without a correction": (lambda: _outcome(number=2), "ck_outcome_duty"),
    "a correction by the examiner": (
        lambda: _outcome(number=2, duty="correction", reason="示例"),
        "(?i)foreign key",
    ),
    "another candidate": (lambda: update(CANDIDATE).values(person_id="p09"), GROW),
    "a removed candidate": (lambda: delete(CANDIDATE).where(CANDIDATE.c.person_id == "p04"), GROW),
    "another end": (lambda: update(ASSESSMENT).values(finalised_on=EXAM_DAY), GROW),
    "another finaliser": (lambda: update(ASSESSMENT).values(finalised_by="patrol-1"), GROW),
    "a candidate after the end": (
        lambda: insert(CANDIDATE).values(assessment_id="exam-1", person_id="p09"),
        GROW,
    ),
    "a changed signature": (lambda: update(SIGNATURE).values(signed_by="assessor-1"), GROW),
    "a removed signature": (lambda: delete(SIGNATURE), GROW),
    "a changed duty": (lambda: update(DUTY).values(duty="patrol"), GROW),
    "a removed duty": (lambda: delete(DUTY), GROW),
    "an exam opened again": (lambda: update(ASSESSMENT).values(finalised_on=None, finalised_by=None), GROW),
    "a certificate for who failed": (lambda: _certificate(person_id="p03"), "(?i)foreign key"),
    "a certificate on another outcome": (
        lambda: _certificate(person_id="p03", outcome="failed"),
        "ck_certificate_outcome",
    ),
    "an exam moved after its end": (lambda: update(ASSESSMENT).values(exam_on=TODAY), GROW),
    "an exam final and withdrawn": (
        lambda: update(ASSESSMENT).values(withdrawn_on=TODAY, withdrawn_by="a", withdrawal_reason="b"),
        "ck_assessment_one_end",
    ),
    "an exam of another kind": (lambda: update(ASSESSMENT).values(certificate_kind="completion"), GROW),
    "a second duty": (
        lambda: insert(DUTY).values(assessment_id="exam-1", actor="patrol-1", duty="examination"),
        "(?i)unique|pk_duty",
    ),
    "a pass mark of zero": (lambda: _pass_mark(pass_mark=0), "ck_pass_mark_attainable"),
    "a pass mark out of reach": (lambda: _pass_mark(pass_mark=101), "ck_pass_mark_attainable"),
}


def _outcome(**other: Any) -> Executable:
    row = {
        "assessment_id": "exam-1",
        "person_id": "p03",
        "outcome": "passed",
        "reason": "",
        "decided_by": "assessor-1",
        "duty": "examination",
        "decided_at": at(TODAY),
    }
    return insert(OUTCOME).values({**row, **other})


def _pass_mark(**other: Any) -> Executable:
    row = {
        "region": "419001",
        "occupation": WELDER,
        "level": "4",
        "certificate_kind": "level",
        "part": "practice",
        "full_mark": 100,
        "valid_from": TODAY,
        "source": "示例",
        "set_by": "approver-1",
        "set_at": at(TODAY),
    }
    return insert(PASS_MARK).values({**row, **other})


async def test_the_database_refuses_what_the_rules_forbid(final_exam: Office) -> None:
    await final_exam.act(lambda uow: uow.bodies.add_pass_mark(mark(), set_by="approver-1"))
    for statement, why in FORBIDDEN.values():
        with pytest.raises(DatabaseError, match=why):
            await final_exam.act(lambda uow, it=statement: uow.connection.execute(it()))  # type: ignore[misc]


async def test_the_database_lets_no_patrol_score_and_no_examiner_sign(office: Office) -> None:
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    await office.act(lambda uow: uow.assessments.add(exam()))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "patrol-1", "patrol"))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "assessor-1", "examination"))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "patrol-1", "examination"))  # changes nothing
    signature = {"assessment_id": "exam-1", "signed_at": at(TODAY), "remark": ""}
    attempts = {
        "(?i)foreign key": (
            _score(entered_by="patrol-1"),
            insert(SIGNATURE).values({**signature, "signed_by": "assessor-1", "duty": "patrol"}),
        ),
        "ck_(score|signature)_duty": (
            _score(entered_by="patrol-1", duty="patrol"),
            insert(SIGNATURE).values({**signature, "signed_by": "assessor-1", "duty": "examination"}),
        ),
    }

    for why, statements in attempts.items():
        for statement in statements:
            with pytest.raises(DatabaseError, match=why):
                await office.act(lambda uow, it=statement: uow.connection.execute(it))  # type: ignore[misc]
    duties = await office.act(lambda uow: uow.assessments.duties("exam-1"))
    assert duties == {"patrol-1": "patrol", "assessor-1": "examination"}


async def test_the_database_lets_only_an_examiner_make_results_final(office: Office) -> None:
    await office.add_bodies(body())
    await office.act(lambda uow: uow.classes.add(opened()))
    await office.act(lambda uow: uow.assessments.add(exam()))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "patrol-1", "patrol"))
    await office.act(lambda uow: uow.assessments.assign_duty("exam-1", "assessor-1", "examination"))

    for somebody in ("patrol-1", "nobody"):
        end = update(ASSESSMENT).values(finalised_on=TODAY, finalised_by=somebody)
        with pytest.raises(DatabaseError, match=GROW):
            await office.act(lambda uow, it=end: uow.connection.execute(it))  # type: ignore[misc]
    end = update(ASSESSMENT).values(finalised_on=TODAY, finalised_by="assessor-1")
    await office.act(lambda uow: uow.connection.execute(end))


async def test_whoever_sat_a_final_exam_was_examined_before_and_whoever_was_absent_was_not(final_exam: Office) -> None:
    """QJ-ASM-02: only the first exam is free."""
    everybody = ("p01", "p02", "p03", "p04", "p09")
    assert await final_exam.act(lambda uow: uow.assessments.examined_before(everybody)) == {"p01", "p02", "p03"}


async def test_a_certificate_is_at_most_voided(final_exam: Office) -> None:
    voided = certificate(voiding=Voiding(on=TODAY, by="approver-1", reason="信息录入错误"))
    standing = {"voided_on": None, "voided_by": None, "void_reason": None}
    changes = (
        {"number": "NUMBER-2"},
        {"person_id": "p02"},
        {"issued_on": EXAM_DAY},
        {"agreement_on": TODAY},
        {"agreement_on": None},
        {"attempt": 9},
        {"level": "3"},
        {"level": None},
        {"occupation": "6-31-01-03"},
        {"class_id": "class-2"},
    )
    await final_exam.act(lambda uow: uow.certificates.add([certificate()]))
    for act in (*(update(CERTIFICATE).values(change) for change in changes), delete(CERTIFICATE)):
        with pytest.raises(DatabaseError, match=GROW):
            await final_exam.act(lambda uow, it=act: uow.connection.execute(it))  # type: ignore[misc]

    await final_exam.act(lambda uow: uow.certificates.save_voided(voided))
    for act in (update(CERTIFICATE).values(standing), delete(CERTIFICATE)):
        with pytest.raises(DatabaseError, match=GROW):
            await final_exam.act(lambda uow, it=act: uow.connection.execute(it))  # type: ignore[misc]


async def test_the_model_is_what_the_migrations_make(office: Office) -> None:
    url = office.database.engine.url.render_as_string(hide_password=False)

    assert await check("assessment", url) == []


async def test_batches_that_share_numbers_in_another_order_wait_for_each_other(final_exam: Office) -> None:
    mine = [certificate("p01", number="NUMBER-1"), certificate("p02", number="NUMBER-2")]
    theirs = [replace(one, certificate_id=f"their-{one.person_id}") for one in reversed(mine)]
    async with final_exam.unit() as first:
        await first.certificates.add(mine[:1])
        second = asyncio.create_task(final_exam.act(lambda uow: uow.certificates.add(theirs)))
        await _until_somebody_waits(final_exam)
        assert await first.certificates.add(mine[1:]) == {"certificate-p02"}
        await first.commit()

    assert await second == frozenset()


async def _until_somebody_waits(office: Office) -> None:
    """Wait until a transaction waits for another's lock; on SQLite writers wait for their turn to begin."""
    if office.database.is_sqlite:
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while True:
            async with office.database.connect(write=False) as connection:
                if (await connection.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0.01)
