"""What the documents point at exists, and both READMEs say the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PATH = re.compile(r"`((?:docs|shared|services|peibu|deploy|bench|tests)/[\w./-]*)`")


def dead_ends(text: str, *, beside: Path) -> list[str]:
    """Give the links and the paths of this repository that lead nowhere."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not (beside / link).exists()]
    return links + [path for path in PATH.findall(text) if not (ROOT / path).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_every_path_leads_somewhere(document: Path) -> None:
    assert dead_ends(document.read_text(), beside=document.parent) == []


def test_a_planted_dead_end_is_found() -> None:
    planted = "[a](nowhere.md) and `shared/nowhere.py` and `shared/clock.py`"
    assert dead_ends(planted, beside=ROOT) == ["nowhere.md", "shared/nowhere.py"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [("README.md", "README.zh-CN.md"), ("docs/integration.md", "docs/integration.zh-CN.md")],
)
def test_both_languages_show_the_same_commands_names_links_and_events(english: str, chinese: str) -> None:
    def shown(name: str) -> tuple[list[str], set[str], list[str], list[str]]:
        text = (ROOT / name).read_text()
        commands = re.findall(r"^    make.*?(?= +#|$)", text, re.MULTILINE)
        other = (Path(english).name, Path(chinese).name)
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if link not in other]
        return (
            commands,
            set(re.findall(r"`[^`\n]+`", text)),
            links,
            re.findall(r"(?:==|--) ([A-Z]\w+) (?:==|--)>", text),
        )

    assert shown(english) == shown(chinese)
