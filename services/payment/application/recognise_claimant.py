"""Who claims, for whom, and in whose name (JY-CLM-01, -08, HB-CLM-13).

An institution, an enterprise for its own people, an assessment body for its certificates, or a trainee.
"""

from dataclasses import dataclass, field
from typing import Final

from services.payment.application.assessing import INDIVIDUAL, Case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import unknown
from services.payment.domain.benefit import DISPATCHED_TO, benefits_of
from services.payment.domain.claim import ASSESSOR, PAID_AS, Claimant
from services.payment.domain.facts import ClassFacts
from services.payment.domain.payee import payees_of
from shared.contracts.enrollment import ClassOpened, OpenedTrainee
from shared.domain.errors import Conflict, Refused
from shared.domain.identifiers import cleaned, identity_number
from shared.policy.rulebook import Rulebook
from shared.policy.terms.benefit import BenefitPayee
from shared.policy.terms.term import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPerson:
    """An individual claimant as he identifies himself; compared with the roster's keyed check, never stored."""

    name: str = field(repr=False)
    identity_number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Who claims, for whom, and whose name the account must bear; `apart` did not give the class."""

    owner: str
    name: str
    wanted: frozenset[str]
    apart: bool


def recognise_claimant(uow: PaymentUnit, claimant: Claimant, person: GivenPerson | None, case: Case) -> Claiming:
    """Give who claims; raise Refused CLAIMANT_NOT_ADMITTED, CLAIMANT_IS_ASSESSOR, CLAIMANT_IS_PROVIDER, BLOCK_MISSING.

    An individual who is not on the roster, an enterprise none of whose people is, and an assessment body that certified
    nobody of the class find none.
    """
    organisation = None
    if claimant == ASSESSOR:
        organisation = _assessor(uow, case.facts)
    elif claimant != INDIVIDUAL:
        organisation = _organisation(uow, case)
    apart = organisation is None or organisation.apart
    _require_payee(claimant, case)
    if claimant != INDIVIDUAL or PAID_AS[INDIVIDUAL] not in payees_of(case.facts, case.opened.fact, case.rulebook):
        _require_admitted(claimant, case.opened.fact, case.rulebook, apart=apart)
    return organisation or _individual(uow, person, case)


def body_name(facts: ClassFacts, body_id: str) -> str | None:
    """Give the name of the body as the newest of its exams in the class says it, None where it held none."""
    held = [known.fact for known in facts.exams if known.fact.body_id == body_id]
    return max(held, key=lambda exam: (exam.exam_on, exam.assessment_id)).body_name if held else None


def _assessor(uow: PaymentUnit, facts: ClassFacts) -> Claiming:
    """Give the caller's assessment body, which claims for those whose certificates it issued (HB-CLM-13)."""
    mine = uow.actor.organisation
    certified = frozenset(
        person_id
        for person_id in {known.fact.person_id for known in facts.certificates}
        if any(known.fact.body_id == mine for known in facts.standing_certificates(person_id))
    )
    name = body_name(facts, mine)
    if not certified or name is None:
        raise unknown("班级", "class_id")
    return Claiming(owner=mine, name=name, wanted=certified, apart=True)


def _individual(uow: PaymentUnit, person: GivenPerson | None, case: Case) -> Claiming:
    trainee = _recognised(uow, person, case)
    name = person.name if person else ""
    return Claiming(owner=uow.actor.subject, name=name, wanted=frozenset({trainee.person_id}), apart=True)


def _organisation(uow: PaymentUnit, case: Case) -> Claiming:
    """Give the caller's institution as it stands to the class: it gave it, or sent its employees to it.

    Raise Refused PAYEE_IS_ANOTHER for an agency whose people are all at work with another enterprise (QJ-CLM-04).
    """
    opened, mine = case.opened.fact, uow.actor.organisation
    if opened.institution.institution_id == mine:
        everybody = frozenset(each.person_id for each in opened.trainees)
        return Claiming(owner=mine, name=opened.institution.name, wanted=everybody, apart=False)
    sent = {
        each.person_id: each.employer
        for each in opened.trainees
        if each.employer is not None and each.employer.institution_id == mine
    }
    if not sent:
        raise unknown("班级", "class_id")
    name, wanted = next(iter(sent.values())).name, frozenset(sent)
    if (row := _of_dispatched(case)) is not None:
        used_by = {each.person_id: each.attributes.get(DISPATCHED_TO) for each in opened.trainees}
        wanted = frozenset(one for one, at in sent.items() if used_by[one] in (None, at.credit_code))
        if not wanted:
            raise _of_the_user(row)
    return Claiming(owner=mine, name=name, wanted=wanted, apart=True)


