"""`make` tells everything it can do, and CI does nothing else."""

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = re.compile(r"^([A-Za-z][\w-]*):(?!=)", re.MULTILINE)


def make(makefile: Path, *arguments: str) -> str:
    command = ["make", "-f", str(makefile), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def unexplained(makefile: Path) -> set[str]:
    """Give the targets that plain `make` does not print with a text."""
    explained = {line.split()[0] for line in make(makefile).splitlines() if len(line.split()) > 1}
    return set(TARGET.findall(makefile.read_text())) - explained


def test_make_alone_explains_every_target() -> None:
    assert unexplained(ROOT / "Makefile") == set()
    assert {"install", "run", "demo", "up", "down", "test", "check"} <= set(
        TARGET.findall((ROOT / "Makefile").read_text())
    )


def test_a_planted_target_without_a_text_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "Makefile"
    planted.write_text((ROOT / "Makefile").read_text() + "\nplanted: install\n\t@true\n")
    assert unexplained(planted) == {"planted"}


def test_no_target_is_mistaken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(TARGET.findall((ROOT / "Makefile").read_text()))


def test_ci_runs_what_everybody_runs() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1:] == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]


def test_a_python_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)
    script = tmp_path / "deploy/install.sh"  # a copy, because it works on the tree it stands in
    script.parent.mkdir()
    shutil.copy(ROOT / "deploy/install.sh", script)
    environment = {"PYTHON": str(old), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run([script, "runtime"], env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer" in answer.stderr
    assert "Python 3.9.2" in answer.stderr
    assert not (tmp_path / ".venv").exists()
