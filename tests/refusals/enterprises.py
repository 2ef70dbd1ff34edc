"""What an enterprise may not have at its own workplace, and what it may not claim for whom it sent to a school."""

from datetime import time
from typing import Final

from peibu.demo.party import Json
from peibu.demo.people import sample_credit_code
from peibu.demo.settlement import ACCOUNT
from tests.refusals.course import Course
from tests.refusals.world import ENROLLMENT, PAYMENT, Provider, World

FACTORY: Final = "示例用工企业"
FACTORY_CODE: Final = sample_credit_code(66)
SENT: Final = "two"
"""Who of the uninspected class is the factory's employee."""


async def play(world: World) -> None:
    """Work-for-training is for small enterprises, by what the register says of them; without it nothing is drawn up."""
    registered = await world.register(number=66, name=FACTORY, kind="enterprise")
    factory = await world.admit("factory", "institution", registered)
    there = world.as_provider(Provider(institution_id=registered, party=factory))
    course = Course(there, seed=241, begins=time(20), who=["one", "two"])
    workplace = course.plan(kind="work_for_training", training_type="work_for_training", level=None, sessions=[])
    months = {"attributes": {"months": "6"}}
    classes = f"{ENROLLMENT}/classes"
    await world.refused(factory, classes, {**workplace, **months}, "enterprise-of-unknown-size")
    profile = {
        "enterprise_code": FACTORY_CODE,
        "enterprise_name": FACTORY,
        "all_staff_plan": False,
        "struggling": False,
        "size": "large",
        "size_evidence": "示例证明〔2021〕1号",
    }
    await factory.post(f"{ENROLLMENT}/registers/enterprise_profile", {"fields": profile})
    await world.refused(factory, classes, workplace, "work-for-training-without-months")
    answer = await factory.post(classes, {**workplace, **months})
    for name in ("enterprise-not-small", "work-for-training-not-by-rules-of-classes", "enterprise-without-staff-plan"):
        world.saw(name, answer, class_id=answer["class_id"])


async def claim(world: World, course: Course) -> None:
    """It claims for whom it sent only with the document by which it paid, and a person has to accept that."""
    factory, claims, today = world.others["factory"], f"{PAYMENT}/claims", await world.today()
    account: Json = {**ACCOUNT, "holder": FACTORY}
    body = await course.claim_body(claimant="enterprise", account=account)
    about = {"class_id": course.class_id, "person_id": course.persons[SENT]}
    await world.refused(factory, claims, body, "enterprise-claim-without-payment", class_id=course.class_id)
    paid = {"reference": "发票-1", "amount_fen": 200_000, "paid_on": today.isoformat()}
    answer = await factory.post(claims, {**body, "employer_payment": paid})
    world.saw("flag-employer-payment", {"flags": answer["flags"]}, **about)
