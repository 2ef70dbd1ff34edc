"""Certificates go to those who passed, one each, under numbers that agree with what is known; voiding is for good."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import (
    Certificate,
    CertificateEntry,
    IssuedRow,
    Issuing,
    Voiding,
    attempt,
    void,
)
from services.assessment.domain.completion import complete
from services.assessment.domain.examined_class import ExaminedClass
from shared.contracts.assessment import AssessmentCompleted, CertificateKind, KindCount
from shared.domain.errors import Conflict, Refused
from tests.assessment.sample import (
    CLOSING,
    EXAM_DAY,
    TODAY,
    Ids,
    application,
    exam,
    final,
    jiyuan,
    level_number,
    people,
    trained,
)

PASSED = (80, 80)
FAILED = (80, 59)
VOIDED = Voiding(on=TODAY, by="approver-1", reason="信息录入错误")


def passed_exam(kind: CertificateKind = "level") -> Assessment:
    """Give a final exam in which p01 to p03 passed and p04 failed."""
    asked = application(kind)
    return final(exam(asked=asked), {"p01": PASSED, "p02": PASSED, "p03": PASSED, "p04": FAILED})


def issuing(assessment: Assessment | None = None, *, today: date = TODAY, province: str | None = "410000") -> Issuing:
    given_exam = assessment or passed_exam()
    return Issuing(
        assessment=given_exam,
        exams=(given_exam,),
        examined=trained(),
        province=province,
        rulebook=jiyuan(),
        today=today,
        hashed=lambda number: f"hash-{len(number)}-{number[-4:]}",
    )


def entry(
    person_id: str, number: str, issued_on: date = EXAM_DAY, *, agreement_on: date | None = None
) -> CertificateEntry:
    return CertificateEntry(person_id=person_id, number=number, issued_on=issued_on, agreement_on=agreement_on)


def outcomes(rows: list[IssuedRow]) -> list[str]:
    """Give each row's verdict, or the codes that refuse it."""
    return [",".join(finding.code for finding in row.verdict.findings) or row.verdict.verdict for row in rows]


def issue(*entries: CertificateEntry, known: tuple[Certificate, ...] = (), **given: object) -> list[IssuedRow]:
    return issuing(**given).issue(entries, known, make_id=Ids())  # type: ignore[arg-type]


def certificates(*entries: CertificateEntry) -> tuple[Certificate, ...]:
    return tuple(row.certificate for row in issue(*entries) if row.certificate is not None)


def test_a_certificate_carries_what_payment_needs() -> None:
    certificate = certificates(entry("p01", level_number(1)))[0]

    event = certificate.issued()
    assert (event.certificate_id, event.person_id, event.number) == ("certificate-1", "p01", level_number(1))
    assert (event.kind, event.occupation, event.level) == ("level", "6-18-02-04", "4")
    assert (event.issued_on, event.attempt, event.body_id) == (EXAM_DAY, 1, "body-1")


def test_a_certificate_tells_of_the_agreement_that_the_exam_was_free_and_keeps_its_day_for_good() -> None:
    signed = EXAM_DAY - timedelta(days=1)
    first, without = certificates(
        entry("p01", level_number(1), agreement_on=signed), entry("p02", level_number(2), agreement_on=None)
    )
    assert first.issued().agreement_on == signed
    assert without.issued().agreement_on is None

    again = issue(
        entry("p01", level_number(1), agreement_on=signed),
        entry("p01", level_number(1)),
        entry("p01", level_number(1), agreement_on=EXAM_DAY),
        entry("p02", level_number(2), agreement_on=signed),
        known=(first, without),
    )
    assert outcomes(again) == ["duplicate", "duplicate", "AGREEMENT_FIXED", "AGREEMENT_FIXED"]


@pytest.mark.parametrize(("signed", "verdict"), [(TODAY, "accepted"), (TODAY + timedelta(days=1), "AGREEMENT_DATE")])
def test_nobody_has_signed_an_agreement_in_the_future(signed: date, verdict: str) -> None:
    assert outcomes(issue(entry("p01", level_number(1), agreement_on=signed))) == [verdict]


