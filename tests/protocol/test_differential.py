"""Random actions, good and bad, on the real Clearinghouse and on the plain model: the same results to the last unit.

`OPTIONIX_DIFFERENTIAL_ACTIONS` and `OPTIONIX_DIFFERENTIAL_SEED` ask for more, or for others; a failure names its seed.
"""

from __future__ import annotations

import ast
import os
import random
from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
from ape.exceptions import ContractLogicError

from optionix.chain.abi import decode_revert
from tests.protocol.conftest import HEARTBEAT, container
from tests.protocol.model import CALL, NETTED, PUT, UNIT, WAD, Model, Refused

ACTIONS = int(os.environ.get("OPTIONIX_DIFFERENTIAL_ACTIONS", "300"))
SEED = int(os.environ.get("OPTIONIX_DIFFERENTIAL_SEED", "20261123"))
STRIKES = {1: (1200, 1500, 1600, 2100), 2: (18_000, 20_000, 22_500)}
PRICES = {1: 1587, 2: 20_311}
PURSE = 40


class Players:
    """Both worlds, and what is drawn for them."""

    def __init__(self, protocol: Any, accounts: Any, chance: random.Random) -> None:
        self.protocol, self.chance = protocol, chance
        self.actors = list(accounts[3:8])
        self.house, self.options = protocol.clearinghouse, protocol.options
        self.tokens = self._add_second_market()
        self.feeds = {1: protocol.feed, 2: self.second_feed}
        expiry = protocol.expiry
        self.series = [
            market << 112 | side << 104 | expiry << 64 | strike * 10**8
            for market, strikes in STRIKES.items()
            for side in (CALL, PUT)
            for strike in strikes
        ]
        new = [series for series in self.series if not protocol.markets.isListed(series)]
        protocol.markets.listSeries(new, sender=protocol.admin)
        weth, usdc, wbtc = (str(token.address) for token in self.tokens)
        assets = {(1, CALL): (weth, 10**18), (2, CALL): (wbtc, 10**8)} | {
            (market, PUT): (usdc, 10**6) for market in (1, 2)
        }
        self.model = Model(str(self.house.address), assets, set(self.series))
        for token in self.tokens:
            for actor in self.actors:
                units = (PURSE if token is not self.tokens[1] else 50_000 * PURSE) * 10 ** token.decimals()
                token.mint(actor, units, sender=actor)
                token.approve(self.house, 2**255, sender=actor)
                self.model.wallet[str(actor.address), str(token.address)] = units

    def _add_second_market(self) -> tuple[Any, Any, Any]:
        protocol, admin = self.protocol, self.protocol.admin
        wbtc = admin.deploy(container("TestToken"), "Wrapped Bitcoin", "WBTC", 8)
        self.second_feed = admin.deploy(container("ReplayFeed"), 8, "BTC / USD", admin)
        nobody = "0x" + "0" * 40
        config = (self.second_feed, 8, HEARTBEAT, 3600, 10, 100 * WAD, 10**25, nobody, 0)
        protocol.markets.addMarket(wbtc, protocol.usdc, config, sender=admin)
        self.second_feed.post(PRICES[2] * 10**8, sender=admin)
        protocol.markets.listExpiry(2, protocol.expiry, sender=admin)
        return protocol.weth, protocol.usdc, wbtc

    # --- what is drawn ---

    def actor(self) -> Any:
        return self.chance.choice(self.actors)

    def address(self) -> str:
        return str(self.actor().address)

    def amount(self) -> int:
        """Contracts, WAD; now and then one that is none, or more than anybody has."""
        kind = self.chance.random()
        if kind < 0.04:
            return self.chance.choice((0, 1, UNIT - 1))
        if kind < 0.08:
            return 10**6 * WAD
        return self.chance.choice((1, 33, 10**8, self.chance.randrange(1, 3 * 10**8))) * UNIT

    def units(self, token: Any) -> int:
        whole = 10 ** token.decimals() * (1 if token is not self.tokens[1] else 5_000)
        return self.chance.choice((0, 1, whole, self.chance.randrange(1, 12 * whole), 60 * whole))

    def any_series(self) -> int:
        """Mostly a listed one."""
        series = self.chance.choice(self.series)
        return series if self.chance.random() > 0.03 else series + 1

    def holding(self, *, netted: bool = False) -> tuple[str, int, int]:
        """Somebody's longs, whose book is netted where that is asked for; or a guess."""
        held = [
            (holder, series)
            for (holder, series), amount in self.model.options.items()
            if amount and (not netted or self.model.books[holder, series >> 64].kind == NETTED)
        ]
        if not held or self.chance.random() < 0.15:
            return self.address(), self.any_series(), self.amount()
        holder, series = self.chance.choice(held)
        balance = self.model.options[holder, series]
        return holder, series, self.chance.choice((balance, max(balance // UNIT // 2, 1) * UNIT))

    def leg(self, *, placed: bool = False) -> tuple[str, int, int]:
        """A leg of somebody's book, of placed longs where those are asked for; or a guess."""
        legs = [
            (place[0], leg)
            for place, book in self.model.books.items()
            for leg, amount in book.legs.items()
            if amount > 0 or not placed
        ]
        if not legs or self.chance.random() < 0.15:
            return self.address(), self.any_series(), self.amount()
        account, series = self.chance.choice(legs)
        held = int(abs(self.model.books[account, series >> 64].legs[series]) * WAD)
        return account, series, self.chance.choice((held, max(held // UNIT // 3, 1) * UNIT))

    def book(self) -> tuple[str, int]:
        books = [place for place, book in self.model.books.items() if book.legs or book.kind == NETTED]
        return self.chance.choice(books) if books else (self.address(), self.series[0] >> 64)

    def caller_for(self, account: str) -> str:
        """Mostly the account itself; else anybody, with rights or without."""
        return account if self.chance.random() < 0.8 else self.address()

    def draw(self) -> tuple[str, str, tuple[Any, ...]]:
        """An action: its function, its caller, its arguments."""
        token = self.chance.choice(self.tokens)
        trading = ("deposit", "write", "write", "close", "net", "place", "takeBack", "transfer")
        ending = ("settleLeg", "settleBook", "redeem", "redeemFor")
        always = ("withdraw", "withdrawFor", "pay", "setOperator", "setOperator", self.chance.choice(trading + ending))
        name = self.chance.choice((ending if self.model.prices else trading) + always)
        at = str(token.address)
        account, series, amount = self.leg(placed=name == "takeBack")
        holder, held, balance = self.holding(netted=name == "place")
        to = self.address() if self.chance.random() > 0.03 else str(self.house.address)
        if name == "deposit":
            return name, self.address(), (at, self.units(token))
        units = self.units(token)
        if self.chance.random() < 0.6:
            units = min(units, self.model.free[account, at])
        if name == "withdraw":
            return name, account, (at, units, to)
        if name == "withdrawFor":
            return name, self.caller_for(account), (account, at, units)
        if name == "pay":
            return name, self.caller_for(account), (account, to, at, units)
        if name == "setOperator":
            return name, account, (self.address(), self.chance.choice((0, 1, 2, 3, 4)))
        if name == "write":
            writer = self.address()
            receiver = self.chance.choice((writer, self.address()))
            return name, self.caller_for(writer), (writer, self.any_series(), self.amount(), receiver)
        if name == "close":
            mine = self.model.options[account, series]
            return name, self.caller_for(account), (account, series, min(amount, mine) or amount, account)
        if name == "net":
            account, key = self.book()
            strikes = sorted(leg & 2**64 - 1 for leg in self.model.books[account, key].legs)
            if self.chance.random() < 0.15:
                strikes = strikes[::-1]
            return name, self.caller_for(account), (account, key, strikes)
        if name == "place":
            return name, self.caller_for(holder), (holder, held, balance)
        if name == "takeBack":
            return name, self.caller_for(account), (account, series, amount, self.address())
        if name == "transfer":
            return name, holder, (self.address(), held, balance)
        if name == "settleLeg":
            return name, self.address(), (account, series)
        if name == "settleBook":
            return name, self.address(), self.book()
        if name == "redeem":
            return name, holder, (held, balance, to)
        return name, self.address(), (holder, held)

    # --- both worlds ---

    def play(self, name: str, caller: str, arguments: tuple[Any, ...]) -> str:
        """Does it twice and says how it ended: empty when it was done, else the error."""
        trial = deepcopy(self.model)
        self.protocol.chain.mine(timestamp=self.protocol.chain.pending_timestamp)
        trial.now = self.protocol.chain.pending_timestamp
        try:
            getattr(trial, name)(caller, *arguments)
            expected = ""
            self.model = trial
        except Refused as refused:
            expected = str(refused)
        sender = next(actor for actor in self.actors if str(actor.address) == caller)
        try:
            if name == "transfer":
                self.options.safeTransferFrom(caller, *arguments, b"", sender=sender)
            else:
                getattr(self.house, name)(*arguments, sender=sender)
            found = ""
        except ContractLogicError as error:
            found = self._name(error)
        assert found == expected, (
            f"{name}{arguments} by {caller}: {found or 'done'}, the model says {expected or 'done'}"
        )
        return found

    def _name(self, error: ContractLogicError) -> str:
        """The error of ours that a revert carries, whichever of our contracts gave it."""
        name = type(error).__name__
        if name != "ContractLogicError":
            return name
        data = str(error.message)
        if data.startswith(("b'", 'b"')):  # the in-process EVM gives some reverts as the text of bytes
            data = f"0x{ast.literal_eval(data).hex()}"
        return decode_revert(data).name

    def compare(self) -> int:
        """Everything that anybody has, in both worlds; how many figures that was."""
        compared = 0

        def same(what: str, found: Any, expected: Any) -> None:
            nonlocal compared
            compared += 1
            assert found == expected, f"{what}: {found}, the model has {expected}"

        for token in self.tokens:
            at = str(token.address)
            same("held", token.balanceOf(self.house), self.model.wallet[str(self.house.address), at])
            for actor in self.actors:
                who = str(actor.address)
                same(f"wallet of {who}", token.balanceOf(actor), self.model.wallet[who, at])
                same(f"free of {who}", self.house.freeBalance(actor, token), self.model.free[who, at])
        for (holder, series), amount in self.model.options.items():
            same(f"options of {holder}", self.options.balanceOf(holder, series), amount)
        for (account, key), book in self.model.books.items():
            kept = self.house.book(account, key)
            same(
                f"book of {account}", (kept.kind, kept.legCount, kept.locked), (book.kind, len(book.legs), book.locked)
            )
            for leg, amount in book.legs.items():
                same(f"leg of {account}", Fraction(self.house.leg(account, leg), WAD), amount)
        return compared

    def settle(self) -> None:
        """Both markets at a price of many digits."""
        protocol = self.protocol
        protocol.at(protocol.expiry - 45 * 60)
        for minutes in (40, 31, 12, 3):
            protocol.at(protocol.expiry - 60 * minutes)
            for market, feed in self.feeds.items():
                feed.post(PRICES[market] * 10**8 + self.chance.randrange(10**9), sender=protocol.admin)
        protocol.at(protocol.expiry + 61)
        for market, feed in self.feeds.items():
            protocol.markets.settle(market, protocol.expiry, feed.latestRoundData()[0], sender=protocol.admin)
            price = protocol.markets.settlementPrice(market, protocol.expiry)
            self.model.prices[market, protocol.expiry] = Fraction(price, WAD)

    def finish(self) -> None:
        """Every book settles, every long is redeemed, everybody withdraws."""
        for (account, key), book in list(self.model.books.items()):
            if book.kind == NETTED:
                assert self.play("settleBook", self.address(), (account, key)) == ""
            for leg in list(book.legs) if book.kind != NETTED else ():
                assert self.play("settleLeg", self.address(), (account, leg)) == ""
        for (holder, series), amount in list(self.model.options.items()):
            if amount:
                assert self.play("redeemFor", self.address(), (holder, series)) == ""
        for (account, token), units in list(self.model.free.items()):
            if units:
                assert self.play("withdraw", account, (token, units, account)) == ""


@pytest.mark.timeout(1800)
def test_the_chain_agrees_with_the_model_to_the_last_unit(protocol: Any, accounts: Any, chain: Any) -> None:
    snapshot = chain.snapshot()
    players = Players(protocol, accounts, random.Random(SEED))
    ends: dict[str, set[str]] = {}
    step, compared = 0, 0
    try:
        for step in range(ACTIONS):
            if step == ACTIONS * 3 // 4:
                players.settle()
            name, caller, arguments = players.draw()
            ends.setdefault(name, set()).add(players.play(name, caller, arguments))
            if step % 12 == 0:
                compared += players.compare()
        players.finish()
        compared += players.compare()
    except AssertionError as difference:
        raise AssertionError(f"seed {SEED}, action {step}: {difference}") from difference
    finally:
        chain.restore(snapshot)
    held = [players.model.wallet[str(players.house.address), str(token.address)] for token in players.tokens]
    assert all(units >= 0 for units in held), "nothing was paid out of nothing"
    assert compared > ACTIONS
    assert [name for name, how in ends.items() if "" not in how] == [], "each action is done at least once"
    refused = {error for how in ends.values() for error in how if error}
    assert len(refused) >= 8, f"only {sorted(refused)} were met"
