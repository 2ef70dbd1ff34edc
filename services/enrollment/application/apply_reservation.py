"""Payment has answered a reservation; only the answer to the newest one counts."""

from services.enrollment.application.open_class import open_if_due
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.reservation import apply_answer, changed_event
from services.enrollment.domain.roster import refuse_reservation
from services.enrollment.domain.training_class import ReservationAnswer
from shared.contracts.payment import EntitlementReserved
from shared.domain.errors import MissingFact


async def apply_reservation(uow: UnitOfWork, fact: EntitlementReserved) -> None:
    """Take the refused off the roster, record the budget's answer, and open the class if this is its day.

    An answer to an older reservation, or to a class closed meanwhile, changes nothing and is audited. Raise MissingFact
    for a class or a version that is not known here (yet).
    """
    training_class = await known_class(uow, fact.class_id)
    if fact.answers_version > (training_class.reservation_version or 0):
        raise MissingFact(
            code="RESERVATION_UNKNOWN",
            message=f"班级 {fact.class_id} 没有第 {fact.answers_version} 版预留请求。",
            advice="请等待班级信息到达；持续出现请检查数据库是否由备份恢复。",
        )
    if fact.answers_version != training_class.reservation_version or training_class.state != "approved":
        await uow.audit(
            action="reservation_answer_ignored",
            subject=fact.class_id,
            details={"answers_version": fact.answers_version, "state": training_class.state},
        )
        return
    document = uow.shelf.by_id(training_class.rulebook_id).document
    refused = {row.person_id: row for row in fact.refused}
    changed = [
        refuse_reservation(entry, refused[entry.row.person_id], document=document)
        for entry in await uow.rosters.entries(fact.class_id)
        if entry.is_on_roster and entry.row.person_id in refused
    ]
    await uow.rosters.save_judgements(fact.class_id, changed)
    answer = ReservationAnswer(
        answers_version=fact.answers_version,
        granted=len(fact.granted),
        refused=fact.refused,
        budget=fact.budget,
    )
    training_class = await uow.classes.save(apply_answer(training_class, answer))
    if removed := [entry.row.person_id for entry in changed if entry.row.person_id]:
        await uow.publish(changed_event(training_class, "trainees_refused", removed=removed))
    await uow.audit(
        action="reservation_answered",
        subject=fact.class_id,
        details={"granted": len(fact.granted), "refused": len(removed), "budget": fact.budget.granted},
    )
    await open_if_due(uow, training_class)
