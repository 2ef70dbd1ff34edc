"""Goals, figures, allotments, indicators and money of Huludao, Hebei, Quanjiao and Linshu, by their worked examples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.class_record import ClassRecord, Period
from services.payment.domain.figures import EnteredFigure, FigureStand, elsewhere, figure_stands, newest, require_known
from services.payment.domain.fund_use import fund_use
from services.payment.domain.goals import certificates, in_years, person_times, target_of
from services.payment.domain.heads import allotment_progress, by_organiser, heads, stage_board
from services.payment.domain.obstacles import obstacles
from services.payment.domain.quality import by_provider, indicators
from services.payment.domain.shares import Share, group_shares
from shared.domain.errors import Refused
from shared.domain.jurisdiction import regions
from shared.policy.loader import load_allotments, load_rulebooks
from shared.policy.rulebook import Rulebook
from shared.policy.targets import AllotmentTable
from shared.policy.terms.reporting import FigureGoal, PersonTimes, ReportingTerms
from tests.payment.report_sample import opened, record, settled
from tests.payment.sample import certificate, class_facts, people

SHELF = load_rulebooks()
HULUDAO, HEBEI, QUANJIAO, LINSHU = (
    SHELF.in_force(region, day)
    for region, day in (
        ("211400", date(2020, 6, 1)),
        ("130000", date(2024, 6, 1)),
        ("341124", date(2020, 6, 1)),
        ("371329", date(2020, 9, 1)),
    )
)
BOOKS = (HULUDAO, HEBEI, QUANJIAO, LINSHU)
ALLOTMENTS = load_allotments()
HULUDAO_2019, HEBEI_2024 = (
    next(table for table in ALLOTMENTS if table.region == region) for region in ("211400", "130000")
)


def reporting(book: Rulebook) -> ReportingTerms:
    return book.payment.reporting


def goal_of(book: Rulebook, code: str = "person_times") -> PersonTimes:
    return next(term for term in reporting(book).person_times if term.code == code)


def trained(count: int, day: date, number: int = 1, *, first: int = 1, **fields: object) -> ClassRecord:
    """Give a class of so many people that opened on a day and in which everybody was trained."""
    roster = people(first, first + count - 1)
    fact = opened(f"class-{number}", roster=roster, opening=day, **fields)
    return record(fact, trained_on=day, exam_on=None)


def stand(book: Rulebook, code: str, numbers: dict[str, int], until: date = date(2021, 12, 31)) -> FigureStand:
    entered = [
        EnteredFigure(code=name, number=number, on=date(2021, 12, 31), source="统计公报")
        for name, number in numbers.items()
    ]
    return next(each for each in figure_stands(reporting(book).figure_goals, entered, until) if each.goal.code == code)


def big(count: int, day: date, number: int = 1) -> ClassRecord:
    """Give a class in which so many people were trained, without the roster: ten thousands would be slow to make."""
    found = trained(1, day, number)
    found.__dict__["trained"] = frozenset(f"{number}-{each}" for each in range(count))
    return found


def done(
    book: Rulebook, records: Sequence[ClassRecord], year: int, code: str = "person_times"
) -> tuple[int, bool | None]:
    term = goal_of(book, code)
    target = target_of(term, ALLOTMENTS, region=book.region, own=True, year=year)
    goal = person_times(in_years(records, term, year), term, target=target)
    return goal.done, goal.met


def test_three_years_of_huludao_are_met_at_exactly_thirty_thousand() -> None:
    """HL-REP-01: 29,999 counted; one more completion turns the goal met; 2018 and 2022 do not count."""
    first, second = big(10_000, date(2019, 3, 1)), big(19_999, date(2021, 12, 31), 2)
    before, after = big(50, date(2018, 12, 31), 3), big(50, date(2022, 1, 1), 4)
    assert done(HULUDAO, [first, second, before, after], 2021) == (29_999, False)
    assert done(HULUDAO, [first, second, trained(1, date(2020, 1, 1), 5)], 2021) == (30_000, True)
    assert done(HULUDAO, [first, second], 2020) == (10_000, False)


def test_ten_thousand_of_2019_are_counted_in_2019_alone() -> None:
    """HL-REP-02: 9,999 at the end of 2019 are not met, whatever 2020 brings."""
    records = [big(9_999, date(2019, 12, 31)), big(500, date(2020, 1, 1), 2)]
    assert done(HULUDAO, records, 2019, "person_times_2019") == (9_999, False)
    assert done(HULUDAO, records, 2021, "person_times_2019") == (9_999, False)
    assert done(HULUDAO, [*records, trained(1, date(2019, 2, 1), 3)], 2019, "person_times_2019") == (10_000, True)


def test_the_allotment_of_2019_counts_the_citys_own_classes_apart_from_its_districts() -> None:
    """HL-REP-03, HL-REP-04: seven rows that add to 10,000, and the basis by which they were derived."""
    records = [trained(5, date(2019, 5, 1), 1), trained(7, date(2019, 5, 1), 2), trained(2, date(2020, 5, 1), 3)]
    for place, region in enumerate(("211400", "211403", "211403")):
        records[place] = replace(records[place], opened=replace(records[place].opened, region=region))
    rows = allotment_progress(
        records[:2], HULUDAO_2019.allotment, goal_of(HULUDAO, "person_times_2019"), reporting(HULUDAO).organisers
    )
    assert {row.name: (row.person_times, row.done, row.met) for row in rows} == {
        "市直": (5_620, 5, False),
        "连山区": (770, 0, False),
        "龙港区": (1_245, 7, False),
        "南票区": (215, 0, False),
        "兴城市": (1_025, 0, False),
        "绥中县": (615, 0, False),
        "建昌县": (510, 0, False),
    }
    assert len(HULUDAO_2019.allotment.basis) == 2
    assert not HULUDAO_2019.concerns(2020)
    district = {"region": "211403", "own": False, "year": 2019}
    assert target_of(goal_of(HULUDAO, "person_times_2019"), ALLOTMENTS, **district) == 1_245
    assert target_of(goal_of(HULUDAO), ALLOTMENTS, **district) is None


@pytest.mark.parametrize(
    ("skilled", "employed", "met", "said"),
    [(99_999, 400_000, False, "24.99"), (100_000, 400_000, True, "25.00"), (1, 0, None, None)],
)
def test_the_share_of_the_skilled_is_never_rounded_up_to_a_quarter(
    skilled: int, employed: int, met: bool | None, said: str | None
) -> None:
    """HL-REP-05: 99,999 of 400,000 are 24.99975 %, not 25 %."""
    found = stand(HULUDAO, "skilled_share", {"skilled": skilled, "employed": employed})
    assert found.share is not None
    assert (found.met, found.share.percent_reached) == (met, said)


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_share_reads_as_its_goal_only_where_it_reaches_it(part: int, whole: int) -> None:
    """HL-REP-05, QJ-REP-02: text and judgement agree, on both sides of the percentage."""
    found = stand(HULUDAO, "high_skilled_share", {"high_skilled": part, "skilled": whole})
    assert found.share is not None
    said = found.share.percent_reached
    assert said is not None
    assert (float(said) >= 30) == found.met == (part * 10 >= whole * 3)


def test_a_figure_that_nobody_entered_leaves_its_goal_undecided() -> None:
    assert stand(HULUDAO, "skilled_share", {"skilled": 5}).met is None
    assert stand(HULUDAO, "skilled_share", {}).met is None
    assert stand(QUANJIAO, "high_skilled", {"skilled": 20_000}).met is None


def test_a_later_entry_of_the_same_day_corrects_a_figure_and_one_after_the_last_day_does_not_count() -> None:
    def entered(number: int, day: date) -> EnteredFigure:
        return EnteredFigure(code="skilled", number=number, on=day, source="公报")

    listed = [entered(1, date(2021, 12, 31)), entered(2, date(2021, 12, 31)), entered(3, date(2022, 1, 1))]
    found = newest(listed, "skilled", date(2021, 12, 31))
    assert found is not None
    assert found.number == 2
    goal = figure_stands(reporting(QUANJIAO).figure_goals, listed, date(2022, 12, 31))[0]
    assert goal.figure == found


def test_a_figure_that_the_document_does_not_ask_for_is_refused() -> None:
    assert require_known(reporting(QUANJIAO).figures, "skilled").name == "技能劳动者"
    with pytest.raises(Refused, match="FIGURE_UNKNOWN"):
        require_known(reporting(QUANJIAO).figures, "employed")


def test_hebeis_task_is_met_at_three_hundred_and_fifty_thousand_over_all_its_cities() -> None:
    """HB-REP-01: 200,000 and 149,999 are 349,999; one more meets it."""
    records = [big(200_000, date(2024, 5, 1)), big(149_999, date(2024, 6, 1), 2)]
    assert done(HEBEI, records, 2024) == (349_999, False)
    assert done(HEBEI, [*records, trained(1, date(2024, 7, 1), 3)], 2024) == (350_000, True)


def hebei_certificates(code: str, records: Sequence[ClassRecord], outside: int = 0) -> tuple[int, bool | None]:
    term = next(each for each in reporting(HEBEI).certificates if each.code == code)
    goal = certificates(records, 2024, term, elsewhere=outside)
    assert goal.unit == "certificates"
    return goal.done, goal.met


def test_technicians_are_counted_among_the_seniors_and_both_among_all() -> None:
    """HB-REP-02, HB-REP-03: 20 certificates of level 2 and 100 of level 3 are 120 senior ones and 20 technicians."""
    day = date(2024, 5, 1)
    issued = [
        replace(certificate(f"p{number}", level="2" if number <= 20 else "3", issued=day), kind="level")
        for number in range(1, 121)
    ]
    issued += [replace(certificate("p200", level="5", issued=day), kind="qualification")]
    issued += [replace(certificate("p201", level="3", issued=day), kind="special_ability")]
    issued += [replace(certificate("p202", level="3", issued=date(2023, 12, 31)), kind="level")]
    found = [replace(trained(10, day), certificates=tuple(issued))]
    assert hebei_certificates("new_certificates", found)[0] == 121
    assert hebei_certificates("senior_certificates", found) == (120, False)
    assert hebei_certificates("technician_certificates", found) == (20, False)
    assert hebei_certificates("new_certificates", found, 299_878) == (299_999, False)
    assert hebei_certificates("new_certificates", found, 299_879) == (300_000, True)


def test_two_certificates_of_one_person_are_two_certificates() -> None:
    """HB-REP-02 counts certificates, JY-REP-02 the people who are new."""
    day = date(2024, 5, 1)
    first, second = certificate("p1", issued=day), replace(certificate("p1", issued=day), certificate_id="second")
    found = [replace(trained(1, day), certificates=(first, second))]
    assert hebei_certificates("new_certificates", found)[0] == 2
    gone = [replace(found[0], cancelled=True)]
    assert hebei_certificates("new_certificates", gone)[0] == 0


def test_certificates_from_elsewhere_are_the_newest_figure_of_the_year() -> None:
    """HB-REP-02: people enter what no class here led to."""
    term = reporting(HEBEI).certificates[0]
    listed = [
        EnteredFigure(code="certificates_elsewhere", number=number, on=day, source="评价数据")
        for number, day in ((9, date(2023, 12, 31)), (5, date(2024, 6, 30)), (7, date(2024, 9, 30)))
    ]
    assert elsewhere(term, listed, 2024) == 7
    assert elsewhere(term, listed[:1], 2024) == 0


def test_a_city_without_a_number_has_an_unknown_target_and_not_zero() -> None:
    """HB-REP-04: until the annex is entered no city is measured; afterwards each by its own number."""
    term, city = goal_of(HEBEI), {"region": "130100", "own": False, "year": 2024}
    assert target_of(term, ALLOTMENTS, **city) is None
    goal = person_times([big(10, date(2024, 5, 1))], term, target=None)
    assert (goal.target, goal.gap, goal.met, goal.share.percent) == (None, None, None, None)
    loaded = filled(HEBEI_2024, {"130100": 50_000})
    assert target_of(term, [loaded], **city) == 50_000
    assert target_of(term, [loaded], region="130200", own=False, year=2024) is None


def filled(table: AllotmentTable, numbers: dict[str, int]) -> AllotmentTable:
    rows = tuple(replace(row, person_times=numbers.get(row.region)) for row in table.allotment.rows)
    return replace(table, allotment=replace(table.allotment, rows=rows))


def test_hebeis_rows_are_its_cities_with_the_three_that_report_themselves() -> None:
    """HB-QUA-02: Dingzhou, Xinji and Xiong'an stand beside the eleven cities."""
    below = {region.code for region in regions().regions.values() if region.parent == "130000"}
    assert {row.region for row in HEBEI_2024.allotment.rows} == below
    assert {"133100", "139001", "139002"} <= below
    assert len(below) == 14
    for region in ("133100", "139001", "139002"):
        assert SHELF.in_force(region, date(2024, 5, 1)) == HEBEI


