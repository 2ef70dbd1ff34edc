"""Linshu 2020 on paper: conditions found, filing, directories, eight topics.

A social institution is found to have teachers, equipment and a venue, and is filed (LS-INS-01); its occupation stands
in one of the first two directories (LS-INS-05). Eight topics run through every course (LS-ENR-09).
"""

from typing import Final

from peibu.demo.party import Json
from peibu.trial.parts import Part
from shared.policy.case_file import People
from tests.cases.paperwork.desk import record, topics
from tests.cases.refusing import Refused, switched_off
from tests.cases.story import Admit, CaseStory

CONDITIONS: Final = ("teachers", "equipment", "venue")
TOPICS: Final = ("ethics", "norms", "craftsmanship", "quality", "safety", "law", "health", "career")
OFF: Final = switched_off(
    Refused(code="FEATURE_OFF", rule="LS-PAY-03", clause="全文"),
    "class_size",
    "attendance",
    "notice",
    "review_limit",
    "video",
    "satisfaction",
)


def unprepared(story: CaseStory, part: Part) -> list[Refused]:
    """Give what refuses an application before conditions are found and anything is filed or listed."""
    return [
        Refused(code="CONDITIONS_NOT_SHOWN", rule="LS-INS-01", clause="三(三)"),
        Refused(code="NOT_FILED", rule="LS-INS-01", clause="三(三)"),
        Refused(code="OCCUPATION_NOT_LISTED", rule="LS-INS-05", clause="附件"),
    ]


def wrong_rows(story: CaseStory, part: Part) -> list[tuple[Json, Refused]]:
    """Give the row of a poor worker who pays."""
    fee = Refused(code="FEE_CHARGED", rule="LS-CLM-03", clause="二(三)")
    return [({"fee_fen": 20_00}, fee)] if part.case.person[0].group == "poor_worker" else []


async def prepare(story: CaseStory, admit: Admit) -> None:
    """Find the conditions met, file the institution, list the occupations."""
    found_on = story.begins.isoformat()
    for occupation in story.occupations.values():
        met = {"occupation": occupation, "met": True, "found_on": found_on, "evidence": "现场核查表"}
        await story.cast.inspector.post(
            f"/enrollment/v1/institutions/{story.cast.institution_id}/conditions",
            {"findings": [{"condition": condition, **met} for condition in CONDITIONS]},
            key=story.key(f"conditions-{occupation}"),
        )
        listed = {"occupation": occupation, "occupation_name": story.case.case, "listed_from": found_on}
        await record(story, "directory_item", {"directory": "general", **listed})
    await record(story, "filing", {"filing_number": "示例备〔2020〕1号", "filed_on": found_on}, own=True)


def application_of(story: CaseStory, part: Part) -> Json:
    """Give the hours of the eight topics."""
    return {"attributes": topics(*TOPICS)}


def row_of(story: CaseStory, part: Part, people: People) -> Json:
    """Nothing besides what the case says."""
    return {}
