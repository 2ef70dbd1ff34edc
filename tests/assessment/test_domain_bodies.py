"""Who may examine a class: bodies on the lists from which the institution chooses, apart from whoever trains it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.assessment.domain.application import judge
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.body_record import (
    NOTHING_RECORDED,
    BodyRecord,
    BodyReview,
    Listing,
    Scope,
    Verdict,
    judge_listing,
    to_reassign,
)
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.scheduling import schedule
from shared.domain.errors import Refused
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from tests.assessment.sample import (
    INSTITUTION_CODE,
    WELDER,
    application,
    body,
    class_opened,
    jiyuan,
    opened,
    people,
    shelf,
)

HULUDAO, HEBEI, QUANJIAO, LINSHU = (
    shelf().in_force("211400", date(2020, 7, 1)),
    shelf().in_force("130000", date(2024, 5, 1)),
    shelf().in_force("341124", date(2020, 7, 1)),
    shelf().in_force("371329", date(2020, 9, 1)),
)
CITY = ("130102", "130100", "130000", "000000")
DISTRICT = ("211402", "211400", "210000", "000000")
EXAM = date(2024, 7, 2)
DAY = timedelta(days=1)


def listing(list_code: str, region: str, *scopes: Scope, start: date | None = None, **other: object) -> Listing:
    given = Listing(
        listing_id=f"{list_code}-{region}",
        body_id="body-1",
        list_code=list_code,
        region=region,
        scopes=scopes or (Scope(occupation=WELDER),),
        valid_from=start or date(2024, 1, 1),
        valid_to=date(2024, 12, 31),
        published_on=date(2024, 5, 20),
        document="示例通知〔2024〕5号",
        recorded_by="approver-1",
    )
    return replace(given, **other)  # type: ignore[arg-type]


def review(verdict: Verdict, held_on: date, region: str = "130100") -> BodyReview:
    return BodyReview(
        review_id=f"{verdict}-{held_on}",
        body_id="body-1",
        region=region,
        held_on=held_on,
        verdict=verdict,
        findings="示例",
        recorded_by="approver-1",
    )


def examined(level: str | None = "4") -> ExaminedClass:
    return replace(opened(), level=level, closing_date=EXAM - DAY)


def found(
    book: Rulebook,
    record: BodyRecord = NOTHING_RECORDED,
    *,
    by: AssessmentBody | None = None,
    regions: tuple[str, ...] = CITY,
    level: str | None = "4",
    examiners: tuple[str, ...] = (),
    applied_on: date = date(2024, 6, 20),
) -> list[tuple[str, str]]:
    """Give what stands against the choice of a body, by code and rule."""
    asked = replace(
        application(exam_on=EXAM, applied_on=applied_on), record=record, examiners=examiners, persons=people(4)
    )
    return told(judge(asked, examined(level), by or body(), of_any_type(book), regions=regions))


def of_any_type(book: Rulebook) -> Rulebook:
    """Give the book without its training types, which other tests hold exams against."""
    return replace(book, enrollment=replace(book.enrollment, programmes=None))


def told(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.rule) for finding in findings]


def test_hb_asm_01_a_body_is_chosen_from_the_city_list_which_lies_within_the_provinces() -> None:
    province, city = listing("province", "130000"), listing("city", "130100")
    assert found(HEBEI, BodyRecord(listings=(province, city))) == []
    assert found(HEBEI, BodyRecord(listings=(province,))) == [("NOT_IN_CITY_LIST", "HB-ASM-01")]
    assert found(HEBEI, BodyRecord(listings=(city,))) == [("NOT_IN_CITY_LIST", "HB-ASM-01")]
    elsewhere = replace(city, region="130200")
    assert found(HEBEI, BodyRecord(listings=(province, elsewhere))) == [("NOT_IN_CITY_LIST", "HB-ASM-01")]


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [(EXAM, EXAM, False), (EXAM + DAY, EXAM + DAY, True), (EXAM - DAY, EXAM - DAY, True)],
)
def test_a_body_stands_on_a_list_on_the_exam_day(first: date, last: date, refused: bool) -> None:
    """HB-ASM-01, HL-ASM-04: what the list said yesterday or says tomorrow is no ground."""
    record = BodyRecord(
        listings=(listing("province", "130000"), replace(listing("city", "130100"), valid_from=first, valid_to=last))
    )
    assert bool(found(HEBEI, record)) is refused


def test_hb_asm_01_nobody_gets_on_the_city_list_who_is_not_on_the_provinces() -> None:
    city = listing("city", "130100")
    with pytest.raises(Refused) as error:
        judge_listing(city, body(), BodyRecord(), regions=CITY[1:], rulebook=HEBEI)
    assert (error.value.code, error.value.rule) == ("NOT_IN_PROVINCE_LIST", "HB-ASM-01")

    record = BodyRecord(listings=(listing("province", "130000", Scope(occupation=WELDER, level="4")),))
    level_4, every = listing("city", "130100", Scope(occupation=WELDER, level="4")), city
    assert judge_listing(level_4, body(), record, regions=CITY[1:], rulebook=HEBEI) == ()
    with pytest.raises(Refused, match="省级评价机构目录"):
        judge_listing(every, body(), record, regions=CITY[1:], rulebook=HEBEI)


@pytest.mark.parametrize(("published", "overdue"), [(date(2024, 5, 25), False), (date(2024, 5, 26), True)])
def test_hb_asm_01_a_city_list_published_after_its_day_is_marked_and_holds(published: date, overdue: bool) -> None:
    record = BodyRecord(listings=(listing("province", "130000"),))
    late = listing("city", "130100", published_on=published)
    doubts = judge_listing(late, body(), record, regions=CITY[1:], rulebook=HEBEI)
    assert told(doubts) == ([("LIST_OVERDUE", "HB-ASM-01")] if overdue else [])
    assert found(HEBEI, BodyRecord(listings=(*record.listings, late))) == []


@pytest.mark.parametrize(("applied_on", "refused"), [(date(2024, 5, 31), False), (date(2024, 6, 1), True)])
def test_hb_asm_03_a_suspended_body_gets_no_new_exam_and_keeps_its_old_ones_marked(
    applied_on: date, refused: bool
) -> None:
    record = BodyRecord(
        listings=(listing("province", "130000"), listing("city", "130100")),
        reviews=(review("suspended", date(2024, 6, 1)),),
    )
    expected = [("BODY_SUSPENDED", "HB-ASM-03")] if refused else []
    assert found(HEBEI, record, applied_on=applied_on) == expected
    (mark,) = to_reassign(record, CITY, date(2024, 6, 1), HEBEI)
    assert (mark.code, mark.severity) == ("BODY_SUSPENDED", Severity.WARN)
    assert list(to_reassign(record, CITY, date(2024, 5, 31), HEBEI)) == []


def test_hb_asm_03_a_suspension_ends_when_its_bureau_reinstates_and_binds_that_region_alone() -> None:
    listings = (listing("province", "130000"), listing("city", "130100"))
    suspended = review("suspended", date(2024, 6, 1))
    back = BodyRecord(listings=listings, reviews=(suspended, review("reinstated", date(2024, 6, 10))))
    assert found(HEBEI, back, applied_on=date(2024, 6, 10)) == []
    assert found(HEBEI, back, applied_on=date(2024, 6, 9)) == [("BODY_SUSPENDED", "HB-ASM-03")]
    by_another = BodyRecord(listings=listings, reviews=(suspended, review("reinstated", date(2024, 6, 10), "130000")))
    assert found(HEBEI, by_another, applied_on=date(2024, 6, 10)) == [("BODY_SUSPENDED", "HB-ASM-03")]
    elsewhere = BodyRecord(listings=listings, reviews=(review("suspended", date(2024, 6, 1), "130200"),))
    assert found(HEBEI, elsewhere) == []


def selected(*scopes: Scope) -> Listing:
    return listing("selected", "211400", *scopes)


def pilot(*scopes: Scope) -> Listing:
    return listing(
        "pilot", "211400", *(scopes or (Scope(occupation=WELDER, level="4"), Scope(occupation=WELDER, level="3")))
    )


def test_hl_asm_04_a_body_examines_the_occupations_for_which_it_was_selected() -> None:
    assert found(HULUDAO, BodyRecord(listings=(selected(),)), regions=DISTRICT) == []
    third = selected(Scope(occupation="6-31-01-03"))
    assert found(HULUDAO, BodyRecord(listings=(third,)), regions=DISTRICT) == [("NOT_SELECTED", "HL-ASM-04")]
    assert found(HULUDAO, regions=DISTRICT) == [("NOT_SELECTED", "HL-ASM-04")]


@pytest.mark.parametrize(("level", "refused"), [("4", False), ("3", False), ("2", True)])
def test_hl_asm_06_a_pilot_enterprise_examines_the_public_within_its_scope_alone(level: str, refused: bool) -> None:
    record = BodyRecord(listings=(pilot(),))
    expected = [("OUT_OF_PILOT", "HL-ASM-06")] if refused else []
    assert found(HULUDAO, record, regions=DISTRICT, level=level) == expected


def test_hl_asm_02_who_trains_does_not_examine_unless_within_a_pilot() -> None:
    """HL-ASM-02: one legal entity is refused, another is not; the pilot is the reading of matrix row 35."""
    own = body(credit_code=INSTITUTION_CODE)
    listed = BodyRecord(listings=(selected(),))
    assert found(HULUDAO, listed, regions=DISTRICT) == []
    assert found(HULUDAO, listed, by=own, regions=DISTRICT) == [("TRAINER_EXAMINES", "HL-ASM-02")]
    in_pilot = BodyRecord(listings=(selected(), pilot()))
    assert found(HULUDAO, in_pilot, by=own, regions=DISTRICT) == []
    assert found(HULUDAO, in_pilot, by=own, regions=DISTRICT, level="2") == [("TRAINER_EXAMINES", "HL-ASM-02")]


def test_hl_asm_02_nobody_examines_whom_they_taught() -> None:
    listed = BodyRecord(listings=(selected(),))
    assert found(HULUDAO, listed, regions=DISTRICT, examiners=("examiner-7",)) == []
    assert found(HULUDAO, listed, regions=DISTRICT, examiners=("examiner-7", "teacher-1")) == [
        ("EXAMINER_TEACHES", "HL-ASM-02")
    ]


@pytest.mark.parametrize("book", [HEBEI, QUANJIAO, LINSHU], ids=["HB", "QJ", "LS"])
def test_no_other_document_keeps_training_and_assessment_apart(book: Rulebook) -> None:
    assert book.assessment.separation is None
    record = BodyRecord(listings=(listing("province", "130000"), listing("city", "130100")))
    assert found(book, record, by=body(credit_code=INSTITUTION_CODE), examiners=("teacher-1",)) == []


def test_hl_asm_07_a_listed_body_is_of_a_known_kind_and_all_kinds_are_worth_the_same() -> None:
    with pytest.raises(Refused) as error:
        judge_listing(selected(), body(), BodyRecord(), regions=DISTRICT, rulebook=HULUDAO)
    assert (error.value.code, error.value.rule) == ("BODY_KIND_UNKNOWN", "HL-ASM-07")
    for kind in ("appraisal_station", "institute", "third_party", "enterprise", "school"):
        of_kind = replace(body(), kind=kind)
        assert judge_listing(selected(), of_kind, BodyRecord(), regions=DISTRICT, rulebook=HULUDAO) == ()
        assert found(HULUDAO, BodyRecord(listings=(selected(),)), by=of_kind, regions=DISTRICT) == []


@pytest.mark.parametrize(
    ("reviews", "warned"),
    [
        ((), True),
        ((review("sound", date(2020, 12, 31), "211400"),), False),
        ((review("poor", date(2020, 1, 1), "211400"),), False),
        ((review("sound", date(2021, 1, 1), "211400"), review("sound", date(2019, 12, 31), "211400")), True),
        ((review("suspended", date(2020, 6, 1), "211400"),), True),
    ],
)
def test_hl_asm_03_a_body_nobody_evaluated_is_listed_again_with_a_warning(
    reviews: tuple[BodyReview, ...], warned: bool
) -> None:
    before = replace(selected(), valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    again = replace(selected(), valid_from=date(2021, 1, 1), valid_to=date(2021, 12, 31))
    school = replace(body(), kind="school")
    record = BodyRecord(listings=(before,), reviews=reviews)
    doubts = judge_listing(again, school, record, regions=DISTRICT, rulebook=HULUDAO)
    assert told(doubts) == ([("EVALUATION_MISSING", "HL-ASM-03")] if warned else [])
    assert judge_listing(before, school, BodyRecord(), regions=DISTRICT, rulebook=HULUDAO) == ()


def test_a_listing_names_a_list_of_the_document_whole_days_and_the_bodys_occupations() -> None:
    for wrong, code, book in (
        (selected(), "LIST_UNKNOWN", jiyuan()),
        (replace(selected(), list_code="city"), "LIST_UNKNOWN", HULUDAO),
        (replace(selected(), valid_to=date(2023, 12, 31)), "LISTING_DATES", HULUDAO),
        (selected(Scope(occupation="6-31-01-03")), "BODY_NOT_QUALIFIED", HULUDAO),
    ):
        with pytest.raises(Refused) as error:
            judge_listing(wrong, replace(body(), kind="school"), BodyRecord(), regions=DISTRICT, rulebook=book)
        assert error.value.code == code


@pytest.mark.parametrize(
    ("exam_on", "marks"),
    [
        (date(2024, 6, 17), []),
        (date(2024, 6, 18), [("EXAM_LATE", "HB-ASM-02")]),
        (date(2024, 9, 2), [("EXAM_LATE", "HB-ASM-02"), ("EXAM_OUT_OF_SEASON", "HB-ASM-05")]),
    ],
)
def test_hb_asm_02_and_05_an_exam_late_or_out_of_season_is_marked_and_scheduled(
    exam_on: date, marks: list[tuple[str, str]]
) -> None:
    record = BodyRecord(listings=(listing("province", "130000"), listing("city", "130100")))
    asked = replace(application(exam_on=exam_on, applied_on=date(2024, 6, 1)), record=record)
    ended = replace(opened(), closing_date=date(2024, 6, 10))
    found = judge(asked, ended, body(), of_any_type(HEBEI), regions=CITY)
    assert told(found) == marks
    assert [finding for finding in found if finding.severity is Severity.STOP] == []
    limit = HEBEI.assessment.exam_limit
    assert limit is not None
    assert limit.due(date(2024, 8, 30)) == date(2024, 9, 6)


def fee(book: Rulebook, fen: int, *before: str, groups: tuple[str, ...] = ("veteran",)) -> list[tuple[str, str]]:
    fact = class_opened(trainees=("p01", "p02"))
    trainees = tuple(replace(trainee, groups=groups) for trainee in fact.trainees)
    asked = replace(application(persons=("p01", "p02")), fee_fen=fen, examined_before=frozenset(before))
    found = judge(asked, opened(replace(fact, trainees=trainees)), body(), book, regions=("341124", "340000"))
    return told([finding for finding in found if finding.field == "fee_fen"])


def free_groups(book: Rulebook) -> Rulebook:
    """Give the book with veterans trained free of charge, as the chapter of enrollment has them."""
    (veteran,) = (group for group in jiyuan().enrollment.groups if group.code == "veteran")
    return replace(book, enrollment=replace(book.enrollment, groups=(replace(veteran, fee_free=True),)))


def test_qj_asm_02_the_first_exam_is_free_for_the_free_groups_and_the_second_may_cost() -> None:
    book = free_groups(QUANJIAO)
    assert fee(book, 20_000) == [("FIRST_EXAM_FEE", "QJ-ASM-02")]
    assert fee(book, 20_000, "p01") == [("FIRST_EXAM_FEE", "QJ-ASM-02")]
    assert fee(book, 20_000, "p01", "p02") == []
    assert fee(book, 0) == []
    assert fee(book, 20_000, groups=("employee",)) == []
    for other in (HULUDAO, HEBEI, LINSHU):
        assert fee(free_groups(other), 20_000) == []


def test_an_exam_remembers_its_fee_and_its_examiners() -> None:
    asked = replace(application(), fee_fen=100, examiners=("examiner-7",))
    scheduled: Assessment = schedule(asked, opened(), body(), (), assessment_id="exam-1", applied_by="clerk")[0]
    assert (scheduled.fee_fen, scheduled.examiners) == (100, ("examiner-7",))
