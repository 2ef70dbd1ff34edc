"""A class from the exam application to its completion, with everything that may come between."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.assessment.application.enter_scores import enter_scores
from services.assessment.application.finalise_assessment import finalise_assessment
from services.assessment.application.queries import read_assessment, read_class
from services.assessment.application.register_body import RegisterBody, register_body
from services.assessment.application.schedule_assessment import ScheduleAssessment, schedule_assessment
from services.assessment.application.set_pass_mark import set_pass_mark
from services.assessment.application.sign_patrol import sign_patrol
from services.assessment.application.void_certificate import void_certificate
from services.assessment.storage.tables import CERTIFICATE
from shared.audit.tables import AUDIT_ENTRY
from shared.contracts.assessment import (
    AssessmentCompleted,
    AssessmentScheduled,
    CertificateIssued,
    CertificateVoided,
    KindCount,
)
from shared.contracts.enrollment import TraineeWithdrawn
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.assessment.office import (
    APPROVER,
    ASSESSOR,
    BUREAU_ASSESSOR,
    FAIL,
    PASS,
    PATROL,
    SCHOOL,
    Office,
    somebody,
)
from tests.assessment.sample import (
    APPLIED,
    BODY_CODE,
    CLASS,
    EXAM_DAY,
    INSTITUTION,
    INSTITUTION_CODE,
    OPENING,
    REGION,
    TODAY,
    WELDER,
    at,
    body,
    class_opened,
    level_number,
    mark,
    people,
    score,
    training_completed,
)

RESIT_DAY = TODAY + timedelta(days=10)
COMMAND = ScheduleAssessment(
    body_id="body-1",
    kind="level",
    mode="offline",
    exam_on=EXAM_DAY,
    channel="system",
    paper_received_on=None,
    persons=None,
)


def verdicts(rows: Any) -> list[str]:
    """Give each row's verdict, or the codes that refuse it."""
    return [",".join(finding.code for finding in row.verdict.findings) or row.verdict.verdict for row in rows]


async def test_a_class_goes_from_application_to_completion(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    final = await office.finalise(exam, {"p01": PASS, "p02": PASS, "p03": FAIL})
    assert [final.persons_with(outcome) for outcome in ("passed", "failed", "absent")] == [
        ("p01", "p02"),
        ("p03",),
        ("p04",),
    ]

    assert verdicts(await office.issue(exam, {"p01": level_number(1)})) == ["accepted"]
    assert await office.events(AssessmentCompleted) == []
    await office.issue(exam, {"p02": level_number(2)})

    events = await office.events()
    kinds = [AssessmentScheduled, CertificateIssued, CertificateIssued, AssessmentCompleted]
    assert [type(event) for event in events] == kinds
    assert [event.number for event in events[1:3]] == [level_number(1), level_number(2)]
    assert events[3] == AssessmentCompleted(
        class_id=CLASS,
        revision=1,
        completed_on=TODAY,
        examined=3,
        certified=2,
        kinds=(KindCount(kind="level", examined=3, certified=2),),
        patrol="patrol-1",
    )
    reading = await office.act(lambda uow: read_class(uow, CLASS), actor=SCHOOL)
    assert (reading.certificates, reading.case.examined.completion_revision) == (2, 1)


async def test_every_act_stands_in_the_audit_with_counts_only(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS})
    await office.issue(exam, {"p01": level_number(1), "p02": level_number(2)})

    async with office.database.connect(write=False) as connection:
        rows = (await connection.execute(select(AUDIT_ENTRY).order_by(AUDIT_ENTRY.c.seq))).all()
    acts = {row.action: row for row in rows}
    assert [row.action for row in rows if row.actor in ("school-1", "assessor-1", "patrol-1")] == [
        "assessment.scheduled",
        "scores.entered",
        "patrol.signed",
        "assessment.finalised",
        "certificates.issued",
        "assessment.completed",
    ]
    assert acts["scores.entered"].details == {"accepted": 2}
    assert acts["assessment.finalised"].details == {
        "passed": 1,
        "failed": 0,
        "absent": 3,
        "theory": "60/100",
        "practice": "60/100",
    }
    assert acts["certificates.issued"].details == {"accepted": 1, "refused": 1}
    assert level_number(1) not in str(rows)


