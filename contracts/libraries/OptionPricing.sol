// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {Black76} from "./Black76.sol";
import {FixedPointX96} from "./FixedPointX96.sol";
import {Side} from "./SeriesId.sol";
import {Ssvi} from "./Ssvi.sol";

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
            (uint256 near, uint256 far, uint256 density) = Black76.solve(terms.least, terms.logRatio, terms.deviation);
            value = _value(side, strike, near, far, terms);
            delta = int256(Black76.deltaOf(terms.forward, strike, near, far));
            if (side == Side.PUT) delta -= int256(WAD);
            if (terms.left == 0) {
                // No time, no vega; the slice keeps its volatility per strike.
                int256 k = terms.forward < strike ? int256(terms.logRatio) : -int256(terms.logRatio);
                return (value, 0, delta, volatilityAt(k, slice, expiry));
            }
            uint256 rootTime = FixedPointX96.root((terms.left << 192) / YEAR); // X96, below 2^104
            volatility = terms.deviation * WAD / rootTime;
            vega = _scaled(side, (Black76.kernelOf(density) * rootTime) >> 96, terms.factor);
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
        (uint256 near, uint256 far,) = Black76.solve(terms.least, terms.logRatio, terms.deviation);
        return _value(side, strike, near, far, terms);
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
            return FixedPointX96.root(rate << 64) * WAD >> 96; // rate below 2^184, its root below 2^124
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
        return volatilityAt(Ssvi.logMoneyness(strike, forward), slice, expiry);
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

    /// @dev What the price of one contract is made of.
    /// @param least The smaller of forward and strike.
    /// @param logRatio Between the larger and the smaller, X96.
    /// @param deviation Square root of total variance, X96.
    /// @param factor What `_scaled` divides by or multiplies with.
    /// @param left Seconds.
    struct Terms {
        uint256 forward;
        uint256 least;
        uint256 logRatio;
        uint256 deviation;
        uint256 factor;
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
        (uint256 least, uint256 most) = Black76.sorted(forward, strike);
        uint256 logRatio = FixedPointX96.lnRatio(most, least);
        int256 k = forward < strike ? int256(logRatio) : -int256(logRatio);
        terms.deviation = Black76.deviationOf(Ssvi.totalVariance(k, slice.theta, slice.phi, slice.rho, left, reported));
        terms.forward = forward;
        terms.least = least;
        terms.logRatio = logRatio;
        // D / spot is 1 / forward when the carry is positive, else 1 / spot: the larger of the two divides.
        terms.factor = side == Side.PUT ? discount : forward > spot ? forward : spot;
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

    function _value(Side side, uint256 strike, uint256 near, uint256 far, Terms memory terms)
        private
        pure
        returns (uint256 value)
    {
        (uint256 call, uint256 put) = Black76.fromTails(terms.forward, strike, near, far);
        if (side == Side.PUT) return _scaled(side, put, terms.factor);
        value = _scaled(side, call, terms.factor);
        // A call is worth less than the one base that it can pay; only rounding at extreme variance says otherwise.
        if (value >= WAD) value = WAD - 1;
    }

    /// @dev An undiscounted quote amount (below 2^112) in WAD of the settlement asset, rounded down.
    function _scaled(Side side, uint256 amount, uint256 factor) private pure returns (uint256) {
        unchecked {
            return side == Side.CALL ? amount * WAD / factor : (amount * factor) >> 96;
        }
    }
}
