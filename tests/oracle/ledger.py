"""Tokens and the Clearinghouse (protocol, sections 2 and 3). Money is integers of token units."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from oracle.feeds import Feed
from oracle.series import (
    CALL,
    Series,
    book_expiry,
    book_market,
    book_side,
    book_value,
    book_worst_loss,
    contracts,
    down,
    leg_collateral,
    payoff,
    up,
)

PLAIN, NETTED = "plain", "netted"
BOUNTY_SHARE = 5


@dataclass
class Book:
    """An account's legs in one (market, side, expiry), signed WAD amounts by series id, and what they lock."""

    kind: str = PLAIN
    legs: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    locked: int = 0


@dataclass(frozen=True)
class Asset:
    """A settlement asset: token address and units in a whole token."""

    token: str
    unit: int


class Ledger:
    """Who owns what, as the transactions made it."""

    def __init__(self, clearinghouse: str, assets: dict[tuple[int, int], Asset], feeds: dict[int, Feed]) -> None:
        self.address = clearinghouse
        self.assets = assets
        self.feeds = feeds
        self.tokens: dict[tuple[str, str], int] = defaultdict(int)
        self.free: dict[tuple[str, str], int] = defaultdict(int)
        self.options: dict[tuple[str, int], int] = defaultdict(int)
        self.books: dict[tuple[str, int], Book] = defaultdict(Book)
        self.pots: dict[int, int] = defaultdict(int)
        self.bounties: dict[int, int] = defaultdict(int)
        self.caps: dict[str, int] = {}
        self.treasury = ""
        self.settled: dict[tuple[int, int], tuple[int, str]] = {}

    def asset(self, book: int) -> Asset:
        """The settlement asset of a book key."""
        return self.assets[book_market(book), book_side(book)]

    # --- tokens ---

    def move_token(self, token: str, source: str, target: str, units: int) -> None:
        """A transfer."""
        self._take(self.tokens, (token, source), units)
        self.tokens[token, target] += units

    def mint_token(self, token: str, target: str, units: int) -> None:
        """New test tokens."""
        self.tokens[token, target] += units

    def move_option(self, series: int, source: str, target: str, amount: int) -> None:
        """An ERC-1155 transfer."""
        self._take(self.options, (source, series), amount)
        self.options[target, series] += amount

    # --- collateral ---

    def deposit(self, account: str, token: str, units: int) -> None:
        """Tokens in, free balance up."""
        self.move_token(token, account, self.address, units)
        self.free[account, token] += units

    def withdraw(self, account: str, token: str, units: int, receiver: str) -> None:
        """Free balance down, tokens out."""
        self._take(self.free, (account, token), units)
        self.move_token(token, self.address, receiver, units)

    def pay(self, source: str, target: str, token: str, units: int) -> None:
        """Free balance from one to the other."""
        self._take(self.free, (source, token), units)
        self.free[target, token] += units

    # --- books ---

    def write(self, account: str, series: int, amount: int, receiver: str) -> None:
        """A written leg grows, tokens are minted."""
        self._change(account, series, -amount)
        self.options[receiver, series] += amount

    def close(self, account: str, series: int, amount: int, holder: str) -> None:
        """A written leg shrinks, tokens are burnt."""
        self._take(self.options, (holder, series), amount)
        self._change(account, series, amount)

    def net(self, account: str, key: int) -> None:
        """A plain book becomes a netted one."""
        book = self.books[account, key]
        book.kind = NETTED
        self._lock(account, key, book)

    def place(self, account: str, series: int, amount: int) -> None:
        """A long goes into the book and is burnt."""
        self._take(self.options, (account, series), amount)
        self._change(account, series, amount)

    def take_back(self, account: str, series: int, amount: int, receiver: str) -> None:
        """A long comes out again."""
        self._change(account, series, -amount)
        self.options[receiver, series] += amount

    def _change(self, account: str, series: int, amount: int) -> None:
        key = Series(series).book
        book = self.books[account, key]
        book.legs[series] += amount
        if book.legs[series] == 0:
            del book.legs[series]
        self._lock(account, key, book)

    def _lock(self, account: str, key: int, book: Book) -> None:
        asset = self.asset(key)
        if book.kind == PLAIN:
            required = sum(leg_collateral(Series(s), -a, asset.unit) for s, a in book.legs.items())
        else:
            legs = {Series(s).strike: a for s, a in book.legs.items()}
            required = book_worst_loss(book_side(key), legs, asset.unit)
        if required > book.locked:
            self._take(self.free, (account, asset.token), required - book.locked)
        else:
            self.free[account, asset.token] += book.locked - required
        book.locked = required

    # --- settlement ---

    def settle(self, market: int, expiry: int, settler: str) -> None:
        """The settlement price, from the feed's rounds alone."""
        self.settled[market, expiry] = (self.feeds[market].settlement(expiry), settler)

    def settle_leg(self, account: str, series_id: int) -> None:
        """One leg of a plain book pays what it owes, rounded up, and gives the rest back."""
        series = Series(series_id)
        book, asset = self.books[account, series.book], self.asset(series.book)
        amount = -book.legs.pop(series_id)
        owed = self._payoff(series, amount, asset, up)
        locked = leg_collateral(series, amount, asset.unit)
        book.locked -= locked
        self.free[account, asset.token] += locked - owed

    def settle_book(self, account: str, key: int) -> None:
        """A netted book is rounded once, against it."""
        book, asset = self.books[account, key], self.asset(key)
        price, _ = self.settled[book_market(key), book_expiry(key)]
        legs = {Series(s).strike: a for s, a in book.legs.items()}
        value = down(book_value(book_side(key), legs, price) * asset.unit)
        self.free[account, asset.token] += book.locked + value
        book.legs.clear()
        book.locked = 0

    def redeem(self, holder: str, series_id: int, amount: int, receiver: str) -> None:
        """A holder is paid out, rounded down."""
        series = Series(series_id)
        asset = self.asset(series.book)
        self._take(self.options, (holder, series_id), amount)
        self.move_token(asset.token, self.address, receiver, self._payoff(series, amount, asset, down))

    def redeem_for(self, holder: str, series_id: int) -> None:
        """A holder's whole balance, to the holder's free balance."""
        series = Series(series_id)
        asset = self.asset(series.book)
        amount = self.options.pop((holder, series_id))
        self.free[holder, asset.token] += self._payoff(series, amount, asset, down)

    def _payoff(self, series: Series, amount: int, asset: Asset, rounding: object) -> int:
        price, _ = self.settled[series.market, series.expiry]
        exact = contracts(amount) * payoff(series.side, series.strike, price) * asset.unit
        return up(exact) if rounding is up else down(exact)

    # --- fees ---

    def accrue_fee(self, account: str, key: int, units: int) -> None:
        """A fee goes into the pot of its (market, side, expiry)."""
        self._take(self.free, (account, self.asset(key).token), units)
        self.pots[key] += units

    def collect_fees(self, key: int) -> None:
        """A fifth of the pot, capped, to whoever settled; the rest to the treasury."""
        pot, token = self.pots.pop(key, 0), self.asset(key).token
        if pot == 0:
            return
        bounty = pot // BOUNTY_SHARE
        if self.caps.get(token):
            bounty = min(bounty, max(self.caps[token] - self.bounties[key], 0))
        self.bounties[key] += bounty
        self.free[self.settled[book_market(key), book_expiry(key)][1], token] += bounty
        self.free[self.treasury, token] += pot - bounty

    @staticmethod
    def _take(purse: dict, place: tuple, units: int) -> None:  # type: ignore[type-arg]  # one rule for every purse
        if purse[place] < units:
            raise ValueError(f"{place} has {purse[place]}, not {units}: the chain let something out of nothing")
        purse[place] -= units


__all__ = ["CALL", "NETTED", "PLAIN", "Asset", "Book", "Ledger"]
