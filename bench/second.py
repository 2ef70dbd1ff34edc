"""A process of its own that does its part of a cell while this one does the other."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from typing import Self

from bench.measuring import WrongAnswer


class Second:
    """A Python module run with arguments that does what a line of its input names, and answers each with `done`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = (sys.executable, "-m", module, *arguments)
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.communicate(b"")  # whose end of input ends it

    def begin(self, word: str) -> None:
        """Let it begin, and go on here."""
        ears = self._running.stdin
        if ears is not None:
            ears.write(f"{word}\n".encode())

    async def end(self) -> None:
        """Wait until it has done it; raise WrongAnswer where it has not."""
        mouth = self._running.stdout
        if mouth is None or await mouth.readline() != b"done\n":
            raise WrongAnswer("the second process did not do its part")

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process
