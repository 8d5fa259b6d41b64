// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../../../contracts/interfaces/IAsyncVault.sol";
import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Asking for a deposit or a redemption, cancelling, and claiming what was processed.
contract RequestsTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    // --- requestDeposit ---

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

    // --- requestRedeem ---

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

    // --- cancel ---

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

    // --- claims ---

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

    // --- the token and its interfaces ---

    function test_namesItself() public view {
        assertEq(calls.name(), "Optionix ETH Call Vault");
        assertEq(calls.symbol(), "oxETH-C");
        assertEq(puts.name(), "Optionix ETH Put Vault");
        assertEq(puts.symbol(), "oxETH-P");
        assertEq(uint256(puts.decimals()), 18);
        assertEq(puts.asset(), address(usdc));
        assertEq(puts.share(), address(puts));
    }

    function test_sharesStartAtOneAToken() public view {
        assertEq(calls.balanceOf(alice), LIQUIDITY);
        assertEq(puts.balanceOf(alice), QUOTE_LIQUIDITY * 1e12);
        assertEq(puts.convertToShares(1e6), 1e18);
        assertEq(puts.convertToAssets(1e18), 1e6);
        assertEq(puts.totalAssets(), QUOTE_LIQUIDITY);
    }

    function test_previewsRevert() public {
        bytes4 refused = IOptionVault.AsynchronousPreview.selector;
        vm.expectRevert(refused);
        calls.previewDeposit(1);
        vm.expectRevert(refused);
        calls.previewMint(1);
        vm.expectRevert(refused);
        calls.previewRedeem(1);
        vm.expectRevert(refused);
        calls.previewWithdraw(1);
    }
}
