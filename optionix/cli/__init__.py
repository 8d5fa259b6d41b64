"""The `optionix` command line."""

import click

from optionix import __version__


@click.group()
@click.version_option(__version__, prog_name="optionix")
def main() -> None:
    """Run, read and trade on Optionix."""
