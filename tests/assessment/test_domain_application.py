"""An exam is applied for in time, offline, with a body that may examine and is not the trainer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.domain.application import ExamApplication, judge, judge_move, needs_admission
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.examined_class import ExaminedClass
from services.assessment.domain.ruling import ExamWindow
from services.assessment.domain.scheduling import schedule
from shared.contracts.assessment import AssessmentScheduled
from shared.domain.errors import Conflict, Refused
from shared.policy.decision import Finding, Severity
from shared.policy.judging import refuse_stopped, stopping
from shared.policy.rulebook import Rulebook
from tests.assessment.sample import (
    APPLIED,
    BUREAU_CODE,
    CLOSING,
    EXAM_DAY,
    INSTITUTION_CODE,
    REGION,
    REGIONS,
    application,
    body,
    class_opened,
    exam,
    final,
    jiyuan,
    opened,
    people,
    without_term,
)

BOOK = jiyuan()
DAY = timedelta(days=1)


def findings(
    asked: ExamApplication | None = None,
    examined: ExaminedClass | None = None,
    by: AssessmentBody | None = None,
    book: Rulebook = BOOK,
) -> list[Finding]:
    return judge(asked or application(), examined or opened(), by or body(), book, regions=REGIONS)


def codes(*given: object, **named: object) -> set[str]:
    return {finding.code for finding in findings(*given, **named)}  # type: ignore[arg-type]


def test_an_application_in_order_meets_no_objection() -> None:
    assert findings() == []


@pytest.mark.parametrize(("applied_on", "refused"), [(date(2021, 6, 27), False), (date(2021, 6, 28), True)])
def test_three_days_are_left_before_the_course_ends_and_before_the_exam(applied_on: date, refused: bool) -> None:
    """JY-ASM-02: course ends 06-30, exam 07-02; the exam alone would allow 06-29."""
    found = findings(application(applied_on=applied_on, exam_on=date(2021, 7, 2)))

    assert [finding.code for finding in found] == (["TOO_LATE"] if refused else [])
    if refused:
        assert (found[0].rule, found[0].clause) == ("JY-ASM-02", "二(三)3、附件2")
        assert "2021-06-27" in found[0].message


@given(
    applied_after=st.integers(-10, 10),
    closing_after=st.integers(-10, 10),
    exam_after=st.integers(-10, 10),
)
def test_both_reference_days_leave_three_days_whatever_comes_first(
    applied_after: int, closing_after: int, exam_after: int
) -> None:
    start = date(2021, 6, 30)
    asked = application(applied_on=start + applied_after * DAY, exam_on=start + exam_after * DAY)
    examined = replace(opened(), closing_date=start + closing_after * DAY)

    in_time = applied_after + 3 <= closing_after and applied_after + 3 <= exam_after
    assert ("TOO_LATE" not in codes(asked, examined)) is in_time


@pytest.mark.parametrize(("applied_on", "refused"), [(date(2021, 7, 17), False), (date(2021, 7, 18), True)])
def test_a_resit_counts_from_the_exam_alone(applied_on: date, refused: bool) -> None:
    """Whoever failed after the course ended could never apply before its end."""
    resit = application(applied_on=applied_on, exam_on=date(2021, 7, 20), resit=True)

    assert ("TOO_LATE" in codes(resit)) is refused
    assert "TOO_LATE" in codes(replace(resit, resit=False))


def test_a_document_that_says_nothing_of_resits_holds_them_to_the_same_days() -> None:
    lead = BOOK.assessment.application_lead
    assert lead is not None
    strict = replace(BOOK, assessment=replace(BOOK.assessment, application_lead=replace(lead, resit_references=None)))
    late = application(applied_on=CLOSING + 10 * DAY, exam_on=CLOSING + 20 * DAY, resit=True)

    assert codes(late, book=strict) == {"TOO_LATE"}


def test_an_online_exam_is_refused_even_for_an_online_class() -> None:
    """JY-ASM-01, reading 11."""
    online = opened(class_opened(delivery="online"))

    assert codes(application(mode="online"), online) == {"EXAM_MUST_BE_OFFLINE", "ONLINE_WINDOW_UNDECIDED"}
    assert codes(application(mode="offline"), online) == {"ONLINE_WINDOW_UNDECIDED"}


def test_an_online_class_without_a_window_waits_for_the_bureau() -> None:
    """JY-ASM-03: no window is set, so a person decides, whoever registered it; nothing is refused meanwhile."""
    online = opened(class_opened(delivery="online"))
    for by_bureau in (False, True):
        asked = application(by_bureau=by_bureau)
        (found,) = findings(asked, online)

        assert (found.code, found.rule, found.severity) == ("ONLINE_WINDOW_UNDECIDED", "JY-ASM-03", Severity.ASK)
        assert needs_admission(asked, online, BOOK)
    assert not needs_admission(application(), opened(), BOOK)


@pytest.mark.parametrize(("applied_on", "refused"), [(date(2021, 9, 10), False), (date(2021, 9, 11), True)])
def test_a_window_that_the_bureau_configured_decides_by_itself(applied_on: date, refused: bool) -> None:
    """JY-ASM-03: window 09-01 to 09-10."""
    window = ExamWindow(region=REGION, opens=date(2021, 9, 1), closes=date(2021, 9, 10), source="示例")
    online = opened(class_opened(delivery="online", closing_date=date(2021, 12, 1)))
    asked = application(applied_on=applied_on, exam_on=date(2021, 12, 2), windows=(window,))

    assert codes(asked, online) == ({"OUTSIDE_WINDOW"} if refused else set())
    assert not needs_admission(asked, online, BOOK)


def test_an_online_class_is_excepted_from_the_days_before_the_end_of_the_course_and_no_others() -> None:
    """JY-ASM-03: the text excepts it there; the form's days before the exam know no exception."""
    online = opened(class_opened(delivery="online"))
    after_the_course = application(applied_on=CLOSING + 1 * DAY, exam_on=CLOSING + 4 * DAY)

    assert codes(after_the_course, online) == {"ONLINE_WINDOW_UNDECIDED"}
    assert codes(after_the_course) == {"TOO_LATE"}
    assert codes(replace(after_the_course, exam_on=CLOSING + 3 * DAY), online) == {
        "ONLINE_WINDOW_UNDECIDED",
        "TOO_LATE",
    }


