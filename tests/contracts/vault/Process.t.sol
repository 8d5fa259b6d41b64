// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Processing the queues.
contract ProcessTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function _requestRedeem(uint256 shares) private returns (uint256 id) {
        vm.prank(alice);
        id = calls.requestRedeem(shares, alice, alice);
    }

    // --- refusals ---

    function test_refusesBeforeTheNoticeEnds() public {
        requestDeposit(calls, carol, 5e18);
        uint256 ready = vm.getBlockTimestamp() + 1 hours;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NoticeNotOver.selector, ready, vm.getBlockTimestamp()));
        calls.process(1);
        vm.warp(ready);
        refresh();
        calls.process(1);
    }

    function test_refusesWithNothingToDo() public {
        vm.expectRevert(IOptionVault.NothingToProcess.selector);
        calls.process(1);
        requestDeposit(calls, carol, 5e18);
        skip(1 hours);
        vm.expectRevert(IOptionVault.NothingToProcess.selector);
        calls.process(0);
    }

    function test_refusesFromTheCutoffOfAHeldExpiryUntilItIsSettled() public {
        buy(calls, call3000, 10e18);
        requestDeposit(calls, carol, 5e18);
        vm.warp(NEAR - 2.5 hours);
        refresh();
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ProcessingCutoff.selector, NEAR));
        calls.process(1);
        vm.warp(NEAR + 1);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ProcessingCutoff.selector, NEAR));
        calls.process(1);
        settle(NEAR, 3100);
        // releases what is settled by itself
        assertEq(calls.process(1), 1);
        assertEq(calls.openSeries().length, 0);
        assertEq(house.leg(address(calls), call3000), 0);
    }

    function test_anotherVaultsExpiryHoldsNobodyUp() public {
        buy(puts, put3000, 10e18);
        requestDeposit(calls, carol, 5e18);
        vm.warp(NEAR - 1 hours);
        calls.process(1);
    }

    function test_refusesAStaleSliceForThreeDays() public {
        SeriesId far = call3000.bookKey().series(3000e8);
        buy(calls, far, 10e18);
        requestDeposit(calls, carol, 5e18);
        _requestRedeem(10e18);
        uint40 stamp = oracle.slice(MARKET, NEAR).timestamp;
        vm.warp(stamp + 6 hours + 3 days - 1);
        moveSpot(3000);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, stamp));
        calls.process(10);
    }

    // --- liveness ---

    /// @dev With the keeper dead for three days leavers get out at the least value; newcomers wait.
    function test_aDeadKeeperLocksNobodyIn() public {
        buy(calls, call3000, 10e18);
        requestDeposit(calls, carol, 5e18);
        uint256 id = _requestRedeem(20e18);
        uint256 idle = calls.idleAssets();
        uint40 stamp = oracle.slice(MARKET, NEAR).timestamp;
        vm.warp(stamp + 6 hours + 3 days);
        moveSpot(3000);
        assertEq(calls.process(10), 1);
        assertEq(calls.pendingDepositRequest(2, carol), 5e18);
        assertEq(calls.claimableRedeemRequest(id, alice), 20e18);
        // ten locked count for nothing: only what is idle is shared
        assertApproxEqAbs(calls.maxWithdraw(alice), idle / 5, 1e4);
    }

    function test_aDeadFeedLocksNobodyInEither() public {
        buy(calls, call3000, 10e18);
        _requestRedeem(20e18);
        for (uint256 i; i < 18; ++i) {
            skip(4 hours); // signers go on, the feed does not
            postVolatility(NEAR, 0.6e18);
        }
        vm.expectPartialRevert(IVolatilityOracle.StaleSlice.selector);
        calls.process(10);
        skip(4 hours);
        postVolatility(NEAR, 0.6e18);
        assertEq(calls.process(10), 1);
    }

    function test_aVaultWithNothingOpenNeedsNoOracle() public {
        requestDeposit(calls, carol, 5e18);
        _requestRedeem(10e18);
        skip(40 days);
        assertEq(calls.process(10), 2);
        assertEq(calls.maxDeposit(carol), 5e18);
        assertEq(calls.maxWithdraw(alice), 10e18);
    }

    function test_pausedDepositsWaitWhileRedemptionsGoOn() public {
        requestDeposit(calls, carol, 5e18);
        _requestRedeem(10e18);
        calls.setDepositsPaused(true);
        calls.setTradesPaused(true);
        skip(1 hours);
        refresh();
        assertEq(calls.process(10), 1);
        assertEq(calls.maxWithdraw(alice), 10e18);
        assertEq(calls.maxDeposit(carol), 0);
    }

    function test_dustRequestsAreProcessedInBoundedSteps() public {
        for (uint256 i; i < 30; ++i) {
            requestDeposit(calls, carol, 1e15);
        }
        requestDeposit(calls, bob, 5e18);
        skip(1 hours);
        refresh();
        assertEq(calls.process(20), 20);
        assertEq(calls.process(20), 11);
        assertEq(calls.maxDeposit(bob), 5e18);
    }

    // --- order and amounts ---

    function test_depositsComeFirstEachQueueInOrder() public {
        uint256 redemption = _requestRedeem(100e18); // all there is
        uint256 first = requestDeposit(calls, carol, 5e18);
        uint256 second = requestDeposit(calls, bob, 7e18);
        skip(1 hours);
        refresh();
        vm.expectEmit(address(calls));
        emit IOptionVault.DepositProcessed(first, carol, 5e18, 5e18);
        vm.expectEmit(address(calls));
        emit IOptionVault.DepositProcessed(second, bob, 7e18, 7e18);
        vm.expectEmit(address(calls));
        emit IOptionVault.RedeemProcessed(redemption, alice, 100e18, 100e18, true);
        calls.process(10);
        assertEq(calls.totalSupply(), 12e18);
        assertEq(calls.idleAssets(), 12e18);
    }

    function test_theHeadRedemptionIsFilledUpToIdleAssets() public {
        buy(calls, call3000, 60e18);
        uint256 shares = calls.balanceOf(alice);
        uint256 id = _requestRedeem(shares);
        skip(1 hours);
        refresh();
        uint256 idle = calls.idleAssets();
        assertEq(calls.process(10), 1);
        assertEq(calls.idleAssets(), idle - calls.maxWithdraw(alice));
        assertLt(calls.idleAssets(), 10); // rounding only
        uint256 rest = calls.pendingRedeemRequest(id, alice);
        assertEq(calls.claimableRedeemRequest(id, alice), shares - rest);
        assertGt(rest, 0);
        vm.prank(alice);
        calls.redeem(shares - rest, alice, alice);

        settle(NEAR, 2900); // out of the money: all collateral comes back
        assertEq(calls.process(10), 1);
        assertEq(calls.pendingRedeemRequest(id, alice), 0);
        assertEq(calls.totalSupply(), 0);
        // the part claimed in between is not claimable again
        assertEq(calls.claimableRedeemRequest(id, alice), rest);
        vm.prank(alice);
        calls.redeem(rest, alice, alice);
        assertGt(weth.balanceOf(alice), LIQUIDITY); // the premium, less the performance fee
        // the virtual shares keep their part of the gain: a few of 1000 units
        assertLt(calls.idleAssets(), 100);
        assertEq(free(address(calls), address(weth)), calls.idleAssets());
    }

    function test_aDepositIsTakenUpToTheCap() public {
        uint256 first = requestDeposit(calls, carol, 50e18);
        uint256 second = requestDeposit(calls, bob, 50e18);
        IOptionVault.Params memory p = calls.params();
        p.depositCap = 170e18;
        calls.setParams(p);
        skip(1 hours);
        refresh();
        assertEq(calls.process(10), 2);
        assertEq(calls.pendingDepositRequest(first, carol), 0);
        assertEq(calls.pendingDepositRequest(second, bob), 30e18);
        assertEq(calls.claimableDepositRequest(second, bob), 20e18);
        vm.expectRevert(IOptionVault.NothingToProcess.selector);
        calls.process(10);
    }

    function test_enteringIsDearerThanLeaving() public {
        buy(calls, call3000, 50e18);
        nextBlock();
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertGt(entering, leaving);
        requestDeposit(calls, carol, 10e18);
        skip(1 hours);
        refresh();
        calls.process(1);
        uint256 shares = calls.maxMint(carol);
        // in and out at once costs the spread twice
        assertLt(calls.convertToAssets(shares), 10e18);
    }
}