def _of_dispatched(case: Case) -> BenefitPayee | None:
    """Give the row by which the document pays the enterprise that uses dispatched staff, None where it has none."""
    rows = (row for benefit in benefits_of(case.opened.fact, case.rulebook) for row in benefit.payees)
    return next((row for row in rows if row.dispatched), None)


def _of_the_user(row: BenefitPayee) -> Refused:
    return Refused(
        code="PAYEE_IS_ANOTHER",
        message="劳务派遣人员的补贴按文件规定付给实际用工企业，派遣单位不能申领。",
        advice="请由实际用工企业申领。",
        field="claimant",
        rule=row.rule,
        clause=row.clause,
        document=row.document,
    )


_PAID_ALONE: Final = {
    "assessor": ("CLAIMANT_IS_ASSESSOR", "评价机构", "请由签订免费评价协议并发证的评价机构申领。"),
    "institution": ("CLAIMANT_IS_PROVIDER", "培训机构", "请由承办该班级的培训机构申领。"),
}


def _require_payee(claimant: Claimant, case: Case) -> None:
    """Raise Refused for a claimant in a class of which the document pays everything to another (HB-CLM-13, HB-CLM-15).

    What it pays to several is told apart line by line.
    """
    opened = case.opened.fact
    paid = payees_of(case.facts, opened, case.rulebook)
    payee = next(iter(paid), "")
    if len(paid) != 1 or payee == PAID_AS[claimant] or payee not in _PAID_ALONE:
        return
    code, name, advice = _PAID_ALONE[payee]
    rows = (row for benefit in benefits_of(opened, case.rulebook) for row in benefit.payees)
    term = next((row for row in rows if row.payee == payee), None)
    raise Refused(
        code=code,
        message=f"本班级的补贴按文件规定由{name}申领并付给{name}。",
        advice=advice,
        field="claimant",
        value=claimant,
        **quote(term),
    )


def _require_admitted(claimant: str, opened: ClassOpened, rulebook: Rulebook, *, apart: bool) -> None:
    """Raise Refused CLAIMANT_NOT_ADMITTED for a kind the document does not name, or an enterprise that is none."""
    term = rulebook.payment.claimants
    trains_its_own = term is not None and opened.institution.kind in term.enterprise_kinds
    fits = claimant != "enterprise" or (term is not None and term.commissioned if apart else trains_its_own)
    if term is not None and term.admits(claimant) and fits:
        return
    raise Refused(
        code="CLAIMANT_NOT_ADMITTED",
        message="申领主体类别与文件规定或班级的办班主体不符。",
        advice="请由培训机构、自办或委托培训的企业、学员本人按各自类别申领。",
        field="claimant",
        value=claimant,
        **quote(term),
    )


def _recognised(uow: PaymentUnit, person: GivenPerson | None, case: Case) -> OpenedTrainee:
    """Give the roster's entry of an individual claimant; whoever is not on it finds no class.

    Raise Refused BLOCK_MISSING for a block of the individual's form that is not there (JY-CLM-08).
    """
    opened, form = case.opened.fact, case.rulebook.payment.individual_form
    blocks = {
        "person": person is not None,
        "institution": bool(cleaned(opened.institution.name)),
        "evaluation_body": any(cleaned(exam.fact.body_name) for exam in case.facts.exams),
    }
    missing = [block for block in form.required_blocks if not blocks[block]] if form else []
    if person is None or missing:
        raise Refused(
            code="BLOCK_MISSING",
            message=f"个人申领表缺少必填部分：{'、'.join(missing or ['person'])}。",
            advice="请填写个人基本信息；培训机构和评价机构信息由系统记录提供，尚未记录的请等待相应环节办结。",
            field=(missing or ["person"])[0],
            **quote(form),
        )
    number = identity_number(person.identity_number).value
    checks = uow.payee_checks(person.name, number)
    for trainee in opened.trainees:
        if checks.get(trainee.payee_check_key) == trainee.payee_check:
            return trainee
    if any(trainee.payee_check_key not in checks for trainee in opened.trainees):
        raise Conflict(
            code="PAYEE_KEY_UNKNOWN",
            message="该班级名单所用的核对密钥尚未配置到资金服务，暂时不能核实申领人身份。",
            advice="请联系系统管理员补充核对密钥后重新提交，无需更改申领内容。",
        )
    raise unknown("班级", "class_id")
