// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Black76} from "./Black76.sol";
import {FixedPointX96} from "./FixedPointX96.sol";
import {Side} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title OptionPricing
/// @notice The one price of an option: Black-76 on the forward of a volatility slice, discounted so that a call never
/// costs more than it can pay, per contract in the settlement asset.
/// @dev With T the time left to expiry - 20 minutes (settlement is a 30-minute average, and that is its variance time):
///
///     F = spot exp(carry T),  D = exp(-max(carry, 0) T),  w = w0(ln(K / F)) T / T0
///     call = D Black76(F, K, w).call / spot  base,   put = D Black76(F, K, w).put  quote
///
/// For carry >= 0, D / spot = 1 / F: one exponential gives both factors. Results are WAD, rounded down, within 1e-16 of
/// one base (call) or of the strike (put), before the rounding of a trade.
library OptionPricing {
    /// @notice The settlement average's variance ends this long before expiry.
    uint256 internal constant AVERAGING_SECONDS = 1200;

    /// @notice A year of pricing.
    uint256 internal constant YEAR = 365 days;

    uint256 private constant CARRY_ONE = 1e9;
    uint256 private constant WAD = 1e18;

    /// @notice The slice was reported at or after its expiry, or never.
    error BadSliceTime(uint40 timestamp, uint256 expiry);

    /// @notice Premium, vega and delta of one contract.
    /// @param spot Quote per base, WAD.
    /// @param strike Quote per base, WAD.
    /// @param slice The volatility slice of this expiry.
    /// @param expiry Seconds.
    /// @param timestamp The time of the price, seconds.
    /// @return value WAD of the settlement asset: base (below 1) for a call, quote (at most the strike) for a put.
    /// @return vega Change of the value per 1.00 of annual volatility, WAD of the settlement asset.
    /// @return delta Of the forward, WAD: N(d1) for a call, N(d1) - 1 for a put.
    /// @return volatility Annual volatility at this strike, WAD.
    function mark(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) internal pure returns (uint256 value, uint256 vega, int256 delta, uint256 volatility) {
        Terms memory terms = _terms(spot, strike, side, slice, expiry, timestamp);
        unchecked {
            (uint256 call, uint256 put, uint256 cdf, uint256 kernel) =
                Black76.greeks(terms.forward, strike, terms.logRatio, terms.deviation);
            value = _discounted(side, call, put, terms.factor);
            delta = side == Side.CALL ? int256(cdf) : int256(cdf) - int256(WAD);
            if (terms.left == 0) {
                // No time, no vega; the slice keeps its volatility per strike.
                uint256 rate = Ssvi.totalVariance(
                    -terms.logRatio, slice.theta, slice.phi, slice.rho, YEAR, expiry - slice.timestamp
                );
                return (value, 0, delta, FixedPointMathLib.sqrt(rate) * WAD >> 64);
            }
            uint256 rootTime = FixedPointMathLib.sqrt((terms.left << 192) / YEAR); // X96, below 2^104
            volatility = terms.deviation * WAD / rootTime;
            vega = _scaled(side, (kernel * rootTime) >> 96, terms.factor);
        }
    }

    /// @notice The value alone, equal to `mark`'s to the last digit: what a vault needs to mark its book.
    function valueOf(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) internal pure returns (uint256 value) {
        Terms memory terms = _terms(spot, strike, side, slice, expiry, timestamp);
        (uint256 call, uint256 put,,,) = Black76.solve(terms.forward, strike, terms.logRatio, terms.deviation);
        return _discounted(side, call, put, terms.factor);
    }

    /// @notice Annual volatility of a slice at a log-moneyness, WAD: constant between reports.
    /// @param k ln(strike / forward), X96, within +-21.
    /// @param expiry Seconds.
    function volatilityAt(int256 k, IVolatilityOracle.Slice memory slice, uint40 expiry)
        internal
        pure
        returns (uint256)
    {
        uint256 rate = Ssvi.totalVariance(k, slice.theta, slice.phi, slice.rho, YEAR, _reported(slice, expiry));
        unchecked {
            return FixedPointMathLib.sqrt(rate) * WAD >> 64; // rate below 2^184
        }
    }

    /// @notice Annual volatility of a slice at a strike, WAD.
    function volatilityAtStrike(
        uint256 spot,
        uint256 strike,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) internal pure returns (uint256) {
        (uint256 forward,) = forwardOf(spot, slice.carry, _left(expiry, timestamp));
        Black76.requireInRange(forward, strike);
        return volatilityAt(FixedPointX96.lnRatio(strike, forward), slice, expiry);
    }

    /// @notice The forward, and the discount factor of the quote.
    /// @param carry Annual, units of 1e-9.
    /// @param left Seconds, below 2^40.
    /// @return forward spot exp(carry T), WAD.
    /// @return discount exp(-max(carry, 0) T), X96.
    function forwardOf(uint256 spot, int40 carry, uint256 left)
        internal
        pure
        returns (uint256 forward, uint256 discount)
    {
        unchecked {
            discount = 1 << 96;
            if (carry == 0 || left == 0) return (spot, discount);
            if (spot >> 104 != 0) revert Black76.PricesOutOfRange(spot, 0);
            uint256 size = uint256(int256(carry < 0 ? -int256(carry) : int256(carry)));
            // 2^40 * 2^40 * 2^96, divided by 2^54: below 2^122.
            (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative((size * left << 96) / (CARRY_ONE * YEAR));
            mantissa >>= exponent;
            if (carry < 0) return ((spot * mantissa) >> 96, discount);
            return ((spot << 96) / mantissa, mantissa);
        }
    }

    /// @dev What the price of one contract is made of. `factor` is the number that `_scaled` divides by or multiplies with.
    struct Terms {
        uint256 forward;
        uint256 factor;
        int256 logRatio;
        uint256 deviation;
        uint256 left;
    }

    function _terms(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice memory slice,
        uint40 expiry,
        uint256 timestamp
    ) private pure returns (Terms memory terms) {
        uint256 reported = _reported(slice, expiry);
        uint256 left = _left(expiry, timestamp);
        (uint256 forward, uint256 discount) = forwardOf(spot, slice.carry, left);
        Black76.requireInRange(forward, strike);
        int256 logRatio = FixedPointX96.lnRatio(forward, strike);
        unchecked {
            terms.deviation =
                Black76.deviationOf(Ssvi.totalVariance(-logRatio, slice.theta, slice.phi, slice.rho, left, reported));
        }
        terms.forward = forward;
        // D / spot is 1 / forward when the carry is positive, else 1 / spot: the larger of the two divides.
        terms.factor = side == Side.PUT ? discount : forward > spot ? forward : spot;
        terms.logRatio = logRatio;
        terms.left = left;
    }

    function _left(uint40 expiry, uint256 timestamp) private pure returns (uint256) {
        unchecked {
            return expiry > timestamp + AVERAGING_SECONDS ? expiry - AVERAGING_SECONDS - timestamp : 0;
        }
    }

    function _reported(IVolatilityOracle.Slice memory slice, uint40 expiry) private pure returns (uint256) {
        if (slice.timestamp == 0 || slice.timestamp >= expiry) revert BadSliceTime(slice.timestamp, expiry);
        unchecked {
            return expiry - slice.timestamp;
        }
    }

    function _discounted(Side side, uint256 call, uint256 put, uint256 factor) private pure returns (uint256 value) {
        value = _scaled(side, side == Side.CALL ? call : put, factor);
        // A call is worth less than the one base that it can pay; only rounding at extreme variance says otherwise.
        if (side == Side.CALL && value >= WAD) value = WAD - 1;
    }

    /// @dev An undiscounted quote amount (below 2^112) in WAD of the settlement asset, rounded down.
    function _scaled(Side side, uint256 amount, uint256 factor) private pure returns (uint256) {
        unchecked {
            return side == Side.CALL ? amount * WAD / factor : (amount * factor) >> 96;
        }
    }
}
