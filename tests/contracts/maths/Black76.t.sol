// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Black76} from "../../../contracts/libraries/Black76.sol";
import {FixedPointX96} from "../../../contracts/libraries/FixedPointX96.sol";
import {Vectors} from "./Vectors.sol";

/// @notice Option prices against 50 digits and against the Python twin, and what must hold between them.
contract Black76Test is Vectors {
    uint256 private constant WAD = 1e18;

    function price(uint256 forward, uint256 strike, uint256 variance) external pure returns (uint256, uint256) {
        return Black76.price(forward, strike, variance);
    }

    // --- refusals ---

    function test_refuses_zero_forward() public {
        _refuses(0, 1e18);
    }

    function test_refuses_zero_strike() public {
        _refuses(1e18, 0);
    }

    function test_refuses_a_forward_out_of_range() public {
        _refuses(1 << 104, 1 << 80);
    }

    function test_refuses_a_strike_out_of_range() public {
        _refuses(1 << 80, 1 << 104);
    }

    function test_refuses_prices_too_far_apart() public {
        _refuses(uint256(1e18) << 30, 1e18);
        _refuses(1e18, uint256(1e18) << 30);
    }

    // --- vectors ---

    function test_logarithm_agrees_with_50_digits_and_python() public {
        _open("ln_ratio");
        uint256[] memory a = _uints("a");
        uint256[] memory b = _uints("b");
        int256[] memory expected = _ints("ln");
        int256[] memory off = _ints("ln_off");
        assertGt(a.length, 100, "rows");
        for (uint256 i; i < a.length; ++i) {
            int256 got = int256(FixedPointX96.lnRatio(a[i], b[i]));
            assertEq(got, expected[i] + off[i], _row("python", i));
            assertApproxEqAbs(got, expected[i], 8e9, _row("1e-19", i)); // X96
        }
    }

    function test_prices_agree_with_50_digits_and_python() public {
        _open("black76");
        uint256[] memory forward = _uints("forward");
        uint256[] memory strike = _uints("strike");
        uint256[] memory variance = _uints("variance");
        int256[] memory call = _ints("call");
        int256[] memory put = _ints("put");
        int256[] memory callOff = _ints("call_off");
        int256[] memory putOff = _ints("put_off");
        assertGt(forward.length, 1000, "rows");
        for (uint256 i; i < forward.length; ++i) {
            (uint256 c, uint256 p) = Black76.price(forward[i], strike[i], variance[i]);
            assertEq(int256(c), call[i] + callOff[i], _row("python's call", i));
            assertEq(int256(p), put[i] + putOff[i], _row("python's put", i));
            uint256 least = forward[i] < strike[i] ? forward[i] : strike[i];
            uint256 tolerance = 2 + least / 5e17; // two units, and 2e-18 of the smaller price
            assertApproxEqAbs(int256(c), call[i], tolerance, _row("call", i));
            assertApproxEqAbs(int256(p), put[i], tolerance, _row("put", i));
        }
    }

    function test_greeks_agree_with_50_digits_and_python() public {
        _open("black76");
        uint256[] memory forward = _uints("forward");
        uint256[] memory strike = _uints("strike");
        uint256[] memory variance = _uints("variance");
        int256[] memory delta = _ints("delta");
        int256[] memory kernel = _ints("kernel");
        int256[] memory deltaOff = _ints("delta_off");
        int256[] memory kernelOff = _ints("kernel_off");
        for (uint256 i; i < forward.length; ++i) {
            (uint256 c, uint256 p, uint256 d, uint256 k) = Black76.priceWithGreeks(forward[i], strike[i], variance[i]);
            (uint256 call, uint256 put) = Black76.price(forward[i], strike[i], variance[i]);
            assertEq(c, call, _row("call", i));
            assertEq(p, put, _row("put", i));
            assertEq(int256(d), delta[i] + deltaOff[i], _row("python's delta", i));
            assertEq(int256(k), kernel[i] + kernelOff[i], _row("python's kernel", i));
            // one unit of F N(-|d1|), and of ln(F / K) over a vanishing deviation
            uint256 coarse = variance[i] == 0 ? 0 : 4 * WAD / Black76.deviationOf(variance[i]);
            assertApproxEqAbs(int256(d), delta[i], 2 + WAD / forward[i] + coarse, _row("delta", i));
            assertApproxEqAbs(
                int256(k), kernel[i], 2 + forward[i] / 5e17 + forward[i] * coarse / WAD, _row("kernel", i)
            );
        }
    }

    // --- properties over the whole domain ---

    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_parity_and_bounds(uint256 forward, uint256 strike, uint256 variance) public pure {
        (forward, strike) = _pair(forward, strike);
        variance = _variance(variance);
        (uint256 call, uint256 put) = Black76.price(forward, strike, variance);
        assertEq(call + strike, put + forward, "parity");
        assertLe(call, forward, "call above the forward");
        assertLe(put, strike, "put above the strike");
        assertGe(call, forward > strike ? forward - strike : 0, "call below intrinsic");
        assertGe(put, strike > forward ? strike - forward : 0, "put below intrinsic");
    }

    /// @notice More variance never costs less, beyond the stated error.
    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_rises_with_variance(uint256 forward, uint256 strike, uint256 variance, uint256 more) public pure {
        (forward, strike) = _pair(forward, strike);
        variance = _variance(variance);
        (uint256 call,) = Black76.price(forward, strike, variance);
        (uint256 dearer,) = Black76.price(forward, strike, variance + bound(more, 0, variance + 1));
        assertLe(call, dearer + _error(forward, strike), "call");
    }

    /// @notice A call rises with the forward and by no more than the forward does; a put falls.
    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_moves_with_the_forward(uint256 forward, uint256 strike, uint256 variance, uint256 move)
        public
        pure
    {
        (forward, strike) = _pair(forward, strike);
        variance = _variance(variance);
        move = bound(move, 0, forward / 64);
        if (forward + move >= strike << 30 || forward + move >= 1 << 104) move = 0;
        (uint256 call, uint256 put) = Black76.price(forward, strike, variance);
        (uint256 up, uint256 down) = Black76.price(forward + move, strike, variance);
        uint256 tolerance = _error(forward, strike);
        assertLe(call, up + tolerance, "call falls");
        assertLe(up, call + move + tolerance, "call rises by more than the forward");
        assertLe(down, put + tolerance, "put rises");
    }

    /// @notice A call falls and a put rises with the strike, neither by more than the strike moves.
    /// forge-config: default.fuzz.runs = 3000
    function testFuzz_moves_with_the_strike(uint256 forward, uint256 strike, uint256 variance, uint256 move)
        public
        pure
    {
        (forward, strike) = _pair(forward, strike);
        variance = _variance(variance);
        move = bound(move, 0, strike / 64);
        if (strike + move >= forward << 30 || strike + move >= 1 << 104) move = 0;
        (uint256 call, uint256 put) = Black76.price(forward, strike, variance);
        (uint256 lower, uint256 higher) = Black76.price(forward, strike + move, variance);
        uint256 tolerance = _error(forward, strike);
        assertLe(lower, call + tolerance, "call rises");
        assertLe(put, higher + tolerance, "put falls");
        assertLe(higher, put + move + tolerance, "put rises by more than the strike");
    }

    /// @notice Without variance an option is worth its intrinsic value; with more than any market's, its bound.
    function testFuzz_limits(uint256 forward, uint256 strike) public pure {
        (forward, strike) = _pair(forward, strike);
        (uint256 call, uint256 put, uint256 delta, uint256 kernel) = Black76.priceWithGreeks(forward, strike, 0);
        assertEq(call, forward > strike ? forward - strike : 0, "call");
        assertEq(put, strike > forward ? strike - forward : 0, "put");
        // closer together than ln(F / K) can tell, an option without variance is at the money
        if (call + put > strike >> 90) assertEq(delta, forward > strike ? WAD : 0, "delta");
        assertEq(kernel, 0, "kernel");
        (call, put, delta, kernel) = Black76.priceWithGreeks(forward, strike, type(uint256).max);
        assertEq(call, forward, "call at its bound");
        assertEq(put, strike, "put at its bound");
        assertEq(delta, WAD, "delta at its bound");
        assertEq(kernel, 0, "kernel at its bound");
    }

    /// @notice Butterflies around a strike never cost less than nothing, beyond the stated error.
    function testFuzz_convex_in_strike(uint256 forward, uint256 strike, uint256 variance, uint256 wing) public pure {
        (forward, strike) = _pair(forward, strike);
        if (strike >> 29 >= forward || strike >= 1 << 103 || forward >= strike << 29) return;
        variance = _variance(variance);
        wing = bound(wing, 0, strike / 4);
        (uint256 low,) = Black76.price(forward, strike - wing, variance);
        (uint256 middle,) = Black76.price(forward, strike, variance);
        (uint256 high,) = Black76.price(forward, strike + wing, variance);
        assertLe(2 * middle, low + high + 4 * _error(forward, strike), "butterfly");
    }

    function _refuses(uint256 forward, uint256 strike) private {
        vm.expectRevert(abi.encodeWithSelector(Black76.PricesOutOfRange.selector, forward, strike));
        this.price(forward, strike, 1 << 120);
    }

    /// @dev Any strike and a forward within 2^30 of it; half of the time near the money.
    function _pair(uint256 forward, uint256 strike) private pure returns (uint256, uint256) {
        uint256 seed = forward;
        strike = bound(strike, 1e6, (1 << 100) - 1);
        if (seed & 1 == 0) return (bound(seed >> 1, strike - strike / 4, strike + strike / 4), strike);
        uint256 top = strike < 1 << 74 ? (strike << 30) - 1 : (1 << 104) - 1;
        uint256 shift = (seed >> 1) % 60;
        return
            (bound(seed >> 8, (strike >> 30) + 1, (strike >> 30) + 1 + ((top - (strike >> 30) - 1) >> shift)), strike);
    }

    /// @dev From nothing to 2^10, most of it where markets are.
    function _variance(uint256 seed) private pure returns (uint256) {
        return bound(seed >> 8, 0, uint256(1) << (138 - seed % 64));
    }

    function _error(uint256 forward, uint256 strike) private pure returns (uint256) {
        return 4 + (forward < strike ? forward : strike) / 2.5e17;
    }
}
