"""Tokens and the Clearinghouse (protocol, sections 2 and 3). Money is integers of token units."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

from .feeds import Feed
from .refusals import Refused
from .series import (
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

Place = TypeVar("Place", tuple[str, str], tuple[str, int])
"""Of a purse: an account's token or series."""

NONE, PLAIN, NETTED, SETTLED = "none", "plain", "netted", "settled"
BOUNTY_SHARE = 5
ITEMS_A_BUDGET = 64
DAY = 86_400
BOUNTY_DAYS = 30


@dataclass
class Book:
    """An account's legs in one (market, side, expiry), signed WAD amounts by series id, and what they lock."""

    kind: str = NONE
    legs: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    locked: int = 0


@dataclass
class Pot:
    """Fees of one (market, side, expiry): what is there, what ever came, what bounties took."""

    assets: int = 0
    accrued: int = 0
    to_settler: int = 0
    to_callers: int = 0


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
        self.pots: dict[int, Pot] = defaultdict(Pot)
        self.caps: dict[str, int] = {}
        self.treasury = ""
        self.settled: dict[tuple[int, int], tuple[int, str]] = {}

    def asset(self, book: int) -> Asset:
        """The settlement asset of a book key."""
        return self.assets[book_market(book), book_side(book)]

    # --- tokens ---

    def move_token(self, token: str, source: str, target: str, units: int) -> None:
        """A transfer."""
        self._take(self.tokens, (token, source), units, "ERC20InsufficientBalance")
        self.tokens[token, target] += units

    def mint_token(self, token: str, target: str, units: int) -> None:
        """New test tokens."""
        self.tokens[token, target] += units

    def burn_token(self, token: str, source: str, units: int) -> None:
        """Wrapped coin that is unwrapped."""
        self._take(self.tokens, (token, source), units, "ERC20InsufficientBalance")

    def move_option(self, series: int, source: str, target: str, amount: int) -> None:
        """An ERC-1155 transfer."""
        self._burn(source, series, amount)
        self.options[target, series] += amount

    # --- collateral ---

    def deposit(self, account: str, token: str, units: int) -> None:
        """Tokens in, free balance up."""
        self.move_token(token, account, self.address, units)
        self.free[account, token] += units

    def withdraw(self, account: str, token: str, units: int, receiver: str) -> None:
        """Free balance down, tokens out."""
        self._debit(account, token, units)
        self.move_token(token, self.address, receiver, units)

    def pay(self, source: str, target: str, token: str, units: int) -> None:
        """Free balance from one to the other."""
        self._debit(source, token, units)
        self.free[target, token] += units

    # --- books ---

    def write(self, account: str, series: int, amount: int, receiver: str) -> None:
        """A written leg grows, tokens are minted."""
        book = self.books[account, Series(series).book]
        if book.kind == NONE:
            book.kind = PLAIN
        self._change(account, series, -amount)
        self.options[receiver, series] += amount

    def close(self, account: str, series: int, amount: int, holder: str) -> None:
        """A written leg shrinks, tokens are burnt."""
        self._change(account, series, amount)
        self._burn(holder, series, amount)

    def net(self, account: str, key: int) -> None:
        """A plain book becomes a netted one."""
        book = self.books[account, key]
        book.kind = NETTED
        self._lock(account, key, book)

    def place(self, account: str, series: int, amount: int) -> None:
        """A long goes into the book and is burnt."""
        self._change(account, series, amount)
        self._burn(account, series, amount)

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
        if book.kind != NETTED:
            required = sum(leg_collateral(Series(s), -a, asset.unit) for s, a in book.legs.items())
        else:
            legs = {Series(s).strike: a for s, a in book.legs.items()}
            required = book_worst_loss(book_side(key), legs, asset.unit)
        if required > book.locked:
            self._debit(account, asset.token, required - book.locked)
        else:
            self.free[account, asset.token] += book.locked - required
        book.locked = required

    # --- settlement ---

    def settle(self, market: int, expiry: int, price: int, settler: str) -> None:
        """A settlement price, and who proved it; zero is an average that takes another call."""
        if price:
            self.settled[market, expiry] = (price, settler)

    def settle_leg(self, account: str, series_id: int, caller: str, now: int) -> None:
        """One leg of a plain book pays what it owes, rounded up, and gives the rest back."""
        series = Series(series_id)
        book, asset = self.books[account, series.book], self.asset(series.book)
        amount = -book.legs.pop(series_id)
        owed = self._payoff(series, amount, asset, up)
        locked = leg_collateral(series, amount, asset.unit)
        book.locked -= locked
        if not book.legs:
            book.kind = SETTLED
        self.free[account, asset.token] += locked - owed
        self._bounty(account, series.book, locked - owed, caller, now)

    def settle_book(self, account: str, key: int, caller: str, now: int) -> None:
        """A netted book is rounded once, against it."""
        book, asset = self.books[account, key], self.asset(key)
        price, _ = self.settled[book_market(key), book_expiry(key)]
        legs = {Series(s).strike: a for s, a in book.legs.items()}
        value = down(book_value(book_side(key), legs, price) * asset.unit)
        credited = book.locked + value
        self.free[account, asset.token] += credited
        book.legs.clear()
        book.locked, book.kind = 0, SETTLED
        self._bounty(account, key, credited, caller, now)

    def settle_many(self, items: list[tuple[str, int]], caller: str, now: int) -> None:
        """What is left of each item; a strike of zero is a netted book."""
        for account, series_id in items:
            series = Series(series_id)
            book = self.books[account, series.book]
            if series.strike == 0 and book.kind == NETTED:
                self.settle_book(account, series.book, caller, now)
            elif book.kind == PLAIN and series_id in book.legs:
                self.settle_leg(account, series_id, caller, now)

    def redeem(self, holder: str, series_id: int, amount: int, receiver: str) -> None:
        """A holder is paid out, rounded down."""
        series = Series(series_id)
        asset = self.asset(series.book)
        self._burn(holder, series_id, amount)
        self.move_token(asset.token, self.address, receiver, self._payoff(series, amount, asset, down))

    def redeem_for(self, holder: str, series_id: int, caller: str, now: int) -> None:
        """A holder's whole balance, to the holder's free balance."""
        series = Series(series_id)
        asset = self.asset(series.book)
        amount = self.options.pop((holder, series_id))
        assets = self._payoff(series, amount, asset, down)
        self.free[holder, asset.token] += assets
        self._bounty(holder, series.book, assets, caller, now)

    def redeem_many(self, items: list[tuple[str, int]], caller: str, now: int) -> None:
        """Each holder that still has something; nobody here has code without having agreed."""
        for holder, series_id in items:
            if self.options.get((holder, series_id)):
                self.redeem_for(holder, series_id, caller, now)

    def _payoff(self, series: Series, amount: int, asset: Asset, rounding: object) -> int:
        price, _ = self.settled[series.market, series.expiry]
        exact = contracts(amount) * payoff(series.side, series.strike, price) * asset.unit
        return up(exact) if rounding is up else down(exact)

    # --- fees ---

    def accrue_fee(self, account: str, key: int, units: int) -> None:
        """A fee goes into the pot of its (market, side, expiry)."""
        self._debit(account, self.asset(key).token, units)
        self.pots[key].assets += units
        self.pots[key].accrued += units

    def collect_fees(self, key: int, now: int) -> None:
        """A tenth of all fees, capped, to whoever settled; to the treasury what others cannot earn any more."""
        pot, token = self.pots[key], self.asset(key).token
        budget = self._budget(key)
        kept = self._left(key, now)
        bounty = min(max(budget // 2 - pot.to_settler, 0), pot.assets - kept)
        rest = pot.assets - kept - bounty
        if bounty + rest == 0:
            return
        if not self.treasury:
            raise Refused("TreasuryNotSet")
        pot.assets = kept
        pot.to_settler += bounty
        self.free[self.settled[book_market(key), book_expiry(key)][1], token] += bounty
        self.free[self.treasury, token] += rest

    def _budget(self, key: int) -> int:
        """A fifth of all fees that ever came, capped: what bounties may take."""
        budget = self.pots[key].accrued // BOUNTY_SHARE
        cap = self.caps.get(self.asset(key).token)
        return min(budget, cap) if cap else budget

    def _left(self, key: int, now: int) -> int:
        """What those who settle and redeem for others may still take: the larger half of the budget, for a month."""
        if now >= book_expiry(key) + BOUNTY_DAYS * DAY:
            return 0
        pot, budget = self.pots[key], self._budget(key)
        return min(max(budget - budget // 2 - pot.to_callers, 0), pot.assets)

    def _bounty(self, account: str, key: int, credited: int, caller: str, now: int) -> None:
        """1 % of what was credited, at most a 64th of the budget; growing for a day after expiry."""
        if caller == account or now <= book_expiry(key):
            return
        most = min(self._budget(key) // ITEMS_A_BUDGET, credited // 100)
        bounty = min(most * min(now - book_expiry(key), DAY) // DAY, self._left(key, now))
        self.pots[key].assets -= bounty
        self.pots[key].to_callers += bounty
        self.free[caller, self.asset(key).token] += bounty

    def _debit(self, account: str, token: str, units: int) -> None:
        self._take(self.free, (account, token), units, "InsufficientFreeBalance")

    def _burn(self, holder: str, series: int, amount: int) -> None:
        self._take(self.options, (holder, series), amount, "ERC1155InsufficientBalance")

    @staticmethod
    def _take(purse: dict[Place, int], place: Place, units: int, error: str) -> None:
        if purse[place] < units:
            raise Refused(error, f"{place} has {purse[place]}, not {units}: something out of nothing")
        purse[place] -= units


__all__ = ["CALL", "NETTED", "NONE", "PLAIN", "SETTLED", "Asset", "Book", "Ledger", "Pot"]
