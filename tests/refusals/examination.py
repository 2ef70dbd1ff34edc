"""Which exams are not taken, which results not entered, and which certificates not issued."""

from datetime import date, timedelta

from peibu.demo.party import Json
from peibu.demo.people import sample_credit_code
from peibu.demo.scene import OCCUPATION
from tests.refusals.course import Course
from tests.refusals.training import REGION, Classes
from tests.refusals.world import ASSESSMENT, World

LEVEL = ("paid-1", "paid-2", "paid-3", "paid-4", "paid-5", "objected", "excluded", "never-there", "alone")
"""Those who pass the level exam."""
AGAIN = ("again-refused", "again-recognised")
"""Those who fail it, and then pass the completion exam."""


class Exams:
    """The ids of the exams."""

    level = ""
    direct = ""
    again = ""
    unchecked = ""


async def applications(world: World, classes: Classes, exams: Exams) -> None:
    """The last day on which the main class can apply: three calendar days before it ends."""
    main, institution, approver = classes.main, world.cast.institution, world.cast.approver
    today = (await world.today()).isoformat()
    sitting = [*LEVEL, *AGAIN, "failed"]
    own = await approver.post(f"{ASSESSMENT}/bodies", body("示例学校的评价中心", sample_credit_code(1)))
    faults: dict[str, Json] = {
        "exam-online": {"mode": "online"},
        "exam-too-soon": {"exam_on": world.day(3).isoformat()},
        "exam-of-unknown-kind": {"certificate_kind": "in_house"},
        "exam-by-unqualified-body": {"certificate_kind": "special_operation"},
        "exam-by-the-trainer": {"body_id": own["body_id"]},
        "completion-exam-by-others": {"certificate_kind": "completion"},
        "exam-on-paper": {"channel": "paper", "paper_received_on": today},
        "exam-of-strangers": {"persons": ["a-stranger"]},
    }
    for name, changes in faults.items():
        answer = await world.refused(institution, main.exams, main.exam(8, sitting, **changes), name)
        if name == "exam-of-unknown-kind":
            world.saw("exam-of-kind-not-for-type", answer)
        if name == "exam-too-soon":
            world.saw("exam-before-course-end", answer)
    paper = main.exam(8, sitting, channel="paper")
    await world.refused(approver, main.exams, paper, "exam-paper-undated")
    held = {"exam_on": (date.fromisoformat(today) - timedelta(days=1)).isoformat()}
    late = main.exam(8, sitting, channel="paper", paper_received_on=held["exam_on"], **held)
    await world.refused(approver, main.exams, late, "exam-paper-after-the-exam")
    exams.level = (await main.apply_for_exam(8, sitting))["assessment_id"]
    completion = {"certificate_kind": "completion", "body_id": world.cast.bureau_body_id}
    answer = await main.apply_for_exam(8, ["direct"], **completion)
    exams.direct = answer["assessment_id"]
    world.saw("direct-completion-exam", answer, class_id=main.class_id, person_id=main.persons["direct"])
    exams.unchecked = (await classes.unchecked.apply_for_exam(4, classes.unchecked.who))["assessment_id"]
    await of_online_class(world, classes.doubtful)
    exception = {"region": REGION, "occupation": OCCUPATION, "starts_on": "2021-01-01", "ends_on": "2021-12-31"}
    wanted = {**exception, "certificate_kind": "qualification", "document": "示例决定", "reason": "无鉴定机构"}
    await world.refused(approver, f"{ASSESSMENT}/exceptions", wanted, "exception-of-other-kind")


async def of_online_class(world: World, online: Course) -> None:
    """Nobody has set the days for online classes: a person decides, against it; then days are set, and not today."""
    approver = world.cast.approver
    answer = await online.apply_for_exam(8, online.who)
    world.saw("exam-without-window", answer, class_id=online.class_id)
    path = f"{ASSESSMENT}/assessments/{answer['assessment_id']}"
    await approver.post(f"{path}/decision", {"decision": "refuse", "reason": "课程尚未结束"})
    opens, closes = world.day(20).isoformat(), world.day(25).isoformat()
    window = {"region": REGION, "opens": opens, "closes": closes, "source": "示例通知〔2021〕3号"}
    await approver.post(f"{ASSESSMENT}/exam-windows", window)
    again = online.exam(8, online.who)
    await world.refused(world.cast.institution, online.exams, again, "exam-outside-window", class_id=online.class_id)


def body(name: str, credit_code: str) -> Json:
    """Give an assessment body to register."""
    return {
        "name": name,
        "credit_code": credit_code,
        "region": REGION,
        "certificate_kinds": ["level"],
        "occupations": [OCCUPATION],
        "is_bureau": False,
    }


async def too_late(world: World, main: Course) -> None:
    """Two days before the class ends it is too late for a first exam."""
    application = main.exam(8, ["failed"])
    await world.refused(world.cast.institution, main.exams, application, "exam-too-late")


