"""What the logs tell: balances, books, option tokens, pots, vaults and settlements, replayed from the first block.

It is written from the contracts' events alone and shares nothing with the indexer, whose tables it can so be held to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from optionix.instruments import Side

NOBODY = "0x" + "0" * 40
PLAIN, NETTED, SETTLED = 1, 2, 3
"""Kinds of books, as the contracts number them."""
STRIKE_BITS = 64
STRIKES = 1 << STRIKE_BITS

Holder = tuple[str, int]
"""An account and a series id."""
BookId = tuple[str, int]
"""An account and a book key."""


@dataclass
class BookTold:
    """A book: its kind, what is locked, and its legs by strike, negative written."""

    kind: int = PLAIN
    locked: int = 0
    legs: dict[int, int] = field(default_factory=dict)


@dataclass
class VaultTold:
    """A vault's shares and queues."""

    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    supply: int = 0
    pending_assets: int = 0
    pending_shares: int = 0
    claimable_assets: int = 0
    claimable_shares: int = 0
    claims: set[str] = field(default_factory=set)
    written: dict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class MarketTold:
    """A market's tokens with their decimals, base and quote."""

    tokens: tuple[str, str]
    decimals: tuple[int, int]


class Ledger:
    """The contracts as their logs tell them.

    Attributes
    ----------
    free : by account and token.
    mentioned : strikes of each book that were ever written or placed.
    owed : by book key, what settled books owed, signed; `paid` what holders were paid.
    redeemed : by series, contracts and assets of all redemptions.
    accrued, bounties, collected : by book key, the fees that came in, and where they went.
    """

    def __init__(self, vaults: list[str]) -> None:
        self.markets: dict[int, MarketTold] = {}
        self.prices: dict[tuple[int, int], int] = {}
        self.free: dict[tuple[str, str], int] = defaultdict(int)
        self.books: dict[BookId, BookTold] = defaultdict(BookTold)
        self.mentioned: dict[BookId, set[int]] = defaultdict(set)
        self.held: dict[Holder, int] = defaultdict(int)
        self.supply: dict[int, int] = defaultdict(int)
        self.owed: dict[int, int] = defaultdict(int)
        self.paid: dict[int, int] = defaultdict(int)
        self.redeemed: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.accrued: dict[int, int] = defaultdict(int)
        self.bounties: dict[int, int] = defaultdict(int)
        self.collected: dict[int, int] = defaultdict(int)
        self.vaults = {address: VaultTold() for address in vaults}
        self.logs = 0

    def token(self, key: int) -> str:
        """The settlement asset of a book key."""
        return self.markets[key >> 48].tokens[key >> 40 & 0xFF]

    def scale(self, key: int) -> int:
        """WAD of one unit of a book key's settlement asset."""
        return int(10 ** (18 - self.markets[key >> 48].decimals[key >> 40 & 0xFF]))

    def price(self, key: int) -> int | None:
        """The settlement price of a book key, None before."""
        return self.prices.get((key >> 48, key & (1 << 40) - 1))

    def apply(self, contract: str, address: str, name: str, args: dict[str, Any]) -> None:
        """Follow one event; those without a word about assets are passed over."""
        self.logs += 1
        handler = _HANDLERS.get((contract, name))
        if handler is not None:
            handler(self, address, args)


def side_of(key: int) -> Side:
    """The side of a book key."""
    return Side(key >> 40 & 0xFF)


_Handler = Callable[[Ledger, str, dict[str, Any]], None]
_HANDLERS: dict[tuple[str, str], _Handler] = {}


def _on(contract: str, name: str) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        _HANDLERS[contract, name] = handler
        return handler

    return register


# --- markets ---


