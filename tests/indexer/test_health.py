"""What `/healthz`, `/readyz` and `/metrics` of the indexer say, the unfinalised tail included."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from prometheus_client import REGISTRY

from indexer.block import Block
from indexer.progress import Progress
from indexer.tail import Tail
from optionix.telemetry import TelemetryServer
from tests.indexer.life import World
from tests.indexer.running import CHAIN, audited, following, query, until, until_at_head


async def get(server: TelemetryServer, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{server.port}{path}")


async def test_the_tail_is_what_can_still_be_taken_back(chain: World, database_url: str) -> None:
    async with following(chain, database_url) as sync:
        await asyncio.to_thread(chain.mine, 40)
        await until_at_head(sync, chain)
        for _ in range(3):
            await asyncio.to_thread(chain.post, 1500)
            await until_at_head(sync, chain)
        before = assert_tail(sync.progress, database_url)
        assert before["unfinalized_blocks"] == 32
        chain.rpc.call("anvil_reorg", 5, [])
        chain.forget_senders()
        await asyncio.to_thread(chain.post, 1700)
        await until_at_head(sync, chain)
        assert sync.progress.reorgs == 1
        told = assert_tail(sync.progress, database_url)
    async with following(chain, database_url) as sync:  # a new process knows the tail of the old one
        await until(lambda: sync.progress.phase == "live")
        assert assert_tail(sync.progress, database_url) == told


def assert_tail(progress: Progress, url: str) -> dict[str, int]:
    """The report's figures of the tail, which are those of the stored blocks."""
    (row,) = query(
        url,
        "select count(*) as unfinalized_blocks, max(b.timestamp) - min(b.timestamp) as unfinalized_seconds"
        " from block b join checkpoint c using (chain_id) where b.number > c.finalized_number",
    )
    figures = progress.report().figures
    found = {name: figures[name] for name in row}
    assert found == row
    assert REGISTRY.get_sample_value("optionix_indexer_unfinalized_blocks", {"network": "local"}) == len(progress.tail)
    return found


async def test_ready_is_at_the_head(chain: World, database_url: str) -> None:
    async with following(chain, database_url) as sync, TelemetryServer(0, sync.progress.report) as server:
        assert sync.progress.phase == "starting"
        assert (await get(server, "/readyz")).status_code == 503
        assert (await get(server, "/healthz")).status_code == 200
        await until_at_head(sync, chain)
        await asyncio.to_thread(chain.mine, 1)
        await until_at_head(sync, chain)
        ready = await get(server, "/readyz")
        assert ready.status_code == 200, ready.text
        told = ready.json()
        assert told["ready"] and told["unfinalized_blocks"] == told["indexed"] - told["finalized"] > 0
        assert told["unfinalized_seconds"] == sync.progress.tail.seconds > 0
        assert told["events"] > 20 and told["events_per_second"] > 0
        result = await audited(chain, database_url)
        sync.progress.audited(result.block.number, result.drift, sum(result.checked.values()))
        text = (await get(server, "/metrics")).text
        for line in (
            f'optionix_indexer_head_block{{network="local"}} {chain.head}.0',
            f'optionix_indexer_indexed_block{{network="local"}} {chain.head}.0',
            'optionix_indexer_lag_blocks{network="local"} 0.0',
            'optionix_indexer_lag_seconds{network="local"} 0.0',
            'optionix_indexer_ready{network="local"} 1.0',
            'optionix_audit_drift{network="local"} 0.0',
            f'optionix_audit_block{{network="local"}} {chain.head}.0',
            f'optionix_audit_checked{{network="local"}} {sum(result.checked.values())}.0',
        ):
            assert line in text
        for name in ("unfinalized_seconds", "events_per_second", "reorgs_total", "retries_total"):
            assert f'optionix_indexer_{name}{{network="local"}}' in text
        assert 'optionix_audit_age_seconds{network="local"}' in text


@pytest.mark.parametrize(
    ("phase", "behind", "ready", "status"),
    [
        ("starting", 0.0, False, "degraded"),
        ("backfill", 0.0, False, "degraded"),
        ("live", 0.0, True, "ok"),
        ("live", 60.0, False, "degraded"),
        ("standby", 0.0, True, "ok"),
        ("retrying", 0.0, False, "degraded"),
        ("failed", 0.0, False, "failed"),
    ],
)
def test_ready_by_phase(phase: str, behind: float, ready: bool, status: str) -> None:
    progress = Progress("elsewhere", CHAIN, phase=phase)  # type: ignore[arg-type]
    if behind:
        progress.head, progress._behind_since = 5, time.monotonic() - behind
    report = progress.report()
    assert (report.is_ready, report.status) == (ready, status)


def test_a_chain_that_stops_to_finalise_is_told() -> None:
    for real_time, status in ((True, "degraded"), (False, "ok")):
        progress = Progress("elsewhere", CHAIN, phase="live", real_time=real_time)
        progress.applied(Block(number, f"0x{number}", None, 1000 * number) for number in range(1, 11))
        progress.see(10)
        progress.moved(10, 1, 10_000)
        report = progress.report()
        assert (report.status, report.figures["unfinalized_seconds"]) == (status, 8000)
        # It can still be read: what is at the head is at the head.
        assert report.is_ready


def test_the_tail_moves_with_both_ends() -> None:
    tail = Tail()
    tail.add(Block(number, "", None, 10 * number) for number in range(1, 10))
    tail.move(3, 9)
    assert (len(tail), tail.seconds) == (6, 50)
    tail.move(3, 7)
    assert (len(tail), tail.seconds) == (4, 30)
    tail.move(7, 7)
    assert (len(tail), tail.seconds) == (0, 0)
