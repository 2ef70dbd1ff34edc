"""What the environment must say to payment."""

from typing import Literal

from shared.settings import ServiceSettings


class PaymentSettings(ServiceSettings):
    """Settings of this service: `PEIBU_PAYMENT_<NAME>`, else `PEIBU_<NAME>`."""

    service: Literal["payment"] = "payment"
