"""As whom a server runs that refuses to run as root, and which folders that user can reach."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from deploy.errors import LaunchError


def unprivileged_user() -> pwd.struct_passwd | None:
    """Give the user to become when we are root: `postgres`, else `nobody`; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LaunchError("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody; add one")


def owner_of(data: Path) -> pwd.struct_passwd | None:
    """Give the user who owns the data when we are root: the server must go on running as the one it began with."""
    return pwd.getpwuid(data.stat().st_uid) if os.geteuid() == 0 else None


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Give the `subprocess` arguments that drop privileges to `user`; none for None."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Say whether `user` can enter a folder, every folder above it included."""
    return subprocess.run(["test", "-x", folder], check=False, cwd="/", **as_user(user)).returncode == 0


def make_private(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder that only `user` (None: we) can enter; refuse one that somebody else put there."""
    ours = {os.geteuid(), *([user.pw_uid] if user else [])}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in ours:
        raise LaunchError(f"{folder} belongs to somebody else; remove it")
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)
