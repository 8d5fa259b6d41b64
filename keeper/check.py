"""What an operator should know before the first run."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from keeper.build import build
from keeper.context import RiskUnavailable
from keeper.jobs.watch import MIN_BALANCE
from keeper.runner import Runner
from optionix.chain.endpoint_name import endpoint_name
from optionix.chain.errors import ChainError
from optionix.errors import UserError
from optionix.settings import Settings
from optionix.store import migrate

Result = dict[str, Any]


async def check_all(settings: Settings, jobs: str = "") -> list[Result]:
    """Checks in order; those that need an earlier one that failed are left out."""
    try:
        async with build(settings, jobs or settings.keeper_jobs, dry_run=True) as runner:
            results = [
                _result("endpoint and keys", True, f"{endpoint_name(settings.rpc_url)}, sends as {runner.lane.address}")
            ]
            for check in (_tables, _balance, _signers, _lister, _risk):
                try:
                    results.append(await check(runner, settings))
                except (ChainError, DBAPIError, psycopg.Error, OSError) as error:
                    results.append(_result(check.__name__.strip("_"), False, str(error)))
            return results
    except UserError as error:
        return [_result("endpoint and keys", False, str(error))]


async def _tables(runner: Runner, settings: Settings) -> Result:
    found, wanted = migrate.current(settings.database_url), migrate.head()
    if found != wanted:
        return _result("tables", False, f"schema {found or 'none'}, wanted {wanted}: start the indexer first")
    block, _ = await runner.context.state.indexed()
    head, _ = await runner.context.head()
    return _result("tables", block > 0, f"indexed block {block} of {head}")


async def _balance(runner: Runner, settings: Settings) -> Result:
    balance = int(await runner.context.rpc.call("eth_getBalance", runner.lane.address, "latest"), 16)
    return _result("funds", balance >= MIN_BALANCE, f"{balance / 10**18:.4f} {runner.context.network.native}")


async def _signers(runner: Runner, settings: Settings) -> Result:
    if "surfaces" not in runner.states:
        return _result("signers", True, "not needed")
    ours = {account.address.lower() for account in runner.context.signers}
    known = {address.lower() for address in await runner.context.read("VolatilityOracle", "signers")}
    threshold = await runner.context.read("VolatilityOracle", "threshold")
    return _result("signers", len(ours & known) >= threshold > 0, f"{len(ours & known)} of {threshold} needed are ours")


async def _lister(runner: Runner, settings: Settings) -> Result:
    if "listing" not in runner.states:
        return _result("lister", True, "not needed")
    role = 1
    held, delay = await runner.context.read("AccessManager", "hasRole", role, runner.lane.address)
    return _result("lister", held and not delay, "has the LISTER role" if held else "lacks the LISTER role")


async def _risk(runner: Runner, settings: Settings) -> Result:
    if "surfaces" not in runner.states:
        return _result("risk service", True, "not needed")
    try:
        health = await runner.context.risk("/healthz")
    except RiskUnavailable as error:
        return _result("risk service", False, str(error))
    return _result("risk service", health["status"] != "failed", f"{health['status']}: {health['detail']}")


def _result(name: str, ok: bool, detail: str) -> Result:
    return {"name": name, "ok": ok, "detail": detail}
