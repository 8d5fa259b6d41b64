"""Prices with seven greeks and implied volatilities a second on one core, beside public libraries, and their errors."""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optionix.benchmarks import Figure, Report
from optionix.errors import UserError
from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.implied import implied_volatility

SEED = 20_260_301
OPTIONS = 200_000
CHECKED = 2_000
"""Options of the same draw that are compared with 50 digits."""
REPEATS = 15
FORWARD = 3_000.0
PEER_OPTIONS = 20_000
"""A library that takes one option a call is timed on so many."""
CONDITIONS = (
    f"{OPTIONS:,} options from seed {SEED}: an hour .. 2 years (evenly in the logarithm), volatility 20 % .. 200 %,"
    " strikes to 6 standard deviations, calls and puts; one core; the median of repeats.",
    "Volatilities are implied from the option out of the money, by us and by the peers alike.",
    f"Errors: the largest relative one over {CHECKED:,} of them against 50 digits, any greek; the price to be implied"
    " is the exact one rounded to a float.",
)


@dataclass(frozen=True)
class Options:
    """A draw; arrays of one length. `side` is that of the price, `out` that of the option out of the money."""

    strike: NDArray[np.float64]
    volatility: NDArray[np.float64]
    years: NDArray[np.float64]
    side: NDArray[np.int8]
    out: NDArray[np.int8]


def draw(count: int) -> Options:
    """Options over the whole domain, the same on every machine."""
    dice = np.random.default_rng(SEED)
    years = np.exp(dice.uniform(np.log(1 / 8760), np.log(2), count))
    volatility = dice.uniform(0.2, 2.0, count)
    strike = FORWARD * np.exp(dice.uniform(-6, 6, count) * volatility * np.sqrt(years))
    side = dice.integers(0, 2, count).astype(np.int8)
    return Options(strike, volatility, years, side, (strike < FORWARD).astype(np.int8))


def measure(words: Sequence[str]) -> Report:
    """All figures; see `CONDITIONS`.

    Raises
    ------
    UserError
        The libraries that tests need are not installed.
    """
    options = _arguments(words)
    for library in ("mpmath", "QuantLib", "py_vollib"):
        if importlib.util.find_spec(library) is None:
            raise UserError(f"This needs {library}.", "Run `make setup`, which installs what tests need.")
    drawn = draw(options.options)
    count = drawn.strike.size
    prices = black76.price(FORWARD, drawn.strike, drawn.volatility, drawn.years, drawn.out)
    greeks_per_s = count / _seconds(
        lambda: black76.greeks(FORWARD, drawn.strike, drawn.volatility, drawn.years, drawn.side)
    )
    iv_per_s = count / _seconds(lambda: implied_volatility(prices, FORWARD, drawn.strike, drawn.years, drawn.out))
    peers = {"QuantLib": _quantlib(drawn, prices), "py_vollib": _py_vollib(drawn, prices)}
    best = max(peers, key=lambda name: peers[name])
    greeks_error, iv_error = _errors(drawn)
    figures = (
        Figure("price_greeks_per_s", round(greeks_per_s), 15e6, at_least=True, note="price and seven greeks"),
        Figure("iv_per_s", round(iv_per_s), 5e6, at_least=True),
        Figure("iv_error_max", iv_error, 1e-12),
        Figure("greeks_error_max", greeks_error, 1e-12),
        Figure("peer_iv_per_s", round(peers[best]), note=f"the faster peer: {best}, one option a call"),
        Figure("iv_ratio", iv_per_s / peers[best]),
    )
    beside = [Figure(f"{name} IV/s", round(rate)) for name, rate in peers.items()]
    return Report(figures, beside, CONDITIONS)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="optionix bench pricing")
    parser.add_argument("--options", type=int, default=OPTIONS, help=f"how many; {OPTIONS} when not given")
    return parser.parse_args(words)


