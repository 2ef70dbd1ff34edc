"""What may not be claimed, passed, published, ordered and paid, and what comes of it to the fen."""

from datetime import date, time
from typing import Final

from peibu.demo.party import Json
from peibu.demo.people import sample_credit_code
from peibu.demo.scene import RATE_FEN, moment
from peibu.demo.settlement import ACCOUNT
from tests.refusals import enterprises
from tests.refusals.course import OPINION, Course
from tests.refusals.examination import LEVEL
from tests.refusals.training import REGION, Classes
from tests.refusals.world import ENROLLMENT, PAYMENT, World, eventually

COMPLETION_RATE_FEN: Final = 100_000
CARD: Final = "6222000000000000012"
DUE_FEN: Final = (6 * RATE_FEN + COMPLETION_RATE_FEN) * 5 // 9
"""Six at the level's rate and one at the completion's, at five ninths: five were there on average of nine certified."""


async def claim(world: World, classes: Classes) -> None:
    """The main class is claimed: once, by who may, with undertaking, account and rates; one trainee was first."""
    main, institution = classes.main, world.cast.institution
    claims, body = f"{PAYMENT}/claims", await main.claim_body()
    unsigned = {**body["undertaking"], "signer": ""}
    await world.refused(institution, claims, {**body, "undertaking": unsigned}, "claim-without-undertaking")
    other = {**body["account"], "holder": "别的单位"}
    await world.refused(institution, claims, {**body, "account": other}, "claim-to-other-payee")
    await world.refused(institution, claims, {**body, "claimant": "enterprise"}, "claim-by-no-enterprise")
    await eventually(
        institution,
        f"{PAYMENT}/classes/{main.class_id}",
        lambda view: {one["code"] for one in view["missing"]} <= {"RATE_MISSING"},
        "payment to know the main class",
    )
    await world.refused(institution, claims, body, "claim-without-rate")
    rate = {"region": REGION, "programme": "training", "certificate_kind": "completion", "source": "示例"}
    await world.cast.finance.post(
        f"{PAYMENT}/rates", {**rate, "valid_from": "2021-01-01", "amount_fen": COMPLETION_RATE_FEN}
    )
    for feature in ("advance", "living_allowance", "evaluation", "employment_link", "three_times_cap"):
        path = f"{PAYMENT}/classes/{main.class_id}/feature-requests"
        await world.refused(institution, path, {"feature": feature}, f"feature-{feature.replace('_', '-')}")
    await alone(world, main)
    answer = await institution.post(claims, body)
    main.claim_id = answer["claim_id"]
    of_claim(world, main, answer)
    await world.refused(institution, claims, body, "claim-again")


async def alone(world: World, main: Course) -> None:
    """A trainee claims for himself, with all three blocks of the form, once."""
    trainee = await world.admit("trainee", "trainee")
    person = main.people["alone"]
    account = {"holder": person.name, "bank_name": ACCOUNT["bank_name"], "account_number": CARD}
    body = {**await main.claim_body(), "claimant": "individual", "account": account}
    claims = f"{PAYMENT}/claims"
    await world.refused(trainee, claims, body, "individual-without-block")
    named = {**body, "person": {"name": person.name, "identity_number": person.identity_number}}
    await trainee.post(claims, named)
    about = {"class_id": main.class_id, "person_id": main.persons["alone"]}
    world.saw("individual-again", await trainee.refused(claims, named), **about)


def of_claim(world: World, main: Course, answer: Json) -> None:
    """Keep what the claim says of its lines and of itself."""
    lines = {line["person_id"]: line for line in answer["lines"]}
    for name, refusal in (
        ("failed", "line-not-certified"),
        ("direct", "line-direct-completion-exam"),
        ("never-there", "line-without-attendance"),
        ("left", "line-of-who-left"),
        ("alone", "line-claimed-by-himself"),
    ):
        person = main.persons[name]
        world.saw(refusal, lines[person], class_id=main.class_id, person_id=person)
    for refusal in ("flag-mixed-rates", "flag-survey-missing"):
        world.saw(refusal, {"flags": answer["flags"]})


async def unchecked(world: World, course: Course) -> None:
    """A contest that nobody inspected waits for a person, who decides against it on both counts: it is never passed."""
    await course.claimable()
    await enterprises.claim(world, course)
    answer = await world.cast.institution.post(f"{PAYMENT}/claims", await course.claim_body())
    about = {"class_id": course.class_id}
    for refusal in ("flag-no-opening-check", "flag-few-spot-checks", "flag-no-spot-check", "flag-contest"):
        world.saw(refusal, {"flags": answer["flags"]}, **about)
    path, first = f"{PAYMENT}/claims/{answer['claim_id']}", world.cast.first_reviewer
    step = {"step": "first_review", **OPINION}

    async def decided(rule: str, value: str) -> None:
        await first.post(f"{path}/decisions", {"rule": rule, "value": value, "reason": "已核实"})

    await decided("JY-ENR-18", "accept")
    await world.refused(first, f"{path}/reviews", step, "review-without-decision", **about)
    await decided("JY-SUP-07", "refuse")
    await world.refused(first, f"{path}/reviews", step, "review-decided-against", **about)
    await decided("JY-SUP-07", "accept")
    await decided("JY-ENR-18", "refuse")
    await world.refused(first, f"{path}/reviews", step, "contest-decided-against", **about)


