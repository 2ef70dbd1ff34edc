"""What may not be applied for, who may not be enrolled, and what reviewers may not do."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, Final

from peibu.demo.party import Json
from peibu.demo.people import broken_identity_number, sample_credit_code
from peibu.demo.scene import OCCUPATION
from tests.refusals.course import OPINION, SESSIONS, Course
from tests.refusals.world import ENROLLMENT, World

WITHOUT_RULES: Final = date(2022, 1, 4)
"""The first class day of the year after the one for which the document is made (JY-INT-04)."""
ACCEPTED: Final = (
    *(f"paid-{number}" for number in range(1, 6)),
    *("objected", "excluded", "failed", "direct", "again-refused", "again-recognised", "never-there", "left", "alone"),
)
"""Everybody who is trained in the main class, by what becomes of them."""
REFUSED_ROWS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "no-name": ("row-field-missing", {"name": ""}),
    "no-group": ("row-group-unknown", {"group": "aristocrat"}),
    "no-evidence": ("row-evidence-missing", {"group": "disabled", "evidence": ""}),
    "fee": ("row-fee-charged", {"group": "poor_worker", "fee_fen": 1}),
    "unwilling": ("row-excluded", {"exclusions": ["no_will"]}),
    "undeclared": ("row-declaration-missing", {"group": "laid_off", "declares_ability_and_will": False}),
    "bad-employer": ("row-employer-code", {"employer_credit_code": "92000000MA0000001"}),
}
"""Rows that are refused by themselves: the refusal's name in the table, and what is wrong."""
ROWS_OF_FOCUS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "unknown-focus": ("row-focus-unknown", {"employee_focus": ["pianist"]}),
    "veteran-with-focus": ("row-focus-not-employee", {"group": "veteran", "employee_focus": ["high_risk"]}),
}
"""Two more such rows, for which the main class of at most thirty has no place."""
ASKED_ROWS: Final[Mapping[str, tuple[str, str, dict[str, Any]]]] = {
    "other-group": ("row-group-decision", "GROUP_DECISION", {"group": "other"}),
    "far-employer": ("row-employer-not-local", "EMPLOYER_NOT_LOCAL", {"employer_region": "410100"}),
    "prisoner": ("row-prisoner", "GROUP_DECISION", {"group": "prisoner"}),
    "poor-child": ("row-child-of-the-poor", "GROUP_DECISION", {"group": "poor_family_child"}),
    "city-worker": ("row-focus-decision", "FOCUS_DECISION", {"employee_focus": ["city_management"]}),
    "declared": ("row-declaration-tick", "DECLARATION_TICK", {"group": "rural_transferred"}),
}
"""Rows that only a person may accept; here the reviewer decides against each."""


async def draft(world: World) -> None:
    """One fault at a time in what an institution applies for: nothing is stored."""
    course = Course(world, seed=221, begins=time(20), who=["one", "two"])
    venues = f"{ENROLLMENT}/institutions/{world.cast.institution_id}/venues"
    stations = [{"occupation": OCCUPATION, "count": 1}]
    room = {"name": "只有一个工位的实训室", "address": "示例路1号", "stations": stations}
    small = await world.cast.institution.post(venues, room)
    refused, asked = plans(course, small["venue_id"])
    for name, changes in refused.items():
        await world.refused(world.cast.institution, f"{ENROLLMENT}/classes", course.plan(**changes), name)
    for name, changes in asked.items():
        answer = await world.cast.institution.post(f"{ENROLLMENT}/classes", course.plan(**changes))
        world.saw(name, answer, class_id=answer["class_id"])
    await asked_about(world, course)


async def asked_about(world: World, course: Course) -> None:
    """Somebody is judged for a class still to be applied for, of a level that is not first for such employees."""
    question = {
        "identity_number": course.people["one"].identity_number,
        "occupation": OCCUPATION,
        "opening_date": world.day(0).isoformat(),
        "training_type": "senior_technician",
        "level": "1",
        "group": "employee",
        "employee_focus": ["labour_intensive"],
    }
    answer = await world.cast.institution.post(f"{ENROLLMENT}/eligibility-checks", question)
    world.saw("focus-of-other-level", answer)


