"""What an officer who is no programmer types wrongly: each slip is told in Chinese, with its line and what to write."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.policy.loader import mistakes_in
from tests.policy.test_new_county import BOOK, COUNTY, RULES, edit, run

NOTICE = "working_days_min = 5"
VALID_TO = "valid_to = 2025-12-31"
FREE = "fee_free = true"
GROUPS = 'groups = ["urban_unemployed"]'
RATE = "amount_yuan = 800"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    shutil.copytree(COUNTY / "rulebooks", tmp_path / "rulebooks")
    return tmp_path / "rulebooks"


@pytest.mark.parametrize(
    ("old", "new", "message", "advice"),
    [
        (RATE, "amount_yuan = ８００", "含有中文（全角）符号或数字：８０", "amount_yuan = 800 }"),
        ('"level", "completion"]', '"level"，"completion"]', "全角", '"level","completion"]'),
        (NOTICE, "working_days_min ＝ 5", "全角", NOTICE),
        (NOTICE, "　working_days_min = 5", "全角空格", NOTICE),
        ('basis = "day"', "basis = “day”", "全角", 'basis = "day"'),
        ('basis = "day"', 'basis = "day”', "全角", 'basis = "day"'),
        ("[payment.notice]", "【payment.notice】", "全角", "[payment.notice]"),
        ("[payment.notice]", "＃ 公示\n[payment.notice]", "全角", "# 公示"),
        ("[payment.notice]", "// 公示\n[payment.notice]", "说明文字须以 # 开头", "# 公示"),
        ("[payment.notice]", "[payment.notice", "方括号没有成对", "[payment.notice]"),
        ("[[payment.caps]]", "[[payment.caps]", "方括号没有成对", "[[payment.caps]]"),
        (VALID_TO, "valid_to = 2025年12月31日", "日期应为 年-月-日", "2025-12-31"),
        (VALID_TO, "valid_to = 2025/12/31", "日期应为 年-月-日", "2025-12-31"),
        (VALID_TO, "valid_to = 2025-12-1", "日期应为 年-月-日", "2025-12-01"),
        (VALID_TO, "valid_to = 2025-11-31", "没有 2025-11-31 这一天", "核对日期"),
        (NOTICE, "working_days_min = 5天", "数字只写数", "请写：5"),
        (NOTICE, "working_days_min = 50%", "数字只写数", "请写：50"),
        (NOTICE, "working_days_min = 05", "数字只写数", "请写：5"),
        (RATE, "amount_yuan = 1,800", "数字只写数", "请写：1800"),
        (FREE, "fee_free = 是", "写的是 是", "fee_free = true"),
        (FREE, "fee_free = False", "写的是 False", "fee_free = false"),
        (NOTICE, "working_days_min: 5", "应为等号", NOTICE),
        (NOTICE, "working_days_min：5", "全角", "working_days_min:5"),
        ('document = "样', '文号 = "样', "键名须用英文", "document"),
        ('place = "县人民政府网站"', "place = 县人民政府网站", "文字须加英文双引号", 'place = "县人民政府网站"'),
        ('place = "县人民政府网站"', 'place = "县人民政府网站', "引号没有成对", "双引号"),
        (GROUPS, 'groups = ["urban_unemployed"', "方括号没有成对", "加上 ]"),
        (NOTICE, f"{NOTICE}\n{NOTICE}", "写了两次", "多余"),
        (RATE + " }", RATE, "花括号没有成对", "}"),
        (RATE + " },", RATE + " }", "缺少逗号", "逗号"),
    ],
)
def test_a_slip_of_the_pen_is_told_in_chinese_with_its_line_and_what_to_write(
    books: Path, old: str, new: str, message: str, advice: str
) -> None:
    text = (books / BOOK).read_text(encoding="utf-8")
    line = text[: text.index(old) + len(old) - 1].count("\n") + 1 + ("\n" in new and new.startswith(NOTICE))
    edit(books / BOOK, old, new)
    mistake, *others = [one for one in mistakes_in(books) if one.key == "（文件）"]
    assert {one.line for one in others} <= {line}
    assert (mistake.file, mistake.line) == (BOOK, line)
    assert message in mistake.message
    assert advice in mistake.advice
    assert not re.search(r"(Expected|Invalid|Cannot|Unclosed|Illegal)", str(mistake))


def test_a_table_written_twice_is_told_with_the_line_of_the_first(books: Path) -> None:
    text = (books / BOOK).read_text(encoding="utf-8")
    first = text.splitlines().index("[payment.notice]") + 1
    (books / BOOK).write_text(f"{text}\n[payment.notice]\nrule = 5\nfoo = 6\n", encoding="utf-8")
    (mistake,) = mistakes_in(books)
    assert f"表 [payment.notice] 写了两次，前一次在第 {first} 行" in mistake.message
    assert mistake.line == text.count("\n") + 2


def test_all_slips_of_a_file_and_what_they_hide_are_told_at_once_in_the_order_of_lines(books: Path) -> None:
    edit(books / BOOK, VALID_TO, "valid_to = 2024年12月31日")
    edit(books / BOOK, RATE, "amount_yuan = ８００")
    edit(books / BOOK, "units_max = 10", "units_mix = 10")
    edit(books / BOOK, 'groups = ["urban_unemployed"]', "groups = [“veteran”]")
    edit(books / BOOK, NOTICE, "working_days_min: 5天")
    edit(books / RULES, 'decision = "auto"', "decision = auto")
    told = run("check", "--rulebooks", books).output
    for part in ("2024-12-31", "失效日期早于生效日期", "８０", "units_mix：不认识的键", "veteran 未在", "应为等号"):
        assert part in told, told
    assert "数字只写数" in told, told
    assert 'decision = "auto"' in told, told
    lines = [int(number) for number in re.findall(rf"{BOOK}:(\d+)", told)]
    assert lines == sorted(lines)
    assert "规则目录中没有" not in told


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda text: text.encode("gb18030"), "不是 UTF-8 编码（像是 GB18030）。请用编辑器“另存为”"),
        (lambda text: text.encode("utf-16"), "不是 UTF-8 编码（像是 UTF-16）"),
        (lambda text: b"\x00\xff\xfe\x00\xff", "不是"),
    ],
)
def test_a_file_in_another_encoding_is_told_and_read_on(books: Path, write: Callable[[str], bytes], says: str) -> None:
    text = (books / BOOK).read_text(encoding="utf-8").replace(NOTICE, "working_days_mim = 5")
    (books / BOOK).write_bytes(write(text))
    told = "".join(map(str, mistakes_in(books)))
    assert says in told
    assert ("working_days_mim" in told) == ("像是" in says)


def test_what_an_editor_adds_is_no_mistake(books: Path) -> None:
    """A mark that says UTF-8, line ends of another system, tabs."""
    text = (books / BOOK).read_text(encoding="utf-8").replace("    {", "\t{").replace("\n", "\r\n")
    (books / BOOK).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert not mistakes_in(books)


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("rates = [{ amount_yuan = 30 }]\n", "", "payment.benefits[2].rates", "“生活费补贴”没有补贴标准"),
        (
            '    { programme = "living_allowance", events = ["ClassOpened", "AttendanceChecked"], '
            'completion = ["TrainingCompleted"] },\n',
            "",
            "payment.evidence.programmes",
            "living_allowance 没有写明依据",
        ),
        (
            'programme = "living_allowance"\nclasses = ["training"]\n',
            'programme = "living_allowance"\nclasses = ["upskilling"]\n',
            "payment.benefits[2].classes",
            "upskilling 未在本规则册中定义",
        ),
        ("slots_max = 2", "slots_max = 0", "payment.caps[1].slots_max", "任何人都得不到补贴"),
        (
            'programmes = ["training"]\n',
            'programmes = ["safety"]\n',
            "payment.caps[1].programmes",
            "没有补贴项目 safety",
        ),
        ('level = "4"', 'level = "5"', "payment.benefits[1].rates[3]", "只有前一个起作用"),
        ('level = "4"', 'level = "6"', "payment.benefits[1].rates[3].level", "没有等级 6"),
        (
            'basis = "certificate"\n',
            'basis = "certificate"\nunits_max = 3\n',
            "payment.benefits[1].units_max",
            "不起作用",
        ),
    ],
)
def test_what_would_be_paid_without_proof_or_never_is_objected_to(
    books: Path, old: str, new: str, key: str, message: str
) -> None:
    edit(books / BOOK, old, new)
    (mistake,) = mistakes_in(books)
    assert (mistake.key, message in mistake.message) == (key, True), mistake


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("[payment.advance]\n{} percent = 120\nclass_kinds = ['class']\n", "payment.advance.percent", "超出范围"),
        ("[payment.advance]\n{} percent = 40\n", "payment.advance", "任何班级都不能预付"),
        ("[[payment.exclusions]]\n{}", "payment.exclusions[1].programmes", "至少写两项"),
        (
            "[enrollment.season]\n{} closes = 2024-10-31\ncode = 'LATE'\n",
            "enrollment.season.closes",
            "早于文件的生效日期",
        ),
        (
            "[assessment.exam_season]\n{} opens = 2025-10-31\ncloses = 2025-03-01\n",
            "assessment.exam_season.closes",
            "早于起始日期",
        ),
    ],
)
def test_a_term_that_can_never_hold_or_pays_too_much_is_objected_to(
    books: Path, table: str, key: str, message: str
) -> None:
    programmes = "" if "season" in table else "programmes = ['training']\n"
    head = f"rule = 'XC-PAY-01'\nclause = '四'\n{programmes}"
    text = (books / BOOK).read_text(encoding="utf-8")
    (books / BOOK).write_text(text + "\n" + table.format(head).replace("\n ", "\n"), encoding="utf-8")
    (mistake,) = mistakes_in(books)
    assert (mistake.key, message in mistake.message) == (key, True), mistake


def test_a_fund_that_the_rulebook_does_not_list_is_objected_to(books: Path) -> None:
    fund = "fund = { rule = 'XC-PAY-01', clause = '四', source = 'employment_fund' }\n"
    edit(books / BOOK, 'basis = "day"\n', f'basis = "day"\n{fund}')
    (mistake,) = mistakes_in(books)
    assert "资金来源 employment_fund 未在本规则册中定义" in mistake.message
    assert "payment.funding_sources" in mistake.advice


def test_a_broken_list_of_rules_is_told_once_and_hides_no_mistake_of_the_rulebook(books: Path) -> None:
    edit(books / RULES, 'id = "XC-CLM-02"', 'id = "second"')
    edit(books / BOOK, "slots_max = 2", "slots_mix = 2")
    shutil.copy(books / BOOK, books / "sample_county/2026-01-01.toml")
    told = [str(one) for one in mistakes_in(books)]
    assert sum(RULES in one for one in told) == 1, told
    assert sum("slots_mix" in one for one in told) == 2, told
    assert not [one for one in told if "规则目录中没有" in one]


def test_a_fixed_word_is_told_with_its_chinese_name_and_a_table_with_its_brackets(books: Path) -> None:
    edit(books / BOOK, 'basis = "day"', 'basis = "每天"')
    edit(books / BOOK, "[[payment.caps]]", "[payment.caps]")
    told = run("check", "--rulebooks", books).output
    assert "day（每天）" in told
    assert "是否应为“day”" in told
    assert "请把表名写成 [[payment.caps]]" in told
    assert "document" not in told


@pytest.mark.parametrize("command", [("show", "330000", "2025-03-01"), ("coverage", "XC")])
def test_every_command_tells_the_mistakes_of_a_rulebook_instead_of_failing(books: Path, command: tuple[str]) -> None:
    edit(books / BOOK, "slots_max = 2", "slots_mix = 2")
    answer = run(*command, "--rulebooks", books)
    assert (answer.exit_code, "slots_mix：不认识的键" in answer.output) == (1, True), answer.output
