// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {Vm} from "../support/Vm.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Buying from the vault: what is refused, what is paid, what is booked.
contract BuyTest is VaultFixture {
    function _refused(SeriesId series, uint256 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(bob);
        calls.buy(series, amount, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    // --- refusals ---

    function test_refusesAPassedDeadline() public {
        uint256 time = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.DeadlinePassed.selector, time - 1, time));
        vm.prank(bob);
        calls.buy(call3000, 1e18, type(uint256).max, bob, time - 1, IOptionVault.Funds.FREE_BALANCE);
    }

    function test_refusesACostAboveTheLimit() public {
        uint256 cost = calls.quoteBuy(call3000, 1e18).total;
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.CostAboveLimit.selector, cost, cost - 1));
        vm.prank(bob);
        calls.buy(call3000, 1e18, cost - 1, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        vm.prank(bob);
        calls.buy(call3000, 1e18, cost, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    function test_refusesWhilePaused() public {
        calls.setTradesPaused(true);
        _refused(call3000, 1e18, abi.encodeWithSelector(IOptionVault.Paused.selector));
    }

    function test_refusesAnotherSideOrMarket() public {
        _refused(put3000, 1e18, abi.encodeWithSelector(IOptionVault.WrongMarket.selector, put3000));
        SeriesId other = SeriesIdLib.pack(MARKET + 1, Side.CALL, NEAR, 3000e8);
        _refused(other, 1e18, abi.encodeWithSelector(IOptionVault.WrongMarket.selector, other));
    }

    function test_refusesAnUnlistedSeries() public {
        SeriesId unlisted = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 3050e8);
        _refused(unlisted, 1e18, abi.encodeWithSelector(IMarkets.UnlistedSeries.selector, unlisted));
    }

    function test_refusesADustAmount() public {
        _refused(
            call3000,
            0.01e18 - 1e10,
            abi.encodeWithSelector(IOptionVault.AmountTooSmall.selector, 0.01e18 - 1e10, 0.01e18)
        );
    }

    function test_refusesAnAmountThatIsNoMultiple() public {
        _refused(call3000, 1e18 + 1, abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 1e18 + 1));
    }

    function test_refusesFromTheCutoffOn() public {
        // 30 minutes and the feed's two hours before expiry
        vm.warp(NEAR - 2.5 hours - 1);
        refresh();
        buy(calls, call3000, 1e18);
        skip(1);
        _refused(call3000, 1e18, abi.encodeWithSelector(IOptionVault.TradingCutoff.selector, NEAR));
    }

    function test_refusesAStaleFeed() public {
        skip(2 hours + 1);
        uint256 time = vm.getBlockTimestamp();
        postVolatility(NEAR, 0.6e18);
        _refused(call3000, 1e18, abi.encodeWithSelector(IMarkets.StalePrice.selector, time - 2 hours - 1, 2 hours));
    }

    function test_refusesAStaleSlice() public {
        uint40 stamp = oracle.slice(MARKET, NEAR).timestamp;
        skip(6 hours + 1);
        moveSpot(3000);
        _refused(call3000, 1e18, abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, stamp));
    }

    function test_refusesAHaltedExpiry() public {
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        _refused(call3000, 1e18, abi.encodeWithSelector(IVolatilityOracle.Halted.selector, MARKET, NEAR));
    }

    function test_refusesADeltaOutsideTheBand() public {
        IOptionVault.Params memory p = calls.params();
        p.minAbsDelta = 0.3e18;
        p.maxAbsDelta = 0.6e18;
        calls.setParams(p);
        buy(calls, call3000, 1e18);
        int256 delta = 0;
        p.minAbsDelta = 0;
        calls.setParams(p);
        delta = calls.quoteBuy(call3300, 1e18).delta;
        p.minAbsDelta = 0.3e18;
        calls.setParams(p);
        _refused(call3300, 1e18, abi.encodeWithSelector(IOptionVault.DeltaOutsideBand.selector, delta));
    }

    function test_refusesUseAboveTheCap() public {
        _refused(
            call3000, 90.01e18, abi.encodeWithSelector(IOptionVault.UtilisationAboveCap.selector, 90.01e18, LIQUIDITY)
        );
        buy(calls, call3000, 90e18);
    }

    function test_refusesWithoutTheTradeFlag() public {
        vm.prank(bob);
        house.setOperator(address(calls), 0);
        _refused(call3000, 1e18, abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, bob, address(calls), 1));
    }

    function test_refusesASixtyFifthSeries() public {
        SeriesId[] memory list = new SeriesId[](59);
        for (uint256 i; i < 59; ++i) {
            list[i] = SeriesIdLib.pack(MARKET, Side.CALL, FAR, uint64((2705 + 10 * i) * 1e8));
        }
        markets.listSeries(list);
        for (uint256 i; i < 59; ++i) {
            buy(calls, list[i], 0.01e18);
        }
        uint64[5] memory strikes = [uint64(2400e8), 2700e8, 3000e8, 3300e8, 3900e8];
        for (uint256 i; i < 5; ++i) {
            buy(calls, SeriesIdLib.pack(MARKET, Side.CALL, FAR, strikes[i]), 0.01e18);
        }
        _refused(call3000, 0.01e18, abi.encodeWithSelector(IOptionVault.TooManySeries.selector, 64));
        buy(calls, list[0], 0.01e18); // more of what is open
    }

    // --- what is paid and booked ---

    function test_paysFromTheFreeBalanceAndDelivers() public {
        IOptionVault.Quote memory q = calls.quoteBuy(call3000, 2e18);
        uint256 before = free(bob, address(weth));
        uint256 cost = buy(calls, call3000, 2e18);
        assertEq(cost, q.total);
        assertEq(free(bob, address(weth)), before - cost);
        assertEq(holding(bob, call3000), 2e18);
        assertEq(calls.written(call3000), 2e18);
        assertEq(house.leg(address(calls), call3000), -2e18);
        assertEq(calls.lockedAssets(), 2e18);

        uint256 premium = cost - q.fee;
        uint256 performance = premium / 10;
        assertEq(house.feePot(call3000.bookKey()), q.fee + performance);
        assertEq(calls.idleAssets(), LIQUIDITY + premium - performance - 2e18);
        assertEq(free(address(calls), address(weth)), booked(calls));
    }

    function test_paysFromTheWalletToAnotherReceiver() public {
        address carol = makeAddr("carol");
        uint256 cost = puts.quoteBuy(put3000, 1e18).total;
        uint256 before = usdc.balanceOf(bob);
        vm.prank(bob);
        puts.buy(put3000, 1e18, cost, carol, type(uint256).max, IOptionVault.Funds.WALLET);
        assertEq(usdc.balanceOf(bob), before - cost);
        assertEq(usdc.balanceOf(address(puts)), 0);
        assertEq(holding(carol, put3000), 1e18);
        assertEq(puts.lockedAssets(), 3000e6);
        assertEq(free(address(puts), address(usdc)), booked(puts));
    }

    function test_saysEverythingInOneEvent() public {
        IOptionVault.Quote memory q = calls.quoteBuy(call3000, 1e18);
        uint256 premium = q.total - q.fee;
        (,, uint256 vega) = _markOf(call3000);
        vm.expectEmit(address(calls));
        emit IOptionVault.Rebased(LIQUIDITY, 0);
        vm.expectEmit(address(calls));
        emit IOptionVault.Bought(
            bob, call3000, bob, 1e18, premium, q.fee, premium / 10, 3000e18, q.volatility, vega, 1e18
        );
        buy(calls, call3000, 1e18);
    }

    /// @dev The vega of one contract, from the short vega that a purchase in a snapshot leaves.
    function _markOf(SeriesId series) private returns (uint256 mark, uint256 total, uint256 vega) {
        uint256 id = vm.snapshotState();
        IOptionVault.Quote memory q = calls.quoteBuy(series, 1e18);
        buy(calls, series, 1e18);
        (mark, total, vega) = (q.mark, q.total, calls.shortVegaWad());
        vm.revertToState(id);
    }

    function test_renewsTheBaseOnlyBeforeABlocksFirstTrade() public {
        buy(calls, call3000, 10e18);
        uint256 vega = calls.shortVegaWad();
        vm.recordLogs();
        buy(calls, call3000, 10e18);
        assertEq(_rebasings(), 0);
        assertEq(calls.shortVegaWad(), 2 * vega);
        nextBlock();
        vm.recordLogs();
        buy(calls, call3000, 10e18);
        assertEq(_rebasings(), 1);
    }

    function _rebasings() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IOptionVault.Rebased.selector) ++count;
        }
    }
}
