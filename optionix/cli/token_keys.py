"""`optionix token-keys`: the keys that sign access tokens of the API."""

from __future__ import annotations

import click

from optionix import token_keys
from optionix.cli.output import emit_json, json_option
from optionix.settings import Settings


@click.group()
def token_keys_group() -> None:
    """Keys that sign access tokens of the API: list and rotate them."""


@token_keys_group.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """The keys in force, the newest last: it signs."""
    kids = list(token_keys.TokenKeys(Settings().token_keys_folder).all())
    if as_json:
        emit_json({"keys": kids, "signing": kids[-1]})
    else:
        for kid in kids:
            click.echo(f"{kid}  {'signs' if kid == kids[-1] else 'verifies'}")


@token_keys_group.command("rotate")
@click.option(
    "--keep", type=click.IntRange(1, 100), default=2, show_default=True, help="Keys to keep, the new included."
)
@json_option
def rotate_command(keep: int, as_json: bool) -> None:
    """Make a key that signs from now on. Tokens of the ones before live on until those are removed."""
    key = token_keys.rotate(Settings().token_keys_folder, keep=keep)
    if as_json:
        emit_json({"signing": key.kid})
    else:
        click.echo(f"{key.kid} signs now")
