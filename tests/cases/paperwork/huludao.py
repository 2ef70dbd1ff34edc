"""Huludao 2019 on paper: the guide directory, licence, agreement, the enterprise's plan, bodies on a list, the tender.

The occupation stands in the guide directory (HL-INS-01), within the institution's licence (HL-INS-06) and agreement
with the bureau (HL-INS-08); an enterprise that trains its own staff needs neither. Eight topics run through every
course (HL-ENR-16). Who examines stands on a list (HL-ASM-04).
"""

from datetime import date
from typing import Final

from peibu.demo.party import Json
from peibu.trial.parts import Part
from shared.policy.case_file import People
from tests.cases.paperwork.desk import list_bodies, record, topics
from tests.cases.refusing import Refused, switched_off
from tests.cases.story import Admit, CaseStory

LISTED: Final = date(2019, 8, 1)
LAST: Final = date(2021, 12, 31)
TOPICS: Final = ("ethics", "norms", "craftsmanship", "quality", "law", "fire_safety", "career", "entrepreneurship")
OFF: Final = switched_off(
    Refused(code="FEATURE_OFF", rule="HL-QUA-04", clause="全文"),
    "class_size",
    "attendance",
    "satisfaction",
    "video",
    "online_share",
    "review_limit",
)


def unprepared(story: CaseStory, part: Part) -> list[Refused]:
    """Give what refuses an application before anything is listed, licensed or agreed."""
    if part.case.kind == "work_for_training":
        return []
    unlisted = Refused(code="OCCUPATION_NOT_LISTED", rule="HL-INS-01", clause="五(十四)")
    of_schools = [
        Refused(code="OUT_OF_LICENCE", rule="HL-INS-06", clause="三(四)"),
        Refused(code="NO_AGREEMENT", rule="HL-INS-08", clause="二(一)5、三(五)"),
    ]
    costs = [Refused(code="COST_REQUIRED", rule="HL-ENR-03", clause="二(一)3")] if _changes_jobs(story) else []
    return [unlisted, *costs] if story.trains_its_own else [unlisted, *of_schools]


def _changes_jobs(story: CaseStory) -> bool:
    order = story.book.payment.funding_order
    return order is not None and any(part.programme in order.programmes for part in story.parts)


async def prepare(story: CaseStory, admit: Admit) -> None:
    """List the occupations, license the institution and sign with it, list the bodies."""
    for occupation in story.occupations.values():
        listed = {"occupation": occupation, "occupation_name": story.case.case, "listed_from": LISTED.isoformat()}
        await record(story, "guide_directory", listed)
        if not story.trains_its_own:
            licence = {"licence_number": "示例办学1号", "licensed_from": LISTED.isoformat()}
            await record(story, "licence", {"occupation": occupation, **licence}, own=True)
    if not story.trains_its_own:
        agreed = {"agreed_from": LISTED.isoformat(), "agreed_to": LAST.isoformat()}
        signed = {"agreement_number": "示例协议1号", "department": "示例人社局"}
        await record(story, "training_agreement", {**signed, **agreed}, own=True)
    if _changes_jobs(story):
        profile = {"enterprise_code": story.employer_code, "enterprise_name": story.enterprise_name}
        struggling = {"struggling": True, "struggling_evidence": "示例认定1号", "struggling_until": LAST.isoformat()}
        await record(story, "enterprise_profile", {**profile, **struggling})
    approver = story.cast.approver
    await list_bodies(story, "selected", region=story.case.region, by=approver, since=LISTED, until=LAST)


def application_of(story: CaseStory, part: Part) -> Json:
    """Give the hours of the eight topics."""
    return {"attributes": topics(*TOPICS)}


def row_of(story: CaseStory, part: Part, people: People) -> Json:
    """Nothing besides what the case says."""
    return {}
