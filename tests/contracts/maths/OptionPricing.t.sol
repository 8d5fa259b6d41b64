// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Black76} from "../../../contracts/libraries/Black76.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";
import {Vectors} from "./Vectors.sol";

/// @notice The price of an option from a stored slice: against 50 digits, against Python, and its bounds.
contract OptionPricingTest is Vectors {
    uint256 private constant WAD = 1e18;
    uint40 private constant REPORTED_AT = 1_700_000_000;

    struct Option {
        uint256 spot;
        uint256 strike;
        Side side;
        IVolatilityOracle.Slice slice;
        uint40 expiry;
        uint256 time;
    }

    struct Result {
        uint256 value;
        uint256 vega;
        int256 delta;
        uint256 volatility;
    }

    function mark(Option memory option) public pure returns (Result memory result) {
        (result.value, result.vega, result.delta, result.volatility) =
            OptionPricing.mark(option.spot, option.strike, option.side, option.slice, option.expiry, option.time);
    }

    function valueOf(Option memory option) public pure returns (uint256) {
        return OptionPricing.valueOf(option.spot, option.strike, option.side, option.slice, option.expiry, option.time);
    }

    // --- refusals ---

    function test_refuses_a_missing_slice() public {
        Option memory option = _option(Side.CALL);
        option.slice.timestamp = 0;
        vm.expectRevert(abi.encodeWithSelector(OptionPricing.BadSliceTime.selector, 0, option.expiry));
        this.mark(option);
    }

    function test_refuses_a_slice_from_its_expiry() public {
        Option memory option = _option(Side.CALL);
        option.slice.timestamp = option.expiry;
        vm.expectRevert(abi.encodeWithSelector(OptionPricing.BadSliceTime.selector, option.expiry, option.expiry));
        this.valueOf(option);
    }

    function test_refuses_a_spot_out_of_range() public {
        Option memory option = _option(Side.CALL);
        option.slice.carry = 1;
        option.spot = 1 << 104;
        vm.expectRevert(abi.encodeWithSelector(Black76.PricesOutOfRange.selector, 1 << 104, 0));
        this.mark(option);
    }

    // --- vectors ---

    function test_marks_agree_with_50_digits_and_python() public {
        _open("option_pricing");
        (Option[] memory options, Result[] memory expected, Result[] memory offs) = _read();
        assertGt(options.length, 200, "rows");
        for (uint256 i; i < options.length; ++i) {
            Option memory option = options[i];
            Result memory got = mark(option);
            assertEq(got.value, _sum(expected[i].value, offs[i].value), _row("python's value", i));
            assertEq(got.vega, _sum(expected[i].vega, offs[i].vega), _row("python's vega", i));
            assertEq(got.delta, expected[i].delta + offs[i].delta, _row("python's delta", i));
            assertEq(got.volatility, _sum(expected[i].volatility, offs[i].volatility), _row("python's volatility", i));
            assertEq(valueOf(option), got.value, _row("value alone", i));
            // one unit of quote is this many of base
            uint256 unit = 1 + WAD / option.spot;
            uint256 notional = option.side == Side.CALL ? WAD : option.strike;
            assertApproxEqAbs(got.value, expected[i].value, 3 * unit + notional / 5e17, _row("value", i));
            assertApproxEqAbs(
                got.vega, expected[i].vega, 3 * unit + expected[i].vega / 1e16 + notional / 1e17, _row("vega", i)
            );
            assertApproxEqAbs(got.delta, expected[i].delta, 3 * unit, _row("delta", i));
            assertApproxEqAbs(
                got.volatility, expected[i].volatility, 2 + expected[i].volatility / 1e16, _row("volatility", i)
            );
        }
    }

    /// @notice Even where variance is beyond any market and the call's price is its bound.
    function test_a_call_is_worth_less_than_one_base() public pure {
        Option memory option = _option(Side.CALL);
        option.slice.theta = type(uint64).max;
        option.slice.carry = 0;
        assertEq(mark(option).value, WAD - 1);
        assertEq(valueOf(option), WAD - 1);
    }

    // --- properties ---

    /// @notice A call is worth less than one base and no less than nothing; a put no more than its discounted strike.
    /// forge-config: default.fuzz.runs = 2000
    function testFuzz_bounds(uint256 seed, uint256 time) public pure {
        Option memory option = _random(seed, time);
        option.side = Side.CALL;
        Result memory call = mark(option);
        option.side = Side.PUT;
        Result memory put = mark(option);
        assertLt(call.value, WAD, "call");
        assertLe(put.value, option.strike, "put");
        assertGe(call.delta, 0, "call delta");
        assertLe(put.delta, 0, "put delta");
        assertEq(call.delta - put.delta, int256(WAD), "deltas");
        assertEq(call.volatility, put.volatility, "volatility");
    }

    /// @notice Call in quote minus put is the discounted forward minus strike.
    /// forge-config: default.fuzz.runs = 2000
    function testFuzz_parity(uint256 seed, uint256 time) public pure {
        Option memory option = _random(seed, time);
        option.side = Side.CALL;
        uint256 call = mark(option).value * option.spot / WAD;
        option.side = Side.PUT;
        uint256 put = mark(option).value;
        uint256 left = option.expiry > option.time + 1200 ? option.expiry - 1200 - option.time : 0;
        (uint256 forward, uint256 discount) = OptionPricing.forwardOf(option.spot, option.slice.carry, left);
        uint256 tolerance = 4 + (option.spot + option.strike) / 2e17;
        assertApproxEqAbs(call + (option.strike * discount >> 96), put + (forward * discount >> 96), tolerance);
    }

    /// @notice Twenty minutes before expiry nothing but the intrinsic value is left, and the volatility still reads.
    function testFuzz_at_the_end(uint256 seed, uint256 late) public pure {
        Option memory option = _random(seed, 0);
        option.time = option.expiry - bound(late, 0, 1200);
        Result memory result = mark(option);
        uint256 intrinsic = option.side == Side.CALL
            ? option.spot > option.strike ? (option.spot - option.strike) * WAD / option.spot : 0
            : option.strike > option.spot ? option.strike - option.spot : 0;
        assertEq(result.value, intrinsic, "value");
        assertEq(result.vega, 0, "vega");
        assertGt(result.volatility, 0, "volatility");
    }

    /// @notice Vega is the change of the value with volatility: a slice scaled by (1 + e)^2 moves it by e times volatility.
    function testFuzz_vega_is_a_derivative(uint256 seed, uint256 time) public pure {
        Option memory option = _random(seed, time);
        option.slice.phi = 1; // a flat smile, so that volatility scales alike at each strike
        option.slice.carry = 0;
        if (option.slice.theta < 1e13) return;
        Result memory low = mark(option);
        uint64 theta = option.slice.theta;
        option.slice.theta = theta + theta / 1000;
        Result memory high = mark(option);
        uint256 change = high.volatility - low.volatility;
        uint256 notional = option.side == Side.CALL ? WAD : option.spot;
        assertApproxEqAbs(
            high.value, low.value + (low.vega + high.vega) / 2 * change / WAD, notional / 1e7 + 10, "premium"
        );
    }

    /// @notice An option loses value as time passes, with neither carry nor a move of the spot.
    function testFuzz_decays(uint256 seed, uint256 time, uint256 later) public pure {
        Option memory option = _random(seed, time);
        option.slice.carry = 0;
        uint256 before = valueOf(option);
        option.time += bound(later, 0, option.expiry - option.time);
        uint256 unit = option.side == Side.CALL ? 4 + 4 * WAD / option.spot : 4 + option.strike / 1e17;
        assertLe(valueOf(option), before + unit);
    }

    function testFuzz_volatility_at_a_strike_is_the_marks(uint256 seed, uint256 time) public pure {
        Option memory option = _random(seed, time);
        uint256 volatility =
            OptionPricing.volatilityAtStrike(option.spot, option.strike, option.slice, option.expiry, option.time);
        assertApproxEqRel(mark(option).volatility, volatility, 1e6); // 1e-12
    }

    function _read() private view returns (Option[] memory options, Result[] memory expected, Result[] memory offs) {
        uint256[] memory spot = _uints("spot");
        options = new Option[](spot.length);
        expected = new Result[](spot.length);
        offs = new Result[](spot.length);
        for (uint256 i; i < spot.length; ++i) {
            options[i].spot = spot[i];
        }
        uint256[] memory column = _uints("strike");
        for (uint256 i; i < column.length; ++i) {
            options[i].strike = column[i];
        }
        column = _uints("put");
        for (uint256 i; i < column.length; ++i) {
            options[i].side = Side(column[i]);
        }
        column = _uints("theta");
        for (uint256 i; i < column.length; ++i) {
            options[i].slice.theta = uint64(column[i]);
        }
        column = _uints("phi");
        for (uint256 i; i < column.length; ++i) {
            options[i].slice.phi = uint64(column[i]);
        }
        int256[] memory signed = _ints("rho");
        for (uint256 i; i < signed.length; ++i) {
            options[i].slice.rho = int48(signed[i]);
        }
        signed = _ints("carry");
        for (uint256 i; i < signed.length; ++i) {
            options[i].slice.carry = int40(signed[i]);
        }
        column = _uints("timestamp");
        for (uint256 i; i < column.length; ++i) {
            options[i].slice.timestamp = uint40(column[i]);
        }
        column = _uints("expiry");
        for (uint256 i; i < column.length; ++i) {
            options[i].expiry = uint40(column[i]);
        }
        column = _uints("at");
        for (uint256 i; i < column.length; ++i) {
            options[i].time = column[i];
        }
        _results(expected, "");
        _results(offs, "_off");
    }

    /// @dev Offsets are negative at times: they wrap, and adding them wraps back.
    function _results(Result[] memory results, string memory suffix) private view {
        int256[] memory value = _ints(string.concat("value", suffix));
        int256[] memory vega = _ints(string.concat("vega", suffix));
        int256[] memory delta = _ints(string.concat("delta", suffix));
        int256[] memory volatility = _ints(string.concat("volatility", suffix));
        for (uint256 i; i < results.length; ++i) {
            results[i] = Result(uint256(value[i]), uint256(vega[i]), delta[i], uint256(volatility[i]));
        }
    }

    function _sum(uint256 value, uint256 off) private pure returns (uint256) {
        unchecked {
            return value + off;
        }
    }

    function _option(Side side) private pure returns (Option memory) {
        return Option({
            spot: 3000e18,
            strike: 3300e18,
            side: side,
            slice: IVolatilityOracle.Slice({
                theta: 0.0288e16, phi: 4e15, rho: -0.3e12, carry: 0.05e9, timestamp: REPORTED_AT
            }),
            expiry: REPORTED_AT + 30 days,
            time: REPORTED_AT + 1 days
        });
    }

    /// @dev Spot 0.01 .. 1e6, strike within a fifth and five times of it, an hour to two years, 10 % to 300 %.
    function _random(uint256 seed, uint256 time) private pure returns (Option memory option) {
        option = _option(seed & 1 == 0 ? Side.CALL : Side.PUT);
        option.spot = bound(seed >> 8, 0.01e18, 1e6 * WAD) >> ((seed >> 1) % 8);
        option.strike = option.spot * bound(uint256(keccak256(abi.encode(seed))), 0.2e18, 5e18) / WAD;
        option.expiry = REPORTED_AT + uint40(bound(seed >> 40, 1 hours, 730 days));
        uint256 variance = bound(seed >> 80, 0.01e16, 9e16) * (option.expiry - REPORTED_AT) / 365 days;
        option.slice.theta = uint64(variance);
        option.slice.rho = int48(bound(int256(seed >> 120), -0.9e12, 0.9e12));
        option.slice.phi = uint64(bound(seed >> 160, 0.01e15, 2e15));
        option.slice.carry = int40(bound(int256(seed >> 200), -0.1e9, 0.1e9));
        option.time = bound(time, REPORTED_AT, option.expiry);
        if (!Ssvi.isButterflyFree(option.slice.theta, option.slice.phi, option.slice.rho)) option.slice.phi = 0.01e15;
    }
}
