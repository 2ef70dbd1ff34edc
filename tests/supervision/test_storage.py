"""What is stored comes back as it was, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.supervision.domain.class_file import conclude, settle
from services.supervision.domain.device import Retirement
from services.supervision.domain.sign_in import Verdict
from services.supervision.domain.training_class import RegisterDecision, end_class, withdraw_trainee
from services.supervision.domain.voiding import Voiding
from shared.contracts.supervision import InspectionOpinion
from shared.database.migrate import check
from shared.domain.errors import Conflict
from tests.supervision.office import Office, sign_ins
from tests.supervision.sample import (
    CLASS,
    OPENING,
    Ids,
    at,
    class_file,
    clip,
    device,
    inspection,
    jiyuan,
    people,
)

NINE = at(OPENING, 9)
DECISION = RegisterDecision(allowed=True, decided_by="approver-1", decided_at=NINE, reason="监区不得使用考勤设备")
VOIDING = Voiding(by="approver-1", at=NINE, reason="人数误录")
OPINION = InspectionOpinion(passed=False, given_by="approver-1", given_on=OPENING, remark="资料不全")


async def test_a_whole_file_comes_back_as_it_was_saved(office: Office) -> None:
    new = class_file()
    await office.act(lambda uow: uow.files.add(new))
    signed_in = {session.session_id: {person: ["face"] for person in people(44)} for session in new.sessions}
    full = replace(
        new,
        training_class=replace(
            withdraw_trainee(new.training_class, "p50", OPENING),
            opinion=OPINION,
            joined={"p49": at(OPENING, 15)},
            custody=("p01", "p02"),
            exempt_by_decision=("JY-ENR-09",),
            register_decisions=(DECISION, replace(DECISION, allowed=False)),
        ),
        sessions=new.sessions[:3],
        dropped=(replace(new.sessions[3], revision=2),),
        inspections=(
            inspection("c1", headcount=40),
            replace(inspection("c2", headcount=43), records_retained=None),
            replace(inspection("c3", headcount=4), voided=VOIDING),
        ),
        clips=(
            clip("s1-am", NINE, at(OPENING, 10)),
            replace(clip("s1-am", at(OPENING, 10), at(OPENING, 11)), voided=VOIDING),
        ),
    )
    full, _ = settle(full, jiyuan(), signed_in=signed_in, now=NINE, make_id=Ids())
    finding = full.findings[0]
    full, _ = conclude(
        full,
        jiyuan(),
        finding_id=finding.finding_id,
        conclusion="unfounded",
        closed_by="approver-1",
        reason="设备故障",
        now=NINE,
        make_id=Ids("more"),
    )
    assert full.training_class.completion is not None

    saved = await office.act(lambda uow: uow.files.save(new, full))
    stored = await office.file()

    assert stored == replace(saved, findings=tuple(sorted(saved.findings, key=lambda each: each.finding_id)))
    assert saved.training_class.version == 2


async def test_saving_writes_only_onto_the_version_it_was_loaded_from(office: Office) -> None:
    new = class_file()
    await office.act(lambda uow: uow.files.add(new))
    ended = replace(new, training_class=end_class(new.training_class, "withdrawn"))
    await office.act(lambda uow: uow.files.save(new, ended))

    with pytest.raises(Conflict, match="CLASS_CHANGED"):
        await office.act(lambda uow: uow.files.save(new, ended))

    assert await office.act(lambda uow: uow.files.save(ended, ended)) == ended  # nothing to write


async def test_one_thing_has_one_open_case_and_any_number_of_closed_ones(office: Office) -> None:
    new = class_file()
    await office.act(lambda uow: uow.files.add(new))
    held, _ = settle(new, jiyuan(), signed_in={"s1-am": {}, "s1-pm": {}}, now=NINE, make_id=Ids())
    case = held.findings[0]
    closed = [
        replace(case, finding_id=name, conclusion="unfounded", closed_by="system", closed_at=NINE, reason="x")
        for name in ("c1", "c2")
    ]
    both = replace(held, findings=(case, *closed))
    saved = await office.act(lambda uow: uow.files.save(new, both))

    with pytest.raises(IntegrityError):
        await office.act(
            lambda uow: uow.files.save(saved, replace(both, findings=(*both.findings, replace(case, finding_id="c3"))))
        )

    assert {finding.finding_id for finding in (await office.file()).findings} == {case.finding_id, "c1", "c2"}


async def test_devices_come_back_and_a_serial_number_stands_once(office: Office) -> None:
    await office.register(device("d1"), device("d2", institution_id="institution-2"))

    found = await office.act(lambda uow: uow.devices.among(["d1", "d2", "d3"]))

    assert found == {"d1": device("d1"), "d2": device("d2", institution_id="institution-2")}
    retired = replace(device("d1"), retired=Retirement(by="approver-1", at=NINE, reason="设备转出"), version=2)
    await office.act(lambda uow: uow.devices.save(device("d1"), retired))
    assert await office.act(lambda uow: uow.devices.find("d1")) == retired
    with pytest.raises(Conflict, match="SERIAL_TAKEN"):
        await office.register(replace(device("d4"), serial="serial-d2"))


async def test_a_batch_is_kept_once_and_says_what_stood_there_before(office: Office) -> None:
    rows = sign_ins(people(3), NINE)
    verdicts = [Verdict("accepted", None, "s1-am"), Verdict("refused", "NOT_ON_ROSTER"), Verdict("pending")]
    other = {**rows[2], "signed_at": NINE + timedelta(microseconds=1)}
    scored = {**rows[0], "score": 80}

    first = await office.act(lambda uow: uow.sign_ins.keep("d1", rows[:2], verdicts[:2], NINE))
    again = await office.act(lambda uow: uow.sign_ins.keep("d1", rows, verdicts, NINE))
    changed = await office.act(lambda uow: uow.sign_ins.keep("d1", [scored, other], verdicts[:2], NINE))  # type: ignore[list-item]
    elsewhere = await office.act(lambda uow: uow.sign_ins.keep("d2", rows, verdicts, NINE))

    assert first == {1: None, 2: None}
    assert again == {1: (True, None), 2: (True, "NOT_ON_ROSTER"), 3: None}
    assert changed == {1: (False, None), 3: (False, None)}
    assert elsewhere == {1: None, 2: None, 3: None}


async def test_a_backlog_sent_again_is_compared_in_one_pass(office: Office) -> None:
    rows = sign_ins(("p01",) * 3000, NINE)
    verdicts = [Verdict("accepted", None, "s1-am")] * 3000
    await office.act(lambda uow: uow.sign_ins.keep("d1", rows, verdicts, NINE))

    async with asyncio.timeout(20):  # reading the batch again for every stored row would take minutes
        again = await office.act(lambda uow: uow.sign_ins.keep("d1", rows, verdicts, NINE))

    assert set(again.values()) == {(True, None)}


async def test_only_counted_sign_ins_are_counted_each_method_once(office: Office) -> None:
    rows = [
        *sign_ins(("p01", "p01", "p02"), NINE),
        *sign_ins(("p01", "p03"), NINE, first=4, method="face"),
        *sign_ins(("p04",), NINE, first=6),
    ]
    here, late = Verdict("accepted", None, "s1-am"), Verdict("late", None, "s1-am")
    verdicts = [
        here,
        here,
        late,
        here,
        Verdict("refused", "APPROVAL_REQUIRED", "s1-am"),
        Verdict("accepted", None, "x"),
    ]
    await office.act(lambda uow: uow.sign_ins.keep("d1", rows, verdicts, NINE))

    counted = await office.act(lambda uow: uow.sign_ins.counted(CLASS, ["s1-am", "s1-pm"]))

    assert counted == {"s1-am": {"p01": {"fingerprint", "face"}, "p02": {"fingerprint"}}, "s1-pm": {}}


async def test_waiting_sign_ins_keep_their_moments_and_are_decided_once(office: Office) -> None:
    rows = sign_ins(people(2), NINE + timedelta(microseconds=123456))
    await office.act(lambda uow: uow.sign_ins.keep("d1", rows, [Verdict("pending")] * 2, NINE))

    waiting = await office.act(lambda uow: uow.sign_ins.waiting(CLASS))
    assert [(row.sequence, row.signed_at, row.received_at) for row in waiting] == [
        (row["sequence"], row["signed_at"], NINE) for row in rows
    ]
    await office.act(lambda uow: uow.sign_ins.decide({("d1", 1): Verdict("accepted", None, "s1-am")}))

    assert [row.sequence for row in await office.act(lambda uow: uow.sign_ins.waiting(CLASS))] == [2]
    assert await office.act(lambda uow: uow.sign_ins.refuse_waiting(CLASS, "CLASS_NOT_OPENED")) == 1
    assert await office.act(lambda uow: uow.sign_ins.waiting(CLASS)) == []


async def test_the_model_is_what_the_migrations_make(office: Office) -> None:
    url = office.database.engine.url.render_as_string(hide_password=False)

    assert await check("supervision", url) == []
