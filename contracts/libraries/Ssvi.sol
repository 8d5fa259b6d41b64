// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title Ssvi
/// @notice The SSVI volatility slice: total variance at a strike, and freedom from arbitrage in exact integers.
/// @dev w0(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), k = ln(K / F). Source: Gatheral and
/// Jacquier, "Arbitrage-free SVI volatility surfaces" (2014). Parameters come in the units of a stored slice:
/// theta 1e-16, phi 1e-15, rho 1e-12 (see IVolatilityOracle.Slice).
library Ssvi {
    uint256 internal constant THETA_ONE = 1e16;
    uint256 internal constant PHI_ONE = 1e15;
    uint256 internal constant RHO_ONE = 1e12;

    /// @notice w0(k) * secondsLeft / secondsReported, X128.
    /// @dev With |k| < 21 and the fields' ranges |phi k| < 2^18.6, so `shape` is below 2^116 and the numerator below
    /// 2^64 * 2^116 * 2^40 * 2^32 = 2^252. Relative error below 1e-24 against the exact formula.
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
        unchecked {
            return (uint256(theta) * shape(k, phi, rho) * secondsLeft << 32) / (2 * THETA_ONE * secondsReported);
        }
    }

    /// @notice 2 w0(k) / theta = 1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2), X96.
    function shape(int256 k, uint64 phi, int48 rho) internal pure returns (uint256) {
        unchecked {
            int256 x = int256(uint256(phi)) * k / int256(PHI_ONE); // X96, below 2^115
            int256 r = (int256(rho) << 96) / int256(RHO_ONE);
            int256 shifted = x + r;
            uint256 root = FixedPointMathLib.sqrt(uint256(shifted * shifted + (1 << 192) - r * r));
            // The exact sum is positive for |rho| < 1; where it is smallest, far out on a wing, rounding stays below 1e-23 of it.
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

    /// @notice Whether a later slice lies above an earlier one at every strike, by the sufficient conditions of Hendriks
    /// and Martini, both scaled to one time: theta not falling, theta phi (1 +- rho) not falling on both wings, phi not
    /// rising. Exact.
    /// @dev Each theta counts as theta * left / reported; the fractions are compared by cross multiplication:
    /// 2^64 * 2^40 * 2^40 * 2^64 * 2^41 < 2^250. Once true it stays true while time passes: the earlier one decays faster.
    /// @param left1 Seconds left to the earlier expiry at the common time, below 2^40.
    /// @param reported1 Seconds from its report to its expiry.
    function isCalendarFree(
        uint64 theta1,
        uint64 phi1,
        int48 rho1,
        uint256 left1,
        uint256 reported1,
        uint64 theta2,
        uint64 phi2,
        int48 rho2,
        uint256 left2,
        uint256 reported2
    ) internal pure returns (bool) {
        unchecked {
            if (phi2 > phi1) return false;
            uint256 level1 = uint256(theta1) * left1 * reported2;
            uint256 level2 = uint256(theta2) * left2 * reported1;
            if (level2 < level1) return false;
            level1 *= phi1;
            level2 *= phi2;
            int256 one = int256(RHO_ONE);
            return level2 * uint256(one + rho2) >= level1 * uint256(one + rho1)
                && level2 * uint256(one - rho2) >= level1 * uint256(one - rho1);
        }
    }
}
