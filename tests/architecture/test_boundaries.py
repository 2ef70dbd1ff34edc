"""The house keeps its walls, and each wall has once been seen to hold."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "peibu is above services": ("shared/clock.py", "import services.payment.domain"),
    "services meet only through events": ("services/payment/domain/__init__.py", "import services.supervision.domain"),
    "every service points inward": ("services/payment/domain/__init__.py", "import services.payment.storage"),
    "domains do no input or output": ("services/payment/domain/__init__.py", "import sqlalchemy"),
    "aiokafka has no types": ("shared/messaging/relay.py", "import aiokafka"),
    "what starts the servers knows nobody": ("deploy/errors.py", "import bench.flat"),
    "never import Alembic": ("services/payment/main.py", "import alembic"),
}


def lint_imports(folder: Path) -> str:
    """Run the linter on a tree and give what it printed."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder), "PATH": ""}
    ).stdout


def verdict(output: str, contract: str) -> str:
    """Give KEPT or BROKEN for the contract whose name begins so."""
    verdicts = re.findall(rf"^.*{re.escape(contract)}.* (KEPT|BROKEN)(?: \(1 ignored import\))?$", output, re.MULTILINE)
    assert len(verdicts) == 1, output
    return str(verdicts[0])


@pytest.fixture(scope="module")
def planted_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with one violation of every contract."""
    copy = tmp_path_factory.mktemp("planted")
    for package in ("bench", "deploy", "peibu", "services", "shared"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in PLANTED.values():
        path = copy / file
        path.write_text(f"{path.read_text()}\n{line}\n")
    return copy


@pytest.fixture(scope="module")
def planted_output(planted_tree: Path) -> str:
    """What the linter says of the planted tree."""
    return lint_imports(planted_tree)


def test_the_tree_keeps_every_contract() -> None:
    output = lint_imports(ROOT)

    assert "BROKEN" not in output
    assert all(verdict(output, contract) == "KEPT" for contract in PLANTED), output


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_is_caught(planted_output: str, contract: str) -> None:
    assert verdict(planted_output, contract) == "BROKEN"


def test_no_domain_reads_files_or_the_clock() -> None:
    modules = list(ROOT.glob("services/*/domain/**/*.py"))

    assert {path.parts[-3] for path in modules} == {"enrollment", "supervision", "assessment", "payment"}
    assert [path for path in modules if _touches_the_world(path.read_text())] == []


def test_a_planted_read_in_a_domain_is_found() -> None:
    assert _touches_the_world("import tomllib\nrules = tomllib.loads(open('rules.toml').read())")


def _touches_the_world(source: str) -> bool:
    """Look for what the import linter cannot see: built-in open and modules without a wall of their own."""
    return re.search(r"(?<![\w.])open\(|tomllib|os\.environ|pathlib|machine_now|legal_now|new_id", source) is not None