def test_quanjiao_counts_the_whole_period_though_its_document_is_of_2020() -> None:
    """QJ-REP-01: 9,999 and 10,000 person-times of 2019 to 2021."""
    records = [big(4_000, date(2019, 1, 1)), big(5_999, date(2021, 12, 31), 2)]
    assert done(QUANJIAO, records, 2021) == (9_999, False)
    assert done(QUANJIAO, [*records, trained(1, date(2020, 7, 1), 3)], 2021) == (10_000, True)


@pytest.mark.parametrize(
    ("high", "share", "met", "said"), [(6_000, True, True, "30.00"), (5_999, False, False, "29.99")]
)
def test_quanjiaos_three_conditions_stand_apart(high: int, share: bool, met: bool, said: str) -> None:
    """QJ-REP-02: 20,000 skilled, 6,000 high-skilled and 30 %: 29.995 % is not 30 %."""
    numbers = {"skilled": 20_000, "high_skilled": high}
    assert stand(QUANJIAO, "skilled", numbers).met is True
    assert stand(QUANJIAO, "high_skilled", numbers).met is met
    found = stand(QUANJIAO, "high_skilled_share", numbers)
    assert found.share is not None
    assert (found.met, found.share.percent_reached) == (share, said)
    assert stand(QUANJIAO, "skilled", {"skilled": 19_999}).met is False


