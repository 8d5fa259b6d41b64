"""The `optionix` command line. Commands are listed in `optionix.cli.table` and imported when they are called."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from optionix import __version__
from optionix.cli.table import COMMANDS
from optionix.errors import UserError


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name].target} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if COMMANDS:
            with formatter.section("Commands"):
                formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command; a `UserError` becomes one line on stderr and its exit code."""
        try:
            return super().main(*args, **kwargs)
        except UserError as error:
            # Not through the settings: they may be what is wrong.
            if os.environ.get("OPTIONIX_DEBUG", "").lower() in ("1", "true", "yes", "on"):
                traceback.print_exc()
            click.echo(f"optionix: {' '.join(str(error).split())}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="optionix")
@click.option(
    "--data-dir", metavar="FOLDER", help="Folder of the local stack's data. Default: .optionix in the project."
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(data_dir: str | None, debug: bool) -> None:
    """Run, read and trade on Optionix."""
    if data_dir is not None or debug:
        from optionix.settings import override

        override(data_dir=data_dir, debug=True if debug else None)


def main() -> None:
    """The entry point of the installed command."""
    cli()
