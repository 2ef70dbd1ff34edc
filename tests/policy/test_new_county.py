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


def test_every_mistake_of_every_rulebook_is_told_at_once_whatever_hides_it(books: Path) -> None:
    """A typo, a wrong type and a missing rule keep nothing back of days out of order or of groups nobody defined."""
    shutil.copytree(books / "sample_county", books / "other_county")
    edit(books / BOOK, "working_days_min = 5", "working_days_mim = 5")
    edit(books / BOOK, "valid_to = 2025-12-31", "valid_to = 2024-12-31")
    edit(books / BOOK, 'region = "330000"', 'region = "331999"')
    edit(books / BOOK, 'rule = "XC-CLM-02"\n', "")
    edit(books / BOOK, 'programmes = ["training"]', 'programmes = ["trainning"]')
    edit(books / BOOK, "units_max = 10", 'units_max = "ten"')
    edit(books / BOOK, 'groups = ["urban_unemployed"]', 'groups = ["veteran"]')
    edit(books / "other_county/2025-01-01.toml", 'code = "rural_labour"', 'code = "urban_unemployed"')
    edit(books / "other_county/rules.toml", 'decision = "auto"', 'decision = "perhaps"')
    told = run("check", "--rulebooks", books).output
    for line in (
        f"{BOOK}:3 region：区划表中没有 331999",
        f"{BOOK}:7 valid_to：失效日期早于生效日期",
        f"{BOOK}:80 payment.benefits[2].groups：veteran 未在本规则册中定义",
        f"{BOOK}:82 payment.benefits[2].units_max：应为整数，写的是 'ten'",
        f"{BOOK}:86 payment.caps[1].rule：缺少必填项",
        f"{BOOK}:92 payment.caps[1].programmes[1]：应为以下之一",
        f"{BOOK}:107 payment.notice.working_days_mim：不认识的键。是否应为“working_days_min”",
        "other_county/rules.toml:",
    ):
        assert line in told, told
    assert "是否应为“training”" in told


def test_what_hangs_on_a_list_that_cannot_be_read_is_not_objected_to(books: Path) -> None:
    edit(books / BOOK, 'kinds = [\n    { code = "school"', 'kynds = [\n    { code = "school"')
    told = run("check", "--rulebooks", books).output
    assert "2 处错误" in told, told
    assert "未在本规则册中定义" not in told


def test_a_draft_without_its_list_of_rules_is_told_where_they_belong(books: Path) -> None:
    (books / RULES).unlink()
    told = run("diff", books / BOOK, books / BOOK).output
    assert "规则目录中没有 XC-CLM-01。请填写规则目录中的编号；新文件的规则先写入同一文件夹的 rules.toml" in told
    assert "JY-" not in told


def test_a_case_shows_the_rules_that_it_names_and_a_rulebook_shows_none(tmp_path: Path) -> None:
    arguments = ("coverage", "XC", "--rulebooks", COUNTY / "rulebooks", "--sources", tmp_path)
    assert "7 条规则，0 条有着落，7 条没有" in run(*arguments).output
    assert "7 条规则，7 条有着落，0 条没有" in run(*arguments, "--cases", COUNTY).output