def test_linshus_target_is_unknown_until_the_city_gives_one() -> None:
    """LS-REP-01: no number, then 5,000 loaded and 4,999 done."""
    term, records = goal_of(LINSHU), [big(4_999, date(2020, 9, 1))]
    assert done(LINSHU, records, 2021) == (4_999, None)
    loaded = replace(
        HEBEI_2024,
        region="371329",
        valid_from=date(2019, 1, 1),
        valid_to=date(2021, 12, 31),
        allotment=replace(HEBEI_2024.allotment, total_person_times=5_000, rows=()),
    )
    target = target_of(term, [loaded], region="371329", own=True, year=2021)
    goal = person_times(records, term, target=target)
    assert (goal.target, goal.done, goal.met, goal.gap) == (5_000, 4_999, False, 1)


def test_one_person_in_an_agriculture_class_and_in_the_bureaus_own_is_one_person_and_two_person_times() -> None:
    """LS-REP-03, HB-REP-07, HL-REP-08: by organiser and over all, out of records alone."""
    own = trained(3, date(2020, 9, 1), 1)
    other = trained(1, date(2020, 9, 5), 2, attributes={"organising_department": "agr"})
    count = {each.code: (each.person_times, each.persons) for each in heads([own, other])}
    assert count["trained_persons"] == (4, 3)
    assert count["certified_persons"] == count["paid_persons"] == (0, 0)
    organisers = reporting(LINSHU).organisers
    assert organisers is not None
    rows = {
        row.code: (row.name, row.classes, row.heads[1].person_times) for row in by_organiser([own, other], organisers)
    }
    assert rows["hrss"] == ("县人社局", 1, 3)
    assert rows["agr"] == ("县农业农村局", 1, 1)
    assert rows["vet"] == ("县退役军人事务局", 0, 0)


