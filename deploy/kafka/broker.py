"""Run a real one-node Apache Kafka (KRaft) on this machine: no Docker, loopback only.

python -m deploy.kafka fetch
python -m deploy.kafka start|stop|status DIRECTORY [--port N]
"""

import base64
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from deploy.errors import LaunchError, ProcessFailed
from deploy.kafka.artifacts import find_java, jars
from deploy.ports import free_port
from deploy.process import Process

_HERE: Final = Path(__file__).parent
_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 30.0
_FLUSH_EVERY_MESSAGE: Final = "log.flush.interval.messages=1"


def tools_folder() -> Path:
    """Give the folder that keeps fetched programs: `PEIBU_TOOLS`, else .tools beside the project's own folders."""
    return Path(os.environ.get("PEIBU_TOOLS") or _HERE.parent.parent / ".tools").absolute()


class KafkaBroker:
    """One Kafka node with its data in `directory`; it keeps its data and its ports over every stop and kill.

    `port=0` takes a free port at the first start. With `fsync` every append is on the disk before it is acknowledged,
    because there is no second broker to hold a copy; without it (tests) a power cut may lose the newest records, but
    killing the process does not.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        fsync: bool = True,
        tools: Path | None = None,
        log_file: Path | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.fsync = fsync
        self._port = port
        self._tools = tools or tools_folder()
        self._process = Process(
            "Kafka", pid_file=self.directory / "kafka.pid", log_file=log_file or self.directory / "kafka.log"
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Give `127.0.0.1:port`; raise before the first start."""
        return f"127.0.0.1:{self._ports()[0]}"

    @property
    def running(self) -> bool:
        """Say whether the process is alive (a frozen one is)."""
        return self._process.alive

    @property
    def pid(self) -> int | None:
        """Give the process id, or None while the broker is down."""
        return self._process.pid

    def start(self) -> None:
        """Format the data on the first start, start and return when the broker answers; idempotent."""
        from deploy.kafka.topics import is_ready

        if self.running:
            return
        classes = f"{jars(self._tools)}/*"
        properties = self._write_properties()
        if not (self._data / "meta.properties").exists():
            self._format(classes, properties)
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        self._process.start([*_java(*memory), "-cp", classes, "kafka.Kafka", properties], directory=self.directory)
        bootstrap = self.bootstrap
        try:
            self._process.await_ready(lambda: is_ready(bootstrap), deadline_seconds=_START_SECONDS, poll_seconds=0.1)
        except ProcessFailed:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask the broker to shut down (SIGTERM), kill it at the deadline; idempotent."""
        self._process.stop(deadline_seconds=_STOP_SECONDS)

    def kill(self) -> None:
        """End the broker with SIGKILL; idempotent."""
        self._process.kill()

    def freeze(self) -> None:
        """Let the broker hold its connections and answer nothing (SIGSTOP)."""
        self._process.freeze()

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self._process.thaw()

    def create_topics(self, names: Iterable[str], partitions: int) -> None:
        """Make each topic that is not there; raise when one is there with another number of partitions."""
        from deploy.kafka.topics import create_topics

        create_topics(self.bootstrap, names, partitions)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _ports(self) -> tuple[int, int]:
        """Give the broker's and the controller's port, which the formatted data remember too."""
        file = self.directory / "ports"
        if not file.exists():
            raise LaunchError(f"the Kafka broker in {self.directory} was never started and has no address yet")
        port, controller_port = file.read_text(encoding="ascii").split()
        return int(port), int(controller_port)

    def _write_properties(self) -> Path:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.directory / "ports").exists():
            port = self._port or free_port()
            (self.directory / "ports").write_text(f"{port} {free_port(avoid=frozenset({port}))}\n", encoding="ascii")
        port, controller_port = self._ports()
        if self._port not in (0, port):
            raise LaunchError(f"the Kafka broker in {self.directory} has port {port} for life, not {self._port}")
        template = Template((_HERE / "server.properties").read_text(encoding="utf-8"))
        file = self.directory / "server.properties"
        file.write_text(
            template.substitute(
                data=self._data,
                port=port,
                controller_port=controller_port,
                fsync=_FLUSH_EVERY_MESSAGE if self.fsync else "",
            ),
            encoding="utf-8",
        )
        return file

    def _format(self, classes: str, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid4().bytes).decode("ascii").rstrip("=").replace("-", "A")
        command = [*_java("-XX:TieredStopAtLevel=1"), "-cp", classes, "kafka.tools.StorageTool", "format"]
        command += ["--standalone", "-t", cluster, "-c", properties]
        formatted = subprocess.run(command, check=False, capture_output=True, text=True)
        if formatted.returncode:
            raise LaunchError(f"Kafka could not format {self._data}:\n{formatted.stdout}{formatted.stderr}")


def _java(*options: str) -> list[str | Path]:
    logging = f"-Dlog4j2.configurationFile=file:{_HERE / 'log4j2.properties'}"
    return [find_java(), *options, "-Djava.awt.headless=true", logging]
