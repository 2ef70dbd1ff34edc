"""Whether a person could join a class: asked by provincial systems, institutions and reviewers, stored nowhere."""

from dataclasses import dataclass, field, replace
from datetime import date

from services.enrollment.application.judging import enterprise_for, included_groups, institution_of
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import is_of_bureau, own_institution, visible_class
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.joining import judge_joining, judge_untold_group
from services.enrollment.domain.plan import kind_of
from services.enrollment.domain.roster import DEFAULTS_OF_A_QUESTION, judge_roster
from services.enrollment.domain.roster_row import RosterContext, RosterRow
from services.enrollment.domain.training_class import TrainingClass
from shared.domain.errors import NotFound, Refused
from shared.domain.identifiers import identity_number
from shared.policy.decision import Finding
from shared.policy.judging import Verdict, verdict_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """The class that a person would join, when there is none yet: what, and from when on."""

    training_type: str
    occupation: str
    level: str | None
    opening_date: date
    funding_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityQuestion:
    """A person for a standing class or for a prospect; `row` is what is known of them, `given` which of its fields."""

    class_id: str | None
    prospect: Prospect | None
    row: RosterRow = field(repr=False)
    given: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The verdict under the rulebook of the opening date, with every reason."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    rulebook_id: str
    opening_date: date


async def check_eligibility(uow: UnitOfWork, question: EligibilityQuestion) -> Eligibility:
    """Judge the person as a roster row would be, as far as the question tells; the person is not registered.

    Raise NotFound for a class out of the actor's scope, Refused when the question names neither class nor prospect.
    """
    region, institution, prospect, joined = await _asked_about(uow, question)
    book = uow.shelf.in_force(region, prospect.opening_date)
    present = await _present(uow, joined)
    person_id = await _person(uow, question.row)
    history = await uow.rosters.history({person_id} if person_id else set(), besides=question.class_id or "")
    context = RosterContext(
        institution=institution,
        funding_source=prospect.funding_source,
        opening_date=prospect.opening_date,
        occupation=prospect.occupation,
        level=prospect.level,
        history=history,
        kind=kind_of(prospect.training_type, book),
        training_type=prospect.training_type,
        enterprise=await enterprise_for(uow, joined, book) if joined else None,
        included=await included_groups(uow, region, prospect.opening_date, book),
    )
    row = replace(question.row, person_id=person_id)
    judged = judge_roster([row], context, book, present=present)[row.row]
    untold = DEFAULTS_OF_A_QUESTION - question.given
    findings = (
        *(finding for finding in judged.findings if finding.field not in untold),
        *(judge_joining(joined, present, book) if joined and person_id not in present else ()),
        *judge_untold_group(prospect.training_type, told="group" in question.given, book=book),
    )
    return await _answered(
        uow,
        question.class_id or prospect.training_type,
        Eligibility(
            verdict=verdict_of(findings),
            findings=findings,
            rulebook_id=book.id,
            opening_date=prospect.opening_date,
        ),
    )


async def eligibility_of_registered(uow: UnitOfWork, *, class_id: str, person_id: str) -> Eligibility:
    """Give the judgement of a person's row in a class, or, of who has none, judge the person by what is known of them.

    Raise NotFound for a class out of the actor's scope and for a person who was never registered.
    """
    found = await visible_class(uow, class_id)
    rows = [entry for entry in await uow.rosters.entries(class_id) if entry.row.person_id == person_id]
    standing = [entry for entry in rows if entry.withdrawn_on is None]
    if not standing:
        number = await uow.persons.identity_number_of(person_id)
        if number is None:
            raise NotFound(
                code="PERSON_NOT_FOUND",
                message="没有这个人员编号。",
                advice="请核对 person_id；系统中还没有的人员请用 POST /enrollment/v1/eligibility-checks 查询。",
                field="person_id",
            )
        unknown = RosterRow.of_person(number)
        return await check_eligibility(
            uow, EligibilityQuestion(class_id=class_id, prospect=None, row=unknown, given=frozenset())
        )
    entry = min(standing, key=lambda entry: (not entry.is_on_roster, entry.row.row))
    return await _answered(
        uow,
        class_id,
        Eligibility(
            verdict=entry.judgement.verdict,
            findings=entry.judgement.findings,
            rulebook_id=found.rulebook_id,
            opening_date=found.plan.opening_date,
        ),
    )


async def _answered(uow: UnitOfWork, subject: str, found: Eligibility) -> Eligibility:
    codes = ",".join(sorted({finding.code for finding in found.findings}))
    await uow.audit(
        action="eligibility_checked",
        subject=subject,
        details={"verdict": found.verdict, "codes": codes, "opening_date": found.opening_date.isoformat()},
    )
    return found


async def _asked_about(
    uow: UnitOfWork, question: EligibilityQuestion
) -> tuple[str, Institution | None, Prospect, TrainingClass | None]:
    if (question.class_id is None) == (question.prospect is None):
        raise Refused(
            code="QUESTION_INCOMPLETE",
            message="请只填写班级编号，或只填写拟培训的类型、工种与开班日期。",
            advice="已有班级的填写 class_id；尚无班级的填写 training_type、occupation 与 opening_date。",
            field="class_id",
        )
    if question.class_id is not None:
        found = await visible_class(uow, question.class_id)
        plan = found.plan
        prospect = Prospect(
            training_type=plan.training_type,
            occupation=plan.occupation,
            level=plan.level,
            opening_date=plan.opening_date,
            funding_source=plan.funding_source,
        )
        return found.region, await institution_of(uow, found), prospect, found
    if question.prospect is None:
        raise AssertionError("one of both is there")
    if is_of_bureau(uow.actor):
        return uow.actor.region, None, question.prospect, None
    institution = await own_institution(uow, uow.actor.organisation)
    return institution.region, institution, question.prospect, None


async def _present(uow: UnitOfWork, joined: TrainingClass | None) -> set[str]:
    entries = await uow.rosters.entries(joined.class_id) if joined else []
    return {entry.person_id for entry in entries if entry.is_on_roster}


async def _person(uow: UnitOfWork, row: RosterRow) -> str | None:
    try:
        number = identity_number(row.particulars.identity_number).value
    except Refused:  # the judgement says why
        return None
    return await uow.persons.find(number)
