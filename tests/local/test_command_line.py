"""The command line itself: quick help, errors in one line, every listed command there."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from optionix import service
from optionix.cli import cli
from optionix.cli.table import COMMANDS, Entry
from optionix.errors import UserError
from optionix.settings import Settings, settings


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_explains_itself(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "--help" in result.output


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from optionix.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "heavy = {'pydantic', 'sqlalchemy', 'numpy', 'web3', 'ape', 'rich', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    @click.command()
    def fails() -> None:
        raise UserError("The chest is empty", "Fill it.", exit_code=3)

    monkeypatch.setitem(COMMANDS, "fails", Entry("optionix.cli.output:fails", "Fails."))
    monkeypatch.setattr("optionix.cli.output.fails", fails, raising=False)
    monkeypatch.delenv("OPTIONIX_DEBUG", raising=False)
    settings.cache_clear()
    return CliRunner()


def test_an_error_is_one_line_with_its_exit_code(failing: CliRunner) -> None:
    result = failing.invoke(cli, ["fails"])
    assert result.exit_code == 3
    assert result.output == "optionix: The chest is empty. Fill it.\n"


def test_debug_shows_the_traceback(failing: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONIX_DEBUG", "true")
    settings.cache_clear()
    result = failing.invoke(cli, ["fails"])
    settings.cache_clear()
    assert result.exit_code == 3
    assert "Traceback" in result.output
    assert result.output.endswith("optionix: The chest is empty. Fill it.\n")


def test_a_service_says_its_error_in_one_line_and_exits_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    async def stops(_: Settings) -> None:
        raise UserError("The chest is empty", "Fill it.", exit_code=3)

    assert service.main("keeper", stops) == 3
    assert capsys.readouterr().err == "keeper: The chest is empty. Fill it.\n"


def test_a_service_that_is_done_exits_with_zero() -> None:
    async def done(_: Settings) -> None:
        return None

    assert service.main("keeper", done) == 0
