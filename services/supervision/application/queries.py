"""What people read about classes under supervision."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.supervision.application.access import find_class
from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.attendance import SignedIn
from services.supervision.domain.class_file import ClassFile
from shared.policy.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReading:
    """A class's file with its rulebook, and who has signed in so far to the sessions still open."""

    file: ClassFile
    book: Rulebook
    signed_in: Mapping[str, SignedIn]


async def read_class(uow: SupervisionUnit, class_id: str) -> ClassReading:
    """Give what is known of a class, or raise NotFound CLASS_UNKNOWN."""
    file = await find_class(uow, class_id)
    still_open = [session.session_id for session in file.sessions if not session.is_closed]
    return ClassReading(
        file=file,
        book=uow.shelf.by_id(file.training_class.rulebook_id),
        signed_in=await uow.sign_ins.counted(class_id, still_open),
    )
