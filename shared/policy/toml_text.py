"""TOML as an officer types it: what is wrong with a line in plain Chinese, and the line as it was meant. Pure.

Python's reader stops at its first mistake and says it in English. Here every line that cannot be read is named with
what to write instead and mended as far as one can tell, so that the mistakes behind it are told in the same run.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from shared.policy.mistakes import Mistake, PolicyFilesInvalid, dotted
from shared.policy.words import words

_Read = TypeVar("_Read")
_More = ParamSpec("_More")

_ROUNDS_MAX: Final = 400
_OTHER_MARKS: Final = str.maketrans("“”„‘’、。【】〔〕—", '"""' + "'',.[][]-")
_QUOTED: Final = re.compile(r'"[^"]*"')
_DAY: Final = re.compile(r"=\s*(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?")
_AMOUNT: Final = re.compile(r"=\s*(\d+(?:,\d+)*(?:\.\d+)?)\s*(%|‰|[一-鿿]{1,3})?(?=\s*(?:[,}\]#]|$))")
_TRUTH: Final = re.compile(r"=\s*(True|TRUE|yes|Yes|是|真|False|FALSE|no|No|否|假)(?=\s*(?:[,}\]#]|$))")
_BARE: Final = re.compile(r"=\s*(?!true|false|\d)([^\s\"'\[\]{},#=][^\"'\[\]{},#=]*?)(?=\s*(?:[,}\]#]|$))")
_COLON: Final = re.compile(r"^(\s*[\w.-]+)\s*:\s*")
_REMARK: Final = re.compile(r"^\s*(//|--|;|/\*)")
_KEY: Final = re.compile(r"^\s*([^\s=\[\]\"'#{}]*[一-鿿][^\s=\[\]\"'#{}]*)\s*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What is wrong with a line, what to write instead, and the line as it was meant; None where nobody can tell."""

    message: str
    advice: str
    meant: str | None


class TomlUnreadable(PolicyFilesInvalid):
    """A text that is no TOML; `meant` is the mended text, None where lines had to be left out that others hang on."""

    def __init__(self, mistakes: list[Mistake], meant: bytes | None) -> None:
        super().__init__(mistakes)
        self.meant = meant


def parsed(content: bytes, name: str) -> tuple[dict[str, Any], str]:
    """Read TOML with exact decimals and give its text, too, or raise TomlUnreadable with every line of it that is none.

    A mark at the start of the file that says it is UTF-8, as some editors write it, is no part of the text.
    """
    mistakes: list[Mistake] = []
    text = _decoded(content, name, mistakes)
    whole = True
    for _ in range(_ROUNDS_MAX):
        try:
            table = tomllib.loads(text, parse_float=Decimal)
            break
        except tomllib.TOMLDecodeError as error:
            lines = text.splitlines()
            number = _line_of(str(error), lines)
            number, fault = _fault(str(error), lines, number)
            advice, message = fault.advice, fault.message
            mistakes.append(Mistake(file=name, line=number, key=dotted(()), message=message, advice=advice))
            whole = whole and fault.meant is not None
            lines[number - 1] = fault.meant or ""
            text = "\n".join(lines) + "\n"
    else:
        whole = False
    if mistakes:
        raise TomlUnreadable(mistakes, text.encode() if whole else None)
    return table, text


def told_at_once(
    read: Callable[Concatenate[bytes, _More], _Read],
) -> Callable[Concatenate[bytes, _More], _Read]:
    """Make a reader of a file tell beside the lines that are no TOML what else is wrong in the text as it was meant."""

    @wraps(read)
    def reading(content: bytes, /, *arguments: _More.args, **named: _More.kwargs) -> _Read:
        try:
            return read(content, *arguments, **named)
        except TomlUnreadable as error:
            if error.meant is None:
                raise
            try:
                read(error.meant, *arguments, **named)
            except PolicyFilesInvalid as further:
                found = sorted((*error.mistakes, *further.mistakes), key=lambda mistake: mistake.line)
                raise PolicyFilesInvalid(found) from error
            raise

    return reading


def _decoded(content: bytes, name: str, mistakes: list[Mistake]) -> str:
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            mistakes.append(
                Mistake(
                    file=name,
                    line=1,
                    key=dotted(()),
                    message=f"文件不是 UTF-8 编码（像是 {encoding.upper()}）",
                    advice="请用编辑器“另存为”，编码选 UTF-8",
                )
            )
        return text.replace("\r\n", "\n").replace("\r", "\n")
    mistake = Mistake(file=name, line=1, key=dotted(()), message="不是文本文件", advice="请以 UTF-8 编码的文本文件保存")
    raise TomlUnreadable([mistake], None)


def _line_of(error: str, lines: list[str]) -> int:
    stated = re.search(r"line (\d+)", error)
    number = int(stated[1]) if stated else len(lines)
    return max(1, min(number, len(lines)))


def _fault(error: str, lines: list[str], number: int) -> tuple[int, _Fault]:
    """Give the line at fault, which may stand before the one at which the reader stopped, and what is wrong with it."""
    line = lines[number - 1]
    if ("Unclosed array" in error or "Expected" in error) and (open_row := _open_before(lines, number)):
        return open_row
    for look in (_wide, _remark, _chinese_key, _colon, _day, _truth, _amount, _quotes, _bare, _brackets):
        if fault := look(line):
            return number, fault
    if "twice" in error or "overwrite" in error or "Duplicate" in error:
        return number, _double(error, lines, number)
    return number, _Fault(
        message=f"这一行写法有误：{line.strip()[:60]}",
        advice="每行应为 键 = 值、[表名] 或 [[表名]]；请对照同类规则册修改",
        meant=None,
    )


def _open_before(lines: list[str], number: int) -> tuple[int, _Fault] | None:
    """Find the line before that a list or row was left open on, or whose closing comma is missing."""
    line = lines[number - 1].strip()
    before = next((place for place in range(number - 1, 0, -1) if lines[place - 1].strip()), None)
    if before is None or not (line.startswith(("{", "[")) or re.match(r"[\w.-]+\s*=", line)):
        return None
    last = lines[before - 1].rstrip()
    bare = _QUOTED.sub('""', last).partition("#")[0].rstrip()
    if line.startswith("{") and bare.endswith("}"):
        return before, _Fault(message="两行之间缺少逗号", advice="请在行末加上英文逗号 ,", meant=f"{last},")
    if bare.count("[") > bare.count("]") and not bare.endswith(("[", ",")):
        return before, _Fault(message="方括号没有成对", advice="请在行末加上 ]", meant=f"{last}]")
    if bare.endswith((",", "}", "[")) and not line.startswith("{"):
        return before, _Fault(message="列表没有写完，缺少 ]", advice="请在列表末尾加上 ]", meant=f"{last} ]")
    return None


def _wide(line: str) -> _Fault | None:
    """Find marks and digits of Chinese width outside quotes, or in place of them."""
    meant, found, quoted, opened_wide = "", "", False, False
    for mark in line:
        narrow = _narrow(mark)
        if not quoted and mark == "#":
            meant += line[len(meant) :]
            break
        if quoted and mark != '"' and not (opened_wide and narrow == '"'):
            meant += mark
            continue
        if narrow == '"':
            opened_wide, quoted = mark != '"', not quoted
        found += mark if narrow != mark else ""
        meant += narrow
    if quoted and "”" in line:  # opened by an ASCII mark and closed by a Chinese one
        place = meant.rindex("”")
        meant, found = meant[:place] + '"' + meant[place + 1 :], found + "”"
    if not found or meant == line:
        return None
    shown = "".join(dict.fromkeys(found)).replace("　", "全角空格")
    return _Fault(
        message=f"含有中文（全角）符号或数字：{shown}", advice=f"请改为英文（半角）：{meant.strip()}", meant=meant
    )


def _narrow(mark: str) -> str:
    if "！" <= mark <= "～" or mark == "　":
        return unicodedata.normalize("NFKC", mark)
    return mark.translate(_OTHER_MARKS)


def _remark(line: str) -> _Fault | None:
    if not _REMARK.match(line):
        return None
    return _Fault(message="说明文字须以 # 开头", advice=f"请写：# {line.strip(' /*-;')}", meant=f"# {line}")


def _chinese_key(line: str) -> _Fault | None:
    if not (found := _KEY.match(line)):
        return None
    names = {re.sub(r"（.*?）", "", name): key for key, name in words().keys.items() if "." not in key}
    close = get_close_matches(found[1], names, n=1)
    key = names[close[0]] if close else None
    advice = f"是否应为“{key}”" if key else "请对照 peibu policy show 中该项右侧的键名填写"
    meant = line.replace(found[1], key, 1) if key else f"# {line}"
    return _Fault(message=f"键名须用英文，写的是 {found[1]}", advice=advice, meant=meant)


def _colon(line: str) -> _Fault | None:
    if not _COLON.match(line):
        return None
    meant = _COLON.sub(r"\1 = ", line)
    return _Fault(message="键与值之间应为等号", advice=f"请写：{meant.strip()}", meant=meant)


def _day(line: str) -> _Fault | None:
    bare = _QUOTED.sub('""', line)
    if not (found := _DAY.search(bare)):
        return None
    year, month, day = found[1], int(found[2]), int(found[3])
    written = f"{year}-{month:02}-{day:02}"
    if written in found[0]:
        if not _is_day(written):
            return _Fault(
                message=f"没有 {written} 这一天", advice="请核对日期", meant=line.replace(written, f"{year}-01-01", 1)
            )
        return None
    advice = f"请写不加引号的日期：{written}"
    return _Fault(message="日期应为 年-月-日，月、日各两位", advice=advice, meant=_put(line, found[0], f"= {written}"))


def _is_day(written: str) -> bool:
    try:
        tomllib.loads(f"day = {written}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _truth(line: str) -> _Fault | None:
    if not (found := _TRUTH.search(_QUOTED.sub('""', line))):
        return None
    word = "true" if found[1] in ("True", "TRUE", "yes", "Yes", "是", "真") else "false"
    meant = _put(line, found[0], f"= {word}")
    return _Fault(message=f"是否应写 true 或 false，写的是 {found[1]}", advice=f"请写：{meant.strip()}", meant=meant)


def _amount(line: str) -> _Fault | None:
    bare = _QUOTED.sub('""', line)
    for found in _AMOUNT.finditer(bare):
        number = found[1].replace(",", "")
        number = number.lstrip("0") or "0" if "." not in number else number
        if number != found[1] or found[2]:
            meant = _put(line, found[0], f"= {number}")
            return _Fault(
                message="数字只写数，不带单位、百分号、千分位逗号和前导的零",
                advice=f"请写：{number}（键名已说明单位）",
                meant=meant,
            )
    return None


def _quotes(line: str) -> _Fault | None:
    if line.partition("#")[0].count('"') % 2 == 0:
        return None
    simple = re.fullmatch(r'\s*[\w.-]+\s*=\s*"[^"]*', line) or re.fullmatch(r'\s*[\w.-]+\s*=\s*[^"\s]+"\s*', line)
    meant = None
    if simple:
        meant = line.rstrip() + '"' if line.split("=", 1)[1].lstrip().startswith('"') else line.replace("=", '= "', 1)
    return _Fault(message="引号没有成对", advice="文字前后各加一个英文双引号", meant=meant)


def _bare(line: str) -> _Fault | None:
    bare = _QUOTED.sub('""', line)
    if not (found := _BARE.search(bare)):
        return None
    meant = _put(line, found[0], f'= "{found[1].strip()}"')
    return _Fault(message=f"文字须加英文双引号：{found[1].strip()}", advice=f"请写：{meant.strip()}", meant=meant)


def _brackets(line: str) -> _Fault | None:
    bare = _QUOTED.sub('""', line).partition("#")[0].rstrip()
    if bare.count("{") > bare.count("}"):
        place = len(line.rstrip()) - len(bare) + len(bare.rstrip("], "))
        meant = line[:place].rstrip() + " }" + line[place:]
        return _Fault(message="花括号没有成对", advice="请在这一项末尾加上 }", meant=meant)
    if re.match(r"\s*\[\[[^\]]+\]\s*$", bare) or re.match(r"\s*\[[^\[\]]+$", bare):
        meant = bare.rstrip("]") + ("]]" if bare.lstrip().startswith("[[") else "]")
        return _Fault(message="表名的方括号没有成对", advice=f"请写：{meant.strip()}", meant=meant)
    return None


def _double(error: str, lines: list[str], number: int) -> _Fault:
    line = lines[number - 1].strip()
    if line.startswith("["):
        header = line.partition("#")[0].strip()
        first = next((place for place, other in enumerate(lines, 1) if other.partition("#")[0].strip() == header), 0)
        earlier = f"，前一次在第 {first} 行" if 0 < first < number else ""
        for place in range(number, len(lines)):  # what stands in the second table would go to the table before it
            if lines[place].lstrip().startswith("["):
                break
            lines[place] = ""
        advice = "请合并成一张表；可以有多项的，每一项都写 [[表名]]"
        return _Fault(message=f"表 {header} 写了两次{earlier}", advice=advice, meant=f"# {line}")
    key = line.partition("=")[0].strip()
    if key.startswith("{") or "Duplicate" in error:
        return _Fault(message="同一项中有一个键写了两次", advice="请删去多余的一个", meant=None)
    return _Fault(message=f"{key} 在同一张表中写了两次", advice="请删去多余的一行", meant=f"# {line}")


def _put(line: str, found: str, instead: str) -> str:
    """Write something else in place of what was found on a line whose quoted parts were left out of the search."""
    return line.replace(found, instead, 1)