def _seconds(work: Callable[[], object]) -> float:
    """The median time of a call; compiled and warm."""
    work()
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return median(taken)


def _quantlib(drawn: Options, prices: NDArray[np.float64]) -> float:
    """Implied volatilities a second by QuantLib's solver, started as its documentation does, from its own guess."""
    import QuantLib

    kinds = (QuantLib.Option.Call, QuantLib.Option.Put)
    count = min(PEER_OPTIONS, prices.size)
    rows = list(zip(drawn.strike[:count].tolist(), drawn.out[:count].tolist(), prices[:count].tolist(), strict=True))
    solve = QuantLib.blackFormulaImpliedStdDevLiRS
    started = time.perf_counter()
    done = 0
    for strike, side, price in rows:
        try:
            solve(kinds[side], strike, FORWARD, price)
            done += 1
        except RuntimeError:  # it gives up on some far options; only what it solved counts
            continue
    return done / (time.perf_counter() - started)


def _py_vollib(drawn: Options, prices: NDArray[np.float64]) -> float:
    """Implied volatilities a second by py_vollib (Jaeckel's rational start)."""
    from py_vollib.black.implied_volatility import implied_volatility_of_undiscounted_option_price as solve

    count = min(PEER_OPTIONS // 10, prices.size)
    rows = list(
        zip(*(a[:count].tolist() for a in (prices, drawn.strike, drawn.years)), drawn.out[:count].tolist(), strict=True)
    )
    started = time.perf_counter()
    for price, strike, years, side in rows:
        solve(price, FORWARD, strike, years, "cp"[side])
    return count / (time.perf_counter() - started)


def _errors(drawn: Options) -> tuple[float, float]:
    """Largest relative error of any greek, and of an implied volatility."""
    from mpmath import mp, mpf

    names = [field.name for field in fields(black76.Greeks)]
    count = min(CHECKED, drawn.strike.size)
    part = drawn.strike[:count], drawn.volatility[:count], drawn.years[:count]
    got = black76.greeks(FORWARD, *part, drawn.side[:count])
    values = np.stack([getattr(got, name) for name in names])
    worst = 0.0
    exact_out = np.empty(count)
    with mp.workdps(50):
        for i in range(count):
            strike, volatility, years = (float(a[i]) for a in part)
            wanted = exact(FORWARD, strike, volatility, years, drawn.side[i])
            for value, name in zip(values[:, i].tolist(), names, strict=True):
                worst = max(worst, float(abs(mpf(value) / wanted[name] - 1)))
            exact_out[i] = float(exact(FORWARD, strike, volatility, years, drawn.out[i])["price"])
    implied = implied_volatility(exact_out, FORWARD, part[0], part[2], drawn.out[:count]).volatility
    return worst, float(np.max(np.abs(implied / part[1] - 1)))


def exact(
    forward: float, strike: float, volatility: float, years: float, side: int, rate: float = 0.0
) -> dict[str, Any]:
    """Price and greeks by the textbook's formulas, in as many digits as mpmath is set to."""
    from mpmath import erfc, exp, log, mpf, pi, sqrt

    f, k, v, t, r = map(mpf, (forward, strike, volatility, years, rate))
    s, discount = v * sqrt(t), exp(-r * t)
    d1 = log(f / k) / s + s / 2
    d2 = d1 - s
    density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
    sign = 1 if side == Side.CALL else -1
    delta = discount * sign * erfc(-sign * d1 / sqrt(2)) / 2
    price = f * delta - discount * sign * k * erfc(-sign * d2 / sqrt(2)) / 2
    vega = discount * f * density * sqrt(t)
    return {
        "price": price,
        "delta": delta,
        "gamma": discount * density / (f * s),
        "vega": vega,
        "theta": r * price - vega * v / (2 * t),
        "rho": -t * price,
        "vanna": -discount * density * d2 / v,
        "volga": vega * d1 * d2 / v,
    }