async def test_a_refused_application_leaves_nothing_and_an_asking_one_stands(office: Office) -> None:
    await office.prepare()
    with pytest.raises(Refused, match="TOO_LATE"):
        await office.schedule(on=date(2021, 6, 28))
    assert (await office.case()).exams == ()

    command = replace(COMMAND, kind="completion", body_id="bureau-body")
    exam, findings = await office.act(
        lambda uow: schedule_assessment(uow, class_id=CLASS, command=command), actor=SCHOOL, now=at(APPLIED)
    )
    assert [finding.code for finding in findings] == ["DIRECT_COMPLETION_EXAM"]
    assert (await office.case()).exams == (exam,)
    with pytest.raises(Conflict, match="EXAM_SCHEDULED"):
        await office.schedule("completion", body_id="bureau-body")


async def test_the_bureau_registers_what_came_on_paper(office: Office) -> None:
    """JY-ASM-02, reading 12."""
    await office.prepare()
    paper = replace(COMMAND, channel="paper", paper_received_on=APPLIED, persons=("p02", "p01", "p01"))

    with pytest.raises(Refused, match="CHANNEL"):
        await office.act(
            lambda uow: schedule_assessment(uow, class_id=CLASS, command=paper), actor=SCHOOL, now=at(APPLIED)
        )
    exam, _ = await office.act(
        lambda uow: schedule_assessment(uow, class_id=CLASS, command=paper), actor=APPROVER, now=at(APPLIED)
    )
    assert (exam.persons, exam.applied_by, exam.paper_received_on) == (("p01", "p02"), "approver-1", APPLIED)
    assert [event.channel for event in await office.events(AssessmentScheduled)] == ["paper"]


async def test_paper_received_in_time_is_registered_the_day_after(office: Office) -> None:
    """JY-ASM-02: the course ends 06-30, the paper came on 06-27, the bureau registers it on 06-29."""
    await office.prepare()
    paper = replace(COMMAND, channel="paper", paper_received_on=date(2021, 6, 27))

    exam, _ = await office.act(
        lambda uow: schedule_assessment(uow, class_id=CLASS, command=paper), actor=APPROVER, now=at(date(2021, 6, 29))
    )

    assert (exam.applied_on, exam.paper_received_on) == (date(2021, 6, 29), date(2021, 6, 27))


async def test_the_exam_of_a_course_of_three_days_is_applied_for_on_paper_before_it_opens(office: Office) -> None:
    """JY-ASM-02: the course of 06-01 to 06-03 is open too late for the system; its paper came on 05-31."""
    await office.prepare(closing_date=date(2021, 6, 3))
    with pytest.raises(Refused, match="TOO_LATE"):
        await office.schedule(on=OPENING, exam_on=date(2021, 6, 5))
    paper = replace(COMMAND, channel="paper", paper_received_on=date(2021, 5, 31), exam_on=date(2021, 6, 3))

    exam, _ = await office.act(
        lambda uow: schedule_assessment(uow, class_id=CLASS, command=paper), actor=APPROVER, now=at(OPENING)
    )

    assert (exam.state, exam.exam_on) == ("scheduled", date(2021, 6, 3))


async def test_nobody_applies_for_a_class_or_at_a_body_that_is_not_there(office: Office) -> None:
    await office.prepare()

    with pytest.raises(NotFound, match="CLASS_UNKNOWN"):
        await office.schedule(class_id="class-2")
    with pytest.raises(NotFound, match="BODY_UNKNOWN"):
        await office.schedule(body_id="body-9")


