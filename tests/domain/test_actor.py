"""Who lacks a role is told in Chinese which one is needed."""

import pytest

from shared.domain.actor import SYSTEM, Actor, Role
from shared.domain.errors import Forbidden


@pytest.mark.parametrize("role", Role)
def test_a_missing_role_is_named_in_chinese_with_its_code_for_the_administrator(role: Role) -> None:
    with pytest.raises(Forbidden) as refusal:
        SYSTEM.require(role)
    name, code = refusal.value.message.removeprefix("此操作需要角色：").removesuffix("）。").split("（")
    assert code == role
    assert not any(letter.isascii() for letter in name)


def test_several_roles_that_would_do_are_all_named() -> None:
    with pytest.raises(Forbidden, match="初审人员（first_reviewer）、复核人员（second_reviewer）"):
        SYSTEM.require(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)


def test_one_refusal_is_not_another_that_says_the_same() -> None:
    refusals = []
    for _ in range(2):
        with pytest.raises(Forbidden) as refusal:
            SYSTEM.require(Role.FINANCE)
        refusals.append(refusal.value)
    assert len(set(refusals)) == 2


@pytest.mark.parametrize(
    ("own", "asked", "reached"),
    [("419001", "419001", True), ("410000", "419001", True), ("419001", "410000", False), ("130000", "419001", False)],
)
def test_a_bureau_acts_for_its_region_and_for_those_below(own: str, asked: str, reached: bool) -> None:
    actor = Actor(subject="li", organisation="bureau", region=own, roles=frozenset({Role.FINANCE}))
    if reached:
        actor.require_region(asked)
        return
    with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE") as refusal:
        actor.require_region(asked)
    assert (refusal.value.field, refusal.value.value) == ("region", asked)
