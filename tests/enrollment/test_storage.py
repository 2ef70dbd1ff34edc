"""What is stored comes back as it was, sealed where it is personal, and the database refuses what must not be."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import LargeBinary, MetaData, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.application.withdraw_trainee import withdraw_trainee
from services.enrollment.domain.institution import LiabilityIncident
from services.enrollment.domain.person import Identity
from services.enrollment.domain.review import Review
from services.enrollment.domain.roster import Judgement, RosterEntry
from services.enrollment.domain.suspension import Lifting
from services.enrollment.domain.training_class import ApprovedClaim, Blocker, ReservationAnswer, TrainingClass
from services.enrollment.storage.tables import DUTY, METADATA, OCCUPATION, PERSON, REVIEW, ROSTER_ROW, TRAINING_CLASS
from shared.contracts.payment import BudgetAnswer, RefusedReservation
from shared.database.engine import Database
from shared.database.migrate import check, migrate
from shared.domain.errors import Conflict
from shared.domain.masking import masked_name
from shared.policy.decision import Finding, Severity
from shared.policy.judging import CONSISTENCY
from tests.enrollment.desk import APPLYING, FIRST, SCHOOL, Desk, people, rows
from tests.enrollment.sample import OPENING, REGION, WELDER, book, institution, occupation, row, suspension
from tests.servers import FreshDatabases


def stored_class(desk: Desk, **given: object) -> TrainingClass:
    sample = TrainingClass(
        class_id="class-1",
        institution_id="school",
        region=REGION,
        state="draft",
        version=1,
        round=0,
        plan=desk.plan(),
        programme="training",
        rulebook_id=book().id,
    )
    return replace(sample, **given)


async def test_migrations_and_model_agree(databases: FreshDatabases) -> None:
    url = databases.empty()
    await migrate("enrollment", url)
    assert await check("enrollment", url) == []


async def test_a_class_comes_back_as_it_was_stored(desk: Desk) -> None:
    review = Review(
        round=1, step="first_review", actor="first", decision="approve", opinion="同意", decided_at=APPLYING
    )
    answer = ReservationAnswer(
        answers_version=4,
        granted=2,
        refused=(RefusedReservation(person_id="p", code="C", rule="R", clause="c", message="m"),),
        budget=BudgetAnswer(granted=False, funding_source="f", amount_fen=3, code="BUDGET_EXHAUSTED", message="m"),
    )
    draft = stored_class(desk)
    full = stored_class(
        desk,
        state="approved",
        round=1,
        findings=(_finding(),),
        applied_on=date(2021, 5, 12),
        reservation_version=4,
        answer=answer,
        plan=draft.plan,
        blocker=Blocker(code="X", message="y"),
        claims=(ApprovedClaim(claim_id="k", entry=1, amount_fen=5, approved_on=date(2021, 8, 1)),),
    )
    async with desk.unit() as uow:
        await uow.classes.add(draft)
        await uow.classes.assign_duty("class-1", "first", "first_review")
        await uow.classes.add_review("class-1", review, position=1)
        saved = await uow.classes.save(replace(full, reviews=(review,)))
        assert await uow.classes.get("class-1") == replace(saved, version=2)
        assert await uow.classes.duties("class-1") == {"first": "first_review"}


async def test_a_class_that_somebody_stored_meanwhile_is_not_overwritten(desk: Desk) -> None:
    async with desk.unit() as uow:
        await uow.classes.add(stored_class(desk))
        seen = await uow.classes.get("class-1")
        assert seen is not None
        await uow.classes.save(seen)
        with pytest.raises(Conflict):
            await uow.classes.save(seen)


async def test_a_roster_comes_back_as_it_was_stored(desk: Desk) -> None:
    person = people(1)[0]
    async with desk.unit() as uow:
        await uow.classes.add(stored_class(desk))
        identity = Identity(identity_number=person.identity_number, name=person.name)
        known = await uow.persons.identify([identity])
        entry = RosterEntry(
            row=row(
                1,
                person_id=known[identity].person_id,
                exclusions=("no_will",),
                employee_focus=("high_risk", "construction"),
                malformed=("fee_fen",),
                name_differs=True,
            ),
            judgement=Judgement(verdict="ask", findings=(_finding(),), relies_on=("class-a",)),
            withdrawn_on=date(2021, 5, 20),
            withdrawal_code="personal",
            withdrawal_reason="个人原因",
        )
        nobody = RosterEntry(row=row(2, person_id=None), judgement=Judgement(verdict="refused"))
        await uow.rosters.replace("class-1", [nobody, entry])
        assert await uow.rosters.entries("class-1") == [entry, nobody]
        later = replace(entry, judgement=Judgement(verdict="accepted"), withdrawn_on=None)
        later = replace(later, withdrawal_code=None, withdrawal_reason=None)
        await uow.rosters.save_judgements("class-1", [later])
        assert await uow.rosters.entries("class-1") == [later, nobody]
        assert await uow.rosters.tally(["class-1"]) == {"class-1": {"accepted": 1, "refused": 1, "withdrawn": 0}}


def _finding() -> Finding:
    return CONSISTENCY.finding(code="C", severity=Severity.ASK, message="m", advice="a", field="f", value=None)


async def test_institutions_come_back_with_everything_that_belongs_to_them(desk: Desk) -> None:
    college = institution(
        "vocational_college",
        institution_id="college",
        credit_code="920000000000000099",
        liability_incidents=(LiabilityIncident(on=date(2018, 1, 1), finding="已处理"),),
    )
    given = suspension(lifting=Lifting(on=date(2021, 6, 1), by="approver", reason="rectified", remark="已整改"))
    async with desk.unit() as uow:
        assert await uow.institutions.add(college)
        assert not await uow.institutions.add(replace(college, institution_id="twice"))
        assert await uow.institutions.get("college") == college
        assert await uow.institutions.next_version("college") == 2
        await uow.institutions.add_suspension("college", given)
        assert await uow.institutions.suspensions("college") == (given,)
        assert [entry.occupations for entry in await uow.institutions.entries("school")] == [(WELDER,)]
        assert len(await uow.institutions.teachers("school", desk.teacher_ids)) == 3
        assert await uow.institutions.teachers("college", desk.teacher_ids) == ()
        assert set(await uow.institutions.venues("school", [desk.venue_of("school")])) == {desk.venue_of("school")}


async def test_an_occupation_is_the_last_row_valid_on_the_day_of_the_nearest_region(desk: Desk) -> None:
    provincial = replace(occupation(), region="410000", name="焊工（省）", valid_from=date(2021, 3, 1))
    changed = replace(occupation(), levels=("5",), valid_from=date(2021, 6, 1))
    regions = (REGION, "410000", "000000")
    async with desk.unit() as uow:
        await uow.occupations.add(provincial)
        await uow.occupations.add(changed)
        assert await uow.occupations.valid_on(WELDER, OPENING, regions) == occupation()
        assert await uow.occupations.valid_on(WELDER, date(2021, 6, 1), regions) == changed
        assert await uow.occupations.valid_on(WELDER, OPENING, regions[1:]) == provincial
        assert await uow.occupations.valid_on(WELDER, date(2020, 12, 31), regions) is None


async def test_one_person_per_identity_number_whatever_the_spelling_of_the_name(desk: Desk) -> None:
    one, other = people(2)
    identity = Identity(identity_number=one.identity_number, name=one.name)
    async with desk.unit() as uow:
        first = (await uow.persons.identify([identity]))[identity]
        second = Identity(identity_number=other.identity_number, name=other.name)
        both = await uow.persons.identify([identity, second])
        assert both[identity] == first
        assert both[second].person_id != first.person_id
        spaced = replace(identity, name=f" {one.name[0]} {one.name[1:]}")
        await uow.persons.confirm({first.person_id: one.name})
        renamed = replace(identity, name="钱样")
        found = await uow.persons.identify([renamed, spaced])
        assert (found[renamed].name_differs, found[spaced].name_differs) == (True, False)
        assert found[renamed].person_id == found[spaced].person_id == first.person_id


async def test_an_unconfirmed_name_may_be_corrected(desk: Desk) -> None:
    person = people(1)[0]
    identity = Identity(identity_number=person.identity_number, name="错名字")
    async with desk.unit() as uow:
        await uow.persons.identify([identity])
        corrected = replace(identity, name=person.name)
        assert not (await uow.persons.identify([corrected]))[corrected].name_differs
        masked = (
            await uow.connection.execute(select(PERSON.c.masked_name).where(PERSON.c.confirmed.is_(False)))
        ).scalars()
        assert masked_name(person.name) in set(masked)


async def test_no_personal_datum_stands_readable_in_any_table_or_event(desk: Desk) -> None:
    class_id = await desk.opened(sent=rows(3, evidence="残疾证-绝密"))
    person_id = (await desk.roster(class_id))[0].person_id
    leaving = {"person_id": person_id, "reason": f"{people(1)[0].name}因病住院"}
    await desk.act(withdraw_trainee, class_id=class_id, **leaving, by=SCHOOL)
    secrets = [value for person in people(3) for value in (person.name, person.identity_number, person.phone)]
    secrets += [value for person in people(3, skip=60) for value in (person.name, person.identity_number)]
    dump = b"".join([repr(line).encode() async for line in everything(desk.database)])
    assert class_id.encode() in dump
    for secret in [*secrets, "残疾证-绝密", "因病住院"]:
        assert secret.encode() not in dump, "personal data stands open in the database"


async def everything(database: Database) -> AsyncIterator[list[object]]:
    async with database.connect(write=False) as connection:
        standing = MetaData()
        await connection.run_sync(standing.reflect)
        for table in standing.sorted_tables:
            for line in await connection.execute(select(table)):
                yield [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in line]


async def refuses(connection: AsyncConnection, *statements: object) -> None:
    for statement in statements:
        with pytest.raises(IntegrityError):
            async with connection.begin_nested():
                await connection.execute(statement)  # type: ignore[call-overload]


async def test_the_database_refuses_a_second_row_for_a_person_and_a_standing_row_for_nobody(desk: Desk) -> None:
    class_id = await desk.draft()
    await desk.send(class_id, rows(2))
    first, second = await desk.roster(class_id)
    this = update(ROSTER_ROW).where(ROSTER_ROW.c.class_id == class_id, ROSTER_ROW.c.row_no == 2)
    async with desk.unit() as uow:
        await refuses(
            uow.connection,
            this.values(person_id=first.row.person_id),
            this.values(person_id=None),
            this.values(verdict="perhaps"),
            this.values(person_id="nobody"),
        )
    assert second.row.person_id is not None


async def test_the_database_refuses_any_change_of_a_submitted_roster_and_of_the_planned_headcount(desk: Desk) -> None:
    class_id = await desk.applied()
    (first, *_) = await desk.roster(class_id)
    another = {column.name: None for column in ROSTER_ROW.columns}
    async with desk.unit() as uow:
        standing = (await uow.connection.execute(select(ROSTER_ROW))).mappings().first()
        assert standing is not None
        another |= {**standing, "row_no": 99, "person_id": None, "verdict": "refused"}
        await refuses(
            uow.connection,
            insert(ROSTER_ROW).values(another),
            delete(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(sealed_particulars=b"other"),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(row_no=98),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(employer_name="another"),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(declares_ability_and_will=False),
            update(TRAINING_CLASS).values(planned=60),
        )
        await uow.rosters.save_judgements(class_id, [replace(first, judgement=Judgement(verdict="refused"))])


async def test_the_database_lets_nobody_back_onto_a_submitted_roster(desk: Desk) -> None:
    class_id = await desk.applied()
    refused, withdrawn, _ = await desk.roster(class_id)
    gone = [
        replace(refused, judgement=Judgement(verdict="refused")),
        replace(withdrawn, withdrawn_on=date(2021, 5, 13)),
    ]
    async with desk.unit() as uow:
        await uow.rosters.save_judgements(class_id, gone)
        await uow.rosters.save_judgements(class_id, gone)
        await refuses(
            uow.connection,
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(verdict="accepted"),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 1).values(verdict="ask"),
            update(ROSTER_ROW).where(ROSTER_ROW.c.row_no == 2).values(withdrawn_on=None),
        )


async def test_the_database_refuses_states_it_does_not_know_and_an_opening_without_reservation(desk: Desk) -> None:
    await desk.draft()
    async with desk.unit() as uow:
        await refuses(
            uow.connection,
            update(TRAINING_CLASS).values(state="sleeping"),
            update(TRAINING_CLASS).values(state="approved"),
            update(TRAINING_CLASS).values(state="opened", reservation_version=3),
            update(TRAINING_CLASS).values(planned=0),
            update(TRAINING_CLASS).values(closing_date=date(2020, 1, 1)),
        )


async def test_the_database_refuses_a_second_duty_and_a_review_by_whoever_lacks_its_duty(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST)
    step = {
        "class_id": class_id,
        "round": 1,
        "change_no": 0,
        "step": "second_review",
        "position": 2,
        "actor": "first",
        "decision": "approve",
        "opinion": "同意",
        "decided_at": APPLYING,
    }
    async with desk.unit() as uow:
        await refuses(
            uow.connection,
            insert(DUTY).values(class_id=class_id, actor="first", duty="second_review"),
            insert(REVIEW).values(step),
            insert(REVIEW).values({**step, "step": "first_review"}),
        )
        await uow.classes.assign_duty(class_id, "first", "second_review")
        assert (await uow.classes.duties(class_id))["first"] == "first_review"


async def test_the_database_keeps_what_people_did_and_what_was_listed_for_ever(desk: Desk) -> None:
    class_id = await desk.applied()
    await desk.review(class_id, "first_review", FIRST)
    applicant = DUTY.c.actor == SCHOOL.subject
    async with desk.unit() as uow:
        await refuses(
            uow.connection,
            delete(DUTY).where(applicant),
            update(DUTY).where(applicant).values(duty="second_review"),
            delete(REVIEW),
            update(REVIEW).values(decision="refuse"),
            delete(OCCUPATION),
            update(OCCUPATION).values(name="别的工种"),
        )


def test_the_columns_that_are_sealed_and_only_they_are_binary() -> None:
    columns = [(f"{table.name}.{column.name}", column.type) for table in _tables() for column in table.columns]
    binary = {name for name, kind in columns if isinstance(kind, LargeBinary)}
    assert binary == {
        "institution.sealed_incidents",
        "directory_entry.sealed_end_reason",
        "suspension.sealed_remark",
        "suspension.sealed_lifting_remark",
        "rectification_report.sealed_content",
        "rectification_report.sealed_opinion",
        "quality_case.sealed_remark",
        "centre_application.sealed_experts",
        "register_entry.sealed_values",
        "register_revision.sealed_values",
        "class_change.sealed_added",
        "class_change.sealed_reason",
        "decision.sealed_reason",
        "training_class.sealed_closing_reason",
        "training_class.sealed_contact",
        "person.sealed_identity_number",
        "person.sealed_name",
        "roster_row.sealed_particulars",
        "roster_row.sealed_withdrawal_reason",
    }
    assert binary == {name for name, _ in columns if "sealed" in name}


def _tables() -> Iterable[Table]:
    return METADATA.sorted_tables
