"""What the machine lacks is named, all of it at once, with what to do."""

import pytest

from deploy import system_packages
from deploy.errors import ToolMissing


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A machine with nothing on its PATH, Debian's own places included."""
    empty = str(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv("PATH", empty)
    monkeypatch.setenv("PEIBU_POSTGRES_BIN", empty)
    monkeypatch.setenv("PEIBU_TOOLS", empty)
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.usefixtures("bare_machine")
def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(ToolMissing) as refused:
        system_packages.provide(tests=True)
    assert "sudo apt-get install -y postgresql default-jre-headless maven nodejs npm" in str(refused.value)
    assert "PEIBU_POSTGRES_BIN" in str(refused.value)


@pytest.mark.usefixtures("bare_machine")
def test_the_command_ends_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert system_packages.main(["--tests"]) == 1
    assert "apt-get install" in capsys.readouterr().err
