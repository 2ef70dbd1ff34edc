"""The broker's jars: fetched once by Maven from wherever this machine's Maven is told to, then checked and kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from deploy.errors import LaunchError, ToolMissing

_HERE: Final = Path(__file__).parent
_POM: Final = _HERE / "pom.xml"
_SUMS: Final = _HERE / "jars.sha256"
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_FETCH_SECONDS: Final = 600


def find_java() -> Path:
    """Give the `java` program: JAVA_HOME's, else PATH's."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        raise ToolMissing(
            "Kafka needs Java 17 or newer"
            + (f" and there is none in JAVA_HOME={home}" if home else "")
            + "; install it (Debian, Ubuntu: apt-get install default-jre-headless; "
            "Fedora: dnf install java-latest-openjdk-headless; macOS: brew install openjdk)"
        )
    return Path(java)


def find_maven() -> Path:
    """Give the `mvn` program."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ToolMissing(
            "fetching Kafka needs Maven; install it (Debian, Ubuntu: apt-get install maven; Fedora: dnf install maven;"
            " macOS: brew install maven)"
        )
    return Path(maven)


def jars(tools: Path) -> Path:
    """Give the folder that holds exactly the jars listed in `jars.sha256`, fetching them when it is not there yet."""
    folder = _folder(tools)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test workers may begin at once
        if not folder.is_dir():
            _fetch(folder)
    return folder


def are_fetched(tools: Path) -> bool:
    """Say whether the jars are there, so that Maven is not needed."""
    return _folder(tools).is_dir()


def _folder(tools: Path) -> Path:
    return tools / "kafka" / hashlib.sha256(_SUMS.read_bytes()).hexdigest()[:12]


def _fetch(folder: Path) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command: list[str | Path] = [find_maven(), "-q", "-B", "-f", _POM, _COPY, "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={partial}"]
    fetched = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_FETCH_SECONDS)
    if fetched.returncode:
        raise LaunchError(
            "Maven could not fetch Kafka; if this machine reaches its artifacts through a mirror, name the mirror in "
            f"Maven's own settings.xml. It said:\n{fetched.stdout[-3000:]}{fetched.stderr[-1000:]}"
        )
    _check(partial)
    partial.rename(folder)


def _check(folder: Path) -> None:
    """Raise unless the folder holds exactly the listed jars, byte for byte."""
    listed = {
        (digest, name) for digest, name in (line.split() for line in _SUMS.read_text(encoding="ascii").splitlines())
    }
    found = {(hashlib.sha256(jar.read_bytes()).hexdigest(), jar.name) for jar in folder.glob("*.jar")}
    if listed != found:
        wrong = sorted({name for _, name in listed ^ found})
        raise LaunchError(f"what Maven fetched is not what {_SUMS.name} lists, and is not used: {', '.join(wrong)}")
