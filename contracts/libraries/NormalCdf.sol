// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "./FixedPointX96.sol";

/// @title NormalCdf
/// @notice The standard normal distribution function in full precision.
/// @dev The upper tail is the density times the Mills ratio, `N(-z) = phi(z) R(z)`. R is one rational function of
/// z >= 0, degree 8 over 9, all coefficients positive, so nothing cancels: relative error below 2e-18 up to z = 6.45,
/// and below 2e-18 * exp((z^2 - 41.6) / 2) from there to 10.9 (which an option price needs; see Black76).
library NormalCdf {
    /// @notice Where the tail is below 1.1e-18 and a price no longer sees it, X96.
    uint256 internal constant TAIL_END = 0x8c0000000000000000000000000;

    uint256 private constant WAD = 1e18;

    /// @notice N(x), WAD in and out. Error at most 1e-18, rising in x without exception, N(0) = 1/2 exactly.
    /// @dev Rising: for x > 0 one unit of x lowers the tail before rounding by the relative 8e-19 at least, where
    /// arithmetic noise is below 1e-21, and rounding to the nearest keeps order. Beyond 9 the tail rounds to zero.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            uint256 z = x < 0 ? uint256(-x) : uint256(x);
            uint256 tail;
            if (z < 9e18) {
                z = (z << 96) / WAD;
                (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative((z * z) >> 97);
                (uint256 numerator, uint256 denominator) = mills(z);
                // mantissa < 2^97, WAD < 2^60, numerator < 2^108 at z = 9: shifting by 20 first keeps the product in a word
                mantissa = ((mantissa * WAD) >> 20) * numerator;
                denominator <<= 76;
                tail = (mantissa >> exponent) / denominator;
            }
            return x < 0 ? tail : WAD - tail;
        }
    }

    /// @notice R(z) / sqrt(2 pi) as a fraction, so that N(-z) = exp(-z^2 / 2) * numerator / denominator.
    /// @dev Needs z <= 10.9 (X96). Both are X80: the numerator stays below 2^110, the denominator below 2^115, and the
    /// largest intermediate, before its shift, below 2^244.
    function mills(uint256 z) internal pure returns (uint256 numerator, uint256 denominator) {
        assembly ("memory-safe") {
            z := shr(32, z) // X64
            numerator := add(mul(0x6621152b9e62747179cf, z), 0xab549bf3978158d2e81fb62ea779540875a60)
            numerator := shr(128, add(mul(numerator, z), 0x8867fcee3174dc112ac87e98fcfe27b45fde82431590613e476000))
            numerator := add(mul(numerator, z), 0x42d9ece41d78978b1d8dc3c8fe6b6ed714a548d)
            numerator := shr(128, add(mul(numerator, z), 0x1600b3f34ceb6e913ae2cabcbdf05c31816b39b5dad2b621ba440000))
            numerator := add(mul(numerator, z), 0x4fcb18b5e574ce061930f8f41578f82af7733471)
            numerator := shr(128, add(mul(numerator, z), 0xc3e33213e3c7e2d2b08c17146565effc337fb54fb1bcf7969e000000))
            numerator := add(mul(numerator, z), 0x12de2520c1aa04c4a16296c6f1cd3673cf0c18e81)
            numerator := shr(128, add(mul(numerator, z), 0xe8bef463147383286c5840c5392e2f6848a988acd97bdd5e6e400000))

            denominator := add(
                mul(add(shl(16, z), 0x1ad7642876d585d1cdf028), z),
                0x156eb64145a31a526359f24154d71fcb0ef3270
            )
            denominator := shr(128, add(mul(denominator, z), 0xa93fc4861ad156619181b90cab10f3844f35e92a0e8cd08e34c0000))
            denominator := add(mul(denominator, z), 0x387af39ec4cd565406bfc509fc89200034ff5ea8)
            denominator := shr(
                128,
                add(mul(denominator, z), 0xd2476432be3affe311a1600744c6c3ae1058dddeb1325919d7000000)
            )
            denominator := add(mul(denominator, z), 0x21f813f5c63255bfefd9ff31f5ca0c0cd42a734c3)
            denominator := shr(
                128,
                add(mul(denominator, z), 0x3a91b8d23b9ee4909b7b0e94366697765843e8503ac6103782b000000)
            )
            denominator := add(mul(denominator, z), 0x3cf2d47b9bcf17d8da40079ae86adef6e127d5a2b)
            denominator := shr(
                128,
                add(mul(denominator, z), 0x1d17de8c628e7064e9cccd2acef20c5e73cb05b43ee34bd9122000000)
            )
        }
    }
}
