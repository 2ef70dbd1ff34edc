"""The sample parties of a home: who they are and what they sign in with."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from peibu.demo.party import Credential
from peibu.issuer_files import read_private
from shared.settings import SettingsError

SAMPLE_FILE: Final = "sample.json"
"""Ids of the sample institution, device, body, teachers and venue, written when seeding is done."""


def read_credentials(home: Path) -> dict[str, Credential]:
    """Give every client's credential by name; raise UnsafeFile when others may read the file.

    Raise SettingsError when nobody was given one yet.
    """
    tables = tomllib.loads(_made(home / "credentials.toml", read_private))
    return {
        name: Credential(
            client_id=name,
            client_secret=table["client_secret"],
            subject=table["subject"],
            organisation=table["organisation"],
        )
        for name, table in tables.items()
    }


def read_sample(home: Path) -> dict[str, str]:
    """Give the ids that seeding made; raise SettingsError when it has not."""
    ids: dict[str, str] = json.loads(_made(home / SAMPLE_FILE, Path.read_text))
    return ids


def _made(file: Path, read: Callable[[Path], str]) -> str:
    try:
        return read(file)
    except FileNotFoundError:
        raise SettingsError(f"{file} is not there; `peibu seed` makes it, where the issuer's files stand") from None
