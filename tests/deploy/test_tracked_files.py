"""What stands in the repository works for a stranger: it names no package registry and no path of one machine."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The brackets keep this file from finding itself.
REGISTRY = re.compile(r"https?://[^ ]*(py[p]i|python[h]osted|npm[j]s|[m]aven|[d]ebian|[u]buntu)|/roo[t]/|/wor[k]/")


def tracked_files() -> list[Path]:
    """Give every file git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def faults(files: list[Path]) -> list[str]:
    """Give `file:line: text` for every line that names a registry's host or a machine's own path."""
    return [
        f"{file.name}:{number}: {line.strip()[:120]}"
        for file in files
        if file.name != "pom.xml"  # the names of its XML namespaces look like addresses
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if REGISTRY.search(line)
    ]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    files = tracked_files()
    assert ROOT / "Makefile" in files
    assert faults(files) == []


def test_a_planted_address_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "requirements.txt"
    host = "pypi.org"
    planted.write_text(f"fastapi==1\n--extra-index-url https://{host}/simple\n")
    assert len(faults([planted])) == 1
