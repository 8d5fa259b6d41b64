"""What one series pays at a settlement price, and what one written leg must lock (contracts/libraries/Payoff.sol).

Per contract a call pays ``max(S - K, 0) / S`` base and a put ``max(K - S, 0)`` quote. Strikes, prices and amounts are
WAD integers, results are units of the settlement asset, rounded as the name says. `scale` is the WAD of one token unit.
"""

from __future__ import annotations

from optionix.instruments import Side

WAD = 10**18
"""One, in WAD."""
MAX_DECIMALS = 18
"""Tokens with more decimals are not supported."""


def scale_of(decimals: int) -> int:
    """WAD of one unit of a token with these decimals.

    Raises
    ------
    ValueError
        Outside 0 to 18 decimals.
    """
    if not 0 <= decimals <= MAX_DECIMALS:
        raise ValueError(f"a token of {decimals} decimals is not supported: 0 to {MAX_DECIMALS}")
    return int(10 ** (MAX_DECIMALS - decimals))


def payoff_down(side: Side, strike: int, price: int, amount: int, scale: int) -> int:
    """What `amount` contracts pay their holder at settlement price `price`, rounded down, in token units."""
    numerator, denominator = _fraction(side, strike, price, amount, scale)
    return numerator // denominator


def payoff_up(side: Side, strike: int, price: int, amount: int, scale: int) -> int:
    """What a writer of `amount` contracts owes at settlement price `price`, rounded up, in token units."""
    numerator, denominator = _fraction(side, strike, price, amount, scale)
    return -(-numerator // denominator)


def collateral_up(side: Side, strike: int, amount: int, scale: int) -> int:
    """What a writer of `amount` contracts locks: 1 base a call, K quote a put, rounded up, in token units."""
    if side is Side.CALL:
        return -(-amount // scale)
    return -(-amount * strike // (WAD * scale))


def _fraction(side: Side, strike: int, price: int, amount: int, scale: int) -> tuple[int, int]:
    if side is Side.CALL:
        return (amount * (price - strike), price * scale) if price > strike else (0, 1)
    return (amount * (strike - price), WAD * scale) if price < strike else (0, 1)
