// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice `withdraw` and `withdrawFor`.
contract WithdrawTest is ClearinghouseFixture {
    function test_RefusesNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        house.withdraw(address(weth), 0, STRANGER);
    }

    function test_RefusesMoreThanIsFree() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        vm.expectRevert(insufficient(WRITER, weth, FUNDS_WETH, 99e18));
        vm.prank(WRITER);
        house.withdraw(address(weth), FUNDS_WETH, WRITER);
    }

    function test_RefusesAReceiverThatWouldStrandIt() public {
        vm.startPrank(WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        house.withdraw(address(weth), 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(house)));
        house.withdraw(address(weth), 1, address(house));
    }

    function test_RefusesWithdrawingForOthersWithoutTheFlag() public {
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 2));
        vm.prank(OPERATOR);
        house.withdrawFor(WRITER, address(weth), 1);
        // The right to trade is not the right to withdraw.
        allow(WRITER, OPERATOR, 1);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 2));
        vm.prank(OPERATOR);
        house.withdrawFor(WRITER, address(weth), 1);
    }

    function test_PaysAnyReceiverOfTheOwnersChoice() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.Withdrawn(WRITER, address(usdc), STRANGER, 7);
        vm.prank(WRITER);
        house.withdraw(address(usdc), 7, STRANGER);
        assertEq(usdc.balanceOf(STRANGER), 7, "received");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 7, "debited");
    }

    function test_AnOperatorPaysTheOwnerAlone() public {
        allow(WRITER, OPERATOR, 2);
        vm.expectEmit(address(house));
        emit IClearinghouse.Withdrawn(WRITER, address(usdc), WRITER, 7);
        vm.prank(OPERATOR);
        house.withdrawFor(WRITER, address(usdc), 7);
        assertEq(usdc.balanceOf(WRITER), 7, "owner");
        assertEq(usdc.balanceOf(OPERATOR), 0, "operator");
    }

    function test_WorksWhileWritingIsPaused() public {
        house.setWritesPaused(true);
        vm.prank(WRITER);
        house.withdraw(address(weth), FUNDS_WETH, WRITER);
        assertEq(weth.balanceOf(WRITER), FUNDS_WETH, "all of it");
    }
}
