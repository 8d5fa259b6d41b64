// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {FixedPointX96} from "./FixedPointX96.sol";
import {Ssvi} from "./Ssvi.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @dev At how many points of log-moneyness two slices are compared.
uint256 constant SLICE_POINTS = 5;

/// @title SliceMoves
/// @notice How far a report may move a slice, and what is stored of one that moves further.
/// @dev Volatility of a slice at a log-moneyness k is `sqrt(w0(k) / T0)`, T0 = expiry - timestamp in years of 365 days.
/// Its square, the variance of a year, is what is computed here (X96): volatilities are compared without their roots. Two
/// slices are compared at five points, k = -1, -1/2, 0, 1/2, 1 times a scale of two standard deviations
/// (`2 sqrt(theta)`): an SSVI slice has three shape parameters, so five points hold it over the range where options are
/// traded.
library SliceMoves {
    uint256 internal constant MIN_VOLATILITY = 0.05e18;
    uint256 internal constant MAX_VOLATILITY = 5e18;
    int256 internal constant MAX_CARRY = 1e18;
    int256 internal constant MAX_CARRY_TIMES_YEARS = 0.2e18;

    uint256 private constant YEAR = 365 days;
    uint256 private constant WAD = 1e18;
    uint256 private constant MIN_VARIANCE = (MIN_VOLATILITY * MIN_VOLATILITY << 96) / (WAD * WAD);
    uint256 private constant MAX_VARIANCE = (MAX_VOLATILITY * MAX_VOLATILITY << 96) / (WAD * WAD);
    int256 private constant CARRY_UNIT = 1e9;
    uint256 private constant THETA_ONE = 1e16;
    /// @dev Beyond this log-moneyness (20, X96) the variance formula has no room, and nothing is traded.
    uint256 private constant MAX_POINT = 20 << 96;
    /// @dev Bisection steps of `clip`: the fraction of the move that is kept is found to 1/4096.
    uint256 private constant STEPS = 12;
    uint256 private constant ONE = 1 << STEPS;

    /// @notice One standard deviation at the money (X96) of a slice whose time left is `secondsLeft`: the unit of the five
    /// points k = -2, -1, 0, 1, 2, from its at-the-money variance carried to that time.
    function deviation(IVolatilityOracle.Slice memory slice, uint40 expiry, uint256 secondsLeft)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            // 2^64 * 2^40; the root's argument is X192 and below 2^244 since variance of a slice is below 2^64 / 1e16
            uint256 theta = uint256(slice.theta) * secondsLeft / (expiry - slice.timestamp);
            return FixedPointMathLib.min(FixedPointX96.root((theta << 140) / THETA_ONE << 52), MAX_POINT / 2);
        }
    }

    /// @notice Annual variances of a slice (X96) at the five points: two deviations below the money to two above.
    /// @param unit One deviation, X96, at most 10.
    function variances(IVolatilityOracle.Slice memory slice, uint40 expiry, uint256 unit)
        internal
        pure
        returns (uint256[SLICE_POINTS] memory variance)
    {
        unchecked {
            // w = theta / 2 (1 + rho x + sqrt(x^2 + 2 rho x + 1)), x = phi k; with the minus signs on the other side of the
            // money. x is below 2^64 * 2^100 / 2^49 = 2^115, twice that squared (X192) below 2^232.
            uint256 divisor = 2 * THETA_ONE * (expiry - slice.timestamp);
            uint256 scale = uint256(slice.theta) * YEAR; // below 2^89, times a shape below 2^116
            int256 rho = (int256(slice.rho) << 96) / int256(Ssvi.RHO_ONE);
            int256 x = int256(uint256(slice.phi) * unit / Ssvi.PHI_ONE);
            variance[2] = (scale << 97) / divisor;
            (uint256 left, uint256 right) = _shapes(x, rho);
            (variance[1], variance[3]) = (scale * left / divisor, scale * right / divisor);
            (left, right) = _shapes(2 * x, rho);
            (variance[0], variance[4]) = (scale * left / divisor, scale * right / divisor);
        }
    }

    /// @dev 1 - rho x + sqrt(x^2 - 2 rho x + 1) and 1 + rho x + sqrt(x^2 + 2 rho x + 1), X96: `Ssvi.shape` at -x and x.
    function _shapes(int256 x, int256 rho) private pure returns (uint256 left, uint256 right) {
        unchecked {
            int256 product = rho * x;
            uint256 sum = uint256(x * x + (1 << 192));
            int256 line = product >> 96;
            // |rho| < 1: the radicands are at least 1 - rho^2, and the shapes not negative but for the rounding
            left = uint256((1 << 96) - line + int256(FixedPointX96.root(sum - uint256(2 * product))));
            right = uint256((1 << 96) + line + int256(FixedPointX96.root(sum + uint256(2 * product))));
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

    /// @notice Annual variances of a slice at its own time and its own deviations.
    function ownVariances(IVolatilityOracle.Slice memory slice, uint40 expiry)
        internal
        pure
        returns (uint256[SLICE_POINTS] memory)
    {
        return variances(slice, expiry, deviation(slice, expiry, expiry - slice.timestamp));
    }

    /// @notice Whether all volatilities are in the sane range.
    function inRange(uint256[SLICE_POINTS] memory variance) internal pure returns (bool) {
        unchecked {
            for (uint256 i; i < SLICE_POINTS; ++i) {
                if (variance[i] < MIN_VARIANCE || variance[i] > MAX_VARIANCE) return false;
            }
        }
        return true;
    }

    /// @notice Reverts with the first volatility (WAD) outside the sane range.
    function requireInRange(uint40 expiry, uint256[SLICE_POINTS] memory variance) internal pure {
        if (inRange(variance)) return;
        uint256 i;
        while (variance[i] >= MIN_VARIANCE && variance[i] <= MAX_VARIANCE) ++i;
        uint256 volatility = FixedPointMathLib.fullMulDiv(FixedPointMathLib.sqrt(variance[i]), WAD, 1 << 48);
        revert IVolatilityOracle.VolatilityOutOfRange(expiry, volatility);
    }

    /// @notice Whether two slices, given by their variances at five points, lie within `limit` (volatility, WAD) of each
    /// other. Both are in the sane range.
    function within(uint256[SLICE_POINTS] memory a, uint256[SLICE_POINTS] memory b, uint256 limit)
        internal
        pure
        returns (bool)
    {
        uint256 square = _square(limit);
        for (uint256 i; i < SLICE_POINTS; ++i) {
            if (!_within(a[i], b[i], square)) return false;
        }
        return true;
    }

    /// @notice Whether all volatilities lie within `limit` of one level (both WAD).
    function within(uint256[SLICE_POINTS] memory a, uint256 level, uint256 limit) internal pure returns (bool) {
        uint256 square = _square(limit);
        uint256 variance = _square(level);
        for (uint256 i; i < SLICE_POINTS; ++i) {
            if (!_within(a[i], variance, square)) return false;
        }
        return true;
    }

    /// @dev |sqrt(a) - sqrt(b)| <= sqrt(c), that is a + b - c <= 2 sqrt(a b), all X96. With a and b at most 25 the squares
    /// are below 2^206.
    function _within(uint256 a, uint256 b, uint256 c) private pure returns (bool) {
        unchecked {
            uint256 sum = a + b;
            if (sum <= c) return true;
            sum -= c;
            return sum * sum <= 4 * a * b;
        }
    }

    /// @dev The square (X96) of a WAD below 2^64.
    function _square(uint256 value) private pure returns (uint256) {
        return (value * value << 96) / (WAD * WAD);
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

    /// @notice Whether a slice's variances at its own deviations and its carry lie within the limits of another slice's.
    function isNear(
        uint256[SLICE_POINTS] memory to,
        int40 carry,
        IVolatilityOracle.Slice memory neighbour,
        uint40 expiry,
        uint256 limit,
        uint256 carryLimit
    ) internal pure returns (bool) {
        return within(ownVariances(neighbour, expiry), to, limit)
            && clampCarry(neighbour.carry, carry, carryLimit) == carry;
    }

    /// @notice Whether they lie within the limits of one level (WAD) without carry.
    function isNear(uint256[SLICE_POINTS] memory to, int40 carry, uint256 level, uint256 limit, uint256 carryLimit)
        internal
        pure
        returns (bool)
    {
        return within(to, level, limit) && clampCarry(0, carry, carryLimit) == carry;
    }

    /// @notice What is stored of `next`, which follows `stored`: itself where it moves no volatility further than `limit` and
    /// carry no further than `carryLimit` (both WAD), else clipped to them. Reverts where it is out of the sane range.
    function bound(
        IVolatilityOracle.Slice memory stored,
        IVolatilityOracle.Slice memory next,
        uint40 expiry,
        uint256 limit,
        uint256 carryLimit
    ) internal pure returns (IVolatilityOracle.Slice memory, bool clipped) {
        uint256 unit = deviation(stored, expiry, expiry - next.timestamp);
        uint256[SLICE_POINTS] memory from = variances(stored, expiry, unit);
        uint256[SLICE_POINTS] memory to = variances(next, expiry, unit);
        requireInRange(expiry, to);

        int40 carry = clampCarry(stored.carry, next.carry, carryLimit);
        if (carry != next.carry) {
            next.carry = carry;
            clipped = true;
        }
        if (!within(from, to, limit)) {
            next = clip(stored, next, expiry, unit, from, limit);
            clipped = true;
        }
        return (next, clipped);
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
        uint256 unit,
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
                uint256[SLICE_POINTS] memory to = variances(tried, expiry, unit);
                fits = inRange(to) && within(from, to, limit);
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
