// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice What marking a whole book and a trade cost, warm, against the limits of protocol.md section 11. (A mark at mid is
/// measured with the formulas, in maths/Gas.t.sol.)
contract GasTest is VaultFixture {
    event log_named_uint(string key, uint256 value);

    /// @dev As many open series as the vault may hold, half of them at each expiry.
    function _fillTheBook() private returns (SeriesId last) {
        SeriesId[] memory list = new SeriesId[](64);
        for (uint256 i; i < 64; ++i) {
            list[i] = SeriesIdLib.pack(MARKET, Side.CALL, i % 2 == 0 ? NEAR : FAR, uint64((2605 + 10 * i) * 1e8));
        }
        markets.listSeries(list);
        for (uint256 i; i < 64; ++i) {
            buy(calls, list[i], 0.5e18);
        }
        assertEq(calls.openSeries().length, 64);
        return list[63];
    }

    function _within(string memory what, uint256 used, uint256 limit) private {
        emit log_named_uint(what, used);
        vm.snapshotValue("OptionVault", what, used);
        assertLe(used, limit, what);
    }

    function _gasOfMarking() private view returns (uint256 used) {
        calls.netAssets(); // warms
        used = gasleft();
        calls.netAssets();
        used -= gasleft();
    }

    function test_marksSixtyFourSeriesAtBothGuardedSides() public {
        _fillTheBook();
        nextBlock();
        skip(10 minutes);
        _within("64 open series at both guarded sides", _gasOfMarking(), 900_000);
        skip(1 hours);
        refresh();
        // four more values a series than at mid, for five minutes after a report
        _within("the same while the older slices count", _gasOfMarking(), 1_300_000);
    }

    /// @dev A block's first trade marks the whole book, its second does not.
    function test_theFirstTradeOfABlockMarksAWholeBook() public {
        SeriesId series = _fillTheBook();
        nextBlock();
        skip(10 minutes);
        buy(calls, series, 1e18);
        _within("buy, a block's first, 64 open", vm.lastCallGas().gasTotalUsed, 1_000_000);
        buy(calls, series, 1e18);
        _within("buy, a block's second, 64 open", vm.lastCallGas().gasTotalUsed, 130_000);
    }

    function test_secondBuyFromTheFreeBalance() public {
        buy(calls, call3000, 1e18);
        buy(calls, call3000, 1e18);
        _within("second buy from the free balance", vm.lastCallGas().gasTotalUsed, 130_000);
        sell(calls, call3000, 1e18);
        _within("sale into the free balance", vm.lastCallGas().gasTotalUsed, 130_000);
    }

    function test_aRequestIsProcessedForABoundedPrice() public {
        for (uint256 i; i < 20; ++i) {
            requestDeposit(calls, makeAddr(vm.toString(i)), 1e18);
        }
        skip(1 hours);
        calls.process(19);
        _within("19 deposits by as many people", vm.lastCallGas().gasTotalUsed, 19 * 80_000 + 50_000);
    }
}
