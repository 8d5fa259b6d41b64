// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";
import {Vectors} from "./Vectors.sol";

/// @notice SSVI slices against 50 digits, exact fractions and the Python twin.
contract SsviTest is Vectors {
    function test_variance_agrees_with_50_digits_and_python() public {
        _open("ssvi");
        int256[] memory k = _ints("k");
        uint256[] memory theta = _uints("theta");
        uint256[] memory phi = _uints("phi");
        int256[] memory rho = _ints("rho");
        uint256[] memory left = _uints("left");
        uint256[] memory reported = _uints("reported");
        int256[] memory expected = _ints("variance");
        int256[] memory off = _ints("variance_off");
        assertGt(k.length, 200, "rows");
        for (uint256 i; i < k.length; ++i) {
            uint256 got =
                Ssvi.totalVariance(k[i], uint64(theta[i]), uint64(phi[i]), int48(rho[i]), left[i], reported[i]);
            assertEq(int256(got), expected[i] + off[i], _row("python", i));
            // at the far corner of the fields 1 + rho phi k and the root cancel to 1e-18; elsewhere 1e-22
            uint256 size = uint256(rho[i] < 0 ? -rho[i] : rho[i]);
            uint256 tolerance = 1 + uint256(expected[i]) / (size > 0.99e12 ? 1e17 : 1e22);
            assertApproxEqAbs(int256(got), expected[i], tolerance, _row("variance", i));
        }
    }

    function test_conditions_agree_with_exact_fractions() public {
        _open("conditions");
        int256[] memory rho1 = _ints("rho1");
        int256[] memory rho2 = _ints("rho2");
        uint256[] memory theta1 = _uints("theta1");
        uint256[] memory phi1 = _uints("phi1");
        uint256[] memory theta2 = _uints("theta2");
        uint256[] memory phi2 = _uints("phi2");
        uint256[] memory left1 = _uints("left1");
        uint256[] memory left2 = _uints("left2");
        uint256[] memory reported1 = _uints("reported1");
        uint256[] memory reported2 = _uints("reported2");
        uint256[] memory butterfly = _uints("butterfly1");
        uint256[] memory calendar = _uints("calendar");
        assertGt(rho1.length, 100, "rows");
        for (uint256 i; i < rho1.length; ++i) {
            bool free = Ssvi.isButterflyFree(uint64(theta1[i]), uint64(phi1[i]), int48(rho1[i]));
            assertEq(free, butterfly[i] == 1, _row("butterfly", i));
            free = Ssvi.isCalendarFree(
                Ssvi.Scaled(uint64(theta1[i]), uint64(phi1[i]), int48(rho1[i]), left1[i], reported1[i]),
                Ssvi.Scaled(uint64(theta2[i]), uint64(phi2[i]), int48(rho2[i]), left2[i], reported2[i])
            );
            assertEq(free, calendar[i] == 1, _row("calendar", i));
        }
    }

    /// @notice Lee's bound: without butterfly arbitrage the wings rise by no more than 2 |k|, so w0(k) <= theta + 2 |k|.
    function testFuzz_wings_stay_below_the_moment_bound(uint64 theta, uint64 phi, int48 rho, bool right) public pure {
        theta = uint64(bound(theta, 1, 4e16));
        rho = int48(bound(rho, -0.999e12, 0.999e12));
        phi = uint64(bound(phi, 1, 4e31 / theta < 18e18 ? 4e31 / theta : 18e18));
        if (!Ssvi.isButterflyFree(theta, phi, rho)) return;
        int256 k = (right ? int256(20) : -20) << 96;
        uint256 limit = (uint256(theta) << 128) / 1e16 + (uint256(40) << 128);
        assertLe(Ssvi.totalVariance(k, theta, phi, rho, 1, 1), limit + 1);
    }

    /// @notice Variance halves when half of the time is gone: volatility at a strike stays.
    function testFuzz_decays_in_proportion(uint64 theta, uint64 phi, int48 rho, int256 k, uint32 time) public pure {
        phi = uint64(bound(phi, 1, 100e15));
        rho = int48(bound(rho, -0.999e12, 0.999e12));
        k = bound(k, -int256(2 << 96), int256(2 << 96));
        uint256 whole = Ssvi.totalVariance(k, theta, phi, rho, uint256(time) * 2, uint256(time) * 2 + 1);
        uint256 half = Ssvi.totalVariance(k, theta, phi, rho, time, uint256(time) * 2 + 1);
        assertApproxEqAbs(whole, half * 2, 2);
    }

    function testFuzz_at_the_money_is_theta(uint64 theta, uint64 phi, int48 rho) public pure {
        rho = int48(bound(rho, -0.999e12, 0.999e12));
        uint256 expected = (uint256(theta) << 128) / 1e16;
        assertApproxEqAbs(Ssvi.totalVariance(0, theta, phi, rho, 7, 7), expected, 1 + (expected >> 75));
    }

    /// @notice Two calendar-free slices do not cross.
    function testFuzz_calendar_free_slices_do_not_cross(uint256 seed, int256 k) public pure {
        uint256 left1 = 1 + (seed & 0xffffff);
        uint256 left2 = left1 + 1 + ((seed >> 24) & 0xffffff);
        Ssvi.Scaled memory near = Ssvi.Scaled({
            theta: uint64(bound((seed >> 48) & 0xffffffffffffff, 1e10, 1e16)),
            phi: uint64(bound((seed >> 104) & 0xffffffffffffff, 1e13, 3e16)),
            rho: int48(int256((seed >> 160) % 1.8e12)) - 0.9e12,
            left: left1,
            reported: left1
        });
        Ssvi.Scaled memory far = Ssvi.Scaled({
            theta: uint64(near.theta + (seed >> 200) % near.theta),
            phi: uint64(near.phi - near.phi * ((seed >> 210) % 100) / 200),
            rho: int48(near.rho + int256((seed >> 220) % 0.04e12)),
            left: left2,
            reported: left2
        });
        if (!Ssvi.isCalendarFree(near, far)) return;
        k = bound(k, -int256(3 << 96), int256(3 << 96));
        uint256 w1 = Ssvi.totalVariance(k, near.theta, near.phi, near.rho, left1, left1);
        uint256 w2 = Ssvi.totalVariance(k, far.theta, far.phi, far.rho, left2, left2);
        assertLe(w1, w2 + (w2 >> 80) + 1);
    }
}
