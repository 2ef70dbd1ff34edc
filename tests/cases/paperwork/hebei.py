"""Hebei 2024 on paper: two directories, the published institutions, bodies on two lists, the appointment.

A class needs the occupation in the directory (HB-ENR-05), its institution on the city's published list (HB-INS-01), an
appointment with an assessment body (HB-ENR-06) and hours of safety and fire protection (HB-ENR-11). Who examines stands
on the province's list and on the city's (HB-ASM-01).
"""

from datetime import date
from typing import Final

from peibu.demo.party import Json
from peibu.demo.people import sample_credit_code
from peibu.trial.parts import Part
from shared.policy.case_file import People
from tests.cases.paperwork.desk import list_bodies, record, topics
from tests.cases.refusing import Refused, switched_off
from tests.cases.story import Admit, CaseStory

PROVINCE: Final = "130000"
YEAR: Final = 2024
LISTED: Final = date(2024, 4, 1)
LAST: Final = date(2024, 12, 31)
OFF: Final = switched_off(
    Refused(code="FEATURE_OFF", rule="HB-QUA-04", clause="全文"),
    "class_size",
    "attendance",
    "video",
    "satisfaction",
    "living_allowance",
    "advance",
    "review_limit",
)


def unprepared(story: CaseStory, part: Part) -> list[Refused]:
    """Give what refuses an application before anything is listed, without topics and without an appointment."""
    unlisted = Refused(code="OCCUPATION_NOT_LISTED", rule="HB-ENR-05", clause="四(一)")
    if part.case.kind == "evaluation":
        return [unlisted]
    without_topics = Refused(code="TOPIC_MISSING", rule="HB-ENR-11", clause="五(三)")
    return [unlisted, without_topics, Refused(code="APPOINTMENT_MISSING", rule="HB-ENR-06", clause="四(三)")]


async def prepare(story: CaseStory, admit: Admit) -> None:
    """List the occupations, publish the institution, put the bodies on the province's and the city's list."""
    for occupation in story.occupations.values():
        listed: dict[str, str | int] = {
            "occupation": occupation,
            "urgently_short": False,
            "listed_from": LISTED.isoformat(),
        }
        await record(story, "occupation_directory", listed)
    published = {"list_number": "示例公告〔2024〕1号", "published_on": LISTED.isoformat()}
    await record(story, "published_institution", published, own=True)
    province = (await story.casting.staff(PROVINCE))["approver"]
    for code, region, by in (("province", PROVINCE, province), ("city", story.case.region, story.cast.approver)):
        await list_bodies(story, code, region=region, by=by, since=LISTED, until=LAST)


def application_of(story: CaseStory, part: Part) -> Json:
    """Give the appointment and the hours of the two topics; an evaluation teaches nothing and appoints nobody."""
    if part.case.kind == "evaluation":
        return {}
    day = min(row.issued for row in part.case.certificate)
    appointed = {"evaluation_body": sample_credit_code(2 * story.seed), "evaluation_on": day.isoformat()}
    return {"attributes": {**appointed, **topics("safety", "fire_safety")}}


def row_of(story: CaseStory, part: Part, people: People) -> Json:
    """Give the year in which a graduate graduates."""
    return {"graduation_year": YEAR, "group_kind": "college"} if people.group == "graduate" else {}
