// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice Whole lives: from collateral to the last unit paid out.
contract LifeCycleTest is ClearinghouseFixture {
    function test_CoveredCallInTheMoney() public {
        write(WRITER, call(3000), 10e18, HOLDER);
        settle(4000);
        // max(4000 - 3000, 0) / 4000 = a quarter of a base unit per contract.
        vm.prank(HOLDER);
        assertEq(house.redeem(call(3000), 10e18, HOLDER), 2.5e18, "paid");
        assertEq(weth.balanceOf(HOLDER), 2.5e18, "received");
        house.settleLeg(WRITER, call(3000));
        assertEq(free(WRITER, weth), FUNDS_WETH - 2.5e18, "writer keeps the rest");
        _everybodyLeaves();
    }

    function test_CashSecuredPutOutOfTheMoney() public {
        write(WRITER, put(3000), 10e18, HOLDER);
        assertEq(free(WRITER, usdc), FUNDS_USDC - 30_000 * USDC, "strike locked");
        settle(3000);
        house.redeemFor(HOLDER, put(3000));
        house.settleLeg(WRITER, put(3000));
        assertEq(free(WRITER, usdc), FUNDS_USDC, "all released");
        _everybodyLeaves();
    }

    function test_PutSpreadLocksItsWidthAndPaysItsOwner() public {
        write(WRITER, put(3000), 10e18, HOLDER);
        write(HOLDER, put(2800), 10e18, WRITER);
        net(WRITER, put(3000), strikes1(3000));
        place(WRITER, put(2800), 10e18);
        assertEq(lockedOf(WRITER, put(3000)), 2000 * USDC, "width");
        settle(2500);
        house.settleBook(WRITER, put(3000).bookKey());
        house.redeemFor(HOLDER, put(3000));
        house.settleLeg(HOLDER, put(2800));
        assertEq(free(WRITER, usdc), FUNDS_USDC - 2000 * USDC, "writer lost the width");
        assertEq(free(HOLDER, usdc), FUNDS_USDC + 2000 * USDC, "holder won it");
        _everybodyLeaves();
    }

    function test_NettedBookWorthMoreThanNothingIsPaidFromThePool() public {
        write(HOLDER, put(3000), 10e18, WRITER);
        net(WRITER, put(3000), none());
        place(WRITER, put(3000), 10e18);
        write(WRITER, put(2800), 10e18, HOLDER);
        assertEq(lockedOf(WRITER, put(3000)), 0, "a debit spread locks nothing");
        settle(2500);
        house.settleBook(WRITER, put(3000).bookKey());
        assertEq(free(WRITER, usdc), FUNDS_USDC + 2000 * USDC, "paid before the other side is settled");
        house.redeemFor(HOLDER, put(2800));
        house.settleLeg(HOLDER, put(3000));
        _everybodyLeaves();
    }

    function test_HoldersRedeemAndEverybodyElseLeavesBeforeTheWriterIsSettled() public {
        write(WRITER, call(2000), 100e18, HOLDER);
        settle(4000);
        vm.startPrank(HOLDER);
        house.redeem(call(2000), 100e18, HOLDER);
        house.withdraw(address(weth), FUNDS_WETH, HOLDER);
        vm.stopPrank();
        vm.prank(OPERATOR);
        house.withdraw(address(weth), FUNDS_WETH, OPERATOR);
        assertEq(weth.balanceOf(address(house)), 50e18, "what the writer is owed");
        house.settleLeg(WRITER, call(2000));
        vm.prank(WRITER);
        house.withdraw(address(weth), 50e18, WRITER);
        assertEq(weth.balanceOf(address(house)), 0, "nothing left");
    }

    function _everybodyLeaves() private {
        address[3] memory all = [WRITER, HOLDER, OPERATOR];
        for (uint256 i; i < all.length; ++i) {
            vm.startPrank(all[i]);
            house.withdraw(address(weth), free(all[i], weth), all[i]);
            house.withdraw(address(usdc), free(all[i], usdc), all[i]);
            vm.stopPrank();
        }
        assertEq(weth.balanceOf(address(house)), 0, "no base left behind");
        assertEq(usdc.balanceOf(address(house)), 0, "no quote left behind");
    }
}
