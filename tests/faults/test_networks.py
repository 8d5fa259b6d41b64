"""Two networks in one process and one database, one reorganising, one halted: nothing of one is ever the other's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.orders.message import OrderMessage
from indexer.several import each_network
from optionix.chain.deployment import save
from optionix.chain.networks import UnknownNetwork, network, network_of_chain
from optionix.settings import PROJECT_ROOT, Settings
from optionix.store.engine import conninfo
from optionix.store.notify import BlockChange, listen
from tests.api.serving import served_api
from tests.faults.answers import answers, api_of, end, hear, paths
from tests.faults.conftest import Bench, Size, Tally, chosen
from tests.faults.process import health, settings_of
from tests.faults.recompute import assert_recomputed
from tests.indexer.life import CALL, PUT, World, world
from tests.indexer.running import CHAIN, all_tables, index, query, until
from tests.support.chain import EXPIRY, TRADERS
from tests.support.ports import free_base
from tests.support.postgres import migrated_database

OTHER = network("base-sepolia")
CHANNELS = ["blocks", "markets", f"chain.ETH.{EXPIRY}", f"book.{CALL}", "trades.ETH", "vaults",
            f"account.{TRADERS[3].address}"]  # fmt: skip


@pytest.fixture(scope="module")
def other() -> Iterator[World]:
    """A chain that stands in for a public network, with another id."""
    with world(chain_id=OTHER.chain_id) as made:
        made.post(1565)
        for index in (6, 8):
            made.client(index).deposit("WETH", "20")
            made.client(index).write(CALL, "2")
        made.client(5).request_deposit("ETH-C", "10")
        made.client(5).deposit("WETH", "5")
        made.client(5).ready_to_trade(selling=True)
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


async def hear_changes(url: str, into: list[BlockChange]) -> None:
    """Keep what the indexer says to services."""
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


@dataclass
class Scene:
    """Two networks, what follows them, and what was heard of each."""

    bench: Bench
    other: World
    url: str
    changes: list[BlockChange] = field(default_factory=list)
    pushed: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: {CHAIN: [], OTHER.chain_id: []})

    @property
    def worlds(self) -> dict[int, World]:
        """By chain id."""
        return {CHAIN: self.bench.world, OTHER.chain_id: self.other}

    def are_at_head(self) -> bool:
        """Whether the tables are at both heads."""
        return all(at_head(self.url, world) for world in self.worlds.values())

    def are_heard(self) -> bool:
        """Whether each API has told the head of its network on every channel that tells each block."""
        return all(
            any(
                message["channel"] == name and message["block"]["number"] == world.head
                for message in self.pushed[chain_id]
            )
            for chain_id, world in self.worlds.items()
            for name in ("blocks", f"book.{CALL}")
        )


@pytest.mark.slow
@pytest.mark.parametrize("processes", chosen(["one process", "a process each"], ["one process"]))
async def test_two_networks_never_mix(
    bench: Bench, other: World, tmp_path: Path, size: Size, tally: Tally, processes: str
) -> None:
    """One has a block for each transaction and reorganises, the other one each second until it is halted."""
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url, other.undone(), ExitStack() as stack:
        scene = Scene(bench, other, url)
        config = settings_of_both(bench, other, url, tmp_path)
        each = [config] if processes == "one process" else alone_of(config)
        for number, one in enumerate(each):
            stack.enter_context(indexer(one, other, tmp_path / f"indexer{number}.log"))
        await until(scene.are_at_head)
        apis = [served_api(_api_settings(scene, chain_id, tmp_path), tmp_path / "api.log") for chain_id in scene.worlds]
        addresses = await asyncio.gather(*(asyncio.to_thread(stack.enter_context, api) for api in apis))
        served = dict(zip(scene.worlds, addresses, strict=True))
        offered = {chain_id: _offer(world, served[chain_id]) for chain_id, world in scene.worlds.items()}
        hearing = [asyncio.create_task(hear_changes(url, scene.changes))]
        for chain_id, address in served.items():
            hearing.append(asyncio.create_task(hear(address, CHANNELS, scene.pushed[chain_id])))
        # One trades fast and reorganises, the other trades slowly and then no more.
        other.rpc.call("evm_setIntervalMining", 1)
        for number in range(3 * size.repeats):
            slowly = asyncio.to_thread(_trade, other, 1600 + number) if number < 2 else asyncio.sleep(0)
            await asyncio.gather(slowly, asyncio.to_thread(storm.act, 2))
            if number == 1:
                other.rpc.call("evm_setIntervalMining", 0)
                other.rpc.call("evm_mine")
                await until(scene.are_at_head)
                await until(lambda: any(heard_of(other, message) for message in scene.pushed[OTHER.chain_id]))
                halted = len(scene.pushed[OTHER.chain_id])
            await asyncio.to_thread(storm.reorganise)
        stands = other.head
        await asyncio.to_thread(storm.settle)
        await until(scene.are_at_head)
        await until(scene.are_heard)
        for one in each:
            await until(lambda: health(one)["status"] == "ok")  # noqa: B023 - called at once
        told = _told(each)
        assert told[OTHER.name]["indexed"] == stands
        assert (told[OTHER.name]["reorgs"], told[OTHER.name]["chain_id"]) == (0, OTHER.chain_id)
        assert told["local"]["reorgs"] > 0 and told["local"]["chain_id"] == CHAIN
        await until(lambda: any((each.chain_id, each.block) == (CHAIN, bench.world.head) for each in scene.changes))
        assert len(scene.pushed[OTHER.chain_id]) <= halted + len(CHANNELS), "what halted was told of again and again"
        await end(*hearing)
        found = {chain_id: _answered(scene, chain_id, address) for chain_id, address in served.items()}
        _changes_are_each_chains_own(scene)
        _pushes_are_each_chains_own(scene)
        await _rows_and_answers_are_each_chains_own(scene, tmp_path, offered, found)
        tally.say(reorgs=storm.reorgs, checks=2, facts=assert_recomputed(other.rpc, other.deployment, url))


def alone_of(config: Settings) -> list[Settings]:
    """An indexer for each network, on one database."""
    first = config.model_copy(update={"networks": ""})
    return [first, first.model_copy(update={"networks": OTHER.name, "port_base": free_base()})]


def _told(each: list[Settings]) -> dict[str, Any]:
    """What `/healthz` says of each network, of one process or more."""
    reports: list[Any] = [health(one) for one in each]
    return {
        name: told
        for report in reports
        for name, told in report.get("networks", {report.get("network"): report}).items()
    }


def _trade(world: World, price: int) -> None:
    world.post(price)
    world.client(8).deposit("WETH", "0.5")


def _offer(world: World, address: str) -> dict[str, Any]:
    """A signed order, the same terms and nonce on each network; as it was sent in."""
    maker = world.client(5)
    order = maker.premium_order(CALL, "0.5", "0.0001", is_buy=True, nonce=77)
    body = {"order": OrderMessage.of(order).model_dump(), "signature": "0x" + maker.sign(order).hex()}
    answer = httpx.post(f"{address}/v1/orders", json=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    return {**body, "hash": answer.json()["order"]["hash"]}


def _api_settings(scene: Scene, chain_id: int, folder: Path) -> dict[str, Any]:
    """Of an API that speaks for one of the networks."""
    return {
        "network": network_of_chain(chain_id).name,
        "database_url": scene.url,
        "rpc_url": scene.worlds[chain_id].anvil.url,
        "data_dir": folder,
        "deployments_dir": folder,
    }


def _answered(scene: Scene, chain_id: int, address: str) -> dict[str, Any]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        return answers(client, _asked(scene, chain_id, client.get("/openapi.json").json()))


def _asked(scene: Scene, chain_id: int, document: dict[str, Any]) -> list[str]:
    """Every address, about what both networks have alike: the same names, vaults and accounts."""
    known = {
        "symbol": ["ETH", "BTC"],
        "expiry": [str(EXPIRY)],
        "name": [CALL, PUT],
        "address": [],
        "maker": [str(TRADERS[0].address)],
        "order_hash": [row["order_hash"] for row in query(scene.url, "select order_hash from signed_order")],
    }
    accounts = [str(TRADERS[place].address) for place in (1, 3)]
    vaults = {world.client(5).vault_address("ETH-C") for world in scene.worlds.values()}
    known["address"] = [*accounts, *sorted(vaults)]
    return paths(document, known)


async def _rows_and_answers_are_each_chains_own(
    scene: Scene, folder: Path, offered: dict[int, dict[str, Any]], found: dict[int, dict[str, Any]]
) -> None:
    """Tables that hold both networks have the rows, and give the answers, of two databases with one each."""
    alone: dict[int, dict[str, list[tuple[Any, ...]]]] = {}
    for chain_id, chain in scene.worlds.items():
        with migrated_database(scene.bench.server) as url:
            await index(chain, url)
            alone[chain_id] = all_tables(url)
            config = Settings(**_api_settings(scene, chain_id, folder) | {"database_url": url})
            with api_of(config) as client:
                order = {name: offered[chain_id][name] for name in ("order", "signature")}
                assert client.post("/v1/orders", json=order).json()["order"]["hash"] == offered[chain_id]["hash"]
                expected = answers(client, list(found[chain_id]))
        for path, answer in found[chain_id].items():
            assert answer == expected[path], path
        good = [path for path, (status, _) in found[chain_id].items() if status == 200]
        assert len(good) > 20 and any(f"/v1/orders/{offered[chain_id]['hash']}" == path for path in good)
        (foreign,) = (order["hash"] for each, order in offered.items() if each != chain_id)
        assert found[chain_id][f"/v1/orders/{foreign}"][0] == 404, "an order of the other network was answered"
    for name, rows in all_tables(scene.url).items():
        if name != "signed_order":
            assert rows == sorted(row for tables in alone.values() for row in tables[name]), name
    assert_recomputed(scene.bench.world.rpc, scene.bench.world.deployment, scene.url)


def heard_of(world: World, message: dict[str, Any]) -> bool:
    """Whether a message tells a network's head."""
    return bool(message["block"]["number"] == world.head)


def _changes_are_each_chains_own(scene: Scene) -> None:
    world, other = scene.bench.world, scene.other
    by_chain = {chain: [each for each in scene.changes if each.chain_id == chain] for chain in scene.worlds}
    assert len(scene.changes) == sum(map(len, by_chain.values()))
    assert all(change.reorg_from is None for change in by_chain[OTHER.chain_id])
    assert any(change.reorg_from is not None for change in by_chain[CHAIN])
    assert by_chain[OTHER.chain_id][-1].block == other.head < world.head
    assert by_chain[CHAIN][-1].block == world.head


def _pushes_are_each_chains_own(scene: Scene) -> None:
    """Every message names a block of its network; where nothing was taken back, one that the chain still has."""
    for chain_id, messages in scene.pushed.items():
        assert {message["block"]["chain_id"] for message in messages} == {chain_id}
        assert {message["channel"] for message in messages} == set(CHANNELS)
        assert {message["type"] for message in messages} == {"snapshot", "update"}
    for message in scene.pushed[OTHER.chain_id]:
        header = scene.other.rpc.call("eth_getBlockByNumber", hex(message["block"]["number"]), False)
        assert header["hash"] == message["block"]["hash"]


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