async def before_the_end(world: World, unchecked: Course, exams: Exams) -> None:
    """An exam on the last day of a class: there is no pass mark yet, and the training is not complete."""
    path = f"{ASSESSMENT}/assessments/{exams.unchecked}"
    scores = unchecked.scores(dict.fromkeys(unchecked.who, 80))
    answer = await world.cast.assessor.post(f"{path}/scores", scores)
    world.saw("score-without-pass-mark", answer["rows"][0])
    mark = {"region": REGION, "occupation": OCCUPATION, "level": "3", "certificate_kind": "level", "source": "示例"}
    limits = {"full_mark": 100, "pass_mark": 60, "valid_from": "2021-01-01"}
    for part in ("theory", "practice"):
        await world.cast.approver.post(f"{ASSESSMENT}/pass-marks", {**mark, **limits, "part": part})
    await world.cast.assessor.post(f"{path}/scores", scores)
    await world.cast.exam_patrol.post(f"{path}/patrol", {"remark": "考场秩序正常"})
    finalisation = f"{path}/finalisation"
    await world.refused(world.cast.assessor, finalisation, {}, "results-before-the-end")


async def results(world: World, classes: Classes, exams: Exams) -> None:
    """Results are entered by the body alone, and are final only with patrol, opinion and every score."""
    main, assessor = classes.main, world.cast.assessor
    path = f"{ASSESSMENT}/assessments/{exams.level}"
    points = {**dict.fromkeys(LEVEL, 80), **dict.fromkeys((*AGAIN, "failed"), 55)}
    everything = main.scores(points)
    await world.refused(world.cast.institution, f"{path}/scores", everything, "scores-by-the-institution")
    wrong = main.scores({"direct": 80})["scores"][:1] + main.scores({"failed": 101})["scores"][:1]
    stranger, beyond = (await assessor.post(f"{path}/scores", {"scores": wrong}))["rows"]
    world.saw("score-of-another", stranger)
    world.saw("score-out-of-range", beyond)
    await assessor.post(f"{path}/scores", {"scores": everything["scores"][1:]})
    names = ("results-without-patrol", "results-without-opinion", "results-incomplete")
    await world.refused(assessor, f"{path}/finalisation", {}, *names)
    await main.judged(passed=True)
    await main.hold(exams.level, points)
    await main.hold(exams.direct, {"direct": 80}, by=world.cast.bureau_assessor)
    await certificates(world, main, exams)
    unchecked = classes.unchecked
    await unchecked.judged(passed=True)
    await unchecked.finalise(exams.unchecked)
    await unchecked.certify(exams.unchecked, unchecked.certificates(8, unchecked.who, level="3"))


async def certificates(world: World, main: Course, exams: Exams) -> None:
    """Only who passed gets a certificate, under a number of its own, not before the exam."""
    tried = main.certificates(8, ["failed"]), main.certificates(8, ["paid-1"]), main.certificates(8, LEVEL)
    failed, early, good = (batch["certificates"] for batch in tried)
    early[0]["issued_on"] = (world.day(8) - timedelta(days=1)).isoformat()
    rows = await main.certify(exams.level, {"certificates": [*failed, *early, *good]})
    person = main.persons["failed"]
    world.saw("certificate-not-passed", rows[0], class_id=main.class_id, person_id=person)
    world.saw("certificate-before-exam", rows[1])
    assert {row["verdict"] for row in rows[2:]} == {"accepted"}, rows
    number = {**main.certificates(8, ["paid-2"])["certificates"][0], "number": good[0]["number"]}
    (row,) = await main.certify(exams.level, {"certificates": [number]})
    for name in ("certificate-number-taken", "second-certificate"):
        world.saw(name, row)
    await main.certify(
        exams.direct,
        {"certificates": [completion_certificate(main, "direct", 8)]},
        by=world.cast.bureau_assessor,
    )


async def apply_again(world: World, main: Course, exams: Exams) -> None:
    """Who failed the level exam may try the completion exam."""
    completion = {"certificate_kind": "completion", "body_id": world.cast.bureau_body_id}
    exams.again = (await main.apply_for_exam(12, AGAIN, **completion))["assessment_id"]


async def examine_again(world: World, main: Course, exams: Exams) -> None:
    """Both pass it."""
    await main.hold(exams.again, dict.fromkeys(AGAIN, 80), by=world.cast.bureau_assessor)
    certificates = [completion_certificate(main, name, 12) for name in AGAIN]
    await main.certify(exams.again, {"certificates": certificates}, by=world.cast.bureau_assessor)


def completion_certificate(main: Course, name: str, number: int) -> Json:
    """Give the bureau's certificate of a completion exam."""
    issued = main.world.day(number).isoformat()
    serial = f"COMP-{main.seed}-{main.who.index(name):03d}"
    return {"person_id": main.persons[name], "number": serial, "issued_on": issued}
