// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Redeem} from "../../../contracts/interfaces/IAsyncVault.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Asking for a redemption.
contract RequestRedeemTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function test_redeemRefusesNothingDustAndTooMuch() public {
        vm.startPrank(alice);
        vm.expectRevert(IOptionVault.ZeroShares.selector);
        calls.requestRedeem(0, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.RequestTooSmall.selector, 1e15 - 1, 1e15));
        calls.requestRedeem(1e15 - 1, alice, alice);
        uint256 shares = calls.balanceOf(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, shares, shares + 1)
        );
        calls.requestRedeem(shares + 1, alice, alice);
    }

    function test_redeemOfAWholeDustBalanceIsServed() public {
        vm.prank(alice);
        calls.transfer(carol, 7);
        vm.prank(carol);
        calls.requestRedeem(7, carol, carol);
    }

    function test_redeemByAStrangerNeedsAnAllowance() public {
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, 1e18));
        calls.requestRedeem(1e18, bob, alice);
        vm.prank(alice);
        calls.approve(bob, 1e18);
        vm.prank(bob);
        vm.expectEmit(address(calls));
        emit IERC7540Redeem.RedeemRequest(bob, alice, 1, bob, 1e18);
        uint256 id = calls.requestRedeem(1e18, bob, alice);
        assertEq(calls.pendingRedeemRequest(id, bob), 1e18);
        assertEq(calls.balanceOf(address(calls)), 1e18);
    }
}
