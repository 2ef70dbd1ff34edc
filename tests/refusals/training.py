"""What does not count in training, and what in it stops the money of a class."""

from datetime import time

from peibu.demo.opening import roster_row
from peibu.demo.people import sample_people
from tests.refusals.applications import ACCEPTED
from tests.refusals.course import Course
from tests.refusals.enterprises import FACTORY_CODE, SENT
from tests.refusals.world import ENROLLMENT, PAYMENT, SUPERVISION, World, eventually

REGION = "419001"


class Classes:
    """The main class, in which people are refused one by one, and the classes that are refused as a whole."""

    def __init__(self, world: World, main: Course) -> None:
        ten = [f"p{number}" for number in range(10)]
        two = ("one", "two")
        self.main = main
        self.cancelled = Course(world, seed=202, begins=time(9, 30), who=ten)
        self.doubtful = Course(world, seed=203, begins=time(11), who=two, delivery="online")
        senior = {"training_type": "employee_senior", "level": "3"}
        contest = {**senior, "attributes": {"training_form": "contest"}}
        self.unchecked = Course(world, seed=204, begins=time(13, 30), who=two, **contest)
        self.unapproved = Course(world, seed=205, begins=time(15), who=two)


async def prepare(world: World, classes: Classes) -> None:
    """Three classes are reserved and one stays in review; an approved headcount stands."""
    rate = {"region": REGION, "programme": "training", "level": "3", "certificate_kind": "level", "source": "示例"}
    await world.cast.finance.post(f"{PAYMENT}/rates", {**rate, "valid_from": "2021-01-01", "amount_fen": 200_000})
    for course in (classes.cancelled, classes.doubtful):
        await course.prepared()
    await contest(world, classes.unchecked)
    unapproved, cancelled = classes.unapproved, classes.cancelled
    await unapproved.apply()
    await unapproved.enrol()
    await unapproved.submit()
    await unapproved.approve("first_review")
    eleventh = roster_row(11, next(sample_people(206)))
    change = {"reason": "增加一名学员", "added": [eleventh]}
    await world.refused(world.cast.institution, f"{cancelled.path}/changes", change, "change-beyond-the-plan")
    body = await cancelled.claim_body()
    await world.refused(world.cast.institution, f"{PAYMENT}/claims", body, "claim-before-opening")


async def contest(world: World, course: Course) -> None:
    """A contest, one of it sent by a factory, is admitted as a class: whether it is paid the claim's reviewer says."""
    await course.apply()
    employers = {SENT: {"employer_credit_code": FACTORY_CODE}}
    await course.enrol([course.row(name, **employers.get(name, {})) for name in course.who])
    await course.submit()
    decision = {"code": "NOT_A_CLASS", "decision": "allow", "reason": "赛前集中培训"}
    await world.cast.first_reviewer.post(f"{course.path}/decisions", decision)
    await course.approve()
    await course.is_in("reserved")


async def opening_day(world: World, classes: Classes) -> None:
    """Thirteen of fourteen come to the main class, eight of ten to the one that will be cancelled."""
    main, cancelled, inspector = classes.main, classes.cancelled, world.cast.inspector
    for course in (main, cancelled, classes.doubtful, classes.unchecked):
        await course.opened()
    await world.at(0, 19)
    checks = f"{SUPERVISION}/classes/{main.class_id}/checks"
    incomplete = main.check(0, headcount=13, records_retained=None)
    await world.refused(inspector, checks, incomplete, "opening-check-item")
    await world.refused(inspector, checks, main.check(0, kind="spot"), "check-on-wrong-day")
    await world.refused(inspector, checks, main.check(0, headcount=999), "check-above-roster")
    await main.attended(0, [name for name in ACCEPTED if name != "never-there"], headcount=13)
    await cancelled.attended(0, cancelled.who[:8], headcount=8)
    await classes.doubtful.push(classes.doubtful.sign_in(name, 0) for name in classes.doubtful.who)
    await classes.unchecked.attended(0, classes.unchecked.who)
    decision = {"allowed": True, "reason": "没有考勤设备"}
    path = f"{SUPERVISION}/classes/{main.class_id}/register-decisions"
    await world.refused(world.cast.approver, path, decision, "nobody-in-custody")
    await sign_ins(world, main)


async def sign_ins(world: World, main: Course) -> None:
    """A sign-in counts only of somebody on the roster, by an admitted method, and within a session."""
    absent, person = "never-there", main.persons["never-there"]
    afternoon, tomorrow = f"{world.day(0)}T17:00:00+08:00", f"{world.day(1)}T09:00:00+08:00"
    tried = {
        "sign-in-stranger": main.sign_in("a-stranger", 0),
        "sign-in-method": main.sign_in(absent, 0, method="password"),
        "sign-in-method-of-device": main.sign_in(absent, 0, method="id_card"),
        "sign-in-outside-sessions": main.sign_in(absent, 0, signed_at=afternoon),
        "sign-in-from-the-future": main.sign_in(absent, 0, signed_at=tomorrow),
        "sign-in-before-approval": main.sign_in(absent, -2),
    }
    for name, row in zip(tried, await main.push(tried.values()), strict=True):
        world.saw(name, row, class_id=main.class_id, person_id=person)
    desk = await device(world, world.cast.institution_id, "DESK-1", ["manual"])
    institution = world.cast.institution
    (row,) = await main.push([main.sign_in(absent, 0, method="manual")], party=institution, device=desk)
    world.saw("sign-in-by-hand", row, class_id=main.class_id, person_id=person)


