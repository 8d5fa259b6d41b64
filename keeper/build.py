"""Putting a keeper together from settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keeper.context import Context
from keeper.fees import FeeSource
from keeper.intents import Intents
from keeper.jobs import JOBS, NAMES
from keeper.jobs.watch import Watch
from keeper.keys import sending_signer, surface_signers
from keeper.lane import Lane, LanePolicy
from keeper.leadership import Leadership
from keeper.runner import Runner
from keeper.state import MarketState
from optionix.chain.deployment import load
from optionix.chain.failover import FailoverRpc
from optionix.chain.networks import network
from optionix.chain.rpc import Rpc
from optionix.errors import UserError
from optionix.settings import Settings
from optionix.store.engine import conninfo, make_async_engine

LOCAL_POLICY = {"replace_after": 5.0, "depth": 0}
PUBLIC_POLICY = {"replace_after": 60.0, "depth": 5}


@asynccontextmanager
async def build(settings: Settings, jobs: str = "", *, dry_run: bool = False) -> AsyncIterator[Runner]:
    """A runner of the named jobs (separated by commas; all when empty) for the network of the settings.

    Raises
    ------
    UserError
        When a job is unknown, a key or the deployment is missing, or the endpoint serves another chain.
    """
    wanted = names(jobs)
    entry = network(settings.network)
    deployment = load(settings.network, settings)
    signer = sending_signer(settings, entry)
    rpc = FailoverRpc(settings.rpc_urls, deployment.chain_id)
    private = Rpc(settings.keeper_private_url, timeout=10) if settings.keeper_private_url else None
    engine = make_async_engine(settings.database_url, application="keeper")
    policy = LOCAL_POLICY if entry.is_local else PUBLIC_POLICY
    lane = Lane(
        rpc,
        signer,
        deployment.chain_id,
        Intents(engine, deployment.chain_id, signer.address),
        LanePolicy(
            int(settings.keeper_max_fee_gwei * 10**9),
            policy["replace_after"],
            int(policy["depth"]),
            int(settings.keeper_daily_spend * 10**18) or None,
        ),
        fees=FeeSource(rpc, entry.fees),
        private=private,
    )
    context = Context(
        rpc,
        entry,
        deployment,
        MarketState(engine, deployment.chain_id),
        surface_signers(settings, entry) if "surfaces" in wanted else [],
        settings.risk_url,
    )
    leadership = (
        None if dry_run else Leadership(conninfo(settings.database_url, application="keeper"), deployment.chain_id)
    )
    watch = Watch(lane) if "watch" in wanted else None
    try:
        await rpc.require_chain(deployment.chain_id)
        chosen = [job for job in JOBS if job.name in wanted]
        yield Runner(context, lane, leadership, chosen, watch=watch, dry_run=dry_run)
    finally:
        await context.close()
        if private is not None:
            await private.close()
        await engine.dispose()


def names(jobs: str) -> frozenset[str]:
    """The jobs of a list separated by commas; all when it is empty."""
    wanted = frozenset(part.strip() for part in jobs.split(",") if part.strip())
    unknown = wanted - set(NAMES)
    if unknown:
        raise UserError(f"there is no job {', '.join(sorted(unknown))}.", f"Jobs are {', '.join(NAMES)}.")
    return wanted or frozenset(NAMES)
