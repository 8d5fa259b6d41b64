// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice What settling costs by the number of rounds in the window; everything cold, on the local feed.
/// forge-config: default.isolate = true
contract SettleGasTest is MarketsFixture {
    function test_OneRound() public {
        _settle(1);
    }

    function test_TwoRounds() public {
        _settle(2);
    }

    function test_TenRounds() public {
        _settle(10);
    }

    function test_AHundredRounds() public {
        _settle(100);
    }

    function _settle(uint256 rounds) private {
        uint80 last;
        for (uint256 i; i < rounds; ++i) {
            last = post(EXPIRY - 30 minutes + i * 15, 3000);
        }
        post(EXPIRY + 1, 3000);
        markets.settle(ETH, EXPIRY, last);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("Markets", string.concat("settle, rounds in the window: ", vm.toString(rounds)), gas);
        assertLt(gas, 110_000 + 12_000 * rounds, "gas");
    }
}
