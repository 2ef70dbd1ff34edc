"""Draw the conclusions from changed facts of one class, save its file and publish what is new."""

from collections.abc import Collection, Mapping

from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import NOTHING, ClassFile, settle
from services.supervision.domain.finding import Key, Observation
from shared.clock import new_id


async def settle_class(
    uow: SupervisionUnit,
    before: ClassFile,
    after: ClassFile,
    *,
    sessions: Collection[str] = (),
    observed: Mapping[Key, Observation | None] = NOTHING,
) -> ClassFile:
    """Give the saved file; `sessions` are closed or counted again, `before` is the file as it was loaded."""
    book = uow.shelf.by_id(after.training_class.rulebook_id)
    signed_in = await uow.sign_ins.counted(after.training_class.class_id, sessions) if sessions else {}
    settled, events = settle(after, book, signed_in=signed_in, now=uow.now, make_id=new_id, observed=observed)
    saved = await uow.files.save(before, settled)
    for event in events:
        await uow.publish(event)
    return saved
