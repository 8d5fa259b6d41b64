// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "./FixedPointX96.sol";

/// @title NormalCdf
/// @notice The standard normal distribution function in full precision.
/// @dev The upper tail is the density times the Mills ratio, `N(-z) = phi(z) R(z)`. R is one rational function of
/// z >= 0, degree 8 over 9, all coefficients positive, so nothing cancels: relative error below 2e-18 up to z = 6.45,
/// and below 2e-18 * exp((z^2 - 41.6) / 2) from there to 11.3 (which an option price needs; see Black76).
library NormalCdf {
    /// @notice 9.25, X96: where the tail is below 1.2e-20 and the density below 1.1e-19, so that a price no longer sees them.
    uint256 internal constant TAIL_END = 37 << 94;

    uint256 private constant WAD = 1e18;

    /// @notice N(x), WAD in and out. Error at most 1.4e-18, rising in x without exception, N(0) = 1/2 exactly.
    /// @dev Rising: one unit of x (2^-59.8) lowers the tail by the relative 8e-19 at least, arithmetic noise is below
    /// 3e-21, and rounding to the nearest keeps order. Beyond 9 the tail rounds to zero.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            uint256 z = x < 0 ? uint256(-x) : uint256(x); // the smallest int256 becomes 2^255
            uint256 tail;
            if (z < 9e18) {
                z = (z << 96) / WAD;
                (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative((z * z) >> 97);
                (uint256 numerator, uint256 denominator) = mills(z);
                // 2^97 * 2^60 >> 20 is below 2^137, the numerator below 2^108 for z <= 9.
                tail = ((((mantissa * WAD) >> 20) * numerator) >> exponent) / (denominator << 75);
                tail = (tail + 1) >> 1;
            }
            return x < 0 ? tail : WAD - tail;
        }
    }

    /// @notice R(z) / sqrt(2 pi) as a fraction, so that N(-z) = exp(-z^2 / 2) * numerator / denominator.
    /// @dev Needs z <= 11.3 (X96). Both are X80: the numerator stays below 2^110, the denominator below 2^115, and the
    /// largest intermediate, before its shift, below 2^244.
    function mills(uint256 z) internal pure returns (uint256 numerator, uint256 denominator) {
        assembly ("memory-safe") {
            z := shr(32, z) // X64
            numerator := add(mul(0x6621152b9e62747179cf, z), 0xab549bf3978158d2e81fb62ee1d2f5fecca1a)
            numerator := shr(128, add(mul(numerator, z), 0x8867fcee3174dc112ac87e9951f19c25836d2be3f67b3582938000))
            numerator := add(mul(numerator, z), 0x42d9ece41d78978b1d8dc3c9384ee41e75db4e6)
            numerator := shr(128, add(mul(numerator, z), 0x1600b3f34ceb6e913ae2cabcd5bb808506fd0df97896b75a679c0000))
            numerator := add(mul(numerator, z), 0x4fcb18b5e574ce061930f8f47b5fc11e190626c7)
            numerator := shr(128, add(mul(numerator, z), 0xc3e33213e3c7e2d2b08c1715838e450263245d39ae9ce15a5b600000))
            numerator := add(mul(numerator, z), 0x12de2520c1aa04c4a16296c710c0603b61e16327a)
            numerator := shr(128, add(mul(numerator, z), 0xe8bef463147383286c5840c6e7e2f406dceaab11c6e8b51987a00000))

            denominator := add(
                mul(add(shl(16, z), 0x1ad7642876d585d1cdf028), z),
                0x156eb64145a31a526359f241622627a28e7546b
            )
            denominator := shr(128, add(mul(denominator, z), 0xa93fc4861ad156619181b90d3cbe7b341e32ef7a234a756a8ac0000))
            denominator := add(mul(denominator, z), 0x387af39ec4cd565406bfc50a3901e987c3656328)
            denominator := shr(
                128,
                add(mul(denominator, z), 0xd2476432be3affe311a160084d389245f1c17b7fa24f1f8591c00000)
            )
            denominator := add(mul(denominator, z), 0x21f813f5c63255bfefd9ff32263ba7ca979cde978)
            denominator := shr(
                128,
                add(mul(denominator, z), 0x3a91b8d23b9ee4909b7b0e9492ea25c1064af5b0b56786efe4b800000)
            )
            denominator := add(mul(denominator, z), 0x3cf2d47b9bcf17d8da40079b51461e2fe396609ba)
            denominator := shr(
                128,
                add(mul(denominator, z), 0x1d17de8c628e7064e9cccd2b04c8a4f246532a065762b52cd53c00000)
            )
        }
    }
}
