"""See that PostgreSQL, Java and Maven are on this machine, and fetch Kafka: `python -m deploy.system_packages`.

With `--tests` also what only the test suites need: npm, for the official AsyncAPI parser. As root on Debian or Ubuntu
what is missing is installed; elsewhere the answer says exactly what to install.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from deploy.errors import LaunchError, ToolMissing
from deploy.kafka import tools_folder
from deploy.kafka.artifacts import are_fetched, find_java, find_maven, jars
from deploy.postgres import find_binaries

_JAVA_MIN: Final = 17
_APT_SECONDS: Final = 900


def check_java() -> None:
    """Raise `ToolMissing` unless there is a Java that can run Kafka."""
    java = find_java()
    answer = subprocess.run([java, "-version"], check=False, capture_output=True, text=True)
    version = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if answer.returncode or version is None:
        raise ToolMissing(f"{java} does not run:\n{answer.stderr}")
    if int(version[1]) < _JAVA_MIN:
        raise ToolMissing(f"Kafka needs Java {_JAVA_MIN} or newer and {java} is {version[1]}; install a newer one")


def check_maven() -> None:
    """Raise `ToolMissing` unless Kafka is fetched already or Maven is there to fetch it."""
    if not are_fetched(tools_folder()):
        find_maven()


def check_npm() -> None:
    """Raise `ToolMissing` unless there are Node.js and npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise ToolMissing("the tests need Node.js and npm; install them (Debian, Ubuntu: apt-get install nodejs npm)")


_NEEDED: Final[dict[str, Callable[[], object]]] = {
    "postgresql": find_binaries,
    "default-jre-headless": check_java,
    "maven": check_maven,
}
"""What Debian and Ubuntu call each package, with the check that raises `ToolMissing` without it."""

_NEEDED_BY_TESTS: Final[dict[str, Callable[[], object]]] = {"nodejs": check_npm, "npm": check_npm}


def missing(*, tests: bool) -> dict[str, str]:
    """Give the packages this machine lacks, each with what to do about it; `tests` asks for what they need too."""
    lacking = {}
    for package, check in {**_NEEDED, **(_NEEDED_BY_TESTS if tests else {})}.items():
        try:
            check()
        except ToolMissing as error:
            lacking[package] = str(error)
    return lacking


def provide(*, tests: bool = False) -> None:
    """Install what is missing if that is possible here, and fetch Kafka; raise `ToolMissing` with every missing one."""
    lacking = missing(tests=tests)
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *lacking]
        for command in (["apt-get", "update", "-q"], install):
            subprocess.run(command, check=False, env=environment, timeout=_APT_SECONDS)
        lacking = missing(tests=tests)
    if lacking:
        apt = f"\non Debian or Ubuntu: sudo apt-get install -y {' '.join(lacking)}"
        raise ToolMissing("\n".join(dict.fromkeys(lacking.values())) + apt)
    jars(tools_folder())


def main(arguments: list[str] | None = None) -> int:
    """Provide everything; give the exit code."""
    try:
        provide(tests="--tests" in (sys.argv[1:] if arguments is None else arguments))
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
