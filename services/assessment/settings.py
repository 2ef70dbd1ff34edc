"""What the environment must say for assessment."""

from shared.settings import ServiceSettings


class AssessmentSettings(ServiceSettings):
    """Settings of this service: `PEIBU_ASSESSMENT_<NAME>`, else `PEIBU_<NAME>`."""

    service: str = "assessment"
