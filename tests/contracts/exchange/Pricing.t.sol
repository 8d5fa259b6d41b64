// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {Test} from "../support/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice The price at a volatility of one's own, against the price from a slice and against what no price may be.
contract PricingTest is Test {
    uint256 private constant SPOT = 3000e18;
    uint40 private constant NOW = 1_790_000_000;

    /// @dev One option, inside of what can be listed and signed.
    struct Option {
        uint256 strike;
        uint256 volatility;
        int40 carry;
        uint40 expiry;
    }

    function _option(uint256 strike, uint256 volatility, int256 carry, uint256 left)
        private
        pure
        returns (Option memory)
    {
        return Option(
            bound(strike, 30e18, 300_000e18),
            bound(volatility, 1, 10e18),
            int40(bound(carry, -1e9, 1e9)),
            uint40(NOW + bound(left, 2 hours, 730 days))
        );
    }

    function _value(Option memory o, Side side, uint256 spot) private pure returns (uint256) {
        return OptionPricing.valueAtVolatility(spot, o.strike, side, o.volatility, o.carry, o.expiry, NOW);
    }

    function testFuzz_IsTheSlicesPriceAtItsVolatility(
        uint256 strike,
        uint256 theta,
        uint256 rho,
        int256 carry,
        uint256 left
    ) public pure {
        Option memory o = _option(strike, 1e18, carry, left);
        // Calendar time alone varies how much variance a slice holds; twice the money each way is far enough.
        o.strike = bound(strike, 1500e18, 6000e18);
        IVolatilityOracle.Slice memory slice;
        slice.theta = uint64(bound(theta, 1e12, 1e16));
        slice.phi = 1e15;
        slice.rho = int48(int256(bound(rho, 0, 0.9e12)));
        (slice.carry, slice.timestamp) = (o.carry, NOW);
        for (uint256 i; i < 2; ++i) {
            Side side = Side(i);
            (uint256 value, uint256 vega,, uint256 volatility) =
                OptionPricing.mark(SPOT, o.strike, side, slice, o.expiry, NOW);
            if (volatility > 10e18) continue;
            o.volatility = volatility;
            // The volatility was rounded down to a WAD, and so was each price.
            assertApproxEqAbs(_value(o, side, SPOT), value, 2 + vega / 1e18 + o.strike / 1e16, "price");
        }
    }

    function testFuzz_StaysInItsBounds(uint256 strike, uint256 volatility, int256 carry, uint256 left) public pure {
        Option memory o = _option(strike, volatility, carry, left);
        assertLt(_value(o, Side.CALL, SPOT), 1e18, "a call is worth less than the base it can pay");
        assertLe(_value(o, Side.PUT, SPOT), o.strike, "a put at most its strike");
    }

    function testFuzz_RisesWithVolatility(uint256 strike, uint256 volatility, int256 carry, uint256 left) public pure {
        Option memory o = _option(strike, volatility, carry, left);
        uint256[2] memory lower = [_value(o, Side.CALL, SPOT), _value(o, Side.PUT, SPOT)];
        o.volatility = FixedPointMathLib.min(o.volatility + 0.001e18, 10e18);
        assertGe(_value(o, Side.CALL, SPOT) + 2, lower[0], "call");
        assertGe(_value(o, Side.PUT, SPOT) + o.strike / 1e16 + 2, lower[1], "put");
    }

    /// @dev Why an edge goes up for who sells calls and down for who sells puts.
    function testFuzz_ACallRisesWithSpotAndAPutFalls(
        uint256 strike,
        uint256 volatility,
        int256 carry,
        uint256 left,
        uint256 spot
    ) public pure {
        Option memory o = _option(strike, volatility, carry, left);
        spot = bound(spot, SPOT + 1e15, 2 * SPOT);
        assertGe(_value(o, Side.CALL, spot) + 300, _value(o, Side.CALL, SPOT), "call");
        assertLe(_value(o, Side.PUT, spot), _value(o, Side.PUT, SPOT) + o.strike / 1e16 + 2, "put");
    }

    function test_AtTheEndsItIsTheIntrinsicValueOrTheWholePayoff() public pure {
        Option memory o = Option(2000e18, 0, 0, NOW + 30 days);
        assertApproxEqAbs(_value(o, Side.CALL, SPOT), uint256(1e18) / 3, 2, "no volatility");
        assertEq(_value(o, Side.PUT, SPOT), 0, "no volatility");
        o.volatility = 10e18;
        o.expiry = NOW + 4000 days;
        assertEq(_value(o, Side.CALL, SPOT), 1e18 - 1, "all of it");
        assertApproxEqAbs(_value(o, Side.PUT, SPOT), 2000e18, 2, "all of it");
        o.volatility = type(uint128).max; // nobody may sign it, and nothing overflows
        assertEq(_value(o, Side.CALL, SPOT), 1e18 - 1, "beyond the table");
        // The averaging of the last twenty minutes leaves no variance.
        o.expiry = NOW + 1200;
        assertApproxEqAbs(_value(o, Side.CALL, SPOT), uint256(1e18) / 3, 2, "no time");
    }
}
