"""The survey over HTTP: codes for the institution, answers without a token, decisions of the bureau."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel

from services.assessment.api import corrections, exam_changes, rulings, surveys
from shared.web.rate_limit import PUBLIC_CODES_PER_MINUTE
from tests.assessment.conftest import Callers
from tests.assessment.office import APPROVER, ASSESSOR, PASS, PATROL, SCHOOL, Office
from tests.assessment.sample import CLASS, CLOSED, TODAY, at, class_closed, people
from tests.assessment.test_api import keyed, post

BODIES: dict[str, type[BaseModel]] = {
    body.__name__: body
    for body in (
        surveys.AnswerBody,
        surveys.DecisionBody,
        exam_changes.MoveBody,
        exam_changes.WithdrawalBody,
        exam_changes.AdmissionBody,
        rulings.WindowBody,
        rulings.WindowView,
        rulings.ExceptionBody,
        rulings.ExceptionView,
        rulings.RevocationBody,
        corrections.CorrectionBody,
    )
}
PATH = f"/assessment/v1/classes/{CLASS}/survey"
ANSWERS = "/assessment/v1/survey-answers"


@pytest.fixture
async def surveyed(office: Office, callers: Callers) -> Callers:
    """The sample class has closed; it is that day."""
    await office.prepare()
    await office.take(class_closed())
    callers.move_to(at(CLOSED, 12))
    return callers


async def test_codes_are_handed_out_and_answered_without_a_token(surveyed: Callers) -> None:
    """JY-QUA-01, JY-ASM-10"""
    school, public = await surveyed.client(SCHOOL), await surveyed.client(None)
    given = await school.get(f"{PATH}/codes")
    assert given.headers["Cache-Control"] == "no-store"
    codes = {row["person_id"]: row["code"] for row in given.json()["codes"]}
    asked = (await public.get(f"{PATH}/question")).json()
    assert asked["question"] == given.json()["question"]
    assert [step["answer"] for step in asked["answers"]][:2] == ["very_satisfied", "satisfied"]

    for person in people(3):
        answer = await post(public, ANSWERS, {"code": codes[person], "answer": "satisfied"})
        assert (answer.status_code, answer.json()) == (200, {"received": True})

    mine = (await school.get(PATH)).json()
    bureau = (await (await surveyed.client(APPROVER)).get(PATH)).json()
    assert (mine["state"], mine["invited"], mine["responses"], mine["tally"], mine["satisfied"]) == (
        "open",
        4,
        3,
        None,
        None,
    )
    assert (bureau["satisfied"], bureau["tally"]["satisfied"], bureau["tally"]["neutral"]) == (3, 3, 0)
    view = (await school.get(f"/assessment/v1/classes/{CLASS}")).json()
    assert view["survey"] == {"state": "open", "invited": 4, "responses": 3, "closes_on": mine["closes_on"]}


async def test_the_same_answer_sent_again_counts_once_and_a_code_no_second_time(surveyed: Callers) -> None:
    public = await surveyed.client(None)
    code = (await (await surveyed.client(SCHOOL)).get(f"{PATH}/codes")).json()["codes"][0]["code"]
    body = {"code": code, "answer": "neutral"}

    first = await public.post(ANSWERS, json=body, headers=keyed("one"))
    replayed = await public.post(ANSWERS, json=body, headers=keyed("one"))
    again = await public.post(ANSWERS, json=body, headers=keyed("two"))
    unknown = await post(public, ANSWERS, {"code": "0000-0000-0000-0000", "answer": "neutral"})

    assert (first.status_code, replayed.content) == (200, first.content)
    assert (again.status_code, again.json()["code"]) == (409, "CODE_USED")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "CODE_UNKNOWN")
    assert code not in again.text


async def test_a_class_of_fifty_answers_from_one_classroom_and_guessing_is_slowed_down(
    office: Office, callers: Callers
) -> None:
    """JY-QUA-01: everybody answers within a minute over one network address."""
    await office.prepare(trainees=people(50))
    await office.take(class_closed())
    callers.move_to(at(CLOSED, 12))
    public = await callers.client(None)
    codes = [row["code"] for row in (await (await callers.client(SCHOOL)).get(f"{PATH}/codes")).json()["codes"]]

    answers = [
        await public.post(ANSWERS, json={"code": code, "answer": "satisfied"}, headers=keyed(f"code-{number}"))
        for number, code in enumerate(codes)
    ]
    assert [answer.status_code for answer in answers] == [200] * 50

    guesses = [
        (await public.post(ANSWERS, json={"code": "0000", "answer": "satisfied"}, headers=keyed(f"g{n}"))).status_code
        for n in range(PUBLIC_CODES_PER_MINUTE - 50 + 1)
    ]
    assert set(guesses[:-1]) == {404}
    assert guesses[-1] == 429


async def test_only_its_institution_gets_the_codes_and_only_the_bureau_decides(surveyed: Callers) -> None:
    decision = {"decision": "repeat", "closes_on": (CLOSED + timedelta(days=30)).isoformat(), "reason": "示例"}
    for actor, status in (
        (replace(SCHOOL, organisation="institution-2"), 404),
        (APPROVER, 403),
        (ASSESSOR, 403),
    ):
        assert (await (await surveyed.client(actor)).get(f"{PATH}/codes")).status_code == status
    for actor, status in ((SCHOOL, 403), (PATROL, 403), (replace(APPROVER, region="410100"), 404)):
        assert (await post(await surveyed.client(actor), f"{PATH}/decisions", decision)).status_code == status
    assert (await (await surveyed.client(None)).get(f"{PATH}/codes")).status_code == 401
    assert (await (await surveyed.client(None)).get(PATH)).status_code == 401


async def test_the_bureau_repeats_a_survey(surveyed: Callers) -> None:
    approver, school = await surveyed.client(APPROVER), await surveyed.client(SCHOOL)
    before = (await school.get(f"{PATH}/codes")).json()
    decision = {"decision": "repeat", "closes_on": (CLOSED + timedelta(days=30)).isoformat(), "reason": "代答"}

    stale = await post(approver, f"{PATH}/decisions", decision, **{"If-Match": '"9"'})
    answer = await post(approver, f"{PATH}/decisions", decision)

    assert stale.status_code == 412
    assert (answer.status_code, answer.json()["round"], answer.json()["closes_on"]) == (200, 2, decision["closes_on"])
    assert answer.json()["decisions"][0]["decided_by"] == "approver-1"
    after = (await school.get(f"{PATH}/codes")).json()
    assert after["codes"] != before["codes"]
    past = {**decision, "closes_on": CLOSED.isoformat()}
    refused = await post(approver, f"{PATH}/decisions", past)
    assert (refused.status_code, refused.json()["code"]) == (422, "SURVEY_DATE")


async def test_before_the_class_closes_there_is_no_survey(office: Office, callers: Callers) -> None:
    await office.prepare()
    for actor, path in ((SCHOOL, PATH), (SCHOOL, f"{PATH}/codes"), (None, f"{PATH}/question")):
        answer = await (await callers.client(actor)).get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "SURVEY_UNKNOWN")


async def test_the_end_of_an_exam_shows_how_far_the_survey_is(office: Office, callers: Callers) -> None:
    """JY-ASM-10"""
    await office.prepare()
    exam = await office.schedule()
    await office.score(exam, {"p01": PASS}, on=TODAY)
    await office.take(class_closed())
    callers.move_to(at(TODAY))
    path = f"/assessment/v1/assessments/{exam.assessment_id}"
    assert (await post(await callers.client(PATROL), f"{path}/patrol", {})).status_code == 200

    final = (await post(await callers.client(ASSESSOR), f"{path}/finalisation", {})).json()

    assert (final["survey"]["state"], final["survey"]["invited"], final["survey"]["responses"]) == ("open", 4, 0)
    assert final["findings"] == []


async def test_every_body_of_these_addresses_is_shown_by_an_example_that_is_one(callers: Callers) -> None:
    document = (await (await callers.client(None)).get("/assessment/openapi.json")).json()
    shown = {
        name: schema["examples"] for name, schema in document["components"]["schemas"].items() if "examples" in schema
    }

    assert shown.keys() >= BODIES.keys()
    for name in BODIES:
        for one in shown[name]:
            BODIES[name].model_validate(one)
