// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator} from "../../../contracts/interfaces/IAsyncVault.sol";
import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Asking for a deposit.
contract RequestDepositTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function test_depositRefusesWhilePaused() public {
        calls.setDepositsPaused(true);
        vm.expectRevert(IOptionVault.Paused.selector);
        calls.requestDeposit(1e18, carol, carol);
    }

    function test_depositRefusesAStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, carol, address(this)));
        calls.requestDeposit(1e18, carol, carol);
    }

    function test_depositRefusesControllersThatCannotClaim() public {
        vm.startPrank(carol);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        calls.requestDeposit(1e18, address(0), carol);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(calls)));
        calls.requestDeposit(1e18, address(calls), carol);
    }

    function test_depositRefusesNothingAndDust() public {
        vm.startPrank(carol);
        vm.expectRevert(IOptionVault.ZeroAssets.selector);
        calls.requestDeposit(0, carol, carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.RequestTooSmall.selector, 1e15 - 1, 1e15));
        calls.requestDeposit(1e15 - 1, carol, carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.RequestTooSmall.selector, 1e6 - 1, 1e6));
        puts.requestDeposit(1e6 - 1, carol, carol);
    }

    function test_depositRefusesAboveTheCap() public {
        IOptionVault.Params memory p = calls.params();
        p.depositCap = 150e18;
        calls.setParams(p);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.CapExceeded.selector, 150e18 + 1, 150e18));
        calls.requestDeposit(50e18 + 1, carol, carol);
        // what merely waits does not count, so nobody can fill the cap with requests to cancel
        requestDeposit(calls, carol, 50e18);
        requestDeposit(calls, carol, 50e18);
    }

    function test_depositWaitsApart() public {
        (uint256 entering, uint256 leaving) = calls.netAssets();
        weth.mint(carol, 5e18);
        vm.startPrank(carol);
        weth.approve(address(calls), 5e18);
        vm.expectEmit(address(calls));
        emit IERC7540Deposit.DepositRequest(carol, carol, 2, carol, 5e18);
        uint256 id = calls.requestDeposit(5e18, carol, carol);
        vm.stopPrank();
        assertEq(calls.pendingDepositRequest(id, carol), 5e18);
        assertEq(calls.pendingDepositRequest(id, alice), 0);
        assertEq(calls.claimableDepositRequest(id, carol), 0);
        (uint256 enteringNow, uint256 leavingNow) = calls.netAssets();
        assertEq(enteringNow, entering);
        assertEq(leavingNow, leaving);
        assertEq(calls.idleAssets(), LIQUIDITY);
        assertEq(free(address(calls), address(weth)), LIQUIDITY + 5e18);
        assertEq(weth.balanceOf(address(calls)), 0);
    }

    function test_anOperatorDepositsForItsOwner() public {
        weth.mint(carol, 5e18);
        vm.startPrank(carol);
        weth.approve(address(calls), 5e18);
        vm.expectEmit(address(calls));
        emit IERC7540Operator.OperatorSet(carol, bob, true);
        calls.setOperator(bob, true);
        vm.stopPrank();
        assertTrue(calls.isOperator(carol, bob));
        vm.prank(bob);
        uint256 id = calls.requestDeposit(5e18, bob, carol);
        assertEq(calls.pendingDepositRequest(id, bob), 5e18);
    }
}
