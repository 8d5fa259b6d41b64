"""Tickers, book summaries and order books of an instrument at one block: the pure mapping of our figures to theirs.

`mark_price`, `bid_price` and the like are in base; `index_price`, `underlying_price` and the greeks' money in quote.
What cannot be told now, such as the mark of an instrument without a fresh price, is null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from api.deribit import units
from api.deribit.instruments import Listing
from api.deribit.levels import Book, Level, pairs
from optionix.instruments import STRIKE_UNIT_WAD, Side, format_expiry

HUNDRED = 100


@dataclass(frozen=True)
class Greeks:
    """Per contract, money in quote.

    Attributes
    ----------
    delta : of the forward.
    gamma : change of delta per unit of the forward.
    vega : per 0.01 of volatility.
    theta : per day.
    rho : per 0.01 of interest.
    """

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


@dataclass(frozen=True)
class Stats:
    """Trades of the last day of market time; prices in ticks of 1e-8 base.

    Attributes
    ----------
    volume : contracts, WAD.
    premium : what was paid for them, WAD of quote.
    """

    volume: int = 0
    premium: int = 0
    high: int | None = None
    low: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class Marked:
    """The model's view of an instrument.

    Attributes
    ----------
    mark : WAD of the settlement asset.
    volatility : annual, 1.0 = 100 %.
    bid_volatility, ask_volatility : of the best prices; None where there are none, or none that solves.
    """

    mark: int
    volatility: float
    greeks: Greeks
    bid_volatility: float | None = None
    ask_volatility: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """An instrument at one block.

    Attributes
    ----------
    time : the block's, seconds.
    index, forward : quote per base, WAD; None where they are not known.
    rate : annual interest by which the mark is discounted.
    open_interest : contracts, WAD.
    last : ticks of the last trade's price.
    """

    listing: Listing
    time: int
    index: int | None
    forward: int | None
    rate: float
    marked: Marked | None
    open_interest: int
    stats: Stats = field(default_factory=Stats)
    last: int | None = None
    book: Book = field(default_factory=Book)

    @property
    def mark(self) -> Decimal | None:
        """In base; a settled option is worth its payoff."""
        side, settled = self.listing.side, self.listing.settled_at_price
        if settled is not None:
            return units.ratio(payoff(side, self.listing.strike, settled), settled, units.EVEN)
        if self.marked is None or self.index is None:
            return None
        return units.base_price(side, self.marked.mark, self.index, units.EVEN)

    @property
    def delivery_estimate(self) -> Decimal | None:
        """The settlement price where it is known, else the index."""
        known = self.listing.settled_at_price or self.index
        return None if known is None else units.quote_amount(known)


def ticker(snapshot: Snapshot) -> dict[str, object]:
    """As `public/ticker` answers."""
    listing, marked, book = snapshot.listing, snapshot.marked, snapshot.book
    least, most = price_limits(snapshot)
    greeks = marked.greeks if marked else None
    answer: dict[str, object] = {
        "instrument_name": listing.name,
        "timestamp": snapshot.time * 1000,
        "state": listing.state(snapshot.time),
        "stats": {**_traded(snapshot.stats), "volume_usd": units.quote_amount(snapshot.stats.premium)},
        "open_interest": units.contracts(snapshot.open_interest),
        "best_bid_price": _price(book.best_bid),
        "best_bid_amount": _amount(book.best_bid),
        "best_ask_price": _price(book.best_ask),
        "best_ask_amount": _amount(book.best_ask),
        "min_price": least,
        "max_price": most,
        "mark_price": snapshot.mark,
        "last_price": ticks(snapshot.last),
        "index_price": _quote(snapshot.index),
        "underlying_price": _quote(snapshot.forward),
        "underlying_index": underlying_index(listing),
        "estimated_delivery_price": snapshot.delivery_estimate,
        "interest_rate": snapshot.rate,
        "mark_iv": marked.volatility * HUNDRED if marked else None,
        "bid_iv": _percent(marked.bid_volatility if marked else None),
        "ask_iv": _percent(marked.ask_volatility if marked else None),
        "greeks": {
            "delta": greeks.delta if greeks else None,
            "gamma": greeks.gamma if greeks else None,
            "vega": greeks.vega if greeks else None,
            "theta": greeks.theta if greeks else None,
            "rho": greeks.rho if greeks else None,
        },
    }
    if listing.settled_at_price is not None:
        answer["delivery_price"] = units.quote_amount(listing.settled_at_price)
    return answer


def order_book(snapshot: Snapshot, depth: int, change_id: int) -> dict[str, object]:
    """As `public/get_order_book` answers."""
    return {
        **ticker(snapshot),
        "change_id": change_id,
        "bids": pairs(snapshot.book.bids, depth),
        "asks": pairs(snapshot.book.asks, depth),
    }


def summary(snapshot: Snapshot) -> dict[str, object]:
    """As `public/get_book_summary_by_instrument` answers, in a list."""
    listing, marked, book = snapshot.listing, snapshot.marked, snapshot.book
    bid, ask = _price(book.best_bid), _price(book.best_ask)
    return {
        "instrument_name": listing.name,
        "base_currency": listing.symbol,
        "quote_currency": listing.symbol,
        "creation_timestamp": snapshot.time * 1000,
        **_traded(snapshot.stats),
        "volume_usd": units.quote_amount(snapshot.stats.premium),
        "open_interest": units.contracts(snapshot.open_interest),
        "bid_price": bid,
        "ask_price": ask,
        "mid_price": None if bid is None or ask is None else (bid + ask) / 2,
        "mark_price": snapshot.mark,
        "mark_iv": marked.volatility * HUNDRED if marked else None,
        "last": ticks(snapshot.last),
        "underlying_price": _quote(snapshot.forward),
        "underlying_index": underlying_index(listing),
        "estimated_delivery_price": snapshot.delivery_estimate,
        "interest_rate": snapshot.rate,
    }


def quote(snapshot: Snapshot) -> dict[str, object]:
    """As the channel `quote.<instrument>` carries."""
    book = snapshot.book
    return {
        "instrument_name": snapshot.listing.name,
        "timestamp": snapshot.time * 1000,
        "best_bid_price": _price(book.best_bid),
        "best_bid_amount": _amount(book.best_bid),
        "best_ask_price": _price(book.best_ask),
        "best_ask_amount": _amount(book.best_ask),
    }


def price_limits(snapshot: Snapshot) -> tuple[Decimal, Decimal | None]:
    """The least price and the most that an option can be worth: one base, or for a put its strike."""
    if snapshot.listing.side is Side.CALL:
        return units.TICK, Decimal(1)
    if snapshot.index is None:
        return units.TICK, None
    return units.TICK, units.ratio(snapshot.listing.strike * STRIKE_UNIT_WAD, snapshot.index, units.DOWN)


def payoff(side: Side, strike: int, price: int) -> int:
    """What a contract pays at a settlement price, WAD of quote; `strike` in units of 1e-8."""
    over = price - strike * STRIKE_UNIT_WAD
    return max(over if side is Side.CALL else -over, 0)


def underlying_index(listing: Listing) -> str:
    """The forward of the expiry, named as Deribit names a future."""
    return f"{listing.symbol}-{format_expiry(listing.expiry)}"


def ticks(price: int | None) -> Decimal | None:
    """A price of so many ticks."""
    return None if price is None else Decimal(price).scaleb(-units.PLACES)


def _traded(stats: Stats) -> dict[str, object]:
    change = None
    if stats.first and stats.last is not None:
        change = units.ratio(HUNDRED * (stats.last - stats.first), stats.first, units.EVEN)
    return {
        "volume": units.contracts(stats.volume),
        "high": ticks(stats.high),
        "low": ticks(stats.low),
        "price_change": change,
    }


def _price(level: Level | None) -> Decimal | None:
    return level.price if level else None


def _amount(level: Level | None) -> Decimal:
    return level.amount if level else Decimal(0)


def _quote(wad: int | None) -> Decimal | None:
    return None if wad is None else units.quote_amount(wad)


def _percent(volatility: float | None) -> float | None:
    return None if volatility is None else volatility * HUNDRED
