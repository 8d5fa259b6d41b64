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

    /// @dev X96; beyond it no price changes (Black76).
    uint256 private constant MAX_DEVIATION = 128 << 96;
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
        Frame memory frame = frameOf(spot, side, slice, expiry, timestamp);
        Solution memory s = _solve(frame, strike);
        unchecked {
            value = _value(side, strike, s.near, s.far, frame);
            delta = int256(Black76.deltaOf(frame.forward, strike, s.near, s.far));
            if (side == Side.PUT) delta -= int256(WAD);
            // No time, no vega; the slice keeps its volatility per strike.
            if (frame.left == 0) return (value, 0, delta, volatilityAt(s.k, slice, expiry));
            uint256 rootTime = rootOf(frame.left); // X96, below 2^104
            volatility = s.deviation * WAD / rootTime;
            vega = _vega(side, s.density, rootTime, frame);
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
        return valueIn(frameOf(spot, side, slice, expiry, timestamp), strike, side);
    }

    /// @notice The value of one contract at a volatility and a carry of one's own, no slice taking part.
    /// @param volatility Annual, WAD.
    /// @param carry Annual, units of a slice.
    function valueAtVolatility(
        uint256 spot,
        uint256 strike,
        Side side,
        uint256 volatility,
        int40 carry,
        uint40 expiry,
        uint256 timestamp
    ) internal pure returns (uint256) {
        Frame memory frame;
        _carryForward(frame, spot, side, carry, _left(expiry, timestamp));
        (uint256 least, uint256 most) = Black76.sorted(frame.forward, strike);
        uint256 deviation = volatility * rootOf(frame.left) / WAD;
        (uint256 near, uint256 far,) = Black76.solve(
            least, FixedPointX96.lnRatio(most, least), deviation < MAX_DEVIATION ? deviation : MAX_DEVIATION
        );
        return _value(side, strike, near, far, frame);
    }

    // --- many strikes of one expiry ---

    /// @notice What all strikes of an expiry share at one spot and one time. With it a strike costs its logarithm, its
    /// variance and its tails alone, and every result is the same to the last digit.
    /// @param forward WAD.
    /// @param factor What `_scaled` divides by or multiplies with.
    /// @param left Seconds.
    /// @param level Numerator of the variance without the slice's shape, below 2^136.
    /// @param span Its denominator.
    /// @param phi Units of a slice.
    /// @param rho X96.
    /// @param rest 1 - rho^2, X192.
    struct Frame {
        uint256 forward;
        uint256 factor;
        uint256 left;
        uint256 level;
        uint256 span;
        uint256 phi;
        int256 rho;
        uint256 rest;
    }

    /// @dev An option's two tails and what they were made of.
    struct Solution {
        uint256 near;
        uint256 far;
        uint256 density;
        uint256 deviation;
        int256 k;
    }

    /// @notice The frame of an expiry; parameters as of `mark`.
    function frameOf(uint256 spot, Side side, IVolatilityOracle.Slice memory slice, uint40 expiry, uint256 timestamp)
        internal
        pure
        returns (Frame memory frame)
    {
        uint256 reported = _reported(slice, expiry);
        uint256 left = _left(expiry, timestamp);
        _carryForward(frame, spot, side, slice.carry, left);
        (frame.level, frame.span) = Ssvi.levelOf(slice.theta, left, reported);
        frame.phi = slice.phi;
        (frame.rho, frame.rest) = Ssvi.wingOf(slice.rho);
    }

    /// @dev What a frame knows of spot, carry and time.
    function _carryForward(Frame memory frame, uint256 spot, Side side, int40 carry, uint256 left) private pure {
        (uint256 forward, uint256 discount) = forwardOf(spot, carry, left);
        frame.forward = forward;
        // D / spot is 1 / forward when the carry is positive, else 1 / spot: the larger of the two divides.
        frame.factor = side == Side.PUT ? discount : forward > spot ? forward : spot;
        frame.left = left;
    }

    /// @notice Square root of a time in years, X96.
    function rootOf(uint256 left) internal pure returns (uint256) {
        return FixedPointX96.root((left << 192) / YEAR);
    }

    /// @notice The value of one contract in a frame: `valueOf`'s.
    function valueIn(Frame memory frame, uint256 strike, Side side) internal pure returns (uint256) {
        Solution memory s = _solve(frame, strike);
        return _value(side, strike, s.near, s.far, frame);
    }

    /// @notice Value and vega of one contract in a frame: `mark`'s.
    /// @param rootTime `rootOf` the frame's time left.
    function valueAndVegaIn(Frame memory frame, uint256 rootTime, uint256 strike, Side side)
        internal
        pure
        returns (uint256 value, uint256 vega)
    {
        Solution memory s = _solve(frame, strike);
        value = _value(side, strike, s.near, s.far, frame);
        vega = _vega(side, s.density, rootTime, frame);
    }

    function _solve(Frame memory frame, uint256 strike) private pure returns (Solution memory s) {
        uint256 forward = frame.forward;
        (uint256 least, uint256 most) = Black76.sorted(forward, strike);
        uint256 logRatio = FixedPointX96.lnRatio(most, least);
        s.k = forward < strike ? int256(logRatio) : -int256(logRatio);
        uint256 shape = Ssvi.shapeOf(s.k, frame.phi, frame.rho, frame.rest);
        unchecked {
            s.deviation = Black76.deviationOf(shape * frame.level / frame.span); // 2^116 * 2^136
        }
        (s.near, s.far, s.density) = Black76.solve(least, logRatio, s.deviation);
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

    function _value(Side side, uint256 strike, uint256 near, uint256 far, Frame memory frame)
        private
        pure
        returns (uint256 value)
    {
        (uint256 call, uint256 put) = Black76.fromTails(frame.forward, strike, near, far);
        if (side == Side.PUT) return _scaled(side, put, frame.factor);
        value = _scaled(side, call, frame.factor);
        // A call is worth less than the one base that it can pay; only rounding at extreme variance says otherwise.
        if (value >= WAD) value = WAD - 1;
    }

    function _vega(Side side, uint256 density, uint256 rootTime, Frame memory frame) private pure returns (uint256) {
        unchecked {
            return _scaled(side, (Black76.kernelOf(density) * rootTime) >> 96, frame.factor);
        }
    }

    /// @dev An undiscounted quote amount (below 2^112) in WAD of the settlement asset, rounded down.
    function _scaled(Side side, uint256 amount, uint256 factor) private pure returns (uint256) {
        unchecked {
            return side == Side.CALL ? amount * WAD / factor : (amount * factor) >> 96;
        }
    }
}
