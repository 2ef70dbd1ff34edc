"""`peibu policy try`: case files judged by the services' own domains, without a database, to the fen."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from peibu.cli import app

CASES = Path(__file__).parents[2] / "cases"
FILES = sorted(CASES.rglob("*.toml"))


def tried(*arguments: str | Path) -> Result:
    answer = CliRunner().invoke(app, ["policy", "try", *map(str, arguments)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    text = (CASES / "jiyuan" / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_worked_example_comes_out_as_its_file_expects(file: Path) -> None:
    answer = tried(file)
    assert (answer.exit_code, "与案例相符" in answer.output) == (0, True), answer.output


def test_an_outcome_says_who_gets_what_under_which_clause_and_who_does_not() -> None:
    """JY-ASM-05, JY-CLM-10"""
    answer = tried(CASES / "jiyuan" / "E6.toml", "--json")
    told = json.loads(answer.output)
    assert (told["total_fen"], told["settlement_fen"], told["differences"]) == (3_320_000, 3_320_000, [])
    lines = {line["person"]: line for line in told["lines"]}
    assert (lines["p1"]["amount_fen"], lines["p1"]["rule"], lines["p1"]["payee"]) == (
        150_000,
        "JY-CLM-10",
        "institution",
    )
    by_decision = [step for step in lines["p21"]["trace"] if step["rule"] == "JY-ASM-05"]
    assert [(step["document"], step["clause"]) for step in by_decision] == [
        ("济管人社〔2021〕6号", "三(二)末、三(三)")
    ] * 2
    assert by_decision[0]["inputs"] | {"certificate_kind": "completion", "attempt": 2} == by_decision[0]["inputs"]
    assert {refusal["person"]: refusal["rule"] for refusal in told["refusals"]} == {
        **{f"p{number}": "JY-ASM-05" for number in range(25, 40)},
        "p40": "JY-ASM-04",
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("E6.toml", "total_yuan = 33200", "total_yuan = 33200.01", "合计应为 33200.01 元，得 33,200.00 元"),
        ("E6.toml", "amount_yuan = 800\nrule", "amount_yuan = 801\nrule", "p21..p24 应得 801 元，得 800.00 元"),
        ("E6.toml", 'rule = "JY-ASM-05"\nby', 'rule = "JY-ASM-06"\nby', "合计应为 33200 元，得 30,000.00 元"),
        (
            "E6.toml",
            'persons = ["p25..p39"]\nrule',
            'persons = ["p1..p2"]\nrule',
            "p2 应按 JY-ASM-05 不予通过，得 通过",
        ),
        ("E2.toml", "headcount = 44", "headcount = 45", "应按 JY-SUP-04 不予通过"),
        ("E3.toml", 'group = "employee"', 'group = "capacity_cut"', "不予通过 p1..p40：人员类别不在规定的类别之内"),
        ("E3.toml", 'programme = "training"', 'programme = "safety"', "补贴标准缺失"),
    ],
)
def test_whatever_differs_from_the_file_is_told_and_fails(
    tmp_path: Path, name: str, old: str, new: str, says: str
) -> None:
    answer = tried(changed(tmp_path, name, old, new))
    assert (answer.exit_code, says in answer.output) == (1, True), answer.output


def test_a_file_that_cannot_be_judged_says_why_and_the_others_are_judged(tmp_path: Path) -> None:
    unreadable = changed(tmp_path, "E1.toml", 'kind = "class"', 'kind = "course"')
    elsewhere = changed(tmp_path, "E3.toml", 'region = "419001"', 'region = "110000"')
    not_offered = changed(tmp_path, "E2.toml", 'kind = "class"', 'kind = "evaluation"')
    answer = tried(unreadable, elsewhere, not_offered, CASES / "jiyuan" / "E6.toml")
    assert answer.exit_code == 1
    assert "E1.toml:4 kind：应为以下之一" in answer.output
    assert "没有生效的政策规则册" in answer.output
    assert "没有类别为 evaluation" in answer.output
    assert answer.output.count("与案例相符") == 1
