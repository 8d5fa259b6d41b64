"""Realised profit: equal to a plain recomputation in fractions from the mirrored events, and by hand in small cases."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import Any

import pytest

from indexer.derive import profit, rows
from tests.indexer.life import World
from tests.indexer.running import events, index, query

WAD = 10**18
NOBODY = "0x" + "0" * 40


@dataclass
class Stake:
    """An account in a series, in fractions."""

    amount: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    flows: int = 0
    unpriced: Fraction = Fraction(0)

    def flow(self, change: Fraction, value: Fraction | None) -> None:
        """One change of the contracts, with the money for it or without."""
        if change * self.amount < 0 and abs(change) > abs(self.amount):
            ending = -self.amount
            part = None if value is None else value * ending / change
            rest = None if value is None or part is None else value - part
            self.flow(ending, part)
            self.flow(change - ending, rest)
            return
        self.flows += 1
        if change * self.amount < 0:
            share = -change / self.amount
            cost = self.cost * share
            self.cost -= cost
            self.unpriced -= self.unpriced * share
            if value is not None:
                self.realised += value - cost
        elif value is not None:
            self.cost -= value
        else:
            self.unpriced += abs(change)
        self.amount += change


@dataclass
class Ledger:
    """All stakes, from events in their order; trades by what follows them in their transaction."""

    prices: dict[tuple[int, int], int]
    router: str
    owners: dict[int, str] = field(default_factory=dict)
    stakes: dict[tuple[str, int], Stake] = field(default_factory=lambda: defaultdict(Stake))
    legs: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def transaction(self, events: list[dict[str, Any]], trades: dict[int, dict[str, Any]]) -> None:
        """Deliveries of one transaction; what a trade's seller gives next is the trade's, in equal parts by amount."""
        open_trades: list[list[Any]] = []
        for event in events:
            trade = trades.get(event["log_index"])
            if trade is not None:
                seller = (trade["maker"] or trade["venue"]) if trade["is_buy"] else trade["taker"]
                open_trades.append([seller, int(trade["series_id"]), int(trade["amount"]), trade])
            for giver, taker, series, amount in self.moves(event):
                if taker == self.router:
                    self.owners[series] = giver
                    continue
                giver = self.owners[series] if giver == self.router else giver
                paid: tuple[Fraction, Fraction] | None = None
                for entry in open_trades:
                    if entry[:2] == [giver, series] and entry[2] >= amount:
                        entry[2] -= amount
                        paid = shares(entry[3], Fraction(amount, int(entry[3]["amount"])))
                        break
                if giver != taker:
                    self.stakes[giver, series].flow(Fraction(-amount), paid[1] if paid else None)
                    self.stakes[taker, series].flow(Fraction(amount), -paid[0] if paid else None)
            self.endings(event)

    def moves(self, event: dict[str, Any]) -> list[tuple[str, str, int, int]]:
        """What an event moves between accounts."""
        name, args = event["name"], event["args"]
        if event["contract"] == "OptionToken" and name == "TransferSingle" and NOBODY not in (args["from"], args["to"]):
            return [(args["from"], args["to"], int(args["id"]), int(args["value"]))]
        if event["contract"] != "Clearinghouse" or name not in ("Written", "Closed", "Placed", "TakenBack"):
            return []
        account, series, amount = args["account"], int(args["series"]), int(args["amount"])
        self.legs[account, series] += amount if name in ("Closed", "Placed") else -amount
        if name == "Closed":
            return [(args["holder"], account, series, amount)]
        return [] if name == "Placed" else [(account, args["receiver"], series, amount)]

    def endings(self, event: dict[str, Any]) -> None:
        """Redemptions and settlements."""
        args = event["args"]
        if event["name"] == "Redeemed":
            stake = self.stakes[args["holder"], int(args["series"])]
            stake.flow(Fraction(-int(args["amount"])), Fraction(int(args["assets"])))
        if event["name"] != "BookSettled":
            return
        account, key, strike = args["account"], int(args["key"]), int(args["strike"])
        held = {
            series: amount
            for (who, series), amount in self.legs.items()
            if who == account and series >> 64 == key and amount and strike in (0, series & (1 << 64) - 1)
        }
        value, last = Fraction(-int(args["owed"])), max(held)
        for series, amount in sorted(held.items()):
            part = value if series == last else Fraction(worth(series, amount, self.prices))
            value -= part
            self.legs[account, series] = 0
            self.stakes[account, series].flow(Fraction(-amount), part)


def worth(series: int, amount: int, prices: dict[tuple[int, int], int]) -> int:
    """Signed contracts at settlement, rounded down: ETH calls in 18 decimals, puts in 6."""
    price = prices[series >> 112, series >> 64 & (1 << 40) - 1]
    strike = (series & (1 << 64) - 1) * 10**10
    if series >> 104 & 1:
        return amount * max(strike - price, 0) // (WAD * 10**12)
    return amount * max(price - strike, 0) // price


def shares(trade: dict[str, Any], part: Fraction) -> tuple[Fraction, Fraction]:
    """What the buyer pays and the seller gets for a part of a trade."""
    buyer = trade["premium"] + (trade["fee"] if trade["is_buy"] else 0)
    seller = trade["premium"] - (trade["performance_fee"] if trade["is_buy"] else trade["fee"])
    return Fraction(buyer) * part, Fraction(seller) * part


def recomputed(url: str, upto: int, router: str) -> Ledger:
    """The ledger of the mirrored events up to a block."""
    prices = {
        (int(row["market"]), int(row["expiry"])): int(row["settlement_price"])
        for row in query(url, "select * from expiry where settlement_price is not null")
    }
    mirrored = [
        {name: getattr(event, name) for name in ("block_number", "log_index", "tx_hash", "contract", "name", "args")}
        for event in events(url)
        if event.block_number <= upto
    ]
    trades = query(url, "select * from trade where block_number <= %s", upto)
    by_block: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for trade in trades:
        by_block[trade["block_number"]][trade["log_index"]] = trade
    ledger = Ledger(prices, router)
    for _, group in groupby(mirrored, key=lambda event: (event["block_number"], event["tx_hash"])):
        inside = list(group)
        ledger.transaction(inside, by_block[inside[0]["block_number"]])
    return ledger


def assert_profits(url: str, world: World) -> None:
    """Every row against the recomputation, against positions and legs, and against the money."""
    (point,) = query(url, "select block_number from checkpoint")
    router = world.deployment.address("Router").lower()
    stakes = recomputed(url, point["block_number"], router).stakes
    found = {(row["account"], int(row["series_id"])): row for row in query(url, "select * from account_profit")}
    assert found.keys() == stakes.keys()
    for key, row in found.items():
        stake = stakes[key]
        assert row["amount"] == stake.amount
        for name in ("cost", "realised", "unpriced"):
            assert abs(int(row[name]) - getattr(stake, name)) <= stake.flows + 1, (key, name)
        money = row["premium_received"] + row["payout"] - row["premium_paid"] - row["fees"]
        assert row["realised"] == money + row["cost"] + row["cost_moved"], key
        assert row["cost"] == 0 or row["amount"] != 0
        assert 0 <= row["unpriced"] <= abs(row["amount"])
    held = query(
        url,
        "select account, series_id, sum(amount) as amount from"
        " (select account, series_id, amount from position union all select account, series_id, amount from leg) t"
        " group by account, series_id",
    )
    for row in held:
        mine = found.get((row["account"], int(row["series_id"])))
        assert row["amount"] == (mine["amount"] if mine else 0), row


async def test_it_is_what_the_events_say_after_a_whole_life(lived: World, database_url: str) -> None:
    await index(lived, database_url)
    assert_profits(database_url, lived)
    sums = query(
        database_url,
        "select sum(premium_paid) as paid, sum(premium_received) as received, sum(fees) as fees, sum(payout) as payout,"
        " sum(unpriced_ended) as unpriced from account_profit group by series_id >= 0",
    )[0]
    trades = query(database_url, "select sum(premium) as premium, sum(fee + performance_fee) as fees from trade")[0]
    assert sums["paid"] == sums["received"] == trades["premium"]
    assert sums["fees"] == trades["fees"]
    assert sums["unpriced"] > 0, "the life has redemptions of contracts that came by a transfer"


async def test_it_is_right_in_the_middle_of_a_life(chain: World, database_url: str) -> None:
    for act in (chain.fund, chain.trade, chain.write, chain.exchange):
        act()
        await index(chain, database_url)
        assert_profits(database_url, chain)


async def test_who_trades_through_the_router_has_traded(chain: World, database_url: str) -> None:
    for act in (chain.fund, chain.route):
        act()
    await index(chain, database_url)
    assert_profits(database_url, chain)
    trader, router = chain.client(8).address.lower(), chain.deployment.address("Router").lower()
    trades = query(database_url, "select * from trade where taker = %s order by block_number, log_index", trader)
    assert [(row["is_buy"], row["amount"] * 4 // WAD) for row in trades] == [
        (True, 2),
        (True, 3),
        (False, 1),
        (False, 3),
    ]
    assert {row["receiver"] for row in trades} == {trader}
    (row,) = query(database_url, "select * from account_profit where account = %s", trader)
    assert (row["amount"], row["unpriced"], row["unpriced_ended"]) == (WAD // 4, 0, 0)
    assert row["premium_paid"] == sum(trade["premium"] for trade in trades if trade["is_buy"])
    assert row["premium_received"] == sum(trade["premium"] for trade in trades if not trade["is_buy"])
    kinds = query(
        database_url,
        "select kind from account_activity where account = %s and kind in ('buy', 'sell')"
        " order by block_number, log_index",
        trader,
    )
    assert [entry["kind"] for entry in kinds] == ["buy", "buy", "sell", "sell"]
    assert query(database_url, "select 1 from account_profit where account = %s", router) == []
    assert query(database_url, "select 1 from trade where %s in (taker, receiver, maker)", router) == []


def changed(*changes: tuple[int, int | None]) -> rows.AccountProfit:
    """A row after changes of contracts and money."""
    row = rows.AccountProfit()
    for change, value in changes:
        profit._change(row, change, value)
    return row


@pytest.mark.parametrize(
    ("changes", "amount", "cost", "realised"),
    [
        # Two lots at an average of 15, one sold at 40.
        ([(1, -10), (1, -20), (-1, 40)], 1, 15, 25),
        # Written at 30, closed at 10.
        ([(-1, 30), (1, -10)], 0, 0, 20),
        # Sold through zero: two held at 10 each, five sold for 100.
        ([(2, -20), (-5, 100)], -3, -60, 20),
        # Bought through zero.
        ([(-2, 60), (3, -30)], 1, 10, 40),
        # The average is rounded down, the last takes the rest: 10 / 3 is 3, then 3, then 4.
        ([(3, -10), (-1, 5)], 2, 7, 2),
        ([(3, -10), (-1, 5), (-1, 5)], 1, 4, 4),
        ([(3, -10), (-1, 5), (-1, 5), (-1, 5)], 0, 0, 5),
        # The same of proceeds.
        ([(-3, 10), (1, -1), (1, -1), (1, -1)], 0, 0, 7),
    ],
)
def test_average_cost(changes: list[tuple[int, int | None]], amount: int, cost: int, realised: int) -> None:
    row = changed(*changes)
    assert (row.amount, row.cost, row.realised) == (amount, cost, realised)


def test_what_comes_without_a_price_costs_nothing_and_is_counted() -> None:
    row = changed((2, -20), (2, None))
    assert (row.amount, row.cost, row.unpriced) == (4, 20, 2)
    profit._change(row, -2, 30)
    # Half of what is there, half of its cost, and half of what nobody knows the price of.
    assert (row.realised, row.cost, row.unpriced, row.unpriced_ended) == (20, 10, 1, 1)


def test_what_goes_without_a_price_takes_its_cost_along() -> None:
    row = changed((4, -40), (-1, None))
    assert (row.amount, row.cost, row.cost_moved, row.realised) == (3, 30, 10, 0)
    # Written to somebody without a trade: short without proceeds.
    row = changed((-3, None))
    assert (row.amount, row.cost, row.unpriced) == (-3, 0, 3)
