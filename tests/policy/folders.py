"""Folders of policy files for tests: the packaged ones, with changes planted in them."""

from pathlib import Path

from shared.policy.loader import PACKAGED

RULEBOOK = "jiyuan/2021-01-01.toml"
TARGETS = "jiyuan/2021-01-01.targets.toml"


def packaged(name: str) -> str:
    """Give the text of a packaged policy file."""
    return (PACKAGED / name).read_text(encoding="utf-8")


def changed(name: str, old: str, new: str) -> tuple[str, int]:
    """Give the text of a packaged file with the first `old` replaced, and the line where the change begins."""
    before, found, after = packaged(name).partition(old)
    assert found, f"{old!r} is not in {name}"
    return before + new + after, before.count("\n") + 1


def written(folder: Path, name: str, text: str) -> Path:
    """Write a policy file below the folder and give the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder
