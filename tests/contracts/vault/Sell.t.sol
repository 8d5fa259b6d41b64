// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Selling back to the vault what it wrote.
contract SellTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        buy(calls, call3000, 10e18);
        buy(puts, put3000, 10e18);
        nextBlock();
    }

    function _refused(SeriesId series, uint256 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(bob);
        calls.sell(series, amount, 0, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    // --- refusals ---

    function test_refusesAPassedDeadline() public {
        uint256 time = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.DeadlinePassed.selector, time - 1, time));
        vm.prank(bob);
        calls.sell(call3000, 1e18, 0, bob, time - 1, IOptionVault.Funds.FREE_BALANCE);
    }

    function test_refusesProceedsBelowTheLimit() public {
        uint256 proceeds = calls.quoteSell(call3000, 1e18).total;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ProceedsBelowLimit.selector, proceeds, proceeds + 1));
        vm.prank(bob);
        calls.sell(call3000, 1e18, proceeds + 1, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        vm.prank(bob);
        calls.sell(call3000, 1e18, proceeds, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    function test_refusesWhilePaused() public {
        calls.setTradesPaused(true);
        _refused(call3000, 1e18, abi.encodeWithSelector(IOptionVault.Paused.selector));
    }

    function test_refusesMoreThanTheVaultWrote() public {
        _refused(
            call3000, 10.01e18, abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call3000, 10e18, 10.01e18)
        );
        _refused(call3300, 1e18, abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call3300, 0, 1e18));
    }

    /// @dev A block's first trade renews the base, and every trade lets the listing see the feed's phase.
    function test_renewsTheBaseAndKeepsSpot() public {
        nextBlock();
        vm.expectCall(address(markets), abi.encodeCall(IMarkets.checkpointTerms, (MARKET, NEAR)));
        vm.expectEmit(true, true, true, false, address(calls));
        emit IOptionVault.Rebased(0, 0);
        sell(calls, call3000, 1e18);
    }

    function test_refusesAnotherMarket() public {
        _refused(put3000, 1e18, abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, put3000, 0, 1e18));
    }

    function test_refusesFromTheCutoffOn() public {
        vm.warp(NEAR - 2.5 hours);
        refresh();
        _refused(call3000, 1e18, abi.encodeWithSelector(IOptionVault.TradingCutoff.selector, NEAR));
    }

    function test_refusesAHaltedExpiry() public {
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        _refused(call3000, 1e18, abi.encodeWithSelector(IVolatilityOracle.Halted.selector, MARKET, NEAR));
    }

    function test_refusesADeltaOutsideTheBand() public {
        moveSpot(9000);
        vm.expectPartialRevert(IOptionVault.DeltaOutsideBand.selector);
        vm.prank(bob);
        calls.sell(call3000, 1e18, 0, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    function test_refusesWithoutTheTradeFlag() public {
        vm.prank(bob);
        house.setOperator(address(calls), 0);
        _refused(call3000, 1e18, abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, bob, address(calls), 1));
    }

    function test_refusesWithoutTheTokens() public {
        address carol = makeAddr("carol");
        vm.startPrank(carol);
        house.setOperator(address(calls), 1);
        vm.expectRevert();
        calls.sell(call3000, 1e18, 0, carol, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        vm.stopPrank();
    }

    // --- what is paid and booked ---

    function test_paysTheFreeBalance() public {
        IOptionVault.Quote memory q = calls.quoteSell(call3000, 4e18);
        assertEq(q.total, q.mark - q.spread - q.guard);
        assertEq(q.skew + q.use + q.floor + q.fee, 0);
        uint256 before = free(bob, address(weth));
        uint256 idle = calls.idleAssets();
        assertEq(sell(calls, call3000, 4e18), q.total);
        assertEq(free(bob, address(weth)), before + q.total);
        assertEq(holding(bob, call3000), 6e18);
        assertEq(calls.written(call3000), 6e18);
        assertEq(calls.lockedAssets(), 6e18);
        assertEq(calls.idleAssets(), idle + 4e18 - q.total);
        assertEq(free(address(calls), address(weth)), booked(calls));
    }

    function test_paysTheWalletOfAnother() public {
        address carol = makeAddr("carol");
        uint256 proceeds = puts.quoteSell(put3000, 10e18).total;
        vm.prank(bob);
        puts.sell(put3000, 10e18, proceeds, carol, type(uint256).max, IOptionVault.Funds.WALLET);
        assertEq(usdc.balanceOf(carol), proceeds);
        assertEq(puts.openSeries().length, 0);
        assertEq(puts.lockedAssets(), 0);
        assertEq(free(address(puts), address(usdc)), booked(puts));
        (uint256 entering, uint256 leaving) = puts.netAssets();
        assertEq(entering, leaving);
        assertEq(entering, puts.idleAssets());
    }

    function test_takesVegaAwayButNeverBelowZero() public {
        buy(calls, call3000, 1e18);
        uint256 vega = calls.shortVegaWad();
        sell(calls, call3000, 11e18);
        assertLt(calls.shortVegaWad(), vega / 1e6);
    }

    /// @dev Selling never gets more than the mark, and nothing when the spread is above it.
    function test_paysNothingWhereTheSpreadIsAboveTheMark() public {
        IOptionVault.Params memory p = calls.params();
        p.halfSpread = 0.5e18;
        calls.setParams(p);
        buy(calls, call3300, 1e18);
        nextBlock();
        moveSpot(2850);
        IOptionVault.Quote memory q = calls.quoteSell(call3300, 1e18);
        assertGt(q.mark, 0);
        assertEq(q.total, 0);
        assertEq(sell(calls, call3300, 1e18), 0);
    }
}