@_on("Markets", "MarketAdded")
def _market_added(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    tokens, decimals = (args["base"], args["quote"]), (args["baseDecimals"], args["quoteDecimals"])
    ledger.markets[args["market"]] = MarketTold(tokens, decimals)


@_on("Markets", "Settled")
def _settled(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.prices[args["market"], args["expiry"]] = args["price"]


# --- free balances and fees ---


@_on("Clearinghouse", "Deposited")
def _deposited(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.free[args["account"], args["token"]] += args["assets"]


@_on("Clearinghouse", "Withdrawn")
def _withdrawn(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.free[args["account"], args["token"]] -= args["assets"]


@_on("Clearinghouse", "Paid")
def _paid(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.free[args["from"], args["token"]] -= args["assets"]
    ledger.free[args["to"], args["token"]] += args["assets"]


@_on("Clearinghouse", "FeeAccrued")
def _fee_accrued(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.free[args["payer"], ledger.token(args["key"])] -= args["assets"]
    ledger.accrued[args["key"]] += args["assets"]


@_on("Clearinghouse", "FeesCollected")
def _fees_collected(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    key, token = args["key"], ledger.token(args["key"])
    ledger.free[args["settler"], token] += args["bounty"]
    ledger.free[args["treasury"], token] += args["rest"]
    ledger.bounties[key] += args["bounty"]
    ledger.collected[key] += args["rest"]


@_on("Clearinghouse", "BountyPaid")
def _bounty_paid(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.free[args["caller"], ledger.token(args["key"])] += args["bounty"]
    ledger.bounties[args["key"]] += args["bounty"]


# --- books ---


@_on("Clearinghouse", "Written")
def _written(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    _change_leg(ledger, args, -args["amount"])


@_on("Clearinghouse", "Closed")
def _closed(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    _change_leg(ledger, args, args["amount"])


@_on("Clearinghouse", "Placed")
def _placed(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    _change_leg(ledger, args, args["amount"])


@_on("Clearinghouse", "TakenBack")
def _taken_back(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    _change_leg(ledger, args, -args["amount"])


@_on("Clearinghouse", "BookNetted")
def _netted(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    ledger.books[args["account"], args["key"]].kind = NETTED
    _lock(ledger, (args["account"], args["key"]), args["locked"])


@_on("Clearinghouse", "BookSettled")
def _book_settled(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    account, key, owed = args["account"], args["key"], args["owed"]
    book = ledger.books[account, key]
    if args["strike"]:
        del book.legs[args["strike"]]
        book.locked -= owed + args["released"]
    else:
        book.legs.clear()
        book.locked = 0
    if not book.legs:
        book.kind = SETTLED
    ledger.owed[key] += owed
    # What a book owes less than nothing comes out of what the others owed.
    ledger.free[account, ledger.token(key)] += args["released"] + max(-owed, 0)


@_on("Clearinghouse", "Redeemed")
def _redeemed(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    series, assets = args["series"], args["assets"]
    key = series >> STRIKE_BITS
    contracts, paid = ledger.redeemed[series]
    ledger.redeemed[series] = (contracts + args["amount"], paid + assets)
    ledger.paid[key] += assets
    if args["toFreeBalance"]:
        ledger.free[args["receiver"], ledger.token(key)] += assets


def _change_leg(ledger: Ledger, args: dict[str, Any], change: int) -> None:
    key, strike = args["series"] >> STRIKE_BITS, args["series"] % STRIKES
    where = (args["account"], key)
    ledger.mentioned[where].add(strike)
    legs = ledger.books[where].legs
    legs[strike] = legs.get(strike, 0) + change
    if legs[strike] == 0:
        del legs[strike]
    _lock(ledger, where, args["locked"])


def _lock(ledger: Ledger, where: BookId, locked: int) -> None:
    book = ledger.books[where]
    ledger.free[where[0], ledger.token(where[1])] += book.locked - locked
    book.locked = locked


# --- option tokens ---


@_on("OptionToken", "TransferSingle")
def _transfer(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    _move(ledger, args["from"], args["to"], args["id"], args["value"])


@_on("OptionToken", "TransferBatch")
def _transfers(ledger: Ledger, _: str, args: dict[str, Any]) -> None:
    for series, amount in zip(args["ids"], args["values"], strict=True):
        _move(ledger, args["from"], args["to"], series, amount)


def _move(ledger: Ledger, giver: str, taker: str, series: int, amount: int) -> None:
    for account, change in ((giver, -amount), (taker, amount)):
        if account == NOBODY:
            ledger.supply[series] -= change
        else:
            ledger.held[account, series] += change


# --- vaults ---


@_on("OptionVault", "Transfer")
def _share_transfer(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    vault = ledger.vaults[address]
    for account, change in ((args["from"], -args["value"]), (args["to"], args["value"])):
        if account == NOBODY:
            vault.supply -= change
        else:
            vault.shares[account] += change


@_on("OptionVault", "DepositRequest")
def _deposit_request(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].pending_assets += args["assets"]


@_on("OptionVault", "RedeemRequest")
def _redeem_request(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].pending_shares += args["shares"]


@_on("OptionVault", "DepositProcessed")
def _deposit_processed(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    vault = ledger.vaults[address]
    vault.pending_assets -= args["assets"]
    vault.claimable_shares += args["shares"]
    vault.claims.add(args["controller"])


@_on("OptionVault", "RedeemProcessed")
def _redeem_processed(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    vault = ledger.vaults[address]
    vault.pending_shares -= args["shares"]
    vault.claimable_assets += args["assets"]
    vault.claims.add(args["controller"])


@_on("OptionVault", "DepositCancelled")
def _deposit_cancelled(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].pending_assets -= args["assets"]


@_on("OptionVault", "RedeemCancelled")
def _redeem_cancelled(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].pending_shares -= args["shares"]


@_on("OptionVault", "Deposit")
def _shares_claimed(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].claimable_shares -= args["shares"]


@_on("OptionVault", "Withdraw")
def _assets_claimed(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].claimable_assets -= args["assets"]


@_on("OptionVault", "Bought")
def _bought(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].written[args["series"]] += args["amount"]


@_on("OptionVault", "SoldBack")
def _sold_back(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].written[args["series"]] -= args["amount"]


@_on("OptionVault", "SeriesReleased")
def _released(ledger: Ledger, address: str, args: dict[str, Any]) -> None:
    ledger.vaults[address].written[args["series"]] = 0
