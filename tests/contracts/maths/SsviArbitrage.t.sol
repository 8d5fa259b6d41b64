// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "../../../contracts/libraries/FixedPointX96.sol";
import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";
import {Test} from "../support/Test.sol";

/// @notice The closed-form conditions are enough, on dense grids of strikes, and each of them is needed.
/// @dev Butterfly: the density of a slice has the sign of Gatheral's
///
///     g(k) = (1 - k w' / (2 w))^2 - w'^2 / 4 (1 / w + 1 / 4) + w'' / 2
///
/// and with x = phi k, y = sqrt(x^2 + 2 rho x + 1), s = 1 + rho x + y, a = rho + (x + rho) / y it is
///
///     g = (1 - x a / (2 s))^2 - theta phi^2 a^2 / (8 s) - (theta phi a)^2 / 64 + theta phi^2 (1 - rho^2) / (4 y^3).
contract SsviArbitrageTest is Test {
    int256 private constant ONE = 1 << 96;
    /// @dev Strikes on either side of the money: x grows by an eighth from 1/64 to 2,300.
    uint256 private constant STEPS = 101;

    // --- butterfly ---

    /// @notice The least g on the grid, X96.
    function _leastDensity(uint256 theta, uint256 phi, int256 rho) private pure returns (int256 least) {
        // X96; theta phi^2 and theta phi are at most 4 where the conditions hold
        int256 r = (rho << 96) / 1e12;
        int256 product = int256((theta * phi << 96) / 1e31);
        int256 square = int256((theta * phi << 96) / 1e31 * phi / 1e15);
        least = _density(0, r, product, square);
        int256 x = ONE / 64;
        for (uint256 i; i < STEPS; ++i) {
            int256 left = _density(-x, r, product, square);
            int256 right = _density(x, r, product, square);
            if (left < least) least = left;
            if (right < least) least = right;
            x += x / 8;
        }
    }

    function _density(int256 x, int256 r, int256 product, int256 square) private pure returns (int256) {
        int256 y = int256(FixedPointX96.root(uint256(x * x + 2 * r * x + (1 << 192))));
        int256 line = ONE + r * x / ONE;
        int256 rest = ONE - r * r / ONE;
        // where the sum cancels, its conjugate does not
        int256 s = line >= 0 ? line + y : x * x / ONE * rest / (y - line);
        int256 a = r + (x + r) * ONE / y;
        int256 u = ONE - x * a / s / 2;
        int256 wings = a * a / ONE;
        return u * u / ONE - square * wings / (8 * s) - product * product / ONE * wings / (64 * ONE) + square * rest
            / (4 * y) * ONE / y * ONE / y;
    }

    /// @dev Random slices, half of them on the edge of one of the two conditions.
    function testFuzz_a_butterfly_free_slice_has_no_negative_density(uint256 seed) public pure {
        int48 rho = int48(int256(seed % 1.98e12) - 0.99e12);
        uint256 size = 1e12 + uint256(int256(rho < 0 ? -rho : rho));
        uint256 theta = 1e9 << ((seed >> 48) % 26); // 1e-7 .. 3.4, times one to two
        theta += theta * ((seed >> 56) % 1000) / 1000;
        // the largest phi of each condition
        uint256 byWing = 4e43 / (theta * size) - 1;
        uint256 byCurve = _root(4e58 / (theta * size));
        uint256 phi = byWing < byCurve ? byWing : byCurve;
        if (seed >> 255 == 0) phi = phi * ((seed >> 80) % 1000 + 1) / 1001;
        if (phi > type(uint64).max) phi = type(uint64).max;
        assertTrue(Ssvi.isButterflyFree(uint64(theta), uint64(phi), rho));
        assertGe(_leastDensity(theta, phi, rho), -ONE / 1e9);
    }

    function _root(uint256 value) private pure returns (uint256) {
        return FixedPointX96.root(value << 80) >> 40;
    }

    /// @dev theta phi (1 + |rho|) of 4.8 with theta phi^2 of 1.44: too steep a wing.
    function test_a_steep_wing_has_negative_density() public pure {
        assertFalse(Ssvi.isButterflyFree(16e16, 0.3e15, 0));
        assertLt(_leastDensity(16e16, 0.3e15, 0), -ONE / 20);
        assertTrue(Ssvi.isButterflyFree(13.33e16, 0.3e15, 0));
        assertGe(_leastDensity(13.33e16, 0.3e15, 0), 0);
    }

    /// @dev theta phi^2 of 36 with theta phi of 0.36: too sharp a bend.
    function test_a_sharp_bend_has_negative_density() public pure {
        assertFalse(Ssvi.isButterflyFree(0.0036e16, 100e15, 0));
        assertLt(_leastDensity(0.0036e16, 100e15, 0), -ONE / 20);
        assertTrue(Ssvi.isButterflyFree(0.0036e16, 33.3e15, 0));
        assertGe(_leastDensity(0.0036e16, 33.3e15, 0), 0);
    }

    /// @dev The skew counts: what passes with rho 0 has negative density with rho 0.9.
    function test_the_same_bend_with_a_skew_has_negative_density() public pure {
        (uint64 theta, uint64 phi) = (0.04e16, 23e15);
        assertFalse(Ssvi.isButterflyFree(theta, phi, 0.9e12));
        assertLt(_leastDensity(theta, phi, 0.9e12), -ONE / 100);
    }

    /// @dev With |rho| = 1 a wing has no variance at all, so no option value beyond the payoff.
    function test_a_full_correlation_has_a_wing_without_variance() public pure {
        assertFalse(Ssvi.isButterflyFree(0.04e16, 1e15, 1e12));
        // X128, so below 1e-19
        assertLt(Ssvi.totalVariance(-2 << 96, 0.04e16, 1e15, 1e12, 1, 1), 1 << 64);
        assertTrue(Ssvi.isButterflyFree(0.04e16, 1e15, 0.999e12));
        assertGt(Ssvi.totalVariance(-2 << 96, 0.04e16, 1e15, 0.999e12, 1, 1), 1 << 110);
    }

    // --- calendar ---

    function _variance(int256 k, Ssvi.Scaled memory slice) private pure returns (uint256) {
        return Ssvi.totalVariance(k, slice.theta, slice.phi, slice.rho, slice.left, slice.reported);
    }

    /// @notice Whether the far slice lies below the near one anywhere on the grid of k from 1/512 to 20, by more than the
    /// rounding of a variance.
    function _crosses(Ssvi.Scaled memory near, Ssvi.Scaled memory far) private pure returns (bool) {
        if (_below(0, near, far)) return true;
        for (int256 k = ONE / 512; k < 20 * ONE; k += k / 8) {
            if (_below(k, near, far) || _below(-k, near, far)) return true;
        }
        return false;
    }

    function _below(int256 k, Ssvi.Scaled memory near, Ssvi.Scaled memory far) private pure returns (bool) {
        (uint256 lower, uint256 upper) = (_variance(k, near), _variance(k, far));
        return lower > upper + (lower >> 45) + 1;
    }

    /// @dev Random pairs, the far slice often on the edge of one or all of the conditions, both with time gone since their
    /// reports: not only when compared, but at every later time, and 20 minutes sooner as prices count, they do not cross.
    function testFuzz_calendar_free_slices_cross_nowhere(uint256 seed) public pure {
        (Ssvi.Scaled memory near, Ssvi.Scaled memory far) = _pair(seed);
        vm.assume(Ssvi.isCalendarFree(near, far));
        assertFalse(_crosses(near, far), "at the time of the report");
        uint256 later = near.left * ((seed >> 240) % 99) / 100;
        near.left -= later;
        far.left -= later;
        assertFalse(_crosses(near, far), "later");
    }

    function _pair(uint256 seed) private pure returns (Ssvi.Scaled memory near, Ssvi.Scaled memory far) {
        near.theta = uint64(1e10 << (seed % 19));
        near.rho = int48(int256((seed >> 8) % 1.5e12) - 0.75e12);
        // eta from 0.01 to 2 over the root of theta
        near.phi = uint64(_root(4e62 / near.theta) * ((seed >> 56) % 100 + 1) / 100 / 1e8);
        if (near.phi == 0) near.phi = 1;
        near.reported = 1 hours + (seed >> 72) % 60 days;
        near.left = near.reported - near.reported * ((seed >> 96) % 50) / 100;
        far.reported = near.reported + 1 days + (seed >> 104) % 60 days;
        far.left = near.left + 1 days + (far.reported - near.reported - 1 days) / 2;
        if (far.left > far.reported) far.left = far.reported;
        // the variance left of the near slice, in the far one's terms, grown by 0 to 99 %
        uint256 level = uint256(near.theta) * near.left * far.reported / (near.reported * far.left) + 1;
        uint256 growth = 1000 + (seed >> 128) % 1000 * ((seed >> 138) % 2);
        far.theta = uint64(level * growth / 1000);
        // phi falls by no more than that, then wings can rise; rho anywhere where both do
        uint256 least = 1_000_000 / growth + 1;
        uint256 share = least + (least < 1000 ? (seed >> 139) % (1001 - least) : 0);
        if (share > 1000) share = 1000;
        far.phi = uint64(uint256(near.phi) * share / 1000);
        int256 wing = int256(growth * share);
        int256 low = (1e12 + int256(near.rho)) * 1e6 / wing - 1e12;
        int256 high = 1e12 - (1e12 - int256(near.rho)) * 1e6 / wing;
        far.rho = int48(low + (high - low) * int256((seed >> 152) % 1001) / 1000);
    }

    function _same(uint64 theta, uint64 phi, int48 rho) private pure returns (Ssvi.Scaled memory) {
        return Ssvi.Scaled(theta, phi, rho, 1, 1);
    }

    function test_less_variance_crosses_at_the_money() public pure {
        (Ssvi.Scaled memory near, Ssvi.Scaled memory far) = (_same(0.04e16, 4e15, 0), _same(0.0399e16, 4e15, 0));
        assertFalse(Ssvi.isCalendarFree(near, far));
        assertTrue(_crosses(near, far));
    }

    function test_a_falling_right_wing_crosses() public pure {
        // more variance, less phi, the left wing rises: the right one alone falls
        (Ssvi.Scaled memory near, Ssvi.Scaled memory far) = (_same(0.04e16, 4e15, 0), _same(0.05e16, 4e15, -0.3e12));
        assertFalse(Ssvi.isCalendarFree(near, far));
        assertTrue(_below(20 * ONE, near, far));
        assertFalse(_below(-20 * ONE, near, far));
        assertTrue(Ssvi.isCalendarFree(near, _same(0.05e16, 4e15, -0.19e12)));
    }

    function test_a_falling_left_wing_crosses() public pure {
        (Ssvi.Scaled memory near, Ssvi.Scaled memory far) = (_same(0.04e16, 4e15, 0), _same(0.05e16, 4e15, 0.3e12));
        assertFalse(Ssvi.isCalendarFree(near, far));
        assertTrue(_below(-20 * ONE, near, far));
        assertFalse(_below(20 * ONE, near, far));
        assertTrue(Ssvi.isCalendarFree(near, _same(0.05e16, 4e15, 0.19e12)));
    }

    /// @dev Both wings and the middle rise; near the money, on the side where the skew leans, the far slice dips below.
    function test_a_rising_phi_crosses_beside_the_money() public pure {
        (Ssvi.Scaled memory near, Ssvi.Scaled memory far) =
            (_same(0.04e16, 4e15, -0.6e12), _same(0.0402e16, 5e15, -0.6e12));
        assertFalse(Ssvi.isCalendarFree(near, far));
        assertFalse(_below(0, near, far) || _below(20 * ONE, near, far) || _below(-20 * ONE, near, far));
        assertTrue(_crosses(near, far));
        far.phi = 4e15;
        assertTrue(Ssvi.isCalendarFree(near, far));
    }
}
