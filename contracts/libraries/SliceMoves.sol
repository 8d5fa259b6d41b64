// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "./OptionPricing.sol";
import {Ssvi} from "./Ssvi.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @dev At how many points of log-moneyness two slices are compared.
uint256 constant SLICE_POINTS = 5;

/// @title SliceMoves
/// @notice How far a report may move a slice, and what is stored of one that moves further.
/// @dev Volatility of a slice at a log-moneyness k is `sqrt(w0(k) / T0)`, T0 = expiry - timestamp in years of 365 days.
/// Two slices are compared at five points, k = -1, -1/2, 0, 1/2, 1 times a scale of two standard deviations
/// (`2 sqrt(theta)`): an SSVI slice has three shape parameters, so five points hold it over the range where options are
/// traded.
library SliceMoves {
    uint256 internal constant MIN_VOLATILITY = 0.05e18;
    uint256 internal constant MAX_VOLATILITY = 5e18;
    int256 internal constant MAX_CARRY = 1e18;
    int256 internal constant MAX_CARRY_TIMES_YEARS = 0.2e18;

    uint256 private constant YEAR = 365 days;
    int256 private constant CARRY_UNIT = 1e9;
    uint256 private constant THETA_ONE = 1e16;
    /// @dev Beyond this log-moneyness (20, X96) the variance formula has no room, and nothing is traded.
    uint256 private constant MAX_POINT = 20 << 96;
    /// @dev Bisection steps of `clip`: the fraction of the move that is kept is found to 1/4096.
    uint256 private constant STEPS = 12;
    uint256 private constant ONE = 1 << STEPS;

    /// @notice The five log-moneyness points (X96) of a slice whose time left is `secondsLeft`, from its at-the-money
    /// variance carried to that time.
    function points(IVolatilityOracle.Slice memory slice, uint40 expiry, uint256 secondsLeft)
        internal
        pure
        returns (int256[SLICE_POINTS] memory k)
    {
        uint256 theta = uint256(slice.theta) * secondsLeft / (expiry - slice.timestamp);
        // theta is below 2^64 times 2^40 / 1 in its unit of 1e-16, so the shifted number is below 2^244
        int256 deviation =
            int256(FixedPointMathLib.min(FixedPointMathLib.sqrt((theta << 140) / THETA_ONE) << 26, MAX_POINT / 2));
        k[0] = -2 * deviation;
        k[1] = -deviation;
        k[3] = deviation;
        k[4] = 2 * deviation;
    }

    /// @notice Volatilities of a slice at the given points, WAD, rounded down.
    function volatilities(IVolatilityOracle.Slice memory slice, uint40 expiry, int256[SLICE_POINTS] memory k)
        internal
        pure
        returns (uint256[SLICE_POINTS] memory volatility)
    {
        for (uint256 i; i < SLICE_POINTS; ++i) {
            volatility[i] = OptionPricing.volatilityAt(k[i], slice, expiry);
        }
    }

    function isButterflyFree(IVolatilityOracle.Slice memory slice) internal pure returns (bool) {
        return Ssvi.isButterflyFree(slice.theta, slice.phi, slice.rho);
    }

    /// @notice Whether the far slice lies above the near one at every strike, both carried to `time` (before either expiry).
    function isCalendarFree(
        IVolatilityOracle.Slice memory near,
        uint40 nearExpiry,
        IVolatilityOracle.Slice memory far,
        uint40 farExpiry,
        uint256 time
    ) internal pure returns (bool) {
        return Ssvi.isCalendarFree(
            Ssvi.Scaled(near.theta, near.phi, near.rho, nearExpiry - time, nearExpiry - near.timestamp),
            Ssvi.Scaled(far.theta, far.phi, far.rho, farExpiry - time, farExpiry - far.timestamp)
        );
    }

    /// @notice The first volatility outside the sane range, or zero when all are inside it.
    function outOfRange(uint256[SLICE_POINTS] memory volatility) internal pure returns (uint256) {
        for (uint256 i; i < SLICE_POINTS; ++i) {
            if (volatility[i] < MIN_VOLATILITY || volatility[i] > MAX_VOLATILITY) return volatility[i];
        }
        return 0;
    }

    /// @notice Whether two slices, given by their volatilities at five points, lie within `limit` (WAD) of each other.
    function within(uint256[SLICE_POINTS] memory a, uint256[SLICE_POINTS] memory b, uint256 limit)
        internal
        pure
        returns (bool)
    {
        for (uint256 i; i < SLICE_POINTS; ++i) {
            if (FixedPointMathLib.dist(a[i], b[i]) > limit) return false;
        }
        return true;
    }

    /// @notice Whether all volatilities lie within `limit` (WAD) of one level.
    function within(uint256[SLICE_POINTS] memory a, uint256 level, uint256 limit) internal pure returns (bool) {
        for (uint256 i; i < SLICE_POINTS; ++i) {
            if (FixedPointMathLib.dist(a[i], level) > limit) return false;
        }
        return true;
    }

    /// @notice Whether an annual carry (units of 1e-9) is sane for the time left.
    function carryInRange(int40 carry, uint256 secondsLeft) internal pure returns (bool) {
        int256 wad = int256(carry) * CARRY_UNIT;
        int256 overLife = wad * int256(secondsLeft) / int256(YEAR);
        return wad >= -MAX_CARRY && wad <= MAX_CARRY && overLife >= -MAX_CARRY_TIMES_YEARS
            && overLife <= MAX_CARRY_TIMES_YEARS;
    }

    /// @notice The carry (units of 1e-9) nearest to `next` that is within `limit` (WAD) of `from`.
    function clampCarry(int40 from, int40 next, uint256 limit) internal pure returns (int40) {
        int256 move = int256(limit) / CARRY_UNIT;
        // the result lies between two int40, so it is one
        return int40(FixedPointMathLib.clamp(int256(next), int256(from) - move, int256(from) + move));
    }

    /// @notice The slice furthest on the straight line from `stored` to `next` (both at the time of `next`; theta, phi and
    /// rho each move in proportion) that is butterfly free and moves no volatility further than `limit`.
    /// @dev The conditions need not hold on a connected piece of the line. The bisection keeps a point where they hold
    /// (it starts at `stored`, where they do), so what it returns always satisfies them; it is the largest such fraction
    /// to 1/4096 wherever the piece is connected. Scaling theta alone would be simpler, but cannot follow a change of skew.
    function clip(
        IVolatilityOracle.Slice memory stored,
        IVolatilityOracle.Slice memory next,
        uint40 expiry,
        int256[SLICE_POINTS] memory k,
        uint256[SLICE_POINTS] memory from,
        uint256 limit
    ) internal pure returns (IVolatilityOracle.Slice memory) {
        uint256 low;
        uint256 high = ONE;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            IVolatilityOracle.Slice memory tried = _blend(stored, next, expiry, middle);
            bool fits;
            if (isButterflyFree(tried)) {
                uint256[SLICE_POINTS] memory to = volatilities(tried, expiry, k);
                fits = within(from, to, limit) && outOfRange(to) == 0;
            }
            if (fits) low = middle;
            else high = middle;
        }
        return _blend(stored, next, expiry, low);
    }

    /// @dev `share` of ONE on the way from `stored`, carried to the time of `next`, to `next`; timestamp and carry of `next`.
    /// At a share of zero theta rounds down, which keeps the conditions of `stored`.
    function _blend(
        IVolatilityOracle.Slice memory stored,
        IVolatilityOracle.Slice memory next,
        uint40 expiry,
        uint256 share
    ) private pure returns (IVolatilityOracle.Slice memory blended) {
        uint256 theta = uint256(stored.theta) * (expiry - next.timestamp) / (expiry - stored.timestamp);
        blended.theta = uint64((theta * (ONE - share) + uint256(next.theta) * share) / ONE);
        blended.phi = uint64((uint256(stored.phi) * (ONE - share) + uint256(next.phi) * share) / ONE);
        blended.rho = int48((int256(stored.rho) * int256(ONE - share) + int256(next.rho) * int256(share)) / int256(ONE));
        blended.carry = next.carry;
        blended.timestamp = next.timestamp;
    }
}
