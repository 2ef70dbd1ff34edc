"""The annual plan adds up, in its rows and in both columns, or is refused."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from shared.policy.loader import load_rulebooks, load_targets
from shared.policy.mistakes import PolicyFilesInvalid
from tests.policy.folders import TARGETS, changed, packaged, written


def test_annex_1_adds_up_to_forty_thousand_in_thirteen_rows() -> None:
    (table,) = load_targets()
    targets = table.targets
    assert (targets.rule, targets.document, table.region) == ("JY-REP-04", "济管人社〔2021〕6号", "419001")
    assert len(targets.rows) == 13
    assert sum(row.persons for row in targets.rows) == targets.total_persons == 40_000
    apprentices = targets.row("apprenticeship_intermediate")
    assert apprentices is not None
    assert [allocation.persons for allocation in apprentices.allocations] == [250, 150]
    assert targets.row("living_allowance") is None


def test_the_allocations_add_up_to_what_annex_1_gives_each_provider() -> None:
    (table,) = load_targets()
    given = Counter[str]()
    for row in table.targets.rows:
        given.update({allocation.provider: allocation.persons for allocation in row.allocations})
    assert given == {
        "济源职业技术学院": 3140,
        "济源技师学院": 3460,
        "济源市劳动就业培训中心": 5300,
        "济源市机械高级技工学校": 2000,
        "企业自训": 600,
        "学院及技工学校": 2300,
        "民办培训机构": 7200,
        "行业定点培训": 2000,
        "工科委和应急局定点机构": 2000,
        "中小微企业": 12000,
    }


def test_every_row_is_a_training_type_and_every_pool_a_kind_of_the_rulebook() -> None:
    (table,) = load_targets()
    book = load_rulebooks().in_force("419001", date(2021, 1, 1))
    assert book.enrollment.programmes is not None
    assert book.enrollment.institution_kinds is not None
    assert [row.type for row in table.targets.rows] == [kind.code for kind in book.enrollment.programmes.types]
    kinds = {kind.code for kind in book.enrollment.institution_kinds.kinds}
    assert {kind for row in table.targets.rows for each in row.allocations for kind in each.pool_kinds} <= kinds


def test_an_allocation_changed_from_600_to_500_is_refused_naming_row_and_totals(tmp_path: Path) -> None:
    text, _ = changed(TARGETS, 'provider = "企业自训", persons = 600', 'provider = "企业自训", persons = 500')
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_targets(written(tmp_path, TARGETS, text))
    total, row = refusal.value.mistakes
    assert (row.key, row.file) == ("targets.rows[2].allocations", TARGETS)
    assert "合格证培训" in row.message
    assert "1900" in row.message
    assert "2000" in row.message
    assert "39900" in total.message
    assert "40000" in total.message
    assert text.splitlines()[row.line - 1].startswith("allocations")
    assert text.splitlines()[total.line - 1] == "total_persons = 40000"


def test_rows_that_do_not_add_to_the_printed_total_are_refused_in_both_columns(tmp_path: Path) -> None:
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_targets(written(tmp_path, TARGETS, packaged(TARGETS).replace("= 40000", "= 40001")))
    assert [mistake.key for mistake in refusal.value.mistakes] == ["targets.total_persons"] * 2


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('rule = "JY-REP-04"', 'rule = "JY-REP-44"', "targets.rule"),
        ("persons = 2500", 'persons = "2500"', "targets.rows[1].persons"),
        ("total_persons", "totals", "targets.totals"),
        ('type = "senior_technician"', 'type = "technician"', "targets.rows[8].type"),
    ],
)
def test_other_mistakes_are_reported_where_they_stand(tmp_path: Path, old: str, new: str, key: str) -> None:
    text, line = changed(TARGETS, old, new)
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_targets(written(tmp_path, TARGETS, text))
    assert (key, line) in [(mistake.key, mistake.line) for mistake in refusal.value.mistakes]
