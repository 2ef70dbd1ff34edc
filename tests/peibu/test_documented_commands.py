"""Every command that the READMEs and the integration pages show is run: here, or by a test that is named here."""

import ast
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from deploy.ports import free_port

ROOT: Final = Path(__file__).parents[2]
BIN: Final = Path(sys.executable).parent
DOCUMENTS: Final = ("README.md", "README.zh-CN.md", "docs/integration.md", "docs/integration.zh-CN.md")
SHELLS: Final = ("", "sh", "bash", "shell", "console")
SECONDS_MAX: Final = 300.0
NOTHING_INSTALLED: Final = ("--old-file=.venv/installed-runtime", "--old-file=.venv/installed-dev")

ALONE: Final = "make demo"
AGAINST: Final = 'make demo ARGS="--against http://127.0.0.1:8080"'
TAIL: Final = ".venv/bin/peibu events tail"
LEDGER: Final = ".venv/bin/peibu ledger export"
EXPORT: Final = ".venv/bin/peibu audit export payment FILE"
PAID: Final = "合计到账 61,500.00 元"
STAYS_UP: Final = {"make run": "按 Ctrl-C 停止", TAIL: "PaymentSettled"}
"""Commands that end only when they are told to, and what they have said by then."""

RUN: Final[Mapping[str, str]] = {
    **STAYS_UP,
    ALONE: PAID,
    AGAINST: PAID,
    EXPORT: "",  # what it wrote is what the next one reads
    ".venv/bin/peibu audit verify FILE": "intact",
    ".venv/bin/peibu dead-letters list payment": "reason",
    LEDGER: '"amount_fen":',
    ".venv/bin/peibu policy show 419001 2021-05-17": "开班到课率",
    ".venv/bin/peibu policy coverage JY": "0 条没有",
    ".venv/bin/peibu policy try cases/jiyuan/E1.toml": "与案例相符",
    ".venv/bin/peibu policy explain CLAIM": "合计 61,500.00 元",
    ".venv/bin/peibu status": "payment      ready",
    ".venv/bin/peibu clients list": "first_reviewer",
    ".venv/bin/peibu clock show": "2021-",
    ".venv/bin/peibu clock move 2021-06-01T09:00:00+08:00": "2021-",
    "make": "Run everything in one process on SQLite",
    "make down": "stopped",
    "peibu init": "made ",
}
"""Commands that are run here, and what they say when they did what the page promises."""

BEFORE: Final = {"make down", "peibu init"}
"""Those that are run in a folder of their own, where nothing is yet."""

FLEET: Final = "tests/deploy/test_fleet.py::"
OPERATOR: Final = f"{FLEET}test_an_operators_command_acts_on_the_fleet_whose_home_it_names"
CI: Final = "tests/deploy/test_makefile.py::test_ci_runs_what_everybody_runs"
BENCH: Final = (
    "tests/bench/test_command.py::test_the_command_runs_on_real_servers_and_says_what_changed_since_the_last_run"
)
LET_IN: Final = "clients add school-system --role institution --org INSTITUTION-ID --region 419001"

ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "make test": ('pytest -n 2 --dist loadscope -m "not kafka and not kill"', CI),
    "make check": ("ruff check .", CI),
    'make run ARGS="--home DIR --port N"': (
        "peibu run --home DIR --port N",
        "tests/peibu/test_cli.py::test_a_second_system_on_a_taken_port_changes_nothing_of_the_first",
    ),
    "make bench": ("-m bench", BENCH),
    'make bench ARGS="P11 --fraction 0.1"': ("-m bench P11 --fraction 0.1", BENCH),
    "make up": ("-m deploy.fleet up --sandbox", f"{FLEET}test_what_is_said_after_the_action_is_heard"),
    "make up REAL=1": ("-m deploy.fleet up  \n", f"{FLEET}test_what_is_said_after_the_action_is_heard"),
    'make peibu ARGS="events tail --from-start"': ("-m deploy.fleet peibu events tail --from-start", OPERATOR),
    f'make peibu ARGS="{LET_IN}"': (f"-m deploy.fleet peibu {LET_IN}", OPERATOR),
}
"""Commands that need PostgreSQL and Kafka, or hours: what their recipe runs, and the test that runs it."""

INSIDE: Final[Mapping[str, str]] = {
    f"peibu {LET_IN}": "school-system may sign in",
    "peibu clients add desk --role approver --org bureau-419001 --region 419001": "desk may sign in",
    "peibu clients remove institution": "institution may sign in no more",
}
"""What such a command does when it has got there, and what a page only hints at (`peibu clients add`)."""


def commands_of(text: str) -> set[str]:
    """Give the commands that a document shows: every line of a block of code, every `make …` or `peibu …` elsewhere."""
    fenced = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    lines = [line for language, block in fenced.findall(text) if language in SHELLS for line in block.splitlines()]
    rest = fenced.sub("", text)
    lines += re.findall(r"^(?: {4}|\t)(.*)$", rest, re.MULTILINE)
    blocks = (re.split(r"(?:^|\s+)#", line.removeprefix("$ "))[0].strip() for line in lines)
    elsewhere = re.findall(r"`((?:make|(?:\.venv/bin/)?peibu [^`\n]+)(?: [^`\n]+)?)`", rest)
    return {command for command in (*blocks, *elsewhere) if command}