async def device(world: World, institution_id: str, serial: str, methods: list[str]) -> str:
    """Register a device and give its id."""
    named = {"institution_id": institution_id, "serial": serial, "name": "考勤机", "region": REGION}
    answer = await world.cast.approver.post(f"{SUPERVISION}/devices", {**named, "methods": methods})
    return str(answer["device_id"])


async def cancellation(world: World, classes: Classes) -> None:
    """80 % of the plan came: the class is held, its claim waits; nobody may let it pass; then it is cancelled."""
    cancelled, institution = classes.cancelled, world.cast.institution
    await cancelled.supervised_as("held")
    (case,) = await cancelled.findings("opening_attendance")
    claims, body = f"{PAYMENT}/claims", await cancelled.claim_body()
    await eventually(
        institution,
        f"{PAYMENT}/classes/{cancelled.class_id}",
        lambda view: "FINDING_OPEN" in {one["code"] for one in view["missing"]},
        "payment to hear of the doubt",
    )
    await world.refused(institution, claims, body, "claim-while-held", class_id=cancelled.class_id)
    path = f"{SUPERVISION}/findings/{case['finding_id']}/closure"
    waiver = {"conclusion": "waived", "reason": "下不为例"}
    await world.refused(world.cast.approver, path, waiver, "opening-waiver", class_id=cancelled.class_id)
    confirmed = {"conclusion": "confirmed", "reason": "已现场清点"}
    await world.refused(
        world.cast.inspector, path, confirmed, "opening-concluded-by-inspector", class_id=cancelled.class_id
    )
    await cancelled.conclude(case, "confirmed")
    await cancelled.is_in("cancelled")
    await eventually(
        institution,
        f"{PAYMENT}/classes/{cancelled.class_id}",
        lambda view: bool(view["cancelled"]) and not view["reservation"]["held"],
        "payment to release the class",
    )
    await world.refused(institution, claims, body, "claim-of-cancelled", class_id=cancelled.class_id)
    (row,) = await cancelled.push([cancelled.sign_in("p9", 0)])
    world.saw("sign-in-after-cancellation", row, class_id=cancelled.class_id)


async def not_opened(world: World, classes: Classes) -> None:
    """A class that was not approved in time did not open; what it does all the same is lost."""
    unapproved = classes.unapproved
    view = await unapproved.is_in("not_opened")
    world.saw("opening-not-approved", view, class_id=unapproved.class_id)
    (row,) = await unapproved.push([unapproved.sign_in("nobody-yet", 0)])
    world.saw("sign-in-to-unopened-class", row, class_id=unapproved.class_id)
    body = await unapproved.claim_body()
    await world.refused(
        world.cast.institution, f"{PAYMENT}/claims", body, "claim-of-unopened", class_id=unapproved.class_id
    )


async def wednesday(world: World, classes: Classes) -> None:
    """Five attend the main class; whoever has left counts no more. Inspectors miss one of the other's two."""
    main = classes.main
    await world.at(2, 19)
    await main.attended(2, ACCEPTED[:5], headcount=5)
    (row,) = await main.push([main.sign_in("left", 2)])
    world.saw("sign-in-after-leaving", row, class_id=main.class_id, person_id=main.persons["left"])
    doubtful = classes.doubtful
    await doubtful.push(doubtful.sign_in(name, 2) for name in doubtful.who)
    checks = f"{SUPERVISION}/classes/{doubtful.class_id}/checks"
    await world.cast.inspector.post(checks, doubtful.check(2, headcount=1))
    await classes.unchecked.attended(2, classes.unchecked.who)


async def friday(world: World, classes: Classes) -> None:
    """Five attend again: on average five, of thirteen on the opening day. To the other class nobody comes."""
    await world.at(4, 19)
    await classes.main.attended(4, ACCEPTED[:5], headcount=5)
    await classes.unchecked.attended(4, classes.unchecked.who)


async def leave(world: World, main: Course) -> None:
    """Somebody leaves the class."""
    path = f"{ENROLLMENT}/classes/{main.class_id}/trainees/{main.persons['left']}/withdrawal"
    await world.cast.institution.post(path, {"reason_code": "personal"})


async def completion(world: World, classes: Classes) -> None:
    """Without films, opinion and exam a class cannot be claimed; nor with an opinion that it failed."""
    doubtful, institution = classes.doubtful, world.cast.institution
    for course in (classes.main, doubtful, classes.unchecked):
        await course.supervised_as("completed")
    await doubtful.claimable("FINDING_OPEN", "NOT_IN_SYSTEM", "OPINION_MISSING")
    claims, body = f"{PAYMENT}/claims", await doubtful.claim_body()
    names = (
        *("claim-without-theory-film", "claim-without-practice-film", "claim-with-fewer-heads-than-sign-ins"),
        *("claim-with-too-little-practice", "claim-without-opinion", "claim-without-exam"),
    )
    await world.refused(institution, claims, body, *names, class_id=doubtful.class_id)
    for check in ("video_incomplete", "headcount_contradiction", "practice_share"):
        for case in await doubtful.findings(check):
            await doubtful.conclude(case, "confirmed")
    await doubtful.judged(passed=False)
    await doubtful.claimable("NOT_IN_SYSTEM", "OPINION_NOT_PASSED")
    await world.refused(institution, claims, body, "claim-with-failed-opinion", class_id=doubtful.class_id)
