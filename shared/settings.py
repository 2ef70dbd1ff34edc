"""What the environment must say: settings with safe defaults, and secrets that have none.

Every setting is `PEIBU_<NAME>`; `PEIBU_<SERVICE>_<NAME>` overrides it for one service alone. A secret is looked for
in `PEIBU_<NAME>`, then in the file that `PEIBU_<NAME>_FILE` names, then in `HOME/secrets/<name>`.
"""

import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from shared.database.encryption import KEY_BYTES, BadKey, Vault, parse_keys
from shared.messaging.kafka_settings import KafkaSettings

PREFIX: Final = "PEIBU_"
DATA_KEY: Final = "data_key"
LOOKUP_KEY: Final = "lookup_key"
PAYEE_CHECK_KEY: Final = "payee_check_key"
KAFKA_PASSWORD: Final = "kafka_password"  # noqa: S105 the name of the secret
KEYS: Final = (DATA_KEY, LOOKUP_KEY, PAYEE_CHECK_KEY)
"""The secrets `init_home` makes: each a file of keys of 64 hex digits, oldest first, the last one in use; the look-up
key is one for ever."""


class SettingsError(Exception):
    """The environment is incomplete or unsafe; the text says what to do and repeats no secret."""


class _OwnOnly(EnvSettingsSource):
    """The variables common to all services, without those that only make sense for one."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        if values.pop("database", None):
            raise SettingsError(
                "PEIBU_DATABASE would give every service the same database; "
                "set one for each service, for example PEIBU_PAYMENT_DATABASE"
            )
        values.pop("service", None)
        return values


class ServiceSettings(BaseSettings):
    """Settings of one service; a service's own `settings.py` may subclass it and default `service`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    service: str = Field(pattern=r"^[a-z][a-z_]*$")
    home: Path = Path(".peibu")
    database: str | None = Field(default=None, repr=False)
    """SQLAlchemy URL; a PostgreSQL password may stand in the file that PGPASSFILE names instead."""
    kafka: str | None = None
    """Bootstrap servers; without them events go through the embedded log under `home`."""
    kafka_session_seconds: float = Field(default=10.0, gt=0)
    """After so long without a sign of life a consumer's partitions are given to others, its own successor included."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ca_file: Path | None = None
    """The authority that signed the brokers' certificates; without it the machine's own."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    """Who signs in to the brokers, with the secret `kafka_password`."""
    kafka_create_topics: bool = True
    """False where topics are made by the brokers' operators; they are checked all the same."""
    kafka_replication_factor: int = Field(default=-1, ge=-1)
    """Of the topics made here; -1 takes the brokers' default."""
    rulebooks: Path = Path(__file__).parent / "policy" / "rulebooks"
    issuer: str | None = None
    """The `iss` of accepted tokens; without it the built-in issuer's."""
    jwks_url: str | None = None
    sandbox: bool = False
    sandbox_offset: int = 0
    """Seconds by which a new sandbox's legal time begins ahead of the machine's (or, negative, behind it)."""
    webhook_hosts: str = ""
    """Hosts that webhooks may be sent to, separated by blanks or commas; `*.example.cn` allows every host below it.

    Without any, none is allowed; in a sandbox, every one.
    """
    province_url: str | None = None
    """Where the provincial gateway answers; without it nothing is pushed. Its secret is `province_token`."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses and networks, separated by commas, that are believed when they name another caller in
    `X-Forwarded-For`; callers without a token are counted by address."""
    worker_port: int = Field(default=8100, ge=0, le=65535)
    """Health and metrics of the background process."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the service's own variables, and those over the common ones."""
        given = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        service = given.get("service", cls.model_fields["service"].default)
        common = _OwnOnly(settings_cls)
        if not isinstance(service, str):
            return init_settings, common
        return init_settings, EnvSettingsSource(settings_cls, env_prefix=f"{PREFIX}{service.upper()}_"), common

    @field_validator(
        *("kafka", "kafka_username", "kafka_ca_file", "database", "issuer", "jwks_url", "province_url"), mode="before"
    )
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.issuer is None) != (self.jwks_url is None):
            raise ValueError("set PEIBU_ISSUER and PEIBU_JWKS_URL together, or neither for the built-in issuer")
        if self.kafka_security_protocol.startswith("SASL") != (self.kafka_username is not None):
            raise ValueError("PEIBU_KAFKA_USERNAME belongs to PEIBU_KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT")
        if self.sandbox_offset and not self.sandbox:
            raise ValueError("PEIBU_SANDBOX_OFFSET needs PEIBU_SANDBOX=true; real legal time does not move")
        return self

    @property
    def database_url(self) -> str:
        """Give the service's database: the one set, or a SQLite file of its own under `home`."""
        return self.database or f"sqlite+aiosqlite:///{self.home.absolute() / self.service}.sqlite"

    def secret(self, name: str) -> str:
        """Give a secret's text; raise SettingsError naming it and what to do when it is missing or readable by others.

        Only a file under `home` must belong to its owner alone; containers mount theirs with modes of their own.
        """
        return read_secret(name, self.home)

    def kafka_connection(self) -> KafkaSettings | None:
        """Say how to reach the brokers, or None for the embedded log."""
        if self.kafka is None:
            return None
        return KafkaSettings(
            bootstrap=self.kafka,
            session_seconds=self.kafka_session_seconds,
            create_topics=self.kafka_create_topics,
            replication_factor=self.kafka_replication_factor,
            security_protocol=self.kafka_security_protocol,
            ca_file=self.kafka_ca_file,
            sasl_mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username,
            password=self.secret(KAFKA_PASSWORD) if self.kafka_username else None,
        )

    def vault(self) -> Vault:
        """Give the vault of this deployment's data and look-up keys."""
        data_keys, lookup_keys = self._keys(DATA_KEY), self._keys(LOOKUP_KEY)
        if len(lookup_keys) > 1:  # whoever was found by the first would be taken for somebody new
            raise SettingsError(
                f"the secret {LOOKUP_KEY} holds {len(lookup_keys)} keys; it cannot be rotated, keep one"
            )
        return Vault(data_keys, lookup_keys[0])

    def payee_check_keys(self) -> tuple[bytes, ...]:
        """Give the keys that enrollment and payment share for `payee_check`, oldest first.

        The last one makes new checks; a check names the key that made it, so every earlier one stays for the classes
        that were opened under it. A new key is appended for payment before it is for enrollment.
        """
        return self._keys(PAYEE_CHECK_KEY)

    def _keys(self, name: str) -> tuple[bytes, ...]:
        try:
            return parse_keys(self.secret(name))
        except BadKey as error:
            raise SettingsError(f"the secret {name} is unusable: {error}") from None


