"""What a crowd does in each block, about as in the demonstration: trades, books, orders, requests, settlement."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bench.traffic.crowd import Crowd, address_of
from optionix.chain.abi import load_abi
from optionix.chain.transactions import local_account
from optionix.client import Funds
from optionix.instruments import DAY, Series, Side
from optionix.local.chain import FEED_OWNER, NOTICE, SIGNER, START, LocalChain
from optionix.orders import LimitKind, Order, sign_order

WAD = 10**18
EXPIRIES = tuple(START + days * DAY + 8 * 3600 for days in (0, 1, 4, 11, 25))
"""The first one settles while the traffic goes on."""
SPOTS = {1: 1550.0, 2: 22_000.0}
_NEVER = 2**40 - 1
_MOST = 2**128 - 1
_FREE = int(Funds.FREE_BALANCE)
_STEP = 10**14
"""What amounts are a multiple of."""
_MAKERS = range(10, 22)
"""Known accounts, which sign orders."""
_LIQUIDITY = {"WETH": 60_000, "WBTC": 3_000, "USDC": 100_000_000}
_PURSES = {"WETH": 40, "WBTC": 3, "USDC": 150_000}


@dataclass(frozen=True)
class Pace:
    """How much happens.

    Attributes
    ----------
    seconds : market time from one block to the next.
    strikes : on each side of each expiry of both markets.
    acts : of the crowd in one block.
    """

    accounts: int
    strikes: int
    acts: int
    seconds: int = 45


@dataclass
class _Holding:
    account: str
    series: int
    amount: int


class Market:
    """A market in motion: `prepare` once, then `block` after block.

    Parameters
    ----------
    seed : of everything that is drawn.
    """

    def __init__(self, chain: LocalChain, pace: Pace, seed: int = 1) -> None:
        self.chain = chain
        self.pace = pace
        self._draw = random.Random(seed)
        self.crowd = Crowd(chain, pace.seconds)
        self.accounts = [address_of(f"trader {index}") for index in range(pace.accounts)]
        self._makers: list[LocalAccount] = [local_account(index) for index in _MAKERS]
        self._lenders = [address_of(f"lender {index}") for index in range(24)]
        self._keeper = address_of("keeper")
        self.blocks = 0
        self._held: list[_Holding] = []
        self._bought: list[_Holding] = []
        self._written: list[_Holding] = []
        self._writers: list[_Holding] = []
        self._orders: list[tuple[Order, bytes, int]] = []
        self._nonce = 1
        self._netted: set[tuple[str, int]] = set()
        self._requests: dict[str, int] = {}
        self._to_settle: list[tuple[str, tuple[str, int]]] = []
        self._fee_keys: list[int] = []
        self._settled = False
        self._now = 0

    # --- the beginning ---

    def prepare(self) -> None:
        """Listings, prices, surfaces, liquidity, everybody's money and rights."""
        crowd, chain = self.crowd, self.chain
        crowd.welcome(self._everybody)
        self.resume()
        admin = local_account(0).address
        crowd.act(admin, "VolatilityOracle", "setSigners", [SIGNER.address], 1)
        self._post_prices()
        crowd.mine()
        for market in SPOTS:
            for expiry in EXPIRIES:
                crowd.act(admin, "Markets", "listExpiry", market, expiry)
        crowd.mine()
        for market in SPOTS:
            for expiry in EXPIRIES:
                for side in Side:
                    listed = [series.id for series in self._series(market, side, expiry)]
                    crowd.act(admin, "Markets", "listSeries", listed)
        crowd.mine()
        self._post_surfaces()
        crowd.mine()
        for vault in chain.deployment.vaults:
            token = chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
            for lender in self._lenders[:6]:
                assets = _LIQUIDITY[token.symbol] * 10**token.decimals // 6
                crowd.act(lender, "TestToken", "mint", lender, 2 * assets, at=token.address)
                crowd.act(lender, "TestToken", "approve", vault.address, _MOST, at=token.address)
                self._request(lender, vault.address, assets)
            crowd.mine()
        for address in [*self.accounts, *(maker.address for maker in self._makers)]:
            self._equip(address)
            if crowd.waiting > 400:
                crowd.mine()
        crowd.mine()
        chain.mine(NOTICE // self.pace.seconds + 1)
        self._now = chain.now
        for vault in chain.deployment.vaults:
            crowd.act(self._keeper, "OptionVault", "process", 16, at=vault.address)
        crowd.mine()
        for vault in chain.deployment.vaults:
            token = chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
            assets = _LIQUIDITY[token.symbol] * 10**token.decimals // 6
            for lender in self._lenders[:6]:
                claim = "deposit(uint256,address,address)"
                crowd.act(lender, "OptionVault", claim, assets, lender, lender, at=vault.address)
        crowd.mine()

    def _equip(self, address: str) -> None:
        """Tokens, a free balance, and the rights that trading needs."""
        deployment, house = self.chain.deployment, load_abi("Clearinghouse")
        calls = []
        for token in deployment.tokens:
            assets = _PURSES[token.symbol] * 10**token.decimals
            self.crowd.act(address, "TestToken", "mint", address, assets, at=token.address)
            self.crowd.act(
                address, "TestToken", "approve", deployment.address("Clearinghouse"), assets, at=token.address
            )
            calls.append(house.encode("deposit", token.address, assets))
        for right in (*(vault.address for vault in deployment.vaults), deployment.address("Exchange")):
            calls.append(house.encode("setOperator", right, 1))
        self.crowd.act(address, "Clearinghouse", "multicall", [bytes.fromhex(call[2:]) for call in calls])
        self.crowd.act(address, "OptionToken", "setApprovalForAll", deployment.address("Exchange"), True)

    def resume(self) -> None:
        """Take up a chain that was prepared before."""
        self.crowd.know(self._everybody)
        self._now = self.chain.now
        self._settled = self._now > EXPIRIES[0]

    @property
    def _everybody(self) -> list[str]:
        known = [FEED_OWNER, SIGNER, local_account(0), *self._makers]
        return [*self.accounts, *self._lenders, self._keeper, *(account.address for account in known)]

    # --- what goes on ---

    def block(self) -> None:
        """One block of traffic."""
        self.blocks += 1
        self._now = self.chain.now
        self._post_prices()
        if self.blocks % 20 == 0:
            self._post_surfaces()
        for _ in range(self.pace.acts):
            act = self._draw.choices(_ACTS, _WEIGHTS)[0]
            act(self)
        self._settle()
        self.crowd.mine()

    def spot(self, market: int) -> float:
        """The price of a market in this block."""
        return SPOTS[market] * (1 + 0.03 * math.sin(self.blocks / 150) + 0.004 * math.sin(self.blocks * 1.7 + market))

    def _series(self, market: int, side: Side, expiry: int) -> list[Series]:
        step = SPOTS[market] * 0.02
        first = SPOTS[market] - step * (self.pace.strikes - 1) / 2
        return [Series(market, side, expiry, round(first + place * step) * 10**8) for place in range(self.pace.strikes)]

    def _some_series(self, *, vault: bool) -> Series:
        """Open ones; a vault's are near the money."""
        market, side = self._draw.choice((1, 2)), self._draw.choice(tuple(Side))
        expiry = self._draw.choice(EXPIRIES[1:] if self._closing else EXPIRIES)
        listed = self._series(market, side, expiry)
        if vault:
            middle, reach = len(listed) // 2, min(6, len(listed) // 2)
            listed = listed[middle - reach : middle + reach]
        return self._draw.choice(listed)

    @property
    def _closing(self) -> bool:
        """Whether the first expiry is near or over."""
        return self._now > EXPIRIES[0] - 2 * 3600

    def _vault(self, series: Series) -> str:
        return self.chain.deployment.vault(series.market, series.side).address

    def _buy(self) -> None:
        series, account = self._some_series(vault=True), self._draw.choice(self.accounts)
        amount = self._draw.randrange(2, 40) * 10**16
        self.crowd.act(
            account, "OptionVault", "buy", series.id, amount, _MOST, account, _NEVER, _FREE, at=self._vault(series)
        )
        self._bought.append(_Holding(account, series.id, amount))

    def _sell(self) -> None:
        held = self._some(self._bought)
        if held is None:
            return
        amount = held.amount // 2 // _STEP * _STEP
        held.amount -= amount
        vault = self._vault(Series.from_id(held.series))
        self.crowd.act(
            held.account, "OptionVault", "sell", held.series, amount, 0, held.account, _NEVER, _FREE, at=vault
        )

    def _write(self) -> None:
        series, writer = self._some_series(vault=False), self._draw.choice(self.accounts)
        receiver = self._draw.choice((writer, self._draw.choice(self.accounts)))
        amount = self._draw.randrange(5, 60) * 10**16
        self._writers.append(_Holding(writer, series.id, amount))
        self.crowd.act(writer, "Clearinghouse", "write", writer, series.id, amount, receiver)
        (self._written if receiver == writer else self._held).append(_Holding(receiver, series.id, amount))

    def _close(self) -> None:
        held = self._some(self._written)
        if held is None:
            return
        amount = held.amount // 3 // _STEP * _STEP
        held.amount -= amount
        self.crowd.act(held.account, "Clearinghouse", "close", held.account, held.series, amount, held.account)

    def _transfer(self) -> None:
        held = self._some(self._held)
        if held is None:
            return
        amount, taker = held.amount // 3 // _STEP * _STEP, self._draw.choice(self.accounts)
        held.amount -= amount
        self.crowd.act(held.account, "OptionToken", "safeTransferFrom", held.account, taker, held.series, amount, b"")

    def _spread(self) -> None:
        """A netted book: a long bought from the vault and placed, another strike written, a part taken back."""
        bought, account = self._some_series(vault=True), self._draw.choice(self.accounts)
        if (account, bought.book_key) in self._netted or bought.expiry == EXPIRIES[0]:
            return
        self._netted.add((account, bought.book_key))
        amount = 5 * 10**17
        crowd = self.crowd
        vault = self._vault(bought)
        crowd.act(account, "OptionVault", "buy", bought.id, amount, _MOST, account, _NEVER, _FREE, at=vault)
        crowd.act(account, "Clearinghouse", "net", account, bought.book_key, [])
        crowd.act(account, "Clearinghouse", "place", account, bought.id, amount)
        listed = [each for each in self._series(bought.market, bought.side, bought.expiry) if each != bought]
        crowd.act(account, "Clearinghouse", "write", account, self._draw.choice(listed).id, amount // 2, account)
        crowd.act(account, "Clearinghouse", "takeBack", account, bought.id, amount // 5, account)

    def _sign(self) -> None:
        """A maker's ask that is filled in parts."""
        maker, series = self._draw.choice(self._makers), self._some_series(vault=False)
        token = self.chain.deployment.settlement_token(series.market, series.side)
        spot = self.spot(series.market)
        per_contract = 0.01 * (1.0 if series.side is Side.CALL else spot)
        self._nonce += 1
        order = Order(
            maker=maker.address,
            series=series.id,
            is_buy=False,
            use_book=True,
            kind=LimitKind.PREMIUM,
            premium_token=token.address,
            amount=10**18,
            limit=int(per_contract * 10**6) * 10**12,
            deadline=_NEVER,
            nonce=self._nonce,
        )
        self._orders.append((order, sign_order(order, maker, self.chain.deployment), 8))
        self._orders = self._orders[-40:]

    def _fill(self) -> None:
        if not self._orders or self._draw.random() < 0.12:
            self._sign()
        place = self._draw.randrange(len(self._orders))
        order, signature, left = self._orders[place]
        taker = self._draw.choice(self.accounts)
        amount = 10**18 // 8
        take = {"amount": amount, "minAmount": 0, "limit": _MOST, "receiver": taker, "useBook": False}
        self.crowd.act(taker, "Exchange", "fill", order.struct(), signature, take)
        self._held.append(_Holding(taker, order.series, amount))
        if left == 1:
            self._orders.pop(place)
        else:
            self._orders[place] = (order, signature, left - 1)

    def _cancel(self) -> None:
        if self._orders:
            order, _, _ = self._orders.pop(self._draw.randrange(len(self._orders)))
            self.crowd.act(order.maker, "Exchange", "cancel", order.nonce)

    def _decide(self) -> None:
        """What is done rarely: orders below a nonce cancelled, rights and wishes changed."""
        maker, account = self._draw.choice(self._makers), self._draw.choice(self.accounts)
        vault = self._draw.choice(self.chain.deployment.vaults)
        lender = self._draw.choice(self._lenders[:6])
        kind = self._draw.randrange(3)
        if kind == 0:
            oldest = min((order.nonce for order, _, _ in self._orders if order.maker == maker.address), default=1)
            self.crowd.act(maker.address, "Exchange", "cancelBelow", oldest)
        elif kind == 1:
            self.crowd.act(account, "Clearinghouse", "setRedeemFor", bool(self._draw.randrange(2)))
        else:
            self.crowd.act(lender, "OptionVault", "setOperator", account, True, at=vault.address)

    def _pay(self) -> None:
        giver, taker = self._draw.sample(self.accounts, 2)
        token = self._draw.choice(self.chain.deployment.tokens)
        assets = self._draw.randrange(1, 10**token.decimals // 100)
        self.crowd.act(giver, "Clearinghouse", "pay", giver, taker, token.address, assets)

    def _move_money(self) -> None:
        account, token = self._draw.choice(self.accounts), self._draw.choice(self.chain.deployment.tokens)
        assets = self._draw.randrange(1, 10**token.decimals // 10)
        self.crowd.act(account, "Clearinghouse", "withdraw", token.address, assets, account)
        self.crowd.act(
            account, "TestToken", "approve", self.chain.deployment.address("Clearinghouse"), _MOST, at=token.address
        )
        self.crowd.act(account, "Clearinghouse", "deposit", token.address, assets // 2)

    def _lend(self) -> None:
        """Requests of liquidity providers, processed and claimed when their notice is over."""
        lender, vault = self._draw.choice(self._lenders[:6]), self._draw.choice(self.chain.deployment.vaults)
        self.crowd.act(self._keeper, "OptionVault", "process", 8, at=vault.address)
        kind = self._draw.random()
        token = self.chain.deployment.settlement_token(vault.market, Side.parse(vault.side))
        assets = 10**token.decimals * (100 if token.symbol == "USDC" else 1)
        if kind < 0.5:
            self._request(lender, vault.address, assets)
        elif kind < 0.75:
            self.crowd.act(lender, "OptionVault", "requestRedeem", 10**17, lender, lender, at=vault.address)
        else:
            claim = "deposit(uint256,address,address)"
            self.crowd.act(lender, "OptionVault", claim, assets, lender, lender, at=vault.address)
            self.crowd.act(lender, "OptionVault", "redeem", 10**17, lender, lender, at=vault.address)
            taker = self._draw.choice(self._lenders)
            self.crowd.act(lender, "OptionVault", "transfer", taker, 10**15, at=vault.address)

    def _request(self, lender: str, vault: str, assets: int) -> None:
        self.crowd.act(lender, "OptionVault", "requestDeposit", assets, lender, lender, at=vault)

    def _some(self, held: list[_Holding]) -> _Holding | None:
        """One of the newest, of an expiry that is open."""
        for _ in range(5):
            if held:
                found = held[-1 - self._draw.randrange(min(len(held), 400))]
                closed = self._closing and Series.from_id(found.series).expiry == EXPIRIES[0]
                if found.amount > 3 * 10**16 and not closed:
                    return found
        return None

    # --- keepers ---

    def _post_prices(self) -> None:
        for market in SPOTS:
            feed = self.chain.deployment.feed(market).address
            self.crowd.act(FEED_OWNER.address, "ReplayFeed", "post", round(self.spot(market) * 10**8), at=feed)

    def _post_surfaces(self) -> None:
        now = self._now
        for market in SPOTS:
            slices: list[dict[str, Any]] = [
                {
                    "expiry": expiry,
                    "theta": int(0.6**2 * (expiry - now) / (365 * DAY) * 10**16),
                    "phi": 10**15,
                    "rho": -(10**11),
                    "carry": 0,
                }
                for expiry in EXPIRIES
                if expiry > now + 600
            ]
            report = {"market": market, "timestamp": now, "slices": slices}
            digest = self.chain.read("VolatilityOracle", "hashReport", report)
            signature = Account.unsafe_sign_hash(digest, SIGNER.key).signature
            self.crowd.act(SIGNER.address, "VolatilityOracle", "post", report, [bytes(signature)])

    def _settle(self) -> None:
        """After the first expiry: the price, then books and holders in batches, releases and fees."""
        if self._to_settle or self._settled:
            batch, self._to_settle = self._to_settle[:24], self._to_settle[24:]
            if not self._to_settle and self._fee_keys:
                self.crowd.act(self._keeper, "Clearinghouse", "collectFees", self._fee_keys.pop())
            for function in ("settleMany", "redeemMany"):
                items = [item for wanted, item in batch if wanted == function]
                if items:
                    self.crowd.act(self._keeper, "Clearinghouse", function, items)
            return
        expiry = EXPIRIES[0]
        if self._now < expiry + 3 * self.pace.seconds:
            return
        self._settled = True
        for market in SPOTS:
            last = self.chain.read("Markets", "lastRound", market, expiry)
            self.crowd.act(self._keeper, "Markets", "settle", market, expiry, last)
        self.crowd.mine()
        held = [*self._held, *self._bought, *self._written]
        first = {each.series: None for each in held if Series.from_id(each.series).expiry == expiry}
        for vault in self.chain.deployment.vaults:
            for series in first:
                if self._vault(Series.from_id(series)) == vault.address:
                    self.crowd.act(self._keeper, "OptionVault", "release", series, at=vault.address)
        self.crowd.mine()
        holders = {(each.account, each.series) for each in held if each.series in first}
        writers = {(each.account, each.series) for each in self._writers if each.series in first}
        self._to_settle = [("settleMany", item) for item in sorted(writers)]
        self._to_settle += [("redeemMany", item) for item in sorted(holders)]
        keys = sorted({series >> 64 for series in first})
        self._fee_keys = keys


_MIX = {
    Market._buy: 12,
    Market._sell: 4,
    Market._write: 12,
    Market._close: 6,
    Market._transfer: 10,
    Market._spread: 2,
    Market._fill: 12,
    Market._cancel: 3,
    Market._decide: 1,
    Market._pay: 3,
    Market._move_money: 12,
    Market._lend: 8,
}
"""Shares of what the crowd does, about those of the demonstration."""
_ACTS, _WEIGHTS = list(_MIX), list(_MIX.values())
