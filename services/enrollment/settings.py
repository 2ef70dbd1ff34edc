"""What the environment must say to enrollment."""

from shared.settings import ServiceSettings


class EnrollmentSettings(ServiceSettings):
    """Settings of enrollment: those every service has."""

    service: str = "enrollment"
