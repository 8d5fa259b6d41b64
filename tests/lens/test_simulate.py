"""Simulations on a real node: what `eth_call` promises is what the transaction does."""

from typing import Any

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted
from optionix.chain.simulate import ORIGINAL, RISING, Call, Simulation, Watch, simulate
from optionix.client import Client
from optionix.instruments import Series, Side
from tests.support.chain import EXPIRY, STRIKES, LocalChain

WAD = 10**18
CALL = Series(1, Side.CALL, EXPIRY, STRIKES[2])
PUT = Series(1, Side.PUT, EXPIRY, STRIKES[2])


class Promise:
    """An account whose next transaction is simulated in the block that it will come into, and then sent."""

    def __init__(self, chain: LocalChain, client: Client) -> None:
        self.chain = chain
        self.client = client
        vaults = [vault.address for vault in chain.deployment.vaults if vault.market == 1]
        tokens = [token.address for token in chain.deployment.tokens]
        self.watch = Watch(tokens, [CALL.book_key, PUT.book_key], vaults)

    def look(self) -> dict[str, Any]:
        watch = (list(self.watch.tokens), list(self.watch.books), list(self.watch.vaults))
        found: dict[str, Any] = self.chain.read("AccountLens", "snapshot", self.client.address, watch)
        return found

    def simulate(self, *calls: Call) -> Simulation:
        override = {"number": hex(self.chain.head + 1), "time": hex(self.chain.now + 12)}
        return simulate(
            self.chain.rpc, self.chain.deployment, self.client.address, calls, self.watch, block_override=override
        )

    def check(self, abi: str, address: str, function: str, *args: Any, value: int = 0) -> Simulation:
        data = load_abi(abi).encode(function, *args)
        promised = self.simulate(Call(address, data, value))
        assert promised.refusal is None
        assert promised.before == self.look()
        self.chain.rpc.call("evm_setNextBlockTimestamp", self.chain.now + 12)
        receipt = self.client.transact_at(abi, address, function, *args, value=value)
        got = self.look()
        # The gas of the transaction itself is the one thing that no call pays.
        assert {**promised.afterwards, "native": 0} == {**got, "native": 0}
        assert receipt.gas_used > promised.gas_used // 2
        return promised


@pytest.fixture
def promise(market: LocalChain) -> Promise:
    client = market.client(6)
    for token in ("WETH", "USDC"):
        client.deposit(token, "5000")
    for vault in ("ETH-C", "ETH-P"):
        client.allow_trading(client.vault_address(vault))
    return Promise(market, client)


def house(promise: Promise, function: str, *args: Any, value: int = 0) -> Simulation:
    return promise.check(
        "Clearinghouse", promise.chain.deployment.address("Clearinghouse"), function, *args, value=value
    )


def test_depositing_writing_and_closing(promise: Promise) -> None:
    me = promise.client.address
    weth = promise.chain.deployment.token("WETH").address
    house(promise, "withdraw", weth, WAD, me)
    written = house(promise, "write", me, CALL.id, 2 * WAD, promise.chain.client(7).address)
    [outcome, _] = written.outcomes
    assert (outcome["worstLoss"], outcome["worstPrice"]) == (2 * WAD, RISING)
    house(promise, "write", me, PUT.id, WAD, me)
    closed = house(promise, "close", me, PUT.id, WAD, me)
    assert closed.outcomes[1]["worstLoss"] == 0


def test_native_coin_is_wrapped_as_promised(promise: Promise) -> None:
    wrapped = house(promise, "multicall", [], value=3 * WAD)
    assert wrapped.before["native"] - wrapped.afterwards["native"] == 3 * WAD
    free = [
        next(
            entry["free"]
            for entry in snapshot["balances"]
            if entry["token"] == promise.chain.deployment.token("WETH").address.lower()
        )
        for snapshot in (wrapped.before, wrapped.afterwards)
    ]
    assert free[1] - free[0] == 3 * WAD


@pytest.mark.parametrize("series", [CALL, PUT], ids=["call", "put"])
def test_buying_and_selling_back(promise: Promise, series: Series) -> None:
    vault = promise.client.vault_address(series)
    me, never = promise.client.address, 2**255
    bought = promise.check("OptionVault", vault, "buy", series.id, WAD, 2**255, me, never, 0)
    [cost] = bought.costs
    total = load_abi("OptionVault").decode("buy", bought.results[0])
    assert cost["premium"] + cost["fee"] == total
    assert cost["fee"] > 0
    assert bought.outcomes[int(series.side)]["worstLoss"] == total
    sold = promise.check("OptionVault", vault, "sell", series.id, WAD, 0, me, never, 0)
    assert sold.costs[0]["premium"] > 0


def test_a_refusal_is_the_contracts_own(promise: Promise) -> None:
    data = load_abi("Clearinghouse").encode("write", promise.client.address, CALL.id, 10**6 * WAD, ORIGINAL)
    found = promise.simulate(Call(promise.chain.deployment.address("Clearinghouse"), data))
    assert isinstance(found.refusal, Reverted)
    assert found.refusal.name == "InsufficientFreeBalance"
    assert found.done == 0
    assert found.afterwards == found.before


def test_an_account_with_code_keeps_it(promise: Promise) -> None:
    # A contract that takes nothing: the code of a test token stands in for an account of that kind.
    account = promise.client.address
    code = promise.chain.rpc.call("eth_getCode", promise.chain.deployment.token("USDC").address, "latest")
    promise.chain.rpc.call("anvil_setCode", account, code)
    data = load_abi("Clearinghouse").encode("write", account, CALL.id, WAD, account)
    found = promise.simulate(Call(promise.chain.deployment.address("Clearinghouse"), data))
    assert found.refusal is not None
    assert found.refusal.name == "ERC1155InvalidReceiver"
