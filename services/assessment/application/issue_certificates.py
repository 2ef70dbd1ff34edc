"""An assessor enters the certificates of those who passed; each row is judged by itself."""

from collections import Counter
from collections.abc import Sequence

from services.assessment.application.access import ExamCase, exam_of_body
from services.assessment.application.complete_class import complete_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Assessment
from services.assessment.domain.certificate import CertificateEntry, IssuedRow, Issuing
from services.assessment.domain.ruling import excepted_kinds
from shared.clock import new_id
from shared.domain.jurisdiction import ancestors, regions


async def issue_certificates(
    uow: AssessmentUnit, *, assessment_id: str, entries: Sequence[CertificateEntry]
) -> tuple[Assessment, tuple[IssuedRow, ...]]:
    """Issue what the rows allow and give the exam with every row's verdict, in order.

    Raise Refused RESULTS_NOT_FINAL or CLASS_ENDED.
    """
    case = await exam_of_body(uow, assessment_id)
    case.examined.require_running()
    issuing = await _issuing(uow, case)
    of_class = await uow.certificates.of_class(case.examined.class_id)
    bearing = await uow.certificates.bearing(case.exam.kind, {issuing.numbered(entry).key for entry in entries})
    known = {certificate.certificate_id: certificate for certificate in (*of_class, *bearing)}
    rows = await _store(uow, issuing, issuing.issue(entries, known.values(), make_id=new_id))
    issued = [row.certificate for row in rows if row.verdict.verdict == "accepted" and row.certificate is not None]
    for certificate in issued:
        await uow.publish(certificate.issued())
    await uow.audit(
        action="certificates.issued", subject=assessment_id, details=dict(Counter(row.verdict.verdict for row in rows))
    )
    if not issued:
        return case.exam, rows
    await complete_class(uow, case.examined)
    return await uow.assessments.save(case.exam), rows


async def _issuing(uow: AssessmentUnit, case: ExamCase) -> Issuing:
    body = await uow.bodies.get(case.exam.body_id)
    lineage = ancestors(case.examined.region)
    exceptions = await uow.rulings.exceptions(lineage, occupation=case.examined.occupation)
    return Issuing(
        assessment=case.exam,
        exams=case.exams,
        examined=case.examined,
        province=None if body is None else body.province(regions()),
        rulebook=uow.shelf.by_id(case.examined.rulebook_id),
        today=uow.today,
        hashed=uow.certificates.hashed,
        excepted=excepted_kinds(exceptions, on=case.exam.exam_on, regions=lineage),
    )


async def _store(uow: AssessmentUnit, issuing: Issuing, rows: Sequence[IssuedRow]) -> tuple[IssuedRow, ...]:
    """Store what was accepted; whoever entered the same number meanwhile, in whatever class, was first."""
    accepted = [row.certificate for row in rows if row.verdict.verdict == "accepted" and row.certificate is not None]
    stored = await uow.certificates.add(accepted)
    lost = {certificate.certificate_id for certificate in accepted} - stored
    return tuple(
        IssuedRow(verdict=issuing.number_taken())
        if row.certificate is not None and row.certificate.certificate_id in lost
        else row
        for row in rows
    )