def test_each_row_is_judged_on_its_own() -> None:
    rows = issue(
        entry("p01", level_number(1)),
        entry("p04", level_number(4)),
        entry("stranger", level_number(5)),
        entry("p02", level_number(1)),
        entry("p01", level_number(6)),
        entry("p01", level_number(1)),
        entry("p03", f" {level_number(3).lower()} "),
    )

    assert outcomes(rows) == [
        "accepted",
        "NOT_PASSED",
        "NOT_PASSED",
        "NUMBER_TAKEN",
        "CERTIFICATE_EXISTS",
        "duplicate",
        "accepted",
    ]
    assert rows[5].certificate == rows[0].certificate
    assert rows[6].certificate is not None
    assert rows[6].certificate.number == level_number(3)
    assert {finding.rule for row in rows for finding in row.verdict.findings} == {"JY-ASM-04", "JY-ASM-08"}


def test_no_refusal_repeats_the_number() -> None:
    rows = issue(entry("p04", "not a number"), known=certificates(entry("p01", level_number(1))))

    assert all("not a number" not in f"{finding}" for row in rows for finding in row.verdict.findings)


@pytest.mark.parametrize(
    ("issued_on", "verdict"),
    [
        (EXAM_DAY - timedelta(days=1), "ISSUE_DATE"),
        (EXAM_DAY, "accepted"),
        (TODAY, "accepted"),
        (TODAY + timedelta(days=1), "ISSUE_DATE"),
    ],
)
def test_a_certificate_is_issued_between_the_exam_and_today(issued_on: date, verdict: str) -> None:
    assert outcomes(issue(entry("p01", level_number(1), issued_on))) == [verdict]


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (level_number(1), "accepted"),
        (level_number(1)[:-1], "CERTIFICATE_FORMAT"),
        (level_number(1, level="3"), "CERTIFICATE_LEVEL"),
        (level_number(1, year="22"), "CERTIFICATE_YEAR"),
        (level_number(1, province="13"), "CERTIFICATE_PROVINCE"),
        (level_number(1, province="00"), "accepted"),
    ],
)
def test_a_level_certificates_number_agrees_with_level_year_and_province(number: str, verdict: str) -> None:
    assert outcomes(issue(entry("p01", number))) == [verdict]


def test_a_national_bodys_numbers_may_name_any_province() -> None:
    assert outcomes(issue(entry("p01", level_number(1, province="13")), province=None)) == ["accepted"]


@pytest.mark.parametrize(
    ("kind", "number", "verdict"),
    [
        ("qualification", "2141010001400001", "accepted"),
        ("qualification", "214101000140000", "CERTIFICATE_FORMAT"),
        ("qualification", "2141010001300001", "CERTIFICATE_LEVEL"),
        ("special_ability", "ABC-", "accepted"),
        ("special_ability", "ABC", "CERTIFICATE_FORMAT"),
        ("special_ability", "A" * 40, "accepted"),
        ("special_ability", "A" * 41, "CERTIFICATE_FORMAT"),
        ("special_ability", "AB_C", "CERTIFICATE_FORMAT"),
        ("completion", "jy-2021-0001", "accepted"),
    ],
)
def test_every_kind_has_its_pattern(kind: CertificateKind, number: str, verdict: str) -> None:
    assert outcomes(issue(entry("p01", number), assessment=passed_exam(kind))) == [verdict]


def test_a_voided_number_never_comes_back_for_the_person_but_a_new_one_may() -> None:
    voided, event = void(certificates(entry("p01", level_number(1)))[0], VOIDED)

    rows = issue(
        entry("p01", level_number(1)), entry("p01", level_number(2)), entry("p02", level_number(1)), known=(voided,)
    )
    assert outcomes(rows) == ["CERTIFICATE_VOIDED", "accepted", "accepted"]
    assert (event.certificate_id, event.person_id, event.on) == ("certificate-1", "p01", TODAY)
    with pytest.raises(Conflict, match="ALREADY_VOID"):
        void(voided, VOIDED)


def test_a_voided_number_does_not_come_back_for_the_person_by_another_exam() -> None:
    voided = void(certificates(entry("p01", level_number(1)))[0], VOIDED)[0]
    again = final(exam("exam-2", application(persons=("p01",))), {"p01": PASSED})

    assert outcomes(issue(entry("p01", level_number(1)), known=(voided,), assessment=again)) == ["CERTIFICATE_VOIDED"]


@pytest.mark.parametrize("number", ["T11010519491231002X", "jy-11010519491231002x-01", "1101 0519 4912 3100 2x"])
def test_a_number_made_of_an_identity_number_never_gets_into_an_event(number: str) -> None:
    rows = issue(entry("p01", number), assessment=passed_exam("special_ability"))

    assert outcomes(rows) == ["PERSONAL_DATA"]
    assert not any(number.upper() in f"{finding}" for finding in rows[0].verdict.findings)
    assert outcomes(issue(entry("p01", "T110105194912310021"), assessment=passed_exam("special_ability"))) == [
        "accepted"
    ]


