"""What the issuer keeps on disk; every file is its owner's alone and is replaced whole or not at all."""

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey

from shared.settings import init_home

_OWNER_ALONE: Final = 0o600
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class UnsafeFile(Exception):
    """A file with secrets can be read by others than its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client: the argon2 hash of its secret and what its tokens say."""

    hash: str
    subject: str
    organisation: str
    region: str
    roles: tuple[str, ...]


class ClientFile:
    """The clients by id, read again whenever the file was replaced (by another process adding a client)."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = secrets_folder(home) / "clients.json"
        self._seen: tuple[int, int] | None = None
        self._clients: Mapping[str, Client] = {}

    def read(self) -> Mapping[str, Client]:
        """Give the clients as they stand on disk."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            stored: dict[str, dict[str, Any]] = json.loads(read_private(self._path))
            self._clients = {
                client_id: Client(**{**values, "roles": tuple(values["roles"])}) for client_id, values in stored.items()
            }
            self._seen = seen
        return self._clients

    def add(self, client_id: str, client: Client, *, secret: str) -> None:
        """Store a client and its plain secret; raise ValueError when the id is malformed or taken."""
        if not _CLIENT_ID.fullmatch(client_id):
            raise ValueError(f"client id {client_id!r} must be 1 to 100 characters of A-Z a-z 0-9 . _ -")
        with _locked(self._home):
            clients = dict(self.read())
            if client_id in clients:
                raise ValueError(f"client {client_id} exists")
            # The plain secret first: a crash between the two leaves a secret without a client, which the next call
            # overwrites; the other way round nobody would ever know the client's secret.
            credentials = self._read_credentials()
            credentials[client_id] = {
                "client_secret": secret,
                "subject": client.subject,
                "organisation": client.organisation,
                "region": client.region,
                "roles": list(client.roles),
            }
            self._write_credentials(credentials)
            clients[client_id] = client
            self._write(clients)

    def remove(self, client_id: str) -> bool:
        """Forget a client and its secret; give False when there is none."""
        with _locked(self._home):
            clients = dict(self.read())
            if clients.pop(client_id, None) is None:
                return False
            self._write(clients)
            credentials = self._read_credentials()
            credentials.pop(client_id, None)
            self._write_credentials(credentials)
            return True

    def _write(self, clients: Mapping[str, Client]) -> None:
        stored = {known: asdict(clients[known]) for known in sorted(clients)}
        write_private(self._path, json.dumps(stored, ensure_ascii=False, indent=1))

    def _read_credentials(self) -> dict[str, dict[str, Any]]:
        path = self._home / "credentials.toml"
        return tomllib.loads(read_private(path)) if path.exists() else {}

    def _write_credentials(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        lines = ["# 各客户端的访问凭证，仅限本人读取，勿提交到版本库。"]
        for name in sorted(tables):
            lines += ["", f"[{_toml(name)}]", *(f"{key} = {_toml(value)}" for key, value in tables[name].items())]
        write_private(self._home / "credentials.toml", "\n".join(lines) + "\n")


def load_or_make_key(home: Path) -> ECKey:
    """Give the signing key, made at the first start."""
    path = secrets_folder(home) / "issuer-key.json"
    with _locked(home):
        if not path.exists():
            key = ECKey.generate_key("P-256", auto_kid=True)
            write_private(path, json.dumps(key.as_dict(private=True)))
        return ECKey.import_key(json.loads(read_private(path)))


def secrets_folder(home: Path) -> Path:
    """Give PEIBU_HOME's folder for secrets, made for its owner alone."""
    init_home(home, ())
    return home / "secrets"


def read_private(path: Path) -> str:
    """Give a secret file's text; raise UnsafeFile when others than its owner may read or write it."""
    with path.open(encoding="utf-8") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise UnsafeFile(f"{path} is open to others; run: chmod 600 {path}")
        return file.read()


def write_private(path: Path, text: str) -> None:
    """Replace a file by this text, readable by its owner alone; a crash leaves the old file."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    descriptor = os.open(secrets_folder(home) / ".lock", os.O_RDWR | os.O_CREAT, _OWNER_ALONE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # a TOML basic string is a JSON string; DEL alone is forbidden in it
