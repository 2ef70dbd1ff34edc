import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import KEYS, ServiceSettings, SettingsError, init_home, read_secret


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PEIBU_")]:
        monkeypatch.delenv(name)


class PaymentSettings(ServiceSettings):
    service: str = "payment"


def test_without_a_word_from_the_environment_a_service_uses_its_own_file_under_home(tmp_path: Path) -> None:
    settings = ServiceSettings(service="enrollment", home=tmp_path)
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/enrollment.sqlite"
    assert settings.kafka is None
    assert not settings.sandbox
    assert settings.rulebooks.is_dir()


def test_a_services_own_variable_wins_over_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_PAYMENT_DATABASE", "postgresql+asyncpg://peibu:hidden@db/payment")
    monkeypatch.setenv("PEIBU_HTTP_PORT", "8001")
    monkeypatch.setenv("PEIBU_PAYMENT_HTTP_PORT", "8002")
    monkeypatch.setenv("PEIBU_KAFKA", "broker:9092")
    payment, enrollment = PaymentSettings(), ServiceSettings(service="enrollment")
    assert payment.database_url == "postgresql+asyncpg://peibu:hidden@db/payment"
    assert "hidden" not in repr(payment)
    assert (payment.http_port, enrollment.http_port) == (8002, 8001)
    assert (payment.kafka, enrollment.kafka) == ("broker:9092", "broker:9092")
    assert enrollment.database is None
    assert PaymentSettings(http_port=8003).http_port == 8003


def test_one_database_for_all_services_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_DATABASE", "sqlite+aiosqlite:///x.sqlite")
    with pytest.raises(SettingsError, match="PEIBU_PAYMENT_DATABASE"):
        PaymentSettings()


def test_a_blank_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_DATABASE", "")
    monkeypatch.setenv("PEIBU_KAFKA", "")
    assert (PaymentSettings().database, PaymentSettings().kafka) == (None, None)


def test_an_offset_without_sandbox_and_an_issuer_without_keys_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_SANDBOX_OFFSET", "86400")
    with pytest.raises(ValidationError, match="PEIBU_SANDBOX=true"):
        PaymentSettings()
    monkeypatch.setenv("PEIBU_SANDBOX", "true")
    assert PaymentSettings().sandbox_offset == 86400
    with pytest.raises(ValidationError, match="PEIBU_JWKS_URL"):
        PaymentSettings(issuer="https://login.example")


def test_a_bureaus_own_brokers_are_reached_with_tls_and_a_password_that_is_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ServiceSettings(service="payment").kafka_connection() is None
    for name, value in {
        "KAFKA": "broker:9093",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_USERNAME": "peibu",
        "KAFKA_CREATE_TOPICS": "false",
        "KAFKA_REPLICATION_FACTOR": "3",
    }.items():
        monkeypatch.setenv(f"PEIBU_{name}", value)
    settings = ServiceSettings(service="payment", home=tmp_path)
    with pytest.raises(SettingsError, match="kafka_password"):
        settings.kafka_connection()
    monkeypatch.setenv("PEIBU_KAFKA_PASSWORD", "never shown")
    connection = settings.kafka_connection()
    assert connection is not None
    client = connection.client()
    assert (client["sasl_plain_username"], client["sasl_plain_password"]) == ("peibu", "never shown")
    assert client["ssl_context"].check_hostname
    assert (connection.create_topics, connection.replication_factor) == (False, 3)
    assert "never shown" not in repr(connection)
    monkeypatch.delenv("PEIBU_KAFKA_USERNAME")
    with pytest.raises(ValidationError, match="PEIBU_KAFKA_USERNAME"):
        ServiceSettings(service="payment")


def test_initialising_makes_every_secret_once_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert init_home(home) == list(KEYS)
    folder = home / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(before) == set(KEYS)
    assert len(set(before.values())) == len(KEYS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    (folder / "lookup_key").unlink()
    assert init_home(home) == ["lookup_key"]
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert {name for name in KEYS if after[name] != before[name]} == {"lookup_key"}


def test_the_secrets_made_are_usable(tmp_path: Path) -> None:
    init_home(tmp_path)
    settings = ServiceSettings(service="payment", home=tmp_path)
    vault = settings.vault()
    assert vault.open(vault.seal("生成", purpose="p"), purpose="p") == "生成"
    assert [len(key) for key in settings.payee_check_keys()] == [32]


def test_a_second_look_up_key_is_refused_because_nobody_would_be_found_any_more(tmp_path: Path) -> None:
    init_home(tmp_path)
    for name in KEYS:
        with (tmp_path / "secrets" / name).open("a") as file:
            file.write("ab" * 32 + "\n")
    settings = ServiceSettings(service="payment", home=tmp_path)
    with pytest.raises(SettingsError, match="lookup_key holds 2 keys"):
        settings.vault()
    (tmp_path / "secrets" / "lookup_key").write_text("ab" * 32)
    settings.vault()


def test_a_secret_made_outlasts_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sealed under a key that is gone opens never again."""
    synced: list[tuple[int, bool]] = []
    folder = tmp_path / "secrets"
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, (folder / "data_key").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    init_home(tmp_path, ["data_key"])
    assert synced == [((folder / "data_key").stat().st_ino, False), (folder.stat().st_ino, True)]


def test_a_missing_secret_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data_key is missing: run `peibu init`.*PEIBU_DATA_KEY"):
        ServiceSettings(service="payment", home=tmp_path).vault()


def test_a_secret_that_others_may_read_is_refused_until_its_mode_is_right(tmp_path: Path) -> None:
    init_home(tmp_path)
    path = tmp_path / "secrets" / "data_key"
    path.chmod(0o640)
    with pytest.raises(SettingsError, match=f"chmod 600 {path}"):
        read_secret("data_key", tmp_path)
    path.chmod(0o600)
    assert read_secret("data_key", tmp_path) == path.read_text().strip()


def test_the_environment_wins_over_its_file_and_that_over_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init_home(tmp_path)
    mounted = tmp_path / "mounted"
    mounted.write_text("from a file\n")
    mounted.chmod(0o444)
    monkeypatch.setenv("PEIBU_DATA_KEY_FILE", str(mounted))
    assert read_secret("data_key", tmp_path) == "from a file"
    monkeypatch.setenv("PEIBU_DATA_KEY", "from the environment")
    assert read_secret("data_key", tmp_path) == "from the environment"


def test_an_unusable_secret_is_named_but_never_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIBU_PAYEE_CHECK_KEY", "hunter2")
    with pytest.raises(SettingsError, match="payee_check_key is unusable") as refused:
        ServiceSettings(service="payment", home=tmp_path).payee_check_keys()
    assert "hunter2" not in str(refused.value)


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    init_home(tmp_path)
    (tmp_path / "secrets" / "data_key").write_text("")
    with pytest.raises(SettingsError, match="data_key is empty"):
        read_secret("data_key", tmp_path)