@pytest.mark.parametrize("number", ["jy-11010519491231002x-01", "11010519491231002X"])
def test_a_special_operation_number_is_a_t_and_the_identity_number_and_nothing_near_it(number: str) -> None:
    assert outcomes(issue(entry("p01", number), assessment=passed_exam("special_operation"))) == ["PERSONAL_DATA"]


def test_of_a_special_operation_number_only_a_hash_and_the_last_two_digits_are_kept() -> None:
    """JY-ASM-08: such certificates are numbered T and the holder's identity number."""
    operation = passed_exam("special_operation")
    rows = issue(entry("p01", "t11010519491231002x"), entry("p02", "T11010519491231002X"), assessment=operation)

    assert outcomes(rows) == ["accepted", "NUMBER_TAKEN"]
    kept = rows[0].certificate
    assert kept is not None
    assert (kept.number, kept.number_key, kept.issuer) == ("T****************2X", "hash-19-002X", "")
    assert kept.issued().number == "T****************2X"
    assert "11010519491231002" not in f"{rows} {entry('p01', 'T11010519491231002X')}"
    again = issue(entry("p01", "T11010519491231002X"), known=(kept,), assessment=operation)
    assert [row.verdict.verdict for row in again] == ["duplicate"]


def test_a_number_stands_once_in_the_nation_and_a_bureaus_own_once_among_its_own() -> None:
    completion = passed_exam("completion")
    elsewhere = replace(certificates(entry("p01", level_number(1)))[0], class_id="class-9", assessment_id="exam-9")
    assert outcomes(issue(entry("p02", level_number(1)), known=(elsewhere,))) == ["NUMBER_TAKEN"]

    own = issue(entry("p01", "JY-0001"), assessment=completion)[0].certificate
    assert own is not None
    assert own.issuer == "body-1"
    foreign = replace(own, class_id="class-9", assessment_id="exam-9", person_id="p9", issuer="body-2")
    assert outcomes(issue(entry("p02", "JY-0001"), known=(foreign,), assessment=completion)) == ["accepted"]
    same = replace(foreign, issuer="body-1")
    assert outcomes(issue(entry("p02", "JY-0001"), known=(same,), assessment=completion)) == ["NUMBER_TAKEN"]


def test_who_had_left_by_the_exam_day_gets_no_certificate_and_keeps_the_class_waiting_for_none() -> None:
    level = passed_exam()
    left = trained().without("p03", on=EXAM_DAY)
    rows = replace(issuing(level), examined=left).issue([entry("p03", level_number(3))], (), make_id=Ids())

    assert outcomes(rows) == ["NOT_PASSED"]
    assert completed((level,), certificates(*ALL_ISSUED[:2])) is None
    done = completed((level,), certificates(*ALL_ISSUED[:2]), left)
    assert done is not None
    assert done[1].certified == 2


def test_who_left_after_the_exam_may_have_a_certificate_and_is_not_waited_for() -> None:
    level = passed_exam()
    later = trained().without("p03", on=EXAM_DAY + timedelta(days=1))
    rows = replace(issuing(level), examined=later).issue([entry("p03", level_number(3))], (), make_id=Ids())
    assert outcomes(rows) == ["accepted"]

    first = completed((level,), certificates(*ALL_ISSUED[:2]), later)
    assert first is not None
    second = completed((level,), certificates(*ALL_ISSUED), first[0])
    assert second is not None
    assert [(done[1].revision, done[1].certified) for done in (first, second)] == [(1, 2), (2, 3)]


def test_certificates_wait_for_final_results() -> None:
    with pytest.raises(Refused, match="RESULTS_NOT_FINAL"):
        issue(entry("p01", level_number(1)), assessment=exam())


@given(
    people_asked=st.lists(st.sampled_from([*people(4), "stranger"]), max_size=12), serials=st.lists(st.integers(0, 5))
)
def test_no_batch_gives_two_certificates_to_one_person_or_one_number_to_two(
    people_asked: list[str], serials: list[int]
) -> None:
    rows = issue(*(entry(p, level_number(n)) for p, n in zip(people_asked, serials, strict=False)))

    made = [row.certificate for row in rows if row.verdict.verdict == "accepted" and row.certificate is not None]
    assert len({certificate.person_id for certificate in made}) == len(made)
    assert len({certificate.number for certificate in made}) == len(made)
    assert {certificate.person_id for certificate in made} <= {"p01", "p02", "p03"}


