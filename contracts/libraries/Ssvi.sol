// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Black76} from "./Black76.sol";
import {FixedPointX96} from "./FixedPointX96.sol";

/// @title Ssvi
/// @notice The SSVI volatility slice: total variance at a strike, and freedom from arbitrage in exact integers.
/// @dev w0(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), k = ln(K / F). Source: Gatheral and
/// Jacquier, "Arbitrage-free SVI volatility surfaces" (2014). Parameters come in the units of a stored slice:
/// theta 1e-16, phi 1e-15, rho 1e-12 (see IVolatilityOracle.Slice).
library Ssvi {
    uint256 internal constant THETA_ONE = 1e16;
    uint256 internal constant PHI_ONE = 1e15;
    uint256 internal constant RHO_ONE = 1e12;

    /// @notice k = ln(strike / forward), X96. Both WAD, within the range of Black76.
    function logMoneyness(uint256 strike, uint256 forward) internal pure returns (int256) {
        (uint256 least, uint256 most) = Black76.sorted(forward, strike);
        int256 size = int256(FixedPointX96.lnRatio(most, least));
        return forward < strike ? size : -size;
    }

    /// @notice w0(k) * secondsLeft / secondsReported, X128.
    /// @dev With |k| < 21 and the fields' ranges |phi k| < 2^18.6, so `shape` is below 2^116 and the numerator below
    /// 2^64 * 2^116 * 2^40 * 2^32 = 2^252. Relative error below 1e-22; up to 1e-17 with |rho| above 0.99 far out on the wing
    /// where the terms cancel.
    /// @param k Log-moneyness ln(strike / forward), X96, within +-21.
    /// @param theta At-the-money total variance at the report's time, units of 1e-16.
    /// @param phi Curvature, units of 1e-15.
    /// @param rho Correlation, units of 1e-12, |rho| < 1.
    /// @param secondsLeft Time to price, seconds (below 2^40).
    /// @param secondsReported Expiry minus the report's time, seconds, above zero.
    function totalVariance(int256 k, uint64 theta, uint64 phi, int48 rho, uint256 secondsLeft, uint256 secondsReported)
        internal
        pure
        returns (uint256)
    {
        (uint256 level, uint256 span) = levelOf(theta, secondsLeft, secondsReported);
        unchecked {
            return shape(k, phi, rho) * level / span;
        }
    }

    /// @notice What the shape is multiplied with and divided by to give the total variance: below 2^136 and 2^96.
    function levelOf(uint64 theta, uint256 secondsLeft, uint256 secondsReported)
        internal
        pure
        returns (uint256 level, uint256 span)
    {
        unchecked {
            return ((uint256(theta) * secondsLeft) << 32, 2 * THETA_ONE * secondsReported);
        }
    }

    /// @notice 2 w0(k) / theta = 1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2), X96.
    function shape(int256 k, uint64 phi, int48 rho) internal pure returns (uint256) {
        (int256 r, uint256 rest) = wingOf(rho);
        return shapeOf(k, phi, r, rest);
    }

    /// @notice rho X96, and 1 - rho^2 X192.
    function wingOf(int48 rho) internal pure returns (int256 r, uint256 rest) {
        unchecked {
            r = (int256(rho) << 96) / int256(RHO_ONE); // X96, below 2^96
            rest = uint256((1 << 192) - r * r);
        }
    }

    /// @notice `shape` from the slice's `wingOf`.
    function shapeOf(int256 k, uint256 phi, int256 r, uint256 rest) internal pure returns (uint256) {
        unchecked {
            int256 x = int256(phi) * k / int256(PHI_ONE); // X96, below 2^115
            int256 shifted = x + r;
            uint256 root = FixedPointX96.root(uint256(shifted * shifted) + rest);
            // Above sqrt(1 - rho^2)^2 > 1e-12 for |rho| < 1, so rounding cannot make it negative.
            return uint256((1 << 96) + ((r * x) >> 96) + int256(root));
        }
    }

    /// @notice Whether a slice is free of butterfly arbitrage, by the sufficient conditions of Gatheral and Jacquier:
    /// theta > 0, phi > 0, |rho| < 1, theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4. Exact.
    function isButterflyFree(uint64 theta, uint64 phi, int48 rho) internal pure returns (bool) {
        unchecked {
            uint256 size = uint256(int256(rho < 0 ? -int256(rho) : int256(rho)));
            if (theta == 0 || phi == 0 || size >= RHO_ONE) return false;
            // 2^64 * 2^64 * 2^41, and once more 2^64.
            uint256 wing = uint256(theta) * phi * (RHO_ONE + size);
            return wing < 4 * THETA_ONE * PHI_ONE * RHO_ONE && wing * phi <= 4 * THETA_ONE * PHI_ONE * PHI_ONE * RHO_ONE;
        }
    }

    /// @notice A slice at a time: theta counts as theta * left / reported.
    /// @param left Seconds to expiry, below 2^40.
    /// @param reported Seconds from the report to expiry, below 2^40, above zero.
    struct Scaled {
        uint64 theta;
        uint64 phi;
        int48 rho;
        uint256 left;
        uint256 reported;
    }

    /// @notice Whether the later slice lies above the earlier one at every strike, by the sufficient conditions of Hendriks
    /// and Martini, both scaled to one time: theta not falling, theta phi (1 +- rho) not falling on both wings, phi not
    /// rising. Exact.
    /// @dev Fractions are compared by cross multiplication: 2^64 * 2^40 * 2^40 * 2^64 * 2^41 = 2^249. Once true it stays
    /// true while time passes, and with 20 minutes taken from both `left` as prices do: the earlier one decays faster.
    function isCalendarFree(Scaled memory near, Scaled memory far) internal pure returns (bool) {
        unchecked {
            if (far.phi > near.phi) return false;
            uint256 levelNear = uint256(near.theta) * near.left * far.reported;
            uint256 levelFar = uint256(far.theta) * far.left * near.reported;
            // Also follows from the three others; said for its own sake, and it ends most refusals early.
            if (levelFar < levelNear) return false;
            levelNear *= near.phi;
            levelFar *= far.phi;
            int256 one = int256(RHO_ONE);
            return levelFar * uint256(one + far.rho) >= levelNear * uint256(one + near.rho)
                && levelFar * uint256(one - far.rho) >= levelNear * uint256(one - near.rho);
        }
    }
}
