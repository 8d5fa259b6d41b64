"""The vault's quote and marks, integer for integer as `contracts/vault/` computes them (VaultPricing, VaultPricer).

Amounts, prices, vega and fractions are WAD; every part of a quote, collateral and net assets are units of the
settlement asset. The formula stands in NatSpec beside the contract's code; the names here are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from optionix.instruments import Side
from optionix.pricing import contract
from optionix.pricing.payoff import WAD, collateral_up, payoff_up
from optionix.pricing.ssvi import PackedSlice

BPS = 10_000
DAY = 86_400
YEAR = 365 * DAY
AVERAGING_SECONDS = 1200
CARRY_UNIT = 10**9
"""WAD of a slice's unit of carry."""
MAX_CARRY_MOVE = 2 * 10**9
"""The widest move of carry between two slices, from -1 to 1, in such units."""
CUTOFF_SECONDS = 30 * 60
"""Trading and processing stop this long, and the feed's maximum age, before an expiry."""


class QuoteRefused(Exception):
    """The vault does not trade this now.

    Attributes
    ----------
    reason : the name of the contract's error.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Params:
    """`IOptionVault.Params`: fractions WAD, times seconds, `min_amount` WAD, caps in token units."""

    half_spread: int
    half_spread_per_day: int
    skew: int
    use: int
    min_rate: int
    floor: int
    min_abs_delta: int
    max_abs_delta: int
    max_utilisation: int
    min_amount: int
    guard_window: int


@dataclass(frozen=True, slots=True)
class Fees:
    """`IOptionVault.Fees`, WAD."""

    of_notional: int
    of_premium: int


@dataclass(frozen=True, slots=True)
class State:
    """The vault as a quote sees it: `net_assets` and `locked` in token units, `short_vega` WAD."""

    net_assets: int
    short_vega: int
    locked: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """What prices one expiry at one time.

    Attributes
    ----------
    expiry, timestamp : seconds.
    spot : quote per base, WAD.
    band_bps : half width of the spot band, the feed's deviation threshold.
    newest : the slice that marks.
    previous : the slice before it while it still counts, else None.
    half_spread : of volatility, grown by the slice's age, WAD.
    carry_band : how far signers may have moved carry at that age, units of a slice.
    """

    expiry: int
    timestamp: int
    spot: int
    band_bps: int
    newest: PackedSlice
    previous: PackedSlice | None
    half_spread: int
    carry_band: int


@dataclass(frozen=True, slots=True)
class Value:
    """One contract's prices, WAD of the settlement asset; `ask` and `bid` are guarded, without the half spread."""

    mid: int
    ask: int
    bid: int
    vega: int
    delta: int
    volatility: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote taken apart, in token units; `total` is what the buyer pays, fee included, or the seller gets."""

    mark: int
    spread: int
    skew: int
    use: int
    guard: int
    floor: int
    fee: int
    total: int
    collateral: int
    vega: int


def conditions(
    expiry: int,
    timestamp: int,
    spot: int,
    band_bps: int,
    newest: PackedSlice,
    previous: PackedSlice | None,
    params: Params,
    volatility_per_day: int,
    carry_per_day: int,
) -> Conditions:
    """The conditions at a time; the previous slice counts within the guard window of the newest report.

    The half spread grows with the slice's age by the vault's rate, and never slower than by `volatility_per_day`, the
    move that the volatility oracle allows its signers (WAD a day); by `carry_per_day` of theirs (WAD a day) the band of
    carry grows.
    """
    age = timestamp - newest.timestamp
    counts = previous is not None and previous.timestamp != 0 and age < params.guard_window
    return Conditions(
        expiry,
        timestamp,
        spot,
        band_bps,
        newest,
        previous if counts else None,
        params.half_spread + _div_up(max(params.half_spread_per_day, volatility_per_day) * age, DAY),
        min(_div_up(carry_per_day * age, DAY * CARRY_UNIT), MAX_CARRY_MOVE),
    )


def is_cut_off(expiry: int, timestamp: int, max_age: int) -> bool:
    """Whether the expiry is so near that the vault neither trades nor processes."""
    return timestamp + CUTOFF_SECONDS + max_age >= expiry


def value(side: Side, strike: int, c: Conditions) -> Value:
    """Mid and guarded prices of one contract; `strike` WAD.

    Raises
    ------
    PricingError
        As `contract.mark`.
    """
    mark = contract.mark(c.spot, strike, side, c.newest, c.expiry, c.timestamp)
    high = c.spot * (BPS + c.band_bps) // BPS
    low = c.spot * (BPS - c.band_bps) // BPS
    # A call is worth more at a higher spot even in base, a put at a lower one.
    ask_spot, bid_spot = (high, low) if side is Side.CALL else (low, high)
    up = c.carry_band if side is Side.CALL else -c.carry_band
    older = () if c.previous is None else (c.previous,)
    dear = replace(c.newest, carry=c.newest.carry + up)
    cheap = replace(c.newest, carry=c.newest.carry - up)
    asks = [contract.mark(ask_spot, strike, side, each, c.expiry, c.timestamp).value for each in (dear, *older)]
    bids = [contract.mark(bid_spot, strike, side, each, c.expiry, c.timestamp).value for each in (cheap, *older)]
    return Value(mark.value, max(mark.value, *asks), min(mark.value, *bids), mark.vega, mark.delta, mark.volatility)


def check_tradable(
    c: Conditions, v: Value, amount: int, params: Params, *, max_age: int, halted: bool, heartbeat: int
) -> None:
    """Raises what the contract would refuse whatever the direction.

    Raises
    ------
    QuoteRefused
        Below the minimum amount, at the cutoff, halted, on a stale slice, or with a delta outside the band.
    """
    if amount < params.min_amount:
        raise QuoteRefused("AmountTooSmall", "The amount is below the vault's minimum.")
    if is_cut_off(c.expiry, c.timestamp, max_age):
        raise QuoteRefused("TradingCutoff", "The expiry is too close: the vault no longer trades it.")
    if halted:
        raise QuoteRefused("Halted", "The expiry is halted until its volatility settles.")
    if c.timestamp > c.newest.timestamp + heartbeat:
        raise QuoteRefused("StaleSlice", "The volatility is older than its heartbeat.")
    if not params.min_abs_delta <= abs(v.delta) <= params.max_abs_delta:
        raise QuoteRefused("DeltaOutsideBand", "The vault does not trade options this far in or out of the money.")


def buy(
    side: Side,
    strike: int,
    before: int,
    amount: int,
    c: Conditions,
    v: Value,
    state: State,
    params: Params,
    fees: Fees,
    scale: int,
) -> Quote:
    """What `amount` contracts cost on top of `before` already written.

    Raises
    ------
    QuoteRefused
        When the trade would lock more than the cap on utilisation.
    """
    collateral = collateral_up(side, strike, before + amount, scale) - collateral_up(side, strike, before, scale)
    locked = state.locked + collateral
    if state.net_assets <= 0 or locked * WAD > state.net_assets * params.max_utilisation:
        raise QuoteRefused("UtilisationAboveCap", "The vault has too little free collateral for this size.")
    unit = WAD * scale
    vega = _div_up(amount * v.vega, WAD)
    mark = _div_up(amount * v.mid, unit)
    spread = _div_up(vega * c.half_spread, unit)
    guard = _div_up(amount * (v.ask - v.mid), unit)
    skew = _div_up(vega * (2 * state.short_vega + vega) * params.skew, 2 * state.net_assets * scale * unit)
    use = _div_up(collateral * (2 * state.locked + collateral) * params.use, 2 * state.net_assets * WAD)
    notional = amount if side is Side.CALL else _div_up(amount * c.spot, WAD)
    left = max(c.expiry - c.timestamp - AVERAGING_SECONDS, 0)
    least = _div_up(collateral * params.min_rate * left, WAD * YEAR) + _div_up(notional * params.floor, unit)
    premium = mark + spread + guard + skew + use
    floor = max(max(least, 1) - premium, 0)
    premium += floor
    fee = min(_div_up(notional * fees.of_notional, unit), _div_up(premium * fees.of_premium, WAD))
    return Quote(mark, spread, skew, use, guard, floor, fee, premium + fee, collateral, vega)


def sell(side: Side, strike: int, before: int, amount: int, c: Conditions, v: Value, scale: int) -> Quote:
    """What the vault pays for `amount` of the `before` contracts that it has written.

    Raises
    ------
    QuoteRefused
        When the vault wrote fewer.
    """
    if before < amount:
        raise QuoteRefused("LegTooSmall", "The vault wrote fewer contracts of this series than that.")
    collateral = collateral_up(side, strike, before, scale) - collateral_up(side, strike, before - amount, scale)
    unit = WAD * scale
    mark = amount * v.mid // unit
    spread = _div_up(_div_up(amount * v.vega, WAD) * c.half_spread, unit)
    guard = _div_up(amount * (v.mid - v.bid), unit)
    return Quote(mark, spread, 0, 0, guard, 0, 0, max(mark - spread - guard, 0), collateral, amount * v.vega // WAD)


@dataclass(frozen=True, slots=True)
class Marks:
    """A book marked: what is owed as depositors enter and as leavers leave, at mid, and the short vega."""

    entering: int = 0
    leaving: int = 0
    mid: int = 0
    short_vega: int = 0


def mark_leg(side: Side, strike: int, amount: int, c: Conditions, scale: int) -> Marks:
    """The liability of one written leg, each view at most its collateral; token units and WAD vega."""
    v = value(side, strike, c)
    collateral = collateral_up(side, strike, amount, scale)
    spread = _div_up(v.vega * c.half_spread, WAD)
    unit = WAD * scale
    return Marks(
        min(amount * max(v.bid - spread, 0) // unit, collateral),
        min(_div_up(amount * (v.ask + spread), unit), collateral),
        min(_div_up(amount * v.mid, unit), collateral),
        _div_up(amount * v.vega, WAD),
    )


def mark_settled(side: Side, strike: int, amount: int, price: int, scale: int) -> Marks:
    """The liability of a leg whose settlement price is known."""
    owed = payoff_up(side, strike, price, amount, scale)
    return Marks(owed, owed, owed, 0)


def mark_unpriced(side: Side, strike: int, amount: int, scale: int) -> Marks:
    """A leg that cannot be priced owes its whole collateral to leavers and nothing to those who enter."""
    collateral = collateral_up(side, strike, amount, scale)
    return Marks(0, collateral, collateral, 0)


def total(marks: Iterable[Marks]) -> Marks:
    """The sum over a book."""
    entering = leaving = mid = vega = 0
    for each in marks:
        entering += each.entering
        leaving += each.leaving
        mid += each.mid
        vega += each.short_vega
    return Marks(entering, leaving, mid, vega)


def _div_up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
