"""Run `peibu` so that it dies where a test orders it: `python -m tests.faults.launcher ORDERS -- PEIBU-ARGUMENTS`.

ORDERS is a folder. Whoever wants the process `serve-payment` to die at its third `after_send` gives an order there
(`Orders.give`), before the process starts or while it runs: arming costs no restart. At that place the process turns
the order into a marker, in one rename, and kills itself with SIGKILL: a marker proves that the window was hit, and the
next process under the same name finds no order.

Only this module replaces the hook of `shared.failpoints`, before anything else of Peibu is imported.
"""

import os
import signal
import sys
from pathlib import Path

from shared import failpoints


class Orders:
    """The folder in which orders are given and markers found; process names as in a fleet, `run` for the embedded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def launcher(self) -> tuple[str, ...]:
        """Give the command that stands in for `python -m peibu`."""
        return (sys.executable, "-m", "tests.faults.launcher", str(self.folder), "--")

    def give(self, process: str, point: str, count: int = 1) -> None:
        """Let the process die at its `count`-th passing of `point` from now on; an earlier order is replaced."""
        if point not in failpoints.ALL or count < 1:
            raise ValueError(f"{point}:{count} is no order; points: {', '.join(failpoints.ALL)}")
        draft = self.folder / f"{process}.draft"
        draft.write_text(f"{point} {count}")
        draft.rename(_order(self.folder, process))

    def withdraw(self, process: str) -> bool:
        """Take back an order that was not carried out; give False when there is none."""
        try:
            _order(self.folder, process).unlink()
        except FileNotFoundError:
            return False
        return True

    def stands(self, process: str) -> bool:
        """Say whether an order waits to be carried out."""
        return _order(self.folder, process).exists()

    def collect(self, process: str) -> str | None:
        """Give the point at which the process killed itself, once; None when it did not."""
        marker = _marker(self.folder, process)
        try:
            text = marker.read_text()
        except FileNotFoundError:
            return None
        marker.unlink()
        return text.split()[0]


class Executioner:
    """What replaces `failpoints.hit` in one process."""

    def __init__(self, folder: Path, process: str) -> None:
        self._order = _order(folder, process)
        self._marker = _marker(folder, process)
        self._read: tuple[int, int] | None = None
        self._point = ""
        self._left = 0

    def hit(self, name: str) -> None:
        """Count a passing of the ordered place; die at the last."""
        try:
            file = self._order.stat()
        except FileNotFoundError:
            return
        if self._read != (file.st_ino, file.st_mtime_ns):
            self._read = (file.st_ino, file.st_mtime_ns)
            self._point, count = self._order.read_text().split()
            self._left = int(count)
        if name != self._point:
            return
        self._left -= 1
        if self._left == 0:
            self._order.rename(self._marker)
            os.kill(os.getpid(), signal.SIGKILL)


def process_name(arguments: list[str]) -> str:
    """Give the name of the process that these arguments of `peibu` start: `serve-payment`, `run`, `migrate`."""
    named = arguments[:2] if arguments[0] in ("serve", "work") else arguments[:1]
    return "-".join(named)


def _order(folder: Path, process: str) -> Path:
    return folder / f"{process}.order"


def _marker(folder: Path, process: str) -> Path:
    return folder / f"{process}.killed"


def main() -> None:
    """Replace the hook, then be `peibu`."""
    folder, dashes, *arguments = sys.argv[1:]
    if dashes != "--":
        raise SystemExit("usage: python -m tests.faults.launcher ORDERS -- PEIBU-ARGUMENTS")
    failpoints.hit = Executioner(Path(folder), process_name(arguments)).hit
    sys.argv = ["peibu", *arguments]
    from peibu.cli import main as peibu

    peibu()


if __name__ == "__main__":
    main()
