"""What goes wrong is answered in one form, with a code, an advice and nothing that was sent."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database.engine import Database
from shared.domain.errors import Refused
from shared.web.handlers import _members
from shared.web.problems import declare, merge_responses, responses
from shared.web.validation import field_problems

RAISE = "/sample/v1/raise"
PEOPLE = "/sample/v1/people"
VALID = {"kind": "worker", "identity_number": "x", "age": 30, "born_on": "1990-01-01"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("Refused", 422), ("Conflict", 409), ("NotFound", 404), ("Forbidden", 403), ("MissingFact", 409)],
)
async def test_a_domain_error_says_what_is_wrong_and_what_to_do(
    light_client: httpx.AsyncClient, kind: str, status: int
) -> None:
    answer = await light_client.get(f"{RAISE}/{kind}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.pop("title")
    assert problem == {
        "type": "urn:peibu:problem:SAMPLE",
        "status": status,
        "code": "SAMPLE",
        "detail": "不可以。",
        "advice": "请改正。",
        "field": "planned_count",
        "value": "51",
        "rule": "JY-X-02",
        "clause": "一",
        "document": "X",
    }
    assert ("retry-after" in answer.headers) == (kind == "MissingFact")


async def test_several_domain_errors_are_answered_together(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.get(f"{RAISE}/several")
    assert (answer.status_code, answer.json()["code"]) == (422, "SEVERAL_PROBLEMS")
    assert [error["code"] for error in answer.json()["errors"]] == ["A", "B"]


async def test_a_defect_among_domain_errors_is_a_defect(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.get(f"{RAISE}/mixed")
    assert (answer.status_code, answer.json()["code"]) == (500, "UNEXPECTED")
    assert answer.json()["incident"]
    assert "13800138000" not in answer.text


async def test_a_lost_connection_is_answered_503(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.get(f"{RAISE}/unreachable")
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_wrong_method_is_told_every_allowed_one(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.delete("/sample/v1/notes/7")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, PUT"
    overlapping = await light_client.delete("/sample/v1/notes/batch")
    assert overlapping.headers["allow"] == "GET, POST, PUT"


async def test_an_unknown_address_is_a_problem_too(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.get("/sample/v1/nothing/11010519491231002X")
    assert (answer.status_code, answer.json()["code"]) == (404, "ADDRESS_UNKNOWN")
    assert "11010519491231002X" not in answer.text


async def test_every_wrong_field_is_named_with_its_limit_and_an_advice(light_client: httpx.AsyncClient) -> None:
    body = {"kind": "king", "identity_number": 5, "age": 12, "born_on": "1990-13-01", "planed": 1}
    answer = await light_client.post(PEOPLE, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID")
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert {field: error["rule"] for field, error in errors.items()} == {
        "kind": "literal_error",
        "identity_number": "string_type",
        "age": "greater_than_equal",
        "born_on": "date_from_datetime_parsing",
        "planed": "extra_forbidden",
    }
    assert errors["kind"]["detail"] == "不在允许的取值之内，可用：'worker' or 'graduate'。"
    assert errors["age"]["detail"] == "不得小于 16。"
    assert all(error["advice"] for error in errors.values())


async def test_a_validator_may_speak_for_itself_and_its_rule(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.post(PEOPLE, json={**VALID, "identity_number": "110105194912310021"})
    assert answer.json()["errors"] == [
        {
            "code": "CHECK_DIGIT_WRONG",
            "detail": "身份证号末位校验不符。",
            "advice": "请核对证件后重新填写。",
            "field": "identity_number",
            "rule": "GB 11643",
        }
    ]


async def test_the_text_of_a_foreign_validator_is_not_repeated(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.post(PEOPLE, json={**VALID, "identity_number": "11010519491231002X"})
    assert answer.status_code == 422
    assert "11010519491231002X" not in answer.text


async def test_a_body_that_is_no_json_is_a_problem(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.post(
        PEOPLE, content=b'{"identity_number": "1101', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (422, "json_invalid")
    no_type = await light_client.post(PEOPLE, content=b"{}", headers={"Content-Type": "text/plain"})
    assert (no_type.status_code, no_type.json()["errors"][0]["field"]) == (422, "body")


async def test_a_body_in_another_encoding_is_a_problem(light_client: httpx.AsyncClient) -> None:
    answer = await light_client.post(PEOPLE, content=b'{"kind": "\xff"}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
async def test_text_that_cannot_be_stored_is_the_senders_problem(
    client: httpx.AsyncClient, database: Database, text: str
) -> None:
    content = json.dumps({"text": text}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = await client.post("/sample/v1/notes", content=content, headers=headers)
    storable = database.is_sqlite and text == "\x00"
    assert answer.status_code == (201 if storable else 422)


async def test_a_number_that_is_too_large_is_the_senders_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/sample/v1/notes/{10**30}")
    assert (answer.status_code, answer.json()["code"]) == (422, "VALUE_OUT_OF_RANGE")


identity_numbers = st.from_regex(r"[1-8][0-9]{16}[0-9X]", fullmatch=True)
places = st.sampled_from(["kind", "identity_number", "age", "born_on", "marks", "unknown", "{key}", "[marks]", "all"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=identity_numbers, place=places, around=st.sampled_from(["{}", "号码{}", "{} ", "a{}b"]))
async def test_a_422_never_contains_the_identity_number_that_was_sent(
    light_client: httpx.AsyncClient, number: str, place: str, around: str
) -> None:
    sent = around.format(number)
    body: dict[str, object] = {**VALID, "age": 200}
    if place == "{key}":
        body[sent] = 1
    elif place == "[marks]":
        body["marks"] = {sent: "x"}
    elif place == "all":
        body = dict.fromkeys([*VALID, sent], sent)
    else:
        body[place] = sent
    for content in (json.dumps(body).encode(), json.dumps([sent]).encode(), sent.encode()):
        answer = await light_client.post(PEOPLE, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert number not in answer.text
        assert number[:17] not in answer.text


def test_a_limit_is_shown_only_when_the_schema_says_it() -> None:
    errors = [
        {"type": "union_tag_invalid", "loc": ("body",), "ctx": {"tag": "张三", "expected_tags": "'a', 'b'"}},
        {"type": "string_too_long", "loc": ("body", "note"), "ctx": {}},
        {"type": "never_heard_of", "loc": (), "ctx": {"error": "张三"}},
    ]
    details = [problem.detail for problem in field_problems(errors)]
    assert details == ["类型标识不在允许的取值之内，可用：'a', 'b'。", "不符合要求。", "不符合要求。"]


def test_a_code_is_declared_once() -> None:
    declare("SAMPLE_DECLARED", 422, "示例")
    declare("SAMPLE_DECLARED", 422, "示例")
    with pytest.raises(ValueError, match="already declared"):
        declare("SAMPLE_DECLARED", 409, "示例")
    with pytest.raises(KeyError):
        responses("NEVER_DECLARED")


def test_the_codes_of_one_status_add_up() -> None:
    merged = merge_responses(responses("TOKEN_MISSING", 404), responses("TOKEN_EXPIRED"), {200: {"description": "好"}})
    assert merged[401]["x-problem-codes"] == ["TOKEN_MISSING", "TOKEN_EXPIRED"]
    assert "访问令牌已过期" in merged[401]["description"]
    assert merged[404]["description"] == "未找到"
    assert merged[200] == {"description": "好"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [("51", "51"), ("JY-ENR-05", "JY-ENR-05"), ("张三", None), ("11010519491231002X", None), ("138 0013 8000", None)],
)
def test_a_refusal_repeats_a_value_only_when_it_reads_like_a_code(value: str, shown: str | None) -> None:
    error = Refused(code="SAMPLE", message="不可以。", advice="请改正。", field="kind", value=value)
    assert _members(error)["value"] == shown
