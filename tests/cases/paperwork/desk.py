"""Acts that the paperwork of several jurisdictions has in common."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

from peibu.demo.party import Json, Party
from tests.cases.story import CaseStory


async def record(story: CaseStory, register: str, fields: Mapping[str, str | int], *, own: bool = False) -> Json:
    """The bureau writes an entry into a register: of the region, or of the story's institution when it is its `own`."""
    whose = {"institution_id": story.cast.institution_id} if own else {"region": story.case.region}
    digest = sha256(repr(sorted(fields.items())).encode()).hexdigest()[:16]
    return await story.cast.approver.post(
        f"/enrollment/v1/registers/{register}", {"fields": dict(fields), **whose}, key=story.key(f"{register}-{digest}")
    )


async def list_bodies(story: CaseStory, list_code: str, *, region: str, by: Party, since: date, until: date) -> None:
    """An officer of a region puts the story's assessment bodies on its list for the story's occupations."""
    for body_id in (story.cast.body_id, story.cast.bureau_body_id):
        await by.post(
            f"/assessment/v1/bodies/{body_id}/listings",
            {
                "list_code": list_code,
                "region": region,
                "scopes": [{"occupation": occupation} for occupation in story.occupations.values()],
                "valid_from": since.isoformat(),
                "valid_to": until.isoformat(),
                "published_on": since.isoformat(),
                "document": "示例通知",
            },
            key=story.key(f"listing-{list_code}-{body_id}"),
        )


def topics(*names: str) -> dict[str, str]:
    """Give the attributes by which a class states two class hours of each topic."""
    return {f"topic_{name}": "2" for name in names}
