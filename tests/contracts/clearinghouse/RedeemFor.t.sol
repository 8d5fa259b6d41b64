// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {Pool} from "../support/Receivers.sol";

contract RedeemForTest is ClearinghouseFixture {
    function test_RefusesBeforeTheSettlementPrice() public {
        write(WRITER, call(3000), 4e18, HOLDER);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.redeemFor(HOLDER, call(3000));
    }

    function test_RefusesAHolderWithNothing() public {
        settle(4000);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        house.redeemFor(HOLDER, call(3000));
    }

    function test_RefusesAHolderWithCodeThatDidNotAgree() public {
        Pool pool = new Pool();
        write(WRITER, call(3000), 4e18, address(pool));
        settle(4000);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.RedeemForNotAllowed.selector, address(pool)));
        vm.prank(STRANGER);
        house.redeemFor(address(pool), call(3000));
        vm.expectEmit(address(house));
        emit IClearinghouse.RedeemForSet(address(pool), true);
        vm.prank(address(pool));
        house.setRedeemFor(true);
        vm.prank(STRANGER);
        assertEq(house.redeemFor(address(pool), call(3000)), 1e18, "agreed");
        vm.prank(address(pool));
        house.setRedeemFor(false);
        assertFalse(house.redeemForAllowed(address(pool)), "taken back");
    }

    function test_AHolderWithCodeRedeemsForItself() public {
        Pool pool = new Pool();
        write(WRITER, call(3000), 4e18, address(pool));
        settle(4000);
        vm.prank(address(pool));
        house.redeemFor(address(pool), call(3000));
        assertEq(free(address(pool), weth), 1e18, "credited");
    }

    function test_AnybodyRedeemsAWholeBalanceToItsHolder() public {
        write(WRITER, call(3000), 4e18, HOLDER);
        settle(4000);
        vm.expectEmit(address(house));
        emit IClearinghouse.Redeemed(HOLDER, call(3000), 4e18, HOLDER, 1e18, true);
        vm.prank(STRANGER);
        assertEq(house.redeemFor(HOLDER, call(3000)), 1e18, "assets");
        assertEq(free(HOLDER, weth), FUNDS_WETH + 1e18, "free balance");
        assertEq(held(HOLDER, call(3000)), 0, "burned");
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        house.redeemFor(HOLDER, call(3000));
    }
}
