// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "./FixedPointX96.sol";
import {NormalCdf} from "./NormalCdf.sol";

/// @title Black76
/// @notice Undiscounted option prices on a forward in full precision, from total variance (volatility squared times time).
/// @dev With s = sqrt(total variance), d1 = ln(F / K) / s + s / 2 and d2 = d1 - s:
///
///     call = F N(d1) - K N(d2),  put = K N(-d2) - F N(-d1)
///
/// Both distribution values come from their tails, N(-z) = phi(z) R(z), and F phi(d1) = K phi(d2): one exponential
/// serves both. The option out of the money is computed (see `solve`) and the other follows by parity.
///
/// Exact, by construction: call - put = forward - strike; max(F - K, 0) <= call <= F; max(K - F, 0) <= put <= K.
/// Error: at most 2e-18 of the smaller of forward and strike, plus two units of the last place (1e-18).
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
        (uint256 least, uint256 most) = sorted(forward, strike);
        (uint256 near, uint256 far,) = solve(least, FixedPointX96.lnRatio(most, least), deviationOf(variance));
        return fromTails(forward, strike, near, far);
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
        (uint256 least, uint256 most) = sorted(forward, strike);
        (uint256 near, uint256 far, uint256 density) =
            solve(least, FixedPointX96.lnRatio(most, least), deviationOf(variance));
        (call, put) = fromTails(forward, strike, near, far);
        delta = deltaOf(forward, strike, near, far);
        kernel = kernelOf(density);
    }

    /// @notice The smaller and the larger of a forward and a strike. Refuses what the arithmetic below has no room for.
    function sorted(uint256 forward, uint256 strike) internal pure returns (uint256 least, uint256 most) {
        bool bad;
        assembly ("memory-safe") {
            let difference := mul(xor(forward, strike), lt(strike, forward))
            least := xor(forward, difference)
            most := xor(strike, difference)
            // A zero fails the ratio.
            bad := or(gt(most, 0xffffffffffffffffffffffffff), iszero(lt(most, shl(30, least))))
        }
        if (bad) revert PricesOutOfRange(forward, strike);
    }

    /// @notice Square root of a total variance (X128), X96, capped where prices no longer change.
    function deviationOf(uint256 variance) internal pure returns (uint256) {
        return FixedPointX96.root((variance > MAX_VARIANCE ? MAX_VARIANCE : variance) << 64);
    }

    /// @notice The two halves of the option out of the money, whose value is `near - far`.
    /// @dev Let a = ln(most / least) >= 0, m = a / s and h = s / 2. Below the strike that option is the call, with d1 = h - m
    /// and d2 = -h - m; above it the put, with -d2 = h - m and -d1 = -h - m. Either way it is worth
    /// `least N(h - m) - most N(-h - m)`, and `least phi(h - m) = most phi(h + m)`: one exponential serves both.
    /// @param least The smaller of forward and strike, as `sorted` checked it.
    /// @param logRatio ln(most / least), X96.
    /// @param deviation s, X96, at most 128.
    /// @return near least N(h - m), in the unit of `least`.
    /// @return far most N(-h - m), in the unit of `least`.
    /// @return density least exp(-(h - m)^2 / 2), X40 of that unit; equal to F exp(-d1^2 / 2).
    function solve(uint256 least, uint256 logRatio, uint256 deviation)
        internal
        pure
        returns (uint256 near, uint256 far, uint256 density)
    {
        if (deviation == 0) {
            // At the money m is 0 / 0; its limit is zero, half a unit of delta.
            if (logRatio == 0) near = far = least >> 1;
            return (near, far, 0);
        }
        uint256 z;
        uint256 sum;
        bool outside;
        assembly ("memory-safe") {
            // logRatio < 21 * 2^96 and deviation >= 1, so the quotient is below 2^198.
            let m := div(shl(96, logRatio), deviation)
            let h := shr(1, deviation)
            outside := gt(m, h)
            sum := add(m, h)
            z := sub(m, h)
            if iszero(outside) { z := sub(0, z) }
        }
        // Further out both tails are below 1.2e-20 of what multiplies them.
        if (z < NormalCdf.TAIL_END) {
            unchecked {
                // z^2 / 2 < 2^203 >> 97
                (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative((z * z) >> 97);
                // 2^104 * 2^97, then X40: below 2^145.
                density = (least * mantissa) >> (exponent + 56);
            }
            // The numerator is below 2^106 up to 6.45 and below 2^110 up to 11.3, where the density is below 2^115.
            // sum^2 = z^2 + 2 logRatio with logRatio < ln 2^30: below 11.3^2.
            near = _tail(density, z);
            far = _tail(density, sum);
        }
        assembly ("memory-safe") {
            if iszero(outside) { near := sub(least, near) }
        }
    }

    /// @dev density (X40) times the Mills ratio over sqrt(2 pi). A denominator is never zero.
    function _tail(uint256 density, uint256 z) private pure returns (uint256 result) {
        (uint256 numerator, uint256 denominator) = NormalCdf.mills(z);
        assembly ("memory-safe") {
            result := div(mul(density, numerator), shl(40, denominator))
        }
    }

    /// @notice Call and put from `solve`'s halves: the one out of the money is their difference, the other follows by parity.
    function fromTails(uint256 forward, uint256 strike, uint256 near, uint256 far)
        internal
        pure
        returns (uint256 call, uint256 put)
    {
        uint256 value;
        uint256 above;
        assembly ("memory-safe") {
            // Rounding may bring the difference a unit below zero; no option is worth less than nothing.
            value := mul(gt(near, far), sub(near, far))
            above := mul(gt(forward, strike), sub(forward, strike))
        }
        unchecked {
            call = value + above;
            put = call + strike - forward;
        }
    }

    /// @notice N(d1), WAD, from `solve`'s halves.
    function deltaOf(uint256 forward, uint256 strike, uint256 near, uint256 far) internal pure returns (uint256) {
        unchecked {
            return forward < strike ? near * WAD / forward : WAD - far * WAD / forward; // 2^104 * 2^60
        }
    }

    /// @notice F phi(d1) from `solve`'s density.
    function kernelOf(uint256 density) internal pure returns (uint256) {
        unchecked {
            return (density * INVERSE_ROOT_TWO_PI) >> 136; // 2^145 * 2^95
        }
    }
}