def test_people_who_differ_alike_are_told_in_one_line_and_a_programme_of_nobody_is_named(tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    text = (COUNTY / "case.toml").read_text(encoding="utf-8")
    case.write_text(text.replace('programme = "living_allowance"', 'programme = "appraisal"'), encoding="utf-8")
    told = run("try", case, "--rulebooks", COUNTY / "rulebooks").output
    assert "p1..p10 应得 300 元，得 0.00 元（没有补贴项目 appraisal）" in told, told
    case.write_text(text.replace('"p1..p9"', '"p9..p1"'), encoding="utf-8")
    told = run("try", case, "--rulebooks", COUNTY / "rulebooks").output
    assert "allowance_day[1].persons：人员范围须由小到大" in told, told


@pytest.mark.parametrize(("yuan", "refused"), [("3840", False), ("3840.01", True)])
def test_an_advance_keeps_within_the_lowest_rate_where_it_hangs_on_a_certificate_nobody_has_yet(
    books: Path, tmp_path: Path, yuan: str, refused: bool
) -> None:
    """800 yuan for completion and 1,200 for the level: 40 % of 12 x 800 may be advanced."""
    text = (books / BOOK).read_text(encoding="utf-8")
    advance = "rule = 'XC-PAY-01'\nclause = '四'\npercent = 40\nprogrammes = ['training']\nclass_kinds = ['class']\n"
    (books / BOOK).write_text(f"{text}\n[payment.advance]\n{advance}", encoding="utf-8")
    case = tmp_path / "case.toml"
    shutil.copy(COUNTY / "case.toml", case)
    edit(case, "[expect]\n", f"[[advance]]\namount_yuan = {yuan}\ndate = 2025-03-10\n\n[expect]\n")
    told = run("try", case, "--rulebooks", books).output
    assert "合计 14,600.00 元" in told, told
    assert ("3,840.00 元" in told) is refused, told
    assert "缺少补贴标准" not in told


def test_a_case_that_cannot_be_read_says_every_mistake_of_it(books: Path, tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    shutil.copy(COUNTY / "case.toml", case)
    edit(case, "opened = 2025-03-03", "opened = 2025年3月3日")
    edit(case, "planned = 12", "planed = 12")
    edit(case, "amount_yuan = 1200", 'amount_yuan = "1200元"')
    edit(case, 'persons = ["p9"]', 'persons = ["p90"]')
    told = run("try", case, "--rulebooks", books).output
    for part in ("2025-03-03", "planed：不认识的键", "应为数字，不带单位和引号，写的是 '1200元'"):
        assert part in told, told
    edit(case, '"1200元"', "1200")
    edit(case, 'rule = "XC-CLM-03"', 'rule = "XC-CLM-33"')
    told = run("try", case, "--rulebooks", books).output
    assert "p90 未在 [[person]] 中出现" in told, told
    assert "规则目录中没有 XC-CLM-33" in told, told


def test_what_excludes_a_subsidy_is_called_by_its_name_in_the_document(books: Path, tmp_path: Path) -> None:
    """Unemployed learners who had a living allowance get no subsidy for the training, were the two exclusive."""
    pair = "rule = 'XC-PAY-01'\nclause = '四'\nprogrammes = ['training', 'living_allowance']\n"
    text = (books / BOOK).read_text(encoding="utf-8")
    (books / BOOK).write_text(f"{text}\n[[payment.exclusions]]\n{pair}", encoding="utf-8")
    told = run("try", COUNTY / "case.toml", "--rulebooks", books).output
    assert "享受“生活费补贴”，两项不得同时享受。（XC-PAY-01）" in told, told
    assert "living_allowance" not in told


def test_a_group_that_no_other_document_has_is_written_as_data_alone(books: Path, tmp_path: Path) -> None:
    text = (books / BOOK).read_text(encoding="utf-8").replace("rural_labour", "returning_worker")
    (books / BOOK).write_text(text, encoding="utf-8")
    case = tmp_path / "case.toml"
    case.write_text((COUNTY / "case.toml").read_text(encoding="utf-8").replace("rural_labour", "returning_worker"))
    assert "没有错误" in run("check", "--rulebooks", books).output
    assert "与案例相符" in run("try", case, "--rulebooks", books).output
    edit(books / BOOK, 'code = "returning_worker"', 'code = "返乡人员"')
    told = run("check", "--rulebooks", books).output
    assert "代码应为小写英文字母、数字和下划线" in told, told
    edit(books / BOOK, 'code = "返乡人员"', 'code = "returning_workers"')
    told = run("check", "--rulebooks", books).output
    assert "returning_worker 未在本规则册中定义。是否应为“returning_workers”" in told, told
