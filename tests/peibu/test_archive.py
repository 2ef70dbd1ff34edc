"""A person's archive is put together from what four services answer, in the order of time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from peibu.archive import read_archive
from peibu.cli import app
from peibu.commands.archive import told
from peibu.demo.party import Party, StoryBroken

PERSON = "0190a1b2-0000-7000-8000-000000000009"


def klass(class_id: str, opening: str, **given: Any) -> dict[str, Any]:
    return {
        "class_id": class_id,
        "institution_name": "示例培训学校",
        "programme": "upskilling",
        "occupation": "6-18-02-04",
        "level": "4",
        "opening_date": opening,
        "state": "completed",
        "left_on": None,
        **given,
    }


CERTIFICATE = {
    "kind": "level",
    "occupation": "6-18-02-04",
    "level": "4",
    "number": "Y-1",
    "issued_on": "2020-05-09",
    "voided_on": None,
}
SUBSIDY = {"programme": "upskilling", "approved_on": "2020-05-09", "amount_fen": 200_000, "settled_fen": 0}
NOBODY = {"code": "PERSON_NOT_FOUND", "detail": "没有此人的记录。", "advice": "请核对人员编号。"}
ANSWERS: dict[str, Any] = {
    f"/enrollment/v1/persons/{PERSON}/archive": {
        "classes": [klass("later", "2020-06-01", state="reserved"), klass("earlier", "2020-03-02")]
    },
    f"/supervision/v1/classes/earlier/archive/{PERSON}": {
        "present_sessions": 9,
        "absent_sessions": 1,
        "present_class_hours": 36,
        "class_id": "earlier",
        "person_id": PERSON,
    },
    f"/assessment/v1/classes/earlier/archive/{PERSON}": {"certificates": [CERTIFICATE]},
    f"/payment/v1/classes/earlier/archive/{PERSON}": {"subsidies": []},
}


def answering(answers: dict[str, Any]) -> Party:
    """Give a party of a system that answers these addresses and knows nothing else."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(request.url.path)
        return httpx.Response(404, json=NOBODY) if found is None else httpx.Response(200, json=found)

    return Party(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://peibu.test"), None)


async def test_hl_dat_02_two_classes_and_one_certificate_are_three_entries_in_the_order_of_time() -> None:
    entries = await read_archive(answering(ANSWERS), PERSON)
    assert [(entry["entry"], entry["class_id"], entry["on"]) for entry in entries] == [
        ("class", "earlier", "2020-03-02"),
        ("certificate", "earlier", "2020-05-09"),
        ("class", "later", "2020-06-01"),
    ]
    attendance = {"present_sessions": 9, "absent_sessions": 1, "present_class_hours": 36}
    assert [entry["attendance"] for entry in entries if entry["entry"] == "class"] == [attendance, None]


async def test_a_subsidy_stands_behind_the_certificate_of_its_day_and_everything_is_told_in_chinese() -> None:
    """HL-DAT-02"""
    paid = {f"/payment/v1/classes/earlier/archive/{PERSON}": {"subsidies": [SUBSIDY]}}
    entries = await read_archive(answering({**ANSWERS, **paid}), PERSON)
    assert [told(entry) for entry in entries] == [
        "示例培训学校，岗位技能提升培训补贴，6-18-02-04 4 级，到课 9 次、缺课 1 次、36 课时",
        "职业技能等级证书，6-18-02-04 4 级，Y-1",
        "岗位技能提升培训补贴，核定 2,000.00 元，到账 0.00 元",
        "示例培训学校，岗位技能提升培训补贴，6-18-02-04 4 级，尚未开班",
    ]
    assert json.loads(json.dumps(entries)) == list(entries)


async def test_of_a_person_whom_nobody_knows_there_is_no_archive() -> None:
    with pytest.raises(StoryBroken, match="PERSON_NOT_FOUND"):
        await read_archive(answering({}), PERSON)


def test_what_the_system_refuses_is_said_in_its_words_and_not_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def nobody_known(*_: object) -> AsyncIterator[Party]:
        yield answering({})

    monkeypatch.setattr("peibu.demo.stage.signed_in", nobody_known)
    answer = CliRunner().invoke(app, ["archive", PERSON, "--url", "http://peibu.test"])
    assert (answer.exit_code, answer.output) == (1, "没有此人的记录。请核对人员编号。\n")


def test_a_reader_whom_the_home_does_not_know_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_HOME", str(tmp_path))
    file = tmp_path / "credentials.toml"
    file.write_text("")
    file.chmod(0o600)
    answer = CliRunner().invoke(app, ["archive", PERSON, "--as", "stranger"])
    assert (answer.exit_code, "is called stranger" in answer.stderr) == (1, True)
