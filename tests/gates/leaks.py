"""Personal data where it must not be: in events, logs, addresses, errors, answers, metrics or, readable, at rest."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote_plus

from peibu.demo.people import SamplePerson, broken_identity_number, sample_people
from peibu.demo.settlement import ACCOUNT
from peibu.services import SERVICES
from tests.gates.traffic import Exchange
from tests.gates.world import World

TEACHERS_SEED: Final = 999
_RUN: Final = re.compile(r"[0-9A-Fa-fXx]{11,}|[\u3400-\u9fff]{2,}")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A text that must be nowhere, and what it is."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that left the system or stayed behind: texts by the place in which they stand."""

    texts: Mapping[str, Sequence[str]]

    def with_text(self, place: str, text: str) -> "Evidence":
        """Give the evidence with one more text in a place."""
        return Evidence({**self.texts, place: [*self.texts[place], text]})


def secrets_of(world: World) -> list[Secret]:
    """Give everything personal that the stories sent."""
    people = [person for script in world.scripts for person in script.people]
    people += islice(sample_people(TEACHERS_SEED), len(world.cast.teacher_ids))
    found = [secret for number, person in enumerate(people) for secret in _of_person(number, person)]
    numbers = {ACCOUNT["account_number"], "62220000000000000002"}
    return [*found, *(Secret(what="an account number", text=number) for number in sorted(numbers))]


def _of_person(number: int, person: SamplePerson) -> Iterator[Secret]:
    yield Secret(what=f"the full name of person {number}", text=person.name)
    for what, text in (
        ("identity number", person.identity_number),
        ("mistyped identity number", broken_identity_number(person)),
        ("phone", person.phone),
    ):
        yield Secret(what=f"the {what} of person {number}", text=text)
        for algorithm in ("sha256", "sha1", "md5"):  # without a key whoever can count to a number finds it
            digest = hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
            yield Secret(what=f"the unkeyed {algorithm} of the {what} of person {number}", text=digest)


async def evidence_of(world: World) -> Evidence:
    """Collect what the stories left behind."""
    exchanges = world.recorder.exchanges
    seen = await world.observe()
    metrics = [(await world.http.get(f"/{service}/metrics")).text for service in SERVICES]
    return Evidence(
        {
            "events": [f"{place.topic} {place.key} {place.value.decode()}" for place in seen.places],
            "log": world.log_file.read_text(encoding="utf-8").splitlines(),
            "addresses": [_addresses(exchange) for exchange in exchanges],
            "errors": [_answer(exchange) for exchange in exchanges if exchange.status >= 400],
            "answers": [_answer(exchange) for exchange in exchanges if exchange.status < 400],
            "metrics": metrics,
            "databases": [
                file.read_bytes().decode("utf-8", errors="ignore")
                for service in SERVICES
                for file in sorted(world.home.glob(f"{service}.sqlite*"))
            ],
        }
    )


def _addresses(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url} {exchange.headers.get('location', '')}"


def _answer(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.status} {exchange.body.decode('utf-8', errors='replace')}"


def leaks(evidence: Evidence, secrets: Sequence[Secret]) -> list[str]:
    """Name every secret that stands in a place, with the beginning of the text in which it stands.

    A secret is digits (or their digest) or Chinese characters; raise ValueError for one that would never be found.
    """
    known = {secret.text: secret for secret in secrets}
    if strange := [secret.what for secret in secrets if not _RUN.fullmatch(secret.text)]:
        raise ValueError(f"these would never be found: {', '.join(strange)}")
    lengths = {len(text) for text in known}
    return [
        f"{place}: {known[piece].what} stands in: {text[:300]}"
        for place, texts in evidence.texts.items()
        for text in texts
        for piece in sorted(_pieces(text, lengths) & known.keys())
    ]


def _pieces(text: str, lengths: Collection[int]) -> set[str]:
    """Give every piece of these lengths of the runs of digits and of characters, also of those behind escapes."""
    plain = f"{text} {unquote_plus(text)}" if "%" in text else text
    if "\\u" in plain:
        plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), plain)
    return {
        run[start : start + length]
        for run in set(_RUN.findall(plain))
        for length in lengths
        for start in range(len(run) - length + 1)
    }
