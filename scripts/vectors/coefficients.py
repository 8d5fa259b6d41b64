"""Fits the rational functions of contracts/libraries/{FixedPointX96,NormalCdf}.sol and of optionix/pricing/mills.py.

    .venv/bin/python scripts/vectors/coefficients.py           # print
    .venv/bin/python scripts/vectors/coefficients.py --check   # exit 1 unless they hold exactly these constants

Each fit is a weighted least-squares problem made linear by the last denominator (Sanathanan and Koerner), with the
weights moved towards the largest errors (Lawson), which ends close to the smallest largest error. 60 digits throughout.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpmath import atanh, cos, erfc, exp, log, lu_solve, matrix, mp, mpf, nint, nstr, pi, sqrt, tanh

mp.dps = 60

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / "contracts" / "libraries"
FLOATS = ROOT / "optionix" / "pricing" / "mills.py"
Function = Callable[[mpf], mpf]


@dataclass(frozen=True)
class Rational:
    """A fitted fraction: coefficients by rising power, and the largest weighted error at the nodes."""

    numerator: list[mpf]
    denominator: list[mpf]
    error: mpf


def fit(function: Function, top: mpf, degrees: tuple[int, int], weight: Function, nodes: int, rounds: int) -> Rational:
    """Rational of the given degrees on (0, top], the denominator's constant one, for the error weighted by `weight`."""
    n, m = degrees
    xs = [top * (1 - cos(pi * (i + mpf(1) / 2) / nodes)) / 2 for i in range(nodes)]
    ys, weights = [function(x) for x in xs], [weight(x) for x in xs]
    last, lawson = [mpf(1)] * nodes, [mpf(1)] * nodes
    best: Rational | None = None
    for step in range(rounds):
        system, right = matrix(nodes, n + 1 + m), matrix(nodes, 1)
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            scale = weights[i] / last[i] * sqrt(lawson[i])
            for j in range(n + 1):
                system[i, j] = scale * x**j
            for j in range(1, m + 1):
                system[i, n + j] = -scale * y * x**j
            right[i] = scale * y
        solved = lu_solve(system.T * system, system.T * right)
        numerator, denominator = list(solved[: n + 1]), [mpf(1), *solved[n + 1 :]]
        last = [value_at(denominator, x) for x in xs]
        errors = [abs(w * (value_at(numerator, x) / q - y)) for w, x, q, y in zip(weights, xs, last, ys, strict=True)]
        largest = max(errors)
        if best is None or largest < best.error:
            best = Rational(numerator, denominator, largest)
        if step >= 3:
            lawson = [old * error / largest for old, error in zip(lawson, errors, strict=True)]
            total = sum(lawson) / nodes
            lawson = [value / total + mpf(10) ** -12 for value in lawson]
    assert best is not None
    return best


def value_at(coefficients: Sequence[mpf], x: mpf) -> mpf:
    return sum(c * x**j for j, c in enumerate(coefficients))


def constants(coefficients: Sequence[mpf], bits: Sequence[int]) -> list[str]:
    """Magnitudes as the hexadecimal numbers of the contracts, each at its place's scale."""
    return [hex(int(nint(abs(c) * mpf(2) ** b))) for c, b in zip(coefficients, bits, strict=True)]


def mills_ratio(z: mpf) -> mpf:
    return erfc(z / sqrt(mpf(2))) / 2 * exp(z * z / 2) * sqrt(2 * pi)


def logarithm() -> tuple[str, list[str], mpf]:
    """2 atanh(u) / u in t = u^2 up to 1/9, for the smallest error of the logarithm."""
    found = fit(lambda t: 2 * atanh(sqrt(t)) / sqrt(t), mpf(1) / 9 * mpf("1.00001"), (4, 4), sqrt, 160, 25)
    places = (192, 128, 192, 128, 64)
    return "FixedPointX96", constants(found.numerator, places) + constants(found.denominator, places), found.error


def exponential() -> tuple[str, list[str], mpf]:
    """tanh(r / 2) / r in t = r^2 up to (ln 2 / 2)^2, for the smallest relative error of exp(-r)."""
    top = (log(2) / 2) ** 2 * mpf("1.00001")
    found = fit(lambda t: tanh(sqrt(t) / 2) / sqrt(t), top, (2, 3), lambda t: 2 * sqrt(t), 120, 20)
    values = constants(found.numerator, (192, 128, 64)) + constants(found.denominator, (192, 128, 192, 128))
    return "FixedPointX96", values, found.error


def mills() -> tuple[str, list[str], mpf]:
    """R(z) up to 10.9, relative; beyond 6.45 a price sees it through phi(sqrt(z^2 - 41.6)) at most (see Black76.sol).

    Zero is pinned by a heavy weight, so that N(0) is one half. The denominator is made monic, and 1 / sqrt(2 pi) goes
    into the numerator.
    """

    def weight(z: mpf) -> mpf:
        seen = exp(-max(mpf(0), z * z - mpf("41.6")) / 2) / mills_ratio(z)
        return seen * (1 if z > mpf("0.002") else 30)

    found = fit(mills_ratio, mpf("10.9"), (8, 9), weight, 240, 30)
    lead = found.denominator[-1]
    numerator = [c / lead / sqrt(2 * pi) for c in found.numerator]
    denominator = [c / lead for c in found.denominator]
    assert all(c > 0 for c in numerator + denominator)
    places = (208, 144, 208, 144, 208, 144, 208, 144, 80)
    return "NormalCdf", constants(numerator, places) + constants(denominator[:-1], places), found.error


def float_mills() -> tuple[list[str], mpf]:
    """R(z) up to 9, relative, and the numerator of 1 - z R(z) over the same monic denominator: for floats."""
    found = fit(mills_ratio, mpf(9), (8, 9), lambda z: 1 / mills_ratio(z), 200, 25)
    lead = found.denominator[-1]
    numerator = [c / lead for c in found.numerator]
    denominator = [c / lead for c in found.denominator]
    slope = [q - p for q, p in zip(denominator, [mpf(0), *numerator], strict=True)]
    return [repr(float(c)) for c in (*numerator, *denominator, *slope)], found.error


def main(arguments: list[str]) -> int:
    missing = 0
    for find in (logarithm, exponential, mills):
        library, values, error = find()
        source = (LIBRARIES / f"{library}.sol").read_text().lower()
        print(f"{find.__name__}: largest error {nstr(error, 3)}")
        for value in values:
            absent = value not in source
            missing += absent
            print(f"  {value}{f'   not in {library}.sol' if absent else ''}")
    values, error = float_mills()
    source = FLOATS.read_text()
    print(f"float_mills: largest error {nstr(error, 3)}")
    for value in values:
        absent = value not in source
        missing += absent
        print(f"  {value}{f'   not in {FLOATS.name}' if absent else ''}")
    return 1 if missing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