def test_an_attempt_counts_the_exams_sat_before_and_no_other() -> None:
    """E6: whoever failed the level exam passes the completion exam at the second attempt."""
    level = final(exam("exam-1"), {"p01": FAILED})
    asked = application("completion", exam_on=EXAM_DAY + timedelta(days=20))
    completion = final(exam("exam-2", asked, (level,)), {"p01": PASSED, "p02": PASSED})
    same_day = final(exam("exam-3", asked, (level, completion)), {"p01": PASSED})
    every = (same_day, completion, level)

    assert [attempt("p01", one, every) for one in (level, completion, same_day)] == [1, 2, 3]
    assert attempt("p02", completion, every) == 1  # absent from the level exam


def completed(
    exams: tuple[Assessment, ...], issued: tuple[Certificate, ...], examined: ExaminedClass | None = None
) -> tuple[ExaminedClass, AssessmentCompleted] | None:
    return complete(examined or trained(), exams, issued, today=TODAY)


ALL_ISSUED = tuple(entry(person, level_number(place)) for place, person in enumerate(("p01", "p02", "p03"), 1))


def test_a_class_is_complete_when_everybody_who_passed_has_a_certificate() -> None:
    level = passed_exam()

    assert completed((level,), certificates(*ALL_ISSUED[:2])) is None
    done = completed((level,), certificates(*ALL_ISSUED))
    assert done is not None
    assert done[1] == AssessmentCompleted(
        class_id="class-1",
        revision=1,
        completed_on=TODAY,
        examined=4,
        certified=3,
        kinds=(KindCount(kind="level", examined=4, certified=3),),
        patrol="patrol-1",
    )


def test_a_class_in_which_nobody_passed_is_complete_at_once() -> None:
    done = completed((final(exam(), {"p01": FAILED}),), ())

    assert done is not None
    assert (done[1].examined, done[1].certified) == (1, 0)


def test_a_class_without_an_exam_or_with_one_open_is_not_complete() -> None:
    level = passed_exam()

    assert completed((), ()) is None
    assert completed((level, exam("exam-2", application("qualification"), (level,))), certificates(*ALL_ISSUED)) is None
    assert completed((level,), certificates(*ALL_ISSUED), trained().ended("cancelled")) is None


def test_the_same_content_is_published_once() -> None:
    level, issued = passed_exam(), certificates(*ALL_ISSUED)
    done = completed((level,), issued)

    assert done is not None
    assert completed((level,), issued, done[0]) is None


def test_a_voided_certificate_and_another_exam_raise_the_revision() -> None:
    level, issued = passed_exam(), certificates(*ALL_ISSUED)
    first = completed((level,), issued)
    assert first is not None
    voided = (void(issued[0], VOIDED)[0], *issued[1:])
    second = completed((level,), voided, first[0])
    assert second is not None
    assert (second[1].revision, second[1].certified) == (2, 2)

    resit_on = application("completion", persons=("p04",), exam_on=EXAM_DAY + timedelta(days=20), resit=True)
    resit = final(exam("exam-2", resit_on, (level,)), {"p04": FAILED})
    third = completed((level, resit), voided, second[0])
    assert third is not None
    assert (third[1].revision, third[1].examined) == (3, 4)
    assert [count.kind for count in third[1].kinds] == ["completion", "level"]


def test_a_certificate_that_replaces_a_voided_one_raises_the_revision_although_the_counts_are_equal() -> None:
    level, issued = passed_exam(), certificates(*ALL_ISSUED)
    first = completed((level,), issued)
    assert first is not None
    replaced = replace(issued[0], certificate_id="certificate-9", number=level_number(9), number_key=level_number(9))
    again = completed((level,), (void(issued[0], VOIDED)[0], *issued[1:], replaced), first[0])
    assert again is not None
    assert (again[1].revision, again[1].certified) == (2, 3)


def test_one_person_with_two_certificates_is_one_head() -> None:
    level = final(exam("exam-1", application(persons=("p01",))), {"p01": PASSED})
    other_on = application("special_ability", persons=("p01",), exam_on=CLOSING + timedelta(days=9))
    other = final(exam("exam-2", other_on, (level,)), {"p01": PASSED})
    first = certificates(entry("p01", level_number(1)))[0]
    second = replace(first, certificate_id="certificate-2", assessment_id="exam-2", kind="special_ability")

    done = completed((level, other), (first, second))
    assert done is not None
    assert (done[1].examined, done[1].certified) == (1, 1)
    assert [count.certified for count in done[1].kinds] == [1, 1]
