"""Quanjiao 2020 on paper: the province's directory of occupations, the enterprise's plan, the institution's rating.

The directory decides (QJ-INS-03; outside it only pre-job training, by decision, QJ-ENR-03); plan and rating are told
and stop nothing (QJ-ENR-01, QJ-INS-02). A recruit is hired when the class opens (QJ-CLM-01). What free training of the
groups costs the document leaves to a table (QJ-CLM-14).
"""

from typing import Final

from peibu.demo.party import Json
from peibu.trial.parts import Part
from shared.policy.case_file import Case, People
from tests.cases.paperwork.desk import record
from tests.cases.story import Admit, CaseStory

YEAR: Final = 2020
SCHOOL: Final = "training_institution"
"""The kind of institution that trains other than its own people."""


def trains_its_own(case: Case) -> bool:
    """Say whether an enterprise gives the class: whoever is employed is trained by the employer (QJ-CLM-03)."""
    return all(people.group == "employee" for people in case.person)


async def prepare(story: CaseStory, admit: Admit) -> None:
    """List the occupations, plan the enterprise's year, rate the institution."""
    for occupation in story.occupations.values():
        listed = {"list_number": "示例清单〔2020〕1号", "listed_from": f"{YEAR}-01-01"}
        await record(story, "occupation_directory", occupation=occupation, **listed)
        if story.trains_its_own:
            planned = {"year": YEAR, "month": 6, "starts_on": f"{YEAR}-01-01", "ends_on": f"{YEAR}-12-31"}
            heads = {"occupation": occupation, "participants": story.case.planned}
            await record(story, "enterprise_plan", own=True, **planned, **heads)
    rate = {"region": story.case.region, "programme": "free_group_training", "amount_fen": 1_000_00}
    since = {"valid_from": f"{YEAR}-01-01", "source": "示例标准（文件未载明补贴标准）"}
    await story.cast.finance.post("/payment/v1/rates", {**rate, **since}, key=f"rate-{story.case.region}")
    rating = {"year": YEAR, "grade": "a", "points": 100, "reason": "示例评定", "rated_on": "2020-05-16"}
    await record(story, "credit_rating", own=True, **rating)


def application_of(story: CaseStory, part: Part) -> Json:
    """Give where people work who are trained by working."""
    if part.case.kind != "work_for_training":
        return {}
    return {"attributes": {"employer_credit_code": story.employer_code}}


def row_of(story: CaseStory, part: Part, people: People) -> Json:
    """Give since when a recruit is hired, and to whom dispatched staff is sent."""
    opening = story.openings[story.parts.index(part)]
    return {"employed_since": opening.isoformat()} if people.group == "recruit" else {}