@pytest.mark.parametrize(("moved_on", "refused"), [(date(2021, 7, 17), False), (date(2021, 7, 18), True)])
def test_a_moved_exam_leaves_three_days_before_its_new_day_only(moved_on: date, refused: bool) -> None:
    """JY-ASM-02: the days before the end of the course were kept by the application."""
    asked = application(exam_on=date(2021, 7, 20), moved_on=moved_on)
    found = judge_move(asked, opened(), body(), BOOK, regions=REGIONS)

    assert [finding.code for finding in found] == (["TOO_LATE"] if refused else [])


def test_an_exception_for_every_kind_that_can_be_had_lets_people_sit_the_completion_exam() -> None:
    """JY-ASM-06."""
    bureau = body(is_bureau=True)
    excepted = application("completion", excepted=frozenset({"level"}))
    both = opened(class_opened(certifiable=("level", "qualification")))

    assert codes(excepted, by=bureau) == set()
    assert codes(excepted, both, bureau) == {"DIRECT_COMPLETION_EXAM"}
    assert codes(replace(excepted, excepted=frozenset({"special_ability"})), by=bureau) == {"DIRECT_COMPLETION_EXAM"}


@pytest.mark.parametrize(("applied_on", "refused"), [(9, False), (10, False), (11, True), (0, True)])
def test_a_window_that_is_set_holds_on_its_last_day_and_not_after(applied_on: int, refused: bool) -> None:
    window = BOOK.assessment.online_window
    assert window is not None
    opens = date(2021, 9, 1)
    windowed = replace(window, opens=opens, closes=date(2021, 9, 10))
    book = replace(BOOK, assessment=replace(BOOK.assessment, online_window=windowed))
    online = opened(class_opened(delivery="online", closing_date=date(2021, 12, 1)))
    asked = application(applied_on=opens + (applied_on - 1) * DAY, exam_on=date(2021, 12, 2))

    assert codes(asked, online, book=book) == ({"OUTSIDE_WINDOW"} if refused else set())


