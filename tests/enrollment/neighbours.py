"""Classes of the other documents as data: an invented institution and plan, judged by the packaged rulebooks."""

from dataclasses import replace
from datetime import date

from peibu.demo.people import sample_credit_code
from services.enrollment.domain.institution import DirectoryEntry
from services.enrollment.domain.plan import ClassPlan, PlanFacts, judge_plan
from shared.policy.decision import Finding, Severity
from shared.policy.rulebook import Rulebook
from tests.enrollment.sample import facts, institution, occupation, plan, shelf


class Neighbour:
    """One document's region, a day in its season, and what an unobjectionable class of it says."""

    def __init__(
        self,
        region: str,
        opening: date,
        *,
        training_type: str,
        kind: str,
        attributes: dict[str, str] | None = None,
        listed: tuple[str, ...] = (),
    ) -> None:
        self.region = region
        self.opening = opening
        self.training_type = training_type
        self.kind = kind
        self.attributes = attributes or {}
        self.listed = listed

    def book(self) -> Rulebook:
        return shelf().in_force(self.region, self.opening)

    def plan(self, opening: date | None = None, **given: object) -> ClassPlan:
        own = {"training_type": self.training_type, "funding_source": "employment_subsidy_fund", **given}
        own["attributes"] = {**self.attributes, **given.get("attributes", {})}
        return plan(opening or self.opening, **own)

    def facts(self, *, kind: str | None = None, **given: object) -> PlanFacts:
        """Give what is known of a listed institution; every register it needs names it since long."""
        sample = facts(
            institution=institution(kind or self.kind, region=self.region, annual_inspections=()),
            entries=(
                DirectoryEntry(
                    entry_id="entry", valid_from=date(2019, 1, 1), valid_to=None, occupations=(occupation().code,)
                ),
            ),
            fitting=dict.fromkeys(self.listed, ({},)),
        )
        if "fitting" in given:
            given["fitting"] = {**sample.fitting, **given["fitting"]}
        return replace(sample, **given)

    def judged(self, given: ClassPlan | None = None, known: PlanFacts | None = None) -> tuple[Finding, ...]:
        return judge_plan(given or self.plan(), known or self.facts(), self.book())

    def objections(self, given: ClassPlan | None = None, known: PlanFacts | None = None) -> list[tuple[str, str, str]]:
        """Give code, rule and severity of what stops or asks."""
        return [
            (one.code, one.rule, str(one.severity))
            for one in self.judged(given, known)
            if one.severity is not Severity.WARN
        ]


HEBEI = Neighbour(
    "130100",
    date(2024, 6, 3),
    training_type="employment_skills",
    kind="private_school",
    attributes={"evaluation_body": sample_credit_code(4), "evaluation_on": "2024-06-20"},
    listed=("NOT_PUBLISHED", "OCCUPATION_NOT_LISTED"),
)
QUANJIAO = Neighbour(
    "341124",
    date(2020, 6, 1),
    training_type="upskilling",
    kind="enterprise",
    listed=("RATING_MISSING", "OCCUPATION_NOT_LISTED", "NOT_IN_ENTERPRISE_PLAN"),
)
