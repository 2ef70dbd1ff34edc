"""A class of another jurisdiction as data: the sample institution and plan, judged by the rulebook of that region."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.enrollment.domain.institution import Institution
from services.enrollment.domain.plan import ClassPlan, PlanFacts, judge_plan
from shared.policy.decision import Finding
from shared.policy.rulebook import Rulebook
from tests.enrollment import sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One jurisdiction: its region, an opening date, and the attributes with which its sample class meets no objection.

    The fields of `plan` and `facts` are those in which its sample differs from Jiyuan's.
    """

    region: str
    opening: date
    training_type: str
    attributes: Mapping[str, str]

    def book(self) -> Rulebook:
        return sample.shelf().in_force(self.region, self.opening)

    def institution(self, kind: str = "private_school", **given: object) -> Institution:
        return sample.institution(kind, region=self.region, annual_inspections=(), **given)

    def plan(
        self, *, without: tuple[str, ...] = (), stated: Mapping[str, str] | None = None, **given: object
    ) -> ClassPlan:
        """Give the sample class; `stated` are further attributes, those in `without` are left out."""
        opening = given.pop("opening", self.opening)
        assert isinstance(opening, date)
        attributes = {code: value for code, value in self.attributes.items() if code not in without}
        proper = sample.plan(opening, training_type=self.training_type, attributes={**attributes, **(stated or {})})
        return replace(proper, **given)  # type: ignore[arg-type]

    def facts(self, **given: object) -> PlanFacts:
        known = {
            "institution": self.institution(),
            "entries": (sample.entry(valid_from=date(2019, 1, 1)),),
            "occupation": replace(sample.occupation(), region=self.region),
        }
        return sample.facts(**(known | given))

    def judged(self, plan: ClassPlan | None = None, **facts: object) -> tuple[Finding, ...]:
        return judge_plan(plan or self.plan(), self.facts(**facts), self.book())


HULUDAO = Place(region="211402", opening=date(2020, 3, 2), training_type="free_group_training", attributes={})
LINSHU = Place(region="371329", opening=date(2020, 9, 1), training_type="key_group_training", attributes={})
