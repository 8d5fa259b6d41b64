// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Taking a request back.
contract CancelTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function test_cancelOnlyInTheNoticeOrADayAfterIt() public {
        uint256 id = requestDeposit(calls, carol, 5e18);
        uint256 asked = vm.getBlockTimestamp();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, carol, bob));
        calls.cancelDeposit(id);

        vm.startPrank(carol);
        vm.warp(asked + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotCancellable.selector, id));
        calls.cancelDeposit(id);
        vm.warp(asked + 25 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotCancellable.selector, id));
        calls.cancelDeposit(id);
        vm.warp(asked + 25 hours);
        vm.expectEmit(address(calls));
        emit IOptionVault.DepositCancelled(id, carol, 5e18);
        calls.cancelDeposit(id);
        assertEq(weth.balanceOf(carol), 5e18);
        assertEq(calls.pendingDepositRequest(id, carol), 0);
        assertEq(free(address(calls), address(weth)), booked(calls));
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotCancellable.selector, id));
        calls.cancelDeposit(id);
    }

    function test_cancelRedeemGivesTheSharesBack() public {
        vm.startPrank(alice);
        uint256 id = calls.requestRedeem(10e18, alice, alice);
        uint256 left = calls.balanceOf(alice);
        vm.expectEmit(address(calls));
        emit IOptionVault.RedeemCancelled(id, alice, 10e18);
        calls.cancelRedeem(id);
        assertEq(calls.balanceOf(alice), left + 10e18);
        (, uint256 pendingShares,,) = calls.queueTotals();
        assertEq(pendingShares, 0);
    }

    function test_aCancelledRequestHoldsNobodyUp() public {
        uint256 first = requestDeposit(calls, carol, 5e18);
        requestDeposit(calls, bob, 5e18);
        vm.prank(carol);
        calls.cancelDeposit(first);
        skip(1 hours);
        refresh();
        assertEq(calls.process(10), 2);
        assertEq(calls.maxDeposit(bob), 5e18);
        assertEq(calls.maxDeposit(carol), 0);
    }
}
