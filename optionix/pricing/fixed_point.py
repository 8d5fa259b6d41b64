"""The integer arithmetic under the contracts' prices, bit for bit (FixedPointX96.sol and NormalCdf.sol).

A number X96 is its value times 2^96. Nothing here is faster or better than floats; it exists so that Python can say
exactly what the chain will say. The coefficients come from `scripts/vectors/coefficients.py`.
"""

from __future__ import annotations

from math import isqrt

X96 = 1 << 96
"""One, X96."""
WAD = 10**18
TAIL_END = 37 << 94
"""9.25, X96: where a price no longer sees the tails."""

_LN4 = 0x162E42FEFA39EF35793C76730
_LN2 = 0xB17217F7D1CF79ABC9E3B398
_INVERSE_LN2 = 0x171547652B82FE1777D0FFDA1

_MILLS_NUMERATOR = (
    0xAB549BF3978158D2E81FB62EE1D2F5FECCA1A,
    0x8867FCEE3174DC112AC87E9951F19C25836D2BE3F67B3582938000,
    0x42D9ECE41D78978B1D8DC3C9384EE41E75DB4E6,
    0x1600B3F34CEB6E913AE2CABCD5BB808506FD0DF97896B75A679C0000,
    0x4FCB18B5E574CE061930F8F47B5FC11E190626C7,
    0xC3E33213E3C7E2D2B08C1715838E450263245D39AE9CE15A5B600000,
    0x12DE2520C1AA04C4A16296C710C0603B61E16327A,
    0xE8BEF463147383286C5840C6E7E2F406DCEAAB11C6E8B51987A00000,
)
_MILLS_DENOMINATOR = (
    0x156EB64145A31A526359F241622627A28E7546B,
    0xA93FC4861AD156619181B90D3CBE7B341E32EF7A234A756A8AC0000,
    0x387AF39EC4CD565406BFC50A3901E987C3656328,
    0xD2476432BE3AFFE311A160084D389245F1C17B7FA24F1F8591C00000,
    0x21F813F5C63255BFEFD9FF32263BA7CA979CDE978,
    0x3A91B8D23B9EE4909B7B0E9492EA25C1064AF5B0B56786EFE4B800000,
    0x3CF2D47B9BCF17D8DA40079B51461E2FE396609BA,
    0x1D17DE8C628E7064E9CCCD2B04C8A4F246532A065762B52CD53C00000,
)


def truncated(numerator: int, denominator: int) -> int:
    """Quotient rounded towards zero, as the EVM divides signed numbers."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def root(x: int) -> int:
    """Square root of an X192 number, X96, by the contracts' steps: rounded down, or a unit above."""
    y = x >> 160
    if not 0 < y < 1 << 64:
        return isqrt(x)
    r = (y.bit_length() - 1) & ~7
    z = 0x15F3AA673FA910A73F * ((x >> 152 + r) + 4096) << (r >> 1)
    for _ in range(5):
        z = z + x // z >> 1
    return z


def ln_ratio(a: int, b: int) -> int:
    """ln(a / b), X96, for 0 < b <= a < 2^104 within 2^30 of each other."""
    offset = 0
    while a > b << 1:
        b <<= 2
        offset += _LN4
    u = truncated((a - b) << 96, a + b)
    t = u * u >> 128
    n = 0x5CAACB0AA049384E84C927B1C61B9250 - 0x284598635927C29 * t
    n = 0x20B542025F7AD43DC2F205E3F677E7CE88E5331B7EFBAC108 - n * t >> 128
    n = 0x3A3979C938A80263B17CA4FAF7CBF669E - n * t
    n = 0x200000000000000440B3CA623BF0D2D932D6D766073FB31B8 - n * t >> 96
    d = 0x68120BE09B1D284DA9EEC018B4AE740F - 0x766F48FFB18B111 * t
    d = 0x18A2C936A26AD4220F53CBDAB2EA7BACBC21786BE7A6219EB - d * t >> 128
    d = 0x22721239F1A95247EB5C14D200E053F19 - d * t
    d = 0x1000000000000000000000000000000000000000000000000 - d * t >> 96
    return truncated(u * n, d) + offset


def exp_negative(x: int) -> tuple[int, int]:
    """exp(-x) for x >= 0 (X96) as ``mantissa * 2^-(96 + exponent)``."""
    exponent = x * _INVERSE_LN2 + (1 << 191) >> 192
    r = x - exponent * _LN2
    t = r * r >> 128
    p = 0x422D2E4C9E05F * t + 0x3E0E9CC1328AF767206CC2573B941F5
    p = p * t + 0x7FFFFFFFFFFFFFFFFC236AA8EF2865DC08CAE72F3AFE28EA >> 96
    q = 0x19337ABBC616A717506D25198689 * t + 0x52BC421C6A2F79A456B27AADDFC43BD14F7064BA8B50C9
    q = (q >> 128) * t + 0x1D1728ED7BA6B43B2A20AEAC000C15FF
    q = q * t + 0x1000000000000000000000000000000000000000000000000 >> 96
    p = r * p >> 96
    return ((q - p) << 96) // (q + p), exponent


def mills(z: int) -> tuple[int, int]:
    """R(z) / sqrt(2 pi) as a fraction for z in 0 .. 11.3 (X96): N(-z) = exp(-z^2 / 2) numerator / denominator."""
    z >>= 32
    numerator = 0x6621152B9E62747179CF
    denominator = (z << 16) + 0x1AD7642876D585D1CDF028
    for i in range(0, 8, 2):
        numerator = (numerator * z + _MILLS_NUMERATOR[i]) * z + _MILLS_NUMERATOR[i + 1] >> 128
        denominator = (denominator * z + _MILLS_DENOMINATOR[i]) * z + _MILLS_DENOMINATOR[i + 1] >> 128
    return numerator, denominator


def normal_cdf(x: int) -> int:
    """N(x), WAD in and out, as the contracts compute it."""
    z = abs(x)
    tail = 0
    if z < 9 * WAD:
        z = (z << 96) // WAD
        mantissa, exponent = exp_negative(z * z >> 97)
        numerator, denominator = mills(z)
        tail = ((mantissa * WAD >> 20) * numerator >> exponent) // (denominator << 75)
        tail = (tail + 1) >> 1
    return tail if x < 0 else WAD - tail
