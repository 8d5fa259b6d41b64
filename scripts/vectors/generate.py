"""Writes tests/vectors/*.json: inputs, 50-digit references, and how far the Python twin of the contracts is from them.

    .venv/bin/python scripts/vectors/generate.py           # write
    .venv/bin/python scripts/vectors/generate.py --check   # exit 1 when a file is not what would be written

A file holds parallel arrays of decimal strings. A column `x_off` is the contracts' `x` minus the reference `x`, by the
integer twin in optionix/pricing; the forge tests demand exactly that from the contracts, so that Solidity and Python
agree value by value, and separately that it is within the stated error.
"""

from __future__ import annotations

import json
import random
import sys
from math import sqrt
from pathlib import Path

import reference
from mpmath import exp as mp_exp
from mpmath import log as mp_log
from mpmath import mpf

from optionix.instruments import Side
from optionix.pricing import contract, fixed_point
from optionix.pricing.ssvi import PackedSlice

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "vectors"
WAD = 10**18
HOUR = 3600
DAY = 24 * HOUR
Columns = dict[str, list[int]]


def log_uniform(dice: random.Random, low: float, high: float) -> float:
    """By mpmath, whose digits do not depend on the machine."""
    return float(mp_exp(dice.uniform(float(mp_log(low)), float(mp_log(high)))))


