"""A jurisdiction's own list of rules, `rules.toml` beside its rulebooks: what a new document says, numbered by hand."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.policy.coherence import CatalogueRule, Objection
from shared.policy.mistakes import PolicyFilesInvalid
from shared.policy.rulebook_file import expectation, mistakes_of, quoted, read_toml
from shared.policy.toml_text import told_at_once

NAME = "rules.toml"


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Z]{2,6}-[A-Z]{3}-\d{2}$")]
    clause: Annotated[str, Field(min_length=1)]
    decision: Literal["auto", "human", "auto+human"]
    statement: Annotated[str, Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    document: Annotated[str, Field(min_length=1)]
    rules: tuple[_Rule, ...]


@told_at_once
def read_rules(
    content: bytes, *, jurisdiction: str, catalogue: Mapping[str, CatalogueRule]
) -> Mapping[str, CatalogueRule]:
    """Read the rules of one folder by id, or raise PolicyFilesInvalid with every mistake and its line.

    An id that the catalogue or the file itself has already is a mistake: a rule has one name.
    """
    name = f"{jurisdiction}/{NAME}"
    table, lines = read_toml(content, name)
    try:
        file = _File.model_validate(table, strict=False)
    except ValidationError as error:
        raise PolicyFilesInvalid(
            mistakes_of([expectation(details, _File) for details in error.errors()], name, lines)
        ) from error
    objections = [*quoted(table, file), *_doubled(file, catalogue)]
    if objections:
        raise PolicyFilesInvalid(mistakes_of(objections, name, lines))
    return {
        rule.id: CatalogueRule(
            id=rule.id,
            jurisdiction=jurisdiction,
            doc_no=file.document,
            locator=rule.clause,
            decision=rule.decision,
            statement=rule.statement,
        )
        for rule in file.rules
    }


def _doubled(file: _File, catalogue: Mapping[str, CatalogueRule]) -> Iterator[Objection]:
    seen = set(catalogue)
    for place, rule in enumerate(file.rules):
        if rule.id in seen:
            yield Objection(
                key=("rules", place, "id"), message=f"{rule.id} 已有", advice="请换一个编号，每条规则一个编号"
            )
        seen.add(rule.id)
