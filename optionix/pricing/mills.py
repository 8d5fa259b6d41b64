"""The Mills ratio ``R(z) = N(-z) / phi(z)`` for z >= 0, and how it changes around a point: a Black price is made of it.

Scalars in, scalars out. Up to 9 R is one rational function of z with positive coefficients, so that nothing cancels
(fitted by scripts/vectors/coefficients.py, relative error below 2e-17 before rounding); beyond, Laplace's continued
fraction ``R(z) = 1 / (z + 1 / (z + 2 / (z + ...)))`` needs few levels.
"""

from __future__ import annotations

from optionix.pricing.compiled import kernel

NUMERATOR = (
    1.0000000152786623,
    25.88738695358708,
    319.9166353714925,
    2443.2112437104397,
    12565.534672306323,
    44592.024820717976,
    107245.636670381,
    161963.7164398825,
    121928.1843884051,
)
"""R's numerator on [0, 9], by falling power."""
DENOMINATOR = (
    1.0,
    25.887388280730132,
    320.91658039159455,
    2469.1000810938494,
    12883.423918348004,
    46983.85589120985,
    119176.83172073479,
    201969.94407685427,
    206850.24174817465,
    97284.61585023339,
)
"""Its denominator, monic."""
SLOPE_NUMERATOR = (
    -1.5278662349056016e-08,
    1.3271430561149022e-06,
    0.9999450201020696,
    25.88883738340971,
    317.8892460416805,
    2391.8310704918763,
    11931.19505035378,
    40006.22763697179,
    84922.05735976955,
    97284.61585023339,
)
"""Numerator of ``1 - z R(z) = -R'(z)`` over the same denominator: the difference is taken before any rounding."""

RATIONAL_END = 9.0
_LEVELS = 16
"""Levels of the continued fraction: at 9 what is left out is below 1e-17."""


@kernel
def polynomial(coefficients: tuple[float, ...], z: float) -> float:
    """By Horner's rule, coefficients by falling power; the compiler unrolls it."""
    value = coefficients[0]
    for i in range(1, len(coefficients)):
        value = value * z + coefficients[i]
    return value


@kernel
def _continued_fraction(z: float) -> float:
    """t in R(z) = 1 / (z + t)."""
    t = 0.0
    for level in range(_LEVELS, 0, -1):
        t = level / (z + t)
    return t


@kernel
def mills(z: float) -> float:
    """R(z), z >= 0."""
    if z < RATIONAL_END:
        return polynomial(NUMERATOR, z) / polynomial(DENOMINATOR, z)
    return 1.0 / (z + _continued_fraction(z))


@kernel
def mills_around(m: float, h: float) -> tuple[float, float]:
    """Even and odd part of R around m >= 0, ``R(m - h) = even + odd`` and ``R(m + h) = even - odd``.

    For 0 <= h <= `SERIES_END`; m - h may be negative. Taylor's series of R, whose derivatives follow from
    ``R' = z R - 1`` and ``R^(n+1) = n R^(n-1) + z R^(n)``. The odd part keeps its full relative precision where the
    difference of two values of R would lose it.
    """
    if m < RATIONAL_END:
        inverse = 1.0 / polynomial(DENOMINATOR, m)
        r0 = polynomial(NUMERATOR, m) * inverse
        slope = polynomial(SLOPE_NUMERATOR, m) * inverse
    else:
        t = _continued_fraction(m)
        r0 = 1.0 / (m + t)
        slope = t * r0
    r2 = r0 - m * slope
    r3 = m * r2 - 2.0 * slope
    r4 = m * r3 + 3.0 * r2
    r5 = m * r4 + 4.0 * r3
    r6 = m * r5 + 5.0 * r4
    r7 = m * r6 + 6.0 * r5
    r8 = m * r7 + 7.0 * r6
    r9 = m * r8 + 8.0 * r7
    q = h * h
    # Factors, not quotients: a division takes as long as five of these lines.
    even = r0 + q * 0.5 * (r2 + q * (1 / 12) * (r4 + q * (1 / 30) * (r6 + q * (1 / 56) * r8)))
    odd = h * (slope - q * (1 / 6) * (r3 + q * (1 / 20) * (r5 + q * (1 / 42) * (r7 + q * (1 / 72) * r9))))
    return even, odd


SERIES_END = 0.06
"""Up to here the first term that `mills_around` leaves out is below 1e-16 of the sum."""
