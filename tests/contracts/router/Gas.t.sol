// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {RouterFixture} from "./RouterFixture.sol";

/// @notice What the ways in cost: the call alone, storage cold, the first trade of a block, one series open in the vault.
contract RouterGasTest is RouterFixture {
    function setUp() public override {
        super.setUp();
        buy(calls, call3000, 1e18);
        nextBlock();
    }

    /// forge-config: default.isolate = true
    function test_BuyWithCoins() public {
        buyNative(trade(call3000, 1e18, MOST), none(), 2e18);
        _atMost(900_000);
    }

    /// forge-config: default.isolate = true
    function test_BuyWithASwap() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        IRouter.Payment memory payment = paying(address(usdc), 3000e6);
        payment.swap = shopping(usdc, 3000e6, weth, 1e18);
        vm.prank(carol);
        router.buyBest(t, none(), payment, payout(address(weth)));
        _atMost(1_100_000);
    }

    /// forge-config: default.isolate = true
    function test_BuyFromOneOrderAndTheVault() public {
        IRouter.Signed memory cheap = offer(call3000, 1e18, 0.01e18);
        buyBest(trade(call3000, 2e18, MOST), one(cheap));
        _atMost(1_400_000);
        assertEq(exchange.remaining(cheap.order), 0);
    }

    event Used(uint256 gas);

    function _atMost(uint256 limit) private {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit Used(used);
        assertLe(used, limit);
    }
}
