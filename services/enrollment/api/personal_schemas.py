"""What a row or a question states of a person beside who it is: read for rosters, questions and reviewers alike."""

import re
from dataclasses import fields
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from services.enrollment.api.schemas import Body, Day, Whole
from services.enrollment.domain.roster_row import PersonalFacts
from shared.domain.identifiers import cleaned
from shared.web.masking import mask
from shared.web.validation import Text


def _code_or_unknown(text: str) -> str:
    return text if re.fullmatch(r"[a-z_]*", text) else "unknown"


RowText = Annotated[Text, Field(max_length=200)]
RowCode = Annotated[RowText, AfterValidator(_code_or_unknown)]
"""A code; of anything else, which may be a name or a number from a shifted column, only that it is none is kept."""


FACTS: Final = frozenset(field.name for field in fields(PersonalFacts))
"""The names of what is stated of a person."""


class PersonalFactsBody(Body):
    """What is stated of a person; which of it matters the rulebook of the opening date says."""

    group_kind: RowCode = Field(default="", description="人员类别的细类：规则册 groups.kinds 中的代码；没有细类的不填")
    evidence_from: Day | None = Field(default=None, description="人员类别证明的有效期起")
    evidence_until: Day | None = Field(default=None, description="人员类别证明的有效期止")
    source: RowCode = Field(
        default="", description="数据比对来源：规则册 connected_sources 中的代码，如 social_insurance；没有比对的不填"
    )
    source_record: RowText = Field(default="", description="比对来源中的记录编号")
    sourced_on: Day | None = Field(default=None, description="比对日期")
    place_links: Annotated[list[RowCode], Field(max_length=10)] = Field(
        default=[], description="与培训地的联系，可多选：规则册 place_links 中的代码，如 household"
    )
    pension_from: Day | None = Field(default=None, description="具有按月领取养老金资格的起始日期；没有的不填")
    release_on: Day | None = Field(default=None, description="服刑人员的刑满释放日期")
    graduation_year: Annotated[Whole, Field(ge=1900, le=2200)] | None = Field(default=None, description="毕业年度")
    employed_since: Day | None = Field(default=None, description="已就业人员的就业日期；未就业的不填")
    qualification_number: RowText = Field(default="", description="从业资格证书编号")
    qualified_on: Day | None = Field(default=None, description="取得从业资格的日期")
    insured_months: Annotated[Whole, Field(ge=0, le=1000)] | None = Field(
        default=None, description="失业保险累计缴费月数；不申领失业保险基金补贴的不填"
    )
    dispatched_to: Annotated[Text, Field(max_length=50)] = Field(
        default="", description="劳务派遣人员的实际用工企业统一社会信用代码；其他人员不填"
    )
    assigned_by: Annotated[RowText, AfterValidator(mask)] = Field(
        default="", description="代为报名的单位；本人或培训机构报名的不填"
    )
    consented_on: Day | None = Field(default=None, description="本人同意代为报名的日期")

    def to_facts(self) -> PersonalFacts:
        """Give what is stated as the domain takes it."""
        return PersonalFacts(
            group_kind=self.group_kind,
            evidence_from=self.evidence_from,
            evidence_until=self.evidence_until,
            source=self.source,
            source_record=self.source_record,
            sourced_on=self.sourced_on,
            place_links=tuple(self.place_links),
            pension_from=self.pension_from,
            release_on=self.release_on,
            graduation_year=self.graduation_year,
            employed_since=self.employed_since,
            qualification_number=self.qualification_number,
            qualified_on=self.qualified_on,
            insured_months=self.insured_months,
            dispatched_to=cleaned(self.dispatched_to),
            assigned_by=self.assigned_by,
            consented_on=self.consented_on,
        )
