"""What an error must carry."""

import pytest

from shared.domain.errors import Refused


def test_a_rule_is_quoted_with_its_clause_and_document_or_not_at_all() -> None:
    quoted = Refused(code="X", message="不可以。", advice="请改正。", rule="JY-ENR-07", clause="二", document="文号")
    assert quoted.document == "文号"
    for part in ({"rule": "JY-ENR-07"}, {"rule": "JY-ENR-07", "clause": "二"}, {"document": "文号"}):
        with pytest.raises(ValueError, match="with its clause and document"):
            Refused(code="X", message="不可以。", advice="请改正。", **part)