async def review(world: World, main: Course) -> None:
    """Steps in order, by different people; decisions only where the text leaves something to a person."""
    cast, path = world.cast, f"{PAYMENT}/claims/{main.claim_id}"
    first, second = {"step": "first_review", **OPINION}, {"step": "second_review", **OPINION}
    await world.refused(cast.second_reviewer, f"{path}/reviews", second, "review-order")
    await world.refused(cast.institution, f"{path}/reviews", first, "review-by-the-claimant")
    endless = {"rule": "JY-ASM-06", "value": "accept", "reason": "过渡期例外", "kinds": ["level"]}
    await world.refused(cast.first_reviewer, f"{path}/decisions", endless, "exception-without-end")
    for rule, value, names in (
        ("JY-ASM-05", "refuse", ["again-refused"]),
        ("JY-FND-03", "refuse", ["excluded"]),
        ("JY-CLM-10", "accept", []),
    ):
        persons = {"persons": [main.persons[name] for name in names]} if names else {}
        decision = {"rule": rule, "value": value, "reason": "已核实", **persons}
        answer = await cast.first_reviewer.post(f"{path}/decisions", decision)
    person = main.persons["again-refused"]
    (line,) = [line for line in answer["lines"] if line["person_id"] == person]
    world.saw("line-decided-against", line, class_id=main.class_id, person_id=person)
    await cast.first_reviewer.post(f"{path}/reviews", first)
    await world.refused(cast.first_reviewer, f"{path}/reviews", second, "review-same-person")
    site = {"site": "示范区人力资源和社会保障局官方网站"}
    await world.refused(cast.second_reviewer, f"{path}/notice", site, "notice-before-review")
    await cast.second_reviewer.post(f"{path}/reviews", second)


async def notice(world: World, main: Course) -> None:
    """Three working days in public: nothing is approved or ordered before, and an objection freezes its line."""
    cast, path = world.cast, f"{PAYMENT}/claims/{main.claim_id}"
    answer = await cast.second_reviewer.post(f"{path}/notice", {"site": "示范区人力资源和社会保障局官方网站"})
    public = f"{PAYMENT}/notices/{answer['notice_id']}"
    lines = {line["person_id"]: line["line_no"] for line in (await cast.approver.get(path))["lines"]}
    about = {"class_id": main.class_id, "person_id": main.persons["objected"]}
    objection = {"line_nos": [lines[about["person_id"]]], "content": "对出勤情况有异议"}
    unpaid = {**objection, "line_nos": [lines[main.persons["failed"]]]}
    await world.refused(cast.public, f"{public}/objections", unpaid, "objection-to-unpublished-line")
    raised = await cast.public.post(f"{public}/objections", objection)
    last = {"step": "bureau_opinion", **OPINION}
    await world.refused(cast.approver, f"{path}/reviews", last, "opinion-during-notice")
    order = {"sources": [{"funding_source": "skills_action_fund", "amount_fen": DUE_FEN}]}
    await world.refused(cast.finance, f"{path}/orders", order, "order-during-notice")
    alleged = {"facts": "材料不实", "evidence": "举报材料-1"}
    breach = await cast.inspector.post(f"{path}/breaches", alleged)
    await world.at_instant(moment(date.fromisoformat(answer["payable_from"]), time(9)))
    await world.refused(cast.public, f"{public}/objections", objection, "objection-after-notice")
    await world.refused(cast.approver, f"{path}/reviews", last, "opinion-with-open-breach")
    closure = {"conclusion": "unfounded", "reason": "核查不属实"}
    await cast.approver.post(f"{PAYMENT}/breaches/{breach['breach_id']}/closure", closure)
    await world.refused(cast.finance, f"{path}/orders", order, "order-without-opinion")
    await cast.approver.post(f"{path}/reviews", last)
    await pay(world, main)
    blockers = await cast.institution.get(f"{path}/blockers")
    world.saw("objection-open", blockers, **about)
    resolution = f"{PAYMENT}/objections/{raised['objection_id']}/resolution"
    await world.refused(cast.approver, resolution, {"upheld": True, "finding": " "}, "objection-without-finding")
    await cast.approver.post(resolution, {"upheld": True, "finding": "经核查签到与录像不符"})


