"""The sample parties of a home: who they are and what they sign in with."""

import json
import tomllib
from pathlib import Path
from typing import Final

from peibu.demo.party import Credential
from peibu.issuer_files import read_private

SAMPLE_FILE: Final = "sample.json"
"""Ids of the sample institution, device, body, teachers and venue, written when seeding is done."""


def read_credentials(home: Path) -> dict[str, Credential]:
    """Give every client's credential by name; raise UnsafeFile when others may read the file."""
    tables = tomllib.loads(read_private(home / "credentials.toml"))
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
    """Give the ids that seeding made."""
    ids: dict[str, str] = json.loads((home / SAMPLE_FILE).read_text())
    return ids
