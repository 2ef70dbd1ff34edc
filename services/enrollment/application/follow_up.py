"""Certified learners of programmes with follow-up support get a task each (JY-ENR-19)."""

from dataclasses import replace

from services.enrollment.application.keep_register import store_entry
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.register import RegisterEntry, natural_key, sealed_codes
from services.enrollment.domain.register_report import OPEN_STEP
from services.enrollment.domain.training_class import TrainingClass
from shared.clock import new_id
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from shared.policy.terms.register import Register


async def open_follow_up(uow: UnitOfWork, fact: CertificateIssued) -> None:
    """Open the task of the learner who earned the certificate, every step of it open; a second one changes nothing."""
    training_class = await known_class(uow, fact.class_id)
    for terms in _registers(uow, training_class):
        entries = await uow.rosters.entries(fact.class_id)
        name = next((entry.row.masked_name for entry in entries if entry.person_id == fact.person_id), "*")
        await store_entry(uow, _task(uow, training_class, fact.person_id, name, terms), terms)


async def strike_follow_up(uow: UnitOfWork, fact: CertificateVoided) -> None:
    """Strike the task of a learner whose certificate never counted."""
    training_class = await known_class(uow, fact.class_id)
    for terms in _registers(uow, training_class):
        task = _task(uow, training_class, fact.person_id, "*", terms)
        key = natural_key(
            task.values,
            region=task.region,
            institution_id=task.institution_id,
            person_id=task.person_id,
            terms=terms,
        )
        standing = await uow.registers.find(terms.code, key)
        if standing is not None:
            struck = replace(standing, struck_on=uow.today)
            await uow.registers.save(struck, sealed=sealed_codes(terms), on=uow.today, by=uow.actor.subject)
            await uow.audit(action="register_struck", subject=standing.entry_id, details={"register": terms.code})


def _registers(uow: UnitOfWork, training_class: TrainingClass) -> list[Register]:
    book = uow.shelf.by_id(training_class.rulebook_id).enrollment
    return [terms for terms in book.registers if training_class.programme in terms.opened_by]


def _task(uow: UnitOfWork, training_class: TrainingClass, person_id: str, name: str, terms: Register) -> RegisterEntry:
    steps = {one.code: OPEN_STEP if one.kind == "choice" else None for one in terms.fields}
    return RegisterEntry(
        entry_id=new_id(),
        register=terms.code,
        region=training_class.region,
        institution_id=training_class.institution_id,
        person_id=person_id,
        masked_name=name,
        values={**steps, "class_id": training_class.class_id},
        recorded_on=uow.today,
    )
