"""Whoever comes at the same moment: no number and no person twice, no exam final twice, revisions only rise."""

import asyncio
from collections import Counter
from itertools import chain

from services.assessment.application.finalise_assessment import finalise_assessment
from services.assessment.application.sign_patrol import sign_patrol
from shared.contracts.assessment import AssessmentCompleted, CertificateIssued, SatisfactionMeasured
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, Refused
from tests.assessment.office import ASSESSOR, PASS, PATROL, Office, somebody
from tests.assessment.sample import CLASS, class_closed, class_opened, level_number, people, training_completed

TWENTY = people(20)


def outcomes(batches: list[tuple[object, ...]]) -> Counter[str]:
    """Count verdicts and refusals over batches."""
    rows = chain.from_iterable(batches)
    return Counter(
        ",".join(finding.code for finding in row.verdict.findings) or row.verdict.verdict  # type: ignore[attr-defined]
        for row in rows
    )


async def test_two_batches_of_one_exam_give_every_person_one_certificate(office: Office) -> None:
    await office.prepare(trainees=TWENTY)
    exam = await office.schedule()
    await office.finalise(exam, dict.fromkeys(TWENTY, PASS))
    one = {person: level_number(place) for place, person in enumerate(TWENTY)}
    other = {person: level_number(100 + place) for place, person in enumerate(reversed(TWENTY))}

    batches = await asyncio.gather(*(office.issue(exam, batch) for batch in (one, other, one, other)))

    assert outcomes(list(batches)) == {"accepted": 20, "duplicate": 20, "CERTIFICATE_EXISTS": 40}
    issued = await office.events(CertificateIssued)
    assert sorted(event.person_id for event in issued) == list(TWENTY)
    assert len(await office.events(AssessmentCompleted)) == 1


async def test_two_classes_never_get_one_number(office: Office) -> None:
    await office.prepare(trainees=TWENTY)
    exams = []
    for class_id in (CLASS, "class-2", "class-3"):
        if class_id != CLASS:
            await office.take(class_opened(class_id=class_id, trainees=TWENTY), training_completed(class_id=class_id))
        exam = await office.schedule(class_id=class_id)
        await office.finalise(exam, dict.fromkeys(TWENTY, PASS))
        exams.append(exam)
    numbers = [level_number(place) for place in range(20)]

    batches = await asyncio.gather(
        *(
            office.issue(exam, dict(zip(TWENTY, numbers[turn:] + numbers[:turn], strict=True)))
            for turn, exam in enumerate(exams)
        )
    )

    assert outcomes(list(batches)) == {"accepted": 20, "NUMBER_TAKEN": 40}
    issued = await office.events(CertificateIssued)
    assert sorted(event.number for event in issued) == sorted(numbers)


async def test_an_exam_is_made_final_once(office: Office) -> None:
    await office.prepare()
    exam = await office.schedule()
    key = exam.assessment_id
    await office.score(exam, {"p01": (10, 10)})
    await office.act(lambda uow: sign_patrol(uow, assessment_id=key, remark=""), actor=PATROL)

    answers = await asyncio.gather(
        *(office.act(lambda uow: finalise_assessment(uow, assessment_id=key), actor=ASSESSOR) for _ in range(5)),
        return_exceptions=True,
    )

    assert Counter(answer.code if isinstance(answer, Refused) else "final" for answer in answers) == {
        "final": 1,
        "RESULTS_FINAL": 4,
    }
    assert len(await office.events(AssessmentCompleted)) == 1


async def test_two_applications_at_once_schedule_one_exam(office: Office) -> None:
    await office.prepare()

    answers = await asyncio.gather(*(office.schedule() for _ in range(4)), return_exceptions=True)

    assert Counter(answer.code if isinstance(answer, Conflict) else "scheduled" for answer in answers) == {
        "scheduled": 1,
        "EXAM_SCHEDULED": 3,
    }


async def test_one_person_who_scores_and_signs_at_once_gets_one_duty(office: Office) -> None:
    await office.prepare()
    both = somebody("li", "body-1", Role.ASSESSOR, Role.EXAM_PATROL)
    exam = await office.schedule()

    answers = await asyncio.gather(
        office.score(exam, {"p01": PASS}, actor=both),
        office.act(lambda uow: sign_patrol(uow, assessment_id=exam.assessment_id, remark=""), actor=both),
        return_exceptions=True,
    )

    assert [isinstance(answer, Forbidden) for answer in answers].count(True) == 1
    stored = (await office.case()).exams[0]
    assert bool(stored.scores) is not bool(stored.signature)


async def test_one_code_answers_once_and_every_answer_of_the_last_minute_counts(office: Office) -> None:
    await office.prepare(trainees=TWENTY)
    await office.take(class_closed())
    codes = await office.codes()

    first = codes["p01"]
    rivals = await asyncio.gather(*(office.answer(first, "neutral") for _ in range(4)), return_exceptions=True)
    await asyncio.gather(*(office.answer(codes[person]) for person in TWENTY[1:]))

    assert Counter(type(one) for one in rivals) == {type(None): 1, Conflict: 3}
    (event,) = await office.events(SatisfactionMeasured)
    assert (event.satisfied, event.valid_responses, event.invited) == (19, 20, 20)