def test_forty_of_the_agriculture_bureau_stand_under_it_in_huludao_and_hebei() -> None:
    """HL-ENR-12, HL-REP-10, HB-REP-07: a class of 40 of the agriculture bureau."""
    found = trained(40, date(2020, 9, 5), attributes={"organising_department": "agr"})
    for book in (HULUDAO, HEBEI):
        organisers = reporting(book).organisers
        assert organisers is not None
        row = next(row for row in by_organiser([found], organisers) if row.code == "agr")
        assert (row.classes, row.heads[0].person_times) == (1, 40)
    organisers = reporting(HEBEI).organisers
    assert organisers is not None
    assert len(organisers.departments) == 13


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=6))
def test_persons_are_never_more_than_person_times_and_organisers_add_up(rosters: list[tuple[int, int]]) -> None:
    records = [
        trained(
            count,
            date(2020, 9, 1),
            number,
            first=first,
            attributes={"organising_department": "agr"} if number % 2 else {},
        )
        for number, (first, count) in enumerate(rosters)
    ]
    organisers = reporting(LINSHU).organisers
    assert organisers is not None
    rows = by_organiser(records, organisers)
    for place, each in enumerate(heads(records)):
        assert 0 <= each.persons <= each.person_times
        assert sum(row.heads[place].person_times for row in rows) == each.person_times


