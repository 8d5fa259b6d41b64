// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice A keeper that dies at each stage of a vault's life: everybody gets out without it.
contract DeadKeeperTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function _dies() private {
        vm.warp(oracle.slice(MARKET, NEAR).timestamp + 6 hours + 3 days);
        moveSpot(3000);
        nextBlock();
    }

    function test_beforeAReport_nothingIsTradedAndAllGetOut() public {
        vm.prank(alice);
        calls.requestRedeem(LIQUIDITY, alice, alice);
        skip(6 hours + 1);
        moveSpot(3000);
        uint40 stamp = oracle.slice(MARKET, NEAR).timestamp;
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, stamp));
        calls.quoteBuy(call3000, 1e18);
        // nothing is open, so nothing has to be priced
        calls.process(1);
        assertEq(calls.maxWithdraw(alice), LIQUIDITY);
    }

    function test_beforeProcessing_whoeverAskedDoesItHimself() public {
        buy(calls, call3000, 10e18);
        vm.prank(alice);
        calls.requestRedeem(20e18, alice, alice);
        skip(1 hours);
        refresh();
        vm.startPrank(alice);
        calls.process(1);
        uint256 claimable = calls.maxRedeem(alice);
        assertGt(calls.redeem(claimable, alice, alice), 0);
        assertEq(claimable, 20e18);
    }

    function test_beforeProcessing_theRequestCanBeTakenBackADayLater() public {
        buy(calls, call3000, 10e18);
        vm.startPrank(alice);
        uint256 id = calls.requestRedeem(20e18, alice, alice);
        skip(25 hours);
        calls.cancelRedeem(id);
        assertEq(calls.balanceOf(alice), LIQUIDITY);
    }

    function test_beforeSettlement_anybodySettlesAndProcesses() public {
        buy(calls, call3000, 10e18);
        vm.prank(alice);
        calls.requestRedeem(LIQUIDITY, alice, alice);
        vm.warp(NEAR - 40 minutes);
        feed.post(3300e8);
        vm.warp(NEAR - 10 minutes);
        uint80 last = feed.post(3300e8);
        vm.warp(NEAR + 2 minutes);
        vm.startPrank(carol); // a stranger to all of it
        markets.settle(MARKET, NEAR, last);
        assertEq(calls.process(10), 1);
        vm.stopPrank();
        vm.prank(bob);
        assertGt(house.redeem(call3000, 10e18, bob), 0);
        uint256 shares = calls.maxRedeem(alice);
        assertEq(shares, LIQUIDITY);
        vm.prank(alice);
        calls.redeem(shares, alice, alice);
    }

    function test_beforeTheRelease_theOwnLegIsSettledByAnybody() public {
        buy(calls, call3000, 10e18);
        settle(NEAR, 2900);
        vm.prank(carol);
        calls.release(call3000);
        assertEq(calls.lockedAssets(), 0);
    }

    /// @dev With a slice dead for three days each leaver is paid the same share of what is idle, whoever processes.
    function test_leaversShareWhatIsIdleInAnyOrder() public {
        uint256 shares = enter(calls, carol, LIQUIDITY);
        buy(calls, call3000, 80e18);
        vm.prank(alice);
        calls.requestRedeem(30e18, alice, alice);
        vm.prank(carol);
        calls.requestRedeem(30e18, carol, carol);
        _dies();
        uint256 idle = calls.idleAssets();
        assertEq(calls.process(2), 2);
        assertApproxEqAbs(calls.maxWithdraw(alice), calls.maxWithdraw(carol), 2000);
        assertApproxEqAbs(calls.maxWithdraw(alice), idle * 30e18 / (LIQUIDITY + shares), 2000);
    }

    /// @dev Who is paid without prices forfeits a share of what the series release, to those who stay, and nothing else.
    function test_whatLeaversForfeitIsTheStayers() public {
        uint256 shares = enter(calls, carol, LIQUIDITY);
        buy(calls, call3000, 80e18);
        vm.prank(alice);
        calls.requestRedeem(LIQUIDITY, alice, alice);
        _dies();
        uint256 supply = calls.totalSupply();
        uint256 idle = calls.idleAssets();
        calls.process(1);
        uint256 paid = calls.maxWithdraw(alice);
        assertApproxEqAbs(paid, idle * LIQUIDITY / supply, 2000);

        settle(NEAR, 2900); // worthless: all 80 come back
        calls.release(call3000);
        uint256 worth = calls.convertToAssets(shares);
        uint256 forfeited = 80e18 * LIQUIDITY / supply;
        assertApproxEqAbs(worth, (idle + 80e18) * shares / supply + forfeited, 1e6);
        assertApproxEqAbs(paid + worth, idle + 80e18, 1e6);
    }

    /// @dev Where all leave at once nobody stays: the last shares wait, and what is released is theirs.
    function test_theLastSharesAreNotBoughtOutWithoutPrices() public {
        buy(calls, call3000, 50e18);
        vm.prank(alice);
        uint256 id = calls.requestRedeem(LIQUIDITY, alice, alice);
        _dies();
        uint256 idle = calls.idleAssets();
        assertEq(calls.process(10), 1);
        assertEq(calls.pendingRedeemRequest(id, alice), 1e6, "a thousand times the virtual shares");
        assertApproxEqAbs(calls.maxWithdraw(alice), idle, 1e6);
        vm.expectRevert(IOptionVault.NothingToProcess.selector);
        calls.process(10);

        settle(NEAR, 2900);
        assertEq(calls.process(10), 1);
        assertEq(calls.pendingRedeemRequest(id, alice), 0);
        // all but the virtual shares' thousandth of what was locked
        assertGt(calls.maxWithdraw(alice), idle + 50e18 * 998 / 1000);
    }

    /// @dev Where all is locked and counted as owed, a leaver keeps the shares instead of losing them for nothing.
    function test_nobodyIsBoughtOutWithNothing() public {
        uint256 shares = enter(puts, carol, 10e6);
        IOptionVault.Params memory p = puts.params();
        p.maxUtilisation = 1e18;
        puts.setParams(p);
        buy(puts, put3000, 100e18);
        uint256 whole = puts.balanceOf(alice);
        vm.prank(alice);
        puts.requestRedeem(whole, alice, alice);
        vm.prank(carol);
        uint256 id = puts.requestRedeem(shares, carol, carol);
        skip(1 hours);
        refresh();
        puts.process(10); // all that is idle, but for the last unit
        assertLt(puts.idleAssets(), 2);
        _dies();
        if (puts.idleAssets() != 0) puts.process(1);
        assertEq(puts.idleAssets(), 0);
        vm.expectRevert(IOptionVault.NothingToProcess.selector);
        puts.process(10);
        assertEq(puts.pendingRedeemRequest(id, carol), shares);
        // and gets a share when there is one again
        settle(NEAR, 3100);
        puts.process(10);
        assertGt(puts.maxWithdraw(carol), 0);
    }

    /// @dev The keeper that settles legs for others leaves the vault's own ledger right.
    function test_aLegSettledByAKeeperThatThenDies() public {
        buy(calls, call3000, 10e18);
        settle(NEAR, 3300);
        house.settleLeg(address(calls), call3000);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NothingToSettle.selector, address(calls), call3000));
        house.settleLeg(address(calls), call3000);
        vm.prank(alice);
        calls.requestRedeem(LIQUIDITY, alice, alice);
        skip(1 hours);
        assertEq(calls.process(10), 1);
        assertEq(calls.lockedAssets(), 0);
        assertEq(free(address(calls), address(weth)), booked(calls));
    }
}