def normal_cdf(dice: random.Random) -> Columns:
    """x in WAD; cdf in units of 1e-24, so that the error below one WAD unit shows."""
    points = [0, 1, 2, 10**9, WAD, 9 * WAD - 1, 9 * WAD, 9 * WAD + 1, 2**255 - 1]
    points += [i * WAD // 8 for i in range(1, 73)] + [i * WAD for i in range(10, 41)]
    points += [int(dice.uniform(0, 9.5) * WAD) for _ in range(140)]
    xs = sorted({sign * x for x in points for sign in (1, -1)})
    return {"x": xs, "cdf": [reference.nearest(reference.normal_cdf(mpf(x) / WAD) * 10**24) for x in xs]}


def ln_ratio(dice: random.Random) -> Columns:
    """ln(a / b), X96."""
    pairs = [(1, 1), (2, 1), (1, 2), (WAD, WAD + 1), (WAD + 1, WAD), (2**104 - 1, 2**75), (2**74 + 1, 2**104 - 1)]
    pairs += [(2 * WAD + d, WAD) for d in (-1, 0, 1)] + [(8 * WAD + d, WAD) for d in (-1, 0, 1)]
    for _ in range(150):
        b = int(log_uniform(dice, 1e10, 1e27))
        pairs.append((max(1, int(b * log_uniform(dice, 1e-9, 1e9))), b))
    pairs = [(max(pair), min(pair)) for pair in pairs if max(pair) < 2**104]
    ln = [reference.nearest(mp_log(mpf(a) / b) * reference.X96) for a, b in pairs]
    off = [fixed_point.ln_ratio(a, b) - r for (a, b), r in zip(pairs, ln, strict=True)]
    return {"a": [a for a, _ in pairs], "b": [b for _, b in pairs], "ln": ln, "ln_off": off}


def black76(dice: random.Random) -> Columns:
    """Prices and greeks. The first 700 points are the domain of the published figures, then the edges."""
    points: list[tuple[int, int, int]] = []
    for i in range(700):
        strike = WAD if i % 2 else int(log_uniform(dice, 1e-2, 1e6) * WAD)
        years = log_uniform(dice, 1 / 8760, 2)
        variance = dice.uniform(0.1, 3) ** 2 * years
        points.append((int(strike * log_uniform(dice, 0.2, 5)), strike, int(variance * 2**128)))
    for _ in range(250):
        # S/K 1e-9 .. 1e9, variance from nothing to beyond any market
        strike = int(log_uniform(dice, 1e-6, 1e9) * WAD)
        forward = int(strike * log_uniform(dice, 1e-9, 1e9))
        points.append((forward, strike, int(log_uniform(dice, 1e-20, 400) * 2**128)))
    for _ in range(150):
        # near the money with little time or little volatility
        forward = int(WAD * (1 + dice.choice([0, 1e-15, 1e-9, 1e-5, 1e-3, -1e-9, -1e-4])))
        points.append((forward, WAD, int(log_uniform(dice, 1e-30, 1e-3) * 2**128)))
    for _ in range(80):
        # the smaller of |d1| and |d2| between 6 and 9, where the tails end: |ln(F / K)| = (z + s / 2) s
        strike = int(log_uniform(dice, 1, 1e4) * WAD)
        deviation, z = dice.uniform(0.05, 1.7), dice.uniform(6, 9)
        ratio = float(mp_exp((z + deviation / 2) * deviation))
        forward = int(strike * ratio) if dice.random() < 0.5 else int(strike / ratio)
        points.append((forward, strike, int(deviation**2 * 2**128)))
    for forward, strike in ((WAD, WAD), (WAD + 1, WAD), (WAD, WAD + 1), (3 * WAD, WAD), (WAD, 3 * WAD), (1, 1)):
        points += [(forward, strike, v) for v in (0, 1, 2**64, 2**128, 2**134, 2**142, 2**142 + 1, 2**255)]
    columns: Columns = {name: [] for name in ("forward", "strike", "variance")}
    names = ("call", "put", "delta", "kernel")
    for name in names:
        columns |= {name: [], f"{name}_off": []}
    for forward, strike, variance in points:
        if not (0 < forward < 2**104 and 0 < strike < 2**104 and strike >> 30 < forward < strike << 30):
            continue
        call, put, delta, kernel = reference.black76(
            mpf(forward), mpf(strike), mpf(min(variance, 2**142)) / reference.X128
        )
        wanted = [reference.nearest(v) for v in (call, put, delta * WAD, kernel)]
        got = contract.price_with_greeks(forward, strike, variance)
        for name, value in zip(("forward", "strike", "variance"), (forward, strike, variance), strict=True):
            columns[name].append(value)
        for name, value, ours in zip(names, wanted, got, strict=True):
            columns[name].append(value)
            columns[f"{name}_off"].append(ours - value)
    return columns


def random_slice(dice: random.Random, years: float) -> tuple[int, int, int]:
    """theta, phi and rho of a butterfly-free slice, in stored units."""
    theta = dice.uniform(0.1, 2.0) ** 2 * years
    rho = dice.uniform(-0.95, 0.95)
    bound = min(4 / (theta * (1 + abs(rho))), sqrt(4 / (theta * (1 + abs(rho)))), 18_000.0)
    return max(1, int(theta * 1e16)), max(1, int(bound * dice.uniform(0.02, 0.98) * 1e15)), int(rho * 1e12)


def ssvi(dice: random.Random) -> Columns:
    """Total variance, X128, rounded to the nearest, at k (X96)."""
    names = ("k", "theta", "phi", "rho", "left", "reported", "variance", "variance_off")
    columns: Columns = {name: [] for name in names}
    for i in range(220):
        reported = int(log_uniform(dice, HOUR, 2 * 365 * DAY))
        theta, phi, rho = random_slice(dice, reported / reference.YEAR)
        if i % 20 == 0:
            theta, phi, rho = 2**63, 2**64 - 1, dice.choice([10**12 - 1, 1 - 10**12])
        left = int(reported * dice.random()) if i % 10 else dice.choice([0, 1, reported])
        spread = 20 if i % 4 == 0 else 1
        k = int(dice.uniform(-spread, spread) * 2**96) if i % 7 else 0
        exact = reference.ssvi_variance(mpf(k) / reference.X96, theta, phi, rho) * left / reported * reference.X128
        variance = reference.nearest(exact)
        ours = contract.total_variance(k, theta, phi, rho, left, reported)
        row = (k, theta, phi, rho, left, reported, variance, ours - variance)
        for name, value in zip(names, row, strict=True):
            columns[name].append(value)
    return columns


def option_pricing(dice: random.Random) -> Columns:
    """Marks from stored slices; `put` is 0 or 1, times are seconds."""
    inputs = ("spot", "strike", "put", "theta", "phi", "rho", "carry", "timestamp", "expiry", "at")
    outputs = ("value", "vega", "delta", "volatility")
    columns: Columns = {name: [] for name in inputs}
    for name in outputs:
        columns |= {name: [], f"{name}_off": []}
    for i in range(260):
        timestamp = 1_700_000_000 + dice.randrange(10**7)
        reported = int(log_uniform(dice, 3 * HOUR, 2 * 365 * DAY))
        expiry = timestamp + reported
        at = timestamp + int((reported - 1200) * dice.random()) if i % 16 else dice.choice([expiry - 1200, expiry - 1])
        theta, phi, rho = random_slice(dice, reported / reference.YEAR)
        spot = int(log_uniform(dice, 1e-2, 1e5) * WAD)
        strike = max(1, int(spot * log_uniform(dice, 0.2, 5)) // 10**10) * 10**10
        limit = min(1.0, 0.2 * reference.YEAR / reported)
        carry = 0 if i % 5 == 0 else int(dice.uniform(-limit, limit) * 1e9)
        put = i % 2
        left = max(expiry - 1200 - at, 0)
        row = (spot, strike, put, theta, phi, rho, carry, timestamp, expiry, at)
        for name, value in zip(inputs, row, strict=True):
            columns[name].append(value)
        wanted = reference.mark(spot, strike, bool(put), theta, phi, rho, carry, reported, left)
        ours = contract.mark(spot, strike, Side(put), PackedSlice(theta, phi, rho, carry, timestamp), expiry, at)
        got = (ours.value, ours.vega, ours.delta, ours.volatility)
        for name, value, twin in zip(outputs, wanted, got, strict=True):
            columns[name].append(reference.nearest(value))
            columns[f"{name}_off"].append(twin - reference.nearest(value))
    return columns


def books(dice: random.Random) -> Columns:
    """Netted books, their legs one after another; requirement and value at a settlement price in token units."""
    names = ("put", "decimals", "legs", "price", "required", "settlement")
    columns: Columns = {name: [] for name in (*names, "strike", "amount")}
    for i in range(160):
        is_put, decimals, count = bool(i % 2), dice.choice([6, 8, 18]), dice.randint(1, 16)
        wide = i % 5 == 0
        strikes = sorted(dice.sample(range(1, 2**63), count) if wide else dice.sample(range(1000, 6000, 50), count))
        legs = []
        for strike in strikes:
            amount = dice.randrange(-(2**127), 2**127) if wide else dice.randrange(-(10**10), 10**10) * 10**10
            legs.append((strike if wide else strike * 10**8, amount))
        price = dice.choice([0, 1, 2**124 - 1, strikes[0] * 10**18, dice.randrange(1, 7000 * 10**18)]) % 2**124
        row = (
            int(is_put),
            decimals,
            count,
            price,
            reference.book_required(is_put, legs, decimals),
            reference.book_settlement(is_put, legs, price, decimals),
        )
        for name, value in zip(names, row, strict=True):
            columns[name].append(value)
        columns["strike"] += [strike for strike, _ in legs]
        columns["amount"] += [amount for _, amount in legs]
    return columns


def conditions(dice: random.Random) -> Columns:
    """Pairs of slices and what the no-arbitrage conditions say, in exact fractions; random and at the very edge."""
    names = ("theta1", "phi1", "rho1", "left1", "reported1", "theta2", "phi2", "rho2", "left2", "reported2")
    columns: Columns = {name: [] for name in (*names, "butterfly1", "calendar")}
    for i in range(160):
        reported1 = int(log_uniform(dice, HOUR, 180 * DAY))
        reported2 = reported1 + int(log_uniform(dice, HOUR, 180 * DAY))
        left1 = max(1, int(reported1 * dice.random()))
        left2 = left1 + reported2 - reported1
        theta1, phi1, rho1 = random_slice(dice, reported1 / reference.YEAR)
        theta2, phi2, rho2 = random_slice(dice, reported2 / reference.YEAR)
        if i % 3 == 0:
            phi2, rho2 = min(phi1, phi2), rho1 + dice.randrange(-(10**10), 10**10)
        if i % 8 == 1:  # at the edge exactly, or one unit beyond it
            theta1, phi1, rho1 = 10**16, 2 * 10**15 + dice.randrange(-1, 2), 0
        if i % 8 == 2:
            theta1, phi1, rho1 = 4 * 10**16, 10**15 + dice.randrange(-1, 1), 0
        if i % 8 == 3:
            theta2, phi2, rho2, left1, left2 = theta1 + dice.randrange(-1, 2), phi1, rho1, reported1, reported2
        if i % 8 == 4:
            theta1, phi1, rho1 = dice.choice(
                [(0, 1, 0), (1, 0, 0), (1, 1, 10**12), (1, 1, -(10**12)), (1, 1, 10**12 - 1)]
            )
        row = (theta1, phi1, rho1, left1, reported1, theta2, phi2, rho2, left2, reported2)
        for name, value in zip(names, row, strict=True):
            columns[name].append(value)
        columns["butterfly1"].append(int(reference.butterfly_free(theta1, phi1, rho1)))
        columns["calendar"].append(int(reference.calendar_free(row)))
    return columns


WRITERS = (normal_cdf, ln_ratio, black76, ssvi, option_pricing, books, conditions)


def render(columns: Columns) -> str:
    """One line a column, numbers as strings: JSON numbers lose digits on the way through some readers."""
    lines = (
        f"{json.dumps(name)}: {json.dumps([str(v) for v in values], separators=(',', ':'))}"
        for name, values in columns.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> int:
    stale = []
    for writer in WRITERS:
        path = FOLDER / f"{writer.__name__}.json"
        text = render(writer(random.Random(f"optionix {writer.__name__}")))
        if "--check" in arguments:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        print(f"not up to date: {', '.join(stale)} (run scripts/vectors/generate.py)", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
