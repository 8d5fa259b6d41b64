"""The indexer: events a second from a node and from kept logs, memory, and how late a block is shown."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from statistics import median, quantiles

from bench.indexing.lag import lags
from bench.indexing.peer import PEER, run_peer
from bench.indexing.stage import Done, Stage, indexers_cores, staged
from bench.traffic.chain import traffic
from bench.traffic.scene import Pace
from indexer.audit.run import AuditResult, audit
from indexer.setup import from_deployment
from optionix.benchmarks import Figure, Report
from optionix.chain.rpc import Rpc
from optionix.errors import UserError
from optionix.settings import Settings
from optionix.store.engine import conninfo

GOALS = {
    "cold_events_per_s": 50_000.0,
    "rederive_events_per_s": 120_000.0,
    "rss_mb": 300.0,
    "lag_ms_p50": 20.0,
    "lag_ms_p99": 100.0,
    "cold_ratio": 20.0,
    "rederive_ratio": 10.0,
}
"""The last two with `--peer`."""
_FLOORS = {"cold_events_per_s", "rederive_events_per_s", "cold_ratio", "rederive_ratio"}


def measure(words: Sequence[str]) -> Report:
    """See `bench/__init__.py`.

    Raises
    ------
    UserError
        The audit found drift: figures of wrong tables are worth nothing.
    """
    parser = argparse.ArgumentParser(prog="optionix bench indexer")
    parser.add_argument("--blocks", type=int, default=2_000, help="length of the chain")
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument(
        "--strikes", type=int, default=20, help="of each side of each expiry; twenty times as many series"
    )
    parser.add_argument("--acts", type=int, default=33, help="of the crowd in a block")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing, whose median counts")
    parser.add_argument("--live", type=int, default=100, help="blocks for the lag")
    parser.add_argument("--block-seconds", type=float, default=1.0, help="wall time from one of them to the next")
    parser.add_argument("--peer", action="store_true", help=f"also run {PEER} over the trades of the same chain")
    options = parser.parse_args(words)
    pace = Pace(options.accounts, options.strikes, options.acts)
    with traffic(pace, options.blocks, _say) as made, staged(made) as stage:
        cold, again, config = _timed(stage, options.repeats)
        _say("following the chain")
        late = lags(stage, config, options.live, options.block_seconds)
        stage.run(config, "index")
        result = asyncio.run(_audit(stage, config))
        peer = run_peer(stage, config, _say) if options.peer and not result.drift else None
    if result.drift:
        raise UserError(
            f"The tables differ from the contracts in {result.drift} values: there is nothing to measure.",
            f"The first: {result.differences[0]}.",
        )
    events = int(cold[0].result["events"])
    values = {
        "cold_events_per_s": median(_rate(done) for done in cold),
        "rederive_events_per_s": median(_rate(done) for done in again),
        "rss_mb": max(done.rss_mb for done in (*cold, *again)),
        "lag_ms_p50": median(late),
        "lag_ms_p99": quantiles(late, n=100)[98],
    }
    beside = []
    if peer is not None:
        for run, kind in zip(peer, ("cold", "rederive"), strict=True):
            values[f"{kind}_ratio"] = values[f"{kind}_events_per_s"] / run.rate
            what = f"{PEER}, {'from the node' if kind == 'cold' else 'from its cache'}"
            beside.append(Figure(f"{what}, events a second", round(run.rate, 1), note=f"{run.events:,} events"))
    figures = [Figure(name, round(value, 1), GOALS[name], at_least=name in _FLOORS) for name, value in values.items()]
    return Report(
        figures,
        beside,
        conditions=(
            f"{events:,} events in {options.blocks:,} blocks, {options.accounts:,} accounts,"
            f" {20 * options.strikes:,} series, made by the contracts on anvil in {made.seconds:.0f} s (0: kept).",
            f"The indexer's process on cores {sorted(indexers_cores())}, anvil and Postgres on the others; from the"
            " first question to the last commit, everything derived; the median of"
            f" {options.repeats}, the most memory of all.",
            f"Lag: from a new block to its NOTIFY and a row of it read, {options.live} blocks, one every"
            f" {options.block_seconds:g} s.",
            f"Audit of {sum(result.checked.values()):,} values afterwards: no drift.",
        ),
    )


def _timed(stage: Stage, repeats: int) -> tuple[list[Done], list[Done], Settings]:
    """Runs from the node, each into a new database, and runs from the logs that the last of them kept."""
    cold = []
    for number in range(repeats):
        _say(f"indexing from the node, {number + 1} of {repeats}")
        config = stage.database()
        cold.append(stage.run(config, "index"))
    again = []
    for number in range(repeats):
        _say(f"deriving from the kept logs, {number + 1} of {repeats}")
        again.append(stage.run(config, "index", "--rederive"))
    return cold, again, config


async def _audit(stage: Stage, config: Settings) -> AuditResult:
    async with Rpc(config.rpc_url) as rpc:
        setup = await from_deployment(stage.traffic.chain.deployment, rpc)
        return await audit(rpc, setup, conninfo(config.database_url), "indexed")


def _rate(done: Done) -> float:
    return float(done.result["events"] / done.result["seconds"])


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