def plans(course: Course, small_venue: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Give by name of the refusal what is applied for otherwise: what stops, and what only a person may allow."""
    theory = [course.session(number, kind="theory") for number, _ in SESSIONS]
    partner = sample_credit_code(70)
    refused: dict[str, Json] = {
        "class-too-large": {"planned": 51},
        "key-group-class-too-large": {"planned": 31, "training_type": "key_groups"},
        "class-hour-too-short": {"sessions": [course.session(0, minutes=79)]},
        "practice-share": {"sessions": theory},
        "teacher-not-filed": {"sessions": [course.session(0, teacher_id="nobody")]},
        "teacher-ratio": {"planned": 26, "sessions": [course.session(0)]},
        "station-ratio": {
            "planned": 30,
            "sessions": [course.session(number, venue_id=small_venue) for number, _ in SESSIONS],
        },
        "training-type": {"training_type": "piano"},
        "level-of-type": {"level": "3"},
        "work-for-training-class": {"training_type": "work_for_training", "level": None},
        "not-certifiable": {"training_type": "special_operation", "level": None},
        "seal-missing": {"sealed": False},
        "contact-missing": {"contact_person": ""},
        "telephone-invalid": {"telephone": "12345"},
        "funding-source": {"funding_source": "lottery"},
        "employer-required": {"attributes": {"class_mode": "order"}},
        "village-required": {"attributes": {"campaign": "whole_village"}},
        "partner-required": {"training_mode": "entrusted", "attributes": {"contract": "合同-1"}},
        "contract-required": {"training_mode": "entrusted", "attributes": {"partner_credit_code": partner}},
        "venue-unknown": {"sessions": [course.session(0, venue_id="nowhere")]},
        "year-without-rules": {
            "opening_date": WITHOUT_RULES.isoformat(),
            "closing_date": WITHOUT_RULES.isoformat(),
            "sessions": [course.session((WITHOUT_RULES - course.world.opening).days)],
        },
    }
    apprentices = {"kind": "apprenticeship", "training_type": "apprenticeship_intermediate"}
    needs = {"employer_credit_code": partner, "school_credit_code": partner, "agreement": "协议-1"}
    for need in needs:
        attributes = {code: value for code, value in needs.items() if code != need}
        refused[f"apprentices-without-{need}"] = {**apprentices, "attributes": attributes}
    asked: dict[str, Json] = {
        "no-quota": {"training_type": "senior_technician", "level": "1"},
        "provider-kind": {"attributes": {"labour_preparation": "yes"}},
        "not-a-class": {"attributes": {"training_form": "contest"}},
        "struggling-not-shown": {"attributes": {"job_change": "yes"}},
        "funding-source-decision": {"funding_source": "other"},
        "order-of-unknown-enterprise": {"attributes": {"class_mode": "order", "employer_credit_code": partner}},
    }
    return refused, asked


async def submit(world: World) -> None:
    """Too late, with another number of people than planned, and with nobody at all."""
    course = Course(world, seed=222, begins=time(20), who=["one", "two"])
    opening = await world.today() + timedelta(days=2)
    days = (opening - world.opening).days
    sessions = [course.session(days)]
    dates = {"opening_date": opening.isoformat(), "closing_date": opening.isoformat(), "sessions": sessions}
    answer = await world.cast.institution.post(f"{ENROLLMENT}/classes", course.plan(**dates))
    world.saw("exam-due-before-opening", answer, class_id=answer["class_id"])
    path = f"{ENROLLMENT}/classes/{answer['class_id']}/submission"
    names = ("application-too-late", "roster-count", "roster-empty")
    await world.refused(world.cast.institution, path, {}, *names, class_id=answer["class_id"])


async def enrol(world: World) -> Course:
    """The main class: of 30 rows fourteen are good, nine are refused and seven a person decides against."""
    others = ("mistyped", "twice", *REFUSED_ROWS, *ASKED_ROWS, "unclear")
    course = Course(world, seed=201, begins=time(8), who=(*ACCEPTED, *others))
    await course.apply()
    rows = [course.row(name) for name in ACCEPTED]
    rows.append(course.row("mistyped", identity_number=broken_identity_number(course.people["mistyped"])))
    rows.append({**course.row("paid-1"), "row": course.row("twice")["row"]})
    rows += [course.row(name, **changes) for name, (_, changes) in REFUSED_ROWS.items()]
    rows += [course.row(name, **changes) for name, (_, _, changes) in ASKED_ROWS.items()]
    rows.append(course.row("unclear"))
    answer = await course.enrol(rows)
    assert (answer["accepted"], answer["refused"], answer["ask"]) == (15, 9, 6)
    judged = {course.who[row["row"] - 1]: row for row in answer["rows"]}
    for name, refusal in (
        ("mistyped", "row-checksum"),
        ("twice", "row-duplicate"),
        *((name, refusal) for name, (refusal, _) in REFUSED_ROWS.items()),
        *((name, refusal) for name, (refusal, _, _) in ASKED_ROWS.items()),
    ):
        person = None if name == "twice" else judged[name]["person_id"]
        world.saw(refusal, judged[name], class_id=course.class_id if person else None, person_id=person)
    await course.submit()
    again = Course(world, seed=224, begins=time(20), who=["one"]).plan(batch=course.batch)
    await world.refused(world.cast.institution, f"{ENROLLMENT}/classes", again, "duplicate-batch")
    return course


async def review(world: World, course: Course) -> None:
    """Reviews in order, by different people, and not while a question is open."""
    cast, path = world.cast, f"{course.path}/reviews"
    last = {"step": "bureau_opinion", **OPINION}
    await world.refused(cast.approver, path, last, "class-review-order")
    await world.refused(cast.institution, path, {"step": "first_review", **OPINION}, "class-reviewed-by-institution")
    first = {"step": "first_review", **OPINION}
    await world.refused(cast.first_reviewer, path, first, "class-decisions-missing")
    for name, (_, code, _) in ASKED_ROWS.items():
        decision = {"rows": [course.row(name)["row"]], "code": code, "decision": "refuse", "reason": "核实后不予同意"}
        await cast.first_reviewer.post(f"{course.path}/decisions", decision)
    unclear = {"rows": [course.row("unclear")["row"]], "decision": "return", "basis": "identity_unclear"}
    await cast.first_reviewer.post(f"{course.path}/decisions", {**unclear, "reason": "证件照片不清"})
    roster = {row["row"]: row for row in (await cast.institution.get(f"{course.path}/roster"))["items"]}
    returned = roster[course.row("unclear")["row"]]
    world.saw("row-returned", returned, class_id=course.class_id, person_id=returned["person_id"])
    assert {roster[course.row(name)["row"]]["verdict"] for name in ASKED_ROWS} == {"refused"}
    plain = {"rows": [course.row("mistyped")["row"]], "code": "ID_CHECKSUM", "decision": "allow", "reason": "算了"}
    await world.refused(cast.first_reviewer, f"{course.path}/decisions", plain, "plain-stop-not-decidable")
    await course.approve("first_review")
    await world.refused(cast.first_reviewer, path, {"step": "second_review", **OPINION}, "class-same-reviewer")
    await course.approve("second_review", "bureau_opinion")


async def decided_against(world: World) -> None:
    """A contest is applied for as a class; the reviewer says that it is none, and so nobody can approve it."""
    attributes = {"training_form": "contest"}
    course = Course(world, seed=223, begins=time(20), who=["one", *ROWS_OF_FOCUS], attributes=attributes)
    await course.apply()
    rows = [course.row(name, **changes) for name, (_, changes) in ROWS_OF_FOCUS.items()]
    _, *judged = (await course.enrol([course.row("one"), *rows]))["rows"]
    for row, (refusal, _) in zip(judged, ROWS_OF_FOCUS.values(), strict=True):
        world.saw(refusal, row, class_id=course.class_id, person_id=row["person_id"])
    await course.submit()
    decision = {"code": "NOT_A_CLASS", "decision": "refuse", "reason": "技能竞赛不作为培训班"}
    await world.cast.first_reviewer.post(f"{course.path}/decisions", decision)
    path, step = f"{course.path}/reviews", {"step": "first_review", **OPINION}
    await world.refused(world.cast.first_reviewer, path, step, "class-decided-against", class_id=course.class_id)
