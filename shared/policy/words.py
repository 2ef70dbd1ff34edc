"""What the keys and fixed words of rulebooks and traces are called in Chinese (`words.toml`)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Names of keys, of fixed values, and of what a decision looked at."""

    keys: Mapping[str, str]
    values: Mapping[str, str]
    inputs: Mapping[str, str]

    def key(self, name: str, shape: str) -> str:
        """Name a key of a term, a chapter or a row; `shape` is the class it stands in."""
        return self.keys.get(f"{shape}.{name}") or self.keys[name]

    def value(self, written: str, key: str) -> str | None:
        """Name a fixed word that stands under a key, which may itself be a key; None where it has no name."""
        return self.values.get(f"{key}.{written}") or self.values.get(written) or self.keys.get(written)

    def input(self, name: str) -> str:
        """Name what a decision looked at."""
        return self.inputs.get(name) or self.keys.get(name, name)


@cache
def words() -> Words:
    """Read the words that come with the product."""
    return Words(**tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8")))
