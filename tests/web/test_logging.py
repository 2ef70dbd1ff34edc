"""Logs are JSON lines in which nobody can be found."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from shared.clock import new_id
from shared.web.logging import configure_logging, describe, forget_personal_data, safe_text
from shared.web.masking import mask

LONG_RUN = re.compile(r"\d(?:[ \u3000\-]?\d){10,}")

personal = st.one_of(
    st.from_regex(r"[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|2[0-8])[0-9]{3}[0-9X]", fullmatch=True),
    st.from_regex(r"[1-8][0-9]{14}", fullmatch=True),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"62[0-9]{14,17}", fullmatch=True),
)
spellings = st.sampled_from(
    [
        lambda number: number,
        lambda number: " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
        lambda number: "-".join((number[:3], number[3:7], number[7:])),
        lambda number: number.translate({ord("0") + digit: ord("０") + digit for digit in range(10)}),
    ]
)
written = st.builds(lambda number, spell: spell(number), personal, spellings)
around = st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"]), max_size=20)


def clean(**event: Any) -> dict[str, Any]:
    return dict(forget_personal_data(None, "info", event))


@settings(deadline=None)
@given(before=around, number=written, after=around)
def test_no_personal_number_survives_anywhere_in_a_value(before: str, number: str, after: str) -> None:
    text = f"{before}{number}{after}"
    for logged in (
        clean(event=text),
        clean(event="x", details={"list": [text, {"deep": (text,)}]}),
        clean(event="x", **{text: 1}),
        clean(event="x", cause=ValueError(text)),
    ):
        rendered = json.dumps(logged, ensure_ascii=False)
        assert number not in rendered
        assert number[:14] not in rendered or len(number) < 12


@given(number=written)
def test_no_personal_number_survives_in_an_exception(number: str) -> None:
    assert number not in safe_text(RuntimeError(f"row {number} failed"))
    assert not LONG_RUN.search(safe_text(RuntimeError(f"row {number} failed")))


@given(amount=st.integers(min_value=0, max_value=10**15), number=st.integers(min_value=10**10, max_value=10**18))
def test_an_amount_stays_and_a_number_that_may_be_a_person_goes(amount: int, number: int) -> None:
    assert clean(amount_fen=amount, seen=number) == {"amount_fen": amount, "seen": "***"}


def test_ids_and_dates_stay_readable() -> None:
    for text in (new_id(), "2021-09-13", "2021-09-13T08:00:00.123456+00:00", "class 2021-09-13: 50", "JY-SUP-04"):
        assert mask(text) == text
    assert mask("2021-09-13 13800138000") == "2021-09-13 ***"


@pytest.mark.parametrize(
    "key",
    [
        *("name", "full_name", "trainee_name", "identity_number", "id_number", "phone", "payee_account"),
        *("account_holder", "password", "client_secret", "access_token", "authorization", "address", "birth_date"),
        *("body", "aac002", "姓名"),
    ],
)
def test_what_a_key_names_as_personal_or_secret_is_dropped(key: str) -> None:
    assert clean(event="x", **{key: "张三"}, nested={key: "张三"}) == {"event": "x", "nested": {}}


def test_a_masked_name_an_object_and_bytes_are_logged_harmlessly() -> None:
    class Person:
        def __repr__(self) -> str:
            return "张三"

    assert clean(masked_name="张*", who=Person(), raw="张三".encode(), deep=[[[[[[[["张三"]]]]]]]])["who"] == "<Person>"
    assert "张三" not in json.dumps(
        clean(who=Person(), raw="张三".encode(), deep=[[[[[[[["张三"]]]]]]]]), ensure_ascii=False
    )


def test_the_text_of_an_exception_is_freed_from_what_may_be_data() -> None:
    class Age(BaseModel):
        age: int

    with pytest.raises(ValidationError) as refused:
        Age.model_validate({"age": "张三"})
    assert safe_text(refused.value) == "age: int_parsing"
    cause = Exception("duplicate key\nDETAIL:  Key (name)=(张三) already exists.")
    database = IntegrityError("INSERT INTO person", {"name": "张三"}, cause)
    for error in (database, cause, KeyError("张三"), ValueError("invalid literal for int(): '张三'")):
        assert "张三" not in json.dumps(describe(error), ensure_ascii=False)
    assert safe_text(ValueError("no such class")) == "no such class"


def test_an_exception_is_described_with_its_cause_and_places() -> None:
    try:
        try:
            raise KeyError("张三")
        except KeyError as error:
            raise RuntimeError("lookup failed") from error
    except RuntimeError as error:
        described = describe(error)
    assert [link["type"] for link in described] == ["builtins.RuntimeError", "builtins.KeyError"]
    assert "test_logging.py" in described[0]["frames"][-1]
    group = describe(ExceptionGroup("several", [ValueError("13800138000"), TypeError("x")]))
    assert [member["text"] for member in group] == ["several (2 sub-exceptions)", "***", "x"]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root, handlers, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    others = {name: logging.getLogger(name).level for name in ("uvicorn.access", "httpx", "httpcore")}
    stream = io.StringIO()
    configure_logging(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, value in others.items():
        logging.getLogger(name).setLevel(value)
    structlog.reset_defaults()


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_records_of_libraries_pass_the_same_masking(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /x?phone=13800138000")
    logging.getLogger("library").warning(
        "called by %s", "13800138000", extra={"phone": "x", "count": 3, "color_message": "x"}
    )
    try:
        raise ValueError("11010519491231002X")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed")
    structlog.get_logger("ours").info("done", identity_number="x", count=1)
    library, failed, ours = read(lines)
    assert (library["event"], library["count"], library["level"]) == ("called by ***", 3, "warning")
    assert not {"phone", "color_message"} & set(library)
    assert failed["causes"][0]["text"] == "***"
    assert (ours["event"], ours["count"], ours["logger"]) == ("done", 1, "ours")
    assert "13800138000" not in lines.getvalue()
    assert "11010519491231002X" not in lines.getvalue()


async def test_what_asyncio_says_of_a_forgotten_task_repeats_nothing_of_its_exception(lines: io.StringIO) -> None:
    async def fail() -> None:
        raise ValueError("no person named '张三'")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    context = {"message": "Task exception was never retrieved", "exception": task.exception(), "future": task}
    asyncio.get_running_loop().default_exception_handler(context)
    (line,) = read(lines)
    assert line["event"] == "Task exception was never retrieved"
    assert line["causes"][0]["type"] == "builtins.ValueError"
    assert "张三" not in lines.getvalue()


async def test_a_request_is_logged_by_route_with_its_id_and_actor(
    lines: io.StringIO, light_client: httpx.AsyncClient
) -> None:
    await light_client.get("/sample/v1/notes/7?phone=13800138000", headers={"X-Request-Id": "request-0001"})
    await light_client.get("/sample/health/live")
    (line,) = read(lines)
    assert (line["event"], line["route"], line["status"]) == ("request", "/sample/v1/notes/{number}", 200)
    assert (line["request_id"], line["actor"]) == ("request-0001", "li")
    assert "phone" not in lines.getvalue()


async def test_a_defect_is_logged_under_the_incident_that_was_answered(
    lines: io.StringIO, light_client: httpx.AsyncClient
) -> None:
    answer = await light_client.post("/sample/v1/notes", json={"text": "crash"}, headers={"Idempotency-Key": "k"})
    defect = next(line for line in read(lines) if line["event"] == "unexpected_error")
    assert defect["incident"] == answer.json()["incident"]
    assert defect["causes"][0]["text"] == "phone *** of ***"
    assert "张三" not in lines.getvalue()
