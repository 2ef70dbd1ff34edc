"""What the environment must say for supervision."""

from typing import Literal

from shared.settings import ServiceSettings


class SupervisionSettings(ServiceSettings):
    """Settings of this service: `PEIBU_SUPERVISION_<NAME>`, else `PEIBU_<NAME>`."""

    service: Literal["supervision"] = "supervision"
