"""Registers of which the other four documents want a report: publicity, money, performance, leads, shared data."""

import pytest

from services.enrollment.domain.register import Value, read_values
from shared.domain.actor import Role
from tests.enrollment.sample_elsewhere import HEBEI, HULUDAO, LINSHU, QUANJIAO, Place
from tests.enrollment.test_domain_registers_elsewhere import PLANT, objections, rows


@pytest.mark.parametrize(
    ("place", "rule", "fields", "day", "by"),
    [
        (
            HULUDAO,
            "HL-QUA-03",
            {"title": "政策进社区", "channel": "社区宣讲", "audience": "居民", "participants": 40},
            "held_on",
            "社区宣讲",
        ),
        (HEBEI, "HB-QUA-03", {"item": "培训补贴", "channel": "wechat"}, "published_on", "wechat"),
        (QUANJIAO, "QJ-QUA-01", {"topic": "补贴政策", "channel": "internet"}, "published_on", "internet"),
        (
            LINSHU,
            "LS-QUA-02",
            {"title": "进企业", "kind": "three_in_three_send", "place": "开发区", "participants": 40},
            "held_on",
            "three_in_three_send",
        ),
    ],
)
def test_publicity_is_logged_and_told_by_channel_and_period(
    place: Place, rule: str, fields: dict[str, Value], day: str, by: str
) -> None:
    """HL-QUA-03, HB-QUA-03, QJ-QUA-01, LS-QUA-02: two items, and the people they reached."""
    assert place.register("publicity").rule == rule
    found = [
        place.entry("publicity", number, **fields, **{day: on})
        for number, on in enumerate(("2020-05-06", "2020-08-06"))
    ]
    report = place.reported("publicity", *found)
    counts = {"entries": 2, "heads": 80} if "participants" in fields else {"entries": 2}
    assert rows(report) == {by: counts}


def test_a_channel_that_the_document_does_not_name_is_refused() -> None:
    """HB-QUA-03, QJ-QUA-01: of Hebei's four channels Quanjiao names one."""
    entry = {"topic": "政策", "channel": "wechat", "published_on": "2020-06-01"}
    assert [each.code for each in read_values(entry, QUANJIAO.register("publicity"))[1]] == ["FIELD_INVALID"]


@pytest.mark.parametrize(("front_line_fen", "below"), [(5_999_900, 1), (6_000_000, 0)])
def test_three_fifths_of_the_education_money_are_for_the_front_line(front_line_fen: int, below: int) -> None:
    """HL-FND-02: of 100,000 yuan 59,999 are below, 60,000 are not."""
    entry = HULUDAO.entry(
        "education_money_use",
        enterprise_code=PLANT,
        year=2020,
        total_fen=10_000_000,
        front_line_fen=front_line_fen,
    )
    report = HULUDAO.reported("education_money_use", entry)
    assert [(one.code, one.rule) for row in report.rows for one in row.findings] == [
        ("SHARE_TOO_LOW", "HL-FND-02")
    ] * below


def test_eight_percent_of_the_wages_are_known_as_a_limit_and_nothing_else_hangs_on_it() -> None:
    """HL-FND-03: wages of 2,000,000 allow 160,000; no other of the four documents says so."""
    money = HULUDAO.book().enrollment.education_money
    assert money is not None
    assert 2_000_000 * money.wages_percent_max // 100 == 160_000
    for place in (HEBEI, QUANJIAO, LINSHU):
        assert place.book().enrollment.education_money is None


def test_money_that_is_nobodys_subsidy_needs_its_decision() -> None:
    """HL-FND-04: a reward of 20,000 without and with the decision's reference."""
    reward: dict[str, Value] = {
        "purpose": "organisation_reward",
        "amount_fen": 2_000_000,
        "budget_line": "就业补助",
        "paid_on": "2020-06-01",
    }
    assert objections(HULUDAO, "other_payment", **reward) == [("FIELD_MISSING", "HL-FND-04")]
    assert objections(HULUDAO, "other_payment", **reward, decision_reference="葫财社〔2020〕1号") == []


def test_performance_is_recorded_by_unit() -> None:
    """LS-REP-05: the document names no indicator, so each entry says its own."""
    found = [
        LINSHU.entry("performance", number, unit=unit, indicator="实名制人数", result=29, assessed_on="2020-12-01")
        for number, unit in enumerate(("县人社局", "县教育局"))
    ]
    assert rows(LINSHU.reported("performance", *found)) == {"县人社局": {"entries": 1}, "县教育局": {"entries": 1}}