async def test_somebody_who_left_is_not_examined(office: Office) -> None:
    await office.prepare()
    await office.take(TraineeWithdrawn(class_id=CLASS, person_id="p02", on=APPLIED, reason="离职"))
    exam = await office.schedule()
    await office.take(TraineeWithdrawn(class_id=CLASS, person_id="p03", on=EXAM_DAY, reason="离职"))

    assert exam.persons == ("p01", "p03", "p04")
    entries = [score(person, 80) for person in people(4)]
    _, rows = await office.act(
        lambda uow: enter_scores(uow, assessment_id=exam.assessment_id, entries=entries), actor=ASSESSOR
    )
    assert [row.verdict for row in rows] == ["accepted", "refused", "refused", "accepted"]


async def test_results_are_not_final_before_everything_is_there_and_then_they_are(office: Office) -> None:
    await office.prepare(trained=False, marked=())
    exam = await office.schedule()
    key = exam.assessment_id
    await office.act(lambda uow: enter_scores(uow, assessment_id=key, entries=[score("p01", 80)]), actor=ASSESSOR)

    async def refusals() -> set[str]:
        with pytest.raises((Refused, ExceptionGroup)) as raised:
            await office.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=ASSESSOR)
        errors = raised.value.exceptions if isinstance(raised.value, ExceptionGroup) else (raised.value,)
        return {error.code for error in errors if isinstance(error, Refused)}

    missing = {"PATROL_SIGNATURE", "TRAINING_NOT_COMPLETE", "OPINION_MISSING", "PASS_MARK_MISSING"}
    assert await refusals() == missing
    for part in ("theory", "practice"):
        await office.act(lambda uow, part=part: set_pass_mark(uow, mark(part)), actor=APPROVER)  # type: ignore[misc]
    await office.score(exam, {"p01": PASS})
    assert await refusals() == missing - {"PASS_MARK_MISSING"}
    await office.act(lambda uow: sign_patrol(uow, assessment_id=key, remark="正常"), actor=PATROL)
    assert await refusals() == {"TRAINING_NOT_COMPLETE", "OPINION_MISSING"}
    await office.take(training_completed(passed=None))
    assert await refusals() == {"OPINION_MISSING"}
    await office.take(training_completed(revision=2, passed=True))

    final, findings = await office.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=ASSESSOR)
    assert [finding.code for finding in findings] == ["PASS_MARK_AFTER_SCORES"]
    assert final.state == "final"
    with pytest.raises(Refused, match="RESULTS_FINAL"):
        await office.score(exam, {"p02": PASS})


async def test_a_mark_from_the_province_holds_until_the_region_has_its_own(office: Office) -> None:
    await office.prepare(marked=())
    exam = await office.schedule()
    for part in ("theory", "practice"):
        for row in (mark(part, region="410000", pass_mark=90), mark(part, region="130000", pass_mark=1)):  # type: ignore[arg-type]
            actor = somebody("nation", "bureau", Role.APPROVER, region="000000")
            await office.act(lambda uow, row=row: set_pass_mark(uow, row), actor=actor)  # type: ignore[misc]
    local = mark("theory", pass_mark=60)
    await office.act(lambda uow: set_pass_mark(uow, local), actor=APPROVER)

    final = await office.finalise(exam, {"p01": (60, 90), "p02": (90, 89)})
    assert (final.outcomes["p01"], final.outcomes["p02"]) == ("passed", "failed")
    with pytest.raises(Conflict, match="PASS_MARK_EXISTS"):
        await office.act(lambda uow: set_pass_mark(uow, replace(local, pass_mark=1)), actor=APPROVER)


async def test_one_person_is_never_examiner_and_patrol_of_one_exam(office: Office) -> None:
    """JY-REP-07, JY-ASM-09."""
    await office.prepare()
    exam = await office.schedule()
    key = exam.assessment_id
    both = somebody("li", "body-1", Role.ASSESSOR, Role.EXAM_PATROL)

    await office.score(exam, {"p01": PASS}, actor=both)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.act(lambda uow: sign_patrol(uow, assessment_id=key, remark=""), actor=both)

    patrol = somebody("wu", "body-1", Role.ASSESSOR, Role.EXAM_PATROL)
    await office.act(lambda uow: sign_patrol(uow, assessment_id=key, remark=""), actor=patrol)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.score(exam, {"p02": PASS}, actor=patrol)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=patrol)
    await office.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=both)


