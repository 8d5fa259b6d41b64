"""Two networks in one process and one database, one reorganising, one halted: nothing of one is ever the other's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.accounts import repository
from api.reader import Database
from indexer.several import each_network
from optionix.chain.deployment import save
from optionix.chain.networks import UnknownNetwork, network
from optionix.settings import PROJECT_ROOT, Settings
from optionix.store.engine import conninfo
from optionix.store.notify import BlockChange, listen
from tests.faults.conftest import Bench, Size, Tally
from tests.faults.process import health, settings_of
from tests.faults.recompute import assert_recomputed
from tests.indexer.life import CALL, World, world
from tests.indexer.running import CHAIN, all_tables, index, query, until
from tests.support.postgres import migrated_database

OTHER = network("base-sepolia")


@pytest.fixture(scope="module")
def other() -> Iterator[World]:
    """A chain that stands in for a public network, with another id."""
    with world(chain_id=OTHER.chain_id) as made:
        made.post(1565)
        for index in (6, 8):
            made.client(index).deposit("WETH", "20")
            made.client(index).write(CALL, "2")
        made.client(5).request_deposit("ETH-C", "10")
        made.client(6).transfer(CALL, "0.5", made.client(7).address)
        yield made


def settings_of_both(bench: Bench, other: World, url: str, folder: Path) -> Settings:
    """One indexer for both networks."""
    config = settings_of(bench.world, url, folder).model_copy(
        update={"networks": f"local, {OTHER.name}", "deployments_dir": folder}
    )
    save(other.deployment, config)
    return config


def at_head(url: str, chain: World) -> bool:
    """Whether the tables are at a chain's head."""
    head = chain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
    rows = query(url, "select block_hash from checkpoint where chain_id = %s", chain.deployment.chain_id)
    return [row["block_hash"] for row in rows] == [head]


async def hear(url: str, into: list[BlockChange]) -> None:
    """Keep what is pushed."""
    async for change in listen(conninfo(url)):
        into.append(change)


@contextmanager
def indexer(config: Settings, other: World, log: Path) -> Iterator[None]:
    """`python -m indexer` for both, ended in good order."""
    environment = os.environ | config.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    environment[OTHER.rpc_env] = f"{other.anvil.url}, {other.anvil.ws_url}"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "indexer"], env=environment, stdout=out, stderr=out, cwd=PROJECT_ROOT
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


@pytest.mark.slow
async def test_two_networks_never_mix(bench: Bench, other: World, tmp_path: Path, size: Size, tally: Tally) -> None:
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url:
        config = settings_of_both(bench, other, url, tmp_path)
        heard: list[BlockChange] = []
        with indexer(config, other, tmp_path / "both.log"):
            await until(lambda: at_head(url, bench.world) and at_head(url, other), 60)
            hearing = asyncio.create_task(hear(url, heard))
            await until(lambda: bool(query(url, "select 1 from pg_stat_activity where query ilike 'listen%%'")))
            # One trades fast and reorganises, the other trades slowly and then no more.
            for number in range(3 * size.repeats):
                await asyncio.to_thread(storm.act, 2)
                await asyncio.to_thread(storm.reorganise)
                if number < 2:
                    await asyncio.to_thread(other.post, 1600 + number)
                    await asyncio.to_thread(other.client(8).deposit, "WETH", "0.5")
            stands = other.head
            await asyncio.to_thread(storm.settle)
            await until(lambda: at_head(url, bench.world) and at_head(url, other), 60)
            await until(lambda: health(config)["status"] == "ok", 30)
            told: Any = health(config)["networks"]
            assert told[OTHER.name]["indexed"] == stands
            assert (told[OTHER.name]["reorgs"], told[OTHER.name]["chain_id"]) == (0, OTHER.chain_id)
            assert told["local"]["reorgs"] > 0 and told["local"]["chain_id"] == CHAIN
            await until(lambda: any((each.chain_id, each.block) == (CHAIN, bench.world.head) for each in heard))
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
        await _rows_are_each_chains_own(bench, other, url)
        _pushes_are_each_chains_own(bench, other, heard)
        await _answers_are_each_chains_own(other, url)
        tally.say(reorgs=storm.reorgs, checks=2, facts=assert_recomputed(other.rpc, other.deployment, url))


async def _rows_are_each_chains_own(bench: Bench, other: World, url: str) -> None:
    with migrated_database(bench.server) as first, migrated_database(bench.server) as second:
        await index(bench.world, first)
        await index(other, second)
        alone, both = (all_tables(first), all_tables(second)), all_tables(url)
        for name, rows in both.items():
            assert rows == sorted([*alone[0][name], *alone[1][name]]), name
    assert_recomputed(bench.world.rpc, bench.world.deployment, url)


def _pushes_are_each_chains_own(bench: Bench, other: World, heard: list[BlockChange]) -> None:
    by_chain = {chain: [each for each in heard if each.chain_id == chain] for chain in (CHAIN, OTHER.chain_id)}
    assert len(heard) == sum(map(len, by_chain.values()))
    assert all(change.reorg_from is None for change in by_chain[OTHER.chain_id])
    assert any(change.reorg_from is not None for change in by_chain[CHAIN])
    assert by_chain[OTHER.chain_id][-1].block == other.head < bench.world.head
    assert by_chain[CHAIN][-1].block == bench.world.head


async def _answers_are_each_chains_own(other: World, url: str) -> None:
    account = other.client(8).address.lower()
    found = {}
    for chain_id in (CHAIN, OTHER.chain_id):
        database = Database(url, chain_id)
        async with database.reader() as reader:
            rows = await repository.balances(reader, account)
            found[chain_id] = [(balance.chain_id, token.symbol, int(balance.free)) for balance, token in rows]
        await database.close()
        assert {chain for chain, _, _ in found[chain_id]} == {chain_id}
    weth = other.deployment.token("WETH").address
    expected = other.read("Clearinghouse", "freeBalance", other.client(8).address, weth)
    assert (OTHER.chain_id, "WETH", expected) in found[OTHER.chain_id]


def test_each_network_has_its_own_endpoints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(OTHER.rpc_env, "https://one, wss://one/ws,https://two ,wss://two/ws")
    config = Settings(data_dir=tmp_path, networks=f"{OTHER.name},local,{OTHER.name}")
    first, second = each_network(config)
    assert (first.network, second.network) == (OTHER.name, "local")
    assert first.rpc_urls == ["https://one", "https://two"]
    assert first.ws_url == "wss://one/ws,wss://two/ws"
    assert second.rpc_urls == config.rpc_urls
    alone = Settings(data_dir=tmp_path)
    assert each_network(alone) == [alone]


def test_a_network_without_an_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(OTHER.rpc_env, "wss://only")
    with pytest.raises(UnknownNetwork, match=OTHER.rpc_env):
        each_network(Settings(data_dir=tmp_path, networks=OTHER.name))
