"""Assessment measured how satisfied a class was; below the rulebook's share that is a case (JY-QUA-02)."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.quality_case import QualityCase, is_below, measured_again
from shared.clock import new_id
from shared.contracts.assessment import SatisfactionMeasured


async def measure_satisfaction(uow: UnitOfWork, fact: SatisfactionMeasured) -> None:
    """Open a case for a class below the share of its rulebook, or put the newer measure into the one it has."""
    training_class = await known_class(uow, fact.class_id)
    terms = uow.shelf.by_id(training_class.rulebook_id).assessment.satisfaction
    if terms is None:
        return
    case = await uow.quality.case_of_class(fact.class_id)
    if case is not None:
        measured = measured_again(case, fact, terms)
        if measured != case:
            await uow.quality.save_case(measured)
            await uow.audit(action="quality_case_measured", subject=case.case_id, details={"state": measured.state})
        return
    if not is_below(fact.satisfied, fact.valid_responses, terms):
        return
    opened = QualityCase(
        case_id=new_id(),
        class_id=fact.class_id,
        institution_id=training_class.institution_id,
        region=training_class.region,
        rulebook_id=training_class.rulebook_id,
        opened_on=uow.today,
        revision=fact.revision,
        satisfied=fact.satisfied,
        valid_responses=fact.valid_responses,
    )
    await uow.quality.add_case(opened)
    await uow.audit(
        action="quality_case_opened",
        subject=opened.case_id,
        details={"satisfied": fact.satisfied, "valid_responses": fact.valid_responses, "rule": terms.rule},
    )
