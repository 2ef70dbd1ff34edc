"""People who do not exist: generated for demonstrations and tests, the same for the same seed.

Their identity numbers carry valid check digits but begin with 0000, where no region's code and so no
living person's number begins; their names are made from a word for "sample".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePerson:
    """One invented person, as an institution would write them into a roster."""

    name: str
    identity_number: str
    phone: str


def sample_people(seed: int) -> Iterator[SamplePerson]:
    """Give invented people without end; no identity number comes twice."""
    random = Random(seed)  # noqa: S311 - invented people need repeatability, not secrecy
    taken: set[str] = set()
    number = 0
    while True:
        number += 1
        born = date(1970, 1, 1) + timedelta(days=random.randrange(12_000))
        serial = f"{seed % 10}{number % 100:02d}"
        body = f"0000{seed // 10 % 100:02d}{born:%Y%m%d}{serial}"
        if body in taken:
            continue
        taken.add(body)
        yield SamplePerson(
            name=random.choice(_SURNAMES) + "样" + _DIGITS[number // 10 % 10] + _DIGITS[number % 10],
            identity_number=body + _check(body),
            phone=f"199{seed % 10000:04d}{number % 10000:04d}",
        )


def broken_identity_number(person: SamplePerson) -> str:
    """Give the person's number with a wrong last digit, as a typing slip would leave it."""
    last = person.identity_number[-1]
    return person.identity_number[:-1] + ("0" if last != "0" else "1")


def sample_credit_code(seed: int) -> str:
    """Give a unified social credit code with a valid check character that belongs to nobody (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"92000000MA{seed:07d}"
    total = sum(alphabet.index(mark) * pow(3, place, 31) for place, mark in enumerate(body))
    return body + alphabet[(31 - total % 31) % 31]


def _check(body: str) -> str:
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
