"""The model's figures of an instrument in Deribit's units: greeks per contract with money in quote."""

from __future__ import annotations

import math

import numpy as np

from api.deribit.levels import Book
from api.deribit.tickers import Greeks, Marked
from optionix.instruments import STRIKE_ONE, Side
from optionix.pricing import implied
from optionix.pricing.marks import Marks
from optionix.pricing.payoff import WAD
from optionix.pricing.vault import YEAR, Value


def marked(side: Side, index: int, strike: int, value: Value, model: Marks, rate: float, book: Book) -> Marked:
    """An instrument's mark, greeks and volatilities.

    Theta and vega are native in the settlement asset, and a call's are in base. Rho is by the interest of carry and
    discount with the index held, ``T (D F delta - V)``, which is ``K T D N(d2)`` for a call.

    Parameters
    ----------
    index : quote per base, WAD.
    strike : units of 1e-8.
    value, model : the vault's valuation and the model's, of one contract.
    rate : annual interest of the discount.
    """
    spot = index / WAD
    to_quote = spot if side is Side.CALL else 1.0
    years = float(model.seconds_left) / YEAR
    discount, forward, delta = math.exp(-rate * years), float(model.forward), value.delta / WAD
    bid, ask = _volatilities(book, side, spot, strike / STRIKE_ONE, forward, years, discount)
    return Marked(
        mark=value.mid,
        volatility=value.volatility / WAD,
        greeks=Greeks(
            delta=delta,
            gamma=float(model.gamma),
            vega=value.vega / WAD / 100 * to_quote,
            theta=float(model.theta) * to_quote,
            rho=years * (discount * forward * delta - float(model.value_quote)) / 100,
        ),
        bid_volatility=bid,
        ask_volatility=ask,
    )


def _volatilities(
    book: Book, side: Side, spot: float, strike: float, forward: float, years: float, discount: float
) -> tuple[float | None, float | None]:
    """Of the best bid and ask; None where there is none, or where it is worth less than exercise or more than all."""
    best = (book.best_bid, book.best_ask)
    if best == (None, None) or years <= 0.0:
        return None, None
    prices = [float(level.price) * spot if level else math.nan for level in best]
    solved = implied.implied_volatility(prices, forward, strike, years, side, discount).volatility
    bid, ask = (None if np.isnan(each) else float(each) for each in solved)
    return bid, ask