def test_ten_of_twenty_veterans_with_a_level_certificate_are_fifty_percent() -> None:
    """LS-ASM-02: other people, other certificates and classes of another year count for nothing."""
    term = reporting(LINSHU).quality_indicators
    assert term is not None
    assert term.rule == "LS-ASM-02"
    fact = opened("class-1", roster=people(1, 30), opening=date(2020, 9, 1))
    grouped = tuple(
        replace(trainee, groups=("veteran",) if number < 20 else ("employee",))
        for number, trainee in enumerate(fact.trainees)
    )
    found = record(replace(fact, trainees=grouped), trained_on=date(2020, 9, 20), exam_on=None)
    level = [certificate(each, "level") for each in [*people(1, 10), *people(25, 30)]]
    other = [certificate(each, "completion") for each in people(11, 20)]
    found = replace(found, certificates=(*level, *other))
    year = Period(first=date(2020, 1, 1), last=date(2020, 12, 31))
    (shown,) = indicators([found], year, term)
    assert shown.share == Share(part=10, whole=20)
    assert shown.share.percent == "50.00"
    (none,) = indicators([found], Period(first=date(2021, 1, 1), last=date(2021, 12, 31)), term)
    assert none.share == Share(part=0, whole=0)


def test_forty_trained_and_thirty_placed_are_seventy_five_percent() -> None:
    """HB-QUA-01: each indicator of its own training type, by provider; no threshold judges it."""
    term = reporting(HEBEI).quality_indicators
    assert term is not None
    year = Period(first=date(2024, 1, 1), last=date(2024, 12, 31))
    day = date(2024, 5, 1)
    skills = replace(trained(40, day, training_type="employment_skills"), employed=frozenset(people(1, 30)))
    post = replace(trained(10, day, 2, training_type="post_upskilling", level="3"), employed=frozenset(people(1, 9)))
    own = trained(8, day, 3, training_type="entrepreneurship", institution_id="institution-2", region="130100")
    own = replace(own, certificates=tuple(certificate(each, issued=day) for each in [*people(1, 6), "stranger"]))
    early = trained(100, date(2023, 5, 1), 4, training_type="employment_skills")
    records = [skills, post, own, early]
    found = {each.indicator.code: each.share for each in indicators(records, year, term)}
    assert found == {
        "placement": Share(part=30, whole=40),
        "retention": Share(part=9, whole=10),
        "pass_rate": Share(part=6, whole=8),
        "high_skilled": Share(part=10, whole=58),
    }
    assert found["placement"].percent == "75.00"
    first, second = by_provider(records, year, term)
    assert (first.region, first.institution_id) == ("130100", "institution-2")
    assert {each.indicator.code: each.share.percent for each in first.shares} == {
        "placement": None,
        "retention": None,
        "pass_rate": "75.00",
        "high_skilled": "0.00",
    }
    assert second.shares[0].share == Share(part=30, whole=40)


def test_a_stage_is_told_against_the_days_that_are_gone() -> None:
    """HB-REP-08, HB-REP-09: on 2024-07-15 the training stage has 106 of 153 days behind it."""
    training = next(stage for stage in reporting(HEBEI).stages if stage.code == "training")
    early = trained(5, date(2024, 3, 31))
    board = stage_board([trained(60, date(2024, 5, 1), 2), early], training, 100, date(2024, 7, 15))
    assert (board.done, board.share.percent, board.days, board.days_left) == (
        60,
        "60.00",
        Share(part=106, whole=153),
        47,
    )
    assert stage_board([], training, None, date(2024, 3, 31)).days_left == 153
    assert stage_board([], training, None, date(2024, 9, 1)).days_left == 0