def test_paper_is_registered_by_the_bureau_and_says_when_it_came() -> None:
    """JY-ASM-02, reading 12."""
    paper = application(channel="paper", paper_received_on=APPLIED)

    assert codes(paper) == {"CHANNEL"}
    assert codes(replace(paper, by_bureau=True)) == set()
    assert codes(replace(paper, by_bureau=True, paper_received_on=None)) == {"PAPER_DATE"}
    assert codes(replace(paper, by_bureau=True, paper_received_on=APPLIED + DAY)) == {"PAPER_DATE"}
    assert codes(application(paper_received_on=APPLIED)) == {"PAPER_DATE"}


@pytest.mark.parametrize(("received_on", "refused"), [(date(2021, 6, 27), False), (date(2021, 6, 28), True)])
def test_paper_counts_from_the_day_it_was_received_not_from_its_registration(received_on: date, refused: bool) -> None:
    """JY-ASM-02: the course ends 06-30; the bureau registers on 06-29 what came three days before the end, or later."""
    paper = application(channel="paper", paper_received_on=received_on, applied_on=date(2021, 6, 29), by_bureau=True)

    assert codes(paper) == ({"TOO_LATE"} if refused else set())


def test_paper_that_came_in_the_online_window_is_in_it_and_a_day_to_come_is_no_receipt() -> None:
    """JY-ASM-03: what was received on the window's last day is registered the day after."""
    window = ExamWindow(region=REGION, opens=date(2021, 6, 1), closes=date(2021, 6, 10), source="示例")
    online = opened(class_opened(delivery="online"))
    paper = application(
        channel="paper",
        paper_received_on=date(2021, 6, 10),
        applied_on=date(2021, 6, 11),
        by_bureau=True,
        windows=(window,),
    )

    assert codes(paper, online) == set()
    assert codes(replace(paper, paper_received_on=date(2021, 6, 11)), online) == {"OUTSIDE_WINDOW"}
    late = application(channel="paper", paper_received_on=CLOSING, applied_on=CLOSING - 2 * DAY, by_bureau=True)
    assert codes(late) == {"PAPER_DATE", "TOO_LATE"}


def test_paper_is_registered_before_the_exam_is_held() -> None:
    """JY-ASM-02 and JY-ENR-01: what was held outside the system is not entered afterwards."""
    paper = application(channel="paper", paper_received_on=APPLIED, by_bureau=True, applied_on=EXAM_DAY)

    assert codes(paper) == set()
    assert codes(replace(paper, applied_on=EXAM_DAY + DAY)) == {"REGISTERED_AFTER_EXAM"}


@pytest.mark.parametrize(("exam_on", "refused"), [(CLOSING, False), (CLOSING - DAY, True)])
def test_no_exam_is_held_before_the_course_is_over(exam_on: date, refused: bool) -> None:
    """JY-ENR-01, the order of the stages: on the last day of the course at the earliest, moved ones too."""
    asked = application(applied_on=APPLIED - 5 * DAY, exam_on=exam_on)
    found = findings(asked)
    moved = judge_move(replace(asked, moved_on=APPLIED), opened(), body(), BOOK, regions=REGIONS)

    assert [each.code for each in found] == (["EXAM_BEFORE_COURSE_END"] if refused else [])
    assert found == moved
    if refused:
        assert (found[0].rule, found[0].clause, found[0].field) == ("JY-ENR-01", "二(三)", "exam_on")
        assert codes(asked, book=without_term("exam_day")) == set()


def test_a_certificate_kind_outside_the_list_is_refused() -> None:
    """JY-ASM-08."""
    found = findings(application("in_house"), by=body(kinds=("in_house",)))

    assert {finding.code for finding in found} == {"CERT_KIND", "CERT_KIND_NOT_FOR_TYPE"}
    assert {finding.rule for finding in found} == {"JY-ASM-08", "JY-ENR-17"}


def test_a_type_that_ends_with_the_completion_certificate_takes_no_level_exam() -> None:
    assert codes(application("level"), opened(class_opened(training_type="employee_completion"))) == {
        "CERT_KIND_NOT_FOR_TYPE"
    }


