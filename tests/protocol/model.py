"""The Clearinghouse and the listing as protocol.md says them: what an action does, and what refuses it.

What anybody owns is the independent ledger's (tests/oracle), exact to the unit; here stand the rights, the times and
the order in which the contract looks. Nothing is shared with the contracts or with `optionix`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracle.feeds import Feed
from tests.oracle.ledger import NETTED, NONE, PLAIN, SETTLED, Asset, Book, Ledger
from tests.oracle.refusals import Refused, require
from tests.oracle.series import Series, book_expiry, book_market, book_side

UNIT = 10**10
MAX_AMOUNT = 2**127 - 1
MAX_LEGS = 16
TRADE, WITHDRAW = 1, 2
NOBODY = "0x" + "0" * 40
ENDLESS = 2**256 - 1


@dataclass(frozen=True)
class World:
    """What does not change: addresses, what is listed, the role that may set things, the native coin."""

    house: str
    admin: str
    listed: frozenset[int]
    expiries: frozenset[tuple[int, int]]
    native: str


class Model:
    """Rights and rules over the ledger; the caller of each action comes first, the names are the contract's."""

    def __init__(self, world: World, assets: dict[tuple[int, int], Asset], feeds: dict[int, Feed]) -> None:
        self.world, self.feeds = world, feeds
        self.ledger = Ledger(world.house, assets, feeds)
        self.now = 0
        self.paused = False
        self.flags: dict[tuple[str, str], int] = defaultdict(int)
        self.allowances: dict[tuple[str, str], int] = defaultdict(int)
        self.approvals: set[tuple[str, str]] = set()

    # --- collateral ---

    def approve(self, caller: str, token: str, assets: int) -> None:
        """The Clearinghouse may draw so much of the caller's tokens."""
        self.allowances[caller, token] = assets

    def deposit(self, caller: str, token: str, assets: int) -> None:
        require(assets, "BadAmount")
        allowed = self.allowances[caller, token]
        require(allowed >= assets, "ERC20InsufficientAllowance")
        if allowed != ENDLESS:
            self.allowances[caller, token] = allowed - assets
        self.ledger.deposit(caller, token, assets)

    def depositWithPermit(self, caller: str, token: str, assets: int, *, valid: bool) -> None:
        """A permit that is not the caller's own for exactly this is as none."""
        if valid:
            self.allowances[caller, token] = assets
        self.deposit(caller, token, assets)

    def withdraw(self, caller: str, token: str, assets: int, receiver: str) -> None:
        self._pay_out(caller, token, assets, receiver)

    def withdrawFor(self, caller: str, account: str, token: str, assets: int) -> None:
        self._may(caller, account, WITHDRAW)
        self._pay_out(account, token, assets, account)

    def pay(self, caller: str, giver: str, taker: str, token: str, assets: int) -> None:
        self._may(caller, giver, TRADE)
        self._receiver(taker)
        self.ledger.pay(giver, taker, token, assets)

    def setOperator(self, caller: str, operator: str, flags: int) -> None:
        require(flags <= TRADE | WITHDRAW, "UnknownFlags")
        self.flags[caller, operator] = flags

    def wrap(self, caller: str, value: int) -> None:
        """The native coin of a multicall comes first, wrapped."""
        self.ledger.mint_token(self.world.native, caller, value)
        self.ledger.deposit(caller, self.world.native, value)

    # --- books ---

    def write(self, caller: str, account: str, series: int, amount: int, receiver: str) -> None:
        self._may(caller, account, TRADE)
        require(not self.paused, "Paused")
        self._amount(amount)
        self._before_expiry(series)
        book = self._book(account, series)
        if book.kind == NETTED or series not in book.legs:
            require(series in self.world.listed, "UnlistedSeries")
        self._room(book, series)
        self.ledger.write(account, series, amount, receiver)
        require(receiver != NOBODY, "ERC1155InvalidReceiver")

    def close(self, caller: str, account: str, series: int, amount: int, holder: str) -> None:
        self._may(caller, account, TRADE)
        self._may(caller, holder, TRADE)
        self._amount(amount)
        book = self._book(account, series)
        require(book.kind != SETTLED, "BookAlreadySettled")
        enough = -book.legs.get(series, 0) >= amount
        if book.kind != NETTED:
            require(enough, "LegTooSmall")
        self._room(book, series)
        # A netted book is covered first, a short leg looked at last; without one there is nothing to burn.
        self._then(lambda: self.ledger.close(account, series, amount, holder), enough)

    def net(self, caller: str, account: str, key: int, strikes: list[int]) -> None:
        self._may(caller, account, TRADE)
        self._listed_book(key)
        require(self.now < book_expiry(key), "Expired")
        book = self.ledger.books[account, key]
        require(book.kind in (NONE, PLAIN), "WrongBookKind")
        require(len(strikes) == len(book.legs), "LegsMismatch")
        require(len(strikes) <= MAX_LEGS, "TooManyLegs")
        previous = 0
        for strike in strikes:
            require(strike > previous, "LegsNotAscending")
            previous = strike
            require(key << 64 | strike in book.legs, "EmptyLeg")
        self.ledger.net(account, key)

    def place(self, caller: str, account: str, series: int, amount: int) -> None:
        self._may(caller, account, TRADE)
        require(not self.paused, "Paused")
        self._amount(amount)
        self._before_expiry(series)
        require(series in self.world.listed, "UnlistedSeries")
        book = self._book(account, series)
        require(book.kind == NETTED, "WrongBookKind")
        self._room(book, series)
        self.ledger.place(account, series, amount)

    def takeBack(self, caller: str, account: str, series: int, amount: int, receiver: str) -> None:
        self._may(caller, account, TRADE)
        self._amount(amount)
        self._before_expiry(series)
        book = self._book(account, series)
        require(book.kind == NETTED, "WrongBookKind")
        enough = book.legs.get(series, 0) >= amount
        self._room(book, series)
        self._then(lambda: self.ledger.take_back(account, series, amount, receiver), enough)
        require(receiver != NOBODY, "ERC1155InvalidReceiver")

    # --- option tokens ---

    def safeTransferFrom(self, caller: str, giver: str, taker: str, series: int, amount: int, data: bytes) -> None:
        require(caller == giver or (giver, caller) in self.approvals, "ERC1155MissingApprovalForAll")
        require(taker != NOBODY, "ERC1155InvalidReceiver")
        self.ledger.move_option(series, giver, taker, amount)

    def setApprovalForAll(self, caller: str, operator: str, approved: bool) -> None:
        (self.approvals.add if approved else self.approvals.discard)((caller, operator))

    # --- the settlement price ---

    def checkpoint(self, caller: str, market: int, expiry: int) -> None:
        require((market, expiry) in self.world.expiries, "UnlistedExpiry")
        self.feeds[market].checkpoint(self.now)

    def settle(self, caller: str, market: int, expiry: int, last: int) -> None:
        self._unsettled(market, expiry)
        self.ledger.settle(market, expiry, self.feeds[market].settle(expiry, last, self.now), caller)

    def settleAtLastRound(self, caller: str, market: int, expiry: int, last: int) -> None:
        self._unsettled(market, expiry)
        price = self.feeds[market].settle_at_last_round(expiry, last, self.now)
        self.ledger.settle(market, expiry, price, caller)

    def settleAtCheckpoint(self, caller: str, market: int, expiry: int) -> None:
        self._unsettled(market, expiry)
        self.ledger.settle(market, expiry, self.feeds[market].settle_at_checkpoint(expiry, self.now), caller)

    # --- after it ---

    def settleLeg(self, caller: str, account: str, series: int) -> None:
        book = self._book(account, series)
        require(book.kind != NETTED, "WrongBookKind")
        require(series in book.legs, "NothingToSettle")
        self._priced(series >> 64)
        self.ledger.settle_leg(account, series, caller, self.now)

    def settleBook(self, caller: str, account: str, key: int) -> None:
        book = self.ledger.books[account, key]
        require(book.kind != SETTLED, "BookAlreadySettled")
        require(book.kind == NETTED, "WrongBookKind")
        self._priced(key)
        self.ledger.settle_book(account, key, caller, self.now)

    def settleMany(self, caller: str, items: list[tuple[str, int]]) -> None:
        for account, series in items:
            book = self._book(account, series)
            if Series(series).strike == 0 and book.kind == NETTED:
                self.settleBook(caller, account, series >> 64)
            elif book.kind != NETTED and series in book.legs:
                self.settleLeg(caller, account, series)

    def redeem(self, caller: str, series: int, amount: int, receiver: str) -> None:
        require(amount, "BadAmount")
        self._receiver(receiver)
        self._priced(series >> 64)
        self.ledger.redeem(caller, series, amount, receiver)

    def redeemFor(self, caller: str, holder: str, series: int) -> None:
        require(self.ledger.options.get((holder, series)), "BadAmount")
        self._priced(series >> 64)
        self.ledger.redeem_for(holder, series, caller, self.now)

    def redeemMany(self, caller: str, items: list[tuple[str, int]]) -> None:
        for holder, series in items:
            if self.ledger.options.get((holder, series)):
                self.redeemFor(caller, holder, series)

    # --- fees ---

    def accrueFee(self, caller: str, key: int, assets: int) -> None:
        self._listed_book(key)
        self.ledger.accrue_fee(caller, key, assets)

    def collectFees(self, caller: str, key: int) -> None:
        self._listed_book(key)
        self._priced(key)
        self.ledger.collect_fees(key, self.now)

    # --- roles ---

    def setTreasury(self, caller: str, treasury: str) -> None:
        self._role(caller)
        self._receiver(treasury)
        self.ledger.treasury = treasury

    def setBountyCap(self, caller: str, token: str, cap: int) -> None:
        self._role(caller)
        self.ledger.caps[token] = cap

    def setWritesPaused(self, caller: str, paused: bool) -> None:
        self._role(caller)
        self.paused = paused

    # --- rules ---

    def _pay_out(self, account: str, token: str, assets: int, receiver: str) -> None:
        require(assets, "BadAmount")
        self._receiver(receiver)
        self.ledger.withdraw(account, token, assets, receiver)

    def _then(self, act: Callable[[], Any], enough: bool) -> None:
        """Does it; where the leg is too small the book's cover is still the first to be looked at."""
        try:
            act()
        except Refused as refused:
            require(enough or refused.name == "InsufficientFreeBalance", "LegTooSmall")
            raise
        require(enough, "LegTooSmall")

    def _room(self, book: Book, series: int) -> None:
        require(book.kind != NETTED or series in book.legs or len(book.legs) < MAX_LEGS, "TooManyLegs")

    def _book(self, account: str, series: int) -> Book:
        return self.ledger.books[account, series >> 64]

    def _priced(self, key: int) -> None:
        require((book_market(key), book_expiry(key)) in self.ledger.settled, "NotSettled")

    def _unsettled(self, market: int, expiry: int) -> None:
        require((market, expiry) in self.world.expiries, "UnlistedExpiry")
        require(self.now > expiry, "NotExpired")
        require((market, expiry) not in self.ledger.settled, "AlreadySettled")

    def _listed_book(self, key: int) -> None:
        require((book_market(key), book_expiry(key)) in self.world.expiries and book_side(key) <= 1, "UnlistedBook")

    def _receiver(self, receiver: str) -> None:
        require(receiver not in (NOBODY, self.world.house), "BadReceiver")

    def _role(self, caller: str) -> None:
        require(caller == self.world.admin, "AccessManagedUnauthorized")

    def _may(self, caller: str, account: str, flag: int) -> None:
        require(caller == account or self.flags[account, caller] & flag, "NotAuthorised")

    def _before_expiry(self, series: int) -> None:
        require(self.now < Series(series).expiry, "Expired")

    @staticmethod
    def _amount(amount: int) -> None:
        require(amount != 0 and amount % UNIT == 0 and amount <= MAX_AMOUNT, "BadAmount")
