"""`peibu policy` tells a policy officer what a rulebook says, what is wrong in it, and what changes."""

from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from peibu.cli import app
from tests.policy.folders import RULEBOOK, TARGETS, changed, packaged, written

ROOT = Path(__file__).parents[2]


def told(*arguments: str) -> Result:
    answer = CliRunner().invoke(app, ["policy", *arguments])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


def test_every_mistake_of_every_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text, line = changed(RULEBOOK, "minutes_min = 40", 'minutes_min = "forty"')
    folder = written(tmp_path, RULEBOOK, text)
    text, other = changed(TARGETS, "rule = ", "rulee = ")
    written(folder, TARGETS, text)
    written(folder, "jiyuan/next-year.toml", "")
    answer = told("check", "--rulebooks", str(folder))
    assert answer.exit_code == 1
    assert f"{RULEBOOK}:{line} enrollment.class_hour.minutes_min：应为整数" in answer.output
    assert f"{TARGETS}:{other}" in answer.output
    assert "jiyuan/next-year.toml:1 （文件）：文件名不是生效日期。请命名为" in answer.output
    assert "处错误，规则册未启用" in answer.output


def test_a_folder_without_a_mistake_is_told_with_the_days_of_its_rulebooks() -> None:
    answer = told("check")
    assert answer.exit_code == 0
    assert "济管人社〔2021〕6号  419001  2021-01-01 至 2021-12-31" in answer.output


def test_the_rulebook_of_a_region_and_a_day_is_shown_and_none_is_said() -> None:
    shown = told("show", "419001", "2021-05-17")
    assert shown.exit_code == 0
    assert "开班到课率  JY-SUP-04 · " in shown.output
    assert "  下限（%）：90  supervision.opening_attendance.minimum_percent" in shown.output
    none = told("show", "419001", "2031-05-17")
    assert (none.exit_code, "2031-05-17 没有生效的政策规则册" in none.output) == (1, True)
    assert told("show", "419001", "tomorrow").exit_code == 2


def test_two_rulebooks_are_compared_in_words(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, "working_days = 7", "working_days = 5")
    draft = written(tmp_path, RULEBOOK, text) / RULEBOOK
    answer = told("diff", "jiyuan/2021-01-01", str(draft))
    assert answer.exit_code == 0
    assert "修改 工作日：7 → 5（JY-CLM-02 · 二(三)4）" in answer.output
    assert "1 处不同" in answer.output
    assert told("diff", "jiyuan/2021-01-01", "nowhere/2021-01-01").exit_code == 1
    broken = written(tmp_path / "broken", RULEBOOK, packaged(RULEBOOK).replace("[payment", "[paymint")) / RULEBOOK
    answer = told("diff", "jiyuan/2021-01-01", str(broken))
    assert (answer.exit_code, "不认识的键" in answer.output) == (1, True)


def test_where_each_rule_is_decided_and_what_shows_it_is_told_until_nothing_is_unexplained(tmp_path: Path) -> None:
    whole = told("coverage", "JY", "--sources", str(ROOT))
    assert (whole.exit_code, "164 条规则，164 条有着落，0 条没有" in whole.output) == (0, True)
    assert "enrollment.class_hour" in whole.output
    without_tests = told("coverage", "JY", "--sources", str(tmp_path))
    assert (without_tests.exit_code, "164 条没有" in without_tests.output) == (1, True)
