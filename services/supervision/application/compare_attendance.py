"""Hold a class's attendance against data of another source."""

from collections.abc import Sequence

from services.supervision.application.access import lock_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.settle_class import settle_class
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.comparison import Elsewhere, compare


async def compare_attendance(
    uow: SupervisionUnit, *, class_id: str, source: str, hits: Sequence[Elsewhere]
) -> tuple[ClassFile, int]:
    """Raise a doubt for everybody who was in two places and give the file and how many doubts there were (HB-SUP-02).

    Raise Refused COMPARISON_SOURCE, CLASS_ENDED, or NotFound CLASS_UNKNOWN.
    """
    file = await lock_class(uow, class_id)
    file.training_class.require_running()
    observed = compare(file, source, hits, uow.shelf.by_id(file.training_class.rulebook_id))
    doubts = sum(observation is not None for observation in observed.values())
    settled = await settle_class(uow, file, file, observed=observed)
    await uow.audit(
        action="attendance.compared",
        subject=class_id,
        details={"source": source, "hits": len(hits), "doubts": doubts},
    )
    return settled, doubts
