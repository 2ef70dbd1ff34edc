"""Real-name persons (实名制): one per identity number, however many classes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person; `name_differs` says that a name just stated is not the one a bureau has confirmed."""

    person_id: str
    name_differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A normalised identity number with the name stated for it."""

    identity_number: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Keyed checks by which payment compares a person it does not know: of name and number, of the number alone.

    `key` names the deployment key of both.
    """

    payee: str
    identity: str
    key: str
