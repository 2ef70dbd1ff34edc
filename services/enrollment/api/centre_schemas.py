"""What the addresses of training centres and of basic conditions take and give."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from services.enrollment.api.schemas import Body, Code, Day, ShortText, Truth
from services.enrollment.domain.centre import ApplicationState, ConditionFinding, ListingApplication
from shared.domain.masking import masked_name

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="文件内容的 SHA-256，小写十六进制")]
_DIGEST = "0" * 64


class AttachmentBody(Body):
    """A document handed in: which one, where it is kept, and the digest of its content."""

    slot: Code
    reference: ShortText
    sha256: Sha256


class ListingApplicationBody(Body):
    """A training centre's application to be listed, with its proofs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "attachments": [
                        {"slot": slot, "reference": f"档案-{slot}", "sha256": _DIGEST}
                        for slot in ("establishment", "venue", "teachers", "equipment", "teaching_materials")
                    ]
                }
            ]
        }
    )

    attachments: Annotated[list[AttachmentBody], Field(max_length=50)]


class ExpertBody(Body):
    """Somebody who assessed the centre on site; the name is kept sealed and shown masked."""

    name: ShortText
    organisation: ShortText
    title: ShortText


class AssessmentBody(Body):
    """The experts' assessment on site and the document that shows it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "passed": True,
                    "assessed_on": "2021-05-08",
                    "experts": [{"name": "赵示例", "organisation": "示例学院", "title": "教授"}],
                    "reference": "评估-1",
                    "sha256": _DIGEST,
                }
            ]
        }
    )

    passed: Truth
    assessed_on: Day
    experts: Annotated[list[ExpertBody], Field(max_length=50)]
    reference: ShortText
    sha256: Sha256


class ReplyBody(Body):
    """The bureau's written reply."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "批复〔2021〕3号", "replied_on": "2021-05-10", "approved": True}]}
    )

    number: ShortText
    replied_on: Day
    approved: Truth


class ExpertAnswer(BaseModel):
    """Somebody who assessed the centre on site."""

    masked_name: str
    organisation: str
    title: str


class AttachmentAnswer(BaseModel):
    """A document handed in."""

    slot: str
    reference: str
    sha256: str


class AssessmentAnswer(BaseModel):
    """The experts' assessment on site."""

    passed: bool
    assessed_on: date
    experts: list[ExpertAnswer]
    reference: str
    sha256: str
    recorded_by: str


class ReplyAnswer(BaseModel):
    """The bureau's written reply."""

    number: str
    replied_on: date
    approved: bool
    recorded_by: str


class ListingApplicationAnswer(BaseModel):
    """An application to be listed and what followed."""

    application_id: str
    institution_id: str
    state: ApplicationState
    applied_on: date
    applied_by: str
    attachments: list[AttachmentAnswer]
    assessment: AssessmentAnswer | None
    reply: ReplyAnswer | None
    version: int

    @classmethod
    def of(cls, found: ListingApplication) -> Self:
        """Give the application as answers show it."""
        assessment = None
        if found.assessment is not None:
            experts = [
                ExpertAnswer(masked_name=masked_name(one.name), organisation=one.organisation, title=one.title)
                for one in found.assessment.experts
            ]
            assessment = AssessmentAnswer(**{**asdict(found.assessment), "experts": experts})
        return cls(
            application_id=found.application_id,
            institution_id=found.institution_id,
            state=found.state,
            applied_on=found.applied_on,
            applied_by=found.applied_by,
            attachments=[AttachmentAnswer(**asdict(one)) for one in found.attachments],
            assessment=assessment,
            reply=ReplyAnswer(**asdict(found.reply)) if found.reply else None,
            version=found.version,
        )


class ListingApplicationPage(BaseModel):
    """A page of applications; `next` is the cursor of the next page, null on the last."""

    items: list[ListingApplicationAnswer]
    next: str | None


class ConditionBody(Body):
    """Whether a basic condition was found met for an occupation, and what shows it."""

    occupation: Code
    condition: Code
    met: Truth
    found_on: Day
    evidence: ShortText


class ConditionsBody(Body):
    """What was found about a centre's basic conditions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "findings": [
                        {
                            "occupation": "6-18-02-04",
                            "condition": "venue",
                            "met": True,
                            "found_on": "2021-05-08",
                            "evidence": "核查-1",
                        }
                    ]
                }
            ]
        }
    )

    findings: Annotated[list[ConditionBody], Field(min_length=1, max_length=300)]


class ConditionAnswer(BaseModel):
    """One recorded finding; the last one of an occupation's condition holds."""

    occupation: str
    condition: str
    met: bool
    found_on: date
    evidence: str
    recorded_by: str

    @classmethod
    def of(cls, finding: ConditionFinding) -> Self:
        """Give the finding as answers show it."""
        return cls(**asdict(finding))


class ConditionsAnswer(BaseModel):
    """Everything found about the centre's basic conditions, oldest first."""

    items: list[ConditionAnswer]