def read_secret(name: str, home: Path) -> str:
    """Give a secret's text from the environment or `home`; raise SettingsError when it is missing or unsafe."""
    variable = PREFIX + name.upper()
    if text := os.environ.get(variable, "").strip():
        return text
    if named := os.environ.get(f"{variable}_FILE"):
        return _read(name, Path(named))
    path = home / "secrets" / name
    if path.is_file() and path.stat().st_mode & 0o077:
        raise SettingsError(f"the secret {name} may be read by others; run: chmod 600 {path}")
    return _read(name, path)


def _read(name: str, path: Path) -> str:
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        variable = PREFIX + name.upper()
        raise SettingsError(
            f"the secret {name} is missing: run `peibu init` to make one in {path.parent}, or set {variable} or "
            f"{variable}_FILE"
        ) from None
    except OSError as error:
        raise SettingsError(f"the secret {name} cannot be read from {path}: {error.strerror}") from None
    if not text:
        raise SettingsError(f"the secret {name} is empty: {path}")
    return text


def init_home(home: Path, names: Iterable[str] = KEYS) -> list[str]:
    """Make the secrets that are missing under `home` (mode 0600 in a 0700 folder) and give the names of those made.

    An existing secret is never overwritten, even when two of these run at once.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)  # databases and logs are nobody else's business either
    folder = home / "secrets"
    folder.mkdir(exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return [name for name in names if write_secret(folder / name, secrets.token_hex(KEY_BYTES))]


def write_secret(path: Path, text: str) -> bool:
    """Write a secret whole or not at all, readable by its owner alone; give False when one already stands there."""
    if path.exists():
        return False
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")  # mkstemp opens with mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, a link refuses to replace
        _sync(path.parent)  # a name that a power cut takes away would take what was sealed under the key with it
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
