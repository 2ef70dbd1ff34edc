"""A lock that the system frees the moment its holder dies."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A flock on a file of its own: also between two holders of one process, and freed by kill -9."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    async def try_take(self) -> bool:
        """Take the lock if nobody holds it."""
        await self.release()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        if await self.still_held():
            return True
        await self.release()  # the file was replaced between opening and locking
        return False

    async def still_held(self) -> bool:
        """Say whether the file locked is still the one a newcomer would open."""
        if self._descriptor is None:
            return False
        try:
            return os.fstat(self._descriptor).st_ino == self._file.stat().st_ino
        except FileNotFoundError:
            return False

    async def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
