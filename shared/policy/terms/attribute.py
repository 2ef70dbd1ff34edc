"""Terms of what a class says beside its plan: attributes, and the profile of the enterprise it is for."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.enrollment import ClassKind
from shared.policy.terms.term import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeValue:
    """One value of an attribute.

    `needs` are attributes that must be stated with it, `wants` those without which a reviewer is warned. A person
    decides when the institution is of none of `institution_kinds`, and always with `human_decision`; `asks` is the code
    of that question and `question` its words, where the usual ones do not fit.
    """

    code: str
    name: str
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    institution_kinds: tuple[str, ...] = ()
    human_decision: bool = False
    asks: str | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Term):
    """What an institution may say of a class besides its plan: one of `values`, or a text of `pattern` or `check`.

    `missing` is the code of the finding when another statement needs it; `published` ones travel in ClassOpened.
    """

    code: str
    name: str
    values: tuple[AttributeValue, ...] = ()
    pattern: str | None = None
    check: Literal["credit_code", "day"] | None = None
    missing: str | None = None
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassKindNeeds(Term):
    """Attributes that every class of a kind, or of one of these training types, must state (JY-ENR-26, HL-ENR-03)."""

    needs: tuple[str, ...]
    class_kind: ClassKind | None = None
    training_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseProfile(Term):
    """The register in which enterprises say what the judgement of their classes reads (JY-ENR-28).

    The attribute `employer` names the enterprise that a class is for; without it an institution of
    `institution_kinds` is that enterprise itself. Where the truth field `wanted`, if the document has such a goal, is
    not set, it is warned of.
    """

    register: str
    employer: str
    institution_kinds: tuple[str, ...]
    wanted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCondition(Term):
    """Classes of `class_kind`, of `training_types`, or that state `attribute` are for enterprises of such a profile.

    Its `field` must be one of `values`, or true when there are none, and `proof` filled in; the paper proves it to the
    last day `until`, where one is given. Of any other enterprise a person decides, under `code`. Classes of
    `class_kind` are the applicant's own, and one whose profile does not say so much stops under `missing`; of the
    others one without a profile may prove it by the attribute `shown_by`.
    """

    code: str
    field: str
    proof: str
    message: str
    advice: str
    class_kind: ClassKind | None = None
    attribute: str | None = None
    training_types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    until: str | None = None
    missing: str | None = None
    shown_by: str | None = None