async def test_whoever_failed_sits_again_and_the_completion_certificate_is_the_second_attempt(office: Office) -> None:
    """E6, reading 22: the level exam is failed, the completion exam is passed, the class is completed once more."""
    await office.prepare()
    level = await office.schedule()
    await office.finalise(level, {"p01": PASS, "p02": FAIL})
    await office.issue(level, {"p01": level_number(1)})
    again = await office.schedule(
        "completion", body_id="bureau-body", persons=("p02",), exam_on=RESIT_DAY, on=TODAY + timedelta(days=7)
    )
    with pytest.raises(Refused, match="TOO_LATE"):
        await office.schedule("qualification", persons=("p01",), exam_on=RESIT_DAY, on=TODAY)
    await office.finalise(again, {"p02": PASS}, actor=BUREAU_ASSESSOR, on=RESIT_DAY)
    await office.issue(again, {"p02": "JY-2021-0001"}, actor=BUREAU_ASSESSOR, on=RESIT_DAY)

    issued = await office.events(CertificateIssued)
    assert [(event.person_id, event.kind, event.attempt) for event in issued] == [
        ("p01", "level", 1),
        ("p02", "completion", 2),
    ]
    completed = await office.events(AssessmentCompleted)
    assert [(event.revision, event.examined, event.certified) for event in completed] == [(1, 2, 1), (2, 2, 2)]
    assert completed[1].kinds == (
        KindCount(kind="completion", examined=1, certified=1),
        KindCount(kind="level", examined=2, certified=1),
    )


async def test_a_class_in_which_nobody_passed_is_completed_with_its_last_exam(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": FAIL})

    assert [(event.examined, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 0)]


async def test_the_same_certificates_again_change_nothing(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS})
    first = await office.issue(exam, {"p01": level_number(1)})
    before = (await office.events(), await office.case())

    again = await office.issue(exam, {"p01": level_number(1)})

    assert verdicts(again) == ["duplicate"]
    assert [row.certificate for row in again] == [row.certificate for row in first]
    assert (await office.events(), await office.case()) == before


async def test_a_voided_certificate_is_published_and_the_class_completed_again(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS, "p02": PASS})
    rows = await office.issue(exam, {"p01": level_number(1), "p02": level_number(2)})
    key = rows[0].certificate.certificate_id if rows[0].certificate else ""

    await office.act(lambda uow: void_certificate(uow, certificate_id=key, reason="信息录入错误"), actor=APPROVER)
    with pytest.raises(Conflict, match="ALREADY_VOID"):
        await office.act(lambda uow: void_certificate(uow, certificate_id=key, reason="再次"), actor=APPROVER)
    voided = await office.events(CertificateVoided)
    assert voided == [CertificateVoided(class_id=CLASS, certificate_id=key, person_id="p01", on=TODAY, reason="")]
    assert verdicts(await office.issue(exam, {"p01": level_number(1)})) == ["CERTIFICATE_VOIDED"]
    assert verdicts(await office.issue(exam, {"p01": level_number(3)})) == ["accepted"]

    completed = await office.events(AssessmentCompleted)
    assert [(event.revision, event.certified) for event in completed] == [(1, 2), (2, 1), (3, 2)]


