"""No class is approved before plan and roster are entered in the provincial system, where one is connected."""

import pytest
from sqlalchemy import update

from services.enrollment.application.provincial_record import PROVINCIAL_RECORD, provincial_lines
from shared.domain.errors import Refused
from shared.province.planning import plan
from shared.province.tables import PROVINCIAL_PUSH
from tests.enrollment.desk import STEPS, VAULT, Desk


async def answer(desk: Desk, class_id: str, *lines: str) -> None:
    """Let the province give its receipt for these lines of what is planned."""
    async with desk.unit() as uow:
        found = await provincial_lines(uow, class_id)
        await plan(uow.connection, VAULT, PROVINCIAL_RECORD.checkpoint, class_id, found)
        received = {"state": "received", "receipt": "R-1", "received_at": uow.now}
        await uow.connection.execute(update(PROVINCIAL_PUSH).where(PROVINCIAL_PUSH.c.line.in_(lines)).values(received))
        await uow.commit()


async def test_a_class_is_approved_only_when_every_line_has_its_receipt(desk: Desk) -> None:
    """JY-FLD-17: three receipts of four are a no, and so is silence."""
    desk.entry_required = True
    class_id = await desk.applied()
    for step, actor in STEPS[:-1]:
        await desk.review(class_id, step, actor)
    step, approver = STEPS[-1]
    for received, lines in ((0, ()), (3, ("plan", "trainee:1", "trainee:2"))):
        await answer(desk, class_id, *lines)
        with pytest.raises(Refused) as refused:
            await desk.review(class_id, step, approver)
        assert (refused.value.code, refused.value.rule) == ("NOT_IN_SYSTEM", "JY-FLD-17")
        assert f"{received} / 4 行有回执" in refused.value.message
    assert (await desk.found(class_id)).state == "second_review"
    await answer(desk, class_id, "trainee:3")
    assert (await desk.review(class_id, step, approver)).state == "approved"


async def test_a_return_needs_no_receipts_and_without_a_province_nothing_is_asked(desk: Desk) -> None:
    desk.entry_required = True
    class_id = await desk.applied()
    for step, actor in STEPS[:-1]:
        await desk.review(class_id, step, actor)
    assert (await desk.review(class_id, *STEPS[-1], "return")).state != "approved"
    desk.entry_required = False
    assert (await desk.found(await desk.approved())).state == "approved"
