"""How to reach Kafka; kept apart from the client, so that reading settings does not load it."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """How to reach the brokers and how long to wait for them.

    `create_topics=False` only checks them. `replication_factor=-1` takes the brokers' default. With a `username` the
    client authenticates by `sasl_mechanism`; `ca_file` is the authority that signed the brokers' certificates.
    """

    bootstrap: str
    client_id: str = "peibu"
    create_topics: bool = True
    replication_factor: int = -1
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    send_seconds: float = 10.0
    request_seconds: float = 5.0
    join_seconds: float = 30.0
    session_seconds: float = 10.0
    stop_seconds: float = 5.0

    def client(self) -> dict[str, Any]:
        """Give the arguments that every aiokafka client takes."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "metadata_max_age_ms": 60_000,
            "retry_backoff_ms": 250,
        }
        if self.security_protocol in {"SSL", "SASL_SSL"}:
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if self.username is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options
