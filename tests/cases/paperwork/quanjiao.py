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
from tests.cases.refusing import Refused, switched_off
from tests.cases.story import Admit, CaseStory

YEAR: Final = 2020
SCHOOL: Final = "training_institution"
"""The kind of institution that trains other than its own people."""
OFF: Final = switched_off(
    Refused(code="FEATURE_OFF", rule="QJ-PAY-03", clause="全文"),
    "class_size",
    "notice",
    "review_limit",
    "advance",
    "opening_attendance",
    "satisfaction",
    "exit",
)
WRONG_ACCOUNTS: Final = {"bank_card": Refused(code="ACCOUNT_KIND", rule="QJ-PAY-01", clause="四(一)")}
FREE: Final = ("poor_worker", "school_leaver", "employment_difficult")
"""The free groups of which the cases tell."""


def trains_its_own(case: Case) -> bool:
    """Say whether an enterprise gives the class: whoever is employed is trained by the employer (QJ-CLM-03)."""
    return all(people.group == "employee" for people in case.person)


def unprepared(story: CaseStory, part: Part) -> list[Refused]:
    """Give what refuses an application before the occupation is listed; of pre-job training a person decides."""
    decided = part.programme == "pre_job"
    return [] if decided else [Refused(code="OCCUPATION_NOT_LISTED", rule="QJ-INS-03", clause="二(三)")]


def wrong_rows(story: CaseStory, part: Part) -> list[tuple[Json, Refused]]:
    """Give a row of somebody trained outside the province, and one of somebody free of charge who pays."""
    outside = Refused(code="OUTSIDE_PROVINCE", rule="QJ-ENR-07", clause="三")
    fee = Refused(code="FEE_CHARGED", rule="QJ-ENR-06", clause="二(二)第1段")
    charged: list[tuple[Json, Refused]] = [({"fee_fen": 20_00}, fee)]
    wrong: list[tuple[Json, Refused]] = [({"place_links": ["outside_province"]}, outside)]
    return wrong + (charged if part.case.person[0].group in FREE else [])


async def prepare(story: CaseStory, admit: Admit) -> None:
    """List the occupations, plan the enterprise's year, rate the institution."""
    for occupation in story.occupations.values():
        listed = {"list_number": "示例清单〔2020〕1号", "listed_from": f"{YEAR}-01-01"}
        await record(story, "occupation_directory", {"occupation": occupation, **listed})
        if story.trains_its_own:
            planned: dict[str, str | int] = {
                "year": YEAR,
                "month": 6,
                "starts_on": f"{YEAR}-01-01",
                "ends_on": f"{YEAR}-12-31",
            }
            heads: dict[str, str | int] = {"occupation": occupation, "participants": story.case.planned}
            await record(story, "enterprise_plan", {**planned, **heads}, own=True)
    rate = {"region": story.case.region, "programme": "free_group_training", "amount_fen": 1_000_00}
    since = {"valid_from": f"{YEAR}-01-01", "source": "示例标准（文件未载明补贴标准）"}
    await story.cast.finance.post("/payment/v1/rates", {**rate, **since}, key=f"rate-{story.case.region}")
    rating: dict[str, str | int] = {
        "year": YEAR,
        "grade": "a",
        "points": 100,
        "reason": "示例评定",
        "rated_on": "2020-05-16",
    }
    await record(story, "credit_rating", rating, own=True)


def application_of(story: CaseStory, part: Part) -> Json:
    """Give where people work who are trained by working."""
    if part.case.kind != "work_for_training":
        return {}
    return {"attributes": {"employer_credit_code": story.employer_code}}


def row_of(story: CaseStory, part: Part, people: People) -> Json:
    """Give since when somebody in pre-job training is hired, of whatever group (QJ-CLM-01)."""
    opening = story.openings[story.parts.index(part)]
    return {"employed_since": opening.isoformat()} if part.programme == "pre_job" else {}
