"""A class of another jurisdiction as data: the sample institution and plan, judged by the rulebook of that region."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.centre import ConditionFinding
from services.enrollment.domain.class_record import Found
from services.enrollment.domain.institution import Institution
from services.enrollment.domain.plan import ClassPlan, PlanFacts, judge_plan
from services.enrollment.domain.register import RegisterEntry, Value, Values, judge_checks, read_values
from services.enrollment.domain.register_report import RegisterReport, ReportFacts, report
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from shared.policy.terms.register import Register
from tests.enrollment import sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One jurisdiction: its region, an opening date, and with which attributes and records its class is in order."""

    region: str
    opening: date
    training_type: str
    attributes: Mapping[str, str]
    records: Found
    conditions: tuple[ConditionFinding, ...] = ()
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
        stating = {**attributes, **(stated or {})}
        proper = sample.plan(
            opening, training_type=self.training_type, attributes=stating, funding_source="employment_subsidy_fund"
        )
        return replace(proper, **given)  # type: ignore[arg-type]

    def facts(self, **given: object) -> PlanFacts:
        known = {
            "institution": self.institution(),
            "entries": (sample.entry(valid_from=date(2019, 1, 1)),),
            "records": self.records,
            "conditions": self.conditions,
            "occupation": replace(sample.occupation(), region=self.region),
        }
        return sample.facts(**(known | given))

    def instead(self, code: str, *entries: Values) -> Found:
        """Give the records of the sample class with these in place of those under one code."""
        return {**self.records, code: entries}

    def register(self, code: str) -> Register:
        terms = self.book().enrollment.register(code)
        assert terms is not None
        return terms

    def entry(self, code: str, number: int = 1, *, person: str | None = None, **fields: Value) -> RegisterEntry:
        """Give an entry that the register takes as it stands."""
        terms = self.register(code)
        values, findings = read_values(fields, terms)
        assert findings + judge_checks(values, institution_kind=None, terms=terms) == []
        return RegisterEntry(
            entry_id=f"entry-{number}",
            register=code,
            region=self.region,
            institution_id="school" if terms.of_institution else None,
            person_id=person,
            masked_name="赵**" if person else None,
            values=values,
            recorded_on=self.opening,
        )

    def reported(self, code: str, *entries: RegisterEntry, **given: object) -> RegisterReport:
        """Give the register's report over these entries."""
        return report(self.register(code), replace(ReportFacts(entries=entries, as_of=self.opening), **given))  # type: ignore[arg-type]

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
LINSHU = Place(
    region="371329",
    opening=date(2020, 9, 1),
    training_type="key_group_training",
    attributes=hours("ethics", "norms", "craftsmanship", "quality", "safety", "law", "health", "career"),
    records={
        "NOT_FILED": ({"filing_number": "沭培备〔2020〕1号", "filed_on": "2020-09-01", "filed_to": None},),
        "OCCUPATION_NOT_LISTED": ({**LISTED, "directory": "general"},),
    },
    conditions=tuple(
        ConditionFinding(
            occupation=sample.WELDER,
            condition=condition,
            met=True,
            found_on=date(2020, 8, 25),
            evidence="现场核查表",
            recorded_by="approver",
        )
        for condition in ("teachers", "equipment", "venue")
    ),
)
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
