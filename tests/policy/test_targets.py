"""The annual plan adds up, in its rows and in both columns, or is refused."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from shared.domain.jurisdiction import ancestors
from shared.policy.loader import load_allotments, load_rulebooks, load_targets, mistakes_in
from shared.policy.mistakes import PolicyFilesInvalid
from tests.policy.folders import TARGETS, changed, packaged, written

HULUDAO, HEBEI = "huludao/2019-07-31.targets.toml", "hebei/2024-01-01.targets.toml"


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


def test_huludaos_allotment_of_2019_adds_up_and_with_one_number_changed_is_refused(tmp_path: Path) -> None:
    """HL-REP-03: Jianchang with 501 instead of 510 makes 9,991."""
    table = next(table for table in load_allotments() if table.region == "211400")
    assert sum(row.person_times or 0 for row in table.allotment.rows) == table.allotment.total_person_times == 10_000
    text, _ = changed(HULUDAO, "person_times = 510", "person_times = 501")
    with pytest.raises(PolicyFilesInvalid) as refusal:
        load_allotments(written(tmp_path, HULUDAO, text))
    [mistake] = refusal.value.mistakes
    assert (mistake.key, mistake.file) == ("allotment.total_person_times", HULUDAO)
    assert "9991" in mistake.message
    assert "10000" in mistake.message
    assert [each.key for each in mistakes_in(tmp_path) if each.file == HULUDAO] == ["allotment.total_person_times"]


def hebei_with(*numbers: int) -> str:
    """Give Hebei's allotment with numbers for its first cities."""
    lines, left = [], list(numbers)
    for line in packaged(HEBEI).splitlines():
        if "region = " in line and line.startswith("    {") and left:
            line = line.replace(" },", f", person_times = {left.pop(0)} }},")
        lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("numbers", "accepted"),
    [
        ((), True),
        ((25_000,) * 14, True),
        ((25_000,) * 13 + (24_000,), False),
        ((25_000,) * 13, True),
        ((27_000,) * 13, False),
    ],
)
def test_hebeis_cities_have_no_number_until_all_add_up(
    tmp_path: Path, numbers: tuple[int, ...], accepted: bool
) -> None:
    """HB-REP-04: 350,000 in all is taken and 349,000 is not; a part that is already too much is not either."""
    folder = written(tmp_path, HEBEI, hebei_with(*numbers))
    if not accepted:
        with pytest.raises(PolicyFilesInvalid):
            load_allotments(folder)
        return
    [table] = load_allotments(folder)
    assert [row.person_times for row in table.allotment.rows] == [*numbers, *[None] * (14 - len(numbers))]
    assert load_targets(folder) == ()


def test_an_allotment_names_a_goal_and_regions_that_there_are() -> None:
    """HL-REP-04: the basis is shown; HB-QUA-02: the rows are regions of the table."""
    for table in load_allotments():
        book = load_rulebooks().in_force(table.region, max(table.valid_from, date(2019, 7, 31)))
        assert table.allotment.goal in {term.code for term in book.payment.reporting.person_times}
        assert all(table.region in ancestors(row.region) for row in table.allotment.rows)
        assert (len(table.allotment.basis), table.allotment.rule) in {(2, "HL-REP-03"), (0, "HB-REP-04")}
