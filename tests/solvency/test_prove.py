"""The proof holds on a real market, and names what was taken away or forged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from optionix import solvency
from optionix.chain.errors import WrongChain
from optionix.chain.rpc import Rpc
from optionix.solvency.holdings import StateGone
from optionix.solvency.merkle import leaf, verify
from optionix.solvency.prove import Proof, UnknownAccount, prove
from tests.indexer.life import CALL, PUT_BOOK, World, world

SEARCHED_SLOTS = 24


async def proven(market: World, at: int | str = "latest", rpc: Rpc | None = None) -> Proof:
    if rpc is not None:
        return await prove(rpc, market.deployment, at)
    async with Rpc(market.anvil.url) as connection:
        return await prove(connection, market.deployment, at)


def failing(proof: Proof) -> set[str]:
    """Names of the identities that do not hold."""
    return {identity.name for identity in proof.identities if not identity.holds}


def named(proof: Proof) -> str:
    """All that is named."""
    return "\n".join(f"{each.subject}: {each.why}" for identity in proof.identities for each in identity.failures)


def slot_of(market: World, contract: str, *keys: str | int, value: int) -> str:
    """The slot of a mapping that has a value under some keys, found by its place in the contract."""
    for place in range(SEARCHED_SLOTS):
        slot = place.to_bytes(32, "big")
        for key in keys:
            slot = keccak(encode(["address" if isinstance(key, str) else "uint256"], [key]) + slot)
        if int(market.rpc.call("eth_getStorageAt", contract, "0x" + slot.hex(), "latest"), 16) == value:
            return "0x" + slot.hex()
    raise AssertionError("there is no such mapping")


def store(market: World, contract: str, slot: str, value: int) -> None:
    market.rpc.call("anvil_setStorageAt", contract, slot, f"0x{value:064x}")
    market.mine(1)


async def test_a_market_with_open_books_is_solvent(market: World) -> None:
    proof = await proven(market)
    assert proof.holds, named(proof)
    cases = {identity.name: identity.cases for identity in proof.identities}
    assert cases["books are covered"] >= 6 and cases["longs equal shorts"] >= 6 and cases["tokens are there"] >= 3
    assert cases["logs tell what the contracts hold"] > 60
    books = [book for account in proof.accounts for book in account.books]
    assert all(book.worst_loss <= book.locked for book in books)
    assert any(book.worst_loss > 0 for book in books)
    # Money is where it was put in: what is held is what is owed, to the unit, but for crumbs of rounding.
    for balance in proof.balances:
        assert 0 <= balance.surplus <= 10, balance


@pytest.fixture(scope="module")
def settled() -> Iterator[World]:
    with world() as made:
        made.live()
        yield made


async def test_a_settled_market_is_solvent_at_every_block(settled: World) -> None:
    """Before, in the middle of and after settlement: holders are paid before and after the books that owe it."""
    head = settled.head
    for block in range(head - 22, head + 1, 2):
        proof = await proven(settled, block)
        assert proof.holds, f"block {block}: {named(proof)}"
        # Paid early or late, what is there is what is owed, but for crumbs.
        assert all(0 <= balance.surplus <= 20 for balance in proof.balances), proof.balances
    cases = {identity.name: identity.cases for identity in proof.identities}
    assert cases["settled claims are covered"] == 2 and cases["no more is paid than owed"] >= 2


async def test_tokens_that_are_gone_are_missed(broken: World) -> None:
    token, house = broken.deployment.token("WETH").address, broken.deployment.address("Clearinghouse")
    balance = next(each for each in (await proven(broken)).balances if each.token == token.lower())
    store(broken, token, slot_of(broken, token, house, value=balance.held), balance.liabilities - 1)
    proof = await proven(broken)
    assert failing(proof) == {"tokens are there"}
    assert f"token {token.lower()}: {balance.liabilities - 1} for {balance.liabilities} owed" in named(proof)
    # One unit more is enough.
    store(broken, token, slot_of(broken, token, house, value=balance.liabilities - 1), balance.liabilities)
    assert (await proven(broken)).holds


async def test_a_gift_is_a_surplus(broken: World) -> None:
    token, house = broken.deployment.token("USDC").address, broken.deployment.address("Clearinghouse")
    broken.client(9).transact_at("TestToken", token, "mint", house, 12_345_678)
    proof = await proven(broken)
    assert proof.holds
    balance = next(each for each in proof.balances if each.token == token.lower())
    assert balance.surplus >= 12_345_678


async def test_a_forged_free_balance_is_named(broken: World) -> None:
    token, house = broken.deployment.token("USDC").address, broken.deployment.address("Clearinghouse")
    account = broken.client(6).address
    free = broken.client(6).free_balance("USDC")
    store(broken, house, slot_of(broken, house, account, token, value=free), free + 1_000_000)
    proof = await proven(broken)
    assert {"logs tell what the contracts hold", "tokens are there"} <= failing(proof)
    assert f"free balance {account.lower()} {token.lower()}: {free} by the logs" in named(proof)


async def test_a_book_with_too_little_locked_is_named(broken: World) -> None:
    house, account = broken.deployment.address("Clearinghouse"), broken.client(6).address
    book = broken.client(6).read("Clearinghouse", "book", account, PUT_BOOK)
    assert book["locked"] > 0
    word = book["kind"] | book["legCount"] << 8 | book["locked"] << 24
    slot = slot_of(broken, house, account, PUT_BOOK, value=word)
    store(broken, house, slot, book["kind"] | book["legCount"] << 8 | (book["locked"] - 1) << 24)
    proof = await proven(broken)
    assert "books are covered" in failing(proof)
    assert f"book {account.lower()} {PUT_BOOK}: {book['locked'] - 1} locked, it can lose {book['locked']}" in named(
        proof
    )


async def test_option_tokens_out_of_nowhere_are_named(broken: World) -> None:
    token = broken.deployment.address("OptionToken")
    client = broken.client(7)
    series, held = client.series(CALL).id, client.balance_of(CALL)
    supply = client.read("OptionToken", "totalSupply", series)
    for keys, value in (((series, client.address), held), ((client.address, series), held)):
        try:
            store(broken, token, slot_of(broken, token, *keys, value=value), value + 10**18)
            break
        except AssertionError:
            continue
    store(broken, token, slot_of(broken, token, series, value=supply), supply + 10**18)
    proof = await proven(broken)
    assert {"logs tell what the contracts hold", "longs equal shorts"} <= failing(proof)
    assert f"series {series}" in named(proof)


async def test_a_vault_that_lost_its_assets_is_named(broken: World) -> None:
    vault, house = broken.client(9).vault_address("ETH-P"), broken.deployment.address("Clearinghouse")
    token = broken.deployment.token("USDC").address
    free = broken.client(9).read("Clearinghouse", "freeBalance", vault, token)
    store(broken, house, slot_of(broken, house, vault, token, value=free), free // 2)
    proof = await proven(broken)
    assert "vaults have what they owe" in failing(proof)
    assert f"vault {vault.lower()}: {free // 2} free for {free}" in named(proof)


async def test_a_log_that_an_endpoint_hides_is_missed(market: World) -> None:
    hidden: list[Any] = []

    def drop(logs: list[Any]) -> list[Any]:
        hidden.extend(logs[len(logs) // 2 : len(logs) // 2 + 1])
        return [log for log in logs if log not in hidden]

    proof = await proven(market, rpc=through(market, drop))
    assert len(hidden) == 1
    assert "logs tell what the contracts hold" in failing(proof)


def through(market: World, change: Any) -> Rpc:
    """The market's node, with its logs changed on the way."""
    node = httpx.Client(trust_env=False)

    def handle(request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        answer = orjson.loads(node.post(market.anvil.url, json=body).content)
        if isinstance(body, dict) and body["method"] == "eth_getLogs":
            answer["result"] = change(answer["result"])
        return httpx.Response(200, json=answer)

    return Rpc(market.anvil.url, transport=httpx.MockTransport(handle))


async def test_every_account_is_in_the_root(market: World) -> None:
    proof = await proven(market)
    assert len(proof.accounts) >= 7
    root = bytes.fromhex(proof.root[2:])
    for account in proof.accounts:
        told = proof.inclusion(account.address)
        value = leaf(account.address, account.owed)
        assert told["leaf"] == "0x" + value.hex()
        assert verify(value, [bytes.fromhex(each[2:]) for each in told["proof"]], root)
    with pytest.raises(UnknownAccount, match="has no leaf"):
        proof.inclusion("0x" + "12" * 20)


async def test_what_an_account_is_owed_is_what_the_contracts_say(market: World) -> None:
    proof = await proven(market)
    client = market.client(7)
    (account,) = [each for each in proof.accounts if each.address == client.address.lower()]
    owed = {each.token: each for each in account.owed}
    weth = owed[market.deployment.token("WETH").address.lower()]
    assert weth.free == client.free_balance("WETH")
    # A call comes to at most one base.
    calls = sum(client.balance_of(name) for name in (CALL, "ETH-7MAR23-1500-C", "ETH-7MAR23-1700-C"))
    assert weth.claims == calls
    usdc = owed[market.deployment.token("USDC").address.lower()]
    book = client.read("Clearinghouse", "book", client.address, PUT_BOOK)
    assert usdc.locked == book["locked"] == 0, "it placed a long and wrote nothing"


async def test_a_block_whose_state_is_gone_is_said(market: World) -> None:
    node = httpx.Client(trust_env=False)

    def handle(request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)

        def refused(call: dict[str, Any]) -> dict[str, Any]:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "missing trie node"}}

        if isinstance(body, list):
            return httpx.Response(200, json=[refused(call) for call in body])
        if body["method"] == "eth_call":
            return httpx.Response(200, json=refused(body))
        return httpx.Response(200, content=node.post(market.anvil.url, json=body).content)

    with pytest.raises(StateGone, match="archive"):
        await proven(market, rpc=Rpc(market.anvil.url, transport=httpx.MockTransport(handle)))


async def test_another_chain_is_refused(market: World) -> None:
    other = market.deployment.model_copy(update={"genesis_hash": "0x" + "00" * 32})
    async with Rpc(market.anvil.url) as rpc:
        with pytest.raises(WrongChain):
            await prove(rpc, other)
        with pytest.raises(WrongChain, match="not 7"):
            await prove(rpc, market.deployment.model_copy(update={"chain_id": 7}))


def test_it_shares_nothing_with_the_indexer_and_needs_no_database() -> None:
    for path in Path(solvency.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [entry.name for entry in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith(("indexer", "optionix.store", "sqlalchemy", "psycopg")), (
                    f"{path.name}: {name}"
                )
