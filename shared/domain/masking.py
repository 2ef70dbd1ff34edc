"""What may be shown of personal data: enough to recognise one's own entry, too little to find a person."""

_DOTS = "·•‧・．"
_COMPOUND_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶
太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良
漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 西门 第五 南荣
即墨 达奚 纳兰
"""


def masked_name(name: str) -> str:
    """Keep the surname, compound ones whole, and put a star for every other character.

    A name with a middle dot keeps its first character and its dots; a single character is hidden altogether.
    """
    name = name.strip()
    if len(name) <= 1:
        return "*"
    kept = 2 if len(name) > 2 and name[:2] in _COMPOUND_SURNAMES.split() else 1
    return name[:kept] + "".join(letter if letter in _DOTS else "*" for letter in name[kept:])


def masked_account(number: str) -> str:
    """Keep the last four digits."""
    return f"{'*' * (len(number) - 4)}{number[-4:]}"
