"""The Clearinghouse as protocol.md says it, plain and slow: exact fractions, one loop over every price that can matter.

It shares no code with the contracts or with `optionix.pricing`. Each action either changes the model or raises
`Refused` with the error that the contract gives, in the order in which the contract looks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

WAD = 10**18
UNIT = 10**10
MAX_LEGS = 16
CALL, PUT = 0, 1
TRADE, WITHDRAW = 1, 2
PLAIN, NETTED, SETTLED = 1, 2, 3


class Refused(Exception):
    """The contract reverts with the error of this name."""


@dataclass(frozen=True)
class Series:
    """A packed id, taken apart."""

    id: int

    @property
    def key(self) -> int:
        """Its book: the id without the strike."""
        return self.id >> 64

    @property
    def strike(self) -> Fraction:
        """Quote per base."""
        return Fraction(self.id & 2**64 - 1, 10**8)


def payoff(side: int, strike: Fraction, price: Fraction) -> Fraction:
    """Of one contract at a price: base for a call, quote for a put."""
    return max(price - strike, Fraction(0)) / price if side == CALL else max(strike - price, Fraction(0))


@dataclass
class Book:
    """Legs by series id in contracts, negative when written."""

    kind: int = 0
    legs: dict[int, Fraction] = field(default_factory=dict)
    locked: int = 0


class Model:
    """Balances, books and rights; the caller of each action comes first.

    Parameters
    ----------
    house : the Clearinghouse's address, which is no receiver.
    assets : token and units in one whole token by (market, side).
    listed : ids of all series.
    """

    def __init__(self, house: str, assets: dict[tuple[int, int], tuple[str, int]], listed: set[int]) -> None:
        self.house, self.assets, self.listed = house, assets, listed
        self.now = 0
        self.paused = False
        self.prices: dict[tuple[int, int], Fraction] = {}
        self.wallet: dict[tuple[str, str], int] = defaultdict(int)
        self.free: dict[tuple[str, str], int] = defaultdict(int)
        self.options: dict[tuple[str, int], int] = defaultdict(int)
        self.books: dict[tuple[str, int], Book] = defaultdict(Book)
        self.flags: dict[tuple[str, str], int] = defaultdict(int)

    # --- collateral ---

    def deposit(self, caller: str, token: str, assets: int) -> None:
        require(assets != 0, "BadAmount")
        require(self.wallet[caller, token] >= assets, "ERC20InsufficientBalance")
        self.wallet[caller, token] -= assets
        self.wallet[self.house, token] += assets
        self.free[caller, token] += assets

    def withdraw(self, caller: str, token: str, assets: int, receiver: str) -> None:
        self._pay_out(caller, token, assets, receiver)

    def withdrawFor(self, caller: str, account: str, token: str, assets: int) -> None:  # the contract's name
        self._may(caller, account, WITHDRAW)
        self._pay_out(account, token, assets, account)

    def pay(self, caller: str, giver: str, taker: str, token: str, assets: int) -> None:
        self._may(caller, giver, TRADE)
        require(taker != self.house, "BadReceiver")
        self._debit(giver, token, assets)
        self.free[taker, token] += assets

    def setOperator(self, caller: str, operator: str, flags: int) -> None:  # the contract's name
        require(flags <= TRADE | WITHDRAW, "UnknownFlags")
        self.flags[caller, operator] = flags

    # --- books ---

    def write(self, caller: str, account: str, series: int, amount: int, receiver: str) -> None:
        self._may(caller, account, TRADE)
        require(not self.paused, "Paused")
        self._amount(amount)
        self._before_expiry(series)
        book = self.books[account, series >> 64]
        if book.kind == NETTED or series not in book.legs:
            require(series in self.listed, "UnlistedSeries")
        book.kind = book.kind or PLAIN
        self._change(account, series, -Fraction(amount, WAD))
        self.options[receiver, series] += amount

    def close(self, caller: str, account: str, series: int, amount: int, holder: str) -> None:
        self._may(caller, account, TRADE)
        self._may(caller, holder, TRADE)
        self._amount(amount)
        book = self.books[account, series >> 64]
        require(book.kind != SETTLED, "BookAlreadySettled")
        before = book.legs.get(series, Fraction(0))
        if book.kind == NETTED:
            self._change(account, series, Fraction(amount, WAD))
            require(before <= -Fraction(amount, WAD), "LegTooSmall")
        else:
            require(-before >= Fraction(amount, WAD), "LegTooSmall")
            self._change(account, series, Fraction(amount, WAD))
        self._burn(holder, series, amount)

    def net(self, caller: str, account: str, key: int, strikes: list[int]) -> None:
        self._may(caller, account, TRADE)
        require(self.now < key % 2**40, "Expired")
        book = self.books[account, key]
        require(book.kind in (0, PLAIN), "WrongBookKind")
        require(len(strikes) == len(book.legs), "LegsMismatch")
        require(len(strikes) <= MAX_LEGS, "TooManyLegs")
        previous = 0
        for strike in strikes:
            require(strike > previous, "LegsNotAscending")
            previous = strike
            require(key << 64 | strike in book.legs, "EmptyLeg")
        book.kind = NETTED
        self._lock(account, key)

    def place(self, caller: str, account: str, series: int, amount: int) -> None:
        self._may(caller, account, TRADE)
        require(not self.paused, "Paused")
        self._amount(amount)
        self._before_expiry(series)
        require(series in self.listed, "UnlistedSeries")
        require(self.books[account, series >> 64].kind == NETTED, "WrongBookKind")
        self._change(account, series, Fraction(amount, WAD))
        self._burn(account, series, amount)

    def takeBack(self, caller: str, account: str, series: int, amount: int, receiver: str) -> None:
        self._may(caller, account, TRADE)
        self._amount(amount)
        self._before_expiry(series)
        book = self.books[account, series >> 64]
        require(book.kind == NETTED, "WrongBookKind")
        before = book.legs.get(series, Fraction(0))
        self._change(account, series, -Fraction(amount, WAD))
        require(before >= Fraction(amount, WAD), "LegTooSmall")
        self.options[receiver, series] += amount

    def transfer(self, caller: str, taker: str, series: int, amount: int) -> None:
        """An option token changes hands."""
        self._burn(caller, series, amount)
        self.options[taker, series] += amount

    # --- settlement ---

    def settleLeg(self, caller: str, account: str, series: int) -> None:  # the contract's name
        del caller
        book = self.books[account, series >> 64]
        require(book.kind != NETTED, "WrongBookKind")
        require(series in book.legs, "NothingToSettle")
        price, (token, unit) = self._price(series), self._asset(series >> 64)
        amount = -book.legs[series]
        owed = ceil(amount * payoff(side_of(series >> 64), Series(series).strike, price) * unit)
        locked = self._alone(series, amount)
        del book.legs[series]
        book.locked -= locked
        book.kind = PLAIN if book.legs else SETTLED
        self.free[account, token] += locked - owed

    def settleBook(self, caller: str, account: str, key: int) -> None:  # the contract's name
        del caller
        book = self.books[account, key]
        require(book.kind != SETTLED, "BookAlreadySettled")
        require(book.kind == NETTED, "WrongBookKind")
        price, (token, unit) = self._price(key << 64), self._asset(key)
        self.free[account, token] += book.locked + floor(self._value(book, side_of(key), price) * unit)
        book.legs.clear()
        book.locked, book.kind = 0, SETTLED

    def redeem(self, caller: str, series: int, amount: int, receiver: str) -> None:
        require(amount != 0, "BadAmount")
        require(receiver != self.house, "BadReceiver")
        token, assets = self._redeem(caller, series, amount)
        self.wallet[self.house, token] -= assets
        self.wallet[receiver, token] += assets

    def redeemFor(self, caller: str, holder: str, series: int) -> None:  # the contract's name
        del caller
        amount = self.options[holder, series]
        require(amount != 0, "BadAmount")
        token, assets = self._redeem(holder, series, amount)
        self.free[holder, token] += assets

    # --- rules ---

    def _redeem(self, holder: str, series: int, amount: int) -> tuple[str, int]:
        price, (token, unit) = self._price(series), self._asset(series >> 64)
        self._burn(holder, series, amount)
        each = payoff(side_of(series >> 64), Series(series).strike, price)
        return token, floor(Fraction(amount, WAD) * each * unit)

    def _change(self, account: str, series: int, change: Fraction) -> None:
        book = self.books[account, series >> 64]
        held = series in book.legs
        amount = book.legs.get(series, Fraction(0)) + change
        require(held or book.kind != NETTED or len(book.legs) < MAX_LEGS, "TooManyLegs")
        book.legs[series] = amount
        if amount == 0:
            del book.legs[series]
        self._lock(account, series >> 64)

    def _lock(self, account: str, key: int) -> None:
        book, (token, unit) = self.books[account, key], self._asset(key)
        if book.kind == NETTED:
            side = side_of(key)
            values = [self._value(book, side, Series(leg).strike) for leg in book.legs]
            # At no price a put pays its strike; at any price without end a call pays one base.
            values.append(
                sum(
                    (amount * (1 if side == CALL else Series(leg).strike) for leg, amount in book.legs.items()),
                    Fraction(0),
                )
            )
            required = ceil(max(Fraction(0), -min(values)) * unit)
        else:
            required = sum(self._alone(leg, -amount) for leg, amount in book.legs.items())
        if required > book.locked:
            self._debit(account, token, required - book.locked)
        else:
            self.free[account, token] += book.locked - required
        book.locked = required

    def _alone(self, series: int, amount: Fraction) -> int:
        """What a written leg of a plain book locks: one base, or the strike."""
        side, (_, unit) = side_of(series >> 64), self._asset(series >> 64)
        return ceil(amount * (1 if side == CALL else Series(series).strike) * unit)

    @staticmethod
    def _value(book: Book, side: int, price: Fraction) -> Fraction:
        each = (amount * payoff(side, Series(leg).strike, price) for leg, amount in book.legs.items())
        return sum(each, Fraction(0))

    def _asset(self, key: int) -> tuple[str, int]:
        return self.assets[key >> 48, side_of(key)]

    def _price(self, series: int) -> Fraction:
        price = self.prices.get((series >> 112, series >> 64 & 2**40 - 1))
        require(price is not None, "NotSettled")
        assert price is not None
        return price

    def _debit(self, account: str, token: str, assets: int) -> None:
        require(self.free[account, token] >= assets, "InsufficientFreeBalance")
        self.free[account, token] -= assets

    def _burn(self, holder: str, series: int, amount: int) -> None:
        require(self.options[holder, series] >= amount, "ERC1155InsufficientBalance")
        self.options[holder, series] -= amount

    def _pay_out(self, account: str, token: str, assets: int, receiver: str) -> None:
        require(assets != 0, "BadAmount")
        require(receiver != self.house, "BadReceiver")
        self._debit(account, token, assets)
        self.wallet[self.house, token] -= assets
        self.wallet[receiver, token] += assets

    def _may(self, caller: str, account: str, flag: int) -> None:
        require(caller == account or self.flags[account, caller] & flag != 0, "NotAuthorised")

    def _before_expiry(self, series: int) -> None:
        require(self.now < series >> 64 & 2**40 - 1, "Expired")

    @staticmethod
    def _amount(amount: int) -> None:
        require(amount != 0 and amount % UNIT == 0, "BadAmount")


def side_of(key: int) -> int:
    """CALL or PUT of a book."""
    return key >> 40 & 0xFF


def require(condition: bool, error: str) -> None:
    """Raises `Refused` with the error's name unless the condition holds."""
    if not condition:
        raise Refused(error)