async def test_a_certificate_voided_before_the_class_is_complete_only_tells_of_itself(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    await office.finalise(exam, {"p01": PASS, "p02": PASS})
    rows = await office.issue(exam, {"p01": level_number(1)})
    key = rows[0].certificate.certificate_id if rows[0].certificate else ""
    await office.act(lambda uow: void_certificate(uow, certificate_id=key, reason="信息录入错误"), actor=APPROVER)
    assert await office.events(AssessmentCompleted) == []

    await office.issue(exam, {"p02": level_number(2)})

    assert [(event.revision, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 1)]


async def test_a_number_stands_once_in_the_deployment(office: Office) -> None:
    await office.prepare()
    await office.take(class_opened(class_id="class-2"), training_completed(class_id="class-2"))
    for class_id, expected in ((CLASS, "accepted"), ("class-2", "NUMBER_TAKEN")):
        exam = await office.schedule(class_id=class_id)
        await office.finalise(exam, {"p01": PASS})
        assert verdicts(await office.issue(exam, {"p01": level_number(1)})) == [expected]


async def test_a_body_is_registered_once_and_then_changed(office: Office) -> None:
    command = RegisterBody(
        name="示例评价机构",
        credit_code=BODY_CODE.lower(),
        region=REGION,
        certificate_kinds=("level",),
        occupations=(WELDER,),
        is_bureau=False,
    )
    first, warnings = await office.act(lambda uow: register_body(uow, command), actor=APPROVER)
    wider = replace(command, occupations=(WELDER, "6-31-01-03"))
    second, _ = await office.act(lambda uow: register_body(uow, wider), actor=APPROVER)

    assert (first.credit_code, warnings) == (BODY_CODE, ())
    assert (second.body_id, second.version, second.occupations) == (first.body_id, 2, wider.occupations)
    for region in ("410000", "130000"):
        with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
            await office.act(
                lambda uow, region=region: register_body(uow, replace(command, region=region)),  # type: ignore[misc]
                actor=APPROVER,
            )
    elsewhere = somebody("wang", "bureau", Role.APPROVER, region="130000")
    with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
        await office.act(lambda uow: register_body(uow, replace(command, region="130000")), actor=elsewhere)
    early = replace(command, credit_code="91350203M0001QAY9B")
    _, doubts = await office.act(lambda uow: register_body(uow, early), actor=APPROVER)
    assert [finding.code for finding in doubts] == ["CREDIT_CODE_DOUBTFUL"]


async def test_a_class_and_its_exams_do_not_exist_for_outsiders(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()

    for outsider in (
        somebody("another institution", "institution-2", Role.INSTITUTION),
        somebody("another body", "body-2", Role.ASSESSOR),
        somebody("another region's bureau", "bureau", Role.AUDITOR, region="130000"),
        somebody("the institution in another role", INSTITUTION, Role.TEACHER),
    ):
        with pytest.raises(NotFound, match="CLASS_UNKNOWN"):
            await office.act(lambda uow: read_class(uow, CLASS), actor=outsider)
        with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
            await office.act(lambda uow: read_assessment(uow, exam.assessment_id), actor=outsider)


async def test_a_body_sees_its_own_exams_of_a_class_and_nobody_elses(office: Office) -> None:
    await office.prepare()
    mine = await office.schedule()
    await office.schedule("completion", body_id="bureau-body")
    await office.finalise(mine, {"p01": PASS})
    await office.issue(mine, {"p01": level_number(1)})

    seen = {
        actor.subject: await office.act(lambda uow: read_class(uow, CLASS), actor=actor)
        for actor in (ASSESSOR, BUREAU_ASSESSOR, SCHOOL)
    }

    kinds = {who: [exam.kind for exam in reading.case.exams] for who, reading in seen.items()}
    assert kinds == {"assessor-1": ["level"], "assessor-9": ["completion"], "school-1": ["level", "completion"]}
    assert {who: reading.certificates for who, reading in seen.items()} == {
        "assessor-1": 1,
        "assessor-9": 0,
        "school-1": 1,
    }


async def test_only_the_bureau_of_the_classs_region_is_applied_to_for_the_completion_exam(office: Office) -> None:
    """JY-ASM-07."""
    await office.prepare()
    await office.add_bodies(
        body("far", kinds=("completion",), credit_code=INSTITUTION_CODE, is_bureau=True, region="130000")
    )

    with pytest.raises(ExceptionGroup) as refused:
        await office.schedule("completion", body_id="far")
    codes = {error.code for error in refused.value.exceptions if isinstance(error, Refused)}
    assert codes == {"ORGANISER_NOT_BUREAU", "TRAINER_EXAMINES"}


async def test_a_class_and_its_exams_are_read_by_those_concerned(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()

    for insider in (SCHOOL, ASSESSOR, PATROL, somebody("x", "bureau", Role.AUDITOR, region="410000")):
        reading = await office.act(lambda uow: read_class(uow, CLASS), actor=insider)
        assert [one.assessment_id for one in reading.case.exams] == [exam.assessment_id]
        detail = await office.act(lambda uow: read_assessment(uow, exam.assessment_id), actor=insider)
        assert detail.case.exam == exam


@pytest.mark.parametrize(
    "actor",
    [somebody("x", "body-2", Role.ASSESSOR, Role.APPROVER), somebody("x", "body-1", Role.APPROVER)],
    ids=["an assessor of another body who sees it as bureau", "no assessor"],
)
async def test_only_the_bodys_own_assessor_writes_results(office: Office, actor: Actor) -> None:
    """JY-ASM-07."""
    await office.prepare()
    exam = await office.schedule()

    with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
        await office.score(exam, {"p01": PASS}, actor=actor)
    with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
        await office.act(lambda uow: finalise_assessment(uow, assessment_id=exam.assessment_id), actor=actor)
    with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
        await office.issue(exam, {"p01": level_number(1)}, actor=actor)


async def test_patrol_and_approver_act_in_their_region_only(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    key = exam.assessment_id
    for actor in (replace(PATROL, region="130000"), somebody("x", "bureau", Role.AUDITOR)):
        with pytest.raises(NotFound, match="ASSESSMENT_UNKNOWN"):
            await office.act(lambda uow, actor=actor: sign_patrol(uow, assessment_id=key, remark=""), actor=actor)  # type: ignore[misc]
    await office.finalise(exam, {"p01": PASS})
    rows = await office.issue(exam, {"p01": level_number(1)})
    certificate = rows[0].certificate.certificate_id if rows[0].certificate else ""

    for key_asked, actor in ((certificate, replace(APPROVER, region="130000")), ("nothing", APPROVER)):
        with pytest.raises(NotFound, match="CERTIFICATE_UNKNOWN"):
            await office.act(
                lambda uow, key=key_asked: void_certificate(uow, certificate_id=key, reason="x"),  # type: ignore[misc]
                actor=actor,
            )


async def test_a_number_made_of_an_identity_number_is_stored_and_published_masked_and_still_stands_once(
    office: Office,
) -> None:
    """JY-ASM-08: special operation is numbered T and the holder's identity number."""
    number = "T11010519491231002X"
    await office.add_bodies(body(kinds=("special_operation",)))
    for part in ("theory", "practice"):
        row = mark(part, kind="special_operation")  # type: ignore[arg-type]
        await office.act(lambda uow, row=row: set_pass_mark(uow, row), actor=APPROVER)  # type: ignore[misc]
    for class_id in (CLASS, "class-2"):
        await office.take(
            class_opened(class_id=class_id, training_type="safety"), training_completed(class_id=class_id)
        )
    exams = [
        await office.finalise(await office.schedule("special_operation", class_id=class_id), {"p01": PASS})
        for class_id in (CLASS, "class-2")
    ]

    assert verdicts(await office.issue(exams[0], {"p01": number})) == ["accepted"]
    assert verdicts(await office.issue(exams[0], {"p01": number})) == ["duplicate"]
    assert verdicts(await office.issue(exams[1], {"p01": number.lower()})) == ["NUMBER_TAKEN"]
    assert [event.number for event in await office.events(CertificateIssued)] == ["T****************2X"]
    async with office.database.connect(write=False) as connection:
        stored = (await connection.execute(select(CERTIFICATE))).mappings().all()
        audits = (await connection.execute(select(AUDIT_ENTRY.c.details))).all()
    assert "11010519491231002" not in f"{[dict(row) for row in stored]}{audits}"
