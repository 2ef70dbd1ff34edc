"""Who a roster row is, and what of it is kept, on both databases."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from services.enrollment.application.submit_class import submit_class
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.domain.roster_row import RosterRow
from services.enrollment.storage.tables import PERSON
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Shelf
from tests.enrollment.desk import SCHOOL, Desk, rows
from tests.enrollment.sample import book, codes

LATER = date(2021, 9, 6)


def renamed(one: RosterRow, name: str) -> RosterRow:
    return replace(one, particulars=replace(one.particulars, name=name))


async def confirmed_people(desk: Desk) -> None:
    """Let a bureau confirm the names of the first three people, who are free again."""
    class_id = await desk.approved()
    await desk.act(withdraw_class, class_id=class_id, reason="改期", by=SCHOOL)


async def test_a_second_row_under_the_confirmed_name_does_not_hide_that_the_first_bears_another(desk: Desk) -> None:
    await confirmed_people(desk)
    (honest,) = rows(1)
    wrong, right = renamed(honest, "改样名"), replace(honest, row=2)
    answer = await desk.send(await desk.draft(desk.plan(LATER)), [wrong, right])
    assert [codes(entry.judgement.findings) for entry in answer.entries] == [["NAME_DIFFERS"], ["DUPLICATE_IN_CLASS"]]


async def test_a_name_confirmed_after_the_row_was_sent_is_asked_at_submission(desk: Desk) -> None:
    class_id = await desk.draft(desk.plan(LATER))
    sent = rows(3)
    await desk.send(class_id, [renamed(sent[0], "改样名"), *sent[1:]])
    await confirmed_people(desk)
    await desk.act(submit_class, class_id=class_id, by=SCHOOL)
    assert [codes(entry.judgement.findings) for entry in await desk.roster(class_id)] == [["NAME_DIFFERS"], [], []]


async def test_rows_sent_under_one_number_stay_out_and_the_others_are_kept(desk: Desk) -> None:
    class_id = await desk.draft()
    standing, first, second, third = rows(4)
    await desk.send(class_id, [standing])
    answer = await desk.send(class_id, [replace(first, row=1), replace(second, row=1), third])
    assert answer.ambiguous == {1}
    assert [entry.row.row for entry in await desk.roster(class_id)] == [1, 4]
    assert (await desk.roster(class_id))[0].row.particulars == standing.particulars


async def test_a_row_without_name_or_number_is_refused_even_where_the_rulebook_lists_no_fields(desk: Desk) -> None:
    silent = replace(book(), enrollment=replace(book().enrollment, roster_fields=None))
    desk.shelf = Shelf([silent], (), regions())
    class_id = await desk.draft()
    sent = rows(3)
    sent[0] = renamed(sent[0], " ")
    sent[1] = replace(sent[1], particulars=replace(sent[1].particulars, identity_number=""))
    answer = await desk.send(class_id, sent)
    assert [codes(entry.judgement.findings) for entry in answer.entries] == [["FIELD_MISSING"], ["FIELD_MISSING"], []]


async def test_nobody_is_registered_by_a_row_that_names_nobody(desk: Desk) -> None:
    async with desk.unit() as uow:
        before = len((await uow.connection.execute(select(PERSON))).all())
    class_id = await desk.draft()
    await desk.send(class_id, [renamed(one, "") for one in rows(2)])
    async with desk.unit() as uow:
        assert len((await uow.connection.execute(select(PERSON))).all()) == before
