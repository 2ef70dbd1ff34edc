"""A class of another jurisdiction as data: the sample institution and plan, judged by the rulebook of that region."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.class_record import Found
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.plan import ClassPlan, PlanFacts, judge_plan
from services.enrollment.domain.register import Values
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from tests.enrollment import sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One jurisdiction: its region, an opening date, and with which attributes and records its class is in order."""

    region: str
    opening: date
    training_type: str
    attributes: Mapping[str, str]
    records: Found
    kind: str = "private_school"

    def book(self) -> Rulebook:
        return sample.shelf().in_force(self.region, self.opening)

    def institution(self, kind: str | None = None, **given: object) -> Institution:
        return sample.institution(kind or self.kind, region=self.region, annual_inspections=(), **given)

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
            "records": self.records,
            "occupation": replace(sample.occupation(), region=self.region),
        }
        return sample.facts(**(known | given))

    def instead(self, code: str, *entries: Values) -> Found:
        """Give the records of the sample class with these in place of those under one code."""
        return {**self.records, code: entries}

    def judged(self, plan: ClassPlan | None = None, **facts: object) -> tuple[Finding, ...]:
        return judge_plan(plan or self.plan(), self.facts(**facts), self.book())

    def objections(self, plan: ClassPlan | None = None, **facts: object) -> list[tuple[str, str, str]]:
        """Give code, rule and severity of what stops the class or asks a person."""
        found = self.judged(plan, **facts)
        return [(one.code, one.rule, str(one.severity)) for one in found if one.severity is not Severity.WARN]


def hours(*topics: str) -> dict[str, str]:
    """Give the attributes by which a class states two class hours of each topic."""
    return {f"topic_{topic}": "2" for topic in topics}


LISTED = {"occupation": sample.WELDER, "listed_from": "2019-08-01", "listed_to": None}
LICENSED = {"occupation": sample.WELDER, "licensed_from": "2019-01-01", "licensed_to": None}
AGREED = {"agreed_from": "2020-01-01", "agreed_to": "2020-12-31"}

HULUDAO = Place(
    region="211402",
    opening=date(2020, 3, 2),
    training_type="free_group_training",
    attributes=hours(
        *("ethics", "norms", "craftsmanship", "quality", "law", "fire_safety", "career", "entrepreneurship")
    ),
    records={"OCCUPATION_NOT_LISTED": (LISTED,), "OUT_OF_LICENCE": (LICENSED,), "NO_AGREEMENT": (AGREED,)},
)
LINSHU = Place(region="371329", opening=date(2020, 9, 1), training_type="key_group_training", attributes={}, records={})
HEBEI = Place(
    region="130100",
    opening=date(2024, 6, 3),
    training_type="employment_skills",
    attributes={
        "evaluation_body": sample_credit_code(4),
        "evaluation_on": "2024-06-20",
        **hours("safety", "fire_safety"),
    },
    records={
        "NOT_PUBLISHED": ({"published_on": "2024-05-15"},),
        "OCCUPATION_NOT_LISTED": ({"occupation": sample.WELDER, "listed_from": "2024-01-01"},),
    },
)
QUANJIAO = Place(
    region="341124",
    opening=date(2020, 6, 1),
    training_type="upskilling",
    attributes={},
    records={
        "RATING_MISSING": ({"grade": None, "rated_on": "2020-01-01"},),
        "OCCUPATION_NOT_LISTED": (LISTED,),
        "NOT_IN_ENTERPRISE_PLAN": ({"occupation": sample.WELDER, "starts_on": "2020-01-01", "ends_on": "2021-12-31"},),
    },
    kind="enterprise",
)
