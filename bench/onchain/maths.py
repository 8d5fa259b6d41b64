"""Formulas: gas of a warm call less a call to nothing, and the error against 50 digits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, log
from typing import Any

from bench.onchain.compiled import Bench, compile_formulas
from optionix.benchmarks import median
from optionix.chain.rpc import BlockingRpc
from optionix.local.anvil import Anvil

SEED = "optionix gas"
YEAR = 365 * 86_400
WAD = 10**18
X96 = 2**96
X128 = 2**128
NOW = 1_700_000_000
BOOK = 64
"""Open series of a whole vault."""


@dataclass(frozen=True)
class Maths:
    """Medians of gas, and the largest error of a call or put as a part of the strike."""

    price_call_put: int
    price_call_put_largest: int
    price_error_of_strike: float
    greeks: int
    cdf: int
    vol_at_strike: int
    mark: int
    mark_64_mid: int
    peers: dict[str, int]


def measure(points: int) -> Maths:
    """Measures on a chain of its own.

    Parameters
    ----------
    points : drawn from S/K 0.2 .. 5, an hour .. two years, 10 % .. 300 %; strikes 1 .. 100,000.
    """
    compile_formulas()
    with Anvil(timestamp=NOW) as anvil, BlockingRpc(anvil.url) as rpc:
        bench = Bench(rpc)
        options = _options(points)
        price, largest, error = _price(bench, options)
        return Maths(
            price_call_put=price,
            price_call_put_largest=largest,
            price_error_of_strike=error,
            greeks=_simple(bench, "Greeks", "NoGreeks", options),
            cdf=_simple(bench, "Cdf", "NoCdf", [((i - points // 2) * 12 * WAD // points + 7,) for i in range(points)]),
            vol_at_strike=_simple(bench, "Volatility", "NoVolatility", _with_slice(options)),
            mark=_simple(bench, "Mark", "NoMark", _marked(options)),
            mark_64_mid=_book(bench),
            peers=_peers(bench, points),
        )


def _options(points: int) -> list[tuple[int, int, int]]:
    """(forward, strike, total variance)."""
    dice = random.Random(SEED)
    found = []
    for _ in range(points):
        strike = int(exp(dice.uniform(0, log(1e5))) * WAD)
        years = exp(dice.uniform(log(1 / 8760), log(2)))
        variance = dice.uniform(0.1, 3) ** 2 * years
        found.append((int(strike * exp(dice.uniform(log(0.2), log(5)))), strike, int(variance * X128)))
    return found


def _slice() -> dict[str, int]:
    """60 % over thirty days, with the curvature and skew of a liquid market."""
    return {"theta": 288 * 10**12, "phi": 4 * 10**15, "rho": -3 * 10**11, "carry": 5 * 10**7, "timestamp": NOW}


def _with_slice(options: list[tuple[int, int, int]]) -> list[tuple[Any, ...]]:
    return [(forward, strike, _slice(), NOW + 30 * 86_400) for forward, strike, _ in options]


def _marked(options: list[tuple[int, int, int]]) -> list[tuple[Any, ...]]:
    return [(spot, strike, 0, _slice(), NOW + 30 * 86_400, NOW + 86_400) for spot, strike, _ in options]


def _price(bench: Bench, options: list[tuple[int, int, int]]) -> tuple[int, int, float]:
    from mpmath import mpf

    # The formulas in 50 digits, which share nothing with the package.
    from scripts.vectors import reference

    formula, nothing = bench.formula("Price"), bench.formula("NoPrice")
    gas, answers = bench.gas(formula.address, nothing.address, [formula.input(*option) for option in options])
    worst = mpf(0)
    for (forward, strike, variance), answer in zip(options, answers, strict=True):
        exact = reference.black76(mpf(forward), mpf(strike), mpf(variance) / X128)
        for ours, wanted in zip(formula.answer(answer), exact[:2], strict=True):
            worst = max(worst, abs(ours - wanted) / strike)
    return median(gas), max(gas), float(worst)


def _simple(bench: Bench, name: str, nothing: str, inputs: list[Any], source: str = "Formulas") -> int:
    formula, twin = bench.formula(name, source), bench.formula(nothing, source)
    gas, _ = bench.gas(formula.address, twin.address, [formula.input(*args) for args in inputs])
    return median(gas)


def _book(bench: Bench) -> int:
    """Values and vegas of a whole book at mid; the call itself counts, as in a vault."""
    formula = bench.formula("Book")
    strikes = [(1000 + 50 * i) * WAD for i in range(BOOK)]
    call = formula.input(2500 * WAD, strikes, _slice(), NOW + 30 * 86_400, NOW + 86_400)
    gas, _ = bench.gas(formula.address, bench.nobody, [call] * 3)
    return median(gas)


def _peers(bench: Bench, points: int) -> dict[str, int]:
    """solady's functions, and ours in their place."""
    dice = random.Random(SEED)
    inputs = {
        "Ln": [(int(exp(dice.uniform(0, log(5))) * WAD),) for _ in range(points)],
        "Exp": [(int(dice.uniform(0, 12) * WAD),) for _ in range(points)],
        "Root": [(int(exp(dice.uniform(log(1e-3), log(9))) * X96 * X96),) for _ in range(points)],
    }
    found = {}
    for name, theirs in (("Ln", "SoladyLn"), ("Exp", "SoladyExp"), ("Root", "SoladyRoot")):
        found[f"solady {name.lower()}"] = _simple(bench, theirs, "NoFunction", inputs[name], "Peers")
        ours = [(x * X96 // WAD,) for (x,) in inputs[name]] if name == "Exp" else inputs[name]
        found[f"our {name.lower()}"] = _simple(bench, name, "NoFunction", ours, "Peers")
    return found
