"""A deployed local chain and what actors do on it: enough to emit nearly every event of every contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_account import Account

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator, read
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.client import Client, Funds
from optionix.instruments import Series, Side
from optionix.local.anvil import Anvil

START = 1_678_060_800
"""Monday 6 March 2023, 00:00 UTC."""
EXPIRY = START + 86_400 + 8 * 3600
"""Tuesday, 08:00."""
STRIKES = tuple(strike * 10**8 for strike in (1400, 1500, 1600, 1700, 1800))
CALL, OTHER_CALL, PUT = "ETH-7MAR23-1600-C", "ETH-7MAR23-1500-C", "ETH-7MAR23-1600-P"
LOWER_PUT = "ETH-7MAR23-1500-P"
CALL_BOOK = 1 << 48 | EXPIRY
PUT_BOOK = 1 << 48 | 1 << 40 | EXPIRY
FINAL_DEPTH_SLOTS = 16
"""anvil's finalised block lags the head by twice this."""
NOTICE = 900


class World:
    """A local chain with everything deployed and one expiry of market 1 listed; nothing has happened yet."""

    def __init__(self, anvil: Anvil, rpc: BlockingRpc, deployment: Deployment) -> None:
        self.anvil = anvil
        self.rpc = rpc
        self.deployment = deployment
        self.admin = LightOperator(rpc, local_account(0))
        self.feed_owner = LightOperator(rpc, local_account(4))
        self._clients: dict[int, Client] = {}

    def client(self, index: int) -> Client:
        """An account's client; its sender counts nonces itself, so a reorg needs `forget_clients`."""
        if index not in self._clients:
            self._clients[index] = Client(
                "local", local_account(index), rpc_url=self.anvil.url, deployment=self.deployment
            )
        return self._clients[index]

    def forget_clients(self) -> None:
        """Close all clients: nonces are asked anew."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self.admin = LightOperator(self.rpc, local_account(0))
        self.feed_owner = LightOperator(self.rpc, local_account(4))

    def post(self, price: int, market: int = 1) -> None:
        """A new round of a market's feed, whole quote units."""
        self.feed_owner.send(self.deployment.feed(market).address, load_abi("ReplayFeed").encode("post", price * 10**8))

    def at(self, timestamp: int) -> None:
        """A block at this time."""
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)
        self.rpc.call("evm_mine")

    @property
    def now(self) -> int:
        """The head's time."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def head(self) -> int:
        """The head's number."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def mine(self, count: int) -> None:
        """Empty blocks."""
        self.rpc.call("anvil_mine", hex(count), hex(1))

    def post_surface(self, volatility: float = 0.6) -> None:
        """A slice for the listed expiry, signed by the surface signer."""
        oracle, abi = self.deployment.address("VolatilityOracle"), load_abi("VolatilityOracle")
        signer = local_account(2)
        self.at(self.now + 1)  # a report must be newer than the one before
        theta = int(volatility**2 * (EXPIRY - self.now) / (365 * 86_400) * 10**16)
        report: dict[str, Any] = {
            "market": 1,
            "timestamp": self.now,
            "slices": [{"expiry": EXPIRY, "theta": theta, "phi": 10**15, "rho": -(10**11), "carry": 0}],
        }
        digest = read(self.rpc, abi, oracle, "hashReport", report)
        signature = Account.unsafe_sign_hash(digest, signer.key).signature
        self.client(1).transact("VolatilityOracle", "post", report, [bytes(signature)])

    # --- acts, in the order of a life ---

    def fund(self) -> None:
        """Liquidity for both ETH vaults, one deposit cancelled, prices and a surface."""
        provider = self.client(5)
        provider.request_deposit("ETH-C", "1000")
        provider.request_deposit("ETH-P", "500000")
        cancelled = self.client(6).request_deposit("ETH-C", "3")
        self.client(6).cancel_deposit("ETH-C", cancelled)
        self.client(6).request_deposit("ETH-C", "7")
        self.at(START + NOTICE + 3600)
        self.post(1565)
        self.post(22_000, 2)
        for vault in ("ETH-C", "ETH-P"):
            self.client(9).process(vault)
            provider.claim(vault)
        oracle = self.deployment.address("VolatilityOracle")
        self.admin.send(oracle, load_abi("VolatilityOracle").encode("setSigners", [local_account(2).address], 1))
        self.post_surface()

    def trade(self) -> None:
        """Purchases from both vaults with both kinds of funds, a sale back, a transfer."""
        buyer, other = self.client(7), self.client(8)
        buyer.buy(CALL, "2.5")
        other.deposit("USDC", "20000")
        other.buy(PUT, "1", funds=Funds.FREE_BALANCE)
        other.buy(PUT, "0.5", receiver=buyer.address)
        buyer.sell(CALL, "0.75")
        buyer.transfer(CALL, "0.5", other.address)
        self.post(1571)
        buyer.buy(OTHER_CALL, "1.25")
        self.post_surface(0.9)  # too far: stored clipped, and the expiry is halted

    def trade_once(self) -> None:
        """One purchase by each of two buyers, a book and a round."""
        self.client(7).buy(CALL, "0.2")
        self.client(8).buy(OTHER_CALL, "0.1")
        self.client(8).deposit("WETH", "1")
        self.client(8).write(CALL, "0.5")
        self.post(1566)

    def write(self) -> None:
        """A plain book, a netted one with a placed long, a closed leg, payments and rights."""
        writer, other = self.client(8), self.client(6)
        writer.deposit("WETH", "10")
        writer.deposit("USDC", "50000")
        writer.write(CALL, "1")
        writer.write(OTHER_CALL, "2", other.address)
        writer.close_written(CALL, "0.25")
        other.deposit("USDC", "50000")
        other.write(PUT, "1")
        other.write(LOWER_PUT, "0.5")
        other.net("ETH", Side.PUT, EXPIRY)
        other.transfer(PUT, "0.3", self.client(7).address)
        writer.write(LOWER_PUT, "1", other.address)
        other.place(LOWER_PUT, "0.9")
        other.take_back(LOWER_PUT, "0.2")
        holder = self.client(7)  # a book that owes nothing and is owed something
        holder.net("ETH", Side.PUT, EXPIRY)
        holder.place(PUT, "0.4")
        usdc = self.deployment.token("USDC").address
        writer.transact("Clearinghouse", "pay", writer.address, other.address, usdc, 123_456_789)
        writer.transact("Clearinghouse", "setOperator", other.address, 3)
        writer.transact("Clearinghouse", "setRedeemFor", True)
        writer.withdraw("WETH", "1.5")

    def ask_out(self) -> None:
        """Redemption requests, one cancelled, one processed and claimed in part; shares move."""
        provider = self.client(5)
        shares = provider.share_balance("ETH-C")
        provider.transact_at(
            "OptionVault", provider.vault_address("ETH-C"), "transfer", self.client(9).address, shares // 10
        )
        request = provider.request_redeem("ETH-C", shares // 4)
        provider.cancel_redeem("ETH-C", request)
        provider.request_redeem("ETH-C", shares // 2)
        provider.request_redeem("ETH-C", shares // 8)
        self.client(9).request_deposit("ETH-P", "1234.56")
        self.at(self.now + NOTICE + 1)
        self.post(1575)
        self.post_surface(0.6)  # fits again: the halt ends
        for vault in ("ETH-C", "ETH-P"):
            self.client(9).process(vault)
        vault = provider.vault_address("ETH-C")
        claimable = provider.read_at("OptionVault", vault, "maxWithdraw", provider.address)
        provider.transact_at("OptionVault", vault, "withdraw", claimable // 3, provider.address, provider.address)

    def settle(self) -> None:
        """Expiry, settlement, books, redemptions, releases and fees."""
        for step in range(7):
            self.at(EXPIRY - 1900 + 300 * step)
            self.post(1580 + 5 * step)
        keeper = self.client(9)
        keeper.transact("Markets", "checkpoint", 1, EXPIRY)
        self.at(EXPIRY + 61)
        keeper.settle("ETH", EXPIRY)
        self.client(7).redeem(CALL)
        keeper.redeem_for(self.client(8).address, CALL)
        writer, netted = self.client(8), self.client(6)
        keeper.settle_leg(CALL, writer.address)
        keeper.settle_leg(OTHER_CALL, writer.address)
        keeper.settle_leg(LOWER_PUT, writer.address)
        keeper.settle_book(PUT_BOOK, netted.address)
        keeper.settle_book(PUT_BOOK, self.client(7).address)
        keeper.redeem_for(netted.address, LOWER_PUT)
        for name, vault in ((CALL, "ETH-C"), (OTHER_CALL, "ETH-C"), (PUT, "ETH-P")):
            keeper.transact_at("OptionVault", keeper.vault_address(vault), "release", keeper.series(name).id)
        for key in (CALL_BOOK, PUT_BOOK):
            keeper.transact("Clearinghouse", "collectFees", key)

    def live(self) -> None:
        """The whole life."""
        for act in (self.fund, self.trade, self.write, self.ask_out, self.settle):
            act()


@contextmanager
def world(port: int = 0) -> Iterator[World]:
    """A new chain, deployed and listed."""
    with (
        Anvil(port, timestamp=START, slots_in_an_epoch=FINAL_DEPTH_SLOTS) as anvil,
        BlockingRpc(anvil.url) as rpc,
    ):
        admin = LightOperator(rpc, local_account(0))
        report = deploy(
            admin,
            network("local"),
            compile_contracts(),
            admin=admin.address,
            holders={Role.LISTER: [local_account(1).address]},
            feed_owner=local_account(4).address,
        )
        deployment, abi = report.deployment, load_abi("Markets")
        markets = deployment.address("Markets")
        owner = LightOperator(rpc, local_account(4))
        owner.send(deployment.feed(1).address, load_abi("ReplayFeed").encode("post", 1550 * 10**8))
        admin.send(markets, abi.encode("listExpiry", 1, EXPIRY))
        ids = [Series(1, side, EXPIRY, strike).id for side in Side for strike in STRIKES]
        admin.send(markets, abi.encode("listSeries", ids))
        for token in deployment.tokens:
            for index in range(5, 10):
                amount = 1_000_000 * 10**token.decimals
                admin.send(token.address, load_abi("TestToken").encode("mint", local_account(index).address, amount))
        made = World(anvil, rpc, deployment)
        try:
            yield made
        finally:
            made.forget_clients()
