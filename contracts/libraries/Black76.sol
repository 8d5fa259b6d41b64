// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "./FixedPointX96.sol";
import {NormalCdf} from "./NormalCdf.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title Black76
/// @notice Undiscounted option prices on a forward in full precision, from total variance (volatility squared times time).
/// @dev With s = sqrt(total variance), d1 = ln(F / K) / s + s / 2 and d2 = d1 - s:
///
///     call = F N(d1) - K N(d2),  put = K N(-d2) - F N(-d1)
///
/// Both distribution values come from their tails, N(-z) = phi(z) R(z), and F phi(d1) = K phi(d2): one exponential,
/// taken at the smaller |d|, serves both. The option out of the money is computed and the other follows by parity.
///
/// Exact, by construction: call - put = forward - strike; max(F - K, 0) <= call <= F; max(K - F, 0) <= put <= K.
/// Error: at most 1e-17 of the smaller of forward and strike, plus two units of the last place (1e-18).
///
/// Prices are WAD (any one unit will do: results are in the unit of the arguments). Total variance is X128: its value
/// times 2^128, since a WAD would lose the twelfth digit of an option that has an hour left.
library Black76 {
    /// @notice A forward or strike is zero, at or above 2^104 (2e13 in WAD), or they are more than 2^30 times apart.
    error PricesOutOfRange(uint256 forward, uint256 strike);

    /// @notice Total variance beyond this (2^14, a deviation of 128) changes no price: call = forward, put = strike.
    uint256 private constant MAX_VARIANCE = 1 << 142;

    /// @notice 1 / sqrt(2 pi), X96.
    uint256 private constant INVERSE_ROOT_TWO_PI = 0x662114cf50d942343f2cf140;

    uint256 private constant WAD = 1e18;

    /// @notice Undiscounted call and put.
    /// @param forward WAD.
    /// @param strike WAD.
    /// @param variance Total variance to expiry, X128. Zero gives the intrinsic values.
    function price(uint256 forward, uint256 strike, uint256 variance)
        internal
        pure
        returns (uint256 call, uint256 put)
    {
        requireInRange(forward, strike);
        (call, put,,,) = solve(forward, strike, FixedPointX96.lnRatio(forward, strike), deviationOf(variance));
    }

    /// @notice Undiscounted call and put with what their greeks are made of.
    /// @return call WAD.
    /// @return put WAD.
    /// @return delta N(d1), WAD: the call's derivative by the forward; the put's is this minus one.
    /// @return kernel F phi(d1), WAD: times the square root of time in years it is the vega of either per 1.00 of volatility.
    function priceWithGreeks(uint256 forward, uint256 strike, uint256 variance)
        internal
        pure
        returns (uint256 call, uint256 put, uint256 delta, uint256 kernel)
    {
        requireInRange(forward, strike);
        return greeks(forward, strike, FixedPointX96.lnRatio(forward, strike), deviationOf(variance));
    }

    /// @notice Square root of a total variance (X128), X96, capped where prices no longer change.
    function deviationOf(uint256 variance) internal pure returns (uint256) {
        return FixedPointMathLib.sqrt((variance > MAX_VARIANCE ? MAX_VARIANCE : variance) << 64);
    }

    /// @notice Refuses what the arithmetic below has no room for.
    function requireInRange(uint256 forward, uint256 strike) internal pure {
        // A zero on either side fails a ratio.
        if ((forward | strike) >> 104 != 0 || forward >= strike << 30 || strike >= forward << 30) {
            revert PricesOutOfRange(forward, strike);
        }
    }

    /// @notice `priceWithGreeks` for a caller that has the logarithm and the deviation already; see `solve`.
    function greeks(uint256 forward, uint256 strike, int256 logRatio, uint256 deviation)
        internal
        pure
        returns (uint256 call, uint256 put, uint256 delta, uint256 kernel)
    {
        int256 d1;
        (call, put, d1, delta, kernel) = solve(forward, strike, logRatio, deviation);
        unchecked {
            delta = delta * WAD / forward; // 2^104 * 2^60
            if (d1 > 0) delta = WAD - delta;
            kernel = kernel * INVERSE_ROOT_TWO_PI >> 136; // 2^145 * 2^95
        }
    }

    /// @notice The prices and what they were made of.
    /// @dev Needs `requireInRange(forward, strike)`, `logRatio` = ln(forward / strike) X96 and a deviation X96 of at most 128.
    /// @return call In the unit of the arguments.
    /// @return put In the unit of the arguments.
    /// @return d1 X96. Without deviation only its sign has a meaning.
    /// @return tail1 F N(-|d1|), in the unit of the arguments.
    /// @return density F exp(-d1^2 / 2), X40 of that unit.
    function solve(uint256 forward, uint256 strike, int256 logRatio, uint256 deviation)
        internal
        pure
        returns (uint256 call, uint256 put, int256 d1, uint256 tail1, uint256 density)
    {
        unchecked {
            if (deviation == 0) {
                // At the money d1 is 0 / 0; its limit is zero, half a unit of delta. Elsewhere only the sign is used.
                d1 = int256(forward) - int256(strike);
                if (d1 > 0) call = uint256(d1);
                else put = uint256(-d1);
                if (d1 == 0) tail1 = forward >> 1;
                return (call, put, d1, tail1, 0);
            }
            // |logRatio| < 21 * 2^96 and deviation >= 1, so |d1| < 2^198.
            int256 d2 = (logRatio << 96) / int256(deviation) - int256(deviation >> 1);
            d1 = d2 + int256(deviation);

            uint256 z1 = d1 < 0 ? uint256(-d1) : uint256(d1);
            uint256 z2 = d2 < 0 ? uint256(-d2) : uint256(d2);
            uint256 tail2;
            {
                bool first = z1 < z2;
                uint256 z = first ? z1 : z2;
                // Further out both tails are below 1.1e-18 of what multiplies them. Where the smaller of z1 and z2 is nearer,
                // z^2 / 2 < 2^203 >> 97, and |z1^2 - z2^2| = 2 |ln(F / K)| < 41.6 holds the larger below 10.9.
                if (z < NormalCdf.TAIL_END) {
                    (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative((z * z) >> 97);
                    // 2^104 * 2^97, then X40: below 2^145.
                    density = ((first ? forward : strike) * mantissa) >> (exponent + 56);
                    // The Mills numerator is below 2^110, and below 2^104 where the density is near its largest.
                    (uint256 numerator, uint256 denominator) = NormalCdf.mills(z1);
                    tail1 = density * numerator / (denominator << 40);
                    (numerator, denominator) = NormalCdf.mills(z2);
                    tail2 = density * numerator / (denominator << 40);
                }
            }
            if (d2 > 0) {
                // Both d are positive only above the strike: the put is out of the money, at most half the strike.
                put = tail2 > tail1 ? tail2 - tail1 : 0;
                call = put + forward - strike;
            } else if (d1 < 0) {
                call = tail1 > tail2 ? tail1 - tail2 : 0;
                put = call + strike - forward;
            } else {
                // Rounding may bring the sum above the smaller price by a unit; neither option is worth less than nothing.
                uint256 tails = tail1 + tail2;
                uint256 least = forward < strike ? forward : strike;
                if (tails > least) tails = least;
                call = forward - tails;
                put = strike - tails;
            }
        }
    }
}
