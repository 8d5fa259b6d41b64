// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title FixedPointX96
/// @notice The logarithm of a ratio, the falling exponential and the square root behind option prices, as binary fixed
/// point: a number X96 is its value times 2^96. They cost two thirds of the WAD functions that exist, because each
/// knows its domain, and no precision is lost on the way between them.
/// @dev Polynomials are evaluated by Horner's rule, two multiplications for each shift: an accumulator X64 (or X80)
/// times an X64 argument is X128 (X144), times it again X192 (X208), and one shift brings it back. Coefficients carry
/// the scale of their place. `scripts/vectors/coefficients.py` fits and prints them.
library FixedPointX96 {
    /// @notice ln 4, X96.
    uint256 private constant LN4 = 0x162e42fefa39ef35793c76730;

    /// @notice ln 2, X96.
    uint256 private constant LN2 = 0xb17217f7d1cf79abc9e3b398;

    /// @notice 1 / ln 2, X96.
    uint256 private constant INVERSE_LN2 = 0x171547652b82fe1777d0ffda1;

    /// @notice ln(a / b), X96, for a >= b.
    /// @dev Needs 0 < b <= a < 2^104 with a / b below 2^30. Powers of four bring a / b into [1/2, 2]; then
    /// ln(a / b) = 2 atanh(u), u = (a - b) / (a + b) in [-1/3, 1/3], by a rational (4, 4) in u^2. Error below 1e-19.
    function lnRatio(uint256 a, uint256 b) internal pure returns (uint256 result) {
        assembly ("memory-safe") {
            // At most 15 rounds: b stays below 2^105, and u's numerator below 2^201.
            for {} gt(a, shl(1, b)) {} {
                b := shl(2, b)
                result := add(result, LN4)
            }
            let u := sdiv(shl(96, sub(a, b)), add(a, b))
            let t := shr(128, mul(u, u)) // X64, at most 1/9
            let n := sub(0x5caacb0aa049384e84c927b1c61b9250, mul(0x284598635927c29, t))
            n := shr(128, sub(0x20b542025f7ad43dc2f205e3f677e7ce88e5331b7efbac108, mul(n, t)))
            n := sub(0x3a3979c938a80263b17ca4faf7cbf669e, mul(n, t))
            n := shr(96, sub(0x200000000000000440b3ca623bf0d2d932d6d766073fb31b8, mul(n, t)))
            let d := sub(0x68120be09b1d284da9eec018b4ae740f, mul(0x766f48ffb18b111, t))
            d := shr(128, sub(0x18a2c936a26ad4220f53cbdab2ea7bacbc21786be7a6219eb, mul(d, t)))
            d := sub(0x22721239f1a95247eb5c14d200e053f19, mul(d, t))
            d := shr(96, sub(0x1000000000000000000000000000000000000000000000000, mul(d, t)))
            result := add(result, sdiv(mul(u, n), d))
        }
    }

    /// @notice exp(-x) as `mantissa * 2^-(96 + exponent)`, the mantissa within [0.7, 1.42] X96.
    /// @dev Needs x < 2^128 (X96). x = k ln 2 + r with |r| <= ln 2 / 2, and exp(-r) = (q - r p) / (q + r p) for
    /// p / q = tanh(r / 2) / r, a rational (2, 3) in r^2. Relative error below 1e-22; falling in x without exception
    /// for steps of 2^-60 and more.
    function expNegative(uint256 x) internal pure returns (uint256 mantissa, uint256 exponent) {
        assembly ("memory-safe") {
            exponent := shr(192, add(mul(x, INVERSE_LN2), shl(191, 1)))
            let r := sub(x, mul(exponent, LN2))
            let t := shr(128, mul(r, r)) // X64, below 1/8
            let p := add(mul(0x422d2e4c9e05f, t), 0x3e0e9cc1328af767206cc2573b941f5)
            p := shr(96, add(mul(p, t), 0x7ffffffffffffffffc236aa8ef2865dc08cae72f3afe28ea))
            let q := add(mul(0x19337abbc616a717506d25198689, t), 0x52bc421c6a2f79a456b27aaddfc43bd14f7064ba8b50c9)
            q := add(mul(shr(128, q), t), 0x1d1728ed7ba6b43b2a20aeac000c15ff)
            q := shr(96, add(mul(q, t), 0x1000000000000000000000000000000000000000000000000))
            p := sar(96, mul(r, p)) // signed
            mantissa := div(shl(96, sub(q, p)), add(q, p))
        }
    }

    /// @notice The square root of an X192 number, X96. Relative error below 1e-23 from 2^-32 to 2^32, rounded down elsewhere.
    /// @dev In that range the number is y * 256^j * 2^160 with y in [1, 256): the line (y + 16) / sqrt(136) is within a
    /// factor 1.46 of the root of y, and five steps of Newton's rule take its error to 0.072, 2e-3, 3e-6, 4e-12, 9e-24.
    function root(uint256 x) internal pure returns (uint256 z) {
        bool usual;
        assembly ("memory-safe") {
            usual := lt(sub(shr(160, x), 1), 0xffffffffffffffff)
        }
        if (!usual) return FixedPointMathLib.sqrt(x);
        assembly ("memory-safe") {
            let y := shr(160, x) // 64 bits
            let r := shl(5, lt(0xffffffff, y))
            r := or(r, shl(4, lt(0xffff, shr(r, y))))
            r := or(r, shl(3, lt(0xff, shr(r, y))))
            // Eight more bits of y, and 1 / sqrt(136) times 2^72.
            z := shl(shr(1, r), mul(0x15f3aa673fa910a73f, add(shr(add(152, r), x), 4096)))
            z := shr(1, add(z, div(x, z)))
            z := shr(1, add(z, div(x, z)))
            z := shr(1, add(z, div(x, z)))
            z := shr(1, add(z, div(x, z)))
            z := shr(1, add(z, div(x, z)))
        }
    }
}