def test_of_five_interested_people_the_one_who_is_enrolled_already_is_told_apart() -> None:
    """LS-REP-07."""
    found = [
        LINSHU.entry(
            "training_lead",
            number,
            person=f"p{number}",
            town="样例镇",
            occupation="焊工",
            already_enrolled=number == 5,
            registered_on="2020-09-01",
        )
        for number in range(1, 6)
    ]
    assert LINSHU.register("training_lead").person
    report = LINSHU.reported("training_lead", *found)
    assert sorted(row.counts["entries"] for row in report.rows) == [1, 4]


def test_what_is_shared_is_one_of_a_list_without_identities_and_with_its_purpose() -> None:
    """LS-INT-01: the education bureau gets year and school of a leaver; nobody can state an account."""
    shared: dict[str, Value] = {
        "partner": "edu",
        "requester": "职成教股",
        "given": "graduation",
        "persons": 1,
        "answered_on": "2020-10-01",
    }
    assert objections(LINSHU, "data_sharing", **shared) == [("FIELD_MISSING", "LS-INT-01")]
    shared["purpose"] = "核对毕业年度"
    assert objections(LINSHU, "data_sharing", **shared) == []
    for change in ({"given": "identity_number"}, {"partner": "bank"}):
        assert objections(LINSHU, "data_sharing", **(shared | change)) == [("FIELD_INVALID", "LS-INT-01")]


def test_no_document_has_a_neighbours_register_of_reports() -> None:
    """Silence stays silent: what one document wants recorded no other asks for."""
    own = {
        "education_money_use": HULUDAO,
        "other_payment": HULUDAO,
        "performance": LINSHU,
        "training_lead": LINSHU,
        "data_sharing": LINSHU,
    }
    for code, place in own.items():
        for other in (HULUDAO, HEBEI, QUANJIAO, LINSHU):
            assert (other.book().enrollment.register(code) is not None) is (other is place), (code, other.region)


@pytest.mark.parametrize(
    ("mode", "decision", "refused"),
    [
        ("direct", None, []),
        ("credit", None, [("SCHEME_DECISION_MISSING", "HL-PAY-03")]),
        ("credit", "葫人社〔2020〕9号", []),
    ],
)
def test_credit_is_paid_only_by_the_decision_on_a_scheme(
    mode: str, decision: str | None, refused: list[tuple[str, str]]
) -> None:
    """HL-PAY-03: 10,000 yuan."""
    payment: dict[str, Value] = {
        "class_id": "class-1",
        "mode": mode,
        "amount_fen": 1_000_000,
        "decided_on": "2020-06-01",
        "scheme_decision": decision,
    }
    assert objections(HULUDAO, "payment_mode", **payment) == refused


def test_what_another_document_regulates_is_filed_and_until_then_a_person_judges() -> None:
    """HL-INT-03: no class size is known, so a class of 80 is refused by none, and two people look at it."""
    book = HULUDAO.book()
    assert (book.enrollment.class_size, book.payment.attendance_base) == (None, None)
    size = [each for each in HULUDAO.judged(HULUDAO.plan(planned=80)) if "SIZE" in each.code]
    assert size == []
    assert book.enrollment.approval is not None
    assert [step.role for step in book.enrollment.approval.steps] == [Role.FIRST_REVIEWER, Role.APPROVER]
    filed: dict[str, Value] = {
        "subject": "training_management",
        "document_number": "huludao_2019_11",
        "provision": "每班人数",
        "applies_from": "2020-06-01",
    }
    assert objections(HULUDAO, "outside_document", **filed) == []
    assert objections(HULUDAO, "outside_document", **{**filed, "document_number": "unknown"}) == [
        ("FIELD_INVALID", "HL-INT-03")
    ]


@pytest.mark.parametrize(("broken", "refused"), [(0, []), (1, [("SIGNATURE_INVALID", "QJ-CLM-13")])])
def test_a_broken_seal_is_refused_and_no_paper_is_needed(broken: int, refused: list[tuple[str, str]]) -> None:
    """QJ-CLM-13: three sealed files and no paper."""
    proof: dict[str, Value] = {
        "class_id": "class-1",
        "means": "seal",
        "files": 3,
        "sealed": True,
        "seals_broken": broken,
        "checked_on": "2020-06-01",
    }
    assert objections(QUANJIAO, "electronic_proof", **proof) == refused


def test_in_linshu_an_application_goes_online_through_two_people() -> None:
    """LS-PAY-02: applied for and reviewed in the system, step by step."""
    book = LINSHU.book()
    assert book.enrollment.approval is not None
    assert book.enrollment.approval.rule == "LS-PAY-02"
    assert [step.role for step in book.enrollment.approval.steps] == [Role.FIRST_REVIEWER, Role.APPROVER]
