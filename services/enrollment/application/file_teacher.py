"""An institution files a teacher with the bureau (报备)."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_institution
from services.enrollment.domain.institution import Teacher
from services.enrollment.domain.person import Identity
from shared.clock import new_id
from shared.domain.errors import Conflict
from shared.domain.identifiers import identity_number


async def file_teacher(
    uow: UnitOfWork, *, institution_id: str, identity: Identity, specialty: str, qualification: str, full_time: bool
) -> Teacher:
    """File a person as teacher from today on (JY-INS-07); raise Refused ID_* for a number that is none."""
    await own_institution(uow, institution_id)
    identity = replace(identity, identity_number=identity_number(identity.identity_number).value)
    person = (await uow.persons.identify([identity]))[identity]
    teacher = Teacher(
        teacher_id=new_id(),
        institution_id=institution_id,
        person_id=person.person_id,
        specialty=specialty,
        qualification=qualification,
        full_time=full_time,
        filed_on=uow.today,
    )
    if not await uow.institutions.add_teacher(teacher):
        filed = await uow.institutions.all_teachers(institution_id)
        standing = next(one.teacher_id for one, _ in filed if one.person_id == person.person_id)
        raise Conflict(
            code="TEACHER_ALREADY_FILED",
            message="贵单位已报备该教师。",
            advice="请使用已报备的教师编号（value），或从教师名册中查询。",
            field="teacher_id",
            value=standing,
        )
    await uow.audit(action="teacher_filed", subject=teacher.teacher_id, details={"full_time": full_time})
    return teacher
