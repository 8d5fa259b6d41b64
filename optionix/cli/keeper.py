"""`optionix keeper`: run its jobs, or see beforehand what is missing."""

from __future__ import annotations

import asyncio
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

_jobs_option = click.option("--jobs", default="", metavar="NAMES", help="Jobs, separated by commas. Default: all.")


@click.group()
def keeper() -> None:
    """Post surfaces, settle, redeem, process queues, roll the listing, watch."""


@keeper.command()
@_jobs_option
@click.option("--once", is_flag=True, help="Run each job one time and stop.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@json_option
def run(jobs: str, once: bool, dry_run: bool, as_json: bool) -> None:
    """Run the keeper until it is told to stop, or once."""
    from keeper.__main__ import run as serve
    from optionix.settings import settings

    config = settings()
    if not once:
        if as_json:
            raise UserError("--json needs --once: a keeper that goes on logs JSON lines by itself.")
        asyncio.run(serve(config, jobs, dry_run=dry_run))
        return
    outcomes = asyncio.run(_once(jobs or config.keeper_jobs, dry_run))
    if as_json:
        emit_json({"dry_run": dry_run, "actions": outcomes})
        return
    table = Table("job", "action", "result", "detail")
    for outcome in outcomes:
        table.add_row(outcome["job"], outcome["action"], outcome["result"], outcome["detail"])
    Console().print(table if outcomes else "nothing is due")


async def _once(jobs: str, dry_run: bool) -> list[dict[str, str]]:
    from keeper.build import build
    from optionix.settings import settings

    async with build(settings(), jobs, dry_run=dry_run) as runner:
        return [
            {
                "job": outcome.job,
                "action": outcome.action.description,
                "result": outcome.result,
                "detail": outcome.detail,
            }
            for outcome in await runner.once()
        ]


@keeper.command()
@_jobs_option
@json_option
def check(jobs: str, as_json: bool) -> None:
    """Say what a keeper with these settings lacks: endpoint, tables, key, funds, rights, risk service."""
    from keeper.check import check_all
    from optionix.settings import settings

    results: list[dict[str, Any]] = asyncio.run(check_all(settings(), jobs))
    if as_json:
        emit_json({"ok": all(entry["ok"] for entry in results), "checks": results})
    else:
        table = Table("", "check", "detail")
        for entry in results:
            table.add_row("ok" if entry["ok"] else "missing", entry["name"], entry["detail"])
        Console().print(table)
    if not all(entry["ok"] for entry in results):
        raise SystemExit(1)
