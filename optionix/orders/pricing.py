"""What a signed order comes to, integer for integer as contracts/libraries/OrderPricing.sol computes it.

Volatilities, spots, prices and amounts are WAD, premiums and fees units of the premium token; `scale` is the WAD of one
such unit. The formula stands in NatSpec beside the contract's code; the names here are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix.instruments import Series, Side
from optionix.orders.order import LimitKind, Order
from optionix.pricing import contract
from optionix.pricing.contract import PricingError
from optionix.pricing.payoff import WAD
from optionix.pricing.vault import is_cut_off

AMOUNT_UNIT = 10**10
"""Amounts are multiples of this: 1e-8 contracts."""
MOST_AMOUNT = 2**127 - 1
"""Of an order beyond this nothing fills."""
MAX_VOLATILITY = 10 * WAD


class OrderRefused(Exception):
    """The Exchange would not fill this now.

    Attributes
    ----------
    reason : the name of the contract's error.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Conditions:
    """What prices the orders of one expiry at one time.

    Attributes
    ----------
    timestamp : seconds.
    spot : the feed's newest answer, WAD; None where the contracts refuse to read it.
    updated_at : when the feed gave it.
    max_age : the feed's, seconds.
    carry : of the stored slice, units of a slice; None where there is none that is fresh.
    """

    timestamp: int
    spot: int | None
    updated_at: int
    max_age: int
    carry: int | None


@dataclass(frozen=True, slots=True)
class Fees:
    """`IExchange.Fees` as far as a taker pays them, WAD."""

    of_notional: int
    of_premium: int


def require_in_time(order: Order, series: Series, timestamp: int) -> None:
    """Refuse an order whose time, or whose series' time, is over.

    Raises
    ------
    OrderRefused
    """
    if timestamp > order.deadline:
        raise OrderRefused("DeadlinePassed", f"its deadline {order.deadline} is over")
    if timestamp >= series.expiry:
        raise OrderRefused("SeriesExpired", "its series has expired")


def price_of(order: Order, series: Series, now: Conditions, *, in_quote: bool) -> int:
    """Executable premium a contract, WAD of the premium token, rounded to the maker.

    Parameters
    ----------
    in_quote : whether the premium token is the market's quote.

    Raises
    ------
    OrderRefused
        Where `Exchange.priceOf` reverts.
    """
    require_in_time(order, series, now.timestamp)
    if order.kind is LimitKind.PREMIUM:
        return order.limit
    if is_cut_off(series.expiry, now.timestamp, now.max_age):
        raise OrderRefused("TradingCutoff", "a volatility is no longer priced so near to expiry")
    _require_signed_conditions(order, now)
    carry = now.carry if order.stored_carry else order.min_carry
    assert now.spot is not None and carry is not None
    if not order.min_carry <= carry <= order.max_carry:
        raise OrderRefused("CarryOutOfRange", f"the carry {carry} is outside {order.min_carry} to {order.max_carry}")
    if order.limit > MAX_VOLATILITY:
        raise OrderRefused("VolatilityOutOfRange", "its volatility is above 1,000 %")
    is_call = series.side is Side.CALL
    spot = _edged(now.spot, order.spot_edge, up=order.is_buy != is_call)
    try:
        price = contract.value_at_volatility(
            spot, series.strike_wad, series.side, order.limit, carry, series.expiry, now.timestamp
        )
    except PricingError as error:
        raise OrderRefused("PricesOutOfRange", str(error)) from error
    if in_quote and is_call:
        price = _mul_div(price, spot, WAD, up=not order.is_buy)
    elif not in_quote and not is_call:
        price = _mul_div(price, WAD, spot, up=not order.is_buy)
    if not order.min_premium <= price <= order.max_premium:
        raise OrderRefused("PremiumOutOfRange", "its volatility comes to a premium outside of what was signed")
    return price


def premium_of(order: Order, price: int, amount: int, scale: int) -> int:
    """What `amount` contracts come to, token units: up, and never nothing, where the maker sells; down where it buys.

    Raises
    ------
    OrderRefused
        A buyer's premium that rounds to nothing.
    """
    premium = _mul_div(price, amount, WAD * scale, up=not order.is_buy)
    if premium == 0 and order.is_buy:
        raise OrderRefused("NoPremium", "the premium of so few contracts rounds to nothing")
    return max(premium, 1)


def fee_of(series: Series, amount: int, premium: int, scale: int, fees: Fees, *, in_quote: bool) -> int:
    """The taker's fee, token units: min(share of notional, share of premium), both rounded up."""
    notional = series.strike_wad if in_quote else WAD
    of_notional = _mul_div(notional * fees.of_notional, amount, WAD * WAD * scale, up=True)
    return min(of_notional, _mul_div(premium, fees.of_premium, WAD, up=True))


def _require_signed_conditions(order: Order, now: Conditions) -> None:
    if now.spot is None:
        raise OrderRefused("StalePrice", "the price feed cannot be read now")
    if order.stored_carry and now.carry is None:
        raise OrderRefused("StaleSlice", "there is no fresh volatility surface to take the carry from")
    if not order.min_spot <= now.spot <= order.max_spot:
        raise OrderRefused("SpotOutOfRange", "spot is outside of what was signed")
    if now.timestamp > now.updated_at + order.max_feed_age:
        raise OrderRefused("FeedTooOld", "the price feed is older than what was signed")


def _edged(spot: int, edge: int, *, up: bool) -> int:
    if edge >= WAD:
        raise OrderRefused("SpotEdgeOutOfRange", "its edge is 100 % or more")
    return _mul_div(spot, WAD + edge, WAD, up=True) if up else spot * (WAD - edge) // WAD


def _mul_div(x: int, y: int, divisor: int, *, up: bool) -> int:
    return -(-x * y // divisor) if up else x * y // divisor
