"""The address that answers whether a person could join a class."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.enrollment.api.personal_schemas import FACTS, PersonalFactsBody, RowCode, RowText
from services.enrollment.api.schemas import Code, Day, Id, Truth, Whole
from services.enrollment.application.check_eligibility import (
    Eligibility,
    EligibilityQuestion,
    Prospect,
    check_eligibility,
    eligibility_of_registered,
)
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.roster_row import RosterRow
from shared.domain.actor import Role
from shared.domain.identifiers import cleaned
from shared.policy.decision import Finding
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import unkeyed_transaction, write_transaction
from shared.web.validation import Text

router = service_router("/enrollment/v1", tags=["资格查询"])
ASKING = requires(Role.PROVINCE, Role.INSTITUTION, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)


class EligibilityBody(PersonalFactsBody):
    """A person for a standing class, or for a class still to be applied for; what is not told is not judged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"identity_number": "000000199001010018", "class_id": "0190a1b2-0000-7000-8000-000000000001"},
            ]
        }
    )

    identity_number: RowText
    class_id: Id | None = None
    training_type: Code | None = None
    occupation: Code | None = None
    level: Annotated[Text, Field(min_length=1, max_length=20)] | None = None
    opening_date: Day | None = None
    funding_source: Code | None = None
    group: RowCode | None = None
    employer_credit_code: Annotated[Text, Field(max_length=50)] | None = None
    employer_region: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    fee_fen: Whole = Field(default=0, ge=0, le=100_000_000)
    declares_ability_and_will: Truth | None = None
    employee_focus: Annotated[list[RowCode], Field(max_length=10)] = []

    def to_question(self) -> EligibilityQuestion:
        """Give the question as the use-case takes it."""
        prospect = None
        if self.training_type and self.occupation and self.opening_date:
            prospect = Prospect(
                training_type=self.training_type,
                occupation=self.occupation,
                level=self.level,
                opening_date=self.opening_date,
                funding_source=self.funding_source or "",
            )
        unknown = RosterRow.of_person(self.identity_number)
        row = replace(
            unknown,
            particulars=replace(unknown.particulars, facts=self.to_facts()),
            group=self.group or "",
            employer_credit_code=cleaned(self.employer_credit_code or ""),
            employer_region=self.employer_region or "",
            fee_fen=self.fee_fen,
            declares_ability_and_will=bool(self.declares_ability_and_will),
            employee_focus=tuple(self.employee_focus),
        )
        told = ("group", "employer_credit_code", "employer_region", "declares_ability_and_will")
        return EligibilityQuestion(
            class_id=self.class_id,
            prospect=prospect,
            row=row,
            given=frozenset(name for name in told if getattr(self, name) is not None) | (FACTS & self.model_fields_set),
        )


class EligibilityAnswer(BaseModel):
    """`accepted`: nothing known is against it; `ask`: a person has to decide; `refused`: a rule stops it."""

    verdict: Literal["accepted", "ask", "refused"]
    findings: tuple[Finding, ...]
    rulebook_id: str
    opening_date: date

    @classmethod
    def of(cls, found: Eligibility) -> Self:
        """Give the answer, which repeats nothing of the person."""
        return cls(
            verdict=found.verdict,
            findings=found.findings,
            rulebook_id=found.rulebook_id,
            opening_date=found.opening_date,
        )


@router.get(
    "/eligibility",
    summary="查询系统中已有的人员能否参加某班（留痕）",
    dependencies=[ASKING],
    responses=responses(404, 422),
)
async def get_eligibility(
    class_id: Annotated[Id, Query(description="班级编号")],
    person_id: Annotated[Id, Query(description="人员编号（见变更记录与领域事件），不是证件号码")],
    unit: Annotated[UnitOfWork, Depends(unkeyed_transaction)],
) -> EligibilityAnswer:
    """Answer with every reason, its rule and clause: of a row of the class as it stands, else by the history.

    A person is named by `person_id`; who only has the identity number asks POST /enrollment/v1/eligibility-checks.
    """
    return EligibilityAnswer.of(await eligibility_of_registered(unit, class_id=class_id, person_id=person_id))


@router.post(
    "/eligibility-checks",
    summary="查询某人能否参加某班或某类培训（留痕，不保存个人信息）",
    dependencies=[ASKING],
    responses=responses(404, 422),
)
async def post_eligibility_check(
    body: EligibilityBody, unit: Annotated[UnitOfWork, Depends(write_transaction)]
) -> EligibilityAnswer:
    """Answer with every reason, its rule and clause.

    The identity number comes in the body, because an address is logged; the person is not registered, and the audit
    says who asked about which class and what the answer was.
    """
    return EligibilityAnswer.of(await check_eligibility(unit, body.to_question()))
