"""A deployed local chain and what actors do on it: enough to emit nearly every event of every contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from optionix.client import Funds
from optionix.instruments import Side
from optionix.local.anvil import CHAIN_ID
from tests.support.chain import EXPIRY, NOTICE, START, LocalChain, local_chain

CALL, OTHER_CALL, PUT = "ETH-7MAR23-1600-C", "ETH-7MAR23-1500-C", "ETH-7MAR23-1600-P"
LOWER_PUT = "ETH-7MAR23-1500-P"
UPPER_CALL, UPPER_PUT = "ETH-7MAR23-1700-C", "ETH-7MAR23-1700-P"
CALL_BOOK = 1 << 48 | EXPIRY
PUT_BOOK = 1 << 48 | 1 << 40 | EXPIRY
FINAL_DEPTH_SLOTS = 16
"""anvil's finalised block lags the head by twice this."""


class World(LocalChain):
    """A local chain with everything deployed and one expiry of market 1 listed; nothing has happened yet."""

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
        self.set_signer()
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

    def exchange(self) -> None:
        """Signed orders: filled in part at a premium and at a volatility, in both tokens, matched, cancelled."""
        maker, taker, caller = self.client(5), self.client(9), self.client(6)
        for client in (maker, taker):
            client.deposit("WETH", "8")
            client.deposit("USDC", "40000")
            client.ready_to_trade(selling=True)
        sell = maker.premium_order(UPPER_CALL, "2", "0.02", is_buy=False, use_book=True, nonce=1)
        taker.fill(sell, maker.sign(sell), "0.75")
        taker.fill(sell, maker.sign(sell), "0.5")
        bid = maker.volatility_order(
            UPPER_CALL, "1", "0.55", is_buy=True, use_book=True, nonce=2, premium_token="USDC",
            min_spot="1000", max_spot="2000", max_feed_age=10_000,
        )  # fmt: skip
        taker.fill(bid, maker.sign(bid), "0.25")
        put = maker.premium_order(UPPER_PUT, "0.5", "0.09", is_buy=False, use_book=True, nonce=3, premium_token="WETH")
        taker.fill(put, maker.sign(put))
        buy = taker.premium_order(UPPER_CALL, "0.3", "0.03", is_buy=True, nonce=2**64 - 1)
        rest = maker.premium_order(UPPER_CALL, "1", "0.021", is_buy=False, use_book=True, nonce=40)
        caller.match(buy, taker.sign(buy), rest, maker.sign(rest))
        maker.cancel_order(40)
        taker.cancel_order(41)
        maker.cancel_orders_below(4)

    def route(self) -> None:
        """Purchases and sales through the Router: from the vault, from an order, to both."""
        maker, trader = self.client(5), self.client(8)
        maker.deposit("WETH", "8")
        maker.ready_to_trade(selling=True)
        ask = maker.premium_order(CALL, "0.5", "0.001", is_buy=False, use_book=True, nonce=50)
        trader.buy_best(CALL, "1.25", [(ask, maker.sign(ask))])
        bid = maker.premium_order(CALL, "0.25", "0.5", is_buy=True, use_book=True, nonce=51)
        trader.sell_best(CALL, "1", [(bid, maker.sign(bid))])

    def outage(self) -> None:
        """A feed that answers nothing, noted twice, and readable again; the metadata of a series announced."""
        caller, feed = self.client(6), self.deployment.feed(1).address
        code = self.rpc.call("eth_getCode", feed, "latest")
        for state in ("0x", code):
            self.rpc.call("anvil_setCode", feed, state)
            caller.transact("VaultPricer", "noteOutage", 1, EXPIRY)
            if state == "0x":
                caller.transact("VaultPricer", "noteOutage", 1, EXPIRY)
        caller.transact("OptionToken", "announce", caller.series(CALL).id)

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
        for name in (UPPER_CALL, UPPER_PUT):
            if keeper.read("Clearinghouse", "leg", self.client(5).address, keeper.series(name).id):
                keeper.settle_leg(name, self.client(5).address)
        keeper.settle_book(PUT_BOOK, netted.address)
        keeper.settle_book(PUT_BOOK, self.client(7).address)
        keeper.redeem_for(netted.address, LOWER_PUT)
        for name, vault in ((CALL, "ETH-C"), (OTHER_CALL, "ETH-C"), (PUT, "ETH-P")):
            keeper.transact_at("OptionVault", keeper.vault_address(vault), "release", keeper.series(name).id)
        for key in (CALL_BOOK, PUT_BOOK):
            keeper.transact("Clearinghouse", "collectFees", key)

    def live(self) -> None:
        """The whole life."""
        for act in (self.fund, self.trade, self.write, self.exchange, self.outage, self.ask_out, self.settle):
            act()


@contextmanager
def world(*, chain_id: int = CHAIN_ID, history: int = 256) -> Iterator[World]:
    """A new chain, deployed and listed. `history`: blocks whose state it keeps."""
    with local_chain(slots_in_an_epoch=FINAL_DEPTH_SLOTS, chain_id=chain_id, history=history) as bare:
        made = World(bare.anvil, bare.rpc, bare.deployment)
        try:
            made.post(1550)
            made.list_series()
            made.mint()
            yield made
        finally:
            made.forget_senders()
