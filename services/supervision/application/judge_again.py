"""Judge the sign-ins of a class again when its roster or timetable became another (JY-ENR-06)."""

from services.supervision.application.ports import SupervisionUnit
from services.supervision.domain.class_file import ClassFile
from services.supervision.domain.sign_in import Roll, Verdict


async def judge_again(uow: SupervisionUnit, file: ClassFile) -> int:
    """Store the new fate of every sign-in that has one, and give their number.

    Only what roster and timetable decide is judged: objections that lie in a sign-in itself stand, and what a reviewer
    approved stays approved.
    """
    class_id = file.training_class.class_id
    roll = Roll(file.training_class, file.sessions, uow.shelf.by_id(file.training_class.rulebook_id))
    verdicts: dict[tuple[str, int], Verdict] = {}
    for row in await uow.sign_ins.placed(class_id):
        verdict = roll.place(
            person_id=row.person_id, method=row.method, signed_at=row.signed_at, approved=row.approved_by is not None
        )
        if (verdict.code, verdict.session_id) != (row.code, row.session_id):
            verdicts[row.device_id, row.sequence] = verdict
    await uow.sign_ins.decide(verdicts)
    return len(verdicts)
