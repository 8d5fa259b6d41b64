// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {
    Book,
    Cdf,
    Greeks,
    Mark,
    NoCdf,
    NoGreeks,
    NoMark,
    NoPrice,
    NoValue,
    NoVolatility,
    Price,
    Value,
    Volatility
} from "../harness/Formulas.sol";
import {Vectors} from "./Vectors.sol";

/// @notice What the formulas cost: a warm call less the same call to nothing, the median over the records' domain
/// (S/K 0.2 .. 5, an hour .. two years, 10 % .. 300 %). The limits of price, distribution and volatility are the goals of
/// the specification (section 11); the others keep what was reached.
/// Run with `-vv` to see the figures.
contract GasTest is Vectors {
    event log_named_uint(string key, uint256 val);

    function test_price() public {
        Price formula = new Price();
        NoPrice nothing = new NoPrice();
        (uint256[] memory forward, uint256[] memory strike, uint256[] memory variance) = _domain();
        uint256[] memory gas = new uint256[](forward.length);
        formula.run(1e18, 1e18, 1 << 120);
        nothing.run(1e18, 1e18, 1 << 120);
        for (uint256 i; i < gas.length; ++i) {
            (uint256 f, uint256 k, uint256 v) = (forward[i], strike[i], variance[i]);
            uint256 start = gasleft();
            formula.run(f, k, v);
            uint256 middle = gasleft();
            nothing.run(f, k, v);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("call and put", gas, 2300);
    }

    function test_price_with_greeks() public {
        Greeks formula = new Greeks();
        NoGreeks nothing = new NoGreeks();
        (uint256[] memory forward, uint256[] memory strike, uint256[] memory variance) = _domain();
        uint256[] memory gas = new uint256[](forward.length);
        formula.run(1e18, 1e18, 1 << 120);
        nothing.run(1e18, 1e18, 1 << 120);
        for (uint256 i; i < gas.length; ++i) {
            (uint256 f, uint256 k, uint256 v) = (forward[i], strike[i], variance[i]);
            uint256 start = gasleft();
            formula.run(f, k, v);
            uint256 middle = gasleft();
            nothing.run(f, k, v);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("call, put, delta and vega", gas, 2500);
    }

    function test_cdf() public {
        Cdf formula = new Cdf();
        NoCdf nothing = new NoCdf();
        uint256[] memory gas = new uint256[](400);
        formula.run(1);
        nothing.run(1);
        for (uint256 i; i < gas.length; ++i) {
            int256 x = (int256(i) - 200) * 0.03e18 + 7;
            uint256 start = gasleft();
            formula.run(x);
            uint256 middle = gasleft();
            nothing.run(x);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("normal cdf", gas, 800);
    }

    function test_volatility_at_a_strike() public {
        Volatility formula = new Volatility();
        NoVolatility nothing = new NoVolatility();
        (uint256[] memory forward, uint256[] memory strike,) = _domain();
        uint256[] memory gas = new uint256[](forward.length);
        IVolatilityOracle.Slice memory slice = _slice();
        uint40 expiry = slice.timestamp + 30 days;
        formula.run(1e18, 1e18, slice, expiry);
        nothing.run(1e18, 1e18, slice, expiry);
        for (uint256 i; i < gas.length; ++i) {
            (uint256 f, uint256 k) = (forward[i], strike[i]);
            uint256 start = gasleft();
            formula.run(f, k, slice, expiry);
            uint256 middle = gasleft();
            nothing.run(f, k, slice, expiry);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("volatility at a strike", gas, 1300);
    }

    function test_mark() public {
        Mark formula = new Mark();
        NoMark nothing = new NoMark();
        (uint256[] memory spot, uint256[] memory strike,) = _domain();
        uint256[] memory gas = new uint256[](spot.length);
        IVolatilityOracle.Slice memory slice = _slice();
        uint40 expiry = slice.timestamp + 30 days;
        uint256 time = slice.timestamp + 1 days;
        formula.run(spot[0], strike[0], Side.CALL, slice, expiry, time);
        nothing.run(spot[0], strike[0], Side.CALL, slice, expiry, time);
        for (uint256 i; i < gas.length; ++i) {
            (uint256 s, uint256 k) = (spot[i], strike[i]);
            uint256 start = gasleft();
            formula.run(s, k, Side.CALL, slice, expiry, time);
            uint256 middle = gasleft();
            nothing.run(s, k, Side.CALL, slice, expiry, time);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("mark from a slice", gas, 5200);
    }

    function test_value() public {
        Value formula = new Value();
        NoValue nothing = new NoValue();
        (uint256[] memory spot, uint256[] memory strike,) = _domain();
        uint256[] memory gas = new uint256[](spot.length);
        IVolatilityOracle.Slice memory slice = _slice();
        uint40 expiry = slice.timestamp + 30 days;
        uint256 time = slice.timestamp + 1 days;
        formula.run(spot[0], strike[0], Side.CALL, slice, expiry, time);
        nothing.run(spot[0], strike[0], Side.CALL, slice, expiry, time);
        for (uint256 i; i < gas.length; ++i) {
            (uint256 s, uint256 k) = (spot[i], strike[i]);
            uint256 start = gasleft();
            formula.run(s, k, Side.CALL, slice, expiry, time);
            uint256 middle = gasleft();
            nothing.run(s, k, Side.CALL, slice, expiry, time);
            gas[i] = start + gasleft() - 2 * middle;
        }
        _report("value from a slice", gas, 4300);
    }

    function test_book_of_sixty_four_at_mid() public {
        Book formula = new Book();
        (uint256[] memory spot, uint256[] memory strikes,) = _domain();
        assembly ("memory-safe") {
            mstore(strikes, 64)
        }
        IVolatilityOracle.Slice memory slice = _slice();
        uint40 expiry = slice.timestamp + 30 days;
        uint256 time = slice.timestamp + 1 days;
        formula.run(spot[0], strikes, slice, expiry, time);
        uint256[] memory gas = new uint256[](1);
        gas[0] = gasleft();
        formula.run(spot[0], strikes, slice, expiry, time);
        gas[0] -= gasleft();
        _report("64 open series at mid", gas, 450_000);
    }

    function _slice() private pure returns (IVolatilityOracle.Slice memory) {
        return
            IVolatilityOracle.Slice({
                theta: 0.0288e16, phi: 4e15, rho: -0.3e12, carry: 0.05e9, timestamp: 1_700_000_000
            });
    }

    /// @dev The first rows of the vectors.
    function _domain() private returns (uint256[] memory forward, uint256[] memory strike, uint256[] memory variance) {
        _open("black76");
        forward = _uints("forward");
        strike = _uints("strike");
        variance = _uints("variance");
        assembly ("memory-safe") {
            mstore(forward, 700)
            mstore(strike, 700)
            mstore(variance, 700)
        }
    }

    function _report(string memory what, uint256[] memory gas, uint256 limit) private {
        for (uint256 i = 1; i < gas.length; ++i) {
            uint256 value = gas[i];
            uint256 j = i;
            for (; j > 0 && gas[j - 1] > value; --j) {
                gas[j] = gas[j - 1];
            }
            gas[j] = value;
        }
        uint256 median = gas[gas.length / 2];
        emit log_named_uint(string.concat(what, ", median gas"), median);
        vm.snapshotValue("formulas", what, median);
        emit log_named_uint(string.concat(what, ", largest"), gas[gas.length - 1]);
        assertLe(median, limit, what);
    }
}