@pytest.mark.parametrize(
    "by", [body(kinds=("qualification",)), body(occupations=("6-31-01-03",))], ids=["kind", "occupation"]
)
def test_a_body_examines_only_what_it_is_qualified_for(by: AssessmentBody) -> None:
    assert codes(by=by) == {"BODY_NOT_QUALIFIED"}
    assert codes(by=by, book=without_term("results")) == {"BODY_NOT_QUALIFIED"}


def test_the_trainer_never_examines_its_own_class() -> None:
    found = findings(by=body(credit_code=INSTITUTION_CODE))

    assert [(finding.code, finding.rule) for finding in found] == [("TRAINER_EXAMINES", "JY-ASM-07")]


def test_the_completion_exam_is_the_bureaus() -> None:
    """JY-ASM-07."""
    plain = opened(class_opened(certifiable=()))
    bureau = body(credit_code=BUREAU_CODE, is_bureau=True)

    assert codes(application("completion"), plain) == {"ORGANISER_NOT_BUREAU"}
    assert codes(application("completion"), plain, bureau) == set()
    training_bureau = replace(bureau, credit_code=INSTITUTION_CODE)
    assert codes(application("completion"), plain, training_bureau) == {"TRAINER_EXAMINES"}


@pytest.mark.parametrize(
    ("region", "refused"), [("419001", False), ("410000", False), ("130000", True), ("410100", True)]
)
def test_only_the_bureau_of_the_classs_own_region_holds_its_completion_exam(region: str, refused: bool) -> None:
    """JY-ASM-07: the bureau of the place, not some other region's."""
    plain = opened(class_opened(certifiable=()))
    bureau = body(credit_code=BUREAU_CODE, is_bureau=True, region=region)

    assert codes(application("completion"), plain, bureau) == ({"ORGANISER_NOT_BUREAU"} if refused else set())


def test_a_completion_exam_where_a_better_certificate_can_be_had_asks_and_does_not_refuse() -> None:
    """JY-ASM-05, reading 22."""
    found = findings(application("completion"), by=body(is_bureau=True))

    assert [(finding.code, finding.severity) for finding in found] == [("DIRECT_COMPLETION_EXAM", Severity.ASK)]
    assert "职业技能等级证书" in found[0].advice
    assert stopping(found) == ()


def test_only_people_of_the_class_sit_its_exam() -> None:
    strangers = application(persons=("p01", "stranger"))
    left = opened().without("p01", on=EXAM_DAY)

    assert codes(strangers) == {"NOT_ON_ROSTER"}
    assert codes(application(persons=())) == {"NOT_ON_ROSTER"}
    assert codes(application(persons=("p01",)), left) == {"NOT_ON_ROSTER"}
    assert codes(application(persons=("p01",)), opened().without("p01", on=EXAM_DAY + DAY)) == set()


def test_every_objection_is_raised_at_once() -> None:
    late_and_online = findings(application(applied_on=EXAM_DAY, mode="online"))

    with pytest.raises(ExceptionGroup) as refused:
        refuse_stopped(late_and_online)
    assert {error.code for error in refused.value.exceptions if isinstance(error, Refused)} == {
        "TOO_LATE",
        "EXAM_MUST_BE_OFFLINE",
    }


def test_a_scheduled_exam_is_announced() -> None:
    assessment, event = schedule(application(), opened(), body(), (), assessment_id="exam-1", applied_by="clerk")

    assert (assessment.state, assessment.number, assessment.persons) == ("scheduled", 1, people(4))
    assert event == AssessmentScheduled(
        class_id="class-1",
        assessment_id="exam-1",
        body_id="body-1",
        body_name="示例评价机构",
        certificate_kind="level",
        applied_on=APPLIED,
        exam_on=EXAM_DAY,
        channel="system",
    )


def test_nobody_awaits_two_exams_of_one_kind() -> None:
    first = exam()

    with pytest.raises(Conflict) as refused:
        exam("exam-2", application(persons=("p01",)), (first,))
    assert (refused.value.code, refused.value.value) == ("EXAM_SCHEDULED", "p01")
    assert all(way in refused.value.advice for way in ("/schedule", "/withdrawal"))
    assert exam("exam-2", application("qualification"), (first,)).number == 2


def test_after_a_final_exam_the_same_people_may_be_examined_again() -> None:
    failed = final(exam(), {"p01": (59, 90)})

    assert exam("exam-2", application(persons=("p01",)), (failed,)).number == 2
