"""A sixth, invented county by data alone: the example of the guide is read, judged, and told what is wrong with it."""

import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from peibu.cli import app
from shared.policy.loader import load_catalogue, load_rulebooks

COUNTY = Path(__file__).parents[2] / "docs" / "examples" / "county"
RULES, BOOK = "sample_county/rules.toml", "sample_county/2025-01-01.toml"


def run(*arguments: str | Path) -> Result:
    answer = CliRunner().invoke(app, ["policy", *map(str, arguments)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


@pytest.fixture
def books(tmp_path: Path) -> Path:
    shutil.copytree(COUNTY / "rulebooks", tmp_path / "rulebooks")
    return tmp_path / "rulebooks"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_county_of_the_guide_is_in_order_and_pays_as_its_case_expects() -> None:
    assert "1 册规则册，没有错误" in run("check", "--rulebooks", COUNTY / "rulebooks").output
    answer = run("try", COUNTY / "case.toml", "--rulebooks", COUNTY / "rulebooks")
    assert (answer.exit_code, "与案例相符" in answer.output) == (0, True), answer.output
    assert "XC-CLM-02" in answer.output


def test_another_number_in_the_data_is_another_amount(books: Path) -> None:
    edit(books / BOOK, "units_max = 10", "units_max = 9")
    answer = run("try", COUNTY / "case.toml", "--rulebooks", books)
    assert (answer.exit_code, "合计应为 14600 元，得 14,300.00 元" in answer.output) == (1, True), answer.output


def test_a_rule_is_known_in_its_own_folder_alone(books: Path) -> None:
    assert load_catalogue(books)["XC-CLM-01"].doc_no == "样例人社发〔2025〕1号"
    assert "XC-CLM-01" not in load_catalogue()
    assert load_rulebooks(books).current[0].document == "样例人社发〔2025〕1号"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (BOOK, 'rule = "XC-CLM-03"', 'rule = "XC-CLM-30"', "规则目录中没有 XC-CLM-30"),
        (BOOK, 'groups = ["urban_unemployed"]', 'groups = ["veteran"]', "veteran 未在本规则册中定义"),
        (BOOK, "amount_yuan = 800", "amount_yuan = 0", "标准应大于零"),
        (RULES, 'id = "XC-CLM-02"', 'id = "XC-CLM-01"', "XC-CLM-01 已有"),
        (RULES, 'id = "XC-CLM-02"', 'id = "JY-CLM-01"', "JY-CLM-01 已有"),
        (RULES, 'decision = "auto"', 'decision = "perhaps"', "decision"),
        (RULES, 'id = "XC-CLM-02"', 'id = "second"', "id"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(books: Path, file: str, old: str, new: str, says: str) -> None:
    edit(books / file, old, new)
    answer = run("check", "--rulebooks", books)
    assert (answer.exit_code, says in answer.output) == (1, True), answer.output
    assert f"{file}:" in answer.output
    tried = run("try", COUNTY / "case.toml", "--rulebooks", books)
    assert (tried.exit_code, says in tried.output) == (1, True), tried.output