def test_the_use_of_the_money_is_told_by_source_type_and_institution_and_by_no_person() -> None:
    """HL-REP-06, LS-FND-01: credited minus returned, persons and person-times apart."""
    period = Period(first=date(2020, 4, 1), last=date(2020, 6, 30))
    one, two = trained(3, date(2020, 4, 1)), trained(3, date(2020, 4, 1), 2, training_type="safety")
    one = replace(
        one,
        settlements=(
            replace(settled(100, date(2020, 6, 30)), funding_source="fund-a"),
            replace(settled(50, date(2020, 6, 30), "p2"), funding_source="fund-b"),
            replace(settled(9, date(2020, 7, 1), "p3"), funding_source="fund-a"),
        ),
    )
    two = replace(
        two,
        settlements=(
            replace(settled(30, date(2020, 4, 1)), funding_source="fund-a"),
            settled(-20, date(2020, 5, 1), None),
        ),
    )
    for book in (HULUDAO, LINSHU):
        term = reporting(book).fund_use
        assert term is not None
        tables = {table.by: table.rows for table in fund_use([one, two], period, term)}
        assert {row.head: (row.amount_fen, row.person_times, row.persons) for row in tables["funding_source"]} == {
            "": (-20, 0, 0),
            "fund-a": (130, 2, 1),
            "fund-b": (50, 1, 1),
        }
        assert {sum(row.amount_fen for row in rows) for rows in tables.values()} == {160}
        assert {row.head for row in tables["training_type"]} == {one.opened.training_type, "safety"}
        assert set(tables) == {"funding_source", "training_type", "institution"}


def test_linshu_reports_one_indicator_and_two_documents_have_allotments() -> None:
    """Which terms a document has at all, and which numbers, tests/policy/test_silence.py holds."""
    indicators = reporting(LINSHU).quality_indicators
    assert indicators is not None
    assert [each.code for each in indicators.indicators] == ["veterans_certified"]
    assert [table.region for table in ALLOTMENTS] == ["130000", "211400"]


def test_every_figure_goal_ends_with_2021() -> None:
    goals: list[FigureGoal] = [goal for terms in map(reporting, BOOKS) for goal in terms.figure_goals]
    assert {goal.by for goal in goals} == {date(2021, 12, 31)}


def stops_of(book: Rulebook, *, entered: bool = False, **fields: object) -> list[tuple[str, str, str | None]]:
    facts = class_facts(roster=["p1"], certificates=[certificate("p1")], spot=(1, 1))
    assert facts.opened is not None
    fact = replace(facts.opened.fact, **fields)
    known = replace(facts, opened=replace(facts.opened, fact=fact))
    return [(stop.code, stop.rule, stop.value) for stop in obstacles(known, fact, book, entry_required=entered)]


def test_an_agriculture_bureaus_class_is_counted_in_hebei_and_paid_by_its_own_rules() -> None:
    """HB-REP-07: refused OWN_RULES; Huludao and Linshu count such a class and pay it."""
    agriculture = {"attributes": {"organising_department": "agr"}, "programme": "training"}
    assert ("OWN_RULES", "HB-REP-07", "agr") in stops_of(HEBEI, **agriculture)
    for own in ({}, {"organising_department": "hrss"}):
        assert "OWN_RULES" not in {code for code, _, _ in stops_of(HEBEI, programme="training", attributes=own)}
    for book in (HULUDAO, LINSHU, QUANJIAO):
        assert "OWN_RULES" not in {code for code, _, _ in stops_of(book, **agriculture)}


def test_a_class_without_its_receipts_in_the_provincial_system_gets_nothing() -> None:
    """HB-INT-01, QJ-INT-01: where the deployment enters anything there; the other two documents name no system."""
    for book, programme in ((HEBEI, "training"), (QUANJIAO, "upskilling")):
        stops = stops_of(book, entered=True, programme=programme)
        assert {"plan_and_roster", "results"} <= {value for code, _, value in stops if code == "NOT_IN_SYSTEM"}
    for other in (HULUDAO, LINSHU):
        assert other.payment.system_entry is None


