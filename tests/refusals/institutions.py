"""Who may not come into the directory, and what an enterprise's own centre may not do."""

from datetime import time

from peibu.demo.party import Json
from peibu.demo.people import sample_credit_code, sample_people
from peibu.demo.scene import OCCUPATION
from tests.refusals.course import Course
from tests.refusals.world import ENROLLMENT, Provider, World, directory_entry, institution

PROOFS = ("establishment", "venue", "teachers", "equipment", "teaching_materials")
DIGEST = "0" * 64
CENTRE_CODE = sample_credit_code(61)


async def play(world: World) -> None:
    """Come to the bureau's counter."""
    await private_schools(world)
    centre = await enterprise_centre(world)
    await its_classes(world, centre)
    await technician_school(world)


async def private_schools(world: World) -> None:
    """A kind that the text does not know, and a school with a problem from 2019 on and without its inspection."""
    approver = world.cast.approver
    unknown = institution(60, "示例辅导班", "tutor")
    await world.refused(approver, f"{ENROLLMENT}/institutions", unknown, "institution-kind")
    other = institution(65, "示例其他机构", "other")
    world.saw("institution-kind-review", await approver.post(f"{ENROLLMENT}/institutions", other))
    school = await world.register(
        number=62,
        name="示例问题学校",
        kind="private_school",
        liability_incidents=[{"on": "2019-01-01", "finding": "核查认定存在办学责任问题"}],
        annual_inspections=[],
    )
    entries = f"{ENROLLMENT}/institutions/{school}/directory-entries"
    await world.refused(
        approver, entries, directory_entry(world.day(200)), "liability-since-2019", "inspection-not-passed"
    )


async def enterprise_centre(world: World) -> Provider:
    """A centre is listed in its steps: none is skipped, none is taken by one person twice."""
    approver, second = world.cast.approver, await world.admit("approver-2", "approver")
    centre = await world.register(number=61, name="示例企业职工培训中心", kind="enterprise_centre")
    party = await world.admit("centre", "institution", centre)
    entries = f"{ENROLLMENT}/institutions/{centre}/directory-entries"
    await world.refused(approver, entries, directory_entry(world.day(0)), "centre-not-approved")
    applications = f"{ENROLLMENT}/institutions/{centre}/listing-applications"
    await world.refused(party, applications, attachments(*PROOFS[:-1]), "centre-attachment")
    answer = await party.post(applications, attachments(*PROOFS))
    path = f"{ENROLLMENT}/listing-applications/{answer['application_id']}"
    today = (await world.today()).isoformat()
    reply = {"number": "示例批复〔2021〕1号", "replied_on": today, "approved": True}
    await world.refused(approver, f"{path}/reply", reply, "centre-order")
    expert = {"name": "赵示例", "organisation": "示例学院", "title": "教授"}
    assessment = {"passed": True, "assessed_on": today, "experts": [expert], "reference": "评估-1", "sha256": DIGEST}
    await world.refused(approver, f"{path}/assessment", {**assessment, "experts": []}, "centre-experts")
    await approver.post(f"{path}/assessment", assessment)
    await world.refused(approver, f"{path}/reply", reply, "centre-same-officer")
    await second.post(f"{path}/reply", reply)
    await approver.post(entries, directory_entry(world.day(0)))
    return Provider(institution_id=centre, party=party)


def attachments(*slots: str) -> Json:
    """Give a listing application with these proofs."""
    return {"attachments": [{"slot": slot, "reference": f"档案-{slot}", "sha256": DIGEST} for slot in slots]}


async def its_classes(world: World, centre: Provider) -> None:
    """The centre trains only for what its conditions were found, its own people, and while it is listed."""
    path = f"{ENROLLMENT}/institutions/{centre.institution_id}"
    found = {"occupation": OCCUPATION, "met": True, "found_on": (await world.today()).isoformat(), "evidence": "核查-1"}
    shown = [{**found, "condition": condition} for condition in ("teachers", "venue", "facilities")]
    stations = [{"occupation": OCCUPATION, "count": 5}]
    venue = await centre.party.post(
        f"{path}/venues", {"name": "企业实训室", "address": "示例路2号", "stations": stations}
    )
    person = next(sample_people(998))
    teacher = await centre.party.post(
        f"{path}/teachers",
        {
            "name": person.name,
            "identity_number": person.identity_number,
            "specialty": "焊接",
            "qualification": "技师",
            "full_time": True,
        },
    )
    there = world.as_provider(centre, teacher_ids=(teacher["teacher_id"],), venue_id=venue["venue_id"])
    course = Course(there, seed=211, begins=time(8), who=("own", "subcontracted"))
    await world.cast.approver.post(f"{path}/conditions", {"findings": shown[:2]})
    await world.refused(centre.party, f"{ENROLLMENT}/classes", course.plan(), "conditions-not-shown")
    await world.cast.approver.post(f"{path}/conditions", {"findings": shown[2:]})
    sessions = [course.session(1, kind="practice")]
    day_after = {"opening_date": world.day(1).isoformat(), "sessions": sessions}
    await world.refused(centre.party, f"{ENROLLMENT}/classes", course.plan(**day_after), "not-in-directory")
    await course.apply()
    answer = await course.enrol(
        [
            course.row("own", employer_credit_code=CENTRE_CODE),
            course.row("subcontracted", employer_credit_code=sample_credit_code(63)),
        ]
    )
    own, foreign = answer["rows"]
    assert own["verdict"] == "accepted"
    world.saw("not-internal-employee", foreign, class_id=course.class_id, person_id=foreign["person_id"])


async def technician_school(world: World) -> None:
    """A technician school's public course is free of charge, and its place in the annual plan is ten (附件1)."""
    school = await world.register(number=64, name="济源技师学院", kind="technician_school", ownership="public")
    party = await world.admit("technician-school", "institution", school)
    await world.cast.approver.post(
        f"{ENROLLMENT}/institutions/{school}/directory-entries", directory_entry(world.day(200))
    )
    resource = {"title": "焊接基础", "public_resource": True, "price_fen": 1000, "published_on": "2021-05-10"}
    await world.refused(party, f"{ENROLLMENT}/registers/online_course", {"fields": resource}, "price-not-zero")
    stations = [{"occupation": OCCUPATION, "count": 5}]
    venue = await party.post(
        f"{ENROLLMENT}/institutions/{school}/venues",
        {"name": "技师实训室", "address": "示例路3号", "stations": stations},
    )
    there = world.as_provider(
        Provider(institution_id=school, party=party),
        teacher_ids=("part-time-teacher",),
        venue_id=venue["venue_id"],
    )
    course = Course(there, seed=212, begins=time(8), who=[f"p{number}" for number in range(11)])
    plan = course.plan(training_type="senior_technician", level="1")
    world.saw("quota-exceeded", await party.post(f"{ENROLLMENT}/classes", plan))