async def pay(world: World, main: Course) -> None:
    """The sum of the sources is what is due, from sources of the document, and nobody excluded from the special one."""
    finance, path = world.cast.finance, f"{PAYMENT}/claims/{main.claim_id}/orders"
    special, employment = "skills_action_fund", "employment_subsidy_fund"

    def split(**parts: int) -> Json:
        return {"sources": [{"funding_source": source, "amount_fen": fen} for source, fen in parts.items()]}

    rest = DUE_FEN - RATE_FEN
    for refusal, order in (
        ("order-of-other-sum", split(**{special: rest, employment: RATE_FEN - 1})),
        ("order-with-frozen-line", split(**{special: rest + RATE_FEN, employment: RATE_FEN})),
        ("order-from-unknown-source", split(lottery=DUE_FEN)),
        ("order-from-undecided-source", split(other=DUE_FEN)),
        ("order-of-excluded", split(**{special: DUE_FEN})),
    ):
        await world.refused(finance, path, order, refusal)
    await finance.post(path, split(**{special: rest, employment: RATE_FEN}))
    other = {**ACCOUNT, "holder": "别的单位"}
    account = f"{PAYMENT}/claims/{main.claim_id}/account"
    await world.refused(world.cast.institution, account, other, "account-of-other-payee")
    view = await finance.get(f"{PAYMENT}/claims/{main.claim_id}")
    orders = {order["funding_source"]: order for order in view["orders"]}
    for source, order in orders.items():
        file = await finance.post(f"{PAYMENT}/bank-files", {"funding_source": source})
        settled = {"order_id": order["order_id"], "attempt": 1, "outcome": "settled"}
        answers = {"answers": [{**settled, "on": (await world.today()).isoformat()}]}
        await finance.post(f"{PAYMENT}/bank-files/{file['bank_file_id']}/answers", answers)


async def afterwards(world: World, classes: Classes) -> None:
    """Who was paid is not trained again in the year; who was in the cancelled class is free."""
    main, cancelled = classes.main, classes.cancelled
    await world.refused(world.cast.institution, f"{PAYMENT}/claims", await main.claim_body(), "claim-after-payment")
    later = Course(world, seed=231, begins=time(20), who=["paid-2", "p9"])
    later.people = {"paid-2": main.people[LEVEL[1]], "p9": cancelled.people["p9"]}
    later.changes = {
        "opening_date": world.day(56).isoformat(),
        "closing_date": world.day(56).isoformat(),
        "sessions": [later.session(56)],
    }
    await later.apply()
    paid, free = (await later.enrol())["rows"]
    assert free["verdict"] == "accepted", free
    world.saw("repeat-in-year", paid, class_id=later.class_id, person_id=paid["person_id"])
    await high_risk_posts(world, main)
    incident = {"on": "2021-05-20", "finding": "核查认定存在办学责任问题"}
    incidents = f"{ENROLLMENT}/institutions/{world.cast.institution_id}/incidents"
    await world.cast.approver.post(incidents, incident)
    await world.refused(world.cast.institution, f"{ENROLLMENT}/classes", later.plan(), "class-of-liable-school")
    await low_satisfaction(world, classes.unchecked, later)


async def high_risk_posts(world: World, main: Course) -> None:
    """Somebody works in a special operation without training or certificate: the system can only say so."""
    person = main.people["failed"]
    entry = {
        "person": {"name": person.name, "identity_number": person.identity_number},
        "fields": {
            "enterprise_code": sample_credit_code(1),
            "post": "冶炼炉前工",
            "special_operation": True,
            "assigned_on": world.day(0).isoformat(),
        },
    }
    register = f"{ENROLLMENT}/registers/post_assignment"
    await world.cast.institution.post(register, entry)
    report = await world.cast.approver.get(f"{register}/report")
    world.saw("post-without-safety-training", report)
    world.saw("special-post-without-certificate", report)


async def low_satisfaction(world: World, course: Course, later: Course) -> None:
    """Below 85 % and confirmed by a person the institution opens nothing, until a report is accepted."""
    cast = world.cast
    codes = await cast.institution.get(f"/assessment/v1/classes/{course.class_id}/survey/codes")
    for code in codes["codes"]:
        answer = {"code": code["code"], "answer": "dissatisfied"}
        await cast.public.post("/assessment/v1/survey-answers", answer)
    cases = await eventually(
        cast.approver, f"{ENROLLMENT}/quality-cases", lambda page: bool(page["items"]), "the low case"
    )
    case = cases["items"][0]
    await cast.approver.post(
        f"{ENROLLMENT}/quality-cases/{case['case_id']}/decision", {"decision": "confirm", "remark": "问卷属实"}
    )
    await world.refused(cast.institution, f"{ENROLLMENT}/classes", later.plan(), "institution-suspended")
    path = f"{ENROLLMENT}/institutions/{cast.institution_id}"
    (suspension,) = (await cast.approver.get(path))["suspensions"]
    lifting = {"reason": "rectified", "remark": "已整改"}
    suspended = f"{path}/suspensions/{suspension['suspension_id']}/lifting"
    await world.refused(cast.approver, suspended, lifting, "lifting-without-report")