def test_money_comes_only_from_the_sources_that_a_document_lists() -> None:
    """HL-FND-01, HB-FND-01: four sources and the enterprises' own in Huludao, three in Hebei and no talent money."""

    def sources(book: Rulebook) -> set[str]:
        listed = book.payment.funding_sources
        assert listed is not None
        return {source.name for source in listed.sources}

    assert sources(HULUDAO) == {
        "失业保险基金结余",
        "就业补助资金",
        "地方人才经费",
        "行业产业发展经费",
        "企业职工教育经费",
    }
    assert sources(HEBEI) == {"就业补助资金", "职业技能提升专账资金", "失业保险基金"}
    assert HEBEI.payment.funding_sources is not None
    assert HEBEI.payment.funding_sources.source("talent_fund") is None


def test_of_each_group_it_is_told_how_many_were_trained_and_of_whom_nothing_was_paid() -> None:
    """LS-CLM-09: of three employees one is unpaid, of two graduates both; other groups have nobody."""
    term = reporting(LINSHU).group_shares
    assert term is not None
    assert term.rule == "LS-CLM-09"
    roster = people(1, 5)
    groups = {each: ("employee",) if number < 3 else ("graduate",) for number, each in enumerate(roster)}
    fact = opened("class-1", roster=roster, groups=groups, opening=date(2020, 9, 1))
    of_class = replace(
        record(fact, trained_on=date(2020, 9, 20), exam_on=None),
        settlements=(settled(1_000_00, date(2020, 12, 1)), settled(1_000_00, date(2020, 12, 1), "p2")),
    )
    found = group_shares([of_class], YEAR_2020, Period(first=date(2019, 1, 1), last=date(2019, 12, 31)), term)
    told = {each.code: (each.share.part if each.share else None, each.unpaid) for each in found}
    assert (told.pop("employees"), told.pop("graduates"), set(told.values())) == ((3, 1), (2, 2), {(0, 0)})


def test_of_each_group_it_is_told_who_was_trained_free_subsidised_and_had_an_allowance() -> None:
    """LS-CLM-09: three groups of 30, 20 and 10 learners, 2 of the poor without allowance, one of them there twice."""
    term = reporting(LINSHU).group_shares
    assert term is not None
    day = date(2020, 12, 1)
    kinds = {"employee": 30, "graduate": 20, "poor_worker": 10}
    groups = [(kind,) for kind, heads in kinds.items() for _ in range(heads)]
    roster = people(1, 60)
    project = {"programme": "training", "kind": "project", "opening": date(2020, 9, 1)}
    fact = opened("class-1", roster=roster, groups=dict(zip(roster, groups, strict=True)), **project)
    charged = tuple(replace(each, fee_fen=100 if number < 4 else 0) for number, each in enumerate(fact.trainees))
    allowed = [replace(settled(600_00, day, each), programme="living_allowance") for each in roster[50:58]]
    subsidies = [replace(settled(1_000_00, day, each), programme="training") for each in roster[:58]]
    first = replace(
        record(replace(fact, trainees=charged), trained_on=date(2020, 9, 20), exam_on=None),
        settlements=(*subsidies, *allowed, replace(settled(-5, day, None), programme="training")),
    )
    again = opened("class-2", roster=roster[58:59], groups={roster[58]: ("poor_worker",)}, **project)
    records = [first, record(again, trained_on=date(2020, 9, 20), exam_on=None)]
    before = Period(first=date(2019, 1, 1), last=date(2019, 12, 31))

    found = {each.code: each.use for each in group_shares(records, YEAR_2020, before, term, LINSHU.payment.benefits)}

    def counted(code: str) -> list[tuple[int, int] | None]:
        use = found[code]
        assert use is not None
        heads = (use.trained, use.free, use.subsidised, use.allowance, use.without_allowance)
        return [(each.persons, each.person_times) if each else None for each in heads]

    assert counted("employees") == [(30, 30), (26, 26), (30, 30), (0, 0), (0, 0)]
    assert counted("graduates") == [(20, 20), (20, 20), (20, 20), (0, 0), (0, 0)]
    assert counted("poor") == [(10, 11), (10, 11), (8, 8), (8, 8), (2, 3)]
    without = group_shares(records, YEAR_2020, before, term)[0].use
    assert without is not None
    assert (without.allowance, without.without_allowance) == (None, None)


YEAR_2020 = Period(first=date(2020, 1, 1), last=date(2020, 12, 31))
