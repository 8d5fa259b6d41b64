"""`optionix keeper`: run its jobs, or see beforehand what is missing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Column, Table

from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

if TYPE_CHECKING:
    from keeper.report import JobReport, Report

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


@keeper.command()
@click.option("--days", default=30.0, show_default=True, type=click.FloatRange(min=0, min_open=True), help="Wall time.")
@json_option
def report(days: float, as_json: bool) -> None:
    """Say what the keeper did, what it cost and what it earned, by job."""
    from optionix.chain.networks import network
    from optionix.settings import settings

    found = asyncio.run(_report(days))
    coin = network(settings().network).native
    if as_json:
        emit_json(
            {
                "sender": found.sender,
                "since": found.since.isoformat(),
                "first_block": found.first_block,
                "coin": coin,
                "jobs": [_job(found, job) for job in found.jobs],
            }
        )
        return
    counted = ("done", "reverted", "cancelled", "replaced")
    table = Table(Column("job", no_wrap=True), *counted, f"fees, {coin}", Column("earned", no_wrap=True))
    for job in found.jobs:
        counts = (str(count) for count in (job.confirmed, job.reverted, job.cancelled, job.replaced))
        earned = "\n".join(f"{amount:.6f} {symbol}" for symbol, amount in _income(found, job).items())
        table.add_row(job.job, *counts, f"{Decimal(job.fee).scaleb(-18):.6f}", earned or "-")
    Console().print(table if found.jobs else f"{found.sender} sent nothing in {days:g} days")


async def _report(days: float) -> Report:
    from keeper.keys import sending_signer
    from keeper.report import report as sum_up
    from optionix.chain.networks import network
    from optionix.settings import settings
    from optionix.store.engine import make_async_engine

    config = settings()
    entry = network(config.network)
    engine = make_async_engine(config.database_url, application="keeper-report")
    try:
        sender = sending_signer(config, entry).address
        return await sum_up(engine, entry.chain_id, sender, datetime.now(UTC) - timedelta(days=days))
    finally:
        await engine.dispose()


def _job(found: Report, job: JobReport) -> dict[str, Any]:
    return {
        "job": job.job,
        "confirmed": job.confirmed,
        "reverted": job.reverted,
        "cancelled": job.cancelled,
        "replaced": job.replaced,
        "success": job.success,
        "gas_used": job.gas_used,
        "fee": Decimal(job.fee).scaleb(-18),
        "income": _income(found, job),
    }


def _income(found: Report, job: JobReport) -> dict[str, Decimal]:
    """Whole tokens by symbol."""
    earned: dict[str, Decimal] = {}
    for token, assets in job.income.items():
        symbol, decimals = found.tokens[token]
        earned[symbol] = earned.get(symbol, Decimal(0)) + Decimal(assets).scaleb(-decimals)
    return earned
