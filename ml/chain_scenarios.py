"""Scenarios of one portfolio at every snapshot of a chain, at the contract's fit of its quotes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import pandas as pd

from ml.calibration.quotes import Quotes
from ml.calibration.surface import FittedSurface, fit_surface
from ml.compute import Engine, each
from ml.holdings import Holding
from ml.scenarios import Scenario, scenarios
from ml.valuation import WAD, MarketState
from optionix.instruments import InstrumentError, parse_name
from optionix.pricing.contract import AVERAGING_SECONDS, YEAR

_MARKET = 1
Snapshot = tuple[pd.Timestamp, str, list[Quotes]]


class BadLegs(ValueError):
    """Legs that are no portfolio of one currency; the message says why."""


def holdings_of(legs: Sequence[tuple[str, str]]) -> list[tuple[str, Holding]]:
    """Currencies and holdings of instruments and amounts (contracts, negative written).

    Raises
    ------
    BadLegs
        For an instrument that is not well formed or an amount that is no number.
    """
    found = []
    for name, text in legs:
        try:
            instrument, amount = parse_name(name), Decimal(text)
        except InstrumentError as error:
            raise BadLegs(str(error)) from error
        except InvalidOperation:
            raise BadLegs(f"{text!r} is not a number of contracts") from None
        if not amount.is_finite() or not 0 < abs(amount) < 10**9:
            raise BadLegs(f"{text} contracts of {name} cannot be held")
        one = instrument.series(_MARKET)
        place = "tokens" if amount > 0 else "book"
        holding = Holding(one.id, name, _MARKET, int(one.side), one.expiry, one.strike, int(amount * WAD), place)
        found.append((instrument.symbol, holding))
    return found


def run(
    taken: Sequence[Snapshot],
    legs: Sequence[tuple[str, Holding]],
    engine: Engine = "local",
    scheduler: str | None = None,
    done: Callable[[int, int], None] = lambda at, of: None,
) -> list[tuple[pd.Timestamp, Scenario]]:
    """Scenarios by currency and snapshot, of those whose fit prices every leg of the currency; in their order.

    Parameters
    ----------
    engine, scheduler : see `ml.compute`: fits and revaluations are spread, with equal results.
    """
    held: dict[str, tuple[Holding, ...]] = {}
    for symbol, holding in legs:
        held[symbol] = (*held.get(symbol, ()), holding)
    wanted = [
        (moment, currency, expiries)
        for moment, currency, expiries in taken
        if currency in held and {one.expiry for one in held[currency]} <= {each.expiry for each in expiries}
    ]
    total = 2 * len(wanted)
    surfaces = each(fit_surface, [expiries for *_, expiries in wanted], engine, scheduler, lambda at: done(at, total))
    states = [state_of(currency, surface) for (_, currency, _), surface in zip(wanted, surfaces, strict=True)]
    priced = [
        (moment, (state, held[currency], int(moment.timestamp())))
        for (moment, currency, _), state in zip(wanted, states, strict=True)
        if {one.expiry for one in held[currency]} <= state.slices.keys()
    ]
    found = scenarios([piece for _, piece in priced], engine, scheduler)
    done(total, total)
    return [(moment, entry) for (moment, _), entry in zip(priced, found, strict=True)]


def state_of(currency: str, surface: FittedSurface) -> MarketState:
    """A market at a fitted surface: the spot is the nearest forward, and each expiry carries to its own."""
    if not surface.slices:
        return MarketState(_MARKET, currency, math.nan, {})
    spot = surface.slices[0].quotes.forward
    slices = {}
    for entry in surface.slices:
        quotes = entry.quotes
        years = (quotes.expiry - AVERAGING_SECONDS - quotes.timestamp) / YEAR
        carry = math.log(quotes.forward / spot) / years if years > 0 else 0.0
        slices[quotes.expiry] = replace(entry.ssvi.unpack(), carry=carry)
    return MarketState(_MARKET, currency, spot, slices)
