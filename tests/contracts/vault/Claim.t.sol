// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice Claiming what was processed, whole or in parts.
contract ClaimTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function test_claimsRefuseStrangersAndTooMuch() public {
        requestDeposit(calls, carol, 5e18);
        skip(1 hours);
        refresh();
        calls.process(1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, carol, bob));
        calls.deposit(5e18, bob, carol);
        vm.startPrank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ClaimTooLarge.selector, carol, 5e18 + 1, 5e18));
        calls.deposit(5e18 + 1, carol, carol);
        uint256 shares = calls.maxMint(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ClaimTooLarge.selector, carol, shares + 1, shares));
        calls.mint(shares + 1, carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ClaimTooLarge.selector, carol, 1, 0));
        calls.redeem(1, carol, carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ClaimTooLarge.selector, carol, 1, 0));
        calls.withdraw(1, carol, carol);
    }

    function test_depositsAreClaimedInParts() public {
        uint256 id = requestDeposit(calls, carol, 5e18);
        skip(1 hours);
        refresh();
        calls.process(1);
        uint256 all = calls.maxMint(carol);
        assertEq(calls.claimableDepositRequest(id, carol), 5e18);
        vm.startPrank(carol);
        vm.expectEmit(address(calls));
        emit IVault.Deposit(carol, bob, 2e18, all * 2 / 5);
        assertEq(calls.deposit(2e18, bob, carol), all * 2 / 5);
        assertEq(calls.claimableDepositRequest(id, carol), 3e18);
        uint256 rest = calls.maxMint(carol);
        assertEq(calls.mint(rest, carol), 3e18);
        assertEq(calls.claimableDepositRequest(id, carol), 0);
        assertEq(calls.balanceOf(bob) + calls.balanceOf(carol), all);
        assertEq(calls.balanceOf(address(calls)), 0);
    }

    function test_redemptionsAreClaimedInParts() public {
        vm.startPrank(alice);
        uint256 first = calls.requestRedeem(10e18, alice, alice);
        uint256 second = calls.requestRedeem(20e18, alice, alice);
        vm.stopPrank();
        skip(1 hours);
        refresh();
        assertEq(calls.process(10), 2);
        assertEq(calls.maxRedeem(alice), 30e18);
        assertEq(calls.maxWithdraw(alice), 30e18);
        vm.startPrank(alice);
        vm.expectEmit(address(calls));
        emit IVault.Withdraw(alice, bob, alice, 12e18, 12e18);
        assertEq(calls.redeem(12e18, bob, alice), 12e18);
        // the oldest is claimed first
        assertEq(calls.claimableRedeemRequest(first, alice), 0);
        assertEq(calls.claimableRedeemRequest(second, alice), 18e18);
        assertEq(calls.withdraw(18e18, alice, alice), 18e18);
        assertEq(weth.balanceOf(alice), 18e18);
        assertEq(free(address(calls), address(weth)), booked(calls));
        assertEq(calls.idleAssets(), 70e18);
    }
}
