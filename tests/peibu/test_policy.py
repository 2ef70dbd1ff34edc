"""`peibu policy` tells a policy officer what a rulebook says, what is wrong in it, and what changes."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from peibu.cli import app
from peibu.trial.printing import print_claim
from shared.policy.decision import Finding, Severity, Trace, TraceValue
from shared.policy.explaining import explained
from tests.payment.test_domain_claim import claim, worth
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


def test_a_prefix_that_no_rule_has_is_not_a_complete_list() -> None:
    answer = told("coverage", "ZZ", "--sources", str(ROOT))
    assert (answer.exit_code, "没有编号以 ZZ 开头的规则" in answer.output) == (1, True)


def test_what_the_head_of_a_document_changes_names_no_empty_clause(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, "valid_to = 2021-12-31", "valid_to = 2021-11-30")
    draft = written(tmp_path, RULEBOOK, text) / RULEBOOK
    output = told("diff", "jiyuan/2021-01-01", str(draft)).output
    assert "修改 失效日期：2021-12-31 → 2021-11-30\n" in output
    assert "（ · ）" not in output


def test_a_key_in_the_wrong_table_is_not_advised_to_be_itself(tmp_path: Path) -> None:
    text, _ = changed(RULEBOOK, "minutes_min = 40", "minutes_min = 40\nworking_days_min = 5")
    output = told("check", "--rulebooks", str(written(tmp_path, RULEBOOK, text))).output
    assert "working_days_min：不认识的键。此处不能写这个键：请移到它所属的表，或删除" in output


def test_a_claim_is_explained_with_document_clause_inputs_and_what_to_do() -> None:
    """JY-CLM-10, JY-SUP-05, JY-ASM-04: two of ten without a certificate, the base cut to four."""
    file = StringIO()
    print_claim(Console(file=file, width=400), claim(8, assessment=worth(8, base=4)))
    text = file.getvalue()
    assert "依据文件：济管人社〔2021〕6号" in text
    assert "JY-CLM-10 · 二(三)2-3：出勤基数 4，认定人数 8" in text
    assert "不予通过 系统内没有该学员有效的考核合格证书，不计入补贴人数。（JY-ASM-04 · " in text
    assert "请评价机构将结果录入系统" in text
    assert "9 " in text
    assert "合计 6,000.00 元" in text
    assert not re.search(r"\d{17}[\dX]", text)


def test_a_question_is_not_printed_as_a_refusal_and_another_document_says_so_itself() -> None:
    other = Finding(
        code="X",
        rule="XX-CLM-01",
        document="另一文件",
        clause="一",
        severity=Severity.ASK,
        message="请核对。",
        advice="请决定。",
    )
    file = StringIO()
    assessment = replace(worth(10), flags=(other, replace(other, severity=Severity.WARN, message="请留意。")))
    print_claim(Console(file=file, width=400), claim(10, assessment=assessment))
    assert "待人工决定 请核对。（XX-CLM-01 · 另一文件 一）请决定。" in file.getvalue()
    assert "提示 请留意。" in file.getvalue()
    assert "不予通过" not in file.getvalue()


@pytest.mark.parametrize(
    ("inputs", "result", "says"),
    [
        ({"groups": "employee,veteran"}, 80, "人员类别 企业职工、退役军人 → 80%"),
        ({"slots_max": 3, "had": 1}, 2, "→ 第 2 次"),
        ({"months_full": 7, "units_max": 6}, 6, "→ 6 个月"),
        ({"days_present": 11, "units_max": 10}, 10, "→ 10 天"),
    ],
)
def test_a_number_is_told_with_what_it_counts(inputs: dict[str, TraceValue], result: int, says: str) -> None:
    assert says in explained(Trace(rule="R", document="D", clause="C", inputs=inputs, result=result))


def test_rows_are_written_of_a_trial_that_is_kept_only(tmp_path: Path) -> None:
    draft, rows = written(tmp_path, RULEBOOK, packaged(RULEBOOK)) / RULEBOOK, tmp_path / "rows.jsonl"
    answer = told("replay", "--under", str(draft), "--home", str(tmp_path), "--out", str(rows))
    assert (answer.exit_code, "须与 --keep 名称 一起使用" in answer.output, rows.exists()) == (1, True, False)