def hinted(command: str) -> bool:
    """Say whether it is the beginning of commands that are run in full."""
    return any(full.startswith(f"{command} ") for full in INSIDE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_page_shows_is_run_by_a_test(document: str) -> None:
    shown = commands_of((ROOT / document).read_text())
    assert shown
    assert {command for command in shown if not hinted(command)} <= {*RUN, *ELSEWHERE}


def test_no_command_is_run_that_no_page_shows_any_more() -> None:
    assert {*RUN, *ELSEWHERE} <= {one for document in DOCUMENTS for one in commands_of((ROOT / document).read_text())}


def test_a_planted_command_is_found_wherever_it_stands() -> None:
    text = (
        "Say `make tea` or\n\n    brew  # slowly\n\n```sh\n$ pour --hot\n```\n\n| `.venv/bin/peibu sip` | `peibu` |\n"
    )
    assert commands_of(text) == {"make tea", "brew", "pour --hot", ".venv/bin/peibu sip"}
    assert commands_of("```mermaid\nflowchart LR\n```\n") == set()


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_run_elsewhere_is_what_the_command_runs(command: str) -> None:
    recipe, test = ELSEWHERE[command]
    dry = ["make", "--dry-run", *NOTHING_INSTALLED, *shlex.split(command)[1:]]
    assert recipe in subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    file, _, name = test.partition("::")
    functions = [node for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)]
    assert name in {function.name for function in functions}


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let what is started here hear an interrupt, even where a shell in the background started us deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(slots=True, kw_only=True)
class Started:
    """One command in a session of its own, as if typed into a terminal."""

    command: str
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """Give what it has said so far."""
        return self.output.read_text()

    def until(self, text: str) -> str:
        """Give what it said, as soon as it said the text; fail when it ends without it."""
        deadline = time.monotonic() + SECONDS_MAX
        while text not in self.said():
            assert self.process.poll() is None, f"{self.command}\n{self.said()}"
            assert time.monotonic() < deadline, f"{self.command}\n{self.said()}"
            time.sleep(0.02)
        return self.said()

    def ended(self) -> str:
        """Give what it said until its end; fail when it failed."""
        assert self.process.wait(SECONDS_MAX) == 0, f"{self.command}\n{self.said()}"
        return self.said()

    def interrupt(self) -> None:
        """Press Ctrl-C, unless it has ended; fail when that does not stop it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Where commands are typed: the root of this tree, with state and port of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    said: dict[str, str] = field(default_factory=dict)
    claim: str = ""

    @contextmanager
    def typed(self, command: str) -> Iterator[Started]:
        """Start a command as a page shows it; it is over when the block is."""
        output = self.folder / f"said-{len(list(self.folder.glob('said-*')))}"
        with output.open("wb") as writing, _interruptible():
            process = subprocess.Popen(
                self._arguments(command),
                cwd=ROOT,
                env=self._environment(self.folder / ("nothing yet" if command in BEFORE else "home")),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = Started(command=command, process=process, output=output)
        try:
            yield started
        finally:
            started.interrupt()

    def run(self, command: str) -> str:
        """Run a command to its end and give what it said."""
        with self.typed(command) as started:
            return started.ended()

    def _arguments(self, command: str) -> list[str]:
        here = command.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace("FILE", str(self.folder / "export"))
        here = here.replace("CLAIM", self.claim)
        program, *words = shlex.split(here.removeprefix(".venv/bin/"))
        return (
            [program, f"BIN={BIN}", *NOTHING_INSTALLED, *words] if program == "make" else [str(BIN / program), *words]
        )

    def _environment(self, home: Path) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PEIBU_", "MAKE"))}
        own = {"PEIBU_HOME": str(home), "PEIBU_PORT": str(self.port), "PEIBU_URL": f"http://127.0.0.1:{self.port}"}
        return {**inherited, **own, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in which `make run` runs, and both demos were played: the long commands run side by side."""
    terminal = Terminal(folder=tmp_path_factory.mktemp("commands"))
    with ExitStack() as open_until_the_end:
        alone = open_until_the_end.enter_context(terminal.typed(ALONE))
        for command, last in STAYS_UP.items():
            started = open_until_the_end.enter_context(terminal.typed(command))
            if command == "make run":
                terminal.said[command] = started.until(last)
        terminal.said[AGAINST] = terminal.run(AGAINST)
        terminal.said[TAIL] = started.until(STAYS_UP[TAIL])
        terminal.said[EXPORT] = terminal.run(EXPORT)
        terminal.claim = json.loads(terminal.run(LEDGER).splitlines()[0])["claim_id"]
        terminal.said[ALONE] = alone.ended()
        yield terminal


@pytest.mark.parametrize("command", [*RUN, *INSIDE])
def test_a_command_does_what_its_page_says(terminal: Terminal, command: str) -> None:
    said = terminal.said[command] if command in terminal.said else terminal.run(command)
    assert {**RUN, **INSIDE}[command] in said
