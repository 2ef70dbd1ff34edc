"""Errors that a person can act on.

    DomainError
    |-- Refused        a rule or the state forbids it; another input or a later moment may pass
    |   `-- Conflict   somebody else was first, or the state has moved on
    |-- NotFound       there is no such thing within the caller's scope
    |-- Forbidden      this actor may not do this (role, tenant, region, four-eyes)
    `-- MissingFact    an event arrived before one it needs; it is held, never lost

Every error says a stable code for machines and, in Chinese, what is wrong and what to do next. A personal value
(identity number, name, phone, account) never stands in an error: the field's name does.
"""

from dataclasses import dataclass

from shared.policy.decision import Finding


@dataclass(eq=False)
class DomainError(Exception):
    """What was refused, which rule refused it and what to do next.

    `code` is UPPER_SNAKE and never changes once published; `message` and `advice` are Chinese sentences; `rule`,
    `clause` and `document` are set when a policy document demanded the refusal; `field` names the input at fault;
    `value` repeats it when it is not personal.
    """

    code: str
    message: str
    advice: str
    field: str | None = None
    value: str | None = None
    rule: str | None = None
    clause: str | None = None
    document: str | None = None

    def __post_init__(self) -> None:
        if len({part is None for part in (self.rule, self.clause, self.document)}) > 1:
            raise ValueError(f"{self.code}: a rule is quoted with its clause and document, or not at all")
        super().__init__(f"{self.code}: {self.message}")


class Refused(DomainError):
    """A rule or the present state forbids the act."""


class Conflict(Refused):
    """Somebody else was first, or the state the caller saw has moved on."""


class NotFound(DomainError):
    """Nothing by this id exists within what the caller may see."""


class Forbidden(DomainError):
    """The actor's role, organisation, region or earlier part in the case forbids the act."""


class MissingFact(DomainError):
    """An event needs a fact that has not arrived yet; the consumer holds it and tries again."""


def refused_by(finding: Finding) -> Refused:
    """Turn a stopping finding into the error that an API answers."""
    return Refused(
        code=finding.code,
        message=finding.message,
        advice=finding.advice,
        field=finding.field,
        value=finding.value,
        rule=finding.rule,
        clause=finding.clause,
        document=finding.document,
    )
