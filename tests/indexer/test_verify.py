"""Blocks near the head are proven before they are final: whoever hides or alters logs is caught, benched and named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import rlp
from prometheus_client import REGISTRY
from trie import HexaryTrie

from indexer.source.bench import Fault as Kind
from indexer.source.receipts import Unproven, _encoded, header_hash, proven_logs, receipts_root
from indexer.sync import ChainSync
from tests.indexer.life import CALL, World
from tests.indexer.running import assert_same_tables, following, index, query, until, until_at_head
from tests.support.rpc_faults import FaultyTransport, both, empty_blooms, hide_logs, no_receipts

TRANSFER = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
"""TransferSingle of ERC-1155."""


def is_transfer(log: Any) -> bool:
    return bool(log["topics"][0] == TRANSFER)


def everything(_: Any) -> bool:
    return True


def verified(how: str) -> float:
    """Blocks verified so far in this process."""
    return REGISTRY.get_sample_value("optionix_indexer_verified_blocks_total", {"network": "local", "how": how}) or 0.0


def liar_benched(sync: ChainSync) -> bool:
    return bool(sync._pool.bench.states()[0]["fault"] == Kind.LIED)


def finalized(url: str) -> int:
    return int(query(url, "select finalized_number as number from checkpoint")[0]["number"])


class TestProof:
    def test_every_block_of_a_life(self, lived: World) -> None:
        for number in range(1, lived.head + 1):
            header = lived.rpc.call("eth_getBlockByNumber", hex(number), False)
            receipts = lived.rpc.call("eth_getBlockReceipts", hex(number))
            assert header_hash(header).hex() == header["hash"][2:]
            assert receipts_root(receipts).hex() == header["receiptsRoot"][2:]
            logs = lived.rpc.call("eth_getLogs", {"blockHash": header["hash"]})
            proven = proven_logs(header["hash"], header, receipts)
            fields = ("address", "topics", "data", "logIndex")
            assert [[log[name] for name in fields] for log in proven] == [
                [log[name] for name in fields] for log in logs
            ]

    @pytest.mark.parametrize(
        ("where", "change"),
        [
            ("header", {"receiptsRoot": "0x" + "22" * 32}),
            ("header", {"logsBloom": "0x" + "00" * 256}),
            ("header", {"receiptsRoot": None}),
            ("receipt", {"logs": []}),
            ("receipt", {"status": "0x0"}),
            ("receipt", {"cumulativeGasUsed": None}),
        ],
    )
    def test_nothing_can_be_altered(self, lived: World, where: str, change: dict[str, Any]) -> None:
        number = next(n for n in range(lived.head, 0, -1) if lived.rpc.call("eth_getBlockReceipts", hex(n))[0]["logs"])
        header = lived.rpc.call("eth_getBlockByNumber", hex(number), False)
        receipts = lived.rpc.call("eth_getBlockReceipts", hex(number))
        assert proven_logs(header["hash"], header, receipts)
        if where == "header":
            header = {**header, **change}
        else:
            receipts = [{**receipts[0], **change}, *receipts[1:]]
        with pytest.raises(Unproven):
            proven_logs(header["hash"], header, receipts)

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 130, 256, 257, 400])
    def test_the_root_is_that_of_a_plain_trie(self, count: int) -> None:
        receipts = [
            {
                "status": "0x1",
                "cumulativeGasUsed": hex(21_000 * (place + 1)),
                "logsBloom": "0x" + "00" * (256 if place % 3 else 0),  # short ones stand in their parent
                "type": hex(place % 4),
                "logs": [{"address": "0x" + "11" * 20, "topics": ["0x" + "22" * 32] * (place % 5), "data": "0x"}],
            }
            for place in range(count)
        ]
        plain = HexaryTrie({})
        for place, receipt in enumerate(receipts):
            plain[rlp.encode(place)] = _encoded(receipt)
        assert receipts_root(receipts) == plain.root_hash

    def test_a_number_with_a_sign_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no sign"):
            receipts_root([{"status": "-0x1", "cumulativeGasUsed": "0x1", "logsBloom": "0x", "logs": []}])

    def test_nothing_is_no_proof(self) -> None:
        with pytest.raises(Unproven, match="no header"):
            proven_logs("0x00", None, None)


async def test_an_honest_chain_is_verified_block_by_block(chain: World, database_url: str) -> None:
    before = {how: verified(how) for how in ("bloom", "receipts", "nothing", "comparison")}
    async with following(chain, database_url) as sync:
        await until_at_head(sync, chain)
        # Not so far that a slow machine finds the blocks final before it has seen them.
        await asyncio.to_thread(chain.client(6).deposit, "WETH", "1")
        await asyncio.to_thread(chain.mine, 3)
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
    assert verified("receipts") > before["receipts"] and verified("bloom") > before["bloom"]
    assert verified("nothing") == before["nothing"] and verified("comparison") == before["comparison"]


FAULTS = {
    "one kind of log": hide_logs(is_transfer),
    "all logs of a block, and its bloom": both(hide_logs(everything), empty_blooms),
    "logs and their receipts": hide_logs(is_transfer, in_receipts=True),
}


@pytest.mark.parametrize("what", FAULTS)
async def test_a_liar_beside_an_honest_endpoint(chain: World, make_database: Callable[[], str], what: str) -> None:
    url, fresh = make_database(), make_database()
    first = FaultyTransport()
    async with following(chain, url, transports=[first, None]) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        first.fault = FAULTS[what]
        lied_from = chain.head
        await asyncio.to_thread(chain.client(7).buy, CALL, "1")
        await until(lambda: liar_benched(sync))
        assert finalized(url) <= lied_from, "nothing of it was called final"
        await asyncio.to_thread(chain.mine, 40)
        await until_at_head(sync, chain)
        await until(lambda: finalized(url) > lied_from)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_a_liar_alone_stops_the_tables_and_is_named(chain: World, make_database: Callable[[], str]) -> None:
    """Nobody else is there to ask: it waits, and goes on when the endpoint is trusted again."""
    url, fresh = make_database(), make_database()
    first = FaultyTransport()
    async with following(chain, url, transports=[first]) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        first.fault = FAULTS["one kind of log"]
        lied_from = chain.head
        await asyncio.to_thread(chain.client(7).buy, CALL, "1")
        # The first retry may still tell of an answer that was on its way; from then on nobody is left to be asked.
        await until(lambda: liar_benched(sync) and "OPTIONIX_RPC_URL" in sync.progress.detail)
        assert sync.progress.phase == "retrying" and "whose receipts have" in sync.progress.detail
        assert sync.progress.report().status == "degraded"
        assert finalized(url) <= lied_from
        first.fault = None
        sync._pool.bench.answered(sync._pool.bench.members[0])
        await asyncio.to_thread(chain.mine, 40)
        await until(lambda: finalized(url) > lied_from)
        await until_at_head(sync, chain)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_without_receipts_two_are_compared(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    first, second = FaultyTransport(), FaultyTransport()
    first.fault = second.fault = no_receipts
    before = verified("comparison")
    async with following(chain, url, transports=[first, second]) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
        assert verified("comparison") > before
        first.fault = both(no_receipts, hide_logs(is_transfer))
        await asyncio.to_thread(chain.client(7).buy, CALL, "1")
        await until(lambda: liar_benched(sync))
        first.fault = no_receipts
        sync._pool.bench.answered(sync._pool.bench.members[0])
        lied_at = chain.head
        await asyncio.to_thread(chain.mine, 40)
        await until(lambda: finalized(url) > lied_at)
        await until_at_head(sync, chain)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_without_receipts_and_alone_it_is_counted(chain: World, database_url: str) -> None:
    only = FaultyTransport()
    only.fault = no_receipts
    before = verified("nothing")
    async with following(chain, database_url, transports=[only]) as sync:
        await until_at_head(sync, chain)
        await asyncio.to_thread(chain.client(6).deposit, "WETH", "1")
        await asyncio.to_thread(chain.mine, 3)
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
    assert verified("nothing") > before


async def test_what_a_process_before_took_is_verified_by_the_next(
    chain: World, make_database: Callable[[], str]
) -> None:
    """Killed between the write and the proof."""
    url, fresh = make_database(), make_database()
    liar = FaultyTransport()
    async with following(chain, url, transports=[liar]) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)

        async def never(_: Any) -> None:
            await asyncio.Event().wait()

        sync._verifier._verified = never  # type: ignore[method-assign]
        liar.fault = FAULTS["one kind of log"]
        await asyncio.to_thread(chain.client(7).buy, CALL, "1")
        await until_at_head(sync, chain)
    await index(chain, url)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_a_reorg_of_blocks_that_wait_for_proof(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    first = FaultyTransport()
    async with following(chain, url, transports=[first]) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
        first.fault = hide_logs(lambda _: False)

        def stalled(method: str, params: list[Any], result: Any) -> Any:
            # Receipts of another block: no proof, as long as the reorg is under way.
            return None if method == "eth_getBlockReceipts" else result

        first.fault = stalled
        await asyncio.to_thread(chain.trade_once)
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending > 0)
        await asyncio.to_thread(chain.rpc.call, "anvil_reorg", 3, [])
        chain.forget_senders()
        await asyncio.to_thread(chain.mine, 2)
        await until_at_head(sync, chain)
        first.fault = None
        await until(lambda: sync._verifier.pending == 0)
    await index(chain, fresh)
    assert_same_tables(url, fresh)
