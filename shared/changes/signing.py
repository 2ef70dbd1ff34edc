"""Secrets and signatures of webhooks, as the Standard Webhooks specification writes them."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Give a fresh secret: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: bytes, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Give the three headers of a message, signed with every secret that is valid, the newest first."""
    text = body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, text) for secret in secrets),
    }


def sealing_purpose(webhook_id: str) -> str:
    """Give the purpose under which a webhook's secrets are sealed, so that none opens in another's row."""
    return f"webhook.secret:{webhook_id}"
